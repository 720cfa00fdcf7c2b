"""Exact numbers of a system whose load forecast has an error: the mean over the errors, each exact."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gridsim.errors import StudyError
from gridsim.kernels.convolution import capacity_mass
from gridsim.reliability.exact import (
    EPS,
    FREQUENCIES,
    MOST_CELLS,
    Bounded,
    ExactShortfall,
    better_sampled_because,
    daily_peak_hours,
    exact_shortfall,
    not_exact_because,
)
from gridsim.reliability.fleet import Rounding, fleet_of
from gridsim.reliability.forecast_error import LoadForecast
from gridsim.reliability.load_forecast import with_load_factor
from gridsim.reliability.methods import Level
from gridsim.reliability.samplers import COPPER_TOLERANCE_MW
from gridsim.reliability.steps import in_steps
from gridsim.reliability.system import AdequacySystem

F8 = NDArray[np.float64]

FARTHEST = 9.0  # standard deviations of the error beyond which a normal tail is below 1e-18
SMALLEST_CHANCE = 1e-18
AT_A_TIME = 256  # hours


def exact_numbers(system: AdequacySystem, level: Level, *, grid_mw: float | None = None) -> ExactShortfall:
    """Shortfall with or without an error of the load forecast; StudyError with the cause if it cannot be."""
    if system.step_h != 1.0:
        found_by_step = exact_numbers(in_steps(system), level, grid_mw=grid_mw)
        return dataclasses.replace(
            found_by_step,
            step_h=system.step_h,
            demand_mwh=found_by_step.demand_mwh * system.step_h,
            peak_hour=daily_peak_hours(system),
        )
    forecast = system.load_forecast
    if forecast is None:
        return exact_shortfall(system, level, grid_mw=grid_mw)
    if forecast.stdev is None:
        errors = list(zip(forecast.error, forecast.probability, strict=True))
        found = [exact_shortfall(with_load_factor(system, 1.0 + e), level, grid_mw=grid_mw) for e, _ in errors]
        base = exact_shortfall(with_load_factor(system, 1.0), level, grid_mw=grid_mw, transitions=False)
        return _mean(found, [chance for _, chance in errors], base)
    cause = _normal_not_exact_because(system, level)
    if cause is not None:
        raise StudyError(f"method: exact is not for {cause}; use SequentialMonteCarlo, or --method sequential")
    return _normal(with_load_factor(system, 1.0), forecast, level)


def sampled_because(system: AdequacySystem, level: Level) -> str | None:
    """Cause for sampling, as of ``better_sampled_because``, for a forecast with or without an error."""
    system = in_steps(system)
    forecast = system.load_forecast
    if forecast is None:
        return better_sampled_because(system, level)
    if forecast.stdev is not None:
        return _normal_not_exact_because(system, level)
    return better_sampled_because(with_load_factor(system, 1.0 + max(forecast.error)), level)


def _normal_not_exact_because(system: AdequacySystem, level: Level) -> str | None:
    plain = with_load_factor(system, 1.0)
    cause = not_exact_because(plain, level)
    if cause is not None:
        return cause
    if level is not Level.COPPER:
        return "a normal error of the load forecast at this level: give steps"
    fleet = fleet_of(plain, range(len(plain.unit_name)))
    if fleet.varying:
        return f"a normal error of the load forecast beside {fleet.varying[0].component.name}, which varies: give steps"
    step_mw = fleet.step_mw()
    if step_mw is None:
        return "a normal error of the load forecast and capacities without a step in common: give steps"
    cells = sum(float(machine.mw.max()) for machine in fleet.constant) / step_mw
    return f"a grid of {cells:,.0f} cells: at most {MOST_CELLS:,}" if cells > MOST_CELLS else None


def _mean(found: Sequence[ExactShortfall], shares: Sequence[float], base: ExactShortfall) -> ExactShortfall:
    """The weighted mean; demand is the forecast's."""

    def mean(parts: Sequence[Bounded]) -> Bounded:
        of = [sum(share * part[k] for share, part in zip(shares, parts, strict=True)) for k in range(3)]
        return Bounded(*(np.asarray(values) for values in of))

    absent = dict(pair for one in found for pair in one.absent.items())
    return dataclasses.replace(
        base,
        lolp=mean([one.lolp for one in found]),
        epns_mw=mean([one.epns_mw for one in found]),
        is_on_grid=all(one.is_on_grid for one in found),
        frequency={
            name: mean([one.frequency[name] for one in found])
            for name in FREQUENCIES
            if all(name in one.frequency for one in found)
        },
        absent=absent,
    )


def normal_shortage(load_mw: F8, known_mw: F8, stdev: float, capacity_mw: F8, chance: F8) -> tuple[F8, F8]:
    """LOLP and mean unserved MW of each hour, (n_hours,) each.

    Each cell of capacity c against the normal demand L (1 + s Z) + k, of which k is known: P(short) = Phi(d) and
    E[unserved] = s L (d Phi(d) + phi(d)), d = (L + k - c) / (s L).
    """
    from scipy.special import ndtr

    lolp, epns_mw = np.zeros(len(load_mw)), np.zeros(len(load_mw))
    for first in range(0, len(load_mw), AT_A_TIME):
        at = slice(first, first + AT_A_TIME)
        spread_mw = np.maximum(stdev * load_mw[at], SMALLEST_CHANCE)[:, None]
        over_mw = (load_mw + known_mw)[at, None] - capacity_mw
        # cells further away than any error are short, or are not
        away = np.clip(over_mw / spread_mw, -FARTHEST, None)
        below = ndtr(away)
        density = np.exp(-0.5 * np.minimum(away, FARTHEST) ** 2) / math.sqrt(2.0 * math.pi)
        lolp[at] = ndtr(away - COPPER_TOLERANCE_MW / spread_mw) @ chance
        epns_mw[at] = np.where(away > FARTHEST, over_mw, spread_mw * np.maximum(away * below + density, 0.0)) @ chance
    return lolp, epns_mw


def _normal(system: AdequacySystem, forecast: LoadForecast, level: Level) -> ExactShortfall:
    """Every cell of capacity against the normal demand of each hour."""
    base = exact_shortfall(system, level, transitions=False)
    if not forecast.stdev:
        return base
    fleet = fleet_of(system, range(len(system.unit_name)))
    states = fleet.states(base.step_mw, Rounding.DOWN)
    mass = capacity_mass(states.start, states.cell, states.probability, states.n_cells)
    cell = np.flatnonzero(mass > SMALLEST_CHANCE)
    capacity_mw, chance = np.asarray(cell * base.step_mw, dtype=np.float64), mass[cell]
    load_mw = system.load_mw.sum(axis=1)
    lolp, epns_mw = normal_shortage(load_mw, -fleet.sure_mw, forecast.stdev, capacity_mw, chance)
    # what is left out: cells and errors of hardly any chance, and the rounding of as many terms
    largest_mw = float(load_mw.max())
    left_out = SMALLEST_CHANCE * (len(mass) + 2.0)
    noise = 16.0 * EPS * (len(mass) + len(states.cell))
    frequency_cause = "events under a normal error of the load forecast are sampled"
    return dataclasses.replace(
        base,
        lolp=Bounded(lolp[None], lolp[None], lolp[None]).widened(noise * lolp[None] + left_out),
        epns_mw=Bounded(epns_mw[None], epns_mw[None], epns_mw[None]).widened(
            noise * epns_mw[None] + left_out * largest_mw + COPPER_TOLERANCE_MW * EPS
        ),
        frequency={},
        absent=dict.fromkeys(FREQUENCIES, frequency_cause),
    )
