"""The electric network, pandapower's names and units. Column meanings: ``io.schemas``, the table of attributes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gridsim.model.fuel import GAS_FAMILY, NO_CO2, fuels
from gridsim.model.table import B1, F8, I4, STR, Table


@dataclass(frozen=True, eq=False)
class Buses(Table):
    """``zone``: position in GridSystem.zones, -1 abroad (external); ``weather_site``: position or -1."""

    name: STR
    title: STR
    zone: I4
    oblast: STR
    country: STR
    kind: STR
    vn_kv: F8
    vm_min_pu: F8
    vm_max_pu: F8
    vm_act_min_pu: F8
    vm_act_max_pu: F8
    lat: F8
    lon: F8
    weather_site: I4


@dataclass(frozen=True, eq=False)
class Lines(Table):
    """``from_bus``, ``to_bus``: bus positions; ratings per circuit, NaN: unlimited."""

    name: STR
    from_bus: I4
    to_bus: I4
    length_km: F8
    r_ohm_per_km: F8
    x_ohm_per_km: F8
    c_nf_per_km: F8
    max_i_ka: F8
    max_i_emergency_ka: F8
    rating_curve: I4
    parallel: I4
    in_service: B1
    mttf_h: F8
    mttr_h: F8


@dataclass(frozen=True, eq=False)
class Transformers(Table):
    """``hv_bus``, ``lv_bus``: bus positions."""

    name: STR
    hv_bus: I4
    lv_bus: I4
    sn_mva: F8
    vn_hv_kv: F8
    vn_lv_kv: F8
    vk_percent: F8
    vkr_percent: F8
    pfe_kw: F8
    i0_percent: F8
    tap_side: STR
    tap_min: I4
    tap_max: I4
    tap_neutral: I4
    tap_pos: I4
    tap_step_percent: F8
    shift_degree: F8
    tap_controlled: B1
    least_time_h: F8
    max_loading_percent: F8
    max_loading_emergency_percent: F8
    parallel: I4
    in_service: B1
    mttf_h: F8
    mttr_h: F8


@dataclass(frozen=True, eq=False)
class Shunts(Table):
    """``q_mvar`` inductive positive, ``p_mw`` lost; ``line``: position of the line it is switched with, or -1.

    The operator moves what is ``switchable``: in ``steps`` equal parts, or ``controlled`` continuously.
    """

    name: STR
    bus: I4
    q_mvar: F8
    p_mw: F8
    line: I4
    in_service: B1
    switchable: B1
    steps: I4
    controlled: B1
    min_share: F8
    least_time_h: F8


@dataclass(frozen=True, eq=False)
class MaintenanceClasses(Table):
    """Planned repairs of a kind of machine, and the share of them that is not finished in time."""

    name: STR
    weeks: F8
    overrun_share: F8
    overrun_min_weeks: F8
    overrun_max_weeks: F8


@dataclass(frozen=True, eq=False)
class Generators(Table):
    """One row per machine. ``profile``, ``heat_curve``, ``maintenance_class``: positions in their tables, or -1.

    ``co2_t_per_mwh`` NaN: not given; :attr:`co2_rate_t_per_mwh` says what follows from the fuel.
    """

    name: STR
    plant: STR
    title: STR
    bus: I4
    fuel: STR
    technology: STR
    installed_mw: F8
    p_max_mw: F8
    p_min_mw: F8
    ramp_mw_per_min: F8
    start_h: F8
    mttf_h: F8
    mttr_h: F8
    outage_curve: I4
    cost_per_mwh: F8
    sn_mva: F8
    inertia_h_s: F8
    droop_pu: F8
    q_min_mvar: F8
    q_max_mvar: F8
    vm_pu: F8
    heat_led: B1
    heat_curve: I4
    must_run: B1
    profile: I4
    heat_rate_gj_per_mwh: F8
    co2_t_per_mwh: F8
    maintenance_weeks: F8
    maintenance_class: I4
    in_service: B1

    def burning(self, names: Iterable[str]) -> B1:
        """(n_gens,) True where the fuel is one of ``names``."""
        return np.isin(self.fuel, list(names))

    def driven_by(self, technology: str) -> B1:
        """(n_gens,) True where the weather of renewable sites of ``technology`` (wind, solar) gives the output."""
        return self.burning(fuel.fuel for fuel in fuels().values() if fuel.variable == technology)

    @cached_property
    def variable(self) -> B1:
        """(n_gens,) True where the weather gives the output: wind and sun."""
        return self.burning(fuel.fuel for fuel in fuels().values() if fuel.variable)

    @cached_property
    def always_committed(self) -> B1:
        """(n_gens,) True where the fuel needs no start-up."""
        return self.burning(fuel.fuel for fuel in fuels().values() if fuel.always_committed)

    @cached_property
    def gas_fired(self) -> B1:
        """(n_gens,) True where the fuel comes through the gas network."""
        return self.burning(fuel.fuel for fuel in fuels().values() if fuel.family == GAS_FAMILY)

    @cached_property
    def co2_rate_t_per_mwh(self) -> F8:
        """(n_gens,) CO2 at the stack: ``co2_t_per_mwh``; where that is NaN, 0 for a fuel without CO2 of its own."""
        none = self.burning(fuel.fuel for fuel in fuels().values() if fuel.co2_factor == NO_CO2)
        return np.where(np.isnan(self.co2_t_per_mwh) & (none | ~self.in_service), 0.0, self.co2_t_per_mwh)


@dataclass(frozen=True, eq=False)
class CostBlocks(Table):
    """Variable costs that rise with the output: blocks of a machine from 0 MW upwards, ``p_mw`` the width of each."""

    generator: I4
    p_mw: F8
    cost_per_mwh: F8


@dataclass(frozen=True, eq=False)
class Duties(Table):
    """Output that a plant owes, or may not exceed, while a condition holds. ``zone``: position among the zones, or -1.

    Of ``least_mw`` and ``least_share`` (of the plant's p_max) at most one is a number, and so of the greatest.
    """

    name: STR
    plant: STR
    must_run_when: STR
    zone: I4
    load_share: F8
    below_c: F8
    from_month: I4
    to_month: I4
    least_mw: F8
    least_share: F8
    greatest_mw: F8
    greatest_share: F8


@dataclass(frozen=True, eq=False)
class Storages(Table):
    name: STR
    bus: I4
    p_charge_mw: F8
    p_discharge_mw: F8
    energy_mwh: F8
    efficiency_charge: F8
    efficiency_discharge: F8
    energy_start_share: F8
    mttf_h: F8
    mttr_h: F8
    in_service: B1


@dataclass(frozen=True, eq=False)
class Loads(Table):
    """``shed_order`` -1: that of the class; ``load_class``, ``profile``: positions (profile -1: flat)."""

    name: STR
    bus: I4
    p_mw: F8
    power_factor: F8
    load_class: I4
    shed_order: I4
    kind: STR
    site: STR
    profile: I4
    heating_share_per_k: F8
    in_service: B1


@dataclass(frozen=True, eq=False)
class LoadClasses(Table):
    """``protected_class``: position of the class that holds the unsheddable share, -1: the dearest.

    ``people``: households and services, in short those whose cut people feel.
    """

    name: STR
    title: STR
    shed_order: I4
    voll_usd_per_kwh: F8
    sheddable_share: F8
    protected_class: I4
    price_responsive: B1
    price_per_mwh: F8
    max_outage_h: F8
    people: B1


@dataclass(frozen=True, eq=False)
class Interfaces(Table):
    """Named sections."""

    name: STR
    title: STR


@dataclass(frozen=True, eq=False)
class InterfaceMembers(Table):
    """``branch``: position among branches (lines first, then transformers)."""

    interface: I4
    branch: I4
    sign: F8


@dataclass(frozen=True, eq=False)
class InterfaceLimits(Table):
    interface: I4
    direction: STR
    lines_out: I4
    season: STR
    normal_mw: F8
    emergency_mw: F8
    valid_from: I4


@dataclass(frozen=True, eq=False)
class Borders(Table):
    name: STR
    bus: I4
    country: STR
    contract_import_mw: F8
    limit_import_mw: F8
    price_per_mwh: F8
    balancing_mw: F8
    vm_pu: F8
    co2_t_per_mwh: F8
    in_service: B1


@dataclass(frozen=True, eq=False)
class BorderSupport(Table):
    border: I4
    extra_min_mw: F8
    extra_median_mw: F8
    extra_max_mw: F8
    spell_h: F8
    common_cold_c: F8
    cut_probability: F8
    cut_share: F8


@dataclass(frozen=True, eq=False)
class WeatherSites(Table):
    name: STR
    title: STR
    lat: F8
    lon: F8


#: Quantity and action of an automation rule that is an overload relay.
OVERLOAD_RELAY = ("line_loading_percent", "trip the element")
#: Quantities and actions of the rules of the first minutes.
FIRST_MINUTES_QUANTITIES = ("frequency_hz", "interface_mw", "lines_out")
FIRST_MINUTES_ACTIONS = (
    "shed load",
    "return load",
    "trip machines",
    "open interfaces",
    "start hydro",
    "block rule",
)
#: Rules of voltages: their quantity, and what they do, the first two below their setting, the others above it.
VOLTAGE_QUANTITY = "vm_pu"
VOLTAGE_ACTIONS = (
    "shed load",
    "switch reactors off and capacitors on",
    "switch reactors on and capacitors off",
    "open unloaded line",
)


@dataclass(frozen=True, eq=False)
class Automation(Table):
    """``target``, ``place``: names with ; between them; ``share`` or ``amount_mw`` NaN: the other one holds."""

    name: STR
    quantity: STR
    target: STR
    setting: F8
    delay_s: F8
    action: STR
    place: STR
    share: F8
    amount_mw: F8
    armed_share: F8
    after: STR
    repeats: B1


@dataclass(frozen=True, eq=False)
class NeighbourSystems(Table):
    """``headroom_mw`` NaN: no limit."""

    border: I4
    load_mw: F8
    inertia_gws: F8
    governor_mw_per_hz: F8
    headroom_mw: F8
    governor: STR
    armed_share: F8


@dataclass(frozen=True, eq=False)
class StabilityLimits(Table):
    interface: I4
    margin: F8
