"""Capacity outage probability tables of Billinton and Allan (1996), chapter 2, from sampled states."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from gridsim.reliability import AdequacySystem, SnapshotMonteCarlo, assess, system_from_frames
from tests.support.reliability_cases import DATA

SAMPLES = 256 * 4096


def machines(sizes: list[float], rate: float, load_mw: float) -> AdequacySystem:
    units = pd.DataFrame(
        {
            "name": [f"u{i}" for i in range(len(sizes))],
            "p_max_mw": sizes,
            "forced_outage_rate": rate,
            "mttr_h": 40.0,
        }
    )
    return system_from_frames(units, np.full(24, load_mw))


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(
    ("case", "sizes", "rate"),
    [
        ("copt_3_3_5", [3.0, 3.0, 5.0], 0.02),
        ("copt_25_25_50", [25.0, 25.0, 50.0], 0.02),
        ("copt_5x40", [40.0] * 5, 0.01),
    ],
)
def test_capacity_outage_table(case: str, sizes: list[float], rate: float, seed: int) -> None:
    """A load just above what an outage leaves is lost with P(at least so much out); one seed draws the same states at
    every load, so the differences count the states of each row. Rows seen less than five times are taken together.
    """
    table = json.loads((DATA / "textbook" / "textbook_cases.json").read_text())["cases"][case]
    out_mw = sorted(float(key) for key in table)
    exact = np.array([table[f"{mw:g}"] for mw in out_mw])
    at_least = np.cumsum(exact[::-1])[::-1]
    seen = [1.0]
    for mw, probability in zip(out_mw[1:], at_least[1:]):
        lost = assess(machines(sizes, rate, sum(sizes) - mw + 0.5), SnapshotMonteCarlo(samples=SAMPLES, seed=seed))
        seen.append(lost["LOLP"].value)
        # the exact error: where few or no states are seen, the sample's own would say nothing
        assert abs(seen[-1] - probability) < 4.5 * np.sqrt(probability * (1.0 - probability) / SAMPLES) + 1.0 / SAMPLES
    count = -np.diff(np.append(seen, 0.0)) * SAMPLES
    assert count == pytest.approx(np.round(count), abs=1e-3)
    last = int(np.flatnonzero(at_least * SAMPLES >= 5.0)[-1])
    observed = np.append(count[:last], count[last:].sum())
    wanted = np.append(exact[:last], exact[last:].sum()) * SAMPLES
    statistic = ((observed - wanted) ** 2 / wanted).sum()
    assert stats.chi2.sf(statistic, last) > 1e-4
