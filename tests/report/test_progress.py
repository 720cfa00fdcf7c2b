"""Progress in plain Python: one line over itself on a terminal, a few lines elsewhere."""

from __future__ import annotations

import io

import gridsim
from gridsim.model.study import Case, Study
from gridsim.report.progress import ProgressLine
from tests.support.cases import event, scenario


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_has_one_line():
    page = Terminal()
    tell = ProgressLine("day", page)
    for done in (0.0, 0.004, 0.5, 0.5, 1.0, 1.0):
        tell(done)
    assert page.getvalue() == "\rday:   0 %\rday:  50 %\rday: 100 %\n"


def test_a_file_has_a_line_now_and_then():
    page = io.StringIO()
    tell = ProgressLine("day", page)
    for step in range(1001):
        tell(step / 1000)
    assert page.getvalue().splitlines() == [f"day: {percent:3d} %" for percent in (0, 20, 40, 60, 80, 100)]


def test_a_run_tells_on_stderr_only_if_asked(two_areas, capsys):
    case = scenario(event("line_outage", "lines", "n1_s1", 2, 3))
    gridsim.run(two_areas(), case, progress=True)
    told = capsys.readouterr()
    assert told.out == "" and told.err.endswith("case: 100 %\n")
    shares: list[float] = []
    gridsim.run(two_areas(), case, progress=shares.append)
    gridsim.run(two_areas(), case, progress=False)
    assert shares[-1] == 1.0 and shares == sorted(shares) and capsys.readouterr().err == ""


def test_a_study_where_nothing_can_be_written_over_tells_a_few_lines(two_areas, tmp_path, capsys):
    """A notebook's stderr is no terminal: what it keeps is read again."""
    case = scenario(event("line_outage", "lines", "n1_s1", 2, 3))
    study = Study("twelve", (Case("case", two_areas(), case, {}),), replicates=12, seed=0)
    gridsim.run_study(study, tmp_path / "out", workers=0, job_size=1, progress=True)
    lines = capsys.readouterr().err.split("\n")
    assert lines[0] == "twelve:   0 %" and lines[-2:] == ["twelve: 100 %", ""] and len(lines) <= 7
    assert all(line.isprintable() for line in lines)
