"""Memory of replicates: what a trajectory made is gone when it is over."""

from __future__ import annotations

import gc

from gridsim.engine.run import Replicates
from gridsim.engine.simulation import Simulation
from tests.support.cases import build_two_areas, event, scenario


def test_no_trajectory_stays_when_it_is_over() -> None:
    """Counted without a search of the collector's own; a simulation is a cycle, so that references do not free it."""
    replicates = Replicates(build_two_areas(), scenario(event("plant_outage", "plants", "coal", 1, 2), hours=3))
    gc.collect()
    gc.disable()
    try:
        for replicate in range(3):
            replicates.run(replicate=replicate)
        alive = [found for found in gc.get_objects() if isinstance(found, Simulation)]
    finally:
        gc.enable()
    assert not alive
