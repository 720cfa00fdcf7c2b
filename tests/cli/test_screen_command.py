"""`gridsim screen` as a user meets it: the point it starts from, lists of outages, what contradicts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import gridsim
from gridsim.cli import app
from gridsim.errors import InputError


def answer(*words: str) -> dict[str, Any]:
    done = CliRunner().invoke(app, ["screen", *words, "--json"], catch_exceptions=False)
    assert done.exit_code == 0
    return dict(json.loads(done.stdout))


def test_the_point_is_named(tmp_path: Path) -> None:
    machines = gridsim.read_network("rbts").generators
    file = tmp_path / "mine.csv"
    rows = [f"generators,{name},{mw}" for name, mw in zip(machines.name, machines.p_max_mw * 185.0 / 240.0)]
    file.write_text("\n".join(["table,name,p_mw", *rows]))
    found = answer("rbts", "--dc", "--point", str(file))
    assert (found["point"], found["hour"]) == (str(file), "")
    assert {"short_mw", "over_mw", "added_mw", "adds", "shed_mw"} <= set(found["outages"][0])
    found = answer("rbts", "--dc")
    assert (found["point"], found["hour"]) == ("dispatch", "winter peak")
    shown = CliRunner().invoke(app, ["screen", "rbts", "--dc"]).stdout
    assert "rbts at winter peak, as dispatched, DC power flow" in " ".join(shown.split())
    shown = CliRunner().invoke(app, ["screen", "rbts", "--dc", "--point", str(file)]).stdout
    assert f"rbts at the point of {file}, DC power flow".replace(" ", "") in "".join(shown.split())


def test_a_list_of_outages_and_redispatch(tmp_path: Path) -> None:
    """Two machines of 40 MW each lost together, and every line."""
    machines = gridsim.read_network("rbts").generators
    big = [str(name) for name in machines.name[machines.p_max_mw == 40.0]][:2]
    file = tmp_path / "lost.csv"
    file.write_text(f"element,kind\n{big[0]} + {big[1]},generator\n*,line\n")
    found = answer("rbts", "--dc", "--outages", str(file), "--redispatch")
    lost = {outage["name"]: outage for outage in found["outages"]}
    assert set(lost) == {"intact", " + ".join(big), *gridsim.read_network("rbts").lines.name}
    assert lost[" + ".join(big)]["kind"] == "several"
    assert all(outage["shed_mw"] is not None for outage in found["outages"])
    shown = CliRunner().invoke(app, ["screen", "rbts", "--dc", "--outages", str(file)]).stdout
    assert "lost.csv" in shown


def test_a_point_with_an_hour_of_its_own_contradicts_another() -> None:
    done = CliRunner().invoke(app, ["screen", "rbts", "--point", "x.csv", "--hour", "2026-01-14 18:00", "--by", "MW"])
    assert isinstance(done.exception, InputError)
    assert [str(problem) for problem in done.exception.problems] == [
        "--by: no 'MW'; did you mean 'mw'?",
        "--hour: contradicts --point x.csv, which has its own hour; leave --hour out, or give --point dispatch",
    ]


@pytest.mark.parametrize("order", ["mw", "percent"])
def test_the_table_fits_the_terminal(order: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for columns in (60, 80, 120):
        monkeypatch.setenv("COLUMNS", str(columns))
        shown = CliRunner().invoke(app, ["screen", "rts79", "--dc", "--by", order]).stdout
        assert max(map(len, shown.splitlines())) <= columns


def test_pairs_by_level(tmp_path: Path) -> None:
    found = answer("rbts", "--level", "1-1", "--dc", "--out", str(tmp_path / "pairs.csv"))
    assert (found["level"], found["method"], len(found["pairs"])) == ("1-1", "dc", found["n_pairs"])
    assert {"first", "second", "over_mw", "shed_mw", "pre_shed_mw", "added_mw"} <= set(found["pairs"][0])
    assert len((tmp_path / "pairs.csv").read_text().splitlines()) == 1 + found["n_pairs"]
    twice = answer("rbts", "--level", "2")
    assert (twice["method"], twice["n_bounded"] + twice["n_solved"]) == ("dc", twice["n_pairs"])
    for level, words in (("1-1", "N-1-1 not secure"), ("2", "are bounded away")):
        shown = CliRunner().invoke(app, ["screen", "rbts", "--dc", "--level", level], env={"COLUMNS": "60"}).stdout
        assert words in " ".join(shown.split())
        assert all(len(line) <= 60 for line in shown.splitlines())


def test_options_that_a_level_does_not_have() -> None:
    done = CliRunner().invoke(app, ["screen", "rbts", "--level", "2", "--redispatch", "--margin", "--minutes", "20"])
    assert isinstance(done.exception, InputError)
    assert [str(problem) for problem in done.exception.problems] == [
        "--margin: says nothing at --level 2; leave it out, or give --level 1-1",
        "--minutes: says nothing at --level 2; leave it out, or give --level 1-1",
        "--redispatch: says nothing at --level 2; leave it out, or give --level 1",
    ]
