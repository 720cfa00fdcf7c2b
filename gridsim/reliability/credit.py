"""Capacity credit: how much load or perfect capacity an addition to a system is worth, exactly or by sampling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from gridsim.errors import StudyError, nearest
from gridsim.kernels.convolution import (
    both_short,
    capacity_mass,
    first_cell_served,
    joint_below,
    lower_tails,
    shortage,
)
from gridsim.reliability.additions import Addition, nameplate_mw, with_additions
from gridsim.reliability.credit_sampled import SampledRisk, SampledSearch
from gridsim.reliability.credit_search import flat_root
from gridsim.reliability.exact import better_sampled_because, no_frequencies_because
from gridsim.reliability.fleet import LARGEST_STEP_MW, Rounding, fleet_of, pairs_of
from gridsim.reliability.methods import Level, Sampler, SequentialMonteCarlo
from gridsim.reliability.samplers import COPPER_TOLERANCE_MW
from gridsim.reliability.system import AdequacySystem
from gridsim.reliability.weather_years import WeatherYears

F8 = NDArray[np.float64]

EXACT_METRICS = ("EUE", "LOLH", "LOLEv")
CREDIT_METRICS = (*EXACT_METRICS, "CVaR_95")
ROOT_NOISE = 1e-12  # of the metric without the addition: rounding of the arithmetic
Z_95 = 1.959963984540054


@dataclass(frozen=True)
class CapacityCredit:
    """Credit of an addition by one metric.

    ``elcc_mw``: constant load that may be added together with it so that the metric is what it was without. ``efc_mw``:
    perfect capacity that does to the metric what the addition does. The two differ: always say which. Counts of hours
    and events change in steps: every credit in the range does equally well, and the middle of it is given.
    ``without``, ``with_addition``: the metric. ``step_mw``: the grid of capacities, which holds them all; None of a
    sampled credit, which has standard errors instead.
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

    @property
    def elcc_mw(self) -> float:
        return sum(self.elcc_range_mw) / 2.0

    @property
    def efc_mw(self) -> float:
        return sum(self.efc_range_mw) / 2.0

    @property
    def elcc_interval_mw(self) -> tuple[float, float]:
        """95 % confidence interval of a sampled ELCC; the range of an exact one."""
        return (self.elcc_range_mw[0] - Z_95 * self.elcc_stderr_mw, self.elcc_range_mw[1] + Z_95 * self.elcc_stderr_mw)

    @property
    def efc_interval_mw(self) -> tuple[float, float]:
        """95 % confidence interval of a sampled EFC; the range of an exact one."""
        return (self.efc_range_mw[0] - Z_95 * self.efc_stderr_mw, self.efc_range_mw[1] + Z_95 * self.efc_stderr_mw)

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


class ExactSearch:
    """ELCC and EFC of the difference between two systems at copper level, by convolution.

    Each credit is the first and the last of those that do equally well.
    """

    def __init__(
        self, without: AdequacySystem, with_addition: AdequacySystem, nameplate_mw: float, metric: str
    ) -> None:
        if metric not in EXACT_METRICS:
            raise StudyError(f"metric: no exact credit by {metric}; use {', '.join(EXACT_METRICS)}, or a method")
        self._risk_without = RiskCurve(without, metric, 0.0)
        self._risk_with = RiskCurve(with_addition, metric, nameplate_mw)
        self._metric, self.nameplate_mw = metric, nameplate_mw
        self.without, self.with_addition = self._risk_without.at(0.0), self._risk_with.at(0.0)
        self.step_mw = self._risk_with.step_mw
        if self.without == 0.0:
            raise StudyError(f"{metric}: 0 without the addition, which then has no credit; raise the load")
        self._noise = ROOT_NOISE * self.without

    def elcc(self) -> tuple[float, float]:
        """Load that takes back what the addition brings."""
        return flat_root(
            lambda mw: self._risk_with.at(mw) - self.without, self.nameplate_mw, self._noise, f"ELCC by {self._metric}"
        )

    def efc(self) -> tuple[float, float]:
        """Perfect capacity that brings the same."""
        return flat_root(
            lambda mw: self.with_addition - self._risk_without.at(-mw),
            self.nameplate_mw,
            self._noise,
            f"EFC by {self._metric}",
        )


class RiskCurve:
    """A metric of a system at copper level as a function of load added in every hour, convolved once.

    ``most_mw``: most load that will be asked about. ``step_mw``: the grid of capacities.
    """

    def __init__(self, system: AdequacySystem, metric: str, most_mw: float) -> None:
        cause = better_sampled_because(system, Level.COPPER)
        if cause is not None:
            raise StudyError(f"credit: exact is not for {cause}")
        fleet = fleet_of(system, range(len(system.unit_name)))
        self.step_mw = fleet.step_mw() or LARGEST_STEP_MW
        self._metric = metric
        self._demand_mw = np.asarray(system.load_mw.sum(axis=1)) - fleet.sure_mw
        n_cells = self._short_cells(float(self._demand_mw.max()) + most_mw)
        states = fleet.states(self.step_mw, Rounding.DOWN)
        self._below, self._area = lower_tails(capacity_mass(states.start, states.cell, states.probability, n_cells))
        # hours that share the values of all machines that vary, and what those have in them
        self._parts: list[tuple[NDArray[np.int64], F8]] = []
        for key in range(len(fleet.key_hour)):
            more = fleet.varying_states(key, self.step_mw, Rounding.DOWN)
            mass = capacity_mass(more.start, more.cell, more.probability, min(more.n_cells, max(n_cells, 1)))
            self._parts.append((np.flatnonzero(fleet.hour_key == key), mass))
        self._joint: F8 | None = None
        if metric == "LOLEv":
            cause = no_frequencies_because(fleet, self._demand_mw + most_mw, self.step_mw, on_grid=True)
            if cause is not None:
                raise StudyError(f"credit: no exact LOLEv, because {cause}; use EUE or LOLH")
            pair_start, pair, _ = pairs_of(fleet)
            self._joint = joint_below(states.start, states.cell, pair_start, pair, n_cells)

    def at(self, load_mw: float) -> float:
        """The metric with so many MW of load more (less, if below zero) in every hour."""
        demand_mw = self._demand_mw + load_mw
        lolp, epns = np.zeros(len(demand_mw)), np.zeros(len(demand_mw))
        for hours, mass in self._parts:
            part = np.zeros((2, len(hours)))
            shortage(
                demand_mw[hours],
                self.step_mw,
                COPPER_TOLERANCE_MW,
                self._below,
                self._area,
                varying=mass,
                lolp_out=part[0],
                epns_out=part[1],
            )
            lolp[hours], epns[hours] = part
        if self._joint is None:
            return float(epns.sum() if self._metric == "EUE" else lolp.sum())
        both = np.zeros(len(demand_mw))
        both_short(self._joint, demand_mw, self.step_mw, COPPER_TOLERANCE_MW, both)
        return float((lolp - both).sum())

    def _short_cells(self, demand_mw: float) -> int:
        return int(first_cell_served(demand_mw, self.step_mw, COPPER_TOLERANCE_MW))
