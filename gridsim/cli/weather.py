"""`gridsim weather`."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridsim.cli.app import JsonOption, app
from gridsim.cli.printing import progress_bar
from gridsim.cli.variant import VariantOption, read_system

if TYPE_CHECKING:
    from rich.console import Console


@app.command()
def weather(
    network: Annotated[str, typer.Argument(help="A bundled network or a network folder.")],
    variant: VariantOption = None,
    years: Annotated[int, typer.Option(min=2, help="Generated years.")] = 200,
    seed: Annotated[int, typer.Option(min=0, max=2**64 - 1, help="Seed of the years.")] = 1,
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


def print_weather(console: Console, in_weather: dict[str, Any]) -> None:
    """The worst weeks of an adequacy assessment and, of a fixed set of weather years, the error of its choice."""
    from rich.table import Table

    from gridsim.report.numbers import rounded

    for estimate in in_weather["over_weather_years"]:
        value, stderr = rounded(estimate["value"], estimate["stderr"])
        name, unit = estimate["name"], estimate["unit"]
        console.print(f"{name} over sets of {estimate['n']} weather years: {value} +- {stderr} {unit}")
    table = Table(
        "worst week from", "weather year", "sample", "unserved MWh", "C", "wind", "sun", box=None, pad_edge=False
    )
    for week in in_weather["worst_weeks"]:
        cf = ["-" if week[name] is None else f"{week[name]:.2f}" for name in ("wind_cf", "solar_cf")]
        table.add_row(
            week["start"][5:],
            str(week["weather_year"]),
            str(week["sample"]),
            f"{week['unserved_mwh']:,.0f}",
            f"{week['temperature_c']:.1f}",
            *cf,
        )
    console.print(table)
