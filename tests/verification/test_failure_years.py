"""Years of failures in a run are those of the sampler, seed by seed; the quick tests have a quarter of seed 1."""

from __future__ import annotations

import pytest

from tests.support.failure_years import check_year
from tests.support.fraction import FRACTION


@pytest.mark.parametrize("seed", range(1, 1 + round(6 * FRACTION)))
def test_a_year_of_failures_sheds_what_the_samplers_year_sheds(seed: int) -> None:
    check_year(seed)
