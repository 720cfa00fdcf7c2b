"""Supply of a run: energy by fuel, imports, what was not used, reserves."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from gridsim.model.table import sum_at
from gridsim.results.metric_table import measured
from gridsim.results.metrics import Estimate
from gridsim.results.trajectory_record import Subject, Trajectory, sum_by, turn_of


def _measures(run: Trajectory) -> Iterable[Estimate]:
    zones = run.tables["zones"]
    yield measured("curtailed_mwh", "system", float(zones["curtailed_mw"] @ zones["duration_h"]))
    yield measured("spilled_heat_led_mwh", "system", float(zones["spilled_mw"] @ zones["duration_h"]))
    yield measured("import_above_contract_mwh", "system", _above_contract_mwh(run))
    yield from _energy(run)
    yield from _reserves(run)
    yield from _wind_and_sun(run)


def _above_contract_mwh(run: Trajectory) -> float:
    machines, borders = run.tables["generators"], run.system.borders
    above_mwh = 0.0
    for name, contract_mw in zip(borders.name.tolist(), borders.contract_import_mw.tolist(), strict=True):
        here = machines["name"] == name
        above_mw = np.maximum(machines["p_mw"][here] - contract_mw, 0.0)
        above_mwh += float(above_mw @ machines["duration_h"][here])
    return above_mwh


def _energy(run: Trajectory) -> Iterable[Estimate]:
    generators = run.tables["generators"]
    energy = sum_by(generators["fuel"], generators["p_mw"] * generators["duration_h"], turn_of(generators))
    for fuel, energy_mwh in energy.items():
        yield measured("energy_mwh", f"fuel:{fuel}", energy_mwh)
    supplied = {fuel: max(energy_mwh, 0.0) for fuel, energy_mwh in energy.items()}  # exports are no supply
    total_mwh, imported_mwh = sum(supplied.values()), supplied.pop("import", 0.0)
    if total_mwh > 0:
        own_mwh = total_mwh - imported_mwh
        shares = [100.0 * energy_mwh / own_mwh for energy_mwh in supplied.values() if own_mwh > 0]
        yield measured("import_share", "system", 100.0 * imported_mwh / total_mwh)
        yield measured("hhi_fuel", "system", float(sum(share**2 for share in shares)))


def _reserves(run: Trajectory) -> Iterable[Estimate]:
    margin, zones = run.system_series("zones", "reserve_margin_mw"), run.tables["zones"]
    if len(margin.value):
        yield measured("reserve_margin_mw_min", "system", float(margin.value.min()))
    for zone in run.system.zones:
        rows = zones["name"] == zone
        if rows.any():
            yield measured("reserve_margin_mw_min", f"zone:{zone}", float(zones["reserve_margin_mw"][rows].min()))


def _wind_and_sun(run: Trajectory) -> Iterable[Estimate]:
    """Power of wind and sun when the margin is least, and hours in which they have nearly none."""
    machines, rows = run.system.generators, run.tables["generators"]
    installed_mw = float(machines.p_max_mw[machines.variable & machines.in_service].sum())
    if not installed_mw > 0.0:
        return
    margin, curtailed = run.system_series("zones", "reserve_margin_mw"), run.system_series("zones", "curtailed_mw")
    here = (rows["fuel"] == "wind") | (rows["fuel"] == "solar")
    at = np.searchsorted(margin.time_h, rows["time_h"][here])
    share = (sum_at(at, rows["p_mw"][here], len(margin.time_h)) + curtailed.value) / installed_mw
    if len(share):
        least = int(np.argmin(margin.value))
        yield measured("renewable_at_least_margin_share", "system", 100.0 * float(share[least]))
        yield measured("renewable_drought_h", "system", float(margin.duration_h[share < _DROUGHT].sum()))


_DROUGHT = 0.1  # of what is installed
SUBJECT = Subject(_measures, frozenset({"zones", "generators"}))
