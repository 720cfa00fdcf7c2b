"""Commands of docs/own_grid.md, run one after another in an empty folder."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from gridsim.cli.nothing_fails import nothing_fails
from gridsim.io.grid_import.defaults import add_outage_defaults
from gridsim.io.grid_import.sources import import_source
from tests.support.command import gridsim
from tests.support.imports import ROOT

PAGE = (ROOT / "docs" / "own_grid.md").read_text(encoding="utf-8")


def commands(section: str) -> list[list[str]]:
    """Words after ``gridsim`` of each line of the first shell block under a heading."""
    block = re.search(rf"## {section}\n.*?```sh\n(.*?)```", PAGE, re.DOTALL)
    assert block is not None
    return [shlex.split(line)[1:] for line in block.group(1).splitlines()]


@pytest.mark.parametrize(("section", "count"), [("Five commands", 5), ("From a template", 3)])
def test_the_commands_run(section: str, count: int, tmp_path: Path) -> None:
    study = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert study is not None
    (tmp_path / "days.yaml").write_text(study.group(1))
    lines = commands(section)
    assert len(lines) == count
    for words in lines:
        done = gridsim(*words, cwd=tmp_path)
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        assert "Traceback" not in done.stderr


def test_the_five_commands_are_those_of_an_imported_case() -> None:
    first = [" ".join(words[:4]) for words in commands("Five commands")]
    assert first[0] == "import case118 --to my118"
    assert first[2] == "screen my118 --point as_imported"


def test_an_import_without_outage_data_is_told_that_nothing_fails(tmp_path: Path) -> None:
    assert gridsim("import", "case9", "--to", "grid", cwd=tmp_path).returncode == 0
    done = gridsim("adequacy", "grid", "--years", "2", cwd=tmp_path)
    told = "no element has outage data: nothing fails; give mttf_h and mttr_h, or import with --outage-defaults"
    assert told in done.stderr
    imported = import_source("case9")
    assert len(nothing_fails(imported.system, "grid")) == 1
    imported = import_source("case9")
    add_outage_defaults(imported)
    assert nothing_fails(imported.system, "grid") == ()
