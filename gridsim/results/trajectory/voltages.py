"""Voltages of the power flows of a run, held against the limits of its buses."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from gridsim.results.metric_table import measured
from gridsim.results.metrics import Estimate
from gridsim.results.trajectory_record import Subject, Trajectory


def _measures(run: Trajectory) -> Iterable[Estimate]:
    solves, voltages = run.tables["solves"], run.tables["voltages"]
    checked = solves["ac_status"] != "off"
    if not checked.any():
        return
    outside = np.isin(voltages["what"], ("low", "high"))
    out = np.isin(solves["time_h"], voltages["time_h"][outside]) | (solves["ac_status"] == "not_converged")
    hours = float(solves["duration_h"][out & checked].sum())
    yield measured("voltage_out_of_limits_h", "system", hours)
    if np.isfinite(solves["vm_max_pu"]).any():
        yield measured("vm_pu_max", "system", float(np.nanmax(solves["vm_max_pu"])))
        yield measured("vm_pu_min", "system", float(np.nanmin(solves["vm_min_pu"])))
    yield measured("voltage_switchings", "system", float((voltages["what"] == "switched").sum()))


SUBJECT = Subject(_measures, frozenset({"solves", "voltages"}))
