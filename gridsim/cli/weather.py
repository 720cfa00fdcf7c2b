"""`gridsim weather`."""

from __future__ import annotations

import json
import time
from typing import Annotated

import typer

from gridsim.cli.app import JsonOption, app
from gridsim.cli.printing import progress_bar
from gridsim.cli.variant import NetworkArgument, VariantOption, read_system
from gridsim.errors import StudyError


@app.command()
def weather(
    network: NetworkArgument,
    variant: VariantOption = None,
    years: Annotated[int, typer.Option(min=2, help="Generated years.")] = 200,
    seed: Annotated[int, typer.Option(min=0, metavar="N", help="Seed of the years, a 64-bit number.")] = 1,
    as_json: JsonOption = False,
) -> None:
    """Generate weather years: climate, droughts with their return periods, checks of the generator."""
    from gridsim.report.weather_summary import weather_lines, weather_summary

    if seed >= 2**64:
        raise StudyError(f"--seed: {seed} is not a 64-bit number; give 0 to 2^64 - 1")
    began = time.perf_counter()
    system = read_system(network, variant)
    with progress_bar(f"{network} weather") as progress:
        summary = weather_summary(system, years, seed, progress)
    if as_json:
        wall_s = round(time.perf_counter() - began, 3)
        print(json.dumps({"command": "weather", "status": "complete", "wall_s": wall_s, **summary}))
        return
    print("\n".join(weather_lines(summary)))
