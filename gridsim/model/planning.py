"""Tables of the state in which planners meet the peak: machines usually out, little wind and sun, expected load."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gridsim.model.table import F8, I4, STR, Table


@dataclass(frozen=True, eq=False)
class Typical(Table):
    """Machines usually out, by month. ``zone``, ``generator``: positions; generator -1: every other machine alike."""

    month: I4
    zone: I4
    technology: STR
    generator: I4
    lost_mw: F8


@dataclass(frozen=True, eq=False)
class RenewablesAtPeak(Table):
    """Wind and sun of the planning day, by month. ``site``: position; ``share_of_normal``: of the normal course."""

    month: I4
    site: I4
    capacity_factor: F8
    share_of_normal: F8


@dataclass(frozen=True)
class PlanningDaySettings:
    """Load of the planning day (``planning_day`` of network.yaml; meanings in ``io.schemas``); NaN: none stated."""

    expected_peak_mw: float = math.nan
    load_forecast_error: float = 0.0

    @property
    def is_stated(self) -> bool:
        """True for a network that has a planning day."""
        return not math.isnan(self.expected_peak_mw)
