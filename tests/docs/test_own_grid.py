"""Commands of docs/own_grid.md, run one after another in an empty folder."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

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
