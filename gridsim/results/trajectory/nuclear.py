"""Nuclear sites of a run: offsite power, backup, and the largest machine beside the reserve for its trip."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from gridsim.results.metric_table import measured
from gridsim.results.metrics import Estimate
from gridsim.results.run_records import Columns
from gridsim.results.trajectory_record import Subject, Trajectory, rows_by


def _measures(run: Trajectory) -> Iterable[Estimate]:
    yield from _largest_infeed(run.tables["infeed"])
    yield from _nadir(run)
    rows, sites = run.tables["nuclear"], run.system.nuclear
    for name, here in rows_by(rows["name"]):
        yield from _site(run, {column: values[here] for column, values in rows.items()}, sites.position(name))


def _site(run: Trajectory, rows: Columns, site: int) -> Iterable[Estimate]:
    """Numbers of one site from its rows, in order of time."""
    sites = run.system.nuclear
    scope, duration_h, lost = f"site:{sites.name[site]}", rows["duration_h"], ~rows["alive"]
    yield measured("offsite_lost_h", scope, float(duration_h[lost].sum()))
    yield measured("offsite_losses", scope, float((lost & ~np.concatenate([[False], lost[:-1]])).sum()))
    yield measured("offsite_paths_min", scope, float(rows["live_paths"].min()))
    if np.isfinite(sites.backup_h[site]):
        yield measured("backup_hours_left_min", scope, float(rows["backup_left_h"].min()))
        beyond_h = np.clip(rows["on_backup_h"] - sites.backup_h[site], 0.0, duration_h)
        yield measured("backup_exhausted_h", scope, float(beyond_h[lost].sum()))
    if np.isfinite(rows["vm_pu"]).any():
        low = rows["alive"] & (rows["vm_pu"] < sites.vm_min_pu[site])
        yield measured("offsite_undervoltage_h", scope, float(duration_h[low].sum()))
    frequency = run.tables["frequency"]
    in_zone = frequency["name"] == run.system.bus_zone_name[sites.bus[site]]
    lowest_hz = frequency["lowest_hz"][in_zone]
    if np.isfinite(lowest_hz).any():
        yield measured("offsite_f_min_hz", scope, float(np.nanmin(lowest_hz)))
        yield measured("offsite_underfrequency_n", scope, float((lowest_hz < sites.f_min_hz[site]).sum()))


def _largest_infeed(rows: Columns) -> Iterable[Estimate]:
    if not len(rows["p_mw"]):
        return
    yield measured("largest_infeed_mw", "system", float(rows["p_mw"].max()))
    with_load = rows["demand_mw"] > 0
    if with_load.any():
        share = rows["p_mw"][with_load] / rows["demand_mw"][with_load]
        yield measured("infeed_share_max", "system", 100.0 * float(share.max()))
    yield measured("reserve_after_infeed_mw_min", "system", float((rows["headroom_mw"] - rows["p_mw"]).min()))


def _nadir(run: Trajectory) -> Iterable[Estimate]:
    rows = run.tables["frequency"]
    at_home = np.isin(rows["name"], run.system.zones) & np.isfinite(rows["lowest_hz"])
    if not at_home.any():
        return
    yield measured("f_nadir_hz", "system", float(rows["lowest_hz"][at_home].min()))
    for zone in np.unique(rows["name"][at_home]).tolist():
        here = at_home & (rows["name"] == zone)
        yield measured("f_nadir_hz", f"zone:{zone}", float(rows["lowest_hz"][here].min()))


_TABLES = frozenset({"nuclear", "infeed", "frequency"})
SUBJECT = Subject(_measures, _TABLES, baseline_tables=_TABLES)
