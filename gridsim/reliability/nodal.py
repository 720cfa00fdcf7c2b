"""Sampler of the nodal level: packs buses, classes and interfaces for the dispatch kernel."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gridsim.errors import NotConverged, StudyError
from gridsim.kernels.arrays import DispatchCase, DispatchState
from gridsim.kernels.dispatch import Workspace, make_workspace
from gridsim.kernels.dispatch_order import make_merit_order
from gridsim.kernels.flows import islands, make_case, make_topology, turned_mw, widened_limits
from gridsim.kernels.nodal import DONE, OUTAGES_FULL, UNSOLVED, nodal_samples, nodal_states
from gridsim.kernels.nodal_case import NodalCase, add_at_buses, row_limits, set_demand
from gridsim.kernels.nodal_hour import (
    BY_DAY,
    BY_DISPATCH,
    BY_TRIAL,
    COUNTED,
    N_COUNTERS,
    Answers,
    NodalScratch,
    new_nodal_scratch,
)
from gridsim.kernels.outage_table import new_outage_table
from gridsim.kernels.section_circuits import carried_by_strongest
from gridsim.kernels.shortfall import DAY_H, EVENT_SCOPE, N_TOTALS
from gridsim.kernels.snapshots import States
from gridsim.kernels.stores import Prices, Stores, new_prices
from gridsim.kernels.topologies import find_parallel_circuits, flow_bounds, forget_topologies
from gridsim.model.outages import Component
from gridsim.model.pack import SPILL_FACTOR, storage_cost_factors
from gridsim.reliability.pack import of_one_type
from gridsim.reliability.plain_detail import plain_detail
from gridsim.reliability.samplers import (
    NETWORK_TOLERANCE_MW,
    Chronology,
    Samples,
    drawn,
    longer,
    new_recorder,
    people_mwh,
)
from gridsim.reliability.snapshots import Snapshots
from gridsim.reliability.system import AdequacySystem, NetworkDetail, UseLimits
from gridsim.results.adequacy import PEOPLE, WORTH
from gridsim.solvers.highs import solve_highs

F8 = NDArray[np.float64]
I4 = NDArray[np.int32]

SLOT_MEMORY = 32 * 2**20  # bytes of topologies kept by one worker
MAX_SLOTS = 128
SHAPE_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Scopes:
    """Names of the scopes, demand of each, which bus and class belongs to which, and weights of parts of the demand.

    weight : (n_weights, n_parts) f8, people's share and USD/MWh of lost load;  weight_scope : (n_weights,) i4
    """

    names: tuple[str, ...]
    demand_mwh: F8
    group_scope: I4
    class_scope: I4
    weight: F8
    weight_scope: I4


def nodal_components(system: AdequacySystem) -> tuple[Component, ...]:
    """Elements of the nodal level: machines, branches, stores."""
    return (*system.unit_component, *system.branch_component, *system.store_component)


def scopes_of(system: AdequacySystem, detail: NetworkDetail) -> Scopes:
    """System, zones, oblasts, buses with demand, classes that count."""
    names = ["system"]
    by_bus = system.load_mw.sum(axis=0)
    demand = [float(by_bus.sum())]
    groups = []
    oblasts = sorted({oblast for oblast in detail.bus_oblast if oblast})
    zones = list(system.areas) if len(system.areas) > 1 else []
    for kind, members, of_bus in (
        ("zone", zones, [system.areas[area] for area in system.bus_area]),
        ("oblast", oblasts, list(detail.bus_oblast)),
        ("bus", list(system.buses), list(system.buses)),
    ):
        group = np.full(len(system.buses), -1, dtype=np.int32)
        for member in members:
            at = np.array([name == member for name in of_bus])
            if by_bus[at].sum() <= 0.0:
                continue
            group[at] = len(names)
            names.append(f"{kind}:{member}")
            demand.append(float(by_bus[at].sum()))
        groups.append(group)
    class_scope = np.full(len(detail.class_name), -1, dtype=np.int32)
    if len(detail.class_name) > 1:
        by_class = detail.demand.energy_by_tier(len(detail.class_name))
        for k in np.flatnonzero(detail.class_counts & (by_class > 0.0)):
            class_scope[k] = len(names)
            names.append(f"class:{detail.class_name[k]}")
            demand.append(float(by_class[k]))
    weights, weight_scope = [], []
    if detail.part_people is not None:
        weights.append(detail.part_people)
        weight_scope.append(len(names))
        names.append(PEOPLE)
        demand.append(people_mwh(detail))
    if detail.part_usd is not None:
        weights.append(detail.part_usd)
        weight_scope.append(len(names))
        names.append(WORTH)
        demand.append(0.0)
    return Scopes(
        tuple(names),
        np.array(demand),
        np.array(groups),
        class_scope,
        np.array(weights).reshape(len(weights), len(detail.demand.mw)),
        np.array(weight_scope, dtype=np.int32),
    )


def _supply_at_buses(system: AdequacySystem, n_buses: int, unit_row: I4, profile_mw: F8) -> F8:
    """Intact capacity, (n_hours, n_buses), from profiles (n_hours, n_rows); days will do for hours."""
    steady = unit_row < 0
    constant = np.bincount(system.unit_bus[steady], weights=system.unit_mw[steady], minlength=n_buses)
    total: F8 = np.tile(constant.astype(np.float64), (len(profile_mw), 1))
    add_at_buses(system.unit_bus[~steady], unit_row[~steady], np.ones((~steady).sum()), profile_mw, total)
    return total


def nodal_case(system: AdequacySystem, scopes: Scopes, detail: NetworkDetail) -> NodalCase:
    """Arrays of the nodal kernel."""
    n_buses = len(system.buses)
    stores = system.stores
    # also of the prices at which loads stop buying: none may lie between those of the stores
    prices = np.concatenate([detail.unit_cost, detail.class_penalty[~detail.class_counts]])
    dearest = float(max(prices.max(initial=0.0), 1.0))
    store_bus = np.array([store.bus for store in stores], dtype=np.int32)
    column_bus = np.concatenate([system.unit_bus, store_bus, store_bus]).astype(np.int32)
    cost = np.concatenate([detail.unit_cost, *(dearest * storage_cost_factors(len(stores)))])
    if stores and cost.max() >= detail.class_penalty[detail.class_counts].min(initial=np.inf):
        raise StudyError(
            f"{system.name}: a load stops buying at {dearest:g}, near what shedding costs; lower its price"
        )
    dispatch = make_case(
        n_buses=n_buses,
        gen_bus=column_bus,
        branch_from=system.branch_from,
        branch_to=system.branch_to,
        branch_x_pu=system.branch_x_pu,
        branch_in_service=detail.branch_in_service,
        interface_start=detail.interface_start,
        interface_branch=detail.interface_branch,
        interface_sign=detail.interface_sign,
        branch_turn_mw=detail.branch_turn_mw,
    )
    between_interfaces = detail.branch_in_service.copy()
    between_interfaces[detail.interface_branch] = False
    region = islands(n_buses, system.branch_from, system.branch_to, between_interfaces)
    supplied = np.unique(system.unit_bus)
    spill_cost = np.full(len(cost), SPILL_FACTOR * dearest)
    penalty = np.tile(detail.class_penalty, (n_buses, 1))
    rows: list[F8] = []
    unit_row = np.full(len(system.unit_name), -1, dtype=np.int32)
    for unit, profile in enumerate(system.unit_profile):
        if profile is not None:
            unit_row[unit] = len(rows)
            rows.append(profile)
    profile_mw = np.ascontiguousarray(np.array(rows).reshape(len(rows), system.n_hours).T)
    day_profile = np.array([profile_mw[hour : hour + DAY_H].min(axis=0) for hour in range(0, system.n_hours, DAY_H)])
    bus_supply = _supply_at_buses(system, n_buses, unit_row, profile_mw)
    demand = detail.demand
    bus_demand = demand.at_buses(n_buses)
    stored = np.array([[store.charge_mw, store.discharge_mw] for store in stores]).reshape(-1, 2)
    most_out, most_in = bus_demand.max(axis=0), bus_supply.max(axis=0)
    np.add.at(most_out, store_bus, stored[:, 0])
    np.add.at(most_in, store_bus, stored[:, 1])
    centre, most_flow = flow_bounds(dispatch, most_in, most_out)
    rated = detail.branch_rating >= 0
    least_factor = np.ones(len(rated))
    least_factor[rated] = detail.rating_factor.min(axis=0)[detail.branch_rating[rated]]
    n_days = -(-system.n_hours // DAY_H)
    peak_hour = np.zeros(n_days, dtype=np.int32)
    keeps_shape = np.zeros(n_days, dtype=bool)
    total = bus_demand.sum(axis=1)
    for day in range(n_days):
        hours = slice(day * DAY_H, min((day + 1) * DAY_H, system.n_hours))
        peak = day * DAY_H + int(total[hours].argmax())
        peak_hour[day] = peak
        if total[peak] > 0.0:
            scaled = bus_demand[peak] * (total[hours] / total[peak])[:, None]
            gap = np.abs(bus_demand[hours] - scaled).max()
            one_season = (detail.is_winter[hours] == detail.is_winter[peak]).all()
            keeps_shape[day] = gap <= SHAPE_TOLERANCE * max(bus_demand[peak].max(), 1.0) and one_season
    member_weight = dispatch.branch_in_service[dispatch.interface_branch] / np.abs(
        dispatch.branch_x_pu[dispatch.interface_branch]
    )
    return NodalCase(
        n_hours=system.n_hours,
        dispatch=dispatch,
        unit_mw=system.unit_mw,
        unit_row=unit_row,
        profile_mw=profile_mw,
        day_profile_mw=day_profile,
        bus_supply_mw=bus_supply,
        day_supply_mw=_supply_at_buses(system, n_buses, unit_row, day_profile),
        cost=cost,
        spill_cost=spill_cost,
        penalty=penalty,
        load_bus=demand.bus,
        load_class=demand.tier,
        load_row=demand.row,
        load_mw=demand.mw,
        load_factor=demand.factor,
        bus_demand_mw=bus_demand,
        peak_hour=peak_hour,
        keeps_shape=keeps_shape,
        branch_mw=system.branch_mw,
        branch_rating=detail.branch_rating,
        rating_factor=detail.rating_factor,
        least_branch_mw=least_factor * system.branch_mw,
        parallel_to=find_parallel_circuits(dispatch, system.branch_mw, detail.branch_rating),
        most_in_mw=most_in,
        most_out_mw=most_out,
        centre=centre,
        most_flow_mw=most_flow,
        member_weight=member_weight,
        member_carried=_carried_by_section(dispatch, member_weight),
        limit_interface=detail.limit_interface,
        limit_is_forward=detail.limit_is_forward,
        limit_lines_out=detail.limit_lines_out,
        limit_season=detail.limit_season,
        limit_mw=detail.limit_mw,
        is_winter=detail.is_winter,
        bus_order=supplied[np.argsort(dispatch.row_ptdf[:, supplied], axis=1, kind="stable")].astype(np.int32),
        region=region,
        n_regions=int(region.max()) + 1,
        counts=detail.class_counts,
        group_scope=scopes.group_scope,
        class_scope=scopes.class_scope,
        weight=scopes.weight,
        weight_scope=scopes.weight_scope,
        tolerance_mw=NETWORK_TOLERANCE_MW,
    )


def _carried_by_section(dispatch: DispatchCase, weight: F8) -> F8:
    """(n_members,) what the strongest one, two ... members of each interface carry."""
    sections = np.split(weight, dispatch.interface_start[1:-1]) if len(weight) else []
    return np.concatenate([np.zeros(0), *map(carried_by_strongest, sections)])


def new_stores(system: AdequacySystem) -> Stores:
    """Arrays of the stores of one worker."""

    def of(attribute: str) -> F8:
        return np.array([getattr(store, attribute) for store in system.stores], dtype=np.float64)

    n_stores = len(system.stores)
    return Stores(
        charge_mw=of("charge_mw"),
        discharge_mw=of("discharge_mw"),
        energy_mwh=of("energy_mwh"),
        start_mwh=of("energy_start_mwh"),
        efficiency_charge=of("efficiency_charge"),
        efficiency_discharge=of("efficiency_discharge"),
        carryover=of("carryover"),
        held_mwh=np.zeros(n_stores),
        lost=np.zeros(n_stores),
        lo_mw=np.zeros(len(system.unit_name) + 2 * n_stores),
        by_rank=np.arange(n_stores, dtype=np.int32),
        time_to_go_h=np.zeros(n_stores),
    )


class ScratchPool:
    """Scratch of finished jobs for the next ones of the same size, of any case: its topologies stay known to a case."""

    def __init__(self) -> None:
        # list.pop and list.append are atomic: workers need no lock
        self._free: list[tuple[NodalCase, NodalScratch, Workspace]] = []

    def take(self, case: NodalCase, n_scopes: int, n_slots: int) -> tuple[NodalScratch, Workspace]:
        """Scratch and workspace for one worker."""
        try:
            known, scratch, workspace = self._free.pop()
        except IndexError:
            scratch = new_nodal_scratch(case, n_scopes, n_slots)
            n_columns, n_rows = len(case.cost), len(scratch.slots.row_lo)
            return scratch, make_workspace(case.dispatch.n_buses, n_columns, case.penalty.shape[1], n_rows)
        if known is not case:
            forget_topologies(case, scratch.slots)
        return scratch, workspace

    def give_back(self, case: NodalCase, scratch: NodalScratch, workspace: Workspace) -> None:
        """Take back the scratch of a finished job of ``case``."""
        self._free.append((case, scratch, workspace))


class _Nodal:
    """Common part of both nodal samplers: the case, states solved by HiGHS, and counters.

    ``pool``: scratch shared with samplers of other weather years; None: one of its own.
    """

    def __init__(self, system: AdequacySystem, seed: int, pool: ScratchPool | None = None) -> None:
        if not system.branch_name:
            raise StudyError(f"level: {system.name} has no branches; give branches or use copper or zonal")
        for store in system.stores:
            if store.limits != UseLimits():
                raise StudyError(
                    f"{store.name}: calls, hours and periods are counted at level copper and zonal; use one"
                )
        branch_names = set(system.branch_name)
        for cause in system.common_causes:
            partial = {name for name, share in cause.lost_share.items() if share < 1.0}
            if branch_names & (partial | cause.derating.keys()):
                raise StudyError(f"{cause.component.name}: a branch is in or out; give lost_share 1 or 0 rows")
        detail = system.detail or plain_detail(system)
        scopes = scopes_of(system, detail)
        self.name = system.name
        self.scopes = scopes.names
        self.demand_mwh = scopes.demand_mwh
        self.case = case = of_one_type(nodal_case(system, scopes, detail))
        self._order = of_one_type(
            make_merit_order(case.dispatch.n_buses, case.dispatch.gen_bus, case.cost, case.spill_cost, case.penalty)
        )
        self.seed = np.uint64(seed)
        n_rows, n_buses = self.case.dispatch.row_ptdf.shape
        self.n_slots = int(min(MAX_SLOTS, max(8, SLOT_MEMORY // (20 * n_rows * n_buses))))
        self.n_topologies = 0
        self.counter = np.zeros(N_COUNTERS, dtype=np.int64)
        self.n_fallbacks = 0
        self._lock = threading.Lock()
        self.pool = ScratchPool() if pool is None else pool

    def diagnostics(self) -> dict[str, int]:
        """Numbers of hours decided by a day's certificate, a trial dispatch, a dispatch; counted; solved by HiGHS."""
        return {
            "hours_by_day": int(self.counter[BY_DAY]),
            "hours_by_candidate": int(self.counter[BY_TRIAL]),
            "dispatches": int(self.counter[BY_DISPATCH]),
            "counted": int(self.counter[COUNTED]),
            "topologies": self.n_topologies,
            "highs_fallbacks": self.n_fallbacks,
        }

    def _prices(self, n_stores: int = 0) -> Prices:
        """Prices of one worker."""
        return of_one_type(new_prices(self._order, self.case.cost, self.case.dispatch.gen_bus, n_stores))

    def _scratch(self) -> tuple[NodalScratch, Workspace]:
        return self.pool.take(self.case, len(self.scopes), self.n_slots)

    def _give_back(self, scratch: NodalScratch, workspace: Workspace, n_fallbacks: int) -> None:
        with self._lock:
            self.counter += scratch.counter
            self.n_topologies += int(scratch.slots.made[0])
            self.n_fallbacks += n_fallbacks
        scratch.counter[:] = 0
        scratch.slots.made[:] = 0
        self.pool.give_back(self.case, scratch, workspace)

    def _answer(self, scratch: NodalScratch) -> tuple[F8, F8]:
        """Shedding and output of the state the kernel could not solve, by HiGHS."""
        case = self.case
        hour = int(scratch.failed[1])
        topology = make_topology(case.dispatch, scratch.failed_out[scratch.failed_out >= 0])
        row_lo, row_hi = np.empty((2, case.dispatch.row_ptdf.shape[0]))
        row_limits(case, topology.out_branch, bool(case.is_winter[hour]), row_lo, row_hi)
        rated = np.flatnonzero(case.branch_rating >= 0)
        for limit in (row_lo, row_hi):
            limit[rated] *= case.rating_factor[hour, case.branch_rating[rated]]
        row_lo, row_hi = widened_limits(turned_mw(case.dispatch, topology), row_lo, row_hi)
        set_demand(
            case.load_bus, case.load_class, case.load_row, case.load_mw, case.load_factor[hour], scratch.demand_mw
        )
        solution = solve_highs(
            case.dispatch,
            DispatchState(
                topology=topology,
                lo_mw=scratch.failed_columns[0].copy(),
                hi_mw=scratch.failed_columns[1].copy(),
                cost=scratch.failed_columns[2].copy(),
                spill_cost=case.spill_cost,
                demand_mw=scratch.demand_mw.copy(),
                penalty=case.penalty,
                row_lo_mw=row_lo,
                row_hi_mw=row_hi,
            ),
        )
        if solution.status != 0:
            raise NotConverged(self.name, float(hour), solution.pivots, f"dispatch of sample {scratch.failed[0]}")
        return np.asarray(solution.shed_mw), np.asarray(solution.p_mw)

    def _until_done(
        self,
        n: int,
        scratch: NodalScratch,
        workspace: Workspace,
        step: Callable[[int, Answers], tuple[int, int]],
        grow: Callable[[int], None],
    ) -> None:
        """Call ``step(done, answers)`` until all samples are done, answering and growing in between."""
        samples: list[int] = []
        hours: list[int] = []
        hows: list[int] = []
        sheds: list[F8] = []
        outputs: list[F8] = []
        shape = self.case.penalty.shape
        done = 0
        while True:
            answers = Answers(
                np.array(samples, dtype=np.int64),
                np.array(hours, dtype=np.int64),
                np.array(hows, dtype=np.int64),
                np.array(sheds).reshape(len(sheds), *shape),
                np.array(outputs).reshape(len(outputs), len(self.case.cost)),
            )
            advanced, reason = step(done, answers)
            done += advanced
            if reason == DONE:
                assert done == n
                break
            if reason != UNSOLVED:
                grow(reason)
            else:
                samples.append(int(scratch.failed[0]))
                hours.append(int(scratch.failed[1]))
                hows.append(int(scratch.failed[2]))
                shed_mw, p_mw = self._answer(scratch)
                sheds.append(shed_mw)
                outputs.append(p_mw)
        self._give_back(scratch, workspace, len(samples))


class NodalYears(_Nodal):
    """Chronological years at every bus."""

    block_size: int = 8
    default_job_blocks: int = 1  # seconds of work on a country: jobs under way when a target is met are thrown away

    def __init__(self, system: AdequacySystem, seed: int, skip: bool, pool: ScratchPool | None = None) -> None:
        super().__init__(system, seed, pool)
        self.chronology = Chronology(system, nodal_components(system))
        self.skip = skip
        self.system = system

    def diagnostics(self) -> dict[str, int]:
        return super().diagnostics() | self.chronology.diagnostics()

    def run(self, first: int, n: int) -> Samples:
        n_scopes = len(self.scopes)
        total = np.empty((n, n_scopes, N_TOTALS))
        scratch, workspace = self._scratch()
        stores, prices = new_stores(self.system), self._prices(len(self.system.stores))
        recorder = [new_recorder(n_scopes, 64 * n * n_scopes + 1024)]
        n_blocks = len(self.chronology.model.batch_block)
        table = [new_outage_table(n_blocks, 4 * n_blocks + 64)]
        self.chronology.note_overlaps(self.seed, first, n)

        def step(done: int, answers: Answers) -> tuple[int, int]:
            advanced, reason = nodal_samples(
                case=self.case,
                model=self.chronology.model,
                seed=self.seed,
                first_sample=first + done,
                n_samples=n - done,
                skip=self.skip,
                table=table[0],
                active=np.empty(len(table[0].first), dtype=np.int32),
                recorder=recorder[0],
                stores=stores,
                prices=prices,
                scratch=scratch,
                ws=workspace,
                answers=answers,
                total_out=total[done:],
            )
            return int(advanced), int(reason)

        def grow(what: int) -> None:
            if what == OUTAGES_FULL:
                table[0] = new_outage_table(n_blocks, 2 * len(table[0].first))
            else:
                recorder[0] = longer(recorder[0])

        self._until_done(n, scratch, workspace, step, grow)
        samples = drawn(total, recorder[0])
        if WORTH not in self.scopes:
            return samples
        in_mw = samples.event[:, EVENT_SCOPE] != self.scopes.index(WORTH)
        return samples._replace(event=samples.event[in_mw])


class NodalSnapshots(_Nodal, Snapshots):
    """Random hours and equilibrium states at every bus."""

    block_size: int = 4096
    default_job_blocks: int = 4

    def __init__(self, system: AdequacySystem, seed: int) -> None:
        if system.stores:
            raise StudyError("method: stores need chronology; use SequentialMonteCarlo or leave the stores out")
        _Nodal.__init__(self, system, seed)
        Snapshots.__init__(self, system, nodal_components(system), seed)

    def shortfall(self, states: States, first: int) -> F8:
        n = len(states.hour)
        total = np.empty((n, len(self.scopes), N_TOTALS))
        scratch, workspace = self._scratch()
        prices = self._prices()

        def step(done: int, answers: Answers) -> tuple[int, int]:
            advanced, reason = nodal_states(
                case=self.case,
                hour_of=states.hour[done:],
                lost=states.lost[done:],
                weight=states.weight[done:],
                first_sample=first + done,
                prices=prices,
                scratch=scratch,
                ws=workspace,
                answers=answers,
                total_out=total[done:],
            )
            return int(advanced), int(reason)

        self._until_done(n, scratch, workspace, step, lambda _: None)
        return total
