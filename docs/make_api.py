"""Writes docs/api.md, which Sphinx fills from docstrings: `python docs/make_api.py`. A test finds it out of date."""

from __future__ import annotations

import inspect
from pathlib import Path

import gridsim

PAGE = Path(__file__).parent / "api.md"

HEAD = """# Python

Every public name, from its docstring. Made by `python docs/make_api.py`; do not edit by hand. Results answer alike
(`metric`, `metrics`, `frame`, `summary`, `save`): [scripts](scripting.md#results-and-changes).
"""

#: Headings of the page, and the packages whose names stand under each.
PARTS = {
    "Reading": ("gridsim.io",),
    "Model": ("gridsim.model",),
    "Running": ("gridsim.engine", "gridsim.results", "gridsim.solvers"),
    "Scripts": ("gridsim.contingencies",),
    "Studies": ("gridsim.study",),
    "Reliability": ("gridsim.reliability",),
    "Errors": ("gridsim.errors",),
}


def parts() -> dict[str, list[str]]:
    """Public names by heading, each once."""
    found: dict[str, list[str]] = {heading: [] for heading in PARTS}
    for name in gridsim.__all__:
        home = getattr(getattr(gridsim, name), "__module__", "")
        for heading, packages in PARTS.items():
            if home.startswith(packages):
                found[heading].append(name)
    return found


def page() -> str:
    """The page as MyST Markdown."""
    lines = [HEAD]
    for heading, names in parts().items():
        lines.append(f"\n## {heading}\n\n```{{eval-rst}}")
        for name in names:
            directive = "autoclass" if inspect.isclass(getattr(gridsim, name)) else "autofunction"
            lines.append(f".. {directive}:: gridsim.{name}")
        lines.append("```")
    lines.append("\n## Figures\n\n```{eval-rst}\n.. automodule:: gridsim.plot\n```")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
