"""Order of gas cuts by hand: one pipe to one gate where every class asks, ever less gas."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from gridsim.solvers.gas import everything_works
from gridsim.solvers.gas_balance import GasBalance

CLASSES = ("export", "transit", "industry", "heating", "services", "own_use", "households")
BURN_MCM_PER_D = 2.0  # of the one plant; half of it can be replaced by mazut


@pytest.fixture
def gate(two_areas):
    """Every class but plants asks 1 mcm/d at the gate, transit 10."""

    def edit(tables):
        tables["gas_demand"] = [
            {"name": name, "node": "gate", "gas_class": name, "winter_mcm_per_d": 10.0 if name == "transit" else 1.0,
             "summer_mcm_per_d": 1.0}
            for name in CLASSES
        ]  # fmt: skip
        tables["gas_pipelines"][0] |= {"capacity_mcm_per_d": 100.0}
        tables["gas_pipelines"][1] |= {"capacity_mcm_per_d": 18.0}
        tables["gas_supply"][0] |= {"winter_mcm_per_d": 40.0, "max_mcm_per_d": 40.0}

    return two_areas(edit, gas=True)


def cuts(system, missing_mcm_per_d, order=(), *, reserve=None):
    """What each class goes without when so much of the 18 mcm/d is missing and no linepack is left."""
    balance = GasBalance(system)
    balance.set_cut_order(order)
    works = everything_works(system)
    if reserve is not None:
        works = works._replace(reserve_share=np.array([reserve]))
    works.pipeline_share[1] = 1.0 - missing_mcm_per_d / 18.0
    stocks = balance.start(works)._replace(linepack_mcm=np.zeros(len(system.gas_nodes)))
    asked = system.gas_demand.winter_mcm_per_d
    burn, no_room = np.array([BURN_MCM_PER_D]), np.zeros(len(system.gas_nodes))
    step = balance.solve(works, stocks, asked, burn, 24.0, True, room_mcm=no_room)
    cut = asked - step.delivered_mcm_per_d
    found = dict(zip(system.gas_demand.gas_class.tolist(), cut.tolist(), strict=True))
    found["plant"] = BURN_MCM_PER_D - float(step.power_delivered_mcm_per_d[0])
    assert sum(found.values()) == pytest.approx(missing_mcm_per_d, abs=1e-6)
    return {name: mcm for name, mcm in found.items() if mcm > 1e-7}


@pytest.mark.parametrize(
    ("missing", "expected"),
    [
        (0.0, {}),
        (0.5, {"export": 0.5}),
        (3.0, {"export": 1.0, "transit": 2.0}),
        (4.4, {"export": 1.0, "transit": 3.0, "plant": 0.4}),
        (5.5, {"export": 1.0, "transit": 3.0, "plant": 1.0, "industry": 0.5}),
        (6.5, {"export": 1.0, "transit": 3.0, "plant": 1.5, "industry": 1.0}),
        (7.5, {"export": 1.0, "transit": 3.0, "plant": 2.0, "industry": 1.0, "heating": 0.5}),
        (10.0, {"export": 1.0, "transit": 5.0, "plant": 2.0, "industry": 1.0, "heating": 1.0}),
        (15.5, {"export": 1.0, "transit": 10.0, "plant": 2.0, "industry": 1.0, "heating": 1.0, "services": 0.5}),
        (17.5, {"export": 1, "transit": 10, "plant": 2, "industry": 1, "heating": 1, "services": 1, "own_use": 1,
                "households": 0.5}),
    ],
)  # fmt: skip
def test_cuts_by_hand(gate, missing, expected):
    assert cuts(gate, missing) == pytest.approx(expected, abs=1e-6)


def test_plant_without_reserve_fuel_left_comes_after_industry(gate):
    assert cuts(gate, 5.5, reserve=0.0) == pytest.approx(
        {"export": 1.0, "transit": 3.0, "industry": 1.0, "plant": 0.5}, abs=1e-6
    )


@pytest.mark.parametrize(("kept", "transit", "heating"), [(0.5, 5.0, 0.0), (0.7, 3.0, 0.0), (1.0, 0.0, 1.0)])
def test_share_that_transit_keeps_decides_when_heat_is_touched(gate, kept, transit, heating):
    system = gate.replace(gas=dataclasses.replace(gate.gas, transit_kept_share=kept))
    found = cuts(system, 5.0)
    asked = {"export": 1.0, "transit": transit}
    assert found.get("transit", 0.0) == pytest.approx(min(transit, 4.0), abs=1e-6)
    assert found.get("heating", 0.0) == pytest.approx(heating, abs=1e-6)
    assert found["export"] == pytest.approx(asked["export"], abs=1e-6)


def test_homes_first_when_the_order_says_so(gate):
    found = cuts(gate, 1.5, ("households", "export"))
    assert found == pytest.approx({"households": 1.0, "transit": 0.5}, abs=1e-6)


def test_less_gas_never_means_more_for_anybody(gate):
    last = {}
    for missing in np.linspace(0.0, 18.0, 37):
        found = cuts(gate, float(missing))
        assert all(found.get(name, 0.0) >= mcm - 1e-6 for name, mcm in last.items())
        last = found
