"""The text of a result for a program: what the commands print, and a plain listing of a loaded folder."""

from __future__ import annotations

from collections.abc import Sequence

from gridsim.engine.run import RunResult
from gridsim.reliability import AssessmentResult
from gridsim.report.assessment import assessment_lines
from gridsim.report.study_summary import study_lines
from gridsim.report.summary import summary_lines
from gridsim.report.text_table import TextTable
from gridsim.results.study_result import StudyResult

WIDTH = 100


def summary(result: RunResult | AssessmentResult | StudyResult) -> str:
    """Text that the command prints which makes such a result."""
    if isinstance(result, RunResult):
        lines = summary_lines(result, WIDTH)
    elif isinstance(result, AssessmentResult):
        lines = assessment_lines(result.system, "", result, WIDTH)
    else:
        lines = study_lines(result, WIDTH)
    return "\n".join(line.rstrip() for line in lines)


def listing(
    title: str, rows: Sequence[Sequence[str]], header: Sequence[str] = ("metric", "scope", "value", "unit")
) -> str:
    """A title and a table under it."""
    table = TextTable(tuple(header), tuple(tuple(row) for row in rows), left=frozenset({"scope", "unit"}))
    return "\n".join([title, *(table.lines(WIDTH) if rows else [])])
