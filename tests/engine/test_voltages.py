"""Voltage control in a run: the table of voltages, its metrics and words, and a run that is as before without it."""

from __future__ import annotations

import dataclasses
import datetime as dt

import numpy as np
import pytest

from gridsim.engine.run import RunResult, run
from gridsim.model.scenario import AcMode, GasMode, Horizon, Policy, Scenario, VoltageMode
from gridsim.model.system import GridSystem
from gridsim.report.short_summary import short_rows
from gridsim.solvers.ac import AcModel
from tests.support.ac_cases import kazakhstan

NIGHT = Horizon(dt.datetime(2026, 7, 7, 0), 6.0)


def july(system: GridSystem, voltage_control: VoltageMode) -> RunResult:
    policy = Policy(ac=AcMode.FAST, gas=GasMode.BALANCE, voltage_control=voltage_control)
    return run(system, Scenario("night", system.name, NIGHT, policy=policy))


def value(result: RunResult, metric: str) -> float:
    return next(float(e.value) for e in result.estimates if e.name == metric and e.scope == "system")


@pytest.fixture(scope="module")
def on() -> RunResult:
    return july(kazakhstan()[0], VoltageMode.ON)


@pytest.fixture(scope="module")
def off() -> RunResult:
    return july(kazakhstan()[0], VoltageMode.OFF)


def test_a_summer_night_comes_inside(on: RunResult, off: RunResult) -> None:
    assert value(off, "voltage_out_of_limits_h") == NIGHT.hours
    assert value(off, "vm_pu_max") > 1.15
    assert value(on, "voltage_out_of_limits_h") == 0.0
    assert 0.9 <= value(on, "vm_pu_min") <= value(on, "vm_pu_max") <= 1.11


def test_no_hour_is_worse_than_without(on: RunResult, off: RunResult) -> None:
    buses = kazakhstan()[0].buses

    def violation(result: RunResult) -> np.ndarray:
        vm = result.tables["buses"]["vm_pu"].reshape(int(NIGHT.hours), -1)
        order = np.argsort(buses.name, kind="stable")
        outside = np.fmax(buses.vm_min_pu[order] - vm, vm - buses.vm_max_pu[order])
        return np.fmax(np.nanmax(outside, axis=1), 0.0)

    assert (violation(on) <= violation(off)).all()


def test_the_table_names_buses_and_their_limits(off: RunResult) -> None:
    rows, buses = off.tables["voltages"], off.tables["buses"]
    system = kazakhstan()[0]
    limit = dict(zip(system.buses.name.tolist(), system.buses.vm_max_pu.tolist(), strict=True))
    high = {
        (t, n) for t, n, v in zip(buses["time_h"], buses["name"], buses["vm_pu"], strict=True) if v > limit[n] + 1e-6
    }
    assert high
    assert {(t, n) for t, n in zip(rows["time_h"], rows["name"], strict=True)} == high
    assert set(rows["what"].tolist()) == {"high"}
    assert (rows["vm_pu"] > rows["limit_pu"]).all()
    assert np.isnan(rows["position"]).all()


def test_the_screen_tells_what_is_outside(on: RunResult, off: RunResult) -> None:
    told = dict(short_rows(off))["voltages out of limits"]
    assert told.startswith("6")
    assert f"to {value(off, 'vm_pu_max'):.3f}" in told
    assert "voltages out of limits" not in dict(short_rows(on))


def test_off_is_the_network_without_devices(off: RunResult) -> None:
    system = kazakhstan()[0]
    bare = system.replace(
        shunts=dataclasses.replace(system.shunts, switchable=np.zeros(len(system.shunts), dtype=bool)),
        transformers=dataclasses.replace(
            system.transformers, tap_controlled=np.zeros(len(system.transformers), dtype=bool)
        ),
    )
    same = july(bare, VoltageMode.ON)
    for table, columns in off.tables.items():
        for name, values in columns.items():
            assert values.tobytes() == same.tables[table][name].tobytes(), (table, name)


def test_the_same_run_twice_is_the_same(on: RunResult) -> None:
    again = july(kazakhstan()[0], VoltageMode.ON)
    for table, columns in on.tables.items():
        for name, values in columns.items():
            assert values.tobytes() == again.tables[table][name].tobytes(), (table, name)


def test_a_moment_s_net_stands_as_the_operator_left_it(on: RunResult) -> None:
    """Solved from the point that the run keeps, devices included, the voltages are those of its table."""
    system = kazakhstan()[0]
    time_h, point = on.points[3]
    assert point.devices is not None
    assert (point.devices.shunt_share != system.shunts.in_service).any()
    rows = on.tables["buses"]["time_h"] == time_h
    vm = AcModel(system).solve(point).vm_pu[np.argsort(system.buses.name, kind="stable")]
    np.testing.assert_allclose(on.tables["buses"]["vm_pu"][rows], vm, rtol=0, atol=1e-7)
