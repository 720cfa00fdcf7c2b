"""Credits as rows: of each kind and level, exact where that is possible, else sampled, with a status of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gridsim.errors import StudyError
from gridsim.reliability.additions import scaled, split
from gridsim.reliability.credit_exact import EXACT_METRICS, ExactSearch, no_exact_credit_because
from gridsim.reliability.credit_sampled import Change, SampledRisk, SampledSearch, SampledValue
from gridsim.reliability.credit_search import NoRootError, TooFewYearsError
from gridsim.reliability.credit_tilted import TiltedRisk, no_tilt_because, tilted_draws, weights_hold
from gridsim.reliability.credit_years import years_that_tell
from gridsim.reliability.methods import Level, SequentialMonteCarlo
from gridsim.reliability.system import AdequacySystem
from gridsim.reliability.weather_years import WeatherYears

F8 = NDArray[np.float64]
Years = AdequacySystem | WeatherYears

KINDS = ("elcc", "efc")

SNAPSHOTS = (32_768, 131_072)  # tilted; the second number where the first is not precise
PRECISE = 0.005  # standard error of a credit over the nameplate
ENOUGH, FEWEST_EFFECTIVE = 256.0, 100.0  # contributions, to stop at the first number, and to be told at all
LARGEST_SHARE = 0.05  # of one snapshot in the variance, above which years are asked


def unchanged(system: AdequacySystem) -> AdequacySystem:
    """The change that is none."""
    return system


@dataclass(frozen=True)
class Comparison:
    """Two systems that differ by an addition.

    without, with_addition : each with the change that is made to it in every weather
    names : machines and stores of ``with_addition`` that ``without`` lacks;  at_bus_mw : (n_buses,) their nameplate
    """

    without: Years
    with_addition: Years
    names: frozenset[str]
    at_bus_mw: F8
    change_without: Change = unchanged
    change_with: Change = unchanged

    @property
    def nameplate_mw(self) -> float:
        return float(self.at_bus_mw.sum())

    def changed_names(self) -> frozenset[str]:
        """The names, and those of the parts that the change makes of them."""
        system = self.change_with(_normal(self.with_addition))
        parts = (name for name in system.unit_name if name.rpartition(" part ")[0] in self.names)
        return self.names.union(parts)

    def sized(self, factor: float) -> Comparison:
        """The addition ``factor`` times as large."""
        change = self.change_with
        return replace(
            self,
            at_bus_mw=self.at_bus_mw * factor,
            change_with=lambda system: scaled(change(system), self.names, factor),
        )

    def in_parts(self, parts: int) -> Comparison:
        """Each machine of the addition as so many equal ones that fail independently."""
        change = self.change_with
        return replace(self, change_with=lambda system: split(change(system), self.names, parts))

    def largest_failing_mw(self) -> float:
        """MW of the addition's largest machine that fails, 0 without one."""
        system = self.change_with(_normal(self.with_addition))
        units = zip(system.unit_name, system.unit_mw.tolist(), system.unit_component, strict=True)
        return max((mw for name, mw, component in units if name in self.names and component.fails), default=0.0)


@dataclass(frozen=True)
class CreditRow:
    """A credit of one kind (ELCC or EFC), or why there is none.

    ``status``: ``ok``; ``too_few_years``, which do not tell sizes apart; or ``no_root``: then ``bracket_mw`` was
    searched and ``at_ends`` is the metric less its aim at both ends. ``years`` is None of a credit from ``snapshots``
    and of an exact one, whose interval is the range of those that do equally well. ``saved``: what the addition takes
    off the metric, with the error of this difference, far smaller than that of either total where most of what is
    short lies out of its reach. ``largest_share``: of one sample in the variance.
    """

    credit: str
    metric: str
    level: str
    method: str
    nameplate_mw: float
    value_mw: float | None
    stderr_mw: float | None
    ci_low_mw: float | None
    ci_high_mw: float | None
    without: float
    with_addition: float
    years: int | None
    saved: float
    saved_stderr: float | None
    snapshots: int | None = None
    status: str = "ok"
    bracket_mw: tuple[float, float] | None = None
    at_ends: tuple[float, float] | None = None
    largest_share: float | None = None

    @property
    def percent(self) -> float | None:
        return None if self.value_mw is None else 100.0 * self.value_mw / self.nameplate_mw


def credit_rows(
    comparison: Comparison, kinds: Sequence[str], metric: str, method: SequentialMonteCarlo, *, exact: bool = True
) -> Iterator[CreditRow]:
    """A row for each kind.

    ``exact``: by convolution where the metric, the level and both systems allow it; else by tilted snapshots as far as
    these tell, and by years for the rest, at level zonal fewer than the method's where they have hundreds of thousands
    of short hours.
    """
    if exact and is_exact(comparison, metric, Level(method.level)):
        yield from _exact_rows(comparison, kinds, metric, method)
        return
    found = dict(_tilted_rows(comparison, kinds, metric, method)) if exact else {}
    left = [kind for kind in kinds if kind not in found]
    if left:
        try:
            found |= _years_rows(comparison, left, metric, method, exact)
        except StudyError:
            if not found:
                raise
            like = replace(next(iter(found.values())), value_mw=None, stderr_mw=None, ci_low_mw=None, ci_high_mw=None)
            like = replace(like, method="sequential", years=method.budget, snapshots=None, largest_share=None)
            found |= {kind: replace(like, credit=kind.upper(), status="too_few_years") for kind in left}
    yield from (found[kind] for kind in kinds)


def _years_rows(
    comparison: Comparison, kinds: Sequence[str], metric: str, method: SequentialMonteCarlo, exact: bool
) -> dict[str, CreditRow]:
    if exact and Level(method.level) is Level.ZONAL:
        method = replace(method, years=years_that_tell(comparison.without, comparison.change_without, method))
    search = SampledSearch(
        SampledRisk(comparison.without, comparison.change_without, metric, method),
        SampledRisk(comparison.with_addition, comparison.change_with, metric, method, comparison.changed_names()),
        comparison.at_bus_mw,
        metric,
        kinds,
    )
    return {kind: _sampled_row(_row(kind, metric, method, comparison, search), kind, search) for kind in kinds}


def _exact_rows(
    comparison: Comparison, kinds: Sequence[str], metric: str, method: SequentialMonteCarlo
) -> Iterator[CreditRow]:
    search = ExactSearch(*_changed(comparison), comparison.nameplate_mw, metric)
    for kind in kinds:
        row = replace(_row(kind, metric, method, comparison, search), method="exact", years=None)
        try:
            low, high = search.elcc() if kind == "elcc" else search.efc()
        except NoRootError as error:
            yield _without_root(row, error)
        else:
            yield replace(row, value_mw=0.5 * (low + high), stderr_mw=0.0, ci_low_mw=low, ci_high_mw=high)


def _sampled_row(row: CreditRow, kind: str, search: SampledSearch) -> CreditRow:
    """The row with the credit of years, or why there is none."""
    try:
        found = _found(search, kind)
    except NoRootError as error:
        return _without_root(row, error)
    except TooFewYearsError:
        return replace(row, status="too_few_years")
    if not found.tells_a_tail:
        return replace(row, status="too_few_years", largest_share=found.largest_share)
    return _with_value(row, found)


def _found(search: SampledSearch, kind: str) -> SampledValue:
    return search.elcc() if kind == "elcc" else search.efc()


def _with_value(row: CreditRow, found: SampledValue) -> CreditRow:
    row = replace(row, value_mw=found.mw, stderr_mw=found.stderr_mw, largest_share=found.largest_share)
    return replace(row, ci_low_mw=found.low_mw, ci_high_mw=found.high_mw)


def _tilted_rows(
    comparison: Comparison, kinds: Sequence[str], metric: str, method: SequentialMonteCarlo
) -> Iterator[tuple[str, CreditRow]]:
    """The kinds that tilted snapshots tell: more are drawn where the first are not precise; what stays unsure is left
    out.
    """
    found: dict[str, tuple[CreditRow, SampledValue]] = {}
    for n in SNAPSHOTS:
        search = _tilted_search(comparison, kinds, metric, method, n)
        if search is None:
            return
        row_of = {kind: _row(kind, metric, method, comparison, search) for kind in kinds}
        values = {kind: _value_or_none(search, kind) for kind in kinds}
        found = {
            kind: (replace(row_of[kind], method="snapshot", years=None, snapshots=n), value)
            for kind, value in values.items()
            if value is not None
        }
        most_mw = PRECISE * comparison.nameplate_mw
        if len(found) == len(kinds) and all(
            value.effective >= ENOUGH and value.stderr_mw <= most_mw for _, value in found.values()
        ):
            break
    for kind, (row, value) in found.items():
        if value.effective >= FEWEST_EFFECTIVE and value.largest_share <= LARGEST_SHARE:
            yield kind, _with_value(row, value)


def _tilted_search(
    comparison: Comparison, kinds: Sequence[str], metric: str, method: SequentialMonteCarlo, n: int
) -> SampledSearch | None:
    """A search over ``n`` tilted snapshots; None where these are not valid or show nothing short."""
    if isinstance(comparison.without, WeatherYears) or isinstance(comparison.with_addition, WeatherYears):
        return None
    level, names = Level(method.level), comparison.changed_names()
    changed = _changed(comparison)
    if no_tilt_because(*changed, metric, level) is not None:
        return None
    draws = tilted_draws(
        *changed, names, comparison.at_bus_mw, metric, level, seed=method.seed, n=n, workers=method.workers
    )
    if draws is None:
        return None
    weight = draws.weight()
    if not weights_hold(weight):
        return None
    try:
        return SampledSearch(
            TiltedRisk(comparison.without, comparison.change_without, metric, draws, weight),
            TiltedRisk(comparison.with_addition, comparison.change_with, metric, draws, weight, names),
            comparison.at_bus_mw,
            metric,
            kinds,
        )
    except StudyError:
        return None


def _value_or_none(search: SampledSearch, kind: str) -> SampledValue | None:
    try:
        return _found(search, kind)
    except (NoRootError, TooFewYearsError):
        return None


def is_exact(comparison: Comparison, metric: str, level: Level) -> bool:
    """Whether convolution has the credit."""
    weather = isinstance(comparison.without, WeatherYears)
    if weather or level is not Level.COPPER or metric not in EXACT_METRICS:
        return False
    most_mw = comparison.nameplate_mw
    return all(no_exact_credit_because(system, metric, most_mw) is None for system in _changed(comparison))


def _changed(comparison: Comparison) -> tuple[AdequacySystem, AdequacySystem]:
    return (
        comparison.change_without(_normal(comparison.without)),
        comparison.change_with(_normal(comparison.with_addition)),
    )


def _normal(system: Years) -> AdequacySystem:
    return system.first if isinstance(system, WeatherYears) else system


def _row(
    kind: str,
    metric: str,
    method: SequentialMonteCarlo,
    comparison: Comparison,
    search: SampledSearch | ExactSearch,
) -> CreditRow:
    return CreditRow(
        credit=kind.upper(),
        metric=metric,
        level=str(method.level),
        method="sequential",
        nameplate_mw=comparison.nameplate_mw,
        value_mw=None,
        stderr_mw=None,
        ci_low_mw=None,
        ci_high_mw=None,
        without=search.without,
        with_addition=search.with_addition,
        years=method.budget,
        saved=search.saved,
        saved_stderr=search.saved_stderr,
    )


def _without_root(row: CreditRow, error: NoRootError) -> CreditRow:
    ends = (error.at_low, error.at_high)
    return replace(row, status="no_root", bracket_mw=(0.0, error.high_mw), at_ends=ends)
