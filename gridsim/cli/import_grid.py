"""`gridsim import`: the grid of another program as a network folder."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridsim.cli.app import JsonOption, app
from gridsim.errors import InputError, Problem

if TYPE_CHECKING:
    from gridsim.io.grid_import.report import ImportReport
    from gridsim.model.system import GridSystem


RTS_GMLC = "rts-gmlc"


@app.command("import")
def import_grid(
    source: Annotated[
        str,
        typer.Argument(
            help="A pandapower JSON file, a MATPOWER .m or .mat file, a case by name, such as case118, or rts-gmlc and "
            "its folder. With gridsim\\[formats]: CGMES, PSS/E, UCTE, IEEE-CDF, XIIDM, PowerFactory."
        ),
    ],
    to: Annotated[str, typer.Option("--to", metavar="FOLDER", help="Network folder to write; it must not be there.")],
    data: Annotated[
        str | None, typer.Argument(metavar="[FOLDER]", help="Folder RTS_Data of the data set, after rts-gmlc.")
    ] = None,
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
    if source == RTS_GMLC:
        options = {"--profiles": profiles is not None, "--drop": bool(drop), "--outage-defaults": outage_defaults}
        report, system, tables = _rts_gmlc(data, folder, [name for name, given in options.items() if given])
    elif data is not None:
        raise InputError(
            [Problem("import", 0, "", f"'{data}' follows a source", "only rts-gmlc is followed by a folder")]
        )
    else:
        imported = import_source(source, name=folder.resolve().name, drop=drop or ())
        if outage_defaults:
            add_outage_defaults(imported)
        if profiles is not None:
            add_profiles(imported, Path(profiles))
        report, system, tables = imported.report, imported.system, imported.tables  # checked before it is written
        write_folder(imported, folder)
    wall_s = round(time.perf_counter() - began, 3)
    counts = {table: len(rows) for table, rows in tables.items() if rows}
    if as_json:
        told = {"command": "import", "status": "complete", "source": source, "folder": to, "wall_s": wall_s}
        print(json.dumps(told | {"tables": counts, "report": report.as_dicts()}))
        return
    print("\n".join(_report_lines(report)))
    print(f"{to}: {len(system.buses):,} buses, {system.n_branches:,} branches, {len(system.generators):,} machines, "
          f"{len(system.loads):,} loads ({wall_s:.1f} s)")  # fmt: skip
    print(f"next: gridsim validate {to}")


def _rts_gmlc(data: str | None, folder: Path, options: list[str]) -> tuple[ImportReport, GridSystem, dict[str, Any]]:
    from gridsim.io.grid_import.rts_gmlc import licence_of, read_rts_gmlc, write_rts_gmlc
    from gridsim.io.read_network import read_network

    if data is None:
        raise InputError(
            [Problem("import", 0, "", "rts-gmlc without its data", "gridsim import rts-gmlc FOLDER --to DIR")]
        )
    if options:
        raise InputError([Problem(options[0], 0, "", "not for rts-gmlc", "it has outage data and series of its own")])
    found = read_rts_gmlc(Path(data), folder.resolve().name)
    write_rts_gmlc(found, folder, licence_of(Path(data)))
    return found.report, read_network(folder), found.tables


def _report_lines(report: ImportReport) -> list[str]:
    from gridsim.report.text_table import TextTable

    headings = ("fate", "table", "count", "how")
    words = frozenset({"fate", "table", "how"})
    return TextTable(headings, tuple(report.rows()), left=words, wrapped=True).lines()
