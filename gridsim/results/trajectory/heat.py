"""Heat that cities of a run went without: how much, where, why, how cold it became, and what heaters took instead."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from gridsim.model.table import F8, sum_at
from gridsim.results.metric_table import measured
from gridsim.results.metrics import Estimate
from gridsim.results.trajectory_record import Subject, Trajectory, roots, rows_by, sum_by

_MWH_PER_GWH = 1000.0
_UNKNOWN = "supply"
_TAUS = (("_low", "low_"), ("", ""), ("_high", "high_"))


def _measures(run: Trajectory) -> Iterable[Estimate]:
    if not len(run.system.heat):
        return
    rows = run.tables["heat"]
    name, hours = rows["name"], rows["duration_h"]
    gwh = rows["unserved_mw"] * hours / _MWH_PER_GWH
    yield measured("unserved_heat_gwh", "system", float(gwh.sum()))
    for city, lost in sum_by(name, gwh).items():
        if lost > 0:
            yield measured("unserved_heat_gwh", f"city:{city}", lost)
    for cause, lost in sum_by(_causes(run, rows["time_h"], name), gwh).items():
        if lost > 0:
            yield measured("unserved_heat_gwh", f"cause:{cause}", lost)
    yield measured("people_affected", "system", _most_at_once(rows["time_h"], rows["affected"]))
    yield measured("heater_mwh", "system", float((rows["heaters_mw"] * hours).sum()))
    for city, here in rows_by(name):
        yield from _of_city(city, {column: values[here] for column, values in rows.items()})


def _of_city(city: str, rows: dict[str, NDArray[np.float64]]) -> Iterable[Estimate]:
    scope, district = f"city:{city}", rows["group"] == "district"
    yield measured("people_affected", scope, float(rows["affected"].max()))
    for metric, column in _TAUS:
        by_group = [float(rows[f"below_8c_{column}k_h"][chosen].sum()) for chosen in (district, ~district)]
        yield measured(f"degree_hours_below_8c{metric}", scope, max(by_group))
        soonest = [_soonest_h(rows, f"to_8c_{column}h", chosen) for chosen in (district, ~district)]
        if min(soonest) < np.inf:
            yield measured(f"hours_to_8c{metric}", scope, min(soonest))
    if district.any():
        yield measured("heat_supply_share_min", scope, float(rows["network_share"][district].min()))
        yield measured("network_frozen_h", scope, float(rows["duration_h"][district & rows["frozen"]].sum()))
    yield measured("heater_mwh", scope, float((rows["heaters_mw"] * rows["duration_h"]).sum()))
    yield measured("heater_mw_max", scope, float(rows["heaters_mw"].max()))


def _soonest_h(rows: dict[str, NDArray[np.float64]], column: str, chosen: NDArray[np.bool_]) -> float:
    """Least of hours since the first lack of a group plus hours left to +8 C; inf where it never comes to that."""
    hours = rows["time_h"][chosen] + rows[column][chosen]
    hours = hours[~np.isnan(hours)]
    return float(hours.min() - rows["time_h"][chosen][0]) if len(hours) else np.inf


def _most_at_once(time_h: F8, people: F8) -> float:
    """Largest sum over the rows of one time."""
    times, where = np.unique(time_h, return_inverse=True)
    return float(sum_at(where, people, len(times)).max(initial=0.0))


def _causes(run: Trajectory, time_h: F8, city: NDArray[np.str_]) -> NDArray[np.str_]:
    """(n,) root of the last change of each city's heat before each time."""
    events = run.tables["events"]
    root, component = roots(events["cause_id"]), events["component"]
    names = np.full(len(time_h), _UNKNOWN, dtype=object)
    for name, here in rows_by(city):
        changes = np.flatnonzero(component == f"heat:{name}") if len(component) else np.zeros(0, dtype=np.int64)
        if not len(changes):
            continue
        last = np.maximum(np.searchsorted(events["time_h"][changes], time_h[here], side="right") - 1, 0)
        change = changes[last]
        known = root[change] != change
        names[here[known]] = component[root[change[known]]]
    return names.astype(np.str_)


SUBJECT = Subject(_measures, frozenset({"heat", "events"}))
