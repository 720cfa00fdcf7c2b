"""The report of a run: numbers are those of the tables, names are text, nothing is asked of any network."""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import hashlib
import html
import json
import math
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from typer.testing import CliRunner

import gridsim
from gridsim.cli import app
from gridsim.engine.run import run
from gridsim.errors import StudyError
from gridsim.model.scenario import GasMode, Horizon, Scenario
from gridsim.report import answer
from gridsim.report.documents import page_of, view_of
from gridsim.report.figures import run_figures
from gridsim.report.figures.svg import Chart, ticks
from gridsim.report.html import html_of
from gridsim.report.network_map import graph_layout
from gridsim.report.run_page import run_page
from gridsim.report.scorecard_lines import area_texts
from gridsim.results.scorecard import Score
from tests.support.cases import build_two_areas
from tests.support.engine_cases import QUIET, outage

NASTY = "<script>alert(\"x\")</script> & 'Қазақстан'"


def shedding():
    event = dataclasses.replace(outage("generators", "gas_1", 3, at_h=2), id="machine")
    horizon = Horizon(dt.datetime(2026, 1, 14), 6)
    scenario = Scenario("case", "two_areas", horizon, events=(event,), policy=QUIET, question=NASTY, description=NASTY)
    return run(build_two_areas(), scenario)


@pytest.fixture(scope="module")
def result():
    return shedding()


@pytest.fixture(scope="module")
def page(result):
    return html_of(page_of(result))


def view(result):
    class View:
        tables, estimates, system = result.tables, result.estimates, result.system
        start = result.scenario.horizon.start

    return View()


def unpacked(packed):
    return np.frombuffer(base64.b64decode(packed["base64"]), dtype=f"<{packed['kind']}")


def data_of(page):
    return json.loads(re.search(r'<script type="application/json" id="map-data">(.*?)</script>', page, re.S).group(1))


def test_scorecard_on_the_page_is_that_of_the_run(result, page):
    cells = re.findall(r'data-metric="([^"]*)" data-scope="([^"]*)">([^<]*)<', page)
    assert len(cells) == sum(
        bool(s.value) or (s.value == 0 and not s.scope.startswith("mineral:")) for s in result.scorecard
    )
    for metric, scope, text in cells:
        if metric != "renewable_share":
            value = result.metric(metric, html.unescape(scope)).value
            assert math.isclose(
                float(text.replace(",", "")), value, rel_tol=6e-3, abs_tol=0.5 if value > 1000 else 0.05
            )


def test_names_and_texts_are_shown_as_text(page):
    assert "<script>alert" not in page and html.escape(NASTY) in page
    assert "alert" not in re.sub(re.escape(html.escape(NASTY)), "", page)


def test_only_the_scripts_of_the_package_run_and_nothing_is_fetched(page):
    policy = html.unescape(re.search(r'Content-Security-Policy" content="([^"]*)"', page).group(1))
    scripts = re.findall(r"<script>(.*?)</script>", page, re.S)
    assert len(scripts) == 13
    for script in scripts:
        assert f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'" in policy
    assert "default-src 'none'" in policy
    outside = re.sub(r"<script>.*?</script>", "", page, flags=re.S)
    assert not re.search(r'(src|href)="(?!#|data:,)', outside) and "url(" not in outside and "@import" not in outside


def test_map_holds_the_tables(result, page):
    data = data_of(page)
    times = unpacked(data["times"])
    assert np.allclose(times, np.unique(result.tables["zones"]["time_h"]))
    output = unpacked(data["output"]).reshape(len(data["plants"]), len(times))
    machines = result.tables["generators"]
    for row, plant in zip(output, data["plants"], strict=True):
        for power, time_h in zip(row, times, strict=True):
            chosen = (machines["plant"] == plant["id"].removeprefix("plant:")) & np.isclose(machines["time_h"], time_h)
            assert abs(float(machines["p_mw"][chosen].sum()) - power) <= 0.5
    assert max(data["unserved"]) == pytest.approx(result.metric("peak_shed_mw").value, abs=0.06)
    assert [event["component"] for event in data["events"]] == [change.component for change in result.log]


def test_a_network_without_coordinates_gets_a_layout_from_its_graph(result, page):
    data = data_of(page)
    assert not data["degrees"] and len(data["extent"]) == len(result.system.buses)
    path = graph_layout(4, np.array([0, 1, 2]), np.array([1, 2, 3]))
    gaps = np.linalg.norm(np.diff(path, axis=0), axis=1)
    assert np.allclose(gaps, 1.0) and math.isclose(np.linalg.norm(path[3] - path[0]), 3.0)


def test_energy_under_the_stack_is_that_of_the_metrics(result):
    figure = run_figures.supply_stack(view(result))
    titles = re.findall(r"<title>([^<]*): ([\d,.]+) MWh</title>", str(figure))
    energy = {label: float(text.replace(",", "")) for label, text in titles}
    assert energy["not served"] == pytest.approx(result.metric("EUE").value, abs=0.5)
    zones = result.tables["zones"]
    served = float((zones["generation_mw"] + zones["import_mw"] + zones["storage_mw"]) @ zones["duration_h"])
    assert sum(energy.values()) - energy["not served"] == pytest.approx(served, abs=0.5 * len(energy))


def test_bars_of_the_waterfall_add_up(result):
    steps = run_figures.waterfall_steps(view(result))
    level = 0.0
    for _, mw, kind in steps:
        if kind == "total" and level:
            assert mw == pytest.approx(level, abs=0.06)
        level = mw if kind == "total" else level + mw
    assert {label: mw for label, mw, _ in steps}["not served"] == pytest.approx(result.metric("peak_shed_mw").value)


def test_every_figure_is_well_formed_and_saved_as_svg(result, tmp_path):
    figures = run_figures.run_figures(view(result))
    assert len(figures) >= 5
    for figure in figures:
        ET.fromstring(figure.svg)
        assert figure.save(tmp_path / f"{figure.name}.svg").read_text(encoding="utf-8") == figure.svg
    with pytest.raises(StudyError, match=r"\.svg or \.png"):
        figures[0].save(tmp_path / "figure.pdf")


def test_answer_names_who_lost_power_when_and_why(result):
    told = page_of(result).answer
    assert len(told) == 5
    assert told[0].startswith(f"{result.metric('EUE').value:,.1f} MWh of electricity were not served over 3.0 hours")
    assert told[1] == "It began on 14 January 02:00 and all was restored by 14 January 05:00."
    assert told[3].startswith("The cause: machine gas (gas_1), generator outage (machine), on 14 January 02:00")


def test_a_run_with_nothing_to_report_says_so():
    quiet = run(build_two_areas(), Scenario("calm", "two_areas", Horizon(dt.datetime(2026, 1, 14), 2), policy=QUIET))
    (told,) = page_of(quiet).answer
    assert told.startswith("Nothing to report")


def test_the_command_writes_what_the_result_writes(result, tmp_path):
    folder = result.save(tmp_path / "run")
    done = CliRunner().invoke(app, ["report", str(folder), "--out", str(tmp_path / "page.html")])
    assert done.exit_code == 0, done.output
    loaded = (tmp_path / "page.html").read_text(encoding="utf-8")
    fresh = result.report(tmp_path / "fresh.html").read_text(encoding="utf-8")
    answers = [re.search(r'<section id="answer".*?</section>', text, re.S).group(0) for text in (loaded, fresh)]
    assert answers[0] == answers[1].replace("machine gas (gas_1)", "machine gas_1")  # titles are the network's
    scores = [re.findall(r'data-metric="[^"]*" data-scope="[^"]*">[^<]*<', text) for text in (loaded, fresh)]
    assert scores[0] == scores[1]
    assert "--network names its folder" in loaded and "map-data" in fresh
    assert gridsim.load(folder).report(tmp_path / "again.html").is_file()


def test_ticks_are_round_and_inside():
    assert ticks(0.0, 17_000.0) == [0.0, 5000.0, 10000.0, 15000.0]
    assert ticks(3.0, 3.0) == [3.0]
    chart = Chart((0.0, 10.0), (0.0, 5.0))
    assert chart.px(0.0) == chart.left and chart.py(0.0) > chart.py(5.0)


def test_figures_are_functions_of_runs(result, tmp_path):
    fresh = gridsim.plot.all_of(result)
    for name in ("supply_stack", "worst_hour_waterfall", "section_loading", "unserved_by", "weather"):
        assert getattr(gridsim.plot, name)(result).svg == fresh[name].svg
    loaded = gridsim.load(result.save(tmp_path / "run"))
    assert gridsim.plot.supply_stack(loaded).svg == fresh["supply_stack"].svg
    assert "Supply of zone south" in gridsim.plot.supply_stack(result, "south").svg


def test_swings_are_drawn_from_lowest_to_highest_and_those_that_cut_load_are_red():
    from types import SimpleNamespace

    from gridsim.report.figures import svg

    table = {
        "time_h": np.array([1.0, 1.0, 2.5]),
        "name": np.array(["north", "<south>", "north"]),
        "lowest_hz": np.array([49.6, 47.9, 49.9]),
        "highest_hz": np.array([50.0, 50.1, 50.3]),
        "shed_mw": np.array([0.0, 300.0, 0.0]),
    }
    view = SimpleNamespace(start=dt.datetime(2026, 1, 14), tables={"frequency": table})
    figure = run_figures.frequency(view)
    titles = re.findall(r"<title>([\d.]+) to ([\d.]+) Hz", figure.svg)
    assert titles == [("47.90", "50.10"), ("49.60", "50.00"), ("49.90", "50.30")]
    assert figure.svg.count(svg.RED) == 1 and "&lt;south&gt;" in figure.svg and "14 Jan 02:30" in figure.svg
    empty = {name: values[:0] for name, values in table.items()}
    assert run_figures.frequency(SimpleNamespace(start=view.start, tables={"frequency": empty})) is None


def test_flow_in_single_pipes_is_on_the_map_and_keeps_the_balance_of_each_node():
    def settle(tables):
        tables["gas_pipelines"][0] |= {"system": "south", "inner_diameter_mm": 500}

    policy = dataclasses.replace(QUIET, gas=GasMode.HYDRAULIC)
    system = build_two_areas(settle, gas=True)
    done = run(system, Scenario("case", "two_areas", Horizon(dt.datetime(2026, 1, 14), 6), policy=policy))
    flow, gas = done.tables["gas_flows"], done.tables["gas"]
    pipes, nodes = system.gas_pipelines, system.gas_nodes
    last = flow["time_h"] == flow["time_h"].max()
    of_pipe = dict(zip(flow["name"][last].tolist(), flow["flow_mcm_per_d"][last].tolist(), strict=True))
    assert set(of_pipe) == set(pipes.name.tolist()) and max(map(abs, of_pipe.values())) > 0.1
    (end,) = set(pipes.to_node.tolist()) - set(pipes.from_node.tolist())
    (into,) = np.flatnonzero(pipes.to_node == end)
    at_end = (gas["name"] == nodes.name[end]) & (gas["time_h"] == gas["time_h"].max())
    assert of_pipe[str(pipes.name[into])] == pytest.approx(float(gas["delivered_mcm_per_d"][at_end][0]), rel=0.02)
    pressures = gridsim.plot.gas_pressures(done)
    assert {title for title in nodes.name.tolist() if f">{title}<" in pressures.svg}
    stocks = gridsim.plot.gas_and_stocks(done)
    assert "linepack, mcm" in stocks.svg and "out of storages" in stocks.svg


def test_what_stood_in_for_wind_and_sun_is_told_of_the_day_with_least():
    hours = np.arange(48.0)
    wind = np.where(hours < 24, 100.0, 20.0)
    zeros = np.zeros(48)
    names = ("solar_mw", "gas_fired_mw", "backup_fuel_mw", "hydro_mw", "storage_mw", "import_mw", "other_mw")
    zones = {"time_h": hours, "duration_h": np.ones(48), "demand_mw": np.full(48, 300.0), "unserved_mw": zeros,
             "wind_mw": wind, "coal_mw": 300.0 - wind, **dict.fromkeys(names, zeros)}  # fmt: skip

    class Calm:
        tables, start = {"zones": zones}, dt.datetime(2026, 1, 14)

    assert answer.stood_in_for_wind_and_sun(Calm()) == (
        "Wind and sun gave least on 15 January, 20.0 MW on average against 100.0 MW on 14 January; in their place came "
        "coal +80.0 MW, with demand 0.0 MW."
    )
    zones["wind_mw"] = np.full(48, 50.0)
    assert answer.stood_in_for_wind_and_sun(Calm()) == ""


def test_wind_and_sun_on_offer_are_those_of_the_table(result):
    machines = result.tables["generators"]
    figure = run_figures.wind_and_sun(view_of(result))
    assert (figure is not None) == bool(np.isin(machines["fuel"], ("wind", "solar")).any())


def test_sections_are_called_by_their_title():
    event = dataclasses.replace(outage("lines", "n1_s1", 3, at_h=2), id="line")
    scenario = Scenario("case", "two_areas", Horizon(dt.datetime(2026, 1, 14), 6), events=(event,), policy=QUIET)
    done = run(build_two_areas(), scenario)
    told = view_of(done)
    assert "the section north south was at its limit" in " ".join(run_page(told).answer).lower()
    sections = dataclasses.replace(done.system.interfaces, title=np.array(["North to South, two circuits"]))
    titled = dataclasses.replace(told, system=dataclasses.replace(done.system, interfaces=sections))
    assert "the section North to South was at its limit" in " ".join(run_page(titled).answer).replace("The", "the")
    (change,) = [change for change in done.log if change.component.startswith("section:")][:1]
    assert answer._happening(titled, change).startswith("section North to South (north_south), ")
    assert answer._happening(told, change).startswith("section north south, ")


def test_a_count_has_no_unit():
    """No furnace was damaged: nothing, and no dash, stands behind the number."""
    score = Score("critical minerals", "sites_damaged_n", "system", "furnaces damaged", value=0.0, unit="-")
    assert dict(area_texts([score]))["critical minerals"] == "furnaces damaged: 0.0"
    damaged = dataclasses.replace(score, value=2.0, change=2.0, verdict="worse")
    assert dict(area_texts([damaged]))["critical minerals"] == "furnaces damaged +2.0 (worse)"


def test_sections_that_are_full_anyway_are_not_charged_to_the_event(result):
    """A section in another part of the country, full at its own hour on any day, has nothing to do with the event."""

    interfaces = {
        "name": np.array(["near", "far"]),
        "time_h": np.array([3.0, 4.0]),
        "duration_h": np.array([1.0, 1.0]),
        "loading": np.array([1.0, 1.0]),
    }
    seen = view(result)
    seen.tables = {**result.tables, "interfaces": interfaces}
    told = {anyway: answer.answer_of(seen, result.log, result.why, (), anyway)[2] for anyway in (None, ("far",))}
    assert "near" in told[None] and "far" in told[None]
    assert "near" in told[("far",)] and "far" not in told[("far",)]
