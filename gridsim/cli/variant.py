"""The network and ``--variant``, of every command that reads a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from gridsim.cli.completion import network_names, variant_names

if TYPE_CHECKING:
    from gridsim.model.system import GridSystem

AS_IT_STANDS = "base"

VariantOption = Annotated[
    str | None,
    typer.Option(
        "--variant",
        metavar="NAME",
        autocompletion=variant_names,
        help="Read the network with its variants/NAME.yaml laid over it (`gridsim list networks`); base: as it stands.",
    ),
]


NetworkArgument = Annotated[
    str, typer.Argument(help="A bundled network or a network folder.", autocompletion=network_names)
]


def variant_name(option: str | None) -> str | None:
    """The variant to read: "" for the network as it stands, None where the option does not say."""
    return "" if option == AS_IT_STANDS else option


def read_system(network: str, option: str | None) -> GridSystem:
    """A bundled network or a network folder, with the variant of the command line."""
    from gridsim.io.read_network import read_network

    return read_network(network, variant_name(option) or "")


def validate_command(name: str, option: str | None) -> str:
    """The command that lists everything about what was read."""
    return f"gridsim validate {name}" + (f" --variant {option}" if option else "")
