"""Rows of ``check:``: what is wrong with them is told all at once, each with its place and mend."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gridsim.errors import InputError
from gridsim.io.read_scenario import read_scenario
from gridsim.model.known_day import Against, Stage, Statistic, observables

ROW = {"quantity": "load_mw", "observed": 2000.0, "tolerance": 50.0, "source": "a report of 1979"}


def scenario(*rows: dict[str, Any], **keys: Any) -> dict[str, Any]:
    base = {"name": "day", "network": "rts79", "horizon": {"start": "2026-01-12 00:00", "hours": 24}}
    return {**base, "check": list(rows), **keys}


def places_of(*rows: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(InputError) as caught:
        read_scenario(scenario(*rows))
    return {problem.column: f"{problem.value}; {problem.mend}" for problem in caught.value.problems}


def test_a_row_is_read_with_its_defaults() -> None:
    (check,) = read_scenario(scenario(ROW))[1].checks
    assert (check.place, check.from_h, check.to_h) == ("system", 0.0, 0.0)
    assert (check.statistic, check.against, check.unit) == (Statistic.MEAN, Against.NOTHING, "MW")


def test_times_are_local_or_after_the_start() -> None:
    row = {**ROW, "at": "2026-01-12 06:00", "to": "+18h", "statistic": "energy"}
    (check,) = read_scenario(scenario(row))[1].checks
    assert (check.from_h, check.to_h, check.unit) == (6.0, 18.0, "MWh")


def test_every_fault_is_told_at_once() -> None:
    without_source = {key: value for key, value in ROW.items() if key != "source"}
    without_tolerance = {key: value for key, value in ROW.items() if key != "tolerance"}
    found = places_of(without_source, without_tolerance, {**ROW, "quantity": "lod_mw"}, {**ROW, "observed": "many"})
    assert set(found) == {"check.0.source", "check.1.tolerance", "check.2.quantity", "check.3.observed"}
    assert "load_mw" in found["check.2.quantity"]


def test_faults_that_need_the_network_are_told_at_once() -> None:
    rows = (
        {**ROW, "source": " "},
        {**ROW, "place": "nort"},
        {**ROW, "quantity": "temperature_c"},
        {**ROW, "at": "+30h"},
        {**ROW, "at": "+6h", "to": "+3h"},
        {**ROW, "statistic": "energy"},
        {**ROW, "at": "soon"},
    )
    found = places_of(*rows)
    expected = {"0.source", "1.place", "2.place", "3.at", "4.to", "5.statistic", "6.at"}
    assert set(found) == {f"check.{place}" for place in expected}


def test_checks_are_of_one_file(tmp_path: Path) -> None:
    """A scenario that extends a known day does not claim to be that day."""
    (tmp_path / "day.yaml").write_text(
        'network: rts79\nhorizon: {start: "2026-01-12 00:00", hours: 6}\n'
        "check:\n  - {quantity: load_mw, observed: 1, tolerance: 1, source: somebody}\n"
    )
    (tmp_path / "other.yaml").write_text("extends: day.yaml\n")
    assert len(read_scenario(tmp_path / "day.yaml")[1].checks) == 1
    assert read_scenario(tmp_path / "other.yaml")[1].checks == ()


def test_observables_name_columns_of_result_tables() -> None:
    from gridsim.engine.tables import TABLES

    for observable in observables().values():
        if observable.stage is Stage.HOURLY:
            columns = {column.name for column in TABLES[observable.table]}
            assert set(observable.columns) <= columns, observable.quantity
