"""Areas and stores: against linear programming, hand cases, and energy accounts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from gridsim.kernels.zonal import serve_demand, set_balance, set_limits, use_stores
from gridsim.kernels.zonal_case import ZonalCase, new_scratch
from gridsim.kernels.zonal_sharing import share_shortage
from gridsim.reliability.areas import areas_of
from gridsim.reliability.frames import system_from_frames
from gridsim.reliability.pack import zonal_case
from gridsim.reliability.samplers import ZonalYears


def network(balance: list[float], links: list[tuple[int, int, float, float]]) -> ZonalCase:
    """A case whose first hour has the given balances of the areas."""
    areas = [f"a{i}" for i in range(len(balance))]
    units = pd.DataFrame({"name": areas, "area": areas, "p_max_mw": [max(b, 0.0) for b in balance]})
    load = pd.DataFrame([[max(-b, 0.0) for b in balance]] * 2, columns=areas)
    load.iloc[1] = 1.0
    interfaces = pd.DataFrame(
        {
            "name": [f"i{k}" for k in range(len(links))],
            "area_from": [areas[link[0]] for link in links],
            "area_to": [areas[link[1]] for link in links],
            "forward_mw": [link[2] for link in links],
            "backward_mw": [link[3] for link in links],
        }
    )
    system = system_from_frames(units, load, interfaces)
    return zonal_case(system, areas_of(system, merged=False), 1e-4)


def solved(case: ZonalCase):  # type: ignore[no-untyped-def]
    n_areas, n_interfaces = case.supply.margin_mw.shape[0], len(case.interface_from)
    scratch = new_scratch(n_areas, n_interfaces, len(case.store_area))
    set_balance(case, scratch, 0, np.zeros(n_areas))
    set_limits(case, scratch, 0, np.zeros(n_interfaces))
    serve_demand(case, scratch)
    return scratch


def least_shedding(balance: list[float], links: list[tuple[int, int, float, float]]) -> float:
    """min sum s, s.t. balance + s - A f >= 0, flows within limits."""
    n, m = len(balance), len(links)
    incidence = np.zeros((n, m))
    for k, (start, stop, _, _) in enumerate(links):
        incidence[start, k] += 1
        incidence[stop, k] -= 1
    result = linprog(
        np.append(np.zeros(m), np.ones(n)),
        np.hstack([incidence, -np.eye(n)]),
        np.array(balance),
        bounds=[(-link[3], link[2]) for link in links] + [(0, None)] * n,
        method="highs",
    )
    assert result.status == 0
    return float(result.fun)


@st.composite
def networks(draw):  # type: ignore[no-untyped-def]
    n = draw(st.integers(2, 6))
    balance = draw(st.lists(st.integers(-50, 50).map(float), min_size=n, max_size=n))
    pair = st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)).filter(lambda p: p[0] != p[1])
    limit = st.integers(0, 30).map(float)
    links = draw(st.lists(st.tuples(pair, limit, limit), max_size=9))
    return balance, [(a, b, f, r) for (a, b), f, r in links]


@given(networks())
@settings(max_examples=150, deadline=None)
def test_shedding_is_the_least_and_flows_keep_their_limits(case) -> None:  # type: ignore[no-untyped-def]
    balance, links = case
    scratch = solved(network(balance, links))
    assert scratch.shortage.sum() == pytest.approx(least_shedding(balance, links), abs=1e-6)
    net = np.array(balance)
    for k, (start, stop, forward, backward) in enumerate(links):
        assert -backward - 1e-9 <= scratch.flow[k] <= forward + 1e-9
        net[start] -= scratch.flow[k]
        net[stop] += scratch.flow[k]
    np.testing.assert_allclose(net, scratch.surplus - scratch.shortage, atol=1e-7)


def test_tiny_a_shortage_that_may_be_moved_is_shared() -> None:
    """30 MW for two areas short by 40 and 20 MW: 20 and 10 MW are served, half of each."""
    scratch = solved(network([30.0, -40.0, -20.0], [(0, 1, 100.0, 100.0), (0, 2, 100.0, 100.0)]))
    np.testing.assert_allclose(scratch.shortage, [0.0, 20.0, 10.0], atol=1e-9)


def shared(
    balance: list[float], links: list[tuple[int, int, float, float]], load: list[list[float]]
) -> tuple[np.ndarray, np.ndarray]:
    """Shortage of each area before and after sharing; ``load`` by place of the shed order, then area."""
    demand = np.array(load)
    tier, area = np.nonzero(demand)
    case = network(balance, links)._replace(
        n_tiers=len(demand),
        part_area=area.astype(np.int32),
        part_tier=tier.astype(np.int32),
        part_row=np.zeros(len(area), dtype=np.int32),
        part_mw=demand[tier, area],
        part_people_mw=0.25 * demand[tier, area] * (tier == 1),
        part_factor=np.ones((2, 1)),
    )
    scratch = solved(case)
    before = scratch.shortage.copy()
    people_mw = share_shortage(case, scratch, 0)
    # a quarter of what is shed of the second place of the order
    second_mw = demand[:2].sum(axis=0) - demand[0]
    expected = 0.25 * np.clip(scratch.shortage - demand[0], 0.0, second_mw).sum()
    assert people_mw == pytest.approx(expected, abs=1e-6)
    return before, scratch.shortage


FREE = [(0, 1, 1e3, 1e3)]


@pytest.mark.parametrize(
    ("balance", "links", "load", "expected"),
    [
        # the north serves itself and has nothing to spare: of 30 MW short both bear a tenth of their 200 and 100 MW
        ([0.0, -30.0], FREE, [[200.0, 100.0]], [20.0, 10.0]),
        # 25 MW of furnaces in the north go first, then a twentieth of the homes of both
        ([0.0, -30.0], FREE, [[25.0, 0.0], [60.0, 40.0]], [25.0 + 3.0, 2.0]),
        # the line to the south has room for 8 MW more
        ([0.0, -30.0], [(0, 1, 8.0, 100.0)], [[200.0, 100.0]], [8.0, 22.0]),
        # a full line shares nothing
        ([20.0, -30.0], [(0, 1, 5.0, 100.0)], [[200.0, 100.0]], [0.0, 25.0]),
        # the first area stops at its 2 MW, the other two share what is left, 16 MW of 100 and 60 MW
        ([0.0, 0.0, -18.0], [(0, 2, 2.0, 0.0), (1, 2, 99.0, 0.0)], [[300.0, 100.0, 60.0]], [2.0, 10.0, 6.0]),
        # through an area without load
        ([0.0, 0.0, -12.0], [(0, 1, 50.0, 50.0), (2, 1, 50.0, 50.0)], [[20.0, 0.0, 100.0]], [2.0, 0.0, 10.0]),
        # nobody is short
        ([10.0, -5.0], FREE, [[200.0, 100.0]], [0.0, 0.0]),
    ],
)
def test_tiny_a_shortage_is_shared_by_shed_order_and_load(balance, links, load, expected) -> None:  # type: ignore[no-untyped-def]
    before, after = shared(balance, links, load)
    np.testing.assert_allclose(after, expected, atol=1e-6)
    assert after.sum() == pytest.approx(before.sum(), abs=1e-9)


@st.composite
def loaded_networks(draw):  # type: ignore[no-untyped-def]
    balance, links = draw(networks())
    n_tiers = draw(st.integers(1, 3))
    rows = [draw(st.lists(st.integers(0, 40).map(float), min_size=len(balance), max_size=len(balance)))
            for _ in range(n_tiers)]  # fmt: skip
    load = np.array(rows)
    load[-1] += np.maximum(-np.array(balance) - load.sum(axis=0), 0.0)  # an area is short of no more than its load
    return balance, links, load


def most_shed(balance, links, limit) -> float:  # type: ignore[no-untyped-def]
    """max sum s over 0 <= s <= limit among the answers of least shedding, flows within limits."""
    n, m = len(balance), len(links)
    incidence = np.zeros((n, m))
    for k, (start, stop, _, _) in enumerate(links):
        incidence[start, k] += 1
        incidence[stop, k] -= 1
    # columns: flows, s (counted, up to the limit), rest (anything above it)
    result = linprog(
        np.concatenate([np.zeros(m), -np.ones(n), np.zeros(n)]),
        A_ub=np.hstack([incidence, -np.eye(n), -np.eye(n)]),
        b_ub=np.array(balance),
        A_eq=np.concatenate([np.zeros(m), np.ones(2 * n)])[None],
        b_eq=[least_shedding(balance, links)],
        bounds=[(-link[3], link[2]) for link in links] + [(0, x) for x in limit] + [(0, None)] * n,
        method="highs",
    )
    assert result.status == 0
    return -float(result.fun)


@given(loaded_networks())
@settings(max_examples=100, deadline=None)
def test_sharing_keeps_the_sum_and_sheds_each_place_of_the_order_before_the_next(case) -> None:  # type: ignore[no-untyped-def]
    balance, links, load = case
    before, after = shared(balance, links, load.tolist())
    assert after.sum() == pytest.approx(before.sum(), abs=1e-6)
    assert (after >= -1e-9).all() and (after <= load.sum(axis=0) + 1e-6).all()
    # an answer that the interfaces allow: with this much shed, nobody is short
    assert least_shedding(list(np.array(balance) + after + 1e-7), links) == pytest.approx(0.0, abs=1e-5)
    for tier in range(len(load)):
        up_to = load[: tier + 1].sum(axis=0)
        assert np.minimum(after, up_to).sum() == pytest.approx(most_shed(balance, links, up_to), abs=1e-5)


@given(loaded_networks())
@settings(max_examples=50, deadline=None)
def test_no_area_could_take_over_from_one_that_sheds_more_of_its_load(case) -> None:  # type: ignore[no-untyped-def]
    balance, links, load = case
    one = load.sum(axis=0)
    _, after = shared(balance, links, [one.tolist()])
    share = np.divide(after, one, out=np.zeros(len(one)), where=one > 0)
    for less in np.flatnonzero(one > 0):
        for more in np.flatnonzero(share > share[less] + 1e-4):
            moved = after.copy()
            moved[less] += 1e-3
            moved[more] -= 1e-3
            assert least_shedding(list(np.array(balance) + moved), links) > 5e-4


def test_tiny_flow_is_rerouted_when_a_later_path_needs_the_first_ones_interface() -> None:
    """Classic crossing: both sources reach both sinks only if the first path gives way."""
    links = [(0, 2, 10.0, 0.0), (0, 3, 10.0, 0.0), (1, 2, 10.0, 0.0)]
    assert solved(network([10.0, 10.0, -10.0, -10.0], links)).shortage.sum() == pytest.approx(0.0, abs=1e-9)


def store_system(net_load: list[float], **changes: object):  # type: ignore[no-untyped-def]
    """One machine of 50 MW; load 50 + net_load; one or more stores."""
    units = pd.DataFrame({"name": ["m"], "p_max_mw": [50.0]})
    frame = {
        "name": ["s"],
        "charge_mw": [10.0],
        "discharge_mw": [10.0],
        "energy_mwh": [20.0],
        "efficiency_charge": [0.8],
        "efficiency_discharge": [0.9],
        "energy_start_share": [0.5],
    }
    frame.update(changes)
    return system_from_frames(units, 50.0 + np.array(net_load), storages=pd.DataFrame(frame))


def test_tiny_store_by_hand() -> None:
    """Starts with 10 MWh. Hour 0 short by 6: gives 6, 10 - 6/0.9 = 3.3333 left. Hour 1 has 5 to spare: + 4 = 7.3333.

    Hour 2 short by 12: gives min(10, 7.3333 * 0.9 = 6.6) = 6.6, sheds 5.4. Hour 3 short by 1: empty, sheds 1.
    """
    system = store_system([6.0, -5.0, 12.0, 1.0])
    sampler = ZonalYears(system, 1, True, merged=True)
    total, events, _ = sampler.run(0, 2)
    for sample in range(2):
        assert total[sample, 0].tolist() == pytest.approx([2.0, 1.0, 1.0, 6.4, 5.4], rel=1e-12)
    assert events[0].tolist() == pytest.approx([0, 0, 2, 2, 6.4, 5.4], rel=1e-12)


def test_tiny_carryover_loses_energy_each_hour() -> None:
    """Full 20 MWh, a quarter lost each hour: 15 in hour 0, 11.25 in hour 1 gives 9 of 12 MW; 3 shed."""
    system = store_system(
        [0.0, 12.0], carryover=[0.75], efficiency_discharge=[0.8], energy_start_share=[1.0], charge_mw=[0.0]
    )
    total, _, _ = ZonalYears(system, 1, True, merged=True).run(0, 1)
    assert total[0, 0, 3] == pytest.approx(3.0, rel=1e-12)


def test_tiny_longest_time_to_go_discharges_first() -> None:
    """Stores of 10 MW with 10 and 20 MWh, short by 10 and then by 20 MW: both can give 10 MW in the second hour only if
    the long one served the first."""
    stores = {
        "name": ["short", "long"],
        "charge_mw": [0.0, 0.0],
        "discharge_mw": [10.0, 10.0],
        "energy_mwh": [10.0, 20.0],
        "efficiency_charge": [1.0, 1.0],
        "efficiency_discharge": [1.0, 1.0],
        "energy_start_share": [1.0, 1.0],
    }
    total, _, _ = ZonalYears(store_system([10.0, 20.0], **stores), 1, True, merged=True).run(0, 1)
    assert total[0, 0, 3] == 0.0


@given(
    net_load=st.lists(st.integers(-20, 20).map(float), min_size=2, max_size=40).filter(lambda x: max(x) > -20),
    efficiency=st.sampled_from([1.0, 0.8]),
    start=st.sampled_from([0.0, 0.5, 1.0]),
)
@settings(max_examples=80, deadline=None)
def test_stores_never_create_energy(net_load: list[float], efficiency: float, start: float) -> None:
    system = store_system(
        net_load, efficiency_charge=[efficiency], efficiency_discharge=[0.9], energy_start_share=[start]
    )
    case = zonal_case(system, areas_of(system, merged=True), 1e-6)
    scratch = new_scratch(1, 0, 1)
    scratch.energy_mwh[:] = case.store_start_mwh
    charged = discharged = 0.0
    for hour in range(len(net_load)):
        before = scratch.energy_mwh[0]
        set_balance(case, scratch, hour, np.zeros(1))
        shortage, surplus = scratch.shortage[0], scratch.surplus[0]
        serve_demand(case, scratch)
        use_stores(case, scratch, np.zeros(1))
        given_mw, taken_mw = shortage - scratch.shortage[0], surplus - scratch.surplus[0]
        assert given_mw <= 10.0 + 1e-9
        assert taken_mw <= 10.0 + 1e-9
        assert given_mw == 0.0 or taken_mw == 0.0
        assert -1e-9 <= scratch.energy_mwh[0] <= 20.0 + 1e-9
        change = taken_mw * efficiency - given_mw / 0.9
        assert scratch.energy_mwh[0] - before == pytest.approx(change, abs=1e-9)
        charged += taken_mw
        discharged += given_mw
    assert discharged <= 0.9 * (start * 20.0 + efficiency * charged) + 1e-9
    sampler = ZonalYears(system, 1, True, merged=True)
    without = np.maximum(net_load, 0.0).sum()
    assert sampler.run(0, 1)[0][0, 0, 3] == pytest.approx(without - discharged, abs=1e-5)


def three_areas(n_hours: int, store_share: float):  # type: ignore[no-untyped-def]
    hours = np.arange(n_hours)
    load = pd.DataFrame(
        {
            "north": 60 + 20 * np.sin(hours / 24 * 2 * np.pi),
            "middle": 40 + 10 * np.cos(hours / 24 * 2 * np.pi),
            "south": 50 + 25 * np.sin(hours / 24 * 2 * np.pi + 1),
        }
    )
    units = pd.DataFrame(
        {
            "name": [f"u{i}" for i in range(9)],
            "area": ["north"] * 4 + ["middle"] * 3 + ["south"] * 2,
            "p_max_mw": [40.0, 40.0, 30.0, 30.0, 30.0, 25.0, 25.0, 35.0, 25.0],
            "mttf_h": 300.0,
            "mttr_h": 20.0,
        }
    )
    interfaces = pd.DataFrame(
        {
            "name": ["nm", "ms"],
            "area_from": ["north", "middle"],
            "area_to": ["middle", "south"],
            "forward_mw": [60.0, 45.0],
            "backward_mw": [30.0, 30.0],
            "mttf_h": 500.0,
            "mttr_h": 10.0,
        }
    )
    storages = pd.DataFrame(
        {
            "name": ["s1", "s2"],
            "area": ["south", "middle"],
            "charge_mw": 15.0,
            "discharge_mw": 20.0,
            "energy_mwh": [60.0, 30.0],
            "efficiency_charge": 0.9,
            "efficiency_discharge": 0.95,
            "energy_start_share": store_share,
            "mttf_h": 400.0,
            "mttr_h": 30.0,
        }
    )
    return units, load, interfaces, storages


@pytest.mark.parametrize("with_stores", [False, True])
def test_skipping_changes_no_bit(with_stores: bool) -> None:
    units, load, interfaces, storages = three_areas(2000, 1.0)
    system = system_from_frames(units, load, interfaces, storages=storages if with_stores else None)
    on, on_events, _ = ZonalYears(system, 1, True, merged=False).run(0, 60)
    off, off_events, _ = ZonalYears(system, 1, False, merged=False).run(0, 60)
    assert on.tobytes() == off.tobytes()
    assert on_events.tobytes() == off_events.tobytes()
    assert on[:, 0, 0].mean() > 1.0


def test_tiny_years_against_a_linear_programme_in_every_hour() -> None:
    """Without stores the hours are independent: each hour's shortage is the least of that hour's network."""
    units, load, interfaces, _ = three_areas(48, 1.0)
    units["mttf_h"], units["mttr_h"] = 40.0, 20.0
    system = system_from_frames(units, load, interfaces)
    sampler = ZonalYears(system, 3, False, merged=False)
    total, _, _ = sampler.run(0, 4)
    from gridsim.kernels.availability import draw_outages

    areas = list(load.columns)
    for sample in range(4):
        arrays = [np.empty(500, dtype=np.int32) for _ in range(3)]
        lost = np.empty(500)
        batch = np.empty((4, len(sampler.chronology.model.batch_block)))
        n = draw_outages(sampler.chronology.model, np.uint64(3), np.uint64(sample), 48, batch, *arrays, lost)
        up = np.ones((11, 48))
        for component, first, end in zip(*(array[:n] for array in arrays)):
            up[component, first:end] = 0.0
        energy = 0.0
        for hour in range(48):
            balance = -load.iloc[hour].to_numpy()
            for unit in range(9):
                balance[areas.index(units["area"][unit])] += units["p_max_mw"][unit] * up[unit, hour]
            links = [(0, 1, 60 * up[9, hour], 30 * up[9, hour]), (1, 2, 45 * up[10, hour], 30 * up[10, hour])]
            energy += least_shedding(list(balance), links)
        assert total[sample, 0, 3] == pytest.approx(energy, rel=1e-6, abs=1e-3)
    assert total[:, 0, 3].sum() > 0
