"""Every number of every table and file has a lower and an upper bound; no published or bundled network is refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args, get_origin

import pytest

from gridsim.errors import InputError
from gridsim.io.bundled import network_names
from gridsim.io.grid_import.imported import import_pandapower
from gridsim.io.read_network import NetworkMeta, read_network, system_from_tables
from gridsim.io.schemas import TABLES, scenario, study
from gridsim.io.schemas.bounds import BOUNDS, SMALLEST
from gridsim.io.schemas.carriers import GasKeys
from gridsim.io.schemas.column import Row
from gridsim.io.validation import validate
from tests.support.ac_cases import case_net
from tests.support.cases import META, TWO_AREAS

NETS = ("case118", "case14", "case24_ieee_rts", "case30", "case39", "case57", "case9", "case_ieee30",
        "case_illinois200", "example_simple", "mv_oberrhein", "case4gs", "case5", "case6ww", "create_cigre_network_hv",
        "create_cigre_network_lv", "create_cigre_network_mv", "simple_four_bus_system")  # fmt: skip


def models() -> Iterator[tuple[str, type[Row]]]:
    yield from ((name, schema.row) for name, schema in TABLES.items())
    yield from (("network.yaml", NetworkMeta), ("network.yaml: gas", GasKeys))
    for module in (scenario, study):
        for name, member in vars(module).items():
            if isinstance(member, type) and issubclass(member, Row) and member is not Row:
                yield name, member


def is_number(annotation: Any) -> bool:
    """A number, or one that may be empty; members of mappings and lists are checked where their keys are."""
    if get_origin(annotation) in (dict, tuple):
        return False
    return annotation in (int, float) or any(part in (int, float) for part in get_args(annotation) if part is not None)


def numbers() -> Iterator[tuple[str, str, Any]]:
    for name, model in models():
        for column, field in model.model_fields.items():
            if is_number(field.annotation):
                yield name, column, field


def test_every_number_has_both_bounds() -> None:
    found = list(numbers())
    assert len(found) > 200
    for name, column, field in found:
        signs = {sign for item in field.metadata for sign in ("gt", "ge", "lt", "le") if hasattr(item, sign)}
        assert signs & {"gt", "ge"}, f"{name}.{column} has no lower bound; give one, or a unit of bounds.py"
        assert signs & {"lt", "le"}, f"{name}.{column} has no upper bound; give one, or a unit of bounds.py"


def test_units_with_bounds_are_used() -> None:
    units = {field.json_schema_extra["unit"] for _, model in models() for field in model.model_fields.values()}
    assert set(BOUNDS) <= units
    assert set(SMALLEST) <= set(BOUNDS)


@pytest.mark.parametrize("name", network_names())
def test_bundled_networks_pass(name: str) -> None:
    assert len(read_network(name).buses) > 0


@pytest.mark.parametrize("name", NETS)
def test_published_nets_pass(name: str) -> None:
    assert len(import_pandapower(case_net(name)).buses) > 0


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("buses", "vn_kv", 500_000),
        ("lines", "length_km", 100_000),
        ("lines", "max_i_ka", 2_000),
        ("lines", "mttr_h", 1e300),
        ("generators", "p_max_mw", 500_000),
        ("generators", "cost_per_mwh", 1e308),
        ("generators", "commissioned", 20_150),
        ("loads", "p_mw", 1e308),
        ("load_classes", "voll_usd_per_kwh", 50_000),
    ],
)
def test_a_slip_of_three_powers_of_ten_is_refused(table: str, column: str, value: float) -> None:
    tables = {name: [dict(row) for row in rows] for name, rows in TWO_AREAS.items()}
    tables[table][0][column] = value
    with pytest.raises(InputError) as caught:
        system_from_tables(META, tables)
    problem = next(p for p in caught.value.problems if p.column == column)
    assert (problem.file, problem.row) == (f"<{table}>", 2)
    assert "is not <=" in problem.value
    assert problem.mend.startswith("give ")


@pytest.mark.parametrize("value", ["1e308", "-1e308", "inf", "nan", "9" * 400, "-" + "9" * 400, "1e400"])
def test_no_number_of_any_file_overflows(value: str) -> None:
    """Whatever follows from a number that is too large, or from none, is stopped at its cell."""
    for name, model in models():
        for column, field in model.model_fields.items():
            if is_number(field.annotation):
                row, faults = validate(model, {column: value})
                assert row is None, f"{name}.{column} takes {value}"
                (fault,) = [fault for fault in faults if fault[0] == column]
                assert " not " in fault[1] and fault[2].startswith("give "), f"{name}.{column}: {fault}"


@pytest.mark.parametrize("value", [-1, 1e9])
def test_a_reserve_out_of_bounds_is_refused(value: float) -> None:
    zone = META["zones"][0]
    with pytest.raises(InputError, match=f"reserve_mw.{zone}: .* is not in"):
        system_from_tables({**META, "reserve_mw": {zone: value}}, TWO_AREAS)
