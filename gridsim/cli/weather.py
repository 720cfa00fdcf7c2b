"""`gridsim weather`."""

from __future__ import annotations

import json
import time
from typing import Annotated

import typer

from gridsim.cli.app import JsonOption, app
from gridsim.cli.printing import progress_bar
from gridsim.cli.settings import SeedOption
from gridsim.cli.values import whole
from gridsim.cli.variant import NetworkArgument, VariantOption, read_system


@app.command()
def weather(
    network: NetworkArgument,
    variant: VariantOption = None,
    years: Annotated[int, typer.Option(parser=whole(2), metavar="N", help="Generated years, two or more.")] = 200,
    seed: SeedOption = 1,
    as_json: JsonOption = False,
) -> None:
    """Generate weather years: climate, droughts with their return periods, checks of the generator."""
    from gridsim.report.weather_summary import weather_lines, weather_summary

    began = time.perf_counter()
    system = read_system(network, variant)
    with progress_bar(f"{network} weather") as progress:
        summary = weather_summary(system, years, seed, progress)
    if as_json:
        wall_s = round(time.perf_counter() - began, 3)
        print(json.dumps({"command": "weather", "status": "complete", "wall_s": wall_s, **summary}))
        return
    print("\n".join(weather_lines(summary)))
