"""Exact shortfall: published and recomputed values, full enumeration, sampling, bounds, and what is refused."""

from __future__ import annotations

import dataclasses
import json
from itertools import product

import numpy as np
import pandas as pd
import pytest

import gridsim
from gridsim.cli import adequacy_options
from gridsim.errors import StudyError
from gridsim.model.outages import CommonCause, Component, RepairLaw, State, two_state
from gridsim.reliability import (
    AdequacySystem,
    Auto,
    Exact,
    LossOfLoadProfile,
    SequentialMonteCarlo,
    ShortfallByMonth,
    ShortfallEvents,
    SnapshotMonteCarlo,
    assess,
    system_from_frames,
)
from gridsim.reliability.exact import ExactShortfall, exact_shortfall
from gridsim.reliability.fleet import common_step
from gridsim.reliability.methods import DEFAULT_COV, DEFAULT_YEARS, Level
from tests.support.references import note
from tests.support.reliability_cases import DATA, expected, pras, rbts, rts79


def numbers(found: ExactShortfall) -> dict[tuple[str, str], float]:
    return {(e.name, e.scope): float(e) for e in found.estimates()}


def of_system(system: AdequacySystem, level: Level = Level.COPPER) -> dict[str, float]:
    return {
        name: value for (name, scope), value in numbers(exact_shortfall(system, level)).items() if scope == "system"
    }


@pytest.mark.parametrize(("case", "peak_mw"), [("rts79", 2850.0), ("rbts", 185.0)])
def test_test_systems_to_nine_digits(case: str, peak_mw: float) -> None:
    """Values of tests/data/*/expected_hli.json, recomputed there by convolution."""
    make = {"rts79": rts79, "rbts": rbts}[case]
    want = expected(case)
    found = of_system(make())
    assert found["LOLH"] == pytest.approx(want["recomputed"]["LOLE_h_per_yr"], rel=1e-9)
    assert found["EUE"] == pytest.approx(want["recomputed"]["LOEE_MWh_per_yr"], rel=1e-9)
    assert found["LOLE_peak_d"] == pytest.approx(want["recomputed"]["LOLE_d_per_yr_daily_peaks"], rel=1e-9)
    assert found["LOLEv_continuous"] == pytest.approx(want["recomputed"]["LOLF_continuous_per_yr"], rel=1e-9)
    assert found["EPNS"] == pytest.approx(found["EUE"] / 8736, rel=1e-12)
    assert found["LOLP"] == pytest.approx(found["LOLH"] / 8736, rel=1e-12)
    if case == "rts79":
        assert found["LOLEv"] == pytest.approx(want["recomputed"]["LOLF_hourly_expm_per_yr"], rel=1e-9)
    source = {"rts79": "IEEE RTS 1979, convolution", "rbts": "Billinton et al. 1989, convolution"}[case]
    rows = (("LOLH", "LOLE_h_per_yr", "h/a"), ("EUE", "LOEE_MWh_per_yr", "MWh/a"))
    for metric, key, unit in (*rows, ("LOLE_peak_d", "LOLE_d_per_yr_daily_peaks", "d/a")):
        name = f"{case.upper()} {metric}, exact"
        note("adequacy", name, unit, source, expected=want["recomputed"][key], found=found[metric])
    key, power = "constant_peak_2850MW" if case == "rts79" else "constant_peak_185MW", "EDNS_MW"
    peak = of_system(make(np.full(24, peak_mw)))
    assert peak["LOLP"] == pytest.approx(want[key]["LOLP"], rel=1e-9)
    assert peak["EPNS"] == pytest.approx(want[key][power], rel=1e-9)


def test_a_demand_at_an_attainable_capacity_is_served() -> None:
    ties = expected("rts79")["tie_sensitivity"]
    load = rts79().load_mw.sum(axis=1)
    assert of_system(rts79(load - 1e-6))["LOLH"] == pytest.approx(ties["LOLE_if_load_minus_1e-6"], rel=1e-9)
    assert of_system(rts79(load + 2e-6))["LOLH"] == pytest.approx(ties["LOLE_if_load_plus_1e-6"], rel=1e-9)


@pytest.mark.parametrize("case", ["singlenode_a", "singlenode_b"])
def test_pras_cases_of_one_area(case: str) -> None:
    system, want = pras(case)
    found = of_system(system)
    assert found["LOLH"] == pytest.approx(want["LOLE"], rel=1e-9)
    by_hour = want["EUE"] if isinstance(want["EUE"], list) else [want["EUE"]]
    assert found["EUE"] == pytest.approx(sum(by_hour), rel=1e-9)
    for metric, value, unit in (("LOLH", want["LOLE"], "h"), ("EUE", sum(by_hour), "MWh")):
        note("adequacy", f"PRAS {case} {metric}, exact", unit, "PRAS tests", expected=value, found=found[metric])


def test_pras_case_of_two_areas() -> None:
    system, want = pras("test1")
    found = of_system(system, Level.ZONAL)
    for metric, key, unit in (("LOLH", "LOLE", "h"), ("EUE", "EUE", "MWh")):
        name = f"PRAS test1, two areas and a line that fails, {metric}, exact"
        note("adequacy", name, unit, "PRAS tests", expected=want[key], found=found[metric])
    assert found["LOLH"] == pytest.approx(want["LOLE"], rel=1e-9)
    assert found["EUE"] == pytest.approx(want["EUE"], rel=1e-9)


@pytest.mark.parametrize(
    ("case", "tie_mw", "tie_out"),
    [("tie10", 10.0, 0.0), ("tie0", 0.0, 0.0), ("tie10_q.02", 10.0, 0.02), ("tieinf", 1e4, 0.0)],
)
def test_two_areas_of_the_textbook(case: str, tie_mw: float, tie_out: float) -> None:
    """Billinton and Allan (1996), chapter 4, as in tests/data/textbook."""
    want = json.loads((DATA / "textbook" / "textbook_cases.json").read_text())["cases"][f"two_area_BA_{case}"]
    found = numbers(exact_shortfall(two_areas(tie_mw, tie_out), Level.ZONAL))
    for area in ("A", "B"):
        assert found["LOLP", f"zone:{area}"] == pytest.approx(want[f"LOLP_{area}"], rel=1e-9)
        assert found["EPNS", f"zone:{area}"] == pytest.approx(want[f"EPNS_{area}"], rel=1e-9)
    assert found["EPNS", "system"] == pytest.approx(want["EPNS_A"] + want["EPNS_B"], rel=1e-9)
    name, source = f"two areas, {case.replace('_q.02', ' MW that fails')}, LOLP of A", "Billinton and Allan 1996, ch. 4"
    note("adequacy", name, "share", source, expected=want["LOLP_A"], found=found["LOLP", "zone:A"])


def two_areas(tie_mw: float, tie_out: float) -> AdequacySystem:
    units = pd.DataFrame(
        {
            "name": [f"u{i}" for i in range(11)],
            "area": ["A"] * 6 + ["B"] * 5,
            "p_max_mw": [10.0] * 5 + [25.0] + [10.0] * 4 + [20.0],
            "forced_outage_rate": 0.02,
            "mttr_h": 40.0,
        }
    )
    tie = pd.DataFrame(
        {
            "name": ["tie"],
            "area_from": ["A"],
            "area_to": ["B"],
            "forward_mw": [tie_mw],
            "backward_mw": [tie_mw],
            "mttf_h": [40.0 * (1.0 - tie_out) / tie_out if tie_out else np.nan],
            "mttr_h": [40.0 if tie_out else np.nan],
        }
    )
    load = pd.DataFrame({"A": [50.0] * 24, "B": [40.0] * 24})
    return system_from_frames(units, load, interfaces=tie)


def test_two_areas_with_one_sided_tie_against_full_enumeration() -> None:
    rng = np.random.default_rng(3)
    size, out = rng.integers(5, 30, 7).astype(float), rng.uniform(0.02, 0.3, 7)
    area = np.array([0, 0, 0, 1, 1, 1, 1])
    profile = np.array([1.0, 0.5, 1.0, 0.25])
    units = pd.DataFrame(
        {
            "name": [f"u{i}" for i in range(7)],
            "area": np.array(["a", "b"])[area],
            "p_max_mw": size,
            "forced_outage_rate": out,
            "mttr_h": 20.0,
        }
    )
    tie = pd.DataFrame(
        {
            "name": ["tie"],
            "area_from": ["a"],
            "area_to": ["b"],
            "forward_mw": [7.0],
            "backward_mw": [3.0],
            "mttf_h": [90.0],
            "mttr_h": [10.0],
        }
    )
    demand = np.array([[40.0, 35.0], [20.0, 60.0], [44.5, 10.0], [30.0, 45.25]])
    system = system_from_frames(
        units,
        pd.DataFrame(demand, columns=["a", "b"]),
        interfaces=tie,
        profiles_mw=pd.DataFrame({"u1": size[1] * profile, "u5": size[5] * profile}),
    )
    found = exact_shortfall(system, Level.ZONAL)
    want = np.zeros((2, 3, 4))
    for states in product((0, 1), repeat=8):
        is_up = np.array(states[:7])
        probability = np.where(is_up, 1.0 - out, out).prod() * (0.9 if states[7] else 0.1)
        for hour in range(4):
            mw = size * is_up
            mw[[1, 5]] *= profile[hour]
            margin = np.array([mw[area == a].sum() - demand[hour, a] for a in (0, 1)])
            for own, limit in ((0, 3.0), (1, 7.0)):
                lent = min(limit * states[7], max(0.0, margin[1 - own]))
                short = max(0.0, -margin[own] - lent)
                want[:, 1 + own, hour] += probability * np.array([short > 1e-4, short])
                want[1, 0, hour] += probability * short
            both = [-margin[own] - min((3.0, 7.0)[own] * states[7], max(0.0, margin[1 - own])) for own in (0, 1)]
            want[0, 0, hour] += probability * (max(both) > 1e-4)
    assert found.lolp.value == pytest.approx(want[0], rel=1e-11)
    assert found.epns_mw.value == pytest.approx(want[1], rel=1e-11)
    assert found.is_on_grid


def test_multi_state_machines_and_rates_by_hour_against_sampling() -> None:
    """The mean over twenty seeds, in which every machine that is not plain takes part."""
    rng = np.random.default_rng(1)
    hours = np.arange(400)
    derated = Component(
        "generator",
        "derated",
        (
            State(0.0, 60.0, to=(0.0, 0.7, 0.3)),
            State(0.35, 20.0, to=(0.5, 0.0, 0.5)),
            State(1.0, 30.0, to=(0.8, 0.2, 0.0)),
        ),
    )
    lognormal = two_state("generator", "slow", 80.0, 20.0, RepairLaw.LOGNORMAL, 0.8)
    cold = dataclasses.replace(two_state("generator", "cold", 30.0, 10.0), rate_factor=rng.uniform(0.1, 1.0, 400))
    plain = two_state("generator", "sun", 50.0, 25.0)
    load = 95.0 + 25.0 * np.sin(hours / 24.0 * 2.0 * np.pi)
    system = dataclasses.replace(
        system_from_frames(
            pd.DataFrame({"name": ["derated", "slow", "cold", "sun"], "p_max_mw": [60.0, 40.0, 25.0, 30.0]}),
            load,
            profiles_mw=pd.DataFrame({"sun": np.round(15.0 + 15.0 * np.sin(hours / 7.0))}),
        ),
        unit_component=(derated, lognormal, cold, plain),
    )
    found = exact_shortfall(system, Level.COPPER)
    assert found.is_on_grid and not found.frequency and "differs" in found.absent["LOLEv"]
    exact = numbers(found)
    for name in ("LOLH", "EUE"):
        sampled = [assess(system, SequentialMonteCarlo(years=1024, seed=seed))[name] for seed in range(1, 21)]
        z = np.array([(e.value - exact[name, "system"]) / e.stderr for e in sampled])
        assert abs(z).max() < 3.9 and abs(z.mean()) * np.sqrt(20) < 3.3


@pytest.mark.parametrize("metric", ["LOLH", "EUE", "LOLEv"])
def test_sampling_agrees_on_rts79_over_twenty_seeds(metric: str) -> None:
    exact = of_system(rts79())[metric]
    sampled = [assess(rts79(), SequentialMonteCarlo(years=4096, seed=seed))[metric] for seed in range(1, 21)]
    z = np.array([(e.value - exact) / e.stderr for e in sampled])
    assert abs(z).max() < 3.9 and abs(z.mean()) * np.sqrt(20) < 3.3


def test_events_of_multi_state_machines_against_sampling() -> None:
    derated = Component(
        "generator",
        "derated",
        (
            State(0.0, 6.0, to=(0.0, 0.7, 0.3)),
            State(0.5, 2.0, to=(0.5, 0.0, 0.5)),
            State(1.0, 3.0, to=(0.8, 0.2, 0.0)),
        ),
    )
    load = 30.0 + 20.0 * np.sin(np.arange(240) / 5.0)
    system = dataclasses.replace(
        system_from_frames(pd.DataFrame({"name": ["derated", "plain"], "p_max_mw": [40.0, 30.0]}), load),
        unit_component=(derated, two_state("generator", "plain", 20.0, 5.0)),
    )
    exact = of_system(system)
    for metric in ("LOLEv", "LOLH"):
        sampled = assess(system, SequentialMonteCarlo(years=20_000, seed=7))[metric]
        assert abs(sampled.value - exact[metric]) < 3.3 * sampled.stderr


def test_bounds_hold_the_value_and_shrink_with_the_grid() -> None:
    """Machines without a step in common: finer grids give values inside the bounds of coarser ones."""
    rng = np.random.default_rng(8)
    units = pd.DataFrame(
        {
            "name": [f"u{i}" for i in range(12)],
            "p_max_mw": rng.uniform(5.0, 40.0, 12),
            "forced_outage_rate": 0.1,
            "mttr_h": 30.0,
        }
    )
    system = system_from_frames(units, 180.0 + 40.0 * np.sin(np.arange(500) / 24.0))
    widths = []
    states = np.array(list(product((0.0, 1.0), repeat=12)))
    capacity = states @ units["p_max_mw"].to_numpy()
    probability = np.where(states > 0.0, 0.9, 0.1).prod(axis=1)
    short = np.maximum(system.load_mw.sum(axis=1)[:, None] - capacity, 0.0)
    truth = {"LOLH": ((short > 1e-6) @ probability).sum(), "EUE": (short @ probability).sum()}
    for grid_mw in (1.0, 0.25, 0.05):
        found = exact_shortfall(system, Level.COPPER, grid_mw=grid_mw)
        assert not found.is_on_grid and found.absent["LOLEv"] == "capacities are rounded to the grid"
        rows = {e.name: e for e in found.estimates()}
        for name, value in truth.items():
            assert rows[name].ci_low <= value <= rows[name].ci_high
            assert rows[name].ci_low <= rows[name].value <= rows[name].ci_high
        widths.append(rows["LOLH"].ci_high - rows["LOLH"].ci_low)
    assert widths[0] > 2.5 * widths[1] > 6.0 * widths[2]


def test_a_common_loss_factor_stays_on_the_grid() -> None:
    units = pd.DataFrame(
        {"name": ["a", "b", "c"], "p_max_mw": np.array([30.0, 50.0, 120.0]) / 1.05, "forced_outage_rate": 0.1}
    ).assign(mttr_h=20.0)
    found = exact_shortfall(system_from_frames(units, np.full(24, 100.0)), Level.COPPER)
    assert found.is_on_grid and found.step_mw <= 1.0
    assert numbers(found)["LOLP", "system"] == pytest.approx(0.1, rel=1e-12)


@pytest.mark.parametrize(
    ("sizes", "step"),
    [
        ([12.0, 20.0, 50.0], 1.0),
        ([2.5, 4.0], 0.5),
        ([5.0, 10.0], 1.0),
        ([np.pi, 1.0], None),
        ([5000.01, 7000.37], 0.01),
        ([1e9, np.pi * 1e8], None),
        ([0.003, 5.0], None),
        ([300.0 / 1.07, 110.5 / 1.07], 0.5 / 1.07),
        ([], 1.0),
    ],
)
def test_the_largest_common_step_up_to_one_mw(sizes: list[float], step: float | None) -> None:
    assert common_step(np.array(sorted(sizes))) == (None if step is None else pytest.approx(step))


def test_a_machine_that_never_fails_only_lowers_demand() -> None:
    units = pd.DataFrame({"name": ["a", "wind"], "p_max_mw": [50.0, 21.0], "forced_outage_rate": [0.1, 0.0]})
    wind = np.linspace(0.0, 20.0, 48) + 0.123456
    load = np.full(48, 60.0)
    frames = (units.assign(mttr_h=20.0), load)
    found = exact_shortfall(system_from_frames(*frames, profiles_mw=pd.DataFrame({"wind": wind})), Level.COPPER)
    alone = exact_shortfall(system_from_frames(units.assign(mttr_h=20.0).head(1), load - wind), Level.COPPER)
    assert found.lolp.value == pytest.approx(alone.lolp.value, rel=1e-12)
    assert found.frequency["LOLEv"].value == pytest.approx(alone.frequency["LOLEv"].value, rel=1e-12)


def test_refusals_name_their_cause() -> None:
    system = two_areas(10.0, 0.0)
    stores, _ = pras("test2")
    cause = CommonCause(two_state("pipeline", "west", 1000.0, 10.0), {"u1": 0.5})
    for refused, level, words in (
        (system, Level.NODAL, "every state is a dispatch"),
        (stores, Level.COPPER, r"stores \(store\)"),
        (dataclasses.replace(system, common_causes=(cause,)), Level.COPPER, r"common causes \(west\)"),
    ):
        with pytest.raises(StudyError, match=words):
            exact_shortfall(refused, level)


def test_the_default_puts_exact_numbers_among_the_sampled_ones() -> None:
    system = rbts()
    found = assess(system, Auto(), LossOfLoadProfile(), ShortfallByMonth())
    assert assess(system).estimates == tuple(e for e in found.estimates if not e.scope.startswith("month:"))
    alone = assess(system, Auto().sampling, LossOfLoadProfile(), ShortfallByMonth())
    exact = assess(system, Exact(), LossOfLoadProfile(), ShortfallByMonth())
    for estimate in alone.estimates:
        known = [e for e in exact.estimates if (e.name, e.scope) == (estimate.name, estimate.scope)]
        assert found[estimate.name, estimate.scope] == (known[0] if known else estimate)
    assert {e.name for e in found.estimates} - {e.name for e in alone.estimates} == {"LOLEv_continuous"}
    assert found.lolp.equals(exact.lolp) and found.lolp.columns.tolist() == alone.lolp.columns.tolist()
    weights = found.lolp.merge(alone.lolp, on=["month", "hour"])
    assert len(weights) == len(alone.lolp)
    by_hour = found.frame("lolp_by_hour")
    assert by_hour["lolp"].sum() == pytest.approx(found["LOLH"].value, rel=1e-12)
    months = [e for e in exact.estimates if e.scope.startswith("month:")]
    assert sum(months) == pytest.approx(exact["EUE"].value, rel=1e-12)
    assert set(found.metrics["method"]) == {"exact", "sampled"}


def test_an_exact_assessment_is_saved_and_loaded(tmp_path) -> None:
    result = assess(rbts(), Exact())
    loaded = gridsim.load(result.save(tmp_path / "exact"))
    assert loaded.metric("LOLH") == result.metric("LOLH")
    assert loaded.metrics.equals(result.metrics)


def test_refused_pairs_name_the_allowed_ones() -> None:
    for make in (
        lambda: SequentialMonteCarlo(years=1, sampler="cross_entropy"),
        lambda: SnapshotMonteCarlo(samples=1, sampler="quasi_sequential"),
        lambda: Exact(sampler="crude"),
    ):
        with pytest.raises(
            StudyError,
            match="sequential with crude, multilevel, quasi_sequential; snapshot with crude, cross_entropy, multilevel",
        ):
            make()
    with pytest.raises(StudyError, match="no table of events"):
        assess(rbts(), Exact(), ShortfallEvents())


def test_capacities_without_a_common_step_are_sampled_by_default() -> None:
    units = pd.DataFrame({"name": ["a", "b"], "p_max_mw": [np.pi * 10.0, 20.0], "forced_outage_rate": 0.1})
    system = system_from_frames(units.assign(mttr_h=20.0), np.full(48, 40.0))
    found = assess(system, Auto(years=256))
    assert "without a step" in found.not_exact and "method" not in found.metrics
    assert found.estimates == assess(system, Auto(years=256).sampling).estimates
    assert "method" in assess(system, Exact()).metrics


def test_caps_of_the_command_are_those_of_the_library() -> None:
    assert adequacy_options.DEFAULT_CAPS["sequential"] == {str(level): n for level, n in DEFAULT_YEARS.items()}
    assert adequacy_options.DEFAULT_COV["normal"] == DEFAULT_COV
