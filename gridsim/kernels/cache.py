"""A place for Numba's cache where Numba finds none: a read-only installation run by a user without a home.

Numba keeps compiled kernels beside their sources or in the user's cache folder and refuses to decorate a function where
neither can be written. Compiled code is loaded from that place and executed, so it must be a folder that nobody else
can write: one of the user's own in the temporary folder, or, if somebody else has taken that name, a new one that only
this process knows.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import numba

_PRIVATE = 0o700


def ensure_cache() -> None:
    """Point Numba to a private temporary folder if it can cache nowhere else, with one line on stderr."""
    if os.environ.get("NUMBA_CACHE_DIR"):
        return
    try:
        numba.njit(cache=True)(_probe)
    except RuntimeError:  # "no locator available"
        folder = _own_folder()
        os.environ["NUMBA_CACHE_DIR"] = folder  # for worker processes
        numba.config.CACHE_DIR = folder  # type: ignore[attr-defined]
        print(f"compiled kernels are kept in {folder}, as neither the installation nor a home folder can be written; "
              "set NUMBA_CACHE_DIR to keep them elsewhere", file=sys.stderr)  # fmt: skip


def _probe() -> int:
    return 0


def _own_folder() -> str:
    """A folder that only this user can write, the same in every process unless the name is taken."""
    user = os.getuid() if hasattr(os, "getuid") else "user"
    folder = Path(tempfile.gettempdir()) / f"gridsim-numba-{user}"
    try:
        folder.mkdir(mode=_PRIVATE, exist_ok=True)
        found = folder.lstat()
        mine = not hasattr(os, "getuid") or found.st_uid == os.getuid()
        if mine and folder.is_dir() and not folder.is_symlink() and found.st_mode & 0o777 == _PRIVATE:
            return str(folder)
    except OSError:
        pass
    return tempfile.mkdtemp(prefix="gridsim-numba-")
