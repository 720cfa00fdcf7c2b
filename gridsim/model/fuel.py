"""Fuels of generators: the rows of ``fuels.csv``, on which every branch of the code by fuel rests."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources

#: Family of fuels that arrive through the gas network (table ``gas_to_power``).
GAS_FAMILY = "gas"
#: ``co2_factor`` of a fuel that gives off no CO2 of its own.
NO_CO2 = "none"


@dataclass(frozen=True)
class Fuel:
    """A row of ``fuels.csv``.

    ``family``: how the fuel arrives or what it is; ``gas`` comes through the gas network. ``variable``: technology of
    the renewable sites whose weather gives the output (wind, solar), empty for a fuel that can be dispatched.
    ``always_committed``: needs no start-up. ``yard_fuels``: fuels of table ``fuel_stocks`` that feed it.
    ``result_column``: column of table ``zones`` that its output is counted in. ``co2_factor``: key of table
    ``emission_factors``, ``none`` for a fuel that gives off no CO2 of its own, empty where there is no general factor.
    """

    fuel: str
    family: str
    variable: str
    always_committed: bool
    yard_fuels: tuple[str, ...]
    result_column: str
    co2_factor: str
    doc: str


@cache
def fuels() -> dict[str, Fuel]:
    """The table of fuels by name, in the order of its rows."""
    text = resources.files("gridsim.model").joinpath("fuels.csv").read_text(encoding="utf-8")
    return {
        row["fuel"]: Fuel(
            fuel=row["fuel"],
            family=row["family"],
            variable=row["variable"],
            always_committed=row["always_committed"] == "true",
            yard_fuels=tuple(row["yard_fuels"].split(";")) if row["yard_fuels"] else (),
            result_column=row["result_column"],
            co2_factor=row["co2_factor"],
            doc=row["doc"],
        )
        for row in csv.DictReader(text.splitlines())
    }


def fuels_by_column() -> dict[str, tuple[str, ...]]:
    """Columns of table ``zones`` that hold output by fuel, and the fuels counted in each."""
    found: dict[str, tuple[str, ...]] = {}
    for fuel in fuels().values():
        found[fuel.result_column] = (*found.get(fuel.result_column, ()), fuel.fuel)
    return found


def fuel_of_yard(yard_fuel: str) -> str:
    """The fuel of generators that burn what a yard or tank of ``yard_fuel`` (table ``fuel_stocks``) holds."""
    return next(fuel.fuel for fuel in fuels().values() if yard_fuel in fuel.yard_fuels)


def yard_fuels() -> tuple[str, ...]:
    """Fuels that a yard or tank can hold."""
    return tuple(held for fuel in fuels().values() for held in fuel.yard_fuels)
