"""Machines taken from the priority list, by hand and against the definition."""

from __future__ import annotations

import numpy as np

from gridsim.kernels.priority_list import list_machines


def test_cheapest_machines_cover_each_place_by_hand() -> None:
    # Two hours; places 0 and 1. Machine 2 is cheapest, then 0, 3, 1.
    by_cost, place = np.array([2, 0, 3, 1]), np.array([0, 0, 0, 1])
    may = np.array([True, True, True, True])
    available_mw = np.array([[50.0, 40.0, 100.0, 0.0], [50.0, 40.0, 0.0, 10.0]])
    need_mw = np.array([[100.0, 0.0], [50.0, -5.0]])
    listed = np.zeros(4, dtype=bool)
    list_machines(by_cost, place, may, available_mw, need_mw, listed)
    # 2 covers the first hour, 0 the second; 3 is not needed after that, and place 1 needs nothing.
    assert listed.tolist() == [True, False, True, False]
    assert need_mw.tolist() == [[-50.0, 0.0], [0.0, -5.0]]


def test_machine_that_may_not_be_listed_is_passed_over() -> None:
    may, listed, need_mw = np.array([False, True]), np.zeros(2, dtype=bool), np.array([[30.0]])
    list_machines(np.array([0, 1]), np.zeros(2, dtype=np.int64), may, np.array([[40.0, 20.0]]), need_mw, listed)
    assert listed.tolist() == [False, True] and need_mw.tolist() == [[10.0]]
