"""Systems of tests/data as AdequacySystem."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gridsim.kernels.nodal_case import NodalCase, set_demand
from gridsim.reliability import AdequacySystem, system_from_frames

DATA = Path(__file__).parents[1] / "data"
# hours of PRAS cases are independent: mean times far below an hour, in the ratio of the case
PRAS_CYCLE_H = 0.02


def table(case: str, name: str) -> pd.DataFrame:
    return pd.read_csv(DATA / case / f"{name}.csv", comment="#")


def expected(case: str) -> dict[str, Any]:
    return dict(json.loads((DATA / case / "expected_hli.json").read_text()))


def demand_of(case: NodalCase, hour: int) -> np.ndarray:
    """(n_buses, n_classes) MW."""
    demand = np.empty(case.penalty.shape)
    factor = case.load_factor[hour]
    set_demand(case.load_bus, case.load_class, case.load_row, case.load_mw, factor, demand)
    return demand


def load_factor() -> np.ndarray:
    """(8736,) RTS-79 hourly load over the annual peak."""
    return table("rts79", "load_factor_8736h")["load_factor_pu_of_annual_peak"].to_numpy()


def rts79(load_mw: np.ndarray | None = None) -> AdequacySystem:
    units = table("rts79", "units")
    frame = pd.DataFrame(
        {
            "name": "U" + units["unit_id"].astype(str),
            "p_max_mw": units["capacity_mw"],
            "mttf_h": units["mttf_h"],
            "mttr_h": units["mttr_h"],
        }
    )
    return system_from_frames(frame, 2850.0 * load_factor() if load_mw is None else load_mw, name="rts79")


def rbts(load_mw: np.ndarray | None = None) -> AdequacySystem:
    units = table("rbts", "units")
    frame = pd.DataFrame(
        {
            "name": "G" + units["unit_id"].astype(str),
            "p_max_mw": units["capacity_mw"],
            "mttf_h": 8760.0 / units["failure_rate_per_year"],
            "mttr_h": 8760.0 / units["repair_rate_per_year"],
        }
    )
    return system_from_frames(frame, 185.0 * load_factor() if load_mw is None else load_mw, name="rbts")


def pras(case: str) -> tuple[AdequacySystem, dict[str, Any]]:
    """One of the small PRAS systems and its expected values."""
    file = "singlenode" if case.startswith("singlenode") else "multiarea_and_storage_small"
    raw = json.loads((DATA / "pras" / f"{file}.json").read_text())[case]
    units = raw["units"]
    load = np.array(raw["regions_load_mw"] if "regions_load_mw" in raw else [raw["load_mw"]], dtype=float)
    areas = [f"area{i}" for i in range(len(load))]
    names = [f"unit{i}" for i in range(len(units))]
    frame = pd.DataFrame(
        {
            "name": names,
            "area": [areas[unit.get("region", 0)] for unit in units],
            "p_max_mw": [max(unit["cap_mw"]) for unit in units],
            "mttf_h": [PRAS_CYCLE_H * unit["mu"] if unit["lam"] > 0 else np.nan for unit in units],
            "mttr_h": [PRAS_CYCLE_H * unit["lam"] if unit["lam"] > 0 else np.nan for unit in units],
        }
    )
    interfaces = None
    if "line" in raw:
        line = raw["line"]
        interfaces = pd.DataFrame(
            {
                "name": ["line"],
                "area_from": [areas[line["from_region"]]],
                "area_to": [areas[line["to_region"]]],
                "forward_mw": [line["fwd_mw"]],
                "backward_mw": [line["bwd_mw"]],
                "mttf_h": [PRAS_CYCLE_H * line["mu"]],
                "mttr_h": [PRAS_CYCLE_H * line["lam"]],
            }
        )
    storages = None
    if "storage" in raw:
        store = raw["storage"]
        storages = pd.DataFrame(
            {
                "name": ["store"],
                "area": [areas[0]],
                "charge_mw": [store["charge_mw"]],
                "discharge_mw": [store["discharge_mw"]],
                "energy_mwh": [store["energy_mwh"]],
                "energy_start_share": [store["soc0_mwh"] / store["energy_mwh"]],
                "mttf_h": [PRAS_CYCLE_H * store["mu"]],
                "mttr_h": [PRAS_CYCLE_H * store["lam"]],
            }
        )
    profiles = pd.DataFrame({name: unit["cap_mw"] for name, unit in zip(names, units)}).astype(float)
    system = system_from_frames(
        frame,
        pd.DataFrame(load.T, columns=areas),
        interfaces=interfaces,
        storages=storages,
        profiles_mw=profiles,
        name=case,
    )
    return system, raw["expected"]


def tiny() -> AdequacySystem:
    """Two machines of 60 MW and one of 30 MW over five hours: 8 states of machines."""
    units = pd.DataFrame(
        {
            "name": ["a", "b", "c"],
            "p_max_mw": [60.0, 60.0, 30.0],
            "mttf_h": [90.0, 80.0, 95.0],
            "mttr_h": [10.0, 20.0, 5.0],
        }
    )
    return system_from_frames(units, np.array([70.0, 90.0, 110.0, 100.0, 80.0]), name="tiny")


def rts96(*, tied: bool) -> AdequacySystem:
    """Three times the machines and load of RTS-79; ``tied``: as three areas with the ties of RTS-96 between them."""
    units, ties = table("rts79", "units"), table("rts96", "ties")
    frame = pd.concat(
        pd.DataFrame(
            {
                "name": f"A{area}U" + units["unit_id"].astype(str),
                "area": str(area),
                "p_max_mw": units["capacity_mw"],
                "mttf_h": units["mttf_h"],
                "mttr_h": units["mttr_h"],
            }
        )
        for area in (1, 2, 3)
    )
    load_mw = 2850.0 * load_factor()
    if not tied:
        return system_from_frames(frame.drop(columns="area"), 3.0 * load_mw, name="rts96")
    between = pd.DataFrame(
        {
            "name": ties["name"],
            "area_from": ties["area_from"].astype(str),
            "area_to": ties["area_to"].astype(str),
            "forward_mw": ties["limit_mw"],
            "backward_mw": ties["limit_mw"],
            "mttf_h": 8760.0 / ties["failures_per_year"],
            "mttr_h": ties["mttr_h"],
        }
    )
    areas = pd.DataFrame({str(area): load_mw for area in (1, 2, 3)})
    return system_from_frames(frame, areas, interfaces=between, name="rts96")
