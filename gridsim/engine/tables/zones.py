"""Table ``zones``."""

from __future__ import annotations

import numpy as np

from gridsim.engine.result_table import Batch, ResultTable, Rows, interval_columns
from gridsim.model.fuel import GAS_FAMILY, fuels, fuels_by_column
from gridsim.model.pack import Packed
from gridsim.model.system import EXTERNAL
from gridsim.model.table import F8, I4, sum_rows_at

_OF_GAS = {fuel.result_column for fuel in fuels().values() if fuel.family == GAS_FAMILY}


def _fuel_columns(*, gas: bool) -> tuple[tuple[str, str, str], ...]:
    return tuple(
        (column, "f8", f"of it {', '.join(names)}")
        for column, names in fuels_by_column().items()
        if (column in _OF_GAS) == gas
    )


class Zones(ResultTable):
    """Balance of every zone: demand, losses, supply by fuel, exchange, reserve, CO2. Power sums to zero over a zone."""

    columns = interval_columns(
        ("name", "str", "zone; 'external' holds the borders"),
        ("temperature_c", "f8", "load-weighted temperature"),
        ("demand_mw", "f8", "demand at the bus"),
        ("losses_mw", "f8", "loss allowance: share x (demand - price response - unserved), and losses of shunts"),
        ("unserved_mw", "f8", "demand not served against its will"),
        ("price_response_mw", "f8", "demand that did not buy at the price"),
        ("generation_mw", "f8", "machines, net of spill"),
        *_fuel_columns(gas=True),
        ("backup_fuel_mw", "f8", "of it machines on their backup fuel"),
        *_fuel_columns(gas=False),
        ("storage_mw", "f8", "storages, discharging positive"),
        ("import_mw", "f8", "bought at the zone's borders"),
        ("net_inflow_mw", "f8", "flow over branches into the zone less out of it"),
        ("gas_fired_available_mw", "f8", "what gas-fired machines could give on gas"),
        ("available_mw", "f8", "what committed machines could give within the step"),
        ("reserve_margin_mw", "f8", "available, stored and importable power of the zone's own less demand and losses"),
        ("curtailed_mw", "f8", "wind and sun not used"),
        ("spilled_mw", "f8", "forced output thrown away (heat-led, minimum load)"),
        ("co2_t_per_h", "f8", "CO2 at the stack; null where a machine's factor is not given"),
    )
    every_replicate = True

    def __init__(self, packed: Packed):
        super().__init__(packed)
        system = packed.system
        self.zone_names = np.array([*system.zones, EXTERNAL])
        zone = np.append(system.buses.zone, -1) % len(self.zone_names)
        self._bus_zone = zone[:-1]
        self._gen_zone, self._load_zone = zone[system.generators.bus], zone[system.loads.bus]
        self._border_zone, self._storage_zone = zone[system.borders.bus], zone[system.storages.bus]
        from_zone, to_zone = zone[system.branch_from], zone[system.branch_to]
        self._crossing = np.flatnonzero(from_zone != to_zone)
        self._crossing_from, self._crossing_to = from_zone[self._crossing], to_zone[self._crossing]
        self._counted_in = {
            column: np.flatnonzero(system.generators.burning(names)) for column, names in fuels_by_column().items()
        }

    def _by_zone(self, zone: I4, values: F8) -> F8:
        """(n_intervals, n_zones) sums of the elements of each zone."""
        return sum_rows_at(zone, values, len(self.zone_names))

    def rows(self, batch: Batch) -> Rows:
        """One row per interval and zone."""
        by_zone, gens, generators = self._by_zone, self._gen_zone, self.system.generators
        main_mw, backup_mw = batch.dispatch("p_main_mw"), batch.dispatch("p_backup_mw")
        loss_share = batch.of(lambda i: i.dispatch.loss_share)[:, None]
        demand = by_zone(self._load_zone, batch.dispatch("load_mw"))
        unserved = by_zone(self._load_zone, batch.dispatch("unserved_mw"))
        response = by_zone(self._load_zone, batch.dispatch("response_mw"))
        available = by_zone(gens, batch.dispatch("available_mw"))
        importable = by_zone(self._border_zone, batch.dispatch("border_available_mw"))
        stored = by_zone(self._storage_zone, batch.of(lambda i: i.dispatch.state.hi_mw[self.packed.discharge_columns]))
        at_shunts = by_zone(self._bus_zone, batch.of(lambda i: i.dispatch.solution.bus_loss_mw))
        spilled = np.where(generators.variable, 0.0, batch.dispatch("spilled_mw"))
        on_gas_mw = np.where(generators.gas_fired, generators.p_max_mw, 0.0)
        gas_available = on_gas_mw * batch.of(lambda i: i.inputs.gen_share) * batch.of(lambda i: i.fuel.gas_share)
        flow = batch.of(lambda i: i.dispatch.solution.flow_mw)[:, self._crossing]
        return batch.by_name(
            self.zone_names,
            temperature_c=self._temperature_c(batch),
            demand_mw=demand,
            losses_mw=loss_share * (demand - response - unserved) + at_shunts,
            unserved_mw=unserved,
            price_response_mw=response,
            generation_mw=by_zone(gens, main_mw + backup_mw),
            backup_fuel_mw=by_zone(gens, backup_mw),
            **{column: by_zone(gens[burns], main_mw[:, burns]) for column, burns in self._counted_in.items()},
            storage_mw=by_zone(self._storage_zone, batch.dispatch("p_storage_mw")),
            import_mw=by_zone(self._border_zone, batch.dispatch("p_border_mw")),
            net_inflow_mw=by_zone(self._crossing_to, flow) - by_zone(self._crossing_from, flow),
            gas_fired_available_mw=by_zone(gens, gas_available * batch.dispatch("committed")),
            available_mw=available,
            reserve_margin_mw=available + importable + stored - (demand - response) * (1.0 + loss_share) - at_shunts,
            curtailed_mw=by_zone(gens, batch.dispatch("curtailed_mw")),
            spilled_mw=by_zone(gens, spilled),
            co2_t_per_h=self._co2_t_per_h(main_mw, backup_mw),
        )

    def _temperature_c(self, batch: Batch) -> F8:
        """(n_intervals, n_zones) mean temperature of the loads, NaN where no load has a weather site."""
        load_mw, sites_c = batch.dispatch("load_mw"), batch.of(lambda i: i.inputs.temperature_c)
        with_unknown = np.hstack([sites_c, np.full((batch.n, 1), np.nan)])
        temperature = with_unknown[:, self.system.buses.weather_site[self.system.loads.bus]]
        known = np.isfinite(temperature)
        weight = self._by_zone(self._load_zone, np.where(known, load_mw, 0.0))
        heat = self._by_zone(self._load_zone, np.where(known, temperature * load_mw, 0.0))
        return np.divide(heat, weight, out=np.full(heat.shape, np.nan), where=weight > 0)

    def _co2_t_per_h(self, main_mw: F8, backup_mw: F8) -> F8:
        """(n_intervals, n_zones) CO2 at the stack, NaN for a zone with a machine whose factor is not given."""
        packed, gens = self.packed, self._gen_zone
        backup_rate = self.system.gas_to_power.backup_co2_t_per_mwh[packed.backup_link]
        co2 = self._by_zone(gens, main_mw * self.system.generators.co2_rate_t_per_mwh)
        return co2 + self._by_zone(gens[packed.backup_gen], backup_mw[:, packed.backup_gen] * backup_rate)


TABLE = Zones
