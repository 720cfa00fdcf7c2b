"""The worker: it is told once of its study, then runs jobs of a few replicates and writes their files."""

from __future__ import annotations

import dataclasses
import logging
import os
import pickle
import signal
import threading
import time
import traceback
from collections import OrderedDict, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from gridsim.engine.run import Replicates
from gridsim.engine.tables import TABLES
from gridsim.errors import ScriptError, StudyError
from gridsim.io.read_script import read_script
from gridsim.io.store import file_hash, to_arrow
from gridsim.io.study_jobs import Job, JobResult, write_job
from gridsim.model.scenario import Scenario
from gridsim.model.script import Script
from gridsim.model.system import GridSystem
from gridsim.results.run_records import REPLICATE_METRICS, Columns

SCHEMAS = {**TABLES, "replicate_metrics": REPLICATE_METRICS}
SCRIPT_LOGGER = "gridsim.script"
ATTEMPTS = 2
_CASES_READY = 2  # cases are run one after the other: at most two are in work at once


class CaseInput(NamedTuple):
    """A case as workers need it. ``baseline``: tables of its horizon without events; ``tables``: those to keep.

    ``scripts``: SHA-256 of the script files by path; workers load them, so ``scenario`` comes without.
    """

    system: GridSystem
    scenario: Scenario
    baseline: Mapping[str, Columns] | None
    tables: tuple[str, ...]
    scripts: Mapping[str, str]


class Assignment(NamedTuple):
    """All of a study that does not change from job to job; sent to each worker once.

    ``lines_to``: the process that wants the lines of ``sim.log``; None if nobody does.
    """

    cases: tuple[CaseInput, ...]
    seed: int
    jobs: Path
    inputs: str
    lines_to: int | None = None


class JobDone(NamedTuple):
    """A job whose file is written. ``busy_s``: time in the replicates themselves; ``wall_s``: of the whole job.

    ``lines``: of ``sim.log``, where another process wants them.
    """

    job: Job
    n_failed: int
    busy_s: float
    wall_s: float
    lines: tuple[str, ...] = ()


class Worker:
    """Runs jobs of one assignment; keeps the cases it has prepared last."""

    def __init__(self, assignment: Assignment):
        self.assignment = assignment
        self._ready: OrderedDict[int, Replicates] = OrderedDict()

    def _replicates(self, case: int) -> Replicates:
        if case not in self._ready:
            given = self.assignment.cases[case]
            scenario = dataclasses.replace(given.scenario, scripts=_scripts(given.scripts))
            self._ready[case] = Replicates(
                given.system, scenario, baseline=given.baseline, keep=given.tables
            )  # fmt: skip
            if len(self._ready) > _CASES_READY:
                self._ready.popitem(last=False)
        return self._ready[case]

    def run(self, job: Job) -> JobDone:
        """Run the replicates of ``job``, each a second time if gridsim fails, and write their file."""
        began, busy_s = time.perf_counter(), 0.0
        parts: dict[str, list[Columns]] = defaultdict(list)
        failed: list[dict[str, Any]] = []
        with _script_lines(self.assignment.lines_to) as lines:
            for replicate in range(job.first, job.first + job.n):
                start = time.perf_counter()
                found = self._attempts(job.case, replicate, failed)
                busy_s += time.perf_counter() - start
                for table, columns in found.items():
                    parts[table].append(columns)
        tables = {table: _joined(table, columns) for table, columns in parts.items()}
        write_job(self.assignment.jobs, job, self.assignment.inputs, JobResult(tables, failed))
        return JobDone(job, len(failed), busy_s, time.perf_counter() - began, tuple(lines))

    def _attempts(self, case: int, replicate: int, failed: list[dict[str, Any]]) -> Mapping[str, Columns]:
        for attempt in range(ATTEMPTS):
            try:
                result = self._replicates(case).run(seed=self.assignment.seed, replicate=replicate)
            except ScriptError as error:  # the user's own mistake: it would come again
                failed.append(failure(replicate, str(error), traceback.format_exc()))
                break
            except Exception as error:
                self._ready.pop(case, None)  # what it had prepared is not trusted again
                if attempt + 1 == ATTEMPTS:
                    failed.append(failure(replicate, f"{type(error).__name__}: {error}", traceback.format_exc()))
            else:
                metrics = {
                    "replicate": [replicate] * len(result.estimates),
                    "name": [metric.name for metric in result.estimates],
                    "scope": [metric.scope for metric in result.estimates],
                    "value": [float("nan") if metric.value is None else metric.value for metric in result.estimates],
                    "unit": [metric.unit for metric in result.estimates],
                }
                tables = {**result.tables, "replicate_metrics": metrics}
                return {name: tables[name] for name in self.assignment.cases[case].tables if name in tables}
        return {}


class _Kept(logging.Handler):
    """Keeps what this thread logs."""

    def __init__(self, lines: list[str]):
        super().__init__(logging.INFO)
        self._lines, self._thread = lines, threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread:
            self._lines.append(record.getMessage())


@contextmanager
def _script_lines(wanted_by: int | None) -> Iterator[list[str]]:
    """Lines of ``sim.log`` while it lasts; none where the process that wants them is this one: it has them already."""
    lines: list[str] = []
    if wanted_by in (None, os.getpid()):
        yield lines
        return
    logger, handler = logging.getLogger(SCRIPT_LOGGER), _Kept(lines)
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    try:
        yield lines
    finally:
        logger.removeHandler(handler)


def failure(replicate: int, error: str, trace: str) -> dict[str, Any]:
    """The record of a replicate that failed."""
    return {"replicate": replicate, "error": error, "traceback": trace}


def _scripts(hashes: Mapping[str, str]) -> tuple[Script, ...]:
    for file, sha256 in hashes.items():
        if file_hash(file) != sha256:
            raise StudyError(f"{file} is not what it was when the study began; restore it, or start anew with --force")
    return tuple(script for file in hashes for script in read_script(file).scripts)


def _joined(table: str, parts: Sequence[Columns]) -> Any:
    """One Arrow table of what several replicates give."""
    schema = SCHEMAS[table]
    return to_arrow(schema, {spec.name: np.concatenate([part[spec.name] for part in parts]) for spec in schema})


# A process holds one assignment; threads of one process (a Dask worker may have several) prepare cases of their own.
_assignment: Assignment | None = None
_of_thread = threading.local()


def assign(assignment: bytes) -> None:
    """Tell this process what the study is."""
    global _assignment
    _assignment = pickle.loads(assignment)


def start_process(assignment: bytes) -> None:
    """First thing in a worker process: it ends with its parent, and leaves signals to the group to that."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    assign(assignment)


def _end_with_parent() -> None:
    from multiprocessing import connection, parent_process

    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def run_job(job: Job) -> JobDone:
    """Run one job in this process."""
    assert _assignment is not None, "a worker without an assignment"
    worker = getattr(_of_thread, "worker", None)
    if worker is None or worker.assignment is not _assignment:
        worker = _of_thread.worker = Worker(_assignment)
    return worker.run(job)
