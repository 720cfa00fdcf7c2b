"""Duty of plants: output that they owe, or may not exceed, for other reasons than cost. The same in both engines.

What a plant owes is carried by as few of its machines in service as can, the cheapest first and equally loaded; what it
may not exceed is left to the cheapest too, the last of them in part. Of several rows that hold the strictest counts.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from gridsim.model.system import GridSystem
from gridsim.model.table import B1, F8, I4, sum_at

_ROUNDING_MW = 1e-9


class DutyShares(NamedTuple):
    """Shares of p_max, (n_gens, n_hours) or of one hour (n_gens,): owed (0: nothing), and not exceeded (1)."""

    least: F8
    greatest: F8


class _Reach:
    """Shares that duties ask of machines where they hold: entries by machine, the strictest counts."""

    def __init__(self, entries: list[tuple[int, int, float]]):
        """``entries``: machine, duty, share."""
        entries = sorted(entries)
        gen, self.duty = (np.array([entry[k] for entry in entries], dtype=np.int32) for k in (0, 1))
        self.share = np.array([entry[2] for entry in entries])[:, None]
        self.gens, self.first = np.unique(gen, return_index=True)

    def write(self, holds: B1, otherwise: float, strictest: np.ufunc, into: F8) -> None:
        """Write into rows of machines what duties ask while ``holds`` (n_duties, n_hours)."""
        if len(self.gens):
            asked = np.where(holds[self.duty], self.share, otherwise)
            into[self.gens] = strictest.reduceat(asked, self.first, axis=0)


class Duty:
    """Duties of one system. A zone's expected peak is its load in the base state, every load at its ``p_mw``."""

    def __init__(self, system: GridSystem):
        self.system = system
        duty, generators, loads = system.duty, system.generators, system.loads
        zone = system.buses.zone[loads.bus]
        load_mw = np.where(loads.in_service, loads.p_mw, 0.0)
        self.peak_mw = sum_at(zone + 1, load_mw, len(system.zones) + 1)[1:]
        able_mw = np.where(generators.in_service, generators.p_max_mw, 0.0)
        by_cost = np.lexsort((generators.name, generators.cost_per_mwh))
        machines = [
            by_cost[(generators.plant[by_cost] == plant) & (able_mw[by_cost] > 0)] for plant in duty.plant.tolist()
        ]
        carried_mw = [np.cumsum(able_mw[own]) for own in machines]
        total = np.array([carried[-1] if len(carried) else 0.0 for carried in carried_mw])
        least_mw = np.nan_to_num(np.where(np.isnan(duty.least_mw), duty.least_share * total, duty.least_mw))
        greatest_mw = np.where(np.isnan(duty.greatest_mw), duty.greatest_share * total, duty.greatest_mw)
        greatest_mw = np.where(np.isnan(greatest_mw), np.inf, greatest_mw)
        self.limits = bool((greatest_mw < total).any())  # some duty is an upper bound
        self._owed = _Reach(_owed(machines, carried_mw, least_mw))
        self._allowed = _Reach(_allowed(machines, carried_mw, greatest_mw))
        site = system.buses.weather_site[generators.bus]
        self._site = np.array([site[own[0]] if len(own) else -1 for own in machines], dtype=np.int32)
        self._load_zone = zone
        self._by_load, self._by_heat = (duty.must_run_when[:, None] == when for when in ("load_above", "heat"))

    def __len__(self) -> int:
        return len(self.system.duty)

    def holds(self, month: I4, day_c: F8, zone_mw: F8) -> B1:
        """(n_duties, n_hours) True where a duty holds.

        month (n_hours,) 1..12;  day_c (n_sites, n_hours) mean temperature of the day;  zone_mw (n_zones, n_hours) load
        """
        duty = self.system.duty
        first, last = duty.from_month[:, None], duty.to_month[:, None]
        inside = np.where(first <= last, (month >= first) & (month <= last), (month >= first) | (month <= last))
        peak_mw = np.append(self.peak_mw, 0.0)[duty.zone] * duty.load_share  # NaN: no row of load_above, never above
        above = np.append(zone_mw, np.zeros((1, len(month))), axis=0)[duty.zone] > peak_mw[:, None]
        cold_c = np.append(day_c, np.full((1, len(month)), np.inf), axis=0)[self._site]
        cold = np.nan_to_num(cold_c, nan=np.inf) < duty.below_c[:, None]
        return np.asarray(inside & np.where(self._by_load, above, np.where(self._by_heat, cold, True)))

    def shares(self, month: I4, day_c: F8, zone_mw: F8) -> DutyShares:
        """Bounds of every machine by duty, (n_gens, n_hours); arguments as of :meth:`holds`."""
        n_gens = len(self.system.generators)
        least, greatest = np.zeros((n_gens, len(month))), np.ones((n_gens, len(month)))
        holds = self.holds(month, day_c, zone_mw)
        self._allowed.write(holds, 1.0, np.minimum, greatest)
        self._owed.write(holds, 0.0, np.maximum, least)
        return DutyShares(np.minimum(least, greatest), greatest)

    def hour(self, month: int, day_c: F8, load_mw: F8) -> DutyShares:
        """The same for one hour, (n_gens,); ``day_c`` (n_sites,), ``load_mw`` (n_loads,)."""
        zone_mw = sum_at(self._load_zone + 1, load_mw, len(self.system.zones) + 1)[1:]
        found = self.shares(np.array([month], dtype=np.int32), day_c[:, None], zone_mw[:, None])
        return DutyShares(found.least[:, 0], found.greatest[:, 0])

    def fulfilled(self, month: int, day_c: F8, load_mw: F8, share: F8, forced: F8) -> tuple[F8, F8]:
        """Available and forced share (n_gens,) of an hour, from those without duty; ``day_c`` (n_sites,),
        ``load_mw`` (n_loads,)."""
        if len(self) == 0:
            return share, forced
        owed = self.hour(month, day_c, load_mw)
        share = np.minimum(share, owed.greatest)
        return share, np.minimum(np.maximum(forced, owed.least), share)

    def rows_within_limits(self, month: I4, day_c: F8, zone_mw: F8, share: F8, gen_row: I4) -> tuple[F8, I4]:
        """Rows of shares (n_rows, n_hours) that machines share, with a row of its own for each that duty limits."""
        if not self.limits:
            return share, gen_row
        greatest = self.shares(month, day_c, zone_mw).greatest
        limited = np.flatnonzero((greatest < 1.0).any(axis=1))
        rows = np.minimum(share[gen_row[limited]], greatest[limited])
        gen_row = gen_row.copy()
        gen_row[limited] = len(share) + np.arange(len(limited))
        return np.concatenate([share, rows]), gen_row


def _owed(machines: list[I4], carried_mw: list[F8], least_mw: F8) -> list[tuple[int, int, float]]:
    """Machine, duty and share that it carries of what is owed: as few machines as can, equally loaded."""
    entries = []
    for duty, (own, carried) in enumerate(zip(machines, carried_mw, strict=True)):
        if not len(own) or least_mw[duty] <= 0:
            continue
        last = min(int(np.searchsorted(carried, least_mw[duty] - _ROUNDING_MW)), len(own) - 1)
        share = min(float(least_mw[duty] / carried[last]), 1.0)
        entries += [(gen, duty, share) for gen in own[: last + 1].tolist()]
    return entries


def _allowed(machines: list[I4], carried_mw: list[F8], greatest_mw: F8) -> list[tuple[int, int, float]]:
    """Machine, duty and share that it may give of what is not exceeded: the cheapest first, the last in part."""
    entries = []
    for duty, (own, carried) in enumerate(zip(machines, carried_mw, strict=True)):
        before = np.append(0.0, carried[:-1])
        share = np.clip((greatest_mw[duty] - before) / (carried - before), 0.0, 1.0) if len(own) else before[:0]
        entries += [(gen, duty, cap) for gen, cap in zip(own.tolist(), share.tolist(), strict=True) if cap < 1.0]
    return entries


@lru_cache(maxsize=8)
def duty_of(system: GridSystem) -> Duty:
    """The duties of a system, made once."""
    return Duty(system)
