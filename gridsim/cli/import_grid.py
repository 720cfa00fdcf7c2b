"""`gridsim import`: the grid of another program as a network folder."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gridsim.cli.app import JsonOption, app
from gridsim.errors import InputError, Problem

if TYPE_CHECKING:
    from gridsim.io.grid_import.imported import Imported


@app.command("import")
def import_grid(
    source: Annotated[
        str,
        typer.Argument(help="A pandapower JSON file, a MATPOWER .m or .mat file, or a case by name, such as case118."),
    ],
    to: Annotated[str, typer.Option("--to", metavar="FOLDER", help="Network folder to write; it must not be there.")],
    profiles: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="CSV of MW by hour: a column per load or machine, headed by its name."),
    ] = None,
    drop: Annotated[
        list[str] | None,
        typer.Option(metavar="TABLE", help="Leave out a table of the source on purpose, such as svc. May be repeated."),
    ] = None,
    outage_defaults: Annotated[
        bool, typer.Option("--outage-defaults", help="Give every element the outage data of IEEE RTS-79 for its class.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Import the grid of another program, and tell what came exactly, was restated, assumed or left out."""
    from gridsim.io.grid_import.defaults import add_outage_defaults
    from gridsim.io.grid_import.folder import write_folder
    from gridsim.io.grid_import.series_file import add_profiles
    from gridsim.io.grid_import.sources import import_source

    began = time.perf_counter()
    folder = Path(to)
    if folder.exists():
        raise InputError([Problem(to, 0, "", "exists", "give a folder that is not there yet")])
    imported = import_source(source, name=folder.resolve().name, drop=drop or ())
    if outage_defaults:
        add_outage_defaults(imported)
    if profiles is not None:
        add_profiles(imported, Path(profiles))
    system = imported.system  # checked before anything is written
    write_folder(imported, folder)
    wall_s = round(time.perf_counter() - began, 3)
    counts = {table: len(rows) for table, rows in imported.tables.items() if rows}
    if as_json:
        told = {"command": "import", "status": "complete", "source": source, "folder": to, "wall_s": wall_s}
        print(json.dumps(told | {"tables": counts, "report": imported.report.as_dicts()}))
        return
    print("\n".join(_report_lines(imported)))
    print(f"{to}: {len(system.buses):,} buses, {system.n_branches:,} branches, {len(system.generators):,} machines, "
          f"{len(system.loads):,} loads ({wall_s:.1f} s)")  # fmt: skip
    print(f"next: gridsim validate {to}")


def _report_lines(imported: Imported) -> list[str]:
    from gridsim.report.text_table import TextTable

    headings = ("fate", "table", "count", "how")
    words = frozenset({"fate", "table", "how"})
    return TextTable(headings, tuple(imported.report.rows()), left=words, wrapped=True).lines()
