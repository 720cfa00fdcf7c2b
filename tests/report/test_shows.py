"""Texts and the numbers in them: every number of the catalogue is declared, and a text that drifted is found."""

from __future__ import annotations

import pytest

from gridsim.io.bundled import event_files
from gridsim.io.read_scenario import read_scenario
from tests.support.shows import PAGES, ROOT, SHOWS, Claim, Given, Number, find_pieces, renewed, undeclared

PIECES = (
    Claim("Nobody is short", lambda run: run.unserved == 0),
    Number("{:,.0f} MW", lambda run: run.mw),
    Given("3 days"),
)


class Run:
    """The two values that the pieces above ask for."""

    unserved = 0.0
    mw = 1234.4

    class scenario:
        name = "case"


def test_every_event_is_covered():
    known_days = {name for name, path in event_files().items() if path.parent.name == "history"}
    assert set(SHOWS) == set(event_files()) - known_days  # these state their numbers as checks


@pytest.mark.parametrize("name", sorted(SHOWS))
def test_every_number_of_the_catalogue_is_declared(name, kazakhstan):
    of_variant = "\nvariant:" in event_files()[name].read_text(encoding="utf-8")  # elements that the base has not
    shows = read_scenario(name, None if of_variant else kazakhstan)[1].shows
    assert undeclared(SHOWS[name], shows) == []
    assert any(isinstance(piece, Number) for piece in SHOWS[name])
    assert shows.endswith(".") and ". " not in shows  # one sentence


@pytest.mark.parametrize("page", sorted(PAGES))
def test_numbers_of_pages_stand_in_their_place(page):
    for _, pieces in PAGES[page]:
        assert len(find_pieces(pieces, (ROOT / page).read_text(encoding="utf-8"))) == len(pieces)


def test_a_drifted_number_is_renewed():
    assert renewed(PIECES, "Nobody is short: 999 MW for 3 days.", Run) == "Nobody is short: 1,234 MW for 3 days."


def test_a_line_break_is_a_space():
    assert renewed(PIECES, "Nobody\nis short: 999\nMW for 3\ndays.", Run) == "Nobody\nis short: 1,234\nMW for 3\ndays."


def test_a_claim_that_does_not_hold_is_an_error():
    short = type("Short", (Run,), {"unserved": 1.0})
    with pytest.raises(AssertionError, match="'Nobody is short' does not hold in case"):
        renewed(PIECES, "Nobody is short: 1,234 MW for 3 days.", short)


@pytest.mark.parametrize(
    ("text", "extra"),
    [
        ("Nobody is short: 1,234 MW for 3 days.", []),
        ("Nobody is short: 1,234 MW for 3 days, 77 MWh.", ["7", "7"]),
        ("Nobody is short: 1,234 MW for 3 days, twelve hours.", ["twelve"]),
    ],
)
def test_numbers_without_a_piece_are_found(text, extra):
    assert undeclared(PIECES, text) == extra


def test_a_piece_that_is_missing_is_found():
    with pytest.raises(AssertionError, match="MW"):
        find_pieces(PIECES, "Nobody is short: 1,234 MWh for 3 hours.")
