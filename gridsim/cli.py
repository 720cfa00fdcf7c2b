"""Command line: parse, read, call, print. Imports what a command needs only when it runs."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridsim.errors import GridsimError, InputError, StudyError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gridsim.results.metrics import Estimate

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Grid energy-security simulator: what happens when something goes wrong, and how likely it is.",
)

EXIT_FAILED = 1
EXIT_BAD_INPUT = 2
EXIT_PARTIAL = 3

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout and nothing else.")]


def main() -> None:
    """Entry point: errors become exit codes 2 (input or request) and 1 (failure)."""
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(EXIT_FAILED))  # so that a stopped run leaves nothing behind
    try:
        app()
    except (InputError, StudyError) as error:
        print(error, file=sys.stderr)
        sys.exit(EXIT_BAD_INPUT)
    except GridsimError as error:
        print(error, file=sys.stderr)
        sys.exit(EXIT_FAILED)


@app.command()
def run(
    scenario: Annotated[str, typer.Argument(help="A bundled event (`gridsim list events`) or a scenario file.")],
    out: Annotated[Path | None, typer.Option(help="Run folder; by default runs/NAME.")] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**64 - 1, help="Seed of everything random.")] = 0,
    csv: Annotated[bool, typer.Option("--csv", help="Write every table as CSV too.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace the run folder if it exists.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Run one scenario and write its tables."""
    from rich.console import Console

    from gridsim.engine.run import run as run_scenario
    from gridsim.io.read_scenario import read_scenario
    from gridsim.io.store import RunFolder, free_run_path
    from gridsim.report.summary import print_summary
    from gridsim.results.run_records import METRICS, TABLES, metric_columns

    began = time.perf_counter()
    system, loaded = read_scenario(scenario)
    folder = RunFolder(out or free_run_path(loaded.name), {**TABLES, "metrics": METRICS}, force=force, csv=csv)
    try:
        with _progress(loaded.name) as progress:
            result = run_scenario(system, loaded, seed=seed, sink=folder, progress=progress)
        folder.write("metrics", metric_columns(result.metrics))
        not_converged = int((result.tables["solves"]["ac_status"] == "not_converged").sum())
        wall_s = round(time.perf_counter() - began, 3)
        extra = {
            "wall_s": wall_s,
            "dispatches": result.dispatch_solves,
            "dispatch_fallbacks": result.dispatch_fallbacks,
            "ac_not_converged": not_converged,
        }
        folder.finish(system, loaded, seed, "complete", extra)
    except BaseException:
        folder.discard()
        raise
    if as_json:
        _print_json("run", wall_s, result.metrics, seed=seed, run_dir=str(folder.path), extra=extra)
        return
    console = Console()
    print_summary(console, result)
    console.print(f"tables in {folder.path} ({wall_s:.1f} s)")


@app.command()
def adequacy(
    network: Annotated[str, typer.Argument(help="A bundled network or a network folder.")],
    level: Annotated[str, typer.Option(help="copper, zonal or nodal")] = "copper",
    method: Annotated[str, typer.Option(help="sequential or snapshot")] = "sequential",
    years: Annotated[int | None, typer.Option(help="Sample years (snapshots with --method snapshot).")] = None,
    target_cov: Annotated[float | None, typer.Option(help="Stop at this stderr / estimate of --metric.")] = None,
    metric: Annotated[str, typer.Option(help="EUE, LOLH, LOLD or LOLEv")] = "EUE",
    max_seconds: Annotated[float | None, typer.Option(help="Stop after this wall time; exit 3 if short of it.")] = None,
    imports: Annotated[str, typer.Option(help="none, contract or limit")] = "contract",
    workers: Annotated[
        int | None, typer.Option(min=1, help="Threads, by default one per core; results do not depend on them.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of everything random.")] = 1,
    as_json: JsonOption = False,
) -> None:
    """How likely is a shortfall: Monte Carlo over sample years, with errors."""
    from gridsim.errors import nearest
    from gridsim.io.bundled import network_folder
    from gridsim.io.read_network import read_network
    from gridsim.reliability import SequentialMonteCarlo, SnapshotMonteCarlo, assess, system_from_grid

    if method not in ("sequential", "snapshot"):
        raise StudyError(f"method: no '{method}'; {nearest(method, ('sequential', 'snapshot'))}")
    common: dict[str, Any] = {
        "seed": seed,
        "level": level,
        "target_cov": target_cov,
        "metric": metric,
        "max_wall_s": max_seconds,
        "workers": workers or os.cpu_count() or 1,
    }
    sampling = (
        SequentialMonteCarlo(years=years, **common)
        if method == "sequential"
        else SnapshotMonteCarlo(samples=years, **common)
    )
    result = assess(system_from_grid(read_network(network_folder(network)), imports), sampling)
    if as_json:
        extra = {
            "network": network,
            "method": method,
            "level": level,
            "sampler": str(sampling.sampler),
            "imports": imports,
            "years": result.n_samples,
            "years_per_s": round(result.samples_per_s, 1),
            "stopped": str(result.stopped),
            "cov": result.cov,
        }
        _print_json("adequacy", round(result.wall_s, 3), result.estimates, seed=seed, status=result.status, extra=extra)
    else:
        from rich.console import Console

        from gridsim.report.summary import print_assessment

        print_assessment(Console(), network, imports, result)
    if result.status != "ok":
        raise typer.Exit(EXIT_PARTIAL)


@app.command()
def screen(
    network: Annotated[str, typer.Argument(help="A bundled network or a network folder.")],
    hour: Annotated[str | None, typer.Option(help="Local time at normal weather; by default the winter peak.")] = None,
    ac: Annotated[bool, typer.Option("--ac/--dc", help="AC power flow, or DC.")] = True,
    most: Annotated[int, typer.Option(min=1, help="Rows to print.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """N-1: lose every line, transformer, machine and border, one at a time."""
    import pandas as pd

    from gridsim.io.bundled import network_folder
    from gridsim.io.read_network import read_network
    from gridsim.results.screening import screen as screen_system

    began = time.perf_counter()
    system = read_network(network_folder(network))
    point, month = (None, 1) if hour is None else _point_at(system, hour)
    frame = screen_system(system, point, ac=ac, month=month)
    wall_s = round(time.perf_counter() - began, 3)
    if as_json:
        verdict = {
            "command": "screen",
            "status": "complete",
            "network": network,
            "hour": hour or "winter peak",
            "method": "ac" if ac else "dc",
            "wall_s": wall_s,
            **frame.attrs,
            "outages": json.loads(frame.to_json(orient="records")),
        }
        print(json.dumps(verdict))
        return
    secure = int(frame["secure"].sum())
    print(f"{network} at {hour or 'winter peak'}: N-1 {'' if frame.attrs['n1_secure'] else 'not '}secure, "
          f"{secure} of {len(frame)} states within limits ({wall_s} s)")  # fmt: skip
    with pd.option_context("display.width", 200, "display.max_columns", None):
        shown = frame[~frame["secure"]].head(most).drop(columns=["secure", "solved"])
        print(shown.round(2).to_string(index=False))


def _point_at(system: Any, hour: str) -> tuple[Any, int]:
    """The operating point of one hour of the normal year, as the simulator dispatches it, and its month."""
    from gridsim.engine.run import run as run_scenario
    from gridsim.io.durations import parse_start
    from gridsim.model.scenario import AcMode, Horizon, Policy, Scenario

    try:
        start = parse_start(hour)
    except ValueError as error:
        raise StudyError(f"hour: '{hour}' {error}; give a local time like 2026-01-14 18:00") from None
    scenario = Scenario("hour", system.name, Horizon(start, 1.0), policy=Policy(ac=AcMode.OFF))
    return run_scenario(system, scenario).points[0][1], start.month


@app.command()
def weather(
    network: Annotated[str, typer.Argument(help="A bundled network or a network folder.")],
    years: Annotated[int, typer.Option(min=2, help="Generated years.")] = 200,
    seed: Annotated[int, typer.Option(min=0, max=2**64 - 1, help="Seed of the years.")] = 1,
    as_json: JsonOption = False,
) -> None:
    """Generate weather years: climate, droughts with their return periods, checks of the generator."""
    from gridsim.io.bundled import network_folder
    from gridsim.io.read_network import read_network
    from gridsim.report.weather_summary import weather_lines, weather_summary

    began = time.perf_counter()
    system = read_network(network_folder(network))
    with _progress(f"{network} weather") as progress:
        summary = weather_summary(system, years, seed, progress)
    if as_json:
        wall_s = round(time.perf_counter() - began, 3)
        print(json.dumps({"command": "weather", "status": "complete", "wall_s": wall_s, **summary}))
        return
    print("\n".join(weather_lines(summary)))


@app.command("list")
def list_(
    what: Annotated[str, typer.Argument(help="networks, events or kinds")],
    as_json: JsonOption = False,
) -> None:
    """List the bundled networks and events, and the kinds of events."""
    from gridsim.io.bundled import event_files, network_names
    from gridsim.model.scenario import kinds

    if what == "networks":
        rows = [{"name": name} for name in network_names()]
    elif what == "events":
        rows = [{"name": name, "shows": _first_comment(path)} for name, path in event_files().items()]
    elif what == "kinds":
        rows = [{"name": kind.kind, "targets": ", ".join(kind.targets), "shows": kind.doc} for kind in kinds().values()]
    else:
        raise StudyError(f"nothing to list under '{what}'; use networks, events or kinds")
    if as_json:
        print(json.dumps(rows))
        return
    _print_rows(rows)


@app.command()
def show(
    network: Annotated[str, typer.Argument(help="A bundled network or a network folder.")],
    as_json: JsonOption = False,
) -> None:
    """Totals of a network: machines, demand, zones, sections."""
    from gridsim.io.bundled import network_folder
    from gridsim.io.read_network import read_network
    from gridsim.report.system_summary import system_summary

    summary = system_summary(read_network(network_folder(network)))
    if as_json:
        print(json.dumps(summary))
        return
    for key, value in summary.items():
        if isinstance(value, dict):
            print(f"{key}:")
            for name, item in value.items():
                print(f"  {name:<24} {item}")
        else:
            print(f"{key:<26} {value}")


@app.command()
def validate(
    path: Annotated[str, typer.Argument(help="A network folder or a scenario file (or a bundled name).")],
    as_json: JsonOption = False,
) -> None:
    """Check a network folder or a scenario file; lists every problem."""
    problems: list[dict[str, Any]] = []
    try:
        kind = _read_anything(path)
    except InputError as error:
        if not as_json:
            raise
        problems = [vars(problem) for problem in error.problems]
        kind = "unknown"
    if as_json:
        print(json.dumps({"command": "validate", "path": path, "kind": kind, "problems": problems}))
        if problems:
            raise typer.Exit(EXIT_BAD_INPUT)
        return
    print(f"{path}: {kind}, no problems")


@app.command()
def schema(
    what: Annotated[str, typer.Argument(help="scenario, network, or the name of a table")] = "scenario",
) -> None:
    """Print the JSON Schema of a scenario file, of network.yaml, or of the rows of a table."""
    from gridsim.errors import nearest
    from gridsim.io.read_network import NetworkMeta
    from gridsim.io.schemas import TABLES
    from gridsim.io.schemas.scenario import ScenarioKeys

    models: dict[str, type[Any]] = {"scenario": ScenarioKeys, "network": NetworkMeta}
    models |= {name: table.row for name, table in TABLES.items()}
    if what not in models:
        raise StudyError(f"no schema of '{what}'; {nearest(what, models)}")
    print(json.dumps(models[what].model_json_schema(), indent=2))


def _read_anything(path: str) -> str:
    """Read a network or a scenario and say which it was."""
    from gridsim.io.bundled import network_folder, network_names
    from gridsim.io.read_network import read_network
    from gridsim.io.read_scenario import read_scenario

    if Path(path).is_dir():
        read_network(path)
        return "network"
    if path in network_names():
        read_network(network_folder(path))
        return "network"
    read_scenario(path)
    return "scenario"


def _print_json(
    command: str,
    wall_s: float,
    metrics: Iterable[Estimate],
    *,
    seed: int,
    status: str = "complete",
    run_dir: str | None = None,
    extra: dict[str, Any],
) -> None:
    import dataclasses

    from gridsim.io.store import package_versions

    print(
        json.dumps(
            {
                "command": command,
                "status": status,
                **extra,
                "wall_s": wall_s,
                "seed": seed,
                "versions": package_versions(),
                **({"run_dir": run_dir} if run_dir else {}),
                "metrics": [dataclasses.asdict(metric) for metric in metrics],
            }
        )
    )


def _progress(title: str) -> Any:
    """A progress bar on stderr, as a context that gives a function of the share done."""
    from contextlib import contextmanager

    @contextmanager
    def bar() -> Iterator[Any]:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        share = TextColumn("{task.percentage:3.0f} %")
        columns = (TextColumn("{task.description}"), BarColumn(), share, TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task(title, total=1.0)
            yield lambda share: progress.update(task, completed=share)

    return bar()


def _first_comment(path: Path) -> str:
    """The opening comment of an event file, as one line."""
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.lstrip("# ").strip())
    return " ".join(lines)


def _print_rows(rows: list[dict[str, str]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(*(rows[0] if rows else ("name",)), box=None, pad_edge=False)
    for row in rows:
        table.add_row(*row.values())
    Console().print(table)


if __name__ == "__main__":
    main()
