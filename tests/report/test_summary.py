"""The summary of a run on the screen: the chain of causes explains the hour that the line above it names."""

from __future__ import annotations

import dataclasses
import datetime as dt
import io

import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner

from gridsim.cli.app import app
from gridsim.engine.run import RunResult, run
from gridsim.io.read_run import load_run
from gridsim.model.scenario import Horizon, Scenario
from gridsim.report.short_summary import short_rows
from gridsim.report.summary import print_summary, summary_lines
from gridsim.results.metric_table import metric_table
from gridsim.results.metrics import single
from tests.support.engine_cases import QUIET, outage
from tests.support.snapshots import check_snapshot
from tests.support.study_cases import write_network, write_scenario


def printed(result) -> list[str]:
    out = io.StringIO()
    print_summary(Console(file=out, width=400), result)
    return out.getvalue().splitlines()


def test_why_explains_the_hour_that_the_balance_names(two_areas):
    small = dataclasses.replace(outage("lines", "n1_s1", 2, at_h=2), id="small")  # 40 MW short
    deep = dataclasses.replace(outage("generators", "gas_1", 2, at_h=8), id="deep")  # 150 MW short
    scenario = Scenario("case", "two_areas", Horizon(dt.datetime(2026, 1, 14), 12), events=(small, deep), policy=QUIET)
    lines = printed(run(two_areas(), scenario))
    balance = next(line for line in lines if "against no event (MW)" in line)
    why = next(line for line in lines if line.startswith("why: "))
    assert balance.startswith("south at +8 h") and "unserved +150" in balance
    assert "gas_1 generator_outage (deep)" in why and "small" not in why


def test_a_run_without_events_has_no_such_lines(two_areas):
    scenario = Scenario("case", "two_areas", Horizon(dt.datetime(2026, 1, 14), 2), policy=QUIET)
    result = run(two_areas(), scenario)
    assert np.all(result.tables["zones"]["unserved_mw"] == 0)
    assert not [line for line in printed(result) if "against no event (MW)" in line or line.startswith("why")]


def test_what_people_feel_has_a_line(two_areas):
    def homes_are_people(tables):
        tables["load_classes"][1]["people"] = "true"

    deep = dataclasses.replace(outage("generators", "gas_1", 2, at_h=8), id="deep")
    scenario = Scenario("case", "two_areas", Horizon(dt.datetime(2026, 1, 14), 12), events=(deep,), policy=QUIET)
    without = run(two_areas(), scenario)
    assert "  of people" not in dict(short_rows(without))
    felt = run(two_areas(homes_are_people), scenario)
    energy, hours = felt.metric("EUE", "people"), felt.metric("LOLH", "people")
    share = 100.0 * energy / felt.metric("EUE")
    assert 0.0 < energy < felt.metric("EUE")
    text = dict(short_rows(felt))["  of people"].replace("\N{NO-BREAK SPACE}", " ")
    assert text == f"{energy:,.1f} MWh ({share:.0f} %) in {hours:.1f} h"


DAY = Horizon(dt.datetime(2026, 1, 14), 12)
GENERATOR = dataclasses.replace(outage("generators", "gas_1", 3, at_h=2), id="machine")
BAD = (
    ("EUE", "zone:north", 0.0), ("EUE", "zone:south", 953.14), ("EUE", "zone:west", 0.0), ("EUE", "system", 953.14),
    *(("EUE", f"oblast:{name}", mwh) for name, mwh in
      (("Almaty", 203.3), ("Almaty city", 141.7), ("Kyzylorda", 8.4), ("Pavlodar", 0.0), ("Shymkent", 24.0),
       ("Turkestan", 14.3), ("Zhambyl", 516.1), ("Zhetysu", 43.2), ("Ulytau", 2.1))),
    ("EUE", "class:phosphorus", 953.0), ("EUE", "class:vital", 0.14),
    ("EUE", "cause:gas_pipelines:bbs1_bozoy_aral", 953.14),
    ("time_to_first_shed_h", "system", 74.0), ("LOLH", "system", 5.333), ("LOLEv", "system", 4.0),
    ("peak_shed_mw", "system", 475.6), ("price_response_mwh", "system", 9125.2),
    ("section_loading_max", "section:north_south", 100.0), ("section_loading_max", "section:russia_west", 99.99),
    ("section_loading_max", "section:kg", 39.0),
    ("reserve_margin_mw_min", "system", 841.4), ("reserve_margin_mw_min", "zone:south", -2792.6),
    ("reserve_margin_mw_min", "zone:north", 1754.0),
    *(("survival_time_h", f"plant:p{n}", 60.0 + n) for n in range(1, 6)), ("survival_time_h", "city:cg_almaty", 70.0),
    ("fuel_days_min", "plant:p1/backup", 2.41), ("fuel_days_min", "plant:p2/coal", 20.0),
    ("co2_t", "system", 3727723.0), ("co2_change_t", "system", 8763.0), ("ch4_t", "system", 4133.4),
    ("ch4_change_t", "system", 2427.0), ("co2e_gwp100_t", "system", 3850899.0),
    ("co2e_gwp100_change_t", "system", 81085.0), ("co2e_gwp20_change_t", "system", 208982.0),
    ("mineral_loss_t", "mineral:uranium", 41.2), ("mineral_loss_t", "mineral:zinc", 0.0),
)  # fmt: skip


def made(system, metrics, *, quiet=False, full=("north_south", "russia_west"), normal=("russia_west",), **changes):
    """A result by hand; ``full`` and ``normal``: sections at their limit with and without the events, from +6 h."""

    def sections(names):
        n = len(names)
        return {
            "time_h": np.full(n, 6.0),
            "duration_h": np.ones(n),
            "name": np.array(names, dtype=np.str_),
            "loading": np.ones(n),
        }

    nothing = {name: np.zeros(0) for name in ("time_h", "name", "unserved_mw", "net_inflow_change_mw")}
    values = {
        "system": system,
        "scenario": Scenario("made", "two_areas", DAY, events=() if quiet else (GENERATOR,), description="By hand."),
        "tables": {
            "solves": {"time_h": np.zeros(3), "ac_status": np.array(["converged"] * 3)},
            "interfaces": sections(full),
            "balance": nothing,
        },
        "estimates": tuple(single(name, scope, value, metric_table()[name].unit) for name, scope, value in metrics),
        "log": (),
        "points": (),
        "dispatch_solves": 4,
        "dispatch_fallbacks": 0,
        "baseline": None if quiet else {"interfaces": sections(normal)},
        **changes,
    }
    return RunResult(**values)


def test_the_screen_of_a_bad_run(two_areas):
    result = made(two_areas(), BAD, remarks=("methane counts no leaks: emission_factors has no leak_compressor",))
    check_snapshot("run", summary_lines(result, 80))
    check_snapshot("run_all", summary_lines(result, 80, everything=True))
    assert len(summary_lines(result, 80)) <= 32


def test_the_screen_of_a_real_small_run(two_areas):
    scenario = Scenario("case", "two_areas", DAY, events=(GENERATOR,), policy=QUIET)
    check_snapshot("run_small", summary_lines(run(two_areas(), scenario), 80))


def test_a_quiet_run_is_short(two_areas):
    result = run(two_areas(), Scenario("case", "two_areas", DAY, policy=QUIET))
    lines = summary_lines(result, 80)
    check_snapshot("run_quiet", lines)
    assert len(lines) <= 12 and "unserved energy       none in north, south" in lines


@pytest.mark.parametrize("width", [40, 80, 200])
def test_no_name_of_a_run_is_cut_at_any_width(two_areas, width):
    result = made(two_areas(), BAD)
    words = {word.strip(",;()") for line in summary_lines(result, width) for word in line.split()}
    assert {"gas_pipelines:bbs1_bozoy_aral", "p1/backup", "cg_almaty", "north_south", "phosphorus", "p3"} <= words
    assert max(map(len, summary_lines(result, width))) <= width
    everything = summary_lines(result, width, everything=True)
    for name, scope, _ in BAD:
        assert any(f"({name})" in line for line in everything)
        assert scope == "system" or any(scope in line for line in everything)


def test_sections_full_without_the_events_are_counted_and_others_named(two_areas):
    def loading(**changes):
        return dict(short_rows(made(two_areas(), BAD, **changes)))["peak section loading"].replace("\u00a0", " ")

    assert loading() == "north_south 100 %; 1 section full as on a normal day"
    both = ("north_south", "russia_west")
    assert loading(normal=both) == "kg 39.0 %; 2 sections full as on a normal day"
    assert loading(normal=()) == "north_south, russia_west 100 %"
    # Without that course a section counts as usual if it was full before anything happened: here nothing did.
    assert loading(baseline=None) == "north_south, russia_west 100 %"
    assert loading(quiet=True) == "north_south, russia_west 100 %"


def test_a_shortfall_that_lasts_and_methane_that_does_not_change_say_so(two_areas):
    rows = dict(short_rows(made(two_areas(), [*BAD, ("ch4_change_t", "system", 0.0)])))
    assert rows["all restored after"] == "not within the 12 h of the run"
    unchanged = [row for row in BAD if row[0] != "ch4_change_t"] + [("ch4_change_t", "system", 0.0)]
    assert dict(short_rows(made(two_areas(), unchanged)))["CH4"] == "4,133\u00a0t, as with no event"
    calm = dict(short_rows(made(two_areas(), [("EUE", "system", 0.0), ("peak_shed_mw", "system", 0.0)])))
    assert calm == {"unserved energy": "none"}


def test_a_zone_below_zero_is_explained_where_it_is_shown(two_areas):
    short = " ".join(summary_lines(made(two_areas(), BAD), 80))
    whole = " ".join(" ".join(summary_lines(made(two_areas(), BAD), 80, everything=True)).split())
    assert "-2,793" not in short and "-2,793" in whole
    assert "counts only its own machines and borders: south then takes from its neighbours" in whole


def test_markup_in_a_name_is_printed_as_it_is(two_areas):
    result = made(two_areas(), [("EUE", "system", 5.0), ("EUE", "class:[red]:smile:", 5.0)])
    out = io.StringIO()
    print_summary(Console(file=out, width=80, force_terminal=True), result)
    assert "[red]:smile: 5.0 (100 %)" in out.getvalue()


def test_run_prints_every_metric_where_it_is_asked_for_all(tmp_path):
    write_network(tmp_path / "net")
    command = ["run", str(write_scenario(tmp_path)), "--replicate", "0", "--out", str(tmp_path / "out"), "--force"]
    short, whole = (CliRunner().invoke(app, [*command, *more]).stdout for more in ([], ["--all"]))
    assert "--all prints every metric" in short and "(EUE)" not in short and "unserved energy " in short
    metrics = load_run(tmp_path / "out").frame("metrics")
    assert all(f"({name})" in whole for name in set(metrics["name"])) and len(metrics) > 20
    assert "--all prints" not in whole
