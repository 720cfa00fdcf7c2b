"""Bad rows of the hourly_profiles table: what was wrong, where, and every profile of one length."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gridsim.errors import InputError, Problem
from gridsim.model.system import GridSystem

SHAPES = ("day", "night")
Rows = list[dict[str, Any]]
Build = Callable[..., GridSystem]


def hourly(**values: list[float]) -> Rows:
    return [
        {"profile": profile, "hour": hour, "value": value}
        for profile, shape in values.items()
        for hour, value in enumerate(shape)
    ]


def with_rows(two_areas: Build, rows: Rows) -> GridSystem:
    """The two-area system with the shapes ``day`` and ``night`` (both 1) and these hourly rows."""

    def edit(tables: dict[str, Rows]) -> None:
        tables["profiles"] = [
            {"profile": shape, "month": month, "day_type": "any", "hour": hour, "value": 1.0}
            for shape in SHAPES
            for month in range(1, 13)
            for hour in range(24)
        ]
        tables["loads"][0]["profile"] = "day"
        tables["loads"][1]["profile"] = "night"
        tables["hourly_profiles"] = copy.deepcopy(rows)

    return two_areas(edit)


def problems_of(two_areas: Build, rows: Rows) -> list[Problem]:
    with pytest.raises(InputError) as caught:
        with_rows(two_areas, rows)
    return list(caught.value.problems)


def test_good_rows_in_any_order_are_the_shapes(two_areas: Build) -> None:
    rows = hourly(night=[0.2, 0.3, 0.4], day=[1.0, 0.9, 0.8])[::-1]
    system = with_rows(two_areas, rows)
    table = system.hourly_profiles
    named = {str(system.profiles.name[profile]): values for profile, values in zip(table.profile, table.value)}
    np.testing.assert_array_equal(named["day"], [1.0, 0.9, 0.8])
    np.testing.assert_array_equal(named["night"], [0.2, 0.3, 0.4])


def test_a_missing_hour(two_areas: Build) -> None:
    rows = hourly(day=[1.0, 0.9, 0.8, 0.7])
    del rows[1]
    (problem,) = problems_of(two_areas, rows)
    assert "hourly_profiles" in problem.file
    assert problem.column == "hour"
    assert "'day'" in problem.value
    assert problem.mend


def test_an_hour_twice_names_the_second_row(two_areas: Build) -> None:
    rows = hourly(day=[1.0, 0.9, 0.8])
    rows.append({"profile": "day", "hour": 1, "value": 0.5})
    (problem,) = problems_of(two_areas, rows)
    # the heading is row 1
    assert (problem.row, problem.column) == (5, "hour")
    assert "'day'" in problem.value and "1" in problem.value


@pytest.mark.parametrize("shorter", SHAPES)
def test_shapes_of_different_length_name_the_shorter_one(two_areas: Build, shorter: str) -> None:
    lengths = {shape: 23 if shape == shorter else 24 for shape in SHAPES}
    (problem,) = problems_of(two_areas, hourly(**{shape: [1.0] * n for shape, n in lengths.items()}))
    assert problem.column == "hour"
    assert f"'{shorter}'" in problem.value
    assert "23" in problem.value


def test_all_problems_are_told_at_once(two_areas: Build) -> None:
    rows = hourly(day=[1.0] * 4, night=[1.0] * 3)
    rows.append({"profile": "night", "hour": 0, "value": 1.0})
    assert len(problems_of(two_areas, rows)) == 2


@pytest.mark.parametrize(
    ("changed", "column"),
    [
        ({"profile": "dya"}, "profile"),
        ({"hour": -1}, "hour"),
        ({"hour": 8784}, "hour"),
        ({"hour": 0.5}, "hour"),
        ({"value": -0.1}, "value"),
        ({"value": float("nan")}, "value"),
        ({"value": "high"}, "value"),
    ],
)
def test_a_bad_cell_is_named(two_areas: Build, changed: dict[str, Any], column: str) -> None:
    rows = hourly(day=[1.0, 0.9, 0.8])
    rows[2] |= changed
    # a misspelt shape is told twice: as unknown, and as one with hours missing
    (problem,) = [problem for problem in problems_of(two_areas, rows) if problem.row > 0]
    assert (problem.row, problem.column) == (4, column)
    assert problem.mend
