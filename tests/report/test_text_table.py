"""Tables as plain text: nothing that must be typed is cut, at any width."""

import csv
import io
from dataclasses import replace

from gridsim.report.text_table import TextTable, without_common_prefix

ROWS = (("rupture+repair=24 h", "1,096 +- 12", "0.31"), ("rupture+repair=120 h", "9,031 +- 95", "1.00"))
CASES = TextTable(("case", "unserved energy, MWh", "chance of shortfall"), ROWS)


def test_columns_that_fit_stand_in_one_block() -> None:
    assert CASES.lines(80) == [
        "case                  unserved energy, MWh  chance of shortfall",
        "rupture+repair=24 h            1,096 +- 12                 0.31",
        "rupture+repair=120 h           9,031 +- 95                 1.00",
    ]


def test_columns_that_do_not_fit_stand_in_a_further_block_beside_the_whole_name() -> None:
    assert CASES.lines(50) == [
        "case                  unserved energy, MWh",
        "rupture+repair=24 h            1,096 +- 12",
        "rupture+repair=120 h           9,031 +- 95",
        "",
        "case                  chance of shortfall",
        "rupture+repair=24 h                  0.31",
        "rupture+repair=120 h                 1.00",
    ]


def test_a_name_that_takes_most_of_the_width_has_a_line_of_its_own() -> None:
    assert CASES.lines(30)[:3] == [
        "rupture+repair=24 h",
        "  unserved energy, MWh:",
        "  1,096 +- 12",
    ]


def test_a_sentence_is_wrapped_beside_its_name_or_below_it() -> None:
    events = TextTable(("name", "question"), (("no_wind", "What if the wind stops in the South?"),), wrapped=True)
    assert events.lines(40) == [
        "name     question",
        "no_wind  What if the wind stops in the",
        "         South?",
    ]
    assert events.lines(24) == ["no_wind", "  What if the wind stops", "  in the South?"]


def test_every_cell_is_there_at_every_width() -> None:
    for width in (10, 20, 40, 60, 80, 200):
        text = " ".join(" ".join(CASES.lines(width)).split())
        assert all(cell in text for row in ROWS for cell in row)


def test_wide_letters_take_the_cells_they_take() -> None:
    table = TextTable(("name", "MW"), (("Алматы", "1"), ("電力", "22")))
    assert table.lines(40) == ["name    MW", "Алматы   1", "電力    22"]


def test_a_table_without_rows_is_its_heading() -> None:
    assert TextTable(("name", "MW"), ()).lines(40) == ["name  MW"]


def test_csv_and_markdown_hold_every_cell() -> None:
    assert list(csv.reader(io.StringIO(CASES.csv()))) == [list(CASES.headings), *map(list, ROWS)]
    assert CASES.markdown().splitlines()[1] == "| --- | ---: | ---: |"
    assert TextTable(("a|b",), (("c",),)).markdown() == "| a\\|b |\n| --- |\n| c |\n"


def test_a_prefix_that_all_names_share_is_dropped_at_a_boundary() -> None:
    assert without_common_prefix(["rupture+a=1", "rupture+a=12"]) == (["1", "12"], "rupture+a=")
    assert without_common_prefix(["north", "northwest"]) == (["north", "northwest"], "")
    assert without_common_prefix(["a+", "a+b"]) == (["a+", "a+b"], "")
    assert without_common_prefix(["one"]) == (["one"], "")


def test_headings_are_stacked_only_where_the_table_is_too_wide() -> None:
    stacked = replace(CASES, stacked=True)
    assert stacked.lines(80) == CASES.lines(80)
    assert stacked.lines(50) == [
        "                         unserved   chance of",
        "case                  energy, MWh   shortfall",
        "rupture+repair=24 h   1,096 +- 12        0.31",
        "rupture+repair=120 h  9,031 +- 95        1.00",
    ]
