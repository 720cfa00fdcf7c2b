"""Metrics of one trajectory from its tables: n = 1, no standard error (METRICS, names and scopes)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from gridsim.model.system import GridSystem
from gridsim.model.table import F8, sum_at
from gridsim.results.metrics import SHORTFALL_TOLERANCE_MW, Estimate, single
from gridsim.results.run_records import Columns

METRIC_TABLES = frozenset(
    {"zones", "shortfall", "events", "generators", "interfaces", "fuel", "gas", "compressors", "solves"}
)
#: Those looked at of the horizon without events.
BASELINE_TABLES = frozenset({"zones", "gas", "compressors", "solves"})
HOURS_PER_YEAR = 8760.0
GWP_CH4_FOSSIL = {100: 29.8, 20: 82.5}  # IPCC AR6 WG1 table 7.15
_RESTORED = (50, 90, 100)


def run_metrics(
    system: GridSystem,
    tables: Mapping[str, Columns],
    first_event_h: float | None,
    baseline: Mapping[str, Columns] | None,
) -> list[Estimate]:
    """All metrics that the tables allow; ``baseline``: tables of the same horizon without events, if it was run.

    A number that cannot be computed is absent.
    """
    found = [
        *_unserved(tables, first_event_h),
        *_supply(system, tables),
        *_sections(tables),
        *_fuel(tables),
        *_minerals(system, tables),
        *_survival(tables),
    ]
    co2_t, ch4_t = _co2_t(system, tables), _ch4_t(system, tables)
    found += list(_greenhouse("", co2_t, ch4_t))
    if baseline is not None:
        co2_t, ch4_t = co2_t - _co2_t(system, baseline), ch4_t - _ch4_t(system, baseline)
        found.append(single("co2_change_t", "system", co2_t, "t"))
        found += list(_greenhouse("_change", co2_t, ch4_t))
    return found


def _ch4_t(system: GridSystem, tables: Mapping[str, Columns]) -> float:
    """Methane of ruptures, and of the leaks of pipes and compressor stations if the network gives their factors."""
    vented_m3 = float(np.sum(tables["gas"]["vented_mcm"])) * 1e6
    years = float(np.sum(tables["solves"]["duration_h"])) / HOURS_PER_YEAR
    pipes, stations = system.gas_pipelines, system.compressor_stations
    strings_km = float((pipes.length_km * pipes.parallel)[pipes.in_service].sum())
    leaks_t = _factor(system, "leak_transmission_km") * strings_km
    leaks_t += _factor(system, "leak_compressor") * int(stations.in_service.sum())
    return vented_m3 * system.gas.ch4_kg_per_m3 / 1000.0 + leaks_t * years


def _factor(system: GridSystem, name: str) -> float:
    factors = system.emission_factors
    return float(factors.value[factors.position(name)]) if factors.has(name) else 0.0


def _greenhouse(change: str, co2_t: float, ch4_t: float) -> Iterable[Estimate]:
    yield single(f"ch4{change}_t", "system", ch4_t, "t")
    for horizon, gwp in GWP_CH4_FOSSIL.items():
        yield single(f"co2e_gwp{horizon}{change}_t", "system", co2_t + gwp * ch4_t, "t")


def _sum_by(names: NDArray[np.str_], values: F8) -> dict[str, float]:
    """Sums by name, in name order."""
    unique, where = np.unique(names, return_inverse=True)
    return dict(zip(unique.tolist(), sum_at(where, values, len(unique)).tolist(), strict=True))


def system_series(columns: Columns, value: str) -> tuple[F8, F8, F8]:
    """(time_h, duration_h, sum over names) of a per-hour table."""
    times, first, where = np.unique(columns["time_h"], return_index=True, return_inverse=True)
    return times, columns["duration_h"][first], sum_at(where, columns[value], len(times))


def _unserved(tables: Mapping[str, Columns], first_event_h: float | None) -> Iterable[Estimate]:
    zones, shortfall = tables["zones"], tables["shortfall"]
    for name, energy in _sum_by(zones["name"], zones["unserved_mw"] * zones["duration_h"]).items():
        if name != "external":
            yield single("EUE", f"zone:{name}", energy, "MWh")
    energy = shortfall["unserved_mw"] * shortfall["duration_h"]
    for scope, column in (("oblast", "oblast"), ("class", "load_class")):
        for name, value in _sum_by(shortfall[column], energy).items():
            yield single("EUE", f"{scope}:{name}", value, "MWh")
    times, duration, unserved = system_series(zones, "unserved_mw")
    total = float(unserved @ duration)
    yield single("EUE", "system", total, "MWh")
    short = unserved > SHORTFALL_TOLERANCE_MW
    yield single("LOLH", "system", float(duration[short].sum()), "h")
    yield single("peak_shed_mw", "system", float(unserved.max(initial=0.0)), "MW")
    demand_mwh, hours = float(zones["demand_mw"] @ zones["duration_h"]), float(duration.sum())
    if demand_mwh > 0:
        yield single("NEUE", "system", 1e6 * total / demand_mwh, "ppm")
    if hours > 0:
        yield single("EPNS", "system", total / hours, "MW")
    n_events = int((short & ~np.concatenate([[False], short[:-1]])).sum())
    yield single("LOLEv", "system", float(n_events), "events")
    for cause, energy_mwh in sorted(_by_cause(tables).items()):
        yield single("EUE", f"cause:{cause}", energy_mwh, "MWh")
    response = zones["price_response_mw"] @ zones["duration_h"]
    yield single("price_response_mwh", "system", float(response), "MWh")
    if short.any():
        origin_h = first_event_h if first_event_h is not None else 0.0
        # The first shortfall that begins with or after the event; one that was there before is not its doing.
        begins = short & ~np.concatenate([[False], short[:-1]]) & (times >= origin_h)
        first = int(np.argmax(begins)) if begins.any() else len(times)
        after = first + np.flatnonzero(short[first:])
        if len(after):
            yield single("time_to_first_shed_h", "system", float(times[after[0]] - origin_h), "h")
            peak = float(unserved[after].max())
            peak_at = int(after[np.argmax(unserved[after])])
            for percent in _RESTORED:
                left = peak * (1.0 - percent / 100.0) + SHORTFALL_TOLERANCE_MW
                worse = np.flatnonzero(unserved[peak_at:] > left)
                last = peak_at + int(worse[-1])
                if last + 1 < len(times):  # otherwise not restored within the horizon: absent
                    yield single(f"time_to_restore_h_{percent}", "system", float(times[last + 1] - origin_h), "h")


def _by_cause(tables: Mapping[str, Columns]) -> dict[str, float]:
    """Unserved MWh by the root of the change that made its zone shed: each MWh has one root cause."""
    zones, events = tables["zones"], tables["events"]
    rows = np.flatnonzero(zones["unserved_mw"] > SHORTFALL_TOLERANCE_MW)
    root = _roots(events["cause_id"])
    last = np.full(len(rows), -1)
    for name in np.unique(zones["name"][rows]).tolist():
        changes = np.flatnonzero(events["component"] == f"zone:{name}")
        here = np.flatnonzero(zones["name"][rows] == name)
        at = np.searchsorted(events["time_h"][changes], zones["time_h"][rows[here]], side="right") - 1
        last[here] = np.where(at >= 0, np.append(changes, -1)[at], -1)
    rows, last = rows[last >= 0], last[last >= 0]
    cause = np.where(root[last] == last, "supply", events["component"][root[last]])
    return _sum_by(cause, zones["unserved_mw"][rows] * zones["duration_h"][rows])


def _roots(cause_id: NDArray[np.int32]) -> NDArray[np.int64]:
    """(n_changes,) the change at the root of each; causes come before what they cause."""
    root = np.arange(len(cause_id))
    for change, cause in enumerate(cause_id.tolist()):
        if cause >= 0:
            root[change] = root[cause]
    return root


def _co2_t(system: GridSystem, tables: Mapping[str, Columns]) -> float:
    """CO2 of machines and of the turbines of compressor stations."""
    zones = tables["zones"]
    return float(zones["co2_t_per_h"] @ zones["duration_h"]) + _compressor_co2_t(system, tables)


def _compressor_co2_t(system: GridSystem, tables: Mapping[str, Columns]) -> float:
    rows = tables["compressors"]
    fuel_m3 = float(np.nansum(rows["fuel_mcm_per_d"] * rows["duration_h"])) / 24.0 * 1e6
    return fuel_m3 * system.gas.lhv_mj_per_m3 / 1e3 * _factor(system, "ef_co2_natural_gas") / 1000.0


def _supply(system: GridSystem, tables: Mapping[str, Columns]) -> Iterable[Estimate]:
    zones, generators = tables["zones"], tables["generators"]
    duration = zones["duration_h"]
    served = float((zones["demand_mw"] - zones["unserved_mw"] - zones["price_response_mw"]) @ duration)
    yield single("demand_mwh", "system", float(zones["demand_mw"] @ duration), "MWh")
    co2_t = _co2_t(system, tables)
    yield single("co2_t", "system", co2_t, "t")
    yield single("co2_t", "fuel:compressor_gas", _compressor_co2_t(system, tables), "t")
    if served > 0:
        yield single("co2_t_per_mwh_served", "system", co2_t / served, "t/MWh")
    yield single("curtailed_mwh", "system", float(zones["curtailed_mw"] @ duration), "MWh")
    yield single("spilled_heat_led_mwh", "system", float(zones["spilled_mw"] @ duration), "MWh")
    energy = _sum_by(generators["fuel"], generators["p_mw"] * generators["duration_h"])
    for fuel, value in energy.items():
        yield single("energy_mwh", f"fuel:{fuel}", value, "MWh")
    positive = {fuel: max(value, 0.0) for fuel, value in energy.items()}
    total = sum(positive.values())
    if total > 0:
        yield single("import_share", "system", 100.0 * positive.get("import", 0.0) / total, "%")
        own = total - positive.get("import", 0.0)
        shares = [100.0 * value / own for fuel, value in positive.items() if fuel != "import" and own > 0]
        yield single("hhi_fuel", "system", float(sum(share**2 for share in shares)), "-")
    times, _, margin = system_series(zones, "reserve_margin_mw")
    if len(times):
        yield single("reserve_margin_mw_min", "system", float(margin.min()), "MW")
    for zone in system.zones:
        rows = zones["name"] == zone
        if rows.any():
            yield single("reserve_margin_mw_min", f"zone:{zone}", float(zones["reserve_margin_mw"][rows].min()), "MW")


def _sections(tables: Mapping[str, Columns]) -> Iterable[Estimate]:
    interfaces = tables["interfaces"]
    for name in np.unique(interfaces["name"]).tolist():
        rows = interfaces["name"] == name
        loading, weight = interfaces["loading"][rows] * 100.0, interfaces["duration_h"][rows]
        known = np.isfinite(loading)
        if known.any():
            yield single("section_loading_max", f"section:{name}", float(loading[known].max()), "%")
            yield single("section_loading_p95", f"section:{name}", _quantile(loading[known], weight[known], 0.95), "%")


def _quantile(values: F8, weights: F8, level: float) -> float:
    """Smallest value below which at least ``level`` of the time lies."""
    order = np.argsort(values)
    share = np.cumsum(weights[order]) / weights.sum()
    return float(values[order][min(int(np.searchsorted(share, level)), len(values) - 1)])


def _fuel(tables: Mapping[str, Columns]) -> Iterable[Estimate]:
    fuel = tables["fuel"]
    for name in np.unique(fuel["name"]).tolist():
        rows = fuel["name"] == name
        yield single("fuel_days_min", f"plant:{name}", float(fuel["stock_days"][rows].min()), "d")


def _minerals(system: GridSystem, tables: Mapping[str, Columns]) -> Iterable[Estimate]:
    """Tonnes not made: unserved energy of a site over its electricity per tonne, shared by the products of one site."""
    shortfall, minerals = tables["shortfall"], system.minerals
    loads = system.loads
    columns = system.buses.name[loads.bus].tolist(), loads.name.tolist(), loads.site.tolist()
    load_of = {f"{bus}/{load}": site for bus, load, site in zip(*columns, strict=True)}
    energy: dict[str, float] = {}
    for name, mwh in _sum_by(shortfall["name"], shortfall["unserved_mw"] * shortfall["duration_h"]).items():
        site = load_of.get(name, "")
        energy[site] = energy.get(site, 0.0) + mwh
    lost: dict[str, float] = {}
    modelled: set[str] = set()
    sites = minerals.site.tolist()
    for position, site in enumerate(sites):
        per_t = float(minerals.electricity_mwh_per_t[position])
        if site and np.isfinite(per_t):
            mineral = str(minerals.mineral[position])
            modelled.add(mineral)
            lost[mineral] = lost.get(mineral, 0.0) + energy.get(site, 0.0) / sites.count(site) / per_t
    for mineral in sorted(modelled):
        yield single("mineral_loss_t", f"mineral:{mineral}", lost[mineral], "t")


def _survival(tables: Mapping[str, Columns]) -> Iterable[Estimate]:
    """Hours from the event that caused it until a plant is first short of gas, or a city's homes and heat are cut."""
    events = tables["events"]
    cause, time_h = events["cause_id"], events["time_h"]
    root = _roots(cause)
    seen: set[str] = set()
    for row, (component, state) in enumerate(zip(events["component"].tolist(), events["to_state"], strict=True)):
        watched = component.startswith(("plant:", "city:")) and component not in seen
        if watched and state != "normal" and cause[row] >= 0:
            seen.add(component)
            yield single("survival_time_h", component, float(time_h[row] - time_h[root[row]]), "h")
