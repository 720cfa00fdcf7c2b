"""The run folder, the only place a run writes: Parquet tables with an explicit schema, manifest, resolved scenario."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from gridsim.errors import InputError, Problem
from gridsim.io.owned import check_replaceable, remove_written
from gridsim.io.versions import package_versions as package_versions
from gridsim.model.scenario import Scenario, WeatherSeries
from gridsim.model.system import GridSystem

ROW_FILE = "part-000000.parquet"
BLOCK_REPLICATES = 64
TOP_LEVEL_TABLES = ("events", "metrics")


_MEND = "choose another --out, or --force to replace it"


def code_hash() -> str:
    """SHA-256 over gridsim's own source files, in path order: two runs with one hash ran the same code."""
    package = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        digest.update(path.relative_to(package).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


class RunFolder:
    """Writes a run beside its final place and moves it there whole: a run folder is complete or absent.

    Implements ``results.run_records.Sink`` by its method ``write``. ``schemas``: table -> (name, kind) of its columns.
    Raises InputError at once if the place is taken and ``force`` is False, or cannot be written to.
    """

    def __init__(self, path: Path, schemas: Mapping[str, Sequence[Any]], *, force: bool = False, csv: bool = False):
        self.path = path
        self._schemas = schemas
        self._csv = csv
        self._force = force
        if path.exists():
            check_replaceable(path, force, _MEND)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._scratch = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
        except OSError as error:
            problem = Problem(str(path), 0, "", f"not writable: {error.strerror}", "choose another --out")
            raise InputError([problem]) from None
        self.started = dt.datetime.now(dt.UTC)

    def write(self, table: str, columns: Mapping[str, Any]) -> None:
        """Write one whole table."""
        top = table in TOP_LEVEL_TABLES
        file = self._scratch / (f"{table}.parquet" if top else f"{table}/{ROW_FILE}")
        file.parent.mkdir(exist_ok=True)
        arrow = to_arrow(self._schemas[table], columns)
        write_parquet(arrow, file)
        if self._csv:
            from pyarrow import csv

            csv.write_csv(arrow, self._scratch / f"{table}.csv")

    def finish(self, system: GridSystem, scenario: Scenario, seed: int, status: str, extra: Mapping[str, Any]) -> None:
        """Write scenario and manifest, then move the folder to its place."""
        (self._scratch / "scenario.yaml").write_text(scenario_text(scenario), encoding="utf-8")
        manifest = {
            "status": status,
            "scenario": scenario.name,
            "network": system.name,
            "network_hash": system.content_hash,
            "code_hash": code_hash(),
            "network_licence": system.licence,
            "seed": seed,
            "block_replicates": BLOCK_REPLICATES,
            "versions": package_versions(),
            "started": self.started.isoformat(timespec="seconds"),
            "finished": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            **extra,
        }
        (self._scratch / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
        os.chmod(self._scratch, 0o755)
        if self.path.exists() and self._force:
            check_replaceable(self.path, self._force, _MEND)
            aside = Path(tempfile.mkdtemp(prefix=f".{self.path.name}-old-", dir=self.path.parent))
            os.replace(self.path, aside)
            os.replace(self._scratch, self.path)
            remove_written(aside)
            if not any(aside.iterdir()):  # files that came meanwhile stay where they are
                aside.rmdir()
        else:
            os.replace(self._scratch, self.path)

    def discard(self) -> None:
        """Remove what was written so far."""
        shutil.rmtree(self._scratch, ignore_errors=True)


def to_arrow(schema: Sequence[Any], columns: Mapping[str, Any]) -> Any:
    """An Arrow table with exactly the columns of ``schema``; NaN becomes null."""
    import pyarrow as pa

    types = {"i4": pa.int32(), "f8": pa.float64(), "str": pa.string(), "bool": pa.bool_()}
    arrays = []
    for spec in schema:
        values = np.asarray(columns[spec.name])
        if spec.kind == "f8":
            values = values.astype(np.float64)
            arrays.append(pa.array(values, type=types["f8"], from_pandas=True))
        elif spec.kind == "str":
            arrays.append(pa.array(values if values.dtype.kind == "U" else values.tolist(), type=types["str"]))
        else:
            arrays.append(pa.array(values, type=types[spec.kind]))
    return pa.table(arrays, schema=pa.schema([(spec.name, types[spec.kind]) for spec in schema]))


def write_parquet(table: Any, file: Path) -> None:
    """One row group, zstd, nothing inside that depends on time or place."""
    import pyarrow.parquet as pq

    pq.write_table(table, file, compression="zstd", row_group_size=max(table.num_rows, 1), store_schema=False)


def scenario_text(scenario: Scenario) -> str:
    """The resolved scenario as YAML; scripts by name, file and hash of the file."""
    series = scenario.weather if isinstance(scenario.weather, WeatherSeries) else None
    plain = dataclasses.replace(scenario, scripts=(), weather=None if series is not None else scenario.weather)
    data = dataclasses.asdict(plain)
    if series is not None:  # its values are arrays of thousands of hours: named by file and hash
        data["weather"] = {"series": Path(series.file).name, "sha256": file_hash(series.file)}
    data["scripts"] = [
        {"name": script.name, "hook": script.hook, "file": Path(script.file).name, "sha256": file_hash(script.file)}
        for script in scenario.scripts
    ]
    return yaml.safe_dump(_plain(data), sort_keys=False, allow_unicode=True)


def file_hash(file: str) -> str:
    """SHA-256. Of a script typed into a session there is no file to hash."""
    path = Path(file)
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items() if key != "source_file"}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ")
    return value


def free_run_path(name: str, folder: Path = Path("runs")) -> Path:
    """``runs/NAME``, or ``runs/NAME-2`` and so on where that is taken."""
    name = re.sub(r"[^\w.-]+", "_", name).strip(".") or "run"
    path, number = folder / name, 2
    while path.exists():
        path, number = folder / f"{name}-{number}", number + 1
    return path
