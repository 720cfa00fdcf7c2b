"""A snapshot of a run, as scripts and conditions of events read it (contingencies.api)."""

from __future__ import annotations

import numpy as np

from gridsim.contingencies.api import Area, Branch, BusView, GasNode, Machine, Plant, Section, Stock
from gridsim.engine.coupling import FuelSystem
from gridsim.engine.interval import Interval
from gridsim.errors import StudyError, nearest
from gridsim.model.groups import element_names
from gridsim.model.pack import Packed
from gridsim.model.scenario import Condition, Quantity
from gridsim.model.table import B1, F8, sum_at
from gridsim.solvers.restoration import Frequencies


class NothingYet(StudyError):
    """Raised by views before the first resolve of a run."""

    def __init__(self, message: str = "nothing is solved at the start of the horizon yet: yield sim.hours(0) first"):
        super().__init__(message)


class Snapshot:
    """Values of one moment: flows and dispatch of the last resolve, stocks as they are now."""

    def __init__(
        self,
        packed: Packed,
        interval: Interval,
        fuel: FuelSystem,
        now_h: float,
        frequencies: Frequencies | None = None,
    ):
        self.packed = packed
        self.system = packed.system
        self.interval = interval
        self.fuel = fuel
        self.now_h = now_h
        self.frequencies = frequencies

    def section(self, name: str) -> Section:
        """See contingencies.api.View."""
        row = self.system.n_branches + self.system.interfaces.position(name)
        flow, state = float(self.interval.dispatch.solution.flow_mw[row]), self.interval.dispatch.state
        limit = float(state.row_hi_mw[row] if flow >= 0 else -state.row_lo_mw[row])
        return Section(flow, limit, abs(flow) / limit if limit > 0 else np.inf if flow else 0.0)

    def branch(self, name: str) -> Branch:
        """See contingencies.api.View."""
        tables = self.system.lines, self.system.transformers
        if not any(table.has(name) for table in tables):
            names = self.system.branch_name.tolist()
            raise StudyError(f"no '{name}' among lines and transformers; {nearest(name, names)}")
        lines, transformers = tables
        row = lines.position(name) if lines.has(name) else len(lines) + transformers.position(name)
        dispatch = self.interval.dispatch
        flow, limit = float(dispatch.solution.flow_mw[row]), float(dispatch.state.row_hi_mw[row])
        return Branch(
            row not in self.interval.dispatch.out_branch, flow, limit, abs(flow) / limit if limit > 0 else 0.0
        )

    def machine(self, name: str) -> Machine:
        """See contingencies.api.View."""
        generators, borders, dispatch = self.system.generators, self.system.borders, self.interval.dispatch
        if borders.has(name):
            row = borders.position(name)
            return Machine(float(dispatch.p_border_mw[row]), float(dispatch.border_available_mw[row]), True)
        row = generators.position(name)
        return Machine(float(dispatch.p_gen_mw[row]), float(dispatch.available_mw[row]), bool(dispatch.committed[row]))

    def plant(self, name: str) -> Plant:
        """See contingencies.api.View."""
        if name not in self.system.plants:
            raise StudyError(f"no '{name}' among plants; {nearest(name, self.system.plants)}")
        gens, dispatch, links = self.system.generators_of(name), self.interval.dispatch, self.system.gas_to_power
        share = 1.0
        if links.has(name):
            row = links.position(name)
            requested = float(self.interval.fuel.link_requested_mw[row])
            share = float(self.interval.fuel.link_deliverable_mw[row]) / requested if requested > 0 else 1.0
        return Plant(
            float(dispatch.p_gen_mw[gens].sum()),
            float(dispatch.available_mw[gens].sum()),
            share,
            float(dispatch.p_backup_mw[gens].sum()),
        )

    def bus(self, name: str) -> BusView:
        """See contingencies.api.View."""
        row, dispatch, ac = self.system.buses.position(name), self.interval.dispatch, self.interval.ac
        here = self.system.loads.bus == row
        vm_pu = float(ac.vm_pu[row]) if ac is not None and ac.converged else np.nan
        load_mw, unserved_mw = float(dispatch.load_mw[here].sum()), float(dispatch.unserved_mw[here].sum())
        return BusView(load_mw, unserved_mw, vm_pu, self._hz(np.arange(len(self.system.buses)) == row))

    def zone(self, name: str) -> Area:
        """See contingencies.api.View."""
        if name not in self.system.zones:
            raise StudyError(f"no '{name}' among zones; {nearest(name, self.system.zones)}")
        zone, buses = self.system.zones.index(name), self.system.buses
        return self._area(buses.zone[self.system.loads.bus] == zone, buses.zone[self.system.generators.bus] == zone)

    def whole(self) -> Area:
        """See contingencies.api.View.system."""
        return self._area(np.ones(len(self.system.loads), bool), np.ones(len(self.system.generators), bool))

    def gas_node(self, name: str) -> GasNode:
        """See contingencies.api.View."""
        row, gas, system = self.system.gas_nodes.position(name), self.interval.gas, self.system
        n = len(system.gas_nodes)
        links, on_gas = system.gas_to_power, self.interval.fuel
        requested = sum_at(system.gas_demand.node, self.interval.inputs.gas_demand_mcm_per_d, n)[row]
        requested += sum_at(links.node, on_gas.link_requested_mw * links.gas_m3_per_mwh * 24.0 / 1e6, n)[row]
        got = sum_at(system.gas_demand.node, gas.delivered_mcm_per_d, n)[row]
        got += sum_at(links.node, gas.power_delivered_mcm_per_d, n)[row]
        fuel = self.fuel
        return GasNode(float(fuel.linepack_mcm[row]), float(fuel.pressure_bar[row]), float(requested), float(got))

    def stock(self, name: str) -> Stock:
        """See contingencies.api.View."""
        stocks, links = self.system.fuel_stocks, self.system.gas_to_power
        if stocks.has(name):
            return Stock(float(self.fuel.yard_days[stocks.position(name)]))
        if links.has(name):
            return Stock(float(np.nan_to_num(self.fuel.backup_days[links.position(name)])))
        raise StudyError(f"no '{name}' among yards and plants; {nearest(name, element_names(self.system, 'stocks'))}")

    def temperature_c(self, site: str = "") -> float:
        """See contingencies.api.View."""
        sites = self.interval.inputs.temperature_c
        if site:
            return float(sites[self.system.weather_sites.position(site)])
        loads = self.system.loads
        at_load = np.append(sites, np.nan)[self.system.buses.weather_site[loads.bus]]
        weight = np.where(np.isfinite(at_load), self.interval.inputs.load_mw, 0.0)
        total = float(weight.sum())
        return float(np.nan_to_num(at_load) @ weight) / total if total > 0 else float("nan")

    def frequency_hz(self, island_of: str = "") -> float:
        """See contingencies.api.View."""
        if self.frequencies is None:
            raise StudyError("frequency is not modelled without policy.first_minutes: on: there is no number to give")
        if not island_of:
            return self._hz(np.ones(len(self.system.buses), dtype=bool))
        if island_of in self.system.zones:
            return self._hz(self.system.buses.zone == self.system.zones.index(island_of))
        return self._hz(np.arange(len(self.system.buses)) == self.system.buses.position(island_of))

    def _hz(self, buses: B1) -> float:
        """Frequency where most of the load of ``buses`` (n_buses,) is; NaN if it is not modelled or dark there."""
        if self.frequencies is None:
            return float("nan")
        loads = self.system.loads
        load_mw = sum_at(loads.bus, self.interval.dispatch.load_mw, len(self.system.buses))
        return self.frequencies.at(buses, load_mw, self.now_h * 3600.0)

    def _area(self, loads: F8, gens: F8) -> Area:
        dispatch = self.interval.dispatch
        return Area(
            float(dispatch.load_mw[loads].sum()),
            float(dispatch.unserved_mw[loads].sum()),
            float(dispatch.p_gen_mw[gens].sum()),
            self._hz(np.bincount(self.system.loads.bus[loads], minlength=len(self.system.buses)) > 0),
        )


def holds(condition: Condition, snapshot: Snapshot) -> bool:
    """Does a condition of an event hold now? NaN (a quantity that the run does not have) never does."""
    value = _VALUE[condition.quantity](snapshot, condition.of)
    low = condition.above is None or value > condition.above
    return low and (condition.below is None or value < condition.below)


_VALUE = {
    Quantity.TEMPERATURE_C: lambda now, of: now.temperature_c(of),
    Quantity.UNSERVED_MW: lambda now, of: (now.zone(of) if of else now.whole()).unserved_mw,
    Quantity.SECTION_LOADING: lambda now, of: now.section(of).loading,
    Quantity.LINEPACK_MCM: lambda now, of: now.gas_node(of).linepack_mcm if of else float(now.fuel.linepack_mcm.sum()),
    Quantity.PRESSURE_BAR: lambda now, of: now.gas_node(of).pressure_bar,
    Quantity.STOCK_DAYS: lambda now, of: now.stock(of).days,
}
