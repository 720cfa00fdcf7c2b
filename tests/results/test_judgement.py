"""Judgement of networks: each rule by a network that breaks it, and bundled networks without errors."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner

import gridsim
from gridsim.cli import app
from gridsim.results.judgement import judge_network
from tests.support.ac_cases import triangle

LINE = {"length_km": 100.0, "r_ohm_per_km": 0.06, "x_ohm_per_km": 0.42, "c_nf_per_km": 8.7, "max_i_ka": 0.5}
ENDS = {"AB": ("A", "B"), "BC": ("B", "C"), "AC": ("A", "C")}
MACHINE = {"fuel": "gas", "installed_mw": 200.0, "p_max_mw": 200.0, "cost_per_mwh": 30.0, "vm_pu": 1.02}
FAILING = {"mttf_h": 2000.0, "mttr_h": 50.0}


def network(*, load_mw: float = 100.0, line: dict[str, Any] | None = None, **tables: Any) -> gridsim.GridSystem:
    lines = [{"name": name, "from_bus": i, "to_bus": j, **LINE} for name, (i, j) in ENDS.items()]
    lines[0] |= line or {}
    rows: dict[str, Any] = {
        "lines": lines,
        "generators": [
            {"name": "a", "bus": "A", "droop_pu": 0.05, **MACHINE, **FAILING},
            {"name": "b", "bus": "B", "droop_pu": 0.05, **MACHINE, **FAILING},
        ],
        "loads": [{"name": "town", "bus": "C", "p_mw": load_mw, "power_factor": 0.95, "load_class": "all"}],
    }
    return triangle(**(rows | tables))


def told(system: gridsim.GridSystem) -> list[str]:
    return [f"{problem.kind}: {problem}" for problem in judge_network(system, "net")]


def test_a_sound_network_has_nothing_to_tell() -> None:
    assert told(network()) == []


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ({"x_ohm_per_km": 0.0042}, "net/lines.csv: x_ohm_per_km: AB: outside 0.02 to 1.5 ohm/km"),
        ({"r_ohm_per_km": 9.0}, "net/lines.csv: r_ohm_per_km: AB: x / r outside 0.05 to 100"),
        ({"c_nf_per_km": 2000.0}, "net/lines.csv: c_nf_per_km: AB: charging of more than 1,000 nF/km"),
        (
            {"length_km": 2e3},
            "net/lines.csv: length_km: AB: rated at more than 2 times what its reactance lets through",
        ),
    ],
)
def test_units_of_lines(line: dict[str, Any], expected: str) -> None:
    assert any(one.startswith(f"warning: {expected}") for one in told(network(line=line)))


def test_ratings_and_voltages_against_the_peak() -> None:
    """Without limits in the dispatch's reach: 100 MW at 0.95 load AC by more than 0.15 kA once AB and BC are shared."""
    found = told(network(line={"max_i_ka": 0.001, "max_i_emergency_ka": 0.001}))
    assert any("net/lines.csv: max_i_ka: AB: over the rating at the peak" in one for one in found)
    buses = [{"name": bus, "zone": "z", "vn_kv": 220.0, "vm_max_pu": 1.01} for bus in "ABC"]
    assert any("net/buses.csv: vm_min_pu: A, B" in one for one in told(network(buses=buses)))


def test_capacity_and_reserve() -> None:
    """The system's losses are part of the peak: 400 MW for 400 MW of load and more are too few."""
    short = network(load_mw=500.0)
    assert told(short)[0].startswith("error: net/generators.csv: p_max_mw: 400 MW available at the peak, 0 MW from")
    thin = told(network(load_mw=250.0))
    assert any("less than the largest machine, a (200 MW)" in one and one.startswith("warning") for one in thin)


def test_what_nothing_connects() -> None:
    buses = [{"name": bus, "zone": "z", "vn_kv": 220.0} for bus in "ABCE"]
    found = told(network(buses=buses))
    assert found[0].startswith("warning: net/buses.csv: name: E: nothing connects it")


def test_outage_data() -> None:
    machines = [{"name": name, "bus": name.upper(), "droop_pu": 0.05, **MACHINE} for name in "ab"]
    assert any("no machine has outage data: adequacy finds that none fails" in one for one in told(
        network(generators=machines)
    ))  # fmt: skip
    machines[0] |= FAILING
    assert any("mttf_h: b: never fails" in one for one in told(network(generators=machines)))


def test_a_peak_without_a_power_flow_says_why() -> None:
    """600 MW at C over lines that carry 433 MW with no voltage held at C: dispatched, and no AC solution."""
    lines = [{"name": name, "from_bus": i, "to_bus": j, **LINE, "x_ohm_per_km": 0.9, "max_i_ka": 5.0}
             for name, (i, j) in ENDS.items()]  # fmt: skip
    generators = [{"name": name, "bus": name.upper(), "droop_pu": 0.05, **MACHINE, **FAILING,
                   "installed_mw": 900.0, "p_max_mw": 900.0} for name in "ab"]  # fmt: skip
    found = told(network(load_mw=800.0, lines=lines, generators=generators))
    assert any(one.startswith("error: net/lines.csv: no power flow at the peak: largest mismatch: C") for one in found)


@pytest.mark.parametrize("name", ["rbts", "rts79", "kazakhstan"])
def test_bundled_networks_have_no_errors(name: str) -> None:
    assert [one for one in told(gridsim.read_network(name)) if one.startswith("error")] == []


def test_validate_tells_it_apart() -> None:
    done = CliRunner().invoke(app, ["validate", "rts79", "--json"])
    verdict = json.loads(done.stdout)
    assert (verdict["status"], verdict["judgement"]["errors"]) == ("complete", [])
    assert verdict["judgement"]["warnings"][0]["column"] == "c_nf_per_km"
    shown = CliRunner().invoke(app, ["validate", "rts79"]).stdout
    assert "doubtful: rts79/lines.csv: c_nf_per_km" in shown
    assert shown.rstrip().endswith("rts79: network, no errors, 2 doubts")
