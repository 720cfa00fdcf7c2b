"""Islands, PTDF and outages against hand-computed networks and against solving the bus angles."""

from __future__ import annotations

import numpy as np
import pytest

from gridsim.kernels.flows import add_rows, islands, make_case, make_topology, topology_into
from gridsim.kernels.flows_reference import flow_reference, islands_reference

TRIANGLE = (np.array([0, 1, 0], dtype=np.int32), np.array([1, 2, 2], dtype=np.int32))


def triangle(x=(1.0, 1.0, 1.0)):
    return make_case(3, [0], *TRIANGLE, x, [True] * 3, [0, 2], [0, 2], [1.0, 1.0])


def random_case(rng):
    n = int(rng.integers(2, 25))
    n_branches = int(rng.integers(1, 2 * n + 1))
    branch_from = rng.integers(0, n, n_branches)
    branch_to = (branch_from + rng.integers(1, n, n_branches)) % n
    return make_case(
        n,
        [0],
        branch_from,
        branch_to,
        10.0 ** rng.uniform(-2, 0, n_branches),
        rng.random(n_branches) < 0.95,
        np.array([0, 2, 4]),
        rng.integers(0, n_branches, 4),
        rng.choice([-1.0, 1.0], 4),
    )


def test_an_equal_triangle_sends_two_thirds_the_short_way():
    ptdf = triangle().row_ptdf[:3]
    # 1 MW from bus 0 to bus 2: 2/3 on the direct line, 1/3 over bus 1
    np.testing.assert_allclose(ptdf @ np.array([1.0, 0.0, -1.0]), [1 / 3, 1 / 3, 2 / 3], atol=1e-15)


def test_an_unequal_triangle_divides_by_reactance():
    # direct line 2, way round 1 + 3 = 4: shares 4/6 and 2/6
    ptdf = triangle((1.0, 3.0, 2.0)).row_ptdf[:3]
    np.testing.assert_allclose(ptdf @ np.array([1.0, 0.0, -1.0]), [2 / 6, 2 / 6, 4 / 6], atol=1e-15)


def test_the_interface_row_is_the_signed_sum_of_its_lines():
    case = triangle()
    np.testing.assert_array_equal(case.row_ptdf[3], case.row_ptdf[0] + case.row_ptdf[2])


def test_a_line_out_sends_everything_the_other_way():
    topology = make_topology(triangle(), [2])
    np.testing.assert_allclose(topology.row_ptdf @ np.array([1.0, 0.0, -1.0]), [1.0, 1.0, 0.0, 1.0], atol=1e-15)


def test_two_lines_out_leave_an_island_that_carries_nothing():
    topology = make_topology(triangle(), [1, 2])
    assert topology.island.tolist() == [0, 0, 1]
    np.testing.assert_allclose(topology.row_ptdf @ np.array([1.0, -1.0, 0.0]), [1.0, 0.0, 0.0, 1.0], atol=1e-15)
    np.testing.assert_array_equal(topology.row_ptdf[:, 2], 0.0)


def test_islands_are_numbered_by_their_lowest_bus():
    branch_from, branch_to = np.array([4, 1], dtype=np.int32), np.array([0, 3], dtype=np.int32)
    assert islands(5, branch_from, branch_to, np.ones(2, dtype=bool)).tolist() == [0, 1, 2, 1, 0]


def test_flows_of_random_outages_are_those_of_the_bus_angles():
    rng = np.random.default_rng(1)
    split = 0
    for _ in range(200):
        case = random_case(rng)
        n_branches = case.branch_from.size
        out = rng.integers(0, n_branches, rng.integers(0, 6))
        topology = make_topology(case, out)
        in_service = case.branch_in_service.copy()
        in_service[out] = False
        island = islands_reference(case.n_buses, case.branch_from, case.branch_to, in_service)
        np.testing.assert_array_equal(topology.island, island)
        split += island.max() > case.island.max()
        injection = rng.normal(size=case.n_buses)
        for k in range(island.max() + 1):
            injection[island == k] -= injection[island == k].mean()
        flow = flow_reference(case.n_buses, case.branch_from, case.branch_to, case.branch_x_pu, in_service, injection)
        np.testing.assert_allclose(topology.row_ptdf[:n_branches] @ injection, flow, atol=1e-10)
        np.testing.assert_array_equal(topology.bus_ptdf, topology.row_ptdf.T)
        other_island = island[case.branch_from][:, None] != island[None, :]
        np.testing.assert_array_equal(topology.row_ptdf[:n_branches][other_island], 0.0)
    assert split > 50  # the case that needs care is in the sample


def test_bits_depend_on_the_outage_set_alone():
    case = random_case(np.random.default_rng(5))
    reference = make_topology(case, [1, 4, 2])
    make_topology(case, [0, 3])
    again = make_topology(case, [4, 2, 1, 2])
    for a, b in zip(reference, again, strict=True):
        assert a.tobytes() == b.tobytes()


def test_nearly_parallel_lines_are_factorised_anew():
    # two parallel lines, one of 1e-7 of the other's reactance: updating would lose seven digits
    case = make_case(2, [0], [0, 0], [1, 1], [1.0, 1e-7], [True, True], [0], [], [])
    topology = make_topology(case, [1])
    np.testing.assert_array_equal(topology.row_ptdf @ np.array([1.0, -1.0]), [1.0, 0.0])


def test_a_branch_already_out_changes_nothing():
    case = make_case(2, [0], [0, 0], [1, 1], [1.0, 1.0], [True, False], [0], [], [])
    np.testing.assert_array_equal(make_topology(case, [1]).row_ptdf, case.row_ptdf)


def test_a_position_outside_the_case_is_refused():
    with pytest.raises(AssertionError, match="outside the case"):
        make_topology(triangle(), [3])


def test_the_intact_topology_is_the_case_itself_and_has_the_bits_of_one_made_anew():
    case = random_case(np.random.default_rng(5))
    topology, rows = make_topology(case, ()), make_topology(case, (), transposed=False)
    assert topology.row_ptdf is case.row_ptdf and rows.row_ptdf is case.row_ptdf
    assert rows.bus_ptdf.shape == (0, len(case.row_ptdf)) and np.array_equal(topology.bus_ptdf, case.row_ptdf.T)
    island, row_ptdf, bus_ptdf = topology.island.copy(), np.empty_like(case.row_ptdf), topology.bus_ptdf.copy()
    topology_into(case, np.empty(0, dtype=np.int32), island, row_ptdf, bus_ptdf)
    for anew, kept in ((island, topology.island), (row_ptdf, case.row_ptdf), (bus_ptdf, topology.bus_ptdf)):
        assert anew.tobytes() == kept.tobytes()
    out = np.flatnonzero(case.branch_in_service)[:1]
    alone = make_topology(case, out, transposed=False)
    assert alone.bus_ptdf.size == 0 and np.array_equal(alone.row_ptdf, make_topology(case, out).row_ptdf)


@pytest.mark.parametrize("n", range(13))
def test_rows_are_added_in_their_order_to_the_last_bit(n):
    rng = np.random.default_rng(n)
    rows, at, amount = rng.normal(size=(12, 37)), rng.integers(0, 12, 12).astype(np.int32), rng.normal(size=12)
    total = rng.normal(size=37)
    expected = total.copy()
    for k in range(n):
        expected += amount[k] * rows[at[k]]
    add_rows(rows, at, amount, n, total)
    assert total.tobytes() == expected.tobytes()
