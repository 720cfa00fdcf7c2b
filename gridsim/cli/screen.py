"""`gridsim screen`."""

from __future__ import annotations

import json
import time
from typing import Annotated, Any

import typer

from gridsim.cli.app import JsonOption, app
from gridsim.cli.printing import as_dicts, tell_warnings
from gridsim.cli.values import local_time, whole
from gridsim.cli.variant import NetworkArgument, VariantOption, read_system, validate_command, variant_name


@app.command()
def screen(
    network: NetworkArgument,
    variant: VariantOption = None,
    hour: Annotated[
        str | None,
        typer.Option(
            parser=local_time, metavar="TIME", help="Local time at normal weather; by default the winter peak."
        ),
    ] = None,
    ac: Annotated[bool, typer.Option("--ac/--dc", help="AC power flow, or DC.")] = True,
    most: Annotated[int, typer.Option(parser=whole(1), metavar="N", help="Rows of a table.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """N-1: lose every line, transformer, machine and border, one at a time."""
    from gridsim.report.screening import screening_lines
    from gridsim.results.screening import screen as screen_system

    began = time.perf_counter()
    system = read_system(network, variant)
    tell_warnings(system.warnings, validate_command(network, variant))
    point, month = (None, 1) if hour is None else _point_at(system, hour)
    frame = screen_system(system, point, ac=ac, month=month)
    wall_s = round(time.perf_counter() - began, 3)
    if as_json:
        verdict = {
            "command": "screen",
            "status": "complete",
            "network": network,
            "variant": variant_name(variant) or "",
            "hour": hour or "winter peak",
            "method": "ac" if ac else "dc",
            "wall_s": wall_s,
            "warnings": as_dicts(system.warnings),
            **frame.attrs,
            "outages": json.loads(frame.to_json(orient="records")),
        }
        print(json.dumps(verdict))
        return
    title = f"{network} at {hour or 'winter peak'}, {'AC' if ac else 'DC'} power flow"
    print("\n".join(screening_lines(title, frame, most, wall_s)))


def _point_at(system: Any, hour: str) -> tuple[Any, int]:
    """The operating point of one hour of the normal year, as the simulator dispatches it, and its month."""
    from gridsim.engine.run import run as run_scenario
    from gridsim.io.durations import parse_start
    from gridsim.model.scenario import AcMode, Horizon, Policy, Scenario

    start = parse_start(hour)
    scenario = Scenario("hour", system.name, Horizon(start, 1.0), policy=Policy(ac=AcMode.OFF))
    return run_scenario(system, scenario).points[0][1], start.month
