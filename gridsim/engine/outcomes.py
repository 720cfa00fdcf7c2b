"""What follows from a resolve, logged with its cause: plants short of gas, sections at their limit, zones that shed."""

from __future__ import annotations

import numpy as np

from gridsim.engine.coupling import SHORT_SHARE, FuelLimits
from gridsim.engine.disturbances import Disturbances
from gridsim.engine.event_log import ROOT, EventLog
from gridsim.engine.operator import Redispatch
from gridsim.model.pack import Packed
from gridsim.model.table import F8, sum_at
from gridsim.results.run_metrics import SHORTFALL_TOLERANCE_MW
from gridsim.solvers.gas_balance import GasStep
from gridsim.weather.normal import HourInputs
from gridsim.weather.year import YearWeather

_AT_LIMIT = 0.999
_KEPT_CLASSES = ("households", "heating")
_CITY_SHORT_SHARE = 0.99
_GAS_TABLES = ("gas_pipelines", "gas_supply", "gas_storage")


class Outcomes:
    """Logs the outcomes of one run; a state that lasts keeps the cause that began it."""

    def __init__(self, packed: Packed, log: EventLog, disturbances: Disturbances):
        self.packed = packed
        self.system = packed.system
        self._log = log
        self._disturbances = disturbances

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

    def log_cities(self, now_h: float, inputs: HourInputs, gas: GasStep) -> None:
        """Log city gates whose households or heating plants do not get what they ask, and that return to normal."""
        demand, nodes = self.system.gas_demand, self.system.gas_nodes
        kept = np.isin(demand.gas_class, _KEPT_CLASSES)
        asked = sum_at(demand.node, np.where(kept, inputs.gas_demand_mcm_per_d, 0.0), len(nodes))
        got = sum_at(demand.node, np.where(kept, gas.delivered_mcm_per_d, 0.0), len(nodes))
        for node in np.flatnonzero(asked > 0):
            component = f"city:{nodes.name[node]}"
            cut = got[node] < _CITY_SHORT_SHARE * asked[node]
            before = self._log.state(component)
            if cut or before != "normal":
                cause = self._disturbances.cause(_GAS_TABLES) if before == "normal" else self._log.last_id(component)
                self._log.add(now_h, component, "households or heating cut" if cut else "normal", cause)

    def log_supply(self, now_h: float, answer: Redispatch, fuel: FuelLimits, backup_mwh: F8) -> None:
        """Log plants short of gas or on backup fuel, sections at their limit, zones that shed.

        ``backup_mwh`` (n_links,): backup fuel left.
        """
        worst_shortage = self._log_plants(now_h, fuel, backup_mwh)
        cause = worst_shortage if worst_shortage != ROOT else self._disturbances.cause()
        binding = self._log_sections(now_h, answer, cause)
        zone = self.system.buses.zone[self.system.loads.bus]
        for position, name in enumerate(self.system.zones):
            short = answer.unserved_mw[zone == position].sum() > SHORTFALL_TOLERANCE_MW
            if short or self._log.state(f"zone:{name}") != "normal":
                why = (binding if binding != ROOT else cause) if short else self._disturbances.last_end
                self._log.add(now_h, f"zone:{name}", "shedding" if short else "normal", why)

    def _log_plants(self, now_h: float, fuel: FuelLimits, backup_mwh: F8) -> int:
        """Log plants short of gas; returns the change of the one that lost most, ROOT if none did."""
        links = self.system.gas_to_power
        backup_mw = sum_at(self.packed.backup_link, fuel.backup_mw, len(links))
        worst_shortage, worst_mw = ROOT, 0.0
        for link, plant in enumerate(links.plant.tolist()):
            short = fuel.link_gas_mw[link] < SHORT_SHARE * fuel.link_asked_mw[link]
            component = f"plant:{plant}"
            began = self._log.state(component) == "normal"
            if not short and began:
                continue
            backup = short and backup_mw[link] > SHORTFALL_TOLERANCE_MW
            dry = short and not backup and links.backup_fuel[link] != "none" and backup_mwh[link] <= 0
            text = "on backup fuel" if backup else ("no fuel left" if dry else "short of gas")
            cause = self._disturbances.cause(_GAS_TABLES) if began else self._log.last_id(component)
            number = self._log.add(now_h, component, text if short else "normal", cause)
            lost_mw = fuel.link_asked_mw[link] - fuel.link_gas_mw[link] - backup_mw[link]
            if short and lost_mw > worst_mw:
                worst_shortage, worst_mw = number, float(lost_mw)
        return worst_shortage

    def _log_sections(self, now_h: float, answer: Redispatch, cause: int) -> int:
        """Log sections at their limit; returns the change of the scarcest one, ROOT if none keeps load from supply.

        A section is scarce if one more MW of it is worth more than the dearest supply; otherwise it merely
        makes supply dearer and has no cause but the market.
        """
        first = self.system.n_branches
        flow, price = answer.solution.flow_mw[first:], np.abs(answer.solution.row_price[first:])
        limit = np.where(flow >= 0, answer.state.row_hi_mw[first:], -answer.state.row_lo_mw[first:])
        scarcest, scarcity = ROOT, self.packed.dearest_supply
        for section, name in enumerate(self.system.interfaces.name.tolist()):
            full = abs(flow[section]) > 0 and abs(flow[section]) >= _AT_LIMIT * limit[section]
            scarce = full and price[section] > self.packed.dearest_supply
            state = "scarce" if scarce else ("at its limit" if full else "normal")
            if full or self._log.state(f"section:{name}") != "normal":
                here = self._disturbances.cause_at_section(section) if scarce else ROOT
                why = (here if here != ROOT else cause) if scarce else (ROOT if full else self._disturbances.last_end)
                number = self._log.add(now_h, f"section:{name}", state, why)
                if scarce and price[section] > scarcity:
                    scarcest, scarcity = number, float(price[section])
        return scarcest
