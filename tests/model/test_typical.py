"""The typical fleet: against MTTF, MTTR and the planned repairs, its placing, and its place in a run."""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gridsim
from gridsim.errors import ArgumentError
from gridsim.io.bundled import network_folder
from gridsim.io.read_network import system_from_tables
from gridsim.model.maintenance import planned_outage
from gridsim.model.scenario import Event, Failures, Horizon, Policy, Scenario, Target
from gridsim.model.script import Hook, Script
from gridsim.model.typical import placing, typical_fleet, typical_groups
from gridsim.weather.expected_outages import failed_share, typical_rows
from tests.support.cases import META, TWO_AREAS

# Three plants in the north: a (300, 300, 100), b (300) and c (100, 60); MW lost as the rows say.
SIZES = {"a_1": 300, "a_2": 300, "a_3": 100, "b_1": 300, "c_1": 100, "c_2": 60}
START = dt.datetime(2026, 1, 14)


def fleet_of(*rows: dict[str, Any], failing: bool = False) -> gridsim.GridSystem:
    """The two areas with those plants beside coal_1, and rows of typical.csv for January."""
    rates = {"mttf_h": 50, "mttr_h": 50} if failing else {}
    machines = [
        {"name": name, "plant": name[0], "bus": "n1", "fuel": "coal", "technology": "steam", "installed_mw": p_max_mw,
         "p_max_mw": p_max_mw, "p_min_mw": 0, "cost_per_mwh": 12, "ramp_mw_per_min": 5, "droop_pu": 0.05,
         "inertia_h_s": 4, **rates}
        for name, p_max_mw in SIZES.items()
    ]  # fmt: skip
    typical = [{"month": 1, "zone": "north", "technology": "steam", **row} for row in rows]
    tables = {**TWO_AREAS, "generators": [*TWO_AREAS["generators"], *machines], "typical": typical}
    return system_from_tables(META, tables)


def case(*events: Event, failures: Failures | bool = Failures.TYPICAL, start: dt.datetime = START) -> Scenario:
    policy = Policy(ac=gridsim.model.scenario.AcMode.OFF)
    return Scenario("case", "two_areas", Horizon(start, 6), events=events, policy=policy, failures=failures)


def trip(*names: str, table: str = "generators", kind: str = "generator_outage") -> Event:
    return Event("trip", kind, 2.0, tuple(Target(table, name) for name in names), 1.0, 2.0)


def lost_mw(system: gridsim.GridSystem, scenario: Scenario) -> dict[str, float]:
    fleet = typical_fleet(system, scenario)
    assert fleet is not None
    return {
        str(name): round(float(mw), 6) for name, mw in zip(system.generators.name, fleet.lost_mw, strict=True) if mw > 0
    }


# The bundled table


def rows_of_table() -> list[dict[str, str]]:
    with (Path(network_folder("kazakhstan")) / "typical.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_table_is_the_expectation_of_each_zone_technology_and_month(kazakhstan) -> None:
    """MW out = sum of p_max (m + (1 - m) q): m the planned share of the month, q the share of time failed.

    To 5 MW or half the smallest machine, whichever is more.
    """
    gens = kazakhstan.generators
    days = np.repeat(np.arange(12), [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    planned, failed = planned_outage(kazakhstan), failed_share(kazakhstan)
    zone = kazakhstan.buses.zone[gens.bus]
    table: dict[tuple[int, str, str], float] = {}
    for row in rows_of_table():
        key = int(row["month"]), row["zone"], row["technology"]
        table[key] = table.get(key, 0.0) + float(row["lost_mw"])
    seen = 0
    for technology in set(gens.technology.tolist()):
        for number, name in enumerate(kazakhstan.zones):
            mine = (gens.technology == technology) & (zone == number) & gens.in_service
            if not mine.any():
                continue
            for month in range(12):
                m = planned[mine][:, days == month].mean(axis=1)
                expected = float((gens.p_max_mw[mine] * (m + (1 - m) * failed[mine, month])).sum())
                near = max(5.0, float(gens.p_max_mw[mine].min()) / 2)
                assert table.get((month + 1, name, technology), 0.0) == pytest.approx(expected, abs=near)
                seen += 1
    assert seen == 12 * 17


def test_without_a_curve_the_failed_share_is_mttr_over_both_and_with_one_it_is_so_over_the_year(kazakhstan) -> None:
    gens = kazakhstan.generators
    base = np.nan_to_num(gens.mttr_h / (gens.mttf_h + gens.mttr_h))
    plain = gens.outage_curve < 0
    assert (failed_share(kazakhstan)[plain] == base[plain, None]).all()
    bare = failed_share(kazakhstan.replace(generators=dataclasses.replace(gens, outage_curve=np.full(len(gens), -1))))
    assert (bare == base[:, None]).all()
    year = failed_share(kazakhstan)[~plain].mean(axis=1)
    # Months at their mean temperature miss their hottest and coldest hours, in which a convex curve has its failures.
    assert (year <= base[~plain]).all()
    mw = gens.p_max_mw[~plain]
    assert mw @ year == pytest.approx(mw @ base[~plain], rel=0.05)


def test_the_table_is_what_the_script_writes(kazakhstan) -> None:
    written = [
        (int(row["month"]), row["zone"], row["technology"], row["generator"], float(row["lost_mw"]))
        for row in rows_of_table()
    ]
    made = typical_rows(kazakhstan)
    assert [row[:4] for row in written] == [tuple(row[:4]) for row in made]
    assert [row[4] for row in written] == pytest.approx([row.lost_mw for row in made], abs=0.01)


def test_no_event_of_the_country_starts_with_a_machine_out_that_it_names(kazakhstan) -> None:
    _, scenario = gridsim.read_scenario("winter_peak_day")
    fleet = typical_fleet(kazakhstan, scenario)
    assert fleet is not None
    name = str(kazakhstan.generators.name[fleet.out][0])
    other = typical_fleet(kazakhstan, dataclasses.replace(scenario, events=(trip(name),)))
    assert other is not None
    assert not other.out[kazakhstan.generators.position(name)]
    assert other.lost_mw[kazakhstan.generators.position(name)] == 0.0
    assert other.total_mw == pytest.approx(fleet.total_mw, abs=1e-6)
    assert [named for named, _ in other.instead] == [name]


# Placing


def placed(system: gridsim.GridSystem, mw: float) -> tuple[list[str], float]:
    group = next(group for group in typical_groups(system) if group.technology == "steam")
    out, rest = placing(system, group, mw)
    return system.generators.name[out].tolist(), round(rest, 6)


@pytest.mark.parametrize(
    ("mw", "out", "rest"),
    [
        (50, [], 50),
        (60, ["c_2"], 0),
        (299, ["a_3", "c_1"], 99),
        (300, ["a_1"], 0),
        (700, ["a_1", "b_1", "a_3"], 0),
        (1000, ["a_1", "b_1", "a_2", "c_1"], 0),
    ],
)
def test_the_largest_goes_first_while_it_fits_and_sizes_alike_take_turns(mw, out, rest) -> None:
    """Of plant a two of three at most, of c one of two."""
    assert placed(fleet_of(), mw) == (out, rest)


def test_the_rest_is_an_equal_share_of_the_others() -> None:
    system = fleet_of({"generator": "a_1", "lost_mw": 300}, {"lost_mw": 86})
    # 860 MW are in: a tenth of each
    assert lost_mw(system, case()) == {"a_1": 300, "a_2": 30, "a_3": 10, "b_1": 30, "c_1": 10, "c_2": 6}


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (trip("a_1"), {"b_1": 300}),
        (trip("a", table="plants", kind="plant_outage"), {"b_1": 300}),
        (trip("a_1", "b_1"), {"a_2": 300}),
        # no machine of 300 is left: the largest that fit, then an equal share of c_2 alone
        (trip("a_1", "a_2", "b_1"), {"a_3": 100, "c_1": 100, "c_2": 60}),
        (trip("n1_n2", table="lines", kind="line_outage"), {"a_1": 300}),
    ],
)
def test_a_machine_that_the_scenario_names_is_in_and_the_next_one_out(event: Event, expected: dict[str, float]) -> None:
    assert lost_mw(fleet_of({"generator": "a_1", "lost_mw": 300}), case(event)) == expected


def test_what_finds_no_machine_is_said() -> None:
    event = trip("a_1", "a_2", "b_1")
    fleet = typical_fleet(fleet_of({"generator": "a_1", "lost_mw": 300}), case(event))
    assert fleet is not None
    assert fleet.unplaced_mw == pytest.approx(40.0)
    result = gridsim.run(fleet_of({"generator": "a_1", "lost_mw": 300}), case(event))
    states = {change.component: change.to_state for change in result.log if change.component.startswith("fleet:")}
    assert states["fleet:not placed"] == "40 MW for which no machine is left"
    assert states["fleet:a_1"] == "in service, for the scenario names it; instead a_3, c_1"


NAMED = ("a_1", {"of": ["b"]})


def test_a_script_names_machines_in_its_texts_and_its_globals() -> None:
    def own(sim: object) -> str:
        return "a_1"

    def of_module(sim: object) -> object:
        return NAMED

    system = fleet_of({"generator": "a_1", "lost_mw": 300})
    for function, expected in ((own, {"b_1": 300}), (of_module, {"a_2": 300})):
        script = Script("script", Hook.CONTINGENCY, function, "case.py", 1)
        assert lost_mw(system, dataclasses.replace(case(), scripts=(script,))) == expected


def test_the_month_is_that_of_the_start() -> None:
    system = fleet_of({"generator": "a_1", "lost_mw": 300}, {"month": 2, "generator": "c_2", "lost_mw": 60})
    assert lost_mw(system, case(start=dt.datetime(2026, 1, 31, 22))) == {"a_1": 300}
    assert lost_mw(system, case(start=dt.datetime(2026, 2, 1))) == {"c_2": 60}


# In a run


def test_machines_out_give_nothing_and_the_log_has_one_cause() -> None:
    system = fleet_of({"generator": "a_1", "lost_mw": 300}, {"lost_mw": 86})
    result = gridsim.run(system, case())
    able = result.frame("generators").groupby("name").available_mw.max()
    assert able["a_1"] == 0.0
    assert able["a_2"] <= 270.0 + 1e-9
    at_start = [change for change in result.log if change.time_h == 0.0]
    root = at_start[0]
    assert (root.component, root.to_state, root.cause_id) == ("fleet:typical", "386 MW out for repair or failed", -1)
    out = next(change for change in at_start if change.component == "generators:a_1")
    assert (out.to_state, out.cause_id) == ("out (typical fleet)", root.event_id)
    text = " ".join(result.summary().split())
    assert "typical fleet: 386 MW out for repair or failed: a_1 300, 86 MW less of machines in service" in text


def test_the_fleet_is_a_state_and_no_event() -> None:
    system = fleet_of({"generator": "a_1", "lost_mw": 300})
    alone = case()
    assert not alone.happens
    assert gridsim.run(system, alone).baseline is None
    tripped = case(trip("b_1"))
    assert tripped.without_events().failures is Failures.TYPICAL
    named = case(trip("a_1"))
    with_event, calm = lost_mw(system, named), lost_mw(system, named.without_events())
    assert with_event == calm == {"b_1": 300}
    result = gridsim.run(system, named)
    assert result.baseline is not None
    assert case(failures=True).without_events().failures is Failures.OFF
    assert case(failures=True).happens


def test_a_shortage_without_an_event_goes_back_to_the_fleet() -> None:
    """Coal of 500 MW is all the north has, and 450 MW of it are out: 400 MW of load meet 250 MW."""
    tables = {**TWO_AREAS, "typical": [{"month": 1, "zone": "north", "lost_mw": 450}]}
    result = gridsim.run(system_from_tables(META, tables), case())
    assert result.metric("EUE").value == pytest.approx(6 * 150.0)
    assert result.metric("EUE", "cause:fleet:typical").value == pytest.approx(6 * 150.0)
    assert result.why("south", 3.0)[-1].component == "fleet:typical"


def test_nothing_of_the_table_is_added_to_random_failures() -> None:
    with_table, without = fleet_of({"generator": "a_1", "lost_mw": 300}, failing=True), fleet_of(failing=True)
    results = [gridsim.run(system, case(failures=True), seed=3) for system in (with_table, without)]
    assert results[0].log == results[1].log
    assert any(change.component.startswith("generators:") for change in results[0].log)
    assert typical_fleet(with_table, case(failures=True)) is None


@pytest.mark.parametrize(
    ("given", "kept"),
    [(True, "on"), (False, "off"), (np.True_, "on"), ("typical", "typical"), ("on", "on"), (Failures.OFF, "off")],
)
def test_truth_values_are_on_and_off(given: Any, kept: str) -> None:
    scenario = case(failures=given)
    assert scenario.failures is Failures(kept)
    read = gridsim.read_scenario(
        {"network": "rts79", "horizon": {"start": "2026-01-14", "hours": 2}, "failures": given}
    )[1] if kept != "typical" else scenario  # fmt: skip
    assert read.failures is Failures(kept)


@pytest.mark.parametrize("given", ["sometimes", 2, None])
def test_another_value_is_refused(given: Any) -> None:
    with pytest.raises(ArgumentError, match="off, typical, on"):
        case(failures=given)


def test_with_changes_a_fleet(kazakhstan) -> None:
    _, scenario = gridsim.read_scenario("winter_peak_day")
    assert scenario.failures is Failures.TYPICAL
    assert scenario.with_(kazakhstan, failures=True).failures is Failures.ON
    assert scenario.with_(kazakhstan, failures="off").failures is Failures.OFF
    assert scenario.with_(kazakhstan, **{"policy.imports": "none"}).failures is Failures.TYPICAL
