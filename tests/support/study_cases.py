"""A tiny network as a folder, and studies of it that take seconds."""

from __future__ import annotations

import copy
import csv
import hashlib
from pathlib import Path
from typing import Any

import yaml

from gridsim.io.read_study import read_study
from gridsim.model.study import Study
from tests.support.cases import META, TWO_AREAS, Tables

EVENTS: list[dict[str, Any]] = [
    {"id": "trip", "at": "+1h", "kind": "generator_outage", "target": "gas_1", "probability": 0.5,
     "repair": {"mean_h": 2}},
    {"id": "line", "at": "+2h", "kind": "line_outage", "target": "n1_s1", "repair": {"mean_h": 1}},
]  # fmt: skip


def write_network(folder: Path, tables: Tables | None = None) -> Path:
    """The two-area network of conftest as a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "network.yaml").write_text(yaml.safe_dump({"schema_version": 1, **META}))
    for name, rows in (tables or copy.deepcopy(TWO_AREAS)).items():
        columns = list(dict.fromkeys(column for row in rows for column in row))
        with (folder / f"{name}.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(rows)
    return folder


def write_scenario(folder: Path, **changes: Any) -> Path:
    """``folder/day.yaml``: four hours on ``folder/net`` with two random outages."""
    keys = {
        "network": "net",
        "horizon": {"start": "2026-01-14 00:00", "hours": 4},
        "events": EVENTS,
        "policy": {"ac": "off"},
        **changes,
    }
    file = folder / "day.yaml"
    file.write_text(yaml.safe_dump(keys, sort_keys=False))
    return file


def write_study(folder: Path, **keys: Any) -> Path:
    """``folder/study.yaml`` beside its scenario and network."""
    if not (folder / "net").is_dir():
        write_network(folder / "net")
    if not (folder / "day.yaml").is_file():
        write_scenario(folder)
    file = folder / "study.yaml"
    file.write_text(yaml.safe_dump({"scenarios": ["day.yaml"], "replicates": 130, **keys}, sort_keys=False))
    return file


def small_study(folder: Path, **keys: Any) -> Study:
    """A study of 130 replicates (three blocks) unless ``keys`` say otherwise."""
    return read_study(write_study(folder, **keys))


def table_hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of every Parquet table below ``folder``."""
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*.parquet"))
    }
