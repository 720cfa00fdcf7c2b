"""Design events of a generated weather year: how many severities each takes, and their ranges."""

from __future__ import annotations

from collections.abc import Iterator

from gridsim.errors import Problem
from gridsim.model.ranges_of_values import Number, Rules, Text, problem, record_faults, shown, time_faults
from gridsim.model.scenario import DesignEvent, Horizon

LARGEST_RATIO = 10.0  # of a severity to the long-run mean
_SHARE = Number("give a share of the long-run mean", 0, LARGEST_RATIO)
_SHARE_ABOVE_0 = Number("give a share of the long-run mean", 0, LARGEST_RATIO, low_open=True)
_CELSIUS = Number("give a mean temperature in C", -90, 60)
#: Kind of design event -> what its severities may be.
SEVERITIES = {
    "renewable_lull": (_SHARE_ABOVE_0,),
    "dry_year": (_SHARE_ABOVE_0,),
    "cold_wave": (_CELSIUS,),
    "heat_wave": (_CELSIUS,),
    "cold_and_calm": (_CELSIUS, _SHARE),
}
DESIGN: Rules = {
    "kind": ("kind", Text(choices=tuple(SEVERITIES))),
    "days": ("days", Number("give length in day", 1, 60, whole=True)),
    "return_period_years": (
        "return_period_years",
        Number("give return period in year", 1, 10_000, low_open=True, optional=True),
    ),
    "season": ("season", Text(choices=("year", "winter", "summer"))),
    "river": ("river", Text("give the name of a river, or leave empty")),
}


def design_faults(event: DesignEvent, place: str, horizon: Horizon) -> Iterator[Problem]:
    """Faults of a design event, whatever the system."""
    yield from record_faults(event, DesignEvent, DESIGN, place)
    if not isinstance(event, DesignEvent) or event.kind not in SEVERITIES:
        return
    if event.kind != "dry_year":
        yield from time_faults(event.at_h, f"{place}.at", horizon)
    if (event.return_period_years is None) == (event.severity is None):
        yield problem(f"{place}.return_period_years", "return period and severity", "give exactly one of the two")
    if event.severity is None:
        return
    ranges = SEVERITIES[event.kind]
    if not isinstance(event.severity, tuple | list) or len(event.severity) != len(ranges):
        yield problem(f"{place}.severity", shown(event.severity), f"{event.kind} takes {len(ranges)}")
        return
    for value, allowed in zip(event.severity, ranges, strict=True):
        if fault := allowed.fault(value):
            yield problem(f"{place}.severity", fault, allowed.mend)
