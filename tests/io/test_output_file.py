"""A file that a user names is written whole, and nothing of the user's is written over."""

from __future__ import annotations

from pathlib import Path

import pytest

from gridsim.errors import InputError
from gridsim.io.output_file import PAGE, PAIRS, SCREENING, check_output, write_output
from tests.support.command import gridsim


def test_an_earlier_file_of_the_kind_is_replaced_and_no_other(tmp_path: Path) -> None:
    page, thesis = tmp_path / "deep" / "page.html", tmp_path / "thesis.html"
    for content in (PAGE + b" one", PAGE + b" two"):
        write_output(page, content, PAGE)
        assert page.read_bytes() == content
    thesis.write_bytes(b"<!doctype html> three years of work")
    for write in (lambda: write_output(thesis, PAGE, PAGE), lambda: check_output(tmp_path, PAGE)):
        with pytest.raises(InputError, match="name a"):
            write()
    assert thesis.read_bytes().endswith(b"three years of work")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["deep", "thesis.html"]


@pytest.mark.parametrize(
    "words",
    [
        ("screen", "rbts", "--dc", "--out", "mine"),
        ("screen", "rbts", "--dc", "--report", "mine"),
        ("adequacy", "rbts", "--method", "exact", "--report", "mine"),
        ("report", "nothing", "--out", "mine"),
    ],
    ids=lambda words: "-".join(words[:1] + words[-2:-1]),
)
def test_commands_refuse_a_foreign_file(tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "mine").write_text("notes\n")
    done = gridsim(*words, cwd=tmp_path)
    assert done.returncode == 2 and "no such file of gridsim's" in done.stderr
    assert (tmp_path / "mine").read_text() == "notes\n"


@pytest.mark.parametrize(("level", "mark"), [("1", SCREENING), ("1-1", PAIRS), ("2", PAIRS)])
def test_a_screening_replaces_its_own_table(tmp_path: Path, level: str, mark: bytes) -> None:
    for _ in range(2):
        assert gridsim("screen", "rbts", "--dc", "--level", level, "--out", "t.csv", cwd=tmp_path).returncode == 0
    assert mark in (tmp_path / "t.csv").read_bytes().splitlines()[0]


def test_a_report_of_means_alone_needs_no_events(tmp_path: Path) -> None:
    words = ("--method", "sequential", "--sampler", "multilevel", "--level", "zonal", "--years", "300")
    done = gridsim("adequacy", "rts79", *words, "--report", "page.html", cwd=tmp_path)
    assert done.returncode in (0, 3), done.stderr
    assert PAGE in (tmp_path / "page.html").read_bytes()[:1024]
