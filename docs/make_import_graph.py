"""Draws the import graph of the engine into docs/architecture.md, between its two markers.

`python docs/make_import_graph.py`, with gridsim installed in editable mode. A test fails when the page is out of date.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.support.imports import circles, import_graph

PAGE = Path(__file__).parent / "architecture.md"
BEGIN, END = "<!-- import graph of gridsim/engine: begin -->", "<!-- import graph of gridsim/engine: end -->"
FOLDER = "gridsim.engine"

Graph = Mapping[str, set[str]]


def folder_graph(folder: str = FOLDER) -> dict[str, set[str]]:
    """File of ``folder`` -> files of it that it imports; a folder inside counts as one, written with a slash."""
    graph = import_graph()
    inside = {module for module in graph if module.startswith(folder + ".")}

    def short(module: str) -> str:
        first, *deeper = module.removeprefix(folder + ".").split(".")
        is_folder = bool(deeper) or any(other.startswith(f"{folder}.{first}.") for other in inside)
        return f"{first}/" if is_folder else first

    found: dict[str, set[str]] = {short(module): set() for module in inside}
    for module in inside:
        found[short(module)] |= {short(other) for other in graph[module] & inside} - {short(module)}
    return found


def rooms(graph: Graph) -> dict[str, tuple[str, ...]]:
    """File -> the files it forms a circle with, itself included: one room each where there is no circle."""
    together = {name: tuple(circle) for circle in circles(graph) for name in circle}
    return {name: together.get(name, (name,)) for name in graph}


def levels(graph: Graph) -> dict[tuple[str, ...], int]:
    """Room -> the longest way down from it: 0 for what imports nothing of the folder."""
    of = rooms(graph)
    found: dict[tuple[str, ...], int] = {}

    def level(room: tuple[str, ...]) -> int:
        if room not in found:
            below = {of[other] for name in room for other in graph[name]} - {room}
            found[room] = 1 + max((level(other) for other in below), default=-1)
        return found[room]

    for room in of.values():
        level(room)
    return found


def reduced(graph: Graph) -> list[tuple[str, str]]:
    """Arrows that no longer way implies, so that the figure can be read; arrows inside a circle stay."""
    of = rooms(graph)

    def below(name: str) -> set[str]:
        seen: set[str] = set()
        waiting = [name]
        while waiting:
            new = graph[waiting.pop()] - seen
            seen |= new
            waiting += new
        return seen

    reach = {name: below(name) for name in graph}

    def implied(name: str, other: str) -> bool:
        return any(other in reach[via] for via in graph[name] if of[via] not in (of[name], of[other]))

    arrows = [(name, other) for name in sorted(graph) for other in sorted(graph[name])]
    return [(name, other) for name, other in arrows if of[name] == of[other] or not implied(name, other)]


def figure(graph: Graph) -> str:
    """The graph as a Mermaid figure without implied arrows, and whole as a table from the top down."""
    node = {name: name.rstrip("/") for name in graph}
    lines = ["```mermaid", "flowchart TB"]
    lines += [f'    {node[name]}["{name}"]' for name in sorted(graph)]
    lines += [f"    {node[name]} --> {node[other]}" for name, other in reduced(graph)]
    lines += ["```", "", "| level | file | imports, of this folder |", "| --- | --- | --- |"]
    by_level = sorted(((level, room) for room, level in levels(graph).items()), key=lambda pair: (-pair[0], pair[1]))
    for level, room in by_level:
        for name in room:
            imported = ", ".join(f"`{other}`" for other in sorted(graph[name])) or "-"
            lines.append(f"| {level} | `{name}` | {imported} |")
    found = circles(graph)
    lines.append("")
    lines.append("No circle." if not found else "Circles: " + "; ".join(" <-> ".join(circle) for circle in found) + ".")
    return "\n".join(lines)


def page() -> str:
    """The page with the figure of now between its markers."""
    text = PAGE.read_text(encoding="utf-8")
    head, rest = text.split(BEGIN)
    tail = rest.split(END)[1]
    return f"{head}{BEGIN}\n{figure(folder_graph())}\n{END}{tail}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
