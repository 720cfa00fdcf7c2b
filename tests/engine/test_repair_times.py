"""Repair times from one uniform draw, by hand."""

import math

import pytest

from gridsim.engine.disturbances import draw_repair_h
from gridsim.model.scenario import Repair


def test_a_constant_repair_takes_its_mean() -> None:
    assert draw_repair_h(Repair("constant", 24.0), 0.9) == 24.0


def test_an_exponential_repair_is_drawn_by_inversion() -> None:
    assert draw_repair_h(Repair("exponential", 24.0), 0.5) == pytest.approx(24.0 * math.log(2.0))


@pytest.mark.parametrize("sigma", [0.25, 1.0, 1.5])
def test_a_lognormal_repair_has_its_median_below_its_mean(sigma: float) -> None:
    """The median of a lognormal of mean m is m exp(-sigma^2 / 2)."""
    assert draw_repair_h(Repair("lognormal", 24.0, sigma), 0.5) == pytest.approx(24.0 * math.exp(-(sigma**2) / 2.0))
    spread = draw_repair_h(Repair("lognormal", 24.0, sigma), 0.8413447460685429)
    assert spread == pytest.approx(24.0 * math.exp(sigma - sigma**2 / 2.0), rel=1e-6)
