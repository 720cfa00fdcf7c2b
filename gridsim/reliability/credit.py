"""Capacity credit: how much load or perfect capacity an addition to a system is worth, exactly or by sampling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from gridsim.errors import StudyError, nearest
from gridsim.reliability.additions import Addition, nameplate_mw, with_additions
from gridsim.reliability.credit_exact import EXACT_METRICS, ExactSearch
from gridsim.reliability.credit_sampled import SampledRisk, SampledSearch
from gridsim.reliability.methods import Sampler, SequentialMonteCarlo
from gridsim.reliability.system import AdequacySystem
from gridsim.reliability.weather_years import WeatherYears

CREDIT_METRICS = (*EXACT_METRICS, "CVaR_95")


@dataclass(frozen=True)
class CapacityCredit:
    """Credit of an addition by one metric.

    ``elcc_mw``: constant load that may be added together with it so that the metric is what it was without. ``efc_mw``:
    perfect capacity that does to the metric what the addition does. The two differ: always say which. Counts of hours
    and events change in steps: every credit in the range does equally well, and the middle of it is given.
    ``without``, ``with_addition``: the metric. ``step_mw``: the grid of capacities, which holds them all; None of a
    sampled credit, which has standard errors and 95 % intervals (``sampled``) instead.
    """

    metric: str
    nameplate_mw: float
    without: float
    with_addition: float
    elcc_range_mw: tuple[float, float]
    efc_range_mw: tuple[float, float]
    step_mw: float | None
    elcc_stderr_mw: float = 0.0
    efc_stderr_mw: float = 0.0
    elcc_sampled_mw: tuple[float, float] | None = None
    efc_sampled_mw: tuple[float, float] | None = None

    @property
    def elcc_mw(self) -> float:
        return sum(self.elcc_range_mw) / 2.0

    @property
    def efc_mw(self) -> float:
        return sum(self.efc_range_mw) / 2.0

    @property
    def elcc_interval_mw(self) -> tuple[float, float]:
        """95 % confidence interval of a sampled ELCC; the range of an exact one."""
        return self.elcc_sampled_mw or self.elcc_range_mw

    @property
    def efc_interval_mw(self) -> tuple[float, float]:
        """95 % confidence interval of a sampled EFC; the range of an exact one."""
        return self.efc_sampled_mw or self.efc_range_mw

    @property
    def elcc_percent(self) -> float:
        return 100.0 * self.elcc_mw / self.nameplate_mw

    @property
    def efc_percent(self) -> float:
        return 100.0 * self.efc_mw / self.nameplate_mw


def capacity_credit(
    system: AdequacySystem | WeatherYears,
    additions: Addition | Sequence[Addition],
    metric: str = "EUE",
    method: SequentialMonteCarlo | None = None,
) -> CapacityCredit:
    """ELCC and EFC of an addition.

    Without a method, exact at copper level: bisection to 1e-9 MW between nothing and the nameplate; StudyError with the
    cause where the system is not exact. With one, by its sample years, the same draws on both sides of every
    comparison, at its level (copper or zonal): the credit has a standard error.
    """
    check_metric(metric)
    chosen = [additions] if isinstance(additions, Addition) else list(additions)
    if not sum(addition.nameplate_mw for addition in chosen) > 0.0:
        raise StudyError("additions: nothing is added; give p_max_mw > 0")
    if method is not None:
        if method.sampler not in (Sampler.AUTO, Sampler.CRUDE):
            raise StudyError(f"sampler: a credit compares years as they come, not {method.sampler}; use crude")
        normal = system.first if isinstance(system, WeatherYears) else system
        change = partial(with_additions, additions=chosen)
        whole_mw = {name: addition.p_max_mw for addition in chosen for name in addition.names}
        search = SampledSearch(
            SampledRisk(system, lambda unchanged: unchanged, metric, method),
            SampledRisk(system, change, metric, method, whole_mw.keys()),
            nameplate_mw(change(normal), whole_mw.keys(), whole_mw),
            metric,
        )
        elcc, efc = search.elcc(), search.efc()
        return CapacityCredit(
            metric=metric,
            nameplate_mw=search.nameplate_mw,
            without=search.without,
            with_addition=search.with_addition,
            elcc_range_mw=(elcc.mw, elcc.mw),
            efc_range_mw=(efc.mw, efc.mw),
            step_mw=None,
            elcc_stderr_mw=elcc.stderr_mw,
            efc_stderr_mw=efc.stderr_mw,
            elcc_sampled_mw=(elcc.low_mw, elcc.high_mw),
            efc_sampled_mw=(efc.low_mw, efc.high_mw),
        )
    if isinstance(system, WeatherYears):
        raise StudyError("credit: exact is not for weather years; give SequentialMonteCarlo(years=...)")
    nameplate = sum(addition.nameplate_mw for addition in chosen)
    exact = ExactSearch(system, with_additions(system, chosen), nameplate, metric)
    return CapacityCredit(
        metric=metric,
        nameplate_mw=nameplate,
        without=exact.without,
        with_addition=exact.with_addition,
        elcc_range_mw=exact.elcc(),
        efc_range_mw=exact.efc(),
        step_mw=exact.step_mw,
    )


def check_metric(metric: str) -> None:
    """StudyError for a metric without a credit."""
    if metric not in CREDIT_METRICS:
        raise StudyError(f"metric: no credit by '{metric}'; {nearest(metric, CREDIT_METRICS)}")
