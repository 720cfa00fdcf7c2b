"""A day of hourly dispatch by PyPSA and HiGHS: one linear programme of all hours, as PyPSA states it."""

from __future__ import annotations

import json
import logging
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pypsa
from worker import Work, serve


def day(folder: Path) -> Work:
    data = np.load(folder / "day.npz")
    demand, hi = data["demand_mw"], data["hi_mw"]
    n_hours, n_buses = demand.shape
    network = pypsa.Network()
    network.set_snapshots(np.arange(n_hours))
    buses = [f"b{k}" for k in range(n_buses)]
    network.add("Bus", buses, v_nom=100.0)
    # per unit on 100 MVA: x in ohm of a 100-kV line is x in per unit times 100
    lines = [f"l{k}" for k in range(len(data["x_pu"]))]
    network.add(
        "Line", lines, bus0=[buses[k] for k in data["from_bus"]], bus1=[buses[k] for k in data["to_bus"]],
        x=100.0 * data["x_pu"], r=0.0, s_nom=data["limit_mw"],
    )  # fmt: skip
    network.add("Load", [f"d{k}" for k in range(n_buses)], bus=buses)
    network.loads_t.p_set = network.loads_t.p_set.reindex(columns=network.loads.index)
    network.loads_t.p_set.loc[:, :] = demand
    gens = [f"g{k}" for k in range(hi.shape[1])]
    capacity = np.maximum(hi.max(axis=0), 1e-6)
    network.add(
        "Generator", gens, bus=[buses[k] for k in data["gen_bus"]], p_nom=capacity, marginal_cost=data["cost"],
        p_max_pu=hi / capacity,
    )  # fmt: skip
    network.add(
        "Generator", [f"s{k}" for k in range(n_buses)], bus=buses, p_nom=demand.max(axis=0),
        marginal_cost=float(data["penalty"]), p_max_pu=demand / np.maximum(demand.max(axis=0), 1e-9),
    )  # fmt: skip
    sections = json.loads((folder / "sections.json").read_text())

    def limit_sections(network: Any, snapshots: Any) -> None:
        flow = network.model.variables["Line-s"]
        for k, section in enumerate(sections):
            members = [lines[branch] for branch in section["branch"]]
            total = sum(sign * flow.sel(name=name) for sign, name in zip(section["sign"], members))
            network.model.add_constraints(total <= section["hi_mw"], name=f"section-{k}-hi")
            network.model.add_constraints(total >= section["lo_mw"], name=f"section-{k}-lo")

    def call() -> float:
        network.optimize(
            solver_name="highs", extra_functionality=limit_sections, solver_options={"output_flag": False, "threads": 1}
        )
        return float(network.objective)

    return Work(call, lambda objective: {"objective": objective}, n_hours)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    serve({"day": day}, ("pypsa", "highspy", "linopy", "numpy"))
