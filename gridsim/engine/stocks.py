"""Fuel stocks at plants: yards of coal and mazut fed by deliveries, and tanks of backup fuel of gas plants."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.engine.interval import YardFlows
from gridsim.kernels.fuel_stocks import EMPTY_H, HOURS_PER_DAY, allow_backup, burn_of_yards, move_yards
from gridsim.model.pack import Packed, gas_generators, yard_generators
from gridsim.model.table import B1, F8, I4, sum_at

MILL_MARGIN = 0.1  # of the heating value that mills can make up for

I8 = NDArray[np.int64]


class _Burn(NamedTuple):
    """Deliveries and burn of the yards under a dispatch, as of :class:`YardFlows`, and what they were made of."""

    made_of: tuple[F8, F8, F8 | float, F8]
    delivered_share: F8
    burnt_share: F8
    holds_h: float


def flattened(groups: Sequence[I4]) -> tuple[I8, I8]:
    """(n_members,) members of all groups one after the other, and the group of each."""
    members = np.concatenate([*groups, np.zeros(0, dtype=np.int32)]).astype(np.int64)
    return members, np.repeat(np.arange(len(groups)), [len(group) for group in groups])


class Stocks:
    """Fuel stocks of one run.

    ``yard_days`` (n_yards,): days at full output of the generators fed; ``backup_mwh`` (n_links,): electricity that
    the backup fuel of a gas plant is good for.
    """

    def __init__(self, packed: Packed):
        system = packed.system
        links, p_max_mw = system.gas_to_power, system.generators.p_max_mw
        self._packed = packed
        self._links = links
        self._table = system.fuel_stocks
        yard_gens = yard_generators(system)
        self._fed_gen, self._feeding_yard = flattened(yard_gens)
        self._has_yard = np.isin(np.arange(len(system.generators)), self._fed_gen)
        self._yard_p_max_mw = np.array([p_max_mw[gens].sum() for gens in yard_gens])
        link_p_max_mw = np.array([p_max_mw[gas_generators(system, plant)].sum() for plant in links.plant.tolist()])
        self.backup_p_max_mw = link_p_max_mw * links.backup_capacity_share
        self.backup_mwh = self.backup_p_max_mw * links.backup_stock_days * HOURS_PER_DAY
        self._days: tuple[F8 | None, F8] = None, self.backup_mwh  # stock, and for how many days it lasts
        self._backup_moved = True  # by other than burning, since the last advance
        self.yard_days = system.fuel_stocks.stock_days.copy()
        idle = np.zeros(len(system.fuel_stocks))
        self.yard_flows = YardFlows(idle, idle, idle)
        self._short_since_s = np.full(len(links), np.inf)  # inf: gas suffices
        self._scratch = np.empty(len(links))
        self._any_short = False
        self._fed: tuple[bytes, F8, F8 | float, F8] | None = None  # of the last yards_feed: what it was made of, and it
        self._shared: tuple[F8, F8] | None = None  # the last share by yard, and by machine
        self._last_burn: _Burn | None = None

    @property
    def no_backup_mw(self) -> F8:
        """(n_backup,) 0: the limit while no plant has switched over."""
        return np.zeros(len(self._packed.backup_gen))

    def yard_share(self, delivery_share: F8, heating_value: F8 | float = 1.0) -> F8:
        """(n_gens,) share of output that a yard allows until it is empty (:meth:`holds_h`); 1 without a yard.

        ``delivery_share`` (n_yards,): share of each yard's deliveries that still comes, all that an empty one feeds;
        ``heating_value`` (n_yards,): of the coal, over the usual; mills make up for a tenth less.
        """
        fed = self.yards_feed(delivery_share, heating_value)
        if self._shared is None or self._shared[0] is not fed:
            share = sum_at(self._fed_gen, fed[self._feeding_yard], len(self._has_yard))  # two yards feed together
            self._shared = fed, np.where(self._has_yard, np.minimum(share, 1.0), 1.0)
        return self._shared[1]

    def yards_feed(self, delivery_share: F8, heating_value: F8 | float = 1.0) -> F8:
        """(n_yards,) share of full output that each yard feeds now; arguments as in :meth:`yard_share`.

        The same array while the same yards have stock and the same arrays are given; nobody writes to either.
        """
        stocked = self.yard_days * HOURS_PER_DAY > EMPTY_H
        key, last = stocked.tobytes(), self._fed
        if last is None or last[0] != key or last[1] is not delivery_share or last[2] is not heating_value:
            fed = np.where(stocked, 1.0, self._table.delivery_share * delivery_share * heating_value)
            fed = np.minimum(fed, np.minimum(heating_value + MILL_MARGIN, 1.0))
            self._fed = last = key, delivery_share, heating_value, fed
        return last[3]

    def switch_over(self, now_s: float, short: B1) -> None:
        """Plants (n_links,) that are ``short`` of gas now begin to switch to backup fuel; the others go back to gas."""
        any_short = bool(short.any())
        if any_short or self._any_short:
            self._short_since_s = np.where(short, np.minimum(self._short_since_s, now_s), np.inf)
        self._any_short = any_short

    def backup_limit_mw(self, now_s: float, able_mw: F8, main_share: F8) -> F8:
        """(n_backup,) MW that backup fuel adds in plants that have switched over, until it is used up.

        ``able_mw`` (n_gens,): output if fuel were no limit; ``main_share`` (n_gens,): share of it on the main fuel.
        """
        if not self._any_short:
            return self.no_backup_mw
        limit_mw = np.empty(len(self._packed.backup_gen))
        allow_backup(
            now_s=now_s,
            gen=self._packed.backup_gen,
            link=self._packed.backup_link,
            switch_h=self._links.backup_switch_h,
            capacity_share=self._links.backup_capacity_share,
            short_since_s=self._short_since_s,
            stock_mwh=self.backup_mwh,
            able_mw=able_mw,
            main_share=main_share,
            link_mw=self._scratch,
            limit_mw_out=limit_mw,
        )
        return limit_mw

    def switches_h(self, now_s: float) -> float:
        """Hours until the next plant that is short of gas has switched over to its backup fuel; inf if none will."""
        if not self._any_short:
            return np.inf
        ready_s = self._short_since_s + self._links.backup_switch_h * 3600.0
        coming = (ready_s > now_s) & (self.backup_p_max_mw > 0)
        return float(np.min(ready_s - now_s, where=coming, initial=np.inf)) / 3600.0

    def holds_h(self, delivery_share: F8, p_main_mw: F8, p_backup_mw: F8, heating_value: F8 | float = 1.0) -> float:
        """Hours, a whole number of seconds, until the first stock in use is empty; inf if none will be.

        Arguments as in :meth:`advance`.
        """
        hours = self._burn(delivery_share, p_main_mw, heating_value).holds_h
        if p_backup_mw.any():
            backup_mw = sum_at(self._packed.backup_link, p_backup_mw, len(self.backup_mwh))
            used = backup_mw > 1e-9
            hours = min(hours, float((self.backup_mwh[used] / backup_mw[used]).min(initial=np.inf)))
        return float(np.floor(hours * 3600.0 + 1e-6)) / 3600.0

    def _burn(self, delivery_share: F8, p_main_mw: F8, heating_value: F8 | float) -> _Burn:
        """Burn under a dispatch: the interval asks as it begins and as it ends, with the stocks of its beginning."""
        made_of, last = (delivery_share, p_main_mw, heating_value, self.yard_days), self._last_burn
        if last is None or any(now is not then for now, then in zip(made_of, last.made_of, strict=True)):
            delivered_share, burnt_share = self._table.delivery_share * delivery_share, np.empty(len(self.yard_days))
            holds_h = burn_of_yards(
                fed_gen=self._fed_gen,
                feeding_yard=self._feeding_yard,
                full_mw=self._yard_p_max_mw,
                p_main_mw=p_main_mw,
                heating_value=np.full(len(self.yard_days), heating_value),
                delivered_share=delivered_share,
                yard_days=self.yard_days,
                burnt_share_out=burnt_share,
            )
            self._last_burn = last = _Burn(made_of, delivered_share, burnt_share, holds_h)
        return last

    def advance(
        self, dt_h: float, delivery_share: F8, p_main_mw: F8, p_backup_mw: F8, heating_value: F8 | float = 1.0
    ) -> None:
        """Deliver and consume for ``dt_h`` hours.

        ``delivery_share`` as in :meth:`yard_share`; ``p_main_mw`` (n_gens,), ``p_backup_mw`` (n_backup,): dispatched.
        """
        if self._backup_moved or p_backup_mw.any():
            self._backup_moved = False
            backup_mw = sum_at(self._packed.backup_link, p_backup_mw, len(self.backup_mwh))
            remaining_mwh = self.backup_mwh - backup_mw * dt_h
            # A rest that would not last a second is gone: the tank is empty, and says so.
            self.backup_mwh = np.where(remaining_mwh > self.backup_p_max_mw * EMPTY_H, remaining_mwh, 0.0)
        burn = self._burn(delivery_share, p_main_mw, heating_value)
        self._last_burn = None
        kept, turned_away = np.empty(len(self.yard_days)), np.empty(len(self.yard_days))
        move_yards(
            dt_h=dt_h,
            delivered_share=burn.delivered_share,
            burnt_share=burn.burnt_share,
            capacity_days=self._table.capacity_days,
            yard_days=self.yard_days,
            yard_days_out=kept,
            turned_away_out=turned_away,
        )
        self.yard_flows = YardFlows(burn.delivered_share, burn.burnt_share, turned_away)
        self.yard_days = kept

    def take_backup(self, links: B1, share: float) -> F8:
        """Remove ``share`` of the backup stock of ``links`` (n_links,); (n_links,) MWh taken, to be given back."""
        taken_mwh = np.where(links, self.backup_mwh * share, 0.0)
        self.backup_mwh = self.backup_mwh - taken_mwh
        self._backup_moved = True
        return taken_mwh

    def return_backup(self, taken_mwh: F8) -> None:
        """Give back what :meth:`take_backup` took."""
        self.backup_mwh = self.backup_mwh + taken_mwh
        self._backup_moved = True

    @property
    def backup_days(self) -> F8:
        """(n_links,) days of backup fuel at backup capacity; NaN where there is none."""
        if self._days[0] is not self.backup_mwh:
            full_mwh = self.backup_p_max_mw * HOURS_PER_DAY
            days = np.divide(self.backup_mwh, full_mwh, out=np.full(len(full_mwh), np.nan), where=full_mwh > 0)
            self._days = self.backup_mwh, days
        return self._days[1]
