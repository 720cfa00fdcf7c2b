"""`gridsim list` and `gridsim show`: what there is."""

from __future__ import annotations

import ast
import difflib
import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from gridsim.cli.app import JsonOption, app
from gridsim.cli.completion import element_names
from gridsim.cli.variant import NetworkArgument, VariantOption, read_system
from gridsim.errors import StudyError

_BUNDLED = ("networks", "events", "studies", "kinds")
_COMPONENTS = (
    "lines", "transformers", "buses", "generators", "plants", "loads", "interfaces", "borders", "gas_nodes",
    "gas_pipelines", "fuel_stocks",
)  # fmt: skip
_DEFAULT_NETWORK = "kazakhstan"
_SAME = {"machines": "generators", "stocks": "fuel_stocks"}


@app.command("list")
def list_(
    what: Annotated[
        str, typer.Argument(metavar="WHAT", help=f"{', '.join(_BUNDLED)}; of a network: {', '.join(_COMPONENTS)}.")
    ],
    first: Annotated[
        str,
        typer.Argument(
            metavar="[NETWORK]",
            help=f"A bundled network or a network folder, for what a network holds; left out: {_DEFAULT_NETWORK}.",
            autocompletion=element_names,
        ),
    ] = "",
    second: Annotated[
        str,
        typer.Argument(
            metavar="[TEXT]",
            help="Only those with this in name, title, zone or oblast, in any case: `list lines south`.",
            autocompletion=element_names,
        ),
    ] = "",
    named: Annotated[
        str | None, typer.Option("--network", metavar="NETWORK", help="The network, where no word names it.")
    ] = None,
    variant: VariantOption = None,
    long: Annotated[bool, typer.Option("--long", help="Events: what they show, too. Kinds: what they act on.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List networks, events, studies, kinds of events; or the names of lines, plants and so on of a network."""
    what = what.replace("-", "_").lower()
    what = _SAME.get(what, what)
    network, text = _network_and_text(what, first, second, named)
    if what in _COMPONENTS:
        from gridsim.report.component_list import component_lines, component_rows

        rows = component_rows(read_system(network, variant), what, text)
        told = f"{what.replace('_', ' ')} of {network}"
    elif what in _BUNDLED:
        rows = [row for row in _bundled(what) if text.casefold() in " ".join(row.values()).casefold()]
        told = what
    else:
        choices = (*_BUNDLED, *_COMPONENTS)
        close = difflib.get_close_matches(what, choices, n=1)
        mend = f"did you mean '{close[0]}'? " if close else ""
        raise StudyError(f"nothing to list under '{what}'; {mend}There are {', '.join(choices)}")
    if as_json:
        print(json.dumps(rows))
        return
    if not rows:
        print(f"no {told}" + (f" with '{text}' in it" if text else ""), file=sys.stderr)
        return
    print("\n".join(component_lines(rows) if what in _COMPONENTS else _bundled_lines(what, rows, long)))


def _network_and_text(what: str, first: str, second: str, named: str | None) -> tuple[str, str]:
    """Network and text of the words: a first word is a network if it is one, or if another follows."""
    from gridsim.io.bundled import network_names

    if named is not None or what not in _COMPONENTS:
        if second:
            mend = "--network names the network" if named is not None else f"{what} belong to no network"
            raise StudyError(f"'{second}': one word too many; leave it out: {mend}")
        return named or _DEFAULT_NETWORK, first
    if second or first in network_names() or (first and (Path(first) / "network.yaml").is_file()):
        return first, second
    return _DEFAULT_NETWORK, first


@app.command()
def show(
    network: NetworkArgument,
    variant: VariantOption = None,
    as_json: JsonOption = False,
) -> None:
    """Totals of a network: machines, demand, zones, sections."""
    from gridsim.report.system_summary import system_lines, system_summary

    summary = system_summary(read_system(network, variant))
    if as_json:
        print(json.dumps(summary))
        return
    print("\n".join(system_lines(summary)))


def _bundled(what: str) -> list[dict[str, str]]:
    from gridsim.io.bundled import bundled_folder, event_files, network_names, study_files, variant_names
    from gridsim.model.scenario import kinds

    if what == "networks":
        folder = bundled_folder("networks")
        return [{"name": name, "variants": ", ".join(variant_names(folder / name))} for name in network_names()]
    if what == "events":
        return [{"name": name, "folder": path.parent.name, **_told(path)} for name, path in event_files().items()]
    if what == "studies":
        return [
            {"name": name, "shows": _told(path)["question"] or _first_comment(path)}
            for name, path in study_files().items()
        ]
    return [{"name": kind.kind, "targets": ", ".join(kind.targets), "shows": kind.doc} for kind in kinds().values()]


def _bundled_lines(what: str, rows: list[dict[str, str]], long: bool) -> list[str]:
    """Names whole with a sentence each, events folder by folder."""
    if what == "networks":
        return _sentences("network", "variants", [(row["name"], row["variants"] or "-") for row in rows])
    if what == "studies":
        return _sentences("study", "shows", [(row["name"], row["shows"]) for row in rows])
    if what == "kinds":
        acts_on = [f" [{row['targets']}]" if long else "" for row in rows]
        told = [(row["name"], row["shows"] + on) for row, on in zip(rows, acts_on, strict=True)]
        return _sentences("kind", "does [to what]" if long else "does", told)
    lines: list[str] = []
    longest = max(len(row["name"]) for row in rows)
    for folder in dict.fromkeys(row["folder"] for row in rows):
        told = [
            (row["name"], f"{row['question']} {row['shows']}" if long else row["question"])
            for row in rows
            if row["folder"] == folder
        ]
        lines += ([""] if lines else []) + _sentences(f"{folder}:", "", told, longest)
    return lines if long else [*lines, "", "more: --long; to run: gridsim run NAME"]


def _sentences(heading: str, about: str, rows: list[tuple[str, str]], longest: int = 0) -> list[str]:
    from gridsim.report.text_table import TextTable

    lines = TextTable((heading.ljust(longest), about), tuple(rows), wrapped=True).lines()
    return lines if lines[0].startswith(heading) else [heading, *lines]  # a narrow screen has paragraphs, no heading


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
