"""Hydro plants behind reservoirs: water of a year and output planned for each hour, the same in both engines.

A plant with rows in ``reservoir_releases`` gives what its water allows. Rivers fill the reservoir, the release rule
(``kernels.water``) lets water out between the month's least and greatest, the day's release is the day's energy, and
that energy goes into the peaks of the zone's net load: load less wind and sun. Where a zone has several such plants
each fills the peaks of its part of the net load, by its share of their capacity, so that more water at one of them
takes nothing from another. Where machines go out for planned repair and fail, their water is not lost: the others of
the plant take it, or other hours do.

A year begins with what three years before it left behind, each with its rivers at that year's level, so that dry years
last. Those years begin at ``fill_share``.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from gridsim.kernels.water import fill_peaks, reservoir_course
from gridsim.model.maintenance import DAYS, planned_outage
from gridsim.model.system import GridSystem
from gridsim.model.table import F8, I4, sum_at
from gridsim.weather.field import day_of_year_month
from gridsim.weather.rivers import RiverModel

FIRST_MONTH = 7
FIRST_DAY = 181  # 1 July, where 1 January is 0
EARLIER_YEARS = 3
DAY_H = 24
MCM_PER_DAY = 0.0864  # of 1 m3/s


class WaterCourse(NamedTuple):
    """Water of the reservoirs, rows of ``WaterPlan.reservoir``, day by day. All (n, n_days) but the first.

    start_mcm (n,) held before the first day;  inflow_mcm from rivers and reservoirs above;  turbined_mcm,
    spilled_mcm;  volume_mcm at the end of the day;  energy_mwh, lowest_mw, highest_mw: what a day's plan keeps to
    """

    start_mcm: F8
    inflow_mcm: F8
    turbined_mcm: F8
    spilled_mcm: F8
    volume_mcm: F8
    energy_mwh: F8
    lowest_mw: F8
    highest_mw: F8


class AbleMachines(NamedTuple):
    """MW (n, n_days) of each plant: not in planned repair, and of these on the mean not failed."""

    able_mw: F8
    expected_mw: F8


class WaterPlan:
    """Reservoirs of one system that have a release rule: positions in ``reservoir`` (n,), upstream first.

    ``row`` (n_gens,): row of each machine's reservoir, -1 for machines without a water plan.
    """

    def __init__(self, system: GridSystem):
        self.system = system
        table, releases, generators = system.reservoirs, system.reservoir_releases, system.generators
        self.reservoir = _upstream_first(table.flows_into, np.unique(releases.reservoir))
        n = len(self.reservoir)
        of = {int(reservoir): row for row, reservoir in enumerate(self.reservoir)}
        self.below = np.array([of.get(int(r), -1) for r in table.flows_into[self.reservoir]], dtype=np.int32)
        least, greatest = np.zeros((n, 12)), np.zeros((n, 12))
        for r, month, low, high in zip(
            releases.reservoir.tolist(),
            releases.month.tolist(),
            releases.least_m3_s,
            releases.greatest_m3_s,
            strict=True,
        ):
            least[of[r], month - 1], greatest[of[r], month - 1] = low * MCM_PER_DAY, high * MCM_PER_DAY
        self._least, self._greatest = least, greatest
        plant_row = {str(plant): row for row, plant in enumerate(table.plant[self.reservoir])}
        self.row = np.array([plant_row.get(plant, -1) for plant in generators.plant.tolist()], dtype=np.int32)
        self.gens = np.flatnonzero(self.row >= 0)
        able_mw = np.where(generators.in_service, generators.p_max_mw, 0.0)[self.gens]
        self.p_max_mw = sum_at(self.row[self.gens], able_mw, n)
        self.mcm_per_mwh = table.mcm_per_mwh[self.reservoir]
        self.volume_mcm = table.volume_mcm[self.reservoir]
        self._zone = np.full(n, -1, dtype=np.int32)
        self._zone[self.row[self.gens]] = system.buses.zone[generators.bus[self.gens]]
        of_zone = sum_at(self._zone + 1, self.p_max_mw, len(system.zones) + 1)[self._zone + 1]
        self._part = np.divide(self.p_max_mw, of_zone, out=np.zeros(n), where=of_zone > 0)
        self.month = day_of_year_month(FIRST_MONTH)[0]

    def __len__(self) -> int:
        return len(self.reservoir)

    def course(self, inflow_m3_s: F8, month: I4, start_mcm: F8) -> WaterCourse:
        """The course over days of ``month`` (n_days,) 0..11 with ``inflow_m3_s`` (n_rivers, n_days) of the rivers."""
        n, n_days = len(self), len(month)
        river = self.system.reservoirs.river[self.reservoir]
        inflow_mcm = np.concatenate([inflow_m3_s, np.zeros((1, n_days))])[river] * MCM_PER_DAY
        inflow_mcm *= self.system.reservoirs.inflow_share[self.reservoir, None]
        course = np.empty((3, n, n_days))
        swallow = DAY_H * self.p_max_mw * self.mcm_per_mwh
        least = np.ascontiguousarray(self._least[:, month])
        machines = np.stack([self.volume_mcm, swallow], axis=1)
        greatest = np.ascontiguousarray(self._greatest[:, month])
        reservoir_course(start_mcm, inflow_mcm, self.below, least, greatest, machines, course)
        turbined, spilled, volume = course
        energy = turbined / self.mcm_per_mwh[:, None]
        owed_mwh = least * self.system.reservoirs.hourly_least_share[self.reservoir, None] / self.mcm_per_mwh[:, None]
        return WaterCourse(
            start_mcm=start_mcm,
            inflow_mcm=inflow_mcm,
            turbined_mcm=turbined,
            spilled_mcm=spilled,
            volume_mcm=volume,
            energy_mwh=energy,
            lowest_mw=np.minimum(owed_mwh, energy) / DAY_H,
            highest_mw=np.repeat(self.p_max_mw[:, None], n_days, axis=1),
        )

    def year(
        self, rivers: RiverModel, seed: int, year: int, inflow_m3_s: F8, start_mcm: F8 | None = None
    ) -> WaterCourse:
        """The course of weather year (seed, year), whose rivers bring ``inflow_m3_s`` (n_rivers, 365).

        ``start_mcm``: what its first day finds; None: what the years before it leave.
        """
        if start_mcm is None:
            start_mcm = self._after(rivers.years_before(seed, year, EARLIER_YEARS))
        return self.course(inflow_m3_s, self.month, start_mcm)

    def normal_year(self) -> WaterCourse:
        """The course of a year whose rivers bring their mean, after years that did."""
        mean = RiverModel(self.system.rivers, self.month).mean_m3_s[:, self.month]
        return self.course(mean, self.month, self._after(np.tile(mean, EARLIER_YEARS)))

    def _after(self, inflow_m3_s: F8) -> F8:
        start_mcm = self.system.reservoirs.fill_share[self.reservoir] * self.volume_mcm
        return self.course(inflow_m3_s, np.tile(self.month, EARLIER_YEARS), start_mcm).volume_mcm[:, -1].copy()

    def able(self, days: I4) -> AbleMachines:
        """Capacity left of each plant on ``days`` of the year where machines are repaired and fail."""
        generators = self.system.generators
        of_plant = np.arange(len(self))[:, None] == self.row[self.gens]
        able = np.where(generators.in_service, generators.p_max_mw, 0.0)[self.gens, None]
        able = able * (1.0 - planned_outage(self.system)[self.gens][:, (np.asarray(days) + FIRST_DAY) % DAYS])
        failed = np.nan_to_num(generators.mttr_h / (generators.mttf_h + generators.mttr_h))[self.gens, None]
        return AbleMachines(of_plant @ able, of_plant @ (able * (1.0 - failed)))

    def share(self, course: WaterCourse, net_mw: F8, days: I4, able: AbleMachines | None = None) -> F8:
        """(n, n_hours) planned share of the plants' p_max over the hours of ``days`` (n_days,) of ``course``.

        net_mw : (n_zones + 1, n_hours) load less wind and sun; the last zone is abroad
        able : machines that go out for repair or fail leave their water to the others of the plant and to other
            hours, as far as these can take it: the share is larger, and the output of the plant on the mean the plan's
        """
        p_mw = np.zeros((len(self), net_mw.shape[1]))
        whole_mw = np.repeat(self.p_max_mw[:, None], len(days), axis=1)
        able_mw, expected_mw = (whole_mw, whole_mw) if able is None else able
        for row in range(len(self)):
            part = self._part[row] * net_mw[self._zone[row]].reshape(-1, DAY_H)
            energy, lowest, highest = (of[row, days] for of in (course.energy_mwh, course.lowest_mw, course.highest_mw))
            highest = np.minimum(highest, able_mw[row])
            energy = np.minimum(energy, DAY_H * highest)
            fill_peaks(part, energy, np.minimum(lowest, highest), highest, p_mw[row].reshape(-1, DAY_H))
        return np.minimum(p_mw / np.maximum(np.repeat(expected_mw, DAY_H, axis=1), 1e-9), 1.0)

    def rows_with_plan(self, share: F8, gen_row: I4, planned: F8) -> tuple[F8, I4]:
        """Rows of shares (n_rows, n_hours) that machines share (``gen_row``), with those of the plan in their place."""
        return np.concatenate([share, planned]), np.where(self.row >= 0, len(share) + self.row, gen_row).astype(
            np.int32
        )


def net_load_mw(system: GridSystem, load: F8, load_row: I4, share: F8, gen_row: I4) -> F8:
    """(n_zones + 1, n_hours) load less wind and sun by zone, from rows of factors (n_rows, n_hours) of p_mw, p_max."""
    generators = system.generators
    variable_mw = np.where(generators.in_service & generators.variable, generators.p_max_mw, 0.0)
    return _by_zone(system, load_mw(system), system.loads.bus, load, load_row) - _by_zone(
        system, variable_mw, generators.bus, share, gen_row
    )


def zone_load_mw(system: GridSystem, load: F8, load_row: I4) -> F8:
    """(n_zones, n_hours) load by zone, from rows of factors (n_rows, n_hours) of p_mw."""
    return _by_zone(system, load_mw(system), system.loads.bus, load, load_row)[:-1]


def load_mw(system: GridSystem) -> F8:
    """(n_loads,) load of the base state."""
    return np.where(system.loads.in_service, system.loads.p_mw, 0.0)


def _by_zone(system: GridSystem, p_mw: F8, bus: I4, rows: F8, row: I4) -> F8:
    weight = np.zeros((len(system.zones) + 1, len(rows)))
    np.add.at(weight, (system.buses.zone[bus], row), p_mw)  # zone -1 is the last
    return np.asarray(weight @ rows)


def _upstream_first(flows_into: I4, chosen: I4) -> I4:
    """``chosen`` reservoirs, each after those that flow into it. Reading refuses circles."""

    def steps(reservoir: int) -> int:
        count = 0
        while reservoir >= 0 and count <= len(flows_into):
            reservoir, count = int(flows_into[reservoir]), count + 1
        return count

    return np.array(sorted(chosen.tolist(), key=lambda r: (-steps(r), r)), dtype=np.int32)


@lru_cache(maxsize=8)
def water_plan(system: GridSystem) -> WaterPlan:
    """The water plan of a system, made once."""
    return WaterPlan(system)


@lru_cache(maxsize=8)
def normal_water(system: GridSystem) -> WaterCourse:
    """The course of a year with mean inflow, made once."""
    return water_plan(system).normal_year()


def day_of_year(month: int, day: int) -> int:
    """Day of the year from 1 July, 0..364, of a date; 29 February is 28 February again."""
    months, days = day_of_year_month(FIRST_MONTH)
    day = min(day, 28) if month == 2 else day
    return int(np.flatnonzero((months == month - 1) & (days == day - 1))[0])
