"""Sweeps of docs/gas.md, as tables: `python networks/kazakhstan/sweep_gas.py` (a quarter of an hour).

The first changes one constant of the gas dispatcher at a time in `bbs_pipeline_rupture` without electric heaters: hours
until the first and the fourth plant is short of gas, and the unserved energy of the first five days. The second changes
the share that transit keeps, with the heaters of the event. The third is settled linepack by month and temperature.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import gridsim
from gridsim.engine import gas_side
from gridsim.reliability.gas import TemperatureClass, class_weather
from gridsim.report.text_table import TextTable
from gridsim.solvers import gas

EVENT = "bbs_pipeline_rupture"
DAYS_H = 126.0  # five days from the rupture at hour 6
CONSTANTS = {
    "LOOKAHEAD_H": (1.0, 4.0),
    "REORDER_H": (4.0, 24.0),
    "STATION_MARGIN": (0.075, 0.30),
    "SOURCE_BAND_SHARE": (0.015, 0.06),
    "CLASSES_BAND_SHARE": (0.28, 1.12),
}
KEYS: dict[str, tuple[float, ...]] = {
    "alarm_share": (1.1, 1.5, 2.0),
    "full_share": (0.65, 0.85),
    "p_min_bar": (8.0, 16.0),
    "suction_share": (0.2, 0.5),
}
KEPT = (1.0, 0.7, 0.5)
DAYS = ((1, -20.0), (1, -12.0), (1, -5.0), (3, -2.0), (7, 20.0))  # month, C


@contextmanager
def constant(name: str, value: float) -> Iterator[None]:
    """The constant at another value in all modules that use it."""
    modules = [module for module in (gas, gas_side) if hasattr(module, name)]
    before, defaults = getattr(gas, name), gas.HydraulicGas.schedule.__defaults__
    for module in modules:
        setattr(module, name, value)
    if name == "LOOKAHEAD_H":
        gas.HydraulicGas.schedule.__defaults__ = (value,)
    try:
        yield
    finally:
        for module in modules:
            setattr(module, name, before)
        gas.HydraulicGas.schedule.__defaults__ = defaults


def played(changes: dict[str, Any], *, heaters: bool, hours: float | None = None) -> gridsim.RunResult:
    """The event with other keys of `gas` in network.yaml."""
    system, scenario = gridsim.read_scenario(EVENT, variant="" if heaters else "no_heaters")
    system = system.replace(gas=dataclasses.replace(system.gas, **changes))
    keys: dict[str, Any] = {"policy.ac": "off"} | ({} if hours is None else {"horizon.hours": hours})
    return gridsim.run(system, scenario.with_(system, **keys))


def told(play: Callable[[], gridsim.RunResult]) -> str:
    """Hours to the first and the fourth plant, and MWh; or that the pipes found no state."""
    try:
        result = play()
    except gridsim.NotConverged:
        return "not solved"
    found = [e for e in result.estimates if e.name == "survival_time_h" and e.scope.startswith("plant:")]
    hours = sorted(float(e.value) for e in found if e.value is not None)
    return f"{hours[0]:.0f}, {hours[3]:.0f}; {result.metric('EUE'):,.0f}"


def constants() -> TextTable:
    """One constant at a time."""

    def base() -> gridsim.RunResult:
        return played({}, heaters=False, hours=DAYS_H)

    rows = [("as run", "", told(base))]
    for name, values in CONSTANTS.items():
        for value in values:
            with constant(name, value):
                rows.append((name, f"{value:g}", told(base)))
    for name, shares in KEYS.items():
        for value in shares:
            answer = told(lambda n=name, v=value: played({n: v}, heaters=False, hours=DAYS_H))  # type: ignore[misc]
            rows.append((name, f"{value:g}", answer))
    return TextTable(("constant", "value", "hours; MWh"), tuple(rows))


def transit() -> TextTable:
    """Shares that transit keeps."""
    heads = ("transit_kept_share", "unserved energy, MWh", "unserved gas, mcm", "heating", "homes", "transit")
    rows = []
    for kept in KEPT:
        result = played({"transit_kept_share": kept}, heaters=True)
        mcm = {e.scope: e.value for e in result.estimates if e.name == "unserved_gas_mcm"}
        scopes = ("system", "class:heating", "class:households", "class:transit")
        cells = (f"{mcm.get(scope, 0.0):.1f}" for scope in scopes)
        rows.append((f"{kept:g}", f"{result.metric('EUE'):,.0f}", *cells))
    return TextTable(heads, tuple(rows))


def linepack() -> TextTable:
    """Gas in all pipes and what the storages give, settled under the mean hour of a day."""
    system = gridsim.read_network(gridsim.network_folder("kazakhstan"))
    rows = []
    for month, mean_c in DAYS:
        weather = class_weather(system, TemperatureClass(0.0, mean_c, month), "contract").gas
        network, works = gas.HydraulicGas(system), gas.everything_works(system)
        state = network.start(works, *weather)
        held_mcm = network.linepack_mcm(state.gas_mcm).sum()
        given = network.schedule(state, works, *weather).storage_mcm_per_d.sum()
        rows.append((f"month {month}, {mean_c:g} C", f"{held_mcm:,.0f}", f"{given:.1f}"))
    return TextTable(("day", "linepack, mcm", "storages give, mcm/d"), tuple(rows))


if __name__ == "__main__":
    print(linepack().markdown())
    print(transit().markdown())
    print(constants().markdown(), end="")
