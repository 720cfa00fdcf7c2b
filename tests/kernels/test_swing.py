"""The swing of areas: the closed form, the exact case with stages, hand cases, balances, its twin."""

from __future__ import annotations

import numpy as np
import pytest

from gridsim.kernels import swing_case as case
from gridsim.kernels.swing import run_swing
from gridsim.kernels.swing_motion import sine
from tests.support.references import note
from tests.support.swing_cases import (
    SwingCase,
    groups_of,
    model_of,
    random_case,
    read_case,
    response_case,
    rules_of,
)

EXACT = read_case("ufls_and_real_events.json")["exact_sfr_ufls"]
CLOSED = read_case("sfr_cases.json")["cases"]


def stages(delay_s: float) -> list[dict]:
    """Rules of the exact case's stages."""
    shed = {"quantity": 0, "action": case.SHED_SHARE, "amount": EXACT["shed_pu_each"], "delay_s": delay_s}
    return [{**shed, "setting": hz - 50.0} for hz in EXACT["stages_hz"]]


@pytest.mark.parametrize("name", sorted(CLOSED))
def test_one_area_is_the_classical_response(name) -> None:
    """Nadir of the closed form of Anderson and Mirheydar to 1e-4 at a step of 1 ms, and where it settles."""
    closed = CLOSED[name]
    state, log, _, _ = response_case(closed, closed["Pstep"], f_hz=60.0).run(60.0, 0.001)
    assert state.lowest_hz[0] / 60.0 == pytest.approx(closed["dw_nadir_pu"], rel=1e-4)
    assert state.x[1] / 60.0 == pytest.approx(closed["dw_ss_pu"], rel=1e-4)
    what, found = f"nadir of one area, case {name}", state.lowest_hz[0] / 60.0
    note("frequency", what, "pu", "Anderson and Mirheydar 1990", expected=closed["dw_nadir_pu"], found=found)
    row = int(log.trace_hz[: log.filled[1], 0].argmin())
    assert log.trace_s[row] == pytest.approx(closed["t_nadir_s"], abs=0.02)


@pytest.mark.parametrize("step_s", [0.01, 0.02, 0.05])
@pytest.mark.parametrize(
    ("name", "delay_s"), [("without_ufls", None), ("ufls_no_delay", 0.0), ("ufls_delay_0_2_s", 0.2)]
)
def test_exact_stages(name, delay_s, step_s) -> None:
    """Stage times to 1 ms and nadirs to 1 mHz, at any step; the lowest point of 50 ms steps lies between two."""
    exact = EXACT[name]
    rows = [] if delay_s is None else stages(delay_s)
    state, log, _, _ = response_case(EXACT, EXACT["step_pu"], rows=rows).run(80.0, step_s)
    assert log.op_s[: log.filled[0]] == pytest.approx(exact.get("stage_s", []), abs=1e-5 + 5e-6)
    assert 50.0 + state.lowest_hz[0] == pytest.approx(exact["nadir_hz"], abs=1e-3 if step_s < 0.05 else 2e-3)
    assert state.shed_frequency[0] == pytest.approx(exact.get("shed_pu", 0.0), abs=1e-9)
    assert 50.0 + state.x[1] == pytest.approx(exact["final_hz"], abs=1e-3)
    if step_s == 0.01:
        what = f"nadir with six stages of shedding, {name.replace('_', ' ')}"
        note("frequency", what, "Hz", "exact case", expected=exact["nadir_hz"], found=50.0 + state.lowest_hz[0])


def test_settles_where_droop_and_load_say() -> None:
    """100 MW lost, governors of 150 MW/Hz, load damping of 1000 MW x 1.5 / 50 = 30 MW/Hz: 100 / 180 = 0.5556 Hz."""
    group = {"area": 0, "mw": 1000.0, "gain": 150.0, "inertia": 200.0, "dead_band_hz": 0.0}
    swing = SwingCase(model_of([1000.0], [], [group]), rules_of([]), groups_of([group]), np.array([-100.0]))
    state, _, end_s, why = swing.run(120.0, quiet=True)
    assert why == case.QUIET
    assert end_s < 60.0
    assert state.x[1] == pytest.approx(-100.0 / 180.0, abs=3e-3)
    assert swing.run(200.0)[0].x[1] == pytest.approx(-100.0 / 180.0, abs=1e-6)


def test_headroom_ends_and_the_dead_band_keeps_still() -> None:
    """Headroom 20 of 100 MW lost leaves 80 to a load of 30 MW/Hz: 2.667 Hz. 0.5 MW lost move 0.0167 Hz, no governor."""
    group = {"area": 0, "mw": 1000.0, "gain": 150.0, "up": 20.0, "inertia": 200.0, "dead_band_hz": 0.02}
    model, groups = model_of([1000.0], [], [group]), groups_of([group])
    assert SwingCase(model, rules_of([]), groups, np.array([-100.0])).run(200.0)[0].x[1] == pytest.approx(-80 / 30)
    assert SwingCase(model, rules_of([]), groups, np.array([-0.5])).run(200.0)[0].x[1] == pytest.approx(-0.5 / 30)


def test_two_areas_trip_overload_dose_split() -> None:
    """Hand case. Area 1 imports 300 MW over a coupling of 2000 MW/rad, area 0 is as good as infinite.

    At 1 s area 1 loses 400 MW. Settled without governors of its own, its tie would carry 300 + 400 = 700 MW, above the
    trigger of 500 MW: after 0.5 s a dose of 100 MW is cut; 600 MW still are above it, so the tie opens a further 1.0 s
    later. The flow swings, so the timers start at its first crossing and no later swing falls below the trigger.
    Alone, area 1 lacks 700 - 100 = 600 MW of 1000 MW. A stage takes 6 % of the load left by the dose, 54 MW; with ten
    360 MW x (1 - 0.03 x 1.7) = 342 MW are still above the 300 MW supplied, with eleven 306 x (1 - 0.03 x 1.8) = 289 MW
    are below, and 306 (1 + 0.03 f) = 300 settles at -0.654 Hz.
    """
    groups = [
        {"area": 0, "mw": 100_300.0, "inertia": 20_000.0},
        {"area": 1, "mw": 700.0, "inertia": 200.0},
    ]
    stretch = 0.8
    model = model_of([100_000.0, 1000.0], [(0, 1, 2000.0, stretch)], groups, flows=[(0.0, {0: 1.0}, {})])
    time, flow = 4, 2
    trip = {"quantity": time, "above": True, "setting": 1.0, "action": case.TRIP_MW, "place": 1, "amount": 400.0}
    dose = {"quantity": flow, "above": True, "setting": 500.0, "delay_s": 0.5, "action": case.SHED_MW, "place": 1}
    split = {"quantity": flow, "above": True, "setting": 500.0, "delay_s": 1.0, "action": case.OPEN, "after": 1}
    shed = {"quantity": 1, "action": case.SHED_SHARE, "place": 1, "amount": 0.06}
    rows = [trip, {**dose, "amount": 100.0}, split]
    rows += [{**shed, "setting": -0.8 - 0.1 * stage} for stage in range(16)]
    rules = rules_of(rows, [(0, 1, stretch)])
    swing = SwingCase(model, rules, groups_of(groups), np.zeros(2))
    state = case.new_state(model, swing.groups, swing.fixed_mw, len(rows))
    state.x[0] = stretch * np.arcsin(300.0 / (2000.0 * stretch))
    log = case.new_log(2, 1, 60.0, 200, 0.02)
    end_s, why = case_run(swing, state, log, 0.0)
    assert why == case.CHANGED
    assert log.op_rule[: log.filled[0]].tolist() == [0, 1, 2]
    assert log.op_mw[: log.filled[0]].tolist() == pytest.approx([400.0, 100.0, 0.0])
    crossed_s = log.op_s[1] - 0.5
    # 3/7 of the area's inertia is left, 86 MW s/Hz. 200 MW more on the tie need 0.11 rad, reached after
    # sqrt(2 x 0.11 / (2 pi x 400 / 86)) = 0.087 s if nothing held the area; the tie itself holds it back a little.
    assert 1.087 < crossed_s < 1.12
    assert log.op_s[2] == pytest.approx(log.op_s[1] + 1.0, abs=1e-6)
    assert log.trace_mw[0, 0] == pytest.approx(300.0)

    alone = model._replace(coupling_mw=np.zeros(1), flow_pair=np.zeros((1, 1)))
    state.fixed_mw[0] = -300.0  # the surplus of the large area, so that it stays where it is
    _, why = case_run(SwingCase(alone, rules, swing.groups, swing.fixed_mw), state, log, end_s, 80.0)
    assert why == case.HORIZON
    stages = log.op_mw[3 : log.filled[0]]
    assert stages == pytest.approx(np.full(11, 54.0))
    assert state.x[2 + 1] == pytest.approx((300.0 / 306.0 - 1.0) / 0.03, abs=1e-3)


def case_run(swing: SwingCase, state, log, start_s: float, until_s: float = 60.0) -> tuple[float, int]:
    return run_swing(swing.model, swing.rules, state, log, (start_s, until_s), 0.01, False)


@pytest.mark.parametrize("seed", range(6))
def test_twin(seed) -> None:
    """Same operations at the same times, same frequencies and energies."""
    swing = random_case(seed)
    state, log, end_s, _ = swing.run(6.0, 0.02)
    twin = swing.twin(6.0, 0.02)
    n = len(swing.model.alive)
    assert end_s == pytest.approx(twin.now_s, abs=1e-6)
    ours = list(zip(log.op_s.tolist(), log.op_rule.tolist(), log.op_mw.tolist(), strict=True))[: log.filled[0]]
    assert [rule for _, rule, _ in ours] == [rule for _, rule, _ in twin.areas.operations]
    for mine, theirs in zip(ours, twin.areas.operations, strict=True):
        assert mine == pytest.approx(theirs, rel=1e-6, abs=1e-6)
    assert state.x[n : 2 * n] == pytest.approx(twin.areas.hz, abs=1e-6)
    assert state.x[:n] == pytest.approx(twin.areas.angle, abs=1e-5)
    assert state.x[-n:] == pytest.approx(twin.areas.drawn_mws, rel=1e-6, abs=1e-3)


def test_random_cases_do_something() -> None:
    """Among the random cases: loads cut, machines tripped, an interface opened."""
    actions = set()
    for seed in range(8):
        swing = random_case(seed)
        _, log, _, _ = swing.run(12.0, 0.02)
        actions |= set(swing.rules.action[log.op_rule[: log.filled[0]]].tolist())
    assert actions >= {case.ADD_MW, case.SHED_SHARE, case.SHED_MW, case.TRIP_SHARE, case.OPEN}


@pytest.mark.parametrize("seed", range(20))
def test_energy_balance(seed) -> None:
    """What was supplied and not drawn is in the motion: M f of all areas, to 1e-6 (machines trip: M of what is left).

    Rules that trip machines are left out, for what they take away leaves with its motion.
    """
    swing = random_case(seed)
    trips = swing.rules.action == case.TRIP_SHARE
    rules = swing.rules._replace(setting=np.where(trips, np.where(swing.rules.above, 9e9, -9e9), swing.rules.setting))
    state, _, _, _ = SwingCase(swing.model, rules, swing.groups, swing.fixed_mw).run(12.0)
    n = len(swing.model.alive)
    inertia = swing.model.load_inertia + np.bincount(swing.model.group_area, state.group_inertia, n)
    motion = float((inertia * state.x[n : 2 * n]).sum())
    supplied, drawn = state.x[-2 * n : -n].sum(), state.x[-n:].sum()
    assert supplied - drawn == pytest.approx(motion, rel=1e-6, abs=1e-6 * swing.model.load_mw.sum())
    assert abs(motion) > 1.0


@pytest.mark.parametrize("seed", range(6))
def test_half_the_step_changes_nothing(seed) -> None:
    """Beyond 1e-3 Hz, with the same operations within 2 ms."""
    swing = random_case(seed)
    coarse, fine = swing.run(12.0, 0.01), swing.run(12.0, 0.005)
    n = len(swing.model.alive)
    assert coarse[0].x[n : 2 * n] == pytest.approx(fine[0].x[n : 2 * n], abs=1e-3)
    assert coarse[0].lowest_hz == pytest.approx(fine[0].lowest_hz, abs=1e-3)
    operations = coarse[1].filled[0]
    assert operations == fine[1].filled[0]
    assert coarse[1].op_s[:operations] == pytest.approx(fine[1].op_s[:operations], abs=2e-3)


def test_a_larger_loss_has_a_lower_nadir_without_stages() -> None:
    """With shedding off: 50 losses on the same areas, in order."""
    swing = random_case(3)
    loss = swing.rules._replace(**{name: getattr(swing.rules, name)[:1] for name in case.SwingRules._fields[:9]})
    nadirs = []
    for share in np.linspace(0.02, 0.2, 50):
        amount = np.array([-share * swing.model.load_mw[1]])
        rules = loss._replace(amount=amount, place=np.array([1], dtype=np.int32))
        nadirs.append(SwingCase(swing.model, rules, swing.groups, swing.fixed_mw).run(15.0, 0.02)[0].lowest_hz.min())
    assert (np.diff(nadirs) < 0).all()


def test_tiny_dead_area_does_not_move() -> None:
    """It neither draws nor supplies, and the area that lives balances alone."""
    groups = [{"area": 0, "mw": 100.0, "inertia": 20.0}, {"area": 1, "mw": 0.0}]
    model = model_of([100.0, 500.0], [], groups)
    model.alive[1] = False
    state, _, _, _ = SwingCase(model, rules_of([]), groups_of(groups), np.zeros(2)).run(5.0)
    assert state.x[2:4].tolist() == pytest.approx([0.0, 0.0], abs=1e-12)
    assert state.x[-1] == 0.0
    assert state.x[-2] == pytest.approx(500.0)


def test_tiny_blocked_rules_and_a_full_log() -> None:
    """A rule that blocks another keeps it still; a rule that never ends fills the log and stops the run."""
    group = {"area": 0, "mw": 100.0, "inertia": 20.0}
    model, groups = model_of([100.0], [], [group]), groups_of([group])
    at = {"quantity": 1, "above": True}
    block = {**at, "setting": 0.5, "action": case.BLOCK, "place": 1}
    shed = {**at, "setting": 1.0, "action": case.SHED_SHARE, "amount": 0.5}
    state, log, _, _ = SwingCase(model, rules_of([block, shed]), groups, np.zeros(1)).run(3.0)
    assert log.op_rule[: log.filled[0]].tolist() == [0]
    assert state.shed_frequency[0] == 0.0
    endless = {**at, "setting": 0.1, "delay_s": 0.01, "repeats": True, "action": case.ADD_MW}
    _, log, end_s, why = SwingCase(model, rules_of([endless]), groups, np.zeros(1)).run(9.0)
    assert why == case.FULL
    assert log.filled[0] == len(log.op_s)
    assert end_s == pytest.approx(0.1 + 0.01 * 201, abs=1e-6)


def returning(later_mw: float, at_s: float) -> tuple[list[tuple[int, float, float]], SwingCase]:
    """Operations (rule, second, MW) of an area of 1,000 MW that loses 50, sheds 100 and gives them back after 2 s."""
    time = 1
    rows = [
        {"quantity": time, "above": True, "setting": 0.0, "action": case.ADD_MW, "place": 0, "amount": -50.0},
        {"quantity": 0, "setting": -0.5, "action": case.SHED_SHARE, "place": 0, "amount": 0.1},
        {"quantity": 0, "above": True, "setting": -0.1, "delay_s": 2.0, "action": case.RETURN_SHARE, "place": 0,
         "amount": 0.1},
        {"quantity": time, "above": True, "setting": at_s, "action": case.ADD_MW, "place": 0, "amount": -later_mw},
    ]  # fmt: skip
    model = model_of([1000.0], [], [{"area": 0, "inertia": 200.0}], damping=1.5)
    swing = SwingCase(model, rules_of(rows), groups_of([{"mw": 1000.0, "inertia": 200.0}]), np.zeros(1))
    _, log, _, _ = swing.run(20.0)
    rows_of_log = zip(log.op_rule.tolist(), log.op_s.tolist(), log.op_mw.tolist(), strict=True)
    return list(rows_of_log)[: log.filled[0]], swing


def test_load_does_not_return_into_a_falling_frequency() -> None:
    """The timer of the return ends 0.2 s after a second loss: frequency is above its threshold still, and falls.

    With 10 MW lost it rises all the same, and the load returns.
    """
    calm, _ = returning(0.0, 15.0)
    assert [rule for rule, _, _ in calm] == [0, 1, 2, 3]
    back_s = calm[2][1]
    lost, swing = returning(120.0, back_s - 0.2)
    assert [rule for rule, _, _ in lost] == [0, 1, 3]
    assert [rule for _, rule, _ in swing.twin(20.0).areas.operations] == [0, 1, 3]
    less, _ = returning(10.0, back_s - 0.2)
    assert less[3] == (2, pytest.approx(back_s), pytest.approx(-100.0))


def test_the_sine_of_couplings_is_that_of_the_library() -> None:
    """To two units in the last place of 1, over the angles of areas that slip for a minute; exactly 0 at 0."""
    angles = np.concatenate([np.linspace(-4.0, 4.0, 801), np.random.default_rng(5).uniform(-4000.0, 4000.0, 800)])
    found = np.array([sine(angle) for angle in angles.tolist()])
    assert np.abs(found - np.sin(angles)).max() < 2.3e-16
    assert sine(0.0) == 0.0
