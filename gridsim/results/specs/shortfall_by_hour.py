"""Shortfall in every hour of the horizon, and the worst hours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gridsim.results.specs.by_hour import HourMoments
from gridsim.results.specs.spec import Assessed, ExactHours, Spec, Trace, hours_of

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class ShortfallByHour(Spec):
    """Tables ``shortfall_by_hour`` (hour, time, scope, lolp, epns_mw and their standard errors) and ``worst_hours``,
    the ``worst`` hours of the system with the largest mean unserved power.
    """

    worst: int = 20

    def traced(self, of: Assessed) -> ShortHours:
        return ShortHours(of, self.worst)

    def exact_tables(self, hours: ExactHours) -> Mapping[str, pd.DataFrame]:
        import pandas as pd

        n = len(hours.times)
        frame = pd.DataFrame(
            {
                "hour": np.tile(hours_of(n, hours.step_h), len(hours.scopes)),
                "time": np.tile(hours.times.to_numpy(), len(hours.scopes)),
                "scope": np.repeat(np.array(hours.scopes), n),
                "lolp": hours.lolp.ravel(),
                "lolp_stderr": 0.0,
                "epns_mw": hours.epns_mw.ravel(),
                "epns_mw_stderr": 0.0,
            }
        )
        return _with_worst(frame, self.worst)


class ShortHours:
    """Shortfall by hour of the system and of each area."""

    def __init__(self, of: Assessed, worst: int) -> None:
        self._of, self._worst = of, worst
        self._scopes = ("system", *(f"zone:{area}" for area in of.areas)) if len(of.areas) > 1 else ("system",)
        self.short = HourMoments(len(self._scopes), len(of.times))
        self.mw = HourMoments(len(self._scopes), len(of.times))

    def add(self, sample: int, trace: Trace) -> None:
        mw = trace.shortage.sum(axis=0, keepdims=True)
        if len(self._scopes) > 1:
            mw = np.concatenate([mw, trace.shortage[: len(self._of.areas)]])
        self.short.add((mw > 0.0).astype(np.float64))
        self.mw.add(mw)

    def merge(self, other: ShortHours) -> None:
        self.short.merge(other.short)
        self.mw.merge(other.mw)

    def tables(self) -> Mapping[str, pd.DataFrame]:
        import pandas as pd

        n = len(self._of.times)
        frame = pd.DataFrame(
            {
                "hour": np.tile(hours_of(n, self._of.step_h), len(self._scopes)),
                "time": np.tile(self._of.times.to_numpy(), len(self._scopes)),
                "scope": np.repeat(np.array(self._scopes), n),
                "lolp": self.short.mean.ravel(),
                "lolp_stderr": self.short.stderr().ravel(),
                "epns_mw": self.mw.mean.ravel(),
                "epns_mw_stderr": self.mw.stderr().ravel(),
            }
        )
        return _with_worst(frame, self._worst)


def _with_worst(frame: pd.DataFrame, worst: int) -> dict[str, pd.DataFrame]:
    whole = frame[(frame["scope"] == "system") & (frame["epns_mw"] > 0.0)]
    ranked = whole.sort_values("epns_mw", ascending=False, kind="stable").head(worst)
    return {"shortfall_by_hour": frame, "worst_hours": ranked.reset_index(drop=True)}
