"""The folder of a study: one run folder per case, its tables in files of 64 replicates, and what is finished so far.

    STUDY/study.json              inputs and status
    STUDY/CASE/manifest.json      finished blocks with checksums, failed replicates, status
    STUDY/CASE/scenario.yaml      the scenario that was run
    STUDY/CASE/TABLE/part-000123.parquet   replicates 123 x 64 and on
    STUDY/jobs/                   finished jobs whose block is not finished yet

Every file is written under a temporary name, synced and renamed: it is whole or absent. A block counts once the
manifest says so; what a killed study leaves beside that is taken over if it is whole and of the same inputs, and
written again otherwise. Nothing depends on the clock.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import hashlib
import json
import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from gridsim.errors import InputError, Problem, StoreError
from gridsim.io.owned import JOBS, LOCK, check_replaceable, files_in, foreign, is_scratch, locked, remove_written
from gridsim.io.store import BLOCK_REPLICATES, code_hash, file_hash, package_versions, to_arrow, write_parquet
from gridsim.model.digest import digest
from gridsim.model.scenario import Scenario
from gridsim.model.study import Case, Study

_MEND = "choose another --out, --resume to go on with it, or --force to replace it"
STUDY_FILE = "study.json"
MANIFEST = "manifest.json"
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


@contextlib.contextmanager
def _storing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        mend = "free space and go on with --resume" if full else "make it writable and go on with --resume"
        raise StoreError(f"{path}: not written: {error.strerror or error}; {mend}") from error


def write_file(path: Path, content: bytes) -> None:
    """Write a file whole: temporary name, sync, rename. StoreError if that fails; then the old file still stands."""
    scratch = path.parent / f".{path.name}.{os.getpid()}.tmp"
    with _storing(path):
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
    """One case's run folder as the study writes it. ``blocks``: finished ones by number, as in the manifest."""

    def __init__(self, path: Path, case: Case, seed: int, replicates: int, schemas: Mapping[str, Sequence[Any]]):
        self.path = path
        self._schemas = schemas
        self.blocks: dict[int, dict[str, Any]] = {}
        self._scripts = [shlex.quote(os.path.abspath(file)) for file in case.scenario.script_files]
        self._head = {
            "status": "running",
            "scenario": case.name,
            "network": case.system.name,
            "variant": case.scenario.variant,
            "network_hash": case.system.content_hash,
            "network_licence": case.system.licence,
            "changes": dict(case.changes),
            "seed": seed,
            "replicates": replicates,
            "block_replicates": BLOCK_REPLICATES,
        }

    def create(self, case: Case) -> None:
        """Folder, scenario and an empty manifest."""
        with _storing(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
        text = yaml.safe_dump(case.keys, sort_keys=False, allow_unicode=True)
        write_file(self.path / "scenario.yaml", text.encode())
        for file in case.files:
            write_file(self.path / Path(file).name, Path(file).read_bytes())
        self.write_manifest()

    def write_manifest(self, **changes: Any) -> None:
        """Say what is finished. Only what is written here counts."""
        self._head |= changes
        blocks = [self.blocks[number] for number in sorted(self.blocks)]
        failed = [{"replicate": f["replicate"], "error": f["error"], "replay": self.replay(f["replicate"])}
                  for block in blocks for f in block["failed"]]  # fmt: skip
        write_json(self.path / MANIFEST, {**self._head, "failed": failed, "blocks": blocks})

    def replay(self, replicate: int) -> str:
        """The command that runs one replicate alone."""
        seed = self._head["seed"]
        scripts = "".join(f" --script {file}" for file in self._scripts)
        return f"gridsim run {self.path / 'scenario.yaml'}{scripts} --seed {seed} --replicate {replicate}"

    @property
    def failed(self) -> list[dict[str, Any]]:
        """{replicate, error, traceback} of every failed replicate of finished blocks."""
        return [failure for number in sorted(self.blocks) for failure in self.blocks[number]["failed"]]

    def read_manifest(self) -> None:
        """Take over the finished blocks that an earlier study wrote."""
        manifest = json.loads((self.path / MANIFEST).read_text(encoding="utf-8"))
        self.blocks = {block["block"]: block for block in manifest["blocks"]}

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
        import pyarrow as pa

        sink = pa.BufferOutputStream()
        write_parquet(arrow, sink)
        content = sink.getvalue().to_pybytes()
        path = self.path / table / part_name(block)
        with _storing(path):
            path.parent.mkdir(exist_ok=True)
        write_file(path, content)
        return {"rows": arrow.num_rows, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}

    def parts(self) -> list[tuple[int, Path, str]]:
        """(block, file, SHA-256) of every part that the manifest counts."""
        return [
            (number, self.path / table / part_name(number), entry["sha256"])
            for number, block in sorted(self.blocks.items())
            for table, entry in block["tables"].items()
        ]


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

    Raises InputError if the place is taken and neither ``resume`` nor ``force`` is given, if it cannot be written to,
    or if what is resumed had other inputs; StudyError if another process holds it.
    """

    def __init__(
        self,
        path: Path,
        study: Study,
        schemas: Mapping[str, Mapping[str, Sequence[Any]]],
        *,
        resume: bool = False,
        force: bool = False,
        alone: bool = False,
    ):
        self.path = path
        self.study = study
        self.jobs = path / JOBS
        inputs = study_inputs(study)
        self.inputs = hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()
        self.repaired: list[Path] = []
        if not _is_free(path) and not (resume and (path / STUDY_FILE).is_file()):
            check_replaceable(path, force, _MEND)
        try:
            path.mkdir(parents=True, exist_ok=True)
            self._lock = locked(path)
            self.jobs.mkdir(exist_ok=True)
            (self.jobs / f".{os.getpid()}").touch()
            (self.jobs / f".{os.getpid()}").unlink()
        except OSError as error:
            problem = Problem(str(path), 0, "", f"not writable: {error.strerror}", "choose another --out")
            raise InputError([problem]) from None
        self.cases = [
            CaseFolder(path if alone else path / case.name, case, study.seed, study.replicates, schemas[case.name])
            for case in study.cases
        ]
        try:
            self._begin(inputs, resume, alone)
        except BaseException:
            self.close()
            raise

    def _begin(self, inputs: dict[str, Any], resume: bool, alone: bool) -> None:
        """Take over what is there, or start afresh."""
        known = self.path / STUDY_FILE
        if resume and known.is_file():
            self._head = json.loads(known.read_text(encoding="utf-8"))
            _check_inputs(known, self._head["inputs"], inputs)
            self._take_over()
        else:
            remove_written(self.path, keep=(LOCK,))
            self.jobs.mkdir(exist_ok=True)
            self._head = {
                "status": "running",
                "study": self.study.name,
                "inputs": inputs,
                "started": _now(),
                "cases": ["." if alone else case.path.name for case in self.cases],
            }
            write_json(known, self._head)
            for folder, case in zip(self.cases, self.study.cases, strict=True):
                folder.create(case)
        self.write_status("running")

    def _take_over(self) -> None:
        for folder, case in zip(self.cases, self.study.cases, strict=True):
            if not (folder.path / MANIFEST).is_file():
                folder.create(case)
                continue
            folder.read_manifest()
            bad = damaged(folder.parts())
            for block in {block for block, _ in bad}:
                del folder.blocks[block]
            self.repaired += [file for _, file in bad]
        for file in files_in(self.path):
            if is_scratch(file):
                file.unlink(missing_ok=True)

    def finished_jobs(self) -> dict[Job, JobResult]:
        """Whole jobs that an earlier study left, of blocks that are not finished."""
        found = {}
        for file in sorted(self.jobs.glob("*.job")):
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

    def write_status(self, status: str, **extra: Any) -> None:
        """Write status and times of the study."""
        finished = {} if status == "running" else {"finished": _now()}
        self._head = {**self._head, "status": status, **finished, **extra}
        write_json(self.path / STUDY_FILE, self._head)

    def close(self) -> None:
        """Give the folder free."""
        with contextlib.suppress(OSError):
            self.jobs.rmdir()
        self._lock.close()


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
    stop = study.stop
    return {
        "seed": study.seed,
        "replicates": study.replicates,
        "stop": [stop.metric, stop.scope, stop.target_cov] if stop else None,
        "code": code_hash(),
        "versions": package_versions(),
        "cases": cases,
    }


def _scenario_hash(case: Case) -> str:
    """SHA-256 of the scenario as values and as the files it is replayed from: neither may have changed alone."""
    values = digest(case.scenario, leave_out=("scripts", "network", "file", "source_file"))
    files = (Path(file).read_bytes() for file in case.files)
    keys = yaml.safe_dump(case.keys, sort_keys=True)
    return hashlib.sha256(b"".join([values.encode(), keys.encode(), *files])).hexdigest()


def script_hashes(scenario: Scenario) -> dict[str, str]:
    """SHA-256 of every script file by its path."""
    return {os.path.abspath(file): file_hash(file) for file in scenario.script_files}


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


def _is_free(path: Path) -> bool:
    """True for a place that is not taken: no folder, or one with nothing but the lock and jobs of a study that died."""
    left = (LOCK, *(f"{JOBS}/{file.name}" for file in (path / JOBS).glob("*-*-*.job")))
    return not path.exists() or (
        path.is_dir() and not foreign(path) and all(f.relative_to(path).as_posix() in left for f in files_in(path))
    )


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
