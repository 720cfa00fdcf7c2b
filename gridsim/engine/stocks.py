"""Fuel stocks at plants: yards of coal and mazut fed by deliveries, and tanks of backup fuel of gas plants."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gridsim.engine.interval import YardFlows
from gridsim.model.pack import Packed, gas_generators, yard_generators
from gridsim.model.table import B1, F8, I4, sum_at

_HOURS_PER_DAY = 24.0
MILL_MARGIN = 0.1  # of the heating value that mills can make up for
_SECOND_H = 1.0 / 3600.0  # less than a second of output in stock is empty, as time is whole seconds

I8 = NDArray[np.int64]


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
        self.backup_mwh = self.backup_p_max_mw * links.backup_stock_days * _HOURS_PER_DAY
        self._backup_moved = True  # by other than burning, since the last advance
        self.yard_days = system.fuel_stocks.stock_days.copy()
        idle = np.zeros(len(system.fuel_stocks))
        self.yard_flows = YardFlows(idle, idle, idle)
        self._short_since_s = np.full(len(links), np.inf)  # inf: gas suffices
        self._any_short = False
        self._fed: tuple[bytes, F8, F8 | float, F8] | None = None  # of the last yards_feed: what it was made of, and it
        self._shared: tuple[F8, F8] | None = None  # the last share by yard, and by machine

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
        stocked = self.yard_days * _HOURS_PER_DAY > _SECOND_H
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
        links, link, gen = self._links, self._packed.backup_link, self._packed.backup_gen
        switched = now_s >= self._short_since_s + links.backup_switch_h * 3600.0
        room_mw = np.minimum(able_mw[gen] * links.backup_capacity_share[link], able_mw[gen] * (1.0 - main_share[gen]))
        room_mw = np.where(switched[link], room_mw, 0.0)
        by_link_mw = sum_at(link, room_mw, len(links))
        stocked = self.backup_mwh > by_link_mw * _SECOND_H
        return np.where(stocked[link], room_mw, 0.0)

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
        draw_share = self._consumed_share(p_main_mw) / heating_value - self._table.delivery_share * delivery_share
        stock_h = self.yard_days * _HOURS_PER_DAY
        drawn = (draw_share > 1e-9) & (stock_h > _SECOND_H)
        hours = float((stock_h[drawn] / draw_share[drawn]).min(initial=np.inf))
        if p_backup_mw.any():
            backup_mw = sum_at(self._packed.backup_link, p_backup_mw, len(self.backup_mwh))
            used = backup_mw > 1e-9
            hours = min(hours, float((self.backup_mwh[used] / backup_mw[used]).min(initial=np.inf)))
        return float(np.floor(hours * 3600.0 + 1e-6)) / 3600.0

    def _consumed_share(self, p_main_mw: F8) -> F8:
        """(n_yards,) output of the generators a yard feeds, of their full output."""
        full_mw = self._yard_p_max_mw
        fed_mw = sum_at(self._feeding_yard, p_main_mw[self._fed_gen], len(full_mw))
        return np.divide(fed_mw, full_mw, out=np.zeros(len(full_mw)), where=full_mw > 0)

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
            self.backup_mwh = np.where(remaining_mwh > self.backup_p_max_mw * _SECOND_H, remaining_mwh, 0.0)
        delivered_share = self._table.delivery_share * delivery_share
        burnt_share = self._consumed_share(p_main_mw) / heating_value
        days = self.yard_days + (delivered_share - burnt_share) * dt_h / _HOURS_PER_DAY
        kept = np.where(days * _HOURS_PER_DAY > _SECOND_H, days, 0.0)
        kept = np.minimum(kept, self._table.capacity_days)
        self.yard_flows = YardFlows(delivered_share, burnt_share, (days - kept) * _HOURS_PER_DAY / dt_h)
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
        full_mwh = self.backup_p_max_mw * _HOURS_PER_DAY
        return np.divide(self.backup_mwh, full_mwh, out=np.full(len(full_mwh), np.nan), where=full_mwh > 0)
