"""`gridsim why`: what a run's folder says of a component is what the run itself says."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

import gridsim
from gridsim.cli import app
from gridsim.errors import UnknownName
from tests.support.cases import build_two_areas, event, scenario


@pytest.fixture(scope="module")
def result():
    return gridsim.run(build_two_areas(), scenario(event("line_outage", "lines", "n1_s1", 2, 3)), seed=4)


@pytest.fixture(scope="module")
def folder(result, tmp_path_factory):
    return result.save(tmp_path_factory.mktemp("why") / "run")


def told(*words):
    done = CliRunner().invoke(app, ["why", *map(str, words)])
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.mark.parametrize("at", ["3", "+3h", "2026-01-14 03:00"])
def test_the_chain_is_that_of_the_run(result, folder, at):
    chain = json.loads(told(folder, "south", "--at", at, "--json"))["chain"]
    expected = result.why("zone:south", 3.0)
    assert [(link["component"], link["to_state"]) for link in chain] == [(c.component, c.to_state) for c in expected]
    assert chain[-1]["component"] == "lines:n1_s1" and chain[-1]["local_time"] == "2026-01-14 02:00"


def test_without_a_time_its_last_trouble_is_told(result, folder):
    lines = told(folder, "lines:n1_s1").splitlines()
    assert lines == ["2026-01-14 02:00 (+2 h)  lines:n1_s1: line_outage (line_outage_n1_s1)"]
    south = told(folder, "south").splitlines()
    assert len(south) == len(result.why("south", 3.0)) and "<- lines:n1_s1" in south[-1]


def test_a_bus_without_power_is_told_by_its_zone(result, folder):
    bus = str(result.frame("shortfall")["name"][0]).split("/")[0]
    time_h = float(result.frame("shortfall")["time_h"][0])
    assert str(gridsim.load(folder).why(bus, time_h)) == str(result.why(bus, time_h)) != ""


def test_an_oblast_is_told_by_the_zone_of_most_of_its_lack_at_its_worst(result, folder):
    rows = result.frame("shortfall")
    oblast = str(rows["oblast"][0])
    lacks = rows[rows["oblast"] == oblast].groupby("time_h")["unserved_mw"].sum()
    first, *causes = told(folder, oblast).splitlines()
    assert f"(+{lacks.idxmax():g} h)  oblast:{oblast}: {lacks.max():.1f} MW not served" in first
    assert causes[0].endswith("zone:south: shedding") and "<- lines:n1_s1" in causes[-1]
    assert str(result.why(oblast, 3.0)) == str(gridsim.load(folder).why(f"oblast:{oblast}", 3.0)) != ""


def test_a_name_that_does_not_exist_is_told_with_the_nearest(folder):
    done = CliRunner().invoke(app, ["why", str(folder), "suoth"])
    assert isinstance(done.exception, UnknownName) and "did you mean 'south'" in str(done.exception)
    assert "nothing had happened" in told(folder, "lines:n1_s1", "--at", "1")
