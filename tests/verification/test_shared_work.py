"""What replicates share changes nothing: tables are those of a replicate that was run alone, to 1e-9.

Shared are the weather, the settled gas network, factorised topologies and the base case.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from gridsim.engine.run import Replicates
from gridsim.io.read_scenario import read_scenario
from tests.support.fraction import FRACTION

EVENTS = ("bbs_pipeline_rupture", "renewable_lull", "north_south_double_circuit")
RELATIVE, ABSOLUTE = 1e-9, 1e-9


@pytest.mark.parametrize("event", EVENTS)
def test_a_replicate_after_others_is_as_alone(event: str) -> None:
    system, scenario = read_scenario(event)
    if FRACTION < 1.0:
        first_h = max((known.at_h for known in scenario.events), default=0.0)
        hours = min(scenario.horizon.hours, max(first_h + 6.0, 30.0, FRACTION * scenario.horizon.hours))
        scenario = dataclasses.replace(scenario, horizon=dataclasses.replace(scenario.horizon, hours=hours))
    together = Replicates(system, scenario)
    for replicate in range(2):
        together.run(seed=1, replicate=replicate)
    found = together.run(seed=1, replicate=2)
    alone = Replicates(system, scenario).run(seed=1, replicate=2)
    assert [str(change) for change in found.log] == [str(change) for change in alone.log]
    assert found.tables.keys() == alone.tables.keys()
    for table, columns in alone.tables.items():
        for name, values in columns.items():
            if values.dtype.kind == "f":
                np.testing.assert_allclose(
                    found.tables[table][name], values, rtol=RELATIVE, atol=ABSOLUTE, err_msg=f"{table}.{name}"
                )
            else:
                np.testing.assert_array_equal(found.tables[table][name], values, err_msg=f"{table}.{name}")
