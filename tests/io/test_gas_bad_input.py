"""Wrong gas tables: place, value and mend of each; what physics allows runs and is recorded (test_gas_coupling.py)."""

from __future__ import annotations

import pytest

from gridsim.errors import InputError

STORAGE = {"name": "ugs", "node": "hub", "working_volume_mcm": 5, "max_withdrawal_mcm_per_d": 1,
           "max_injection_mcm_per_d": 1}  # fmt: skip


def problems(two_areas, table, number, **changed):
    def edit(tables):
        tables["gas_storage"] = [dict(STORAGE)]
        tables[table][number].update(changed)

    with pytest.raises(InputError) as caught:
        two_areas(edit, gas=True)
    return caught.value.problems


@pytest.mark.parametrize(
    ("table", "number", "column", "value", "mend"),
    [
        ("gas_pipelines", 1, "length_km", 0, "km"),
        ("gas_pipelines", 0, "length_km", -1, "km"),
        ("gas_to_power", 0, "node", "gaet", "'gate'"),
        ("gas_to_power", 0, "plant", "gaz", "'gas'"),
        ("gas_supply", 0, "node", "feild", "'field'"),
        ("gas_storage", 0, "fill_share", 1.2, "filling"),
        ("gas_nodes", 2, "p_min_bar", -3, "bar"),
        ("gas_pipelines", 0, "to_node", "field", "joins two nodes"),
    ],
)
def test_row_column_value_and_mend(two_areas, table, number, column, value, mend):
    (problem,) = problems(two_areas, table, number, **{column: value})
    assert (problem.file, problem.row, problem.column) == (f"<{table}>", number + 2, column)
    assert str(value) in problem.value and mend in problem.mend


def test_node_without_supply(two_areas):
    def edit(tables):
        tables["gas_supply"][0]["in_service"] = "false"

    with pytest.raises(InputError) as caught:
        two_areas(edit, gas=True)
    places = [(problem.file, problem.row, problem.column) for problem in caught.value.problems]
    assert places == [("<gas_demand>", 2, "node"), ("<gas_demand>", 3, "node"), ("<gas_to_power>", 2, "node")]
    assert all("'gate'" in problem.value and "source" in problem.mend for problem in caught.value.problems)


def test_storage_is_a_source_and_a_node_without_customers_needs_none(two_areas):
    def edit(tables):
        tables["gas_supply"][0]["in_service"] = "false"
        tables["gas_storage"] = [dict(STORAGE, fill_share=1.0)]
        tables["gas_nodes"].append({"name": "lone", "kind": "junction", "zone": "south"})

    assert two_areas(edit, gas=True).gas_storage.fill_share == pytest.approx(1.0)


def test_all_problems_at_once(two_areas):
    def edit(tables):
        tables["gas_pipelines"][0]["length_km"] = 0
        tables["gas_to_power"][0]["node"] = "gaet"
        tables["gas_storage"] = [dict(STORAGE, fill_share=1.2)]

    with pytest.raises(InputError) as caught:
        two_areas(edit, gas=True)
    assert {problem.column for problem in caught.value.problems} == {"length_km", "node", "fill_share"}
