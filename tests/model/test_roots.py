"""Roots are those of scipy's ``brentq``, to the last bit; what has none is an error."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from scipy.optimize import brentq

from gridsim.model.roots import root

FUNCTIONS: dict[str, tuple[Callable[[float], float], float, float]] = {
    "line": (lambda x: 2.0 * x - 1.0, -3.0, 8.0),
    "cubic": (lambda x: x**3 - 2.0 * x - 5.0, 2.0, 3.0),
    "flat": (lambda x: (x - 1.0) ** 3 + 0.01 * (x - 1.0), -7.0, 2.0),
    "steep": (lambda x: math.tanh(1e4 * (x - 0.3)), 0.0, 50.0),
    "exponential": (lambda x: math.expm1(x) - 3.0, 1e-6, 3.0),
    "kinked": (lambda x: max(x, 0.0) - 0.25 + min(x, 0.0) * 9.0, -2.0, 4.0),
    "falling": (lambda x: math.cos(x) - x, 1.5, 0.0),
    "root_at_an_end": (lambda x: x - 4.0, 0.0, 4.0),
}


@pytest.mark.parametrize("within", [1e-12, 1e-6, 0.1])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_as_scipy(name: str, within: float) -> None:
    function, low, high = FUNCTIONS[name]
    assert root(function, low, high, within=within) == brentq(function, low, high, xtol=within)


def test_one_sign_is_an_error() -> None:
    with pytest.raises(ValueError, match="same sign"):
        root(lambda x: x * x + 1.0, -1.0, 1.0, within=1e-9)
