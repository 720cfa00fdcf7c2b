"""Costs by hand, and that nothing counts twice."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gridsim.errors import InputError
from gridsim.results.costs import CostPart, cost_parts
from gridsim.results.run_metrics import METRIC_TABLES
from tests.results.test_run_metrics import table
from tests.support.cases import build_two_areas

COSTS = (
    ("electricity", "VOLL", 1, 0.5, 2), ("heat", "USD/MWh", 300, 60, 700), ("gas_households", "USD/m3", 2, 1, 3),
    ("gas_industry", "USD/m3", 0.5, 0.1, 1), ("repair_lines", "USD each", 100, 50, 200),
)  # fmt: skip


def priced(edit: Any = None) -> Any:
    def costs(tables: Any) -> None:
        tables["unit_costs"] = [
            {"name": name, "unit": unit, "usd": usd, "low_usd": low, "high_usd": high}
            for name, unit, usd, low, high in COSTS
        ]
        if edit is not None:
            edit(tables)

    return build_two_areas(costs, gas=True)


def lost(**changes: Any) -> dict[str, Any]:
    made = {name: table(name) for name in METRIC_TABLES}
    made["shortfall"] = table(
        "shortfall", time_h=[0, 0], duration_h=[2, 2], name=["s1/s1_homes", "s1/s1_factory"],
        unserved_usd_per_h=[1000, 400],
    )  # fmt: skip
    made["gas_shortfall"] = table(
        "gas_shortfall", time_h=[0, 0, 0], duration_h=[6, 6, 6], gas_class=["households", "industry", "power"],
        unserved_mcm_per_d=[4, 8, 9],
    )  # fmt: skip
    made["events"] = table(
        "events", time_h=[0, 0, 1, 2, 3], cause_id=[-1, 0, 0, -1, -1],
        component=["lines:n1_s1", "lines:n2_s1", "lines:n1_s1", "lines:n1_n2", "zone:south"],
        to_state=["line_outage (a)", "line_outage (a)", "normal", "maintenance (b)", "shedding"],
    )  # fmt: skip
    return {**made, **changes}


def usd(system: Any, tables: Any) -> dict[str, float]:
    return {part.part: part.usd for part in cost_parts(system, tables)}


def test_every_part_by_hand():
    # 2 h x 1,400 USD/h; 1 mcm of homes at 2 USD/m3, 2 of industry at 0.5, none of plants; two circuits broken
    assert usd(priced(), lost()) == {"electricity": 2800, "gas": 2e6 + 1e6, "repair": 200}
    ends = {part.part: part[2:] for part in cost_parts(priced(), lost())}
    assert ends == {"electricity": (1400, 5600), "gas": (1.2e6, 5e6), "repair": (100, 400)}


def test_output_of_a_site_counts_instead_of_its_lost_load():
    def smelter(tables: Any) -> None:
        tables["minerals"] = [{"name": "m", "mineral": "metal", "site": "smelter", "annual_output": 1,
                               "output_unit": "t"}]  # fmt: skip

    rows = table(
        "minerals", time_h=[0], name=["m"], value_usd=[70], value_low_usd=[40], value_high_usd=[90], damage_usd=[5]
    )
    found = cost_parts(priced(smelter), lost(minerals=rows))
    assert CostPart("minerals", 70, 40, 90) in found and CostPart("damage", 5, 5, 5) in found
    assert {part.part: part.usd for part in found}["electricity"] == 2000


def test_heat_counts_the_gas_of_homes_where_it_is_known():
    heat = {"time_h": np.array([0.0]), "duration_h": np.array([6.0]), "unserved_mw": np.array([100.0])}
    found = usd(priced(), lost(heat=heat))
    assert found["heat"] == 600 * 300 and found["gas"] == 1e6


def test_a_network_without_costs_has_none_and_one_with_them_counts_nothing_of_a_calm_day():
    assert cost_parts(build_two_areas(gas=True), lost()) == []
    calm = {name: table(name) for name in METRIC_TABLES}
    assert set(usd(priced(), calm).values()) == {0.0}


BAD = {
    "'gas_miners' is no cost": {"name": "gas_miners"},
    "it is counted in VOLL": {"unit": "USD/MWh"},
    "is not between": {"low_usd": 3},
}


@pytest.mark.parametrize("told", BAD)
def test_bad_rows_are_told_with_their_mend(told):
    with pytest.raises(InputError) as error:
        priced(lambda tables: tables["unit_costs"][0].update(BAD[told]))
    assert told in str(error.value) and all(problem.mend for problem in error.value.problems)
