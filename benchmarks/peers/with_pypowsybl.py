"""N-1 by OpenLoadFlow's security analysis, the net that gridsim exports written into pypowsybl's own model."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandapower as pp
import pandas as pd
from pypowsybl import loadflow, network, security
from worker import Answer, Work, serve

WIDE_MW = 4e3  # OpenLoadFlow takes limits above 5,000 MW for faults of the data and lets such a machine share nothing


class Model:
    """``parts``: ids of the elements that a line or transformer of the net stands as, by their common number."""

    def __init__(self, net: Any):
        self.net, self.network = net, network.create_empty()
        self.rows: dict[str, list[dict[str, Any]]] = {"substations": [{"id": "s"}]}
        self.parts: list[list[str]] = []
        self._buses([f"b{bus}" for bus in net.bus.index], net.bus["vn_kv"].tolist())
        self._lines()
        self._transformers()
        self._injections()
        kinds = "substations", "voltage_levels", "buses", "loads", "generators", "lines", "2_windings_transformers"
        for kind in kinds:
            getattr(self.network, f"create_{kind}")(pd.DataFrame(self.rows[kind]).set_index("id"))
        self._shunts()
        weight = net.gen["slack_weight"] * net.gen["in_service"]
        shares = pd.DataFrame({"id": [f"g{row}" for row in net.gen.index], "participate": (weight > 0.0).tolist(),
                               "droop": 4.0, "participation_factor": weight.tolist()})  # fmt: skip
        self.network.create_extensions("activePowerControl", shares.set_index("id"))

    def _add(self, kind: str, **cells: Any) -> None:
        self.rows.setdefault(kind, []).append(cells)

    def _buses(self, names: list[str], kv: list[float]) -> None:
        for name, vn_kv in zip(names, kv, strict=True):
            self._add("voltage_levels", id=f"v_{name}", substation_id="s", topology_kind="BUS_BREAKER", nominal_v=vn_kv)
            self._add("buses", id=name, voltage_level_id=f"v_{name}")

    def _branch(self, kind: str, name: str, first: str, second: str, **cells: float) -> None:
        levels = {"voltage_level1_id": f"v_{first}", "voltage_level2_id": f"v_{second}"}
        ends = levels | {"bus1_id": first, "bus2_id": second}
        self._add(kind, id=name, **ends, **cells)

    def _lines(self) -> None:
        for row in self.net.line.itertuples():
            km, n = row.length_km, row.parallel
            half = np.pi * self.net.f_hz * row.c_nf_per_km * 1e-9 * km * n
            cells = {"r": row.r_ohm_per_km * km / n, "x": row.x_ohm_per_km * km / n, "g1": 0.0, "b1": half,
                     "g2": 0.0, "b2": half}  # fmt: skip
            self.parts.append([f"l{row.Index}"] if row.in_service else [])
            if row.in_service:
                self._branch("lines", f"l{row.Index}", f"b{row.from_bus}", f"b{row.to_bus}", **cells)

    def _transformers(self) -> None:
        for row in self.net.trafo.itertuples():
            self.parts.append([f"t{row.Index}", f"h{row.Index}"] if row.in_service else [])
            if not row.in_service:
                continue
            step = 1.0 + (row.tap_pos - row.tap_neutral) * row.tap_step_percent / 100.0
            hv = row.vn_hv_kv * (step if row.tap_side == "hv" else 1.0)
            lv = row.vn_lv_kv * (step if row.tap_side == "lv" else 1.0)
            vk, vkr = row.vk_percent / 100.0, row.vkr_percent / 100.0
            x = np.copysign(np.sqrt(vk**2 - vkr**2), vk)
            z = complex(vkr, x) * lv**2 / row.sn_mva / row.parallel
            iron = row.pfe_kw / 1000.0
            y = complex(iron, -np.sqrt(max((row.i0_percent / 100.0 * row.sn_mva) ** 2 - iron**2, 0.0)))
            y *= row.parallel / row.vn_lv_kv**2
            middle, low = f"m{row.Index}", f"b{row.lv_bus}"
            self._buses([middle], [float(self.net.bus.at[row.lv_bus, "vn_kv"])])
            half = {"r": z.real / 2.0, "x": z.imag / 2.0}
            ratio = {"rated_u1": hv, "rated_u2": lv, "g": 0.0, "b": 0.0}
            self._branch("2_windings_transformers", f"t{row.Index}", f"b{row.hv_bus}", middle, **half, **ratio)
            self._branch("lines", f"h{row.Index}", middle, low, **half, g1=y.real, b1=y.imag, g2=0.0, b2=0.0)

    def _place(self, bus: int) -> dict[str, str]:
        return {"voltage_level_id": f"v_b{bus}", "bus_id": f"b{bus}"}

    def _injections(self) -> None:
        net = self.net
        for row in net.load.itertuples():
            self._add("loads", id=f"d{row.Index}", **self._place(row.bus), p0=row.p_mw, q0=row.q_mvar)
        for row in net.storage.itertuples():
            self._add("loads", id=f"e{row.Index}", **self._place(row.bus), p0=row.p_mw, q0=row.q_mvar)
        for row in net.sgen[net.sgen["in_service"]].itertuples():
            self._add("loads", id=f"f{row.Index}", **self._place(row.bus), p0=-row.p_mw, q0=-row.q_mvar)
        for row in net.gen.itertuples():
            on = bool(row.in_service)
            self._add("generators", id=f"g{row.Index}", **self._place(row.bus), min_p=-WIDE_MW, max_p=WIDE_MW,
                      target_p=row.p_mw if on else 0.0, target_q=0.0, voltage_regulator_on=on,
                      target_v=row.vm_pu * net.bus.at[row.bus, "vn_kv"])  # fmt: skip

    def _shunts(self) -> None:
        shunt = self.net.shunt[self.net.shunt["in_service"]]
        bus, names = shunt["bus"], [f"s{row}" for row in shunt.index]
        square = (self.net.bus["vn_kv"].loc[bus] ** 2).to_numpy()
        places = {"voltage_level_id": [f"v_b{at}" for at in bus], "bus_id": [f"b{at}" for at in bus]}
        frame = pd.DataFrame({"id": names, **places, "model_type": "LINEAR", "section_count": 1})
        g, b = shunt["p_mw"].to_numpy() / square, -shunt["q_mvar"].to_numpy() / square
        sections = pd.DataFrame({"id": names, "max_section_count": 1, "g_per_section": g, "b_per_section": b})
        self.network.create_shunt_compensators(frame.set_index("id"), sections.set_index("id"))


def outages(folder: Path) -> Work:
    model = Model(pp.from_json(str(folder / "net.json")))
    listed = json.loads((folder / "outages.json").read_text())
    numbers = [*listed["line"], *(len(model.net.line) + k for k in listed["trafo"])]
    parameters = loadflow.Parameters(
        voltage_init_mode=loadflow.VoltageInitMode.UNIFORM_VALUES,
        use_reactive_limits=False,
        balance_type=loadflow.BalanceType.PROPORTIONAL_TO_GENERATION_PARTICIPATION_FACTOR,
        component_mode=loadflow.ComponentMode.ALL_CONNECTED,
        provider_parameters={"slackBusPMaxMismatch": "0.0001", "newtonRaphsonConvEpsPerEq": "1e-8",
                             "lowImpedanceThreshold": "1e-12"},
    )  # fmt: skip
    analysis = security.create_analysis()
    for number in numbers:
        analysis.add_multiple_elements_contingency(model.parts[number], f"o{number}")
    levels = [f"v_b{bus}" for bus in model.net.bus.index]
    analysis.add_monitored_elements(voltage_level_ids=levels)
    kv = {f"b{bus}": vn_kv for bus, vn_kv in model.net.bus["vn_kv"].items()}

    def call() -> Any:
        return analysis.run_ac(model.network, parameters)

    def answer(found: Any) -> Answer:
        solved = [key for key, result in found.post_contingency_results.items() if result.status.name == "CONVERGED"]
        buses = found.bus_results.reset_index()
        buses = buses[buses["contingency_id"].isin(solved)]
        vm_pu = buses["v_mag"] / buses["bus_id"].map(kv)
        return {"lowest voltage, pu": float(vm_pu.min()), "solved": len(solved)}

    return Work(call, answer, len(numbers))


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    serve({"outages": outages}, ("pypowsybl", "pandapower"))
