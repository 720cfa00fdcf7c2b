"""N-1 by lightsim2grid's own contingency class, on the net that gridsim exports."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandapower as pp
from lightsim2grid.contingencyAnalysis import ContingencyAnalysisCPP
from lightsim2grid.network import init_from_pandapower
from worker import Answer, Work, serve


def outages(folder: Path) -> Work:
    net = pp.from_json(str(folder / "net.json"))
    listed = json.loads((folder / "outages.json").read_text())
    numbers = [*listed["line"], *(len(net.line) + k for k in listed["trafo"])]
    net.gen["slack"] = net.gen["slack_weight"] > 0.0  # all that take part share the imbalance, as in gridsim
    grid = init_from_pandapower(net)
    flat = np.ones(len(net.bus), dtype=np.complex128)

    def call() -> Any:
        analysis = ContingencyAnalysisCPP(grid)
        analysis.add_multiple_n1(numbers)
        analysis.compute(flat.copy(), 20, 1e-9)
        analysis.compute_power_flows()
        analysis.compute_flows()
        return analysis.get_voltages()

    def answer(voltages: Any) -> Answer:
        solved = np.abs(voltages).min(axis=1) > 0.0
        return {"lowest voltage, pu": float(np.abs(voltages[solved]).min()), "solved": int(solved.sum())}

    return Work(call, answer, len(numbers))


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    serve({"outages": outages}, ("lightsim2grid", "pandapower", "numpy"))
