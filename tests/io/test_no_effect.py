"""What is read and has no effect says so, and no column may lose its effect (or gain one) in silence."""

from __future__ import annotations

import ast
import pickle
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from gridsim.errors import InputError, Problem
from gridsim.io import convert
from gridsim.io.bundled import network_folder
from gridsim.io.read_network import NetworkMeta, read_network
from gridsim.io.schemas import TABLES
from gridsim.io.schemas.carriers import GasKeys
from gridsim.io.schemas.column import Effect, effect_of
from tests.io.column_use import ColumnUse, trees

#: Tables that reading turns into arrays of their own (curves, shapes, members): read means read by io/convert.py.
GROUPED = set(TABLES) - set(convert.MODELS)


@pytest.fixture(scope="module")
def use() -> ColumnUse:
    return ColumnUse(TABLES)


def _attributes(tree: ast.AST) -> set[str]:
    return {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


@cache
def _read_by_conversion() -> frozenset[Any]:
    """Columns that io/convert.py reads."""
    path = Path(convert.__file__)
    caller = ast.parse(path.with_name("build_system.py").read_text())
    # two tables of curves share a function that is told the column of its values
    told = {node.value for node in ast.walk(caller) if isinstance(node, ast.Constant)}
    tree = ast.parse(path.read_text())
    return frozenset(_attributes(tree) | _whole_columns(tree) | told)


def _is_read(use: ColumnUse, table: str, column: str) -> bool:
    return column in _read_by_conversion() if table in GROUPED else use.reads(table, column)


def _whole_columns(tree: ast.AST) -> set[Any]:
    """Columns that are read as a whole: ``table.column("value")``."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
    reads = [call for call in calls if call.func.attr in ("column", "coded")]
    return {argument.value for call in reads for argument in call.args if isinstance(argument, ast.Constant)}


@pytest.mark.parametrize("table", TABLES)
def test_every_column_is_used_or_marked(use: ColumnUse, table: str) -> None:
    """A column that nothing reads is marked as without effect; one that is marked so is read by nothing."""
    schema = TABLES[table]
    found = {column: _is_read(use, table, column) for column in schema.row.model_fields}
    if schema.effect is not Effect.MODEL:
        assert not any(found.values()), f"{table} has an effect by now: {found}"
        return
    effects = {column: effect_of(field) for column, field in schema.row.model_fields.items()}
    key = {schema.key, "name"}  # a name is an identity, whoever asks for it
    dead = [c for c, read in found.items() if effects[c] is Effect.MODEL and not read and c not in key]
    assert not dead, f"nothing reads {dead} of {table}: mark them effect=Effect.NONE (or LABEL, if they are for people)"
    alive = [column for column, read in found.items() if effects[column] is Effect.NONE and read]
    assert not alive, f"{alive} of {table} are read by now: take the mark effect=Effect.NONE away"


def test_a_table_that_is_used_is_not_marked(use: ColumnUse) -> None:
    marked = {name for name, schema in TABLES.items() if schema.effect is Effect.NONE}
    assert not marked
    assert {
        name for name in marked if any(use.reads(name, column) for column in TABLES[name].row.model_fields)
    } == set()


@pytest.mark.parametrize("keys", [NetworkMeta, GasKeys])
def test_every_key_of_network_yaml_is_used_or_a_label(keys: Any) -> None:
    read = {name for tree in trees().values() for name in _attributes(tree)}
    of_format = {"schema_version", "gas", "name"}
    assert [
        name
        for name, field in keys.model_fields.items()
        if effect_of(field) is Effect.MODEL and name not in read | of_format
    ] == []


def test_the_walk_tells_a_read_column_from_a_dead_one(use: ColumnUse) -> None:
    """Columns of one name are told apart: p_mw of loads and power_to_gas, co2 of machines and borders."""
    assert use.reads("loads", "p_mw") and not use.reads("power_to_gas", "p_mw")
    assert use.reads("generators", "co2_t_per_mwh") and not use.reads("borders", "co2_t_per_mwh")
    assert use.reads("gas_storage", "fill_share") and not use.reads("load_classes", "max_outage_h")
    assert use.reads("rivers", "share_7") and use.reads("weather_field", "slow_winter_km")
    assert not use.reads("generators", "commissioned")


def warnings_of(system: Any) -> dict[tuple[str, str], Problem]:
    return {(Path(p.file).stem.strip("<>"), p.column): p for p in system.warnings}


def test_rows_that_set_a_column_without_effect_warn_once_with_their_number(two_areas: Any) -> None:
    def edit(tables: Any) -> None:
        tables["generators"][1].update(commissioned=1998)
        tables["generators"][0].update(heat_curve="cold", outage_curve="frost")
        tables["heat_curves"] = [{"curve": "cold", "temperature_c": -20, "p_min_share": 0.5}]
        tables["outage_curves"] = [{"curve": "frost", "temperature_c": -20, "unavailability": 0.1}]
        tables["load_classes"][0].update(price_per_mwh=40)
        tables["interface_limits"][1].update(valid_from=2027)
        tables["automation"] = [
            {"name": f"r{i}", "quantity": "frequency_hz", "setting": 49, "share": 0.1} for i in range(3)
        ]
        tables["reservoirs"] = [{"name": "lake", "plant": "gas", "volume_mcm": 5, "mcm_per_mwh": 0.01}]
        tables["minerals"] = [
            {"name": "zinc", "mineral": "zinc", "site": "smelter", "annual_output": 8760, "output_unit": "t",
             "electricity_mwh_per_t": 100},
            {"name": "gold", "mineral": "gold", "site": "mine", "annual_output": 3, "output_unit": "t"},
        ]  # fmt: skip

    found = warnings_of(two_areas(edit))
    assert all(problem.kind == "warning" and problem.mend for problem in found.values())
    for place, row, rows in (
        (("generators", "commissioned"), 3, "(1 row)"),
        (("generators", "heat_curve"), 2, "not heat-led (1 row)"),
        (("generators", "outage_curve"), 2, "never fails (1 row)"),
        (("load_classes", "price_per_mwh"), 2, "(1 row)"),
        (("interface_limits", "valid_from"), 3, "(1 row)"),
        (("automation", "quantity"), 2, "rules of frequencies, sections and voltages with an action"),
        (("reservoirs", "volume_mcm"), 2, "no rows in reservoir_releases.csv (1 row)"),
        (("minerals", "site"), 3, "(1 row)"),
    ):
        problem = found.pop(place)
        assert problem.row == row and rows in problem.value, problem
    assert not found  # not fill_share of the reservoir, which is empty; not title, note, source
    assert two_areas().warnings == ()


def test_warnings_of_a_variant_stand_at_its_line(tmp_path: Path) -> None:
    from tests.support.study_cases import write_network

    folder = write_network(tmp_path / "net")
    (folder / "variants").mkdir()
    text = "schema_version: 1\nchange:\n  generators:\n    gas_1: {commissioned: 2001}\n"
    (folder / "variants" / "v.yaml").write_text(text)
    warning = warnings_of(read_network(folder, "v"))["v", "generators.commissioned"]
    assert warning.row == 4
    assert not any("commissioned" in column for _, column in warnings_of(read_network(folder)))


def test_the_bundled_network_warns_of_what_is_not_modelled_yet(kazakhstan: Any) -> None:
    found = warnings_of(kazakhstan)
    expected = {("automation", "quantity"), ("load_classes", "max_outage_h")}
    assert expected | {("interface_limits", "valid_from"), ("generators", "commissioned")} <= set(found)
    assert "(318 rows)" in found["generators", "commissioned"].value
    assert len(found) == len(kazakhstan.warnings) < 30


def test_a_warning_is_never_raised_and_travels_with_the_system() -> None:
    problem = Problem("a.csv", 2, "b", "c", "d", "warning")
    with pytest.raises(AssertionError):
        InputError([problem])
    system = read_network(network_folder("kazakhstan"))
    assert pickle.loads(pickle.dumps(system)).warnings == system.warnings != ()
