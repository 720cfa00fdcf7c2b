"""A HiGHS model kept warm from one dispatch state to the next. Knows highspy and numpy alone, as a peer must."""

from __future__ import annotations

from typing import Any

import highspy
import numpy as np


class WarmHighs:
    """All rows present, bounds changed in place, basis kept, presolve off, one thread.

    ``matrix`` is (start, index, value) by column; ``lower``, ``upper`` (n_states, n_columns) and ``row_lower``,
    ``row_upper`` (n_states, n_rows) are the bounds of every state.
    """

    def __init__(
        self, cost: Any, matrix: tuple[Any, Any, Any], lower: Any, upper: Any, row_lower: Any, row_upper: Any
    ) -> None:
        self._bounds = [
            tuple(np.ascontiguousarray(side, dtype=float) for side in state)
            for state in zip(lower, upper, row_lower, row_upper)
        ]
        first = self._bounds[0]
        self._columns = np.arange(first[0].size, dtype=np.int32)
        self._rows = np.arange(first[2].size, dtype=np.int32)
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = self._columns.size, self._rows.size
        model.col_cost_ = cost
        model.col_lower_, model.col_upper_, model.row_lower_, model.row_upper_ = first
        model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        model.a_matrix_.start_, model.a_matrix_.index_, model.a_matrix_.value_ = matrix
        self._highs = highspy.Highs()
        for option, value in (("output_flag", False), ("presolve", "off"), ("threads", 1), ("solver", "simplex")):
            self._highs.setOptionValue(option, value)
        self._highs.passModel(model)

    def objective(self, k: int) -> float:
        """Solve state ``k`` from the basis of the one before; its least cost."""
        lower, upper, row_lower, row_upper = self._bounds[k]
        self._highs.changeColsBounds(self._columns.size, self._columns, lower, upper)
        self._highs.changeRowsBounds(self._rows.size, self._rows, row_lower, row_upper)
        self._highs.run()
        return float(self._highs.getObjectiveValue())

    def objectives(self) -> list[float]:
        """Every state in turn."""
        return [self.objective(k) for k in range(len(self._bounds))]
