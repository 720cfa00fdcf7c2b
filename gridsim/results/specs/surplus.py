"""Capacity left over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gridsim.results.specs.by_hour import HourMoments
from gridsim.results.specs.spec import Assessed, Spec, Trace, hours_of

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Surplus(Spec):
    """Table ``surplus`` (hour, time, scope, surplus_mw and its standard error): capacity of the machines that neither
    load nor stores nor other areas take. ``stores``: with what stores could give of the energy that they begin the
    hour with, as PRAS has it. ``per_sample``: table ``surplus_by_sample`` too, mean and least of each.
    """

    per_sample: bool = False
    stores: bool = False

    def traced(self, of: Assessed) -> SurplusHours:
        return SurplusHours(of, self.per_sample, self.stores)


class SurplusHours:
    """Surplus by hour of the system and of each area."""

    def __init__(self, of: Assessed, per_sample: bool, stores: bool) -> None:
        self._of, self._per_sample, self._stores = of, per_sample, stores
        self._scopes = ("system", *(f"zone:{area}" for area in of.areas)) if len(of.areas) > 1 else ("system",)
        self.mw = HourMoments(len(self._scopes), len(of.times))
        self.rows: list[tuple[int, str, float, float]] = []

    def add(self, sample: int, trace: Trace) -> None:
        left_mw = trace.surplus + trace.spare if self._stores else trace.surplus
        mw = left_mw.sum(axis=0, keepdims=True)
        if len(self._scopes) > 1:
            mw = np.concatenate([mw, left_mw[: len(self._of.areas)]])
        self.mw.add(mw)
        if self._per_sample:
            for scope, name in enumerate(self._scopes):
                self.rows.append((sample, name, float(mw[scope].mean()), float(mw[scope].min())))

    def merge(self, other: SurplusHours) -> None:
        self.mw.merge(other.mw)
        self.rows += other.rows

    def tables(self) -> Mapping[str, pd.DataFrame]:
        import pandas as pd

        n = len(self._of.times)
        found = {
            "surplus": pd.DataFrame(
                {
                    "hour": np.tile(hours_of(n, self._of.step_h), len(self._scopes)),
                    "time": np.tile(self._of.times.to_numpy(), len(self._scopes)),
                    "scope": np.repeat(np.array(self._scopes), n),
                    "surplus_mw": self.mw.mean.ravel(),
                    "surplus_mw_stderr": self.mw.stderr().ravel(),
                }
            )
        }
        if self._per_sample:
            columns = ["sample", "scope", "surplus_mw_mean", "surplus_mw_min"]
            found["surplus_by_sample"] = pd.DataFrame(self.rows, columns=columns)
        return found
