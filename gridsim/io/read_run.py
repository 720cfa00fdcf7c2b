"""Reads run folders: one run, or one case of a study, finished or not; tables are read when asked for."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gridsim.errors import InputError, Problem, nearest
from gridsim.io.manifest import MANIFEST, STUDY_FILE, read_manifest
from gridsim.io.store import ROW_FILE
from gridsim.io.whole_files import damaged, part_name


@dataclass(frozen=True)
class Run:
    """A run folder. ``manifest``: as written; a study's case names its finished blocks there; no others are read."""

    path: Path
    manifest: dict[str, Any]

    @property
    def name(self) -> str:
        """Name of the scenario."""
        return str(self.manifest["scenario"])

    @property
    def status(self) -> str:
        """complete, partial (replicates failed), stopped or running."""
        return str(self.manifest["status"])

    @property
    def n_replicates(self) -> int:
        """Replicates whose results are there."""
        return sum(block["count"] - len(block["failed"]) for block in self.blocks) if "blocks" in self.manifest else 1

    @property
    def blocks(self) -> list[dict[str, Any]]:
        """Finished blocks of a study's case."""
        return list(self.manifest.get("blocks", []))

    @property
    def tables(self) -> list[str]:
        """Names of the tables that can be read."""
        folders = {path.parent.name for path in self.path.glob("*/part-*.parquet")}
        return sorted(folders | {path.stem for path in self.path.glob("*.parquet")})

    def files(self, table: str) -> list[Path]:
        """The files of a table, in order of replicates."""
        single = self.path / f"{table}.parquet"
        if single.is_file():
            return [single]
        numbers = [block["block"] for block in self.blocks if table in block["tables"]]
        names = [part_name(number) for number in numbers] if "blocks" in self.manifest else [ROW_FILE]
        found = [self.path / table / name for name in names]
        if not (self.path / table).is_dir():
            mend = f"read one of {', '.join(self.tables)}; a study keeps others if its scenario's outputs name them"
            raise InputError([Problem(str(self.path), 0, "", f"has no table '{table}'", mend)])
        return found

    def parts(self, table: str, columns: Sequence[str] | None = None) -> Iterator[Any]:
        """A table file by file, as pyarrow Tables: what does not fit into memory at once."""
        import pyarrow.parquet as pq

        for file in self.files(table):
            with _reading(file):
                part = pq.read_table(file, columns=None if columns is None else list(columns), use_threads=False)
            yield part

    def dataset(self, table: str) -> Any:
        """A table as a pyarrow Dataset, nothing read yet."""
        import pyarrow.dataset as ds

        with _reading(self.path / table):
            return ds.dataset([str(file) for file in self.files(table)], format="parquet")

    def frame(self, table: str, columns: Sequence[str] | None = None, replicate: int | None = None) -> Any:
        """A table, or some of its columns or one replicate of it, as a pandas DataFrame."""
        import pyarrow.compute as pc

        condition = None if replicate is None else pc.field("replicate") == replicate
        names = None if columns is None else list(columns)
        dataset = self.dataset(table)
        for name in names or ():
            if name not in dataset.schema.names:
                mend = nearest(name, dataset.schema.names)
                raise InputError([Problem(str(self.path / table), 0, "", f"has no column '{name}'", mend)])
        with _reading(self.path / table):
            return dataset.to_table(columns=names, filter=condition).to_pandas()

    def damaged(self) -> list[Path]:
        """Files that are missing or not what the manifest says was written."""
        parts = [
            (block["block"], self.path / table / part_name(block["block"]), entry["sha256"])
            for block in self.blocks
            for table, entry in block["tables"].items()
        ]
        parts += [(-1, self.path / name, entry["sha256"]) for name, entry in self.manifest.get("files", {}).items()]
        return [file for _, file in damaged(parts)]


def load_run(path: str | Path) -> Run:
    """A run folder by its path, nothing read but the manifest. A study of one case counts as that case.

    Raises InputError if there is none.
    """
    folder = Path(path)
    if not os.path.isfile(folder / MANIFEST):  # pathlib's own question fails for names that no file can have
        runs = load_study(folder) if os.path.isfile(folder / STUDY_FILE) else []
        if len(runs) == 1:
            return runs[0]
        mend = f"name one of its cases: {', '.join(str(run.path) for run in runs[:4])}" if runs else "give a run folder"
        raise InputError([Problem(str(folder), 0, "", "is not the folder of one run", mend)])
    return Run(folder, read_manifest(folder / MANIFEST))


def load_study(path: str | Path) -> list[Run]:
    """The cases of a study's folder. Raises InputError if it is none."""
    folder = Path(path)
    if not os.path.isfile(folder / STUDY_FILE):
        raise InputError([Problem(str(folder), 0, "", "is not the folder of a study", "give the --out of a study")])
    return [_case(folder / case) for case in read_manifest(folder / STUDY_FILE)["cases"]]


def _case(folder: Path) -> Run:
    if not (folder / MANIFEST).is_file():
        mend = "go on with --resume of its study, which begins it"
        raise InputError([Problem(str(folder / MANIFEST), 0, "", "is missing", mend)])
    return Run(folder, read_manifest(folder / MANIFEST))


@contextlib.contextmanager
def _reading(file: Path) -> Iterator[None]:
    """Say what to do about a table that cannot be read."""
    import pyarrow as pa

    try:
        yield
    except (OSError, pa.ArrowInvalid) as error:
        what = str(error).splitlines()[0]
        mend = "gridsim verify lists what is damaged; --resume of a study writes it anew, a single run is run again"
        raise InputError([Problem(str(file), 0, "", f"not readable: {what}", mend)]) from None
