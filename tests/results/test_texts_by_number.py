"""Texts of tables by number, positions and sums: as numpy has them, without sorting all."""

from __future__ import annotations

import numpy as np
import pytest

from gridsim.results.trajectory_record import numbered, rows_by, sum_by

TEXTS = {
    "repeated": np.tile(np.array(["south", "north", "east"]), 4),
    "repeated but for the last": np.array(["b", "a", "b", "a", "b", "c"]),
    "with a text twice in a turn": np.tile(np.array(["b", "a", "b", "c"]), 3),
    "irregular": np.array(["b", "a", "a", "c", "b"]),
    "alone": np.array(["a"]),
    "alike": np.array(["a", "a", "a"]),
    "none": np.array([], dtype=np.str_),
    "every second": np.tile(np.array(["b", "a"]), 6)[::2],
    "objects": np.array(["b", "a", "b"], dtype=object),
}


@pytest.mark.parametrize("turn", [0, 2, 3])
@pytest.mark.parametrize("texts", TEXTS.values(), ids=TEXTS.keys())
def test_numbers_are_those_of_numpy(texts: np.ndarray, turn: int) -> None:
    different, places = np.unique(texts, return_inverse=True)
    found, found_places = numbered(texts, turn)
    assert found == different.tolist() and found_places.tolist() == places.tolist()
    values = np.arange(len(texts)) / 3.0
    assert sum_by(texts, values) == {name: sum(values[texts == name].tolist()) for name in different.tolist()}
    assert {name: rows.tolist() for name, rows in rows_by(texts)} == {
        name: np.flatnonzero(texts == name).tolist() for name in different.tolist()
    }
