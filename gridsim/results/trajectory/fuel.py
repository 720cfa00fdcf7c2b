"""Fuel of a run: least stocks, and how long plants and cities have gas after an event."""

from __future__ import annotations

from collections.abc import Iterable

from gridsim.results.metric_table import measured
from gridsim.results.metrics import Estimate
from gridsim.results.trajectory_record import Subject, Trajectory, roots, rows_by


def _measures(run: Trajectory) -> Iterable[Estimate]:
    fuel = run.tables["fuel"]
    for name, rows in rows_by(fuel["name"]):
        yield measured("fuel_days_min", f"plant:{name}", float(fuel["stock_days"][rows].min()))
    yield from _survival(run)


def _survival(run: Trajectory) -> Iterable[Estimate]:
    """Hours from the event that caused it until a plant is first short of gas, or a city's homes and heat are cut."""
    events = run.tables["events"]
    cause, time_h = events["cause_id"], events["time_h"]
    root = roots(cause)
    seen: set[str] = set()
    for row, (component, state) in enumerate(zip(events["component"].tolist(), events["to_state"], strict=True)):
        watched = component.startswith(("plant:", "city:")) and component not in seen
        if watched and state != "normal" and cause[row] >= 0:
            seen.add(component)
            yield measured("survival_time_h", component, float(time_h[row] - time_h[root[row]]))


SUBJECT = Subject(_measures, frozenset({"fuel", "events"}))
