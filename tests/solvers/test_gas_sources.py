"""Limits of sources and storages by hand: associated gas, the season of a plan, withdrawal by inventory."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from gridsim.model.table import F8
from gridsim.reliability.gas import TemperatureClass, class_weather
from gridsim.solvers.gas import HydraulicGas, everything_works
from gridsim.solvers.gas_balance import GasBalance

NO_BURN = np.zeros(1)


def supplied(system, demand_mcm_per_d, *, winter=True, linepack=False) -> F8:
    balance = GasBalance(system)
    works = everything_works(system)
    stocks = balance.start(works)
    if not linepack:
        stocks = stocks._replace(linepack_mcm=np.zeros(len(system.gas_nodes)))
    nothing = np.zeros(len(system.gas_nodes))
    step = balance.solve(works, stocks, np.array(demand_mcm_per_d), NO_BURN, 24.0, winter, room_mcm=nothing)
    return np.append(step.supply_mcm_per_d, step.storage_mcm_per_d)


@pytest.mark.parametrize(("kind", "most"), [("production", 12.0), ("associated", 10.0), ("import", 10.0)])
def test_only_free_gas_can_be_raised_above_the_plan(two_areas, kind, most):
    def edit(tables):
        tables["gas_supply"][0]["kind"] = kind
        tables["gas_pipelines"][1]["capacity_mcm_per_d"] = 100

    assert supplied(two_areas(edit, gas=True), [20.0, 0.0]) == pytest.approx([most], abs=1e-6)


@pytest.mark.parametrize(("asked", "most"), [(0.5, 4.0), (1.0, 5.0), (2.0, 7.0), (3.5, 10.0), (9.0, 10.0)])
def test_plan_of_an_import_out_of_season_follows_demand(two_areas, asked, most):
    """Homes ask 0.5 in summer and 3.5 in winter, the import has 4 and 10: out of season it has what lies between."""

    def edit(tables):
        tables["gas_supply"][0] |= {"kind": "import", "winter_mcm_per_d": 10, "summer_mcm_per_d": 4}
        tables["gas_demand"] = [
            {"name": "homes", "node": "gate", "gas_class": "households", "winter_mcm_per_d": 3.5,
             "summer_mcm_per_d": 0.5},
            {"name": "abroad", "node": "field", "gas_class": "export", "winter_mcm_per_d": 20, "summer_mcm_per_d": 20},
        ]  # fmt: skip

    system = two_areas(edit, gas=True)
    assert supplied(system, [asked, 20.0], winter=False) == pytest.approx([most], abs=1e-6)
    assert supplied(system, [asked, 20.0], winter=True) == pytest.approx([10.0], abs=1e-6)


@pytest.mark.parametrize(("exponent", "filling", "most"), [(0, 0.25, 8.0), (0.5, 0.25, 4.0), (0.5, 1, 8), (1, 0.5, 4)])
def test_withdrawal_falls_with_the_filling(two_areas, exponent, filling, most):
    def edit(tables):
        tables["gas_storage"] = [
            {"name": "ugs", "node": "hub", "working_volume_mcm": 1000, "max_withdrawal_mcm_per_d": 8,
             "max_injection_mcm_per_d": 1, "fill_share": filling, "inventory_exponent": exponent}
        ]  # fmt: skip
        tables["gas_supply"][0]["in_service"] = False
        tables["gas_pipelines"][1]["capacity_mcm_per_d"] = 100

    assert supplied(two_areas(edit, gas=True), [20.0, 0.0])[1] == pytest.approx(most, abs=1e-6)


def test_milder_days_of_the_heating_season_start_with_more_linepack(kazakhstan):
    """But for days on which the storages, which stand beside the loads of the south, have come to rest."""
    held, withdrawn = [], []
    for month, mean_c in ((1, -20.0), (1, -12.0), (1, -5.0), (3, -2.0), (7, 20.0)):
        weather = class_weather(kazakhstan, TemperatureClass(0.0, mean_c, month), "contract").gas
        network, works = HydraulicGas(kazakhstan), everything_works(kazakhstan)
        state = network.start(works, *weather)
        held.append(float(network.linepack_mcm(state.gas_mcm).sum()))
        withdrawn.append(float(network.schedule(state, works, *weather).storage_mcm_per_d.sum()))
    assert withdrawn[0] > withdrawn[1] > 0.0 == withdrawn[2]
    # what they gave comes from afar now: the pipes to Almaty are packed less, those of the whole country about alike
    assert held[0] < min(held[1:3]) and max(held[1:3]) < held[3] < held[4], held


def test_two_weeks_balance_and_loss_of_the_largest_field_draws_linepack(kazakhstan):
    """Nothing but storage replaces it: a week without Tengiz leaves less in the pipes than it found."""
    weather = class_weather(kazakhstan, TemperatureClass(0.0, -20.0, 1), "contract").gas
    network = HydraulicGas(kazakhstan)
    works = everything_works(kazakhstan)
    state = network.start(works, *weather)
    held = [network.linepack_mcm(state.gas_mcm).sum()]
    lost = works._replace(supply_share=np.where(kazakhstan.gas_supply.name == "tengiz_tco", 0.0, 1.0))
    entered, left = 0.0, 0.0
    for number in range(14 * 12):
        now = lost if number < 7 * 12 else works
        schedule = network.schedule(state, now, *weather)
        run = network.run(
            state, schedule, now, weather.demand_mcm_per_d, weather.consumed_mcm_per_d, weather.consumed_mcm_per_d,
            0.25, 8, stop_when_short=False,
        )  # fmt: skip
        state, step = run.state, run.step
        on_network = kazakhstan.gas_to_power.on_network
        entered += (step.supply_mcm_per_d.sum() + step.storage_mcm_per_d.sum()) / 12.0
        left += (step.delivered_mcm_per_d.sum() + step.power_delivered_mcm_per_d[on_network].sum()) / 12.0
        normal = kazakhstan.gas_supply.winter_mcm_per_d
        associated = kazakhstan.gas_supply.kind == "associated"
        assert (step.supply_mcm_per_d[associated] <= normal[associated] + 1e-9).all()
        held.append(network.linepack_mcm(state.gas_mcm).sum())
    assert held[7 * 12] < held[0] - 20.0
    assert held[-1] - held[0] == pytest.approx(entered - left, abs=1e-6 * entered)


@pytest.mark.parametrize("fill_share", [0.2, 0.7])
def test_kazakh_storages_give_by_the_root_of_their_filling(kazakhstan, fill_share):
    storage = dataclasses.replace(kazakhstan.gas_storage, fill_share=np.full(3, fill_share))
    assert (storage.inventory_exponent == 0.5).all()
    system = kazakhstan.replace(gas_storage=storage)
    balance, works = GasBalance(system), everything_works(system)
    works.supply_share[:] = 0.0
    stocks = balance.start(works)._replace(linepack_mcm=np.zeros(len(system.gas_nodes)))
    demand = system.gas_demand.winter_mcm_per_d
    step = balance.solve(works, stocks, demand, np.zeros(len(system.gas_to_power)), 2.0, True)
    most = storage.max_withdrawal_mcm_per_d * np.sqrt(fill_share)
    assert step.storage_mcm_per_d[0] == pytest.approx(most[0], abs=1e-6)
