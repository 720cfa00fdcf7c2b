"""Rows in the making from the data frames of pypowsybl: names, buses, and elements that are on."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from gridsim.errors import Problem
from gridsim.io.grid_import.cells import Cells
from gridsim.io.grid_import.draft import CLASS, Draft
from gridsim.io.grid_import.report import Fate
from gridsim.io.texts import name_fault
from gridsim.model.system import EXTERNAL

#: Data frames of pypowsybl that become rows.
TABLES = (
    "lines", "tie_lines", "boundary_lines", "2_windings_transformers", "3_windings_transformers", "loads", "generators",
    "batteries", "shunt_compensators", "static_var_compensators", "hvdc_lines",
)  # fmt: skip
SOURCES = ("generators", "batteries")


class _Buses:
    """The part of a pandapower net that a draft asks for, of a network that has nothing but buses in it."""

    def __init__(self, bus: pd.DataFrame):
        self.bus, self.switch = bus, pd.DataFrame({"et": [], "closed": []})

    def __contains__(self, table: str) -> bool:
        return table == "bus"


class PowsyblDraft(Draft):
    """``network``: of pypowsybl; ``is_solved``: its data frames hold a power flow. Buses are those of its bus view.

    ``boundary``: position of the bus at the far end of a boundary line, by its id.
    """

    def __init__(self, network: Any, is_solved: bool, drop: frozenset[str]):
        self.network, self.is_solved = network, is_solved
        self._frames: dict[str, list[tuple[str, Cells]]] = {}
        self.boundary: dict[str, int] = {}
        levels = network.get_voltage_levels(all_attributes=True)
        buses = network.get_buses(all_attributes=True)
        self._buses = buses
        self._levels = levels
        bus = pd.DataFrame(
            {
                "name": list(buses.index),
                "vn_kv": [float(levels.at[level, "nominal_v"]) for level in buses["voltage_level_id"]],
                "in_service": True,
            }
        )
        super().__init__(_Buses(bus), None, drop)
        self.position = {str(name): index for index, name in enumerate(buses.index)}
        self.vm_pu = dict(
            zip(self.bus_names.values(), (buses["v_mag"] / bus["vn_kv"].to_numpy()).tolist(), strict=True)
        )
        components = buses["connected_component"].tolist()
        alive = {components[self.position[row["bus_id"]]] for table in SOURCES for _, row in self.frame(table)
                 if row["bus_id"] in self.position}  # fmt: skip
        self.supplied = {index: component in alive for index, component in enumerate(components)}

    def frame(self, table: str) -> list[tuple[str, Cells]]:
        """(name, cells with the id as ``id``) of the elements of a data frame; none where it is left out on purpose."""
        if table in self._frames:
            return self._frames[table]
        frame = getattr(self.network, f"get_{table}")(all_attributes=True)
        own = frame["name"].astype(str).str.strip().tolist()
        ids = [str(element) for element in frame.index]
        usable = all(own) and len(set(own)) == len(own) and not any(name_fault(name) for name in own)
        names = own if usable else [f"{table} {name}" if name_fault(name) else name for name in ids]
        cells = frame.reset_index(names="id").to_dict("records")
        found = list(zip(names, cells, strict=True))
        if table in self.drop:
            for name, _ in found:
                self.report.add(Fate.LEFT_OUT, table, name, "--drop", "its part of the power flow")
            found = []
        self._frames[table] = found
        return found

    def plain_frame(self, table: str) -> list[tuple[str, Cells]]:
        """(id, cells) of a data frame of parts of elements."""
        frame = getattr(self.network, f"get_{table}")(all_attributes=True)
        return [(str(row["id"]), row) for row in frame.reset_index(names="id").to_dict("records")]

    def add_buses(self) -> None:
        """Buses of the bus view; zones are countries where every substation has one."""
        substations = self.network.get_substations(all_attributes=True)
        country = [
            str(substations.at[substation, "country"])
            if (substation := self._levels.at[level, "substation_id"])
            else ""
            for level in self._buses["voltage_level_id"]
        ]
        usable = all(country) and not any(name_fault(zone) or zone == EXTERNAL for zone in country)
        for index, name in self.bus_names.items():
            level = self._levels.loc[self._buses["voltage_level_id"].iloc[index]]
            vn_kv = float(level["nominal_v"])
            row: Cells = {"name": name, "zone": country[index] if usable else CLASS, "vn_kv": vn_kv}
            title = str(level.get("name") or "")
            if title and not name_fault(title):
                row["title"] = title
            low, high = float(level["low_voltage_limit"]) / vn_kv, float(level["high_voltage_limit"]) / vn_kv
            if 0.5 < low < min(high, 1.2) and 0.8 < high < 1.5:
                row |= {"vm_min_pu": low, "vm_max_pu": high}
            self.add("buses", row)
            if not self.supplied[index]:
                how = "no source reaches it: what stands there is out of service"
                self.report.add(Fate.RESTATED, "buses", name, how)
        if not usable:
            self.report.add(Fate.ASSUMED, "buses", f"{len(country)} buses", f"one zone, '{CLASS}'")

    def at(self, table: str, name: str, row: Cells, side: str = "") -> int | None:
        """Position of an element's bus; None, and told, where it is not connected to any."""
        position = self.position.get(str(row[f"bus{side}_id"]))
        if position is None or not row.get(f"connected{side}", True):
            self.report.add(Fate.LEFT_OUT, table, name, "not connected")
            return None
        return position

    def new_bus(self, name: str, like: int, vn_kv: float) -> int:
        """Position of a new bus that no customer has."""
        bus = self.hidden_bus(name, self.bus(like), vn_kv)
        position = -1 - sum(index < 0 for index in self.bus_names)
        self.bus_names[position], self.joined[position] = bus, position
        self.supplied[position] = self.supplied[like]
        return position

    def nominal_kv(self, position: int) -> float:
        """Nominal voltage of a bus."""
        return self.vn_kv[self.bus(position)]

    def refuse(self, table: str, element: str, value: str, mend: str) -> None:
        """Refuse an element by its name and data frame."""
        mend = f"{mend}, or leave out: --drop {table}"
        self.problems.append(Problem(f"<{table}>", 0, "", f"'{element}': {value}", mend))
        self.report.add(Fate.REFUSED, table, element, value)


def finite(value: Any, default: float) -> float:
    """A number of a data frame, or ``default`` where it is empty or stands for no limit."""
    found = float(value) if value is not None else math.nan
    return found if math.isfinite(found) and abs(found) < 1e300 else default
