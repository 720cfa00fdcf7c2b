"""Coal railways and cooling water as common causes of the sampler.

A stop of a corridor takes nothing at once: trains past the fault arrive, then the yards are burnt down, and each plant
stands still when its own is empty. The table of a stop is that course for each temperature class of a day: plants burn
what the dispatch of a week lets them, again whenever one of them has run out. It starts from the usual stock
(``stock_days``). After the stop the first train takes as long as the last one did. Cooling water is missed at once.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gridsim.model.cooling import cooled_share
from gridsim.model.outages import CommonCause, Derating, components_of, corridor_components
from gridsim.model.pack import yard_generators
from gridsim.model.scenario import Imports
from gridsim.model.system import GridSystem
from gridsim.model.table import F8
from gridsim.reliability.class_day import CLASSES, DAY_H, ClassDay
from gridsim.reliability.gas import behind, temperature_classes
from gridsim.reliability.system import AdequacySystem
from gridsim.weather.normal import NormalWeather

MOST_STOP_H = 1440
_FELT = 1e-3


class Stop(NamedTuple):
    """Course of a stop: output left, (n_gens, n_hours), since it began and since it ended."""

    outage: F8
    repair: F8


def with_supply_outages(
    adequacy: AdequacySystem, system: GridSystem, imports: Imports | str = Imports.CONTRACT
) -> AdequacySystem:
    """``adequacy`` (of ``system``) with stops of coal and losses of cooling water (``mttf_h``) as common causes."""
    import pandas as pd

    weather = NormalWeather(system)
    days = pd.date_range(adequacy.start, periods=-(-adequacy.n_hours // DAY_H), freq="D")
    day_c = np.array([weather.normal_day_c(day.to_pydatetime()) for day in days]).T
    return behind(adequacy, supply_causes(system, imports), temperature_classes(system, day_c))


def supply_causes(system: GridSystem, imports: Imports | str = Imports.CONTRACT) -> tuple[CommonCause, ...]:
    """One common cause per corridor and per water that fails and takes output of a machine, by name of machine."""
    return (*coal_causes(system, imports), *cooling_causes(system))


def coal_causes(system: GridSystem, imports: Imports | str = Imports.CONTRACT) -> tuple[CommonCause, ...]:
    """One common cause per corridor that fails; deratings with a row for each temperature class."""
    failing = [component for component in corridor_components(system) if component.fails]
    if not failing:
        return ()
    days = [ClassDay(system, group, imports, week=True) for group in CLASSES]
    causes = []
    for component in failing:
        stops = [coal_stop(system, day, component.name) for day in days]
        outage, repair = (_alike([part[k] for part in stops]) for k in (0, 1))
        derating = {
            str(system.generators.name[gen]): Derating(outage[:, gen], repair[:, gen])
            for gen in np.flatnonzero(system.generators.in_service).tolist()
            if outage[:, gen].min() < 1.0 - _FELT
        }
        if derating:
            causes.append(CommonCause(component, derating=derating))
    return tuple(causes)


def cooling_causes(system: GridSystem) -> tuple[CommonCause, ...]:
    """One common cause per water that fails: what it cools stands still as long as it is lost."""
    causes = []
    generators = system.generators
    for row, component in enumerate(components_of(system, "cooling")):
        if not component.fails:
            continue
        flow = np.ones(len(system.cooling))
        flow[row] = 0.0
        lost = (1.0 - cooled_share(system, flow)) * generators.in_service
        share = {str(generators.name[gen]): float(lost[gen]) for gen in np.flatnonzero(lost > 0.0).tolist()}
        if share:
            causes.append(CommonCause(component, lost_share=share))
    return tuple(causes)


def coal_stop(system: GridSystem, day: ClassDay, corridor: str) -> Stop:
    """Course of a stop of ``corridor`` in days of one class, until nothing changes any more."""
    stocks, routes, n_gens = system.fuel_stocks, system.coal_routes, len(system.generators)
    feeds = yard_generators(system)
    late_h: dict[int, float] = {}
    for row in np.flatnonzero(routes.corridor == corridor).tolist():
        yard = int(routes.yard[row])
        if len(feeds[yard]):
            late_h[yard] = min(late_h.get(yard, np.inf), float(routes.hours_to_yard[row]))
    full_mw = {yard: float(system.generators.p_max_mw[feeds[yard]].sum()) for yard in late_h}
    stock_h = {yard: float(stocks.stock_days[yard]) * DAY_H for yard in late_h}
    left, now_h = np.ones(n_gens), 0.0
    empty_h: dict[int, float] = {}
    while late_h.keys() - empty_h.keys() and now_h < MOST_STOP_H:
        mean_mw = day.mean_mw(left)
        burn = {y: float(mean_mw[feeds[y]].sum()) / full_mw[y] if full_mw[y] > 0.0 else 0.0 for y in late_h}
        coming = {yard: _empty_at(system, yard, stock_h[yard], burn[yard], now_h, late_h[yard])
                  for yard in late_h.keys() - empty_h.keys()}  # fmt: skip
        next_h = min(*coming.values(), float(MOST_STOP_H))
        for yard, time_h in coming.items():
            stock_h[yard] = _stock_at(system, yard, stock_h[yard], burn[yard], (now_h, next_h), late_h[yard])
            if time_h <= next_h:
                empty_h[yard] = time_h
                left[feeds[yard]] = 0.0
        now_h = next_h
    n_out = int(np.ceil(max(empty_h.values(), default=0.0))) + 1
    n_back = int(np.ceil(max((late_h[yard] for yard in empty_h), default=0.0)))
    outage, repair = np.ones((n_gens, n_out)), np.ones((n_gens, n_back))
    for yard, time_h in empty_h.items():
        outage[feeds[yard]] = np.clip(time_h - np.arange(n_out), 0.0, 1.0)
        fed = min(float(stocks.delivery_share[yard]), 1.0)
        repair[feeds[yard]] = fed * (1.0 - np.clip(late_h[yard] - np.arange(n_back), 0.0, 1.0))
    return Stop(outage, repair)


def _empty_at(system: GridSystem, yard: int, stock_h: float, burn: float, now_h: float, late_h: float) -> float:
    """Hours since the stop began at which a yard that goes on like this is empty; inf if never."""
    arriving_h = max(late_h - now_h, 0.0)
    kept_h = _stock_at(system, yard, stock_h, burn, (now_h, now_h + arriving_h), late_h)
    return now_h + arriving_h + kept_h / burn if burn > 0.0 else np.inf


def _stock_at(
    system: GridSystem, yard: int, stock_h: float, burn: float, span_h: tuple[float, float], late_h: float
) -> float:
    """Stock in hours at full output after a span of hours since the stop began: trains come until ``late_h``."""
    stocks = system.fuel_stocks
    start_h, end_h = span_h
    arriving_h = min(max(late_h - start_h, 0.0), end_h - start_h)
    filled_h = stock_h + (float(stocks.delivery_share[yard]) - burn) * arriving_h
    kept_h = float(np.clip(filled_h, 0.0, float(stocks.capacity_days[yard]) * DAY_H))
    return max(kept_h - burn * (end_h - start_h - arriving_h), 0.0)


def _alike(courses: list[F8]) -> F8:
    """(n_classes, n_gens, n_hours): courses of unequal length, each held at its last value (1 if it has none)."""
    n = max(course.shape[1] for course in courses)
    return np.array(
        [
            np.hstack([c, np.repeat(c[:, -1:] if c.shape[1] else np.ones((len(c), 1)), n - c.shape[1], axis=1)])
            for c in courses
        ]
    )
