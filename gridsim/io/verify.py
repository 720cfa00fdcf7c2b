"""Checks a run's or a study's folder against its manifests: every file, every count, and the manifests themselves."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gridsim.errors import InputError
from gridsim.io.manifest import MANIFEST, STUDY_FILE, has_mark, read_manifest
from gridsim.io.owned import files_in, foreign, refuse
from gridsim.io.store import BLOCK_REPLICATES
from gridsim.io.study_inputs import inputs_hash
from gridsim.io.whole_files import damaged, part_name

_RERUN = {"run": "run it again", "case": "--resume of its study writes it anew", "study": "--resume writes it anew"}
_NONE = "no checksum before version 0.2"


@dataclass
class Verification:
    """Outcome of a check. ``checked``: files with a checksum; ``faults``: file -> what is wrong and how to mend it.

    ``unchecked``: files of gridsim without a checksum, and why; ``foreign``: files that it did not write; ``notes``:
    what the manifests say that is no fault.
    """

    checked: list[Path] = field(default_factory=list)
    faults: dict[Path, str] = field(default_factory=dict)
    unchecked: dict[Path, str] = field(default_factory=dict)
    foreign: list[Path] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """True if something could be checked, and all of it is what was written."""
        return bool(self.checked) and not self.faults

    def fault(self, file: Path, what: str) -> None:
        """Enter the first thing that is wrong with a file."""
        self.faults.setdefault(file, what)


def verify_folder(path: str | Path) -> Verification:
    """Check the folder of a run, of a case or of a study. InputError if it is none of these."""
    folder, found = Path(path), Verification()
    if os.path.exists(folder / STUDY_FILE):
        _verify_study(folder, found)
    elif os.path.exists(folder / MANIFEST):
        _verify_run(folder, found)
    else:
        refuse(folder, "is not the folder of a run or a study", "give the --out of one")
    if not found.faults and not found.unchecked:
        try:
            found.foreign = foreign(folder)
        except OSError as error:
            found.notes.append(f"{error.filename}: cannot be looked into: {error.strerror}")
    return found


def _verify_study(folder: Path, found: Verification) -> None:
    study = _manifest(folder / STUDY_FILE, found)
    if study is None:
        # Its cases are known by their manifests.
        for file in sorted([*folder.glob(MANIFEST), *folder.glob(f"*/{MANIFEST}")]):
            _verify_run(file.parent, found)
        return
    _verify_files(folder, study, found)
    for case in study["cases"]:
        if not (folder / case / MANIFEST).is_file():
            found.fault(folder / case / MANIFEST, f"is missing; {_RERUN['study']}")
            continue
        _verify_run(folder / case, found, study["inputs"])
    if not has_mark(STUDY_FILE, study):
        found.unchecked |= dict.fromkeys(folder.glob("*.parquet"), _NONE)


def _manifest(file: Path, found: Verification) -> dict[str, Any] | None:
    try:
        manifest = read_manifest(file)
    except InputError as error:
        found.fault(file, "; ".join(f"{problem.value}; {problem.mend}" for problem in error.problems))
        return None
    if has_mark(file.name, manifest):
        found.checked.append(file)
    else:
        found.unchecked[file] = _NONE
    return manifest


def _verify_run(folder: Path, found: Verification, study: Mapping[str, Any] | None = None) -> None:
    """``study``: inputs of the study that the folder is a case of."""
    manifest = _manifest(folder / MANIFEST, found)
    if manifest is None:
        return
    if study is not None and manifest.get("inputs") not in (None, inputs_hash(study)):
        found.fault(folder / MANIFEST, f"belongs to another study; {_RERUN['case']}")
    _verify_files(folder, manifest, found)
    parts = []
    for block in manifest.get("blocks", []):
        for table, entry in block["tables"].items():
            parts.append((block["block"], folder / table / part_name(block["block"]), entry["sha256"]))
    found.checked += [file for _, file, _ in parts]
    for _, file in damaged(parts):
        found.fault(file, f"is missing or not what was written; {_mend(manifest)}")
    if "blocks" in manifest:
        for what in _off_schedule(manifest):
            found.fault(folder / MANIFEST, f"{what}; {_mend(manifest)}")
        _note_progress(folder, manifest, found)
    if not has_mark(MANIFEST, manifest):
        known = {*found.checked, *found.unchecked}
        mine = (file for file in files_in(folder) if file.suffix in (".parquet", ".yaml") and file not in known)
        found.unchecked |= dict.fromkeys(mine, _NONE)


def _verify_files(folder: Path, manifest: Mapping[str, Any], found: Verification) -> None:
    mend = _mend(manifest)
    for name, entry in manifest.get("files", {}).items():
        found.checked.append(folder / name)
        try:
            with (folder / name).open("rb") as file:
                same = hashlib.file_digest(file, "sha256").hexdigest() == entry["sha256"]
        except OSError as error:
            found.fault(folder / name, f"{error.strerror}; {mend}")
            continue
        if not same:
            found.fault(folder / name, f"is not what was written; {mend}")


def _mend(manifest: Mapping[str, Any]) -> str:
    return _RERUN.get(str(manifest.get("kind")), "run it anew in another --out")


def _off_schedule(manifest: Mapping[str, Any]) -> Iterator[str]:
    """Ways in which the blocks of a case are not those of its number of replicates."""
    total, blocks = manifest.get("replicates"), manifest["blocks"]
    if not isinstance(total, int):
        yield "does not say how many replicates there are"
        return
    for block in blocks:
        first = block["block"] * BLOCK_REPLICATES
        count = min(BLOCK_REPLICATES, total - first)
        if (block["first"], block["count"]) != (first, count) or count < 1:
            yield f"block {block['block']} is not of the schedule of {total} replicates"
        elif any(not first <= failure["replicate"] < first + count for failure in block["failed"]):
            yield f"block {block['block']} counts failed replicates that are not its own"
        elif set(block["tables"]) != set(manifest.get("tables", block["tables"])):
            yield f"block {block['block']} lacks a table"
    numbers = [block["block"] for block in blocks]
    if len(set(numbers)) != len(numbers):
        yield "a block stands there twice"
    ended = manifest["status"] in ("complete", "partial")
    # A stop rule, of which 0.1 says nothing here, ends a case before its last block, but leaves no gap.
    expected = len(numbers) if manifest.get("stop", True) else -(-total // BLOCK_REPLICATES)
    if ended and sorted(numbers) != list(range(max(expected, 1))):
        yield f"says {manifest['status']}, but not all blocks of {total} replicates are there"


def _note_progress(folder: Path, manifest: Mapping[str, Any], found: Verification) -> None:
    done = sum(block["count"] for block in manifest["blocks"])
    failed = sum(len(block["failed"]) for block in manifest["blocks"])
    if manifest["status"] not in ("complete", "partial"):
        found.notes.append(
            f"{folder}: {manifest['status']}; {done} of {manifest.get('replicates')} replicates are there"
        )
    if failed:
        found.notes.append(f"{folder}: {failed} of {done} replicates failed, as its manifest says")
