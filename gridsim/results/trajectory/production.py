"""Output of mines and works that is lost with the electricity of a run, its value, and what is damaged."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from gridsim.results.metric_table import measured
from gridsim.results.metrics import Estimate
from gridsim.results.trajectory_record import Subject, Trajectory, sum_by


def _measures(run: Trajectory) -> Iterable[Estimate]:
    """Tonnes, value and share of the world's year by product; each is zero where nothing of it was lost."""
    minerals, rows = run.system.minerals, run.tables["minerals"]
    if not len(minerals):
        return
    counted = [name for name in minerals.name.tolist() if _has_load(run, name)]
    lost_t = rows["lost_out_t"] + rows["lost_later_t"]
    tonnes, ppm = sum_by(rows["mineral"], lost_t), sum_by(rows["mineral"], np.nan_to_num(rows["world_ppm"]))
    for mineral in sorted({str(minerals.mineral[minerals.position(name)]) for name in counted}):
        yield measured("mineral_loss_t", f"mineral:{mineral}", tonnes.get(mineral, 0.0))
    for mineral, share in ppm.items():
        if share > 0.0:
            yield measured("mineral_world_ppm", f"mineral:{mineral}", share)
    if counted:
        yield measured("mineral_value_usd", "system", float(np.nansum(rows["value_usd"])))
        yield measured("mineral_damage_usd", "system", float(rows["damage_usd"].sum()))
        yield measured("sites_damaged_n", "system", float((rows["stops"] > 0).sum()))
        if (rows["stops"] > 0).any():
            yield measured("site_whole_again_h_max", "system", float(np.nanmax(rows["whole_again_h"])))


def _has_load(run: Trajectory, name: str) -> bool:
    minerals = run.system.minerals
    at = minerals.position(name)
    return int(minerals.load[at]) >= 0 or (minerals.site[at] != "" and minerals.site[at] in run.system.loads.site)


SUBJECT = Subject(_measures, frozenset({"minerals"}), baseline_tables=frozenset({"minerals"}))
