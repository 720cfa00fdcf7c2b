"""Files that are whole or absent: temporary name, sync, rename; with their sizes and checksums for a manifest."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from gridsim.io.store import storing, write_parquet

_PARTS_AT_ONCE = 64


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


def write_table(path: Path, arrow: Any) -> dict[str, Any]:
    """Write a table whole; gives its entry for a manifest."""
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    write_parquet(arrow, sink)
    content = sink.getvalue().to_pybytes()
    write_file(path, content)
    return {"rows": arrow.num_rows, **entry_of(content)}


def entry_of(content: bytes) -> dict[str, Any]:
    """Size and SHA-256 of a file's content, as a manifest has them."""
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def content_of(file: Path) -> bytes | None:
    """Content of a file; None if it cannot be read."""
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
