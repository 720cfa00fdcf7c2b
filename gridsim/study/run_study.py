"""run_study(): cases x replicates on workers, into a folder that loses nothing when anything stops."""

from __future__ import annotations

import dataclasses
import logging
import os
import pickle
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gridsim.contingencies.checks import check_scenario
from gridsim.engine.run import Replicates
from gridsim.engine.tables import STUDY_TABLES
from gridsim.errors import ScriptError, StoreError, StudyError
from gridsim.hooks import call
from gridsim.io.case_folder import CaseFolder
from gridsim.io.read_run import load_run
from gridsim.io.store import to_arrow
from gridsim.io.study_inputs import script_hashes
from gridsim.io.study_jobs import Job, JobResult
from gridsim.io.study_store import StudyFolder
from gridsim.model.arguments import LARGEST_REPLICATE, MOST_WORKERS, instance_of, whole_number
from gridsim.model.checks import check_system
from gridsim.model.scenario import AcMode
from gridsim.model.study import Case, StopRule, Study
from gridsim.results.metrics import Estimate
from gridsim.results.replicates import FAN
from gridsim.results.run_metrics import BASELINE_TABLES
from gridsim.results.run_records import METRICS, Columns, ColumnSpec, metric_columns
from gridsim.results.scorecard import SCORECARD, scorecard, scorecard_columns
from gridsim.results.study_result import StudyResult
from gridsim.study.aggregate import case_estimates, case_fan, case_metrics
from gridsim.study.calm_numbers import CalmNumbers
from gridsim.study.executors import start_workers
from gridsim.study.give_out import GiveOut
from gridsim.study.schedule import CasePlan
from gridsim.study.stop_on_signals import stop_on_signals
from gridsim.study.worker import SCHEMAS, SCRIPT_LOGGER, Assignment, CaseInput, JobDone

#: A job takes about this long, so that handing it out and writing it costs little and little is lost.
JOB_S = 4.0
_AC_MODULES = ("pandapower", "lightsim2grid")
SUMMARY = (ColumnSpec("case", "str", "case of the study"), *METRICS)
_script_logger = logging.getLogger(SCRIPT_LOGGER)


@dataclass(frozen=True)
class Progress:
    """Progress of a study. ``done`` and ``total``: replicates (total at most); ``rate``: replicates per second."""

    done: int
    total: int
    failed: int
    rate: float

    @property
    def remaining_s(self) -> float | None:
        """Seconds to the end at this rate."""
        return (self.total - self.done) / self.rate if self.rate > 0 else None


@contextmanager
def _scripts_silent() -> Iterator[None]:
    """No lines of ``sim.log``: of a trajectory that none of the study's tables hold."""
    _script_logger.disabled = True
    try:
        yield
    finally:
        _script_logger.disabled = False


def _line(name: str) -> Callable[[Progress], None]:
    line = call("progress", name)
    return lambda now: line(now.done / max(now.total, 1))


def tables_of(case: Case) -> tuple[str, ...]:
    """Tables kept for every replicate of a case, in the order of the schemas."""
    return tuple(table for table in SCHEMAS if table in (*STUDY_TABLES, "replicate_metrics", *case.scenario.outputs))


def run_study(
    study: Study,
    out: Path,
    *,
    workers: int = 1,
    scheduler: str | None = None,
    job_size: int | None = None,
    repeat_stragglers: bool = False,
    resume: bool = False,
    force: bool = False,
    alone: bool = False,
    progress: Callable[[Progress], None] | bool | None = None,
) -> StudyResult:
    """Run a study into the folder ``out``.

    ``workers``: processes, 0 for this one; ``scheduler``: a Dask address or ``local`` instead; ``job_size``: replicates
    per job, by default about four seconds' worth; ``repeat_stragglers``: a job that takes three times as long as it
    should is handed to an idle worker too, and what comes first counts. None of these changes a byte of the tables.
    ``alone``: a study of one case whose run folder is ``out`` itself. ``progress`` is called after every job, True
    writes the share done to stderr.
    SIGTERM and SIGINT let blocks in work finish.

    Raises InputError and StudyError before anything is run (see StudyFolder); StoreError if the folder cannot be
    written to any more, with all that is finished kept. With ``force`` the run or study that is there is replaced
    at the end, by a study that is not stopped; until then ``resume`` with ``force`` goes on with the new one.
    """
    began = time.perf_counter()
    for case in instance_of("study", study, Study, "give one from read_study, or make a Study").cases:
        check_scenario(check_system(case.system), case.scenario)
    workers = whole_number("workers", workers, 0, MOST_WORKERS)
    job_size = None if job_size is None else whole_number("job_size", job_size, 1, LARGEST_REPLICATE)
    if isinstance(progress, bool):
        progress = _line(study.name) if progress else None
    schemas = {case.name: {table: SCHEMAS[table] for table in tables_of(case)} for case in study.cases}
    folder = StudyFolder(out, study, schemas, resume=resume, force=force, alone=alone)
    try:
        with stop_on_signals() as stop:
            run = _Run(folder, study, job_size, progress, stop, repeat_stragglers=repeat_stragglers)
            reused = run.done
            if not run.all_done:
                run.work(workers, scheduler)
            status, reason = run.status()
            estimates = {}
            for case, case_folder in zip(study.cases, folder.cases, strict=True):
                estimates[case.name] = _finish_case(case, case_folder, run.calm_numbers)
                case_folder.write_manifest(status=status if status != "partial" or case_folder.failed else "complete")
            folder.write_table("summary.parquet", _summary(estimates))
            folder.write_status(status, reason=reason)
            if status != "stopped":
                folder.publish()
            elif folder.replaces:
                reason += f" (and --force: {folder.place} is as it was, the new results are in {folder.path})"
        failed = [
            (case.name, failed, case_folder.replay(failed["replicate"], case_folder.path))
            for case, case_folder in zip(study.cases, folder.cases, strict=True)
            for failed in case_folder.failed
        ]
        counts = {case.name: load_run(f.path).n_replicates for case, f in zip(study.cases, folder.cases, strict=True)}
        wall_s = time.perf_counter() - began
        return StudyResult(
            path=folder.path,
            study=study,
            status=status,
            reason=reason,
            estimates=estimates,
            failed=failed,
            replicates=counts,
            reused=reused,
            repaired=folder.repaired,
            busy_s=run.busy_s,
            wall_s=wall_s,
        )
    finally:
        folder.close()


class _Run:
    """The parent of a study: plans its jobs, joins what comes back, looks at the stop rule."""

    def __init__(
        self,
        folder: StudyFolder,
        study: Study,
        job_size: int | None,
        progress: Callable[[Progress], None] | None,
        stop: threading.Event,
        *,
        repeat_stragglers: bool = False,
    ):
        self.folder = folder
        self.study = study
        self.calm_numbers = CalmNumbers()
        self.busy_s = 0.0
        self.failed = 0
        self._job_size = job_size
        self._repeat_stragglers = repeat_stragglers
        self._progress = progress
        self._stop = stop
        self._stopped_by: StoreError | StudyError | None = None
        self._results: dict[Job, JobResult] = {}
        self._lines: dict[Job, tuple[str, ...]] = {}
        self._not_begun: list[Job] = []
        self._began = time.perf_counter()
        self._seen_s, self._seen = 0.0, 0
        self.plans = [
            CasePlan(number, study.replicates, set(case.blocks), self._rule(number, study.stop))
            for number, case in enumerate(folder.cases)
        ]
        self._take_over()
        self._done_before = self.done

    def _rule(self, case: int, stop: StopRule | None) -> Callable[[int], bool] | None:
        if stop is None:
            return None

        def enough(n_blocks: int) -> bool:
            found = case_metrics(load_run(self.folder.cases[case].path), n_blocks).estimate(stop.metric, stop.scope)
            if found is None or not found.value or found.stderr is None:
                return False
            return found.stderr / abs(found.value) <= stop.target_cov

        return enough

    def _take_over(self) -> None:
        """Use finished jobs that an earlier study left."""
        before = self.folder.finished_jobs()
        for plan in self.plans:
            mine = plan.take([job for job in before if job.case == plan.case])
            self._results |= {job: before[job] for job in mine}
            for block in plan.open_blocks:
                if plan.is_whole(block):
                    self._join(plan, block)
        self.folder.drop_jobs([job for job in before if job not in self._results])

    @property
    def all_done(self) -> bool:
        return all(plan.done for plan in self.plans)

    @property
    def done(self) -> int:
        """Replicates that are run, whole blocks or not."""
        whole = sum(block["count"] for case in self.folder.cases for block in case.blocks.values())
        return whole + sum(job.n for job in self._results)

    def status(self) -> tuple[str, str]:
        """End of the study, with its reason if it is not complete."""
        if self._stopped_by is not None:
            return "stopped", str(self._stopped_by)
        if not self.all_done:
            return "stopped", "asked to stop; go on with --resume"
        failed = sum(len(case.failed) for case in self.folder.cases)
        return ("partial", f"{failed} replicates failed") if failed else ("complete", "")

    def _assignment(self) -> bytes:
        """Assignment that workers are told once. Runs every base case once, which compiles all kernels there are."""
        calm: dict[tuple[Any, ...], Mapping[str, Columns] | None] = {}
        cases = []
        for plan, case in zip(self.plans, self.study.cases, strict=True):
            scenario = case.scenario
            tables, hashes = tables_of(case), script_hashes(scenario)
            key = _calm_key(case)
            if key not in calm and not plan.done:
                replicates = Replicates(case.system, scenario, keep=tables)
                baseline = None
                with suppress(ScriptError), _scripts_silent():  # each replicate that meets it says so
                    baseline = replicates.baseline()
                    if baseline is None and not calm:
                        replicates.run(seed=self.study.seed)
                calm[key] = None if scenario.draws_weather else baseline
                self.calm_numbers.learn(key, case, calm[key])
            plain = dataclasses.replace(scenario, scripts=())
            cases.append(CaseInput(case.system, plain, _needed(calm.get(key)), tables, hashes))
        lines_to = os.getpid() if _script_logger.isEnabledFor(logging.INFO) else None
        jobs, inputs = self.folder.jobs.resolve(), self.folder.inputs
        return pickle.dumps(Assignment(tuple(cases), self.study.seed, jobs, inputs, lines_to))

    def work(self, n_workers: int, scheduler: str | None) -> None:
        """Give jobs out until nothing is left or something stops the study."""
        ac = any(case.scenario.policy.ac is not AcMode.OFF for case in self.study.cases)
        team = start_workers(self._assignment(), n_workers, scheduler, _AC_MODULES if ac else ())
        self._began = time.perf_counter()
        try:
            GiveOut(team, self, repeat_stragglers=self._repeat_stragglers).run()
        except (StoreError, StudyError) as error:
            self._stopped_by = error
        except BaseException:  # asked to stop a second time: what is in work is given up
            team.abandon()
            raise
        team.close()
        self.tell()
        self._tell_lines(list(self._lines))

    def next_job(self) -> Job | None:
        """The next job of the first case that has one."""
        if self._not_begun:
            return self._not_begun.pop()
        for plan in self.plans:
            job = plan.next_job(self._size(), new_blocks=not self._stop.is_set())
            if job is not None:
                return job
        return None

    def put_back(self, job: Job) -> None:
        """Hand a job that was not begun out again."""
        self._not_begun.append(job)

    def expected_s(self, job: Job) -> float | None:
        """Seconds that a job should take, by the replicates seen; None while there are none."""
        return job.n * self._seen_s / self._seen if self._seen else None

    def job_result(self, job: Job) -> JobResult | None:
        """Results of a job whose file is whole."""
        return self.folder.job_result(job)

    def _size(self) -> int:
        if self._job_size is not None:
            return self._job_size
        return max(int(JOB_S * self._seen / self._seen_s), 1) if self._seen_s > 0 else 1

    def count(self, done: JobDone) -> None:
        """Take over what a worker has written. StoreError if the file is damaged."""
        self.busy_s += done.busy_s
        self._seen_s += done.busy_s
        self._seen += done.job.n if done.busy_s else 0
        result = self.folder.job_result(done.job)
        if result is None:
            raise StoreError(f"{self.folder.jobs / done.job.file_name}: damaged; check the disk, go on with --resume")
        self._lines[done.job] = done.lines
        self.finish(done.job, result)

    def finish(self, job: Job, result: JobResult) -> None:
        """Keep the results of a job; a block whose jobs are all there is written."""
        self._results[job] = result
        self.failed += len(result.failed)
        plan = self.plans[job.case]
        if plan.count(job):
            self._join(plan, job.block)

    def _join(self, plan: CasePlan, block: int) -> None:
        jobs = sorted(job for job in self._results if job.case == plan.case and job.block == block)
        first, count = plan.bounds(block)
        self.folder.cases[plan.case].add_block(block, first, count, [self._results[job] for job in jobs])
        self.folder.drop_jobs(jobs)
        for job in jobs:
            del self._results[job]
        plan.close_block(block)
        self._tell_lines(jobs)

    def _tell_lines(self, jobs: list[Job]) -> None:
        """Log what scripts logged in other processes, in the order of replicates."""
        for job in sorted(jobs):
            for line in self._lines.pop(job, ()):
                _script_logger.info("%s", line)

    def tell(self) -> None:
        """Call ``progress``."""
        if self._progress is not None:
            done = self.done
            elapsed_s = time.perf_counter() - self._began
            total = done + sum(plan.n_remaining for plan in self.plans)
            rate = (done - self._done_before) / elapsed_s if elapsed_s > 0 else 0.0
            self._progress(Progress(done, total, self.failed, rate))


def _needed(baseline: Mapping[str, Columns] | None) -> Mapping[str, Columns] | None:
    """The tables of the horizon without events that metrics and the balance table look at."""
    if baseline is None:
        return None
    return {table: baseline[table] for table in BASELINE_TABLES}


def _calm_key(case: Case) -> tuple[Any, ...]:
    """Everything that a case's horizon without events depends on."""
    scenario, fleet = case.scenario, case.scenario.without_events()
    return (
        *(id(case.system), scenario.horizon, scenario.policy, scenario.weather, scenario.scripts, tables_of(case)),
        *(fleet.failures, fleet.spared),
    )


def _finish_case(case: Case, folder: CaseFolder, calm: CalmNumbers) -> list[Estimate]:
    """Metrics, scorecard and fan table over the finished blocks of a case."""
    run = load_run(folder.path)
    if not run.n_replicates:
        return []
    estimates = case_estimates(run)
    folder.write_table("metrics.parquet", to_arrow(METRICS, metric_columns(estimates)))
    scores = scorecard(case.system, estimates, calm.of(_calm_key(case), case))
    folder.write_table("scorecard.parquet", to_arrow(SCORECARD, scorecard_columns(scores)))
    fan = case_fan(run, case.system.zones, case.scenario.horizon.hours)
    folder.write_table("fan.parquet", to_arrow(FAN, fan))
    return estimates


def _summary(estimates: Mapping[str, list[Estimate]]) -> Any:
    columns: dict[str, list[Any]] = {column.name: [] for column in SUMMARY}
    for case, found in estimates.items():
        columns["case"] += [case] * len(found)
        for name, values in metric_columns(found).items():
            columns[name] += list(values)
    return to_arrow(SUMMARY, columns)
