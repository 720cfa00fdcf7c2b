"""Writes the numbered operations of 25 January 2022 into docs/first_minutes.md and draws their trace beside it.

Run: `python docs/make_first_minutes.py`.

A test of tests/verification fails when they are out of date.
"""

from __future__ import annotations

import itertools
from pathlib import Path

import gridsim
from gridsim.engine.run import RunResult

PAGE = Path(__file__).parent / "first_minutes.md"
FIGURE = PAGE.with_name("first_minutes_2022.svg")
EVENT = "known_2022_01_25_second"
BEGIN, END = "<!-- operations: made by docs/make_first_minutes.py -->\n", "<!-- operations end -->"
_PLACES = {
    "gres1_500": "North", "zhambyl_220": "South", "shulba_220": "East", "uzbekistan": "Uzbekistan",
    "kyrgyzstan": "Kyrgyzstan", "uz": "section `uz`", "kg": "section `kg`",
}  # fmt: skip
_SMALLEST_MW = 0.5


def replay() -> RunResult:
    """The day with both Uzbek losses."""
    return gridsim.run(*gridsim.read_scenario(EVENT))


def operations(result: RunResult) -> str:
    """The table: operations of one rule that follow each other stand in one row, numbered as they acted."""
    log = result.tables["automation_log"]
    names = ("at_s", "rule", "place", "p_mw", "cause")
    rows = [
        (number, *row) for number, row in enumerate(zip(*(log[name].tolist() for name in names), strict=True), start=1)
    ]
    lines = ["| no. | s | rule | where, MW | when it acts |\n| --- | --- | --- | --- | --- |\n"]
    for rule, group in itertools.groupby(rows, key=lambda row: row[2]):
        acts = list(group)
        first, last = acts[0], acts[-1]
        number = f"{first[0]}" if len(acts) == 1 else f"{first[0]}-{last[0]}"
        at_s = f"{first[1]:.2f}" if len(acts) == 1 else f"{first[1]:.2f}-{last[1]:.2f}"
        where = ", ".join(_where(place, p_mw) for _, _, _, place, p_mw, _ in acts)
        cause = first[5].replace(f" of {first[3].split(' ')[0]} ", " ").replace(f" between {first[3]}", "")
        lines.append(f"| {number} | {at_s} | {rule} | {where} | {cause} |\n")
    return "".join(lines)


def _where(place: str, p_mw: float) -> str:
    words = " ".join(_PLACES.get(word, word) for word in place.split(" "))
    return f"{words} {p_mw:,.0f}" if abs(p_mw) >= _SMALLEST_MW else words


def page(result: RunResult) -> str:
    """The page with the operations of today."""
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    return before + BEGIN + operations(result) + END + rest.split(END, 1)[1]


if __name__ == "__main__":
    day = replay()
    PAGE.write_text(page(day), encoding="utf-8")
    gridsim.plot.frequency_trace(day).save(FIGURE)
