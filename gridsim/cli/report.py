"""`gridsim report`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gridsim.cli.app import app

if TYPE_CHECKING:
    import pandas as pd

    from gridsim.reliability import ShortfallEvents
    from gridsim.report.html import Page


_LONGEST = 200  # letters of a file's name, of the 255 that file systems take
#: Of commands that keep no folder.
ReportOption = Annotated[Path | None, typer.Option("--report", metavar="FILE", help="Write the HTML report there too.")]


@app.command()
def report(
    folders: Annotated[
        list[Path],
        typer.Argument(help="Folder of a run, study or assessment; several runs are compared with the first."),
    ],
    out: Annotated[
        Path | None,
        typer.Option(help="The file; by default FOLDER.html beside the first, of several FIRST_and_OTHER.html."),
    ] = None,
    network: Annotated[
        Path | None, typer.Option(help="Folder of the network, for the map of a run on one that is not bundled.")
    ] = None,
    show: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
) -> None:
    """Write one HTML file that opens offline: the answer, the map with replay, scorecard, figures, all numbers."""
    from gridsim.io.output_file import PAGE, check_output
    from gridsim.report.documents import report as write
    from gridsim.report.documents import write_page
    from gridsim.study.loaded import load

    place = out or folders[0].parent / f"{'_and_'.join(folder.name for folder in folders)[:_LONGEST]}.html"
    check_output(place, PAGE)
    file = (
        write(load(folders[0]), place, network=network) if len(folders) == 1 else write_page(compared(folders), place)
    )
    print(f"report in {file}")
    if show:
        import webbrowser

        webbrowser.open(file.resolve().as_uri())


def events_for(report: Path | None, method: str) -> tuple[ShortfallEvents, ...]:
    """Specs that the report of an assessment needs besides: every shortfall, where whole years are drawn."""
    from gridsim.reliability import ShortfallEvents

    return (ShortfallEvents(),) if report is not None and method == "sequential" else ()


def write_screen_report(title: str, frame: pd.DataFrame, file: Path, command: str) -> None:
    """Write the page of a screening, of its level."""
    from gridsim.io.store import package_versions
    from gridsim.report.documents import write_page
    from gridsim.report.gas_page import gas_page
    from gridsim.report.pairs_page import pairs_page
    from gridsim.report.screen_page import screen_page

    versions = ", ".join(f"{name} {version}" for name, version in package_versions().items())
    origin = [("versions", versions), ("make it again", command)]
    page = {"gas": gas_page, "1-1": pairs_page, "2": pairs_page}.get(frame.attrs.get("level", "1"), screen_page)
    write_page(page(title, frame, origin), file)


def compared(folders: list[Path]) -> Page:
    """The page of runs against the first of them."""
    from gridsim.io.read_run import load_run
    from gridsim.report.comparison import chosen
    from gridsim.report.comparison_page import comparison_page
    from gridsim.report.documents import origin_of
    from gridsim.study.compare import compare_values

    first, *others = (load_run(folder) for folder in folders)
    distinct = len({folder.name for folder in folders}) == len(folders)
    names = [folder.name if distinct else str(folder) for folder in folders]
    found = [chosen(names[0], name, compare_values(first, run)) for run, name in zip(others, names[1:], strict=True)]
    return comparison_page(found, origin_of(first, f"gridsim report {' '.join(map(str, folders))}"))
