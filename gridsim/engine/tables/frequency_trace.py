"""Table ``frequency_trace``."""

from __future__ import annotations

import numpy as np

from gridsim.engine.event_log import Trace
from gridsim.engine.result_table import Recorded, ResultTable, Rows
from gridsim.model.table import F8
from gridsim.results.run_records import ColumnSpec

WITHIN_HZ = 2e-3


class FrequencyTrace(ResultTable):
    """Frequency of every area after each sudden change (``policy.first_minutes``), every 20 ms and at operations.

    Thinned: straight lines between the rows of an area are within 2 mHz of what was left out.
    """

    columns = (
        ColumnSpec("replicate", "i4", "replicate"),
        ColumnSpec("time_h", "f8", "hours after the start, of the sudden change"),
        ColumnSpec("name", "str", "area, as in automation_log: its largest bus, or the neighbour"),
        ColumnSpec("at_s", "f8", "seconds after the sudden change"),
        ColumnSpec("frequency_hz", "f8", "frequency; 0 once the area is dead"),
    )

    def closing_rows(self, run: Recorded) -> Rows:
        """Rows of one area after another for each sudden change."""
        found = [
            (trace.time_h, name, trace.at_s[kept], trace.hz[kept, area])
            for trace in run.traces
            for area, name in enumerate(trace.areas)
            for kept in [_kept(trace, area)]
        ]
        counts = [len(at_s) for _, _, at_s, _ in found]
        return {
            "time_h": np.repeat(np.array([time_h for time_h, *_ in found], dtype=float), counts),
            "name": np.repeat(np.array([name for _, name, *_ in found], dtype=np.str_), counts),
            "at_s": np.concatenate([at_s for _, _, at_s, _ in found] or [np.zeros(0)]),
            "frequency_hz": np.concatenate([hz for *_, hz in found] or [np.zeros(0)]),
        }


def _kept(trace: Trace, area: int) -> list[int]:
    return thinned(trace.at_s, trace.hz[:, area], WITHIN_HZ)


def thinned(x: F8, y: F8, within: float) -> list[int]:
    """Positions of the points to keep so that straight lines between them are within ``within`` of all others.

    ``x`` rises or stands; where it stands the value steps, and both points are kept.
    """
    xs, ys = x.tolist(), y.tolist()
    if len(xs) < 2:
        return list(range(len(xs)))
    kept, start = [0], 0
    least, most = -np.inf, np.inf  # slopes from the last point kept that stay within bounds of all since
    for at in range(1, len(xs)):
        across = xs[at] - xs[start]
        step = ys[at] - ys[start]
        fits = across > 0 and least <= step / across <= most
        if not fits and at > start + 1:
            start = at - 1
            kept.append(start)
            least, most = -np.inf, np.inf
            across, step = xs[at] - xs[start], ys[at] - ys[start]
        if across <= 0:
            if step:
                start = at
                kept.append(start)
                least, most = -np.inf, np.inf
            continue
        least, most = max(least, (step - within) / across), min(most, (step + within) / across)
    return kept if kept[-1] == len(xs) - 1 else [*kept, len(xs) - 1]


TABLE = FrequencyTrace
