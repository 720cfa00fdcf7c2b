"""Progress in plain Python: one line over itself on a terminal, a few lines elsewhere."""

from __future__ import annotations

import io

import gridsim
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
