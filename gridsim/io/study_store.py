"""The folder of a study: one run folder per case, its tables in files of 64 replicates, and what is finished so far.

    STUDY/study.json              inputs and status
    STUDY/CASE/manifest.json      finished blocks with checksums, failed replicates, status
    STUDY/CASE/scenario.yaml      the scenario that was run
    STUDY/CASE/TABLE/part-000123.parquet   replicates 123 x 64 and on
    STUDY/jobs/                   finished jobs whose block is not finished yet

A study that replaces another (``force``) is written beside it, into ``.STUDY.new``, and takes its place at the end.
Every file is written under a temporary name, synced and renamed: it is whole or absent. A block counts once the
manifest says so; what a killed study leaves beside that is taken over if it is whole and of the same inputs, and
written again otherwise. Nothing depends on the clock.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gridsim.errors import InputError, Problem
from gridsim.io.case_folder import CaseFolder, refuse_foreign
from gridsim.io.manifest import MANIFEST, STUDY_FILE, is_0_1, read_manifest, sealed
from gridsim.io.owned import (
    JOB_NAME,
    JOBS,
    Claim,
    check_place,
    check_replaceable,
    is_ours,
    is_unused,
    neighbour,
    refuse,
    remove_written,
    scratch_in,
    swap,
    unfit_name,
)
from gridsim.io.store import storing
from gridsim.io.study_inputs import check_inputs, inputs_hash, study_inputs
from gridsim.io.study_jobs import Job, JobResult, read_job
from gridsim.io.whole_files import write_json, write_table
from gridsim.model.study import Study

_MEND = "choose another --out, --resume to go on with it, or --force to replace it"


class StudyFolder:
    """A study's folder, held by one process at a time.

    ``path``: the folder that is written to; with ``force``, where there is a run or study already, a hidden one beside
    it, which takes its ``place`` by ``publish``. A study stopped before that goes on with ``force`` and ``resume``.

    Raises InputError if the place is taken and neither ``resume`` nor ``force`` is given, if it cannot be written to,
    or if what is resumed had other inputs; StudyError if another process holds it.
    """

    def __init__(
        self,
        place: Path,
        study: Study,
        schemas: Mapping[str, Mapping[str, Sequence[Any]]],
        *,
        resume: bool = False,
        force: bool = False,
        alone: bool = False,
    ):
        self.place = self.path = place
        self.study = study
        self._alone = alone
        inputs = study_inputs(study)
        self.inputs = inputs_hash(inputs)
        self.repaired: list[Path] = []
        self._files: dict[str, dict[str, Any]] = {}
        check_place(place)
        for name in [] if alone else [case.name for case in study.cases]:
            if reason := unfit_name(name):
                refuse(place, f"case {reason}", "give the case another name")
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            self._claim = Claim(place)
        except OSError as error:
            refuse(place, f"not writable: {error.strerror}", "choose another --out")
        try:
            try:
                known = self._choose(inputs, resume, force)
            except OSError as error:
                refuse(place, f"not readable: {error.strerror}", "choose another --out")
            self._open()
            self.cases = [
                CaseFolder(self.path / name, place / name, case, study, self.inputs, schemas[case.name])
                for name, case in zip(self._case_folders, study.cases, strict=True)
            ]
            self._begin(known, inputs)
        except BaseException:
            self._claim.close()
            raise

    @property
    def jobs(self) -> Path:
        """Folder of jobs whose block is not finished."""
        return self.path / JOBS

    @property
    def replaces(self) -> bool:
        """True while another run or study still stands in the place."""
        return self.path != self.place

    @property
    def _case_folders(self) -> list[str]:
        return ["." if self._alone else case.name for case in self.study.cases]

    def _choose(self, inputs: Mapping[str, Any], resume: bool, force: bool) -> dict[str, Any] | None:
        """Set ``path``; give the head of the study to go on with, None to begin one."""
        new = neighbour(self.place, "new")
        if resume and force and is_ours(new):
            if not is_unused(self.place):
                check_replaceable(self.place, force, _MEND)
            self.path = new
            return self._known(inputs)
        if is_unused(self.place):
            return None
        if resume and self._is_study():
            try:
                return self._known(inputs)
            except InputError as error:
                if not is_ours(new):
                    raise
                more = Problem(
                    str(new), 0, "", "is a study stopped before it took this place", "add --force to resume it"
                )
                raise InputError([*error.problems, more]) from None
        check_replaceable(self.place, force, _MEND)
        if any(self.place.iterdir()):
            self.path = new
            if not is_unused(new):  # a study that died as it began left no more than its lock
                check_replaceable(new, force, _MEND)
        return None

    def _is_study(self) -> bool:
        """True if there is something to resume, be it without its study.json."""
        return (self.place / STUDY_FILE).is_file() or self._has_case()

    def _has_case(self) -> bool:
        """True if a case of exactly this study is there."""
        for name in self._case_folders:
            with contextlib.suppress(InputError):
                if read_manifest(self.path / name / MANIFEST).get("inputs") == self.inputs:
                    return True
        return False

    def _known(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """The head of the study that is there, made anew if it is damaged; InputError if that is another study."""
        file = self.path / STUDY_FILE
        refuse_foreign(file)
        try:
            head = read_manifest(file)
        except InputError:
            if not self._has_case():
                raise
            self.repaired.append(file)
            return self._new_head(inputs)
        if is_0_1(STUDY_FILE, head):
            mend = "finish it with that version, or start anew in another --out; it can be read and verified as it is"
            refuse(file, "was begun by gridsim 0.1, whose studies are not resumed by this version", mend)
        check_inputs(file, head["inputs"], inputs)
        return head

    def _new_head(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        changes = {
            folder: {path: _plain(value) for path, value in case.changes}
            for folder, case in zip(self._case_folders, self.study.cases, strict=True)
        }
        return {"status": "running", "study": self.study.name, "question": self.study.question,
                "description": self.study.description, "inputs": inputs, "started": _now(),
                "cases": self._case_folders, "changes": changes}  # fmt: skip

    def _open(self) -> None:
        """Make sure that the folder can be written to."""
        try:
            self._claim.hold_inside(self.path)
            self.jobs.mkdir(exist_ok=True)
            (self.jobs / f".{os.getpid()}").touch()
            (self.jobs / f".{os.getpid()}").unlink()
        except OSError as error:
            refuse(self.path, f"not writable: {error.strerror}", "choose another --out")

    def _begin(self, known: dict[str, Any] | None, inputs: Mapping[str, Any]) -> None:
        """Take over what is there, or start afresh."""
        if known is not None:
            mine = self._new_head(inputs).keys()
            self._head = {key: value for key, value in known.items() if key in mine}
            self.write_status("running")
            for folder in self.cases:
                self.repaired += folder.take_over()
            for file in scratch_in(self.path):
                file.unlink(missing_ok=True)
            return
        if is_ours(self.path):  # what a replacement left that was killed
            remove_written(self.path)
            self._claim.hold_inside(self.path)
            self.jobs.mkdir(exist_ok=True)
        self._head = self._new_head(inputs)
        self.write_status("running")
        for folder in self.cases:
            folder.create()

    def finished_jobs(self) -> dict[Job, JobResult]:
        """Whole jobs that an earlier study left, of blocks that are not finished."""
        found = {}
        for file in sorted(file for file in self.jobs.iterdir() if JOB_NAME.fullmatch(file.name)):
            if file.is_dir():
                refuse(file, "is not what gridsim writes there", "move it away and go on with --resume")
            job = Job(*(int(part) for part in file.stem.split("-")))
            known = job.case < len(self.cases) and job.block not in self.cases[job.case].blocks
            result = read_job(file, self.inputs) if known else None
            if result is None:
                file.unlink()
            else:
                found[job] = result
        return found

    def job_result(self, job: Job) -> JobResult | None:
        """Content of a job's file, None if there is no whole one."""
        file = self.jobs / job.file_name
        return read_job(file, self.inputs) if file.is_file() else None

    def drop_jobs(self, jobs: Sequence[Job]) -> None:
        """Remove the files of jobs that are joined into a block."""
        for job in jobs:
            (self.jobs / job.file_name).unlink(missing_ok=True)

    def write_table(self, name: str, arrow: Any) -> None:
        """Write a table about all cases; the next status names it."""
        self._files[name] = write_table(self.path / name, arrow)

    def write_status(self, status: str, **extra: Any) -> None:
        """Write status and times of the study."""
        finished = {} if status == "running" else {"finished": _now()}
        self._head = {**self._head, "status": status, **finished, **extra}
        write_json(self.path / STUDY_FILE, sealed(STUDY_FILE, "study", {**self._head, "files": self._files}))

    def publish(self) -> None:
        """Take the place of what was there before."""
        if not self.replaces:
            return
        self._tidy_jobs()
        with storing(self.place, resumable=True):
            swap(self.path, self.place)
        self.path = self.place
        for case in self.cases:
            case.path = case.place

    def close(self) -> None:
        """Give the folder free."""
        self._tidy_jobs()
        self._claim.close()

    def _tidy_jobs(self) -> None:
        """Remove what killed workers left half-written, jobs of finished blocks, and the folder if nothing else is in.

        Called when the workers have ended.
        """
        with contextlib.suppress(OSError):
            for file in scratch_in(self.path) + [file for file in self.jobs.iterdir() if self._is_joined(file)]:
                if file.parent == self.jobs:
                    file.unlink(missing_ok=True)
            self.jobs.rmdir()

    def _is_joined(self, file: Path) -> bool:
        """True for the file of a job whose block is finished."""
        if not JOB_NAME.fullmatch(file.name):
            return False
        job = Job(*(int(part) for part in file.stem.split("-")))
        return job.case < len(self.cases) and job.block in self.cases[job.case].blocks


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


def _plain(value: Any) -> Any:
    """A swept value as JSON has it: a number, a word or text."""
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
