"""The packed dispatch problem: the price ladder, shares of load classes, section limits by scheme and season."""

from __future__ import annotations

import numpy as np
import pytest

from gridsim.kernels.arrays import DispatchState
from gridsim.model.pack import LEAST_SHEDDING, SPILL_FACTOR, Ladder, operator_ladder, pack, time_to_go_rank
from gridsim.solvers.dispatch import DispatchSolver


def test_ladder_is_derived_from_the_dearest_supply(two_areas):
    packed = pack(two_areas(gas=True))
    # Dearest of all supplies: mazut at 100. Two shed orders: 200 G and 200 G x 1.25.
    np.testing.assert_allclose(packed.tiers.penalty, [20_000, 25_000])
    np.testing.assert_allclose(packed.spill_cost, 200)
    assert packed.tiers.penalty.max() < 1e4 * packed.dearest_supply


def test_ladder_stays_under_its_top_with_many_orders(two_areas):
    def many(tables):
        tables["load_classes"] = [{"name": f"c{k}", "shed_order": 3 * k, "voll_usd_per_kwh": 1} for k in range(40)]
        tables["loads"] = [{"name": f"d{k}", "bus": "s1", "p_mw": 1, "load_class": f"c{k}"} for k in range(40)]

    penalty = pack(two_areas(many)).tiers.penalty
    assert len(penalty) == 40 and (np.diff(penalty) > 0).all() and penalty[-1] < 1e4 * 25


def test_protected_share_sits_in_the_protected_tier_and_shedding_is_divided_by_demand(two_areas):
    def protect(tables):
        tables["load_classes"] = [
            {"name": "factory", "shed_order": 1, "voll_usd_per_kwh": 1, "sheddable_share": 0.6},
            {"name": "homes", "shed_order": 1, "voll_usd_per_kwh": 5},
            {"name": "vital", "shed_order": 9, "voll_usd_per_kwh": 50},
        ]

    system = two_areas(protect)
    packed = pack(system)
    load_mw = system.loads.p_mw
    demand = packed.demand_by_tier(load_mw)
    s1 = system.buses.position("s1")
    np.testing.assert_allclose(demand[s1], [200 + 60, 40])  # homes and 60 % of the factory; the rest is protected
    shed = np.zeros_like(demand)
    shed[s1] = [130, 10]
    by_load = dict(zip(system.loads.name.tolist(), packed.shed_by_load(load_mw, shed), strict=True))
    assert by_load["s1_homes"] == pytest.approx(100)  # half of its tier
    assert by_load["s1_factory"] == pytest.approx(30 + 10)
    assert sum(by_load.values()) == pytest.approx(140)


def test_own_shed_order_beats_the_class(two_areas):
    def own(tables):
        tables["loads"][0]["shed_order"] = 0

    packed = pack(two_areas(own))
    assert packed.tiers.shed_order.tolist() == [0, 1, 2]
    assert packed.load_tier.tolist() == [0, 2, 1]


def test_price_responsive_class_is_below_all_shedding_and_marked(two_areas):
    def responsive(tables):
        tables["load_classes"].append(
            {"name": "miners", "shed_order": 0, "voll_usd_per_kwh": 0.07, "price_responsive": "true",
             "price_per_mwh": 20}
        )  # fmt: skip
        tables["loads"].append({"name": "mine", "bus": "n2", "p_mw": 50, "load_class": "miners"})

    packed = pack(two_areas(responsive))
    assert packed.tiers.price_responsive.tolist() == [True, False, False]
    assert packed.tiers.penalty[0] == 20 and packed.load_tier[-1] == 0


@pytest.mark.parametrize(
    ("out", "month", "forward"), [((), 1, 150), ((1,), 1, 60), ((1, 2), 1, 60), ((0,), 1, 150), ((), 7, 140)]
)
def test_section_limit_by_circuits_out_and_season(two_areas, out, month, forward):
    def seasonal(tables):
        tables["interface_limits"].append(
            {"interface": "north_south", "direction": "forward", "season": "summer", "normal_mw": 140}
        )

    lo, hi = pack(two_areas(seasonal)).interface_limits(out, month)
    assert hi[0] == forward and np.isinf(lo[0])


def test_a_derate_leaves_an_unlimited_direction_unlimited(two_areas):
    packed = pack(two_areas())
    lo, hi = packed.row_limits([], 1, np.array([0.0]))
    assert hi[-1] == 0 and lo[-1] == -np.inf


def test_columns_are_machines_backup_borders_and_stores(two_areas):
    def more(tables):
        tables["borders"] = [
            {"name": "abroad", "bus": "n1", "contract_import_mw": 10, "limit_import_mw": 20, "price_per_mwh": 60}
        ]
        tables["storages"] = [{"name": "battery", "bus": "s1", "p_charge_mw": 5, "p_discharge_mw": 5, "energy_mwh": 10}]

    packed = pack(two_areas(more, gas=True))
    assert [packed.gen_columns, packed.backup_columns, packed.border_columns] == [slice(0, 2), slice(2, 3), slice(3, 4)]
    np.testing.assert_allclose(packed.cost, [10, 25, 100, 60, 110, 125])  # stores: 1.1 G and 1.25 G


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_storages_are_priced_by_time_to_go_whatever_the_row_order(two_areas, order):
    """4 h, 6 h x 0.5 = 3 h and 4 h at rated power: "a" before "c" by name, then "b". G is 100."""
    rows = [
        {"name": "a", "bus": "s1", "p_charge_mw": 5, "p_discharge_mw": 5, "energy_mwh": 40},
        {"name": "b", "bus": "s1", "p_charge_mw": 5, "p_discharge_mw": 10, "energy_mwh": 60},
        {"name": "c", "bus": "n1", "p_charge_mw": 5, "p_discharge_mw": 20, "energy_mwh": 90},
    ]
    efficiency = {"a": 1.0, "b": 0.5, "c": 1.0}
    held = {"a": 20.0, "b": 60.0, "c": 80.0 + 1e-7}

    def more(tables):
        tables["storages"] = [
            {**rows[k], "efficiency_charge": 1, "efficiency_discharge": efficiency[rows[k]["name"]]} for k in order
        ]

    packed = pack(two_areas(more, gas=True))
    names = packed.system.storages.name.tolist()
    cost = packed.cost_by_time_to_go(np.array([held[name] for name in names]))
    assert dict(zip(names, cost[packed.discharge_columns])) == pytest.approx({"a": 125.0, "c": 137.5, "b": 150.0})
    assert dict(zip(names, cost[packed.charge_columns])) == pytest.approx({"a": 105.0, "c": 107.5, "b": 110.0})
    np.testing.assert_array_equal(cost[: packed.border_columns.stop], packed.cost[: packed.border_columns.stop])


def test_a_storage_without_power_or_energy_has_no_time_to_go():
    rank = time_to_go_rank(np.array([0.0, 50.0, 1.0]), np.array([10.0, 0.0, 10.0]), np.array(["b", "a", "c"]))
    assert rank.tolist() == [2, 1, 0]


@pytest.mark.parametrize(
    ("least_effect", "ladder"),
    [
        (0.005, LEAST_SHEDDING),
        (0.05, Ladder(20.0, 4.0)),
        (0.1, Ladder(10.0, SPILL_FACTOR)),
        (0.2, Ladder(5.0, SPILL_FACTOR)),
    ],
)
def test_ladder_of_the_operator(least_effect, ladder):
    """First class 1 / least_effect, heat a fifth of it but never cheaper to spill than the rest."""
    assert operator_ladder(least_effect) == pytest.approx(ladder)


def test_classes_keep_their_order_and_place_on_both_ladders(two_areas):
    least, operator = pack(two_areas(gas=True)), pack(two_areas(gas=True), operator_ladder(0.05))
    np.testing.assert_allclose(operator.tiers.penalty, [2_000, 2_500])
    assert operator.tiers.shed_order.tolist() == least.tiers.shed_order.tolist()
    assert operator.load_tier.tolist() == least.load_tier.tolist()
    np.testing.assert_array_equal(operator.spill_cost, least.spill_cost)
    np.testing.assert_array_equal(operator.cost, least.cost)


def water_and_border(tables):
    """The machine of the north runs on water, kept like heat in winter; the south may buy 20 MW."""
    tables["generators"][0]["fuel"] = "hydro"
    tables["borders"] = [
        {"name": "abroad", "bus": "s1", "contract_import_mw": 20, "limit_import_mw": 20, "price_per_mwh": 20}
    ]


@pytest.mark.parametrize(("month", "first", "rest"), [(1, 4.0, 2.0), (7, 2.0, 2.0)])
def test_water_is_dearer_to_spill_in_the_heating_season_only(two_areas, month, first, rest):
    packed = pack(two_areas(water_and_border), operator_ladder(0.05))
    spill_cost = packed.spill_cost_in(month) / packed.dearest_supply
    assert spill_cost[0] == pytest.approx(first)
    np.testing.assert_allclose(spill_cost[1:], rest)
    least = pack(two_areas(water_and_border))
    np.testing.assert_array_equal(least.spill_cost_in(month), least.spill_cost)


@pytest.mark.parametrize("limit_mw", [0.0, 40.0, 120.0, 1000.0])
@pytest.mark.parametrize("must_run_mw", [0.0, 250.0])
def test_at_equal_effect_the_ladder_changes_no_shedding_spill_or_import(two_areas, limit_mw, must_run_mw):
    """A section on a radial path: a MW moved relieves it by a MW, so 1 / 20 and 1 / 200 lead to one answer."""
    system = two_areas(water_and_border)
    answers = []
    for ladder in (LEAST_SHEDDING, operator_ladder(0.05)):
        packed = pack(system, ladder)
        solver = DispatchSolver(packed.case)
        hi = np.zeros(packed.n_columns)
        hi[packed.gen_columns], hi[packed.border_columns] = [400.0, 30.0], 20.0
        lo = np.zeros(packed.n_columns)
        lo[0] = must_run_mw
        row_lo, row_hi = packed.row_limits((), 1)
        row_lo[-1], row_hi[-1] = -limit_mw, limit_mw
        state = DispatchState(
            topology=solver.topology(()),
            lo_mw=lo,
            hi_mw=hi,
            cost=packed.cost,
            spill_cost=packed.spill_cost_in(1),
            demand_mw=packed.demand_by_tier(system.loads.p_mw),
            penalty=packed.penalty,
            row_lo_mw=row_lo,
            row_hi_mw=row_hi,
        )
        answers.append(solver.solve(state))
    least, operator = answers
    np.testing.assert_allclose(operator.shed_mw, least.shed_mw, atol=1e-6)
    np.testing.assert_allclose(operator.spill_mw, least.spill_mw, atol=1e-6)
    np.testing.assert_allclose(operator.p_mw, least.p_mw, atol=1e-6)
    if limit_mw == 0.0:  # the south has 30 MW and 20 MW bought for its 300 MW
        assert operator.shed_mw.sum() == pytest.approx(300.0 - 50.0)
        assert operator.spill_mw.sum() == pytest.approx(max(must_run_mw - 100.0, 0.0))  # the north asks for 100 MW
