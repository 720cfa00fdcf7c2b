"""Everything that the numbers of a study depend on, as hashes, and what changed between two of them."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from gridsim.errors import InputError, Problem
from gridsim.io.store import code_hash, file_hash, package_versions
from gridsim.model.digest import digest
from gridsim.model.scenario import Scenario
from gridsim.model.study import Case, Study


def study_inputs(study: Study) -> dict[str, Any]:
    """Everything the numbers of a study depend on, in pieces that can be told apart."""
    cases = {
        case.name: {
            "scenario": _scenario_hash(case),
            "network": case.system.content_hash,
            "scripts": script_hashes(case.scenario),
        }
        for case in study.cases
    }
    return {
        "seed": study.seed,
        "replicates": study.replicates,
        "stop": stop_of(study),
        "code": code_hash(),
        "versions": package_versions(),
        "cases": cases,
    }


def inputs_hash(inputs: Mapping[str, Any]) -> str:
    """SHA-256 of what ``study_inputs`` gives, which jobs and cases of a study carry."""
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()


def stop_of(study: Study) -> list[Any] | None:
    """The stop rule of a study as plain values."""
    stop = study.stop
    return [stop.metric, stop.scope, stop.target_cov] if stop else None


def _scenario_hash(case: Case) -> str:
    """SHA-256 of the scenario as values and as the files it is replayed from: neither may have changed alone."""
    values = digest(case.scenario, leave_out=("scripts", "network", "file", "source_file"))
    files = (Path(file).read_bytes() for file in case.files)
    keys = yaml.safe_dump(case.keys, sort_keys=True)
    return hashlib.sha256(b"".join([values.encode(), keys.encode(), *files])).hexdigest()


def script_hashes(scenario: Scenario) -> dict[str, str]:
    """SHA-256 of every script file by its path."""
    return {os.path.abspath(file): file_hash(file) for file in scenario.script_files}


def check_inputs(file: Path, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    """InputError with everything that differs between the inputs in ``file`` and those of now."""
    changed = [_change(key, old.get(key), new[key]) for key in new if key != "cases" and old.get(key) != new[key]]
    before, now = old["cases"], new["cases"]
    changed += [f"case {name} is gone" for name in before if name not in now]
    changed += [f"case {name} is new" for name in now if name not in before]
    for name in now:
        if name in before:
            parts = [part for part in now[name] if before[name].get(part) != now[name][part]]
            changed += [f"the {part} of {name} changed" for part in parts]
    if not changed and list(before) != list(now):
        changed = ["the order of the cases changed"]
    mend = "resume with the inputs of before, or start anew in another --out (or with --force)"
    if changed:
        raise InputError([Problem(str(file), 0, "", change, mend) for change in changed])


def _change(key: str, old: Any, new: Any) -> str:
    if key == "code":
        return "gridsim's own code changed"
    if key == "versions":
        old = old or {}
        what = ", ".join(f"{name} {old.get(name)} -> {new[name]}" for name in new if old.get(name) != new[name])
        return f"packages changed: {what}"
    return f"{key} changed from {old} to {new}"
