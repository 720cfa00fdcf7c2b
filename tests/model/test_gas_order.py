"""The table of the order in which gas is cut, and its changes by policy."""

from __future__ import annotations

import pytest

from gridsim.model.gas_order import gas_order, order_problem, plant_classes, ranks, reserve_shares


def test_default_order_is_that_of_the_table():
    assert list(gas_order()) == [
        "export", "transit_surplus", "plants_with_reserve", "industry", "power", "plants_chp", "heating", "transit",
        "services", "own_use", "households",
    ]  # fmt: skip
    own = ranks()
    assert sorted(own, key=lambda name: own[name]) == list(gas_order())
    assert own["plants_chp"] == own["heating"] < own["transit"] < own["households"] == max(own.values())


def test_named_classes_share_out_their_places():
    changed = ranks(("households", "industry", "export"))
    own = ranks()
    assert (changed["households"], changed["industry"], changed["export"]) == (1, 4, 10)
    others = own.keys() - {"households", "industry", "export"}
    assert all(changed[name] == own[name] for name in others)


def test_power_and_transit_name_all_their_places():
    changed = ranks(("industry", "power"))
    assert [changed[name] for name in ("industry", "plants_with_reserve", "power", "plants_chp")] == [3, 4, 5, 6]
    changed = ranks(("transit", "export"))
    assert [changed[name] for name in ("transit_surplus", "transit", "export")] == [1, 2, 7]


@pytest.mark.parametrize(
    ("names", "fault"),
    [
        ((), ""),
        (("export", "households"), ""),
        (("expert",), "no gas class 'expert'"),
        (("power", "plants_chp"), "gas class 'plants_chp' is named twice"),
        (("export", "export"), "gas class 'export' is named twice"),
    ],
)
def test_faults_of_an_order(names, fault):
    assert order_problem(names) == fault


def test_plants_are_chp_where_a_gas_machine_is_heat_led(kazakhstan):
    classes = dict(zip(kazakhstan.gas_to_power.plant.tolist(), plant_classes(kazakhstan).tolist(), strict=True))
    assert (classes["almaty_chp1"], classes["zhambyl_gres"]) == ("plants_chp", "power")
    share = dict(zip(kazakhstan.gas_to_power.plant.tolist(), reserve_shares(kazakhstan).tolist(), strict=True))
    assert (share["zhambyl_gres"], share["karabatan_gt"]) == (0.6, 0.0)
