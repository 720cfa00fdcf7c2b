"""Course of the first minutes after one sudden change, from the tables of a run: numbered operations and traces."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from gridsim.model.table import B1, F8
from gridsim.results.run_records import Columns

OPERATIONS, TRACES = "automation_log", "frequency_trace"


class Acted(NamedTuple):
    """One operation, numbered in the order of a sudden change; ``frequency_hz`` of its area then, NaN without one."""

    number: int
    time_h: float
    at_s: float
    rule: str
    place: str
    p_mw: float
    frequency_hz: float
    cause: str


def times_of(tables: Mapping[str, Columns]) -> list[float]:
    """Hours of the sudden changes that were followed, in order."""
    return np.unique(np.asarray(tables[OPERATIONS]["time_h"], dtype=float)).tolist() if OPERATIONS in tables else []


def traces_at(traces: Columns, time_h: float) -> dict[str, tuple[F8, F8]]:
    """Seconds and Hz by area after the sudden change at ``time_h``."""
    here: B1 = np.asarray(traces["time_h"], dtype=float) == time_h
    names, at_s, hz = (np.asarray(traces[column])[here] for column in ("name", "at_s", "frequency_hz"))
    return {str(name): (at_s[names == name], hz[names == name]) for name in dict.fromkeys(names.tolist())}


def operations_at(tables: Mapping[str, Columns], time_h: float) -> list[Acted]:
    """Operations after the sudden change at ``time_h``, numbered from 1."""
    log = tables[OPERATIONS]
    traces = traces_at(tables[TRACES], time_h) if TRACES in tables else {}
    here = np.flatnonzero(np.asarray(log["time_h"], dtype=float) == time_h)
    columns = (np.asarray(log[name])[here].tolist() for name in ("at_s", "rule", "place", "p_mw", "cause"))
    found = []
    for number, (at_s, rule, place, p_mw, cause) in enumerate(zip(*columns, strict=True), start=1):
        seconds, hz = traces.get(str(place).split(" ", 1)[0], (np.zeros(0), np.zeros(0)))
        value = float(np.interp(at_s, seconds, hz)) if len(hz) else np.nan
        found.append(Acted(number, time_h, float(at_s), str(rule), str(place), float(p_mw), value, str(cause)))
    return found
