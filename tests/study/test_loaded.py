"""One shape of result: what a run, a study and an assessment say is what their folders say after ``load``."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import gridsim
from tests.support.cases import event, scenario
from tests.support.reliability_cases import rts79
from tests.support.study_cases import small_study

OLD = Path(__file__).parents[1] / "data" / "run_folder_0_1" / "circuit_trip"


@pytest.fixture
def result(two_areas):
    return gridsim.run(two_areas(), scenario(event("line_outage", "lines", "n1_s1", 2, 3)), seed=4)


def same(first, other):
    pd.testing.assert_frame_equal(first, other, check_dtype=False)


def test_a_saved_run_says_what_the_run_says(result, tmp_path):
    assert result.save(tmp_path / "deep" / "run") == tmp_path / "deep" / "run"
    loaded = gridsim.load(tmp_path / "deep" / "run")
    assert isinstance(loaded, gridsim.Run) and loaded.manifest["seed"] == 4
    assert loaded.estimates == result.estimates and loaded.metric("EUE", "south") == result.metric("EUE", "south")
    assert loaded.metric("EUE") == pytest.approx(120)
    same(loaded.metrics, result.metrics)
    for table in result.tables:
        same(loaded.frame(table), result.frame(table))
    assert str(loaded.timeline()) == str(result.timeline()) != ""
    assert str(loaded.why("south", 3.0)) == str(result.why("zone:south", 3.0)) != ""
    assert "EUE" in loaded.summary() and "unserved energy" in result.summary()
    assert not gridsim.compare(loaded, loaded)[0].value
    with pytest.raises(KeyError, match="nothing in the log about 'sout'; did you mean 'south'"):
        loaded.why("sout", 3.0)


@pytest.mark.parametrize("make", ["run", "loaded", "assessment"])
def test_unknown_names_raise_with_the_nearest(make, result, tmp_path):
    if make == "assessment":
        result = gridsim.assess(rts79(), gridsim.SequentialMonteCarlo(years=64, seed=1))
    elif make == "loaded":
        result = gridsim.load(result.save(tmp_path / "run"))
    with pytest.raises(gridsim.UnknownName, match="no metric 'EUEE'; did you mean 'EUE'"):
        result.metric("EUEE")
    with pytest.raises(gridsim.UnknownName, match="no EUE of 'sistem'; did you mean 'system'"):
        result.metric("EUE", "sistem")
    with pytest.raises(gridsim.UnknownName, match="no table 'metric'; did you mean 'metrics'"):
        result.frame("metric")


def test_a_place_that_is_taken_is_kept(result, tmp_path):
    place = result.save(tmp_path / "run")
    loaded = gridsim.load(place)
    for one in (result, loaded, gridsim.assess(rts79(), gridsim.SequentialMonteCarlo(years=64, seed=1))):
        with pytest.raises(gridsim.InputError, match="exists; choose another"):
            one.save(place)
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "mine.txt").write_text("keep")
    with pytest.raises(gridsim.InputError, match="not a run folder"):
        loaded.save(tmp_path / "notes", force=True)
    assert (tmp_path / "notes" / "mine.txt").read_text() == "keep"
    assert gridsim.load(loaded.save(tmp_path / "copy")).estimates == result.estimates
    result.save(tmp_path / "copy", force=True)
    assert gridsim.load(tmp_path / "copy").estimates == result.estimates
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy", "notes", "run"]  # no scratch left


def test_an_assessment_is_saved_and_loaded(tmp_path):
    result = gridsim.assess(rts79(), gridsim.SequentialMonteCarlo(years=640, seed=1), gridsim.ShortfallEvents())
    loaded = gridsim.load(result.save(tmp_path / "rts"))
    assert loaded.estimates == result.estimates and loaded.metric("LOLH") == result["LOLH"]
    assert sorted(loaded.tables) == sorted(result.tables) and "shortfall_events" in loaded.tables
    same(loaded.frame("shortfall_events"), result.frame("shortfall_events"))
    assert result.summary().startswith("rts79: copper level, seed 1") and "LOLH" in loaded.summary()
    again = result.save(tmp_path / "rts", force=True)  # every file in it is one that gridsim wrote
    assert gridsim.load(again).metric("EUE") == result.metric("EUE")
    with pytest.raises(KeyError, match="it is a number of a run"):
        loaded.metric("survival_time_h")


def test_a_study_and_its_folder_say_the_same(tmp_path):
    swept = small_study(tmp_path, replicates=5, sweep={"events.trip.probability": [0.5, 1.0]})
    ran = gridsim.run_study(swept, tmp_path / "out", workers=0)
    loaded = gridsim.load(tmp_path / "out")
    assert isinstance(loaded, gridsim.LoadedStudy) and len(loaded) == 2
    second = list(ran.estimates)[1]
    assert ran.metric("EUE", case=second) == loaded.metric("EUE", case=second) == loaded[second].metric("EUE") > 0
    same(ran.metrics, loaded.metrics)
    same(ran.frame("zones"), loaded.frame("zones"))
    assert ran.frame("zones").columns[0] == "case" and set(ran.frame("zones")["case"]) == set(ran.estimates)
    assert "all cases begin with day+trip.probability=" in ran.summary() and second in loaded.summary()
    for one in (ran, loaded):
        with pytest.raises(KeyError, match="2 cases; name one"):
            one.metric("EUE")
        with pytest.raises(KeyError, match="did you mean 'zones'"):
            one.frame("zone")
    assert gridsim.load(ran.save(tmp_path / "copy")).estimates == loaded.estimates
    assert [change.event_id for change in loaded[0].log(1)] == list(range(len(loaded[0].log(1))))


def test_a_study_of_one_case_needs_no_name_and_may_have_one(tmp_path):
    one = gridsim.run_study(small_study(tmp_path, replicates=3), tmp_path / "one", workers=0, alone=True)
    (case,) = one.estimates
    assert one.metric("LOLH") == one.metric("LOLH", case=case) == gridsim.load(tmp_path / "one").metric("LOLH")
    assert one.frame("zones").columns[0] == "case" and set(one.frame("zones")["case"]) == {case}
    same(one.frame("zones", case), one.frame("zones").drop(columns="case"))
    with pytest.raises(KeyError, match=f"no case 'x{case}'; did you mean '{case}'"):
        one.frame("zones", f"x{case}")


def test_folders_of_before_and_other_folders(tmp_path):
    assert gridsim.load(OLD).metric("EUE") == pytest.approx(120)
    assert gridsim.load(OLD).start.year == 2026 and [run.name for run in gridsim.load(OLD).cases] == ["circuit_trip"]
    with pytest.raises(gridsim.InputError, match="is not the folder of a run or a study"):
        gridsim.load(tmp_path)
    with pytest.raises(gridsim.InputError, match="no such folder"):
        gridsim.load(tmp_path / "nowhere")


def test_a_place_that_cannot_be_written_is_bad_input(result):
    assessed = gridsim.assess(rts79(), gridsim.SequentialMonteCarlo(years=64, seed=1))
    for one in (result, gridsim.load(OLD), assessed):
        with pytest.raises(gridsim.InputError, match="not writable"):
            one.save("/proc/nowhere/run")
