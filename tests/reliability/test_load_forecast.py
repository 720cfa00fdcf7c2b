"""Error of the load forecast: mixtures computed by hand, exact, sampled and as snapshots."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from gridsim.errors import InputError, StudyError
from gridsim.reliability import (
    AdequacySystem,
    Exact,
    LoadForecast,
    SequentialMonteCarlo,
    SnapshotMonteCarlo,
    assess,
    system_from_frames,
)
from gridsim.reliability.load_forecast import with_load_factor

STEPS = LoadForecast((-0.2, 0.0, 0.2), (0.3, 0.5, 0.2))
#: One machine of 100 MW that is out a tenth of the time, loads of 72, 90 and 108 MW: six states.
LOLP = 0.3 * 0.1 + 0.5 * 0.1 + 0.2
EPNS_MW = 0.3 * 0.1 * 72.0 + 0.5 * 0.1 * 90.0 + 0.2 * (0.9 * 8.0 + 0.1 * 108.0)


def one_machine(load_forecast: Any, **more: Any) -> AdequacySystem:
    units = pd.DataFrame({"name": ["m"], "p_max_mw": 100.0, "forced_outage_rate": 0.1, "mttr_h": 2.0})
    return system_from_frames(units, np.full(24, 90.0), load_forecast=load_forecast, **more)


def test_steps_are_exact() -> None:
    result = assess(one_machine(STEPS), Exact())
    assert result["LOLP"].value == pytest.approx(LOLP, rel=1e-12)
    assert result["EPNS"].value == pytest.approx(EPNS_MW, rel=1e-12)
    assert result["NEUE"].value == pytest.approx(1e6 * EPNS_MW / 90.0, rel=1e-12)  # of the load as forecast
    # events: short all day with the probability of the high load, else as of the machine alone
    alone = assess(one_machine(None), Exact())["LOLEv"].value
    assert result["LOLEv"].value == pytest.approx(0.8 * alone + 0.2 * 1.0, rel=1e-9)


def test_normal_error_is_exact() -> None:
    result = assess(one_machine(0.1), Exact())
    far = (90.0 - 100.0) / 9.0
    assert result["LOLP"].value == pytest.approx(0.1 + 0.9 * norm.cdf(far), rel=1e-7)
    lost = 9.0 * (far * norm.cdf(far) + norm.pdf(far))
    assert result["EPNS"].value == pytest.approx(0.1 * 90.0 + 0.9 * lost, rel=1e-9)
    assert assess(one_machine(0.0), Exact())["EUE"].value == pytest.approx(24 * 9.0, rel=1e-12)


@pytest.mark.parametrize(("given", "wanted"), [(STEPS, EPNS_MW), (0.1, None)])
def test_sampled_years_agree(given: Any, wanted: float | None) -> None:
    system = one_machine(given)
    exact = assess(system, Exact())
    sampled = assess(system, SequentialMonteCarlo(years=4096, seed=3))
    for name in ("LOLP", "EPNS"):
        assert abs(sampled[name].value - exact[name].value) < 3.9 * (sampled[name].stderr or 0.0)
    assert wanted is None or exact["EPNS"].value == pytest.approx(wanted)


def test_snapshots_take_the_mean_over_the_steps() -> None:
    sampled = assess(one_machine(STEPS), SnapshotMonteCarlo(samples=16 * 4096, seed=2))
    assert abs(sampled["EPNS"].value - EPNS_MW) < 3.9 * (sampled["EPNS"].stderr or 0.0)
    with pytest.raises(StudyError, match="snapshots take steps"):
        assess(one_machine(0.1), SnapshotMonteCarlo(samples=4096))


def test_a_sample_is_that_of_its_load() -> None:
    """Same outages under every load, at copper and zonal level, and the same bytes for any number of workers."""
    system = one_machine(
        STEPS, storages=pd.DataFrame({"name": ["s"], "charge_mw": 5, "discharge_mw": 5, "energy_mwh": 20})
    )
    for level in ("copper", "zonal"):
        method = SequentialMonteCarlo(years=64, seed=5, level=level)
        mixed = assess(system, method)
        by_hand = 0.0
        factors = STEPS.factors(5, 0, 64)
        totals = {}
        for factor in set(factors.tolist()):
            from gridsim.reliability.assess import sample_source

            totals[factor] = sample_source(with_load_factor(system, factor), method).run(0, 64).total
        by_hand = float(np.mean([totals[f][k, 0, 3] for k, f in enumerate(factors.tolist())]))
        assert mixed["EUE"].value == pytest.approx(by_hand, rel=1e-12)
        again = assess(system, SequentialMonteCarlo(years=64, seed=5, level=level, workers=2, job_blocks=1))
        assert again["EUE"] == mixed["EUE"]


def test_frequencies_of_the_steps() -> None:
    share = np.bincount(np.searchsorted([0.9, 1.1], STEPS.factors(1, 0, 4000)), minlength=3) / 4000
    for seen, wanted in zip(share, STEPS.probability, strict=True):
        assert abs(seen - wanted) < 3.9 * math.sqrt(wanted * (1.0 - wanted) / 4000)


@pytest.mark.parametrize(
    ("given", "what"),
    [
        (pd.DataFrame({"error": [0.0, 0.1], "probability": [0.5, 0.4]}), "sums to 0.9"),
        (pd.DataFrame({"error": [0.0], "probability": [1.5]}), "1.5 is not <= 1"),
        (pd.DataFrame({"error": [-2.0], "probability": [1.0]}), "-2 is not >= -1"),
        (0.7, "0.7 is not from 0 to 0.3"),
        ("much", "'much' is no number"),
    ],
)
def test_an_uncertainty_that_is_none(given: Any, what: str) -> None:
    with pytest.raises(InputError, match=what):
        one_machine(given)
