"""Write the tables of this folder from the test networks that pandapower ships; run by hand, never by the tests."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pandapower as pp
import pandapower.networks as pn
from pandapower.converter.pypower import to_ppc

HERE = Path(__file__).parent
CASES = ("case9", "case14", "case24_ieee_rts", "case30", "case39", "case57", "case118", "case300")


def write(case: str) -> None:
    """Write buses, generators and branches of one case as MATPOWER columns."""
    net = getattr(pn, case)()
    pp.rundcpp(net)
    ppc = to_ppc(net, mode="opf", init="flat", calculate_voltage_angles=True, check_connectivity=False)
    bus, gen, branch, cost = ppc["bus"], ppc["gen"], ppc["branch"], ppc["gencost"]
    folder = HERE / case
    folder.mkdir(exist_ok=True)
    line = f"# source: pandapower {pp.__version__} networks.{case}, after MATPOWER"
    number = {int(b): k for k, b in enumerate(bus[:, 0])}
    with open(folder / "buses.csv", "w", newline="\n") as file:
        file.write(f"{line}\nbus,demand_mw,shunt_mw\n")
        for row in bus:
            file.write(f"{number[int(row[0])]},{row[2]:.10g},{row[4]:.10g}\n")
    with open(folder / "generators.csv", "w", newline="\n") as file:
        file.write(f"{line}; cost = c2 p^2 + c1 p + c0 per hour\nbus,p_min_mw,p_max_mw,c2,c1,c0\n")
        for row, price in zip(gen, cost):
            assert price[0] == 2
            poly = np.zeros(3)
            n = int(price[3])
            poly[3 - n :] = price[4 : 4 + n]
            if row[7] > 0:
                c2, c1, c0 = poly
                limits = f"{round(row[9], 6) + 0.0:.10g},{round(row[8], 6):.10g}"
                file.write(f"{number[int(row[0])]},{limits},{c2:.10g},{c1:.10g},{c0:.10g}\n")
    with open(folder / "branches.csv", "w", newline="\n") as file:
        file.write(f"{line}; x times the tap ratio; 0 rating: no limit\n")
        file.write("from_bus,to_bus,x_pu,shift_degree,rating_mw\n")
        for row in branch.real:
            if row[10] > 0:
                tap = row[8] if row[8] != 0 else 1.0
                rating = row[5] if row[5] < 9e3 else 0.0
                file.write(
                    f"{number[int(row[0])]},{number[int(row[1])]},{row[3] * tap:.10g},{row[9]:.10g},{rating:.10g}\n"
                )


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    for name in CASES:
        write(name)
