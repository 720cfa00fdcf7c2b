"""Planned maintenance: the days of the year on which each machine is out for repair, and the repairs that overrun.

Every machine with ``maintenance_weeks`` (its own, or those of its ``maintenance_class``) is repaired once a year in one
piece. The repairs are placed one after the other, the largest energy (MW times weeks) first, each into the weeks in
which the highest loaded one is then the least loaded: levelised reserve (Christiaanse and Palmer, IEEE Trans. PAS-91,
1972; Billinton and Allan, Reliability Evaluation of Power Systems, chapter 2, "effect of scheduled outages"). How
loaded a week is, is its highest load in normal weather less the expected output of machines with a profile (wind, sun,
water), plus what heat-led machines cannot give for warmth and what is in repair already; as a share of the year's
highest, the whole system's and the own zone's added, so that neither the system nor a zone puts its repairs together.
A heat-led machine is repaired between 1 April and 30 September.

Some repairs are not finished in time: of each class the stated share of machines, those that the plan ends last (of
equal ends the largest first), for the stated further weeks. The same machines overrun every year.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from gridsim.errors import StudyError
from gridsim.model.system import DAY_TYPES, GridSystem
from gridsim.model.table import F8, sum_rows_at

DAYS = 365
WEEK_D = 7
WEEKS = 52
DAY_H = 24
FIRST_HEAT_LED_DAY, LAST_HEAT_LED_DAY = 90, 273  # 1 April, and the day after 30 September
_DAYS_OF_MONTH = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
HEAT_LED_WEEKS = (LAST_HEAT_LED_DAY - FIRST_HEAT_LED_DAY) // WEEK_D
MONTH_OF_DAY = np.repeat(np.arange(12), _DAYS_OF_MONTH)
_GOLDEN = 0.6180339887498949  # the fractions of its multiples spread evenly over 0..1 however many there are


class Maintenance(NamedTuple):
    """Shares (n_gens, 365) of each machine out for repair by day of the year, 1 January 0: as planned, and longer."""

    planned: F8
    overrun: F8


def planned_outage(system: GridSystem) -> F8:
    """(n_gens, 365) share of each machine out for repair on each day of the year, 1 January 0; overrun included."""
    found = maintenance(system)
    return _read_only(found.planned + found.overrun)


def overrun(system: GridSystem) -> F8:
    """(n_gens, 365) share of each machine out because its repair is not finished in time."""
    return maintenance(system).overrun


def day_of_year(month: NDArray[Any], day: NDArray[Any]) -> NDArray[np.int64]:
    """Day of a year without 29 February, which is the 28th once more; 1 January is 0."""
    first = np.concatenate([[0], np.cumsum(_DAYS_OF_MONTH)])
    leap = (np.asarray(month) == 2) & (np.asarray(day) == 29)
    return np.asarray(first[np.asarray(month) - 1] + np.asarray(day) - 1 - leap, dtype=np.int64)


def maintenance_weeks(system: GridSystem) -> F8:
    """(n_gens,) weeks of planned repair a year; 0 for machines out of service."""
    gens = system.generators
    of_class = np.append(system.maintenance_classes.weeks, 0.0)[gens.maintenance_class]
    weeks = np.where(np.isnan(gens.maintenance_weeks), of_class, gens.maintenance_weeks)
    return np.where(gens.in_service, weeks, 0.0)


_FOUND: WeakKeyDictionary[GridSystem, Maintenance] = WeakKeyDictionary()


def maintenance(system: GridSystem) -> Maintenance:
    """The year's repairs, planned and overrun; computed once, for a system never changes."""
    if system not in _FOUND:
        weeks = maintenance_weeks(system)
        shape = (len(system.generators), DAYS)
        planned, late = np.zeros(shape), np.zeros(shape)
        if weeks.any():
            start = _placed(system, weeks)
            for gen in np.flatnonzero(weeks > 0.0).tolist():
                _take_out(planned[gen], int(start[gen]), WEEK_D * weeks[gen])
            ends = start + np.ceil(WEEK_D * weeks).astype(np.int64)
            for gen, longer in _late(system, weeks, ends):
                _take_out(late[gen], int(ends[gen]), min(WEEK_D * longer, DAYS - WEEK_D * weeks[gen]))
        # the day on which a repair of broken weeks ends is shared between plan and overrun
        _FOUND[system] = Maintenance(_read_only(planned), _read_only(np.minimum(late, 1.0 - planned)))
    return _FOUND[system]


def _take_out(share: F8, start: int, days: float) -> None:
    """Take a machine out for ``days`` from ``start``, the last day in part; a repair may go on in January."""
    whole = int(days)
    share[np.arange(start, start + whole) % DAYS] = 1.0
    if days > whole:
        share[(start + whole) % DAYS] = days - whole


def _placed(system: GridSystem, weeks: F8) -> NDArray[np.int64]:
    """(n_gens,) first day of each planned repair; 0 where there is none."""
    gens = system.generators
    loaded, given_mw, peak_mw = _weekly(system)
    level = loaded / np.where(peak_mw > 0.0, peak_mw, 1.0)[:, None]
    everywhere = len(system.zones)
    start = np.zeros(len(gens), dtype=np.int64)
    order = np.lexsort((gens.name, -gens.p_max_mw * weeks))
    for gen in order[weeks[order] > 0.0].tolist():
        zone = int(system.buses.zone[gens.bus[gen]])
        places = [everywhere] if zone < 0 or peak_mw[zone] <= 0.0 else [everywhere, zone]
        n_weeks = int(np.ceil(weeks[gen]))
        windows = np.lib.stride_tricks.sliding_window_view(level[places].sum(axis=0), n_weeks)
        first = np.arange(len(windows))
        if gens.heat_led[gen]:
            end = WEEK_D * first + np.ceil(WEEK_D * weeks[gen])
            first = first[(WEEK_D * first >= FIRST_HEAT_LED_DAY) & (end <= LAST_HEAT_LED_DAY)]
            if not len(first):
                what = f"generators.maintenance_weeks[{gens.name[gen]}]: {weeks[gen]:g} weeks of a heat-led machine"
                raise StudyError(f"{what} do not fit between April and September; give at most {HEAT_LED_WEEKS}")
        # rounding: equal weeks tie whatever the order of the sums behind them, and the earliest is taken
        worst, mean = windows[first].max(axis=1).round(9), windows[first].mean(axis=1).round(9)
        chosen = int(first[np.lexsort((first, mean, worst))[0]])
        start[gen] = WEEK_D * chosen
        touched = slice(chosen, chosen + n_weeks)
        for place in places:
            level[place, touched] += given_mw[gen, touched] / (peak_mw[place] if peak_mw[place] > 0.0 else 1.0)
    return start


def _late(system: GridSystem, weeks: F8, ends: NDArray[np.int64]) -> list[tuple[int, float]]:
    """(machine, further weeks) of the repairs that overrun."""
    gens, classes = system.generators, system.maintenance_classes
    found = []
    for row in range(len(classes)):
        members = np.flatnonzero((gens.maintenance_class == row) & (weeks > 0.0))
        last_first = members[np.lexsort((gens.name[members], -gens.p_max_mw[members], -ends[members]))]
        low, high = classes.overrun_min_weeks[row], classes.overrun_max_weeks[row]
        for k, gen in enumerate(last_first[: round(classes.overrun_share[row] * len(members))].tolist()):
            found.append((gen, float(low + (high - low) * (_GOLDEN * (k + 1) % 1.0))))
    return found


def _weekly(system: GridSystem) -> tuple[F8, F8, F8]:
    """(loaded_mw (n_zones + 1, 52), given_mw (n_gens, 52), peak_mw (n_zones + 1,)), the whole system in the last row.

    loaded_mw: highest hour of the week of load with losses less expected output; given_mw: mean of what a machine
    could give; peak_mw: highest load of the year. The last day of the year belongs to the last week.
    """
    gens, loads, zones = system.generators, system.loads, len(system.zones)
    shape = _day_shapes(system)
    warm = _heat_shares(system)
    load_mw = np.where(loads.in_service, loads.p_mw, 0.0) * (1.0 + system.loss_share)
    output_mw = np.where(gens.in_service, gens.p_max_mw, 0.0)
    n_shapes = len(shape)
    load_cell = (system.buses.zone[loads.bus] % (zones + 1)) * n_shapes + loads.profile % n_shapes
    gen_cell = (system.buses.zone[gens.bus] % (zones + 1)) * n_shapes + gens.profile % n_shapes
    size = (zones + 1) * n_shapes
    own = np.bincount(load_cell, weights=load_mw, minlength=size).reshape(zones + 1, n_shapes)
    driven = np.where(gens.profile >= 0, output_mw, 0.0)
    expected = np.bincount(gen_cell, weights=driven, minlength=size).reshape(zones + 1, n_shapes)
    flat = shape.reshape(n_shapes, -1)
    gross, net = own @ flat, (own - expected) @ flat
    # the last row held what is abroad; with it the zones add up to the system
    gross[-1], net[-1] = gross.sum(axis=0), net.sum(axis=0)
    net = net.reshape(zones + 1, DAYS, DAY_H)
    cold_mw = (1.0 - warm) * output_mw[:, None]
    of_zone = sum_rows_at(system.buses.zone[gens.bus] % (zones + 1), cold_mw.T, zones + 1).T
    of_zone[-1] = of_zone.sum(axis=0)
    given_mw = output_mw[:, None] * shape[gens.profile].mean(axis=2) * warm
    return (
        _by_week((net + of_zone[:, :, None]).max(axis=2), np.max),
        _by_week(given_mw, np.mean),
        gross.max(axis=1),
    )


def _by_week(by_day: F8, of: Callable[..., F8]) -> F8:
    """(n, 52) from (n, 365)."""
    whole = WEEK_D * (WEEKS - 1)
    first = of(by_day[:, :whole].reshape(len(by_day), WEEKS - 1, WEEK_D), axis=2)
    return np.concatenate([first, of(by_day[:, whole:], axis=1)[:, None]], axis=1)


def _day_shapes(system: GridSystem) -> F8:
    """(n_profiles + 1, 365, 24) workdays by profile, or the hours of the sample year; the last one is 1 throughout."""
    monthly = system.profiles.value[:, MONTH_OF_DAY, DAY_TYPES.index("workday")]
    shape = np.concatenate([monthly, np.ones((1, DAYS, DAY_H))])
    hourly = system.hourly_profiles
    n_hours = hourly.value.shape[1]
    if n_hours >= DAY_H:
        # a sample year of 364 days begins its second round on 31 December
        hours = np.arange(DAYS * DAY_H) % (n_hours - n_hours % DAY_H)
        shape[hourly.profile] = hourly.value[:, hours].reshape(-1, DAYS, DAY_H)
    return shape


def _heat_shares(system: GridSystem) -> F8:
    """(n_gens, 365) largest share of p_max beside the heat of a normal day, at the month's mean temperature."""
    gens, mean_c = system.generators, system.climate.t_mean_c
    share = np.ones((len(gens), DAYS))
    site = system.buses.weather_site[gens.bus]
    for gen in np.flatnonzero(gens.heat_led & (gens.heat_curve >= 0) & (site >= 0)).tolist():
        day_c = mean_c[site[gen], MONTH_OF_DAY]
        if not np.isnan(day_c).any():
            share[gen] = system.heat_curves.shares(int(gens.heat_curve[gen]), day_c)[1]
    return share


def _read_only(values: F8) -> F8:
    values.setflags(write=False)
    return values
