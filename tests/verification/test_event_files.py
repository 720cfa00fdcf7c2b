"""Every hour of every bundled event: balance per island, machines within limits, shedding within demand."""

from __future__ import annotations

import numpy as np
import pytest

from gridsim.engine.run import run
from gridsim.io.bundled import event_files
from gridsim.io.read_scenario import read_scenario
from tests.support.fraction import FRACTION
from tests.support.run_checks import check_every_interval

NAMES = sorted(name for name, path in event_files().items() if path.suffix == ".yaml")
CHOSEN = NAMES if FRACTION >= 1 else ["north_south_transit_loss", "winter_peak_day"]


@pytest.mark.parametrize("name", CHOSEN)
def test_event(name):
    system, scenario = read_scenario(name)
    result = run(system, scenario)
    assert check_every_interval(result) >= scenario.horizon.hours
    assert result.dispatch_fallbacks == 0
    not_converged = result.tables["solves"]["ac_status"] == "not_converged"
    assert all(reason for reason in result.tables["solves"]["ac_reason"][not_converged])
    for table in ("zones", "generators", "lines"):
        for column, values in result.tables[table].items():
            if values.dtype.kind == "f" and column not in ("p_ac_mw", "loading_percent", "temperature_c", "limit_mw"):
                assert np.isfinite(values).all(), (table, column)
