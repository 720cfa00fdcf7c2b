"""Rules of a network folder that need two cells of a row, two tables, or the whole network.

A new rule of the first two kinds is a row of ``RULES``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gridsim.errors import Problem, nearest
from gridsim.io.raw_table import RawTable
from gridsim.io.schemas.bounds import BOUNDS
from gridsim.io.texts import name_fault
from gridsim.kernels.flows import islands
from gridsim.model.maintenance import HEAT_LED_WEEKS
from gridsim.model.power import FIRST_MINUTES_ACTIONS, FIRST_MINUTES_QUANTITIES
from gridsim.model.rules import Rule, above, alone, any_of, broken_rules, not_below, same, together
from gridsim.model.system import EXTERNAL, GridSystem


class LookUp:
    """Facts that rules need from other tables than their own: ``vn_kv`` by bus, the buses and the sites with a load,
    weeks by class of repairs.
    """

    def __init__(self, tables: Mapping[str, RawTable]):
        self.vn_kv: dict[str, float] = {row.name: row.vn_kv for _, row in tables["buses"].rows}
        self.class_weeks: dict[str, float] = {row.name: row.weeks for _, row in tables["maintenance_classes"].rows}
        self.loaded_buses: set[str] = {row.bus for _, row in tables["loads"].rows}
        self.loaded_sites: set[str] = {row.site for _, row in tables["loads"].rows if row.site}
        reservoirs = [row for _, row in tables["reservoirs"].rows]
        self.flows_into: dict[str, str] = {row.name: row.flows_into for row in reservoirs}
        self.plant_of: dict[str, str] = {row.name: row.plant for row in reservoirs}
        self.automation: list[Any] = [row for _, row in tables["automation"].rows]
        self.machines: set[str] = {row.name for _, row in tables["generators"].rows}
        self.interfaces: set[str] = {row.interface for _, row in tables["interfaces"].rows}
        zones = {row.zone for _, row in tables["buses"].rows}
        self.areas: set[str] = zones | set(self.vn_kv) | {row.name for _, row in tables["borders"].rows}
        self.releases: dict[str, list[Any]] = {}
        for _, row in tables["reservoir_releases"].rows:
            self.releases.setdefault(row.reservoir, []).append(row)


def _of_first_minutes(rule: Any) -> bool:
    return rule.quantity in FIRST_MINUTES_QUANTITIES and rule.action in FIRST_MINUTES_ACTIONS


def _names(cell: str) -> list[str]:
    return [name.strip() for name in cell.split(";") if name.strip()]


def _unknown_targets(rule: Any, look_up: LookUp) -> list[str]:
    if not _of_first_minutes(rule):
        return []
    known = look_up.areas if rule.quantity == "frequency_hz" else look_up.interfaces
    return [name for name in _names(rule.target) if name not in known] or (
        ["''"] if rule.quantity == "interface_mw" and not _names(rule.target) else []
    )


def _unknown_places(rule: Any, look_up: LookUp) -> list[str]:
    if not _of_first_minutes(rule):
        return []
    by_action = {
        "trip machines": look_up.machines | {"steam", "hydro", "gas", "nuclear"},
        "open interfaces": look_up.interfaces,
        "block rule": {other.name for other in look_up.automation},
    }
    return [name for name in _names(rule.place) if name not in by_action.get(rule.action, look_up.areas)]


def _needs_a_place(rule: Any, look_up: LookUp) -> bool:
    where = rule.action in ("open interfaces", "block rule") or rule.quantity == "interface_mw"
    return _of_first_minutes(rule) and where and not _names(rule.place)


def _does_nothing(rule: Any, look_up: LookUp) -> bool:
    measured = rule.action in ("shed load", "return load", "trip machines", "start hydro")
    by_name = rule.action == "trip machines" and set(_names(rule.place)) & look_up.machines
    return _of_first_minutes(rule) and measured and not by_name and rule.share is None and rule.amount_mw is None


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


FAILING_TABLES = (
    "lines", "transformers", "generators", "storages", "gas_pipelines", "gas_supply", "compressor_stations",
    "power_to_gas",
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
         lambda row, look_up: f"'{_unknown_targets(row, look_up)[0]}' is nothing that {row.quantity} is watched of",
         "name sections for interface_mw, and neighbours, zones or buses for frequency_hz, with ; between them"),
    Rule("automation", "place", lambda row, look_up: bool(_unknown_places(row, look_up)),
         lambda row, look_up: f"'{_unknown_places(row, look_up)[0]}' is nothing to {row.action}",
         "name areas for load, machines or technologies to trip, sections to open, rules to block"),
    Rule("automation", "place", _needs_a_place, "empty: a rule of {row.quantity} must say where to {row.action}",
         "name areas, sections or rules, with ; between them"),
    Rule("automation", "share", _does_nothing, "neither share nor amount_mw", "give one of the two"),
    Rule("automation", "amount_mw", together("share", "amount_mw"), "{row.amount_mw} beside share {row.share}",
         "give one of the two"),
    Rule("automation", "after", _waits_for_none_above, "'{row.after}' is no rule of a row above",
         "order the rows so that a rule stands below the one it waits for"),
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
