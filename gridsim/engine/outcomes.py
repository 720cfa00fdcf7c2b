"""Outcomes of a resolve, logged with their causes: plants short of gas, interfaces at their limit, zones that shed."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from gridsim.engine.coupling import SHORT_SHARE
from gridsim.engine.disturbances import Disturbances
from gridsim.engine.event_log import ROOT, EventLog
from gridsim.engine.heat import CityHeat
from gridsim.engine.interval import FuelLimits, Redispatch
from gridsim.kernels.changes import AT_LIMIT, NORMAL, SCARCE, cities_cut, states_of_interfaces
from gridsim.model.pack import Packed
from gridsim.model.table import F8, sum_at
from gridsim.results.run_metrics import SHORTFALL_TOLERANCE_MW
from gridsim.solvers.gas_balance import GasStep
from gridsim.weather.normal import HourInputs
from gridsim.weather.year import YearWeather

_FULL_SHARE = 0.999
_KEPT_CLASSES = ("households", "heating")
_CITY_SHORT_SHARE = 0.99
_INTERFACE_STATES = ("normal", "at its limit", "scarce")
_COAL_TABLES = ("fuel_stocks", "coal_routes")
_GAS_TABLES = ("gas_pipelines", "gas_supply", "gas_storage")


class Outcomes:
    """Logs the outcomes of one run; a state that lasts keeps the cause that began it."""

    def __init__(self, packed: Packed, log: EventLog, disturbances: Disturbances):
        self.packed = packed
        self.system = packed.system
        self._log = log
        self._disturbances = disturbances
        demand, system = self.system.gas_demand, self.system
        self._kept = np.flatnonzero(np.isin(demand.gas_class, _KEPT_CLASSES))
        self._cities = [f"city:{name}" for name in system.gas_nodes.name.tolist()]
        self._plants = [f"plant:{name}" for name in system.gas_to_power.plant.tolist()]
        self._interfaces = [f"section:{name}" for name in system.interfaces.name.tolist()]
        self._load_zone = system.buses.zone[system.loads.bus]
        self._coal_yards = np.unique(system.coal_routes.yard)
        self._coal_hit = np.zeros(len(self._coal_yards), dtype=bool)
        # A state that is not normal is checked until it is.
        self._city_hit = np.zeros(len(self._cities), dtype=bool)
        self._of_cities = np.empty(len(self._cities)), np.empty(len(self._cities))  # asked for and got
        self._plant_hit = np.zeros(len(self._plants), dtype=bool)
        self._interface_state = np.full(len(self._interfaces), NORMAL)
        self._zones_shed = False
        self._pocket_hit: set[int] = set()

    def log_weather(self, weather: YearWeather) -> None:
        """Log what each design event of the weather year became, with the return period it implies."""
        for event in weather.imposed:
            reached = ", ".join(f"{name} {value:.3g}" for name, value in event.reached.items())
            state = f"{reached}, return period {event.joint_return_period_years:.3g} years"
            notes = "".join(f"; {note}" for note in event.notes)
            self._log.add(0.0, f"weather:{event.kind}", state + notes)

    def log_facility(self, now_h: float, name: str, works: bool) -> None:
        """Log a gas facility that stopped for want of power or runs again."""
        self._log.add(now_h, f"facility:{name}", "normal" if works else "no power", self._disturbances.cause())

    def log_house_supply(self, now_h: float, plant: str, state: str) -> None:
        """Log a plant that has lost its house supply, restarts, or runs again; a return goes back to the loss."""
        component = f"house_supply:{plant}"
        began = self._log.state(component) == "normal"
        self._log.add(now_h, component, state, self._disturbances.cause() if began else self._log.last_id(component))

    def log_cities(self, now_h: float, inputs: HourInputs, gas: GasStep) -> None:
        """Log city gates whose households or heating plants do not get what they ask, and that return to normal."""
        cut = np.empty(len(self._cities), dtype=bool)
        requested, got = self._of_cities
        cities_cut(
            customer=self._kept,
            node=self.system.gas_demand.node,
            asked=inputs.gas_demand_mcm_per_d,
            delivered=gas.delivered_mcm_per_d,
            least_share=_CITY_SHORT_SHARE,
            asked_of_node=requested,
            got_of_node=got,
            cut_out=cut,
        )
        for city in ((cut != self._city_hit) & (requested > 0)).nonzero()[0].tolist():
            component, began = self._cities[city], bool(cut[city])
            cause = self._disturbances.cause(_GAS_TABLES) if began else self._log.last_id(component)
            self._log.add(now_h, component, "households or heating cut" if began else "normal", cause)
            self._city_hit[city] = began

    def log_coal(self, now_h: float, yard_days: F8, yard_share: F8) -> None:
        """Log plants whose coal is used up: they live on what still comes, ``yard_share`` (n_yards,) of full output."""
        empty = (yard_days[self._coal_yards] <= 0) & (yard_share[self._coal_yards] < SHORT_SHARE)
        changed, self._coal_hit = (empty != self._coal_hit).nonzero()[0], empty
        for yard in self._coal_yards[changed].tolist():
            component = f"plant:{self.system.fuel_stocks.plant[yard]}"
            state = "no coal left" if yard_days[yard] <= 0 and yard_share[yard] < SHORT_SHARE else "normal"
            began = self._log.state(component)
            if state != began:
                cause = self._disturbances.cause(_COAL_TABLES) if began == "normal" else self._log.last_id(component)
                self._log.add(now_h, component, state, cause)

    def log_heat(self, now_h: float, cities: Iterable[CityHeat]) -> None:
        """Log cities that lack heat or whose pipes are frozen, and that return to normal."""
        for city in cities:
            component = f"heat:{city.name}"
            last = self._log.state(component)
            if city.state == last:
                continue
            cause = self._disturbances.cause() if last == "normal" else self._log.last_id(component)
            self._log.add(now_h, component, city.state, cause)

    def log_voltages(self, now_h: float, pockets: set[int]) -> None:
        """Log buses around which load is cut to hold the voltage, and that return to normal."""
        for bus in sorted(pockets ^ self._pocket_hit):
            began, component = bus in pockets, f"voltage:{self.system.buses.name[bus]}"
            cause = self._disturbances.cause() if began else self._disturbances.last_end
            self._log.add(now_h, component, "load cut to hold it" if began else "normal", cause)
        self._pocket_hit = pockets

    def log_supply(self, now_h: float, dispatch: Redispatch, fuel: FuelLimits, backup_mwh: F8) -> None:
        """Log plants short of gas or on backup fuel, interfaces at their limit, zones that shed.

        ``backup_mwh`` (n_links,): backup fuel left.
        """
        worst_shortage = self._log_plants(now_h, fuel, backup_mwh)
        cause = worst_shortage if worst_shortage != ROOT else self._disturbances.cause()
        binding = self._log_interfaces(now_h, dispatch, cause)
        if not self._zones_shed and dispatch.short_mw == 0.0:
            return
        unserved_mw = sum_at(self._load_zone + 1, dispatch.unserved_mw, len(self.system.zones) + 1)[1:]
        self._zones_shed = bool((unserved_mw > SHORTFALL_TOLERANCE_MW).any())
        for name, zone_mw in zip(self.system.zones, unserved_mw.tolist(), strict=True):
            short = zone_mw > SHORTFALL_TOLERANCE_MW
            if short or self._log.state(f"zone:{name}") != "normal":
                why = (binding if binding != ROOT else cause) if short else self._disturbances.last_end
                self._log.add(now_h, f"zone:{name}", "shedding" if short else "normal", why)

    def _log_plants(self, now_h: float, fuel: FuelLimits, backup_mwh: F8) -> int:
        """Log plants short of gas; returns the change of the one that lost most, ROOT if none did."""
        links = self.system.gas_to_power
        worst_shortage, worst_mw = ROOT, 0.0
        all_short = fuel.link_deliverable_mw < SHORT_SHARE * fuel.link_requested_mw
        hit = (all_short | self._plant_hit).nonzero()[0].tolist()
        backup_mw = sum_at(self.packed.backup_link, fuel.backup_mw, len(links)) if hit else fuel.backup_mw
        for link in hit:
            short = self._plant_hit[link] = bool(all_short[link])
            component = self._plants[link]
            began = self._log.state(component) == "normal"
            backup = short and backup_mw[link] > SHORTFALL_TOLERANCE_MW
            dry = short and not backup and links.backup_fuel[link] != "none" and backup_mwh[link] <= 0
            text = "on backup fuel" if backup else ("no fuel left" if dry else "short of gas")
            cause = self._disturbances.cause(_GAS_TABLES) if began else self._log.last_id(component)
            number = self._log.add(now_h, component, text if short else "normal", cause)
            lost_mw = fuel.link_requested_mw[link] - fuel.link_deliverable_mw[link] - backup_mw[link]
            if short and lost_mw > worst_mw:
                worst_shortage, worst_mw = number, float(lost_mw)
        return worst_shortage

    def _log_interfaces(self, now_h: float, dispatch: Redispatch, cause: int) -> int:
        """Log interfaces at their limit; returns the change of the scarcest one, ROOT if none keeps load from supply.

        An interface is scarce if one more MW of it is worth more than the dearest supply; otherwise it merely
        makes supply dearer and has no cause but the market.
        """
        state = np.empty_like(self._interface_state)
        scarcest = states_of_interfaces(
            first_row=self.system.n_branches,
            flow_mw=dispatch.solution.flow_mw,
            row_price=dispatch.solution.row_price,
            row_lo_mw=dispatch.state.row_lo_mw,
            row_hi_mw=dispatch.state.row_hi_mw,
            full_share=_FULL_SHARE,
            dearest=self.packed.dearest_supply,
            state_out=state,
        )
        for row in (state != self._interface_state).nonzero()[0].tolist():
            why = ROOT if state[row] == AT_LIMIT else self._disturbances.last_end
            if state[row] == SCARCE:
                here = self._disturbances.cause_at_interface(row)
                why = here if here != ROOT else cause
            self._log.add(now_h, self._interfaces[row], _INTERFACE_STATES[state[row]], why)
        self._interface_state = state
        return ROOT if scarcest < 0 else self._log.last_id(self._interfaces[scarcest])
