"""Unserved energy of a run: how much, where, when, and what brought it about."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from gridsim.model.system import EXTERNAL
from gridsim.model.table import sum_at
from gridsim.results.metric_table import measured
from gridsim.results.metrics import SHORTFALL_TOLERANCE_MW, Estimate
from gridsim.results.trajectory_record import Series, Subject, Trajectory, roots, rows_by, sum_by

_RESTORED_PERCENT = (50, 90, 100)


def _measures(run: Trajectory) -> Iterable[Estimate]:
    unserved = run.system_series("zones", "unserved_mw")
    yield from _energy_by_scope(run)
    yield from _adequacy(run, unserved)
    yield from _restoration(run, unserved)
    yield from _people(run)
    solves = run.tables["solves"]
    yield measured("forgone_mwh", "system", float(solves["forgone_mw"] @ solves["duration_h"]))


def _energy_by_scope(run: Trajectory) -> Iterable[Estimate]:
    zones, shortfall = run.tables["zones"], run.tables["shortfall"]
    for name, energy in sum_by(zones["name"], zones["unserved_mw"] * zones["duration_h"]).items():
        if name != EXTERNAL:
            yield measured("EUE", f"zone:{name}", energy)
    by_load = shortfall["unserved_mw"] * shortfall["duration_h"]
    for scope, column in (("oblast", "oblast"), ("class", "load_class")):
        for name, energy in sum_by(shortfall[column], by_load).items():
            yield measured("EUE", f"{scope}:{name}", energy)
    for cause, energy in sorted(_energy_by_cause(run).items()):
        yield measured("EUE", f"cause:{cause}", energy)


def _adequacy(run: Trajectory, unserved: Series) -> Iterable[Estimate]:
    zones = run.tables["zones"]
    energy, hours = float(unserved.value @ unserved.duration_h), float(unserved.duration_h.sum())
    demand_mwh = float(zones["demand_mw"] @ zones["duration_h"])
    short = unserved.value > SHORTFALL_TOLERANCE_MW
    yield measured("EUE", "system", energy)
    yield measured("LOLH", "system", float(unserved.duration_h[short].sum()))
    yield measured("LOLD", "system", float(len(_days(run.start, unserved, short))))
    yield measured("LOLEv", "system", float(_begins(short).sum()))
    yield measured("peak_shed_mw", "system", float(unserved.value.max(initial=0.0)))
    if demand_mwh > 0:
        yield measured("NEUE", "system", 1e6 * energy / demand_mwh)
    if hours > 0:
        yield measured("EPNS", "system", energy / hours)
    yield measured("price_response_mwh", "system", float(zones["price_response_mw"] @ zones["duration_h"]))
    yield measured("demand_mwh", "system", demand_mwh)


def _people(run: Trajectory) -> Iterable[Estimate]:
    """Energy and hours that households and services go without, and the value of all that is unserved."""
    shortfall = run.tables["shortfall"]
    worth = float(shortfall["unserved_usd_per_h"] @ shortfall["duration_h"])
    yield measured("unserved_cost_usd", "system", worth)
    classes = run.system.load_classes
    if not classes.people.any():
        return
    felt = np.isin(shortfall["load_class"], classes.name[classes.people])
    times, first, where = np.unique(shortfall["time_h"][felt], return_index=True, return_inverse=True)
    unserved_mw = sum_at(where, shortfall["unserved_mw"][felt], len(times))
    duration_h = shortfall["duration_h"][felt][first]
    yield measured("EUE", "people", float(unserved_mw @ duration_h))
    yield measured("LOLH", "people", float(duration_h[unserved_mw > SHORTFALL_TOLERANCE_MW].sum()))


def _days(start: dt.datetime, series: Series, chosen: NDArray[np.bool_]) -> set[dt.date]:
    """Local calendar days that the chosen intervals touch."""
    last_h = 1e-9  # an interval that ends at midnight does not touch the next day
    found: set[dt.date] = set()
    for time_h, duration_h in zip(series.time_h[chosen].tolist(), series.duration_h[chosen].tolist(), strict=True):
        day = (start + dt.timedelta(hours=time_h)).date()
        last = (start + dt.timedelta(hours=time_h + duration_h - last_h)).date()
        found.update(day + dt.timedelta(days=n) for n in range((last - day).days + 1))
    return found


def _begins(flags: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """True where a run of True begins."""
    return flags & ~np.concatenate([[False], flags[:-1]])


def _restoration(run: Trajectory, unserved: Series) -> Iterable[Estimate]:
    """Hours to the first shed and to the return of load, from the first event."""
    times, value = unserved.time_h, unserved.value
    short = value > SHORTFALL_TOLERANCE_MW
    origin_h = run.first_event_h if run.first_event_h is not None else 0.0
    # The first shortfall that begins with or after the event; one that was there before is not its doing.
    begins = np.flatnonzero(_begins(short) & (times >= origin_h))
    if not len(begins):
        return
    first = int(begins[0])
    yield measured("time_to_first_shed_h", "system", float(times[first] - origin_h))
    deepest_at = first + int(np.argmax(value[first:]))
    for percent in _RESTORED_PERCENT:
        remaining_mw = float(value[deepest_at]) * (1.0 - percent / 100.0) + SHORTFALL_TOLERANCE_MW
        last = deepest_at + int(np.flatnonzero(value[deepest_at:] > remaining_mw)[-1])
        if last + 1 < len(times):  # otherwise not restored within the horizon: absent
            yield measured(f"time_to_restore_h_{percent}", "system", float(times[last + 1] - origin_h))


def _energy_by_cause(run: Trajectory) -> dict[str, float]:
    """Unserved MWh by the root of the change that made its zone shed: each MWh has one root cause."""
    zones, events = run.tables["zones"], run.tables["events"]
    rows = np.flatnonzero(zones["unserved_mw"] > SHORTFALL_TOLERANCE_MW)
    root = roots(events["cause_id"])
    last = np.full(len(rows), -1)
    for name, here in rows_by(zones["name"][rows]):
        changes = np.flatnonzero(events["component"] == f"zone:{name}")
        at = np.searchsorted(events["time_h"][changes], zones["time_h"][rows[here]], side="right") - 1
        last[here] = np.where(at >= 0, np.append(changes, -1)[at], -1)
    rows, last = rows[last >= 0], last[last >= 0]
    cause = np.where(root[last] == last, "supply", events["component"][root[last]])
    return sum_by(cause, zones["unserved_mw"][rows] * zones["duration_h"][rows])


SUBJECT = Subject(_measures, frozenset({"zones", "shortfall", "events", "solves"}))
