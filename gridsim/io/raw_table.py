"""RawTable: the validated rows of one file, with the lines that they stand on; ColumnTable: the same by columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.errors import Problem
from gridsim.io.schemas.column import Row


class Coded(NamedTuple):
    """A column by its distinct cells: ``code`` (n_rows,) is the position of each row's cell in ``values``."""

    values: list[Any]
    code: NDArray[np.int64]

    def first(self) -> NDArray[np.int64]:
        """(n_values,) position of the first row that holds each."""
        found = np.zeros(len(self.values), dtype=np.int64)
        found[self.code[::-1]] = np.arange(len(self.code))[::-1]
        return found


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

    def __len__(self) -> int:
        return len(self.rows)

    def has_column(self, name: str) -> bool:
        """True if the rows of this table have such a column."""
        return bool(self.rows) and name in type(self.rows[0][1]).model_fields

    def column(self, name: str) -> NDArray[Any]:
        """Cells of one column in the order of the rows."""
        return np.array([getattr(row, name) for _, row in self.rows])

    def number(self, position: int) -> int:
        """Line of the row at a position."""
        return self.rows[position][0]

    def coded(self, name: str) -> Coded:
        """Distinct cells of a column, and which of them each row holds."""
        at: dict[Any, int] = {}
        code = [at.setdefault(getattr(row, name), len(at)) for _, row in self.rows]
        return Coded(list(at), np.array(code, dtype=np.int64))


class ColumnTable(RawTable):
    """Validated columns of a large table; who asks for its rows gets them, and from then on they are what counts.

    ``columns``: cells, of texts their codes. ``numbers``: line of each row, counted as in a file with a header.
    """

    def __init__(
        self,
        file: str,
        row_model: type[Row],
        columns: Mapping[str, NDArray[Any] | Coded],
        numbers: NDArray[np.int64],
        broken: bool = False,
    ):
        self._row_model, self._columns, self._numbers = row_model, columns, numbers
        self._rows: list[tuple[int, Any]] | None = None
        self.file, self.broken = file, broken

    @property
    def rows(self) -> list[tuple[int, Any]]:
        """Rows one by one, made when first asked for."""
        if self._rows is None:
            cells = {name: self.column(name).tolist() for name in self._columns}
            make = self._row_model.model_construct
            self._rows = [
                (number, make(set(cells), **dict(zip(cells, row, strict=True))))
                for number, row in zip(self._numbers.tolist(), zip(*cells.values(), strict=True), strict=True)
            ]
        return self._rows

    @rows.setter
    def rows(self, rows: list[tuple[int, Any]]) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return len(self._numbers) if self._rows is None else len(self._rows)

    def has_column(self, name: str) -> bool:
        """True if the rows of this table have such a column."""
        return name in self._row_model.model_fields

    def column(self, name: str) -> NDArray[Any]:
        """Cells of one column; the default of a column that the file has not."""
        if self._rows is not None:
            return super().column(name)
        cells = self._columns.get(name)
        if isinstance(cells, Coded):
            return np.array(cells.values)[cells.code]
        return np.full(len(self), self._row_model.model_fields[name].get_default()) if cells is None else cells

    def number(self, position: int) -> int:
        """Line of the row at a position."""
        return int(self._numbers[position]) if self._rows is None else super().number(position)

    def coded(self, name: str) -> Coded:
        """Distinct cells of a column, and which of them each row holds."""
        cells = self._columns.get(name)
        if self._rows is not None:
            return super().coded(name)
        if isinstance(cells, Coded):
            return cells
        values, code = np.unique(self.column(name), return_inverse=True)
        return Coded(values.tolist(), code)
