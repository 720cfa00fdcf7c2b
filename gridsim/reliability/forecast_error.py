"""Distribution of the error of a load forecast."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gridsim.errors import InputError, Problem
from gridsim.kernels.rng import stream_id, uniforms

F8 = NDArray[np.float64]

LARGEST_STDEV = 0.3
SUM_TOLERANCE = 1e-9
STREAM = stream_id("load", "forecast", "error")


@dataclass(frozen=True)
class LoadForecast:
    """Error of the forecast, as a share of the load: the same in every hour and at every bus of a sample.

    error, probability
        Steps, for instance (-0.05, 0.0, 0.05) with (0.25, 0.5, 0.25).
    stdev
        Standard deviation of a normal error in place of the steps.

    Raises InputError with every problem found.
    """

    error: tuple[float, ...] = ()
    probability: tuple[float, ...] = ()
    stdev: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "error", tuple(float(value) for value in self.error))
        object.__setattr__(self, "probability", tuple(float(value) for value in self.probability))
        problems = [Problem("load_forecast", row, column, value, mend) for row, column, value, mend in self._faults()]
        if problems:
            raise InputError(problems)

    def _faults(self) -> list[tuple[int, str, str, str]]:
        found: list[tuple[int, str, str, str]] = []
        if self.stdev is not None:
            if not 0.0 <= self.stdev <= LARGEST_STDEV:
                found.append((0, "stdev", f"{self.stdev:g} is not from 0 to {LARGEST_STDEV:g}", "a share of the load"))
            if self.error or self.probability:
                found.append((0, "stdev", "given beside steps", "give one of the two"))
            return found
        if len(self.error) != len(self.probability) or not self.error:
            counts = f"{len(self.error)} errors, {len(self.probability)} probabilities"
            return [(0, "probability", counts, "give one to each error, or stdev in their place")]
        for row, (error, chance) in enumerate(zip(self.error, self.probability, strict=True)):
            if not -1.0 <= error <= 1.0:
                found.append((row + 2, "error", f"{error:g} is not from -1 to 1", "give a share of the load"))
            if not 0.0 <= chance <= 1.0:
                found.append((row + 2, "probability", f"{chance:g} is not from 0 to 1", "give a probability"))
        total = math.fsum(self.probability)
        if not found and abs(total - 1.0) > SUM_TOLERANCE:
            found.append((0, "probability", f"sums to {total:g}", "probabilities of the errors sum to 1"))
        return found

    def factors(self, seed: int, first: int, n: int) -> F8:
        """(n,) load of the samples ``first`` .. over the forecast."""
        chance = np.array([uniforms(seed, sample, STREAM, 1)[0] for sample in range(first, first + n)])
        if self.stdev is not None:
            from scipy.special import ndtri

            # a load below zero is none
            return np.maximum(1.0 + self.stdev * ndtri(chance), 0.0)
        step = np.searchsorted(np.cumsum(self.probability), chance)
        return 1.0 + np.array(self.error)[np.minimum(step, len(self.error) - 1)]
