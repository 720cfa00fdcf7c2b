"""Coal on its way: what an event at a mine's corridor means at each yard, and when.

A yard's route is its rows of ``coal_routes``: corridors, and for how long trains that are past a fault of each still
arrive. A corridor that carries less serves the yards of the first priority first, by what they burn at full output. At
the yard, frozen coal is unloaded more slowly in the cold. A yard without a row is supplied as its own events say.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gridsim.contingencies.effects import Conditions
from gridsim.model.system import GridSystem
from gridsim.model.table import F8, I4

_FROZEN_FROM_C = -15.0
_FROZEN_AT_C = -35.0


class Deliveries:
    """Deliveries of one run; ``full_t_per_d`` (n_yards,): burn at full output, by which a corridor is shared."""

    def __init__(self, system: GridSystem, full_t_per_d: F8):
        routes = self._routes = system.coal_routes
        stocks, generators = system.fuel_stocks, system.generators
        self._yard = routes.yard
        self._n_yards = len(stocks)
        self._delay_s = np.round(routes.hours_to_yard * 3600.0)
        self._wanted = (full_t_per_d * stocks.delivery_share)[routes.yard]
        self._corridor = np.unique(routes.corridor, return_inverse=True)[1]
        bus = [generators.bus[system.generators_of(plant)] for plant in stocks.plant.tolist()]
        self._site = system.buses.weather_site[np.array([found[0] for found in bus], dtype=np.int64)]
        # By row: when its share changed, and to what.
        self._left = np.ones(len(routes))
        self._history: list[tuple[float, F8]] = [(-np.inf, np.ones(len(routes)))]
        self._last: tuple[Conditions, F8, Conditions] | None = None
        self._unhindered: Conditions | None = None  # the last conditions found to have nothing in the way

    def reach(
        self, conditions: Conditions, now_s: int, temperature_c: F8, wake: Callable[[float], None] | None
    ) -> Conditions:
        """Conditions with what reaches each yard now; the same object where nothing is in the way.

        ``wake``: told after how many seconds a change that is new now arrives; None for conditions that are only
        thought of.
        """
        if conditions is self._unhindered:
            return conditions
        if wake is not None and not np.array_equal(conditions.route_share, self._left):
            self._note(now_s, conditions.route_share, wake)
        frozen = (conditions.unloading_share < 1.0).any()
        if len(self._history) == 1 and not frozen:
            self._unhindered = None if wake is None else conditions
            return conditions
        share = conditions.delivery_share.copy()
        np.minimum.at(share, self._yard, self._arriving(now_s) * conditions.delivery_share[self._yard])
        if frozen:
            here_c = np.append(temperature_c, np.nan)[self._site]
            depth = np.clip((_FROZEN_FROM_C - np.nan_to_num(here_c)) / (_FROZEN_FROM_C - _FROZEN_AT_C), 0.0, 1.0)
            share *= 1.0 - (1.0 - conditions.unloading_share) * depth
        last = self._last
        if last is not None and last[0] is conditions and np.array_equal(last[1], share):
            return last[2]
        found = conditions._replace(delivery_share=share)
        self._last = conditions, share, found
        return found

    def _note(self, now_s: int, left: F8, wake: Callable[[float], None]) -> None:
        share = self._by_priority(left)
        changed = share != self._history[-1][1]
        self._left, self._unhindered = left, None
        self._history.append((now_s, share))
        for delay_s in np.unique(self._delay_s[changed]).tolist():
            if delay_s > 0:
                wake(delay_s)

    def _arriving(self, now_s: int) -> F8:
        """(n_rows,) share of each row as it stood when what arrives now passed it."""
        found = np.ones(len(self._routes))
        for row, delay_s in enumerate(self._delay_s.tolist()):
            found[row] = next(share[row] for since, share in reversed(self._history) if since <= now_s - delay_s)
        return found

    def _by_priority(self, left: F8) -> F8:
        """(n_rows,) share of each yard when corridors carry ``left`` (n_rows,) of what is wanted."""
        share = left.copy()
        for corridor in range(int(self._corridor.max(initial=-1)) + 1):
            rows = np.flatnonzero(self._corridor == corridor)
            room = float(left[rows].min()) * float(self._wanted[rows].sum())
            if not 0.0 < left[rows].min() < 1.0:
                continue
            for priority in np.unique(self._routes.priority[rows]).tolist():
                here = rows[self._routes.priority[rows] == priority]
                wanted = float(self._wanted[here].sum())
                share[here] = min(room / wanted, 1.0) if wanted > 0 else 1.0
                room = max(room - wanted, 0.0)
        return share


def full_burn_t_per_d(system: GridSystem, yard_gens: list[I4]) -> F8:
    """(n_yards,) tonnes a day at full output, by heat rate and heating value; 0 without a route that gives one."""
    gj_per_t = np.full(len(system.fuel_stocks), np.nan)
    gj_per_t[system.coal_routes.yard] = system.coal_routes.gj_per_t
    generators = system.generators
    gj_per_d = np.array(
        [float((generators.p_max_mw[gens] * generators.heat_rate_gj_per_mwh[gens]).sum()) for gens in yard_gens]
    )
    return np.asarray(np.nan_to_num(gj_per_d * 24.0 / gj_per_t))
