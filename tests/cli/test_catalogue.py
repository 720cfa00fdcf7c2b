"""`gridsim list` and `gridsim show` as a user meets them: screens at 80 columns, names whole at any width, JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from typer.testing import CliRunner

from gridsim.cli import app
from gridsim.errors import StudyError
from gridsim.io.bundled import event_files, network_names, study_files
from gridsim.model.scenario import kinds
from gridsim.report.component_list import LISTS, component_lines, component_rows
from tests.support.snapshots import assert_is_snapshot

WIDTHS = (40, 80, 200)


def screen(*words: str, columns: int = 80) -> str:
    done = CliRunner().invoke(app, list(words), env={"COLUMNS": str(columns)})
    assert done.exit_code == 0, done.output
    return done.stdout


def rows(*words: str) -> list[dict[str, object]]:
    found = json.loads(screen(*words, "--json"))
    assert isinstance(found, list)
    return found


@pytest.mark.parametrize(
    "words",
    [
        ("list", "networks"),
        ("list", "events"),
        ("list", "studies"),
        ("list", "kinds"),
        ("list", "lines", "zhetysu"),
        ("list", "transformers", "almaty_500"),
        ("list", "plants", "Almaty city"),
        ("list", "borders"),
        ("list", "interfaces"),
        ("list", "gas_pipelines", "bozoy"),
        ("list", "fuel_stocks", "mazut"),
        ("show", "kazakhstan"),
        ("show", "rts79"),
    ],
    ids=" ".join,
)
def test_screens_at_80_columns(words: tuple[str, ...]) -> None:
    shown = screen(*words)
    assert max(map(len, shown.splitlines())) <= 80
    assert_is_snapshot("_".join(words).replace(" ", "_") + ".txt", shown)


@pytest.mark.parametrize("columns", WIDTHS)
@pytest.mark.parametrize(
    ("what", "names"),
    [
        ("networks", network_names()),
        ("events", list(event_files())),
        ("studies", list(study_files())),
        ("kinds", list(kinds())),
    ],
)
def test_no_bundled_name_is_cut(what: str, names: Sequence[str], columns: int) -> None:
    shown = screen("list", what, columns=columns)
    starts = [line.split()[0] for line in shown.splitlines() if line[:1].strip()]
    assert [name for name in starts if name in names] == list(names)
    assert "…" not in shown and max(map(len, shown.splitlines())) <= columns


@pytest.mark.parametrize("columns", WIDTHS)
@pytest.mark.parametrize("what", list(LISTS))
def test_no_component_name_is_cut(kazakhstan, what: str, columns: int) -> None:
    found = component_rows(kazakhstan, what)
    lines = component_lines(found, columns)
    assert {str(row["name"]) for row in found} <= {line.split()[0] for line in lines if line[:1].strip()}
    assert max(map(len, lines)) <= columns
    assert not [line for line in lines if "nan" in line.split()]


@pytest.mark.parametrize("columns", WIDTHS)
def test_show_cuts_no_name(columns: int) -> None:
    shown = screen("show", "kazakhstan", columns=columns)
    assert "zhezkazgan_kumkol " in shown and "winter peak with losses" in shown
    assert "[" not in shown and "{" not in shown and max(map(len, shown.splitlines())) <= columns


def test_events_take_about_two_lines_each_and_long_adds_what_they_show() -> None:
    assert len(screen("list", "events").splitlines()) <= 2.5 * len(event_files())
    story = " ".join(screen("list", "events", "--long", columns=2000).split())
    assert all(" ".join(str(row["shows"]).split()) in story for row in rows("list", "events"))


def test_the_text_finds_names_zones_oblasts_and_titles_in_any_case(kazakhstan) -> None:
    lines = rows("list", "lines", "SOUTH")
    assert {row["zone"] for row in lines} >= {"south", "north-south"} and "north" not in {row["zone"] for row in lines}
    assert len(lines) < len(rows("list", "lines")) == len(kazakhstan.lines)
    assert [row["name"] for row in rows("list", "lines", "agadyr_yukgres_1")] == ["l500_agadyr_yukgres_1"]
    assert "almaty_cascade" in [row["name"] for row in rows("list", "plants", "Bolshaya")]
    assert {row["oblast"] for row in rows("list", "buses", "mangystau")} == {"Mangystau"}
    assert [row["name"] for row in rows("list", "events", "kostanay")] == ["kartaly_border_closed"]


def test_ratings_are_those_of_the_tables(kazakhstan) -> None:
    line = rows("list", "lines", "l500_gres1_cgpp")[0]
    # sqrt(3) x 500 kV x 2.48 kA and x 2.976 kA
    assert line["rating_mva"] == pytest.approx(2147.74, abs=0.01)
    assert line["emergency_mva"] == pytest.approx(2577.29, abs=0.01)
    assert (line["from_bus"], line["to_bus"], line["length_km"]) == ("gres1_500", "cgpp_500", 291.0)
    bank = rows("list", "transformers", "t_gres2_500_220_1")[0]
    assert (bank["kv"], bank["rating_mva"]) == ("500/220", 501.0)
    plants = {row["name"]: row for row in rows("list", "plants")}
    assert (plants["ekibastuz_gres1"]["n_units"], plants["ekibastuz_gres1"]["installed_mw"]) == (7, 3500.0)
    assert sum(row["installed_mw"] for row in plants.values()) == pytest.approx(25_619.9, abs=0.1)  # as show says
    north_south = rows("list", "interfaces", "north_south")[0]
    assert (north_south["forward_mw"], north_south["forward_emergency_mw"]) == (2100.0, 2415.0)
    assert {row["zone"] for row in rows("list", "gas_nodes")} == {"north", "south", "west", "external"}


def test_what_is_out_of_service_is_marked() -> None:
    shown = {row["name"]: row["in_service"] for row in rows("list", "lines", "shu")}
    assert shown["l500_shu_zhambyl_plan"] is False and shown["l500_almaty_shu"] is True
    assert "in service" in screen("list", "lines", "shu") and "in service" not in screen("list", "borders")


def test_networks_and_variants_of_ones_own() -> None:
    assert [row["name"] for row in rows("list", "plants", "--network", "rbts")] == ["thermal", "hydro"]
    base, nuclear = (len(rows("list", "generators", *words)) for words in ((), ("--variant", "nuclear_2035")))
    assert nuclear > base


def test_hyphens_and_capitals_are_taken() -> None:
    assert rows("list", "Gas-Pipelines", "bozoy") == rows("list", "gas_pipelines", "bozoy")


def test_an_unknown_list_gives_the_nearest_and_all() -> None:
    done = CliRunner().invoke(app, ["list", "lins"])
    assert isinstance(done.exception, StudyError)
    assert "did you mean 'lines'?" in str(done.exception)
    assert all(what in str(done.exception) for what in (*LISTS, "networks", "events", "studies", "kinds"))


def test_nothing_found_is_said_on_stderr() -> None:
    done = CliRunner().invoke(app, ["list", "lines", "zzz"])
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr.strip() == "no lines of kazakhstan with 'zzz' in it"
    assert rows("list", "lines", "zzz") == []


def test_the_command_lists_what_the_report_can(kazakhstan) -> None:
    with pytest.raises(StudyError, match="did you mean 'lines'"):
        component_rows(kazakhstan, "line")
    shown = " ".join(CliRunner().invoke(app, ["list", "--help"], env={"COLUMNS": "400"}).stdout.split())
    assert all(what in shown for what in LISTS)
