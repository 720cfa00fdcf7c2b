"""Order in which gas is cut: the rows of ``gas_order.csv``, the one place that says who goes without first."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np

from gridsim.model.system import GridSystem
from gridsim.model.table import F8, STR

#: What a name of an order stands for, where one class of customers has several places in the table.
_SEVERAL = {
    "power": ("plants_with_reserve", "power", "plants_chp"),
    "transit": ("transit_surplus", "transit"),
}


@dataclass(frozen=True)
class GasRank:
    """A row of ``gas_order.csv``: the class is cut after all of lower rank; equal ranks share.

    ``share`` of what a customer of the class asks that stands here; None: as the network's ``transit_kept_share`` says.
    """

    gas_class: str
    rank: int
    share: float | None
    assumed: bool
    doc: str


@cache
def gas_order() -> dict[str, GasRank]:
    """The table by class, first cut first."""
    text = resources.files("gridsim.model").joinpath("gas_order.csv").read_text(encoding="utf-8")
    return {
        row["gas_class"]: GasRank(
            gas_class=row["gas_class"],
            rank=int(row["rank"]),
            share=float(row["share"]) if row["share"] else None,
            assumed=row["assumed"] == "true",
            doc=row["doc"],
        )
        for row in csv.DictReader(text.splitlines())
    }


def order_problem(names: Iterable[str]) -> str:
    """Fault of an order of classes, empty if there is none: each class known, none twice."""
    found = list(names)
    unknown = [name for name in found if name not in gas_order()]
    if unknown:
        return f"no gas class '{unknown[0]}'"
    places = [place for name in found for place in _SEVERAL.get(name, (name,))]
    twice = [place for place in places if places.count(place) > 1]
    return f"gas class '{twice[0]}' is named twice" if twice else ""


def ranks(first_cut: Sequence[str] = ()) -> dict[str, int]:
    """Rank of every class: those of ``first_cut`` share out their places in the order given, the others keep theirs.

    ``power`` names all plants and ``transit`` all of it, in the order of the table.
    """
    own = {name: row.rank for name, row in gas_order().items()}
    named = [place for name in first_cut for place in _SEVERAL.get(name, (name,))]
    return {**own, **dict(zip(named, sorted(own[name] for name in named), strict=True))}


def plant_classes(system: GridSystem) -> STR:
    """(n_links,) class of each row of gas_to_power, as far as no reserve fuel replaces its gas."""
    heat_led = system.generators.heat_led & system.generators.gas_fired
    plants = system.gas_to_power.plant.tolist()
    return np.array(
        ["plants_chp" if heat_led[system.generators_of(plant)].any() else "power" for plant in plants], dtype=np.str_
    )


def reserve_shares(system: GridSystem) -> F8:
    """(n_links,) share of a plant's output that its reserve fuel can give while its full tanks last."""
    links = system.gas_to_power
    stocked = (links.backup_fuel != "none") & (links.backup_stock_days > 0)
    return np.where(stocked, np.clip(links.backup_capacity_share, 0.0, 1.0), 0.0)
