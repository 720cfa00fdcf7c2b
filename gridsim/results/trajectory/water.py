"""Drinking water of a run: what towns lack, for how long, and how far their tanks are drawn down."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from gridsim.results.metric_table import measured
from gridsim.results.metrics import Estimate
from gridsim.results.trajectory_record import Subject, Trajectory, rows_by

_SERVED = 0.99  # of use; less is a town short of water


def _measures(run: Trajectory) -> Iterable[Estimate]:
    rows, towns = run.tables["water"], run.system.water_supply
    for name, here in rows_by(rows["name"]):
        scope, town = f"city:{name}", towns.position(name)
        missing, duration_h = rows["unserved_m3_per_h"][here], rows["duration_h"][here]
        share = missing / rows["used_m3_per_h"][here]
        yield measured("unserved_water_m3", scope, float(missing @ duration_h))
        yield measured("water_short_h", scope, float(duration_h[share > 1.0 - _SERVED].sum()))
        least_m3 = float((rows["tank_m3"][here] / rows["used_m3_per_h"][here]).min())
        yield measured("water_tank_h_min", scope, least_m3)
        if np.isfinite(towns.people[town]):
            yield measured("water_people_affected", scope, float(towns.people[town] * share.max()))


SUBJECT = Subject(_measures, frozenset({"water"}), baseline_tables=frozenset({"water"}))
