"""Nodal level: hand cases, enumeration of all states, certificates, and bytes."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pandas as pd
import pytest

from gridsim.errors import StudyError
from gridsim.io.bundled import network_folder
from gridsim.io.read_network import read_network
from gridsim.kernels.arrays import DispatchState
from gridsim.kernels.flows import make_topology
from gridsim.kernels.nodal_case import row_limits
from gridsim.reliability import (
    AdequacySystem,
    CommonCause,
    Derating,
    SequentialMonteCarlo,
    ShortfallEvents,
    SnapshotMonteCarlo,
    assess,
    system_from_frames,
    system_from_grid,
    two_state,
)
from gridsim.reliability.nodal import NodalYears
from gridsim.reliability.plain_detail import plain_detail
from gridsim.solvers.highs import solve_highs
from tests.support.reliability_cases import demand_of, rts79

LIMIT_23_MW = 20.0


def triangle(load_2: object, load_3: object, *, fails: bool = True) -> AdequacySystem:
    """Three buses, equal reactances, machines at bus 1, line 2-3 limited to 20 MW."""
    mttf = 200.0 if fails else np.nan
    units = pd.DataFrame(
        {
            "name": ["a", "b", "c"],
            "bus": "1",
            "p_max_mw": [90.0, 60.0, 40.0],
            "mttf_h": mttf,
            "mttr_h": 20.0 if fails else np.nan,
        }
    )
    branches = pd.DataFrame(
        {
            "name": ["l12", "l13", "l23"],
            "from_bus": ["1", "1", "2"],
            "to_bus": ["2", "3", "3"],
            "x_pu": 0.1,
            "limit_mw": [150.0, 110.0, LIMIT_23_MW],
            "mttf_h": 300.0 if fails else np.nan,
            "mttr_h": 15.0 if fails else np.nan,
        }
    )
    load = pd.DataFrame({"1": np.zeros(np.size(load_3)), "2": load_2, "3": load_3})
    return system_from_frames(units, load, branches=branches)


def shed_by_highs(sampler: NodalYears, hi_mw: np.ndarray, out: list[int], hour: int) -> np.ndarray:
    """(n_buses,) MW shed of one state by HiGHS."""
    case = sampler.case
    topology = make_topology(case.dispatch, out)
    lo, hi = np.empty(case.dispatch.row_ptdf.shape[0]), np.empty(case.dispatch.row_ptdf.shape[0])
    row_limits(case, topology.out_branch, False, lo, hi)
    solution = solve_highs(
        case.dispatch,
        DispatchState(
            topology,
            np.zeros(len(hi_mw)),
            hi_mw,
            case.cost,
            case.spill_cost,
            demand_of(case, hour),
            case.penalty,
            lo,
            hi,
        ),
    )
    assert solution.status == 0
    return np.asarray(solution.shed_mw.sum(axis=1))


def enumerated(system: AdequacySystem) -> dict[str, float]:
    """Exact LOLP and EPNS (system and bus 3) of the triangle by HiGHS in all 2^6 states and all hours."""
    sampler = NodalYears(system, 1, True)
    components = [*system.unit_component, *system.branch_component]
    n_units = len(system.unit_name)
    numbers = {"LOLP": 0.0, "EPNS": 0.0, "EPNS 3": 0.0}
    for outages in itertools.product([False, True], repeat=len(components)):
        probability = 1.0
        for component, is_out in zip(components, outages):
            up_h, down_h = (state.mean_h for state in component.states)
            probability *= (down_h if is_out else up_h) / (up_h + down_h)
        hi_mw = system.unit_mw * ~np.array(outages[:n_units])
        out = [branch for branch, is_out in enumerate(outages[n_units:]) if is_out]
        for hour in range(system.n_hours):
            shed = shed_by_highs(sampler, hi_mw, out, hour)
            if shed.sum() > 1e-4:
                numbers["LOLP"] += probability / system.n_hours
                numbers["EPNS"] += probability * shed.sum() / system.n_hours
                numbers["EPNS 3"] += probability * shed[2] / system.n_hours
    return numbers


@pytest.mark.parametrize(
    ("load", "lost", "expected_mw"),
    [((0.0, 100.0), [], 40.0), ((40.0, 100.0), [], 0.0), ((0.0, 100.0), ["l23"], 0.0)],
)
def test_more_load_or_fewer_lines_may_shed_less(load: tuple[float, float], lost: list[str], expected_mw: float) -> None:
    """Line 2-3 carries (load 3 - load 2) / 3 at most 20 MW: load (0, 100) sheds 40, load (40, 100) none, and none with
    the line out. So no certificate may rest on load or lines being monotone."""
    system = triangle([load[0]] * 24, [load[1]] * 24, fails=False)
    branches = pd.DataFrame(
        {
            "name": system.branch_name,
            "from_bus": ["1", "1", "2"],
            "to_bus": ["2", "3", "3"],
            "x_pu": 0.1,
            "limit_mw": system.branch_mw,
        }
    )
    units = pd.DataFrame({"name": ["a"], "bus": "1", "p_max_mw": [190.0]})
    frame = pd.DataFrame({"1": [0.0] * 24, "2": [load[0]] * 24, "3": [load[1]] * 24})
    kept = branches[~branches["name"].isin(lost)]
    result = assess(system_from_frames(units, frame, branches=kept), SequentialMonteCarlo(years=2, level="nodal"))
    assert result["EUE"].value == pytest.approx(24 * expected_mw, abs=1e-3)


def test_triangle_against_enumeration_of_all_states() -> None:
    hours = np.array([0, 2, 5])
    system = triangle(30.0 + 5.0 * hours, 80.0 + 6.0 * hours)
    exact = enumerated(system)
    assert exact["LOLP"] > 0.05
    snapshots = assess(system, SnapshotMonteCarlo(samples=200_000, seed=1, level="nodal"))
    years = assess(system, SequentialMonteCarlo(years=40_000, seed=1, level="nodal"))
    for result in (snapshots, years):
        for name, scope, value in (
            ("LOLP", "system", exact["LOLP"]),
            ("EPNS", "system", exact["EPNS"]),
            ("EPNS", "bus:3", exact["EPNS 3"]),
        ):
            estimate = result[name, scope]
            assert estimate.stderr < 0.02 * value
            assert abs(estimate.value - value) < 4.5 * estimate.stderr


def varied_triangle() -> AdequacySystem:
    """A year whose days keep the shape of demand every other week and not in the others."""
    hours = np.arange(24 * 200)
    level = 1.0 + 0.3 * np.sin(hours / 24 * 2 * np.pi)
    tilt = np.where((hours // 168) % 2 == 0, 1.0, 1.0 + 0.4 * np.cos(hours / 24 * 2 * np.pi))
    return triangle(40.0 * level, 75.0 * level * tilt)


def test_skipping_changes_no_bit_on_the_triangle() -> None:
    system = varied_triangle()
    on = assess(system, SequentialMonteCarlo(years=96, level="nodal"), ShortfallEvents())
    off = assess(system, SequentialMonteCarlo(years=96, level="nodal", skip=False), ShortfallEvents())
    assert on.metrics.equals(off.metrics)
    assert on.shortfall_events.equals(off.shortfall_events)
    assert on["LOLH"].value > 10.0
    assert min(on.diagnostics[key] for key in ("hours_by_day", "hours_by_candidate", "dispatches")) > 100
    assert off.diagnostics["hours_by_day"] == off.diagnostics["hours_by_candidate"] == 0


def test_skipping_changes_no_bit_behind_a_draining_pipeline() -> None:
    """Machine ``a`` loses its fuel over four hours of an outage, a line falls with the pipe."""
    linepack = Derating(np.array([[1.0, 0.8, 0.5, 0.1]]), np.array([[0.4, 0.9]]))
    cause = CommonCause(two_state("common_cause", "pipe", 150.0, 12.0), {"l12": 1.0}, {"a": linepack})
    system = dataclasses.replace(varied_triangle(), common_causes=(cause,))
    on = assess(system, SequentialMonteCarlo(years=8, level="nodal"), ShortfallEvents())
    off = assess(system, SequentialMonteCarlo(years=8, level="nodal", skip=False), ShortfallEvents())
    assert on.metrics.equals(off.metrics)
    assert on.shortfall_events.equals(off.shortfall_events)
    bare = assess(varied_triangle(), SequentialMonteCarlo(years=8, level="nodal"))
    assert on["EUE"].value > bare["EUE"].value
    assert on.diagnostics["years_drawn"] == 8
    partial = dataclasses.replace(cause, lost_share={"l12": 0.5})
    with pytest.raises(StudyError):
        assess(dataclasses.replace(system, common_causes=(partial,)), SequentialMonteCarlo(years=1, level="nodal"))


def test_skipping_changes_no_bit_on_rts79_annual() -> None:
    system = system_from_grid(read_network(network_folder("rts79")))
    on = assess(system, SequentialMonteCarlo(years=16, seed=2, level="nodal"), ShortfallEvents())
    off = assess(system, SequentialMonteCarlo(years=16, seed=2, level="nodal", skip=False), ShortfallEvents())
    assert on.metrics.equals(off.metrics)
    assert on.shortfall_events.equals(off.shortfall_events)
    assert on["EUE"].value > 0.0
    assert on.diagnostics["dispatches"] < 0.02 * off.diagnostics["dispatches"]


def test_same_bytes_for_any_workers_and_job_size() -> None:
    system = varied_triangle()
    for method in (SequentialMonteCarlo(years=40, level="nodal"), SnapshotMonteCarlo(samples=20_000, level="nodal")):
        reference = assess(system, method)
        for workers, job_blocks in ((2, 1), (4, 3)):
            changed = type(method)(**{**vars(method), "workers": workers, "job_blocks": job_blocks})
            assert assess(system, changed).metrics.equals(reference.metrics)


def test_network_limits_only_add_to_the_copper_plate() -> None:
    """Common random numbers: each year's nodal energy is at least the copper plate's."""
    system = varied_triangle()
    nodal, _, _ = NodalYears(system, 1, True).run(0, 24)
    from gridsim.reliability.samplers import CopperYears

    copper, _, _ = CopperYears(system, 1, True).run(0, 24)
    gap = nodal[:, 0, 3] - copper[:, 0, 3]
    assert (gap > -1e-3).all()
    assert gap.max() > 1.0


def test_scopes_add_up() -> None:
    result = assess(
        system_from_grid(read_network(network_folder("rts79"))), SnapshotMonteCarlo(samples=40_000, level="nodal")
    )
    frame = result.metrics.query("name == 'EUE'").set_index("scope")["value"]
    total = frame["system"]
    assert total > 0.0
    assert frame[frame.index.str.startswith("bus:")].sum() == pytest.approx(total, rel=1e-3)
    assert frame[frame.index.str.startswith("zone:")].sum() == pytest.approx(total, rel=1e-3)


def test_a_state_the_kernel_gives_up_on_is_answered_by_highs() -> None:
    system = triangle([0.0] * 24, [100.0] * 24)
    sampler = NodalYears(system, 1, True)
    scratch, _ = sampler._scratch()
    scratch.failed[:] = 5, 3, 2
    scratch.failed_columns[1] = system.unit_mw
    scratch.failed_out[:] = -1
    np.testing.assert_allclose(sampler._answer(scratch)[0].sum(axis=1), [0.0, 0.0, 40.0], atol=1e-6)
    scratch.failed_out[0] = 2
    np.testing.assert_allclose(sampler._answer(scratch)[0].sum(axis=1), 0.0, atol=1e-6)


def test_answers_from_outside_are_used_for_their_sample_and_hour() -> None:
    """The loop around the kernel hands in an answer and goes on from the sample that asked."""
    system = triangle([0.0] * 24, [100.0] * 24)
    sampler = NodalYears(system, 1, True)
    scratch, workspace = sampler._scratch()
    scratch.failed[:] = 7, 3, 2
    scratch.failed_columns[1] = system.unit_mw
    calls: list[tuple[int, int]] = []

    def step(done: int, answers) -> tuple[int, int]:  # type: ignore[no-untyped-def]
        calls.append((done, len(answers.sample)))
        if len(answers.sample) == 0:
            return 2, 2
        assert (answers.sample[0], answers.hour[0], answers.how[0]) == (7, 3, 2)
        assert answers.shed_mw[0].sum() == pytest.approx(40.0)
        return 3, 0

    sampler._until_done(5, scratch, workspace, step, lambda: None)
    assert calls == [(0, 0), (2, 1)]
    assert sampler.diagnostics()["highs_fallbacks"] == 1


def test_section_limits_follow_season_and_circuits_out() -> None:
    grid = read_network(network_folder("kazakhstan"))
    system = system_from_grid(grid)
    sampler = NodalYears(system, 1, True)
    from gridsim.model.pack import pack

    packed = pack(grid)
    section = grid.interfaces.position("north_south")
    members = grid.interface_members.branch[grid.interface_members.interface == section]
    rows = sampler.case.dispatch.row_ptdf.shape[0]
    for out in ([], [int(members[0])], sorted(int(m) for m in members[:2])):
        for winter, month in ((True, 1), (False, 7)):
            lo, hi = np.empty(rows), np.empty(rows)
            row_limits(sampler.case, np.array(out, dtype=np.int32), winter, lo, hi)
            expected_lo, expected_hi = packed.row_limits(out, month)
            scale = 1.0 + grid.loss_share
            np.testing.assert_allclose(lo * scale, expected_lo, rtol=1e-12)
            np.testing.assert_allclose(hi * scale, expected_hi, rtol=1e-12)


def test_requests_that_the_level_cannot_meet() -> None:
    with pytest.raises(StudyError):
        assess(rts79(), SequentialMonteCarlo(years=1, level="nodal"))
    stores = pd.DataFrame({"name": ["s"], "bus": ["3"], "charge_mw": 5.0, "discharge_mw": 5.0, "energy_mwh": 10.0})
    units = pd.DataFrame({"name": ["a"], "bus": "3", "p_max_mw": [9.0]})
    branches = pd.DataFrame({"name": ["l"], "from_bus": ["1"], "to_bus": ["3"], "x_pu": [0.1], "limit_mw": [5.0]})
    load = pd.DataFrame({"1": [1.0], "3": [2.0]})
    with pytest.raises(StudyError):
        assess(
            system_from_frames(units, load, branches=branches, storages=stores),
            SnapshotMonteCarlo(samples=10, level="nodal"),
        )


@pytest.mark.parametrize("skip", [True, False])
def test_ratings_by_the_hour(skip: bool) -> None:
    """Load 100 at bus 3 sends (100 - shed) / 3 over line 2-3, rated 20 MW times the hour's factor.

    Day 1 at 1.24: 100 - 3 * 24.8 = 25.6 MW in each hour. Day 2 at 2, but 1 in its last hour, which sheds
    100 - 60 = 40 MW and forbids to judge the whole day by its first hours. Day 3 at 2: none.
    """
    system = triangle([0.0] * 72, [100.0] * 72, fails=False)
    factor = np.repeat([1.24, 2.0, 2.0], 24)[:, None]
    factor[47] = 1.0
    detail = dataclasses.replace(
        plain_detail(system), branch_rating=np.array([-1, -1, 0], dtype=np.int32), rating_factor=factor
    )
    method = SequentialMonteCarlo(years=1, level="nodal", skip=skip)
    result = assess(dataclasses.replace(system, detail=detail), method)
    assert result["EUE"].value == pytest.approx(24 * 25.6 + 40.0, abs=1e-3)
    assert result["LOLH"].value == 25


@pytest.mark.parametrize(("turn_mw", "unserved_mw"), [(0.0, 60.0), (15.0, 75.0), (-15.0, 45.0)])
def test_a_phase_shifter_moves_what_a_limit_lets_through(turn_mw: float, unserved_mw: float) -> None:
    """120 MW at bus 3: line 2-3 carries a third of what is served and a third of what 1-3 turns, at most 20 MW."""
    system = triangle(np.zeros(24), np.full(24, 120.0), fails=False)
    detail = dataclasses.replace(plain_detail(system), branch_turn_mw=np.array([0.0, turn_mw, 0.0]))
    system = dataclasses.replace(system, detail=detail)
    values, _, _ = NodalYears(system, 1, True).run(0, 1)
    assert values[0, 0, 3] == pytest.approx(24.0 * unserved_mw, rel=1e-6)
