"""`gridsim compare` and `gridsim verify`."""

from __future__ import annotations

import json
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

    from gridsim.io.read_run import load_run, load_study
    from gridsim.io.study_store import STUDY_FILE
    from gridsim.report.study_summary import print_differences
    from gridsim.results.metric_table import metric_table
    from gridsim.study.compare import compare as compare_runs

    whole_study = len(runs) == 1 and (runs[0] / STUDY_FILE).is_file()
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
        print_differences(Console(markup=False), first.name, other.name, shown)


@app.command()
def verify(
    path: Annotated[Path, typer.Argument(help="A study's folder or a run folder of one.")],
    as_json: JsonOption = False,
) -> None:
    """Check every table of a study against the checksums in its manifests; exit 1 if one is not what was written."""
    from gridsim.io.read_run import load_run, load_study
    from gridsim.io.study_store import STUDY_FILE

    runs = load_study(path) if (path / STUDY_FILE).is_file() else [load_run(path)]
    files = sum(len(block["tables"]) for run in runs for block in run.blocks)
    damaged = [str(file) for run in runs for file in run.damaged()]
    if as_json:
        print(json.dumps({"command": "verify", "status": "failed" if damaged else "complete", "files": files,
                          "damaged": damaged}))  # fmt: skip
    else:
        for file in damaged:
            print(f"{file}: missing or not what was written; --resume runs its block again")
        print(f"{files} tables, {len(damaged)} damaged")
    if damaged:
        raise typer.Exit(EXIT_FAILED)
