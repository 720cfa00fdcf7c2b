"""Intervals -> rows of the run's tables, written to a sink that is handed in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gridsim.engine.coupling import yard_generators
from gridsim.engine.event_log import EventLog
from gridsim.engine.interval import Interval
from gridsim.model.pack import Packed
from gridsim.model.system import EXTERNAL
from gridsim.model.table import F8, sum_at
from gridsim.results.run_metrics import SHORTFALL_TOLERANCE_MW
from gridsim.results.run_records import TABLES, Columns, Sink
from gridsim.solvers.gas_compressors import fuel_mcm_per_d

_FUEL_COLUMNS = {
    "gas_fired_mw": ("gas",),
    "coal_mw": ("coal",),
    "hydro_mw": ("hydro",),
    "wind_mw": ("wind",),
    "solar_mw": ("solar",),
    "other_mw": ("oil", "nuclear", "biogas", "waste_heat", "other"),
}


class Recorder:
    """Collects the rows of one replicate and hands each table to the sink at the end, sorted by (time, name).

    ``keep``: tables that are wanted; None for all.
    """

    def __init__(self, packed: Packed, replicate: int = 0, keep: Collection[str] | None = None):
        self.packed = packed
        self.system = packed.system
        self.replicate = replicate
        self._keep = frozenset(TABLES if keep is None else keep)
        self.zone_names = [*packed.system.zones, EXTERNAL]
        self._columns: dict[str, dict[str, list[Any]]] = {name: defaultdict(list) for name in TABLES}
        self._sorted: dict[str, tuple[NDArray[np.str_], NDArray[np.intp], NDArray[np.str_]]] = {}  # names, order
        system = packed.system
        fuel = system.generators.fuel
        self._fuels_kept = {column: np.isin(fuel, fuels) for column, fuels in _FUEL_COLUMNS.items()}
        self._variable = np.isin(fuel, ("wind", "solar"))
        self._yard_gens = yard_generators(system)
        zone = np.append(system.buses.zone, -1)
        self._gen_zone = zone[system.generators.bus] % len(self.zone_names)
        self._load_zone = zone[system.loads.bus] % len(self.zone_names)
        self._border_zone = zone[system.borders.bus] % len(self.zone_names)
        self._storage_zone = zone[system.storages.bus] % len(self.zone_names)
        from_zone, to_zone = zone[system.branch_from], zone[system.branch_to]
        self._crossing = [
            (to_zone % len(self.zone_names) == z).astype(float) - (from_zone % len(self.zone_names) == z).astype(float)
            for z in range(len(self.zone_names))
        ]

    def rows(self, table: str, names: Sequence[str] | NDArray[np.str_], interval: Interval, **columns: Any) -> None:
        """Append rows, one per name, in name order."""
        if table not in self._keep:
            return
        names = np.asarray(names, dtype=np.str_)
        known = self._sorted.get(table)
        if known is None or not np.array_equal(known[0], names):
            order = np.argsort(names, kind="stable")
            known = self._sorted[table] = names, order, names[order]
        _, order, in_order = known
        store = self._columns[table]
        n = len(order)
        store["replicate"].append(np.full(n, self.replicate, dtype=np.int32))
        store["time_h"].append(np.full(n, interval.time_h))
        store["duration_h"].append(np.full(n, interval.duration_h))
        store["name"].append(in_order)
        for column, values in columns.items():
            store[column].append(np.asarray(values)[order])

    def columns(self, table: str) -> Columns:
        """All rows of ``table`` so far, as whole columns."""
        store = self._columns[table]
        return {
            spec.name: np.concatenate(store[spec.name]) if store[spec.name] else np.zeros(0, dtype=_DTYPE[spec.kind])
            for spec in TABLES[table]
        }

    def record(self, interval: Interval) -> None:
        """Record one interval in every per-hour table."""
        if interval.duration_h <= 0:
            return
        self._zones(interval)
        self._elements(interval)
        self._interfaces(interval)
        self._fuels(interval)
        self._shortfall(interval)
        self._solve(interval)

    def _by_zone(self, zone: Any, values: F8) -> F8:
        return sum_at(zone, values, len(self.zone_names))

    def _zones(self, interval: Interval) -> None:
        system, answer = self.system, interval.answer
        generators, links = system.generators, system.gas_to_power
        gens = self._gen_zone

        demand = self._by_zone(self._load_zone, answer.load_mw)
        unserved = self._by_zone(self._load_zone, answer.unserved_mw)
        response = self._by_zone(self._load_zone, answer.response_mw)
        losses = answer.loss_share * (demand - response - unserved)
        available = self._by_zone(gens, answer.available_mw)
        importable = self._by_zone(self._border_zone, answer.border_available_mw)
        stored = self._by_zone(self._storage_zone, answer.state.hi_mw[self.packed.discharge_columns])
        temperature = np.append(interval.inputs.temperature_c, np.nan)[system.buses.weather_site[system.loads.bus]]
        known = np.isfinite(temperature)
        weight = np.where(known, answer.load_mw, 0.0)
        weight_by_zone = self._by_zone(self._load_zone, weight)
        heat = self._by_zone(self._load_zone, np.where(known, temperature, 0.0) * weight)
        spilled = np.where(self._variable, 0.0, answer.spilled_mw)
        co2 = self._by_zone(gens, answer.p_main_mw * generators.co2_t_per_mwh)
        backup_gen, backup_link = self.packed.backup_gen, self.packed.backup_link
        co2 += self._by_zone(gens[backup_gen], answer.p_backup_mw[backup_gen] * links.backup_co2_t_per_mwh[backup_link])
        gas_fired = generators.fuel == "gas"
        gas_available = np.where(
            gas_fired, generators.p_max_mw * interval.inputs.gen_share * interval.fuel.gas_share, 0
        )
        branch_flow = answer.solution.flow_mw[: system.n_branches]
        self.rows(
            "zones",
            self.zone_names,
            interval,
            temperature_c=np.divide(heat, weight_by_zone, out=np.full(len(heat), np.nan), where=weight_by_zone > 0),
            demand_mw=demand,
            losses_mw=losses,
            unserved_mw=unserved,
            price_response_mw=response,
            generation_mw=self._by_zone(gens, answer.p_gen_mw),
            backup_fuel_mw=self._by_zone(gens, answer.p_backup_mw),
            **{
                column: self._by_zone(gens, np.where(burns, answer.p_main_mw, 0.0))
                for column, burns in self._fuels_kept.items()
            },
            storage_mw=self._by_zone(self._storage_zone, answer.p_storage_mw),
            import_mw=self._by_zone(self._border_zone, answer.p_border_mw),
            net_inflow_mw=np.array([branch_flow @ sign for sign in self._crossing]),
            gas_fired_available_mw=self._by_zone(gens, gas_available * answer.committed),
            available_mw=available,
            reserve_margin_mw=available + importable + stored - (demand - response) * (1.0 + answer.loss_share),
            curtailed_mw=self._by_zone(gens, answer.curtailed_mw),
            spilled_mw=self._by_zone(gens, spilled),
            co2_t_per_h=co2,
        )

    def _elements(self, interval: Interval) -> None:
        system, answer, ac = self.system, interval.answer, interval.ac
        generators, borders = system.generators, system.borders
        on_backup = answer.p_backup_mw > answer.p_main_mw
        backup_fuel = np.full(len(generators), "", dtype="<U8")
        backup_fuel[self.packed.backup_gen] = system.gas_to_power.backup_fuel[self.packed.backup_link]
        self.rows(
            "generators",
            np.concatenate([generators.name, borders.name]),
            interval,
            plant=np.concatenate([generators.plant, borders.name]),
            fuel=np.concatenate([np.where(on_backup, backup_fuel, generators.fuel), np.full(len(borders), "import")]),
            p_mw=np.concatenate([answer.p_gen_mw, answer.p_border_mw]),
            available_mw=np.concatenate([answer.available_mw, answer.border_available_mw]),
            committed=np.concatenate([answer.committed, np.ones(len(borders), dtype=bool)]),
        )
        if ac is not None:
            self.rows("buses", system.buses.name, interval, vm_pu=ac.vm_pu, va_degree=ac.va_degree)
        if "lines" not in self._keep:
            return
        n_branches = system.n_branches
        in_service = np.ones(n_branches, dtype=bool)
        in_service[interval.out_branch] = False
        unknown = np.full(n_branches, np.nan)
        limit_mw = answer.state.row_hi_mw[:n_branches]
        solved = ac is not None and ac.converged
        self.rows(
            "lines",
            system.branch_name,
            interval,
            in_service=in_service,
            p_dispatch_mw=answer.solution.flow_mw[:n_branches],
            limit_mw=np.where(np.isinf(limit_mw), np.nan, limit_mw),
            p_ac_mw=ac.p_from_mw if ac is not None and solved else unknown,
            loading_percent=self._loading_percent(interval) if solved else unknown,
        )

    def _loading_percent(self, interval: Interval) -> F8:
        """(n_branches,) AC loading of the ratings that hold at the hour's air temperature."""
        assert interval.ac is not None
        return interval.ac.loading_percent / self.system.branch_rating_factor(interval.inputs.temperature_c)

    def _interfaces(self, interval: Interval) -> None:
        n_branches = self.system.n_branches
        state, solution = interval.answer.state, interval.answer.solution
        lo, hi, flow = state.row_lo_mw[n_branches:], state.row_hi_mw[n_branches:], solution.flow_mw[n_branches:]
        limit = np.where(flow >= 0, hi, -lo)
        loading = np.divide(np.abs(flow), limit, out=np.where(np.abs(flow) > 1e-6, np.inf, 0.0), where=limit > 0)
        self.rows(
            "interfaces",
            self.system.interfaces.name,
            interval,
            flow_mw=flow,
            limit_reverse_mw=np.where(np.isinf(lo), np.nan, lo),
            limit_forward_mw=np.where(np.isinf(hi), np.nan, hi),
            loading=np.where(np.isinf(limit), np.nan, loading),
            price=np.abs(solution.row_price[n_branches:]),
        )

    def _fuels(self, interval: Interval) -> None:
        system, gas, answer = self.system, interval.gas, interval.answer
        nodes, links, demand = system.gas_nodes, system.gas_to_power, system.gas_demand
        n_nodes = len(nodes)
        if n_nodes:
            asked = sum_at(demand.node, interval.inputs.gas_demand_mcm_per_d, n_nodes)
            got = sum_at(demand.node, gas.delivered_mcm_per_d, n_nodes)
            power = sum_at(links.node, gas.power_delivered_mcm_per_d, n_nodes)
            cut = np.maximum(interval.inputs.gas_demand_mcm_per_d - gas.delivered_mcm_per_d, 0.0)

            def cut_of(gas_class: str) -> F8:
                return sum_at(demand.node, np.where(demand.gas_class == gas_class, cut, 0.0), n_nodes)

            self.rows(
                "gas",
                nodes.name,
                interval,
                asked_mcm_per_d=asked + power,
                delivered_mcm_per_d=got + power,
                cut_households_mcm_per_d=cut_of("households"),
                cut_heating_mcm_per_d=cut_of("heating"),
                cut_industry_mcm_per_d=cut_of("industry"),
                power_available_mw=sum_at(links.node, interval.fuel.link_gas_mw, n_nodes),
                power_unrestricted_mw=sum_at(links.node, interval.fuel.link_asked_mw, n_nodes),
                linepack_mcm=interval.linepack_mcm,
                pressure_bar=gas.pressure_bar,
                vented_mcm=interval.vented_mcm,
            )
        stations = system.compressor_stations
        if len(stations):
            turbines = np.where(stations.driver == "electric", 0.0, gas.compressor_mw)
            self.rows(
                "compressors",
                stations.name,
                interval,
                shaft_mw=gas.compressor_mw,
                fuel_mcm_per_d=fuel_mcm_per_d(system.gas, turbines),
            )
        has_backup = np.isfinite(interval.backup_days)
        backup_burn = sum_at(self.packed.backup_link, answer.p_backup_mw[self.packed.backup_gen], len(links))
        stocks = system.fuel_stocks
        burns = np.array([len(gens) > 0 for gens in self._yard_gens], dtype=bool)
        yard_burn = np.array([answer.p_main_mw[gens].sum() for gens in self._yard_gens], dtype=float)
        self.rows(
            "fuel",
            [f"{p}/{f}" for p, f in zip(stocks.plant[burns].tolist(), stocks.fuel[burns].tolist(), strict=True)]
            + [f"{p}/backup" for p, has in zip(links.plant.tolist(), has_backup, strict=True) if has],
            interval,
            stock_days=np.concatenate([interval.yard_days[burns], interval.backup_days[has_backup]]),
            burn_mw=np.concatenate([yard_burn[burns], backup_burn[has_backup]]),
        )

    def _shortfall(self, interval: Interval) -> None:
        system, answer = self.system, interval.answer
        short = (answer.unserved_mw > SHORTFALL_TOLERANCE_MW) | (answer.response_mw > SHORTFALL_TOLERANCE_MW)
        loads = np.flatnonzero(short)
        if not len(loads):
            return
        bus, load_class = system.loads.bus[loads], system.loads.load_class[loads]
        names = [
            f"{b}/{n}" for b, n in zip(system.buses.name[bus].tolist(), system.loads.name[loads].tolist(), strict=True)
        ]
        self.rows(
            "shortfall",
            names,
            interval,
            zone=system.bus_zone_name[bus],
            oblast=system.buses.oblast[bus],
            load_class=system.load_classes.name[load_class],
            unserved_mw=answer.unserved_mw[loads],
            price_response_mw=answer.response_mw[loads],
        )

    def _solve(self, interval: Interval) -> None:
        answer, ac = interval.answer, interval.ac
        solved = ac is not None and ac.converged
        net = answer.solution.p_mw - answer.solution.spill_mw
        columns = {
            "dispatch_status": np.int32(answer.solution.status),
            "dispatch_cost": float(net @ self.packed.cost),
            "loss_share": answer.loss_share,
            "dispatch_engine": "highs" if len(answer.solution.basis) == 0 else "kernel",
            "ac_status": "off" if ac is None else ("ok" if solved else "not_converged"),
            "ac_rung": "" if ac is None else ac.rung,
            "ac_reason": "" if ac is None else ac.reason,
            "ac_losses_mw": ac.losses_mw if ac is not None and solved else np.nan,
            "vm_min_pu": _finite(np.nanmin, ac.vm_pu) if ac is not None and solved else np.nan,
            "vm_max_pu": _finite(np.nanmax, ac.vm_pu) if ac is not None and solved else np.nan,
            "max_loading_percent": _finite(np.nanmax, self._loading_percent(interval))
            if ac is not None and solved
            else np.nan,
        }
        store = self._columns["solves"]
        for name, value in (
            ("replicate", np.int32(self.replicate)),
            ("time_h", interval.time_h),
            ("duration_h", interval.duration_h),
            *columns.items(),
        ):
            store[name].append(np.array([value]))

    def finish(self, log: EventLog, sink: Sink) -> None:
        """Write every table to ``sink``."""
        self._shortfall_events()
        n = len(log.changes)
        events = {
            "replicate": np.full(n, self.replicate, dtype=np.int32),
            "time_h": np.array([change.time_h for change in log.changes], dtype=float),
            "event_id": np.array([change.event_id for change in log.changes], dtype=np.int32),
            "component": np.array([change.component for change in log.changes], dtype=np.str_),
            "from_state": np.array([change.from_state for change in log.changes], dtype=np.str_),
            "to_state": np.array([change.to_state for change in log.changes], dtype=np.str_),
            "cause_id": np.array([change.cause_id for change in log.changes], dtype=np.int32),
        }
        for table in TABLES:
            if table not in self._keep:
                continue
            sink.write(table, events if table == "events" else self.columns(table))

    def _shortfall_events(self) -> None:
        """Maximal runs of unserved energy by zone and for the system (METRICS: runs cut by an end count once)."""
        zones = self.columns("zones")
        scopes = [(name, zones["name"] == name) for name in self.zone_names]
        times, where = np.unique(zones["time_h"], return_inverse=True)
        duration = np.zeros(len(times))
        duration[where] = zones["duration_h"]
        found: list[tuple[float, str, float, float, float]] = []
        for name, rows in [*scopes, ("system", np.ones(len(where), dtype=bool))]:
            unserved = sum_at(where[rows], zones["unserved_mw"][rows], len(times))
            for first, last in runs(unserved > SHORTFALL_TOLERANCE_MW):
                part = slice(first, last)
                energy = float((unserved[part] * duration[part]).sum())
                hours, peak = float(duration[part].sum()), float(unserved[part].max())
                found.append((float(times[first]), name, hours, energy, peak))
        store = self._columns["shortfall_events"]
        for time_h, name, hours, energy, peak in sorted(found):
            for column, value in (
                ("replicate", np.int32(self.replicate)),
                ("time_h", time_h),
                ("duration_h", hours),
                ("name", name),
                ("energy_mwh", energy),
                ("peak_mw", peak),
            ):
                store[column].append(np.array([value]))


_DTYPE = {"i4": np.int32, "f8": np.float64, "str": np.str_, "bool": np.bool_}


def runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """(first, last + 1) of every maximal run of True."""
    edges = np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8))
    return list(zip(np.flatnonzero(edges == 1).tolist(), np.flatnonzero(edges == -1).tolist(), strict=True))


def _finite(reduce: Any, values: F8) -> float:
    return float(reduce(values)) if np.isfinite(values).any() else float("nan")
