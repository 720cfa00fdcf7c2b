"""Jobs of a study, the file in which a worker leaves its results, and how that is read again."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, NamedTuple

from gridsim.io.store import BLOCK_REPLICATES
from gridsim.io.whole_files import write_file

_DIGEST_BYTES = 32


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
