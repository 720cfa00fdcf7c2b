"""Costs that a network may state: what is counted, and the value of a unit of it."""

from __future__ import annotations

from typing import NamedTuple

from gridsim.model.system import GridSystem

#: Classes of gas customers whose gas has a value of its own; gas of plants is electricity that is not made.
COST_GAS_CLASSES = ("households", "services", "heating", "industry", "transit", "export")
#: Tables whose elements are repaired at a cost.
REPAIRED_TABLES = (
    "lines", "transformers", "buses", "generators", "gas_pipelines", "compressor_stations", "gas_supply", "gas_storage",
    "power_to_gas",
)  # fmt: skip


class UnitCost(NamedTuple):
    """Value of a unit of something lost, and its range."""

    usd: float
    low_usd: float
    high_usd: float


def unit_cost(system: GridSystem, name: str) -> UnitCost | None:
    """The cost called ``name``; None where the network does not state it."""
    costs = system.unit_costs
    if not costs.has(name):
        return None
    at = costs.position(name)
    return UnitCost(*(float(column[at]) for column in (costs.usd, costs.low_usd, costs.high_usd)))
