"""Numbers as text: four significant digits, value and error in one cell."""

from __future__ import annotations

import math

import pytest

from gridsim.report.numbers import percent, significant, value_with_error


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"), (18.0, "18"), (2450.58, "2,451"), (15924.4, "15,920"), (0.358574153021194, "0.3586"),
        (-17.123, "-17.12"), (9.9999, "10"), (99_999.0, "100,000"), (None, "-"), (math.nan, "-"), (math.inf, "-"),
    ],
)  # fmt: skip
def test_at_most_four_significant_digits(value: float | None, text: str) -> None:
    assert significant(value) == text


@pytest.mark.parametrize(
    ("value", "stderr", "text"),
    [
        (9412.3, 161.0, "9,400 +- 200"),
        (29.61, 0.42, "29.6 +- 0.4"),
        (2.0, 0.04, "2.00 +- 0.04"),
        (0.00338, 0.000041, "0.00338 +- 0.00004"),
        (123_456.7, 12.0, "123,500 +- 10"),
        (36_012.0, 960.0, "36,000 +- 1,000"),
        (0.0, 0.3, "0.0 +- 0.3"),
        (5.0, None, "5"),
        (5.0, 0.0, "5"),
        (5.0, math.nan, "5"),
        (None, None, "-"),
        (math.inf, 1.0, "-"),
    ],
)
def test_a_value_beside_its_error(value: float | None, stderr: float | None, text: str) -> None:
    assert value_with_error(value, stderr) == text


def test_per_cent() -> None:
    assert (percent(0.0174), percent(0.02), percent(0.113), percent(math.inf)) == ("1.7 %", "2 %", "11 %", "-")
