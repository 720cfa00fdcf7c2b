"""`gridsim screen`."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridsim.cli.app import JsonOption, app
from gridsim.cli.printing import as_dicts, tell_warnings
from gridsim.cli.report import ReportOption, write_screen_report
from gridsim.cli.values import choice, local_time, whole
from gridsim.cli.variant import NetworkArgument, VariantOption, read_system, validate_command, variant_name
from gridsim.errors import Problem

if TYPE_CHECKING:
    import pandas as pd

    from gridsim.model.system import GridSystem
    from gridsim.solvers.operating_point import OperatingPoint

DISPATCH = "dispatch"
ORDERS = ("mw", "percent")
GAS_LEVEL = "gas"
LEVELS = ("1", "1-1", "2", GAS_LEVEL)
FLOWS, FIRST_MINUTES = "flows", "first-minutes"
N_MARGINS = 10  # of the worst outages or pairs


def _together(values: dict[str, Any]) -> list[Problem]:
    """Problems of a point that states its own hour, and of options that a level has no use for."""
    problems = []
    if values.get("hour") is not None and values.get("point") not in (None, DISPATCH):
        mend = f"leave --hour out, or give --point {DISPATCH}"
        problems.append(
            Problem("--hour", 0, "", f"contradicts --point {values['point']}, which has its own hour", mend)
        )
    level = values.get("level") or "1"
    if values.get("stage") == FIRST_MINUTES:
        others = {"redispatch": False, "by": "mw", "report": None, "margin": False, "minutes": 15, "level": "1"}
        return problems + [
            Problem(f"--{option}", 0, "", f"says nothing at --stage {FIRST_MINUTES}", "leave one of them out")
            for option, plain in others.items()
            if values.get(option) not in (None, plain)
        ]
    for option, of_level in (
        ("redispatch", ("1",)),
        ("by", ("1",)),
        ("margin", ("1", "1-1")),
        ("minutes", ("1-1",)),
        ("point", ("1", "1-1", "2")),
        ("hour", ("1", "1-1", "2")),
        ("outages", ("1", "1-1", "2")),
    ):
        given = values.get(option)
        if given in (None, False, "mw", 15, DISPATCH) or level in of_level:
            continue
        what = f"says nothing at --level {level}"
        problems.append(Problem(f"--{option}", 0, "", what, f"leave it out, or give --level {of_level[-1]}"))
    if values.get("margin") and values.get("ac") is False:
        problems.append(Problem("--margin", 0, "", "contradicts --dc, which has no voltages", "leave one of them out"))
    return problems


@app.command(together=_together)
def screen(
    network: NetworkArgument,
    variant: VariantOption = None,
    point: Annotated[
        str,
        typer.Option(
            metavar="POINT",
            help="State before any loss: dispatch, as_imported (or another of the network's points), RUN_DIR@TIME or a "
            "CSV file.",
        ),
    ] = DISPATCH,
    hour: Annotated[
        str | None,
        typer.Option(
            parser=local_time,
            metavar="TIME",
            help="Dispatch of a local time at normal weather; by default the winter peak.",
        ),
    ] = None,
    outages: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="CSV of what is lost instead: element, kind, outage (rows of one are lost together)."
        ),
    ] = None,
    ac: Annotated[bool, typer.Option("--ac/--dc", help="AC power flow, or DC.")] = True,
    redispatch: Annotated[bool, typer.Option("--redispatch", help="Find what has to be shed all the same.")] = False,
    by: Annotated[str, typer.Option(parser=choice(ORDERS), metavar="ORDER", help="Worst by mw or percent.")] = "mw",
    level: Annotated[
        str,
        typer.Option(
            parser=choice(LEVELS),
            metavar="LEVEL",
            help="1: each outage alone; 1-1: a second one after a redispatch; 2: two at once (DC); gas: each pipe, "
            "source and storage of the gas network on its design day.",
        ),
    ] = "1",
    minutes: Annotated[
        int, typer.Option(parser=whole(1, 240), metavar="MIN", help="Time to redispatch between the two of 1-1.")
    ] = 15,
    stage: Annotated[
        str,
        typer.Option(
            parser=choice((FLOWS, FIRST_MINUTES)),
            metavar="STAGE",
            help="flows after each outage, or first-minutes: frequency, load shed and sections opened by automation.",
        ),
    ] = FLOWS,
    margin: Annotated[bool, typer.Option("--margin", help="Margin to voltage collapse of the worst ten.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="CSV of every row, the worst first.")
    ] = None,
    most: Annotated[int, typer.Option(parser=whole(1), metavar="N", help="Rows of a table.")] = 20,
    as_json: JsonOption = False,
    report: ReportOption = None,
) -> None:
    """N-1, N-1-1, N-2 or gas: lose every line, transformer, machine and border, or what a list names."""
    if level == GAS_LEVEL:
        _screen_gas(network, variant, out, most, report, as_json=as_json)
        return
    from gridsim.io.output_file import FIRST_MINUTES as FIRST_MINUTES_TABLE
    from gridsim.io.output_file import PAGE, PAIRS, SCREENING, check_output, write_output
    from gridsim.report.screening import screening_lines
    from gridsim.report.screening_pairs import doubles_lines, pairs_lines
    from gridsim.results.screening import screen as screen_system
    from gridsim.solvers.operating_point import base_point
    from gridsim.study.screening_inputs import read_outages, read_stated_point

    began = time.perf_counter()
    if report is not None:
        check_output(report, PAGE)
    if out is not None:
        check_output(out, SCREENING, PAIRS, FIRST_MINUTES_TABLE)
    system = read_system(network, variant)
    tell_warnings(system.warnings, validate_command(network, variant))
    start: OperatingPoint | None = None
    month, words = 1, f"at {hour or 'winter peak'}, as dispatched"
    if point != DISPATCH:
        start, month, words = read_stated_point(system, network, point)
    elif hour is not None:
        start, month = _point_at(system, hour)
    lost = None
    if outages is not None:
        lost = read_outages(system, base_point(system) if start is None else start, outages)
    head: dict[str, Any] = {
        "network": network,
        "variant": variant_name(variant) or "",
        "point": point,
        "hour": hour or ("winter peak" if point == DISPATCH else ""),
    }
    if stage == FIRST_MINUTES:
        title = f"{network} {words}"
        _first_minutes(system, start, lost, title, most, out=out, head=head if as_json else None)
        return
    frame = screen_system(
        system,
        start,
        ac=ac,
        month=month,
        outages=lost,
        redispatch=redispatch,
        level=level,
        minutes=float(minutes),
        margins=N_MARGINS if margin else 0,
    )
    wall_s = round(time.perf_counter() - began, 3)
    if report is not None:
        write_screen_report(f"{network} {words}", frame, report, _command(network, variant, level, point, hour))
    if out is not None:
        write_output(out, frame.to_csv(index=False).encode(), SCREENING, PAIRS, FIRST_MINUTES_TABLE)
    if as_json:
        head |= {"level": level, "method": "ac" if ac and level != "2" else "dc"}
        _print_verdict(head, system, frame, wall_s, rows="outages" if level == "1" else "pairs")
        return
    title = f"{network} {words}, {'AC' if ac else 'DC'} power flow"
    if level != "1":
        method = "AC power flow of the worst" if ac and level == "1-1" else "DC power flow"
        lines_of = pairs_lines if level == "1-1" else doubles_lines
        print("\n".join(lines_of(f"{network} {words}, {method}", frame, most, wall_s)))
        return
    what = "N-1" if outages is None else outages.name
    print("\n".join(screening_lines(title, frame, most, wall_s, by=by, what=what)))


def _command(network: str, variant: str | None, level: str, point: str = DISPATCH, hour: str | None = None) -> str:
    """The command that makes a page again, as far as its options change the result's state."""
    given = (("--variant", variant), ("--level", None if level == "1" else level), ("--hour", hour))
    words = [f"{option} {value}" for option, value in given if value]
    words += [f"--point {point}"] if point != DISPATCH else []
    return " ".join(["gridsim screen", network, *words, "--report FILE"])


def _print_verdict(head: dict[str, Any], system: GridSystem, frame: pd.DataFrame, wall_s: float, *, rows: str) -> None:
    """One JSON object of a screening: its ``head``, warnings, sums, and the table's rows below ``rows``."""
    told = {"command": "screen", "status": "complete", **head, "wall_s": wall_s, "warnings": as_dicts(system.warnings)}
    print(json.dumps({**told, **frame.attrs, rows: json.loads(frame.to_json(orient="records"))}))


def _screen_gas(
    network: str, variant: str | None, out: Path | None, most: int, report: Path | None, *, as_json: bool
) -> None:
    """Lose each pipe, source and storage on the design day."""
    from gridsim.io.output_file import GAS, PAGE, check_output, write_output
    from gridsim.reliability.gas_disruption import gas_disruptions
    from gridsim.report.gas_page import gas_lines

    began = time.perf_counter()
    if report is not None:
        check_output(report, PAGE)
    if out is not None:
        check_output(out, GAS)
    system = read_system(network, variant)
    tell_warnings(system.warnings, validate_command(network, variant))
    frame = gas_disruptions(system)
    wall_s = round(time.perf_counter() - began, 3)
    if report is not None:
        write_screen_report(network, frame, report, _command(network, variant, GAS_LEVEL))
    if out is not None:
        write_output(out, frame.to_csv(index=False).encode(), GAS)
    if as_json:
        head = {"network": network, "variant": variant_name(variant) or "", "level": GAS_LEVEL}
        _print_verdict(head, system, frame, wall_s, rows="losses")
        return
    print("\n".join(gas_lines(network, frame, most, wall_s)))


def _first_minutes(
    system: Any, start: Any, lost: Any, title: str, most: int, *, out: Path | None, head: dict[str, Any] | None
) -> None:
    """The screen of the first minutes: print it (as JSON below ``head``, where that is given), write its table."""
    from gridsim.io.output_file import FIRST_MINUTES as MARK
    from gridsim.io.output_file import PAIRS, SCREENING, write_output
    from gridsim.report.screening_first_minutes import first_minutes_lines
    from gridsim.results.screening_first_minutes import first_minutes_frame

    began = time.perf_counter()
    frame = first_minutes_frame(system, start, lost)
    wall_s = round(time.perf_counter() - began, 3)
    if out is not None:
        write_output(out, frame.to_csv(index=False).encode(), MARK, SCREENING, PAIRS)
    if head is not None:
        _print_verdict({**head, "stage": FIRST_MINUTES, "title": title}, system, frame, wall_s, rows="cases")
        return
    print("\n".join(first_minutes_lines(f"{title}, first minutes", frame, most, wall_s)))


def _point_at(system: Any, hour: str) -> tuple[OperatingPoint, int]:
    """The operating point of one hour of the normal year, as the simulator dispatches it, and its month."""
    from gridsim.engine.run import run as run_scenario
    from gridsim.io.durations import parse_start
    from gridsim.model.scenario import AcMode, Horizon, Policy, Scenario

    start = parse_start(hour)
    scenario = Scenario("hour", system.name, Horizon(start, 1.0), policy=Policy(ac=AcMode.OFF))
    return run_scenario(system, scenario).points[0][1], start.month
