"""Time series beside a grid become profiles, hour by hour and as mean days of the months."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gridsim.errors import InputError
from gridsim.io.grid_import.imported import Imported, import_net
from gridsim.io.grid_import.series_file import add_profiles
from tests.support.import_cases import small


def with_series(tmp_path: Path, text: str) -> Imported:
    imported = import_net(small())
    path = tmp_path / "series.csv"
    path.write_text(text)
    add_profiles(imported, path)
    return imported


def test_a_day_holds_all_year(tmp_path: Path) -> None:
    rows = [f"{hour},{20 + hour},{min(hour, 12) * 5}" for hour in range(24)]
    system = with_series(tmp_path, "hour,town,plant\n" + "\n".join(rows)).system
    town, plant = system.loads.position("town"), system.generators.position("plant")
    assert system.loads.p_mw[town] == 43.0
    assert system.generators.p_max_mw[plant] == 60.0
    shape = system.profiles.value[system.loads.profile[town]]
    assert shape.shape == (12, 3, 24)
    np.testing.assert_allclose(shape[6, 1] * 43.0, 20.0 + np.arange(24))
    assert system.hourly_profiles.value.shape == (2, 24)


def test_a_year_gives_each_month_its_own_day(tmp_path: Path) -> None:
    values = np.where(np.arange(8760) < 744, 10.0, 30.0)  # January, and the rest
    system = with_series(tmp_path, "town\n" + "\n".join(f"{value:g}" for value in values)).system
    shape = system.profiles.value[system.loads.profile[0]] * system.loads.p_mw[0]
    np.testing.assert_allclose(shape[0], 10.0)
    np.testing.assert_allclose(shape[1:], 30.0)


@pytest.mark.parametrize(
    ("text", "row", "column", "value"),
    [
        ("hour,village\n" + "1,2\n" * 24, 1, "village", "no load or machine of the import"),
        ("town,town\n" + "1,2\n" * 24, 1, "town", "column given twice"),
        ("town\n" + "1\n" * 23, 0, "", "23 hours"),
        ("town\n" + "1\n" * 23 + "-1\n", 25, "town", "'-1' is not a number >= 0"),
        ("town\n" + "1\n" * 23 + "nan\n", 25, "town", "'nan' is not a number >= 0"),
        ("town\n" + "1\n" * 23 + "1,2\n", 25, "", "2 cells under 1 columns"),
        ("town\n", 1, "", "no rows"),
    ],
)
def test_mistakes_are_told_by_row_and_column(tmp_path: Path, text: str, row: int, column: str, value: str) -> None:
    with pytest.raises(InputError) as error:
        with_series(tmp_path, text)
    assert (row, column, value) in [(p.row, p.column, p.value) for p in error.value.problems]
