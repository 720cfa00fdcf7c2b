"""Live paths against a count by trying every loss, and by hand."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from gridsim.kernels.flows import islands
from gridsim.kernels.rng import uniforms
from gridsim.solvers.live_paths import LivePaths
from tests.support.cases import build_two_areas

NONE_OUT = np.empty(0, dtype=np.int32)


def paths_of(system: Any, bus: str, *, most: int = 9, own: str = "", out: Any = NONE_OUT, running: Any = None) -> Any:
    at = np.array([system.buses.position(bus)], dtype=np.int32)
    live = np.ones(len(system.generators), dtype=bool) if running is None else running
    found = LivePaths(system, at, np.array([most], dtype=np.int32), np.array([own])).at(live, out)
    return int(found.circuits[0]), int(found.paths[0])


def test_triangle_by_hand():
    system = build_two_areas()
    assert paths_of(system, "n2") == (2, 2)  # machines at n1 and s1, a line to each
    assert paths_of(system, "n2", out=np.array([0], dtype=np.int32)) == (1, 1)
    assert paths_of(system, "n2", most=1) == (1, 1)
    assert paths_of(system, "n2", out=np.array([0, 2], dtype=np.int32)) == (0, 0)
    # a machine at the bus is a source of its own, unless it is the plant's; then the two lines remain
    assert paths_of(system, "s1") == (2, 3)
    assert paths_of(system, "s1", own="gas") == (2, 2)
    assert paths_of(system, "s1", own="gas", running=np.array([False, True])) == (2, 0)


def test_wind_does_not_hold_a_bus_alive():
    def windy(tables: Any) -> None:
        tables["generators"][0].update(fuel="wind", p_min_mw=0, ramp_mw_per_min=None)

    assert paths_of(build_two_areas(windy), "n2")[1] == 2  # to the gas machine at s1: straight, and round by n1
    assert paths_of(build_two_areas(windy), "n1", own="gas")[1] == 0


def random_system(seed: int) -> Any:
    """Five buses joined by seven lines, a machine at bus 0."""
    ends = (uniforms(seed, 0, 1, 14) * 5).astype(int).reshape(7, 2)

    def edit(tables: Any) -> None:
        tables["buses"] = [{"name": f"b{k}", "zone": "north" if k < 4 else "south", "vn_kv": 500} for k in range(5)]
        tables["lines"] = [
            {**tables["lines"][0], "name": f"l{k}", "from_bus": f"b{a}", "to_bus": f"b{b if b != a else (a + 1) % 5}"}
            for k, (a, b) in enumerate(ends)
        ]
        tables["generators"] = [{**tables["generators"][0], "bus": "b0"}]
        tables["loads"] = [{"name": "load", "bus": "b0", "p_mw": 100, "load_class": "homes"}]
        tables["interfaces"], tables["interface_limits"] = [], []

    return build_two_areas(edit)


def least_losses(system: Any, bus: int) -> int:
    """Least number of lines whose loss cuts ``bus`` from bus 0, by trying."""
    for n in range(8):
        for out in itertools.combinations(range(system.n_branches), n):
            works = np.ones(system.n_branches, dtype=bool)
            works[list(out)] = False
            island = islands(len(system.buses), system.branch_from, system.branch_to, works)
            if island[bus] != island[0]:
                return n
    raise AssertionError("never cut")


@pytest.mark.parametrize("seed", range(12))
def test_paths_are_the_least_number_of_losses_that_cut(seed):
    system = random_system(seed)
    for bus in range(1, 5):
        assert paths_of(system, f"b{bus}")[1] == least_losses(system, bus)
