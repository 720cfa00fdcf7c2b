"""metrics.csv holds what runs, studies and assessments really report, and screen and comparison follow it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
from collections.abc import Iterable

import pytest
from rich.console import Console

from gridsim.engine.run import RunResult, run
from gridsim.io.bundled import network_folder
from gridsim.io.read_network import read_network
from gridsim.io.read_scenario import read_scenario
from gridsim.model.scenario import AcMode, Event, FirstMinutesMode, Horizon, Imports, Policy, Scenario, Target
from gridsim.model.system import GridSystem
from gridsim.reliability import Exact, SequentialMonteCarlo, ShortfallByMonth, assess, system_from_grid
from gridsim.report.short_summary import shown_metrics
from gridsim.report.summary import print_summary
from gridsim.results.metric_table import metric_table, scope_kind
from gridsim.results.metrics import Estimate, single
from gridsim.study.run_study import run_study
from tests.support.cases import Tables, build_two_areas, event, scenario
from tests.support.heat_cases import town
from tests.support.study_cases import small_study


@pytest.fixture(scope="module")
def shedding() -> RunResult:
    """Eight hours of the bundled event in which the dispatcher sees nothing, AC off."""
    system, scenario = read_scenario("blind_dispatcher")
    horizon = dataclasses.replace(scenario.horizon, hours=8.0)
    policy = dataclasses.replace(scenario.policy, ac=AcMode.OFF)
    return run(system, dataclasses.replace(scenario, horizon=horizon, policy=policy))


@pytest.fixture(scope="module")
def starved() -> RunResult:
    """Eighty hours of the bundled pipeline rupture: plants and cities run short of gas, AC off."""
    system, scenario = read_scenario("bbs_pipeline_rupture")
    horizon = dataclasses.replace(scenario.horizon, hours=80.0)
    policy = dataclasses.replace(scenario.policy, ac=AcMode.OFF)
    return run(system, dataclasses.replace(scenario, horizon=horizon, policy=policy))


TRIP = Event("trip", "line_outage", 1.0, (Target("lines", "n1_s1"),), 1.0, 2.0)


def tripped(system: GridSystem, ac: AcMode = AcMode.OFF) -> RunResult:
    """Four hours of the two-area system: one circuit out in two of them sheds 40 MW of the factory."""
    policy = Policy(imports=Imports.NONE, ac=ac)
    return run(
        system, Scenario("trip", "two_areas", Horizon(dt.datetime(2026, 1, 14), 4), events=(TRIP,), policy=policy)
    )


def watched() -> RunResult:
    """The two-area system with a nuclear site and a smelter, AC and first minutes on: the coal machine trips."""

    def edit(tables):
        tables["nuclear"] = [
            {"name": "reactor", "kind": "store", "status": "operating", "bus": "n2", "backup_h": 2, "f_min_hz": 50}
        ]
        tables["mineral_processes"] = [{"name": "pots", "survives_h": 0.1, "dead_h": 3, "stop_share": 0.1}]
        tables["minerals"] = [
            {"name": "metal_1", "mineral": "metal", "site": "smelter", "process": "pots", "annual_output": 8760,
             "output_unit": "t/y", "electricity_mwh_per_t": 100, "usd_per_t": 10, "world_share_percent": 1}
        ]  # fmt: skip

    event = Event("machine", "generator_outage", 1.0, (Target("generators", "coal_1"),), 1.0, 2.0)
    policy = Policy(imports=Imports.NONE, ac=AcMode.FAST, first_minutes=FirstMinutesMode.ON, secure_losses=True)
    horizon = Horizon(dt.datetime(2026, 1, 14), 4)
    return run(build_two_areas(edit), Scenario("watched", "two_areas", horizon, events=(event,), policy=policy))


def by_rail(tables: Tables) -> None:
    """A yard and the way of its trains."""
    tables["generators"][0]["heat_rate_gj_per_mwh"] = 10.5
    tables["fuel_stocks"] = [{"name": "yard", "plant": "coal", "fuel": "coal", "capacity_days": 9, "stock_days": 5}]
    tables["coal_routes"] = [
        {"name": "way", "yard": "yard", "mine": "pit", "corridor": "line", "hours_to_yard": 1, "gj_per_t": 17}
    ]


def check(reporters: set[str], estimates: Iterable[Estimate]) -> set[str]:
    """Every estimate has a row with its scope and unit; the names."""
    found = set()
    for estimate in estimates:
        row = metric_table().get(estimate.name)
        assert row is not None, f"{estimate.name} is not in metrics.csv"
        assert scope_kind(estimate.scope) in row.scopes, f"{estimate.name}: scope {estimate.scope}"
        assert not estimate.scope.endswith(":"), f"{estimate.name}: scope without a name"
        assert estimate.unit == row.unit, f"{estimate.name}: unit {estimate.unit}"
        assert reporters & set(row.reported_by), f"{estimate.name}: not said to be reported by {reporters}"
        found.add(estimate.name)
    return found


def marked(reporter: str) -> set[str]:
    return {row.metric for row in metric_table().values() if reporter in row.reported_by}


def test_runs_report_what_is_marked_for_runs_and_nothing_else(shedding, starved, two_areas):
    cold = run(
        town(by_rail, heater_kw_per_person=0.2, frozen_share=0.5, freeze_h=2),
        scenario(
            event("plant_outage", "plants", "coal", 2, 100),
            event("coal_delivery_stop", "fuel_stocks", "yard", 2, 100),
            hours=72,
        ),
    )
    metrics = (
        *shedding.estimates,
        *starved.estimates,
        *cold.estimates,
        *tripped(two_areas(), AcMode.FAST).estimates,
        *watched().estimates,
    )
    found = check({"run"}, metrics)
    assert found == marked("run")
    scopes = {(e.name, scope_kind(e.scope)) for e in metrics}
    of_runs = {(name, kind) for name in found for kind in metric_table()[name].scopes}
    only_sampled = {(n, k) for n, k in of_runs - scopes if "assessment" in metric_table()[n].reported_by}
    assert of_runs - scopes == only_sampled, "a scope of metrics.csv that no run has"


def test_assessments_report_what_is_marked_for_them_and_nothing_else():
    system = system_from_grid(read_network(network_folder("rbts")))
    result = assess(system, SequentialMonteCarlo(years=64, seed=1, level="nodal"), ShortfallByMonth())
    exact = assess(system, Exact(level="zonal"))
    assert check({"assessment"}, (*result.estimates, *exact.estimates)) == marked("assessment")


def test_studies_report_the_means_of_runs_and_what_is_marked_for_them(tmp_path):
    result = run_study(small_study(tmp_path, replicates=10), tmp_path / "out", workers=0)
    found = check({"run", "study"}, result.estimates["day"])
    assert found >= {row.metric for row in metric_table().values() if "study" in row.reported_by}


def test_rows_are_complete():
    for row in metric_table().values():
        assert row.definition and row.unit and set(row.reported_by) <= {"run", "study", "assessment"}
        assert row.label, f"{row.metric} has no label"
        assert {shown.scope for shown in row.shown} <= set(row.scopes)
    assert len({row.label for row in metric_table().values()}) == len(metric_table())
    zero = {row.metric for row in metric_table().values() if row.zero_when_absent}
    of_heat = {row.metric for row in metric_table().values() if row.group == "heat" and "hours_to_8c" not in row.metric}
    assert zero == {
        "EUE",
        "energy_mwh",
        "unserved_gas_mcm",
        "unserved_gas_gwh",
        "coal_undelivered_kt",
        *of_heat - {"heat_supply_share_min"},
    }


def rows(name: str, *scopes: str, value: float = 1.0) -> list[Estimate]:
    return [single(name, scope, value, metric_table()[name].unit) for scope in scopes]


def test_the_screen_shows_the_scopes_and_signs_that_the_table_says():
    metrics = [
        *rows("co2_t", "fuel:compressor_gas", "system"),
        *rows("EUE", "oblast:a", "cause:x", value=0.0),
        *rows("EUE", "class:homes", "zone:south", "system"),
        *rows("EUE", "zone:north", value=0.0),
        *rows("LOLP", "system"),
        *rows("price_response_mwh", "system", value=0.0),
        *[single("fuel_days_min", f"plant:{n}", float(n), "d") for n in range(7, 0, -1)],
    ]
    shown = [(estimate.name, estimate.scope) for estimate in shown_metrics(metrics)]
    assert shown == [
        ("EUE", "zone:south"), ("EUE", "system"), ("EUE", "zone:north"), ("EUE", "class:homes"),
        ("fuel_days_min", "plant:1"),
        ("co2_t", "system"),
    ]  # fmt: skip


def test_the_summary_prints_labels_and_remarks(two_areas):
    def no_factors(tables):
        for machine in tables["generators"]:
            del machine["co2_t_per_mwh"]

    result = tripped(two_areas(no_factors))
    assert result.remarks == ("CO2 is not stated: no CO2 factor for coal_1, gas_1",)
    assert not {m.name for m in result.estimates} & {"co2_t", "co2_change_t", "co2_t_per_mwh_served"}
    console = Console(file=io.StringIO(), width=200)
    print_summary(console, result)
    text = console.file.getvalue()
    assert "unserved energy" in text and result.remarks[0] in text and "CO2" not in text.replace(result.remarks[0], "")


def test_a_bus_without_an_oblast_makes_no_scope(two_areas):
    def nowhere(tables):
        for bus in tables["buses"]:
            bus["oblast"] = ""

    result = tripped(two_areas(nowhere))
    assert result.metric("EUE") == pytest.approx(80)
    scopes = {metric.scope for metric in result.estimates}
    assert "class:factory" in scopes and not [scope for scope in scopes if scope.startswith("oblast")]
