"""``manifest.json`` of a run and ``study.json`` of a study: the mark of a folder that gridsim wrote, and what is in it.

Both begin with ``format``, ``format_version`` and ``kind`` and end with ``sha256``, the checksum of all other keys.
Folders of version 0.1 have none of these; they are known by their other keys.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from gridsim.errors import InputError, Problem

MANIFEST = "manifest.json"
STUDY_FILE = "study.json"
FORMAT_VERSION = 1
#: File -> value of ``format``, and keys that 0.1 wrote there and nobody else does.
FORMATS = {MANIFEST: "gridsim-run", STUDY_FILE: "gridsim-study"}
_KEYS_0_1 = {MANIFEST: {"status", "scenario", "network_hash", "seed"}, STUDY_FILE: {"status", "inputs", "cases"}}
_TABLE = re.compile(r"[a-z][a-z0-9_]*")
_FILE = re.compile(r"[^/\\\0]+(/part-\d{6}\.parquet)?")
_RESTORE = "restore it from a copy, or remove the folder yourself"
_RESUME = "--resume of its study writes it anew; or remove the folder yourself"


def sealed(name: str, kind: str, content: Mapping[str, Any]) -> dict[str, Any]:
    """``content`` with the mark of gridsim before it and its checksum behind. ``name``: of the file it is for."""
    head = {"format": FORMATS[name], "format_version": FORMAT_VERSION, "kind": kind, **content}
    return {**head, "sha256": checksum(head)}


def checksum(content: Mapping[str, Any]) -> str:
    """SHA-256 of a manifest without its key ``sha256``, whatever the order of its keys and its white space."""
    plain = {key: value for key, value in content.items() if key != "sha256"}
    return hashlib.sha256(json.dumps(plain, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def read_manifest(file: Path) -> dict[str, Any]:
    """Content of a ``manifest.json`` or ``study.json`` that gridsim wrote, also version 0.1.

    Raises InputError if it cannot be read, was changed by anybody else, or was never gridsim's.
    """
    content = _content(file)
    mend = _RESUME if file.name == MANIFEST and "blocks" in content else _RESTORE
    if is_0_1(file.name, content):
        _check(file, content, mend)
        return content
    if not has_mark(file.name, content):
        raise _problem(file, "is not what gridsim writes there", _RESTORE)
    version = content.get("format_version")
    if not isinstance(version, int) or version > FORMAT_VERSION:
        raise _problem(file, f"has format version {version}, newer than this gridsim knows", "use that newer version")
    if content.get("sha256") != checksum(content):
        raise _problem(file, "does not match its own checksum: it was changed after gridsim wrote it", mend)
    _check(file, content, mend)
    return content


def has_mark(name: str, content: Any) -> bool:
    """True for the content of a file that this or a later version of gridsim wrote."""
    return isinstance(content, dict) and content.get("format") == FORMATS[name]


def is_0_1(name: str, content: Any) -> bool:
    """True for the content of a file that version 0.1 wrote."""
    return isinstance(content, dict) and "format" not in content and _KEYS_0_1[name] <= content.keys()


def plain_content(file: Path) -> Any:
    """Content of a JSON file, None if there is none that can be read."""
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None


def _content(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise _problem(file, f"not readable: {error.strerror}", _RESTORE) from None
    except (ValueError, RecursionError):
        raise _problem(file, "is damaged: not JSON", f"{_RESUME}, if it is one of a study") from None
    if not isinstance(content, dict):
        raise _problem(file, "is not what gridsim writes there", _RESTORE)
    return content


def _check(file: Path, content: Mapping[str, Any], mend: str) -> None:
    """Refuse what would lead outside of the folder, or break whoever reads it."""
    try:
        _shape(file.name, content)
    except (KeyError, TypeError, AttributeError, ValueError):
        raise _problem(file, "is damaged: not the keys that gridsim writes there", mend) from None


def _shape(name: str, content: Mapping[str, Any]) -> None:
    def must(right: bool) -> None:
        if not right:
            raise ValueError

    def texts(values: Any, right: Callable[[str], object]) -> None:
        must(isinstance(values, list | dict) and all(isinstance(text, str) and right(text) for text in values))

    must(isinstance(content["status"], str))
    texts(content.get("files", {}), lambda text: _FILE.fullmatch(text) and text.split("/")[0] not in (".", ".."))
    must(all(isinstance(entry["sha256"], str) for entry in content.get("files", {}).values()))
    if name == STUDY_FILE:
        texts(content["cases"], lambda text: not re.search(r"[/\\\0]", text) and text != "..")
        must(isinstance(content["inputs"], dict) and isinstance(content["inputs"]["cases"], dict))
        return
    must(isinstance(content["scenario"], str))
    texts(content.get("tables", []), _TABLE.fullmatch)
    for block in content.get("blocks", []):
        must(all(isinstance(block[key], int) and block[key] >= 0 for key in ("block", "first", "count")))
        texts(block["tables"], _TABLE.fullmatch)
        must(all(isinstance(entry["sha256"], str) for entry in block["tables"].values()))
        must(all(isinstance(failure["replicate"], int) for failure in block["failed"]))


def _problem(file: Path, what: str, mend: str) -> InputError:
    return InputError([Problem(str(file), 0, "", what, mend)])
