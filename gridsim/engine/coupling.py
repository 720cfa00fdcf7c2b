"""Gas, backup fuel and yards: what each plant can burn in a step, and what is left after it.

The only place where gas and power exchange values. For a step, first the gas network is asked what it
could deliver if every plant ran as far as it can (capability); the dispatch then chooses within it; then the network is
balanced again with what was burnt, and that balance moves the stocks. A plant short of gas switches to its backup fuel
after its switching time and back as soon as gas suffices.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.contingencies.effects import Conditions
from gridsim.model.pack import Packed, gas_generators
from gridsim.model.system import GridSystem
from gridsim.model.table import F8, I4, sum_at
from gridsim.solvers.gas import GasBalance, GasConditions, GasStep
from gridsim.weather.normal import HourInputs

SHORT_SHARE = 0.999  # a plant is short of gas below this share of what it could burn


class FuelLimits(NamedTuple):
    """For one step. gas_share (n_gens,): share of output that the main fuel allows; backup_mw (n_backup,) on backup
    columns; link_asked_mw and link_gas_mw (n_links,): output if gas were no limit, and on the gas delivered."""

    gas_share: F8
    backup_mw: F8
    link_asked_mw: F8
    link_gas_mw: F8


_YARD_FUEL = {"coal": "coal", "mazut": "oil", "diesel": "oil"}


def yard_generators(system: GridSystem) -> list[I4]:
    """The machines each yard feeds: those of its plant that run on what it holds (a gas plant's mazut: backup)."""
    stocks, fuel = system.fuel_stocks, system.generators.fuel
    feeds = []
    for plant, held in zip(stocks.plant.tolist(), stocks.fuel.tolist(), strict=True):
        gens = system.generators_of(plant)
        feeds.append(gens[fuel[gens] == _YARD_FUEL[held]])
    return feeds


class FuelSystem:
    """Stocks of one run. ``backup_mwh`` (n_links,), ``yard_days`` (n_yards,)."""

    def __init__(self, packed: Packed, conditions: Conditions):
        system = packed.system
        self.packed = packed
        self.system = system
        self.gas = GasBalance(system)
        self.gas_stocks = self.gas.start(self._gas_conditions(conditions))
        links = system.gas_to_power
        self.link_gens: list[I4] = [gas_generators(system, plant) for plant in links.plant.tolist()]
        self.yard_gens = yard_generators(system)
        p_max = system.generators.p_max_mw
        self.link_p_max_mw = np.array([p_max[gens].sum() for gens in self.link_gens])
        self.backup_p_max_mw = self.link_p_max_mw * links.backup_capacity_share
        self.backup_mwh = self.backup_p_max_mw * links.backup_stock_days * 24.0
        self.yard_days = system.fuel_stocks.stock_days.copy()
        self.short_since_s = np.full(len(links), np.inf)
        self.last_step: GasStep | None = None
        self._last_conditions = self._gas_conditions(conditions)

    def _gas_conditions(self, conditions: Conditions) -> GasConditions:
        works = np.ones(len(self.system.gas_nodes), dtype=bool)
        return GasConditions(conditions.pipeline_share, conditions.supply_share, conditions.storage_share, works)

    def limits(
        self, now_s: float, dt_h: float, conditions: Conditions, inputs: HourInputs, available_mw: F8
    ) -> FuelLimits:
        """What fuel allows in a step of ``dt_h``; ``available_mw`` (n_gens,): what machines could give but for fuel."""
        system = self.system
        gas_conditions = self._gas_conditions(conditions)
        # A section that is out takes its linepack with it before anyone can draw it.
        capacity = self.gas.linepack_capacity_mcm(gas_conditions)
        self.gas_stocks = self.gas_stocks._replace(linepack_mcm=np.minimum(self.gas_stocks.linepack_mcm, capacity))
        asked_mw = np.array([available_mw[gens].sum() for gens in self.link_gens])
        step = self.gas.solve(
            gas_conditions,
            self.gas_stocks,
            inputs.gas_demand_mcm_per_d,
            self.gas.power_asked_mcm_per_d(asked_mw),
            dt_h,
            inputs.winter,
        )
        gas_mw = np.minimum(self.gas.power_mw(step.power_delivered_mcm_per_d), asked_mw)
        short = gas_mw < SHORT_SHARE * asked_mw
        self.short_since_s = np.where(short, np.minimum(self.short_since_s, now_s), np.inf)
        gas_share = np.ones(len(system.generators))
        for gens, asked, got in zip(self.link_gens, asked_mw, gas_mw, strict=True):
            gas_share[gens] = got / asked if asked > 0 else 1.0
        gas_share *= self._yard_share(dt_h)
        return FuelLimits(gas_share, self._backup_mw(now_s, dt_h, available_mw, gas_share), asked_mw, gas_mw)

    def _backup_mw(self, now_s: float, dt_h: float, available_mw: F8, gas_share: F8) -> F8:
        links, link, gen = self.system.gas_to_power, self.packed.backup_link, self.packed.backup_gen
        switched = now_s >= self.short_since_s + links.backup_switch_h * 3600.0
        room_mw = np.minimum(
            available_mw[gen] * links.backup_capacity_share[link], available_mw[gen] * (1.0 - gas_share[gen])
        )
        room_mw = np.where(switched[link], room_mw, 0.0)
        by_link = sum_at(link, room_mw, len(links))
        allowed = np.divide(self.backup_mwh / dt_h, by_link, out=np.ones(len(links)), where=by_link > 0)
        return room_mw * np.minimum(allowed, 1.0)[link]

    def _yard_share(self, dt_h: float) -> F8:
        """(n_gens,) share of output that stock and deliveries of the plant's yard allow for ``dt_h``."""
        share = np.full(len(self.system.generators), np.nan)
        for gens, days, delivery in zip(
            self.yard_gens, self.yard_days, self.system.fuel_stocks.delivery_share, strict=True
        ):
            share[gens] = np.nan_to_num(share[gens]) + delivery + days * 24.0 / dt_h  # two yards feed together
        return np.where(np.isnan(share), 1.0, np.minimum(share, 1.0))

    def balance(self, dt_h: float, conditions: Conditions, inputs: HourInputs, p_main_mw: F8) -> GasStep:
        """Gas balance of the step as dispatched; ``p_main_mw`` (n_gens,) on the main fuel. Kept for :meth:`advance`."""
        burnt_mw = np.array([p_main_mw[gens].sum() for gens in self.link_gens])
        self._last_conditions = self._gas_conditions(conditions)
        self.last_step = self.gas.solve(
            self._last_conditions,
            self.gas_stocks,
            inputs.gas_demand_mcm_per_d,
            self.gas.power_asked_mcm_per_d(burnt_mw),
            dt_h,
            inputs.winter,
        )
        return self.last_step

    def advance(self, dt_h: float, p_main_mw: F8, p_backup_mw: F8) -> None:
        """Move all stocks by ``dt_h`` hours of the last balance and dispatch."""
        if self.last_step is not None:
            self.gas_stocks = self.gas.advance(self.gas_stocks, self.last_step, self._last_conditions, dt_h)
        burnt = sum_at(self.packed.backup_link, p_backup_mw, len(self.backup_mwh))
        self.backup_mwh = np.maximum(self.backup_mwh - burnt * dt_h, 0.0)
        stocks = self.system.fuel_stocks
        p_max = self.system.generators.p_max_mw
        for yard, gens in enumerate(self.yard_gens):
            full = p_max[gens].sum()
            burn = p_main_mw[gens].sum() / full if full > 0 else 0.0
            days = self.yard_days[yard] + (stocks.delivery_share[yard] - burn) * dt_h / 24.0
            self.yard_days[yard] = min(max(days, 0.0), stocks.capacity_days[yard])

    def take_backup(self, links: NDArray[np.bool_], share: float) -> F8:
        """Remove ``share`` of the backup stock of ``links``; returns the MWh taken, to be given back."""
        taken = np.where(links, self.backup_mwh * share, 0.0)
        self.backup_mwh = self.backup_mwh - taken
        return taken

    @property
    def backup_days(self) -> F8:
        """(n_links,) days of backup fuel at backup capacity; NaN where there is none."""
        full = self.backup_p_max_mw * 24.0
        return np.divide(self.backup_mwh, full, out=np.full(len(full), np.nan), where=full > 0)
