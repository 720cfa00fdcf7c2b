"""Choices that files may hold are those of the tables that list them."""

from __future__ import annotations

import subprocess
import sys

from gridsim.engine.tables import TABLES
from gridsim.io.schemas.carriers import FuelStockRow, GasToPowerRow
from gridsim.io.schemas.scenario import ScenarioKeys
from gridsim.model.fuel import yard_fuels
from gridsim.study.run_study import run_study
from tests.support.study_cases import small_study, write_scenario


def test_outputs_may_name_every_table_of_a_run():
    assert ScenarioKeys.model_json_schema()["properties"]["outputs"]["items"]["enum"] == list(TABLES)


def test_yards_and_backups_may_hold_every_yard_fuel():
    assert FuelStockRow.model_json_schema()["properties"]["fuel"]["enum"] == list(yard_fuels())
    backup = GasToPowerRow.model_json_schema()["properties"]["backup_fuel"]["enum"]
    assert backup == ["none", *yard_fuels()]


def test_names_of_tables_are_read_without_importing_the_engine():
    code = "import sys, gridsim.io.schemas.scenario; print([m for m in sys.modules if m.startswith('gridsim.engine')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_table_that_outputs_names_is_kept_for_every_replicate(tmp_path):
    write_scenario(tmp_path, outputs=["storages", "solves"])
    run_study(small_study(tmp_path, replicates=2), tmp_path / "out", workers=0)
    kept = {path.parent.name for path in (tmp_path / "out" / "day").glob("*/part-*.parquet")}
    always = {"zones", "interfaces", "shortfall", "shortfall_events", "events", "replicate_metrics"}
    always |= {"nuclear", "water", "site_supply", "minerals"}
    assert kept == {*always, "storages", "solves"}
