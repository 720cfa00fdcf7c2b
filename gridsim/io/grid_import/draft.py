"""Rows of a network in the making: names, buses, switching and the account of what became of each element."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gridsim.errors import Problem
from gridsim.io.grid_import.cells import Cells, indices, names, number_or, records
from gridsim.io.grid_import.cost_curves import Curve
from gridsim.io.grid_import.report import Fate, ImportReport
from gridsim.io.grid_import.shunt_parts import Admittance

CLASS = "all"
TABLES = (
    "buses", "lines", "transformers", "shunts", "generators", "cost_blocks", "storages", "loads", "load_classes",
)  # fmt: skip
#: Tables whose names may not meet: a branch is found by its name alone.
_FAMILY = {"transformers": "branches", "lines": "branches"}


class Draft:
    """Tables of rows that grow element by element.

    ``point_mw``: the machines' and stores' output in the net, store discharge positive. ``solved``: the net with its
    own power flow, or None where it has none.
    """

    def __init__(self, net: Any, solved: Any = None, drop: frozenset[str] = frozenset()):
        self.net, self.solved, self.drop = net, solved, drop
        self.tables: dict[str, list[Cells]] = {table: [] for table in TABLES}
        self.report = ImportReport()
        self.problems: list[Problem] = []
        self.point_mw: dict[str, float] = {}
        self.storage_mw: dict[str, float] = {}
        self.bus_degree: dict[str, float] = {}
        self.costs: Mapping[tuple[str, int], Curve] = {}
        self.hidden: list[str] = []
        self._taken: dict[str, set[str]] = {}
        self.bus_names = names(net.bus, "bus")
        self._taken["buses"] = set(self.bus_names.values())
        self.open_ends = self._open_ends()
        self.joined = self._joined_buses()
        self.vn_kv = {self.bus_names[index]: float(row["vn_kv"]) for index, row in records(net.bus)}
        self.bus_on = {index: bool(row["in_service"]) for index, row in records(net.bus)}
        self.supplied = {index: on and self._is_supplied(index) for index, on in self.bus_on.items()}

    def elements(self, table: str) -> list[tuple[int, Cells, str]]:
        """(index, cells, name) of a table's rows; none where it was dropped on purpose."""
        if table not in self.net or not len(self.net[table]):
            return []
        own = names(self.net[table], table)
        rows = [(index, cells, own[index]) for index, cells in records(self.net[table])]
        if table not in self.drop:
            return rows
        for _, _, name in rows:
            self.report.add(Fate.LEFT_OUT, table, name, "--drop", "its part of the power flow")
        return []

    def problem(self, table: str, index: int, column: str, value: str, mend: str) -> None:
        """Refuse an element: named by its own table, name and row (index + 2)."""
        name = names(self.net[table], table)[index]
        self.problems.append(
            Problem(f"<net.{table}>", index + 2, column, f"'{name}': {value}", f"{mend}, or leave out: --drop {table}")
        )
        self.report.add(Fate.REFUSED, table, name, value)

    def restated(self, table: str, name: str, how: str, error: str | tuple[float, str] = "none") -> None:
        """Account for an element that stands as something else."""
        self.report.add(Fate.RESTATED, table, name, how, error)

    def unique(self, table: str, wish: str, fallback: str = "") -> str:
        """A name that no other row of the table has, the wish where it is free."""
        taken = self._taken.setdefault(_FAMILY.get(table, table), set())
        name, count = wish, 1
        if name in taken and fallback:
            name = fallback
        while name in taken:
            count += 1
            name = f"{wish} {count}"
        taken.add(name)
        return name

    def add(self, table: str, row: Cells) -> None:
        """Append a row; empty cells are left out, so that the format's own defaults hold."""
        self.tables[table].append({column: value for column, value in row.items() if value is not None})

    def bus(self, bus: Any) -> str:
        """Name of the bus that stands for this one and all that closed switches join to it."""
        return self.bus_names[self.joined[int(bus)]]

    def on(self, row: Mapping[str, Any], *buses: Any) -> bool:
        """In service, at buses that are supplied."""
        return bool(row.get("in_service", True)) and all(self.supplied[int(bus)] for bus in buses)

    def hidden_bus(self, name: str, like: str, vn_kv: float) -> str:
        """A bus that no customer has, such as the star point of three windings; its zone is that of ``like``."""
        name = self.unique("buses", name)
        zone = next(row["zone"] for row in self.tables["buses"] if row["name"] == like)
        self.add("buses", {"name": name, "zone": zone, "vn_kv": vn_kv, "kind": "equivalent"})
        self.vn_kv[name] = vn_kv
        return name

    def add_shunt(self, name: str, bus: str, y: Admittance, on: bool, line: str | None = None) -> None:
        """A shunt of this admittance; none where it is nothing."""
        if y.p_mw != 0.0 or y.q_mvar != 0.0:
            self.add(
                "shunts",
                {
                    "name": self.unique("shunts", name),
                    "bus": bus,
                    "q_mvar": y.q_mvar,
                    "p_mw": y.p_mw if y.p_mw != 0.0 else None,
                    "line": line,
                    "in_service": on,
                },
            )

    def _is_supplied(self, bus: int) -> bool:
        if self.solved is None:
            return True
        vm_pu = self.solved.res_bus["vm_pu"].get(bus)
        return bool(vm_pu == vm_pu)  # NaN where no source reaches it

    def _open_ends(self) -> dict[tuple[str, int], set[int]]:
        """(switch type, element) -> buses at which an open switch takes it off."""
        found: dict[tuple[str, int], set[int]] = {}
        for _, switch in records(self.net.switch):
            if switch["et"] != "b" and not switch["closed"]:
                found.setdefault((str(switch["et"]), int(switch["element"])), set()).add(int(switch["bus"]))
        return found

    def _joined_buses(self) -> dict[int, int]:
        """Bus -> the lowest bus it is one with."""
        parent = {bus: bus for bus in indices(self.net.bus.index)}

        def root(bus: int) -> int:
            while parent[bus] != bus:
                bus = parent[bus]
            return bus

        if "switch" in self.drop:
            return parent
        for _, switch in records(self.net.switch):
            if switch["et"] == "b" and switch["closed"] and number_or(switch.get("z_ohm"), 0.0) <= 0.0:
                low, high = sorted((root(int(switch["bus"])), root(int(switch["element"]))))
                parent[high] = low
        return {bus: root(bus) for bus in parent}
