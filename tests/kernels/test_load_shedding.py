"""Shares of loads that are shed, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from gridsim.kernels.load_shedding import shares_shed


def test_a_load_loses_of_each_of_its_tiers_what_the_bus_loses():
    """Losses of 5 % are in both. At bus 0 all that is by price, half of tier 1 and nothing of tier 2 is shed.

    Load 0 is by price; load 1 has 60 % in tier 1 and loses half of that; load 2 stands at a bus that loses nothing.
    """
    response, unserved = np.empty(3), np.empty(3)
    shares_shed(
        load_bus=np.array([0, 0, 1], dtype=np.int32),
        tier=np.array([0, 1, 1], dtype=np.int32),
        protected_tier=np.array([0, 2, 2], dtype=np.int32),
        sheddable_share=np.array([1.0, 0.6, 0.6]),
        responsive=np.array([True, False, False]),
        shed_mw=1.05 * np.array([[30.0, 50.0, 0.0], [0.0, 0.0, 0.0]]),
        wanted_mw=1.05 * np.array([[30.0, 100.0, 80.0], [0.0, 60.0, 0.0]]),
        loss_factor=1.05,
        response_out=response,
        unserved_out=unserved,
    )
    assert response == pytest.approx([1.0, 0.0, 0.0])
    assert unserved == pytest.approx([0.0, 0.3, 0.0])
