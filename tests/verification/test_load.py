"""The load of Kazakhstan over 200 generated years (a fraction in CI), and the fit that made it, done again."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.fraction import FRACTION
from tests.support.national_load import fit_script, national_load

YEARS = max(round(200 * FRACTION), 20)


@pytest.fixture(scope="module")
def found(kazakhstan):
    return national_load(kazakhstan, YEARS)


def test_published_peak_energy_and_load_factor(found) -> None:
    peak, mean = found.load_mw.max(axis=1), found.load_mw.mean(axis=1)
    assert peak.mean() == pytest.approx(17_600, abs=300)
    assert 121.0 < mean.mean() * 8.76e-3 < 126.0
    assert (mean / peak).mean() == pytest.approx(0.79, abs=0.015)
    # a peak is a winter evening
    at = found.load_mw.argmax(axis=1)
    assert set(found.hour[at].tolist()) <= {17, 18, 19, 20}
    assert set(found.month[at].tolist()) <= {11, 12, 1, 2, 3}


def test_the_spread_of_yearly_peaks_is_that_of_winters(found) -> None:
    # records of two winters with ordinary growth differed by 1 %; a cold winter is worth a few per cent, not ten
    peak = found.load_mw.max(axis=1)
    assert 0.008 < peak.std() / peak.mean() < 0.02


def test_the_fit_gives_the_tables_again(kazakhstan) -> None:
    script = fit_script()
    fit = script.Fit(script.Aggregates(kazakhstan, years=YEARS))
    best = fit.solve(script.read_facts("held")["cold_slope", 0].value).rounded()
    of = fit.aggregates
    assert best.heating_share == pytest.approx(of.heating_share)
    assert best.town_mw == pytest.approx(of.town_mw, rel=0.005)
    np.testing.assert_allclose(of.fitted(best, fit.shapes), of.current(), atol=0.01)
    assert np.abs(fit.misses(best)).max() < 1.0  # every fact within its tolerance
    high = fit.solve(script.read_facts("held")["cold_slope_high", 0].value)
    assert np.abs(fit.misses(high)).max() > 1.0
