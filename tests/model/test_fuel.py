"""fuels.csv: every fuel is counted once, whatever the code branches on is in its row."""

from __future__ import annotations

import dataclasses
import datetime as dt

import numpy as np
import pytest

from gridsim.engine.run import run
from gridsim.io.read_network import system_from_tables
from gridsim.io.schemas.power import GeneratorRow
from gridsim.model.fuel import fuel_of_yard, fuels, fuels_by_column, yard_fuels
from gridsim.model.pack import yard_generators
from gridsim.model.scenario import AcMode, GasMode, Horizon, Imports, Policy, Scenario
from gridsim.results.run_records import Columns


@pytest.fixture(scope="module")
def zones() -> Columns:
    """One hour of one bus with a machine of 10 MW of each fuel, all of them needed."""
    machines = [
        {"name": f"m_{fuel}", "bus": "b", "fuel": fuel, "installed_mw": 10, "p_max_mw": 10, "cost_per_mwh": 1}
        for fuel in fuels()
    ]
    system = system_from_tables(
        {"name": "one", "zones": ["z"], "timezone": "UTC+05:00"},
        {
            "buses": [{"name": "b", "zone": "z", "vn_kv": 500}],
            "generators": machines,
            "load_classes": [{"name": "homes", "shed_order": 1, "voll_usd_per_kwh": 1}],
            "loads": [{"name": "l", "bus": "b", "p_mw": 10 * len(machines), "load_class": "homes"}],
        },
    )
    policy = Policy(imports=Imports.NONE, ac=AcMode.OFF, gas=GasMode.BALANCE)
    result = run(system, Scenario("hour", "one", Horizon(dt.datetime(2026, 1, 14), 1), policy=policy))
    assert result.metric("EUE") == pytest.approx(0, abs=1e-6)
    return result.tables["zones"]


def test_the_output_of_every_fuel_is_in_its_column(zones):
    for column, names in fuels_by_column().items():
        assert zones[column][zones["name"] == "z"] == pytest.approx([10.0 * len(names)]), column


def test_the_columns_by_fuel_sum_to_the_generation(zones):
    total = zones["backup_fuel_mw"] + sum(zones[column] for column in fuels_by_column())
    np.testing.assert_allclose(total, zones["generation_mw"], atol=1e-9)


def test_every_fuel_of_the_table_and_no_other_is_accepted():
    row = {"name": "m", "bus": "b", "installed_mw": 1, "p_max_mw": 1, "cost_per_mwh": 1}
    for fuel in fuels():
        assert GeneratorRow.model_validate({**row, "fuel": fuel}).fuel == fuel
    choices = GeneratorRow.model_json_schema()["properties"]["fuel"]["enum"]
    assert choices == list(fuels())


def test_what_the_weather_gives_needs_no_start():
    for fuel in fuels().values():
        assert fuel.variable in ("", "wind", "solar")
        assert fuel.always_committed or not fuel.variable


def test_a_yard_feeds_the_machines_of_its_plant_that_burn_what_it_holds(two_areas):
    assert {fuel_of_yard(held) for held in yard_fuels()} == {"coal", "oil"}

    def with_yards(tables):
        tables["generators"].append({**tables["generators"][0], "name": "oil_1", "plant": "coal", "fuel": "oil"})
        tables["fuel_stocks"] = [
            {"name": held, "plant": "coal", "fuel": held, "capacity_days": 10, "stock_days": 5}
            for held in ("diesel", "coal", "mazut")
        ]

    system = two_areas(with_yards)
    fed = [system.generators.name[gens].tolist() for gens in yard_generators(system)]
    assert fed == [["oil_1"], ["coal_1"], ["oil_1"]]


def test_properties_of_machines_follow_the_table(two_areas):
    generators = two_areas().generators
    names = list(fuels())
    machines = dataclasses.replace(
        generators,
        **{column: np.resize(getattr(generators, column), len(names)) for column in generators.columns()}
        | {"fuel": np.array(names), "co2_t_per_mwh": np.full(len(names), np.nan)},
    )
    of = dict(zip(names, range(len(names)), strict=True))
    assert machines.variable.nonzero()[0].tolist() == [of["wind"], of["solar"]]
    assert machines.driven_by("solar").nonzero()[0].tolist() == [of["solar"]]
    assert machines.gas_fired.nonzero()[0].tolist() == [of["gas"]]
    assert machines.always_committed.nonzero()[0].tolist() == sorted(of[fuel] for fuel in ("wind", "solar", "hydro"))
    # Without a factor: none from water, wind, sun, uranium, biogas and waste heat, unknown from what burns carbon.
    unknown = [names[gen] for gen in np.flatnonzero(np.isnan(machines.co2_rate_t_per_mwh))]
    assert sorted(unknown) == ["coal", "gas", "oil", "other"]
