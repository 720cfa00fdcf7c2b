"""Complex power into a network, by hand and against scipy's product."""

import numpy as np
import pytest
from scipy import sparse

from gridsim.kernels.power_flow import branch_flows, judge_round, power_into, start_round


def test_two_buses_by_hand():
    """Y of one branch 1 / 0.1j, 1.0 pu against 0.9 pu: 1.0 conj(-10j 0.1) = 1j pu and 0.9 conj(10j 0.1) = -0.9j."""
    y = sparse.csc_matrix(np.array([[-10j, 10j], [10j, -10j]]))
    power = power_into(y.indptr, y.indices, y.data, np.array([1.0 + 0j, 0.9 + 0j]))
    assert power == pytest.approx([1j, -0.9j])


@pytest.mark.parametrize("seed", range(5))
def test_equals_the_product_of_scipy(seed):
    rng = np.random.default_rng(seed)
    y = sparse.random_array((30, 30), density=0.1, rng=rng, format="csc") * (1.0 - 2.0j)
    v = rng.uniform(0.9, 1.1, 30) * np.exp(1j * rng.uniform(-0.5, 0.5, 30))
    np.testing.assert_allclose(power_into(y.indptr, y.indices, y.data, v), v * np.conj(y @ v), rtol=1e-13, atol=1e-15)


def test_flows_of_a_lossless_line_by_hand():
    """y = -10j between 1.0 pu and 1.0j pu: 10 pu to the second bus, and 10 pu of reactive power in at both ends.

    The second state has the line out. A current of sqrt(200) pu loads it by 2 % a pu at the first, 3 % at the second.
    """
    y = np.array([-10j])
    flows = np.full((5, 2, 1), np.nan)
    branch_flows(
        v=np.array([[1.0, 1.0j], [1.0, 1.0j]]),
        from_bus=np.array([0], dtype=np.int32),
        to_bus=np.array([1], dtype=np.int32),
        status=np.array([[True], [False]]),
        yff=y,
        yft=-y,
        ytf=-y,
        ytt=y,
        percent_from=np.array([2.0]),
        percent_to=np.array([3.0]),
        base_mva=100.0,
        flows_out=flows,
    )
    assert flows[:, 0, 0] == pytest.approx([-1000.0, 1000.0, 1000.0, 1000.0, 3.0 * np.sqrt(200.0)])
    assert flows[:, 1, 0].tolist() == [0.0] * 5


def test_a_round_is_judged_by_the_definition():
    """Four buses: one held and over its limit, one held within, one at its upper limit with voltage to spare, one load.

    They give 0.3 pu more than scheduled, shared by the weights 0.5, 0.5, 0, 0 but for 0.01 at bus 0.
    """
    excess, beyond = np.empty(4), np.empty(4)
    over, back = np.empty(4, dtype=bool), np.empty(4, dtype=bool)
    q_source = np.array([0.0, 0.0, 0.2, 0.0])
    schedule = np.array([1.0 + 0j, 1.0, 0.0, -2.0 - 1j])
    more = np.array([0.16 + 0.5j, 0.14 + 0.1j, 0.0, 0.0])
    unshared, n_over, n_back = judge_round(
        vm=np.array([1.0, 1.0, 1.05, 0.97]),
        power=schedule + more,
        schedule=schedule,
        weight=np.array([0.5, 0.5, 0.0, 0.0]),
        imbalance=0.3,
        held=np.array([True, True, False, False]),
        regulates=np.array([True, True, True, False]),
        q_min=np.array([-0.2, -0.2, -0.2, 0.0]),
        q_max=np.array([0.4, 0.4, 0.2, 0.0]),
        setpoint=np.array([1.0, 1.0, 1.02, 1.0]),
        q_tolerance=1e-6,
        vm_tolerance=1e-6,
        q_source=q_source,
        excess_out=excess,
        over_out=over,
        beyond_out=beyond,
        back_out=back,
    )
    assert unshared == pytest.approx(0.01)
    assert q_source == pytest.approx([0.5, 0.1, 0.2, 0.0])
    assert over.tolist() == [True, False, False, False] and n_over == 1 and excess[0] == pytest.approx(0.1)
    assert back.tolist() == [False, False, True, False] and n_back == 1 and beyond[2] == pytest.approx(0.03)


def test_start_of_a_round_by_hand():
    """Bus 0 holds its voltage, bus 1, the reference, is at its limit: bus 0 takes its place and all of the imbalance.

    Bus 1 gives its half of the imbalance of 0.2 of the round before, and its reactive power.
    """
    arrays = {"s_out": np.empty(2, dtype=complex)}
    arrays |= {name: np.empty(2) for name in ("weight_out", "extra_out", "limited_out")}
    given = {
        "schedule": np.array([1.0 + 0j, -1.0]), "held": np.array([True, False]),
        "weight": np.array([0.5, 0.5]), "imbalance": 0.2, "q_source": np.array([0.0, 0.3]),
    }  # fmt: skip
    assert start_round(reference=1, everywhere=False, total_weight=0.5, **given, **arrays) == 0
    assert arrays["s_out"] == pytest.approx([1.0, -0.9 + 0.3j])
    assert arrays["weight_out"].tolist() == [1.0, 0.0]
    assert arrays["extra_out"] == pytest.approx([0.0, 0.1]) and arrays["limited_out"].tolist() == [0.0, 0.3]
    assert start_round(reference=0, everywhere=True, total_weight=1.0, **given, **arrays) == 0
    assert arrays["weight_out"].tolist() == [0.5, 0.5] and arrays["extra_out"].tolist() == [0.0, 0.0]
