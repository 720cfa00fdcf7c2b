"""Tables of gas, stocks, and the sites whose supply is watched; pandapipes' names where it has them."""

from __future__ import annotations

from typing import Literal

from gridsim.io.schemas.column import Effect, Row, SourcedRow, column
from gridsim.io.schemas.names import BackupFuelName, YardFuelName


class GasKeys(Row):
    """The gas and the laws of its flow."""

    friction: Literal["weymouth", "nikuradse", "factor"] = column("Friction law", "nikuradse")
    roughness_mm: float = column("Wall roughness (nikuradse)", 0.03, unit="mm", ge=1e-4, le=5)
    friction_factor: float = column("Darcy friction factor (factor)", 0.01, gt=0, le=0.1)
    compressibility: Literal["constant", "papay"] = column("Law of the compressibility", "papay")
    z: float = column("Compressibility (constant)", 0.9, gt=0.2, le=1.2)
    p_critical_bar: float = column("Pseudo-critical pressure (papay)", 46.0, unit="bar", gt=0, le=400)
    t_critical_k: float = column("Pseudo-critical temperature (papay)", 195.0, unit="K", gt=0, le=700)
    temperature_k: float = column("Temperature of the gas in the pipe", 281.15, unit="K", gt=200, le=350)
    gas_constant: float = column("Specific gas constant", 473.5, unit="J/(kg K)", gt=0, le=5_000)
    rho_kg_per_m3: float = column("Density at 20 C and 1.01325 bar", 0.73, unit="kg/m3", gt=0, le=10)
    viscosity_pa_s: float = column("Dynamic viscosity", 1.1e-5, unit="Pa s", ge=0, le=1e-3)
    ch4_kg_per_m3: float = column("Methane in a cubic metre of gas", 0.621, unit="kg/m3", ge=0, le=10)
    lhv_mj_per_m3: float = column("Lower heating value", 33.9, unit="MJ/m3", gt=0, le=200)
    isentropic_exponent: float = column("Isentropic exponent of compression", 1.3, gt=1, le=2)
    compressor_efficiency: float = column("Adiabatic efficiency of compressors", 0.8, gt=0, le=1)
    driver_efficiency: float = column("Efficiency of the gas turbines that drive them", 0.3, gt=0, le=1)
    p_min_bar: float = column(
        "Lowest delivery pressure of nodes without one: inlet of a standard gas station", 12.0, unit="bar", gt=0
    )
    p_min_share: float = column("The same, at most this share of the weakest adjoining pn_bar", 0.25, gt=0, lt=1)
    alarm_share: float = column(
        "Pressure down to which the dispatcher draws linepack, over the lowest delivery pressure", 1.25, ge=1, le=3
    )
    discharge_share: float = column("Discharge that stations hold, share of pn_bar", 0.97, gt=0, le=1)
    suction_share: float = column(
        "Suction below which a station loses its ratio, share of pn_bar; none is left at nine tenths of it",
        0.35,
        ge=0,
        lt=1,
    )
    full_share: float = column("Mean pressure of a section, share of pn_bar, to which it is refilled", 0.75, gt=0, le=1)
    transit_kept_share: float = column(
        "Share of its nomination that transit keeps until heat and homes are touched; the rest is cut first",
        0.7, ge=0, le=1,
    )  # fmt: skip
    cell_km: float = column("Longest segment of the numerical grid", 50.0, unit="km", ge=1, le=100)
    valve_spacing_km: float = column("Distance between line valves", 30.0, unit="km", ge=0.1, le=1_000)
    isolation_h: float = column("Time until the valves beside a rupture are closed", 1.0, unit="h", ge=0, le=24)


class GasNodeRow(SourcedRow):
    """A point of the gas network."""

    name: str = column("Unique name")
    title: str = column("Name for people", "", effect=Effect.LABEL)
    kind: Literal["field", "processing_plant", "compressor", "junction", "storage", "border", "city_gate"] = column(
        "What stands here"
    )
    zone: str = column("Electric zone, 'external' abroad", ref="zones", effect=Effect.LABEL)
    oblast: str = column("Administrative region", "", effect=Effect.LABEL)
    lat: float | None = column("Latitude", None, unit="degree", ge=-90, le=90)
    lon: float | None = column("Longitude", None, unit="degree", ge=-180, le=180)
    p_min_bar: float | None = column("Lowest delivery pressure; empty: the model's default", None, unit="bar", gt=0)


class GasPipelineRow(SourcedRow):
    """A section between two nodes; its strings share ``capacity_mcm_per_d``."""

    name: str = column("Unique name")
    title: str = column("Name for people", "", effect=Effect.LABEL)
    system: str = column("Pipeline system", "")
    from_node: str = column("Node at the start", ref="gas_nodes")
    to_node: str = column("Node at the end", ref="gas_nodes")
    length_km: float = column("Length", unit="km", ge=0.01, le=5_000)
    inner_diameter_mm: float = column("Inner diameter of one string", unit="mm", gt=0)
    parallel: int = column("Strings", 1, ge=1, le=100)
    pn_bar: float = column("Design pressure", unit="bar", gt=0)
    capacity_mcm_per_d: float = column("Capacity of all strings", unit="mcm/d", ge=0)
    bidirectional: bool = column("May flow from to_node to from_node", False)
    linepack_mcm: float = column("Gas in the pipe at design state", 0.0, unit="mcm", ge=0, effect=Effect.NONE)
    usable_linepack_mcm: float = column("Part that can be drawn before deliveries fall", 0.0, unit="mcm", ge=0)
    linepack_shared: bool = column("False: a transit operator's own, not drawn for anybody else", True)
    in_service: bool = column("False for planned, idle or unfinished sections", True)
    mttf_h: float | None = column("Mean time to failure; empty: never fails", None, unit="h", gt=0, le=1e10)
    mttr_h: float | None = column("Mean time to repair", None, unit="h", gt=0)
    fails_from_month: int = column(
        "First month in which it fails; mttf_h counts the hours of its months", 1, ge=1, le=12
    )
    fails_to_month: int = column(
        "Last month in which it fails; before fails_from_month: over New Year", 12, ge=1, le=12
    )


class GasSupplyRow(SourcedRow):
    """Gas entering: production, imports, transit."""

    name: str = column("Unique name")
    title: str = column("Name for people", "", effect=Effect.LABEL)
    node: str = column("Node", ref="gas_nodes")
    kind: Literal["production", "associated", "import", "transit_in"] = column(
        "Origin; associated: comes with the oil of its field, never more than a normal day's"
    )
    winter_mcm_per_d: float = column("Normal winter day", unit="mcm/d", ge=0)
    summer_mcm_per_d: float = column("Normal summer day", unit="mcm/d", ge=0)
    max_mcm_per_d: float = column("Largest", unit="mcm/d", ge=0)
    min_mcm_per_d: float = column("Smallest in operation", 0.0, unit="mcm/d", ge=0, effect=Effect.NONE)
    in_service: bool = column("False if not in the base state", True)
    mttf_h: float | None = column("Mean time to failure; empty: never fails", None, unit="h", gt=0, le=1e10)
    mttr_h: float | None = column("Mean time to repair", None, unit="h", gt=0)
    fails_from_month: int = column(
        "First month in which it fails; mttf_h counts the hours of its months", 1, ge=1, le=12
    )
    fails_to_month: int = column(
        "Last month in which it fails; before fails_from_month: over New Year", 12, ge=1, le=12
    )


class GasDemandRow(SourcedRow):
    """Gas taken at a node by one class of customers; power plants are in gas_to_power.csv."""

    name: str = column("Unique name")
    node: str = column("Node", ref="gas_nodes")
    gas_class: Literal["households", "services", "heating", "industry", "power", "own_use", "transit", "export"] = (
        column("Class in the order of cuts (docs/gas.md): export is cut first, households last")
    )
    winter_mcm_per_d: float = column("Normal winter day", unit="mcm/d", ge=0)
    summer_mcm_per_d: float = column("Normal summer day", unit="mcm/d", ge=0)
    cold_day_mcm_per_d: float | None = column("Design cold day; empty: as winter", None, unit="mcm/d", ge=0)
    in_service: bool = column("False if not in the base state", True)


class GasStorageRow(SourcedRow):
    """Underground storage."""

    name: str = column("Unique name")
    title: str = column("Name for people", "", effect=Effect.LABEL)
    node: str = column("Node", ref="gas_nodes")
    working_volume_mcm: float = column("Working gas when full", unit="mcm", gt=0)
    max_withdrawal_mcm_per_d: float = column("Largest withdrawal", unit="mcm/d", ge=0)
    max_injection_mcm_per_d: float = column("Largest injection", unit="mcm/d", ge=0, effect=Effect.NONE)
    planned_withdrawal_mcm_per_d: float = column("Normal winter withdrawal", 0.0, unit="mcm/d", ge=0)
    fill_share: float = column("Filling at the start of the horizon", 0.7, ge=0, le=1)
    inventory_exponent: float = column(
        "Largest withdrawal falls with this power of the filling; 0: it does not, 0.5: with the root", 0.0, ge=0, le=2
    )
    in_service: bool = column("False if not in the base state", True)


class GasToPowerRow(SourcedRow):
    """Gas supply of a plant, and its backup fuel."""

    plant: str = column("Plant (column plant of generators.csv)", ref="plants")
    node: str = column("Gas node", ref="gas_nodes")
    gas_share: float = column("Share of the fuel that is gas in normal operation", 1.0, ge=0, le=1, effect=Effect.NONE)
    gas_m3_per_mwh: float = column("Gas per MWh, net", unit="m3/MWh", gt=0)
    on_network: bool = column("False: field gas beside the plant, not cut by pipelines", True)
    backup_fuel: BackupFuelName = column("Fuel it can switch to", "none")
    backup_capacity_share: float = column("Share of p_max on the backup fuel", 0.0, ge=0, le=1)
    backup_stock_days: float = column("Stock at the start, days at backup capacity", 0.0, unit="d", ge=0)
    backup_switch_h: float = column("Time to switch", 6.0, unit="h", ge=0)
    backup_cost_per_mwh: float = column("Variable cost on the backup fuel", 0.0, unit="USD/MWh", ge=0)
    backup_co2_t_per_mwh: float | None = column(
        "CO2 on the backup fuel; empty: unknown", None, unit="t/MWh", ge=0, le=3
    )


class CompressorStationRow(SourcedRow):
    """A compressor station."""

    name: str = column("Unique name")
    title: str = column("Name for people", "", effect=Effect.LABEL)
    node: str = column("Gas node", ref="gas_nodes")
    system: str = column("Pipeline system", "")
    installed_mw: float = column("Shaft power", unit="MW", ge=0)
    units: int = column("Machines", 1, ge=1, le=1_000)
    spare_units: int = column("Of these in reserve", 0, ge=0, le=1_000)
    pressure_ratio: float = column("Largest ratio", gt=1, le=3)
    driver: Literal["gas_turbine", "electric"] = column("Driver", "gas_turbine")
    bus: str = column("Bus that feeds an electric station or its auxiliaries", "", ref="buses")
    in_service: bool = column("False if not in the base state", True)
    mttf_h: float | None = column("Mean time to failure; empty: never fails", None, unit="h", gt=0, le=1e10)
    mttr_h: float | None = column("Mean time to repair", None, unit="h", gt=0)
    fails_from_month: int = column(
        "First month in which it fails; mttf_h counts the hours of its months", 1, ge=1, le=12
    )
    fails_to_month: int = column(
        "Last month in which it fails; before fails_from_month: over New Year", 12, ge=1, le=12
    )


class PowerToGasRow(SourcedRow):
    """A gas facility that stops when its bus loses supply, or fails by itself."""

    name: str = column("Unique name")
    bus: str = column("Bus that feeds it", ref="buses")
    node: str = column("Gas node that stops", ref="gas_nodes")
    p_mw: float = column("Power it needs", unit="MW", ge=0, effect=Effect.NONE)
    restart_h: float = column("Time to restart after supply returns", 0.0, unit="h", ge=0)
    mttf_h: float | None = column("Mean time to failure of its own; empty: never fails", None, unit="h", gt=0, le=1e10)
    mttr_h: float | None = column("Mean time to repair", None, unit="h", gt=0)
    fails_from_month: int = column(
        "First month in which it fails; mttf_h counts the hours of its months", 1, ge=1, le=12
    )
    fails_to_month: int = column(
        "Last month in which it fails; before fails_from_month: over New Year", 12, ge=1, le=12
    )


class FuelStockRow(SourcedRow):
    """Solid or liquid fuel yard of a plant."""

    name: str = column("Unique name")
    plant: str = column("Plant (column plant of generators.csv)", ref="plants")
    fuel: YardFuelName = column("Fuel")
    capacity_days: float = column("Yard when full, days at full output", unit="d", gt=0)
    stock_days: float = column("Stock at the start, days at full output", unit="d", ge=0)
    delivery_share: float = column("Deliveries as a share of full-output burn", 1.0, ge=0, le=5)
    origin: str = column("Mine or refinery", "", effect=Effect.LABEL)
    rail_km: float | None = column("Distance by rail", None, unit="km", ge=0, effect=Effect.NONE)


class CoalRouteRow(SourcedRow):
    """One corridor on the way from a mine to a yard; a yard has a row for each corridor that its trains use."""

    name: str = column("Unique name")
    yard: str = column("Yard", ref="fuel_stocks")
    mine: str = column("Mine that loads", effect=Effect.LABEL)
    corridor: str = column("Railway or conveyor; an event names it and hits every row of it")
    hours_to_yard: float = column(
        "What is past a fault of the corridor still comes for so long", unit="h", ge=0, le=1_000
    )
    cycle_h: float | None = column(
        "Time of a wagon for a round trip", None, unit="h", gt=0, le=2_000, effect=Effect.NONE
    )
    priority: int = column("Served first where the corridor carries less: 1 before 2", 1, ge=1, le=99)
    gj_per_t: float = column("Heating value of the coal", unit="GJ/t", ge=5, le=35)
    mttf_h: float | None = column(
        "Mean time between stops of the corridor, alike in all its rows; empty: never", None, unit="h", gt=0, le=1e10
    )
    mttr_h: float | None = column("Mean time of a stop", None, unit="h", gt=0, le=1e6)


class HeatRow(SourcedRow):
    """A heated city: its district network with the plants that feed it, and homes with gas boilers of their own."""

    name: str = column("Unique name")
    title: str = column("Name for people", "", effect=Effect.LABEL)
    bus: str = column("Bus of its boiler houses and electric heaters; its weather site is the city's", ref="buses")
    gas_node: str = column("Gas node of its heating plants and homes", "", ref="gas_nodes")
    people: int = column("People", ge=1, le=100_000_000)
    district_share: float = column("Share of the people on the district network", 0.0, ge=0, le=1)
    gas_share: float = column("Share of the people with gas boilers of their own", 0.0, ge=0, le=1)
    plants: str = column("CHPs that feed the network (column plant of generators.csv), separated by ;", "")
    chp_gcal_h: float | None = column(
        "Heat of these plants with all machines; empty: the peak, at most p_max over power_to_heat",
        None,
        unit="Gcal/h",
        ge=0,
    )
    power_to_heat: float = column("Power of a CHP over its heat", 0.52, ge=0.01, le=5)
    boilers_gcal_h: float = column("Boiler houses of the network", 0.0, unit="Gcal/h", ge=0)
    peak_gcal_h: float | None = column(
        "Heat asked for at design_c; empty: the smaller of what the plants give and 1.6 kW for each of its people",
        None, unit="Gcal/h", ge=0,
    )  # fmt: skip
    design_c: float = column("Outdoor temperature of the peak", unit="C", ge=-60, le=5)
    network_h: float = column("Time constant of the water in the network", 3.0, unit="h", gt=0, le=24)
    tau_low_h: float = column("Time constant of buildings, low", 40.0, unit="h", gt=0, le=1_000)
    tau_h: float = column("Time constant of buildings", 80.0, unit="h", gt=0, le=1_000)
    tau_high_h: float = column("Time constant of buildings, high", 120.0, unit="h", gt=0, le=1_000)
    freeze_c: float = column("Pipes freeze below this outdoor temperature", -15.0, unit="C", ge=-60, le=0)
    freeze_h: float = column("After so many hours with hardly any heat", 12.0, unit="h", gt=0, le=1_000)
    frozen_share: float = column("Share of the network that is then lost", 0.3, ge=0, le=1)
    freeze_repair_h: float = column("Until that is thawed, once there is heat again", 72.0, unit="h", ge=0, le=10_000)
    heater_kw_per_person: float = column(
        "Electric heaters of those without heat, mean of all of them", 0.0, unit="kW", ge=0, le=10
    )
    heater_delay_h: float = column("Time constant of switching heaters on and off", 1.0, unit="h", gt=0, le=48)
    feeder_share: float = column(
        "Heaters at most, as a share of the load of people at the bus: limit of the feeders", 0.6, ge=0, le=5
    )


class AuxiliaryRow(SourcedRow):
    """House supply of a plant: it loses its machines where its bus is dead for longer than that lasts."""

    plant: str = column("Plant (column plant of generators.csv)", ref="plants")
    bus: str = column("Bus that feeds its auxiliaries", ref="buses")
    holds_h: float = column("House supply lasts so long without the bus", 0.0, unit="h", ge=0, le=1_000)
    hot_h: float = column("Hot while out for less than this", 8.0, unit="h", ge=0, le=1_000)
    warm_h: float = column("Warm while out for less than this, cold beyond", 48.0, unit="h", ge=0, le=1_000)
    restart_hot_h: float = column("From the bus being back to the first output, hot", 3.0, unit="h", ge=0, le=1_000)
    restart_warm_h: float = column("The same, warm", 6.0, unit="h", ge=0, le=1_000)
    restart_cold_h: float = column("The same, cold", 12.0, unit="h", ge=0, le=1_000)
    step_h: float = column("From one machine of the plant to the next", 1.0, unit="h", ge=0, le=1_000)


class RepairCrewRow(SourcedRow):
    """A depot of repair crews; events with a ``repair`` need one of the trade."""

    name: str = column("Unique name")
    title: str = column("Name for people", "", effect=Effect.LABEL)
    trade: Literal["pipeline", "grid"] = column("What it repairs: gas pipelines; lines, transformers and busbars")
    lat: float | None = column("Latitude; empty: no journey", None, unit="degree", ge=-90, le=90)
    lon: float | None = column("Longitude", None, unit="degree", ge=-180, le=180)
    crews: int = column("Crews that can work at once", 1, ge=0, le=10_000)
    assembly_h: float = column("Time to assemble crew and machines", 0.0, unit="h", ge=0)
    speed_km_per_h: float = column("Speed along the straight line, detours included", 40.0, unit="km/h", gt=0)
    cold_from_c: float = column("Work slows below this temperature", -10.0, unit="C", ge=-60, le=30)
    slower_per_k: float = column("Time of work grows by this share per kelvin below", 0.025, unit="1/K", ge=0, le=1)
    stop_below_c: float = column("No work below this temperature", -40.0, unit="C", ge=-80, le=30)


class ReservoirRow(SourcedRow):
    """Water behind a hydro plant. With rows in reservoir_releases.csv the plant runs by its daily water plan."""

    name: str = column("Unique name")
    plant: str = column("Plant (column plant of generators.csv)", ref="plants")
    volume_mcm: float = column("Useful volume", unit="mcm", gt=0)
    mcm_per_mwh: float = column("Water per MWh", unit="mcm/MWh", gt=0)
    fill_share: float = column("Filling three years before the weather year", 0.7, ge=0, le=1)
    river: str = column("River that flows in", "", ref="rivers")
    inflow_share: float = column("Share of the river's flow that stays for release", 1.0, ge=0, le=10)
    flows_into: str = column("Reservoir that the water goes on to", "", ref="reservoirs")
    hourly_least_share: float = column("Share of the least release that passes in every hour", 1.0, ge=0, le=1)


class ReservoirReleaseRow(SourcedRow):
    """Least and greatest release of a reservoir in one month; a reservoir has all twelve, or none."""

    reservoir: str = column("Reservoir", ref="reservoirs")
    month: int = column("Month", ge=1, le=12)
    least_m3_s: float = column("Release of an empty reservoir, mean of a day", unit="m3/s", ge=0)
    greatest_m3_s: float = column("Release of a full reservoir, mean of a day", unit="m3/s", ge=0)


class MineralRow(SourcedRow):
    """A site whose output matters beyond the grid; loss of its load is loss of tonnes."""

    name: str = column("Unique name")
    title: str = column("Name for people", "", effect=Effect.LABEL)
    mineral: str = column("Product")
    site: str = column("Site in the loads' column site; empty: no load of its own in the model", "")
    load: str = column("Load that it is part of, where it has none of its own", "", ref="loads")
    process: str = column("Process, which says what an interruption does; empty: nothing lasts", "",
                          ref="mineral_processes")  # fmt: skip
    annual_output: float = column("Yearly output", unit="see output_unit", ge=0, le=1e12)
    output_unit: str = column("Unit of the yearly output", effect=Effect.LABEL)
    electricity_mwh_per_t: float | None = column(
        "Electricity per tonne: holds tonnes against load", None, unit="MWh/t", gt=0, effect=Effect.LABEL
    )
    world_share_percent: float | None = column("Share of world output", None, unit="%", ge=0, le=100)
    usd_per_t: float | None = column("Value of a tonne", None, unit="USD/t", ge=0, le=1e8)
    usd_low_per_t: float | None = column("Low end", None, unit="USD/t", ge=0, le=1e8)
    usd_high_per_t: float | None = column("High end", None, unit="USD/t", ge=0, le=1e8)
    needs: str = column("Row that makes what it cannot work without", "", ref="minerals")
    needs_stock_h: float | None = column("Hours of stock of that at full output", None, unit="h", ge=0)
    needs_share: float | None = column("Share of the output that stops when the stock is gone", None, ge=0, le=1)
    lat: float | None = column("Latitude", None, unit="degree", ge=-90, le=90, effect=Effect.LABEL)
    lon: float | None = column("Longitude", None, unit="degree", ge=-180, le=180, effect=Effect.LABEL)


class MineralProcessRow(SourcedRow):
    """A process and what an interruption of its supply does to it."""

    name: str = column("Unique name")
    title: str = column("Name for people", "", effect=Effect.LABEL)
    survives_h: float = column("Longest interruption without damage", unit="h", ge=0)
    survives_low_h: float | None = column("Low end", None, unit="h", ge=0, effect=Effect.LABEL)
    survives_high_h: float | None = column("High end", None, unit="h", ge=0, effect=Effect.LABEL)
    stop_share: float = column("Unserved share from which it stands still", 0.5, gt=0, le=1)
    dead_h: float = column("Hours without output after power is back, once damaged", 0, unit="h", ge=0)
    ramp_h: float = column("Hours of even rise to full output after that", 0, unit="h", ge=0)
    damage_usd_per_t: float = column("Cost of the damage per tonne of yearly output", 0, unit="USD/t", ge=0, le=1e6)


class NuclearRow(SourcedRow):
    """A nuclear site and where its offsite power comes from."""

    name: str = column("Unique name")
    title: str = column("Name for people", "")
    kind: Literal["power_plant", "research_reactor", "fuel_plant", "store"] = column("What it is")
    status: Literal["operating", "planned", "shut_down"] = column("Status")
    bus: str = column("Bus of its offsite power", ref="buses")
    p_mw: float | None = column("Electric output (power plants)", None, unit="MW", ge=0, effect=Effect.LABEL)
    offsite_circuits: int | None = column(
        "Independent circuits of its own; empty: all at its bus", None, ge=0, le=1_000
    )
    backup_h: float | None = column("Hours its own backup lasts", None, unit="h", ge=0)
    vm_min_pu: float = column("Voltage below which its protection leaves the grid", 0.9, unit="pu", ge=0.5, le=1)
    f_min_hz: float = column("Frequency below which it may not stay on the grid for long", 49.0, unit="Hz")


class OffsiteLossRow(SourcedRow):
    """Losses of offsite power of nuclear sites for one kind of reason, as other countries saw them.

    Durations are lognormal: the median is exp(mu) hours.
    """

    name: str = column("Kind of reason")
    per_year: float = column("Losses per reactor-year", unit="1/year", ge=0, le=100)
    low_per_year: float | None = column("Low end", None, unit="1/year", ge=0, le=100, effect=Effect.LABEL)
    high_per_year: float | None = column("High end", None, unit="1/year", ge=0, le=100, effect=Effect.LABEL)
    mu_ln_h: float = column("Mean of the logarithm of the duration in hours", ge=-10, le=10)
    sigma_ln_h: float = column("Standard deviation of that logarithm", gt=0, le=10)


class EmissionFactorRow(SourcedRow):
    """One emission factor."""

    name: str = column("Unique name")
    subject: str = column("Fuel or activity", effect=Effect.LABEL)
    value: float = column("Factor", ge=0, le=1_000_000)
    low: float | None = column("Low end", None, ge=0, le=1_000_000)
    high: float | None = column("High end", None, ge=0, le=1_000_000)
    unit: str = column("Unit of the factor", effect=Effect.LABEL)


class MethaneSourceRow(SourcedRow):
    """A source of methane beside the pipes and stations of the gas network, with its activity."""

    name: str = column("Unique name")
    title: str = column("Name for people", "", effect=Effect.LABEL)
    kind: Literal["mine", "field", "distribution", "storage"] = column("Activity it follows (docs/emissions.md)")
    mineral: str = column("Mine: the row of minerals that says its yearly output", "", ref="minerals")
    annual_t: float | None = column("Mine without such a row: yearly output", None, unit="t", ge=0, le=1e10)
    gas_node: str = column("Field: node of its plant, where it flares when that has no power", "", ref="gas_nodes")
    flare_h: float | None = column("Field: longest flaring before wells are shut in", None, unit="h", ge=0)
    value: float = column("Mine m3 CH4/t; field kt CH4/year; others share of the gas", ge=0, le=1e6)
    low: float | None = column("Low end", None, ge=0, le=1e6)
    high: float | None = column("High end", None, ge=0, le=1e6)


class StormTrackRow(SourcedRow):
    """A track of ice, wind or fire: a straight band in which lines fail at a multiple of their base rate."""

    name: str = column("Unique name")
    title: str = column("Name for people", "", effect=Effect.LABEL)
    lat_1: float = column("Latitude of one end", unit="degree", ge=-90, le=90)
    lon_1: float = column("Longitude of one end", unit="degree", ge=-180, le=180)
    lat_2: float = column("Latitude of the other end", unit="degree", ge=-90, le=90)
    lon_2: float = column("Longitude of the other end", unit="degree", ge=-180, le=180)
    width_km: float = column("Width of the band", unit="km", gt=0, le=2_000)
    hours: float = column("Hours in which it passes", 24.0, unit="h", gt=0, le=2_000)
    repair_h: float = column("Mean repair of a corridor, exponential", 36.0, unit="h", gt=0)
    kind: str = column("Kind of event in its season, one that acts on storm_tracks; empty: none comes by itself", "")
    per_year: float = column("How often it comes in its season, with failures on", 0.0, unit="1/year", ge=0, le=100)
    from_month: int = column("First month of its season", 1, ge=1, le=12)
    to_month: int = column("Last month of its season", 12, ge=1, le=12)


class CoolingRow(SourcedRow):
    """Water that plants cannot run without: a river, a canal or the sea, and the pumps that lift it."""

    name: str = column("Unique name")
    title: str = column("Name for people", "", effect=Effect.LABEL)
    plants: str = column("Plants that it cools, separated by '; '")
    kind: Literal["river", "lake", "sea"] = column("Water", effect=Effect.LABEL)
    river: str = column("River of rivers.csv whose flow it follows", "", ref="rivers", effect=Effect.LABEL)
    full_flow_share: float = column("Share of the usual flow that still cools all machines", 1.0, gt=0, le=1)
    least_flow_share: float = column("Share of the usual flow at which the last one stops", 0.0, ge=0, lt=1)
    bus: str = column("Bus that feeds its pumps; empty: the plants themselves", "", ref="buses")
    holds_h: float = column("Hours that the plants run on after the pumps stop", 0.0, unit="h", ge=0)
    restart_h: float = column("Hours until they may start again after the pumps have power", 0.0, unit="h", ge=0)
    mttf_h: float | None = column(
        "Mean time between losses of all the water; empty: never", None, unit="h", gt=0, le=1e10
    )
    mttr_h: float | None = column("Mean time of a loss", None, unit="h", gt=0, le=1e6)


class WaterSupplyRow(SourcedRow):
    """Drinking water of a town: pumped with the power of its bus and, where desalinated, with steam of a plant."""

    name: str = column("Town")
    title: str = column("Name for people", "", effect=Effect.LABEL)
    m3_per_d: float = column("Water that it uses", unit="m3/d", gt=0, le=1e8)
    bus: str = column("Bus of its pumps", ref="buses")
    plant: str = column("Plant whose steam desalinates it; empty: none", "")
    steam_mw: float | None = column("Output of that plant with which all water can be made", None, unit="MW", gt=0)
    steam_share: float = column("Share of the water that is desalinated", 1.0, ge=0, le=1)
    tank_h: float = column("Hours of use in its tanks when full", 0.0, unit="h", ge=0)
    people: float | None = column("People", None, ge=0, le=1e9)


class UnitCostRow(SourcedRow):
    """The cost of a unit of something lost: gas by class, heat, a repair; or a factor on the value of lost load."""

    name: str = column("What is lost: electricity, heat, gas_CLASS, repair_TABLE")
    title: str = column("Words for it", "", effect=Effect.LABEL)
    unit: Literal["USD/m3", "USD/MWh", "USD each", "VOLL"] = column(
        "Unit; VOLL: a factor on the classes' own", effect=Effect.LABEL
    )
    usd: float = column("Cost of a unit", unit="see unit", ge=0, le=1e9)
    low_usd: float = column("Low end", unit="see unit", ge=0, le=1e9)
    high_usd: float = column("High end", unit="see unit", ge=0, le=1e9)


class InventoryTargetRow(SourcedRow):
    """A yearly amount that others state, to compare an inventory with; nothing is fitted to it."""

    name: Literal["co2_power", "co2_power_and_heat", "ch4_energy"] = column("Sum of gridsim inventory")
    title: str = column("Words for it", "", effect=Effect.LABEL)
    low_mt: float = column("Low end", unit="Mt", ge=0, le=1e5)
    high_mt: float = column("High end", unit="Mt", ge=0, le=1e5)


class SourceRow(Row):
    """One origin of data, with its licence."""

    key: str = column("Key used in the source columns")
    title: str = column("What it is")
    url: str = column("Where", "")
    licence: str = column("Licence or legal status")
    attribution: str = column("Credit line, where the licence asks for one", "")
