"""Least inertia, governors' headroom and secure loss of a run, with first-minutes assumptions."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from gridsim.results.metric_table import measured
from gridsim.results.metrics import Estimate
from gridsim.results.trajectory_record import Subject, Trajectory


def _measures(run: Trajectory) -> Iterable[Estimate]:
    rows = run.tables["inertia"]
    if not len(rows["time_h"]):
        return
    hours = np.unique(rows["time_h"], return_inverse=True)[1]
    for metric, column in (("inertia_gws_min", "inertia_gws"), ("governor_headroom_mw_min", "headroom_mw")):
        yield measured(metric, "system", float(np.bincount(hours, rows[column]).min()))
        for zone in run.system.zones:
            yield measured(metric, f"zone:{zone}", float(rows[column][rows["name"] == zone].min()))
    if len(losses := run.tables["secure_losses"]["island_secure_loss_mw"]):
        yield measured("secure_loss_mw", "system", float(losses.min()))


_TABLES = frozenset({"inertia", "secure_losses"})
SUBJECT = Subject(_measures, _TABLES, baseline_tables=_TABLES)
