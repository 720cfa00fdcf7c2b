"""Flows between areas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gridsim.results.specs.by_hour import HourMoments
from gridsim.results.specs.spec import Assessed, Spec, Trace

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Flows(Spec):
    """Table ``flows`` (interface, flow_mw, utilisation and their standard errors, flow_mw_max): means over hours of the
    MW sent forward and of the share of the largest limit used either way. ``per_sample``: ``flows_by_sample`` too.

    An area helps another only where that is short: in other hours nothing flows.
    """

    per_sample: bool = False

    def traced(self, of: Assessed) -> TieFlows:
        return TieFlows(of, self.per_sample)


class TieFlows:
    """Flow and use of every tie."""

    def __init__(self, of: Assessed, per_sample: bool) -> None:
        self._of, self._per_sample = of, per_sample
        self.found = HourMoments(len(of.ties), 2)
        self.largest = np.zeros(len(of.ties))
        self.rows: list[tuple[int, str, float, float]] = []

    def add(self, sample: int, trace: Trace) -> None:
        limit = np.where(self._of.tie_mw > 0.0, self._of.tie_mw, np.inf)
        used = np.abs(trace.flow).mean(axis=1) / limit
        value = np.column_stack([trace.flow.mean(axis=1), used])
        self.found.add(value)
        self.largest = np.maximum(self.largest, np.abs(trace.flow).max(axis=1))
        if self._per_sample:
            self.rows += [(sample, name, *value[k].tolist()) for k, name in enumerate(self._of.ties)]

    def merge(self, other: TieFlows) -> None:
        self.found.merge(other.found)
        self.largest = np.maximum(self.largest, other.largest)
        self.rows += other.rows

    def tables(self) -> Mapping[str, pd.DataFrame]:
        import pandas as pd

        mean, stderr = self.found.mean, self.found.stderr()
        found = {
            "flows": pd.DataFrame(
                {
                    "interface": list(self._of.ties),
                    "flow_mw": mean[:, 0],
                    "flow_mw_stderr": stderr[:, 0],
                    "utilisation": mean[:, 1],
                    "utilisation_stderr": stderr[:, 1],
                    "flow_mw_max": self.largest,
                }
            )
        }
        if self._per_sample:
            columns = ["sample", "interface", "flow_mw", "utilisation"]
            found["flows_by_sample"] = pd.DataFrame(self.rows, columns=columns)
        return found
