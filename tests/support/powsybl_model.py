"""A GridSystem at an operating point written into pypowsybl's own model, row by row from the columns of the format.

Nothing of the solvers is used but what they decided: the output of the machines and which of them hold their voltage.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pypowsybl
import pypowsybl.loadflow as loadflow
import pypowsybl.network

from gridsim.model.system import GridSystem
from gridsim.model.table import B1, F8
from gridsim.solvers.ac_solution import AcSolution
from gridsim.solvers.operating_point import OperatingPoint
from gridsim.solvers.participation import shunt_status, voltage_setpoints

_PARAMETERS = loadflow.Parameters(
    voltage_init_mode=loadflow.VoltageInitMode.DC_VALUES,
    distributed_slack=False,
    use_reactive_limits=False,
    component_mode=loadflow.ComponentMode.ALL_CONNECTED,
    provider_parameters={"newtonRaphsonConvEpsPerEq": "1e-9", "lowImpedanceThreshold": "1e-12"},
)


def transformer_ohm(system: GridSystem, row: int) -> tuple[float, float, complex, complex]:
    """(kV at hv, kV at lv, series ohm on the low side, siemens in the middle) of all banks of a transformer."""
    t = system.transformers
    vn_hv, vn_lv = float(t.vn_hv_kv[row]), float(t.vn_lv_kv[row])
    step = 1.0 + (int(t.tap_pos[row]) - int(t.tap_neutral[row])) * float(t.tap_step_percent[row]) / 100.0
    untapped_lv = vn_lv
    if t.tap_side[row] == "hv":
        vn_hv *= step
    elif t.tap_side[row] == "lv":
        vn_lv *= step
    vk, vkr = float(t.vk_percent[row]) / 100.0, float(t.vkr_percent[row]) / 100.0
    sn_mva, parallel = float(t.sn_mva[row]), int(t.parallel[row])
    z = complex(vkr, np.copysign(np.sqrt(vk**2 - vkr**2), vk)) * vn_lv**2 / sn_mva / parallel
    iron_mw = float(t.pfe_kw[row]) / 1000.0
    magnetising = np.sqrt(max((float(t.i0_percent[row]) / 100.0 * sn_mva) ** 2 - iron_mw**2, 0.0))
    return vn_hv, vn_lv, z, complex(iron_mw, -magnetising) / untapped_lv**2 * parallel


class PowsyblModel:
    """``parts``: elements that a branch of the system stands as, by its position."""

    def __init__(self, system: GridSystem, point: OperatingPoint):
        assert not system.transformers.shift_degree.any(), "no phase shifters here"
        self.system = system
        self.network = pypowsybl.network.create_empty()
        self.parts: list[list[tuple[str, str]]] = []
        self._frames: dict[str, list[dict[str, Any]]] = {}
        self._buses([f"b{bus}" for bus in range(len(system.buses))], system.buses.vn_kv.tolist())
        self._write_lines()
        self._write_transformers()
        self._write_injections(point)
        for kind, rows in self._frames.items():
            if rows:
                getattr(self.network, f"create_{kind}")(pd.DataFrame(rows).set_index("id"))
        if len(system.shunts):
            self._write_shunts()

    def _buses(self, names: list[str], kv: list[float]) -> None:
        self._frames.setdefault("substations", [{"id": "s"}])
        levels = self._frames.setdefault("voltage_levels", [])
        buses = self._frames.setdefault("buses", [])
        for name, vn_kv in zip(names, kv, strict=True):
            level = {"id": f"v_{name}", "substation_id": "s", "topology_kind": "BUS_BREAKER", "nominal_v": vn_kv}
            levels.append(level)
            buses.append({"id": name, "voltage_level_id": f"v_{name}"})

    def _branch(self, kind: str, name: str, ends: tuple[str, str], **cells: Any) -> tuple[str, str]:
        ids = {f"{column}{side}_id": f"{prefix}{end}" for side, end in enumerate(ends, 1)
               for column, prefix in (("voltage_level", "v_"), ("bus", ""))}  # fmt: skip
        self._frames.setdefault(kind, []).append({"id": name, **ids, **cells})
        return kind, name

    def _write_lines(self) -> None:
        lines = self.system.lines
        omega = 2.0 * np.pi * self.system.f_hz
        for row in range(len(lines)):
            km, n = float(lines.length_km[row]), int(lines.parallel[row])
            half = omega * float(lines.c_nf_per_km[row]) * 1e-9 * km * n / 2.0
            ends = f"b{lines.from_bus[row]}", f"b{lines.to_bus[row]}"
            r, x = float(lines.r_ohm_per_km[row]) * km / n, float(lines.x_ohm_per_km[row]) * km / n
            cells = {"r": r, "x": x, "g1": 0.0, "b1": half, "g2": 0.0, "b2": half}
            self.parts.append([self._branch("lines", f"l{row}", ends, **cells)])

    def _write_transformers(self) -> None:
        t = self.system.transformers
        for row in range(len(t)):
            high, low = f"b{t.hv_bus[row]}", f"b{t.lv_bus[row]}"
            vn_hv, vn_lv, z, y = transformer_ohm(self.system, row)
            own = {"rated_u1": vn_hv, "rated_u2": vn_lv, "g": 0.0, "b": 0.0}
            if y == 0:
                ends = high, low
                part = self._branch("2_windings_transformers", f"t{row}", ends, r=z.real, x=z.imag, **own)
                self.parts.append([part])
                continue
            middle = f"m{row}"
            self._buses([middle], [float(self.system.buses.vn_kv[t.lv_bus[row]])])
            half = {"r": z.real / 2.0, "x": z.imag / 2.0}
            first = self._branch("2_windings_transformers", f"t{row}", (high, middle), **half, **own)
            shunt = {"g1": y.real, "b1": y.imag, "g2": 0.0, "b2": 0.0}
            self.parts.append([first, self._branch("lines", f"h{row}", (middle, low), **half, **shunt)])

    def _write_injections(self, point: OperatingPoint) -> None:
        system = self.system
        place = {}
        for bus in range(len(system.buses)):
            place[bus] = {"voltage_level_id": f"v_b{bus}", "bus_id": f"b{bus}"}
        factor = system.loads.power_factor
        q_mvar = point.p_load_mw * np.sqrt(1.0 / factor**2 - 1.0)
        self._frames["loads"] = [
            {"id": f"d{row}", **place[int(bus)], "p0": float(point.p_load_mw[row]), "q0": float(q_mvar[row])}
            for row, bus in enumerate(system.loads.bus)
        ]
        self._frames["loads"] += [
            {"id": f"e{row}", **place[int(bus)], "p0": -float(point.p_storage_mw[row]), "q0": 0.0}
            for row, bus in enumerate(system.storages.bus)
        ]
        units = [("g", system.generators.bus), ("x", system.borders.bus)]
        self._frames["generators"] = [
            {"id": f"{kind}{row}", **place[int(bus)], "min_p": -1e5, "max_p": 1e5, "target_p": 0.0, "target_q": 0.0,
             "target_v": float(system.buses.vn_kv[bus]), "voltage_regulator_on": False}
            for kind, at in units for row, bus in enumerate(at)
        ]  # fmt: skip

    def _write_shunts(self) -> None:
        shunts = self.system.shunts
        names, kv = [f"s{row}" for row in range(len(shunts))], self.system.buses.vn_kv[shunts.bus]
        places = {"voltage_level_id": [f"v_b{bus}" for bus in shunts.bus], "bus_id": [f"b{bus}" for bus in shunts.bus]}
        frame = pd.DataFrame({"id": names, **places, "model_type": "LINEAR", "section_count": 1})
        siemens = {"g_per_section": shunts.p_mw / kv**2, "b_per_section": -shunts.q_mvar / kv**2}
        sections = pd.DataFrame({"id": names, "max_section_count": 1, **siemens})
        self.network.create_shunt_compensators(frame.set_index("id"), sections.set_index("id"))

    def solve(self, solution: AcSolution, holds: B1, status: B1) -> tuple[F8, F8] | None:
        """((n_buses,) pu, (n_branches, 2) A at both ends) at the output of the machines in our ``solution``.

        ``holds``: buses kept at their setpoint; ``status``: branches in service. None without convergence.
        """
        system, network = self.system, self.network
        for branch, parts in enumerate(self.parts):
            for kind, name in parts:
                on = bool(status[branch])
                getattr(network, f"update_{kind}")(id=name, connected1=on, connected2=on)
        if len(system.shunts):
            names = [f"s{row}" for row in range(len(system.shunts))]
            frame = pd.DataFrame({"id": names, "connected": shunt_status(system, status)})
            network.update_shunt_compensators(frame.set_index("id"))
        kv, setpoint = system.buses.vn_kv, voltage_setpoints(system)
        rows = []
        for kind, at, p_mw, q_mvar in (
            ("g", system.generators.bus, solution.p_gen_mw, solution.q_gen_mvar),
            ("x", system.borders.bus, solution.p_border_mw, solution.q_border_mvar),
        ):
            given = zip(at.tolist(), np.nan_to_num(p_mw).tolist(), np.nan_to_num(q_mvar).tolist(), strict=True)
            for row, (bus, p, q) in enumerate(given):
                target = float(setpoint[bus] * kv[bus]) if holds[bus] else float(kv[bus])
                rows.append((f"{kind}{row}", p, q, bool(holds[bus]), target))
        columns = ("id", "target_p", "target_q", "voltage_regulator_on", "target_v")
        network.update_generators(pd.DataFrame(rows, columns=columns).set_index("id"))
        results = loadflow.run_ac(network, _PARAMETERS)
        if any(result.status == loadflow.ComponentStatus.MAX_ITERATION_REACHED for result in results):
            return None
        buses = network.get_bus_breaker_view_buses()
        vm_pu = buses["v_mag"].reindex([f"b{bus}" for bus in range(len(kv))]).to_numpy() / kv
        current = pd.concat([network.get_lines(all_attributes=True)[["i1", "i2"]],
                             network.get_2_windings_transformers(all_attributes=True)[["i1", "i2"]]])  # fmt: skip
        amperes = current.fillna(0.0)
        return vm_pu, np.array(
            [[amperes.at[parts[0][1], "i1"], amperes.at[parts[-1][1], "i2"]] for parts in self.parts]
        )
