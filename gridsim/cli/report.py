"""`gridsim report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gridsim.cli.app import app


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(help="The folder of a run, a study or an assessment.")],
    out: Annotated[Path | None, typer.Option(help="The file; by default FOLDER.html beside it.")] = None,
    network: Annotated[
        Path | None, typer.Option(help="Folder of the network, for the map of a run on one that is not bundled.")
    ] = None,
    show: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
) -> None:
    """Write one HTML file that opens offline: the answer, the map with replay, scorecard, figures, all numbers."""
    from gridsim.report.documents import report as write
    from gridsim.study.loaded import load

    file = write(load(folder), out or folder.parent / f"{folder.name}.html", network=network)
    print(f"report in {file}")
    if show:
        import webbrowser

        webbrowser.open(file.resolve().as_uri())
