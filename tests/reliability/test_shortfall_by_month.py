"""Unserved energy by month and the worst weeks: against the table of events, and over job sizes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gridsim.errors import StudyError
from gridsim.reliability import (
    SequentialMonteCarlo,
    ShortfallByMonth,
    ShortfallEvents,
    SnapshotMonteCarlo,
    assess,
    system_from_frames,
)

DAY_H = 24


def ten_machines() -> object:
    units = pd.DataFrame({"name": [f"g{k}" for k in range(10)], "p_max_mw": 10.0, "mttf_h": 300.0, "mttr_h": 60.0})
    return system_from_frames(units, np.tile(np.linspace(60, 85, DAY_H), 90), start="2001-01-01")


def test_months_add_up_to_the_whole_and_do_not_depend_on_jobs() -> None:
    system = ten_machines()
    found = []
    for workers, blocks in ((1, 1), (3, 2)):
        method = SequentialMonteCarlo(years=1500, seed=3, workers=workers, job_blocks=blocks)
        result = assess(system, method, ShortfallByMonth(), ShortfallEvents())
        months = [e for e in result.estimates if e.scope.startswith("month:")]
        assert [e.scope for e in months] == ["month:1", "month:2", "month:3"]
        assert sum(e.value for e in months) == pytest.approx(result["EUE"].value, rel=1e-12)
        found.append((months, result.worst_weeks))
    assert found[0] == found[1]
    # between the events wholly inside the worst week and those that touch it
    worst = found[0][1][0]
    events = result.shortfall_events.query(f"sample == {worst.sample}")
    first, last = 24 * worst.start_day, 24 * worst.start_day + 168
    end = events.start_h + events.duration_h
    inside = events.energy_mwh[(events.start_h >= first) & (end <= last)].sum()
    touching = events.energy_mwh[(events.start_h < last) & (end > first)].sum()
    assert inside - 1e-9 <= worst.energy_mwh <= touching + 1e-9


def test_snapshots_have_no_months() -> None:
    with pytest.raises(StudyError):
        assess(ten_machines(), SnapshotMonteCarlo(samples=64), ShortfallByMonth())
