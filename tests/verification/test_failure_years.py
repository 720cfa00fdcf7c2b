"""Years of failures, with repairs and without, are in a run those of the sampler, seed by seed.

A fraction plays a month; the quick tests play three or four.
"""

from __future__ import annotations

import pytest

from tests.support.failure_years import check_months, check_year, with_repairs
from tests.support.fraction import FRACTION

MONTHS = max(round(12 * FRACTION), 1)


@pytest.mark.parametrize("seed", range(1, 1 + max(round(6 * FRACTION), 1)))
def test_a_year_of_failures_sheds_what_the_samplers_year_sheds(seed: int) -> None:
    check_year(seed, MONTHS)


def test_a_year_of_repairs_and_failures_sheds_what_the_samplers_year_sheds() -> None:
    check_months(with_repairs(5, 3, 7), seed=2, months=MONTHS)
