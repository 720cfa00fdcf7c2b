"""Heat of cities in a run: fed by what machines, fuel and gas leave, it cools, freezes, and switches heaters on."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gridsim.engine.facilities import LOST_BUS_SHARE
from gridsim.engine.interval import FuelLimits, HeatInterval, Moment
from gridsim.kernels.changes import states_of_heat
from gridsim.kernels.heat import add_heaters, rests
from gridsim.model.pack import Packed
from gridsim.model.table import F8, sum_at
from gridsim.solvers.gas_balance import GasStep
from gridsim.solvers.heat import LEAST_MW, HeatHour, HeatNetworks, HeatSupply

_SHORT_SHARE = 0.999
_REST_K, _REST_SHARE = 1e-6, 1e-9  # nearer to full heat than this is full heat
_STATES = ("normal", "short of heat", "pipes frozen")


class CityHeat(NamedTuple):
    """A city whose heat has changed: ``state`` as it is logged."""

    name: str
    state: str


class Heat:
    """Heat of one run. :meth:`feed` at every resolve, :meth:`advance` at the end of the interval after it."""

    def __init__(self, packed: Packed, machines_left: F8 | None = None):
        system = packed.system
        self._packed = packed
        self.networks = HeatNetworks(system, machines_left)
        self._state = self.networks.at_rest()
        self._supply: HeatSupply | None = None
        self._hour: HeatHour | None = None
        self._rests = True
        n = self.networks.n
        self._told = np.zeros(n, dtype=np.int64)
        self._any_told = False
        self._never_below = np.zeros((n, 2, 3))
        self._feeder_share = system.heat.feeder_share
        loads, people = system.loads, system.load_classes.people
        self._n_loads = len(loads)
        self._people_load = people[loads.load_class] & loads.in_service
        self._load_bus = loads.bus
        self._scratch = np.empty((3, len(system.buses)))
        self._some = len(system.heat) > 0

    def with_heaters(self, load_mw: F8) -> F8:
        """(n_loads,) demand with the electric heaters of those without heat, on the loads of people at their bus."""
        if self._rests or not self._state.heaters.any():
            return load_mw
        with_them_mw = load_mw.copy()
        add_heaters(
            cities=self.networks.cities,
            city_bus=self.networks.table.bus,
            feeder_share=self._feeder_share,
            heaters=self._state.heaters,
            of_people=self._people_load,
            load_bus=self._load_bus,
            bus_mw=self._scratch[0],
            added_mw=self._scratch[1],
            most_mw=self._scratch[2],
            load_mw_out=with_them_mw,
        )
        return with_them_mw

    def feed(self, moment: Moment, fuel: FuelLimits, gas: GasStep, bus_cut_share: F8) -> HeatHour | None:
        """Heat of the cities from now on; ``bus_cut_share`` (n_buses,) as facilities see it. None without cities."""
        if not self._some:
            return None
        n_gens = len(moment.able_mw)
        fed = fuel.gas_share
        if fuel.backup_mw.any():
            backup_mw = sum_at(self._packed.backup_gen, fuel.backup_mw, n_gens)
            backup = np.divide(backup_mw, moment.able_mw, out=np.zeros(n_gens), where=moment.able_mw > 0)
            fed = fed + backup
        share = moment.conditions.gen_share * np.minimum(fed, 1.0)
        self._supply = HeatSupply(
            machines_share=share,
            alive=bus_cut_share[self.networks.table.bus] <= LOST_BUS_SHARE,
            gas_asked=moment.inputs.gas_demand_mcm_per_d,
            gas_delivered=gas.delivered_mcm_per_d,
        )
        self._hour = self.networks.hour(self._state, moment.inputs.temperature_c[self.networks.site], self._supply)
        return self._hour

    def changes(self, hour: HeatHour) -> list[CityHeat]:
        """Cities whose heat is not what it was when this was last asked, as the log names it."""
        if self._rests and hour.most_lack_mw <= 0.0 and not self._any_told:
            return []
        told = np.empty_like(self._told)
        states_of_heat(hour.asked_mw, hour.delivered_mw, self._state.thaw_h, _SHORT_SHARE, told)
        changed = (told != self._told).nonzero()[0].tolist()
        if changed:
            self._any_told = bool(told.any())
        self._told = told
        return [CityHeat(str(self.networks.table.name[city]), _STATES[told[city]]) for city in changed]

    def advance(self, dt_h: float, outdoor_c: F8, gas: GasStep) -> HeatInterval | None:
        """Let the cities cool or warm for ``dt_h`` hours with the gas that came on the mean; the record of it."""
        if self._supply is None or self._hour is None:
            return None
        networks, before, hour = self.networks, self._state, self._hour
        planned, came = self._supply.gas_delivered, gas.delivered_mcm_per_d
        if came is not planned and not np.array_equal(came, planned):
            supply = self._supply._replace(gas_delivered=came)
            hour = networks.hour(before, outdoor_c[networks.site], supply)
        if self._rests and hour.most_lack_mw <= LEAST_MW:
            return HeatInterval(hour, before, self._never_below)  # nothing is missing, and all is warm
        self._state, below_k_h = networks.after(before, hour, dt_h)
        now = self._state
        self._rests = rests(now.indoor_c, now.supply_share, now.heaters, now.thaw_h, _REST_K, _REST_SHARE)
        if self._rests:
            self._state = networks.at_rest()
        return HeatInterval(hour, before, below_k_h)
