"""`gridsim study`."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridsim.cli.app import EXIT_PARTIAL, JsonOption, app
from gridsim.cli.completion import study_names
from gridsim.cli.failure import stdout_for_json, tell_failure
from gridsim.cli.loudness import is_quiet
from gridsim.cli.printing import LINE_EVERY_S, as_dicts, tell_warnings
from gridsim.cli.settings import seed_number
from gridsim.cli.table_form import CsvOption, MarkdownOption, table_form
from gridsim.cli.values import whole
from gridsim.errors import StoreError

if TYPE_CHECKING:
    from gridsim.errors import Problem
    from gridsim.model.study import Study
    from gridsim.study.run_study import StudyResult

WorkersOption = Annotated[
    int | None,
    typer.Option(
        parser=whole(0), metavar="N", help="Processes, by default one per core; 0: this one. Same results with any."
    ),
]
SchedulerOption = Annotated[
    str | None, typer.Option(help="A Dask scheduler (tcp://host:port), or 'local', instead of processes.")
]
ResumeOption = Annotated[bool, typer.Option("--resume", help="Go on with a study that was stopped or killed.")]
ReplicatesOption = Annotated[
    int | None, typer.Option(parser=whole(1), metavar="N", help="Trajectories, instead of the file's.")
]
JobSizeOption = Annotated[
    int | None,
    typer.Option(
        parser=whole(1, 64), metavar="N", help="Replicates per job, at most 64; by default some four seconds' worth."
    ),
]
RepeatOption = Annotated[
    bool,
    typer.Option(
        "--repeat-stragglers", help="Give a job that is far too slow to an idle worker too; what comes first counts."
    ),
]


@app.command()
def study(
    file: Annotated[
        str,
        typer.Argument(help="A bundled study (`gridsim list studies`) or a study file.", autocompletion=study_names),
    ],
    out: Annotated[Path | None, typer.Option(help="Folder; by default runs/NAME.")] = None,
    workers: WorkersOption = None,
    scheduler: SchedulerOption = None,
    resume: ResumeOption = False,
    replicates: ReplicatesOption = None,
    seed: Annotated[int | None, typer.Option(parser=seed_number, metavar="N", help="Instead of the file's.")] = None,
    job_size: JobSizeOption = None,
    repeat_stragglers: RepeatOption = False,
    force: Annotated[bool, typer.Option("--force", help="Replace the folder if it exists.")] = False,
    as_json: JsonOption = False,
    csv: CsvOption = False,
    md: MarkdownOption = False,
) -> None:
    """Run scenarios x variants x sweep x replicates as one job that can be stopped and resumed."""
    import dataclasses

    from gridsim.io.read_study import read_study

    form = table_form(as_json=as_json, csv=csv, md=md)
    with stdout_for_json(as_json):
        to_run = read_study(file)
    given: dict[str, Any] = {"replicates": replicates, "seed": seed}
    to_run = dataclasses.replace(to_run, **{key: value for key, value in given.items() if value is not None})
    options = {"scheduler": scheduler, "resume": resume, "force": force, "job_size": job_size}
    options["repeat_stragglers"] = repeat_stragglers
    run_and_tell("study", to_run, out, workers, form, listed_by=f"gridsim validate {file}", **options)


def run_and_tell(
    command: str, to_run: Study, out: Path | None, workers: int | None, form: str, *, listed_by: str, **options: Any
) -> None:
    """Run a study and print what it found; exit 3 if it is not complete.

    ``form``: text, json, csv or md; ``listed_by``: the command that lists the warnings.
    """
    from gridsim.io.store import free_run_path, run_path
    from gridsim.study.run_study import run_study

    if out is None:
        out = run_path(to_run.name) if options["resume"] else free_run_path(to_run.name)
    tell_warnings(warnings_of(to_run), listed_by)
    n_workers = (os.cpu_count() or 1) if workers is None else workers
    try:
        with stdout_for_json(form == "json"), _progress(to_run.name) as progress:
            result = run_study(to_run, out, workers=n_workers, progress=progress, **options)
    except StoreError as error:
        tell_failure(command, error, form == "json")
        raise typer.Exit(EXIT_PARTIAL) from None
    if form == "json":
        _print_json(command, result)
    else:
        _print_table(form, result)
    if result.status != "complete":
        raise typer.Exit(EXIT_PARTIAL)


def warnings_of(study: Study) -> list[Problem]:
    """Warnings of columns without effect in some case of the study."""
    return list(dict.fromkeys(warning for case in study.cases for warning in case.system.warnings))


def _print_table(form: str, result: StudyResult) -> None:
    """The table on stdout; where that is a file's form, what else there is to say goes to stderr."""
    from gridsim.report.study_summary import ending_lines, study_csv, study_lines, study_remarks, study_table

    if form == "text":
        print(*study_lines(result), *ending_lines(result), sep="\n")
        return
    print(study_csv(result) if form == "csv" else study_table(result).markdown(), end="")
    print(*study_remarks(result), *ending_lines(result), sep="\n", file=sys.stderr)


def _print_json(command: str, result: StudyResult) -> None:
    import dataclasses
    import json

    from gridsim.io.store import package_versions
    from gridsim.report.study_summary import study_remarks

    print(
        json.dumps(
            {
                "command": command,
                "status": result.status,
                "reason": result.reason,
                "warnings": as_dicts(warnings_of(result.study)),
                "wall_s": round(result.wall_s, 3),
                "busy_s": round(result.busy_s, 3),
                "seed": result.study.seed,
                "versions": package_versions(),
                "run_dir": str(result.path),
                "replicates": dict(result.replicates),
                "reused_replicates": result.reused,
                "rewritten": [str(file) for file in result.repaired],
                "failed": [
                    {"case": case, "replicate": failed["replicate"], "error": failed["error"], "replay": replay}
                    for case, failed, replay in result.failed
                ],
                "remarks": study_remarks(result),
                "metrics": [
                    {"case": case, **dataclasses.asdict(estimate)}
                    for case, estimates in result.estimates.items()
                    for estimate in estimates
                ],
                "scorecard": [
                    {"case": case, **dataclasses.asdict(score)}
                    for case, scores in result.scorecard.items()
                    for score in scores
                ],
            }
        )
    )


@contextmanager
def _progress(name: str) -> Iterator[Any]:
    """A bar with rate and remaining time on a terminal's stderr, a line now and then elsewhere."""
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bar

    console = Console(stderr=True, markup=False)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[text]}", markup=False),
    )
    last = time.monotonic()
    with Bar(*columns, console=console, transient=True, disable=is_quiet() or not console.is_terminal) as bar:
        task = bar.add_task(name, total=None, text="preparing")

        def tell(now: Any) -> None:
            nonlocal last
            left = "" if now.remaining_s is None else f", {_duration(now.remaining_s)} left"
            failed = f", {now.failed} failed" if now.failed else ""
            text = f"{now.done} of {now.total} replicates, {now.rate:.2g}/s{left}{failed}"
            bar.update(task, completed=now.done, total=now.total, text=text)
            if not console.is_terminal and time.monotonic() - last > LINE_EVERY_S:
                last = time.monotonic()
                logging.getLogger("gridsim.study").info("%s: %s", name, text)

        yield tell


def _duration(seconds: float) -> str:
    minutes, whole = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{whole:02d}" if hours else f"{minutes}:{whole:02d}"
