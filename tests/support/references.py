"""What tests find beside what others say, for docs/numbers.md.

A test that compares with a published or exact value calls :func:`note`, which demands that the page shows just this
row. ``python docs/make_numbers.py`` runs those tests and writes the page anew.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.support.imports import ROOT

PAGE = ROOT / "docs" / "numbers.md"
#: The file that rows are collected in, one JSON object a line; unset, rows are checked against the page.
COLLECT = "GRIDSIM_NUMBERS"


@dataclass(frozen=True)
class Row:
    """``found`` beside ``expected``, both in ``unit``; ``stderr`` of their difference, or None of what is exact."""

    part: str
    what: str
    unit: str
    source: str
    expected: float
    found: float
    stderr: float | None

    def line(self) -> str:
        """The row of the page."""
        if self.stderr is not None:
            off = f"{(self.found - self.expected) / self.stderr:+.1f} standard errors"
        else:
            scale = abs(self.expected) or 1.0
            relative = abs(self.found - self.expected) / scale
            off = next((f"under 1e-{k}" for k in (9, 7, 5, 4, 3, 2) if relative < 10.0**-k), f"{relative:.1%}")
        digits = ".7g" if self.stderr is None else ".4g"
        return f"| {self.what} | {self.expected:.7g} | {self.found:{digits}} | {self.unit} | {off} | {self.source} |"


def note(
    part: str, what: str, unit: str, source: str, *, expected: float, found: float, stderr: float | None = None
) -> None:
    """Collect the row, or assert that docs/numbers.md has it."""
    row = Row(part, what, unit, source, float(expected), float(found), None if stderr is None else float(stderr))
    to = os.environ.get(COLLECT)
    if to:
        with Path(to).open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(row)) + "\n")
        return
    assert row.line() in PAGE.read_text(encoding="utf-8"), f"run python docs/make_numbers.py: {row.line()}"
