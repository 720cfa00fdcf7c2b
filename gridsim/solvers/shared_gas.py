"""A gas network that several trajectories ask one after the other: equal questions are answered once.

Replicates of one weather, and the horizon without events beside them, ask the same of the gas network until an event, a
draw or a policy parts them. A question is the state, known as an object that its own answer keeps alive, and the bytes
of all that is asked at it, so a remembered answer is that of the network to the last bit.
"""

from __future__ import annotations

from typing import Any

from gridsim.model.system import GridSystem
from gridsim.model.table import F8
from gridsim.solvers.gas import LOOKAHEAD_H, GasRun, GasSchedule, GasState, HydraulicGas
from gridsim.solvers.gas_balance import GasConditions
from gridsim.solvers.kept import Kept

#: Answers kept, of some 25 kB each: a fortnight of hours, each with what plants could get and what they got.
MOST_ANSWERS = 1536


class SharedGas(HydraulicGas):
    """The gas network of a system, with its last answers."""

    def __init__(self, system: GridSystem):
        super().__init__(system)
        # beside each answer the objects that its question knows by their identity
        self._runs: Kept[tuple[Any, ...], tuple[GasRun, GasState, GasSchedule]] = Kept(MOST_ANSWERS)
        self._schedules: Kept[tuple[Any, ...], tuple[GasSchedule, GasState]] = Kept(MOST_ANSWERS)
        self._ruptures: Kept[tuple[Any, ...], tuple[tuple[GasState, float], GasState]] = Kept(MOST_ANSWERS)
        self._last_conditions: tuple[GasConditions, bytes] | None = None

    def _bytes_of(self, conditions: GasConditions) -> bytes:
        last = self._last_conditions
        if last is None or last[0] is not conditions:
            self._last_conditions = last = conditions, b"".join(values.tobytes() for values in conditions)
        return last[1]

    def schedule(
        self,
        state: GasState,
        conditions: GasConditions,
        demand_mcm_per_d: F8,
        consumed_mcm_per_d: F8,
        winter: bool,
        lookahead_h: float = LOOKAHEAD_H,
    ) -> GasSchedule:
        """As the network's own."""
        given = conditions, demand_mcm_per_d, consumed_mcm_per_d
        asked = (
            id(state), self._bytes_of(conditions), demand_mcm_per_d.tobytes(), consumed_mcm_per_d.tobytes(), winter,
            lookahead_h, self.balance.cut_cost.tobytes(), self.full_gas_mcm.tobytes(),
        )  # fmt: skip
        known = self._schedules.get(asked)
        if known is None:
            known = self._schedules.keep(asked, (super().schedule(state, *given, winter, lookahead_h), state))
        return known[0]

    def run(
        self,
        state: GasState,
        schedule: GasSchedule,
        conditions: GasConditions,
        demand_mcm_per_d: F8,
        power_mcm_per_d: F8,
        consumed_mcm_per_d: F8,
        dt_h: float,
        n_steps: int,
        *,
        stop_when_short: bool = True,
    ) -> GasRun:
        """As the network's own."""
        flows = demand_mcm_per_d, power_mcm_per_d, consumed_mcm_per_d
        asked = (
            id(state), id(schedule), self._bytes_of(conditions), *(values.tobytes() for values in flows), dt_h, n_steps,
            stop_when_short,
        )  # fmt: skip
        known = self._runs.get(asked)
        if known is None:
            run = super().run(state, schedule, conditions, *flows, dt_h, n_steps, stop_when_short=stop_when_short)
            known = self._runs.keep(asked, (run, state, schedule))
        return known[0]

    def rupture(self, state: GasState, pipe: int, share: float, flow_mcm_per_d: float) -> tuple[GasState, float]:
        """As the network's own."""
        asked = id(state), pipe, share, flow_mcm_per_d
        known = self._ruptures.get(asked)
        if known is None:
            known = self._ruptures.keep(asked, (super().rupture(state, pipe, share, flow_mcm_per_d), state))
        return known[0]
