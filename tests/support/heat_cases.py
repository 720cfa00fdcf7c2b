"""A heated city on the two-area system: the coal plant is its CHP, its homes with gas boilers hang on the gas gate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gridsim.model.system import GridSystem
from tests.support.cases import Tables, build_two_areas

OUTDOOR_C = -30.0
CITY: dict[str, Any] = {
    "name": "town", "bus": "n2", "people": 100_000, "district_share": 1.0, "plants": "coal", "design_c": OUTDOOR_C,
}  # fmt: skip


def with_town(edit: Callable[[Tables], None] | None = None, outdoor_c: float = OUTDOOR_C, **row: Any) -> Any:
    """Edit of the tables: the town, and a climate of one temperature."""

    def build(tables: Tables) -> None:
        tables["weather_sites"] = [{"name": "here", "lat": 50, "lon": 70}]
        tables["climate"] = [
            {"site": "here", "month": month, "t_mean_c": outdoor_c, "t_min_c": outdoor_c, "t_max_c": outdoor_c}
            for month in range(1, 13)
        ]
        for bus in tables["buses"]:
            bus["weather_site"] = "here"
        for of_class in tables["load_classes"]:
            of_class["people"] = "true" if of_class["name"] == "homes" else "false"
        tables["heat"] = [CITY | row]
        if edit is not None:
            edit(tables)

    return build


def town(edit: Callable[[Tables], None] | None = None, *, gas: bool = False, **row: Any) -> GridSystem:
    """The two-area system with the town."""
    return build_two_areas(with_town(edit, **row), gas=gas)
