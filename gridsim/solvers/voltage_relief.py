"""Load that the operator cuts to hold the voltage of a pocket, where no reactor, bank or tap can.

Where the power flow has no solution, or a bus stays below its lowest voltage, the voltages of load that yields
(``yielding_load``) show the pocket: buses lower than the operator leaves alone. Load there is cut by class, in the
order of shedding, until the pocket stands inside its limits with the devices moved as far as they help; nobody outside
it is, and no bus that feeds it is lifted above the range in which the operator acts.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gridsim.model.pack import Packed
from gridsim.model.table import B1, F8, I4
from gridsim.solvers.ac import AcModel
from gridsim.solvers.ac_ladder import Rung
from gridsim.solvers.ac_solution import AcSolution
from gridsim.solvers.operating_point import OperatingPoint
from gridsim.solvers.voltage_control import ABOVE_PU, Controlled, VoltageControl
from gridsim.solvers.yielding_load import yielding

PARTS = 64  # of the pocket's load, a power of two: the smallest sufficient number of them is cut
TOLERANCE_PU = 1e-6


class Relief(NamedTuple):
    """Load cut (n_loads,) MW, positions of the devices that it holds with, buses of the pocket, the lowest first."""

    cut_mw: F8
    position: F8
    pocket: I4


class VoltageRelief:
    """Finds what a pocket short of voltage has to give up."""

    def __init__(self, packed: Packed, control: VoltageControl):
        self._packed = packed
        self._control = control
        self._low_pu = packed.system.buses.vm_min_pu
        self._high_pu = control.act_max_pu + ABOVE_PU

    def wanted(self, solution: AcSolution) -> bool:
        """The power flow has no solution, or an energised bus is below its lowest voltage."""
        return not solution.converged or bool(self._low(solution).any())

    def find(self, model: AcModel, point: OperatingPoint, solution: AcSolution, position: F8) -> Relief | None:
        """The smallest cut that brings the pocket inside; None where none is found that does, or the pocket is empty.

        ``solution`` of ``point``: what is too low there belongs to the pocket.
        """
        state = yielding(model, point._replace(devices=self._control.settings(position)))
        if state is None:
            return None
        vm_pu = np.where(np.isfinite(state.vm_pu), state.vm_pu, np.inf)
        pocket = np.flatnonzero((vm_pu < self._control.act_min_pu) | self._low(solution)).astype(np.int32)
        pocket = pocket[np.argsort(vm_pu[pocket], kind="stable")]
        load_mw = np.where(np.isin(self._packed.system.loads.bus, pocket), point.p_load_mw, 0.0)
        if not load_mw.any():
            return None
        free = np.ones(len(position), dtype=bool)

        def tried(parts: int) -> Controlled:
            less = point._replace(p_load_mw=point.p_load_mw - self.cut_mw(load_mw, parts / PARTS))
            model.reset()
            return self._control.solve(model, less, position, free)

        # upwards, as all of a large pocket is so much that voltages around it rise out of their range
        low = -1
        for high in (0, *(2**power for power in range(PARTS.bit_length()))):
            found = tried(high)
            if self._holds(found.solution, pocket):
                break
            low = high
        else:
            model.reset()
            return None
        while high - low > 1:
            middle = (low + high) // 2
            answer = tried(middle)
            if self._holds(answer.solution, pocket):
                high, found = middle, answer
            else:
                low = middle
        model.resume(found.solution)
        return Relief(self.cut_mw(load_mw, high / PARTS), found.position, pocket)

    def cut_mw(self, load_mw: F8, share: float) -> F8:
        """(n_loads,) MW cut of ``load_mw`` (n_loads,): ``share`` of all, class by class, the last in part."""
        return cut_by_class(self._packed, load_mw, share)

    def _holds(self, solution: AcSolution, pocket: I4) -> bool:
        if not solution.converged or solution.rung == Rung.RELAXED_Q:
            return False
        return not self._low(solution)[pocket].any() and not (solution.vm_pu > self._high_pu).any()

    def _low(self, solution: AcSolution) -> B1:
        return np.asarray(solution.vm_pu < self._low_pu - TOLERANCE_PU)  # False where there is no voltage


def cut_by_class(packed: Packed, load_mw: F8, share: float) -> F8:
    """(n_loads,) MW cut of ``load_mw`` (n_loads,): ``share`` of all, class by class in the order of shedding."""
    demand_mw = packed.demand_by_tier(load_mw)
    tier_mw = demand_mw.sum(axis=0)
    gone_mw = np.clip(share * tier_mw.sum() - (np.cumsum(tier_mw) - tier_mw), 0.0, tier_mw)
    of_tier = np.divide(gone_mw, tier_mw, out=np.zeros(len(tier_mw)), where=tier_mw > 0)
    return packed.shed_by_load(load_mw, demand_mw * of_tier, demand_mw)
