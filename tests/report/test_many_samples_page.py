"""Pages of studies and assessments: their figures add up to the numbers beside them."""

from __future__ import annotations

import datetime as dt
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

import gridsim
from gridsim.report.adequacy_page import verdict
from gridsim.report.documents import page_of
from gridsim.report.figures import study_figures, svg
from gridsim.report.html import html_of
from gridsim.report.numbers import percent, with_error
from gridsim.report.pairs_page import pairs_page
from gridsim.report.screen_page import screen_page
from gridsim.results.metrics import Estimate
from tests.support.cases import build_two_areas, event, scenario
from tests.support.reliability_cases import rts79
from tests.support.study_cases import small_study


@pytest.fixture(scope="module")
def assessed():
    method = gridsim.SequentialMonteCarlo(years=64, seed=1)
    return gridsim.assess(rts79(), method, gridsim.ShortfallByMonth(), gridsim.ShortfallEvents())


def titles(figure):
    return [float(text) for text in re.findall(r"<title>[^<]*: ([\d.e+-]+) \w+</title>", figure.svg)]


def test_cells_of_the_heat_maps_sum_to_the_metrics(assessed):
    figures = {figure.name: figure for figure in page_of(assessed).figures}
    assert sum(titles(figures["month_by_hour"])) == pytest.approx(assessed.metric("LOLH").value, rel=0.02)
    assert sum(titles(figures["week_by_zone"])) == pytest.approx(assessed.metric("EUE").value, rel=0.02)


def test_months_of_hours_short_are_those_of_unserved_energy(assessed):
    events = assessed.frame("shortfall_events")
    events = events[events["scope"] == "system"]
    weeks = assessed.frame("worst_weeks")
    first = study_figures.start_of(weeks["start"][0], int(weeks["start_day"][0]))
    short = study_figures.short_hours_of(
        events["start_h"].to_numpy(), events["duration_h"].to_numpy(), assessed.n_samples, first
    )
    with_energy = {e.scope for e in assessed.estimates if e.name == "EUE" and e.scope.startswith("month:") and e.value}
    assert {f"month:{month + 1}" for month in np.flatnonzero(short.sum(axis=1))} == with_energy


def test_a_year_of_days_leaves_out_the_leap_day():
    days = study_figures.calendar(dt.datetime(2024, 1, 1))
    assert len(days) == 365 and dt.datetime(2024, 2, 29) not in days and days[-1] == dt.datetime(2024, 12, 31)
    assert study_figures.start_of(dt.datetime(2024, 3, 1), 1) == dt.datetime(2024, 2, 28)
    assert study_figures.start_of(dt.datetime(2025, 6, 30), 364) == dt.datetime(2024, 7, 1)


@pytest.mark.parametrize(("low", "high", "expected"), [(1, 2, "pass"), (2, 4, "not decided"), (3.1, 9, "fail")])
def test_a_threshold_is_passed_or_failed_by_the_whole_interval(low, high, expected):
    assert verdict(Estimate("LOLH", "system", (low + high) / 2, 1.0, low, high, "h", 64), 3.0) == expected


def test_the_folder_of_an_assessment_gives_the_page_of_the_assessment(assessed, tmp_path):
    loaded = page_of(gridsim.load(assessed.save(tmp_path / "assessment")))
    fresh = page_of(assessed)
    assert (loaded.answer, loaded.numbers) == (fresh.answer, fresh.numbers)
    assert [figure.svg for figure in loaded.figures] == [figure.svg for figure in fresh.figures]
    energy = assessed.metric("EUE")
    assert fresh.numbers[0].interval == f"95 %: {energy.ci_low:,.1f} to {energy.ci_high:,.1f}" or energy.ci_low > 1000


def test_exceedance_ends_at_the_worst_sample_and_begins_at_the_chance_of_any():
    figure = study_figures.exceedance({"one": np.array([0.0, 0.0, 10.0, 30.0])})
    path = re.search(r'<path d="([^"]+)" fill="none"', figure.svg).group(1)
    chart = study_figures.Chart((0.0, 30.9), (0.0, 1.0), y_title="x", legend=[("one", "blue")])
    assert path.startswith(f"M{chart.px(0):.1f} {chart.py(0.5):.1f}")
    assert f"{chart.py(0.25):.1f}" in path


def test_a_study_shows_its_cases_with_errors(tmp_path):
    study = small_study(tmp_path, replicates=5, sweep={"events.trip.probability": [0.5, 1.0]})
    result = gridsim.run_study(study, tmp_path / "out", workers=0)
    page = page_of(result)
    cases = next(table for table in page.tables if table.title == "The cases")
    assert [row[0] for row in cases.rows] == [run.path.name for run in gridsim.load(tmp_path / "out").cases]
    for figure in page.figures:
        ET.fromstring(figure.svg)
    text = html_of(page)
    assert "map-data" not in text and "script-src 'none'" in text.replace("&#x27;", "'")
    for case, scores in result.scorecard.items():
        (unserved,) = (score for score in scores if score.metric == "EUE" and score.scope == "system")
        energy = result.metric("EUE", case=case)
        assert (unserved.value, unserved.stderr) == (energy.value, energy.stderr) and unserved.stderr
    assert result.report(tmp_path / "study.html").read_text(encoding="utf-8") == text


def test_a_sweep_answers_on_its_first_screen_how_numbers_depend_on_what_is_swept(tmp_path):
    question = "How much does the chance of the trip cost?"
    keys = {"question": question, "sweep": {"events.trip.probability": [1.0, 0.5, 0.0]}}
    loaded = gridsim.load(
        gridsim.run_study(small_study(tmp_path, replicates=40, **keys), tmp_path / "out", workers=0).path
    )
    page = page_of(loaded)
    assert page.title == question
    ends = [with_error(run.metric("EUE")) for run in (loaded.cases[2], loaded.cases[0])]
    changes = f"unserved energy grows from {ends[0]} to {ends[1]} MWh."
    assert page.answer[0] == f"As the probability of trip goes from 0 to 1, {changes}"
    cut = percent(loaded.cases[2].metric("P_any_shortfall").value)
    assert page.answer[1] == f"Power is cut in {cut} of replicates at every value."
    (figure,) = page.lead
    means = {run.path.name.rpartition("=")[2]: run.metric("EUE").value for run in loaded.cases}
    for value in ("0", "0.5", "1"):
        mean = svg.short(means["0.0" if value == "0" else "1.0" if value == "1" else value])
        assert f"day, {value}: {mean} MWh" in figure.svg
    points = [float(at) for at in re.findall(r'<circle cx="([\d.]+)"', figure.svg)][:3]
    assert points == sorted(points) and points[1] - points[0] == pytest.approx(points[2] - points[1], abs=0.2)
    courses = gridsim.plot.sweep_courses(loaded)
    assert courses.svg.count("25 to 75 % of replicates") == 3
    assert gridsim.plot.over_swept_value(loaded).svg == figure.svg
    paired = gridsim.plot.paired_differences(loaded).svg
    first = loaded.cases[0].frame("replicate_metrics")
    last = loaded.cases[2].frame("replicate_metrics")
    of = [frame[(frame["name"] == "EUE") & (frame["scope"] == "system")]["value"].to_numpy() for frame in (first, last)]
    assert f"{svg.short(float((of[1] - of[0]).mean()))} ± " in paired


def test_figures_are_functions_of_results(assessed, tmp_path):
    study = small_study(tmp_path, replicates=3)
    loaded = gridsim.load(gridsim.run_study(study, tmp_path / "out", workers=0).path)
    assert gridsim.plot.exceedance(loaded).svg == gridsim.plot.all_of(loaded)["exceedance"].svg
    assert gridsim.plot.event_scatter(loaded).name == "event_scatter"
    assert gridsim.plot.all_of(assessed)["month_by_hour"].save(tmp_path / "x.svg").is_file()
    with pytest.raises(gridsim.StudyError, match="is no run"):
        gridsim.plot.supply_stack(assessed)


def test_a_screening_names_its_worst_outage(tmp_path):
    from typer.testing import CliRunner

    from gridsim.cli import app

    frame = gridsim.screen(build_two_areas(), ac=False)
    page = screen_page("two areas", frame)
    bad = frame[(frame["kind"] != "none") & ~frame["secure"]]
    assert page.numbers[1].value == str(len(bad)) != "0"
    assert page.answer[0].startswith(f"The network is not N-1 secure: {len(bad)} of {len(frame) - 1} outages")
    assert str(bad.iloc[0]["name"]) in page.answer[2]
    assert len(page.tables[0].rows) == len(frame)
    done = CliRunner().invoke(app, ["screen", "rts79", "--dc", "--report", str(tmp_path / "screen.html")])
    assert done.exit_code == 0 and "What if one element is lost?" in (tmp_path / "screen.html").read_text("utf-8")


def test_runs_are_compared_with_the_first(tmp_path):
    from gridsim.cli.report import compared

    folders = []
    for hours in (1, 3):
        result = gridsim.run(build_two_areas(), scenario(event("line_outage", "lines", "n1_s1", 2, hours)))
        folders.append(result.save(tmp_path / f"for_{hours}_h"))
    page = compared(folders)
    assert page.title == "for_3_h against for_1_h"
    assert page.answer[0] == "for_3_h: unserved energy 120.0 MWh, 80 MWh more."
    assert page.numbers[0].value == "80 MWh"
    ET.fromstring(page.figures[0].svg)


def test_the_page_of_pairs_holds_the_matrix_of_what_they_add(tmp_path):
    system = gridsim.read_network("rbts")
    for level in ("1-1", "2"):
        frame = gridsim.screen(system, level=level, ac=False)
        page = pairs_page("rbts", frame)
        adding = frame[frame["added_mw"] > 0.0]
        (matrix,) = (figure for figure in page.figures if figure.name == "pairs_matrix")
        cells = re.findall(r"<title>\d+  ([^,<]+), (\d+): ([\d.e+-]+) MW</title>", matrix.svg)
        names = list(dict.fromkeys(first for first, _, _ in cells))
        shown = {(first, names[int(column) - 1]): float(mw) for first, column, mw in cells}
        worst = adding.iloc[0]
        assert shown[worst["first"], worst["second"]] == pytest.approx(worst["added_mw"], rel=0.01)
        if level == "2":
            assert all(shown[second, first] == mw for (first, second), mw in shown.items())
        assert f"{worst['first']} with {worst['second']}" in page.answer[1]
        assert "<table" in html_of(page)
        assert gridsim.plot.pairs_matrix(frame).svg == matrix.svg
