"""pandapower net -> GridSystem, through the same rows and checks as a network folder.

What a GridSystem can state exactly is imported exactly, so that the power flow of the import is the net's own; what it
cannot state is refused with a problem per element, never dropped silently. Restatements, all exact unless said:

* buses joined by closed bus-bus switches become one bus; a line or transformer behind an open switch is out of service
  (the charging of a line open at one end is lost);
* transformers are rescaled to a rating at which their short-circuit voltage is a usual one, same ohms, same MVA limit;
  a tap step above 10 % becomes several; a magnetising current too large for a transformer (cases converted from other
  formats have such) becomes a pi circuit with two shunt reactors and iron losses (exact to second order in z y);
* a load that is capacitive, or nearly reactive, becomes a load and a machine of fixed reactive power; so does a static
  generator, with its active power; a machine that consumes becomes a load and a machine at 0 MW;
* external grids become machines with a governor, as do generators with ``slack`` or a ``slack_weight``; the others have
  none, so an imbalance is taken where pandapower takes it (in proportion to ``p_max_mw``, not to ``slack_weight``).

pandapower knows no fuels, outage rates, load classes or shed orders: fuel is ``other``, nothing fails, one class.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from gridsim.errors import InputError, Problem
from gridsim.io.read_network import system_from_tables
from gridsim.io.texts import name_fault
from gridsim.model.system import GridSystem

CLASS = "all"
VOLL_USD_PER_KWH = 5.0  # of the one class; an assumption, as pandapower has no such number
GOVERNOR_DROOP_PU = 0.05
UNLIMITED_KA = 1e3  # ratings at or above this stand for "none" in converted cases
UNLIMITED_MVAR = 1e4
USUAL_VK_PERCENT = 10.0
LARGEST_VK_PERCENT = 60.0
LARGEST_I0_PERCENT = 20.0
LARGEST_STEP_PERCENT = 10.0
LOWEST_POWER_FACTOR = 0.31
UNSUPPORTED = {
    "trafo3w": "replace three-winding transformers by three two-winding ones",
    "ward": "replace wards by loads and shunts",
    "xward": "replace extended wards by a generator behind a line",
    "dcline": "replace DC lines by a load and a generator",
    "motor": "replace motors by loads",
    "asymmetric_load": "replace by balanced loads",
    "asymmetric_sgen": "replace by balanced static generators",
    "svc": "replace by a generator with reactive limits",
    "tcsc": "replace by a line of its set reactance",
    "ssc": "replace by a generator with reactive limits",
    "vsc": "replace by generators",
    "line_dc": "replace DC lines by a load and a generator",
}

Row = dict[str, Any]


def import_pandapower(net: Any, name: str = "") -> GridSystem:
    """Give the GridSystem of a pandapower net.

    Raises InputError naming every element that has no equal; places read ``<net.table>:index + 2``.
    """
    return _Importer(net, name).system()


def machine_dispatch(net: Any, system: GridSystem) -> np.ndarray[Any, np.dtype[np.float64]]:
    """(n_gens,) MW that the net gives the machines of its import; 0 for external grids, which take the imbalance."""
    importer = _Importer(net, "")
    importer.tables()
    return np.array([importer.dispatch_mw[name] for name in system.generators.name.tolist()])


class _Importer:
    def __init__(self, net: Any, name: str):
        self.net = net
        self.name = name or str(net.name or "imported")
        self.problems: list[Problem] = []
        self.dispatch_mw: dict[str, float] = {}
        self.machines: list[Row] = []
        self.shunts: list[Row] = []
        self.consumption: list[Row] = []
        self.bus_names = _names(net.bus, "bus")
        self.joined = self._joined_buses()
        self.vn_kv = {self.bus_names[int(bus)]: float(vn_kv) for bus, vn_kv in net.bus["vn_kv"].items()}
        self.bus_on = {bus: bool(on) for bus, on in net.bus["in_service"].items()}

    def system(self) -> GridSystem:
        tables = self.tables()
        if self.problems:
            raise InputError(self.problems)
        zones = sorted({row["zone"] for row in tables["buses"]})
        meta = {
            "name": self.name,
            "zones": zones,
            "f_hz": float(self.net.f_hz),
            "description": "imported from pandapower",
        }
        return system_from_tables(meta, tables)

    def tables(self) -> dict[str, list[Row]]:
        """Rows of every table; problems collect on the way."""
        for table, mend in UNSUPPORTED.items():
            if table in self.net and len(self.net[table]):
                for index, on in zip(self.net[table].index, self.net[table].get("in_service", [])):
                    if on:
                        self._problem(table, index, "", "has no equal in a GridSystem", mend)
        buses = self._buses()
        lines = self._lines()
        transformers = self._transformers()
        impedance_lines, impedance_transformers = self._impedances()
        self._machines()
        loads = self._loads() + self.consumption
        storages = self._storages()
        self._shunts()
        return {
            "buses": buses,
            "lines": lines + impedance_lines,
            "transformers": transformers + impedance_transformers,
            "generators": self.machines,
            "loads": loads,
            "load_classes": [{"name": CLASS, "shed_order": 0, "voll_usd_per_kwh": VOLL_USD_PER_KWH}],
            "storages": storages,
            "shunts": self.shunts,
        }

    def _problem(self, table: str, index: Any, column: str, value: str, mend: str) -> None:
        self.problems.append(Problem(f"<net.{table}>", int(index) + 2, column, value, mend))

    def _joined_buses(self) -> dict[int, int]:
        """Bus -> the lowest bus it is one with."""
        parent = {int(bus): int(bus) for bus in self.net.bus.index}

        def root(bus: int) -> int:
            while parent[bus] != bus:
                bus = parent[bus]
            return bus

        for index, switch in self.net.switch.iterrows():
            if switch.et == "b" and switch.closed:
                if float(switch.get("z_ohm", 0.0) or 0.0) != 0.0:
                    self._problem("switch", index, "z_ohm", f"{switch.z_ohm}", "set it to 0, or use a line")
                low, high = sorted((root(int(switch.bus)), root(int(switch.element))))
                parent[high] = low
        return {bus: root(bus) for bus in parent}

    def _bus(self, bus: Any) -> str:
        return self.bus_names[self.joined[int(bus)]]

    def _on(self, row: Any, *buses: Any) -> bool:
        return bool(row["in_service"]) and all(self.bus_on[int(bus)] for bus in buses)

    def _open(self, element_type: str) -> set[int]:
        """Elements behind an open switch."""
        switches = self.net.switch
        chosen = (switches.et == element_type) & ~switches.closed.astype(bool)
        return {int(element) for element in switches.element[chosen]}

    def _buses(self) -> list[Row]:
        zones = self.net.bus.get("zone")
        usable = zones is not None and bool(zones.notna().all())
        rows = []
        for bus, row in self.net.bus.iterrows():
            if self.joined[int(bus)] != bus:
                continue
            entry: Row = {
                "name": self.bus_names[int(bus)],
                "zone": str(zones.at[bus]) if usable and zones is not None else CLASS,
                "vn_kv": float(row.vn_kv),
                **_place(row.get("geo")),
            }
            low, high = _number(row.get("min_vm_pu")), _number(row.get("max_vm_pu"))
            if low is not None and high is not None and 0.5 < low < min(high, 1.2) and 0.8 < high < 1.5:
                entry |= {"vm_min_pu": low, "vm_max_pu": high}
            rows.append(entry)
        return rows

    def _lines(self) -> list[Row]:
        names, behind_open = _names(self.net.line, "line"), self._open("l")
        rows = []
        for index, line in self.net.line.iterrows():
            if self._bus(line.from_bus) == self._bus(line.to_bus):
                continue
            if (_number(line.get("g_us_per_km")) or 0.0) != 0.0:
                self._problem(
                    "line", index, "g_us_per_km", f"{line.g_us_per_km}", "lines have no conductance; set it to 0"
                )
            limit_ka = (_number(line.max_i_ka) or 0.0) * (_number(line.get("df")) or 1.0)
            limit_ka *= (_number(line.get("max_loading_percent")) or 100.0) / 100.0
            rows.append(
                {
                    "name": names[int(index)],
                    "from_bus": self._bus(line.from_bus),
                    "to_bus": self._bus(line.to_bus),
                    "length_km": float(line.length_km),
                    "r_ohm_per_km": float(line.r_ohm_per_km),
                    "x_ohm_per_km": float(line.x_ohm_per_km),
                    "c_nf_per_km": float(line.c_nf_per_km),
                    "max_i_ka": limit_ka if 0.0 < limit_ka < UNLIMITED_KA else None,
                    "parallel": int(line.parallel),
                    "in_service": self._on(line, line.from_bus, line.to_bus) and int(index) not in behind_open,
                }
            )
        return rows

    def _transformers(self) -> list[Row]:
        names, behind_open = _names(self.net.trafo, "trafo"), self._open("t")
        self._check_shifts()
        rows = []
        for index, trafo in self.net.trafo.iterrows():
            row: Row = {
                "name": names[int(index)],
                "hv_bus": self._bus(trafo.hv_bus),
                "lv_bus": self._bus(trafo.lv_bus),
                "vn_hv_kv": float(trafo.vn_hv_kv),
                "vn_lv_kv": float(trafo.vn_lv_kv),
                "parallel": int(trafo.parallel),
                "in_service": self._on(trafo, trafo.hv_bus, trafo.lv_bus) and int(index) not in behind_open,
                **self._tap(index, trafo),
            }
            if row["vn_hv_kv"] < row["vn_lv_kv"]:
                if row.get("tap_pos", 0) != row.get("tap_neutral", 0):
                    self._problem("trafo", index, "vn_hv_kv", f"{trafo.vn_hv_kv} is below vn_lv_kv", "swap the sides")
                row["hv_bus"], row["lv_bus"] = row["lv_bus"], row["hv_bus"]
                row["vn_hv_kv"], row["vn_lv_kv"] = row["vn_lv_kv"], row["vn_hv_kv"]
            loading = _number(trafo.get("max_loading_percent")) or 100.0
            loading *= _number(trafo.get("df")) or 1.0
            sn_mva, i0 = float(trafo.sn_mva), abs(float(trafo.i0_percent))  # pandapower too ignores the sign
            z = complex(trafo.vkr_percent, math.sqrt(max(trafo.vk_percent**2 - trafo.vkr_percent**2, 0.0))) / 100.0
            pfe_kw = float(trafo.pfe_kw)
            if _rated(sn_mva, z, i0, loading)["i0_percent"] > LARGEST_I0_PERCENT:
                z, pfe_kw = self._magnetising(row, z, sn_mva, i0, pfe_kw)
                i0 = 0.0
            row |= _rated(sn_mva, z, i0, loading) | {"pfe_kw": pfe_kw}
            rows.append(row)
        return rows

    def _magnetising(
        self, row: Row, z: complex, sn_mva: float, i0_percent: float, pfe_kw: float
    ) -> tuple[complex, float]:
        """Series impedance (pu on sn) and iron losses of the pi circuit equal to the T circuit; appends its two shunts.

        Wye-delta: series z (1 + z y / 4), each end (y / 2) / (1 + z y / 4).
        """
        y = -1j * math.sqrt(max((i0_percent / 100.0) ** 2 - (pfe_kw / 1000.0 / sn_mva) ** 2, 0.0))
        factor = 1.0 + z * y / 4.0
        end = (y / 2.0) / factor
        number = row["parallel"]
        for side in ("hv", "lv"):
            vn_kv = self.vn_kv[row[f"{side}_bus"]]
            self.shunts.append(
                {
                    "name": f"{row['name']} magnetising {side}",
                    "bus": row[f"{side}_bus"],
                    "q_mvar": -end.imag * sn_mva * number * (vn_kv / row[f"vn_{side}_kv"]) ** 2,
                    "in_service": row["in_service"],
                }
            )
        return z * factor, pfe_kw + 2.0 * end.real * sn_mva * 1000.0

    def _tap(self, index: Any, trafo: Any) -> Row:
        """Tap columns; empty where pandapower ignores the tap too."""
        if _number(trafo.get("tap2_pos")) is not None:
            self._problem("trafo", index, "tap2_pos", f"{trafo.tap2_pos}", "a transformer has one tap changer")
        kind = trafo.get("tap_changer_type")
        position = _number(trafo.get("tap_pos"))
        if kind not in ("Ratio", "Symmetrical", "Ideal") or position is None:
            return {}
        neutral, step = _number(trafo.get("tap_neutral")) or 0.0, _number(trafo.get("tap_step_percent")) or 0.0
        degree = _number(trafo.get("tap_step_degree")) or 0.0
        if kind == "Ideal" or (degree % 180.0 != 0.0 and position != neutral):
            self._problem(
                "trafo", index, "tap_changer_type", f"{kind} shifts the phase", "phase shifters have no equal"
            )
            return {}
        steps = position - neutral
        if degree % 360.0 == 180.0:
            steps = -steps
        if step < 0.0:
            step, steps = -step, -steps
        parts = max(1, math.ceil(step / LARGEST_STEP_PERCENT))
        if abs(steps * parts - round(steps * parts)) > 1e-9:  # a tap between two: one tap of that size
            step, steps, parts = step * abs(steps), math.copysign(1.0, steps), 1
            parts = max(1, math.ceil(step / LARGEST_STEP_PERCENT))
        tap = round(steps * parts)
        lowest, highest = _number(trafo.get("tap_min")), _number(trafo.get("tap_max"))
        low = tap if lowest is None else min(tap, round((lowest - neutral) * parts))
        high = tap if highest is None else max(tap, round((highest - neutral) * parts))
        side = str(trafo.get("tap_side"))
        return {
            "tap_side": side if side in ("hv", "lv") else "hv",
            "tap_min": min(low, high, 0),
            "tap_max": max(low, high, 0),
            "tap_neutral": 0,
            "tap_pos": tap,
            "tap_step_percent": step / parts,
        }

    def _check_shifts(self) -> None:
        """Vector groups are dropped; that is exact if the shifts around every loop cancel."""
        shift = {int(bus): math.nan for bus in set(self.joined.values())}
        edges: dict[int, list[tuple[int, float, Any]]] = {bus: [] for bus in shift}
        for table, ends in (("line", ("from_bus", "to_bus")), ("trafo", ("hv_bus", "lv_bus"))):
            behind_open = self._open(table[0])
            for index, row in self.net[table].iterrows():
                if not self._on(row, *(row[end] for end in ends)) or int(index) in behind_open:
                    continue
                i, j = (self.joined[int(row[end])] for end in ends)
                degree = float(row.get("shift_degree", 0.0) or 0.0) if table == "trafo" else 0.0
                edges[i].append((j, -degree, index))
                edges[j].append((i, degree, index))
        for start in shift:
            if not math.isnan(shift[start]):
                continue
            shift[start] = 0.0
            queue = [start]
            while queue:
                bus = queue.pop()
                for other, degree, index in edges[bus]:
                    if math.isnan(shift[other]):
                        shift[other] = shift[bus] + degree
                        queue.append(other)
                    elif abs((shift[other] - shift[bus] - degree + 180.0) % 360.0 - 180.0) > 1e-6:
                        self._problem(
                            "trafo", index, "shift_degree", "phase shift in a loop", "phase shifters have no equal"
                        )
                        return

    def _impedances(self) -> tuple[list[Row], list[Row]]:
        lines: list[Row] = []
        transformers: list[Row] = []
        if "impedance" not in self.net or not len(self.net.impedance):
            return lines, transformers
        names = _names(self.net.impedance, "impedance")
        for index, row in self.net.impedance.iterrows():
            shunt = any((_number(row.get(column)) or 0.0) != 0.0 for column in ("gf_pu", "bf_pu", "gt_pu", "bt_pu"))
            if row.rft_pu != row.rtf_pu or row.xft_pu != row.xtf_pu or shunt or row.xft_pu <= 0.0 or row.rft_pu < 0.0:
                self._problem(
                    "impedance", index, "", "not a symmetric positive series impedance", "replace it by a line"
                )
                continue
            vn_from, vn_to = self.vn_kv[self._bus(row.from_bus)], self.vn_kv[self._bus(row.to_bus)]
            common = {"name": names[int(index)], "in_service": self._on(row, row.from_bus, row.to_bus)}
            if vn_from == vn_to:
                z_ohm = vn_from**2 / float(row.sn_mva)
                lines.append(
                    common
                    | {
                        "from_bus": self._bus(row.from_bus),
                        "to_bus": self._bus(row.to_bus),
                        "length_km": 1.0,
                        "r_ohm_per_km": float(row.rft_pu) * z_ohm,
                        "x_ohm_per_km": float(row.xft_pu) * z_ohm,
                    }
                )
            else:
                ends = sorted(((vn_from, row.from_bus), (vn_to, row.to_bus)), key=lambda end: -end[0])
                transformers.append(
                    common
                    | {
                        "hv_bus": self._bus(ends[0][1]),
                        "lv_bus": self._bus(ends[1][1]),
                        "vn_hv_kv": ends[0][0],
                        "vn_lv_kv": ends[1][0],
                    }
                    | _rated(float(row.sn_mva), complex(row.rft_pu, row.xft_pu), 0.0, 1e4)
                )
        return lines, transformers

    def _machine(self, name: str, bus: Any, p_mw: float, on: bool, **columns: Any) -> None:
        p_max = max(columns.pop("p_max_mw", p_mw), p_mw, 0.0)
        self.machines.append(
            {
                "name": name,
                "bus": self._bus(bus),
                "fuel": "other",
                "installed_mw": p_max,
                "p_max_mw": p_max,
                "p_min_mw": 0.0,
                "cost_per_mwh": 0.0,
                "in_service": on,
                **columns,
            }
        )
        self.dispatch_mw[name] = p_mw

    def _machines(self) -> None:
        costs = self._costs()
        total_mw = float((self.net.load.p_mw * self.net.load.scaling).abs().sum()) if len(self.net.load) else 0.0
        for table in ("ext_grid", "gen"):
            names = _names(self.net[table], table)
            taken = {row["name"] for row in self.machines}
            for index, row in self.net[table].iterrows():
                name = names[int(index)]
                name = f"{table}_{index}" if name in taken else name
                external = table == "ext_grid"
                p_mw = 0.0 if external else float(row.p_mw) * float(row.get("scaling", 1.0))
                q_min, q_max = _number(row.get("min_q_mvar")), _number(row.get("max_q_mvar"))
                p_max = _number(row.get("max_p_mw"))
                p_min = _number(row.get("min_p_mw")) or 0.0
                on = self._on(row, row.bus)
                p_mw = self._produced(name, row.bus, p_mw, on)
                governed = external or bool(row.get("slack", False)) or (_number(row.get("slack_weight")) or 0.0) > 0.0
                self._machine(
                    name,
                    row.bus,
                    p_mw,
                    on,
                    p_max_mw=p_max if p_max and p_max > 0.0 else (total_mw if external else p_mw),
                    p_min_mw=max(p_min, 0.0) if external else min(max(p_min, 0.0), p_mw),
                    q_min_mvar=max(-UNLIMITED_MVAR, q_min) if q_min is not None else -UNLIMITED_MVAR,
                    q_max_mvar=min(UNLIMITED_MVAR, q_max) if q_max is not None else UNLIMITED_MVAR,
                    vm_pu=float(row.vm_pu),
                    droop_pu=GOVERNOR_DROOP_PU if governed else None,
                    cost_per_mwh=costs.get((table, int(index)), 0.0),
                )
        names = _names(self.net.sgen, "sgen")
        taken = {row["name"] for row in self.machines}
        for index, row in self.net.sgen.iterrows():
            name = names[int(index)]
            name = f"sgen_{index}" if name in taken else name
            p_mw, q_mvar = float(row.p_mw) * float(row.scaling), float(row.q_mvar) * float(row.scaling)
            on = self._on(row, row.bus)
            self._machine(
                name,
                row.bus,
                self._produced(name, row.bus, p_mw, on),
                on,
                q_min_mvar=q_mvar,
                q_max_mvar=q_mvar,
                cost_per_mwh=costs.get(("sgen", int(index)), 0.0),
            )

    def _produced(self, name: str, bus: Any, p_mw: float, on: bool) -> float:
        """Power of a machine that does not consume; a negative one becomes a load beside it."""
        if p_mw < 0.0:
            self.consumption.append(
                {
                    "name": f"{name} consumption",
                    "bus": self._bus(bus),
                    "p_mw": -p_mw,
                    "power_factor": 1.0,
                    "load_class": CLASS,
                    "in_service": on,
                }
            )
        return max(p_mw, 0.0)

    def _costs(self) -> Mapping[tuple[str, int], float]:
        """Linear cost terms by (table, index); quadratic and constant terms have no equal in a linear dispatch."""
        if "poly_cost" not in self.net or not len(self.net.poly_cost):
            return {}
        return {(str(row.et), int(row.element)): float(row.cp1_eur_per_mw) for _, row in self.net.poly_cost.iterrows()}

    def _loads(self) -> list[Row]:
        names = _names(self.net.load, "load")
        taken = {row["name"] for row in self.machines}
        rows = []
        for index, load in self.net.load.iterrows():
            name, on = names[int(index)], self._on(load, load.bus)
            for column in ("const_z_p_percent", "const_i_p_percent", "const_z_q_percent", "const_i_q_percent"):
                if (_number(load.get(column)) or 0.0) != 0.0:
                    self._problem("load", index, column, f"{load[column]}", "loads are of constant power; set it to 0")
            p_mw, q_mvar = float(load.p_mw) * float(load.scaling), float(load.q_mvar) * float(load.scaling)
            source = f"{name} reactive" if f"{name} reactive" not in taken else f"load_{index} reactive"
            factor = p_mw / math.hypot(p_mw, q_mvar) if p_mw > 0.0 else 0.0
            if p_mw > 0.0:
                plain = q_mvar >= 0.0 and factor > LOWEST_POWER_FACTOR
                rows.append(
                    {
                        "name": name,
                        "bus": self._bus(load.bus),
                        "p_mw": p_mw,
                        "load_class": CLASS,
                        "power_factor": factor if plain else 1.0,
                        "in_service": on,
                    }
                )
                if not plain:
                    self._machine(source, load.bus, 0.0, on, q_min_mvar=-q_mvar, q_max_mvar=-q_mvar)
            elif p_mw < 0.0 or q_mvar != 0.0:
                self._machine(source, load.bus, -p_mw, on, q_min_mvar=-q_mvar, q_max_mvar=-q_mvar)
        if not rows:
            self._problem("load", 0, "", "no load with active power", "a system has at least one load")
        return rows

    def _storages(self) -> list[Row]:
        names = _names(self.net.storage, "storage")
        rows = []
        for index, row in self.net.storage.iterrows():
            p_mw = float(row.p_mw) * float(row.scaling)
            energy = _number(row.max_e_mwh) or 0.0
            if energy <= 0.0:
                self._problem(
                    "storage", index, "max_e_mwh", f"{row.max_e_mwh} is not > 0", "give the usable energy in MWh"
                )
            if (_number(row.q_mvar) or 0.0) != 0.0:
                self._problem(
                    "storage", index, "q_mvar", f"{row.q_mvar}", "stores run at unit power factor; set it to 0"
                )
            rows.append(
                {
                    "name": names[int(index)],
                    "bus": self._bus(row.bus),
                    "p_charge_mw": max(_number(row.get("max_p_mw")) or 0.0, p_mw, 0.0),
                    "p_discharge_mw": max(-(_number(row.get("min_p_mw")) or 0.0), -p_mw, 0.0),
                    "energy_mwh": energy,
                    "energy_start_share": min(max((_number(row.get("soc_percent")) or 0.0) / 100.0, 0.0), 1.0),
                    "in_service": self._on(row, row.bus),
                }
            )
        return rows

    def _shunts(self) -> None:
        names = _names(self.net.shunt, "shunt")
        for index, row in self.net.shunt.iterrows():
            if float(row.p_mw) != 0.0:
                self._problem("shunt", index, "p_mw", f"{row.p_mw}", "shunts have no losses; state them as a load")
            scale = float(row.step) * (self.vn_kv[self._bus(row.bus)] / float(row.vn_kv)) ** 2
            self.shunts.append(
                {
                    "name": names[int(index)],
                    "bus": self._bus(row.bus),
                    "q_mvar": float(row.q_mvar) * scale,
                    "in_service": self._on(row, row.bus),
                }
            )


def _rated(sn_mva: float, z_pu: complex, i0_percent: float, loading_percent: float) -> Row:
    """Rating columns of a transformer of series impedance ``z_pu`` on ``sn_mva``, at a usual short-circuit voltage."""
    vk_percent = 100.0 * abs(z_pu)
    scale = USUAL_VK_PERCENT / vk_percent if vk_percent > LARGEST_VK_PERCENT or z_pu.real > 0.2 else 1.0
    return {
        "sn_mva": sn_mva * scale,
        "vk_percent": vk_percent * scale,
        "vkr_percent": 100.0 * z_pu.real * scale,
        "i0_percent": i0_percent / scale,
        "max_loading_percent": loading_percent / scale,
        "max_loading_emergency_percent": 1.2 * loading_percent / scale,
    }


def _number(value: Any) -> float | None:
    """A float, or None where the cell is empty."""
    if value is None:
        return None
    number = float(value)
    return number if math.isfinite(number) else None


def _names(table: Any, prefix: str) -> dict[int, str]:
    """Index -> name: the table's own names if they tell the elements apart and may stand in a result, else prefix and
    index.
    """
    own = table.get("name")
    if own is not None and bool(own.notna().all()):
        names = [str(name).strip() for name in own]
        if all(names) and len(set(names)) == len(names) and not any(name_fault(name) for name in names):
            return dict(zip(_indices(table.index), names, strict=True))
    return {index: f"{prefix}_{index}" for index in _indices(table.index)}


def _indices(index: Iterable[Any]) -> list[int]:
    return [int(position) for position in index]


def _place(geo: Any) -> Row:
    """Longitude and latitude of a GeoJSON point, if they are such."""
    if not isinstance(geo, str) or not geo:
        return {}
    try:
        lon, lat = json.loads(geo)["coordinates"][:2]
    except (ValueError, KeyError, TypeError):
        return {}
    return {"lon": float(lon), "lat": float(lat)} if abs(lon) <= 180 and abs(lat) <= 90 else {}
