"""`gridsim compare` and `gridsim verify`."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from gridsim.cli.app import EXIT_FAILED, JsonOption, app
from gridsim.errors import StudyError


@app.command()
def compare(
    runs: Annotated[list[Path], typer.Argument(help="Run folders; or one study, whose cases are compared.")],
    metric: Annotated[list[str] | None, typer.Option(help="Only metrics of this name; may be repeated.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every metric, also without a difference.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Differences of runs against the first, paired by replicate, with standard errors."""
    import dataclasses

    from rich.console import Console

    from gridsim.io.manifest import STUDY_FILE
    from gridsim.io.read_run import load_run, load_study
    from gridsim.report.study_summary import print_differences
    from gridsim.results.metric_table import metric_table
    from gridsim.study.compare import compare as compare_runs

    whole_study = len(runs) == 1 and os.path.isfile(runs[0] / STUDY_FILE)
    loaded = load_study(runs[0]) if whole_study else [load_run(path) for path in runs]
    if len(loaded) < 2:
        raise StudyError(f"{runs[0]}: nothing to compare it with; name a second run folder")
    first, found = loaded[0], []
    for other in loaded[1:]:
        differences = compare_runs(first, other)
        if metric:
            known = sorted({d.name for d in differences})
            for name in metric:
                if name not in known:
                    from gridsim.errors import nearest

                    raise StudyError(f"metric: no '{name}' in both runs; {nearest(name, known)}")
            differences = [d for d in differences if d.name in metric]
        found.append((other, differences))
    if as_json:
        rows = [
            {"first": str(first.path), "other": str(other.path), **dataclasses.asdict(difference)}
            for other, differences in found
            for difference in differences
        ]
        print(json.dumps({"command": "compare", "status": "complete", "seed": first.manifest["seed"], "metrics": rows}))
        return
    for other, differences in found:
        compared = {known.metric for known in metric_table().values() if known.compared}
        shown = differences if everything or metric else [d for d in differences if d.name in compared and d.value]
        print_differences(Console(), first.name, other.name, shown)


@app.command()
def verify(
    path: Annotated[Path, typer.Argument(help="A run's folder, a study's, or that of one of its cases.")],
    as_json: JsonOption = False,
) -> None:
    """Check every file of a run or a study against its manifests; exit 1 if one is not what was written."""
    from gridsim.io.verify import verify_folder

    found = verify_folder(path)
    status = "complete" if found.whole else "failed"
    if as_json:
        told = {
            "command": "verify",
            "status": status,
            "files": len(found.checked),
            "damaged": [str(file) for file in found.faults],
            "faults": {str(file): what for file, what in found.faults.items()},
            "unchecked": {str(file): why for file, why in found.unchecked.items()},
            "foreign": [str(file) for file in found.foreign],
            "notes": found.notes,
        }
        print(json.dumps(told))
    else:
        for file, what in found.faults.items():
            print(f"{file}: {what}")
        for why in dict.fromkeys(found.unchecked.values()):
            files = [str(file) for file, reason in found.unchecked.items() if reason == why]
            print(f"not checked, {why}: {', '.join(files)}")
        if found.foreign:
            print(f"not written by gridsim: {', '.join(map(str, found.foreign))}")
        for note in found.notes:
            print(note)
        if not found.checked and not found.faults:
            print(f"{path}: nothing could be checked: its manifest holds no checksums")
        else:
            print(f"{len(found.checked)} files checked, {len(found.faults)} damaged")
    if not found.whole:
        raise typer.Exit(EXIT_FAILED)
