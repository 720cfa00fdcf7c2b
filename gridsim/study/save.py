"""save(): a result as the folder that the command line would have written, whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gridsim.engine.run import RunResult
from gridsim.engine.tables import TABLES
from gridsim.errors import InputError, Problem
from gridsim.io.owned import JOBS, LOCK, check_replaceable, remove_written
from gridsim.io.store import RunFolder, package_versions, write_parquet
from gridsim.io.study_store import MANIFEST
from gridsim.reliability import AssessmentResult
from gridsim.results.run_records import METRICS, metric_columns
from gridsim.results.study_result import StudyResult
from gridsim.study.loaded import LoadedStudy, Run

_MEND = "choose another place, or force=True to replace it"
_ELSEWHERE = "choose another place"


def save(
    result: RunResult | AssessmentResult | StudyResult | Run | LoadedStudy, path: Path, *, force: bool = False
) -> Path:
    """Write ``result`` into the folder ``path``; a study or loaded run, which has a folder, is copied."""
    if isinstance(result, RunResult):
        _save_run(result, path, force)
    elif isinstance(result, AssessmentResult):
        _save_assessment(result, path, force)
    else:
        with _placed(path, force) as scratch:
            skipped = shutil.ignore_patterns(LOCK, JOBS, ".*.tmp")
            shutil.copytree(result.path, scratch, dirs_exist_ok=True, ignore=skipped)
    return path


def _save_run(result: RunResult, path: Path, force: bool) -> None:
    if path.exists():
        check_replaceable(path, force, _MEND)
    folder = RunFolder(path, {**TABLES, "metrics": METRICS}, force=force)
    try:
        for table, columns in result.tables.items():
            folder.write(table, columns)
        folder.write("metrics", metric_columns(result.estimates))
        extra = {
            "replicate": result.replicate,
            "dispatches": result.dispatch_solves,
            "dispatch_fallbacks": result.dispatch_fallbacks,
            "ac_not_converged": int((result.tables["solves"]["ac_status"] == "not_converged").sum()),
            "remarks": list(result.remarks),
        }
        folder.finish(result.system, result.scenario, result.seed, "complete", extra)
    except BaseException:
        folder.discard()
        raise


def _save_assessment(result: AssessmentResult, path: Path, force: bool) -> None:
    import pyarrow as pa

    method = result.method
    manifest = {
        "status": "complete" if result.status == "ok" else result.status,
        "kind": "assessment",
        "scenario": result.system,
        "network": result.system,
        "network_hash": "",
        "level": str(method.level),
        "seed": method.seed,
        "samples": result.n_samples,
        "stopped": str(result.stopped),
        "cov": result.cov,
        "wall_s": result.wall_s,
        "diagnostics": dict(result.diagnostics),
        "versions": package_versions(),
    }
    with _placed(path, force) as scratch:
        for table in result.tables:
            frame = result.frame(table)
            write_parquet(pa.Table.from_pandas(frame, preserve_index=False), scratch / f"{table}.parquet")
        (scratch / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


@contextmanager
def _placed(path: Path, force: bool) -> Iterator[Path]:
    """A folder to write into, which takes its place when all is written."""
    if path.exists():
        check_replaceable(path, force, _MEND)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
    except OSError as error:
        raise InputError([Problem(str(path), 0, "", f"not writable: {error.strerror}", _ELSEWHERE)]) from None
    try:
        yield scratch
        os.chmod(scratch, 0o755)
        if path.exists():
            remove_written(path)
            path.rmdir()
        os.replace(scratch, path)
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise
