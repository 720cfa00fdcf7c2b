"""Events on hand-made series, and the copper-plate years against hour-by-hour enumeration of the reference kernel."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridsim.kernels.availability_reference import lost_share_reference
from gridsim.kernels.shortfall import finish_sample, record_short_hour, start_sample
from gridsim.kernels.shortfall_reference import copper_shortfall_reference, events_reference, totals_reference
from gridsim.model.outages import CommonCause, Derating, two_state
from gridsim.reliability.frames import system_from_frames
from gridsim.reliability.samplers import CopperYears, new_recorder

TOLERANCE_MW = 1e-6


def recorded(series: list[float], sample: int = 3) -> tuple[list[float], list[list[float]]]:
    recorder = new_recorder(1, 50)
    total = np.empty((1, 5))
    start_sample(recorder)
    for hour, value in enumerate(series):
        if value > TOLERANCE_MW:
            record_short_hour(recorder, sample, 0, hour, value)
    finish_sample(recorder, sample, total)
    return total[0].tolist(), recorder.event[: recorder.n_events[0]].tolist()


@pytest.mark.parametrize(
    ("series", "totals", "events"),
    [
        ([0, 0, 0, 1], [1, 1, 1, 1, 1], [[3, 0, 3, 1, 1, 1]]),
        ([1, 1], [2, 1, 1, 2, 1], [[3, 0, 0, 2, 2, 1]]),
        ([0, 0], [0, 0, 0, 0, 0], []),
        ([5, 0, 7], [2, 1, 2, 12, 12], [[3, 0, 0, 1, 5, 5], [3, 0, 2, 1, 7, 7]]),
        # no wrap: the last and the first hour are two events
        ([2, 0, 0, 3], [2, 1, 2, 5, 5], [[3, 0, 0, 1, 2, 2], [3, 0, 3, 1, 3, 3]]),
        # one event over midnight touches two days
        ([0] * 23 + [4, 6], [2, 2, 1, 10, 6], [[3, 0, 23, 2, 10, 6]]),
        ([1e-7, 2], [1, 1, 1, 2, 2], [[3, 0, 1, 1, 2, 2]]),
    ],
)
def test_tiny_events_of_hand_made_series(series: list[float], totals: list[float], events: list[list[float]]) -> None:
    assert recorded(series) == (totals, events)


@given(st.lists(st.sampled_from([0.0, 0.0, 1.0, 2.5]), min_size=1, max_size=80))
@settings(max_examples=100, deadline=None)
def test_recorder_equals_the_definitions(series: list[float]) -> None:
    totals, events = recorded(series)
    assert totals == list(totals_reference(series, TOLERANCE_MW))
    assert [tuple(event[2:]) for event in events] == events_reference(series, TOLERANCE_MW)


def small_system(n_hours: int = 100, profile: bool = False, cause: bool = False):  # type: ignore[no-untyped-def]
    units = pd.DataFrame(
        {
            "name": ["a", "b", "c", "firm"],
            "p_max_mw": [50.0, 30.3, 20.1, 10.0],
            "mttf_h": [20.0, 40.0, 9.0, np.nan],
            "mttr_h": [6.0, 10.0, 3.0, np.nan],
        }
    )
    hours = np.arange(n_hours)
    load = 60.0 + 20.0 * np.sin(2 * np.pi * hours / 24.0) + hours % 5
    profiles = pd.DataFrame({"c": 20.0 * np.abs(np.sin(hours)), "firm": hours % 11.0}) if profile else None
    causes = None
    if cause:
        causes = pd.DataFrame(
            {"cause": "pipe", "component": ["a", "c"], "lost_share": [0.6, 1.0], "mttf_h": 50.0, "mttr_h": 15.0}
        )
    return system_from_frames(units, load, profiles_mw=profiles, common_causes=causes)


def drained(n_hours: int):  # type: ignore[no-untyped-def]
    """The small system behind a pipeline whose outage is felt after three hours, sooner in the cold of every other day,
    and a compressor.
    """
    system = small_system(n_hours, profile=True)
    by_class = np.array([[1.0, 1.0, 1.0, 0.7, 0.4, 0.2], [1.0, 0.7, 0.4, 0.2, 0.2, 0.2]])
    linepack = Derating(by_class, np.array([[0.5, 0.8], [0.3, 0.6]]))
    causes = (
        CommonCause(two_state("common_cause", "pipe", 50.0, 15.0), {"b": 0.5}, {"a": linepack, "c": linepack}),
        CommonCause(two_state("common_cause", "compressor", 70.0, 20.0), {"a": 0.4}),
    )
    hour_class = (np.arange(n_hours) // 24 % 2).astype(np.int32)
    return dataclasses.replace(system, common_causes=causes, temperature_class=hour_class)


def test_skipping_changes_no_bit_behind_a_draining_pipeline_and_overlaps_are_told() -> None:
    system = drained(1000)
    sampler = CopperYears(system, 1, True)
    with_skip, events, _ = sampler.run(0, 200)
    without, all_events, _ = CopperYears(system, 1, False).run(0, 200)
    assert with_skip.tobytes() == without.tobytes()
    assert events.tobytes() == all_events.tobytes()
    told = sampler.diagnostics()
    assert told["years_drawn"] == 200
    # the compressor is out 20/90 of the time, the pipe 15/65: felt after at most 3 h, and up to 2 h longer
    hours = 200 * 1000 * 20 / 90
    assert 0.95 * hours * 15 / 65 * np.exp(-3 / 15) < told["common_cause_overlap_h"] < 1.05 * hours * 17 / 65
    assert (without[:, 0, 3] >= CopperYears(small_system(1000, profile=True), 1, True).run(0, 200)[0][:, 0, 3]).all()


def twin_shortfall(system, seed: int, sample: int) -> list[float]:  # type: ignore[no-untyped-def]
    def shares(component) -> list[float]:  # type: ignore[no-untyped-def]
        if not component.fails:
            return [0.0] * system.n_hours
        up_h, down_h = (state.mean_h for state in component.states)
        q = down_h / (up_h + down_h)
        reference = {
            "kind": component.kind,
            "name": component.name,
            "plain": True,
            "states": [{"lost": 0.0, "mean_h": up_h}, {"lost": 1.0, "mean_h": down_h}],
            "equilibrium": [1 - q, q],
        }
        return lost_share_reference(seed, sample, reference, system.n_hours)

    lost = {component.name: shares(component) for component in system.unit_component}
    for cause in system.common_causes:
        out = shares(cause.component)
        for name, share in cause.lost_share.items():
            lost[name] = [max(own, share * common) for own, common in zip(lost[name], out)]
    result = []
    for hour in range(system.n_hours):
        capacity = {
            name: float(mw if profile is None else profile[hour])
            for name, mw, profile in zip(system.unit_name, system.unit_mw, system.unit_profile)
        }
        result += copper_shortfall_reference(
            {name: [values[hour]] for name, values in lost.items()}, capacity, [float(system.load_mw[hour].sum())]
        )
    return result


@pytest.mark.parametrize("profile", [False, True])
@pytest.mark.parametrize("cause", [False, True])
def test_tiny_copper_years_equal_the_twin(profile: bool, cause: bool) -> None:
    system = small_system(60, profile, cause)
    total, _, _ = CopperYears(system, 2, True).run(7, 3)
    for position, sample in enumerate(range(7, 10)):
        expected = totals_reference(twin_shortfall(system, 2, sample), TOLERANCE_MW)
        assert total[position, 0, :3].tolist() == list(expected[:3])
        np.testing.assert_allclose(total[position, 0, 3:], expected[3:], rtol=1e-12)
    assert total[:, 0, 0].sum() > 0


@pytest.mark.parametrize("profile", [False, True])
@pytest.mark.parametrize("cause", [False, True])
def test_skipping_changes_no_bit(profile: bool, cause: bool) -> None:
    system = small_system(1000, profile, cause)
    with_skip, events, _ = CopperYears(system, 1, True).run(0, 200)
    without, all_events, _ = CopperYears(system, 1, False).run(0, 200)
    assert with_skip.tobytes() == without.tobytes()
    assert events.tobytes() == all_events.tobytes()
    assert 0 < with_skip[:, 0, 0].mean() < 1000


def test_a_full_event_table_is_grown_without_loss() -> None:
    """More events than the first table holds: 3,000 hours alternating between short and not, for 100 samples."""
    units = pd.DataFrame({"name": ["a"], "p_max_mw": [10.0], "mttf_h": [1e9], "mttr_h": [1.0]})
    load = np.where(np.arange(3000) % 2 == 0, 5.0, 15.0)
    total, events, _ = CopperYears(system_from_frames(units, load), 1, True).run(0, 100)
    assert (total[:, 0, 2] == 1500).all()
    assert len(events) == 150_000
    assert (np.diff(events[:, 0]) >= 0).all()
    assert (events[:, 2].reshape(100, 1500) == np.arange(1, 3000, 2)).all()
