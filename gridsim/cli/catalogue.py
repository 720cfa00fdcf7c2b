"""`gridsim list` and `gridsim show`: what there is."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Annotated

import typer

from gridsim.cli.app import JsonOption, app
from gridsim.cli.printing import print_rows
from gridsim.cli.variant import VariantOption, read_system
from gridsim.errors import StudyError


@app.command("list")
def list_(
    what: Annotated[str, typer.Argument(help="networks, events, studies or kinds")],
    as_json: JsonOption = False,
) -> None:
    """List the bundled networks, events and studies, and the kinds of events."""
    from gridsim.io.bundled import bundled_folder, event_files, network_names, study_files, variant_names
    from gridsim.model.scenario import kinds

    if what == "networks":
        folder = bundled_folder("networks")
        rows = [{"name": name, "variants": ", ".join(variant_names(folder / name))} for name in network_names()]
    elif what == "events":
        rows = [{"name": name, "folder": path.parent.name, **_told(path)} for name, path in event_files().items()]
    elif what == "studies":
        rows = [{"name": name, "shows": _first_comment(path)} for name, path in study_files().items()]
    elif what == "kinds":
        rows = [{"name": kind.kind, "targets": ", ".join(kind.targets), "shows": kind.doc} for kind in kinds().values()]
    else:
        raise StudyError(f"nothing to list under '{what}'; use networks, events, studies or kinds")
    if as_json:
        print(json.dumps(rows))
        return
    print_rows(rows)


@app.command()
def show(
    network: Annotated[str, typer.Argument(help="A bundled network or a network folder.")],
    variant: VariantOption = None,
    as_json: JsonOption = False,
) -> None:
    """Totals of a network: machines, demand, zones, sections."""
    from gridsim.report.system_summary import system_summary

    summary = system_summary(read_system(network, variant))
    if as_json:
        print(json.dumps(summary))
        return
    for key, value in summary.items():
        if isinstance(value, dict):
            print(f"{key}:")
            for name, item in value.items():
                print(f"  {name:<24} {item}")
        else:
            print(f"{key:<26} {value}")


def _told(path: Path) -> dict[str, str]:
    """Question and what is shown, of a scenario file or of a script's opening text."""
    from gridsim.io.yaml_lines import read_yaml

    if path.suffix == ".py":
        question, _, shows = (ast.get_docstring(ast.parse(path.read_bytes())) or "").partition("\n")
        return {"question": question, "shows": " ".join(shows.split())}
    data = read_yaml(path)[1].data
    return {key: " ".join(str(data.get(key, "")).split()) for key in ("question", "shows")}


def _first_comment(path: Path) -> str:
    """The opening comment of a file, as one line."""
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.lstrip("# ").strip())
    return " ".join(lines)
