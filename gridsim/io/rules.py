"""Rules of a network folder that need two cells of a row, two tables, or the whole network.

A new rule of the first two kinds is a row of ``RULES``.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np

from gridsim.errors import Problem, nearest
from gridsim.io.raw_table import RawTable
from gridsim.io.schemas.bounds import BOUNDS
from gridsim.io.texts import name_fault
from gridsim.kernels.flows import islands
from gridsim.model.costs import COST_GAS_CLASSES, REPAIRED_TABLES
from gridsim.model.first_minutes import SHED_LOAD, watches_high_voltage
from gridsim.model.maintenance import HEAT_LED_WEEKS
from gridsim.model.power import FIRST_MINUTES_ACTIONS, FIRST_MINUTES_QUANTITIES, VOLTAGE_ACTIONS, VOLTAGE_QUANTITY
from gridsim.model.rules import Rule, above, alone, any_of, broken_rules, not_below, same, together
from gridsim.model.scenario import kinds
from gridsim.model.system import EXTERNAL, GridSystem

#: Of p_max_mw: how far the widths of a machine's blocks of cost may be from it together.
BLOCKS_TOLERANCE = 1e-6


class LookUp:
    """Facts that rules need from other tables than their own: ``vn_kv`` by bus, the buses and the sites with a load,
    weeks by class of repairs.
    """

    def __init__(self, tables: Mapping[str, RawTable]):
        self.vn_kv: dict[str, float] = {row.name: row.vn_kv for _, row in tables["buses"].rows}
        self.class_weeks: dict[str, float] = {row.name: row.weeks for _, row in tables["maintenance_classes"].rows}
        self.loaded_buses: set[str] = {row.bus for _, row in tables["loads"].rows}
        self.loaded_sites: set[str] = {row.site for _, row in tables["loads"].rows if row.site}
        self.load_mw: dict[str, float] = {row.name: row.p_mw for _, row in tables["loads"].rows}
        self.site_mw: dict[str, float] = {}
        for _, row in tables["loads"].rows:
            self.site_mw[row.site] = self.site_mw.get(row.site, 0.0) + row.p_mw
        self.needs: dict[str, str] = {row.name: row.needs for _, row in tables["minerals"].rows}
        self.product_mw: dict[str, float] = {}
        self.first_product: dict[str, str] = {}
        for _, row in tables["minerals"].rows:
            place = row.site or row.load
            self.first_product.setdefault(place, row.name)
            self.product_mw[place] = self.product_mw.get(place, 0.0) + _mean_mw(row)
        reservoirs = [row for _, row in tables["reservoirs"].rows]
        self.flows_into: dict[str, str] = {row.name: row.flows_into for row in reservoirs}
        self.plant_of: dict[str, str] = {row.name: row.plant for row in reservoirs}
        self.automation: list[Any] = [row for _, row in tables["automation"].rows]
        self.p_max_mw: dict[str, float] = {row.name: row.p_max_mw for _, row in tables["generators"].rows}
        self.blocks: dict[str, list[Any]] = {}
        for _, row in tables["cost_blocks"].rows:
            self.blocks.setdefault(row.generator, []).append(row)
        heat = [row for _, row in tables["heat"].rows]
        self.heated_by: dict[str, list[str]] = {}
        self.gas_cities: dict[str, list[str]] = {}
        for row in heat:
            for plant in _names(row.plants):
                self.heated_by.setdefault(plant, []).append(row.name)
            self.gas_cities.setdefault(row.gas_node, []).append(row.name)
        self.routes: list[Any] = [row for _, row in tables["coal_routes"].rows]
        self.yards: dict[str, Any] = {row.name: row for _, row in tables["fuel_stocks"].rows}
        self.sited_buses: set[str] = {row.name for _, row in tables["buses"].rows if row.weather_site}
        self.machines: set[str] = {row.name for _, row in tables["generators"].rows}
        self.places = [
            (row.lat, row.lon) for _, row in tables["buses"].rows if row.lat is not None and row.lon is not None
        ]
        self.plants: set[str] = {row.plant or row.name for _, row in tables["generators"].rows}
        self.interfaces: set[str] = {row.interface for _, row in tables["interfaces"].rows}
        zones = {row.zone for _, row in tables["buses"].rows}
        self.areas: set[str] = zones | set(self.vn_kv) | {row.name for _, row in tables["borders"].rows}
        self.releases: dict[str, list[Any]] = {}
        for _, row in tables["reservoir_releases"].rows:
            self.releases.setdefault(row.reservoir, []).append(row)


def _dearer_than_the_next_block(block: Any, look_up: LookUp) -> bool:
    return bool(block.cost_per_mwh > _next_block(block, look_up).cost_per_mwh)


def _next_block(block: Any, look_up: LookUp) -> Any:
    """The next block of the machine, of the last one itself."""
    blocks = look_up.blocks[block.generator]
    return next((other for before, other in itertools.pairwise(blocks) if before is block), block)


def _first_of_a_wrong_sum(block: Any, look_up: LookUp) -> bool:
    p_max_mw = look_up.p_max_mw.get(block.generator)
    if p_max_mw is None or look_up.blocks[block.generator][0] is not block:
        return False
    return abs(_blocks_mw(block, look_up) - p_max_mw) > BLOCKS_TOLERANCE * max(p_max_mw, 1.0)


def _blocks_mw(block: Any, look_up: LookUp) -> float:
    return float(sum(other.p_mw for other in look_up.blocks[block.generator]))


def _mean_mw(mineral: Any) -> float:
    """Mean electric power of the yearly output, 0 where it is not known."""
    return float(mineral.annual_output * (mineral.electricity_mwh_per_t or 0.0) / 8760.0)


_CONTRADICTS = 2.0  # times
_SMALL_MW = 1.0


def _tonnes_against_load(mineral: Any, look_up: LookUp) -> bool:
    """Tonnes and MW of a site apart by more than twice; of a site within a load only too many tonnes are a fault."""
    made_mw = look_up.product_mw.get(mineral.site or mineral.load, 0.0)
    load_mw = look_up.site_mw.get(mineral.site, 0.0) if mineral.site else look_up.load_mw.get(mineral.load, 0.0)
    if load_mw <= 0.0 or max(made_mw, load_mw) < _SMALL_MW or made_mw == 0.0:
        return False
    if look_up.first_product[mineral.site or mineral.load] != mineral.name:
        return False  # said once
    return made_mw > _CONTRADICTS * load_mw or (bool(mineral.site) and load_mw > _CONTRADICTS * made_mw)


def _tonnes_and_load(mineral: Any, look_up: LookUp) -> str:
    made_mw = look_up.product_mw.get(mineral.site or mineral.load, 0.0)
    load_mw = look_up.site_mw.get(mineral.site, 0.0) if mineral.site else look_up.load_mw.get(mineral.load, 0.0)
    return (
        f"all products of '{mineral.site or mineral.load}' take {made_mw:.1f} MW by their tonnes, "
        f"and its load is {load_mw:.1f} MW"
    )


def _known_cost(name: str) -> bool:
    kind, _, of = name.partition("_")
    return (
        name in ("electricity", "heat")
        or (kind == "gas" and of in COST_GAS_CLASSES)
        or (kind == "repair" and of in REPAIRED_TABLES)
    )


def _cost_unit(name: str) -> str:
    units = {"electricity": "VOLL", "heat": "USD/MWh", "gas": "USD/m3", "repair": "USD each"}
    return units[name.partition("_")[0]]


def _storm_kinds() -> list[str]:
    return [name for name, kind in kinds().items() if "storm_tracks" in kind.targets]


def _outside_the_map(track: Any, look_up: LookUp) -> bool:
    """Both ends more than a degree beyond the buses."""
    if not look_up.places:
        return True
    lats, lons = zip(*look_up.places, strict=True)
    inside = [
        min(lats) - 1 <= lat <= max(lats) + 1 and min(lons) - 1 <= lon <= max(lons) + 1
        for lat, lon in ((track.lat_1, track.lon_1), (track.lat_2, track.lon_2))
    ]
    return not any(inside)


def _needs_itself(mineral: Any, look_up: LookUp) -> bool:
    seen, at = {mineral.name}, mineral.needs
    while at and at not in seen:
        seen.add(at)
        at = look_up.needs.get(at, "")
    return bool(at) and at == mineral.name


def _of_first_minutes(rule: Any) -> bool:
    return rule.quantity in FIRST_MINUTES_QUANTITIES and rule.action in FIRST_MINUTES_ACTIONS


def _of_voltages(rule: Any) -> bool:
    return rule.quantity == VOLTAGE_QUANTITY and rule.action in VOLTAGE_ACTIONS


def _passed_by_normal_voltage(rule: Any, look_up: LookUp) -> bool:
    high = watches_high_voltage(rule.action)
    return _of_voltages(rule) and not (1.0 < rule.setting <= 2.0 if high else 0.0 < rule.setting < 1.0)


def _names(cell: str) -> list[str]:
    return [name.strip() for name in cell.split(";") if name.strip()]


def _unknown_targets(rule: Any, look_up: LookUp) -> list[str]:
    if _of_voltages(rule):
        return [name for name in _names(rule.target) if name not in look_up.areas]
    if not _of_first_minutes(rule):
        return []
    known = _watched(rule, look_up)
    return [name for name in _names(rule.target) if name not in known] or (
        ["''"] if rule.quantity != "frequency_hz" and not _names(rule.target) else []
    )


def _watched(rule: Any, look_up: LookUp) -> set[str]:
    return look_up.areas if rule.quantity in ("frequency_hz", VOLTAGE_QUANTITY) else look_up.interfaces


def _close_to(name: str, known: set[str]) -> str:
    """``; did you mean`` the nearest of ``known``, where one is near."""
    found = nearest(name, known)
    return f"; {found}" if found.startswith("did you mean") else ""


def _unknown_places(rule: Any, look_up: LookUp) -> list[str]:
    if _of_voltages(rule):
        known = look_up.areas if rule.action == SHED_LOAD else set()
        return [name for name in _names(rule.place) if name not in known]
    if not _of_first_minutes(rule):
        return []
    known = _acted_on(rule, look_up)
    return [name for name in _names(rule.place) if name not in known]


def _acted_on(rule: Any, look_up: LookUp) -> set[str]:
    by_action = {
        "trip machines": look_up.machines | {"steam", "hydro", "gas", "nuclear"},
        "open interfaces": look_up.interfaces,
        "block rule": {other.name for other in look_up.automation},
    }
    return by_action.get(rule.action, look_up.areas)


def _needs_a_place(rule: Any, look_up: LookUp) -> bool:
    where = rule.action in ("open interfaces", "block rule") or rule.quantity != "frequency_hz"
    return _of_first_minutes(rule) and where and not _names(rule.place)


def _does_nothing(rule: Any, look_up: LookUp) -> bool:
    measured = rule.action in ("shed load", "return load", "trip machines", "start hydro")
    by_name = rule.action == "trip machines" and set(_names(rule.place)) & look_up.machines
    acts = _of_first_minutes(rule) or _of_voltages(rule)
    return acts and measured and not by_name and rule.share is None and rule.amount_mw is None


def _waits_for_none_above(rule: Any, look_up: LookUp) -> bool:
    before = []
    for other in look_up.automation:
        if other.name == rule.name:
            break
        before.append(other.name)
    return bool(rule.after) and rule.after not in before


def _undone_by(rule: Any, look_up: LookUp) -> list[str]:
    """Stages that shed at or above the frequency at which ``rule`` returns load to the same areas."""
    if rule.action != "return load" or rule.quantity != "frequency_hz":
        return []
    return [
        other.name
        for other in look_up.automation
        if (other.action, other.quantity, other.target) == ("shed load", "frequency_hz", rule.target)
        and other.setting >= rule.setting
    ]


def _without_route(yard: Any, look_up: LookUp) -> bool:
    return bool(look_up.routes) and yard.fuel == "coal" and yard.name not in {row.yard for row in look_up.routes}


def _other_coal(route: Any, look_up: LookUp) -> bool:
    last = [row for row in look_up.routes if row.yard == route.yard][-1]
    return bool(last.gj_per_t != route.gj_per_t)


def _unknown_plants(city: Any, look_up: LookUp) -> list[str]:
    return [name for name in _names(city.plants) if name not in look_up.plants]


def _heats_another(city: Any, look_up: LookUp) -> list[str]:
    """Plants of a city that a row below names too."""
    return [name for name in _names(city.plants) if city.name in look_up.heated_by.get(name, [])[:-1]]


def _without_supply(city: Any, look_up: LookUp) -> bool:
    return city.district_share > 0 and not _names(city.plants) and not city.boilers_gcal_h and not city.gas_node


def _before_its_first(rule: Any, look_up: LookUp) -> list[str]:
    """The rule that ``rule`` waits for, where its own frequency is passed sooner."""
    return [
        other.name
        for other in look_up.automation
        if rule.after == other.name
        and (rule.quantity, rule.target, rule.action) == ("frequency_hz", other.target, other.action)
        and other.quantity == rule.quantity
        and (rule.setting > other.setting if rule.action == "shed load" else rule.setting < other.setting)
        and rule.action in ("shed load", "return load")
    ]


def _joins_two_voltages(line: Any, look_up: LookUp) -> bool:
    pair = look_up.vn_kv.get(line.from_bus), look_up.vn_kv.get(line.to_bus)
    return None not in pair and pair[0] != pair[1]


def _member_of_nothing_or_two(member: Any, look_up: LookUp) -> bool:
    return bool(member.line) == bool(member.transformer)


def _electric_without_load(station: Any, look_up: LookUp) -> bool:
    return station.driver == "electric" and station.bus != "" and station.bus not in look_up.loaded_buses


def _repaired_in_the_heating_season(machine: Any, look_up: LookUp) -> bool:
    return machine.heat_led and _weeks(machine, look_up) > HEAT_LED_WEEKS


def _weeks(machine: Any, look_up: LookUp) -> float:
    own: float | None = machine.maintenance_weeks
    return look_up.class_weeks.get(machine.maintenance_class, 0.0) if own is None else own


def _reservoir_without_inflow(reservoir: Any, look_up: LookUp) -> bool:
    dry = not reservoir.river or reservoir.inflow_share == 0
    return dry and reservoir.name in look_up.releases and reservoir.name not in look_up.flows_into.values()


MCM_PER_DAY = 0.0864  # of 1 m3/s


def _least_of_a_day(reservoir: Any, look_up: LookUp) -> float:
    return MCM_PER_DAY * max((row.least_m3_s for row in look_up.releases.get(reservoir.name, ())), default=0.0)


def _in_a_circle(reservoir: Any, look_up: LookUp) -> bool:
    at = reservoir.flows_into
    for _ in look_up.flows_into:
        if at in ("", reservoir.name):
            break
        at = look_up.flows_into.get(at, "")
    return bool(at == reservoir.name)


def _second_of_its_plant(reservoir: Any, look_up: LookUp) -> bool:
    of_plant = [name for name, plant in look_up.plant_of.items() if plant == reservoir.plant]
    with_rule = [name for name in of_plant if name in look_up.releases]
    return reservoir.name in with_rule[1:]


def _months(release: Any, look_up: LookUp) -> list[int]:
    return [row.month for row in look_up.releases[release.reservoir]]


def _first_of_an_odd_year(release: Any, look_up: LookUp) -> bool:
    return look_up.releases[release.reservoir][0] is release and sorted(_months(release, look_up)) != list(range(1, 13))


def _zone_without_condition(duty: Any, look_up: LookUp) -> bool:
    return duty.must_run_when != "load_above" and (duty.zone != "" or duty.load_share is not None)


def _owes_nothing(duty: Any, look_up: LookUp) -> bool:
    return {duty.least_mw, duty.least_share, duty.greatest_mw, duty.greatest_share} == {None}


LARGEST_CIRCUIT_MVA = 100_000  # up to this stands for "no limit" in published cases
LARGEST_BANK_MVA = 150_000  # a hundred thousand do for a bank, and an emergency rating is above
LARGEST_LINE_OHM = 20_000


def _circuit_mva(line: Any, look_up: LookUp, column: str) -> float:
    return 3**0.5 * (look_up.vn_kv.get(line.from_bus) or 0.0) * (getattr(line, column) or 0.0)


def _circuit_too_strong(column: str) -> Rule:
    return Rule(
        "lines",
        column,
        lambda row, look_up: _circuit_mva(row, look_up, column) > LARGEST_CIRCUIT_MVA,
        lambda row, look_up: f"{getattr(row, column)} kA would carry {_circuit_mva(row, look_up, column):.0f} MVA",
        f"no circuit carries over {LARGEST_CIRCUIT_MVA} MVA: give kA, or leave empty for unlimited",
    )


def _bank_too_strong(column: str) -> Rule:
    return Rule(
        "transformers",
        column,
        lambda row, _: row.sn_mva * getattr(row, column) / 100 > LARGEST_BANK_MVA,
        lambda row, _: (
            f"{getattr(row, column)} of {row.sn_mva} MVA are {row.sn_mva * getattr(row, column) / 100:.0f} MVA"
        ),
        f"no bank carries over {LARGEST_BANK_MVA} MVA: give a share of sn_mva in %",
    )


SMALLEST_X_OHM_PER_KM = 1e-7
SMALLEST_VK_PERCENT = 1e-4


def _positive(table: str, column: str, smallest: float, meaning: str) -> Rule:
    """Series impedance is positive except in an equivalent; the reactance is never 0."""
    limit = f"> 0 (at least {smallest:g})" if smallest else ">= 0"
    return Rule(
        table,
        column,
        lambda row, _: (abs(getattr(row, column)) if row.equivalent else getattr(row, column)) < smallest,
        lambda row, _: f"{getattr(row, column)} is not {limit}",
        f"give {meaning}; a star equivalent or a series capacitor, whose value is negative, has equivalent true",
    )


def _too_long(column: str) -> Rule:
    return Rule(
        "lines",
        column,
        lambda row, _: abs(getattr(row, column)) * row.length_km > LARGEST_LINE_OHM,
        lambda row, _: (
            f"{getattr(row, column)} on {row.length_km} km are {getattr(row, column) * row.length_km:.0f} ohm"
        ),
        f"no line has over {LARGEST_LINE_OHM} ohm: give ohm/km, and the length in km",
    )


def _not_as_its_corridor(row: Any, look_up: LookUp) -> bool:
    last = next(one for one in reversed(look_up.routes) if one.corridor == row.corridor)
    return (row.mttf_h, row.mttr_h) != (last.mttf_h, last.mttr_h)


FAILING_TABLES = (
    "lines", "transformers", "generators", "storages", "gas_pipelines", "gas_supply", "compressor_stations",
    "power_to_gas", "cooling", "coal_routes",
)  # fmt: skip

# fmt: off
RULES: tuple[Rule, ...] = (
    Rule("buses", "vm_min_pu", not_below("vm_min_pu", "vm_max_pu"),
         "{row.vm_min_pu} is not below vm_max_pu {row.vm_max_pu}", "swap them"),
    Rule("buses", "vm_act_min_pu", not_below("vm_act_min_pu", "vm_act_max_pu"),
         "{row.vm_act_min_pu} is not below vm_act_max_pu {row.vm_act_max_pu}", "swap them"),
    Rule("lines", "to_bus", same("from_bus", "to_bus"),
         "'{row.to_bus}' is from_bus too", "a line joins two buses"),
    Rule("lines", "to_bus", _joins_two_voltages,
         lambda row, look_up: f"{look_up.vn_kv[row.to_bus]} kV against {look_up.vn_kv[row.from_bus]} kV at from_bus",
         "join different voltages by a transformer"),
    Rule("lines", "max_i_emergency_ka", above("max_i_ka", "max_i_emergency_ka"),
         "{row.max_i_emergency_ka} is below max_i_ka {row.max_i_ka}",
         "an emergency rating is at least the normal one"),
    _circuit_too_strong("max_i_ka"),
    _circuit_too_strong("max_i_emergency_ka"),
    _too_long("r_ohm_per_km"),
    _too_long("x_ohm_per_km"),
    _positive("lines", "x_ohm_per_km", SMALLEST_X_OHM_PER_KM, "reactance of one circuit in ohm/km"),
    _positive("lines", "r_ohm_per_km", 0.0, "resistance of one circuit in ohm/km"),
    _positive("transformers", "vk_percent", SMALLEST_VK_PERCENT, "the short-circuit voltage in %"),
    _positive("transformers", "vkr_percent", 0.0, "the resistive part of vk_percent"),
    _bank_too_strong("max_loading_percent"),
    _bank_too_strong("max_loading_emergency_percent"),
    Rule("transformers", "lv_bus", same("hv_bus", "lv_bus"),
         "'{row.lv_bus}' is hv_bus too", "a transformer joins two buses"),
    Rule("transformers", "vn_lv_kv", above("vn_lv_kv", "vn_hv_kv"),
         "{row.vn_lv_kv} is above vn_hv_kv {row.vn_hv_kv}", "swap the sides"),
    Rule("transformers", "vkr_percent", lambda row, _: abs(row.vkr_percent) >= abs(row.vk_percent),
         "{row.vkr_percent} is not below vk_percent {row.vk_percent}", "it is the resistive part of vk_percent"),
    Rule("transformers", "tap_pos", any_of(above("tap_min", "tap_pos"), above("tap_pos", "tap_max")),
         "{row.tap_pos} is outside {row.tap_min}..{row.tap_max}", "give a tap in the range"),
    Rule("transformers", "tap_controlled", lambda row, _: row.tap_controlled and row.tap_side != "hv",
         lambda row, _: f"its tap_side is '{row.tap_side}'", "only taps on the side hv are moved"),
    Rule("shunts", "controlled", lambda row, _: row.controlled and not row.switchable,
         "true for one that is not switchable", "set switchable true, or controlled false"),
    Rule("generators", "p_min_mw", above("p_min_mw", "p_max_mw"),
         "{row.p_min_mw} is above p_max_mw {row.p_max_mw}", "lower it"),
    Rule("generators", "q_min_mvar", above("q_min_mvar", "q_max_mvar"),
         "{row.q_min_mvar} is above q_max_mvar {row.q_max_mvar}", "swap them"),
    Rule("generators", "heat_curve", lambda row, _: row.heat_led and not row.heat_curve,
         "empty for a heat-led machine", "name a curve of heat_curves.csv"),
    Rule("generators", "maintenance_weeks", _repaired_in_the_heating_season,
         lambda row, look_up: f"{_weeks(row, look_up):g} weeks of a heat-led machine do not fit into its summer",
         f"give at most {HEAT_LED_WEEKS}: it is repaired between April and September"),
    Rule("cost_blocks", "cost_per_mwh", _dearer_than_the_next_block,
         lambda row, look_up: f"{row.cost_per_mwh:g} of '{row.generator}' is above "
                              f"{_next_block(row, look_up).cost_per_mwh:g} of its next block",
         "order the blocks by rising cost; what gets cheaper with output has one price, cost_per_mwh, and no blocks"),
    Rule("cost_blocks", "p_mw", _first_of_a_wrong_sum,
         lambda row, look_up: f"the blocks of '{row.generator}' are {_blocks_mw(row, look_up):g} MW together, "
                              f"its p_max_mw is {look_up.p_max_mw[row.generator]:g}",
         "give blocks from 0 MW to p_max_mw"),
    Rule("maintenance_classes", "overrun_max_weeks", above("overrun_min_weeks", "overrun_max_weeks"),
         "{row.overrun_max_weeks} is below overrun_min_weeks {row.overrun_min_weeks}", "swap them"),
    Rule("load_classes", "price_per_mwh", lambda row, _: row.price_responsive and row.price_per_mwh is None,
         "empty for a price-responsive class", "give the price below which it buys, in USD/MWh"),
    Rule("interfaces", "line", _member_of_nothing_or_two,
         "a member is either a line or a transformer", "fill exactly one of the two"),
    Rule("interface_limits", "emergency_mw", above("normal_mw", "emergency_mw"),
         "{row.emergency_mw} is below normal_mw {row.normal_mw}", "an emergency limit is at least the normal one"),
    Rule("borders", "contract_import_mw", above("contract_import_mw", "limit_import_mw"),
         "{row.contract_import_mw} is above limit_import_mw {row.limit_import_mw}", "lower it"),
    Rule("automation", "target", lambda row, look_up: bool(_unknown_targets(row, look_up)),
         lambda row, look_up: f"'{_unknown_targets(row, look_up)[0]}' is nothing that {row.quantity} is watched of"
         + _close_to(_unknown_targets(row, look_up)[0], _watched(row, look_up)),
         "name sections, or for frequency_hz neighbours, zones or buses, for vm_pu zones or buses, with ; between"),
    Rule("automation", "place", lambda row, look_up: bool(_unknown_places(row, look_up)),
         lambda row, look_up: f"'{_unknown_places(row, look_up)[0]}' is nothing to {row.action}"
         + _close_to(_unknown_places(row, look_up)[0], _acted_on(row, look_up)),
         "name areas for load, machines or technologies to trip, sections to open, rules to block"),
    Rule("automation", "place", _needs_a_place, "empty: a rule of {row.quantity} must say where to {row.action}",
         "name areas, sections or rules, with ; between them"),
    Rule("automation", "setting", lambda row, _: (row.quantity == "lines_out" and row.setting != round(row.setting))
         or (row.quantity == "lines_out" and row.setting == 0), "{row.setting} is no number of circuits",
         "give 1 or more for the forward flow, -1 or less for the other way"),
    Rule("automation", "share", lambda row, _: row.quantity == "lines_out" and row.share is not None,
         "a share for lines_out", "give the most that is taken as amount_mw"),
    Rule("automation", "share", _does_nothing, "neither share nor amount_mw", "give one of the two"),
    Rule("automation", "amount_mw", together("share", "amount_mw"), "{row.amount_mw} beside share {row.share}",
         "give one of the two"),
    Rule("automation", "after", _waits_for_none_above, "'{row.after}' is no rule of a row above",
         "order the rows so that a rule stands below the one it waits for"),
    Rule("automation", "setting", _passed_by_normal_voltage, "{row.setting} pu is no voltage to {row.action} at",
         "give pu below 1 for what raises a voltage or sheds load, above 1 for what lowers it"),
    Rule("automation", "setting", lambda row, look_up: bool(_undone_by(row, look_up)),
         lambda row, look_up: f"{row.setting} Hz would undo the stage {_undone_by(row, look_up)[0]}, not below it",
         "return load above every stage that sheds it"),
    Rule("automation", "setting", lambda row, look_up: bool(_before_its_first(row, look_up)),
         lambda row, look_up: f"{row.setting} Hz is passed before {_before_its_first(row, look_up)[0]}, awaited by it",
         "order the stages: each waits for one that acts sooner"),
    Rule("automation", "delay_s", lambda row, _: row.repeats and row.delay_s < 0.1,
         "{row.delay_s} s for a rule that repeats", "give at least 0.1 s"),
    Rule("border_support", "extra_min_mw", above("extra_min_mw", "extra_median_mw"),
         "{row.extra_min_mw} is above extra_median_mw {row.extra_median_mw}", "lower it"),
    Rule("border_support", "extra_max_mw", above("extra_median_mw", "extra_max_mw"),
         "{row.extra_max_mw} is below extra_median_mw {row.extra_median_mw}", "raise it"),
    Rule("gas_pipelines", "to_node", same("from_node", "to_node"),
         "'{row.to_node}' is from_node too", "a section joins two nodes"),
    Rule("gas_pipelines", "usable_linepack_mcm", above("usable_linepack_mcm", "linepack_mcm"),
         "{row.usable_linepack_mcm} is above linepack_mcm {row.linepack_mcm}", "lower it"),
    Rule("compressor_stations", "bus", _electric_without_load,
         "'{row.bus}' has no load",
         "give the bus a load in loads.csv (0 MW will do): the station's power is added to it"),
    Rule("fuel_stocks", "stock_days", above("stock_days", "capacity_days"),
         "{row.stock_days} is above capacity_days {row.capacity_days}", "lower it"),
    Rule("fuel_stocks", "name", _without_route, "'{row.name}' has no row in coal_routes.csv",
         "give its mine and the corridors of its trains, or leave coal_routes.csv out"),
    Rule("coal_routes", "yard",
         lambda row, look_up: row.yard in look_up.yards and look_up.yards[row.yard].fuel != "coal",
         "'{row.yard}' holds no coal", "name a yard of fuel_stocks.csv with fuel coal"),
    Rule("coal_routes", "mine", lambda row, _: not row.mine, "no mine for '{row.yard}'", "name the mine that loads"),
    Rule("coal_routes", "corridor", lambda row, _: not row.corridor, "no corridor on the way to '{row.yard}'",
         "name the railway or conveyor"),
    Rule("coal_routes", "gj_per_t", _other_coal, "{row.gj_per_t} GJ/t, and the last row of '{row.yard}' says otherwise",
         "give one heating value to all rows of a yard"),
    Rule("heat", "plants", lambda row, look_up: bool(_unknown_plants(row, look_up)),
         lambda row, look_up: f"'{_unknown_plants(row, look_up)[0]}' is no plant of generators.csv",
         "name plants (column plant of generators.csv), with ; between them"),
    Rule("heat", "plants", lambda row, look_up: bool(_heats_another(row, look_up)),
         lambda row, look_up: f"'{_heats_another(row, look_up)[0]}' heats a city of a row below too",
         "name a plant for one city, and give the people of both in its row"),
    Rule("heat", "plants", _without_supply, "nothing heats the network of '{row.name}'",
         "name its plants, give boilers_gcal_h or gas_node, or set district_share to 0"),
    Rule("heat", "gas_node", lambda row, _: row.gas_share > 0 and row.gas_node == "",
         "empty with gas_share {row.gas_share}", "name the gas node of these homes, or set gas_share to 0"),
    Rule("heat", "gas_node",
         lambda row, look_up: row.gas_node != "" and row.name in look_up.gas_cities[row.gas_node][:-1],
         "'{row.gas_node}' is the node of a city below too", "give a gas node to one city"),
    Rule("heat", "bus", lambda row, look_up: row.bus not in look_up.sited_buses,
         "'{row.bus}' has no weather_site", "name the weather_site of the bus in buses.csv"),
    Rule("heat", "gas_share", lambda row, _: row.district_share + row.gas_share > 1.0 + 1e-9,
         "{row.gas_share} with district_share {row.district_share} is above 1", "lower one of the two"),
    Rule("heat", "tau_low_h", above("tau_low_h", "tau_h"), "{row.tau_low_h} is above tau_h {row.tau_h}", "lower it"),
    Rule("heat", "tau_high_h", above("tau_h", "tau_high_h"), "{row.tau_high_h} is below tau_h {row.tau_h}", "raise it"),
    Rule("heat", "network_h", not_below("network_h", "tau_low_h"),
         "{row.network_h} is not below tau_low_h {row.tau_low_h}",
         "give the hours of the water in the pipes, a few: buildings hold heat longer"),
    Rule("auxiliaries", "warm_h", above("hot_h", "warm_h"), "{row.warm_h} is below hot_h {row.hot_h}", "raise it"),
    Rule("auxiliaries", "restart_warm_h", above("restart_hot_h", "restart_warm_h"),
         "{row.restart_warm_h} is below restart_hot_h {row.restart_hot_h}", "a colder plant starts no faster"),
    Rule("auxiliaries", "restart_cold_h", above("restart_warm_h", "restart_cold_h"),
         "{row.restart_cold_h} is below restart_warm_h {row.restart_warm_h}", "a colder plant starts no faster"),
    Rule("reservoirs", "river", _reservoir_without_inflow,
         "no river flows into '{row.name}', and no reservoir",
         "name a river of rivers.csv, or flows_into in the row of the reservoir above"),
    Rule("reservoirs", "volume_mcm", lambda row, look_up: row.volume_mcm < _least_of_a_day(row, look_up),
         lambda row, look_up: (
             f"{row.volume_mcm} is below a day of its least release, {_least_of_a_day(row, look_up):.4g} mcm"
         ),
         "give the useful volume in million m3, or lower least_m3_s in reservoir_releases.csv"),
    Rule("reservoirs", "flows_into", _in_a_circle,
         "the water of '{row.name}' comes back to it", "name the next reservoir downstream, or leave it empty"),
    Rule("reservoirs", "plant", _second_of_its_plant,
         "'{row.plant}' has a reservoir with releases already", "give a plant one reservoir"),
    Rule("reservoir_releases", "month", _first_of_an_odd_year,
         lambda row, look_up: f"'{row.reservoir}' has months {', '.join(map(str, sorted(_months(row, look_up))))}",
         "give each month from 1 to 12 once"),
    Rule("reservoir_releases", "greatest_m3_s", above("least_m3_s", "greatest_m3_s"),
         "{row.greatest_m3_s} is below least_m3_s {row.least_m3_s}", "swap them"),
    Rule("storm_tracks", "lat_1", _outside_the_map,
         "'{row.name}' from {row.lat_1}, {row.lon_1} to {row.lat_2}, {row.lon_2} lies outside the map",
         "give latitudes and longitudes of the network's own country, or coordinates to its buses"),
    Rule("storm_tracks", "kind", lambda row, _: (row.kind != "" or row.per_year > 0) and row.kind not in _storm_kinds(),
         "'{row.kind}' is no kind of storm", "give a kind that acts on storm_tracks (gridsim list kinds)"),
    Rule("cooling", "plants", lambda row, look_up: bool(set(_names(row.plants)) - look_up.plants),
         lambda row, look_up: f"no plant {', '.join(sorted(set(_names(row.plants)) - look_up.plants))}",
         "name plants of generators.csv, separated by ';'"),
    Rule("cooling", "river", lambda row, _: row.kind == "river" and not row.river,
         "'{row.name}' is a river without a gauge", "name the river of rivers.csv, or call it lake or sea"),
    Rule("cooling", "least_flow_share", not_below("least_flow_share", "full_flow_share"),
         "{row.least_flow_share} is not below full_flow_share {row.full_flow_share}", "swap them"),
    Rule("water_supply", "plant", lambda row, look_up: bool(row.plant) and row.plant not in look_up.plants,
         "no plant '{row.plant}'", "name a plant of generators.csv, or leave it empty"),
    Rule("water_supply", "steam_mw", lambda row, _: bool(row.plant) and row.steam_mw is None,
         "'{row.name}' desalinates with '{row.plant}' and states no output", "give the output that makes all water"),
    Rule("unit_costs", "name", lambda row, look_up: not _known_cost(row.name),
         "'{row.name}' is no cost that gridsim counts", "name electricity, heat, gas_CLASS or repair_TABLE"),
    Rule("unit_costs", "unit", lambda row, _: _known_cost(row.name) and row.unit != _cost_unit(row.name),
         lambda row, _: f"{row.unit} of '{row.name}'; it is counted in {_cost_unit(row.name)}",
         "give the cost in that unit"),
    Rule("unit_costs", "low_usd", any_of(above("low_usd", "usd"), above("usd", "high_usd")),
         "{row.usd} is not between {row.low_usd} and {row.high_usd}", "order the three"),
    Rule("minerals", "annual_output", _tonnes_against_load, _tonnes_and_load,
         "give tonnes, electricity_mwh_per_t and the load of the same site"),
    Rule("minerals", "load", lambda row, _: bool(row.site) and bool(row.load),
         "'{row.load}' beside site '{row.site}'", "give the site, or the load that it is part of"),
    Rule("minerals", "needs", _needs_itself, "'{row.name}' needs itself in the end", "leave one of them empty"),
    Rule("minerals", "needs_stock_h", lambda row, _: bool(row.needs) and row.needs_stock_h is None,
         "no stock of what '{row.needs}' makes", "give hours, 0 for none"),
    Rule("minerals", "usd_low_per_t", any_of(above("usd_low_per_t", "usd_per_t"), above("usd_per_t", "usd_high_per_t")),
         "{row.usd_per_t} is not between {row.usd_low_per_t} and {row.usd_high_per_t}", "order the three"),
    Rule("duty", "zone", lambda row, _: row.must_run_when == "load_above" and row.zone in ("", EXTERNAL),
         "'{row.zone}' for must_run_when load_above", "name a zone of network.yaml"),
    Rule("duty", "load_share", lambda row, _: row.must_run_when == "load_above" and row.load_share is None,
         "empty for must_run_when load_above", "give the share of the zone's load in the base state, such as 0.96"),
    Rule("duty", "zone", _zone_without_condition,
         "zone or load_share with must_run_when {row.must_run_when}",
         "leave both empty, or set must_run_when to load_above"),
    Rule("duty", "least_mw", _owes_nothing,
         "neither a least nor a greatest output", "give least_mw, least_share, greatest_mw or greatest_share"),
    Rule("duty", "least_share", together("least_mw", "least_share"),
         "given beside least_mw", "give one of the two"),
    Rule("duty", "greatest_share", together("greatest_mw", "greatest_share"),
         "given beside greatest_mw", "give one of the two"),
    Rule("duty", "least_mw", any_of(above("least_mw", "greatest_mw"), above("least_share", "greatest_share")),
         "the least output is above the greatest", "lower it"),
    Rule("coal_routes", "mttf_h", _not_as_its_corridor, "'{row.corridor}' fails otherwise in another of its rows",
         "give all rows of a corridor the same mttf_h and mttr_h"),
    *(Rule(table, "mttr_h", any_of(alone("mttf_h", "mttr_h"), alone("mttr_h", "mttf_h")),
           "mttf_h and mttr_h go together", "give both or none") for table in FAILING_TABLES),
)
# fmt: on
_RULED = {rule.table for rule in RULES}


def check_rows(tables: Mapping[str, RawTable]) -> list[Problem]:
    """Every row that breaks a rule, and tables that may not be empty."""
    look_up = LookUp(tables)
    problems = [
        table.problem(*found)
        for name, table in tables.items()
        if name in _RULED  # large tables that no rule looks at are not taken apart
        for found in broken_rules(RULES, name, table.rows, look_up)
    ]
    classes = tables["load_classes"]
    if not classes.rows and not classes.broken:
        problems.append(classes.problem(1, "", "no rows", "give at least one load class"))
    return problems


def check_machine_profiles(tables: Mapping[str, RawTable]) -> list[Problem]:
    """Profiles that machines follow and that exceed 1 somewhere: at the first such cell of each profile and table."""
    followed = {row.profile: row.name for _, row in reversed(tables["generators"].rows) if row.profile}
    problems = []
    for name in ("profiles", "hourly_profiles"):
        table = tables[name]
        if not len(table):
            continue
        (profiles, shape), value = table.coded("profile"), table.column("value")
        high = np.flatnonzero((value > 1.0) & np.array([name in followed for name in profiles])[shape])
        for at in high[np.unique(shape[high], return_index=True)[1]].tolist():
            profile = profiles[shape[at]]
            what = f"{value[at]} of '{profile}', which machine '{followed[profile]}' follows"
            mend = "give the share of p_max_mw, 0 to 1, or a profile of its own to the loads"
            problems.append(table.problem(table.number(at), "value", what, mend))
    return problems


def check_zones(meta: Mapping[str, Any], file: str) -> list[Problem]:
    """Zones of ``network.yaml`` and the reserve in each."""
    problems = []
    zones = list(meta["zones"])
    for zone in zones:
        if zone == EXTERNAL or zones.count(zone) > 1:
            value = f"'{zone}' is reserved" if zone == EXTERNAL else f"'{zone}' given twice"
            problems.append(Problem(file, 0, "zones", value, "give every zone of the network once"))
        if fault := name_fault(zone):
            problems.append(Problem(file, 0, "zones", *fault))
    for zone, value in meta["reserve_mw"].items():
        if zone not in zones:
            problems.append(Problem(file, 0, f"reserve_mw.{zone}", "no such zone", nearest(zone, zones)))
        if not 0 <= value <= BOUNDS["MW"][1]:
            what = f"{value} is not in [0, {BOUNDS['MW'][1]:g}]"
            problems.append(Problem(file, 0, f"reserve_mw.{zone}", what, "give it in MW"))
    return problems


def check_supply(system: GridSystem, tables: Mapping[str, RawTable]) -> list[Problem]:
    """Loads and gas customers that no source in service reaches."""
    found = _islands_without_source(system, tables["buses"])
    return found + _gas_without_source(system, tables["gas_demand"], tables["gas_to_power"])


def _islands_without_source(system: GridSystem, buses: RawTable) -> list[Problem]:
    """Islands of the intact base network that hold load but neither machine nor border."""
    island = islands(len(system.buses), system.branch_from, system.branch_to, system.branch_in_service)
    generators, borders, loads = system.generators, system.borders, system.loads
    supplied = set(island[generators.bus[generators.in_service & (generators.p_max_mw > 0)]].tolist())
    supplied |= set(island[borders.bus[borders.in_service]].tolist())
    with_load = set(island[loads.bus[loads.in_service & (loads.p_mw > 0)]].tolist())
    problems = []
    for number in sorted(with_load - supplied):
        members = np.flatnonzero(island == number)
        first = buses.rows[int(members[0])][0]
        names = ", ".join(system.buses.name[members[:4]].tolist()) + (", ..." if len(members) > 4 else "")
        problems.append(
            buses.problem(
                first,
                "name",
                f"island of {len(members)} buses ({names}) has load but no machine or border",
                "join it by a line in service, or give it a source",
            )
        )
    return problems


def _gas_without_source(system: GridSystem, demand: RawTable, links: RawTable) -> list[Problem]:
    """Customers at gas nodes that no pipeline in service joins to a source."""
    n_nodes, pipes = len(system.gas_nodes), system.gas_pipelines
    island = islands(n_nodes, pipes.from_node, pipes.to_node, pipes.in_service)
    fed = np.zeros(n_nodes, dtype=bool)
    fed[system.gas_supply.node[system.gas_supply.in_service]] = True
    fed[system.gas_storage.node[system.gas_storage.in_service]] = True
    fed_islands = set(island[fed].tolist())
    found = []
    for table, node, counts in (
        (demand, system.gas_demand.node, system.gas_demand.in_service),
        (links, system.gas_to_power.node, system.gas_to_power.on_network),
    ):
        for (number, row), at, here in zip(table.rows, node.tolist(), counts.tolist(), strict=True):
            if here and int(island[at]) not in fed_islands:
                mend = "join it to a source by a section in service, or set in_service (on_network) to false"
                found.append(table.problem(number, "node", f"no source of gas reaches '{row.node}'", mend))
    return found
