"""Voltages of load that yields: full power down to ``YIELDS_PU``, below it in proportion to the square of the voltage.

A power flow of constant loads has no solution past the nose of the curve, and then tells nothing about where support is
missing. Heaters and lamps draw less at a low voltage (Kundur, Power System Stability and Control, 1994, ch. 7 and 14),
so a state of such loads nearly always exists; its lowest buses are the pocket that collapses.
Loads are admittances, fitted to the voltages found: a few rounds suffice, as they serve a search, not a result.
"""

from __future__ import annotations

import numpy as np

from gridsim.solvers.ac import AcModel
from gridsim.solvers.ac_solution import AcSolution
from gridsim.solvers.operating_point import OperatingPoint
from gridsim.solvers.participation import BASE_MVA, bus_sum, reactive_load_mvar

YIELDS_PU = 0.95
ROUNDS = 3


def yielding(model: AcModel, point: OperatingPoint) -> AcSolution | None:
    """The power flow of ``point`` with loads that yield; None if it has none. The model starts flat afterwards."""
    system = model.system
    n_buses = len(system.buses)
    wanted_pu = bus_sum(system.loads.bus, point.p_load_mw, n_buses) / BASE_MVA + 1j * (
        bus_sum(system.loads.bus, reactive_load_mvar(system, point.p_load_mw), n_buses) / BASE_MVA
    )
    unloaded = point._replace(p_load_mw=np.zeros(len(system.loads)))
    load_pu = np.conj(wanted_pu)
    state: AcSolution | None = None
    for _ in range(ROUNDS):
        model.reset()
        found = model.solve(unloaded, state, load_pu)
        if not found.converged:
            break
        state = found
        vm_pu = np.where(np.isfinite(found.vm_pu), found.vm_pu, 1.0)
        load_pu = np.conj(wanted_pu) / np.maximum(vm_pu, YIELDS_PU) ** 2
    model.reset()
    return state
