"""Credits as rows: of each kind and level, exact where that is possible, else sampled, with a status of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gridsim.reliability.additions import scaled, split
from gridsim.reliability.credit_exact import EXACT_METRICS, ExactSearch, no_exact_credit_because
from gridsim.reliability.credit_sampled import Change, SampledRisk, SampledSearch
from gridsim.reliability.credit_search import NoRootError, TooFewYearsError
from gridsim.reliability.credit_years import years_that_tell
from gridsim.reliability.methods import Level, SequentialMonteCarlo
from gridsim.reliability.system import AdequacySystem
from gridsim.reliability.weather_years import WeatherYears

F8 = NDArray[np.float64]
Years = AdequacySystem | WeatherYears

KINDS = ("elcc", "efc")


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
    searched and ``at_ends`` is the metric less its aim at both ends. ``years`` is None of an exact credit, whose
    interval is the range of those that do equally well. ``largest_share``: of one year in the variance.
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
    """A row for each kind. ``exact``: by convolution where the metric, the level and both systems allow it, and by
    fewer years than the method's at level zonal where these have hundreds of thousands of short hours.
    """
    if exact and is_exact(comparison, metric, Level(method.level)):
        by_convolution = ExactSearch(*_changed(comparison), comparison.nameplate_mw, metric)
        for kind in kinds:
            row = _row(kind, metric, method, comparison, by_convolution.without, by_convolution.with_addition)
            row = replace(row, method="exact", years=None)
            try:
                low, high = by_convolution.elcc() if kind == "elcc" else by_convolution.efc()
            except NoRootError as error:
                yield _without_root(row, error)
            else:
                yield replace(row, value_mw=0.5 * (low + high), stderr_mw=0.0, ci_low_mw=low, ci_high_mw=high)
        return
    if exact and Level(method.level) is Level.ZONAL:
        method = replace(method, years=years_that_tell(comparison.without, comparison.change_without, method))
    sampled = SampledSearch(
        SampledRisk(comparison.without, comparison.change_without, metric, method),
        SampledRisk(comparison.with_addition, comparison.change_with, metric, method, comparison.changed_names()),
        comparison.at_bus_mw,
        metric,
        kinds,
    )
    for kind in kinds:
        row = _row(kind, metric, method, comparison, sampled.without, sampled.with_addition)
        try:
            found = sampled.elcc() if kind == "elcc" else sampled.efc()
        except NoRootError as error:
            yield _without_root(row, error)
        except TooFewYearsError:
            yield replace(row, status="too_few_years")
        else:
            if not found.tells_a_tail:
                yield replace(row, status="too_few_years", largest_share=found.largest_share)
                continue
            row = replace(row, value_mw=found.mw, stderr_mw=found.stderr_mw, largest_share=found.largest_share)
            yield replace(row, ci_low_mw=found.low_mw, ci_high_mw=found.high_mw)


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
    kind: str, metric: str, method: SequentialMonteCarlo, comparison: Comparison, without: float, with_addition: float
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
        without=without,
        with_addition=with_addition,
        years=method.budget,
    )


def _without_root(row: CreditRow, error: NoRootError) -> CreditRow:
    ends = (error.at_low, error.at_high)
    return replace(row, status="no_root", bracket_mw=(0.0, error.high_mw), at_ends=ends)
