"""Samplers for rare events: exact values, the same bytes for any threads, their accounts, and what each refuses."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest

from gridsim.errors import StudyError
from gridsim.io.read_network import read_network
from gridsim.reliability import (
    Addition,
    AdequacySystem,
    AssessmentResult,
    CommonCause,
    Derating,
    Exact,
    Level,
    RepairLaw,
    Sampler,
    SequentialMonteCarlo,
    ShortfallEvents,
    SnapshotMonteCarlo,
    WeatherYears,
    assess,
    capacity_credit,
    system_from_frames,
    system_from_grid,
    two_state,
)
from gridsim.reliability.snapshots import CopperSnapshots
from gridsim.reliability.tilt import copper_pocket, tilt_towards
from gridsim.results.levels import Concentration, Link, Telescope, TermMoments, Weights, coefficients
from gridsim.results.sampler_report import SamplerReport, TermReport
from tests.support.reliability_cases import rbts, rts79, tiny

TILTED = SnapshotMonteCarlo(samples=4096, sampler="cross_entropy")


def frame_bytes(result: AssessmentResult) -> bytes:
    return result.metrics.to_csv(float_format="%.17g").encode()


def z_of(result: AssessmentResult, name: str, exact: float) -> float:
    estimate = result[name]
    assert estimate.stderr is not None and estimate.stderr > 0.0
    return (float(estimate) - exact) / estimate.stderr


def test_the_tilt_of_rts79_is_the_published_optimum() -> None:
    """Unavailabilities E[f out] / E[f] of f the unserved MW, computed independently by convolution."""
    system = rts79()
    source = CopperSnapshots(system, 1)
    tilt = tilt_towards(source.model, [copper_pocket(system)], "EUE", untilted=0.0)
    first = source.model.state_offset
    out = {mw: 1.0 - tilt.state_start[0, first[unit]] for unit, mw in enumerate(system.unit_mw)}
    published = {12: 0.021981695944768294, 197: 0.19422819807295752, 350: 0.6039041109051114, 400: 0.8245447959787604}
    assert {mw: out[mw] for mw in published} == pytest.approx(published, rel=1e-9)
    assert np.average(tilt.hour_ratio[0]) == pytest.approx(1.0, rel=1e-12)


def test_cross_entropy_by_hand() -> None:
    """RTS-79 to 1 % takes 14,000 snapshots or so, crude ones 17 million; RBTS beside it."""
    for system, name in ((rts79(), "rts79"), (rbts(), "rbts")):
        exact = assess(system, Exact())
        result = assess(system, SnapshotMonteCarlo(samples=20_480, seed=3, sampler="cross_entropy"))
        for metric in ("EUE", "LOLH"):
            assert abs(z_of(result, metric, float(exact[metric]))) < 3.3, name
        assert result.cov < 0.0115
        assert result.status == "ok" and result.block_size == 1024


def test_the_stop_rule_asks_for_a_block_and_256_contributions() -> None:
    result = assess(rts79(), SnapshotMonteCarlo(target_cov=0.2, sampler="cross_entropy"))
    assert result.n_samples == 1024
    report = result.sampler_report
    assert report is not None and report.terms[0].effective > 256
    close = assess(rts79(), SnapshotMonteCarlo(target_cov=0.01, sampler="cross_entropy"))
    assert close.cov <= 0.01 and 12_000 < close.n_samples < 17_100


@pytest.mark.parametrize(
    "method",
    [
        SnapshotMonteCarlo(samples=3000, sampler="cross_entropy"),
        SequentialMonteCarlo(years=9000, sampler="quasi_sequential"),
        SnapshotMonteCarlo(target_cov=0.01, level="zonal", sampler="multilevel"),
        SequentialMonteCarlo(years=256, level="zonal", sampler="multilevel"),
    ],
    ids=lambda method: f"{method.level}-{method.sampler}",
)
def test_the_same_bytes_for_any_number_of_threads(method: SnapshotMonteCarlo | SequentialMonteCarlo) -> None:
    system = rts79() if method.level is Level.COPPER else system_from_grid(read_network("rts79"))
    one, three = (assess(system, dataclasses.replace(method, workers=workers)) for workers in (1, 3))
    assert frame_bytes(one) == frame_bytes(three)
    assert one.sampler_report == three.sampler_report


def test_quasi_sequential_finds_events_of_the_hourly_chain() -> None:
    """LOLEv 1.9131308578 of RTS-79 by the joint distribution of two successive hours."""
    result = assess(rts79(), SequentialMonteCarlo(years=40_960, seed=2, sampler="quasi_sequential"))
    assert abs(z_of(result, "LOLEv", 1.9131308578)) < 3.3
    assert abs(z_of(result, "LOLH", float(assess(rts79(), Exact())["LOLH"]))) < 3.3
    crude = assess(rts79(), SequentialMonteCarlo(years=20_000, seed=2))
    for name in ("LOLD", "event_duration_h_mean", "event_depth_mw_mean", "event_energy_mwh_mean"):
        of, other = result[name], crude[name]
        assert abs(of - other) < 3.3 * math.hypot(of.stderr or 0.0, other.stderr or 0.0), name


def test_the_tilt_of_a_difference_leaves_its_control_a_tenth() -> None:
    """Three pockets: where the first one is the control the others share what it and the untilted part leave, half by
    their mean and half evenly; a control alone keeps all.
    """
    system = rts79()
    source = CopperSnapshots(system, 1)
    whole = copper_pocket(system)
    pockets = [whole, *(whole._replace(margin_mw=whole.margin_mw + more_mw) for more_mw in (100.0, 200.0))]
    as_they_are = tilt_towards(source.model, pockets, "EUE", untilted=0.05).share
    of_difference = tilt_towards(source.model, pockets, "EUE", untilted=0.05, first_is_control=True).share
    of_others = tilt_towards(source.model, pockets[1:], "EUE", untilted=0.05).share
    assert as_they_are[0] > 0.4
    assert of_difference == pytest.approx([0.1, *(of_others[:2] * 0.85 / 0.95), 0.05])
    alone = tilt_towards(source.model, pockets[:1], "EUE", untilted=0.05, first_is_control=True)
    assert alone.share == pytest.approx([0.95, 0.05])


def test_multilevel_snapshots_lean_on_the_exact_copper_plate() -> None:
    system = system_from_grid(read_network("rts79"))
    method = SnapshotMonteCarlo(samples=2048, level="zonal", sampler="multilevel", seed=4)
    leaning = assess(system, method)
    alone = assess(system, dataclasses.replace(method, sampler="cross_entropy", samples=65_536))
    report = leaning.sampler_report
    assert report is not None and report.exact_base and len(report.terms) == 1
    assert leaning.cov < 0.2 * alone.cov * math.sqrt(65_536 / 2048)
    for scope in ("system", "zone:kv138"):
        of, other = leaning["EUE", scope], alone["EUE", scope]
        assert abs(of - other) < 3.3 * math.hypot(of.stderr or 0.0, other.stderr or 0.0), scope


def pair(**more: pd.DataFrame) -> AdequacySystem:
    """Two areas of twelve machines in all, a tie that fails between them, and 500 hours."""
    units = pd.DataFrame(
        {
            "name": [f"u{k}" for k in range(12)],
            "area": ["north", "south", "south"] * 4,
            "p_max_mw": [50.0, 60.0, 40.0] * 4,
            "mttf_h": 200.0,
            "mttr_h": 40.0,
        }
    )
    load = pd.DataFrame({"north": np.full(500, 130.0), "south": 220.0 + 60.0 * np.sin(np.arange(500) / 9.0)})
    tie = pd.DataFrame(
        {
            "name": ["tie"],
            "area_from": ["north"],
            "area_to": ["south"],
            "forward_mw": [30.0],
            "backward_mw": [30.0],
            "mttf_h": [500.0],
            "mttr_h": [20.0],
        }
    )
    return system_from_frames(units, load, interfaces=tie, name="pair", **more)


STORE = pd.DataFrame(
    {
        "name": ["tank"],
        "area": ["south"],
        "charge_mw": [40.0],
        "discharge_mw": [40.0],
        "energy_mwh": [160.0],
        "efficiency_charge": [0.9],
    }
)


@pytest.mark.parametrize("more", [{}, {"storages": STORE}], ids=["plain", "stores"])
def test_multilevel_years_agree_with_crude_ones(more: dict[str, pd.DataFrame]) -> None:
    """With a store too, which couples the hours: the copper plate's years hold it as the areas' do."""
    system = pair(**more)
    crude = assess(system, SequentialMonteCarlo(years=3000, level="zonal", seed=5))
    levels = assess(system, SequentialMonteCarlo(target_cov=0.04, level="zonal", seed=5, sampler="multilevel"))
    assert {e.scope for e in levels.estimates} == {e.scope for e in crude.estimates}
    assert levels.sampler_report is not None and levels.sampler_report.exact_base is (not more)
    for name in ("EUE", "LOLH", "LOLD", "LOLEv"):
        for scope in ("system", "zone:north", "zone:south"):
            of, other = levels[name, scope], crude[name, scope]
            assert abs(of - other) < 3.3 * math.hypot(of.stderr or 0.0, other.stderr or 0.0), (name, scope)


def test_the_clock_stops_all_terms_together() -> None:
    result = assess(pair(), SequentialMonteCarlo(max_wall_s=0.5, level="zonal", sampler="multilevel", metric="LOLD"))
    assert result.stopped == "time budget spent"
    report = result.sampler_report
    assert report is not None and min(term.n for term in report.terms) > 0
    assert result["LOLD"].stderr is not None


def test_auto_takes_what_is_valid() -> None:
    copper = assess(rts79(), SnapshotMonteCarlo(samples=1024, sampler="auto"))
    assert copper.method.sampler is Sampler.CROSS_ENTROPY
    (term,) = copper.frame("sampler_terms").itertuples()
    assert (term.name, term.n, term.is_difference) == ("copper snapshots", 1024, False)
    zonal = assess(system_from_grid(read_network("rts79")), SnapshotMonteCarlo(1024, level="zonal", sampler="auto"))
    assert zonal.method.sampler is Sampler.MULTILEVEL
    years = assess(rts79(), SequentialMonteCarlo(years=256, sampler="auto"))
    assert years.method.sampler is Sampler.CRUDE
    assert frame_bytes(years) == frame_bytes(assess(rts79(), SequentialMonteCarlo(years=256)))


def with_store() -> AdequacySystem:
    stores = pd.DataFrame(
        {
            "name": ["tank"],
            "charge_mw": [10.0],
            "discharge_mw": [10.0],
            "energy_mwh": [40.0],
            "efficiency_charge": [0.9],
        }
    )
    return system_from_frames(
        pd.DataFrame({"name": ["a"], "p_max_mw": [50.0], "mttf_h": [100.0], "mttr_h": [10.0]}),
        np.full(48, 45.0),
        storages=stores,
        name="stored",
    )


def in_weather() -> WeatherYears:
    years = WeatherYears.__new__(WeatherYears)  # what is refused is not looked into, and its model takes seconds
    object.__setattr__(years, "n_years", None)
    return years


def behind_gas() -> AdequacySystem:
    cause = CommonCause(
        two_state("gas_pipeline", "pipe", 900.0, 20.0),
        derating={"a": Derating(np.array([[1.0, 0.5]]), np.array([[0.8]]))},
    )
    return dataclasses.replace(tiny(), common_causes=(cause,))


def lognormal_repair() -> AdequacySystem:
    system = tiny()
    slow = two_state("generator", "a", 90.0, 10.0, RepairLaw.LOGNORMAL, 1.0)
    return dataclasses.replace(system, unit_component=(slow, *system.unit_component[1:]))


@pytest.mark.parametrize(
    ("make", "method", "because"),
    [
        (with_store, TILTED, r"cross_entropy is not for stores \(tank\).*--sampler multilevel"),
        (in_weather, TILTED, "cross_entropy is not for weather years: weather couples the hours"),
        (behind_gas, TILTED, r"cross_entropy is not for a table by hours \(pipe\): linepack and stocks couple them"),
        (tiny, SnapshotMonteCarlo(1024, sampler="multilevel"), "multilevel is not for level copper"),
        (lognormal_repair, SequentialMonteCarlo(1024, sampler="quasi_sequential"), "a: its states do not last expon"),
    ],
)  # fmt: skip
def test_what_is_refused_by_name(make, method, because: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(StudyError, match=because):
        assess(make(), method)


def test_pairs_that_do_not_go_together_name_those_that_do() -> None:
    pairs = (
        "sequential with crude, multilevel, quasi_sequential; snapshot with crude, cross_entropy, multilevel; "
        "exact with none"
    )
    for make in (
        lambda: SequentialMonteCarlo(1, sampler="cross_entropy"),
        lambda: SnapshotMonteCarlo(1, sampler="quasi_sequential"),
        lambda: Exact(sampler="crude"),  # type: ignore[arg-type]
        lambda: Exact(sampler="auto"),  # type: ignore[arg-type]
    ):
        with pytest.raises(StudyError, match=pairs):
            make()


def test_a_credit_compares_years_as_they_come() -> None:
    method = SequentialMonteCarlo(years=10, sampler="quasi_sequential")
    with pytest.raises(StudyError, match="a credit compares years as they come, not quasi_sequential; use crude"):
        capacity_credit(tiny(), Addition("new", 10.0, 0.1), "EUE", method)


def test_means_alone_have_no_tables_of_events() -> None:
    with pytest.raises(StudyError, match="cross_entropy gives means alone; use sampler crude for ShortfallEvents"):
        assess(rts79(), TILTED, ShortfallEvents())


def test_nothing_to_tilt_towards() -> None:
    units = pd.DataFrame({"name": ["a", "b"], "p_max_mw": [50.0, 60.0], "mttf_h": [90.0, None], "mttr_h": [10.0, None]})
    with pytest.raises(StudyError, match="nothing to tilt towards: machines that fail leave no hour short"):
        assess(system_from_frames(units, np.full(24, 40.0)), TILTED)


def test_accounts_by_hand() -> None:
    """Contributions 1, 2, -5: the largest is 5 of 8, (1 + 2 + 5)^2 / 30 effective ones, 25 of 30 of the squares."""
    carried = Concentration()
    carried.add(np.array([1.0, 0.0, 2.0, -5.0]))
    assert carried.largest_share == 5.0 / 8.0
    assert carried.effective == pytest.approx(64.0 / 30.0)
    assert carried.largest_square_share == pytest.approx(25.0 / 30.0)
    weights = Weights()
    weights.add(np.array([0.5, 1.0, 3.0]))
    assert weights.mean == pytest.approx(1.5)
    assert weights.stderr == pytest.approx(np.std([0.5, 1.0, 3.0], ddof=1) / math.sqrt(3.0))


def test_doubts_say_their_cause() -> None:
    def of(**changed: object) -> str:
        good = TermReport("copper snapshots", 4096, 0, False, 0.01, 900.0, 0.02, 1.01, 0.02)
        return "; ".join(SamplerReport("cross_entropy", (dataclasses.replace(good, **changed),)).doubts())  # type: ignore[arg-type]

    assert of() == ""
    assert "99 effective contributions are fewer than 100" in of(effective=99.0)
    assert "one contribution is 6 % of the sum" in of(largest_share=0.06)
    assert "the mean likelihood ratio is 0.9, more than 3.3 standard errors from 1" in of(mean_ratio=0.9)
    assert "one squared difference is 21 % of their sum" in of(is_difference=True, largest_square_share=0.21)
    assert of(is_difference=True, effective=20.0) == ""
    few = assess(rbts(), SnapshotMonteCarlo(samples=64, sampler="cross_entropy"))
    assert few.status == "doubtful"


def test_levels_by_hand() -> None:
    """U = 2 L + d: 2 from the pilot, the mean of d and twice that of L, whose exact value has no variance."""
    rng = np.random.default_rng(1)
    lower = np.zeros((100, 1, 5))
    lower[:, 0, 0] = lower[:, 0, 3] = rng.random(100)
    upper = 2.0 * lower + 0.25
    b = coefficients(upper, lower, np.array([True]), 20, ())
    assert b[0, 3, 3] == pytest.approx(2.0) and b[0, 0, 0] == pytest.approx(2.0)
    assert b[0, 0, 3] == 0.0
    alone = coefficients(upper[:10], lower[:10], np.array([True]), 20, ())
    assert (alone[0] == np.eye(5)).all()
    term, base = TermMoments(1, 3), TermMoments(1, 3)
    term.add(upper, lower, b, None)
    exact = np.full((1, 5), np.nan)
    exact[0, 3] = 0.5
    found = Telescope([base, term], [Link(b, np.array([0]))], exact)
    assert found.value[0, 3] == pytest.approx(1.25)
    assert found.covariance[0, 3, 3] == pytest.approx(0.0, abs=1e-20)
