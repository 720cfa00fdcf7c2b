"""RawTable: the validated rows of one file, with the lines that they stand on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gridsim.errors import Problem


@dataclass
class RawTable:
    """Rows of one file with their line numbers (which know their own ``file`` where they stand in another one).

    ``broken``: some row was refused.
    """

    file: str
    rows: list[tuple[int, Any]]
    broken: bool = False

    def problem(self, number: int, column: str, value: str, mend: str) -> Problem:
        """Problem with a cell of the row on line ``number``; 0 for the whole table."""
        return Problem(getattr(number, "file", self.file), int(number), column, value, mend)
