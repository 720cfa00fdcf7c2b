"""The zero-shed certificate: on the triangle of equal lines, generator at bus 0, 20 MW on the line between 1 and 2."""

from __future__ import annotations

import numpy as np
import pytest

from gridsim.kernels.certificate import OVERLOADED, PROVED, UNBALANCED, flows_keep_limits, zero_shed_certificate
from gridsim.kernels.flows import make_case, make_topology

CASE = make_case(3, [0, 1], [0, 1, 0], [1, 2, 2], [1.0, 1.0, 1.0], [True] * 3, [0], [], [])


def certify(demand, out=(), last=(100.0, 0.0), supply=(300.0, 0.0), limit=20.0):
    """Supply and reference are those of buses 0 and 1."""
    row_hi = np.array([1e4, limit, 1e4])
    p = np.zeros(3)
    topology = make_topology(CASE, out)
    answer = zero_shed_certificate(
        topology.island,
        topology.row_ptdf,
        topology.bus_ptdf.astype(np.float32),
        1.0,
        np.array([*supply, 0.0]),
        np.array(demand),
        -row_hi,
        row_hi,
        np.array([*last, 0.0]),
        p,
        np.zeros(9),
        np.zeros(3),
    )
    return answer == PROVED, p


def test_less_load_or_fewer_lines_is_not_always_easier():
    assert not certify([0.0, 0.0, 100.0])[0]  # 33 MW on a line of 20
    assert certify([0.0, 40.0, 100.0])[0]
    assert certify([0.0, 0.0, 100.0], out=[1])[0]


def test_supply_is_scaled_up_and_down_into_balance():
    proved, p = certify([0.0, 30.0, 30.0], last=(100.0, 10.0), supply=(300.0, 20.0))
    assert proved
    assert p.sum() == pytest.approx(60.0)
    proved, p = certify([0.0, 60.0, 60.0], last=(50.0, 10.0), supply=(300.0, 20.0))
    assert proved
    assert p.sum() == pytest.approx(120.0)


def test_a_reference_without_output_is_filled_up():
    proved, p = certify([0.0, 10.0, 10.0], last=(0.0, 0.0), supply=(30.0, 10.0))
    assert proved
    assert p == pytest.approx([15.0, 5.0, 0.0])  # headroom 30 and 10 for 20 MW


def test_too_little_capacity_or_an_island_without_supply_proves_nothing():
    assert not certify([0.0, 40.0, 100.0], supply=(139.0, 0.0))[0]
    assert not certify([0.0, 40.0, 10.0], out=[1, 2])[0]
    assert certify([0.0, 40.0, 0.0], out=[1, 2])[0]


def test_a_dispatch_that_balances_but_overloads_a_line_is_told_apart():
    topology = make_topology(CASE, ())
    arguments = (topology.island, topology.row_ptdf, topology.bus_ptdf.astype(np.float32), 1.0)
    scratch = (np.array([100.0, 0.0, 0.0]), np.zeros(3), np.zeros(9), np.zeros(3))
    limit = np.array([1e4, 20.0, 1e4])
    demand = np.array([0.0, 0.0, 100.0])
    for supply_mw, answer in ((300.0, OVERLOADED), (90.0, UNBALANCED)):
        supply = np.array([supply_mw, 0.0, 0.0])
        assert zero_shed_certificate(*arguments, supply, demand, -limit, limit, *scratch) == answer


def test_single_precision_never_decides_what_its_rounding_could_turn():
    """Limits a hair above and below the exact flow: the answer is that of double precision, whatever float32 says."""
    rng = np.random.default_rng(1)
    for _ in range(200):
        n_buses, n_rows = 60, 40
        ptdf = rng.uniform(-1.0, 1.0, (n_rows, n_buses))
        injection = rng.normal(0.0, 500.0, n_buses) * (rng.random(n_buses) < 0.8)
        flow = np.array([sum(ptdf[row, bus] * injection[bus] for bus in range(n_buses)) for row in range(n_rows)])
        hi = np.maximum(flow, 0.0) + rng.choice([1e-5, 1.0, 1e3], n_rows)
        lo = np.minimum(flow, 0.0) - rng.choice([1e-5, 1.0, 1e3], n_rows)
        single = np.ascontiguousarray(ptdf.T.astype(np.float32))
        assert flows_keep_limits(ptdf, single, 1.0, injection, lo, hi)
        worst = rng.integers(n_rows)
        hi[worst] = flow[worst] - 1e-5
        assert not flows_keep_limits(ptdf, single, 1.0, injection, lo, hi)
