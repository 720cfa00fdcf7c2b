"""Rules of voltages in a run: logged with their cause, cut load unserved and then the operator's, lines that return."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import pytest

from gridsim.contingencies.events import make_event
from gridsim.engine.run import RunResult, run
from gridsim.model.scenario import AcMode, Event, FirstMinutesMode, GasMode, Horizon, Imports, Policy, Scenario
from gridsim.model.system import GridSystem
from tests.solvers.test_voltage_automation import C_NF, LINE, SHED, X_OHM, network

POLICY = Policy(imports=Imports.NONE, ac=AcMode.FAST, gas=GasMode.BALANCE, first_minutes=FirstMinutesMode.AUTO)
RUNS = {"fuel": "gas", "cost_per_mwh": 1.0, "droop_pu": 0.05, "inertia_h_s": 4.0, "ramp_mw_per_min": 50.0,
        "q_min_mvar": -400.0, "q_max_mvar": 400.0}  # fmt: skip


def joined(*rules: dict[str, Any], town_mw: float, c_nf: float = 0.0) -> GridSystem:
    """The network of the rules by hand, where a second machine at d feeds c too, over the line cd."""
    base = {"length_km": 1.0, "r_ohm_per_km": 0.0, "max_i_ka": 2.0}
    circuit = {**base, "from_bus": "b", "to_bus": "c", "x_ohm_per_km": 2 * X_OHM, "c_nf_per_km": c_nf}
    more = {
        "buses": [{"name": name, "zone": "z", "vn_kv": 100.0} for name in "abcd"],
        "lines": [
            {**base, "name": "ab", "from_bus": "a", "to_bus": "b", "x_ohm_per_km": X_OHM},
            {"name": "bc_1", **circuit},
            {"name": "bc_2", **circuit},
            {**base, "name": "cd", "from_bus": "c", "to_bus": "d", "x_ohm_per_km": X_OHM},
        ],
        "generators": [
            {"name": "near", "bus": "d", "installed_mw": 400.0, "p_max_mw": 400.0, **RUNS},
            {"name": "far", "bus": "a", "installed_mw": 400.0, "p_max_mw": 400.0, "p_min_mw": 20.0,
             "must_run": "true", **RUNS},
        ],
    }  # fmt: skip
    return network(*rules, town_mw=town_mw, c_nf=c_nf, **more)


def lost(system: GridSystem, policy: Policy = POLICY, *, hours: float = 5.0, duration_h: float = 2.0) -> RunResult:
    """A run in which the line cd is out from hour 1 on."""
    event = make_event(system, id="cd", kind="line_outage", targets=["cd"], at_h=1.0, duration_h=duration_h)
    assert isinstance(event, Event)
    horizon = Horizon(dt.datetime(2026, 1, 14), hours)
    return run(system, Scenario("case", system.name, horizon, events=(event,), policy=policy))


def test_load_shed_by_voltage_is_unserved_with_its_rule_and_then_the_operators():
    """290 MW hang on a and b: below 0.85 pu on load that yields, so a tenth goes; what is still too low is his."""
    result = lost(joined(SHED, town_mw=290.0))
    log = result.frame("automation_log")
    log = log[log.rule != "event"]
    assert log.rule.tolist() == ["shed"]
    assert log.p_mw.tolist() == pytest.approx([29.0])
    assert log.cause.tolist() == ["voltage of c below 0.85 pu for 10 s"]
    zones = result.frame("zones").groupby("time_h").unserved_mw.sum()
    assert zones.loc[0.0] == 0.0
    assert zones.loc[1.0] >= 29.0 - 1e-6
    changes = [(change.component, change.to_state) for change in result.log]
    assert ("automation:shed", "29.0 MW of load cut") in changes
    assert 1.25 in zones.index  # when the operator takes it over
    assert zones.loc[4.0] == pytest.approx(0.0, abs=1e-6)  # the line is back


def test_without_power_flow_nothing_watches_voltages():
    quiet = lost(joined(SHED, town_mw=290.0), dataclasses.replace(POLICY, ac=AcMode.OFF))
    assert set(quiet.tables["automation_log"]["rule"].tolist()) == {"event"}


def test_what_automation_cut_is_not_cut_again_by_the_operator():
    """Cut by the rule and by the relief after it is together what the relief alone would cut, or a step of it more."""
    alone = lost(joined(town_mw=290.0)).frame("zones").groupby("time_h").unserved_mw.sum().loc[1.0]
    both = lost(joined(SHED, town_mw=290.0)).frame("zones").groupby("time_h").unserved_mw.sum().loc[1.0]
    assert both == pytest.approx(max(alone, 29.0), abs=290.0 / 32)


def test_an_unloaded_circuit_opens_and_closes_once_both_ends_are_fed():
    """One circuit opens 20 s after cd is lost at hour 1; it waits until cd is back at hour 3."""
    result = lost(joined(LINE, town_mw=21.0, c_nf=C_NF))
    log = result.frame("automation_log")
    assert log[log.rule == "line"].place.tolist() == ["bc_1"]
    lines = result.frame("lines")
    out = lines[(lines.name == "bc_1") & ~lines.in_service]
    assert out.time_h.min() == 1.0
    assert (out.time_h + out.duration_h).max() == 3.0
    waits = [change.to_state for change in result.log if change.component == "automation:resynchronisation of bc_1"]
    assert waits == ["waits, what it goes to is fed from one end"]
    assert result.frame("zones").unserved_mw.sum() == 0.0
    high = result.frame("buses").groupby("time_h").vm_pu.max()
    without = lost(joined(town_mw=21.0, c_nf=C_NF)).frame("buses").groupby("time_h").vm_pu.max()
    assert high.loc[1.0] < 1.15 < without.loc[1.0]
