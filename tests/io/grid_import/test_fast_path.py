"""Phase shifts and shunt losses in the batch of outages: the same voltages as one power flow after another."""

from __future__ import annotations

import numpy as np
import pytest

from gridsim.io.grid_import.imported import import_net
from gridsim.io.grid_import.sources import built_in
from gridsim.solvers.ac import AcModel
from tests.support.import_cases import point_of


@pytest.mark.parametrize("grid", ["GBreducednetwork", "case89pegase"])
def test_a_batch_of_outages_knows_shifts_and_losses(grid: str) -> None:
    imported = import_net(built_in(grid))
    system, point = imported.system, point_of(imported)
    assert np.abs(system.transformers.shift_degree).max() > 0.5 or np.abs(system.shunts.p_mw).max() > 0.1
    model = AcModel(system, base=point, q_limits=False)
    branches = np.arange(0, 12, dtype=np.int32)
    v, converged = model.contingencies(point, branches, model.solve(point))
    compared = 0
    for branch, voltage, done in zip(branches, v, converged, strict=True):
        alone = model.solve(point._replace(branch_out=np.array([branch], dtype=np.int32)))
        if done and alone.converged and not np.isnan(voltage).any():
            compared += 1
            np.testing.assert_allclose(np.abs(voltage), alone.vm_pu, atol=1e-8)
    assert compared >= 6
