"""Arguments of public functions: of the right type and in range, or an error in one line that names them."""

from __future__ import annotations

import math
import numbers
from typing import TypeVar

import numpy as np

from gridsim.errors import ArgumentError, StudyError

LARGEST_SEED = 2**64 - 1
LARGEST_REPLICATE = 2**31 - 1  # tables of results count them in 32 bits
MOST_WORKERS = 4096

Kind = TypeVar("Kind")


def whole_number(name: str, value: object, low: int, high: int) -> int:
    """``value`` as int: a whole number of Python or numpy from ``low`` to ``high``, and no truth value."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, numbers.Integral):
        raise ArgumentError(f"{name}: {value!r} is not a whole number; give {low} to {_end(high)}")
    found = int(value)
    if not low <= found <= high:
        raise StudyError(f"{name}: {_shown(found)} is out of range; give {low} to {_end(high)}")
    return found


def number(name: str, value: object, low: float, high: float) -> float:
    """``value`` as float: a finite number from ``low`` to ``high``, and no truth value."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, numbers.Real):
        raise ArgumentError(f"{name}: {value!r} is not a number; give {low:g} to {high:g}")
    try:
        found = float(value)
    except OverflowError:
        found = math.inf
    if not low <= found <= high:
        raise StudyError(f"{name}: {found} is out of range; give {low:g} to {high:g}")
    return found


def seed_of(value: object) -> int:
    """A seed of everything random."""
    return whole_number("seed", value, 0, LARGEST_SEED)


def instance_of(name: str, value: object, kind: type[Kind], mend: str) -> Kind:
    """``value``, which is of ``kind``; ``mend``: where to take one from."""
    if not isinstance(value, kind):
        raise ArgumentError(f"{name}: {type(value).__name__} is not a {kind.__name__}; {mend}")
    return value


def _end(high: int) -> str:
    powers = {2**bits - 1: f"2^{bits} - 1" for bits in (31, 32, 63, 64)}
    return powers.get(high, str(high))


def _shown(value: int) -> str:
    return str(value) if value.bit_length() < 200 else f"a number of {value.bit_length()} bits"
