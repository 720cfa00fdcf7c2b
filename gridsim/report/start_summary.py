"""The state a run starts from, in words: the machines that are usually out, and the planning day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gridsim.model.display import counted
from gridsim.model.scenario import PlanningDay
from gridsim.model.typical import typical_fleet

if TYPE_CHECKING:
    from gridsim.engine.run import RunResult

_NAMED = 5  # of the machines out


def start_lines(result: RunResult) -> list[str]:
    """A line for the typical fleet and one for the planning day, where the run has them."""
    return [line for line in (_fleet(result), _planning_day(result)) if line]


def _fleet(result: RunResult) -> str:
    fleet, gens = typical_fleet(result.system, result.scenario), result.system.generators
    if fleet is None:
        return ""
    out = np.flatnonzero(fleet.out)
    out = out[np.argsort(-gens.p_max_mw[out], kind="stable")]
    named = [f"{gens.name[gen]} {gens.p_max_mw[gen]:,.0f}" for gen in out[:_NAMED]]
    more = [f"{counted(len(out) - _NAMED, 'more machine')}"] if len(out) > _NAMED else []
    rest_mw = fleet.total_mw - float(gens.p_max_mw[out].sum())
    rest = [f"{rest_mw:,.0f} MW less of machines in service"] if rest_mw >= 0.5 else []
    instead = [f"{name} is named by the scenario and in service" for name, _ in fleet.instead]
    parts = ", ".join([*named, *more, *rest, *instead])
    return f"typical fleet: {fleet.total_mw:,.0f} MW out for repair or failed{': ' if parts else ''}{parts}"


def _planning_day(result: RunResult) -> str:
    if not isinstance(result.scenario.weather, PlanningDay):
        return ""
    settings = result.system.planning_day
    return (
        f"planning day: load at its expected peak of {settings.expected_peak_mw:,.0f} MW a year with losses, forecast "
        f"error {100 * settings.load_forecast_error:g} %; wind and sun at the level exceeded in 90 % of evening peaks"
    )
