"""The typical fleet at the start of a run: what it leaves of each machine, and its entries in the log."""

from __future__ import annotations

import numpy as np

from gridsim.engine.event_log import EventLog
from gridsim.model.system import GridSystem
from gridsim.model.table import F8
from gridsim.model.typical import TypicalFleet


def machines_left(system: GridSystem, fleet: TypicalFleet) -> F8:
    """(n_gens,) share of each machine that is neither out nor derated."""
    p_max_mw = system.generators.p_max_mw
    lost = np.divide(fleet.lost_mw, p_max_mw, out=np.zeros_like(p_max_mw), where=p_max_mw > 0)
    return np.where(fleet.out, 0.0, np.clip(1.0 - lost, 0.0, 1.0))


def log_fleet(system: GridSystem, fleet: TypicalFleet, log: EventLog) -> int:
    """Log the fleet as one cause, and under it each machine out, each derate and each machine taken for another."""
    cause = log.add(0.0, "fleet:typical", f"{fleet.total_mw:,.0f} MW out for repair or failed")
    for name in system.generators.name[fleet.out].tolist():
        log.add(0.0, f"generators:{name}", "out (typical fleet)", cause)
    for zone, technology, lost_mw in fleet.groups:
        log.add(0.0, f"fleet:{zone} {technology}", f"{lost_mw:,.1f} MW less of the machines in service", cause)
    for name, others in fleet.instead:
        state = f"in service, for the scenario names it; instead {', '.join(others) or 'the others of its kind'}"
        log.add(0.0, f"fleet:{name}", state, cause)
    if fleet.unplaced_mw > 0.0:
        log.add(0.0, "fleet:not placed", f"{fleet.unplaced_mw:,.0f} MW for which no machine is left", cause)
    return cause
