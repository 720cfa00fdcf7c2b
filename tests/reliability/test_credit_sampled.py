"""Sampled ELCC and EFC: recomputed values by their z-scores, stores and zones by hand, searches without a root."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2

from gridsim.errors import StudyError
from gridsim.reliability import Addition, AdequacySystem, SequentialMonteCarlo, capacity_credit, system_from_frames
from gridsim.reliability.additions import (
    line_nameplate_mw,
    scaled,
    split,
    with_additions,
    without_line,
    without_machines,
)
from gridsim.reliability.credit_conditional import mixture_of
from gridsim.reliability.credit_rows import Comparison, credit_rows
from gridsim.reliability.credit_sampled import (
    SampledRisk,
    SampledSearch,
    mean_interval,
    standard_error,
    tail_influence,
)
from gridsim.reliability.credit_search import NoRootError
from gridsim.results.adequacy import tail_mean
from tests.support.reliability_cases import DATA, rts79

CASES = {case["addition"]: case for case in json.loads((DATA / "credit" / "elcc_efc.json").read_text())["rts79"]}


def two_machines(load_mw: float = 80.0, out: float = 0.1) -> AdequacySystem:
    units = pd.DataFrame({"name": ["a", "b"], "p_max_mw": [50.0, 50.0], "forced_outage_rate": out, "mttr_h": 5.0})
    return system_from_frames(units, np.full(48, load_mw))


@pytest.mark.parametrize("metric", ["EUE", "LOLH"])
def test_z_scores_of_400_mw_on_rts79(metric: str) -> None:
    """The sum of z^2 over four seeds lies in its 99.9 % range, for ELCC and for EFC."""
    case = CASES["1 x 400 MW, FOR 0.12"]
    z: dict[str, list[float]] = {"elcc": [], "efc": []}
    for seed in range(1, 5):
        method = SequentialMonteCarlo(years=2000, seed=seed)
        found = capacity_credit(rts79(), Addition("new", 400.0, 0.12), metric, method)
        z["elcc"].append((found.elcc_mw - case[f"elcc_{metric.lower()}"]) / found.elcc_stderr_mw)
        z["efc"].append((found.efc_mw - case[f"efc_{metric.lower()}"]) / found.efc_stderr_mw)
        assert found.elcc_interval_mw[0] < found.elcc_mw < found.elcc_interval_mw[1]
    for values in z.values():
        low, high = chi2.ppf([0.0005, 0.9995], len(values))
        assert low < float(np.square(values).sum()) < high, values
        assert max(map(abs, values)) <= 3.9, values


def test_an_addition_out_is_known_from_as_many_years_as_it_has_few_short_hours() -> None:
    """1,200 MW beside RTS-79 leave nothing short unless out: then its 5 % of what is short without it, year by year.

    With 1,200 MW of load beside, the state "out" has 2,700 short hours a year, and 37 years of it are drawn.
    """
    addition = Addition("new", 1200.0, 0.05)
    method = SequentialMonteCarlo(years=200, seed=2)
    without = SampledRisk(rts79(), lambda system: system, "EUE", method)
    beside = SampledRisk(rts79(), lambda system: with_additions(system, [addition]), "EUE", method, addition.names)
    loaded = beside.expecting(1200.0)
    assert loaded.at(1200.0).mean() > 100.0 * loaded.at().mean()
    assert loaded.at() == pytest.approx(0.05 * without.at(), rel=1e-9)


class Decaying:
    """Samples of a risk that falls by e every ``scale_mw`` of perfect capacity."""

    is_dear = False

    def __init__(self, sample: list[float] | np.ndarray, scale_mw: float) -> None:
        self._sample, self._scale_mw = np.asarray(sample, dtype=float), scale_mw
        self.n_years = len(self._sample)

    def expecting(self, load_mw: float) -> Decaying:
        return self

    def of_years(self, n: int) -> Decaying:
        return Decaying(self._sample[:n], self._scale_mw)

    def at(self, load_mw: float = 0.0, perfect_mw: float = 0.0, share_of_bus: np.ndarray | None = None) -> np.ndarray:
        return np.asarray(self._sample * np.exp((load_mw - perfect_mw) / self._scale_mw))


def test_slope_is_that_at_the_root_however_wide_the_range_it_is_read_over() -> None:
    """A tenth of 200 samples is short, so that the slope's range grows to half of 400 MW, over which risk falls by e^5.

    The standard error is that of the difference by the slope at the root, risk / 40 MW.
    """
    rng = np.random.default_rng(3)
    sample, other = (np.where(rng.random(200) < 0.1, rng.exponential(1000.0, 200), 0.0) for _ in range(2))
    without, after = Decaying(sample, 40.0), Decaying(0.02 * other, 40.0)
    search = SampledSearch(without, after, np.array([400.0]), "EUE", ("efc",))
    efc = search.efc()
    at_root = 0.02 * other - without.at(perfect_mw=efc.mw)
    assert efc.stderr_mw == pytest.approx(standard_error(at_root) / (0.02 * other.mean() / 40.0), rel=1e-6)


def test_the_same_credit_for_any_number_of_workers() -> None:
    addition = Addition("new", 155.0, 0.04)
    one, two = (
        capacity_credit(rts79(), addition, "EUE", SequentialMonteCarlo(years=300, seed=3, workers=n)) for n in (1, 2)
    )
    assert one == two


@pytest.mark.parametrize("metric", ["EUE", "LOLH", "LOLEv", "CVaR_95"])
def test_perfect_capacity_is_worth_its_size_without_an_error(metric: str) -> None:
    """The same draws on both sides: nothing is left of the noise."""
    found = capacity_credit(rts79(), Addition("firm", 100.0), metric, SequentialMonteCarlo(years=500))
    assert found.efc_mw == pytest.approx(100.0, abs=0.02 if metric in ("EUE", "CVaR_95") else 3.0)
    assert found.elcc_mw == pytest.approx(100.0, abs=0.02 if metric in ("EUE", "CVaR_95") else 3.0)
    assert found.efc_stderr_mw < 1.0 and found.elcc_stderr_mw < 1.0


def test_the_influence_of_cvar_has_its_mean_and_error() -> None:
    value = np.sort(np.random.default_rng(1).exponential(10.0, 400))
    mean, stderr = tail_mean(value, np.ones(400, dtype=np.int64), 0.95)
    influence = tail_influence(value[::-1])
    assert influence.mean() == pytest.approx(mean, rel=1e-12)
    assert influence.std() / np.sqrt(399) == pytest.approx(stderr, rel=1e-12)


def test_the_interval_of_rare_and_large_differences_holds_their_mean() -> None:
    """A difference that 1 % of the years have, exponentially large: its skewness lengthens the upper side. Over 400
    sets of 1,000 years the interval covers as a binomial of 95 % does; 1.96 standard errors each way cover less.
    """
    rng = np.random.default_rng(8)
    covered, even = 0, 0
    for _ in range(400):
        value = rng.exponential(1.0, 1000) * (rng.uniform(size=1000) < 0.01)
        low, high = mean_interval(value)
        assert high - value.mean() > value.mean() - low
        covered += low <= 0.01 <= high
        even += abs(value.mean() - 0.01) <= 1.96 * value.std(ddof=1) / np.sqrt(1000)
    assert even < 0.915 * 400 < covered < 0.985 * 400


def test_the_interval_without_skewness_is_that_of_the_standard_error() -> None:
    value = np.array([-1.0, 1.0] * 50)
    assert mean_interval(value) == pytest.approx((-1.96 * 0.1005, 1.96 * 0.1005), rel=1e-3)
    assert mean_interval(np.full(9, 2.0)) == (2.0, 2.0)
    assert mean_interval(-(value**3) + 5.0) == pytest.approx((4.803, 5.197), abs=1e-3)


def test_hours_of_a_machine_that_is_rarely_out_are_covered() -> None:
    """LOLH is counted, so the ends of its interval are searched: the exact ELCC of 50 MW that are out 1 % of the time
    lies in at least ten of twelve; tests/verification has the coverage over more seeds.
    """
    case = CASES["1 x 50 MW, FOR 0.01"]
    covered = 0
    for seed in range(1, 13):
        method = SequentialMonteCarlo(years=200, seed=seed)
        found = capacity_credit(rts79(), Addition("new", 50.0, 0.01), "LOLH", method)
        low, high = found.elcc_interval_mw
        covered += low <= case["elcc_lolh"] <= high
    assert covered >= 10


def test_a_store_is_worth_what_it_gives_over_the_shortage() -> None:
    """Short of 10 MW in the last 2 of every 12 hours, which it gives 5 MW all along: as good as perfect capacity."""
    units = pd.DataFrame({"name": ["a"], "p_max_mw": [20.0], "forced_outage_rate": [0.0]})
    load = np.tile(np.r_[np.full(10, 5.0), np.full(2, 30.0)], 4)
    system = system_from_frames(units, load)
    store = Addition("battery", 5.0, energy_mwh=100.0, efficiency=1.0)
    found = capacity_credit(system, store, "EUE", SequentialMonteCarlo(years=4))
    assert (found.without, found.with_addition) == (pytest.approx(80.0), pytest.approx(40.0))
    assert (found.elcc_mw, found.efc_mw) == (pytest.approx(5.0, abs=1e-3), pytest.approx(5.0, abs=1e-3))


def two_areas() -> AdequacySystem:
    """``far`` has plenty; ``here`` lacks 10 MW in every hour and the tie passes nothing more."""
    units = pd.DataFrame(
        {"name": ["a", "b"], "p_max_mw": [100.0, 20.0], "forced_outage_rate": [0.0, 0.0], "area": ["far", "here"]}
    )
    load = pd.DataFrame({"far": np.full(24, 30.0), "here": np.full(24, 30.0)})
    ties = pd.DataFrame(
        {"name": ["t"], "area_from": ["far"], "area_to": ["here"], "forward_mw": [0.0], "backward_mw": 0.0}
    )
    return system_from_frames(units, load, interfaces=ties)


def test_a_machine_at_the_right_place_is_worth_more_load_than_its_size() -> None:
    """4 MW in the short area allow 8 MW of load that is shared evenly; in the other area they are worth nothing, and so
    is perfect capacity: none of it is needed to do as much, and no more than its size.
    """
    method = SequentialMonteCarlo(years=2, level="zonal")
    system = two_areas()
    bus = dict(zip(system.areas, system.buses, strict=True))
    found = capacity_credit(system, Addition("new", 4.0, bus=bus["here"]), "EUE", method)
    assert (found.without, found.with_addition) == (pytest.approx(240.0), pytest.approx(144.0))
    assert (found.elcc_mw, found.efc_mw) == (pytest.approx(8.0, abs=1e-3), pytest.approx(4.0, abs=1e-3))
    apart = capacity_credit(system, Addition("new", 4.0, bus=bus["far"]), "EUE", method)
    assert (apart.without, apart.with_addition) == (pytest.approx(240.0), pytest.approx(240.0))
    assert (apart.elcc_mw, apart.elcc_interval_mw) == (
        pytest.approx(0.0, abs=1e-3),
        pytest.approx((0.0, 0.0), abs=1e-3),
    )
    assert (apart.efc_mw, apart.efc_interval_mw) == (0.0, (0.0, 4.0))


def test_a_machine_that_follows_another() -> None:
    """Half the size of a machine that has 4 of 10 MW in the only short hour."""
    units = pd.DataFrame({"name": ["a", "sun"], "p_max_mw": [20.0, 10.0], "forced_outage_rate": 0.0})
    profile = pd.DataFrame({"sun": [10.0, 4.0]})
    system = system_from_frames(units, np.array([5.0, 34.0]), profiles_mw=profile)
    found = capacity_credit(system, Addition("more sun", 5.0, like="sun", like_mw=10.0))
    assert (found.elcc_mw, found.efc_mw) == (pytest.approx(2.0, abs=1e-6), pytest.approx(2.0, abs=1e-6))
    with pytest.raises(StudyError, match="did you mean 'sun'"):
        capacity_credit(system, Addition("more sun", 5.0, like="sum"))


def test_taking_out_splitting_and_scaling() -> None:
    system = two_machines()
    assert without_machines(system, ["a"]).unit_name == ("b",)
    parts = split(system, ["a"], 5)
    assert parts.unit_mw.tolist() == [50.0] + [10.0] * 5
    assert len({component.name for component in parts.unit_component}) == 6
    assert {component.states for component in parts.unit_component} == {system.unit_component[0].states}
    assert scaled(system, ["b"], 0.5).unit_mw.tolist() == [50.0, 25.0]


def comparison(added_mw: float, load_mw: float = 80.0) -> Comparison:
    system = two_machines(load_mw)
    larger = scaled(system, ["b"], (50.0 + added_mw) / 50.0)
    return Comparison(system, larger, frozenset(["b"]), np.array([abs(added_mw)]))


def test_a_search_without_a_root_is_a_row_with_both_ends() -> None:
    method = SequentialMonteCarlo(years=50)
    for exact in (True, False):
        rows = list(credit_rows(comparison(-10.0), ("elcc", "efc"), "EUE", method, exact=exact))
        assert [row.status for row in rows] == ["no_root", "no_root"]
        assert all(row.value_mw is None and row.percent is None for row in rows)
        assert rows[0].bracket_mw == (0.0, 10.0) and rows[0].at_ends is not None
        assert 0.0 < rows[0].at_ends[0] < rows[0].at_ends[1]


def test_years_that_do_not_tell_sizes_apart_are_a_status() -> None:
    """With the larger machine nothing is unserved in any sample: every perfect capacity above does the same."""
    units = pd.DataFrame({"name": ["a"], "p_max_mw": [20.0], "forced_outage_rate": [0.0]})
    system = system_from_frames(units, np.full(4, 25.0))
    with pytest.raises(StudyError, match="give more years"):
        capacity_credit(system, Addition("new", 10.0), "EUE", SequentialMonteCarlo(years=2))


def test_no_root_says_both_ends() -> None:
    error = NoRootError("ELCC by EUE", 10.0, 1.0, 2.0)
    assert str(error) == "ELCC by EUE: no root between 0 and 10 MW, where the metric misses its aim by 1 and 2"


def test_a_rare_outage_says_that_one_year_carries_much() -> None:
    """1 % out meets a shortage in few of 300 years; 12 % in many of 2,000."""
    system = rts79()
    shares = []
    for out, years in ((0.01, 300), (0.12, 2000)):
        added = with_additions(system, [Addition("new", 50.0, out)])
        pair = Comparison(system, added, frozenset(["new"]), np.array([50.0]))
        method = SequentialMonteCarlo(years=years)
        shares.append(next(iter(credit_rows(pair, ("elcc",), "LOLH", method, exact=False))).largest_share)
    assert shares[0] > 0.05 > shares[1] > 0.0


def test_a_machine_that_is_rarely_out_is_worth_the_exact_value_and_says_how_well_it_is_known() -> None:
    """1,200 MW that are out an hour in fifty, or in a thousand: the exact load to be added is within the error."""
    for out in (0.02, 0.001):
        addition = Addition("new", 1200.0, out)
        exact = capacity_credit(rts79(), addition, "EUE")
        for seed in (1, 2):
            found = capacity_credit(rts79(), addition, "EUE", SequentialMonteCarlo(years=600, seed=seed))
            assert abs(found.elcc_mw - exact.elcc_mw) < 3.9 * found.elcc_stderr_mw


def test_what_is_averaged_over() -> None:
    """Machines that are alike by the binomial of how many are out; none where hours hang together."""
    additions = [Addition("new", 20.0, 0.1, count=3)]
    system = with_additions(two_machines(), additions)
    mixture = mixture_of(system, additions[0].names, "EUE")
    assert mixture is not None
    found = sorted((len(out), share) for share, out in mixture.states)
    assert found == [(k, pytest.approx(share)) for k, share in enumerate((0.729, 0.243, 0.027, 0.001))]
    assert mixture_of(system, additions[0].names, "CVaR_95") is None
    stored = with_additions(system, [Addition("s", 1.0, energy_mwh=1.0)])
    assert mixture_of(stored, additions[0].names, "EUE") is None
    assert mixture_of(with_additions(two_machines(), [Addition("n", 2.0, 0.1, count=9)]), ["n_1"], "EUE") is not None


def test_demand_response_is_worth_what_its_calls_reach() -> None:
    """Short of 10 MW in the last 2 of every 12 hours, four times; 5 MW for two calls: 20 of 80 MWh, ELCC under 5 MW."""
    units = pd.DataFrame({"name": ["a"], "p_max_mw": [20.0], "forced_outage_rate": [0.0]})
    system = system_from_frames(units, np.tile(np.r_[np.full(10, 5.0), np.full(2, 30.0)], 4))
    found = capacity_credit(system, Addition("dr", 5.0, calls=2.0), "EUE", SequentialMonteCarlo(years=4))
    assert (found.without, found.with_addition) == (pytest.approx(80.0), pytest.approx(60.0))
    # as much as perfect capacity of 2.5 MW in all eight hours
    assert (found.elcc_mw, found.efc_mw) == (pytest.approx(2.5, abs=1e-2), pytest.approx(2.5, abs=1e-2))
    whole = capacity_credit(system, Addition("dr", 5.0, calls=2.0, period_h=24), "EUE", SequentialMonteCarlo(years=4))
    assert whole.elcc_mw == pytest.approx(5.0, abs=1e-2)


def test_a_line_is_worth_what_it_brings() -> None:
    """20 of 30 MW of ties to an area that lacks 50: without the line 40 are lost, with it 20. Load is added where load
    is, five sevenths of it in the east, so that 28 MW take the 20 back; perfect capacity stands in the east.
    """
    system = system_from_frames(
        pd.DataFrame({"name": ["m"], "bus": ["a"], "p_max_mw": [100.0]}),
        pd.DataFrame({"a": np.full(24, 20.0), "c": np.full(24, 50.0)}),
        branches=pd.DataFrame(
            {"name": ["thick", "thin"], "from_bus": "a", "to_bus": "c", "x_pu": 0.1, "limit_mw": [20.0, 10.0]}
        ),
        buses=pd.DataFrame({"bus": ["a", "c"], "area": ["west", "east"]}),
    )
    comparison = Comparison(
        system,
        system,
        frozenset(["thick"]),
        line_nameplate_mw(system, "thick"),
        change_without=lambda of: without_line(of, "thick"),
    )
    method = SequentialMonteCarlo(years=4, level="zonal")
    elcc, efc = credit_rows(comparison, ("elcc", "efc"), "EUE", method)
    assert (elcc.without, elcc.with_addition) == (pytest.approx(24 * 40.0), pytest.approx(24 * 20.0))
    assert elcc.value_mw == pytest.approx(28.0, abs=0.01)
    assert efc.value_mw == pytest.approx(20.0, abs=0.01)
