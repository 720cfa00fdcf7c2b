"""One hour of a system's year as a horizon of its own."""

from __future__ import annotations

import dataclasses

import numpy as np

from gridsim.errors import StudyError
from gridsim.model.outages import Component
from gridsim.reliability.fleet import state_probability
from gridsim.reliability.system import AdequacySystem, NetworkDetail

SMALLEST = 1e-12  # unavailability below which a component does not fail


def hour_of(system: AdequacySystem, asked: int | str) -> int:
    """Number of an hour of the horizon, from its number or from a time like 2026-01-14 18:00, of which the year is left
    out where the horizon has none of its own.
    """
    import pandas as pd

    try:
        number = int(asked)
    except ValueError:
        stamp = pd.to_datetime(f"2000-{asked}", errors="coerce", format="%Y-%m-%d %H:%M")  # of any year
        if pd.isna(stamp):
            stamp = pd.to_datetime(asked, errors="coerce")
        if not isinstance(stamp, pd.Timestamp):
            raise StudyError(f"hour: '{asked}' is no hour; give a number or a time like 2026-01-14 18:00") from None
        times = system.times
        same = (times.month == stamp.month) & (times.day == stamp.day) & (times.hour == stamp.hour)
        if system.leap_day:
            same &= times.year == stamp.year
        if not same.any():
            raise StudyError(f"hour: the horizon from {times[0]} to {times[-1]} has no {asked}") from None
        return int(np.argmax(same))
    if not 0 <= number < system.n_hours:
        raise StudyError(f"hour: {number} is not from 0 to {system.n_hours - 1}")
    return number


def at_hour(system: AdequacySystem, hour: int) -> AdequacySystem:
    """The system in one hour of its horizon. Components are out as often as they are in that hour of the year; stores
    begin as they begin the year.
    """
    only = slice(hour, hour + 1)
    detail = system.detail
    return dataclasses.replace(
        system,
        n_hours=1,
        start=system.times[hour],
        load_mw=system.load_mw[only],
        unit_profile=tuple(None if profile is None else profile[only] for profile in system.unit_profile),
        unit_mw=np.array(
            [
                mw if profile is None else profile[hour]
                for mw, profile in zip(system.unit_mw.tolist(), system.unit_profile, strict=True)
            ]
        ),
        unit_component=tuple(_at(of, system.n_hours, hour) for of in system.unit_component),
        interface_component=tuple(_at(of, system.n_hours, hour) for of in system.interface_component),
        branch_component=tuple(_at(of, system.n_hours, hour) for of in system.branch_component),
        tie_limits=system.tie_limits
        if system.tie_limits is None or system.tie_limits.share is None
        else dataclasses.replace(system.tie_limits, share=system.tie_limits.share[only]),
        store_component=tuple(_at(of, system.n_hours, hour) for of in system.store_component),
        common_causes=tuple(
            dataclasses.replace(cause, component=_at(cause.component, system.n_hours, hour))
            for cause in system.common_causes
        ),
        temperature_class=None if system.temperature_class is None else system.temperature_class[only],
        detail=None if detail is None else _detail_at(detail, only),
    )


def _at(component: Component, n_hours: int, hour: int) -> Component:
    if component.unavailability is None and component.rate_factor is None:
        return component
    out = float(state_probability(component, n_hours)[hour, 1])
    if out < SMALLEST:
        return dataclasses.replace(component, states=(), unavailability=None, rate_factor=None)
    up, down = component.states
    up = dataclasses.replace(up, mean_h=down.mean_h * (1.0 - out) / out)
    return dataclasses.replace(component, states=(up, down), unavailability=None, rate_factor=None)


def _detail_at(detail: NetworkDetail, only: slice) -> NetworkDetail:
    demand = dataclasses.replace(detail.demand, factor=np.ascontiguousarray(detail.demand.factor[only]))
    return dataclasses.replace(
        detail, demand=demand, rating_factor=detail.rating_factor[only], is_winter=detail.is_winter[only]
    )
