"""A linear problem whose costs, bounds and right-hand side change from one question to the next: a HiGHS model kept.

HiGHS: Huangfu and Hall, Parallelizing the dual revised simplex method, Math. Prog. Comp. 10 (2018).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gridsim.model.table import F8, I4, sum_at


class SparseColumns(NamedTuple):
    """Matrix of ``shape`` by columns: column j has ``value[start[j]:start[j + 1]]`` in rows ``row``, ascending."""

    start: I4
    row: I4
    value: F8
    shape: tuple[int, int]


def sparse_columns(row: I4, column: I4, value: F8, shape: tuple[int, int]) -> SparseColumns:
    """A matrix by columns from its entries in any order; entries of one place are summed."""
    place, entry = np.unique(column.astype(np.int64) * shape[0] + row, return_inverse=True)
    n_before = np.searchsorted(place, np.arange(shape[1] + 1) * shape[0])
    rows = (place % max(shape[0], 1)).astype(np.int32)
    return SparseColumns(n_before.astype(np.int32), rows, sum_at(entry, value, len(place)), shape)


class LinearProgram:
    """Minimise ``cost @ x`` with ``matrix @ x = right`` and ``0 <= x <= upper``; ``matrix`` (n_rows, n_columns).

    Every question is solved from scratch: a start from the last basis is faster, but among equally good answers it
    gives the one near the last, so that an answer would depend on what was asked before.
    """

    def __init__(self, matrix: SparseColumns):
        import highspy
        from highspy._core import _Highs  # highspy.Highs itself prints a banner and starts callbacks

        self._optimal = highspy.HighsModelStatus.kOptimal
        n_rows, n_columns = matrix.shape
        self._columns = np.arange(n_columns, dtype=np.int32)
        self._zero = np.zeros(n_columns)
        program = highspy.HighsLp()
        program.num_col_, program.num_row_ = n_columns, n_rows
        program.col_cost_ = program.col_lower_ = program.col_upper_ = self._zero
        program.row_lower_ = program.row_upper_ = np.zeros(n_rows)
        program.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        program.a_matrix_.start_ = matrix.start
        program.a_matrix_.index_ = matrix.row
        program.a_matrix_.value_ = matrix.value
        self._highs = _Highs()
        # Presolve costs a quarter of the time of problems of some hundred columns and saves none.
        for option, value in (("output_flag", False), ("presolve", "off"), ("threads", 1)):
            self._highs.setOptionValue(option, value)
        self._highs.passModel(program)

    def solve(self, cost: F8, upper: F8, right: F8) -> F8:
        """(n_columns,) the optimum, within its bounds; there must be one."""
        highs, n = self._highs, len(self._columns)
        highs.clearSolver()
        highs.changeColsCost(n, self._columns, cost)
        highs.changeColsBounds(n, self._columns, self._zero, upper)
        for row, value in enumerate(right.tolist()):
            highs.changeRowBounds(row, value, value)
        highs.run()
        status = highs.getModelStatus()
        assert status == self._optimal, f"linear program: {highs.modelStatusToString(status)}"
        return np.clip(np.array(highs.getSolution().col_value), 0.0, upper)
