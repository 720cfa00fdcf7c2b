"""Years of failures in a run are those of the sampler, seed by seed; the quick tests have seed 1."""

from __future__ import annotations

import pytest

from tests.support.failure_years import check_year
from tests.support.fraction import FRACTION


@pytest.mark.parametrize("seed", range(2, 2 + round(5 * FRACTION)))
def test_a_year_of_failures_sheds_what_the_samplers_year_sheds(seed: int) -> None:
    check_year(seed)
