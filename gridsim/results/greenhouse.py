"""Greenhouse gases by source: an activity of a run, a factor with its range, and where the factor is from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.model.fuel import GAS_FAMILY, fuels
from gridsim.model.system import GridSystem
from gridsim.model.table import F8
from gridsim.results.run_records import Columns
from gridsim.results.trajectory_record import numbered, rows_by, turn_of

HOURS_PER_YEAR = 8760.0
HOURS_PER_DAY = 24.0
GJ_PER_MWH = 3.6
CH4_KG_PER_M3 = 0.668  # at 20 C and 101.325 kPa
_CO2_OF_GAS = next(fuel.co2_factor for fuel in fuels().values() if fuel.family == GAS_FAMILY)
#: CO2 that gridsim counts as that of electricity; other parts of it stand beside.
OF_POWER = ("power", "compressors")

Tables = Mapping[str, Columns]


class Part(NamedTuple):
    """Tonnes of ``gas`` from ``source``: ``activity`` times ``factor``, and at the ends of the factor's range."""

    gas: str
    source: str
    name: str
    activity: float
    activity_unit: str
    factor: float
    factor_unit: str
    t: float
    low_t: float
    high_t: float
    confidence: str
    origin: str


class _Factor(NamedTuple):
    value: float
    low: float
    high: float
    unit: str
    confidence: str
    origin: str

    def part(self, gas: str, source: str, name: str, activity: float, unit: str, t_per_unit: float = 1.0) -> Part:
        """``t_per_unit``: tonnes per activity and factor."""
        value, low, high = (activity * end * t_per_unit for end in self[:3])
        return Part(
            gas=gas,
            source=source,
            name=name,
            activity=activity,
            activity_unit=unit,
            factor=self.value,
            factor_unit=self.unit,
            t=value,
            low_t=low,
            high_t=high,
            confidence=self.confidence,
            origin=self.origin,
        )


def methane(system: GridSystem, tables: Tables) -> Iterator[Part]:
    """Methane by source; a source whose activity the run does not know, or without a factor, is absent."""
    gas = tables["gas"]
    hours = float(np.sum(tables["solves"]["duration_h"]))
    t_per_mcm = system.gas.ch4_kg_per_m3 * 1e3
    if np.isfinite(gas["pressure_bar"]).any():
        plain = _Factor(1.0, 1.0, 1.0, "-", "derived", "")
        vented = float(np.sum(gas["vented_mcm"]))
        yield plain.part("CH4", "ruptures", "gas vented by ruptures", vented, "mcm", t_per_mcm)
        pipes, stations = system.gas_pipelines, system.compressor_stations
        strings_km = float((pipes.length_km * pipes.parallel)[pipes.in_service].sum())
        years = hours / HOURS_PER_YEAR
        per_km, per_station = _factor(system, "leak_transmission_km"), _factor(system, "leak_compressor")
        if per_km is not None:
            yield per_km.part("CH4", "pipes", "leaks of pipes", strings_km * years, "km year")
        if per_station is not None:
            at = float(stations.in_service.sum()) * years
            yield per_station.part("CH4", "stations", "leaks of compressor stations", at, "station year")
        per_start = _factor(system, "vent_compressor_start")
        if per_start is not None:
            yield per_start.part("CH4", "starts", "starts of compressors", float(_starts(tables)), "starts")
    for row in range(len(system.methane_sources)):
        yield from _of_source(system, tables, row, hours, t_per_mcm)
    yield from _flares(system, tables, t_per_mcm)


def _of_source(system: GridSystem, tables: Tables, row: int, hours: float, t_per_mcm: float) -> Iterator[Part]:
    sources = system.methane_sources
    kind, title = str(sources.kind[row]), str(sources.title[row] or sources.name[row])
    value = float(sources.value[row])
    low, high = (value if np.isnan(end[row]) else float(end[row]) for end in (sources.low, sources.high))
    units = {"mine": "m3/t", "field": "kt/year"}
    told = str(sources.confidence[row]), str(sources.source[row])
    factor = _Factor(value, low, high, units.get(kind, "share"), *told)
    if kind == "mine":
        mined_t = _mined_t(system, tables, row, hours)
        yield factor.part("CH4", "mines", title, mined_t, "t", CH4_KG_PER_M3 / 1e3)
    elif kind == "field":
        yield factor.part("CH4", "fields", title, hours / HOURS_PER_YEAR, "year", 1e3)
    elif len(system.gas_nodes):
        column = "distributed_mcm_per_d" if kind == "distribution" else "withdrawn_mcm_per_d"
        yield factor.part("CH4", kind, title, _mcm(tables["gas"], column), "mcm", t_per_mcm)


def _mined_t(system: GridSystem, tables: Tables, row: int, hours: float) -> float:
    """Tonnes mined: the yearly output less what the mine's load or its restart lost within the run."""
    sources, minerals = system.methane_sources, system.minerals
    mineral = int(sources.mineral[row])
    if mineral < 0:
        return float(np.nan_to_num(sources.annual_t[row])) * hours / HOURS_PER_YEAR
    rows = tables["minerals"]
    here = rows["name"] == minerals.name[mineral]
    lost_t = float((rows["lost_out_t"] + rows["lost_later_t"])[here].sum())
    return max(float(minerals.annual_output[mineral]) * hours / HOURS_PER_YEAR - lost_t, 0.0)


def flared_mcm(system: GridSystem, tables: Tables) -> float:
    """Gas that fields burn while their plants have no power, until the wells are shut in."""
    sources, supply, facilities = system.methane_sources, system.gas_supply, system.power_to_gas
    events = tables["events"]
    end_h = float(np.sum(tables["solves"]["duration_h"]))
    total = 0.0
    for row in np.flatnonzero((sources.kind == "field") & (sources.gas_node >= 0)).tolist():
        node, longest_h = int(sources.gas_node[row]), float(np.nan_to_num(sources.flare_h[row]))
        raw = (supply.node == node) & (supply.kind == "associated")
        per_d = float(supply.winter_mcm_per_d[raw].sum())
        for name in facilities.name[facilities.node == node].tolist():
            for start_h, stop_h in _without_power(events, f"facility:{name}", end_h):
                total += per_d / HOURS_PER_DAY * min(stop_h - start_h, longest_h)
    return total


def _flares(system: GridSystem, tables: Tables, t_per_mcm: float) -> Iterator[Part]:
    slip, of_gas = _factor(system, "flare_slip"), _factor(system, _CO2_OF_GAS)
    burnt = flared_mcm(system, tables)
    if slip is not None:
        yield slip.part("CH4", "flares", "slip of flares of plants without power", burnt, "mcm", t_per_mcm)
    if of_gas is not None and burnt > 0.0:
        left = burnt * (1.0 - (slip.value if slip is not None else 0.0))
        yield of_gas.part("CO2", "flares", "flares of plants without power", left * _gj_per_mcm(system), "GJ", 1e-3)


def carbon_dioxide(system: GridSystem, tables: Tables) -> Iterator[Part]:
    """CO2 by source: machines by fuel, compressors; beside electricity the heat of CHPs and the gas of customers."""
    machines = _machine_rows(tables)
    yield from _machines(system, machines)
    of_gas = _factor(system, _CO2_OF_GAS)
    stations = tables["compressors"]
    known = np.isfinite(stations["fuel_mcm_per_d"])
    if of_gas is not None and known.any():
        burnt = float((stations["fuel_mcm_per_d"] * stations["duration_h"])[known].sum()) / HOURS_PER_DAY
        name = "turbines of compressor stations"
        yield of_gas.part("CO2", "compressors", name, burnt * _gj_per_mcm(system), "GJ", 1e-3)
    yield from _heat(system, tables, machines)
    if of_gas is not None and len(system.gas_nodes):
        gj = _mcm(tables["gas"], "distributed_mcm_per_d") * _gj_per_mcm(system)
        yield of_gas.part("CO2", "customers", "gas of homes, services, heating and industry", gj, "GJ", 1e-3)


def _machines(system: GridSystem, machines: _Machines) -> Iterator[Part]:
    """CO2 of electricity by fuel burnt; the factor is the mean of the machines, its range that of the fuel."""
    generators, links = system.generators, system.gas_to_power
    backup = dict(zip(links.plant.tolist(), links.backup_co2_t_per_mwh.tolist(), strict=True))
    place = {fuel: number for number, fuel in enumerate(machines.fuels)}
    energy: dict[str, float] = {}
    tonnes: dict[str, float] = {}
    for row, name in enumerate(machines.names):
        if not generators.has(name):
            continue  # a border
        machine = generators.position(name)
        on_own = machines.fuel[row] == place.get(str(generators.fuel[machine]), -1)
        rates = float(generators.co2_rate_t_per_mwh[machine]), backup.get(str(generators.plant[machine]), np.nan)
        for hours, rate in zip((on_own, ~on_own), rates, strict=True):
            mwh = float(machines.p_mw[row][hours] @ machines.duration_h[hours])
            if mwh > 0.0 and rate != 0.0:
                burnt = machines.fuels[machines.fuel[row][hours][0]]
                energy[burnt] = energy.get(burnt, 0.0) + mwh
                tonnes[burnt] = tonnes.get(burnt, 0.0) + mwh * rate
    for burnt in sorted(tonnes):
        if np.isnan(tonnes[burnt]):
            continue
        of_fuel = _fuel_factor(system, burnt)
        low, high = (1.0, 1.0) if of_fuel is None else (of_fuel.low / of_fuel.value, of_fuel.high / of_fuel.value)
        mean = tonnes[burnt] / energy[burnt]
        told = ("assumed", "") if of_fuel is None else (of_fuel.confidence, of_fuel.origin)
        factor = _Factor(mean, mean * low, mean * high, "t/MWh", *told)
        yield factor.part("CO2", "power", f"electricity of {burnt}", energy[burnt], "MWh")


class _Machines(NamedTuple):
    """Machines and borders of a run: ``names`` (n,), ``p_mw`` (n, n_intervals), ``duration_h`` (n_intervals,).

    ``fuels``: those burnt, ``fuel`` (n, n_intervals) which of them.
    """

    names: list[str]
    p_mw: F8
    duration_h: F8
    fuels: list[str]
    fuel: NDArray[np.int64]


def _machine_rows(tables: Tables) -> _Machines:
    """Rows of table ``generators`` by machine or border."""
    rows = tables["generators"]
    n = turn_of(rows)
    different, fuel = numbered(rows["fuel"], n)
    return _Machines(
        names=rows["name"][:n].tolist(),
        p_mw=np.ascontiguousarray(rows["p_mw"].reshape(-1, n).T),
        duration_h=rows["duration_h"].reshape(-1, n)[:, 0],
        fuels=different,
        fuel=np.ascontiguousarray(fuel.reshape(-1, n).T),
    )


def _heat(system: GridSystem, tables: Tables, machines: _Machines) -> Iterator[Part]:
    """CO2 of the fuel for heat of CHPs: what heat-led machines must make at the temperature, over power to heat."""
    ratio, efficiency = _factor(system, "chp_power_to_heat"), _factor(system, "chp_heat_efficiency")
    if ratio is None or efficiency is None:
        return
    for fuel, mwh in _chp_heat_mwh(system, tables, machines, ratio.value).items():
        of_fuel = _fuel_factor(system, fuel)
        if of_fuel is not None:
            gj = mwh / efficiency.value * GJ_PER_MWH
            # More electricity per heat is less heat, and so is a better boiler less fuel: the low end takes both.
            low = of_fuel.low * ratio.value / ratio.high * efficiency.value / efficiency.high
            high = of_fuel.high * ratio.value / ratio.low * efficiency.value / efficiency.low
            factor = _Factor(of_fuel.value, low, high, of_fuel.unit, "assumed", of_fuel.origin)
            yield factor.part("CO2", "heat", f"heat of CHPs from {fuel}", gj, "GJ", 1e-3)


def _chp_heat_mwh(system: GridSystem, tables: Tables, machines: _Machines, power_to_heat: float) -> dict[str, float]:
    """Heat by fuel of heat-led machines: the smaller of their output and what the heat curve forces, over the ratio."""
    generators, zones = system.generators, tables["zones"]
    temperature_c = {zone: zones["temperature_c"][here] for zone, here in rows_by(zones["name"])}
    found: dict[str, float] = {}
    for row, name in enumerate(machines.names):
        machine = generators.position(name) if generators.has(name) else -1
        if machine < 0 or not generators.heat_led[machine] or generators.heat_curve[machine] < 0:
            continue
        t_c = temperature_c[str(system.bus_zone_name[generators.bus[machine]])]
        forced = system.heat_curves.shares(int(generators.heat_curve[machine]), t_c)[0] * generators.p_max_mw[machine]
        mw = np.where(np.isfinite(forced), np.minimum(machines.p_mw[row], forced), 0.0)
        fuel = str(generators.fuel[machine])
        found[fuel] = found.get(fuel, 0.0) + float(mw @ machines.duration_h) / power_to_heat
    return found


def _starts(tables: Tables) -> int:
    """Stations that come from standstill to work from one row to the next."""
    rows = tables["compressors"]
    if not np.isfinite(rows["shaft_mw"]).any():
        return 0
    starts = 0
    for _, here in rows_by(rows["name"]):
        works = rows["shaft_mw"][here] > 1e-6
        starts += int((works[1:] & ~works[:-1]).sum())
    return starts


def _without_power(events: Columns, component: str, end_h: float) -> Iterator[tuple[float, float]]:
    """Stretches in which a facility has no power, from the log."""
    here = np.flatnonzero(events["component"] == component)
    times = [*events["time_h"][here].tolist(), end_h]
    for k, state in enumerate(events["to_state"][here].tolist()):
        if state != "normal":
            yield times[k], times[k + 1]


def _mcm(gas: Columns, column: str) -> float:
    # not a dot product: of as many numbers as these BLAS starts threads, which cost more than they save
    return float((gas[column] * gas["duration_h"]).sum()) / HOURS_PER_DAY


def _gj_per_mcm(system: GridSystem) -> float:
    return system.gas.lhv_mj_per_m3 * 1e3


def _fuel_factor(system: GridSystem, fuel: str) -> _Factor | None:
    if fuel in fuels():
        return _factor(system, fuels()[fuel].co2_factor)
    liquid = {yard: of.co2_factor for of in fuels().values() for yard in of.yard_fuels}
    return _factor(system, liquid.get(fuel, ""))


def _factor(system: GridSystem, name: str) -> _Factor | None:
    factors = system.emission_factors
    if not factors.has(name):
        return None
    at = factors.position(name)
    value = float(factors.value[at])
    low, high = (value if np.isnan(end[at]) else float(end[at]) for end in (factors.low, factors.high))
    return _Factor(value, low, high, str(factors.unit[at]), str(factors.confidence[at]), str(factors.source[at]))


def tonnes_by_source(parts: Iterable[Part], gas: str) -> dict[str, float]:
    """Sums of one gas by source, in the order in which sources come."""
    found: dict[str, float] = {}
    for part in parts:
        if part.gas == gas:
            found[part.source] = found.get(part.source, 0.0) + part.t
    return found
