"""Solutions of low voltage: a warm start does not keep the grid on the lower branch of the nose curve."""

from __future__ import annotations

import numpy as np

from gridsim.solvers.ac import AcModel
from tests.support.ac_cases import kazakhstan


def test_an_outage_after_another_has_the_voltages_of_a_fresh_start() -> None:
    system, point = kazakhstan()
    names = system.branch_name.tolist()
    model, fresh = AcModel(system, base=point), AcModel(system, base=point)
    for name in ("l500_nura_agadyr", "l500_agadyr_yukgres_1", "l220_shymkent_zhambyl_1"):
        state = point._replace(branch_out=np.array([names.index(name)], dtype=np.int32))
        after, alone = model.solve(state), fresh.solve(state)
        fresh.reset()
        assert after.converged
        np.testing.assert_allclose(after.vm_pu, alone.vm_pu, atol=1e-6, err_msg=name)
    assert np.nanmin(alone.vm_pu) > 0.96
