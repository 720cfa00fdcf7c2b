"""`gridsim run`."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridsim.cli.app import JsonOption, app
from gridsim.cli.completion import event_names
from gridsim.cli.failure import stdout_for_json
from gridsim.cli.printing import as_dicts, print_json, progress_bar, tell_warnings
from gridsim.cli.settings import IMPORTS, ImportsOption, SeedOption, SetOption
from gridsim.cli.study import ReplicatesOption, ResumeOption, SchedulerOption, WorkersOption, run_and_tell
from gridsim.cli.values import whole
from gridsim.cli.variant import VariantOption, validate_command, variant_name
from gridsim.errors import InputError, Problem

if TYPE_CHECKING:
    from gridsim.io.changes import Change
    from gridsim.model.scenario import Scenario

CHECK_MISSED = 4  # exit code: a known day's check is missed


def require_checks(scenario: Scenario, name: str, replicates: int | None) -> None:
    """InputError where ``--check`` has nothing to check, or no single course to hold against it."""
    if not scenario.checks:
        raise InputError([Problem(name, 0, "check", "no rows to check", "leave out --check, or name a known day")])
    if (replicates or scenario.replicates) > 1:
        mend = "leave out --replicates; the typical course is checked"
        raise InputError([Problem("--replicates", 0, "", f"{replicates or scenario.replicates} with --check", mend)])


def require_unknowns(scenario: Scenario, name: str, check: bool) -> None:
    """InputError where ``--corners`` has no unknowns to vary, or nothing is checked."""
    if not check:
        raise InputError([Problem("--corners", 0, "", "without --check", "add --check, or leave it out")])
    if not scenario.unknowns:
        raise InputError([Problem(name, 0, "unknowns", "no rows to vary", "leave out --corners, or add unknowns")])


def _unreadable_settings(options: dict[str, Any]) -> Sequence[Problem]:
    """Problems of --set and its short forms before any file is read."""
    try:
        _changes(options["settings"], options["variant"], options["imports"])
    except InputError as error:
        return error.problems
    return ()


def _changes(settings: list[str] | None, variant: str | None, imports: str | None) -> tuple[Change, ...]:
    from gridsim.io.changes import changes_from_options

    return changes_from_options(settings or (), variant=("variant", variant_name(variant)), imports=(IMPORTS, imports))


def with_changes_told(description: str, changed: Sequence[str]) -> str:
    """The description of a scenario, and after it what this run has otherwise: its words are those of the file."""
    return f"{description} Changed for this run: {', '.join(changed)}.".strip() if changed else description


@app.command(together=_unreadable_settings)
def run(
    scenario: Annotated[
        str,
        typer.Argument(
            help="A bundled event (`gridsim list events`), a scenario file, or a script (.py).",
            autocompletion=event_names,
        ),
    ],
    script: Annotated[
        list[Path] | None, typer.Option(help="A .py file whose contingencies and policies join; may be repeated.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Run folder; by default runs/NAME.")] = None,
    variant: VariantOption = None,
    settings: SetOption = None,
    imports: ImportsOption = None,
    seed: SeedOption = 0,
    replicates: ReplicatesOption = None,
    replicate: Annotated[
        int | None, typer.Option(parser=whole(0, 2**31 - 1), metavar="N", help="Only this one of the replicates.")
    ] = None,
    workers: WorkersOption = None,
    scheduler: SchedulerOption = None,
    resume: ResumeOption = False,
    check: Annotated[
        bool, typer.Option("--check", help="Hold the run against what was observed (`check:`); exit 4 on a miss.")
    ] = False,
    corners: Annotated[
        bool, typer.Option("--corners", help="With --check: also run every corner of `unknowns:`, and print the range.")
    ] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Write every table as CSV too; of one replicate.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace the run folder if it exists.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Print every metric, not only those that matter.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Run one scenario and write its tables; with --replicates many trajectories of it, as `gridsim study` does."""
    from rich.console import Console

    from gridsim.engine.run import run as run_scenario
    from gridsim.engine.tables import TABLES
    from gridsim.io.read_scenario import read_scenario
    from gridsim.io.read_script import read_script
    from gridsim.io.read_study import study_of
    from gridsim.io.store import RunFolder, free_run_path
    from gridsim.report.answer import sections_full_anyway
    from gridsim.report.known_day import check_lines, check_records
    from gridsim.report.made_by import run_command, setting
    from gridsim.report.summary import print_summary
    from gridsim.results.known_day import CornerRange, Verdict, over_corners
    from gridsim.results.run_records import METRICS, metric_columns
    from gridsim.results.scorecard import SCORECARD, scorecard_columns
    from gridsim.study.corners import run_corners

    began = time.perf_counter()
    changes = _changes(settings, variant, imports)
    with stdout_for_json(as_json):
        system, loaded = read_scenario(scenario, changes=changes)
        joined = [one for path in script or () for one in read_script(path).scripts]
    changed = [setting(change.path, change.value) for change in changes]
    loaded = dataclasses.replace(
        loaded, scripts=(*loaded.scripts, *joined), description=with_changes_told(loaded.description, changed)
    )
    listed_by = validate_command(scenario, variant)
    if corners:
        require_unknowns(loaded, scenario, check)
    if check:
        require_checks(loaded, scenario, replicates)
    elif replicate is None and (replicates or loaded.replicates) > 1:
        if csv:
            what = "--csv writes the tables of one run, and this has many replicates"
            raise InputError([Problem("--csv", 0, "", what, "name one by --replicate, or leave --csv out")])
        with stdout_for_json(as_json):
            to_run = study_of(scenario, scripts=joined, replicates=replicates, seed=seed, changes=changes)
        options = {"scheduler": scheduler, "resume": resume, "force": force, "alone": True}
        run_and_tell("run", to_run, out, workers, "json" if as_json else "text", listed_by=listed_by, **options)
        return
    tell_warnings(system.warnings, listed_by)
    schemas = {**TABLES, "metrics": METRICS, "scorecard": SCORECARD}
    folder = RunFolder(out or free_run_path(loaded.name), schemas, force=force, csv=csv)
    try:
        with stdout_for_json(as_json), progress_bar(loaded.name) as progress:
            result = run_scenario(system, loaded, seed=seed, replicate=replicate or 0, sink=folder, progress=progress)
        folder.write("metrics", metric_columns(result.estimates))
        folder.write("scorecard", scorecard_columns(result.scorecard))
        not_converged = int((result.tables["solves"]["ac_status"] == "not_converged").sum())
        wall_s = round(time.perf_counter() - began, 3)
        extra = {
            "replicate": replicate or 0,
            "wall_s": wall_s,
            "dispatches": result.dispatch_solves,
            "dispatch_fallbacks": result.dispatch_fallbacks,
            "ac_not_converged": not_converged,
            "remarks": list(result.remarks),
            "full_anyway": sorted(sections_full_anyway(result)),
            "changed": changed,
            "made_by": run_command(scenario, seed, replicate or 0, changed, script or ()),
        }
        outcomes = result.checks() if check else ()
        ranges: tuple[CornerRange, ...] = ()
        if corners:
            with stdout_for_json(as_json), progress_bar(f"{loaded.name}: corners") as progress:
                ranges = over_corners(outcomes, run_corners(system, loaded, seed=seed, progress=progress))
        if check:
            extra["checks"] = check_records(outcomes, ranges)
        folder.finish(system, loaded, seed, "complete", extra)
    except BaseException:
        folder.discard()
        raise
    if as_json:
        scores = [dataclasses.asdict(score) for score in result.scorecard]
        told = {**extra, "variant": loaded.variant, "warnings": as_dicts(system.warnings), "scorecard": scores}
        print_json("run", wall_s, result.estimates, seed=seed, run_dir=str(folder.path), extra=told)
    else:
        print_summary(Console(markup=False), result, everything=everything)
        if check:
            print("\n".join(check_lines(outcomes, loaded.horizon.start, ranges=ranges)))
        print(f"tables in {folder.path} ({wall_s:.1f} s){'' if everything else '; --all prints every metric'}")
    if any(outcome.verdict is Verdict.MISSED for outcome in outcomes):
        raise typer.Exit(CHECK_MISSED)
