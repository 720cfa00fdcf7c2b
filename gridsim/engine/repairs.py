"""Planned repairs of a run: where machines fail at random, they are also out on the days of the year's maintenance.

They are events of planned work, the foreseen outage of ``kinds.csv``, so the operator knows the day before. Their ids
begin with ``planned repair``.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import math

import numpy as np

from gridsim.contingencies.events import make_event
from gridsim.model.maintenance import DAY_H, day_of_year, planned_outage
from gridsim.model.scenario import Event, Failures, Primitive, Scenario, Target, kinds
from gridsim.model.system import GridSystem

PLANNED_REPAIR = "planned repair"
_BEYOND_D = 2  # the operator looks a day past the horizon


def with_planned_repairs(system: GridSystem, scenario: Scenario) -> Scenario:
    """The scenario with the planned repairs of its horizon among its events, if machines fail in it."""
    if scenario.failures is not Failures.ON:
        return scenario
    horizon = scenario.horizon
    repairs = planned_repairs(system, horizon.start, horizon.hours)
    return dataclasses.replace(scenario, events=(*scenario.events, *repairs)) if repairs else scenario


def planned_repairs(system: GridSystem, start: dt.datetime, horizon_h: float) -> list[Event]:
    """Planned repairs, overrun included, that fall into the ``horizon_h`` hours from ``start``, by machine and time."""
    planned = planned_outage(system)
    if not planned.any():
        return []
    midnight = dt.datetime.combine(start.date(), dt.time())
    gone_h = (start - midnight).total_seconds() / 3600.0
    n_days = math.ceil((gone_h + horizon_h) / DAY_H) + _BEYOND_D
    dates = [midnight + dt.timedelta(days=k) for k in range(n_days)]
    day = day_of_year(np.array([date.month for date in dates]), np.array([date.day for date in dates]))
    out = planned[:, day]
    events = []
    for gen in np.flatnonzero(out.any(axis=1)).tolist():
        # a repair begins at midnight; of its last day a share is left
        edges = np.flatnonzero(np.diff(np.concatenate([[False], out[gen] > 0.0, [False]])))
        for first, after in edges.reshape(-1, 2).tolist():
            begin_h = max(DAY_H * first - gone_h, 0.0)
            end_h = DAY_H * (after - 1 + float(out[gen, after - 1])) - gone_h
            if begin_h >= horizon_h or end_h <= 0.0:
                continue
            events.append(_repair(system, gen, begin_h, None if after == n_days else end_h - begin_h))
    return events


def _repair(system: GridSystem, gen: int, begin_h: float, duration_h: float | None) -> Event:
    name = str(system.generators.name[gen])
    event = make_event(
        system,
        id=f"{PLANNED_REPAIR}:{name}:{begin_h:g}",
        kind=_planned_work(),
        targets=[Target("generators", name)],
        at_h=begin_h,
        duration_h=duration_h,
    )
    assert isinstance(event, Event), f"generators: {name}: {event}"
    return event


def _planned_work() -> str:
    (found,) = [
        kind.kind
        for kind in kinds().values()
        if kind.primitive is Primitive.OUTAGE and kind.foreseen and "generators" in kind.targets
    ]
    return found
