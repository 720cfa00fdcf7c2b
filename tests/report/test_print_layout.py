"""What is printed of a page: whole figures on two sheets, rows of the scorecard that tell something, legible labels."""

from __future__ import annotations

import re

import pytest

from gridsim.report import print_layout
from gridsim.report.figures.svg import Figure
from gridsim.report.scorecard_table import scorecard_section
from gridsim.report.sentence_case import sentence_case
from gridsim.results.scorecard import Score


def figure(high: int) -> Figure:
    return Figure("f", "Title", "Definition.", f'<svg viewBox="0 0 760 {high}"></svg>')


def test_a_drawing_keeps_its_shape_on_paper():
    assert print_layout.height_mm(figure(380)) == pytest.approx(print_layout.DRAWING_MM / 2 + 4.0)
    words = Figure("f", "Title", "word " * 400, figure(10).svg)
    assert print_layout.height_mm(words) > 100.0  # its caption is higher than the drawing


def test_figures_are_printed_whole_and_only_as_many_as_two_sheets_hold():
    figures = [figure(380)] * 20
    shown = print_layout.printed(figures)
    assert shown == [True] * 6 + [False] * 14  # three to a sheet of 273 mm, 72 mm each
    mixed = [*figures[:6], figure(60)]
    assert print_layout.printed(mixed)[-1]  # a low one still fits under them


def test_the_map_gives_way_to_a_long_answer():
    short = print_layout.map_mm("Title", ["One."], True, ["a"] * 6)
    long = print_layout.map_mm("Title " * 40, ["Words " * 60] * 5, True, ["a " * 120] * 6)
    assert short == 104.0 and 45.0 <= long < short


def scores():
    rows = [Score("energy security", "EUE", "system", "unserved energy", 5.0, change=5.0, unit="MWh", verdict="worse")]
    rows.append(Score("energy security", "LOLH", "system", "hours short", 0.0, change=-1e-14, unit="h", verdict="same"))
    rows += [
        Score("critical minerals", "mineral_loss_t", f"mineral:m{number}", "output lost", 9.0, change=9.0, unit="t",
              verdict="worse")
        for number in range(100)
    ]  # fmt: skip
    return rows


def rows_of(page):
    return re.findall(r"<tr( class=no-print)?>(?:<th[^>]*>[^<]*</th>|<td></td>)<td>([^<]*)</td>", page)


def test_paper_has_what_differs_from_no_event_and_the_screen_all():
    page = scorecard_section(scores(), 120.0)
    shown = [label for hidden, label in rows_of(page) if not hidden]
    assert len(rows_of(page)) == 102 and "Unserved energy" in shown and "Hours short" not in shown
    assert sum(label.startswith("Output lost") for label in shown) == int((120.0 - 24.0 - 3.9) // 3.9)
    assert f"{102 - len(shown)} rows" in page and "-1e-14" not in page


def test_labels_begin_with_a_capital_and_names_stay():
    assert sentence_case("greenhouse gases") == "Greenhouse gases"
    assert sentence_case("hours short, zone:south") == "Hours short, zone:south"
    for name in ("l500_agadyr", "rts79 at its peak", "CO2", "gCO2 a year", "", "<west>"):
        assert sentence_case(name) == name
