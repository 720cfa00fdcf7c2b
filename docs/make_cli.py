"""Writes docs/cli.md from the commands themselves: `python docs/make_cli.py`. A test fails when it is out of date."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import typer

import gridsim.cli

PAGE = Path(__file__).parent / "cli.md"

HEAD = """# Commands

Made from the commands by `python docs/make_cli.py`; do not edit by hand. `gridsim COMMAND --help` prints the same.

Exit codes: 0 done, 1 a check or a script failed, 2 bad input, 3 stopped or a replicate failed. With `--json` a command
prints one object, errors too.
"""


def _cell(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().replace("|", "\\|").replace("<", "&lt;")


def _option(parameter: Any) -> str:
    names = ", ".join(f"`{name}`" for name in [*parameter.opts, *parameter.secondary_opts])
    if parameter.param_type_name == "argument":
        names = f"`{(parameter.metavar or parameter.name).upper()}`"
    default = parameter.default
    plain = isinstance(default, int | float | str) and not isinstance(default, bool) and default != ""
    return f"| {names} | {f'`{default}`' if plain else ''} | {_cell(getattr(parameter, 'help', '') or '')} |"


def page() -> str:
    """The page: a part for each command, in alphabetical order."""
    group = typer.main.get_command(gridsim.cli.app)
    parts = [HEAD]
    for name, command in sorted(group.commands.items()):  # type: ignore[attr-defined]
        parts += [f"\n## gridsim {name}\n", " ".join((command.help or "").split()) + "\n"]
        shown = [one for one in command.params if one.name != "help" and not getattr(one, "hidden", False)]
        if shown:
            parts += ["| option | default | meaning |", "| --- | --- | --- |", *map(_option, shown), ""]
    return "\n".join(parts).rstrip() + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
