"""Admittances of branches are those that pandapower makes of the exported net, to rounding."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from gridsim.io.bundled import network_folder
from gridsim.io.read_network import read_network
from gridsim.model.system import GridSystem
from gridsim.solvers.admittances import admittances
from gridsim.solvers.operating_point import idle_point
from gridsim.solvers.pandapower import pandapower_admittances, to_pandapower
from tests.solvers.test_ac import case


def assert_as_pandapower(system: GridSystem) -> None:
    reference = pandapower_admittances(system, to_pandapower(system, idle_point(system)))
    for ours, theirs in zip(admittances(system), reference, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-13)


@pytest.mark.parametrize("name", ["kazakhstan", "rts79"])
def test_of_a_bundled_network(name: str) -> None:
    assert_as_pandapower(read_network(network_folder(name)))


@pytest.mark.parametrize("seed", range(3))
def test_of_any_transformers(seed: int) -> None:
    """Taps on either side, shifts, several in parallel, losses at rest with and without magnetising current."""
    system, _ = case("case57")
    random = np.random.default_rng(seed)
    trafos = system.transformers
    n = len(trafos)

    def between(low: float, high: float) -> np.ndarray:
        return random.uniform(low, high, n)

    assert_as_pandapower(
        system.replace(
            transformers=dataclasses.replace(
                trafos,
                tap_side=random.choice(["", "hv", "lv"], n),
                tap_min=np.full(n, -9.0),
                tap_max=np.full(n, 9.0),
                tap_neutral=random.integers(-1, 2, n).astype(np.float64),
                tap_pos=random.integers(-9, 10, n).astype(np.float64),
                tap_step_percent=between(0.5, 2.5),
                shift_degree=random.choice([0.0, 30.0, -150.0], n),
                parallel=random.integers(1, 4, n),
                sn_mva=between(20.0, 400.0),
                vk_percent=between(4.0, 18.0),
                vkr_percent=random.choice([0.0, 0.5, 1e-14], n),
                pfe_kw=random.choice([0.0, 40.0, 900.0], n),
                i0_percent=random.choice([0.0, 0.04, 0.5], n),
            )
        )
    )
