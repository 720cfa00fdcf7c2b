"""Run folders of earlier versions load as they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gridsim.errors import InputError
from gridsim.io.read_run import load_run
from gridsim.study.compare import compare

OLD = Path(__file__).parents[1] / "data" / "run_folder_0_1" / "circuit_trip"


def test_a_folder_of_version_0_1_loads():
    run = load_run(OLD)
    assert (run.name, run.status, run.n_replicates) == ("circuit_trip", "complete", 1)
    assert run.manifest["versions"]["gridsim"] == "0.1.0"
    zones = run.frame("zones")
    energy_mwh = (zones["unserved_mw"] * zones["duration_h"]).sum()
    metrics = run.frame("metrics").set_index(["name", "scope"])["value"]
    # 60 MW through the section for 300 MW of demand: 40 MW of the factory for 3 h.
    assert energy_mwh == pytest.approx(120) and metrics["EUE", "system"] == pytest.approx(energy_mwh)
    lines = run.frame("lines", columns=["time_h", "name", "in_service"])
    out = lines[~lines["in_service"]]
    assert set(out["name"]) == {"n1_s1"} and out["time_h"].between(2, 5, inclusive="left").all()
    assert run.frame("events")["component"].tolist()[0] == "lines:n1_s1"
    assert np.isnan(run.frame("gas")["pressure_bar"]).all()


def test_every_table_it_lists_can_be_read_and_a_later_one_is_not_there():
    run = load_run(OLD)
    assert len(run.tables) == 14 and "storages" not in run.tables
    for table in run.tables:
        assert list(run.frame(table).columns)
    with pytest.raises(InputError) as raised:
        run.frame("storages")
    assert "has no table 'storages'" in str(raised.value)


def test_it_is_compared_with_another_run():
    assert {difference.value for difference in compare(load_run(OLD), load_run(OLD))} == {0.0}
