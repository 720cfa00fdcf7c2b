"""Single files whose place a user names: whole or absent, and never over a file that gridsim did not write."""

from __future__ import annotations

from pathlib import Path

from gridsim.errors import InputError, Problem
from gridsim.io.store import storing
from gridsim.io.whole_files import write_file

#: How files of each kind begin, or what stands in their first lines: one that has it is replaced.
PAGE = b'<meta name="generator" content="gridsim">'
SCREENING = b"secure,worst_loading_percent,"
PAIRS = b"first,second,"
BENCH = b'{"command": "bench", '
GAS = b"component,title,kind,capacity_mcm_per_d,"
FIRST_MINUTES = b"kind,name,shed_mw,lowest_hz,"
_HEAD = 1024


def check_output(path: Path, *marks: bytes) -> None:
    """InputError where ``path`` is a folder, or a file without any of ``marks`` in its first KiB."""
    if path.is_dir():
        raise InputError([Problem(str(path), 0, "", "is a folder", "name a file")])
    if not path.exists():
        return
    with storing(path, resumable=False), path.open("rb") as file:
        head = file.read(_HEAD)
    if not any(mark in head for mark in marks):
        what = "is there and is no such file of gridsim's"
        raise InputError([Problem(str(path), 0, "", what, "name another file, or move it away")])


def write_output(path: Path, content: bytes, *marks: bytes) -> None:
    """Write ``path`` whole, in the place of an earlier one of its kind; InputError as of :func:`check_output`."""
    check_output(path, *marks)
    with storing(path, resumable=False):
        path.parent.mkdir(parents=True, exist_ok=True)
    write_file(path, content)
