"""Screening of the first minutes: each loss as its own run, pairs by a ranking, counts, its table."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from gridsim.cli import app
from gridsim.report.screening_first_minutes import first_minutes_lines
from gridsim.results.screening_first_minutes import first_minutes_frame
from gridsim.solvers.operating_point import base_point
from gridsim.solvers.screen_first_minutes import FirstMinutesCases, screen_first_minutes
from gridsim.solvers.screen_outages import OutageKind, single
from gridsim.solvers.separation import pull_out_mw
from tests.engine.test_first_minutes import with_stages


def test_a_loss_in_a_screen_is_the_loss_alone(two_areas):
    """gas_1 gives 200 of 400 MW: as in a run, five stages of 10 % take 200 MW (see tests/engine/test_first_minutes)."""
    system = two_areas(with_stages)
    point = base_point(system)
    gas = system.generators.position("gas_1")
    outage = single(system, OutageKind.GENERATOR, gas)
    course = FirstMinutesCases(system, point).course((outage,))
    assert (course.kind, course.name) == ("generator", "gas_1")
    assert course.shed_mw == pytest.approx(200.0)
    assert course.lowest_hz < 48.3
    screened = screen_first_minutes(system, point)
    assert next(one for one in screened.courses if one.name == "gas_1") == course
    assert [one.shed_mw for one in screened.courses] == sorted((one.shed_mw for one in screened.courses), reverse=True)


def test_every_pair_is_simulated_or_counted(two_areas):
    system = two_areas(with_stages)
    point = base_point(system)
    whole = screen_first_minutes(system, point)
    # coal_1, gas_1, north_south and three corridors: 15 pairs.
    assert (whole.n_doubles, whole.n_left) == (15, 0)
    some = screen_first_minutes(system, point, most_doubles=4)
    assert (some.n_doubles, some.n_left) == (15, 11)
    assert some.n_told + len(some.left) == 11
    assert len(some.drawn) == len(some.left)
    assert "gas_1" in some.shed_alone
    assert len(screen_first_minutes(system, point, most_doubles=4, n_drawn=20).told_drawn) == min(2, some.n_told)
    for one, alone_mw in some.told_drawn:  # gas_1's 200 MW: with anything else no less is shed
        assert one.shed_mw >= alone_mw - 20.0
    assert len(some.courses) == some.n_singles + 4
    # What the ranking takes first is what the full set finds worst.
    pairs = [course.shed_mw for course in whole.courses if " + " in course.name]
    first = [course.shed_mw for course in some.courses if " + " in course.name]
    assert max(first) == pytest.approx(max(pairs))


def test_order_of_cases_changes_nothing(two_areas):
    system = two_areas(with_stages)
    cases = FirstMinutesCases(system, base_point(system))
    outages = [single(system, OutageKind.GENERATOR, gen) for gen in range(2)]
    outages.append(single(system, OutageKind.SECTION, 0))
    there = [cases.course((outage,)) for outage in outages]
    back = [cases.course((outage,)) for outage in reversed(outages)]
    assert there == back[::-1]


def test_the_table_counts_and_says_what_was_not_simulated(two_areas):
    frame = first_minutes_frame(two_areas(with_stages))
    assert frame.attrs["n_not_simulated"] == 0
    assert frame.attrs["n_shedding"] == int((frame["shed_mw"] > 0.5).sum()) > 0
    frame.attrs["n_not_simulated"] = 5
    text = "\n".join(first_minutes_lines("two areas", frame, 3, width=120))
    assert "10 of 15 pairs (5 not simulated)" in text
    assert "Left out: 5 pairs ranked behind; of 0 drawn at random none shed more than 20 MW." in text


def test_command(tmp_path):
    out = tmp_path / "first.csv"
    found = CliRunner().invoke(app, ["screen", "rbts", "--stage", "first-minutes", "--out", str(out), "--json"])
    assert found.exit_code == 0, found.output
    told = json.loads(found.stdout)
    assert told["stage"] == "first-minutes"
    assert len(told["cases"]) == told["n_singles"] + told["n_doubles"] - told["n_not_simulated"]
    assert out.read_text().startswith("kind,name,shed_mw,lowest_hz,")
    assert np.isfinite([case["shed_mw"] for case in told["cases"]]).all()
    refused = CliRunner().invoke(app, ["screen", "rbts", "--stage", "first-minutes", "--level", "2"])
    assert refused.exit_code != 0
    assert "--level: says nothing at --stage first-minutes" in str(refused.exception)


def test_a_section_beside_a_stronger_one_is_told_as_the_model_has_it(kazakhstan):
    """zhezkazgan_kumkol stands beside north_south: 120 / 0.80 = 150 MW of its own limit, but it pulls out with that."""
    cases = FirstMinutesCases(kazakhstan, base_point(kazakhstan))
    static = {section.name: section.static_mw for section in cases.sections()}
    r, row = cases.minutes.reduction, kazakhstan.interfaces.position("zhezkazgan_kumkol")
    assert static["north_south"] == pytest.approx(2100 / 0.80)
    assert static["zhezkazgan_kumkol"] == pytest.approx(
        pull_out_mw(r.coupling_mw, r.stretch, r.flow_pair[row], r.apart[row])
    )
    assert static["zhezkazgan_kumkol"] > 300.0
