"""Rules of the frames that ``system_from_frames`` takes, beside the ranges that its reader checks cell by cell."""

from __future__ import annotations

import math
from typing import Any

from gridsim.model.rules import Rule, same, together

FAILING = ("units", "interfaces", "branches", "storages", "energy_limited", "demand_response")


def _fails(row: Any) -> bool:
    """A machine that some mean time or rate takes out of service."""
    rate, mttf_h = row.forced_outage_rate, row.mttf_h
    return (isinstance(rate, float) and rate > 0.0) or (isinstance(mttf_h, float) and math.isfinite(mttf_h))


def _never_repaired(row: Any, _: Any) -> bool:
    return _fails(row) and row.mttr_h is None


def _repaired_without_failure(row: Any, _: Any) -> bool:
    return row.mttr_h is not None and row.mttf_h is None and row.forced_outage_rate is None


def _fails_in_two_ways(row: Any, _: Any) -> bool:
    given = (row.mttf_h, row.mttr_h, row.forced_outage_rate)
    return row.failure_probability is not None and any(value is not None for value in given)


# fmt: off
RULES: tuple[Rule, ...] = (
    Rule("interfaces", "area_to", same("area_from", "area_to"),
         "'{row.area_to}' is area_from too", "an interface joins two areas"),
    Rule("branches", "to_bus", same("from_bus", "to_bus"),
         "'{row.to_bus}' is from_bus too", "a branch joins two buses"),
    *(rule for table in FAILING for rule in (
        Rule(table, "forced_outage_rate", together("forced_outage_rate", "mttf_h"),
             "given with mttf_h", "give one of the two"),
        Rule(table, "failure_probability", _fails_in_two_ways,
             "given with mean times or a rate", "give probabilities in an hour, or times"),
        Rule(table, "mttr_h", _never_repaired,
             "no number", "a component that fails needs a repair time in h"),
        Rule(table, "mttr_h", _repaired_without_failure,
             "given, but never fails", "give mttf_h or forced_outage_rate too, or leave it empty"),
    )),
)
# fmt: on
