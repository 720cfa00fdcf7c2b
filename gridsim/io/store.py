"""The run folder, the only place a run writes: Parquet tables with an explicit schema, manifest, resolved scenario."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import errno
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from gridsim.errors import InputError, StoreError
from gridsim.io.manifest import MANIFEST, sealed
from gridsim.io.owned import Claim, check_place, check_replaceable, is_claimed, refuse, swap
from gridsim.io.plain_keys import plain
from gridsim.io.scratch import MARK, new_scratch
from gridsim.io.versions import package_versions as package_versions
from gridsim.model.scenario import PlanningDay, Scenario, WeatherSeries
from gridsim.model.system import GridSystem

ROW_FILE = "part-000000.parquet"
BLOCK_REPLICATES = 64
TOP_LEVEL_TABLES = ("events", "metrics", "scorecard")
_LONGEST_DEFAULT = 160  # bytes of a folder's name made from a scenario's


_MEND = "choose another --out, or --force to replace it"
#: Error numbers of a disk, a quota or a size limit that is used up.
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def code_hash() -> str:
    """SHA-256 over gridsim's own source files, in path order: two runs with one hash ran the same code."""
    package = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        digest.update(path.relative_to(package).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


@contextlib.contextmanager
def storing(path: Path, *, resumable: bool) -> Iterator[None]:
    """Turn an OSError of writing ``path`` into a StoreError that says how to go on."""
    try:
        yield
    except OSError as error:
        full = error.errno in FULL
        what = os.strerror(error.errno) if error.errno else error  # Arrow's own text is longer and says the same
        again = "go on with --resume" if resumable else "run again, or choose another --out"
        mend = "free space" if full else "make it writable"
        raise StoreError(f"{path}: not written: {what}; {mend} and {again}") from error


class NewFolder:
    """Files written beside their final place and moved there whole: a folder is complete or absent.

    Raises InputError at once if the place is taken and ``force`` is False, or cannot be written to; StudyError if
    another process writes to it; StoreError if it cannot be written to any more. ``publish`` or ``discard`` comes last.
    """

    def __init__(self, path: Path, *, force: bool = False):
        self.path = path
        self.files: dict[str, dict[str, Any]] = {}
        check_place(path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._claim = Claim(path)
        except OSError as error:
            refuse(path, f"not writable: {error.strerror}", "choose another --out")
        try:
            self._replaces = os.path.lexists(path)
            if self._replaces:
                check_replaceable(path, force, _MEND)
            self._scratch: Path | None = new_scratch(path)
        except OSError as error:
            self._claim.close()
            refuse(path, f"not writable: {error.strerror}", "choose another --out")
        except BaseException:
            self._claim.close()
            raise
        self.started = dt.datetime.now(dt.UTC)

    def file(self, name: str) -> Path:
        """Place of a file until the folder is whole."""
        assert self._scratch is not None, "nothing is written after the folder took its place"
        return self._scratch / name

    def wrote(self, name: str, **more: Any) -> None:
        """Enter a file into the list of the manifest."""
        with self.file(name).open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        self.files[name] = {**more, "bytes": self.file(name).stat().st_size, "sha256": sha256}

    def write_manifest(self, kind: str, content: Mapping[str, Any]) -> None:
        """Write the manifest with the mark, the list of files and its checksum."""
        text = json.dumps(sealed(MANIFEST, kind, {**content, "files": self.files}), indent=2) + "\n"
        self.file(MANIFEST).write_text(text, encoding="utf-8")

    def publish(self) -> None:
        """Move the folder to its place."""
        whole, self._scratch = self.file(""), None
        os.chmod(whole, 0o755)
        try:
            (whole / MARK).unlink()
            if self._replaces and self.path.exists():
                swap(whole, self.path)
            else:
                os.replace(whole, self.path)
        except (OSError, InputError) as error:
            # somebody took the place meanwhile: nothing of theirs or ours is given up
            kept = whole if whole.exists() else self.path
            raise StoreError(f"{self.path}: not replaced: {error}; the results are whole in {kept}") from error
        finally:
            self._claim.close()

    def discard(self) -> None:
        """Remove what was written so far."""
        if self._scratch is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)
        self._claim.close()


class RunFolder(NewFolder):
    """The folder of a run. ``schemas``: table -> (name, kind) of its columns.

    Implements ``results.run_records.Sink`` by its method ``write``. ``finish`` or ``discard`` comes last.
    """

    def __init__(self, path: Path, schemas: Mapping[str, Sequence[Any]], *, force: bool = False, csv: bool = False):
        super().__init__(path, force=force)
        self._schemas = schemas
        self._csv = csv

    def write(self, table: str, columns: Mapping[str, Any]) -> None:
        """Write one whole table."""
        name = f"{table}.parquet" if table in TOP_LEVEL_TABLES else f"{table}/{ROW_FILE}"
        arrow = to_arrow(self._schemas[table], columns)
        with storing(self.path, resumable=False):
            file = self.file(name)
            file.parent.mkdir(exist_ok=True)
            write_parquet(arrow, file)
            self.wrote(name, rows=arrow.num_rows)
            if self._csv:
                from pyarrow import csv

                csv.write_csv(arrow, self.file(f"{table}.csv"))
                self.wrote(f"{table}.csv")

    def finish(self, system: GridSystem, scenario: Scenario, seed: int, status: str, extra: Mapping[str, Any]) -> None:
        """Write scenario and manifest, then move the folder to its place."""
        content = {
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
        with storing(self.path, resumable=False):
            self.file("scenario.yaml").write_text(scenario_text(scenario), encoding="utf-8")
            self.wrote("scenario.yaml")
            self.write_manifest("run", content)
        self.publish()


def to_arrow(schema: Sequence[Any], columns: Mapping[str, Any]) -> Any:
    """An Arrow table with exactly the columns of ``schema``; NaN becomes null."""
    import pyarrow as pa

    types = {"i4": pa.int32(), "f8": pa.float64(), "str": pa.string(), "bool": pa.bool_()}
    arrays = []
    for spec in schema:
        arrays.append(_arrow_column(pa, types[spec.kind], np.asarray(columns[spec.name])))
    return pa.table(arrays, schema=pa.schema([(spec.name, types[spec.kind]) for spec in schema]))


def _arrow_column(pa: Any, kind: Any, values: NDArray[Any]) -> Any:
    """An Arrow array from the memory of ``values``: ``pa.array`` imports pandas to see whether it is one of its own."""
    n = len(values)
    if pa.types.is_string(kind):
        if values.dtype.kind != "U":
            return pa.array(values.tolist(), type=kind)
        texts = [text.encode() for text in values.tolist()]
        ends = np.zeros(n + 1, dtype=np.int32)
        np.cumsum([len(text) for text in texts], out=ends[1:])
        return pa.Array.from_buffers(kind, n, [None, pa.py_buffer(ends), pa.py_buffer(b"".join(texts))])
    if pa.types.is_boolean(kind):
        bits = np.packbits(values.astype(np.bool_), bitorder="little")
        return pa.Array.from_buffers(kind, n, [None, pa.py_buffer(bits)])
    values = np.ascontiguousarray(values, dtype=kind.to_pandas_dtype())
    known = None
    if pa.types.is_floating(kind) and np.isnan(values).any():
        known = pa.py_buffer(np.packbits(~np.isnan(values), bitorder="little"))
    return pa.Array.from_buffers(kind, n, [known, pa.py_buffer(values)])


def write_parquet(table: Any, file: Path) -> None:
    """One row group, zstd, nothing inside that depends on time or place."""
    import pyarrow.parquet as pq

    pq.write_table(table, file, compression="zstd", row_group_size=max(table.num_rows, 1), store_schema=False)


def scenario_text(scenario: Scenario) -> str:
    """The resolved scenario as YAML; scripts by name, file and hash of the file."""
    series = scenario.weather if isinstance(scenario.weather, WeatherSeries) else None
    given = dataclasses.replace(scenario, scripts=(), weather=None if series is not None else scenario.weather)
    data = dataclasses.asdict(given)
    del data["source_file"]
    if not scenario.spared:
        del data["spared"]
    if isinstance(scenario.weather, PlanningDay):
        data["weather"] = {"planning_day": True, **data["weather"]}
    if series is not None:  # its values are arrays of thousands of hours: named by file and hash
        data["weather"] = {"series": Path(series.file).name, "sha256": file_hash(series.file)}
    data["scripts"] = [
        {"name": script.name, "hook": script.hook, "file": Path(script.file).name, "sha256": file_hash(script.file)}
        for script in scenario.scripts
    ]
    return yaml.safe_dump(plain(data), sort_keys=False, allow_unicode=True)


def file_hash(file: str) -> str:
    """SHA-256. Of a script typed into a session there is no file to hash."""
    path = Path(file)
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def run_path(name: str, folder: Path = Path("runs")) -> Path:
    """``runs/NAME``, the name made one of a folder."""
    short = re.sub(r"[^\w.-]+", "_", name).encode()[:_LONGEST_DEFAULT].decode(errors="ignore")
    return folder / (short.strip(".") or "run")


def free_run_path(name: str, folder: Path = Path("runs")) -> Path:
    """``runs/NAME``, or ``runs/NAME-2`` and so on where that is taken or about to be."""
    first = path = run_path(name, folder)
    number = 2
    while os.path.lexists(path) or is_claimed(path):
        path, number = first.with_name(f"{first.name}-{number}"), number + 1
    return path
