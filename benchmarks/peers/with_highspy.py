"""The dispatch states by a warm HiGHS model: all rows present, bounds changed in place, basis kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from warm_highs import WarmHighs
from worker import Answer, Work, serve


def states(folder: Path) -> Work:
    data = np.load(folder / "states.npz")
    right_hand = data["right_hand"]
    model = WarmHighs(
        data["cost"],
        (data["start"], data["index"], data["value"]),
        data["lower"],
        data["upper"],
        right_hand,
        right_hand,
    )

    def answer(objectives: Any) -> Answer:
        return {"sum of objectives": float(np.sum(objectives))}

    return Work(model.objectives, answer, len(right_hand))


if __name__ == "__main__":
    serve({"states": states}, ("highspy", "numpy"))
