"""The text of a result for a program: what the commands print, and a plain listing of a loaded folder."""

from __future__ import annotations

import io
from collections.abc import Sequence

from rich.console import Console

from gridsim.engine.run import RunResult
from gridsim.reliability import AssessmentResult
from gridsim.report.assessment import print_assessment
from gridsim.report.study_summary import print_study
from gridsim.report.summary import print_summary
from gridsim.report.text_table import TextTable
from gridsim.results.study_result import StudyResult

WIDTH = 100
_STUDY_WIDTH = 200  # a line per case, whose name is never cut


def summary(result: RunResult | AssessmentResult | StudyResult) -> str:
    """Text that the command prints which makes such a result."""
    page = io.StringIO()
    width = _STUDY_WIDTH if isinstance(result, StudyResult) else WIDTH
    console = Console(file=page, width=width, color_system=None, force_terminal=False, force_jupyter=False)
    if isinstance(result, RunResult):
        print_summary(console, result)
    elif isinstance(result, AssessmentResult):
        print_assessment(console, result.system, "", result)
    else:
        print_study(console, result)
    return "\n".join(line.rstrip() for line in page.getvalue().splitlines())


def listing(
    title: str, rows: Sequence[Sequence[str]], header: Sequence[str] = ("metric", "scope", "value", "unit")
) -> str:
    """A title and a table under it."""
    table = TextTable(tuple(header), tuple(tuple(row) for row in rows), left=frozenset({"scope", "unit"}))
    return "\n".join([title, *(table.lines(WIDTH) if rows else [])])
