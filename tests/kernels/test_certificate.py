"""The zero-shed certificate: on the triangle of equal lines, generator at bus 0, 20 MW on the line between 1 and 2."""

from __future__ import annotations

import numpy as np
import pytest

from gridsim.kernels.certificate import zero_shed_certificate
from gridsim.kernels.flows import make_case, make_topology

CASE = make_case(3, [0, 1], [0, 1, 0], [1, 2, 2], [1.0, 1.0, 1.0], [True] * 3, [0], [], [])


def certify(demand, out=(), last=(100.0, 0.0), lo=(0.0, 0.0), hi=(300.0, 0.0), limit=20.0):
    row_hi = np.array([1e4, limit, 1e4])
    p = np.zeros(2)
    proved = zero_shed_certificate(
        make_topology(CASE, out),
        CASE.gen_bus,
        np.array(lo),
        np.array(hi),
        np.array(demand),
        -row_hi,
        row_hi,
        np.array(last),
        p,
        np.zeros(9),
        np.zeros(3),
        np.zeros(3),
    )
    return proved, p


def test_less_load_or_fewer_lines_is_not_always_easier():
    assert not certify([0.0, 0.0, 100.0])[0]  # 33 MW on a line of 20
    assert certify([0.0, 40.0, 100.0])[0]
    assert certify([0.0, 0.0, 100.0], out=[1])[0]


def test_supply_is_scaled_up_and_down_into_balance():
    proved, p = certify([0.0, 30.0, 30.0], last=(100.0, 10.0), hi=(300.0, 20.0))
    assert proved
    assert p.sum() == pytest.approx(60.0)
    proved, p = certify([0.0, 60.0, 60.0], last=(50.0, 10.0), hi=(300.0, 20.0))
    assert proved
    assert p.sum() == pytest.approx(120.0)


def test_heat_led_output_may_be_spilled():
    assert certify([0.0, 10.0, 10.0], lo=(50.0, 0.0))[0]


def test_too_little_capacity_or_an_island_without_supply_proves_nothing():
    assert not certify([0.0, 40.0, 100.0], hi=(139.0, 0.0))[0]
    assert not certify([0.0, 40.0, 10.0], out=[1, 2])[0]
    assert certify([0.0, 40.0, 0.0], out=[1, 2])[0]
