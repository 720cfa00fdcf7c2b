"""Failure rates and line ratings by air temperature."""

from __future__ import annotations

import numpy as np
import pytest

from gridsim.weather.response import _odds, _scale, failure_rates
from gridsim.weather.year import weather_model


def test_the_scale_meets_the_base_rate_by_hand() -> None:
    """Half of the hours with odds 1/9, half with odds 1: k = 1/3 gives q = 1/28 and 1/4, mean 1/7."""
    assert _scale(np.array([1 / 9, 1.0]), np.array([0.5, 0.5]), 1 / 7) == pytest.approx(1 / 3, rel=1e-12)


def test_rates_average_to_each_machines_own_over_the_climate(kazakhstan) -> None:
    """Year 0 of seeds 1..20: z = (mean unavailability - base) / its standard error, for none of them beyond 4."""
    rates, model = failure_rates(kazakhstan), weather_model(kazakhstan)
    gens = kazakhstan.generators
    led = np.flatnonzero(rates.row >= 0)
    assert set(gens.technology[led].tolist()) == {"steam", "chp", "gt", "ccgt", "hydro"}
    led = led[::20]
    base = (gens.mttr_h / (gens.mttf_h + gens.mttr_h))[led]
    by_seed = []
    for seed in range(1, 21):
        factor = rates.factors(model.temperature(model.field.year(seed, 0)))
        assert factor.min() > 0.0 and factor.max() <= 1.0
        ratio = (rates.largest_per_h * gens.mttr_h)[led, None] * factor[rates.row[led]]
        by_seed.append((ratio / (1.0 + ratio)).mean(axis=1))
    z = (np.mean(by_seed, axis=0) - base) / (np.std(by_seed, axis=0, ddof=1) / np.sqrt(20))
    assert np.abs(z).max() < 4.0


def test_the_rate_follows_the_odds_of_the_curve(kazakhstan) -> None:
    """-30 C against 5 C, steam machines built for -40 C: q of the table 0.133 and 0.083."""
    rates = failure_rates(kazakhstan)
    row = next(k for k, (curve, _) in enumerate(rates.curve_site) if kazakhstan.outage_curves.name[curve] == "steam")
    n_sites = len(kazakhstan.weather_sites)
    cold, mild = (rates.factors(np.full(n_sites, t))[row] for t in (-30.0, 5.0))
    assert cold / mild == pytest.approx(_odds(0.133) / _odds(0.083), rel=1e-12)


def test_ratings_follow_the_warmer_end_of_a_line(kazakhstan) -> None:
    """PUE 1.3.3: 1.00 at 25 C, 1.24 at 0 C, 1.29 from -5 C down, 0.81 at 40 C."""
    lines, site = kazakhstan.lines, kazakhstan.buses.weather_site
    ends = np.stack([site[lines.from_bus], site[lines.to_bus]])
    apart = int(np.flatnonzero((lines.rating_curve >= 0) & (ends.min(axis=0) >= 0) & (ends[0] != ends[1]))[0])
    plain = int(np.flatnonzero(lines.rating_curve < 0)[0])
    temperature_c = np.full(len(kazakhstan.weather_sites), -30.0)
    assert kazakhstan.branch_rating_factor(temperature_c)[apart] == 1.29
    temperature_c[ends[1, apart]] = 25.0
    factor = kazakhstan.branch_rating_factor(temperature_c)
    assert factor[apart] == 1.0
    # no curve, transformers, and a site without climate: the table's rating
    assert factor[plain] == 1.0 and (factor[len(lines) :] == 1.0).all()
    assert (kazakhstan.branch_rating_factor(np.full_like(temperature_c, np.nan)) == 1.0).all()
    hours = np.stack([np.zeros_like(temperature_c), np.full_like(temperature_c, 40.0)], axis=1)
    found = kazakhstan.rating_factors(hours)
    assert found.shape == (len(kazakhstan.rating_rows[0]), 2)
    assert (found == [1.24, 0.81]).all()


def test_the_dispatch_limits_of_a_step_are_its_ratings(kazakhstan) -> None:
    from gridsim.model.pack import pack

    packed = pack(kazakhstan)
    factor = kazakhstan.branch_rating_factor(np.full(len(kazakhstan.weather_sites), -20.0))
    lo, hi = packed.row_limits((), 1, None, factor)
    n = kazakhstan.n_branches
    np.testing.assert_allclose(hi[:n], kazakhstan.branch_normal_mw * factor, rtol=1e-12)
    np.testing.assert_allclose(lo[:n], -hi[:n], rtol=1e-12)
    np.testing.assert_array_equal(hi[n:], packed.row_limits((), 1)[1][n:])  # sections keep theirs: stability, not heat
