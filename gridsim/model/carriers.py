"""Gas, stocks and watched sites. Column meanings stand in ``io.schemas``, the table of attributes."""

from __future__ import annotations

from dataclasses import dataclass

from gridsim.model.table import B1, F8, I4, STR, Table


@dataclass(frozen=True)
class GasSettings:
    """The gas and the laws of its flow, one set per network (``gas`` of network.yaml; meanings in ``io.schemas``)."""

    friction: str = "nikuradse"
    roughness_mm: float = 0.03
    friction_factor: float = 0.01
    compressibility: str = "papay"
    z: float = 0.9
    p_critical_bar: float = 46.0
    t_critical_k: float = 195.0
    temperature_k: float = 281.15
    gas_constant: float = 473.5
    rho_kg_per_m3: float = 0.73
    viscosity_pa_s: float = 1.1e-5
    ch4_kg_per_m3: float = 0.621
    lhv_mj_per_m3: float = 33.9
    isentropic_exponent: float = 1.3
    compressor_efficiency: float = 0.8
    driver_efficiency: float = 0.3
    p_min_bar: float = 12.0
    p_min_share: float = 0.25
    alarm_share: float = 1.25
    discharge_share: float = 0.97
    suction_share: float = 0.35
    full_share: float = 0.75
    transit_kept_share: float = 0.7
    cell_km: float = 50.0
    valve_spacing_km: float = 30.0
    isolation_h: float = 1.0


@dataclass(frozen=True, eq=False)
class GasNodes(Table):
    name: STR
    title: STR
    kind: STR
    zone: I4
    oblast: STR
    lat: F8
    lon: F8
    p_min_bar: F8


@dataclass(frozen=True, eq=False)
class GasPipelines(Table):
    """``from_node``, ``to_node``: positions of gas nodes."""

    name: STR
    title: STR
    system: STR
    from_node: I4
    to_node: I4
    length_km: F8
    inner_diameter_mm: F8
    parallel: I4
    pn_bar: F8
    capacity_mcm_per_d: F8
    bidirectional: B1
    linepack_mcm: F8
    usable_linepack_mcm: F8
    linepack_shared: B1
    in_service: B1
    mttf_h: F8
    mttr_h: F8
    fails_from_month: I4
    fails_to_month: I4


@dataclass(frozen=True, eq=False)
class GasSupply(Table):
    name: STR
    title: STR
    node: I4
    kind: STR
    winter_mcm_per_d: F8
    summer_mcm_per_d: F8
    max_mcm_per_d: F8
    min_mcm_per_d: F8
    in_service: B1
    mttf_h: F8
    mttr_h: F8
    fails_from_month: I4
    fails_to_month: I4


@dataclass(frozen=True, eq=False)
class GasDemand(Table):
    name: STR
    node: I4
    gas_class: STR
    winter_mcm_per_d: F8
    summer_mcm_per_d: F8
    cold_day_mcm_per_d: F8
    in_service: B1


@dataclass(frozen=True, eq=False)
class GasStorage(Table):
    name: STR
    title: STR
    node: I4
    working_volume_mcm: F8
    max_withdrawal_mcm_per_d: F8
    max_injection_mcm_per_d: F8
    planned_withdrawal_mcm_per_d: F8
    fill_share: F8
    inventory_exponent: F8
    in_service: B1


@dataclass(frozen=True, eq=False)
class GasToPower(Table):
    """``plant`` as in Generators.plant."""

    plant: STR
    node: I4
    gas_share: F8
    gas_m3_per_mwh: F8
    on_network: B1
    backup_fuel: STR
    backup_capacity_share: F8
    backup_stock_days: F8
    backup_switch_h: F8
    backup_cost_per_mwh: F8
    backup_co2_t_per_mwh: F8


@dataclass(frozen=True, eq=False)
class CompressorStations(Table):
    name: STR
    title: STR
    node: I4
    system: STR
    installed_mw: F8
    units: I4
    spare_units: I4
    pressure_ratio: F8
    driver: STR
    bus: I4
    in_service: B1
    mttf_h: F8
    mttr_h: F8
    fails_from_month: I4
    fails_to_month: I4


@dataclass(frozen=True, eq=False)
class PowerToGas(Table):
    name: STR
    bus: I4
    node: I4
    p_mw: F8
    restart_h: F8
    mttf_h: F8
    mttr_h: F8
    fails_from_month: I4
    fails_to_month: I4


@dataclass(frozen=True, eq=False)
class FuelStocks(Table):
    name: STR
    plant: STR
    fuel: STR
    capacity_days: F8
    stock_days: F8
    delivery_share: F8
    origin: STR
    rail_km: F8


@dataclass(frozen=True, eq=False)
class CoalRoutes(Table):
    """``yard``: position among the fuel stocks."""

    name: STR
    yard: I4
    mine: STR
    corridor: STR
    hours_to_yard: F8
    cycle_h: F8
    priority: I4
    gj_per_t: F8
    mttf_h: F8
    mttr_h: F8


@dataclass(frozen=True, eq=False)
class Heat(Table):
    """Cities that are heated. ``bus``, ``gas_node``: positions, -1 for no gas; ``plants``: names with ; between."""

    name: STR
    title: STR
    bus: I4
    gas_node: I4
    people: I4
    district_share: F8
    gas_share: F8
    plants: STR
    chp_gcal_h: F8
    power_to_heat: F8
    boilers_gcal_h: F8
    peak_gcal_h: F8
    design_c: F8
    network_h: F8
    tau_low_h: F8
    tau_h: F8
    tau_high_h: F8
    freeze_c: F8
    freeze_h: F8
    frozen_share: F8
    freeze_repair_h: F8
    heater_kw_per_person: F8
    heater_delay_h: F8
    feeder_share: F8


@dataclass(frozen=True, eq=False)
class Auxiliaries(Table):
    """``plant`` as in Generators.plant; ``bus``: position of the bus that feeds it."""

    plant: STR
    bus: I4
    holds_h: F8
    hot_h: F8
    warm_h: F8
    restart_hot_h: F8
    restart_warm_h: F8
    restart_cold_h: F8
    step_h: F8


@dataclass(frozen=True, eq=False)
class RepairCrews(Table):
    name: STR
    title: STR
    trade: STR
    lat: F8
    lon: F8
    crews: I4
    assembly_h: F8
    speed_km_per_h: F8
    cold_from_c: F8
    slower_per_k: F8
    stop_below_c: F8


@dataclass(frozen=True, eq=False)
class Reservoirs(Table):
    """``river``, ``flows_into``: positions among rivers and reservoirs, or -1."""

    name: STR
    plant: STR
    volume_mcm: F8
    mcm_per_mwh: F8
    fill_share: F8
    river: I4
    inflow_share: F8
    flows_into: I4
    hourly_least_share: F8


@dataclass(frozen=True, eq=False)
class ReservoirReleases(Table):
    """``reservoir``: position among the reservoirs; one row per reservoir and month, or none of a reservoir."""

    reservoir: I4
    month: I4
    least_m3_s: F8
    greatest_m3_s: F8


@dataclass(frozen=True, eq=False)
class Minerals(Table):
    name: STR
    title: STR
    mineral: STR
    site: STR
    load: I4
    process: I4
    annual_output: F8
    output_unit: STR
    electricity_mwh_per_t: F8
    world_share_percent: F8
    usd_per_t: F8
    usd_low_per_t: F8
    usd_high_per_t: F8
    needs: I4
    needs_stock_h: F8
    needs_share: F8
    lat: F8
    lon: F8
    confidence: STR


@dataclass(frozen=True, eq=False)
class MineralProcesses(Table):
    name: STR
    title: STR
    survives_h: F8
    stop_share: F8
    dead_h: F8
    ramp_h: F8
    damage_usd_per_t: F8


@dataclass(frozen=True, eq=False)
class NuclearSites(Table):
    name: STR
    title: STR
    kind: STR
    status: STR
    bus: I4
    p_mw: F8
    offsite_circuits: I4
    backup_h: F8
    vm_min_pu: F8
    f_min_hz: F8


@dataclass(frozen=True, eq=False)
class OffsiteLosses(Table):
    name: STR
    per_year: F8
    mu_ln_h: F8
    sigma_ln_h: F8


@dataclass(frozen=True, eq=False)
class EmissionFactors(Table):
    name: STR
    subject: STR
    value: F8
    low: F8
    high: F8
    unit: STR
    confidence: STR
    source: STR


@dataclass(frozen=True, eq=False)
class MethaneSources(Table):
    name: STR
    title: STR
    kind: STR
    mineral: I4
    annual_t: F8
    gas_node: I4
    flare_h: F8
    value: F8
    low: F8
    high: F8
    confidence: STR
    source: STR


@dataclass(frozen=True, eq=False)
class StormTracks(Table):
    name: STR
    lat_1: F8
    lon_1: F8
    lat_2: F8
    lon_2: F8
    width_km: F8
    hours: F8
    repair_h: F8
    kind: STR
    per_year: F8
    from_month: I4
    to_month: I4


@dataclass(frozen=True, eq=False)
class Cooling(Table):
    name: STR
    title: STR
    plants: STR
    full_flow_share: F8
    least_flow_share: F8
    bus: I4
    holds_h: F8
    restart_h: F8
    mttf_h: F8
    mttr_h: F8


@dataclass(frozen=True, eq=False)
class WaterSupply(Table):
    name: STR
    title: STR
    m3_per_d: F8
    bus: I4
    plant: STR
    steam_mw: F8
    steam_share: F8
    tank_h: F8
    people: F8


@dataclass(frozen=True, eq=False)
class UnitCosts(Table):
    name: STR
    usd: F8
    low_usd: F8
    high_usd: F8


@dataclass(frozen=True, eq=False)
class InventoryTargets(Table):
    name: STR
    title: STR
    low_mt: F8
    high_mt: F8
    source: STR


@dataclass(frozen=True, eq=False)
class Sources(Table):
    key: STR
    title: STR
    url: STR
    licence: STR
    attribution: STR
