"""DC-OPF, AC power flow and N-1 by pandapower."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandapower as pp
import pandapower.networks
from pandapower.contingency import run_contingency
from worker import Answer, Work, serve

FLOW = {"distributed_slack": True, "enforce_q_lims": False, "lightsim2grid": False, "tolerance_mva": 1e-6}


def dcopp(folder: Path) -> Work:
    """``rundcopp`` of its own 24-bus case; the quadratic and constant terms of the costs are left out."""
    net = pandapower.networks.case24_ieee_rts()
    net.poly_cost[["cp0_eur", "cp2_eur_per_mw2"]] = 0.0

    def call() -> float:
        pp.rundcopp(net)
        return float(net.res_cost)

    return Work(call, lambda cost: {"objective": cost}, 1)


def flow(folder: Path) -> Work:
    """``runpp`` of the Kazakh winter peak and of 97 % of it, each from the solution of the other."""
    net = pp.from_json(str(folder / "net.json"))
    levels = [pp.from_json(str(folder / name)) for name in ("net_97.json", "net.json")]
    losses = []

    def call() -> list[float]:
        losses.clear()
        for level in levels:
            for table in ("load", "sgen"):
                net[table][["p_mw", "q_mvar"]] = level[table][["p_mw", "q_mvar"]]
            net.gen[["p_mw", "slack_weight"]] = level.gen[["p_mw", "slack_weight"]]
            pp.runpp(net, init="results" if len(net.res_bus) else "flat", **FLOW)
            losses.append(float(net.res_line.pl_mw.sum() + net.res_trafo.pl_mw.sum()))
        return losses

    return Work(call, lambda found: {"losses at 97 %, MW": found[0], "losses, MW": found[1]}, 2)


def outages(folder: Path) -> Work:
    """``run_contingency`` over the listed lines and transformers."""
    net = pp.from_json(str(folder / "net.json"))
    listed = json.loads((folder / "outages.json").read_text())
    cases = {element: {"index": listed[element]} for element in ("line", "trafo")}

    def call() -> Any:
        return run_contingency(net, cases, **FLOW)

    def answer(found: Any) -> Answer:
        loading = found["line"]["max_loading_percent"]
        low = np.nanmin(found["bus"]["min_vm_pu"])
        return {"highest loading of a line, %": float(np.nanmax(loading)), "lowest voltage, pu": float(low)}

    return Work(call, answer, sum(len(value) for value in listed.values()))


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    serve({"dcopp": dcopp, "flow": flow, "outages": outages}, ("pandapower", "numba", "numpy"))
