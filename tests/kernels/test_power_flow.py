"""Complex power into a network, by hand and against scipy's product."""

import numpy as np
import pytest
from scipy import sparse

from gridsim.kernels.power_flow import power_into


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
