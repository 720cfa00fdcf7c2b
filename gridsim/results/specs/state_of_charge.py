"""Energy held by stores."""

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
class StateOfCharge(Spec):
    """Table ``state_of_charge`` (hour, time, store, held_mwh and its standard error, share): energy held at the end of
    each hour, mean over samples. ``per_sample``: ``state_of_charge_by_sample`` too, mean and least of each.
    """

    per_sample: bool = False

    def traced(self, of: Assessed) -> HeldHours:
        return HeldHours(of, self.per_sample)


class HeldHours:
    """Energy by hour of every store."""

    def __init__(self, of: Assessed, per_sample: bool) -> None:
        self._of, self._per_sample = of, per_sample
        self.held = HourMoments(len(of.stores), len(of.times))
        self.rows: list[tuple[int, str, float, float]] = []

    def add(self, sample: int, trace: Trace) -> None:
        self.held.add(trace.held)
        if self._per_sample:
            for k, name in enumerate(self._of.stores):
                self.rows.append((sample, name, float(trace.held[k].mean()), float(trace.held[k].min())))

    def merge(self, other: HeldHours) -> None:
        self.held.merge(other.held)
        self.rows += other.rows

    def tables(self) -> Mapping[str, pd.DataFrame]:
        import pandas as pd

        n, mean = len(self._of.times), self.held.mean
        found = {
            "state_of_charge": pd.DataFrame(
                {
                    "hour": np.tile(hours_of(n, self._of.step_h), len(self._of.stores)),
                    "time": np.tile(self._of.times.to_numpy(), len(self._of.stores)),
                    "store": np.repeat(np.array(self._of.stores, dtype=object), n),
                    "held_mwh": mean.ravel(),
                    "held_mwh_stderr": self.held.stderr().ravel(),
                    "share": (mean / self._of.store_mwh[:, None]).ravel(),
                }
            )
        }
        if self._per_sample:
            columns = ["sample", "store", "held_mwh_mean", "held_mwh_min"]
            found["state_of_charge_by_sample"] = pd.DataFrame(self.rows, columns=columns)
        return found
