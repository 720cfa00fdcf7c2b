"""What the benchmarks share: timing, bundled systems, and the sizes of a smoke run."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np

from gridsim.io.bundled import network_folder
from gridsim.io.read_network import read_network
from gridsim.model.system import GridSystem

#: A smoke run proves that every benchmark runs: smallest sizes, and what compiles anew or runs long is left out.
SMOKE = os.environ.get("GRIDSIM_BENCHMARK_SMOKE") == "1"

Value = TypeVar("Value")


def sized(full: Value, smoke: Value) -> Value:
    """The size of a benchmark, smaller in a smoke run."""
    return smoke if SMOKE else full


def not_in_smoke() -> None:
    """Leave this benchmark out of a smoke run (asv takes NotImplementedError in ``setup`` as not applicable)."""
    if SMOKE:
        raise NotImplementedError


@lru_cache
def network(name: str) -> GridSystem:
    """A bundled network, read once per process."""
    return read_network(network_folder(name))


def best_of(repeats: int, function: Callable[[], object]) -> float:
    """Seconds of the fastest of some calls."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def median_us(call: Callable[[int], Any], n: int) -> float:
    """Median over ``n`` calls of the best of three, in microseconds."""
    return 1e6 * float(np.median([best_of(3, lambda k=k: call(k)) for k in range(n)]))
