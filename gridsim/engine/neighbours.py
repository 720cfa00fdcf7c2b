"""Neighbours of a run: what they are likely to give hour by hour, and what the day's plan buys from them.

The plan of each day buys power under contract in hours in which the own reserve is below the one that the network
states: as much as is missing, cheapest border first. A price alone would buy in a few hours of a year.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from gridsim.engine.clock import SECONDS_PER_HOUR
from gridsim.engine.inputs import RunInputs
from gridsim.model.neighbours import support_component, support_levels_mw
from gridsim.model.outages import Component
from gridsim.model.pack_outages import drawn_outages
from gridsim.model.scenario import Imports, Scenario
from gridsim.model.system import GridSystem
from gridsim.model.table import F8
from gridsim.weather.common_cold import contract_share
from gridsim.weather.year import YearWeather

_DAY_H = 24


class Neighbours:
    """Help and purchases of one run. ``seed`` and ``replicate`` as the sampler's seed and sample number."""

    def __init__(self, system: GridSystem, scenario: Scenario, inputs: RunInputs, seed: int, replicate: int):
        self._system = system
        self._likely_mw: F8 | None = None
        if scenario.policy.imports is Imports.LIKELY:
            self._likely_mw = _likely_mw(system, scenario, inputs, seed, replicate)
        self._by_price = np.argsort(system.borders.price_per_mwh, kind="stable")
        self._bought_mw: dict[int, F8] = {}
        self._nothing = np.zeros(len(system.borders))

    def likely_mw(self, now_s: float) -> F8 | None:
        """(n_borders,) MW that neighbours would give now; None where the policy does not ask."""
        if self._likely_mw is None:
            return None
        return np.asarray(self._likely_mw[:, min(int(now_s // SECONDS_PER_HOUR), self._likely_mw.shape[1] - 1)])

    def plan(self, now_s: float, own_reserve_mw: Sequence[float]) -> None:
        """Buy for the hours from ``now_s``, in which the own machines leave ``own_reserve_mw`` over the load."""
        system = self._system
        if not system.reserve_stated or not len(self._by_price):
            return
        first, wanted_mw = int(now_s // SECONDS_PER_HOUR), sum(system.reserve_mw)
        for hour, reserve_mw in enumerate(own_reserve_mw):
            missing_mw = wanted_mw - reserve_mw
            bought_mw = self._nothing
            if missing_mw > 0:
                bought_mw = np.zeros(len(system.borders))
                for border in self._by_price.tolist():
                    bought_mw[border] = min(missing_mw, system.borders.contract_import_mw[border])
                    missing_mw -= bought_mw[border]
            self._bought_mw[first + hour] = bought_mw

    def bought_mw(self, now_s: float) -> F8:
        """(n_borders,) MW that the day's plan bought for the hour of ``now_s``."""
        return self._bought_mw.get(int(now_s // SECONDS_PER_HOUR), self._nothing)


def _likely_mw(system: GridSystem, scenario: Scenario, inputs: RunInputs, seed: int, replicate: int) -> F8:
    """(n_borders, n_hours) contract as far as it is kept, and the help of the spell, within the border's limit."""
    borders, support = system.borders, system.border_support
    n_hours = math.ceil(scenario.horizon.hours)
    found_mw = borders.contract_import_mw[:, None] * _kept(system, inputs, n_hours)
    components = [support_component(system, row) for row in range(len(support))]
    for row, lost in enumerate(_drawn(components, seed, replicate, n_hours)):
        if components[row].fails:
            found_mw[support.border[row]] += support_levels_mw(system, row)[0] * (1.0 - lost)
    return np.minimum(found_mw, borders.limit_import_mw[:, None])


def _kept(system: GridSystem, inputs: RunInputs, n_hours: int) -> F8:
    """(n_borders, n_hours) share of the contract that is delivered."""
    start, weather = inputs.local_time(0), inputs.weather
    begins = start.hour
    n_days = -(-(begins + n_hours) // _DAY_H)
    if isinstance(weather, YearWeather):
        first, day_c = weather.days_until(start, n_days)
        share = contract_share(system, day_c, weather.choice.seed, weather.choice.year)[:, first:]
    else:
        share = contract_share(system, inputs.day_means_c(n_days), 0, 0)
    return np.repeat(share, _DAY_H, axis=1)[:, begins : begins + n_hours]


def _drawn(components: Sequence[Component], seed: int, replicate: int, n_hours: int) -> F8:
    """(n_components, n_hours) share lost of each, as the sampler draws it for the same seed and sample number."""
    lost = np.zeros((len(components), n_hours))
    for row, first_h, end_h, share in zip(*drawn_outages(components, seed, replicate, n_hours), strict=True):
        lost[row, first_h:end_h] = share
    return lost
