"""Places that gridsim writes to: what in them is its own, who holds them, how a new folder takes an old one's place.

A folder is a run's or a study's if its ``manifest.json`` or ``study.json`` carries the mark that only gridsim writes; a
file called manifest.json alone says nothing, as many programs write one. Only files that these two name as written are
ever removed. What others put there (notes, figures, a folder ``jobs`` of somebody else) stays, and a folder that holds
such things is not replaced at all.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, NoReturn

from gridsim.errors import InputError, Problem, StudyError
from gridsim.io.manifest import FORMATS, MANIFEST, STUDY_FILE, has_mark, is_0_1, plain_content, read_manifest
from gridsim.io.scratch import remove_scratch

LOCK = ".lock"
JOBS = "jobs"
JOB_NAME = re.compile(r"\d{4,}-\d{9,}-\d{2}\.job")
#: Files of a study's case that are written when it ends; before that they are not in its manifest.
AT_THE_END = ("metrics.parquet", "scorecard.parquet", "fan.parquet")
_SCRATCH = re.compile(r"(.*/)?\.([^/]+)\.\d+\.tmp")
_PART = re.compile(r"(.+)/part-\d{6,}\.parquet")
_LONGEST_NAME = 200  # bytes: file systems take 255, neighbours of a folder have longer names than itself
_MOST_NAMED = 5
_SHOWN = 40


@dataclass
class _Written:
    """Files that gridsim wrote below a folder: ``files`` by path, any part of ``tables``, jobs if there is a study."""

    files: set[str] = field(default_factory=lambda: {LOCK})
    tables: set[str] = field(default_factory=set)
    study: bool = False

    def __contains__(self, name: str) -> bool:
        if name in self.files:
            return True
        if part := _PART.fullmatch(name):
            return part[1] in self.tables
        if scratch := _SCRATCH.fullmatch(name):
            return f"{scratch[1] or ''}{scratch[2]}" in self
        folder, _, file = name.rpartition("/")
        return self.study and folder == JOBS and re.fullmatch(rf"{JOB_NAME.pattern}|\.\d+", file) is not None


def _written(path: Path) -> _Written:
    """Raises InputError if a manifest is damaged: then nobody knows."""
    written, folders = _Written(), [""]
    # A writer killed at its first file leaves no more than its scratch.
    written.files |= {MANIFEST, STUDY_FILE}
    if (path / STUDY_FILE).is_file():
        written.study = True
        study = read_manifest(path / STUDY_FILE)
        written.files |= {"summary.parquet", *study.get("files", {})}
        folders += [f"{case}/" for case in study["cases"] if case != "."]
    for prefix in folders:
        written.files.add(prefix + MANIFEST)
        if (path / prefix / MANIFEST).is_file():
            manifest = read_manifest(path / prefix / MANIFEST)
            written.files |= {prefix + name for name in manifest.get("files", {})}
            if "blocks" in manifest:
                written.files |= {prefix + name for name in AT_THE_END}
                written.tables |= {prefix + table for table in manifest.get("tables", [])}
    return written


def is_ours(path: Path) -> bool:
    """True if ``path`` is the folder of a run or a study of this or a later version."""
    return any(has_mark(name, plain_content(path / name)) for name in FORMATS)


def files_in(path: Path) -> Iterator[Path]:
    """Files and links below ``path``, links not followed. OSError for a folder that cannot be looked into."""

    def fails(error: OSError) -> NoReturn:
        raise error

    for folder, names, files in os.walk(path, onerror=fails):
        for name in [*files, *(name for name in names if (Path(folder) / name).is_symlink())]:
            yield Path(folder) / name


def foreign(path: Path) -> list[Path]:
    """Files and links below ``path`` that gridsim did not write, sorted. InputError if its manifests are damaged."""
    written = _written(path)
    return sorted(
        file for file in files_in(path) if file.is_symlink() or file.relative_to(path).as_posix() not in written
    )


def scratch_in(path: Path) -> list[Path]:
    """Half-written files that a killed writer of gridsim left below ``path``."""
    strange = set(foreign(path))
    return [file for file in files_in(path) if _SCRATCH.fullmatch(file.name) and file not in strange]


def is_unused(path: Path) -> bool:
    """True for a place that nobody took: nothing, an empty folder, or the lock of a study that died as it began."""
    if not path.exists():
        return True
    if not path.is_dir():
        return False
    left = list(files_in(path))
    folders = [entry.name for entry in path.iterdir() if entry.is_dir()]
    return folders in ([], [JOBS]) and all(
        not file.is_symlink() and file.parent == path and (file.name == LOCK or _SCRATCH.fullmatch(file.name))
        for file in left
    )


def _is_lock(file: Path) -> bool:
    return re.fullmatch(rb"(process \d+)?", file.read_bytes()) is not None


def unfit_name(case: str) -> str:
    """Reason why a case of a study cannot have this name, which is that of its folder; empty if it can."""
    n_bytes = len(os.fsencode(case))
    if n_bytes > _LONGEST_NAME:
        return f"'{case[:_SHOWN]}...' is the name of a folder and has {n_bytes} bytes; the most is {_LONGEST_NAME}"
    if case in (JOBS, LOCK, *FORMATS, *AT_THE_END, "summary.parquet", "scenario.yaml"):
        return f"'{case}' is the name of a file that every study has"
    if case in ("", ".", "..") or set(case) & set("/\\\0"):
        return f"'{case}' is no name of a folder"
    return ""


def refuse(path: Path, value: str, mend: str) -> NoReturn:
    """Raise the InputError of a place that cannot be used."""
    raise InputError([Problem(str(path), 0, "", value, mend)])


def check_place(path: Path) -> None:
    """InputError if nothing can ever be written to ``path``."""
    another = "choose another --out"
    try:
        path.lstat()
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            refuse(path, "is too long a name for the file system", "choose a shorter --out")
        if error.errno not in (errno.ENOENT, errno.ENOTDIR):
            refuse(path, f"not writable: {error.strerror}", another)
    if path.is_symlink() and not path.exists():
        refuse(path, "is a link that points to nothing", f"remove the link, or {another}")
    n_bytes = len(os.fsencode(path.resolve().name))
    if n_bytes > _LONGEST_NAME:
        refuse(path, f"has a name of {n_bytes} bytes", f"use at most {_LONGEST_NAME}: choose a shorter --out")


def check_replaceable(path: Path, force: bool, mend: str) -> None:
    """InputError unless ``path`` is an empty folder, or an earlier run or study that may be replaced whole."""
    if not force:
        refuse(path, "exists", mend)
    here = Path.cwd().resolve()
    if path.is_symlink() or not path.is_dir() or path.resolve() in (here, *here.parents):
        refuse(path, "is not a run folder", "--force replaces run folders only")
    if not any(path.iterdir()):
        return
    if any(is_0_1(name, plain_content(path / name)) for name in FORMATS):
        kept = (
            "is a folder of gridsim 0.1 that does not say which of its files are gridsim's: --force never replaces it"
        )
        refuse(path, kept, "choose another --out, or remove the folder yourself")
    if not is_ours(path):
        refuse(path, "is not a run folder", "--force replaces run folders only")
    strange = [file.relative_to(path).as_posix() for file in foreign(path)]
    if strange:
        more = f" and {len(strange) - _MOST_NAMED} more" if len(strange) > _MOST_NAMED else ""
        names = ", ".join(strange[:_MOST_NAMED]) + more
        refuse(path, f"holds files that gridsim did not write: {names}", "move them away, or choose another --out")
    old = neighbour(path, "old")
    if old.exists() and not is_ours(old):
        refuse(old, "is in the way: what is replaced is put there first", "move it away")


def remove_written(path: Path) -> None:
    """Remove the files that gridsim wrote below ``path``, and folders that are empty then; ``path`` itself stays."""
    strange = set(foreign(path))
    mine = [file for file in files_in(path) if file not in strange]
    # Manifests last, the study's last of all: killed in between, what is left is still known for what it is.
    for file in sorted(mine, key=lambda file: (file.name in FORMATS, -len(file.parts), file.name == STUDY_FILE)):
        file.unlink(missing_ok=True)
    for folder, _, _ in os.walk(path, topdown=False):
        if Path(folder) != path and not any(Path(folder).iterdir()):
            Path(folder).rmdir()


def neighbour(path: Path, what: str) -> Path:
    """The hidden file or folder beside ``path`` that serves it: ``lock``, ``new`` or ``old``."""
    place = path.resolve()
    return place.parent / f".{place.name}.{what}"


def swap(new: Path, path: Path) -> None:
    """Put the folder ``new`` in the place of ``path``. What others wrote into the old folder is kept in the new one."""
    old = neighbour(path, "old")
    if old.exists():
        _retire(old, path)
    if os.path.lexists(path):
        os.replace(path, old)
    os.replace(new, path)
    if old.exists():
        _retire(old, path)


def _retire(old: Path, path: Path) -> None:
    remove_written(old)
    for file in list(files_in(old)):
        target = path / file.relative_to(old)
        if not os.path.lexists(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(file, target)
    for folder, _, _ in os.walk(old, topdown=False):
        with suppress(OSError):  # not empty: a name that the new folder has too
            Path(folder).rmdir()


def recover(path: Path) -> None:
    """Put back a folder whose replacement was killed between taking it away and taking its place."""
    old = neighbour(path, "old")
    if not os.path.lexists(path) and is_ours(old):
        os.replace(old, path)


class Claim:
    """A hold on a place, until it is closed; the death of its process gives it free.

    The lock lies beside the place, as there may be nothing there yet. A study locks its folder inside too: the folder
    around it may be read-only. Raises StudyError if somebody else holds one of the two.
    """

    def __init__(self, path: Path, *, inside: bool = False):
        self._path = path
        self._beside: IO[str] | None = None
        self._inside: list[IO[str]] = []
        try:
            self._beside = _hold(neighbour(path, "lock"), path)
        except OSError:
            if not path.is_dir():
                raise
        try:
            recover(path)
            if self._beside is not None:
                remove_scratch(path)
            if (path / LOCK).is_file() or inside:
                self.hold_inside(path)
        except BaseException:
            self.close()
            raise

    def hold_inside(self, folder: Path) -> None:
        """Hold ``folder`` itself too, which may be the replacement of the place."""
        folder.mkdir(parents=True, exist_ok=True)
        if not any(_is_there(held, folder / LOCK) for held in self._inside):
            self._inside.append(_hold(folder / LOCK, self._path))

    def close(self) -> None:
        """Give the place free."""
        if self._beside is not None:
            with suppress(OSError):
                neighbour(self._path, "lock").unlink()
            self._beside.close()
            self._beside = None
        for file in self._inside:
            file.close()
        self._inside = []


def is_claimed(path: Path) -> bool:
    """True if another process, or another thread of this one, is about to write to ``path``."""
    file = neighbour(path, "lock")
    if not file.is_file():
        return False
    try:
        _hold(file, path).close()
    except StudyError:
        return True
    return False


def _hold(file: Path, place: Path) -> Any:
    import fcntl

    while True:
        held = file.open("a+")
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            held.seek(0)
            holder = held.read().strip() or "another process"
            held.close()
            raise StudyError(f"{place} is being written by {holder}; wait for it, or choose another --out") from None
        except BaseException:
            held.close()
            raise
        if _is_there(held, file):
            if not _is_lock(file):
                held.close()
                refuse(file, "is not a lock that gridsim wrote", "move it away, or choose another --out")
            with suppress(OSError):  # on a full disk it holds without a name
                held.truncate(0)
                held.write(f"process {os.getpid()}")
                held.flush()
            return held
        held.close()  # whoever held it removed it between the two calls: this file is nobody's lock any more


def _is_there(held: IO[str], file: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(held.fileno()), file.stat())
    except FileNotFoundError:
        return False
