"""Specs of an assessment and what they are made of: a file per kind, each with its accumulator, merge and frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from gridsim.errors import StudyError
from gridsim.results.metrics import Estimate

if TYPE_CHECKING:
    import pandas as pd

F8 = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Assessed:
    """Names and hours of an assessment.

    scopes : names, ``system`` first;  times : start of every hour, or of every step of ``step_h``
    areas, ties, stores : names of the places of a trace;  tie_mw : (n_ties,) largest limit of either direction
    store_mwh : (n_stores,) when full
    """

    scopes: tuple[str, ...]
    times: pd.DatetimeIndex
    step_h: float
    chronological: bool
    n_weather_years: int | None = None
    areas: tuple[str, ...] = ()
    ties: tuple[str, ...] = ()
    stores: tuple[str, ...] = ()
    tie_mw: F8 = field(default_factory=lambda: np.zeros(0))
    store_mwh: F8 = field(default_factory=lambda: np.zeros(0))


class Drawn(Protocol):
    """Samples in order: total (n, n_scopes, 5), rows of events and of short days."""

    @property
    def total(self) -> F8: ...
    @property
    def event(self) -> F8: ...
    @property
    def short_day(self) -> F8: ...


class Accumulator(Protocol):
    """Folds samples in order, whole blocks at a time."""

    def add(self, drawn: Drawn, block_size: int) -> None: ...
    def estimates(self) -> Sequence[Estimate]: ...
    def tables(self) -> Mapping[str, pd.DataFrame]: ...


class Trace(NamedTuple):
    """One sample hour by hour: MW of areas and ties, and MWh held by stores at the end of the hour.

    shortage, surplus, spare : (n_areas, n_hours), spare of what stores could give besides
    flow : (n_ties, n_hours);  held : (n_stores, n_hours)
    """

    shortage: F8
    surplus: F8
    flow: F8
    held: F8
    spare: F8


class TraceAccumulator(Protocol):
    """Folds traces: those of a block by ``add``, blocks in ascending order by ``merge``."""

    def add(self, sample: int, trace: Trace) -> None: ...
    def merge(self, other: Any) -> None: ...
    def tables(self) -> Mapping[str, pd.DataFrame]: ...


@dataclass(frozen=True, eq=False)
class ExactHours:
    """Exact shortfall: lolp, epns_mw (n_scopes, n_hours)."""

    scopes: tuple[str, ...]
    times: pd.DatetimeIndex
    step_h: float
    lolp: F8
    epns_mw: F8


@dataclass(frozen=True)
class Spec:
    """Kind of result handed to ``gridsim.assess``."""

    def accumulator(self, of: Assessed) -> Accumulator | None:
        """Accumulator of the samples' totals and events; None if the spec takes nothing from them."""
        return None

    def traced(self, of: Assessed) -> TraceAccumulator | None:
        """Accumulator of one block of traces; None if the spec takes nothing from them."""
        return None

    def exact_tables(self, hours: ExactHours) -> Mapping[str, pd.DataFrame]:
        """Tables without samples; StudyError where there are none."""
        raise StudyError(f"specs: {type(self).__name__} is of samples; use SequentialMonteCarlo")


def hours_of(n: int, step_h: float) -> NDArray[Any]:
    """Start of each step in h, whole numbers where steps are hours."""
    return np.arange(n) if step_h == 1.0 else np.arange(n) * step_h
