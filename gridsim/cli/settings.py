"""Options that set values of a scenario, and the seed, as commands share them."""

from __future__ import annotations

from typing import Annotated

import typer

from gridsim.cli.completion import imports_names

IMPORTS = "policy.imports"

SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="A key of the scenario in place of its own, as in a study's set: policy.ac=off, "
        "events.ID.magnitude=20; may be repeated.",
    ),
]
ImportsOption = Annotated[
    str | None,
    typer.Option(
        metavar="none|contract|limit|likely",
        help="What neighbours give: short for --set policy.imports=...",
        autocompletion=imports_names,
    ),
]


def seed_number(text: str) -> int:
    """A seed: a whole number of 64 bits."""
    try:
        seed = int(text)
    except ValueError:
        raise typer.BadParameter(f"'{text}' is not a whole number; give one, 0 or more") from None
    if not 0 <= seed < 2**64:
        raise typer.BadParameter(f"{seed} is out of range; give a whole number from 0 to 2**64 - 1")
    return seed


SeedOption = Annotated[int, typer.Option(parser=seed_number, metavar="N", help="Seed of everything random.")]
