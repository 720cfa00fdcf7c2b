"""Every number that the catalogue of events and the README state is the number of a run made now.

With a fraction below one two short events are played, and what pages state.
"""

from __future__ import annotations

import json
import re

import pytest

from tests.support.command import gridsim
from tests.support.fraction import FRACTION
from tests.support.shows import PAGES, PRINTED, ROOT, RUPTURE, SHOWS, play, printed, renewed

NAMES = sorted(SHOWS) if FRACTION >= 1 else ["north_south_transit_loss", "second_circuit"]


@pytest.mark.parametrize("name", NAMES)
def test_what_an_event_shows(name):
    result = play(name)
    assert result.scenario.shows == renewed(SHOWS[name], result.scenario.shows, result)


@pytest.mark.parametrize("page", sorted(PAGES))
def test_numbers_on_a_page(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    for played, pieces in PAGES[page]:
        assert text == renewed(pieces, text, played())


def test_the_readme_states_what_adequacy_gives():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    command, stated = re.findall(r"gridsim (adequacy rts79) +# .*LOLH ([\d.]+) h a year, exact", text)[0]
    metrics = json.loads(gridsim(*command.split(), "--method", "exact", "--json").stdout)["metrics"]
    (lolh,) = (row for row in metrics if row["name"] == "LOLH" and row["scope"] == "system")
    assert stated == f"{lolh['value']:.3f}"


def test_the_readme_prints_what_the_run_prints():
    (block,) = PRINTED.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    assert block == printed(play(RUPTURE))
