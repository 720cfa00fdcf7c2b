"""The steady gas balance against the factbook's linear programme, and the stocks by hand.

Reference: eleven outage cases of a steady-state optimisation of the same tables on a normal winter day (derived, not a
published fact), copied to tests/data/gas_reference/cases.csv. Where a source is at the margin (``compare`` total) the
limits of the reference's supplies are not told: total deliveries are compared, within 5 %; elsewhere each class's cuts.
"""

from __future__ import annotations

import csv
import dataclasses
from pathlib import Path

import numpy as np
import pytest

from gridsim.model.carriers import GasDemand
from gridsim.solvers.gas import everything_works as conditions
from gridsim.solvers.gas_balance import GasBalance

CASES = Path(__file__).parents[1] / "data" / "gas_reference" / "cases.csv"
REFERENCE_ORDER = ("export", "industry", "power", "transit", "heating", "own_use", "households")


def as_in_reference(system, power_mcm_per_d: str):
    """Gas for power as a fixed demand (``node=mcm_per_d;...``), supplies and storages at their planned winter day."""
    rows = [pair.split("=") for pair in power_mcm_per_d.split(";")]
    demand, value = system.gas_demand, np.array([float(row[1]) for row in rows])
    more = {
        "name": [f"power_{row[0]}" for row in rows],
        "node": [system.gas_nodes.position(row[0]) for row in rows],
        "gas_class": ["power"] * len(rows),
        "in_service": [True] * len(rows),
        **dict.fromkeys(("winter_mcm_per_d", "summer_mcm_per_d", "cold_day_mcm_per_d"), value),
    }
    columns = {name: np.concatenate([getattr(demand, name), more[name]]) for name in demand.columns()}
    supply, storage = system.gas_supply, system.gas_storage
    return system.replace(
        gas_demand=GasDemand(**columns),
        gas_supply=dataclasses.replace(supply, max_mcm_per_d=supply.winter_mcm_per_d),
        gas_storage=dataclasses.replace(
            storage,
            max_withdrawal_mcm_per_d=storage.planned_withdrawal_mcm_per_d,
            inventory_exponent=np.zeros(len(storage)),
        ),
    )


def read_cases() -> list[dict[str, str]]:
    with CASES.open(newline="") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


@pytest.mark.parametrize("case", read_cases(), ids=lambda case: case["id"])
def test_steady_cuts_equal_the_reference(kazakhstan, case):
    system = as_in_reference(kazakhstan, case["power_mcm_per_d"])
    gas = GasBalance(system)
    gas.set_cut_order(REFERENCE_ORDER)
    state = conditions(system)
    for name in filter(None, case["pipelines_out"].split(";")):
        state.pipeline_share[system.gas_pipelines.position(name)] = 0.0
    for name in filter(None, case["supplies_out"].split(";")):
        state.supply_share[system.gas_supply.position(name)] = 0.0
    stocks = gas.start(state)._replace(linepack_mcm=np.zeros(len(system.gas_nodes)))
    demand = system.gas_demand
    step = gas.solve(state, stocks, demand.winter_mcm_per_d, np.zeros(len(system.gas_to_power)), 24.0, True)
    cut = demand.winter_mcm_per_d - step.delivered_mcm_per_d
    domestic = np.isin(demand.gas_class, ("households", "heating", "power", "industry"))
    unmet = sum(float(case[f"unmet_{name}_mcm_d"]) for name in ("households", "heating", "power", "industry"))
    asked = demand.winter_mcm_per_d[domestic].sum()
    assert asked - cut[domestic].sum() == pytest.approx(asked - unmet, rel=0.05)
    if case["compare"] == "by_class":
        for name in ("households", "heating", "power", "industry"):
            expected = float(case[f"unmet_{name}_mcm_d"])
            assert cut[demand.gas_class == name].sum() == pytest.approx(expected, abs=0.02), name


def test_node_balances_close(kazakhstan):
    gas = GasBalance(kazakhstan)
    state = conditions(kazakhstan)
    state.pipeline_share[kazakhstan.gas_pipelines.position("bbs1_bozoy_aral")] = 0.0
    asked = gas.power_requested_mcm_per_d(np.full(len(kazakhstan.gas_to_power), 50.0))
    demand = kazakhstan.gas_demand
    step = gas.solve(state, gas.start(state), demand.winter_mcm_per_d, asked, 1.0, True)
    pipes, links = kazakhstan.gas_pipelines, kazakhstan.gas_to_power
    net = np.zeros(len(kazakhstan.gas_nodes))
    np.add.at(net, kazakhstan.gas_supply.node, step.supply_mcm_per_d)
    np.add.at(net, kazakhstan.gas_storage.node, step.storage_mcm_per_d)
    np.add.at(net, pipes.from_node, -step.flow_mcm_per_d)
    np.add.at(net, pipes.to_node, step.flow_mcm_per_d)
    np.add.at(net, demand.node, -step.delivered_mcm_per_d)
    np.add.at(net, links.node[links.on_network], -step.power_delivered_mcm_per_d[links.on_network])
    np.testing.assert_allclose(net - step.linepack_change_mcm_per_d, 0.0, atol=1e-6)
    assert (step.flow_mcm_per_d[~pipes.bidirectional] >= -1e-9).all()
    assert (np.abs(step.flow_mcm_per_d) <= pipes.capacity_mcm_per_d * state.pipeline_share + 1e-9).all()


def test_linepack_is_half_of_each_adjoining_section_and_lost_with_it(two_areas):
    system = two_areas(gas=True)
    gas, state = GasBalance(system), None
    state = conditions(system)
    np.testing.assert_allclose(gas.linepack_capacity_mcm(state), [1.0, 1.5, 0.5])
    state.pipeline_share[0] = 0.0
    np.testing.assert_allclose(gas.linepack_capacity_mcm(state), [0.0, 0.5, 0.5])
