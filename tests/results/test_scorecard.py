"""The scorecard: every number against the same horizon without events, and what is not counted named as such."""

from __future__ import annotations

import dataclasses
import datetime as dt
import math

import numpy as np
import pytest

from gridsim.engine.run import run
from gridsim.model.scenario import Horizon, Scenario
from gridsim.results.metrics import single
from gridsim.results.scorecard import AREAS, SCORECARD, scorecard, scorecard_columns
from tests.support.cases import build_two_areas
from tests.support.engine_cases import QUIET, outage


def rows(scores, **wanted):
    return [score for score in scores if all(getattr(score, key) == value for key, value in wanted.items())]


@pytest.fixture(scope="module")
def short():
    """A run that sheds: a line of the south out for two hours."""
    event = dataclasses.replace(outage("generators", "gas_1", 3, at_h=2), id="machine")
    scenario = Scenario("case", "two_areas", Horizon(dt.datetime(2026, 1, 14), 6), events=(event,), policy=QUIET)
    return run(build_two_areas(), scenario)


def test_every_area_has_a_row_in_its_order(short):
    areas = [score.area for score in short.scorecard]
    assert list(dict.fromkeys(areas)) == list(AREAS)


def test_numbers_are_those_of_the_run_and_the_change_is_their_difference(short):
    for score in short.scorecard:
        if score.value is None:
            assert score.note, score
        elif score.metric != "renewable_share":
            assert score.value == short.metric(score.metric, score.scope).value
        if score.change is not None:
            assert math.isclose(score.without_events + score.change, score.value, abs_tol=1e-9)
    (unserved,) = rows(short.scorecard, metric="EUE", scope="system")
    assert unserved.value > 0 and unserved.without_events == 0 and unserved.verdict == "worse"


def test_change_of_emissions_equals_the_metric_of_it(short):
    for score in rows(short.scorecard, area="greenhouse gases"):
        name = score.metric.replace("_t", "_change_t") if score.metric.endswith("_t") else ""
        if name in {estimate.name for estimate in short.estimates}:
            assert math.isclose(score.change, short.metric(name), rel_tol=1e-9, abs_tol=1e-6)


def test_table_has_the_columns_it_promises(short):
    frame = short.frame("scorecard")
    assert list(frame.columns) == [spec.name for spec in SCORECARD]
    assert len(frame) == len(short.scorecard)
    assert np.isnan(frame["value"][frame["note"] != ""]).all()
    assert scorecard_columns(())["value"] == []


def test_a_class_without_a_mineral_behind_it_is_not_counted_instead_of_zero(kazakhstan):
    cut = [single("EUE", "class:refinery", 953.0, "MWh"), single("EUE", "class:uranium", 20.0, "MWh")]
    lost = [score for score in scorecard(kazakhstan, cut) if score.area == "critical minerals"]
    named = [score for score in lost if score.note.startswith("not counted")]
    assert [score.scope for score in named] == ["class:refinery"]
    assert named[0].value is None and "953 MWh of anpz" in named[0].note


def test_what_is_not_in_the_network_or_not_modelled_is_said(short, kazakhstan):
    notes = {score.label: score.note for score in short.scorecard if score.note}
    assert notes["nuclear sites"] == "not in this network"
    assert notes["energy of nuclear plants"].startswith("not in this network: no nuclear plant in service")
    assert notes["heat by city"] == "not in this network"
    assert "heat by city" not in {score.label for score in scorecard(kazakhstan, ())}
    sites = [score for score in scorecard(kazakhstan, ()) if score.scope.startswith("site:")]
    assert [(site.scope, site.note) for site in sites] == [("site:ulken_npp", "not in this network: planned")]


def test_confidence_is_the_share_of_megawatts(kazakhstan):
    generators = kazakhstan.confidence["generators"]
    assert math.isclose(sum(generators.values()), 1.0)
    (co2,) = rows(scorecard(kazakhstan, [single("co2_t", "system", 5.0, "t")]), metric="co2_t")
    assert co2.confidence == ", ".join(
        f"{name} {100 * share:.0f} %" for name, share in generators.items() if share > 0.005
    )
    assert co2.without_events is None and co2.verdict == ""


def test_a_study_compares_emissions_by_their_mean_change(kazakhstan):
    told = [single("co2_t", "system", 100.0, "t"), single("co2_change_t", "system", -7.0, "t")]
    (co2,) = rows(scorecard(kazakhstan, told), metric="co2_t")
    assert (co2.without_events, co2.change, co2.verdict) == (107.0, -7.0, "better")
