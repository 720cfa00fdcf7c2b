"""The exported net in lightsim2grid's own import, which takes the ratio of a transformer from its taps alone."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from gridsim.solvers.ac import AcModel
from gridsim.solvers.pandapower import to_pandapower
from tests.support.ac_cases import kazakhstan


def solved(net: Any) -> Any:
    """(n_buses,) pu by lightsim2grid, all that take part sharing the imbalance."""
    from lightsim2grid.network import init_from_pandapower

    net.gen["slack"] = net.gen["slack_weight"] > 0.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.abs(init_from_pandapower(net).ac_pf(np.ones(len(net.bus), dtype=np.complex128), 30, 1e-9))


def ratio_by_taps(net: Any) -> None:
    """Write rated voltages that are not those of the buses as one tap step of the high side, impedances kept in ohm."""
    trafo, kv = net.trafo, net.bus["vn_kv"]
    step = 1.0 + (trafo["tap_pos"] - trafo["tap_neutral"]) * trafo["tap_step_percent"] / 100.0
    on_hv, on_lv = trafo["tap_side"] == "hv", trafo["tap_side"] == "lv"
    lv_kv = kv.loc[trafo["lv_bus"]].to_numpy()
    hv = trafo["vn_hv_kv"] * np.where(on_hv, step, 1.0) / kv.loc[trafo["hv_bus"]].to_numpy()
    lv = trafo["vn_lv_kv"] * np.where(on_lv, step, 1.0) / lv_kv
    untapped = trafo["vn_lv_kv"] / lv_kv
    trafo["vk_percent"] *= lv**2
    trafo["vkr_percent"] *= lv**2
    trafo["pfe_kw"] /= untapped**2
    trafo["i0_percent"] /= untapped**2
    trafo["vn_hv_kv"], trafo["vn_lv_kv"] = kv.loc[trafo["hv_bus"]].to_numpy(), lv_kv
    trafo["tap_side"], trafo["tap_changer_type"] = "hv", "Ratio"
    trafo["tap_neutral"], trafo["tap_pos"] = 0, 1
    trafo["tap_step_percent"] = (hv / lv - 1.0) * 100.0


def test_rated_voltages_are_what_lightsim2grid_leaves_out() -> None:
    system, point = kazakhstan()
    ours = AcModel(system, base=point, q_limits=False).solve(point)
    assert ours.converged
    net = to_pandapower(system, point)
    off = np.abs(solved(net) - ours.vm_pu).max()
    assert 0.05 < off < 0.12
    net = to_pandapower(system, point)
    ratio_by_taps(net)
    np.testing.assert_allclose(solved(net), ours.vm_pu, atol=1e-6)
