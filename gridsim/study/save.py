"""save(): a result as the folder that the command line would have written, whole or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gridsim.engine.run import RunResult
from gridsim.engine.tables import TABLES
from gridsim.io.owned import JOBS, LOCK
from gridsim.io.store import NewFolder, RunFolder, package_versions, storing, write_parquet
from gridsim.reliability import AssessmentResult
from gridsim.results.run_records import METRICS, metric_columns
from gridsim.results.scorecard import SCORECARD, scorecard_columns
from gridsim.results.study_result import StudyResult
from gridsim.study.loaded import LoadedStudy, Run


def save(
    result: RunResult | AssessmentResult | StudyResult | Run | LoadedStudy, path: Path, *, force: bool = False
) -> Path:
    """Write ``result`` into the folder ``path``; a study or loaded run, which has a folder, is copied."""
    if isinstance(result, RunResult):
        _save_run(result, path, force)
    elif isinstance(result, AssessmentResult):
        _save_assessment(result, path, force)
    else:
        with _placed(path, force) as folder:
            skipped = shutil.ignore_patterns(LOCK, JOBS, ".*.tmp")
            shutil.copytree(result.path, folder.file(""), dirs_exist_ok=True, ignore=skipped)
    return path


def _save_run(result: RunResult, path: Path, force: bool) -> None:
    folder = RunFolder(path, {**TABLES, "metrics": METRICS, "scorecard": SCORECARD}, force=force)
    try:
        for table, columns in result.tables.items():
            folder.write(table, columns)
        folder.write("metrics", metric_columns(result.estimates))
        folder.write("scorecard", scorecard_columns(result.scorecard))
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
    with _placed(path, force) as folder:
        for table in result.tables:
            frame = result.frame(table)
            write_parquet(pa.Table.from_pandas(frame, preserve_index=False), folder.file(f"{table}.parquet"))
            folder.wrote(f"{table}.parquet", rows=len(frame))
        folder.write_manifest("assessment", manifest)


@contextmanager
def _placed(path: Path, force: bool) -> Iterator[NewFolder]:
    """A folder to write into, which takes its place when all is written."""
    folder = NewFolder(path, force=force)
    try:
        with storing(path, resumable=False):
            yield folder
    except BaseException:
        folder.discard()
        raise
    folder.publish()
