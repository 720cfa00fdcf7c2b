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
import hashlib
import json
import os
import shlex
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from gridsim.errors import InputError, Problem
from gridsim.io.manifest import MANIFEST, STUDY_FILE, has_mark, is_0_1, plain_content, read_manifest, sealed
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
from gridsim.io.store import (
    BLOCK_REPLICATES,
    code_hash,
    file_hash,
    package_versions,
    storing,
    to_arrow,
    write_parquet,
)
from gridsim.model.digest import digest
from gridsim.model.scenario import Scenario
from gridsim.model.study import Case, Study

_MEND = "choose another --out, --resume to go on with it, or --force to replace it"
_DIGEST_BYTES = 32
_PARTS_AT_ONCE = 64


class Job(NamedTuple):
    """Replicates ``first`` .. ``first + n - 1`` of one case, all in one block."""

    case: int
    first: int
    n: int

    @property
    def block(self) -> int:
        return self.first // BLOCK_REPLICATES

    @property
    def file_name(self) -> str:
        return f"{self.case:04d}-{self.first:09d}-{self.n:02d}.job"


class JobResult(NamedTuple):
    """Results of a job: Arrow tables by name, and {replicate, error, traceback} of what failed."""

    tables: dict[str, Any]
    failed: list[dict[str, Any]]


def write_file(path: Path, content: bytes) -> None:
    """Write a file whole: temporary name, sync, rename. StoreError if that fails; then the old file still stands."""
    scratch = path.parent / f".{path.name}.{os.getpid()}.tmp"
    with storing(path, resumable=True):
        try:
            with scratch.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(scratch, path)
            _sync_folder(path.parent)
        except OSError:
            with contextlib.suppress(OSError):
                scratch.unlink(missing_ok=True)
            raise


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file whole."""
    write_file(path, (json.dumps(value, indent=1) + "\n").encode())


def write_job(folder: Path, job: Job, inputs: str, result: JobResult) -> None:
    """One file: header, the tables as Arrow streams in name order, SHA-256 of it all. ``inputs``: hash of the study."""
    import pyarrow as pa

    header = {"job": job, "inputs": inputs, "tables": sorted(result.tables), "failed": result.failed}
    sink = pa.BufferOutputStream()
    sink.write(json.dumps(header).encode() + b"\n")
    for name in sorted(result.tables):
        table = result.tables[name]
        with pa.ipc.new_stream(sink, table.schema) as stream:
            stream.write_table(table)
    content = sink.getvalue().to_pybytes()
    write_file(folder / job.file_name, content + hashlib.sha256(content).digest())


def read_job(path: Path, inputs: str) -> JobResult | None:
    """Results that :func:`write_job` wrote; None if the file is damaged or belongs to other inputs."""
    import pyarrow as pa

    content = path.read_bytes()
    body, digest = content[:-_DIGEST_BYTES], content[-_DIGEST_BYTES:]
    if hashlib.sha256(body).digest() != digest:
        return None
    line, _, rest = body.partition(b"\n")
    header = json.loads(line)
    if header["inputs"] != inputs:
        return None
    source = pa.BufferReader(rest)
    tables = {name: pa.ipc.open_stream(source).read_all() for name in header["tables"]}
    return JobResult(tables, header["failed"])


class CaseFolder:
    """One case's run folder as the study writes it. ``blocks``: finished ones by number, as in the manifest.

    ``place``: the folder's path once the study has its final one, if that is not ``path`` yet. ``inputs``: the study's.
    """

    def __init__(self, path: Path, place: Path, case: Case, study: Study, inputs: str, tables: Mapping[str, Any]):
        self.path = path
        self.place = place
        self._schemas: Mapping[str, Sequence[Any]] = tables
        self.blocks: dict[int, dict[str, Any]] = {}
        self._scripts = [shlex.quote(os.path.abspath(file)) for file in case.scenario.script_files]
        self._head: dict[str, Any] = {
            "status": "running",
            "scenario": case.name,
            "network": case.system.name,
            "variant": case.scenario.variant,
            "network_hash": case.system.content_hash,
            "network_licence": case.system.licence,
            "changes": dict(case.changes),
            "seed": study.seed,
            "replicates": study.replicates,
            "stop": _stop_of(study),
            "block_replicates": BLOCK_REPLICATES,
            "inputs": inputs,
            "tables": sorted(tables),
        }
        text = yaml.safe_dump(case.keys, sort_keys=False, allow_unicode=True)
        self._inputs = {"scenario.yaml": text.encode()} | {
            Path(file).name: Path(file).read_bytes() for file in case.files
        }
        self._files = {name: _entry(content) for name, content in self._inputs.items()}

    def create(self) -> None:
        """Folder, an empty manifest, and the files it names."""
        with storing(self.path, resumable=True):
            self.path.mkdir(parents=True, exist_ok=True)
        self.write_manifest()
        for name, content in self._inputs.items():
            write_file(self.path / name, content)

    def take_over(self) -> list[Path]:
        """Go on with what an earlier study left; gives the files that were not what was written."""
        file = self.path / MANIFEST
        if not file.exists():
            self.create()
            return []
        manifest = self._known(file)
        if manifest is None:
            self.create()
            return [file]
        self.blocks = {block["block"]: block for block in manifest["blocks"] if self._is_block(block)}
        bad = damaged(self.parts())
        for block in {block for block, _ in bad}:
            del self.blocks[block]
        mended = [part for _, part in bad]
        for name, content in self._inputs.items():
            if _content_of(self.path / name) != content:
                write_file(self.path / name, content)
                mended.append(self.path / name)
        return mended

    def _known(self, file: Path) -> dict[str, Any] | None:
        """The manifest, None if it is damaged; InputError if somebody else's file stands there."""
        _refuse_foreign(file)
        with contextlib.suppress(InputError):
            manifest = read_manifest(file)
            return manifest if manifest.get("inputs") == self._head["inputs"] else None
        return None

    def _is_block(self, block: Mapping[str, Any]) -> bool:
        """True if a block is one of the schedule."""
        first = block["block"] * BLOCK_REPLICATES
        count = min(BLOCK_REPLICATES, self._head["replicates"] - first)
        return count > 0 and (block["first"], block["count"]) == (first, count)

    def write_manifest(self, **changes: Any) -> None:
        """Say what is finished. Only what is written here counts."""
        self._head |= changes
        blocks = [self.blocks[number] for number in sorted(self.blocks)]
        failed = [{"replicate": f["replicate"], "error": f["error"], "replay": self.replay(f["replicate"])}
                  for block in blocks for f in block["failed"]]  # fmt: skip
        content = {**self._head, "files": self._files, "failed": failed, "blocks": blocks}
        write_json(self.path / MANIFEST, sealed(MANIFEST, "case", content))

    def write_table(self, name: str, arrow: Any) -> None:
        """Write a table about the whole case; the next manifest names it."""
        self._files[name] = write_table(self.path / name, arrow)

    def replay(self, replicate: int, folder: Path | None = None) -> str:
        """The command that runs one replicate alone, of the scenario in ``folder`` instead of in the final place."""
        seed = self._head["seed"]
        scripts = "".join(f" --script {file}" for file in self._scripts)
        return f"gridsim run {(folder or self.place) / 'scenario.yaml'}{scripts} --seed {seed} --replicate {replicate}"

    @property
    def failed(self) -> list[dict[str, Any]]:
        """{replicate, error, traceback} of every failed replicate of finished blocks."""
        return [failure for number in sorted(self.blocks) for failure in self.blocks[number]["failed"]]

    def add_block(self, block: int, first: int, count: int, results: Sequence[JobResult]) -> None:
        """Join jobs in replicate order into one file per table, then say so in the manifest."""
        import pyarrow as pa

        entries = {}
        for name, schema in self._schemas.items():
            parts = [result.tables[name] for result in results if name in result.tables]
            table = pa.concat_tables(parts) if parts else to_arrow(schema, {column.name: [] for column in schema})
            # One chunk: pages of the file must not show where jobs began.
            entries[name] = self._write_part(name, block, table.combine_chunks())
        failed = [failure for result in results for failure in result.failed]
        self.blocks[block] = {"block": block, "first": first, "count": count, "failed": failed, "tables": entries}
        self.write_manifest()

    def _write_part(self, table: str, block: int, arrow: Any) -> dict[str, Any]:
        path = self.path / table / part_name(block)
        with storing(path, resumable=True):
            path.parent.mkdir(exist_ok=True)
        return write_table(path, arrow)

    def parts(self) -> list[tuple[int, Path, str]]:
        """(block, file, SHA-256) of every part that the manifest counts."""
        return [
            (number, self.path / table / part_name(number), entry["sha256"])
            for number, block in sorted(self.blocks.items())
            for table, entry in block["tables"].items()
        ]


def write_table(path: Path, arrow: Any) -> dict[str, Any]:
    """Write a table whole; gives its entry for a manifest."""
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    write_parquet(arrow, sink)
    content = sink.getvalue().to_pybytes()
    write_file(path, content)
    return {"rows": arrow.num_rows, **_entry(content)}


def _entry(content: bytes) -> dict[str, Any]:
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _content_of(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except OSError:
        return None


def part_name(block: int) -> str:
    """File of one block of a table."""
    return f"part-{block:06d}.parquet"


def damaged(parts: Sequence[tuple[int, Path, str]]) -> list[tuple[int, Path]]:
    """(block, file) of parts that are missing or not what was written."""

    def whole(part: tuple[int, Path, str]) -> bool:
        try:
            with part[1].open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == part[2]
        except OSError:
            return False

    def broken(first: int) -> list[tuple[int, Path]]:
        return [part[:2] for part in parts[first : first + _PARTS_AT_ONCE] if not whole(part)]

    with ThreadPoolExecutor(4) as threads:  # hashing gives the interpreter free
        return [part for some in threads.map(broken, range(0, len(parts), _PARTS_AT_ONCE)) for part in some]


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
        _refuse_foreign(file)
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
        _check_inputs(file, head["inputs"], inputs)
        return head

    def _new_head(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        return {"status": "running", "study": self.study.name, "inputs": inputs, "started": _now(),
                "cases": self._case_folders}  # fmt: skip

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
        with contextlib.suppress(OSError):
            self.jobs.rmdir()
        with storing(self.place, resumable=True):
            swap(self.path, self.place)
        self.path = self.place
        for case in self.cases:
            case.path = case.place

    def close(self) -> None:
        """Give the folder free."""
        with contextlib.suppress(OSError):
            self.jobs.rmdir()
        self._claim.close()


def study_inputs(study: Study) -> dict[str, Any]:
    """Everything the numbers of a study depend on, in pieces that can be told apart."""
    cases = {
        case.name: {
            "scenario": _scenario_hash(case),
            "network": case.system.content_hash,
            "scripts": script_hashes(case.scenario),
        }
        for case in study.cases
    }
    return {
        "seed": study.seed,
        "replicates": study.replicates,
        "stop": _stop_of(study),
        "code": code_hash(),
        "versions": package_versions(),
        "cases": cases,
    }


def inputs_hash(inputs: Mapping[str, Any]) -> str:
    """SHA-256 of what ``study_inputs`` gives, which jobs and cases of a study carry."""
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()


def _stop_of(study: Study) -> list[Any] | None:
    stop = study.stop
    return [stop.metric, stop.scope, stop.target_cov] if stop else None


def _scenario_hash(case: Case) -> str:
    """SHA-256 of the scenario as values and as the files it is replayed from: neither may have changed alone."""
    values = digest(case.scenario, leave_out=("scripts", "network", "file", "source_file"))
    files = (Path(file).read_bytes() for file in case.files)
    keys = yaml.safe_dump(case.keys, sort_keys=True)
    return hashlib.sha256(b"".join([values.encode(), keys.encode(), *files])).hexdigest()


def script_hashes(scenario: Scenario) -> dict[str, str]:
    """SHA-256 of every script file by its path."""
    return {os.path.abspath(file): file_hash(file) for file in scenario.script_files}


def _refuse_foreign(file: Path) -> None:
    """InputError if somebody else's file stands in the place of a manifest; a damaged or empty one is ours to mend."""
    plain = plain_content(file)
    if file.is_dir() or (plain and not has_mark(file.name, plain) and not is_0_1(file.name, plain)):
        refuse(file, "is not what gridsim writes there", "move it away and go on with --resume")


def _check_inputs(file: Path, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    changed = [_change(key, old.get(key), new[key]) for key in new if key != "cases" and old.get(key) != new[key]]
    before, now = old["cases"], new["cases"]
    changed += [f"case {name} is gone" for name in before if name not in now]
    changed += [f"case {name} is new" for name in now if name not in before]
    for name in now:
        if name in before:
            parts = [part for part in now[name] if before[name].get(part) != now[name][part]]
            changed += [f"the {part} of {name} changed" for part in parts]
    if not changed and list(before) != list(now):
        changed = ["the order of the cases changed"]
    mend = "resume with the inputs of before, or start anew in another --out (or with --force)"
    if changed:
        raise InputError([Problem(str(file), 0, "", change, mend) for change in changed])


def _change(key: str, old: Any, new: Any) -> str:
    if key == "code":
        return "gridsim's own code changed"
    if key == "versions":
        old = old or {}
        what = ", ".join(f"{name} {old.get(name)} -> {new[name]}" for name in new if old.get(name) != new[name])
        return f"packages changed: {what}"
    return f"{key} changed from {old} to {new}"


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
