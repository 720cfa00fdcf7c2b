"""assess at copper level: determinism, stop rules, results, bad input."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gridsim.errors import InputError, StudyError
from gridsim.reliability import (
    LossOfLoadProfile,
    SequentialMonteCarlo,
    ShortfallEvents,
    SnapshotMonteCarlo,
    Stopped,
    assess,
    system_from_frames,
)
from tests.support.reliability_cases import pras, rbts, rts79


def frame_bytes(frame: pd.DataFrame) -> bytes:
    return frame.to_csv(float_format="%.17g").encode()


def test_same_bytes_for_any_workers_and_job_size() -> None:
    system = rts79()
    specs = (ShortfallEvents(), LossOfLoadProfile())
    reference = assess(system, SequentialMonteCarlo(years=3000, seed=4), *specs)
    for workers, job_blocks in ((1, 1), (2, 3), (4, 5)):
        result = assess(
            system, SequentialMonteCarlo(years=3000, seed=4, workers=workers, job_blocks=job_blocks), *specs
        )
        assert frame_bytes(result.metrics) == frame_bytes(reference.metrics)
        assert result.shortfall_events.equals(reference.shortfall_events)
        assert result.lolp.equals(reference.lolp)


def test_skipping_on_and_off_give_the_same_bytes_on_rts79() -> None:
    system = rts79()
    on = assess(system, SequentialMonteCarlo(years=300, seed=2))
    off = assess(system, SequentialMonteCarlo(years=300, seed=2, skip=False))
    assert frame_bytes(on.metrics) == frame_bytes(off.metrics)


def test_snapshots_are_the_same_bytes_for_any_workers() -> None:
    system = rbts()
    reference = assess(system, SnapshotMonteCarlo(samples=50_000, seed=4))
    again = assess(system, SnapshotMonteCarlo(samples=50_000, seed=4, workers=3, job_blocks=2))
    assert frame_bytes(again.metrics) == frame_bytes(reference.metrics)


def test_seeds_differ() -> None:
    system = rts79()
    values = {assess(system, SequentialMonteCarlo(years=256, seed=seed))["EUE"].value for seed in (1, 2, 2**63 + 5)}
    assert len(values) == 3


def test_a_component_of_zero_size_changes_nothing() -> None:
    load = 40.0 + 20.0 * np.sin(np.arange(2000) / 24.0)
    units = pd.DataFrame(
        {"name": ["b", "c"], "p_max_mw": [50.0, 30.0], "mttf_h": [200.0, 100.0], "mttr_h": [20.0, 9.0]}
    )
    nothing = pd.DataFrame({"name": ["a"], "p_max_mw": [0.0], "mttf_h": [5.0], "mttr_h": [5.0]})
    method = SequentialMonteCarlo(years=500, seed=1)
    alone = assess(system_from_frames(units, load), method)
    for frame in (pd.concat([nothing, units]), pd.concat([units, nothing])):
        assert frame_bytes(assess(system_from_frames(frame, load), method).metrics) == frame_bytes(alone.metrics)


def test_events_and_profile_add_up_to_the_metrics() -> None:
    result = assess(rts79(), SequentialMonteCarlo(years=2000, seed=3), ShortfallEvents(), LossOfLoadProfile())
    events = result.shortfall_events
    assert len(events) / 2000 == pytest.approx(result["LOLEv"].value, rel=1e-12)
    assert events["duration_h"].sum() / 2000 == pytest.approx(result["LOLH"].value, rel=1e-12)
    assert events["energy_mwh"].sum() / 2000 == pytest.approx(result["EUE"].value, rel=1e-9)
    assert events["duration_h"].max() == result["event_duration_h_max"].value
    hours = pd.Series(pd.date_range("2001-01-01", periods=8736, freq="h"))
    cells = hours.groupby([hours.dt.month, hours.dt.hour]).size()
    total = sum(row.lolp * cells[row.month, row.hour] for row in result.lolp.itertuples())
    assert total == pytest.approx(result["LOLH"].value, rel=1e-12)
    annual = np.sort(events.groupby("sample")["energy_mwh"].sum().reindex(range(2000), fill_value=0.0))
    assert result["VaR_95"].value == pytest.approx(annual[1899], rel=0.01)
    at_risk = annual[1899]
    assert result["CVaR_95"].value == pytest.approx(at_risk + np.maximum(annual - at_risk, 0).mean() / 0.05, rel=1e-3)


def test_target_cov_stops_at_a_power_of_two_of_blocks_whatever_the_jobs() -> None:
    system = rts79()
    results = [
        assess(system, SequentialMonteCarlo(target_cov=0.04, metric="LOLH", workers=w, job_blocks=j))
        for w, j in ((1, None), (2, 1), (1, 7))
    ]
    assert {result.n_samples for result in results} == {2048}
    assert {result.stopped for result in results} == {Stopped.TARGET}
    assert all(result.cov <= 0.04 and result.status == "ok" for result in results)
    assert results[0].metrics.equals(results[1].metrics)


def test_a_target_out_of_reach_is_partial() -> None:
    result = assess(rts79(), SequentialMonteCarlo(years=600, target_cov=0.001))
    assert (result.status, result.stopped, result.n_samples) == ("partial", Stopped.SAMPLE_BUDGET, 600)
    assert result.cov > 0.001
    result = assess(rts79(), SequentialMonteCarlo(target_cov=1e-4, max_wall_s=0.2))
    assert (result.status, result.stopped) == ("partial", Stopped.TIME_BUDGET)


@pytest.mark.parametrize("case", ["singlenode_a", "singlenode_b"])
def test_small_pras_systems(case: str) -> None:
    """LOLE and EUE within 4.5 standard errors of enumeration; 40,000 samples resolve 1 % of either."""
    system, expected = pras(case)
    for method in (SequentialMonteCarlo(years=40_000, seed=1), SnapshotMonteCarlo(samples=160_000, seed=1)):
        result = assess(system, method)
        for name, value in (("LOLH", expected["LOLE"]), ("EUE", expected["EUE_total"])):
            estimate = result[name]
            assert abs(estimate.value - value) < 4.5 * estimate.stderr
            assert estimate.stderr < 0.02 * value


def test_multi_state_machine_by_hand() -> None:
    """One 100 MW machine, 70 % of time full, 20 % at half, 10 % out; load 80 MW for 24 h.

    LOLH = 24 * 0.3 = 7.2 h; EUE = 24 * (0.2 * 30 + 0.1 * 80) = 336 MWh.
    """
    units = pd.DataFrame({"name": ["m"], "p_max_mw": [100.0]})
    states = pd.DataFrame(
        {
            "unit": "m",
            "state": ["full", "full", "half", "out"],
            "available_share": [1.0, 1.0, 0.5, 0.0],
            # visits full : half : out are 3 : 1 : 2, times 70/3 : 20 : 5
            "mean_h": [70.0 / 3, 70.0 / 3, 20.0, 5.0],
            "to_state": ["half", "out", "full", "full"],
            "probability": [1 / 3, 2 / 3, 1.0, 1.0],
        }
    )
    system = system_from_frames(units, np.full(24, 80.0), unit_states=states)
    for method in (SequentialMonteCarlo(years=40_000), SnapshotMonteCarlo(samples=40_000)):
        result = assess(system, method)
        assert abs(result["LOLH"].value - 7.2) < 4.5 * result["LOLH"].stderr
        assert abs(result["EUE"].value - 336.0) < 4.5 * result["EUE"].stderr


def good_units(**changes: object) -> pd.DataFrame:
    return pd.DataFrame({"name": ["a"], "p_max_mw": [10.0], "mttf_h": [100.0], "mttr_h": [5.0]}).assign(**changes)


@pytest.mark.parametrize(
    ("units", "load", "place"),
    [
        (good_units(mttr_h=0.0), [1.0], ("units", 2, "mttr_h")),
        (good_units(mttr_h=np.nan), [1.0], ("units", 2, "mttr_h")),
        (good_units(mttf_h=-1.0), [1.0], ("units", 2, "mttf_h")),
        (good_units(p_max_mw="ten"), [1.0], ("units", 2, "p_max_mw")),
        (good_units(colour="red"), [1.0], ("units", 1, "colour")),
        (good_units(mttf_h=np.nan, forced_outage_rate=1.0), [1.0], ("units", 2, "forced_outage_rate")),
        (good_units(mttf_h=np.nan, forced_outage_rate=-0.1), [1.0], ("units", 2, "forced_outage_rate")),
        (good_units(mttf_h=np.nan, forced_outage_rate=1.5), [1.0], ("units", 2, "forced_outage_rate")),
        (good_units(mttr_h=-5.0), [1.0], ("units", 2, "mttr_h")),
        (good_units(p_max_mw=-1.0), [1.0], ("units", 2, "p_max_mw")),
        (good_units(p_max_mw=np.inf), [1.0], ("units", 2, "p_max_mw")),
        (good_units(repair_law="gamma"), [1.0], ("units", 2, "repair_law")),
        (pd.concat([good_units(), good_units()]), [1.0], ("units", 3, "name")),
        (good_units().iloc[:0], [1.0], ("units", 0, "")),
        (good_units(), [1.0, np.nan, 2.0], ("load_mw", 3, "system")),
        (good_units(), [1.0, -2.0], ("load_mw", 3, "system")),
        (good_units(), [1.0, np.inf], ("load_mw", 3, "system")),
        (good_units(), [0.0, 0.0], ("load_mw", 0, "")),
        (good_units(), [], ("load_mw", 0, "")),
        (good_units(area="elsewhere"), [1.0], ("units", 2, "area")),
    ],
)
def test_bad_frames_name_the_cell(units: pd.DataFrame, load: list[float], place: tuple[str, int, str]) -> None:
    with pytest.raises(InputError) as caught:
        system_from_frames(units, np.array(load))
    problem = caught.value.problems[0]
    assert (problem.file, problem.row, problem.column) == place
    assert problem.mend


def test_profiles_must_have_the_length_of_the_load() -> None:
    with pytest.raises(InputError) as caught:
        system_from_frames(good_units(), np.ones(24), profiles_mw=pd.DataFrame({"a": np.ones(23)}))
    assert caught.value.problems[0].file == "profiles_mw"


@pytest.mark.parametrize("wrong", [np.nan, -1.0])
def test_a_profile_names_its_wrong_hour(wrong: float) -> None:
    with pytest.raises(InputError) as caught:
        system_from_frames(good_units(), np.ones(3), profiles_mw=pd.DataFrame({"a": [1.0, wrong, 1.0]}))
    problem = caught.value.problems[0]
    assert (problem.file, problem.row, problem.column) == ("profiles_mw", 3, "a")


@pytest.mark.parametrize(
    ("unavailability", "row", "column"),
    [
        ({"a": [0.1, 0.1]}, 0, ""),
        ({"a": [0.1, 1.0, 0.1]}, 3, "a"),
        ({"a": [0.1, np.nan, 0.1]}, 3, "a"),
        ({"b": [0.1, 0.1, 0.1]}, 1, "b"),
    ],
)
def test_hourly_unavailability_names_its_cell(unavailability: dict, row: int, column: str) -> None:
    with pytest.raises(InputError) as caught:
        system_from_frames(good_units(), np.ones(3), unavailability=pd.DataFrame(unavailability))
    problem = caught.value.problems[0]
    assert (problem.file, problem.row, problem.column) == ("unavailability", row, column)
    assert problem.mend


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("efficiency_charge", 0.0),
        ("efficiency_discharge", 1.01),
        ("energy_mwh", 0.0),
        ("energy_mwh", np.inf),
        ("charge_mw", -1.0),
        ("discharge_mw", np.nan),
        ("carryover", 0.0),
        ("energy_start_share", 1.5),
        ("mttr_h", 0.0),
    ],
)
def test_a_bad_store_names_its_cell(column: str, value: float) -> None:
    good = {"name": "s", "charge_mw": 1.0, "discharge_mw": 1.0, "energy_mwh": 4.0, "mttf_h": 90.0, "mttr_h": 9.0}
    with pytest.raises(InputError) as caught:
        system_from_frames(good_units(), np.ones(3), storages=pd.DataFrame([good | {column: value}]))
    problem = caught.value.problems[0]
    assert (problem.file, problem.row, problem.column) == ("storages", 2, column)
    assert problem.mend


@pytest.mark.parametrize("level", ["copper", "zonal", "nodal"])
@pytest.mark.parametrize("chronological", [True, False])
def test_no_shortfall_seen_claims_no_error(level: str, chronological: bool) -> None:
    """Value 0 without stderr or interval, and an upper bound on the chance of any shortfall alone."""
    branches = None
    load: object = np.full(24, 5.0)
    place = {}
    if level == "nodal":
        branches = pd.DataFrame({"name": ["l"], "from_bus": ["x"], "to_bus": ["y"], "x_pu": 0.1, "limit_mw": 20.0})
        load, place = pd.DataFrame({"x": np.zeros(24), "y": np.full(24, 5.0)}), {"bus": "x"}
    system = system_from_frames(good_units(mttf_h=np.nan, mttr_h=np.nan, **place), load, branches=branches)
    method = (
        SequentialMonteCarlo(years=64, level=level) if chronological else SnapshotMonteCarlo(samples=64, level=level)
    )
    result = assess(system, method)
    for name in ("LOLH", "EUE", "NEUE", "EPNS"):
        estimate = result[name]
        assert (estimate.value, estimate.stderr, estimate.ci_low, estimate.ci_high) == (0.0, None, None, None)
    if chronological:
        assert result["P_any_shortfall"].value == 0.0
        assert result["P_any_shortfall"].stderr is None
        assert result["P_any_shortfall"].ci_high == pytest.approx(1.0 - 0.05 ** (1.0 / 64))
    assert result.cov == np.inf


def test_a_target_without_any_shortfall_is_never_met() -> None:
    system = system_from_frames(good_units(mttf_h=np.nan, mttr_h=np.nan), np.full(24, 5.0))
    result = assess(system, SequentialMonteCarlo(years=1024, target_cov=0.5))
    assert (result.status, result.stopped) == ("partial", Stopped.SAMPLE_BUDGET)


def pipeline(**changes: object) -> dict[str, pd.DataFrame]:
    """A pipeline that drains the machine ``a`` over two hours in the cold class 1, and at once in class 0."""
    rows = [("outage", 0, 0, 0.4), ("outage", 0, 1, 0.4), ("outage", 1, 0, 0.9), ("outage", 1, 1, 0.2)]
    deratings = pd.DataFrame(rows, columns=["phase", "temperature_class", "hour", "capacity_factor"])
    causes = pd.DataFrame({"cause": ["pipe"], "component": "a", "lost_share": np.nan, "mttf_h": 40.0, "mttr_h": 10.0})
    return {"common_causes": causes, "deratings": deratings.assign(cause="pipe", component="a").assign(**changes)}


def test_deratings_from_frames() -> None:
    """Class 0 all year: 4 of 10 MW while the pipe is out a fifth of the time, so 3 of 7 MW are short: 0.6 MW."""
    system = system_from_frames(good_units(mttf_h=np.nan, mttr_h=np.nan), np.full(48, 7.0), **pipeline())
    assert system.common_causes[0].derating["a"].outage.tolist() == [[0.4, 0.4], [0.9, 0.2]]
    result = assess(system, SequentialMonteCarlo(years=20_000))
    assert abs(result["EPNS"].value - 0.6) < 4.5 * result["EPNS"].stderr
    assert result.diagnostics == {"common_cause_overlap_h": 0, "years_drawn": 20_000}
    cold = system_from_frames(
        good_units(mttf_h=np.nan, mttr_h=np.nan), np.full(48, 7.0), **pipeline(), temperature_class=np.ones(48)
    )
    assert assess(cold, SequentialMonteCarlo(years=2000))["EPNS"].value > result["EPNS"].value
    with pytest.raises(StudyError):
        assess(cold, SnapshotMonteCarlo(samples=10))


@pytest.mark.parametrize(
    ("changes", "arguments", "place"),
    [
        ({"phase": "recovery"}, {}, ("deratings", 2, "phase")),
        ({"hour": 0}, {}, ("deratings", 3, "hour")),
        ({"temperature_class": [0, 0, 0, 1]}, {}, ("deratings", 2, "phase")),
        ({"capacity_factor": 1.2}, {}, ("deratings", 2, "capacity_factor")),
        ({"capacity_factor": np.nan}, {}, ("deratings", 2, "capacity_factor")),
        ({"component": "z"}, {}, ("common_causes", 2, "lost_share")),
        ({}, {"temperature_class": [0, 0.5]}, ("temperature_class", 3, "")),
        ({}, {"temperature_class": [0]}, ("temperature_class", 0, "")),
    ],
)
def test_bad_deratings_name_the_cell(changes: dict, arguments: dict, place: tuple[str, int, str]) -> None:
    with pytest.raises(InputError) as caught:
        system_from_frames(good_units(), np.ones(2), **pipeline(**changes), **arguments)
    problem = caught.value.problems[0]
    assert (problem.file, problem.row, problem.column) == place
    assert problem.mend


def test_a_cold_spell_is_a_cause_that_follows_the_temperature() -> None:
    """Out only in the second day, a tenth of the two days on average: its 3 MW are missing there alone."""
    causes = pd.DataFrame({"cause": ["cold"], "component": "a", "lost_share": 1.0, "mttf_h": 90.0, "mttr_h": 10.0})
    cold = pd.DataFrame({"cold": np.repeat([0.0, 0.3], 24)})
    system = system_from_frames(
        good_units(mttf_h=np.nan, mttr_h=np.nan), np.full(48, 3.0), common_causes=causes, unavailability=cold
    )
    result = assess(system, SequentialMonteCarlo(years=4000), ShortfallEvents())
    assert result["LOLH"].value > 0.5
    assert result.shortfall_events["start_h"].min() >= 24


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(InputError) as caught:
        system_from_frames(
            good_units(mttr_h=-1.0, p_max_mw=np.nan), np.ones(3), profiles_mw=pd.DataFrame({"z": [1.0] * 3})
        )
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize(
    "arguments",
    [
        {"years": 10, "target_cov": 0.0},
        {"target_cov": float("nan")},
        {"years": 0},
        {},
        {"years": 10, "level": "bus"},
        {"years": 10, "sampler": "magic"},
        {"years": 10, "metric": "LOLE"},
        {"years": 10, "workers": 0},
        {"years": 10, "seed": -1},
    ],
)
def test_impossible_requests_are_study_errors(arguments: dict) -> None:
    with pytest.raises(StudyError):
        SequentialMonteCarlo(**arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        {"samples": 10, "target_cov": 0.0},
        {"samples": 10, "target_cov": -0.1},
        {"samples": 0},
        {},
        {"samples": 10, "metric": "LOLEv"},
        {"samples": 10, "max_wall_s": 0.0},
    ],
)
def test_impossible_snapshot_requests_are_study_errors(arguments: dict) -> None:
    with pytest.raises(StudyError):
        SnapshotMonteCarlo(**arguments)


def test_forced_outage_rate_stands_for_mttf() -> None:
    by_rate = good_units(mttf_h=np.nan, forced_outage_rate=0.2)
    by_time = good_units(mttf_h=20.0)
    load = np.full(100, 5.0)
    method = SequentialMonteCarlo(years=300)
    assert assess(system_from_frames(by_rate, load), method).metrics.equals(
        assess(system_from_frames(by_time, load), method).metrics
    )


@pytest.mark.parametrize("case", ["test1", "test2"])
def test_small_pras_systems_of_two_areas_and_of_a_store(case: str) -> None:
    """A line that fails between two areas; a machine and a store that fail."""
    system, expected = pras(case)
    result = assess(system, SequentialMonteCarlo(years=100_000, seed=1, level="zonal"))
    numbers = {"LOLH": expected.get("LOLE") or sum(expected["LOLP"]), "EUE": np.sum(expected["EUE"])}
    checks = [(result[name], value) for name, value in numbers.items()]
    for area, value in enumerate(expected.get("EUE_region", [])):
        checks.append((result["EUE", f"zone:area{area}"], value))
        checks.append((result["LOLH", f"zone:area{area}"], expected["LOLE_region"][area]))
    for estimate, value in checks:
        assert abs(estimate.value - value) < 4.5 * estimate.stderr
        assert estimate.stderr < 0.02 * value


def test_zonal_same_bytes_for_any_workers() -> None:
    system, _ = pras("test1")
    reference = assess(system, SequentialMonteCarlo(years=2000, level="zonal"), ShortfallEvents())
    again = assess(system, SequentialMonteCarlo(years=2000, level="zonal", workers=3, job_blocks=5), ShortfallEvents())
    assert frame_bytes(again.metrics) == frame_bytes(reference.metrics)
    assert again.shortfall_events.equals(reference.shortfall_events)


def test_stores_need_chronology() -> None:
    with pytest.raises(StudyError):
        assess(pras("test2")[0], SnapshotMonteCarlo(samples=10))
