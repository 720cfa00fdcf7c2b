"""Rules of voltages by hand: load shed where it is low, reactors and unloaded lines where it is high."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gridsim.io.read_network import system_from_tables
from gridsim.model.pack import pack
from gridsim.model.system import GridSystem
from gridsim.solvers.ac import AcModel
from gridsim.solvers.voltage_automation import VoltageAutomation, VoltageCourse, dead_ends, why_open
from tests.support.ac_cases import as_stated

X_OHM = 10.0  # 0.1 pu at 100 kV and 100 MVA
B_PU = 0.6  # charging of one circuit b - c
C_NF = B_PU / 100.0 / (2 * np.pi * 50.0) * 1e9
SHED = {"name": "shed", "quantity": "vm_pu", "setting": 0.85, "delay_s": 10.0, "action": "shed load", "share": 0.1}
BANKS = {"name": "banks", "quantity": "vm_pu", "setting": 0.9, "delay_s": 5.0,
         "action": "switch reactors off and capacitors on"}  # fmt: skip
REACTORS = {"name": "reactors", "quantity": "vm_pu", "setting": 1.1, "delay_s": 5.0,
            "action": "switch reactors on and capacitors off"}  # fmt: skip
LINE = {"name": "line", "quantity": "vm_pu", "setting": 1.1, "delay_s": 20.0, "action": "open unloaded line"}


def network(*rules: dict[str, Any], town_mw: float = 0.0, c_nf: float = 0.0, **more: Any) -> GridSystem:
    """A machine that holds 1.0 pu at a; 0.1 pu to b; two circuits of 0.2 pu each, 0.1 together, to c with the load."""
    line = {"length_km": 1.0, "r_ohm_per_km": 0.0, "max_i_ka": 2.0}
    circuit = {**line, "from_bus": "b", "to_bus": "c", "x_ohm_per_km": 2 * X_OHM, "c_nf_per_km": c_nf}
    tables: dict[str, Any] = {
        "buses": [{"name": name, "zone": "z", "vn_kv": 100.0} for name in "abc"],
        "lines": [
            {**line, "name": "ab", "from_bus": "a", "to_bus": "b", "x_ohm_per_km": X_OHM},
            {"name": "bc_1", **circuit},
            {"name": "bc_2", **circuit},
        ],
        "generators": [
            {"name": "machine", "bus": "a", "fuel": "gas", "installed_mw": 900.0, "p_max_mw": 900.0,
             "q_min_mvar": -900.0, "q_max_mvar": 900.0, "cost_per_mwh": 1.0}
        ],
        "loads": [
            {"name": "town", "bus": "c", "p_mw": 0.95 * town_mw, "power_factor": 1.0, "load_class": "homes"},
            {"name": "shop", "bus": "c", "p_mw": 0.05 * town_mw, "power_factor": 1.0, "load_class": "shops"},
        ],
        "load_classes": [
            {"name": "shops", "shed_order": 0, "voll_usd_per_kwh": 1.0},
            {"name": "homes", "shed_order": 1, "voll_usd_per_kwh": 5.0},
        ],
        "automation": list(rules),
        **more,
    }  # fmt: skip
    return system_from_tables({"name": "voltages", "zones": ["z"]}, tables)


def course(system: GridSystem, **given: Any) -> VoltageCourse:
    point = as_stated(system, [0.0])
    return VoltageAutomation(pack(system)).run(AcModel(system), point, **given)


def test_low_voltage_sheds_a_tenth_by_class():
    """290 MW through 0.2 pu have no state of constant power. Load that yields is 2.9 / 0.95^2 = 3.213 pu of admittance:
    V = 1 / sqrt(1 + (0.2 x 3.213)^2) = 0.841 pu. Of 290 MW 29 go, the shop's 14.5 first: 2.892 pu, 0.866 pu."""
    system = network(SHED, town_mw=290.0)
    found = course(system)
    (operation,) = found.operations
    assert (operation.rule, operation.place, operation.at_s) == ("shed", "c", 10.0)
    assert operation.mw == pytest.approx(29.0)
    assert found.cut_mw == pytest.approx([14.5, 14.5])
    assert found.vm_pu[2] == pytest.approx(1.0 / np.hypot(1.0, 0.2 * 2.61 / 0.95**2), abs=1e-3)
    assert operation.cause == "voltage of c below 0.85 pu for 10 s"


def test_stages_act_in_the_order_of_their_timers_and_those_that_wait_for_another_after_it():
    """Two stages of a tenth each; the second waits 4 s more than the first. 270 MW stand at 0.858, 240 at 0.883 pu."""
    second = {**SHED, "name": "second", "setting": 0.87, "delay_s": 4.0, "after": "shed"}
    found = course(network(SHED, second, town_mw=290.0))
    assert [(one.rule, one.at_s) for one in found.operations] == [("shed", 10.0), ("second", 14.0)]
    assert found.cut_mw.sum() == pytest.approx(58.0)


def test_banks_come_before_load_where_they_are_enough():
    """A bank of 60 Mvar at c, on after 5 s, lifts the voltage over 0.85 pu before the load's 10 s are over."""
    bank = {"name": "bank", "bus": "c", "q_mvar": -60.0, "switchable": True, "in_service": False}
    found = course(network(BANKS, SHED, town_mw=290.0, shunts=[bank]))
    assert [(one.rule, one.at_s) for one in found.operations] == [("banks", 5.0)]
    assert found.point.devices is not None
    assert found.point.devices.shunt_share.tolist() == [1.0]
    assert not found.cut_mw.any()


def test_a_timer_that_is_not_passed_does_nothing():
    found = course(network(SHED, BANKS, REACTORS, LINE, town_mw=50.0))
    assert found.operations == []
    assert not found.cut_mw.any()


def voltages(circuits: int) -> tuple[float, float]:
    """Of b and c by hand: k circuits of 0.2 pu with 0.6 pu of charging, half at each end, lossless and open at c."""
    ratio = 1.0 / (1.0 - 0.2 * B_PU / 2)
    b = 1.0 / (1.0 - 0.1 * circuits * B_PU / 2 * (1.0 + ratio))
    return b, b * ratio


def test_one_of_two_lightly_loaded_circuits_opens():
    """Both circuits: b 1.141, c 1.214 pu. One: 1.066 and 1.134 pu, over 1.10 still, but the town hangs on it."""
    system = network(LINE, town_mw=1.0, c_nf=C_NF)
    found = course(system)
    assert [(one.rule, one.place, one.at_s) for one in found.operations] == [("line", "bc_1", 20.0)]
    assert found.vm_pu[1:] == pytest.approx(voltages(1), abs=1e-3)
    assert AcModel(system).solve(as_stated(system, [0.0])).vm_pu[1:] == pytest.approx(voltages(2), abs=1e-3)
    assert not found.cut_mw.any()


def test_a_line_with_nothing_behind_it_opens_whole():
    found = course(network(LINE, c_nf=C_NF))
    assert [one.place for one in found.operations] == ["bc_1", "bc_2"]
    assert [one.at_s for one in found.operations] == [20.0, 40.0]
    assert found.vm_pu[1] == pytest.approx(1.0)
    assert np.isnan(found.vm_pu[2])


def test_a_line_whose_load_is_cut_for_now_stays():
    """The town draws nothing, but wants 1 MW again: its last circuit stays."""
    system = network(LINE, c_nf=C_NF)
    found = course(system, demand_mw=np.array([1.0, 0.0]))
    assert [one.place for one in found.operations] == ["bc_1"]


def test_reactors_come_before_the_line():
    """A reactor of 60 Mvar at c takes what one circuit gives there: no line has to open."""
    reactor = {"name": "reactor", "bus": "c", "q_mvar": 60.0, "switchable": True, "in_service": False}
    found = course(network(REACTORS, LINE, c_nf=C_NF, shunts=[reactor]))
    assert [(one.rule, one.at_s) for one in found.operations] == [("reactors", 5.0)]
    assert np.nanmax(found.vm_pu) < 1.1


def test_a_line_is_needed_where_both_ends_are_fed():
    """With a machine at c nothing hangs on one end; without it c does, and the line stays open for that reason."""
    machine = {"bus": "c", "fuel": "gas", "installed_mw": 9.0, "p_max_mw": 9.0, "cost_per_mwh": 1.0}
    base = network(LINE, c_nf=C_NF)
    point = as_stated(base, [0.0])
    assert dead_ends(base, point).feeds.tolist() == [-1, 0, 1]
    assert why_open(base, point, 1) == "what it goes to is fed from one end"
    out = point._replace(branch_out=np.array([2], dtype=np.int32))
    assert why_open(base, out, 1) == "one of its ends has no voltage"
    gens = [{"name": name, **machine, "bus": bus} for name, bus in (("one", "a"), ("two", "c"))]
    fed = network(LINE, c_nf=C_NF, generators=gens)
    assert dead_ends(fed, as_stated(fed, [0.0, 0.0])).feeds.tolist() == [-1, -1, -1]
    assert why_open(fed, as_stated(fed, [0.0, 0.0]), 1) == ""


def test_a_store_alone_holds_the_voltage_of_a_pocket():
    """The line from a is open, 9 MW come from a store at b: there is voltage while it gives, none while it rests."""
    store = {"name": "store", "bus": "b", "p_charge_mw": 9.0, "p_discharge_mw": 9.0, "energy_mwh": 36.0}
    system = network(LINE, town_mw=9.0, storages=[store])
    rests = as_stated(system, [0.0])
    assert why_open(system, rests, 0) == "one of its ends has no voltage"
    assert why_open(system, rests._replace(p_storage_mw=np.array([9.0])), 0) == ""
