"""Short hours kept with their outages: the same totals as drawing again, for any load and capacity beside them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from gridsim.kernels.shortfall import ENERGY, EVENTS, HOURS
from gridsim.reliability import Addition, AdequacySystem, SequentialMonteCarlo, system_from_frames
from gridsim.reliability import credit_years as module
from gridsim.reliability.additions import with_additions, with_load, with_perfect
from gridsim.reliability.credit_rows import Comparison, credit_rows
from gridsim.reliability.credit_sampled import standard_error
from gridsim.reliability.credit_years import CreditYears, drawn_totals, in_all_years
from gridsim.reliability.short_hours import hours_stand_alone


def two_areas() -> AdequacySystem:
    """Machines with and without a profile in two areas, a tie of two circuits that fail."""
    n_hours = 240
    names = [f"u{k}" for k in range(8)]
    units = pd.DataFrame(
        {
            "name": names,
            "area": ["left", "right"] * 4,
            "p_max_mw": [50.0, 30.0, 40.0, 20.0, 35.0, 25.0, 15.0, 10.0],
            "forced_outage_rate": 0.15,
            "mttr_h": 12.0,
        }
    )
    hour = np.arange(n_hours)
    profile = pd.DataFrame({"u0": 40.0 + 10.0 * np.sin(hour / 5.0)})
    loads = pd.DataFrame({"left": 70.0 + 20.0 * np.sin(hour / 4.0), "right": 55.0 + 15.0 * np.cos(hour / 3.0)})
    tie = {"name": "t", "area_from": "left", "area_to": "right", "forward_mw": 30.0, "backward_mw": 20.0}
    interfaces = pd.DataFrame([tie | {"circuits": 2, "mttf_h": 60.0, "mttr_h": 12.0}])
    return system_from_frames(units, loads, profiles_mw=profile, interfaces=interfaces)


@pytest.mark.parametrize("level", ["copper", "zonal"])
def test_the_kept_hours_give_the_totals_of_years_drawn_anew(level: str) -> None:
    """In any order of asking: loads that grow, fall, and stand beside capacity."""
    system = two_areas()
    method = SequentialMonteCarlo(years=40, seed=3, level=level)
    kept = CreditYears(system, lambda same: same, method, is_part=False, reserve_mw=0.0)
    share = np.array([0.25, 0.75])
    for load_mw, perfect_mw in ((0.0, 0.0), (12.0, 0.0), (5.0, 0.0), (0.0, 8.0), (5.0, 3.0), (2.0, 0.0), (15.0, 0.0)):

        def beside(of: AdequacySystem, load_mw: float = load_mw, perfect_mw: float = perfect_mw) -> AdequacySystem:
            of = with_perfect(of, perfect_mw, share) if perfect_mw else of
            return with_load(of, load_mw) if load_mw else of

        found = kept.totals(beside, load_mw, with_load_alone=perfect_mw == 0.0)
        drawn = drawn_totals(system, beside, method)
        assert drawn[:, HOURS].sum() > 20.0
        for column in (HOURS, EVENTS, ENERGY):
            assert found[:, column] == pytest.approx(drawn[:, column], rel=1e-9, abs=1e-6)


def test_too_many_hours_are_drawn_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_HOURS", 10)
    method = SequentialMonteCarlo(years=8, seed=3)
    kept = CreditYears(two_areas(), lambda same: same, method, is_part=False, reserve_mw=0.0)
    found = kept.totals(lambda same: same, 0.0, with_load_alone=True)
    assert (found == drawn_totals(two_areas(), lambda same: same, method)).all()


def test_a_state_with_many_short_hours_takes_fewer_years(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 80 years as many as hold the hours that are enough, and their mean and error in the place of all."""
    method = SequentialMonteCarlo(years=80, seed=3)
    drawn = drawn_totals(two_areas(), lambda same: same, method)
    monkeypatch.setattr(module, "HOURS_OF_STATE", 50.0 * drawn[: module.FIRST_YEARS, HOURS].mean())
    kept = CreditYears(two_areas(), lambda same: same, method, is_part=True, reserve_mw=0.0)
    found = kept.totals(lambda same: same, 0.0, with_load_alone=True)
    assert found[:, HOURS].tolist() == drawn[: len(found), HOURS].tolist()
    assert len(found) == 50
    spread = in_all_years(found[:, ENERGY], 80)
    assert spread.mean() == pytest.approx(found[:, ENERGY].mean(), rel=1e-12)
    assert standard_error(spread) == pytest.approx(standard_error(found[:, ENERGY]), rel=0.02)
    assert in_all_years(spread, 80) is spread


def test_hours_that_hang_together_are_not_kept() -> None:
    system = two_areas()
    assert hours_stand_alone(system)
    assert not hours_stand_alone(dataclasses.replace(system, step_h=0.5))


def test_a_tail_that_no_year_shows_has_no_credit() -> None:
    """Short by 5 MW in an hour of 500, which capacity of 5 MW ends in every sample: what asks for a risk a thousand
    times as rare gets no number from the end of what was drawn.
    """
    units = pd.DataFrame({"name": ["a"], "p_max_mw": [10.0], "forced_outage_rate": [0.002], "mttr_h": [1.0]})
    system = system_from_frames(units, np.linspace(4.0, 5.0, 8))
    addition = Addition("new", 20.0, 0.001)
    pair = Comparison(
        system,
        with_additions(system, [addition]),
        frozenset(["new"]),
        np.array([20.0]),
    )
    elcc, efc = credit_rows(pair, ("elcc", "efc"), "EUE", SequentialMonteCarlo(years=300, seed=1), exact=False)
    assert elcc.without > 0.0
    assert (efc.status, efc.value_mw) == ("too_few_years", None)
