"""`gridsim compare` and `gridsim verify`."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gridsim.cli.app import EXIT_FAILED, JsonOption, app
from gridsim.cli.table_form import CsvOption, MarkdownOption, table_form
from gridsim.errors import StudyError

if TYPE_CHECKING:
    from gridsim.io.read_run import Run
    from gridsim.report.comparison import Comparison


@app.command()
def compare(
    runs: Annotated[list[Path], typer.Argument(help="Run folders; or one study, whose cases are compared.")],
    metric: Annotated[list[str] | None, typer.Option(help="Only metrics of this name; may be repeated.")] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Every metric with its name, also without a difference.")
    ] = False,
    as_json: JsonOption = False,
    csv: CsvOption = False,
    md: MarkdownOption = False,
) -> None:
    """Runs against the first: both values, and differences paired by replicate, with standard errors."""
    from gridsim.io.manifest import STUDY_FILE
    from gridsim.io.read_run import load_run, load_study
    from gridsim.report.comparison import chosen
    from gridsim.study.compare import compare_values

    form = table_form(as_json=as_json, csv=csv, md=md)
    whole_study = len(runs) == 1 and os.path.isfile(runs[0] / STUDY_FILE)
    loaded = load_study(runs[0]) if whole_study else [load_run(path) for path in runs]
    if len(loaded) < 2:
        raise StudyError(f"{runs[0]}: nothing to compare it with; name a second run folder")
    first, *others = loaded
    names = [run.path.name for run in loaded] if whole_study else [str(path) for path in runs]
    found = []
    for other, name in zip(others, names[1:], strict=True):
        pairs = compare_values(first, other)
        _require(metric or [], sorted({pair.difference.name for pair in pairs}))
        whole = everything or form == "json"
        found.append(chosen(names[0], name, pairs, metrics=metric, everything=whole))
    if form == "json":
        _print_json(first, others, found)
    else:
        if form == "text" and not whole_study:
            for line in _changed_lines(names, loaded):
                print(line)
        _print_table(form, found, names=everything or bool(metric))


def _changed_lines(names: list[str], loaded: list[Run]) -> Iterator[str]:
    """Lines for each run that had something set besides the scenario's file."""
    from gridsim.report.text_table import terminal_width, wrapped

    for name, run in zip(names, loaded, strict=True):
        if changed := run.manifest.get("changed"):
            yield from wrapped(f"{name} was run with {', '.join(changed)}", terminal_width())


def _require(metrics: list[str], known: list[str]) -> None:
    for name in metrics:
        if name not in known:
            from gridsim.errors import nearest

            raise StudyError(f"metric: no '{name}' in both runs; {nearest(name, known)}")


def _print_table(form: str, found: list[Comparison], *, names: bool) -> None:
    from gridsim.report.comparison import comparison_csv, comparison_lines, flat_table

    if form == "text":
        for position, comparison in enumerate(found):
            print(*([""] if position else []), *comparison_lines(comparison, names=names), sep="\n")
        return
    print(comparison_csv(found) if form == "csv" else flat_table(found).markdown(), end="")


def _print_json(first: Run, others: list[Run], found: list[Comparison]) -> None:
    import dataclasses

    rows = [
        {
            "first": str(first.path),
            "other": str(other.path),
            **dataclasses.asdict(pair.difference),
            "first_value": pair.first,
            "other_value": pair.other,
            "percent": pair.percent,
        }
        for other, comparison in zip(others, found, strict=True)
        for pair in comparison.pairs
    ]
    print(json.dumps({"command": "compare", "status": "complete", "seed": first.manifest["seed"], "metrics": rows}))


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
