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


def flows(status, y, v, percent=(1.0, 1.0)):
    """Flows of one branch from bus 0 to bus 1."""
    one, shape = np.ones(1), (len(v), 1)
    names = ("p_from_out", "p_to_out", "q_from_out", "q_to_out", "loading_out")
    found = {name: np.empty(shape) for name in names}
    branch_flows(
        from_bus=np.array([0], dtype=np.int32),
        to_bus=np.array([1], dtype=np.int32),
        status=status,
        yff=y[0] * one,
        yft=y[1] * one,
        ytf=y[2] * one,
        ytt=y[3] * one,
        percent_from=percent[0] * one,
        percent_to=percent[1] * one,
        base_mva=100.0,
        v=v,
        **found,
    )
    return {name: values[:, 0] for name, values in found.items()}


def test_flow_of_a_branch_by_hand():
    """y = -10j from 1.0 to 0.9 pu: i = -1j pu, 100 Mvar go in and 90 come out; the current is 50 and 80 per cent.

    Out of service it carries nothing, without voltage nothing is known.
    """
    v = np.array([[1.0, 0.9], [1.0, 0.9], [np.nan, np.nan]]) + 0j
    found = flows(np.array([[True], [False], [True]]), (-10j, 10j, 10j, -10j), v, (50.0, 80.0))
    assert found["q_from_out"][:2] == pytest.approx([100.0, 0.0]) and found["q_to_out"][:2] == pytest.approx([-90.0, 0])
    assert found["p_from_out"][:2] == pytest.approx([0.0, 0.0]) and found["p_to_out"][:2] == pytest.approx([0.0, 0.0])
    assert found["loading_out"][:2] == pytest.approx([80.0, 0.0])
    assert all(np.isnan(values[2]) for values in found.values())


def test_a_round_is_judged_by_the_definition():
    """Four buses: one held and over its limit, one held within, one at its upper limit with voltage to spare, one load.

    They give 0.3 pu more than scheduled, shared by the weights 0.5, 0.5, 0, 0 but for 0.01 at bus 0.
    """
    excess, beyond = np.empty(4), np.empty(4)
    over, back = np.empty(4, dtype=bool), np.empty(4, dtype=bool)
    q_source = np.array([0.0, 0.0, 0.2, 0.0])
    schedule = np.array([1.0 + 0j, 1.0, 0.0, -2.0 - 1j])
    more = np.array([0.16 + 0.5j, 0.14 + 0.1j, 0.0, 0.0])
    imbalance, unshared, n_over, n_back = judge_round(
        v=np.array([1.0, 1.0, 1.05, 0.97]) + 0j,
        power=schedule + more,
        schedule=schedule,
        weight=np.array([0.5, 0.5, 0.0, 0.0]),
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
    assert (imbalance, unshared) == pytest.approx((0.3, 0.01))
    assert q_source == pytest.approx([0.5, 0.1, 0.2, 0.0])
    assert over.tolist() == [True, False, False, False] and n_over == 1 and excess[0] == pytest.approx(0.1)
    assert back.tolist() == [False, False, True, False] and n_back == 1 and beyond[2] == pytest.approx(0.03)


def test_start_of_a_round_by_hand():
    """Bus 0 holds 1.1 pu, bus 1, the reference, is at its limit: bus 0 takes its place and all of the imbalance.

    Bus 1 gives its half of the imbalance of 0.2 of the round before, and its reactive power.
    """
    arrays = {name: np.empty(2, dtype=complex) for name in ("v0_out", "s_out")}
    arrays |= {name: np.empty(2) for name in ("weight_out", "extra_out", "limited_out")}
    given = {
        "v": np.array([1j, 0.5j]), "schedule": np.array([1.0 + 0j, -1.0]), "held": np.array([True, False]),
        "weight": np.array([0.5, 0.5]), "imbalance": 0.2, "q_source": np.array([0.0, 0.3]),
        "setpoint": np.array([1.1, 1.0]),
    }  # fmt: skip
    assert start_round(reference=1, everywhere=False, **given, **arrays) == 0
    assert arrays["v0_out"] == pytest.approx([1.1, 0.5])  # turned to the angle of the reference
    assert arrays["s_out"] == pytest.approx([1.0, -0.9 + 0.3j])
    assert arrays["weight_out"].tolist() == [1.0, 0.0]
    assert arrays["extra_out"] == pytest.approx([0.0, 0.1]) and arrays["limited_out"].tolist() == [0.0, 0.3]
    assert start_round(reference=0, everywhere=True, **given, **arrays) == 0
    assert arrays["weight_out"].tolist() == [0.5, 0.5] and arrays["extra_out"].tolist() == [0.0, 0.0]
