"""Options that set values of a scenario, and the seed, as commands share them."""

from __future__ import annotations

from typing import Annotated

import typer

from gridsim.cli.completion import imports_names
from gridsim.cli.values import whole

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


seed_number = whole(0, 2**64 - 1)

SeedOption = Annotated[int, typer.Option(parser=seed_number, metavar="N", help="Seed of everything random.")]
