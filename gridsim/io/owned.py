"""Files that gridsim wrote into a run or study folder: only these are ever removed, and only from such a folder.

A folder is a run's or a study's if its ``manifest.json`` or ``study.json`` has the keys that only gridsim writes there;
a file called manifest.json alone says nothing, as many programs write one. What gridsim did not write in it (notes,
figures, a folder ``jobs`` of somebody else) stays, and a folder that holds such things is not replaced at all.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from gridsim.errors import InputError, Problem, StudyError
from gridsim.io.schemas.names import result_tables

LOCK = ".lock"
JOBS = "jobs"
_KEYS = {"manifest.json": {"status", "network_hash"}, "study.json": {"inputs", "cases"}}
_MOST_NAMED = 5
_OF_AN_ASSESSMENT = ("lolp", "worst_weeks", "over_weather_years")


@cache
def _written() -> re.Pattern[str]:
    """Paths within a folder, or within the folder of a study's case, that gridsim gives its files."""
    tables = "|".join(
        map(
            re.escape,
            sorted({*result_tables(), "metrics", "replicate_metrics", "fan", "summary", "events", *_OF_AN_ASSESSMENT}),
        )
    )
    file = rf"(manifest\.json|study\.json|scenario\.yaml|({tables})\.(parquet|csv)|({tables})/part-\d{{6}}\.parquet)"
    scratch = rf"(({tables})/)?\.[\w.-]+\.\d+\.tmp"
    return re.compile(rf"\.lock|{JOBS}/\d+-\d+-\d+\.job|{JOBS}/\.[\w.-]*|([^/]+/)?({file}|{scratch})")


def is_ours(path: Path) -> bool:
    """True if ``path`` is the folder of a run or a study."""
    for name, keys in _KEYS.items():
        try:
            found: Any = json.loads((path / name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(found, dict) and keys <= found.keys():
            return True
    return False


def files_in(path: Path) -> Iterator[Path]:
    """Files and links below ``path``, links not followed."""
    for folder, names, files in os.walk(path):
        for name in [*files, *(name for name in names if (Path(folder) / name).is_symlink())]:
            yield Path(folder) / name


def foreign(path: Path) -> list[Path]:
    """Files and links below ``path`` that gridsim did not write, sorted."""
    return sorted(
        file
        for file in files_in(path)
        if file.is_symlink() or not _written().fullmatch(file.relative_to(path).as_posix())
    )


def is_scratch(file: Path) -> bool:
    """True for a file that a writer of gridsim left when it was killed."""
    return re.fullmatch(r"\.[\w.-]+\.\d+\.tmp", file.name) is not None and not file.is_symlink()


def check_replaceable(path: Path, force: bool, mend: str) -> None:
    """InputError unless ``path`` is an empty folder, or an earlier run or study that may be replaced whole."""

    def refuse(value: str, way_out: str) -> None:
        raise InputError([Problem(str(path), 0, "", value, way_out)])

    if not force:
        refuse("exists", mend)
    here = Path.cwd().resolve()
    empty = path.is_dir() and not any(path.iterdir())
    if path.is_symlink() or path.resolve() in (here, *here.parents) or not (empty or is_ours(path)):
        refuse("is not a run folder", "--force replaces run folders only")
    strange = [file.relative_to(path).as_posix() for file in foreign(path)]
    if strange:
        more = f" and {len(strange) - _MOST_NAMED} more" if len(strange) > _MOST_NAMED else ""
        names = ", ".join(strange[:_MOST_NAMED]) + more
        refuse(f"holds files that gridsim did not write: {names}", "move them away, or choose another --out")
    locked(path, keep=False)


def remove_written(path: Path, *, keep: tuple[str, ...] = ()) -> None:
    """Remove the files that gridsim wrote below ``path``, and folders that are empty then; ``path`` itself stays."""
    strange = set(foreign(path))
    for file in list(files_in(path)):
        if file not in strange and file.relative_to(path).as_posix() not in keep:
            file.unlink(missing_ok=True)
    for folder, _, _ in os.walk(path, topdown=False):
        if Path(folder) != path and not any(Path(folder).iterdir()):
            Path(folder).rmdir()


def locked(path: Path, *, keep: bool = True) -> Any:
    """An open file that holds the folder until it is closed; a killed process gives it free.

    With ``keep`` False only asks whether somebody else holds it. StudyError if so.
    """
    import fcntl

    name = path / LOCK
    if not keep and not name.is_file():
        return None
    file = name.open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.seek(0)
        holder = file.read().strip() or "another process"
        file.close()
        raise StudyError(f"{path} is being written by {holder}; wait for it, or choose another --out") from None
    if not keep:
        file.close()
        return None
    file.truncate(0)
    file.write(f"process {os.getpid()}")
    file.flush()
    return file
