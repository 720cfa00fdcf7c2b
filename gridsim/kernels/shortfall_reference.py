"""Shortfall statistics of a series from the definitions; imported by tests only."""

from __future__ import annotations

from collections.abc import Sequence


def events_reference(shortfall_mw: Sequence[float], tolerance_mw: float) -> list[tuple[int, int, float, float]]:
    """Maximal runs of hours above the tolerance: (start h, duration h, MWh, largest MW)."""
    events: list[tuple[int, int, float, float]] = []
    run: list[float] = []
    for hour, value in enumerate([*shortfall_mw, 0.0]):
        if value > tolerance_mw:
            run.append(value)
        elif run:
            events.append((hour - len(run), len(run), sum(run), max(run)))
            run = []
    return events


def totals_reference(shortfall_mw: Sequence[float], tolerance_mw: float) -> tuple[int, int, int, float, float]:
    """Hours, days, events, MWh and sum of the events' largest MW of one sample."""
    short = [hour for hour, value in enumerate(shortfall_mw) if value > tolerance_mw]
    events = events_reference(shortfall_mw, tolerance_mw)
    return (
        len(short),
        len({hour // 24 for hour in short}),
        len(events),
        sum(shortfall_mw[hour] for hour in short),
        sum(event[3] for event in events),
    )


def copper_shortfall_reference(
    lost_share: dict[str, list[float]], capacity_mw: dict[str, float], load_mw: Sequence[float]
) -> list[float]:
    """Demand less what is available, hour by hour, never below zero."""
    result = []
    for hour, load in enumerate(load_mw):
        available = sum(capacity_mw[unit] * (1.0 - lost_share[unit][hour]) for unit in capacity_mw)
        result.append(max(0.0, load - available))
    return result
