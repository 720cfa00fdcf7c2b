"""Tables of a network folder in Parquet: the same system and the same messages as in CSV."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gridsim.errors import InputError, Problem
from gridsim.io.read_network import read_network
from gridsim.io.schemas import TABLES

RTS = Path(__file__).parents[2] / "networks" / "rts79"


def columns_of(path: Path) -> dict[str, list[Any]]:
    """Cells of a CSV by column, numbers as such."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    fields = TABLES[path.stem].row.model_fields
    kinds = {name: str(fields[name].annotation) for name in rows[0]}
    return {
        name: [int(row[name]) if "int" in kinds[name] else float(row[name]) if "float" in kinds[name] else row[name]
               for row in rows]
        for name in rows[0]
    }  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """RTS-79 with the hours of one week."""
    place = tmp_path / "rts79"
    shutil.copytree(RTS, place)
    lines = (place / "hourly_profiles.csv").read_text().splitlines()[: 1 + 168]
    (place / "hourly_profiles.csv").write_text("\n".join(lines) + "\n")
    return place


def to_parquet(folder: Path, table: str, **changed: Any) -> None:
    path = folder / f"{table}.csv"
    cells = columns_of(path) | changed
    path.unlink()
    pq.write_table(pa.table(cells), path.with_suffix(".parquet"))


def told(folder: Path) -> list[Problem]:
    with pytest.raises(InputError) as caught:
        read_network(folder)
    return list(caught.value.problems)


@pytest.mark.parametrize("tables", [("hourly_profiles",), ("profiles", "hourly_profiles"), ("loads", "shunts")])
def test_a_network_is_the_same_from_csv_and_parquet(folder: Path, tables: tuple[str, ...]) -> None:
    plain = read_network(folder)
    for table in tables:
        to_parquet(folder, table)
    other = read_network(folder)
    np.testing.assert_array_equal(plain.profiles.value, other.profiles.value)
    np.testing.assert_array_equal(plain.hourly_profiles.value, other.hourly_profiles.value)
    np.testing.assert_array_equal(plain.loads.p_mw, other.loads.p_mw)
    assert plain.loads.name.tolist() == other.loads.name.tolist()
    assert plain.shunts.q_mvar.tolist() == other.shunts.q_mvar.tolist()
    assert plain.warnings == other.warnings


@pytest.mark.parametrize(
    ("column", "position", "cell"),
    [("value", 3, -0.5), ("value", 167, 11.0), ("value", 0, float("nan")), ("hour", 9, 9000), ("profile", 5, "load2"),
     ("profile", 7, "")],
)  # fmt: skip
def test_a_bad_cell_is_told_as_in_csv(folder: Path, column: str, position: int, cell: Any) -> None:
    csv_path = folder / "hourly_profiles.csv"
    cells = columns_of(csv_path)
    cells[column][position] = cell
    rows = list(zip(*cells.values(), strict=True))
    csv_path.write_text("\n".join(",".join(map(str, row)) for row in [tuple(cells), *rows]) + "\n")
    expected = told(folder)
    to_parquet(folder, "hourly_profiles", **cells)
    found = told(folder)
    first = [(problem.row, problem.column, problem.value, problem.mend) for problem in expected]
    assert [(problem.row, problem.column, problem.value, problem.mend) for problem in found] == first
    assert {Path(problem.file).name for problem in found} == {"hourly_profiles.parquet"}


def test_an_empty_cell_of_numbers_is_told_and_of_an_optional_column_is_its_default(folder: Path) -> None:
    cells = columns_of(folder / "hourly_profiles.csv")
    to_parquet(folder, "hourly_profiles", value=[None, *cells["value"][1:]])
    (problem,) = told(folder)
    assert (problem.row, problem.column, problem.value) == (2, "value", "empty")
    (folder / "hourly_profiles.parquet").unlink()
    loads = columns_of(folder / "loads.csv")
    to_parquet(folder, "loads", power_factor=[None, *loads["power_factor"][1:]], in_service=[False] + [None] * 16)
    system = read_network(folder)
    assert system.loads.power_factor[0] == 0.98
    assert system.loads.in_service.tolist() == [False] + [True] * 16


def test_columns_that_are_missing_unknown_or_of_another_type(folder: Path) -> None:
    to_parquet(folder, "hourly_profiles", value=["0.5"] * 168, worth=[1.0] * 168)
    found = {(problem.column, problem.value, problem.mend) for problem in told(folder)}
    assert ("value", "is of type string", "write it as numbers") in found
    assert any(column == "worth" and value == "unknown column" for column, value, _ in found)


def test_a_table_twice_or_damaged_is_refused(folder: Path) -> None:
    (folder / "hourly_profiles.parquet").write_bytes(b"nothing")
    (problem,) = told(folder)
    assert (problem.value, problem.mend) == ("stands beside hourly_profiles.csv", "keep one of the two")
    (folder / "hourly_profiles.csv").unlink()
    (problem,) = told(folder)
    assert problem.value.startswith("not readable as Parquet")


def test_an_unknown_table_in_parquet_is_named(folder: Path) -> None:
    pq.write_table(pa.table({"name": ["x"]}), folder / "hourly_profile.parquet")
    (problem,) = told(folder)
    assert (problem.value, "hourly_profiles" in problem.mend) == ("not a table of the format", True)


def test_a_variant_scales_a_table_in_parquet(folder: Path) -> None:
    to_parquet(folder, "hourly_profiles")
    (folder / "variants").mkdir()
    text = "schema_version: 1\nscale: {hourly_profiles: {value: 0.5}}\n"
    (folder / "variants" / "half.yaml").write_text(text)
    half, whole = read_network(folder, "half"), read_network(folder)
    np.testing.assert_allclose(half.hourly_profiles.value, whole.hourly_profiles.value * 0.5)
