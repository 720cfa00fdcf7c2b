"""Gas side of the coupling: a network that says what plants can be given, and moves on with what they consume.

Two implementations of :class:`GasSide`: :class:`BalanceGas`, a daily transport balance with a lumped stock of linepack
per node, and :class:`PressureGas`, pressures and linepack of the pipes. The engine sees the protocol alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np

from gridsim.errors import NotConverged
from gridsim.kernels.gas_customers import expect_gas
from gridsim.kernels.linepack import MAX_ITERATIONS
from gridsim.model.scenario import GasMode
from gridsim.model.system import GridSystem
from gridsim.model.table import F8
from gridsim.solvers.gas import LOOKAHEAD_H, REORDER_H, STEP_H, GasRun, GasSchedule, GasState, HydraulicGas
from gridsim.solvers.gas_balance import GasBalance, GasConditions, GasStep
from gridsim.solvers.shared_gas import SharedGas

FULL_SHARE = 0.999  # a plant that consumes less than this of what it could have does so by choice of the dispatch


class GasHour(NamedTuple):
    """Network and customers of one hour.

    ``conditions``: what works; ``demand_mcm_per_d`` (n_demands,) requested by customers other than plants; ``winter``:
    the heating season, in which sources and storages follow their winter plan.
    """

    conditions: GasConditions
    demand_mcm_per_d: F8
    winter: bool


class GasSide(Protocol):
    """The gas network as the coupling sees it.

    Order of calls: :meth:`settle` once, then for every interval :meth:`limits` (as often as wanted), :meth:`plan`,
    :meth:`advance`. :meth:`rupture` comes after an :meth:`advance` and before the next :meth:`limits`.
    """

    def settle(self, hour: GasHour, consumed_mw: F8) -> None:
        """Start from the state in which plants have consumed gas for ``consumed_mw`` (n_links,) for long."""
        ...

    def limits(self, now_s: float, dt_h: float, hour: GasHour, requested_mw: F8, *, scarce: bool) -> F8:
        """(n_links,) MW that gas allows for the next ``dt_h`` hours when plants could make ``requested_mw`` (n_links,).

        ``scarce``: power is short somewhere, so plants take all they can get.
        """
        ...

    def plan(
        self, now_s: float, dt_h: float, hour: GasHour, requested_mw: F8, consumed_mw: F8
    ) -> tuple[GasStep, float]:
        """Rates that follow from what the dispatch consumes, and for how many hours (at most ``dt_h``) they can hold.

        ``requested_mw``, ``consumed_mw`` (n_links,): what plants could make, and what they do make, of gas.
        """
        ...

    def advance(self, dt_h: float) -> GasStep:
        """Let ``dt_h`` hours of the last plan happen; the mean rates."""
        ...

    def rupture(self, pipe: int, share: float) -> float:
        """Gas vented at once when ``share`` of the strings of a pipe bursts now, mcm; the last plan holds no more."""
        ...

    def set_cut_order(self, first_cut: Sequence[str]) -> None:
        """Cut these gas classes first, in this order, from now on; empty: the network's own order."""
        ...

    def low_at_start(self) -> list[str]:
        """Nodes with customers that start below their lowest delivery pressure."""
        ...

    @property
    def linepack_mcm(self) -> F8:
        """(n_nodes,) usable linepack now."""
        ...

    @property
    def pressure_bar(self) -> F8:
        """(n_nodes,) pressure now; NaN where the model has none."""
        ...


class BalanceGas:
    """Daily transport balance with a lumped stock of linepack per node; full at the start, whatever was consumed."""

    def __init__(self, system: GridSystem, conditions: GasConditions):
        self.balance = GasBalance(system)
        self.stocks = self.balance.start(conditions)
        self._planned: tuple[GasStep, GasConditions] | None = None

    def settle(self, hour: GasHour, consumed_mw: F8) -> None:
        """See :class:`GasSide`."""

    def limits(self, now_s: float, dt_h: float, hour: GasHour, requested_mw: F8, *, scarce: bool) -> F8:
        """See :class:`GasSide`."""
        # A pipe that is out takes its linepack with it before anyone can draw it.
        capacity = self.balance.linepack_capacity_mcm(hour.conditions)
        self.stocks = self.stocks._replace(linepack_mcm=np.minimum(self.stocks.linepack_mcm, capacity))
        return self.balance.power_mw(self._step(dt_h, hour, requested_mw).power_delivered_mcm_per_d)

    def plan(
        self, now_s: float, dt_h: float, hour: GasHour, requested_mw: F8, consumed_mw: F8
    ) -> tuple[GasStep, float]:
        """See :class:`GasSide`."""
        step = self._step(dt_h, hour, consumed_mw)
        self._planned = step, hour.conditions
        return step, dt_h

    def _step(self, dt_h: float, hour: GasHour, link_mw: F8) -> GasStep:
        return self.balance.solve(
            conditions=hour.conditions,
            stocks=self.stocks,
            demand_mcm_per_d=hour.demand_mcm_per_d,
            power_requested_mcm_per_d=self.balance.power_requested_mcm_per_d(link_mw),
            dt_h=dt_h,
            winter=hour.winter,
        )

    def advance(self, dt_h: float) -> GasStep:
        """See :class:`GasSide`."""
        assert self._planned is not None, "advance before plan"
        (step, conditions), self._planned = self._planned, None
        self.stocks = self.balance.advance(self.stocks, step, conditions, dt_h)
        return step

    def rupture(self, pipe: int, share: float) -> float:
        """See :class:`GasSide`; 0: the pipe's own linepack is lost with it, how much of that is vented is not known."""
        self._planned = None
        return 0.0

    def set_cut_order(self, first_cut: Sequence[str]) -> None:
        """See :class:`GasSide`."""
        self.balance.set_cut_order(first_cut)

    def low_at_start(self) -> list[str]:
        """See :class:`GasSide`; none: a balance has no pressures."""
        return []

    @property
    def linepack_mcm(self) -> F8:
        """(n_nodes,) usable linepack now."""
        return self.stocks.linepack_mcm

    @property
    def pressure_bar(self) -> F8:
        """(n_nodes,) NaN: a balance has no pressures."""
        return np.full(len(self.balance.system.gas_nodes), np.nan)


class _Plan(NamedTuple):
    """Arguments of a plan and the run made of them, mcm/d per link; steps of ``step_h`` hours."""

    now_s: float
    hour: GasHour
    requested: F8
    consumed: F8
    step_h: float
    run: GasRun


class PressureGas:
    """Pressures and linepack, under a gas schedule renewed at changes, daily, and every few hours in need.

    Steps last at most ``STEP_H`` hours. All rates kept between calls are mcm/d.
    """

    def __init__(self, network: HydraulicGas):
        self.network = network
        network.balance.set_cut_order(())
        self._state: GasState | None = None
        # What plants would consume if gas were no limit, as far as the last dispatches tell.
        self._expected = np.zeros(len(network.system.gas_to_power))
        self._deliverable = self._expected
        self._schedule: GasSchedule | None = None
        self._scheduled_s = -np.inf
        self._scheduled_for: GasConditions | None = None
        self._scheduled_scarce = False
        self._asked: tuple[F8, F8] = self._expected, self._expected  # MW last requested, and the gas for them
        self._plan: _Plan | None = None  # not advanced yet
        self._last_run: GasRun | None = None  # of the last plan

    @property
    def state(self) -> GasState:
        """Pressures, linepack and storages now."""
        assert self._state is not None, "settle comes first"
        return self._state

    def settle(self, hour: GasHour, consumed_mw: F8) -> None:
        """See :class:`GasSide`."""
        self._expected = self.network.power_requested_mcm_per_d(consumed_mw)
        self._state = self.network.start(hour.conditions, hour.demand_mcm_per_d, self._expected, hour.winter)

    def _schedule_at(self, now_s: float, hour: GasHour, requested: F8, scarce: bool) -> GasSchedule:
        """The gas schedule in force, or a new one where that is old, made for another state, or power became scarce."""
        age_h = (now_s - self._scheduled_s) / 3600.0
        schedule = self._schedule
        fresh = schedule is not None and age_h < (LOOKAHEAD_H if schedule.tense else REORDER_H)
        same = _alike(hour.conditions, self._scheduled_for)
        if schedule is not None and fresh and same and scarce <= self._scheduled_scarce:
            return schedule
        expected = requested if scarce else np.minimum(self._expected, requested)
        self._schedule = self.network.schedule(
            self.state, hour.conditions, hour.demand_mcm_per_d, expected, hour.winter
        )
        self._scheduled_s, self._scheduled_for, self._scheduled_scarce = now_s, hour.conditions, scarce
        return self._schedule

    def limits(self, now_s: float, dt_h: float, hour: GasHour, requested_mw: F8, *, scarce: bool) -> F8:
        """See :class:`GasSide`; one step in which every plant takes what it can get."""
        requested = self.network.power_requested_mcm_per_d(requested_mw)
        self._asked = requested_mw, requested
        self._schedule_at(now_s, hour, requested, scarce)
        trial = self._run(now_s, hour, requested, requested, min(dt_h, STEP_H), 1)
        self._deliverable = trial.power_delivered_mcm_per_d
        return self.network.power_mw(self._deliverable)

    def plan(
        self, now_s: float, dt_h: float, hour: GasHour, requested_mw: F8, consumed_mw: F8
    ) -> tuple[GasStep, float]:
        """See :class:`GasSide`; the rates hold until the step in which a plant would get less than it consumes."""
        given_mw, requested = self._asked
        if given_mw is not requested_mw:
            requested = self.network.power_requested_mcm_per_d(requested_mw)
        consumed = self.network.power_requested_mcm_per_d(consumed_mw)
        expected = np.empty(len(consumed))
        expect_gas(consumed, self._deliverable, requested, self._expected, FULL_SHARE, expected)
        self._expected = expected
        n_steps = _n_steps(dt_h)
        self._last_run = run = self._run(now_s, hour, requested, consumed, dt_h / n_steps, n_steps)
        self._plan = _Plan(now_s, hour, requested, consumed, dt_h / n_steps, run)
        return run.step, run.taken * dt_h / n_steps

    def advance(self, dt_h: float) -> GasStep:
        """See :class:`GasSide`; runs again where the plan was made for another length of time."""
        assert self._plan is not None, "advance before plan"
        plan, self._plan = self._plan, None
        run = plan.run
        if abs(run.taken * plan.step_h - dt_h) > 1e-9:
            n_steps = _n_steps(dt_h)
            run = self._run(
                plan.now_s, plan.hour, plan.requested, plan.consumed, dt_h / n_steps, n_steps, stop_when_short=False
            )
        self._state = run.state
        return run.step

    def _run(
        self,
        now_s: float,
        hour: GasHour,
        requested: F8,
        consumed: F8,
        step_h: float,
        n_steps: int,
        *,
        stop_when_short: bool = True,
    ) -> GasRun:
        """Run the network from its state now under the schedule in force; NotConverged if a step has no solution."""
        assert self._schedule is not None, "plan before limits"
        run = self.network.run(
            state=self.state,
            schedule=self._schedule,
            conditions=hour.conditions,
            demand_mcm_per_d=hour.demand_mcm_per_d,
            power_mcm_per_d=requested,
            consumed_mcm_per_d=consumed,
            dt_h=step_h,
            n_steps=n_steps,
            stop_when_short=stop_when_short,
        )
        if not run.solved:
            raise NotConverged("gas network", now_s / 3600.0, MAX_ITERATIONS, "not known")
        return run

    def rupture(self, pipe: int, share: float) -> float:
        """See :class:`GasSide`; what flows in until the valves close follows from the flow of the last plan."""
        flow = 0.0 if self._last_run is None else float(self._last_run.step.flow_mcm_per_d[pipe])
        self._plan = None
        self._state, vented = self.network.rupture(self.state, pipe, share, flow)
        return vented

    def set_cut_order(self, first_cut: Sequence[str]) -> None:
        """See :class:`GasSide`; heard when the next schedule is made."""
        self.network.balance.set_cut_order(first_cut)

    def low_at_start(self) -> list[str]:
        """See :class:`GasSide`."""
        return self.network.lowest_pressure_problem(self.state)

    @property
    def linepack_mcm(self) -> F8:
        """(n_nodes,) linepack above the dispatcher's floor now."""
        return self.network.usable_mcm(self.state.gas_mcm)

    @property
    def pressure_bar(self) -> F8:
        """(n_nodes,) pressure now."""
        return self.state.p_bar[self.network.node_point]


def _n_steps(dt_h: float) -> int:
    """Steps of at most ``STEP_H`` hours in ``dt_h``; the margin keeps rounding from adding one."""
    return max(int(np.ceil(dt_h / STEP_H - 1e-9)), 1)


def _alike(one: GasConditions, other: GasConditions | None) -> bool:
    return one is other or (other is not None and all(map(np.array_equal, one, other)))


def make_gas_network(system: GridSystem, mode: GasMode, *, share: bool = True) -> HydraulicGas | None:
    """The gas network with pressures that ``policy.gas`` asks for; None: a balance without pressures.

    It keeps nothing of a run but answers, so that several runs one after the other can share it; ``share``: equal steps
    of them are made once.
    """
    if mode is not GasMode.HYDRAULIC or not len(system.gas_nodes) or not len(system.gas_pipelines):
        return None
    return SharedGas(system) if share else HydraulicGas(system)


def make_gas_side(system: GridSystem, conditions: GasConditions, network: HydraulicGas | None) -> GasSide:
    """The gas side of one run: with pressures on ``network``, without one a balance that starts in ``conditions``."""
    return BalanceGas(system, conditions) if network is None else PressureGas(network)
