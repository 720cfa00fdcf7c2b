"""Intervals -> rows of the run's tables, written to a sink that is handed in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gridsim.engine.coupling import yard_generators
from gridsim.engine.event_log import EventLog
from gridsim.engine.interval import Interval
from gridsim.model.pack import Packed
from gridsim.model.system import EXTERNAL
from gridsim.model.table import F8, I4, sum_at, sum_rows_at
from gridsim.results.run_metrics import SHORTFALL_TOLERANCE_MW
from gridsim.results.run_records import TABLES, Columns, Sink
from gridsim.solvers.ac_solution import AcSolution
from gridsim.solvers.gas_compressors import fuel_mcm_per_d

_FUEL_COLUMNS = {
    "gas_fired_mw": ("gas",),
    "coal_mw": ("coal",),
    "hydro_mw": ("hydro",),
    "wind_mw": ("wind",),
    "solar_mw": ("solar",),
    "other_mw": ("oil", "nuclear", "biogas", "waste_heat", "other"),
}

_INTERVALS_AT_ONCE = 512


class _Stack:
    """Some intervals, and their values as arrays with one row for each."""

    def __init__(self, intervals: list[Interval]):
        self.intervals = intervals
        self.n = len(intervals)
        self.time_h = self.of(lambda i: i.time_h)
        self.duration_h = self.of(lambda i: i.duration_h)

    def of(self, value: Callable[[Interval], Any]) -> NDArray[Any]:
        """(n, ...) of one value of each interval."""
        return np.array([value(interval) for interval in self.intervals])

    def answer(self, field: str) -> NDArray[Any]:
        """(n, ...) of a field of the redispatch."""
        return np.array([getattr(interval.dispatch, field) for interval in self.intervals])


class Recorder:
    """Collects the intervals of one replicate and hands each table to the sink at the end, sorted by (time, name).

    Intervals become rows many at a time, which costs a tenth of making them one by one.
    ``keep``: tables that are wanted; None for all.
    """

    def __init__(self, packed: Packed, replicate: int = 0, keep: Collection[str] | None = None):
        self.packed = packed
        self.system = packed.system
        self.replicate = replicate
        self._keep = frozenset(TABLES if keep is None else keep)
        self.zone_names = [*packed.system.zones, EXTERNAL]
        self._pending: list[Interval] = []
        self._columns: dict[str, dict[str, list[Any]]] = {name: defaultdict(list) for name in TABLES}
        system = packed.system
        fuel = system.generators.fuel
        self._fuels_kept = {column: np.isin(fuel, fuels) for column, fuels in _FUEL_COLUMNS.items()}
        self._variable = np.isin(fuel, ("wind", "solar"))
        self._yard_gens = yard_generators(system)
        zone = np.append(system.buses.zone, -1) % len(self.zone_names)
        self._gen_zone, self._load_zone = zone[system.generators.bus], zone[system.loads.bus]
        self._border_zone, self._storage_zone = zone[system.borders.bus], zone[system.storages.bus]
        from_zone, to_zone = zone[system.branch_from], zone[system.branch_to]
        self._crossing = np.flatnonzero(from_zone != to_zone)
        self._crossing_from, self._crossing_to = from_zone[self._crossing], to_zone[self._crossing]

    def record(self, interval: Interval) -> None:
        """Record one interval in every per-hour table."""
        if interval.duration_h <= 0:
            return
        self._pending.append(interval)
        if len(self._pending) >= _INTERVALS_AT_ONCE:
            self._make_rows()

    def columns(self, table: str) -> Columns:
        """All rows of ``table`` so far, as whole columns."""
        self._make_rows()
        store = self._columns[table]
        return {spec.name: _joined(store[spec.name], _DTYPE[spec.kind]) for spec in TABLES[table]}

    def _make_rows(self) -> None:
        intervals, self._pending = self._pending, []
        if not intervals:
            return
        made = _Stack(intervals)
        self._zones(made)
        self._generators(made)
        self._lines(made)
        self._interfaces(made)
        self._gas(made)
        self._fuel(made)
        self._shortfall(made)
        self._solves(made)

    def _rows(self, table: str, names: NDArray[np.str_], made: _Stack, **columns: Any) -> None:
        """Append rows, one per interval and name, in name order; columns (n_intervals, n_names), or alike for all."""
        order = np.argsort(names, kind="stable")
        shape = made.n, len(names)
        self._append(
            table,
            np.repeat(made.time_h, shape[1]),
            np.repeat(made.duration_h, shape[1]),
            name=np.tile(names[order], made.n),
            **{
                column: np.broadcast_to(np.asarray(values)[..., order], shape).ravel()
                for column, values in columns.items()
            },
        )

    def _append(self, table: str, time_h: F8, duration_h: F8, **columns: Any) -> None:
        store = self._columns[table]
        replicate = np.full(len(time_h), self.replicate, dtype=np.int32)
        for column, values in (
            ("replicate", replicate), ("time_h", time_h), ("duration_h", duration_h), *columns.items(),
        ):  # fmt: skip
            store[column].append(values)

    def _zones(self, made: _Stack) -> None:
        if "zones" not in self._keep:
            return
        system, n_zones = self.system, len(self.zone_names)
        generators, links = system.generators, system.gas_to_power
        gens, loads = self._gen_zone, self._load_zone

        def by_zone(zone: I4, values: F8) -> F8:
            return sum_rows_at(zone, values, n_zones)

        load_mw, main_mw = made.answer("load_mw"), made.answer("p_main_mw")
        backup_mw = made.answer("p_backup_mw")
        loss_share = made.of(lambda i: i.dispatch.loss_share)[:, None]
        demand = by_zone(loads, load_mw)
        unserved = by_zone(loads, made.answer("unserved_mw"))
        response = by_zone(loads, made.answer("response_mw"))
        available = by_zone(gens, made.answer("available_mw"))
        importable = by_zone(self._border_zone, made.answer("border_available_mw"))
        stored = by_zone(self._storage_zone, made.of(lambda i: i.dispatch.state.hi_mw[self.packed.discharge_columns]))
        sites_c = made.of(lambda i: i.inputs.temperature_c)
        unknown_c = np.full((made.n, 1), np.nan)
        temperature = np.hstack([sites_c, unknown_c])[:, system.buses.weather_site[system.loads.bus]]
        known = np.isfinite(temperature)
        weight = by_zone(loads, np.where(known, load_mw, 0.0))
        heat = by_zone(loads, np.where(known, temperature * load_mw, 0.0))
        spilled = np.where(self._variable, 0.0, made.answer("spilled_mw"))
        backup_gen = self.packed.backup_gen
        co2 = by_zone(gens, main_mw * generators.co2_t_per_mwh)
        co2 += by_zone(gens[backup_gen], backup_mw[:, backup_gen] * links.backup_co2_t_per_mwh[self.packed.backup_link])
        on_gas_mw = np.where(generators.fuel == "gas", generators.p_max_mw, 0.0)
        gas_available = on_gas_mw * made.of(lambda i: i.inputs.gen_share) * made.of(lambda i: i.fuel.gas_share)
        flow = made.of(lambda i: i.dispatch.solution.flow_mw)[:, self._crossing]
        self._rows(
            "zones",
            np.array(self.zone_names),
            made,
            temperature_c=np.divide(heat, weight, out=np.full(heat.shape, np.nan), where=weight > 0),
            demand_mw=demand,
            losses_mw=loss_share * (demand - response - unserved),
            unserved_mw=unserved,
            price_response_mw=response,
            generation_mw=by_zone(gens, main_mw + backup_mw),
            backup_fuel_mw=by_zone(gens, backup_mw),
            **{column: by_zone(gens, np.where(burns, main_mw, 0.0)) for column, burns in self._fuels_kept.items()},
            storage_mw=by_zone(self._storage_zone, made.answer("p_storage_mw")),
            import_mw=by_zone(self._border_zone, made.answer("p_border_mw")),
            net_inflow_mw=by_zone(self._crossing_to, flow) - by_zone(self._crossing_from, flow),
            gas_fired_available_mw=by_zone(gens, gas_available * made.answer("committed")),
            available_mw=available,
            reserve_margin_mw=available + importable + stored - (demand - response) * (1.0 + loss_share),
            curtailed_mw=by_zone(gens, made.answer("curtailed_mw")),
            spilled_mw=by_zone(gens, spilled),
            co2_t_per_h=co2,
        )

    def _generators(self, made: _Stack) -> None:
        if "generators" not in self._keep:
            return
        system = self.system
        generators, borders = system.generators, system.borders
        backup_mw, main_mw = made.answer("p_backup_mw"), made.answer("p_main_mw")
        backup_fuel = np.full(len(generators), "", dtype="<U8")
        backup_fuel[self.packed.backup_gen] = system.gas_to_power.backup_fuel[self.packed.backup_link]
        fuel = np.where(backup_mw > main_mw, backup_fuel, generators.fuel)
        self._rows(
            "generators",
            np.concatenate([generators.name, borders.name]),
            made,
            plant=np.concatenate([generators.plant, borders.name]),
            fuel=np.hstack([fuel, np.full((made.n, len(borders)), "import")]),
            p_mw=np.hstack([main_mw + backup_mw, made.answer("p_border_mw")]),
            available_mw=np.hstack([made.answer("available_mw"), made.answer("border_available_mw")]),
            committed=np.hstack([made.answer("committed"), np.ones((made.n, len(borders)), dtype=bool)]),
        )

    def _lines(self, made: _Stack) -> None:
        system, n_branches = self.system, self.system.n_branches
        acs = [interval.ac for interval in made.intervals if interval.ac is not None]
        if "buses" in self._keep and acs:
            vm, va = np.array([ac.vm_pu for ac in acs]), np.array([ac.va_degree for ac in acs])
            self._rows("buses", system.buses.name, made, vm_pu=vm, va_degree=va)
        if "lines" not in self._keep:
            return
        in_service = np.ones((made.n, n_branches), dtype=bool)
        for row, interval in enumerate(made.intervals):
            in_service[row, interval.dispatch.out_branch] = False
        limit_mw = made.of(lambda i: i.dispatch.state.row_hi_mw[:n_branches])
        unknown = np.full(n_branches, np.nan)
        self._rows(
            "lines",
            system.branch_name,
            made,
            in_service=in_service,
            p_dispatch_mw=made.of(lambda i: i.dispatch.solution.flow_mw[:n_branches]),
            limit_mw=np.where(np.isinf(limit_mw), np.nan, limit_mw),
            p_ac_mw=self._ac(made, lambda ac, _: ac.p_from_mw, unknown),
            loading_percent=self._ac(made, self._loading_percent, unknown),
        )

    @staticmethod
    def _ac(made: _Stack, value: Callable[[AcSolution, Interval], Any], unknown: Any) -> NDArray[Any]:
        """(n, ...) of one value of each AC solution, ``unknown`` where there is none."""
        return made.of(lambda i: value(i.ac, i) if i.ac is not None and i.ac.converged else unknown)

    def _loading_percent(self, ac: AcSolution, interval: Interval) -> F8:
        """(n_branches,) AC loading of the ratings that hold at the hour's air temperature."""
        return ac.loading_percent / self.system.branch_rating_factor(interval.inputs.temperature_c)

    def _interfaces(self, made: _Stack) -> None:
        if "interfaces" not in self._keep:
            return
        first = self.system.n_branches
        flow = made.of(lambda i: i.dispatch.solution.flow_mw[first:])
        lo, hi = (
            made.of(lambda i: i.dispatch.state.row_lo_mw[first:]),
            made.of(lambda i: i.dispatch.state.row_hi_mw[first:]),
        )
        limit = np.where(flow >= 0, hi, -lo)
        loading = np.divide(np.abs(flow), limit, out=np.where(np.abs(flow) > 1e-6, np.inf, 0.0), where=limit > 0)
        self._rows(
            "interfaces",
            self.system.interfaces.name,
            made,
            flow_mw=flow,
            limit_reverse_mw=np.where(np.isinf(lo), np.nan, lo),
            limit_forward_mw=np.where(np.isinf(hi), np.nan, hi),
            loading=np.where(np.isinf(limit), np.nan, loading),
            price=np.abs(made.of(lambda i: i.dispatch.solution.row_price[first:])),
        )

    def _gas(self, made: _Stack) -> None:
        system = self.system
        nodes, links, demand, stations = (
            system.gas_nodes, system.gas_to_power, system.gas_demand, system.compressor_stations,
        )  # fmt: skip
        if "gas" in self._keep and len(nodes):

            def by_node(node: I4, values: F8) -> F8:
                return sum_rows_at(node, values, len(nodes))

            asked_each = made.of(lambda i: i.inputs.gas_demand_mcm_per_d)
            got_each = made.of(lambda i: i.gas.delivered_mcm_per_d)
            cut_each = np.maximum(asked_each - got_each, 0.0)
            power = by_node(links.node, made.of(lambda i: i.gas.power_delivered_mcm_per_d))
            self._rows(
                "gas",
                nodes.name,
                made,
                asked_mcm_per_d=by_node(demand.node, asked_each) + power,
                delivered_mcm_per_d=by_node(demand.node, got_each) + power,
                **{
                    f"cut_{name}_mcm_per_d": by_node(demand.node, np.where(demand.gas_class == name, cut_each, 0.0))
                    for name in ("households", "heating", "industry")
                },
                power_available_mw=by_node(links.node, made.of(lambda i: i.fuel.link_deliverable_mw)),
                power_unrestricted_mw=by_node(links.node, made.of(lambda i: i.fuel.link_requested_mw)),
                linepack_mcm=made.of(lambda i: i.linepack_mcm),
                pressure_bar=made.of(lambda i: i.gas.pressure_bar),
                vented_mcm=made.of(lambda i: i.vented_mcm),
            )
        if "compressors" in self._keep and len(stations):
            shaft_mw = made.of(lambda i: i.gas.compressor_mw)
            turbines = np.where(stations.driver == "electric", 0.0, shaft_mw)
            fuel = fuel_mcm_per_d(system.gas, turbines)
            self._rows("compressors", stations.name, made, shaft_mw=shaft_mw, fuel_mcm_per_d=fuel)

    def _fuel(self, made: _Stack) -> None:
        if "fuel" not in self._keep:
            return
        links, stocks, packed = self.system.gas_to_power, self.system.fuel_stocks, self.packed
        backup_days = made.of(lambda i: i.backup_days)
        has_backup = np.isfinite(backup_days[0])  # NaN where there is no tank
        main_mw, backup_mw = made.answer("p_main_mw"), made.answer("p_backup_mw")
        backup_burn = sum_rows_at(packed.backup_link, backup_mw[:, packed.backup_gen], len(links))
        burns = np.array([len(gens) > 0 for gens in self._yard_gens], dtype=bool)
        yard_burn = [main_mw[:, gens].sum(axis=1, keepdims=True) for gens in self._yard_gens if len(gens)]
        yards = [f"{p}/{f}" for p, f in zip(stocks.plant[burns].tolist(), stocks.fuel[burns].tolist(), strict=True)]
        self._rows(
            "fuel",
            np.array([*yards, *(f"{plant}/backup" for plant in links.plant[has_backup].tolist())], dtype=np.str_),
            made,
            stock_days=np.hstack([made.of(lambda i: i.yard_days)[:, burns], backup_days[:, has_backup]]),
            burn_mw=np.hstack([*yard_burn, backup_burn[:, has_backup]]),
        )

    def _shortfall(self, made: _Stack) -> None:
        if "shortfall" not in self._keep:
            return
        system = self.system
        buses, loads = system.buses, system.loads
        unserved, response = made.answer("unserved_mw"), made.answer("response_mw")
        row, load = np.nonzero((unserved > SHORTFALL_TOLERANCE_MW) | (response > SHORTFALL_TOLERANCE_MW))
        if not len(row):
            return
        order = np.lexsort((self._load_place[load], row))
        row, load = row[order], load[order]
        bus = loads.bus[load]
        self._append(
            "shortfall",
            made.time_h[row],
            made.duration_h[row],
            name=self._load_name[load],
            zone=system.bus_zone_name[bus],
            oblast=buses.oblast[bus],
            load_class=system.load_classes.name[loads.load_class[load]],
            unserved_mw=unserved[row, load],
            price_response_mw=response[row, load],
        )

    @cached_property
    def _load_name(self) -> NDArray[np.str_]:
        """(n_loads,) bus/load."""
        buses, loads = self.system.buses.name[self.system.loads.bus].tolist(), self.system.loads.name.tolist()
        return np.array([f"{bus}/{load}" for bus, load in zip(buses, loads, strict=True)], dtype=np.str_)

    @cached_property
    def _load_place(self) -> NDArray[np.int64]:
        """(n_loads,) place of each load in the order of names."""
        place = np.empty(len(self._load_name), dtype=np.int64)
        place[np.argsort(self._load_name, kind="stable")] = np.arange(len(place))
        return place

    def _solves(self, made: _Stack) -> None:
        if "solves" not in self._keep:
            return

        net = made.of(lambda i: i.dispatch.solution.p_mw) - made.of(lambda i: i.dispatch.solution.spill_mw)
        acs = [interval.ac for interval in made.intervals]
        self._append(
            "solves",
            made.time_h,
            made.duration_h,
            dispatch_status=made.of(lambda i: np.int32(i.dispatch.solution.status)),
            dispatch_cost=(net * self.packed.cost).sum(axis=1),
            loss_share=made.of(lambda i: i.dispatch.loss_share),
            dispatch_engine=made.of(lambda i: "highs" if len(i.dispatch.solution.basis) == 0 else "kernel"),
            ac_status=np.array(["off" if ac is None else ("ok" if ac.converged else "not_converged") for ac in acs]),
            ac_rung=np.array(["" if ac is None else ac.rung for ac in acs], dtype=np.str_),
            ac_reason=np.array(["" if ac is None else ac.reason for ac in acs], dtype=np.str_),
            ac_losses_mw=self._ac(made, lambda ac, _: ac.losses_mw, np.nan),
            vm_min_pu=self._ac(made, lambda ac, _: _finite(np.nanmin, ac.vm_pu), np.nan),
            vm_max_pu=self._ac(made, lambda ac, _: _finite(np.nanmax, ac.vm_pu), np.nan),
            max_loading_percent=self._ac(made, lambda ac, i: _finite(np.nanmax, self._loading_percent(ac, i)), np.nan),
        )

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


def _joined(parts: list[NDArray[Any]], dtype: Any) -> NDArray[Any]:
    if len(parts) == 1:
        return parts[0]
    return np.concatenate(parts) if parts else np.zeros(0, dtype=dtype)


def runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """(first, last + 1) of every maximal run of True."""
    edges = np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8))
    return list(zip(np.flatnonzero(edges == 1).tolist(), np.flatnonzero(edges == -1).tolist(), strict=True))


def _finite(reduce: Any, values: F8) -> float:
    return float(reduce(values)) if np.isfinite(values).any() else float("nan")
