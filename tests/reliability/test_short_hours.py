"""Short hours kept with their outages: the same totals as drawing again, for any load and capacity beside them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
import pytest

from gridsim.kernels.shortfall import ENERGY, EVENTS, HOURS
from gridsim.reliability import Addition, AdequacySystem, SequentialMonteCarlo, capacity_credit, system_from_frames
from gridsim.reliability import credit_years as module
from gridsim.reliability.additions import with_additions, with_load, with_perfect
from gridsim.reliability.credit_conditional import mixture_of
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
    # beside a state that is never short the mean and error of the years that are known
    spread = in_all_years(found[:, ENERGY], np.zeros(80))
    assert spread.mean() == pytest.approx(found[:, ENERGY].mean(), rel=1e-12)
    assert standard_error(spread) == pytest.approx(standard_error(found[:, ENERGY]), rel=0.02)


def test_a_state_of_fewer_years_is_the_main_one_and_their_mean_difference() -> None:
    """Main state 10, 20, 30, 60 (mean 30); of the other the first two years, 14 and 26, on the mean 5 more: 35.

    Where the difference is the same in every year it has no error. Else that of its mean over the shared years: 4 and 6
    have a variance of 1 (by n), 1/2 of their mean, as has 2 x (4 - 5), 2 x (6 - 5), 0, 0 over four years.
    """
    main = np.array([10.0, 20.0, 30.0, 60.0])
    assert in_all_years(main[:2] + 5.0, main).tolist() == (main + 5.0).tolist()
    estimate = in_all_years(np.array([14.0, 26.0]), main)
    assert estimate.mean() == pytest.approx(35.0)
    assert (estimate - main - 5.0).tolist() == pytest.approx([-2.0, 2.0, 0.0, 0.0])
    assert (estimate - main).var() / 4 == pytest.approx(1.0 / 2)
    assert in_all_years(main, main) is main


def test_shortages_that_an_addition_does_not_reach_leave_no_noise(monkeypatch: pytest.MonkeyPatch) -> None:
    """``far`` lacks 10 MW for two hours of the year, ``here`` is short at random, and nothing passes between them.

    20 MW in ``far``, out a tenth of the time, leave 0.1 x 20 = 2 of its 20 MWh, as does perfect capacity of 9 MW:
    20 - 2 x 9 = 2. What ``here`` loses is the same on both sides, though the state "out" is known from 32 of 200 years.
    """
    units = pd.DataFrame(
        {"name": ["a", "b", "c"], "area": ["far", "here", "here"], "p_max_mw": [50.0, 30.0, 30.0]}
        | {"forced_outage_rate": [0.0, 0.1, 0.1], "mttr_h": 5.0}
    )
    load = pd.DataFrame({"far": np.r_[np.full(94, 40.0), 60.0, 60.0], "here": np.full(96, 40.0)})
    tie = {"name": "t", "area_from": "far", "area_to": "here", "forward_mw": 0.0, "backward_mw": 0.0}
    system = system_from_frames(units, load, interfaces=pd.DataFrame([tie]))
    addition = Addition("new", 20.0, 0.1, bus=system.buses[system.areas.index("far")])
    method = SequentialMonteCarlo(years=200, seed=2, level="zonal")
    monkeypatch.setattr(module, "HOURS_OF_STATE", 1.0)
    found = capacity_credit(system, addition, "EUE", method)
    assert found.without - found.with_addition == pytest.approx(18.0, rel=1e-9)
    assert found.efc_mw == pytest.approx(9.0, abs=1e-3)
    assert found.efc_stderr_mw < 1e-6


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


def test_a_shortage_out_of_reach_shows_no_tail() -> None:
    """The same beside an area that is short in every hour of every year and has no tie: no more years show the tail."""
    units = pd.DataFrame(
        {"name": ["a"], "area": ["far"], "p_max_mw": [10.0], "forced_outage_rate": [0.002], "mttr_h": [1.0]}
    )
    load = pd.DataFrame({"far": np.linspace(4.0, 5.0, 8), "here": np.full(8, 7.0)})
    tie = {"name": "t", "area_from": "far", "area_to": "here", "forward_mw": 0.0, "backward_mw": 0.0}
    system = system_from_frames(units, load, interfaces=pd.DataFrame([tie]))
    at_bus_mw = np.where(system.bus_area == system.areas.index("far"), 20.0, 0.0)
    far = system.buses[system.areas.index("far")]
    added = with_additions(system, [Addition("new", 20.0, 0.001, bus=far)])
    pair = Comparison(system, added, frozenset(["new"]), at_bus_mw)
    method = SequentialMonteCarlo(years=300, seed=1, level="zonal")
    (efc,) = credit_rows(pair, ("efc",), "EUE", method, exact=False)
    assert efc.without > efc.with_addition > 56.0
    assert (efc.status, efc.value_mw) == ("too_few_years", None)


def _changed_twice(
    first: Callable[[AdequacySystem], AdequacySystem],
    second: Callable[[AdequacySystem], AdequacySystem],
    system: AdequacySystem,
) -> AdequacySystem:
    return second(first(system))


@pytest.mark.parametrize("level", ["copper", "zonal"])
def test_a_state_takes_its_hours_from_the_one_with_more_out(level: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without drawing them again, and with the totals of years drawn anew."""
    mixture = mixture_of(two_areas(), ["u2"], "EUE")
    assert mixture is not None

    def there(system: AdequacySystem) -> AdequacySystem:
        return mixture.in_state(system, frozenset())

    def out(system: AdequacySystem) -> AdequacySystem:
        return mixture.in_state(system, frozenset(["u2"]))

    method = SequentialMonteCarlo(years=40, seed=3, level=level)
    harder = CreditYears(two_areas(), out, method, is_part=True, reserve_mw=0.0)
    kept = CreditYears(two_areas(), there, method, is_part=False, reserve_mw=0.0, harder=harder)
    for load_mw in (2.0, 9.0):
        beside = partial(with_load, load_mw=load_mw)
        drawn = drawn_totals(two_areas(), partial(_changed_twice, there, beside), method)
        assert harder.of_all_years(load_mw) is not None
        with monkeypatch.context() as only_harder:
            only_harder.setattr(module, "record_short_hours", None)
            found = kept.totals(beside, load_mw, with_load_alone=True)
        assert drawn[:, HOURS].sum() > 20.0
        for column in (HOURS, EVENTS, ENERGY):
            assert found[:, column] == pytest.approx(drawn[:, column], rel=1e-9, abs=1e-6)
