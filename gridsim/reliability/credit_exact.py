"""Capacity credit by convolution at copper level, with or without an error of the load forecast."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.polynomial.chebyshev import chebval
from numpy.typing import NDArray

from gridsim.errors import StudyError
from gridsim.kernels.convolution import (
    both_short,
    capacity_mass,
    first_cell_served,
    joint_below,
    lower_tails,
    shortage,
)
from gridsim.reliability.credit_search import flat_root, smooth_root
from gridsim.reliability.exact import better_sampled_because, no_frequencies_because
from gridsim.reliability.exact_forecast import SMALLEST_CHANCE, normal_shortage, sampled_because
from gridsim.reliability.fleet import LARGEST_STEP_MW, Fleet, Rounding, fleet_of, pairs_of
from gridsim.reliability.methods import Level
from gridsim.reliability.samplers import COPPER_TOLERANCE_MW
from gridsim.reliability.system import AdequacySystem

F8 = NDArray[np.float64]

EXACT_METRICS = ("EUE", "LOLH", "LOLEv")
ROOT_NOISE = 1e-12  # of the metric without the addition: rounding of the arithmetic
FEWEST_NODES, MOST_NODES = 128, 1024
SMOOTH_TOLERANCE = 1e-13  # of the largest coefficient: what the last eighth of them are below


class RiskCurve(Protocol):
    """A metric of a system at copper level as a function of load added in every hour.

    ``step_mw``: the grid. ``is_smooth``: it has no flat parts.
    """

    is_smooth: bool
    step_mw: float

    def at(self, load_mw: float) -> float:
        """The metric with so many MW of load more (less, if below zero) in every hour."""
        ...


class ExactSearch:
    """ELCC and EFC of the difference between two systems at copper level, by convolution.

    Each credit is the first and the last of those that do equally well. The load that is added is known: an error of
    the load forecast is one of the load that was there before.
    """

    def __init__(
        self, without: AdequacySystem, with_addition: AdequacySystem, nameplate_mw: float, metric: str
    ) -> None:
        if metric not in EXACT_METRICS:
            raise StudyError(f"metric: no exact credit by {metric}; use {', '.join(EXACT_METRICS)}, or a method")
        self._risk_without = _risk_curve(without, metric, 0.0)
        self._risk_with = _risk_curve(with_addition, metric, nameplate_mw)
        self._metric, self.nameplate_mw = metric, nameplate_mw
        self.without, self.with_addition = self._risk_without.at(0.0), self._risk_with.at(0.0)
        self.saved, self.saved_stderr = self.without - self.with_addition, 0.0
        self.step_mw = self._risk_with.step_mw
        if self.without == 0.0:
            raise StudyError(f"{metric}: 0 without the addition, which then has no credit; raise the load")
        self._noise = ROOT_NOISE * self.without

    def elcc(self) -> tuple[float, float]:
        """Load that takes back what the addition brings."""
        return self._root(lambda mw: self._risk_with.at(mw) - self.without, f"ELCC by {self._metric}")

    def efc(self) -> tuple[float, float]:
        """Perfect capacity that brings the same."""
        return self._root(lambda mw: self.with_addition - self._risk_without.at(-mw), f"EFC by {self._metric}")

    def _root(self, off: Callable[[float], float], what: str) -> tuple[float, float]:
        root = smooth_root if self._risk_with.is_smooth else flat_root
        return root(off, self.nameplate_mw, self._noise, what)


def no_exact_credit_because(system: AdequacySystem, metric: str, most_mw: float) -> str | None:
    """Cause that keeps a system's credit from convolution, as words that follow "for"; None if there is none.

    ``most_mw``: most load that will be added.
    """
    cause = (
        better_sampled_because(system, Level.COPPER)
        if system.load_forecast is None or system.step_h != 1.0
        else sampled_because(system, Level.COPPER)
    )
    if cause is not None or metric != "LOLEv":
        return cause
    if system.load_forecast is not None and system.load_forecast.stdev is not None:
        return "LOLEv, because the error of the load forecast is normal: use EUE, LOLH or an error in steps"
    fleet = fleet_of(system, range(len(system.unit_name)))
    demand_mw = _largest_factor(system) * system.load_mw.sum(axis=1) - fleet.sure_mw + most_mw
    step_mw = fleet.step_mw() or LARGEST_STEP_MW
    cause = no_frequencies_because(fleet, demand_mw, step_mw, on_grid=True)
    return None if cause is None else f"LOLEv, because {cause}; use EUE or LOLH"


def _largest_factor(system: AdequacySystem) -> float:
    forecast = system.load_forecast
    return 1.0 if forecast is None else 1.0 + max(forecast.error)


def _risk_curve(system: AdequacySystem, metric: str, most_mw: float) -> RiskCurve:
    cause = no_exact_credit_because(system, metric, most_mw)
    if cause is not None:
        raise StudyError(f"credit: exact is not for {cause}")
    fleet = fleet_of(system, range(len(system.unit_name)))
    if system.load_forecast is None:
        return _SteppedRisk(system, fleet, metric, most_mw, (0.0,), (1.0,))
    forecast = system.load_forecast
    if forecast.stdev:
        return _NormalRisk(system, fleet, metric, forecast.stdev)
    if forecast.stdev is not None:
        return _SteppedRisk(system, fleet, metric, most_mw, (0.0,), (1.0,))
    return _SteppedRisk(system, fleet, metric, most_mw, forecast.error, forecast.probability)


class _SteppedRisk:
    """Load as forecast, or wrong by steps: convolved once, and read from the tables under every step."""

    is_smooth = False

    def __init__(
        self,
        system: AdequacySystem,
        fleet: Fleet,
        metric: str,
        most_mw: float,
        error: tuple[float, ...],
        probability: tuple[float, ...],
    ) -> None:
        self.step_mw = fleet.step_mw() or LARGEST_STEP_MW
        self._metric = metric
        load_mw = np.asarray(system.load_mw.sum(axis=1))
        self._loads = [
            (chance, (1.0 + e) * load_mw - fleet.sure_mw) for e, chance in zip(error, probability, strict=True)
        ]
        highest_mw = max(float(demand_mw.max()) for _, demand_mw in self._loads) + most_mw
        n_cells = int(first_cell_served(highest_mw, self.step_mw, COPPER_TOLERANCE_MW))
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
            pair_start, pair, _ = pairs_of(fleet)
            self._joint = joint_below(states.start, states.cell, pair_start, pair, n_cells)

    def at(self, load_mw: float) -> float:
        return sum(chance * self._of_demand(demand_mw + load_mw) for chance, demand_mw in self._loads)

    def _of_demand(self, demand_mw: F8) -> float:
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


class _NormalRisk:
    """Load with a normal error, each cell of capacity against it in closed form; machines alike in all hours."""

    is_smooth = True

    def __init__(self, system: AdequacySystem, fleet: Fleet, metric: str, stdev: float) -> None:
        self.step_mw = fleet.step_mw() or LARGEST_STEP_MW
        self._is_energy = metric == "EUE"
        self._load_mw, self._sure_mw = np.asarray(system.load_mw.sum(axis=1)), fleet.sure_mw
        self._stdev = stdev
        states = fleet.states(self.step_mw, Rounding.DOWN)
        mass = capacity_mass(states.start, states.cell, states.probability, states.n_cells)
        cell = np.flatnonzero(mass > SMALLEST_CHANCE)
        self._capacity_mw, self._chance = np.asarray(cell * self.step_mw, dtype=np.float64), mass[cell]

    def at(self, load_mw: float) -> float:
        known_mw = load_mw - self._sure_mw
        if np.ptp(self._sure_mw) > 0.0:
            return float(self._of_loads(self._load_mw, known_mw).sum())
        return summed_smoothly(lambda loads_mw: self._of_loads(loads_mw, known_mw[0]), self._load_mw)

    def _of_loads(self, loads_mw: F8, known_mw: F8) -> F8:
        known = np.broadcast_to(known_mw, loads_mw.shape)
        lolp, epns_mw = normal_shortage(loads_mw, known, self._stdev, self._capacity_mw, self._chance)
        return epns_mw if self._is_energy else lolp


def summed_smoothly(function: Callable[[F8], F8], at: F8) -> float:
    """Sum of a function over many places: by its Chebyshev polynomial where that is right to 1e-13, else one by one.

    Risk under a normal error is analytic in the load: a few hundred places tell that of a year of hours.
    """
    low, high = float(at.min()), float(at.max())
    degree = FEWEST_NODES
    while degree < min(len(at) // 2, MOST_NODES) and high > low:
        places = 0.5 * (high - low) * np.cos(np.pi * (np.arange(degree + 1) + 0.5) / (degree + 1)) + 0.5 * (low + high)
        value = function(places)
        angle = np.pi * np.outer(np.arange(degree + 1), np.arange(degree + 1) + 0.5) / (degree + 1)
        coefficient = 2.0 / (degree + 1) * np.cos(angle) @ value
        coefficient[0] *= 0.5
        if np.abs(coefficient[-degree // 8 :]).max() <= SMOOTH_TOLERANCE * np.abs(coefficient).max():
            return float(chebval((2.0 * at - low - high) / (high - low), coefficient).sum())
        degree *= 2
    return float(function(at).sum())
