"""The dispatch states by a warm HiGHS model: all rows present, bounds changed in place, basis kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import highspy
import numpy as np
from worker import Answer, Work, serve


def states(folder: Path) -> Work:
    data = np.load(folder / "states.npz")
    n_rows, n_columns = (int(k) for k in data["shape"])
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = n_columns, n_rows
    model.col_cost_ = data["cost"]
    model.col_lower_, model.col_upper_ = data["lower"][0], data["upper"][0]
    model.row_lower_ = model.row_upper_ = data["right_hand"][0]
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_, model.a_matrix_.index_ = data["start"], data["index"]
    model.a_matrix_.value_ = data["value"]
    highs = highspy.Highs()
    for option, value in (("output_flag", False), ("presolve", "off"), ("threads", 1), ("solver", "simplex")):
        highs.setOptionValue(option, value)
    highs.passModel(model)
    columns, rows = np.arange(n_columns, dtype=np.int32), np.arange(n_rows, dtype=np.int32)
    lower, upper, right_hand = (list(data[name]) for name in ("lower", "upper", "right_hand"))

    def call() -> list[float]:
        objective = []
        for k in range(len(lower)):
            highs.changeColsBounds(n_columns, columns, lower[k], upper[k])
            highs.changeRowsBounds(n_rows, rows, right_hand[k], right_hand[k])
            highs.run()
            objective.append(highs.getObjectiveValue())
        return objective

    def answer(objective: Any) -> Answer:
        return {"sum of objectives": float(np.sum(objective))}

    return Work(call, answer, len(lower))


if __name__ == "__main__":
    serve({"states": states}, ("highspy", "numpy"))
