"""Hidden folders that runs write to until they are whole, and what is left of them where a run was killed."""

from __future__ import annotations

import glob
import os
import tempfile
from contextlib import suppress
from pathlib import Path

#: File that marks such a folder as gridsim's; it is taken away before the folder takes its place.
MARK = ".gridsim-scratch"


def new_scratch(path: Path) -> Path:
    """A hidden folder beside ``path``, marked as gridsim's, for a run until it is whole; ``path`` is claimed."""
    scratch = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
    (scratch / MARK).write_text(_mark(path), encoding="utf-8")
    return scratch


def remove_scratch(path: Path) -> None:
    """Remove marked folders that were to become ``path``. It is claimed by the caller, so nobody writes to them.

    Anything else of such a name is somebody else's, and results that are whole carry no mark: both stay.
    """
    place = path.resolve()
    for folder in place.parent.glob(f".{glob.escape(place.name)}-*"):
        mark = folder / MARK
        with suppress(OSError, UnicodeDecodeError):  # not ours, or not to be read: it stays
            if folder.is_symlink() or mark.is_symlink() or mark.read_text(encoding="utf-8") != _mark(path):
                continue
            for below, _, names in os.walk(folder, topdown=False):
                for name in names:
                    if Path(below, name) != mark:
                        Path(below, name).unlink()
                if Path(below) != folder:
                    os.rmdir(below)
            mark.unlink()  # last of all: killed in between, what is left is still known
            folder.rmdir()


def _mark(path: Path) -> str:
    return f"gridsim-scratch of {path.resolve().name}\n"
