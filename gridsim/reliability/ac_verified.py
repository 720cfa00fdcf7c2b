"""Adequacy by AC: a random subset of served and short states, solved as a power flow with voltage control.

A nodal state is dispatched with the linear power flow. Whether voltages hold, whether the power flow has a solution at
all and whether reactive power overloads a branch is seen only in AC. So random states are drawn (hour and outages, as
snapshots are), dispatched, and some of the served and some of the short ones are solved; a state is rejected for its
voltages, for want of a solution, or for a branch over its rating in AC that the dispatch had within. Rejected states
shed further, in steps, in the zones of what is wrong, until they solve.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gridsim.errors import StudyError
from gridsim.kernels.arrays import DispatchState
from gridsim.kernels.availability import draw_snapshots
from gridsim.model.arguments import seed_of, whole_number
from gridsim.model.checks import check_system
from gridsim.model.pack import pack
from gridsim.model.pack_outages import snapshot_model
from gridsim.model.scenario import Imports, Policy
from gridsim.model.system import GridSystem
from gridsim.reliability.grid import system_from_grid
from gridsim.reliability.nodal import nodal_components
from gridsim.results.adequacy import Z_95
from gridsim.solvers.ac import AcModel
from gridsim.solvers.ac_solution import AcSolution
from gridsim.solvers.dispatch import DispatchSolver
from gridsim.solvers.operating_point import COMMITTED_MW, OperatingPoint
from gridsim.solvers.voltage_control import VoltageControl, device_state

if TYPE_CHECKING:
    import pandas as pd

F8 = NDArray[np.float64]

CANDIDATES = 10  # states drawn for each that is solved
SHORT_MW = 1e-4
WITHIN_PU = 1e-4
WITHIN_PERCENT = 1.0  # of a rating
STEPS = (0.05, 0.1, 0.2, 0.4, 0.7, 1.0)  # of the load of the zones of what is wrong
REASONS = ("divergence", "voltage", "overload")


@dataclass(frozen=True)
class Verdict:
    """One state by AC.

    ``reason`` is empty if it is accepted; ``zones``: of what is wrong; ``shed_mw``: unserved power as dispatched;
    ``extra_mw``: to be shed besides, all load where nothing less solves.
    """

    hour: int
    is_short: bool
    reason: str
    zones: tuple[str, ...]
    shed_mw: float
    extra_mw: float


@dataclass(frozen=True)
class AcVerified:
    """Share of states that AC rejects, with its error, by scope and by reason, and the EUE that follows.

    ``n_drawn`` states, ``n_short`` of them short; ``verdicts`` of those solved. Errors hold the draws of the states and
    of the subset.
    """

    n_drawn: int
    n_short: int
    horizon_h: float
    drawn_shed_mw: tuple[float, ...]
    verdicts: tuple[Verdict, ...] = field(repr=False)

    def share(self, reason: str = "", zone: str = "") -> tuple[float, float]:
        """Rejected share and its standard error: for any reason or one, anywhere or with something wrong in a zone."""
        return self._mean(
            [
                float(bool(v.reason) and reason in ("", v.reason) and (not zone or zone in v.zones))
                for v in self.verdicts
            ],
            is_share=True,
        )

    def eue_mwh(self) -> tuple[float, float]:
        """EUE as dispatched and its standard error."""
        value = np.array(self.drawn_shed_mw)
        return self.horizon_h * float(value.mean()), self.horizon_h * float(value.std(ddof=1)) / math.sqrt(len(value))

    def eue_ac_mwh(self) -> tuple[float, float]:
        """EUE if rejected states shed until they solve, and its standard error."""
        eue, stderr = self.eue_mwh()
        extra, off = (self.horizon_h * part for part in self._mean([v.extra_mw for v in self.verdicts]))
        return eue + extra, math.hypot(stderr, off)

    def _mean(self, values: list[float], *, is_share: bool = False) -> tuple[float, float]:
        """Stratified: served and short states, weighted as they were drawn (Cochran 1977, section 12.2)."""
        of = np.array(values)
        is_short = np.array([v.is_short for v in self.verdicts])
        weight = self.n_short / self.n_drawn
        mean, variance, parts = 0.0, 0.0, []
        for chosen, share in ((of[is_short], weight), (of[~is_short], 1.0 - weight)):
            if not len(chosen):
                continue
            mean += share * float(chosen.mean())
            # a share of 0 or 1 in few states is no certainty: one more of either kind (Agresti and Coull 1998)
            spread = float(chosen.var(ddof=1)) if len(chosen) > 1 else 0.0
            if is_share:
                p = (float(chosen.sum()) + 1.0) / (len(chosen) + 2.0)
                spread = p * (1.0 - p)
            variance += share**2 * spread / len(chosen)
            parts.append(float(chosen.mean()))
        if len(parts) == 2:
            variance += (parts[0] - parts[1]) ** 2 * weight * (1.0 - weight) / self.n_drawn
        return mean, math.sqrt(variance)

    def rows(self) -> list[tuple[str, str, str, float, float]]:
        """Metric, scope, reason, value and standard error."""
        zones = sorted({zone for v in self.verdicts for zone in v.zones})
        rows = [("ac_rejected_share", "system", reason or "any", *self.share(reason)) for reason in ("", *REASONS)]
        rows += [("ac_rejected_share", f"zone:{zone}", "any", *self.share(zone=zone)) for zone in zones]
        return [*rows, ("EUE", "system", "", *self.eue_mwh()), ("EUE_ac", "system", "", *self.eue_ac_mwh())]

    def frame(self) -> pd.DataFrame:
        """metric, scope, reason, value, stderr, ci_low, ci_high."""
        import pandas as pd

        made = pd.DataFrame(self.rows(), columns=["metric", "scope", "reason", "value", "stderr"])
        half = Z_95 * made["stderr"]
        return made.assign(ci_low=np.maximum(made["value"] - half, 0.0), ci_high=made["value"] + half)


def ac_verified(
    grid: GridSystem, states: int = 200, *, imports: Imports | str = Imports.CONTRACT, seed: int = 1
) -> AcVerified:
    """AC power flows of ``states`` random states of a network in normal weather, half of them short where there are so
    many. StudyError for a network without branches.
    """
    check_system(grid)
    if not grid.n_branches:
        raise StudyError(f"{grid.name}: no branches; AC needs a network")
    seed, states = seed_of(seed), whole_number("states", states, 2, 1_000_000)
    check = _States(grid, imports)
    drawn = list(check.drawn(seed, CANDIDATES * states))
    short = [k for k, of in enumerate(drawn) if of.unserved_mw > SHORT_MW]
    served = [k for k, of in enumerate(drawn) if of.unserved_mw <= SHORT_MW]
    n_short = min(len(short), max(states // 2, states - len(served)))
    chosen = sorted([*short[:n_short], *served[: states - n_short]])
    return AcVerified(
        n_drawn=len(drawn),
        n_short=len(short),
        horizon_h=float(check.n_hours),
        drawn_shed_mw=tuple(of.unserved_mw for of in drawn),
        verdicts=tuple(check.verdict(drawn[k]) for k in chosen),
    )


@dataclass(frozen=True, eq=False)
class _State:
    """A state and its dispatch: available MW of the supply columns, load at the bus, what of it gets no power, and how
    much of that is unserved: load that stops buying at its price is not.
    """

    hour: int
    hi_mw: F8
    load_mw: F8
    branch_out: NDArray[np.int32]
    p_mw: F8
    shed_mw: F8
    unserved_mw: float


class _States:
    """Draws, dispatches and solves states of one network."""

    def __init__(self, grid: GridSystem, imports: Imports | str) -> None:
        self._grid = grid
        self._system = system = system_from_grid(grid, imports)
        self.n_hours = system.n_hours
        self._packed = packed = pack(grid)
        self._solver = DispatchSolver(packed.case)
        self._model = snapshot_model(nodal_components(system), system.common_causes, system.n_hours)
        columns = np.full(len(system.unit_name), -1, dtype=np.int64)
        at = {name: k for k, name in enumerate(grid.generators.name.tolist())}
        border = {name: k for k, name in enumerate(grid.borders.name.tolist())}
        first_border = packed.border_columns.start
        for unit, (name, of) in enumerate(zip(system.unit_name, system.unit_component, strict=True)):
            if of.kind == "border" and name in border:
                columns[unit] = first_border + border[name]
            elif name in at and of.kind != "border":
                columns[unit] = at[name]
            else:  # help of a neighbour comes over the border at its bus
                same = np.flatnonzero(grid.borders.bus == system.unit_bus[unit])
                columns[unit] = first_border + int(same[0])
        self._column = columns
        self._ac = AcModel(grid)
        self._control = VoltageControl(grid)

    def drawn(self, seed: int, n: int) -> Iterator[_State]:
        """States in order, each dispatched."""
        n_components = len(self._model.id_lo)
        block, hour_of = np.zeros(n_components, dtype=np.uint64), np.empty(4, dtype=np.int32)
        lost = np.empty((4, n_components))
        for group in range(-(-n // 4)):
            draw_snapshots(self._model, np.uint64(seed), np.uint64(group), self.n_hours, block, hour_of, lost)
            for w in range(min(4, n - 4 * group)):
                yield self._state(int(hour_of[w]), lost[w].copy())

    def _state(self, hour: int, lost: F8) -> _State:
        grid, system, packed = self._grid, self._system, self._packed
        n_units, n_branches = len(system.unit_name), len(system.branch_name)
        loss = 1.0 + grid.loss_share
        hi_mw = np.zeros(packed.n_columns)
        for unit in range(n_units):
            profile = system.unit_profile[unit]
            mw = float(system.unit_mw[unit]) if profile is None else float(profile[hour])
            hi_mw[self._column[unit]] += mw * (1.0 - lost[unit]) * loss
        assert system.detail is not None
        # the course of the year, of which the last column is that of loads without a profile
        course = system.detail.demand.factor[hour, grid.loads.profile]
        load_mw = np.where(grid.loads.in_service, grid.loads.p_mw, 0.0) * course
        branch_out = np.flatnonzero(lost[n_units : n_units + n_branches] > 0.5).astype(np.int32)
        branch_out = branch_out[grid.branch_in_service[branch_out]]
        return self._dispatched(hour, hi_mw, load_mw, branch_out)

    def _dispatched(self, hour: int, hi_mw: F8, load_mw: F8, branch_out: NDArray[np.int32]) -> _State:
        grid, packed = self._grid, self._packed
        month = int(self._system.times[hour].month)
        row_lo, row_hi = packed.row_limits(branch_out, month, rating_factor=self._rating_factor(hour))
        loss = 1.0 + grid.loss_share
        solution = self._solver.solve(
            DispatchState(
                topology=self._solver.topology(branch_out),
                lo_mw=np.zeros(packed.n_columns),
                hi_mw=hi_mw,
                cost=packed.cost,
                spill_cost=packed.spill_cost,
                demand_mw=packed.demand_by_tier(load_mw) * loss,
                penalty=packed.penalty,
                row_lo_mw=row_lo,
                row_hi_mw=row_hi,
            )
        )
        shed_mw = packed.shed_by_load(load_mw * loss, solution.shed_mw) / loss
        unserved_mw = float(solution.shed_mw[:, ~packed.tiers.price_responsive].sum()) / loss
        supply_mw = solution.p_mw - solution.spill_mw
        return _State(hour, hi_mw, load_mw, branch_out, p_mw=supply_mw, shed_mw=shed_mw, unserved_mw=unserved_mw)

    def _rating_factor(self, hour: int) -> F8:
        """(n_branches,) share of its rating that each branch has in an hour."""
        detail = self._system.detail
        assert detail is not None
        factor = np.ones(len(detail.branch_rating))
        rated = detail.branch_rating >= 0
        factor[rated] = detail.rating_factor[hour, detail.branch_rating[rated]]
        return factor

    def verdict(self, state: _State) -> Verdict:
        """The state by AC, and what it must shed besides until it solves."""
        reason, zone = self._wrong(state)
        if not reason:
            return Verdict(state.hour, state.unserved_mw > SHORT_MW, "", (), state.unserved_mw, 0.0)
        shed_mw = state.unserved_mw
        where = zone[self._grid.buses.zone[self._grid.loads.bus]] if zone.any() else np.ones(len(state.load_mw), bool)
        extra_mw = float(state.load_mw.sum()) - shed_mw
        for share in STEPS:
            left = np.where(where, (1.0 - share) * state.load_mw, state.load_mw)
            tried = self._dispatched(state.hour, state.hi_mw, left, state.branch_out)
            again, more = self._wrong(tried)
            if not again:
                extra_mw = float((state.load_mw - left).sum()) + tried.unserved_mw - shed_mw
                break
            where |= more[self._grid.buses.zone[self._grid.loads.bus]] if more.any() else True
        zones = tuple(str(name) for name in np.array(self._grid.zones)[np.flatnonzero(zone[: len(self._grid.zones)])])
        return Verdict(state.hour, shed_mw > SHORT_MW, reason, zones, shed_mw, max(extra_mw, 0.0))

    def _wrong(self, state: _State) -> tuple[str, NDArray[np.bool_]]:
        """The worst thing wrong by AC, and the zones (n_zones + 1, the last is abroad) in which it is."""
        grid, packed = self._grid, self._packed
        zone = np.zeros(len(grid.zones) + 1, dtype=bool)
        gens = grid.generators
        p_gen_mw = state.p_mw[packed.gen_columns]
        able = gens.in_service & (state.hi_mw[packed.gen_columns] > 0.0)
        point = OperatingPoint(
            p_gen_mw=p_gen_mw,
            p_border_mw=state.p_mw[packed.border_columns],
            p_storage_mw=np.zeros(len(grid.storages)),
            p_load_mw=state.load_mw - state.shed_mw,
            branch_out=state.branch_out,
            gen_committed=able & ((p_gen_mw > COMMITTED_MW) | (gens.p_min_mw <= 0.0)),
        )
        self._ac.reset()
        solution = self._solved(point)
        if not solution.converged:
            return "divergence", zone
        vm = solution.vm_pu
        known = ~np.isnan(vm)
        out = known & ((vm < grid.buses.vm_min_pu - WITHIN_PU) | (vm > grid.buses.vm_max_pu + WITHIN_PU))
        if out.any():
            zone[grid.buses.zone[out]] = True
            return "voltage", zone
        over = solution.loading_percent > 100.0 * self._rating_factor(state.hour) + WITHIN_PERCENT
        if over.any():
            zone[grid.buses.zone[grid.branch_from[over]]] = True
            return "overload", zone
        return "", zone

    def _solved(self, point: OperatingPoint) -> AcSolution:
        """The power flow, under voltage control where the network has devices."""
        devices = device_state(self._grid, Policy())
        if devices is None:
            return self._ac.solve(point)
        return self._control.operate(self._ac, point, devices, 0.0)
