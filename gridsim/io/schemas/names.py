"""Choices that other tables of gridsim list: fuels, fuels of yards, result tables, quantities of checks, gas classes.

A type checker cannot read a table, so for it they are text; pydantic takes the names, suggests the nearest and
publishes them in the JSON Schema.
"""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING, Literal

from gridsim.model.fuel import fuels, yard_fuels
from gridsim.model.gas_order import gas_order
from gridsim.model.known_day import observables

_RESULT_TABLES = "engine/tables"


def result_tables() -> tuple[str, ...]:
    """Names of the tables of a run, one for each file of the folder that holds them.

    Only file names are read: the engine lies above ``io`` and is not imported here.
    """
    files = (entry.name for entry in resources.files("gridsim").joinpath(_RESULT_TABLES).iterdir())
    return tuple(sorted(name.removesuffix(".py") for name in files if name.endswith(".py") and name[0] != "_"))


if TYPE_CHECKING:
    FuelName = str
    YardFuelName = str
    BackupFuelName = str
    OutputTable = str
    ObservableName = str
    GasClassName = str
else:
    FuelName = Literal[tuple(fuels())]
    YardFuelName = Literal[yard_fuels()]
    BackupFuelName = Literal["none", *yard_fuels()]
    OutputTable = Literal[result_tables()]
    ObservableName = Literal[tuple(observables())]
    GasClassName = Literal[tuple(gas_order())]
