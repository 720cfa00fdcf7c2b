"""Voltage control: three buses by hand, brute force, sensitivities by difference, rules, and never a worse hour."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import numpy as np
import pytest

from gridsim.errors import InputError
from gridsim.io.read_network import system_from_tables
from gridsim.model.pack import pack
from gridsim.model.scenario import AcMode, Policy, VoltageMode
from gridsim.model.system import GridSystem
from gridsim.solvers.ac import AcModel
from gridsim.solvers.operating_point import OperatingPoint, idle_point
from gridsim.solvers.voltage_control import DeviceState, VoltageControl, device_state, voltage_devices
from gridsim.solvers.voltage_relief import VoltageRelief
from gridsim.solvers.yielding_load import yielding
from tests.support.ac_cases import as_stated, case, kazakhstan
from tests.support.fraction import FRACTION

LINE = {"length_km": 1.0, "r_ohm_per_km": 0.0, "x_ohm_per_km": 10.0}
REACTOR = {"name": "reactor", "bus": "b", "q_mvar": 80.0, "steps": 2, "switchable": True, "in_service": False}
CHARGING = {"name": "charging", "bus": "c", "q_mvar": -50.0}
TRANSFORMER = {
    "name": "bank", "hv_bus": "c", "lv_bus": "d", "sn_mva": 100.0, "vn_hv_kv": 100.0, "vn_lv_kv": 50.0,
    "vk_percent": 10.0, "vkr_percent": 0.0, "tap_side": "hv", "tap_min": -8, "tap_max": 8, "tap_pos": 0,
    "tap_step_percent": 1.5, "tap_controlled": True,
}  # fmt: skip


def chain(*shunts: dict[str, Any], transformers: Any = (), p_mw: float = 0.0, **bus: Any) -> GridSystem:
    """A machine that holds 1.0 pu at a, 0.1 pu of reactance to b and as much to c; a load of power factor 1 at c."""
    buses = [{"name": name, "zone": "z", "vn_kv": 100.0, **bus} for name in "abc"]
    if transformers:
        buses.append({"name": "d", "zone": "z", "vn_kv": 50.0, **bus})
    tables: dict[str, Any] = {
        "buses": buses,
        "lines": [
            {"name": "ab", "from_bus": "a", "to_bus": "b", **LINE},
            {"name": "bc", "from_bus": "b", "to_bus": "c", **LINE},
        ],
        "generators": [
            {
                "name": "machine", "bus": "a", "fuel": "gas", "installed_mw": 900.0, "p_max_mw": 900.0,
                "q_min_mvar": -900.0, "q_max_mvar": 900.0, "cost_per_mwh": 1.0,
            }
        ],
        "loads": [{"name": "town", "bus": "c", "p_mw": p_mw, "power_factor": 1.0, "load_class": "all"}],
        "load_classes": [{"name": "all", "shed_order": 0, "voll_usd_per_kwh": 5.0}],
        "shunts": list(shunts),
        "transformers": list(transformers),
    }  # fmt: skip
    return system_from_tables({"name": "chain", "zones": ["z"]}, tables)


def solved(system: GridSystem, free: bool = True, position: Any = None) -> tuple[Any, VoltageControl]:
    control = VoltageControl(system)
    start = control.devices.start if position is None else np.asarray(position, dtype=float)
    point = as_stated(system, [0.0])
    return control.solve(AcModel(system), point, start, np.full(len(start), free)), control


# --- three buses by hand: an open line of charging b raises V by 1 / (1 - X b)


def voltages(b_reactor: float) -> list[float]:
    """Of the chain without load, 0.5 pu of capacitance at c, by the ladder of two reactances of 0.1 pu."""
    b_c = 0.5 / (1.0 - 0.1 * 0.5)
    v_b = 1.0 / (1.0 - 0.1 * (b_c - b_reactor))
    return [1.0, v_b, v_b / (1.0 - 0.1 * 0.5)]


def test_one_of_two_steps_is_enough() -> None:
    """1.111 pu at c without a reactor, 1.066 with one step of 0.4 pu, 1.025 with both: one step, no more."""
    found, _ = solved(chain(CHARGING, REACTOR))
    assert found.position.tolist() == [1.0]
    assert found.solves == 2
    assert found.solution.vm_pu == pytest.approx(voltages(0.4), abs=1e-8)


def test_nothing_moves_inside_the_dead_band() -> None:
    """With 1.111 pu at c and a limit of 1.12 nothing happens from 1.115 on (the default), at 1.11 it does."""
    for act_pu, position in ((None, 0.0), (1.115, 0.0), (1.11, 1.0)):
        found, _ = solved(chain(CHARGING, REACTOR, vm_max_pu=1.12, vm_act_max_pu=act_pu))
        assert found.position.tolist() == [position]
        assert found.solves == (2 if position else 1)


def test_a_passed_limit_ends_a_rest() -> None:
    """1.111 pu at c: past a limit of 1.10 the resting reactor is switched, below one of 1.112 it rests on."""
    for limit_pu, position in ((1.10, 1.0), (1.112, 0.0)):
        found, control = solved(chain(CHARGING, REACTOR, vm_max_pu=limit_pu), free=False)
        assert found.position.tolist() == [position]
        assert control.violation_pu(found.solution.vm_pu) == 0.0


def test_nothing_to_switch_leaves_the_violation() -> None:
    found, control = solved(chain(CHARGING, {**REACTOR, "q_mvar": -80.0}))
    assert found.position.tolist() == [0.0]
    assert found.solution.vm_pu == pytest.approx(voltages(0.0), abs=1e-8)
    assert control.violation_pu(found.solution.vm_pu) == pytest.approx(voltages(0.0)[2] - 1.10)


def test_a_reactor_without_a_breaker_stays() -> None:
    system = chain(CHARGING, {**REACTOR, "switchable": False}, {**REACTOR, "name": "other", "q_mvar": 2.0})
    found, control = solved(system)
    assert control.devices.name == ("other",)
    assert control.settings(found.position).shunt_share[1] == 0.0


def test_a_controlled_reactor_goes_as_far_as_it_must() -> None:
    """Aim of c is 1.09 pu, reached at b_reactor = 0.182 pu of 0.8: 4.6 of the 20 parts searched, so 5."""
    found, _ = solved(chain(CHARGING, {**REACTOR, "controlled": True}))
    assert found.position.tolist() == [5.0]
    assert found.solution.vm_pu == pytest.approx(voltages(0.8 * 5 / 20), abs=1e-8)


def test_a_controlled_reactor_keeps_its_least_share() -> None:
    system = chain(CHARGING, {**REACTOR, "controlled": True, "min_share": 0.5})
    assert voltage_devices(system).start.tolist() == [10.0]
    found, _ = solved(system)
    assert found.position.tolist() == [10.0]


def test_a_tap_moves_until_the_open_side_is_inside() -> None:
    """Behind an open bank the voltage is 1 / (1 + 0.015 tap): 1.136 at -8, 1.081 at -5, the first below 1.09.

    A search moves a tap by two, so it takes two of them.
    """
    system = chain(transformers=[{**TRANSFORMER, "tap_pos": -8}])
    found, control = solved(system)
    assert control.devices.name == ("bank",)
    assert found.position.tolist() == [-5.0]
    assert found.solves == 3
    assert found.solution.vm_pu[3] == pytest.approx(1.0 / (1.0 - 5 * 0.015), abs=1e-8)


def test_parallel_banks_move_together() -> None:
    banks = [{**TRANSFORMER, "tap_pos": -8}, {**TRANSFORMER, "name": "twin", "tap_pos": -8}]
    found, control = solved(chain(transformers=banks))
    assert control.settings(found.position).tap_pos.tolist() == [-5.0, -5.0]


def test_low_voltage_takes_the_reactor_out_and_the_bank_in() -> None:
    """150 MW at c pull it below 0.95: the bank of 60 Mvar is put in, the reactor out."""
    system = chain(
        {**REACTOR, "in_service": True, "steps": 1},
        {"name": "bank", "bus": "c", "q_mvar": -60.0, "in_service": False, "switchable": True},
        p_mw=150.0, vm_min_pu=0.95,
    )  # fmt: skip
    found, control = solved(system)
    assert found.position.tolist() == [0.0, 1.0]
    assert control.violation_pu(found.solution.vm_pu) == 0.0


def test_islands_answer_for_themselves() -> None:
    """With bc open the charging of c is dead: the reactor at b has nothing to do."""
    system = chain(CHARGING, REACTOR)
    control = VoltageControl(system)
    point = as_stated(system, [0.0])._replace(branch_out=np.array([1], dtype=np.int32))
    found = control.solve(AcModel(system), point, control.devices.start, np.array([True]))
    assert found.position.tolist() == [0.0]
    assert np.isnan(found.solution.vm_pu[2])


def test_a_dead_network_is_left_alone() -> None:
    system = chain(CHARGING, REACTOR)
    control = VoltageControl(system)
    point = as_stated(system, [0.0])._replace(gen_committed=np.array([False]))
    found = control.solve(AcModel(system), point, control.devices.start, np.array([True]))
    assert (found.position.tolist(), found.solves) == ([0.0], 1)


# --- brute force, and both power flows


@pytest.mark.parametrize("seed", range(max(round(40 * FRACTION), 5)))
def test_as_good_as_the_best_of_all_positions(seed: int) -> None:
    """Three random devices in the chain: where any of all positions is inside, so is the one found."""
    random = np.random.default_rng(seed)
    shunts = [
        {
            "name": f"s{k}", "bus": str(random.choice(["b", "c"])), "q_mvar": float(random.uniform(-60.0, 90.0)),
            "steps": int(random.integers(1, 4)), "switchable": True, "in_service": bool(random.integers(2)),
        }
        for k in range(3)
    ]  # fmt: skip
    fixed = {"name": "fixed", "bus": "c", "q_mvar": float(random.uniform(-60.0, 60.0))}
    system = chain(fixed, *shunts, p_mw=float(random.uniform(0.0, 150.0)), vm_min_pu=0.92, vm_max_pu=1.08)
    found, control = solved(system)
    model, point = AcModel(system), as_stated(system, [0.0])
    places = itertools.product(*(range(int(high) + 1) for high in control.devices.high))
    every = [model.solve(point._replace(devices=control.settings(np.array(p, dtype=float)))) for p in places]
    best = min(control.violation_pu(one.vm_pu) for one in every if one.converged)
    assert control.violation_pu(found.solution.vm_pu) <= best + 1e-9


def test_both_power_flows_move_the_same_devices() -> None:
    system = chain(CHARGING, REACTOR, transformers=[{**TRANSFORMER, "tap_pos": -6}], p_mw=20.0)
    control = VoltageControl(system)
    point, free = as_stated(system, [0.0]), np.full(len(control.devices), True)
    fast, slow = (
        control.solve(AcModel(system, method), point, control.devices.start, free) for method in ("fast", "pandapower")
    )
    assert (fast.position != control.devices.start).any()
    assert fast.position.tolist() == slow.position.tolist()
    np.testing.assert_allclose(fast.solution.vm_pu, slow.solution.vm_pu, rtol=0, atol=1e-6)
    np.testing.assert_allclose(fast.solution.q_to_mvar, slow.solution.q_to_mvar, rtol=0, atol=1e-3)


def test_stated_positions_are_the_stated_network() -> None:
    """The devices as the system states them change no voltage."""
    system, point = kazakhstan()
    control, model = VoltageControl(system), AcModel(system)
    stated = model.solve(point)
    model.reset()
    held = model.solve(point._replace(devices=control.settings(control.devices.start)))
    np.testing.assert_allclose(held.vm_pu, stated.vm_pu, rtol=0, atol=1e-9)


# --- Kazakhstan: sensitivities, never worse, rules


def summer(system: GridSystem, point: OperatingPoint, share: float) -> OperatingPoint:
    """The winter peak with all power scaled: the lines' charging stays."""
    return point._replace(
        p_gen_mw=share * point.p_gen_mw, p_border_mw=share * point.p_border_mw, p_load_mw=share * point.p_load_mw
    )


def test_effects_are_those_of_a_small_move() -> None:
    """Against the difference of two power flows a thousandth of a step apart, for every device.

    What is left is the share of the imbalance, which the effects leave to the reference.
    """
    system, peak = kazakhstan()
    control, model = VoltageControl(system), AcModel(system)
    point = summer(system, peak, 0.8)
    start = control.devices.start
    base = model.solve(point._replace(devices=control.settings(start)))
    effect = control.effects(model.network, point, base, start)
    step = 1e-3
    for number in range(len(control.devices)):
        moved = start.copy()
        moved[number] += step
        after = model.solve(point._replace(devices=control.settings(moved)), base)
        found = (after.vm_pu - base.vm_pu) / step
        worst = np.abs(found - effect[number]).max()
        assert worst <= 0.02 * np.abs(found).max() + 3e-5, control.devices.name[number]


@pytest.mark.parametrize("seed", range(max(round(12 * FRACTION), 4)))
def test_never_worse_and_by_the_rules(seed: int) -> None:
    """Random load, outages, positions and rests: violation no larger than untouched, ranges and rests kept."""
    system, peak = kazakhstan()
    control, model = VoltageControl(system), AcModel(system)
    devices, random = control.devices, np.random.default_rng(seed)
    for _ in range(4):
        out = np.sort(random.choice(system.n_branches, int(random.integers(4)), replace=False)).astype(np.int32)
        point = summer(system, peak, float(random.uniform(0.4, 1.0)))._replace(branch_out=out)
        position = np.rint(random.uniform(devices.low, devices.high))
        free = random.random(len(devices)) < 0.7
        model.reset()
        before = model.solve(point._replace(devices=control.settings(position)))
        model.reset()
        found = control.solve(model, point, position, free)
        assert found.solution.converged == before.converged
        assert control.violation_pu(found.solution.vm_pu) <= control.violation_pu(before.vm_pu)
        assert (found.position >= devices.low).all()
        assert (found.position <= devices.high).all()
        assert (found.position == np.rint(found.position)).all()
        if control.violation_pu(before.vm_pu) == 0.0:
            assert (found.position == position)[~free].all()
        assert found.solves <= 7


def test_a_light_hour_comes_inside() -> None:
    """At 60 % of the winter peak the devices as stated leave 500 kV buses above 1.10 pu, the operator none."""
    system, peak = kazakhstan()
    control, model = VoltageControl(system), AcModel(system)
    point = summer(system, peak, 0.6)
    before = model.solve(point)
    assert before.vm_pu.max() > 1.10
    found = control.solve(model, point, control.devices.start, np.full(len(control.devices), True))
    assert control.violation_pu(found.solution.vm_pu) == 0.0


def test_networks_without_devices_have_none() -> None:
    for name in ("case9", "case30"):
        system, _ = case(name)
        assert len(voltage_devices(system)) == 0
        assert device_state(system, Policy()) is None


def test_off_holds_nothing() -> None:
    system, _ = kazakhstan()
    assert device_state(system, Policy()) is not None
    assert device_state(system, Policy(voltage_control=VoltageMode.OFF)) is None
    assert device_state(system, Policy(ac=AcMode.OFF)) is None


# --- time


def test_least_time_between_switchings() -> None:
    system = chain(CHARGING, REACTOR, {**REACTOR, "name": "controlled", "controlled": True})
    state = DeviceState(voltage_devices(system))
    assert state.free(0.0).all()
    state.take(np.array([1.0, 4.0]), 0.0)  # before the horizon
    assert state.switchings.tolist() == [0, 0]
    state.take(np.array([2.0, 6.0]), 3600.0)
    assert state.switchings.tolist() == [1, 0]
    assert state.switched_at(3600.0) == (("reactor", 2.0),)
    assert state.free(3600.0 * 3.99).tolist() == [False, True]
    assert state.free(3600.0 * 4.0).tolist() == [True, True]
    state.take(np.array([2.0, 9.0]), 3600.0 * 2)
    assert state.switched_at(7200.0) == ()
    assert state.position.tolist() == [2.0, 9.0]


def test_a_swinging_load_does_not_make_a_reactor_swing() -> None:
    """Load on and off hour by hour, limits never passed: the reactor that rests for 12 h switches 4 times in 2 days."""
    swing = {"vm_min_pu": 0.5 + 1e-6, "vm_max_pu": 1.4, "vm_act_min_pu": 1.0, "vm_act_max_pu": 1.08}
    system = chain(CHARGING, {**REACTOR, "least_time_h": 12.0}, **swing)
    control, model = VoltageControl(system), AcModel(system)
    state = DeviceState(control.devices)
    times = []
    for hour in range(1, 49):
        point = as_stated(system, [0.0])._replace(p_load_mw=np.array([200.0 * (hour % 2)]))
        before = state.position.copy()
        control.operate(model, point, state, hour * 3600.0)
        if (state.position != before).any():
            times.append(hour)
    assert 1 <= len(times) <= 4
    assert (np.diff(times) >= 12).all()
    assert int(state.switchings[0]) == len(times)


# --- tables


def test_taps_of_the_low_side_and_fixed_controlled_reactors_are_refused() -> None:
    with pytest.raises(InputError, match="only taps on the side hv are moved"):
        chain(transformers=[{**TRANSFORMER, "tap_side": "lv"}])
    with pytest.raises(InputError, match="set switchable true"):
        chain({**REACTOR, "switchable": False, "controlled": True})


def test_switched_out_of_service_banks_are_no_devices() -> None:
    system, _ = kazakhstan()
    none = np.zeros(len(system.transformers), dtype=bool)
    idle = system.replace(transformers=dataclasses.replace(system.transformers, in_service=none))
    assert len(voltage_devices(idle)) == int(system.shunts.switchable.sum())
    assert idle_point(idle).devices is None


# --- a pocket that nothing can feed: load is cut there, and there alone


def pocket(p_mw: float) -> tuple[GridSystem, OperatingPoint]:
    """The chain with its load in two classes, the first of them 60 MW, and a town of 50 MW at the machine."""
    tables: dict[str, Any] = {
        "buses": [{"name": name, "zone": "z", "vn_kv": 100.0} for name in "abc"],
        "lines": [
            {"name": "ab", "from_bus": "a", "to_bus": "b", **LINE},
            {"name": "bc", "from_bus": "b", "to_bus": "c", **LINE},
        ],
        "generators": [
            {
                "name": "machine", "bus": "a", "fuel": "gas", "installed_mw": 900.0, "p_max_mw": 900.0,
                "q_min_mvar": -900.0, "q_max_mvar": 900.0, "cost_per_mwh": 1.0,
            }
        ],
        "load_classes": [
            {"name": "lamps", "shed_order": 0, "voll_usd_per_kwh": 1.0},
            {"name": "homes", "shed_order": 1, "voll_usd_per_kwh": 5.0},
        ],
        "loads": [
            {"name": "lamps", "bus": "c", "p_mw": 60.0, "power_factor": 1.0, "load_class": "lamps"},
            {"name": "homes", "bus": "c", "p_mw": p_mw - 60.0, "power_factor": 1.0, "load_class": "homes"},
            {"name": "near", "bus": "a", "p_mw": 50.0, "power_factor": 1.0, "load_class": "lamps"},
        ],
        "shunts": [REACTOR],
    }  # fmt: skip
    system = system_from_tables({"name": "pocket", "zones": ["z"]}, tables)
    return system, as_stated(system, [0.0])


def test_load_that_yields_has_voltages_past_the_nose() -> None:
    """A reactance of 0.2 pu carries 1 / (2 x 0.2) = 2.5 pu at most; 3 pu that yields stands where V^4 allows it.

    Below 0.95 pu it is a conductance G = 3 / 0.95^2 behind 0.2 pu: V = 1 / sqrt(1 + (0.2 G)^2).
    """
    system, point = pocket(300.0)
    model = AcModel(system)
    assert not model.solve(point).converged
    state = yielding(model, point)
    assert state is not None
    assert state.vm_pu[2] == pytest.approx(1.0 / np.hypot(1.0, 0.2 * 3.0 / 0.95**2), rel=0.02)


def test_a_pocket_gives_up_what_the_lowest_voltage_asks_for() -> None:
    """At 0.9 pu behind 0.2 pu the load is P = V sqrt(1 - V^2) / X = 1.961 pu: of 3 pu 1.04 go, all lamps first."""
    system, point = pocket(300.0)
    control, model = VoltageControl(system), AcModel(system)
    solution = model.solve(point)
    relief = VoltageRelief(pack(system), control)
    assert relief.wanted(solution)
    found = relief.find(model, point, solution, control.devices.start)
    assert found is not None
    carried_mw = 100.0 * 0.9 * np.sqrt(1.0 - 0.9**2) / 0.2
    assert 0.0 <= found.cut_mw.sum() - (300.0 - carried_mw) <= 300.0 / 64
    assert found.cut_mw.tolist()[::2] == [60.0, 0.0]  # lamps of the pocket, none of those at the machine
    assert [str(system.buses.name[bus]) for bus in found.pocket] == ["c", "b"]
    left = model.solve(point._replace(p_load_mw=point.p_load_mw - found.cut_mw))
    assert left.converged
    assert left.vm_pu.min() >= 0.9


def test_a_pocket_that_stands_gives_up_nothing() -> None:
    system, point = pocket(190.0)
    control, model = VoltageControl(system), AcModel(system)
    assert not VoltageRelief(pack(system), control).wanted(model.solve(point))


def test_a_bank_that_feeds_the_pocket_comes_before_a_cut() -> None:
    """210 MW at 0.9 pu are too many; a bank of 60 Mvar at b that is out carries them with nothing cut."""
    system, point = pocket(210.0)
    shunts = dataclasses.replace(system.shunts, q_mvar=np.array([-60.0]))
    system = system.replace(shunts=shunts)
    control, model = VoltageControl(system), AcModel(system)
    solution = model.solve(point)
    relief = VoltageRelief(pack(system), control)
    assert relief.wanted(solution)
    found = relief.find(model, point, solution, control.devices.start)
    assert found is not None
    assert found.cut_mw.sum() == 0.0
    assert found.position.tolist() != control.devices.start.tolist()
