"""`gridsim inventory`."""

from __future__ import annotations

import dataclasses
import json
import time
from typing import Annotated

import typer

from gridsim.cli.app import JsonOption, app
from gridsim.cli.printing import progress_bar
from gridsim.cli.values import whole
from gridsim.cli.variant import NetworkArgument, VariantOption, read_system


@app.command()
def inventory(
    network: NetworkArgument,
    variant: VariantOption = None,
    year: Annotated[
        int | None,
        typer.Option(
            "--year", parser=whole(1900, 2200), metavar="YEAR", help="Calendar year; the network's base year."
        ),
    ] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Parts as CSV.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Greenhouse gases of a year by part: activity, factor with its range, source; compared with what others state."""
    from gridsim.report.inventory_lines import compared_lines, inventory_csv, inventory_table
    from gridsim.study.inventory import inventory as of_year
    from gridsim.study.inventory import sums_mt

    began = time.perf_counter()
    system = read_system(network, variant)
    with progress_bar(f"{network} inventory") as progress:
        found = of_year(system, year or system.base_year or 2025, progress)
    if as_json:
        print(
            json.dumps(
                {
                    "command": "inventory",
                    "status": "complete",
                    "wall_s": round(time.perf_counter() - began, 3),
                    "year": found.year,
                    "parts": [part._asdict() for part in found.parts],
                    "sums_mt": dict(sums_mt(found.parts)),
                    "compared": [{**dataclasses.asdict(of), "inside": of.inside} for of in found.targets],
                }
            )
        )
        return
    if as_csv:
        print(inventory_csv(found.parts), end="")
        return
    print(f"greenhouse gases of {found.year}, normal weather")
    print("\n".join([*inventory_table(found.parts).lines(), *compared_lines(found.targets)]))
