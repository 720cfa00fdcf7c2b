"""Columns and tables of a network that are read and change no result: one warning each, with the number of rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gridsim.errors import Problem
from gridsim.io.raw_table import RawTable
from gridsim.io.rules import LookUp
from gridsim.io.schemas import TABLES
from gridsim.io.schemas.column import Effect, effect_of
from gridsim.model.power import (
    FIRST_MINUTES_ACTIONS,
    FIRST_MINUTES_QUANTITIES,
    OVERLOAD_RELAY,
    VOLTAGE_ACTIONS,
    VOLTAGE_QUANTITY,
)
from gridsim.model.rules import Rule, broken_rules

_MEND = "results are the same without it"


def _counts_no_loss(mineral: Any, look_up: LookUp) -> bool:
    return mineral.site not in look_up.loaded_sites and not mineral.load


def _acts(rule: Any) -> bool:
    seconds = rule.quantity in FIRST_MINUTES_QUANTITIES and rule.action in FIRST_MINUTES_ACTIONS
    seconds = seconds or (rule.quantity == VOLTAGE_QUANTITY and rule.action in VOLTAGE_ACTIONS)
    return seconds or (rule.quantity, rule.action) == OVERLOAD_RELAY


# Cells without effect because of another cell or table: a rule's condition picks the rows, its value gives the reason.
# fmt: off
IDLE: tuple[Rule, ...] = (
    Rule("automation", "quantity", lambda row, _: not _acts(row),
         "has no effect yet: relays that trip the element act, and rules of frequencies, sections and voltages with an "
         "action",
         _MEND),
    Rule("generators", "heat_curve", lambda row, _: bool(row.heat_curve) and not row.heat_led,
         "has no effect: the machine is not heat-led", "set heat_led, or leave it empty"),
    Rule("generators", "outage_curve", lambda row, _: bool(row.outage_curve) and row.mttf_h is None,
         "has no effect: the machine never fails", "give mttf_h and mttr_h, or leave it empty"),
    Rule("load_classes", "price_per_mwh", lambda row, _: row.price_per_mwh is not None and not row.price_responsive,
         "has no effect: the class does not respond to prices", "set price_responsive, or leave it empty"),
    Rule("reservoirs", "volume_mcm", lambda row, look_up: row.name not in look_up.releases,
         "has no effect: the reservoir has no rows in reservoir_releases.csv", "give its releases by month"),
    Rule("minerals", "site", _counts_no_loss,
         "has no effect: lost tonnes are counted where the site has a load, or the load that it is part of is named",
         "give either, or keep the row as a note"),
)
# fmt: on


def without_effect(tables: Mapping[str, RawTable]) -> Iterator[Problem]:
    """Warnings in the order of the tables; the line is that of the first row concerned."""
    look_up = LookUp(tables)
    for name, schema in TABLES.items():
        table = tables[name]
        if schema.effect is Effect.NONE and table.rows:
            yield _warning(name, table, [number for number, _ in table.rows], "", "the table has no effect yet", _MEND)
        if schema.effect is not Effect.MODEL:
            continue
        for column, field in schema.row.model_fields.items():
            if effect_of(field) is Effect.NONE:
                empty = None if field.is_required() else field.get_default()
                numbers = [number for number, row in table.rows if getattr(row, column) != empty]
                if numbers:
                    yield _warning(name, table, numbers, column, "has no effect yet", _MEND)
        for rule in [rule for rule in IDLE if rule.table == name]:
            found = list(broken_rules([rule], name, table.rows, look_up))
            if found:
                _, column, value, mend = found[0]
                yield _warning(name, table, [number for number, *_ in found], column, value, mend)


def _warning(table: str, rows: RawTable, numbers: Sequence[int], column: str, value: str, mend: str) -> Problem:
    count = "1 row" if len(numbers) == 1 else f"{len(numbers)} rows"
    own = [number for number in numbers if not hasattr(number, "file")]
    if not own:  # all rows stand in a variant, whose file does not tell the table
        column = f"{table}.{column}".rstrip(".")
    return dataclasses.replace(rows.problem((own or numbers)[0], column, f"{value} ({count})", mend), kind="warning")
