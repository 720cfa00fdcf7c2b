"""Importance: the unserved energy that perfect availability of a component, a cause or a section would save."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gridsim.errors import StudyError
from gridsim.kernels.importance import importance_samples
from gridsim.kernels.shortfall import ENERGY
from gridsim.model.outages import Component
from gridsim.reliability.areas import areas_of
from gridsim.reliability.assess import sample_source
from gridsim.reliability.exact_forecast import exact_numbers
from gridsim.reliability.methods import Exact, Level, Method, SequentialMonteCarlo
from gridsim.reliability.nodal import ScratchPool
from gridsim.reliability.pack import zonal_components
from gridsim.reliability.samplers import SampleSource
from gridsim.reliability.system import AdequacySystem
from gridsim.reliability.traces import Tracer
from gridsim.reliability.weather_years import WeatherYears, YearByYear
from gridsim.results.adequacy import Z_95

if TYPE_CHECKING:
    import pandas as pd

F8 = NDArray[np.float64]
Change = Callable[[AdequacySystem], AdequacySystem]

BLOCK = 32


@dataclass(frozen=True)
class ImportanceRow:
    """Unserved energy saved by a component that is always there, a cause that never happens or a section that never
    limits.

    ``share`` of EUE: shares do not add up to 1, because what is short for two outages at once is saved by either.
    ``stderr_mwh`` is 0 of exact numbers.
    """

    kind: str
    name: str
    saved_mwh: float
    stderr_mwh: float
    ci_low_mwh: float
    ci_high_mwh: float
    share: float
    share_stderr: float


def importance(system: AdequacySystem | WeatherYears, method: SequentialMonteCarlo | Exact) -> list[ImportanceRow]:
    """Rows of all components, causes and sections that save anything, the largest first.

    Components by conditioning in one pass over the samples; causes and sections by the same samples without them.
    """
    if Level(method.level) is Level.NODAL:
        raise StudyError("importance: a nodal hour is a dispatch for every component; use level copper or zonal")
    if isinstance(method, Exact):
        if isinstance(system, WeatherYears):
            raise StudyError("importance: exact is not for weather years; use SequentialMonteCarlo")
        rows = list(_exact_rows(system, Level(method.level)))
    else:
        rows = [*_component_rows(system, method), *_paired_rows(system, method)]
    return sorted((row for row in rows if row.saved_mwh > 0.0), key=lambda row: (-row.saved_mwh, row.kind, row.name))


def importance_frame(rows: list[ImportanceRow]) -> pd.DataFrame:
    """The rows as a table."""
    import pandas as pd

    columns = [field.name for field in dataclasses.fields(ImportanceRow)]
    return pd.DataFrame([dataclasses.astuple(row) for row in rows], columns=columns)


def _row(kind: str, name: str, saved: F8, unserved: F8) -> ImportanceRow:
    """Means over years, and the error of their ratio by the delta method."""
    n = len(saved)
    mean, whole = float(saved.mean()), float(unserved.mean())
    stderr = float(saved.std(ddof=1)) / math.sqrt(n) if n > 1 else 0.0
    share = mean / whole if whole > 0.0 else 0.0
    off = float((saved - share * unserved).std(ddof=1)) / math.sqrt(n) if n > 1 else 0.0
    low, high = max(0.0, mean - Z_95 * stderr), mean + Z_95 * stderr
    return ImportanceRow(kind, name, mean, stderr, low, high, share, share_stderr=off / whole if whole > 0.0 else 0.0)


def _component_rows(system: AdequacySystem | WeatherYears, method: SequentialMonteCarlo) -> Iterator[ImportanceRow]:
    """Conditioning: every element's saving in each short hour of the samples."""
    tracer = Tracer(system, method)
    components = zonal_components(tracer.normal, areas_of(tracer.normal, merged=Level(method.level) is Level.COPPER))
    step_h = system.step_h
    n = method.budget

    def block(first: int) -> tuple[F8, F8]:
        count = min(BLOCK, n - first)
        saved, unserved = np.zeros((count, len(components))), np.zeros(count)
        for k in range(count):
            years = tracer.years_of(first + k)
            importance_samples(
                years.case, years.chronology.model, years.seed, first + k, 1, saved[k : k + 1], unserved[k : k + 1]
            )
        return saved * step_h, unserved * step_h

    with ThreadPoolExecutor(method.workers) as executor:
        parts = list(executor.map(block, range(0, n, BLOCK)))
    saved, unserved = (np.concatenate(of) for of in zip(*parts, strict=True))
    for element in np.flatnonzero(saved.any(axis=0)).tolist():
        yield _row("component", components[element].name, saved[:, element], unserved)


def _paired_rows(system: AdequacySystem | WeatherYears, method: SequentialMonteCarlo) -> Iterator[ImportanceRow]:
    """Causes that never happen and sections that never limit: the same samples once more for each."""
    normal = system.first if isinstance(system, WeatherYears) else system
    changes = list(_changes(normal, Level(method.level)))
    if not changes:
        return
    unserved = _unserved(system, method, lambda same: same)
    for kind, name, change in changes:
        yield _row(kind, name, unserved - _unserved(system, method, change), unserved)


def _changes(system: AdequacySystem, level: Level) -> Iterator[tuple[str, str, Change]]:
    for cause in system.common_causes:
        name = cause.component.name
        yield "cause", name, lambda of, name=name: _without_cause(of, name)  # type: ignore[misc]
    if level is Level.COPPER:
        return
    areas = areas_of(system, merged=False)
    for tie, name in enumerate(areas.names):
        yield "section", name, lambda of, tie=tie: _without_limit(of, tie)  # type: ignore[misc]


def _without_cause(system: AdequacySystem, name: str) -> AdequacySystem:
    kept = tuple(cause for cause in system.common_causes if cause.component.name != name)
    return dataclasses.replace(system, common_causes=kept)


def _without_limit(system: AdequacySystem, tie: int) -> AdequacySystem:
    """The system with one tie of its areas that never fails and limits nothing, all others as they were."""
    return dataclasses.replace(system, open_ties=frozenset({*system.open_ties, tie}))


def _unserved(system: AdequacySystem | WeatherYears, method: SequentialMonteCarlo, change: Change) -> F8:
    """(n_years,) MWh of the changed system."""
    source: SampleSource
    if isinstance(system, WeatherYears):
        pool = ScratchPool()

        def make(of: AdequacySystem, method: Method) -> SampleSource:
            return sample_source(change(of), method, base_flow=False, pool=pool)

        source = YearByYear(system, method, make)
    else:
        source = sample_source(change(system), method, base_flow=False)
    job = source.default_job_blocks * source.block_size
    with ThreadPoolExecutor(method.workers) as executor:
        parts = executor.map(
            lambda first: source.run(first, min(job, method.budget - first)).total[:, 0, ENERGY],
            range(0, method.budget, job),
        )
        return np.concatenate(list(parts))


def _exact_rows(system: AdequacySystem, level: Level) -> Iterator[ImportanceRow]:
    """Differences of exact numbers with each component that fails as one that does not."""

    def eue(of: AdequacySystem) -> float:
        found = exact_numbers(of, level)
        return float(found.epns_mw.value[0].sum()) * found.step_h

    whole = eue(system)
    for kind, name, change in (*_perfect(system, level), *_changes(system, level)):
        saved = whole - eue(change(system))
        yield ImportanceRow(
            kind, name, saved, 0.0, saved, saved, share=saved / whole if whole > 0.0 else 0.0, share_stderr=0.0
        )


def _perfect(system: AdequacySystem, level: Level) -> Iterator[tuple[str, str, Change]]:
    fields = ("unit_component",) if level is Level.COPPER else ("unit_component", "interface_component")
    for field in fields:
        for component in getattr(system, field):
            if component.fails:
                yield "component", component.name, lambda of, c=component: _with_perfect(of, c)  # type: ignore[misc]


def _with_perfect(system: AdequacySystem, component: Component) -> AdequacySystem:
    def perfect(of: tuple[Component, ...]) -> tuple[Component, ...]:
        return tuple(dataclasses.replace(c, states=(), unavailability=None) if c is component else c for c in of)

    return dataclasses.replace(
        system,
        unit_component=perfect(system.unit_component),
        interface_component=perfect(system.interface_component),
    )
