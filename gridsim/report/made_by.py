"""The command that makes a run or a study again, as its folder keeps it and its page shows it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gridsim.io.bundled import event_files, study_files


def setting(path: str, value: Any) -> str:
    """``PATH=VALUE`` of ``--set``, which is read as YAML."""
    return f"{path}={'null' if value is None else value}"


def run_command(
    scenario: str, seed: int, replicate: int, changed: Iterable[str] = (), scripts: Iterable[object] = ()
) -> str:
    """Of one run. ``changed``: settings; ``scripts``: files that joined."""
    more = ["--seed", str(seed), *(["--replicate", str(replicate)] if replicate else [])]
    return shlex.join(
        ["gridsim", "run", scenario, *_each("--script", map(str, scripts)), *_each("--set", changed), *more]
    )


def study_command(name: str, manifest: Mapping[str, Any], *, alone: bool) -> str:
    """Of a study, or of the replicates of one scenario (``alone``), from the manifest of a case.

    A name that is none of a bundled file is taken for a file beside the reader.
    """
    file = name if name in (event_files() if alone else study_files()) else f"{name}.yaml"
    changes = manifest.get("changes", {}) if alone else {}
    settings: Sequence[str] = [setting(path, value) for path, value in changes.items()]
    many = ["--replicates", str(manifest.get("replicates", 1)), "--seed", str(manifest.get("seed", 0))]
    return shlex.join(["gridsim", "run" if alone else "study", file, *_each("--set", settings), *many])


def _each(flag: str, values: Iterable[str]) -> list[str]:
    return [word for value in values for word in (flag, value)]
