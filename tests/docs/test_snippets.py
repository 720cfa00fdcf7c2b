"""Every block of Python on the pages runs as it stands."""

from __future__ import annotations

import ast
import re

import pytest

import gridsim
from tests.support.imports import ROOT
from tests.support.snippets import blocks
from tests.support.study_cases import small_study

PAGES = ["README.md", *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md")))]
SNIPPETS = [(page, number) for page in PAGES for number in range(len(blocks(page)))]


def code(page: str, number: int) -> str:
    return blocks(page)[number]


PLAYED = [at for at in SNIPPETS if "@gridsim." in code(*at)]
PLAIN = [at for at in SNIPPETS if at not in PLAYED]


def test_the_pages_have_snippets():
    assert len(PLAIN) >= 6 and len(PLAYED) >= 3
    assert {page for page, _ in SNIPPETS} >= {
        "README.md",
        "docs/scripting.md",
        "docs/reliability.md",
        "docs/studies.md",
    }


@pytest.mark.parametrize(("page", "number"), PLAIN)
def test_plain_code_runs_alone(page, number, tmp_path, monkeypatch, capsys):
    """Each in a folder of its own, where the study that a page has just told to run is there."""
    monkeypatch.chdir(tmp_path)
    given = code(page, number)
    for folder in re.findall(r'load(?:_study)?\("([^"]+)"', given):
        gridsim.run_study(
            small_study(tmp_path, replicates=16, sweep={"events.trip.probability": [0.5, 1.0]}),
            tmp_path / folder,
            workers=0,
        )
    exec(compile(given, f"{page} {number}", "exec"), {"__name__": "page"})
    printed = capsys.readouterr().out
    assert printed.strip() or "print(" not in given


@pytest.mark.parametrize(("page", "number"), PLAYED)
def test_scripts_run_in_the_scenario_they_name(page, number, tmp_path, kazakhstan):
    """Their first day; what they do later is told by tests of their own."""
    file = tmp_path / "my_event.py"
    file.write_text(code(page, number))
    system, scenario = gridsim.read_scenario(file, kazakhstan)
    day = scenario.with_(system, **{"horizon.hours": min(scenario.horizon.hours, 20), "policy.ac": "off"})
    result = gridsim.run(system, day)
    assert len(result.scenario.scripts) == sum(
        isinstance(node, ast.FunctionDef) and bool(node.decorator_list) for node in ast.parse(file.read_text()).body
    )
