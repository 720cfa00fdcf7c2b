"""Values that are possible and hardly meant: a warning each, with the number of rows."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from gridsim.errors import Problem
from gridsim.io.raw_table import RawTable
from gridsim.io.rules import FAILING_TABLES
from gridsim.model.rules import Rule, broken_rules

SHORTEST_USUAL_MTTF_H = 1.0


def _fails_within_the_hour(row: Any, _: Any) -> bool:
    return row.mttf_h is not None and row.mttf_h < SHORTEST_USUAL_MTTF_H


def _out_most_of_the_time(row: Any, _: Any) -> bool:
    return row.mttf_h is not None and row.mttr_h is not None and row.mttr_h > row.mttf_h


def _more_than_members(row: Any, n_members: Mapping[str, int]) -> bool:
    return row.lines_out > n_members.get(row.interface, row.lines_out)


# fmt: off
DOUBTS: tuple[Rule, ...] = (*(
    rule
    for table in FAILING_TABLES
    for rule in (
        Rule(table, "mttf_h", _fails_within_the_hour,
             "'{row.name}' fails every {row.mttf_h} h", "give the mean time to failure in hours, or leave it empty"),
        Rule(table, "mttr_h", _out_most_of_the_time,
             lambda row, _: f"'{row.name}' is out {row.mttr_h / (row.mttf_h + row.mttr_h):.0%} of the time",
             "mttf_h and mttr_h are hours; set in_service to false for what is never there"),
    )),
    Rule("interface_limits", "lines_out", _more_than_members,
         lambda row, n_members: f"{row.lines_out} of {n_members[row.interface]} members of '{row.interface}'",
         "a row for more circuits than the section has never holds: give at most as many"),
)
# fmt: on


def doubtful(tables: Mapping[str, RawTable]) -> Iterator[Problem]:
    """A warning for each rule that rows meet, at the first of them."""
    n_members = Counter(row.interface for _, row in tables["interfaces"].rows)
    for rule in DOUBTS:
        table = tables[rule.table]
        found = list(broken_rules([rule], rule.table, table.rows, n_members))
        if found:
            number, column, value, mend = found[0]
            more = f" ({len(found)} rows)" if len(found) > 1 else ""
            yield dataclasses.replace(table.problem(number, column, value + more, mend), kind="warning")
