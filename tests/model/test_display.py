"""Short texts of large values: a stray ``result`` at a prompt or in a notebook shows a few lines."""

from __future__ import annotations

import dataclasses
import re

import pytest

import gridsim
from gridsim.model.display import MAX_LINES, MAX_ROWS, Card, Displayed
from tests.support.reliability_cases import rts79


class Named(Displayed):
    def __init__(self, card: Card):
        self.shown = card

    def _card(self) -> Card:
        return self.shown


def test_long_cards_are_cut_and_say_so():
    card = Named(Card("t" * 500, ["line"] * 50, ("name", "value"), [(f"n{i}", "1") for i in range(54)]))
    assert repr(card).count("\n") == MAX_LINES - 1 and max(map(len, repr(card).splitlines())) <= 120
    html = card._repr_html_()
    assert html.count("<tr>") == 1 + MAX_ROWS and "and 35 more" in html  # the heading, 19 rows, the rest


def test_as_many_rows_as_fit_are_all_there():
    html = Named(Card("t", (), ("name",), [(str(i),) for i in range(MAX_ROWS)]))._repr_html_()
    assert html.count("<td>") == MAX_ROWS and "more" not in html


def test_names_are_text_and_never_markup():
    bad = "<script>alert('x')</script> & <b>"
    html = Named(Card(bad, [bad], (bad,), [(bad,)]))._repr_html_()
    assert "<script" not in html and html.count("&lt;script&gt;") == 4 and html.count("&amp; &lt;b&gt;") == 4
    assert re.sub(r"</?(div|b|br|table|tr|th|td)>", "", html).count("<") == 0


@pytest.fixture(scope="module")
def values(tmp_path_factory):
    system, scenario = gridsim.read_scenario("north_south_transit_loss")
    result = gridsim.run(system, scenario.with_(**{"horizon.hours": 20, "policy.ac": "off"}))
    study = gridsim.read_study("repair_time_sweep")
    place = tmp_path_factory.mktemp("study")
    few = dataclasses.replace(study.cases[0], scenario=result.scenario)
    ran = gridsim.run_study(dataclasses.replace(study, cases=(few,), replicates=1), place / "out", workers=0)
    return {
        "GridSystem kazakhstan": system,
        "Scenario north_south_transit_loss": scenario,
        "RunResult north_south_transit_loss": result,
        "Run north_south_transit_loss": gridsim.load(result.save(place / "run")),
        "Study repair_time_sweep": study,
        "Case rupture": study.cases[0],
        "StudyResult repair_time_sweep": ran,
        "DispatchResult": gridsim.dispatch(system),
        "AssessmentResult rts79": gridsim.assess(rts79(), gridsim.SequentialMonteCarlo(years=64, seed=1)),
    }


def test_nothing_of_the_kazakh_network_floods_a_prompt(values):
    for title, value in values.items():
        assert repr(value).startswith(title)
        assert len(repr(value)) <= 2000 and len(repr(value).splitlines()) <= MAX_LINES, title
        assert value._repr_html_().count("<tr>") <= 1 + MAX_ROWS, title
    for title in ("RunResult north_south_transit_loss", "DispatchResult"):
        assert "unserved" in repr(values[title])
    assert "318 machines" in repr(values["GridSystem kazakhstan"])
