"""Checks of a known day against tables worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from gridsim.model.known_day import Against, Check, Statistic
from gridsim.results.known_day import Verdict, held_against

# Three intervals: 0-1 h, 1-3 h, 3-4 h; two zones; one load class cut in the second interval alone.
SOLVES = {"time_h": np.array([0.0, 1.0, 3.0]), "duration_h": np.array([1.0, 2.0, 1.0])}
ZONES = {
    "time_h": np.repeat(SOLVES["time_h"], 2),
    "duration_h": np.repeat(SOLVES["duration_h"], 2),
    "name": np.tile(["north", "south"], 3),
    "demand_mw": np.array([100.0, 50.0, 120.0, 60.0, 110.0, 40.0]),
    "losses_mw": np.array([10.0, 5.0, 12.0, 6.0, 11.0, 4.0]),
    "temperature_c": np.array([-20.0, -5.0, np.nan, -6.0, -22.0, -7.0]),
}
SHORTFALL = {
    "time_h": np.array([1.0, 1.0]),
    "duration_h": np.array([2.0, 2.0]),
    "name": np.array(["a/industry", "b/industry"]),
    "load_class": np.array(["industry", "industry"]),
    "unserved_mw": np.array([3.0, 4.0]),
}
TABLES = {"solves": SOLVES, "zones": ZONES, "shortfall": SHORTFALL}
HALVED = {**TABLES, "zones": {**ZONES, "demand_mw": ZONES["demand_mw"] / 2, "losses_mw": ZONES["losses_mw"] / 2}}


def check(quantity: str = "load_mw", place: str = "system", at: float = 0.0, to: float = 4.0, **keys: object) -> Check:
    known = {"statistic": Statistic.MEAN, "against": Against.NOTHING, "observed": 0.0, "tolerance": 0.0}
    return Check(quantity, place, at, to, **{**known, "source": "by hand", **keys})  # type: ignore[arg-type]


def simulated(one: Check, baseline: object = None) -> float | None:
    return held_against((one,), TABLES, baseline)[0].simulated  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (check(), (165 + 2 * 198 + 165) / 4),
        (check(statistic=Statistic.MAX), 198.0),
        (check(statistic=Statistic.MIN, place="south"), 44.0),
        (check(statistic=Statistic.ENERGY), 165 + 2 * 198 + 165),
        (check(statistic=Statistic.ENERGY, at=0.5, to=2.0), 0.5 * 165 + 198),
        (check(at=2.0, to=2.0), 198.0),
        (check(at=3.0, to=3.0, place="north"), 121.0),
        (check("temperature_c", "north"), -21.0),
        (check("class_unserved_mw", "industry", statistic=Statistic.MAX), 7.0),
        (check("class_unserved_mw", "industry", at=0.0, to=0.0), 0.0),
        (check("class_unserved_mw", "industry", statistic=Statistic.ENERGY), 14.0),
    ],
)
def test_the_number_of_a_window(one: Check, expected: float) -> None:
    assert simulated(one) == pytest.approx(expected, rel=1e-12)


def test_a_change_and_a_ratio_are_against_the_horizon_without_events() -> None:
    one = check(against=Against.CHANGE, statistic=Statistic.MAX)
    assert simulated(one, HALVED) == pytest.approx(99.0)
    assert simulated(check(against=Against.RATIO), HALVED) == pytest.approx(2.0)
    assert simulated(check(against=Against.RATIO)) == 1.0


def test_the_verdict_holds_the_tolerance_and_no_number_is_a_miss() -> None:
    near = check(observed=190.0, tolerance=8.0, statistic=Statistic.MAX)
    far = check(observed=190.0, tolerance=7.9, statistic=Statistic.MAX)
    none = check("temperature_c", "north", at=1.5, to=1.5)
    later = check("frequency_hz", "north", observed=50.0, tolerance=1.0)
    verdicts = [outcome.verdict for outcome in held_against((near, far, none, later), TABLES, None)]
    assert verdicts == [Verdict.MET, Verdict.MISSED, Verdict.MISSED, Verdict.SKIPPED]
