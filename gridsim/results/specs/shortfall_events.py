"""Every shortfall event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gridsim.errors import StudyError
from gridsim.kernels import shortfall
from gridsim.results.metrics import Estimate
from gridsim.results.specs.spec import Accumulator, Assessed, Drawn, ExactHours, Spec

if TYPE_CHECKING:
    import pandas as pd

F8 = NDArray[np.float64]


@dataclass(frozen=True)
class ShortfallEvents(Spec):
    """A table of every shortfall event: sample, scope, start_h, duration_h, energy_mwh, peak_mw.

    The only result whose memory grows with the number of samples.
    """

    def accumulator(self, of: Assessed) -> Accumulator:
        return _Events(of)

    def exact_tables(self, hours: ExactHours) -> Mapping[str, pd.DataFrame]:
        raise StudyError("specs: exact numbers have no table of events; use SequentialMonteCarlo")


class _Events:
    def __init__(self, of: Assessed) -> None:
        self._scopes, self._step_h = of.scopes, of.step_h
        self._kept: list[F8] = []

    def add(self, drawn: Drawn, block_size: int) -> None:
        self._kept.append(drawn.event)

    def estimates(self) -> Sequence[Estimate]:
        return ()

    def tables(self) -> Mapping[str, pd.DataFrame]:
        import pandas as pd

        rows = np.concatenate(self._kept) if self._kept else np.empty((0, shortfall.N_EVENT_COLUMNS))
        frame = pd.DataFrame(
            {
                "sample": rows[:, shortfall.EVENT_SAMPLE].astype(np.int64),
                "scope": np.array(self._scopes)[rows[:, shortfall.EVENT_SCOPE].astype(np.int64)],
                "start_h": _whole(rows[:, shortfall.EVENT_START] * self._step_h),
                "duration_h": _whole(rows[:, shortfall.EVENT_DURATION] * self._step_h),
                "energy_mwh": rows[:, shortfall.EVENT_ENERGY],
                "peak_mw": rows[:, shortfall.EVENT_PEAK],
            }
        )
        return {"shortfall_events": frame}


def _whole(hours: F8) -> NDArray[Any]:
    """Whole hours as integers, parts of hours as they are."""
    return hours.astype(np.int64) if (hours == np.floor(hours)).all() else hours
