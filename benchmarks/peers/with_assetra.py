"""RTS-79 years by assetra: every machine an hourly forced-outage draw."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from assetra.simulation import ProbabilisticSimulation
from assetra.system import EnergySystemBuilder
from assetra.units import DemandUnit, StochasticUnit
from worker import Answer, Work, serve

TRIALS = 100


def years(folder: Path) -> Work:
    logging.disable(logging.WARNING)
    data = np.load(folder / "years.npz")
    load = data["load_mw"]
    start = pd.Timestamp("2023-01-01")
    end = start + timedelta(hours=len(load) - 1)
    hours = pd.date_range(start, end, freq="h")

    def series(values: Any) -> xr.DataArray:
        return xr.DataArray(np.broadcast_to(values, len(load)).copy(), coords={"time": hours}, dims=("time",))

    builder = EnergySystemBuilder()
    builder.add_unit(DemandUnit(0, series(load)))
    for k, (mw, rate) in enumerate(zip(data["unit_mw"], data["forced_outage_rate"]), start=1):
        builder.add_unit(StochasticUnit(k, float(mw), series(mw), series(rate)))
    system = builder.build()

    def call() -> Any:
        simulation = ProbabilisticSimulation(start, end, TRIALS)
        simulation.assign_energy_system(system)
        simulation.run()
        return (simulation.net_hourly_capacity_matrix < 0).sum("time").values

    def answer(short_h: Any) -> Answer:
        return {"LOLH": [float(short_h.mean()), float(short_h.std(ddof=1) / np.sqrt(TRIALS))]}

    return Work(call, answer, TRIALS)


if __name__ == "__main__":
    serve({"years": years}, ("assetra", "numpy", "xarray"))
