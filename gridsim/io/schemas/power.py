"""Tables of the electric network: pandapower's column names and units, and gridsim's with the unit in the name."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator

from gridsim.io.schemas.column import Effect, Row, SourcedRow, column
from gridsim.io.schemas.names import FuelName

# A cell is text, and a Literal of numbers takes no text.
Sign = Annotated[Literal[-1, 1], BeforeValidator(lambda cell: {"1": 1, "+1": 1, "-1": -1}.get(cell, cell))]


class BusRow(SourcedRow):
    """One busbar: a station and voltage level."""

    name: str = column("Unique name")
    title: str = column("Name for people", "", effect=Effect.LABEL)
    zone: str = column("A zone of network.yaml; for a bus abroad the zone 'external'", ref="zones")
    oblast: str = column("Administrative region, used for totals", "")
    country: str = column("ISO 3166 code; what makes a bus foreign is the zone 'external'", "", effect=Effect.LABEL)
    vn_kv: float = column("Nominal voltage", unit="kV", gt=0, le=1500)
    lat: float | None = column("Latitude (WGS 84)", None, unit="degree", ge=-90, le=90)
    lon: float | None = column("Longitude (WGS 84)", None, unit="degree", ge=-180, le=180)
    weather_site: str = column("Site whose temperature holds here", "", ref="weather_sites")
    kind: Literal["plant", "substation", "border", "equivalent"] = column(
        "What stands here", "substation", effect=Effect.LABEL
    )
    vm_min_pu: float = column("Lowest voltage in normal operation", 0.90, unit="pu", gt=0.5, lt=1.2)
    vm_max_pu: float = column("Highest voltage in normal operation", 1.10, unit="pu", gt=0.8, lt=1.5)
    vm_act_min_pu: float | None = column(
        "The operator raises a voltage below this; empty: 0.005 above vm_min_pu", None, unit="pu", gt=0.5, lt=1.2
    )
    vm_act_max_pu: float | None = column(
        "The operator lowers a voltage above this; empty: 0.005 below vm_max_pu", None, unit="pu", gt=0.8, lt=1.5
    )


class LineRow(SourcedRow):
    """One element that fails as a whole: normally one circuit (``parallel`` 1)."""

    name: str = column("Unique name")
    from_bus: str = column("Bus at the start", ref="buses")
    to_bus: str = column("Bus at the end", ref="buses")
    length_km: float = column("Length", unit="km", gt=0)
    r_ohm_per_km: float = column("Resistance of one circuit", unit="ohm/km", ge=-10_000)
    x_ohm_per_km: float = column("Reactance of one circuit; not 0", unit="ohm/km", ge=-10_000)
    c_nf_per_km: float = column("Capacitance of one circuit", 0.0, unit="nF/km", ge=0)
    max_i_ka: float | None = column("Normal rating of one circuit; empty: unlimited", None, unit="kA", gt=0)
    max_i_emergency_ka: float | None = column("Rating for some minutes; empty: 1.2 x normal", None, unit="kA", gt=0)
    parallel: int = column("Circuits that fail together", 1, ge=1, le=100)
    line_type: str = column("Conductor, for the reader", "", effect=Effect.LABEL)
    equivalent: bool = column(
        "True for a branch of an equivalent or a series capacitor: r and x may be negative", False, effect=Effect.LABEL
    )
    rating_curve: str = column("Factor on both ratings by air temperature; empty: 1", "", ref="rating_curves")
    in_service: bool = column("False for planned or disconnected elements", True)
    mttf_h: float | None = column("Mean time to failure; empty: never fails", None, unit="h", gt=0, le=1e10)
    mttr_h: float | None = column("Mean time to repair", None, unit="h", gt=0)


class TransformerRow(SourcedRow):
    """One transformer or autotransformer bank."""

    name: str = column("Unique name")
    hv_bus: str = column("High-voltage bus", ref="buses")
    lv_bus: str = column("Low-voltage bus", ref="buses")
    sn_mva: float = column("Rated power of one bank", unit="MVA", gt=0)
    vn_hv_kv: float = column("Rated voltage, high side", unit="kV", gt=0)
    vn_lv_kv: float = column("Rated voltage, low side", unit="kV", gt=0)
    vk_percent: float = column("Short-circuit voltage, with the sign of the reactance; not 0", unit="%", ge=-60, le=60)
    vkr_percent: float = column("Its resistive part", unit="%", ge=-20, le=20)
    pfe_kw: float = column("No-load loss", 0.0, unit="kW", ge=0)
    i0_percent: float = column("No-load current", 0.0, unit="%", ge=0, le=20)
    tap_side: Literal["", "hv", "lv"] = column("Side of the tap changer; empty: none", "")
    tap_min: int = column("Lowest tap", 0, ge=-500, le=500)
    tap_max: int = column("Highest tap", 0, ge=-500, le=500)
    tap_neutral: int = column("Tap of the rated ratio", 0, ge=-500, le=500)
    tap_pos: int = column("Tap in the base state", 0, ge=-500, le=500)
    tap_step_percent: float = column("Voltage step of one tap", 0.0, unit="%", ge=0, le=10)
    shift_degree: float = column(
        "Angle by which the low side lags, in AC and in DC flows", 0.0, unit="degree", ge=-180, le=180
    )
    equivalent: bool = column(
        "True for a branch of an equivalent, such as the star of three windings: vk and vkr may be negative",
        False,
        effect=Effect.LABEL,
    )
    tap_controlled: bool = column("The operator moves it under load, banks between the same buses alike", False)
    least_time_h: float = column("Least time between two moves of a controlled tap", 1.0, unit="h", ge=0, le=1000)
    max_loading_percent: float = column("Normal loading limit", 100.0, unit="%", gt=0, le=1e8)
    max_loading_emergency_percent: float = column("Loading limit for some minutes", 130.0, unit="%", gt=0, le=1e8)
    parallel: int = column("Banks that fail together", 1, ge=1, le=100)
    in_service: bool = column("False for planned or disconnected elements", True)
    mttf_h: float | None = column("Mean time to failure; empty: never fails", None, unit="h", gt=0, le=1e10)
    mttr_h: float | None = column("Mean time to repair", None, unit="h", gt=0)


class ShuntRow(SourcedRow):
    """A shunt reactor (q > 0) or capacitor (q < 0)."""

    name: str = column("Unique name")
    bus: str = column("Bus", ref="buses")
    q_mvar: float = column("Reactive power drawn at rated voltage (inductive positive)", unit="Mvar")
    p_mw: float = column("Losses at rated voltage, in AC and in dispatch; below 0: given", 0.0, unit="MW", ge=-100_000)
    line: str = column("Line it is switched with; empty: a bus device", "", ref="lines")
    in_service: bool = column("False if switched off; of a switchable one: at the start", True)
    switchable: bool = column("The operator switches it to hold voltages; False: as stated for ever", False)
    steps: int = column("Equal parts in which it is switched", 1, ge=1, le=1000)
    controlled: bool = column("Continuous between min_share and 1 while switchable, no switching counted", False)
    min_share: float = column("Share of q_mvar below which a controlled one cannot go", 0.0, ge=0, le=1)
    least_time_h: float = column("Least time between two switchings of it", 3.0, unit="h", ge=0, le=1000)


class GeneratorRow(SourcedRow):
    """One machine."""

    name: str = column("Unique name")
    plant: str = column("Plant it belongs to; empty: the machine's own name", "")
    title: str = column("Plant name for people", "", effect=Effect.LABEL)
    bus: str = column("Bus", ref="buses")
    fuel: FuelName = column("Primary fuel")
    technology: str = column("steam, chp, gt, ccgt, hydro, wind, solar ...", "", effect=Effect.LABEL)
    installed_mw: float = column("Nameplate; 0 for a synchronous condenser", unit="MW", ge=0)
    p_max_mw: float = column("Available: nameplate less permanent deratings", unit="MW", ge=0)
    p_min_mw: float = column("Technical minimum when committed", 0.0, unit="MW", ge=0)
    ramp_mw_per_min: float | None = column("Ramp; empty: not limited", None, unit="MW/min", gt=0)
    start_h: float = column("Time from order to synchronised", 0.0, unit="h", ge=0)
    mttf_h: float | None = column("Mean time to failure; empty: never fails", None, unit="h", gt=0, le=1e10)
    mttr_h: float | None = column("Mean time to repair", None, unit="h", gt=0)
    outage_curve: str = column("Failure rate by air temperature; empty: constant", "", ref="outage_curves")
    cost_per_mwh: float = column("Variable cost", unit="USD/MWh", ge=0)
    sn_mva: float | None = column("Machine rating; empty: installed_mw / 0.85", None, unit="MVA", gt=0)
    inertia_h_s: float = column("Inertia constant on sn_mva; 0 for inverters", 0.0, unit="s", ge=0, le=20)
    droop_pu: float | None = column("Governor droop; empty: no governor", None, unit="pu", gt=0, le=1)
    q_min_mvar: float | None = column("Lowest reactive output; empty: -0.3 p_max", None, unit="Mvar")
    q_max_mvar: float | None = column("Highest reactive output; empty: 0.6 p_max", None, unit="Mvar")
    vm_pu: float = column("Voltage setpoint", 1.0, unit="pu", gt=0.8, lt=1.2)
    heat_led: bool = column("Output follows heat demand: has a minimum by temperature", False)
    heat_curve: str = column("Curve of heat_curves.csv for a heat-led machine", "", ref="heat_curves")
    must_run: bool = column("Committed at all times at its minimum or more", False)
    profile: str = column("Profile of the available share (wind, solar, hydro); empty: 1", "", ref="profiles")
    heat_rate_gj_per_mwh: float | None = column(
        "Net heat rate (LHV); empty: no fuel; of coal plants it makes tonnes of deliveries", None, unit="GJ/MWh", gt=0
    )
    co2_t_per_mwh: float | None = column(
        "CO2 at the stack; empty: none of a fuel without carbon, else unknown", None, unit="t/MWh", ge=0, le=3
    )
    maintenance_weeks: float | None = column(
        "Weeks of planned repair a year; empty: those of its class, else none", None, unit="week"
    )
    maintenance_class: str = column("Class of planned repairs; empty: none", "", ref="maintenance_classes")
    commissioned: int | None = column("Year of the first operation", None, unit="year", effect=Effect.NONE)
    in_service: bool = column("False for machines out of the base state", True)


class CostBlockRow(Row):
    """A block of a machine's output and its variable cost, from 0 MW upwards in the order of the rows.

    With blocks, dispatch, runs and screenings price a machine by them instead of by its ``cost_per_mwh``, which
    keeps the order in which machines are committed. Costs of a machine's blocks never fall; together they are its
    ``p_max_mw`` wide.
    """

    generator: str = column("Machine", ref="generators")
    p_mw: float = column("Width of the block", unit="MW", gt=0)
    cost_per_mwh: float = column("Variable cost within it", unit="USD/MWh", ge=0)


class MaintenanceClassRow(SourcedRow):
    """Planned repairs of a kind of machine, and those that are not finished in time."""

    name: str = column("Unique name")
    weeks: float = column("Weeks of planned repair of a machine a year", unit="week")
    overrun_share: float = column(
        "Share of the machines that are not finished in time, those planned last", 0.0, ge=0, le=1
    )
    overrun_min_weeks: float = column("Their least further weeks", 0.0, unit="week")
    overrun_max_weeks: float = column("Their most further weeks", 0.0, unit="week")


class DutyRow(SourcedRow):
    """Output that a plant owes, or may not exceed, while a condition holds: what it runs for other than its cost."""

    name: str = column("Unique name")
    plant: str = column("Plant (column plant of generators.csv)", ref="plants")
    must_run_when: Literal["load_above", "heat", "desalination", "gas_allotment", "own_load"] = column(
        "Condition: load_above while a zone's load is above load_share of its load in the base state; heat on days "
        "colder than below_c at the plant; desalination, gas_allotment and own_load in the months given"
    )
    zone: str = column("Zone of load_above", "", ref="zones")
    load_share: float | None = column("Share of the zone's load in the base state", None, ge=0, le=2)
    below_c: float = column("Mean temperature of the day below which heat is owed", 8.0, unit="C", ge=-60, le=60)
    from_month: int = column("First month of the duty", 1, ge=1, le=12)
    to_month: int = column("Last month of the duty; before from_month: over New Year", 12, ge=1, le=12)
    least_mw: float | None = column("Output owed, while machines can give it", None, unit="MW", ge=0)
    least_share: float | None = column("The same as a share of the plant's p_max_mw", None, ge=0, le=1)
    greatest_mw: float | None = column("Output not exceeded", None, unit="MW", ge=0)
    greatest_share: float | None = column("The same as a share of the plant's p_max_mw", None, ge=0, le=1)


class StorageRow(SourcedRow):
    """A store of electricity."""

    name: str = column("Unique name")
    bus: str = column("Bus", ref="buses")
    p_charge_mw: float = column("Largest charging power", unit="MW", ge=0)
    p_discharge_mw: float = column("Largest discharging power", unit="MW", ge=0)
    energy_mwh: float = column("Usable energy", unit="MWh", gt=0)
    efficiency_charge: float = column("Share of charged energy stored", 1.0, gt=0, le=1)
    efficiency_discharge: float = column("Share of stored energy delivered", 1.0, gt=0, le=1)
    energy_start_share: float = column("Filling at the start", 1.0, ge=0, le=1)
    mttf_h: float | None = column("Mean time to failure; empty: never fails", None, unit="h", gt=0, le=1e10)
    mttr_h: float | None = column("Mean time to repair", None, unit="h", gt=0)
    in_service: bool = column("False if out of the base state", True)


class LoadRow(SourcedRow):
    """Demand of one class at one bus."""

    name: str = column("Unique name")
    bus: str = column("Bus", ref="buses")
    p_mw: float = column("Demand where its profile is 1 (winter peak), network losses not included", unit="MW", ge=0)
    power_factor: float = column("Power factor, inductive", 0.98, gt=0.3, le=1)
    load_class: str = column("Class of load_classes.csv", ref="load_classes")
    shed_order: int | None = column("Beats the class's order; 0 is shed first", None, ge=0, le=10_000)
    kind: str = column("households, industry, mining, rail ...", "", effect=Effect.LABEL)
    site: str = column("Industrial site; empty for general load", "")
    profile: str = column("Profile of the share of p_mw; empty: 1", "", ref="profiles")
    heating_share_per_k: float = column(
        "Relative growth of demand per kelvin below 15 C, against normal temperature", 0.0, unit="1/K", ge=0, le=0.1
    )
    in_service: bool = column("False if out of the base state", True)


class LoadClassRow(SourcedRow):
    """A class of consumers: the order in which it is shed and what an unserved MWh costs."""

    name: str = column("Unique name")
    title: str = column("Name for people", "", effect=Effect.LABEL)
    shed_order: int = column("0 is shed first; the price ladder uses ranks of the distinct values", ge=0, le=10_000)
    voll_usd_per_kwh: float = column("Value of lost load; ranks nothing", unit="USD/kWh", ge=0)
    sheddable_share: float = column("Share that may be shed at this order; the rest is protected", 1.0, ge=0, le=1)
    protected_class: str = column("Class of the rest; empty: the dearest of all", "", ref="load_classes")
    price_responsive: bool = column("Buys below a price instead of being shed", False)
    price_per_mwh: float | None = column("That price", None, unit="USD/MWh", ge=0)
    max_outage_h: float | None = column("Interruption without lasting damage", None, unit="h", ge=0, effect=Effect.NONE)
    people: bool = column("Households and services: people feel a cut; their load is the scope `people`", False)


class InterfaceRow(SourcedRow):
    """One signed member of a named section; a section is all rows of its name."""

    interface: str = column("Name of the section")
    title: str = column("Name for people", "", effect=Effect.LABEL)
    line: str = column("Member line; give either a line or a transformer", "", ref="lines")
    transformer: str = column("Member transformer", "", ref="transformers")
    sign: Sign = column("+1 if the member's from-to direction is the section's forward direction", 1)


class InterfaceLimitRow(SourcedRow):
    """Permissible flow of a section by outage scheme; several rows may hold, the lowest limit counts."""

    interface: str = column("Section", ref="interfaces")
    direction: Literal["forward", "reverse"] = column("Direction of the flow")
    lines_out: int = column(
        "Member circuits out of service (or more) for which the row holds: the strongest ones; weak ones out count as "
        "the fewest strong ones that carry as much, by 1 / x",
        0,
        ge=0,
        le=1_000,
    )
    season: Literal["all", "winter", "summer"] = column("winter: October to March", "all")
    normal_mw: float = column("Limit in normal operation", unit="MW", ge=0)
    emergency_mw: float | None = column(
        "Limit for some minutes after a fault; empty: the normal one", None, unit="MW", ge=0
    )
    valid_from: int | None = column("First year", None, unit="year", effect=Effect.NONE)


class BorderRow(SourcedRow):
    """A neighbouring system seen from a bus: what may be bought from it."""

    name: str = column("Unique name")
    bus: str = column("Bus of the equivalent", ref="buses")
    country: str = column("ISO 3166 code", "", effect=Effect.LABEL)
    contract_import_mw: float = column("Import agreed beforehand", unit="MW", ge=0)
    limit_import_mw: float = column("Physical limit of import", unit="MW", ge=0)
    price_per_mwh: float = column("Price of import", unit="USD/MWh", ge=0)
    balancing_mw: float = column(
        "Band of deviations from plan that the neighbour takes", 0.0, unit="MW", ge=0, effect=Effect.NONE
    )
    vm_pu: float = column("Voltage held by the neighbour", 1.0, unit="pu", gt=0.8, lt=1.2)
    co2_t_per_mwh: float = column("CO2 of imported energy", 0.0, unit="t/MWh", ge=0, le=3, effect=Effect.NONE)
    in_service: bool = column("False if the border is open-circuited", True)


class BorderSupportRow(SourcedRow):
    """Likely help of a neighbour (`policy.imports: likely`): firm contract, and more that is drawn once a spell."""

    border: str = column("Border it belongs to", ref="borders")
    extra_min_mw: float = column("Least help beyond the contract", unit="MW", ge=0)
    extra_median_mw: float = column("Help beyond the contract that is exceeded in half of the spells", unit="MW", ge=0)
    extra_max_mw: float = column("Most help beyond the contract; the border's limit holds too", unit="MW", ge=0)
    spell_h: float = column("Time after which the help is drawn anew", 72.0, unit="h", gt=0)
    common_cold_c: float | None = column(
        "Load-weighted two-day mean temperature below which the neighbour is taken to be cold too; empty: never",
        None, unit="C", ge=-60, le=20,
    )  # fmt: skip
    cut_probability: float = column("Chance that the contract is cut in a common cold", 0.0, ge=0, le=1)
    cut_share: float = column("Share of the contract that is cut then", 0.5, ge=0, le=1)


class ProfileRow(Row):
    """One value of a shape by month, day type and hour; every shape gives 12 x (1 or 3) x 24 values."""

    profile: str = column("Name of the shape")
    month: int = column("Month", ge=1, le=12)
    day_type: Literal["any", "workday", "saturday", "sunday"] = column("Day type; 'any' for all days", "any")
    hour: int = column("Hour of the day in the network's timezone, 0 is 00:00-01:00", ge=0, le=23)
    value: float = column("Share; at most 1 where a machine follows the shape", ge=0, le=10)


class HourlyProfileRow(Row):
    """One hour of a shape over a sample year; where years are sampled it replaces the profile of the same name."""

    profile: str = column("A shape of profiles.csv", ref="profiles")
    hour: int = column("Hour of the sample year, which starts on a Monday, 1 January, at 00:00", ge=0, le=8783)
    value: float = column("Share; at most 1 where a machine follows the shape", ge=0, le=10)


class HeatCurveRow(SourcedRow):
    """Electric output that heat demand forces on a heat-led machine, by outdoor temperature (interpolated)."""

    curve: str = column("Name of the curve")
    temperature_c: float = column("Outdoor temperature", unit="C", ge=-70, le=60)
    p_min_share: float = column("Share of p_max that heat demand forces", ge=0, le=1)
    p_max_share: float = column("Share of p_max that heat demand leaves available", 1.0, ge=0, le=1)


class OutageCurveRow(SourcedRow):
    """Unavailability of a kind of machine by air temperature (interpolated): only its shape counts.

    A machine's failure rate is scaled so that its mean over the climate is 1 / mttf_h.
    """

    curve: str = column("Name of the curve")
    temperature_c: float = column("Air temperature", unit="C", ge=-70, le=60)
    unavailability: float = column("Share of time out of service at this temperature", gt=0, lt=1)


class RatingCurveRow(SourcedRow):
    """Factor on the rating of a line by air temperature (interpolated); the warmer of its ends counts."""

    curve: str = column("Name of the curve")
    temperature_c: float = column("Air temperature", unit="C", ge=-70, le=60)
    factor: float = column("Rating over that of the table lines", gt=0, le=3)


class WeatherSiteRow(SourcedRow):
    """A place with a climate; buses point to it."""

    name: str = column("Unique name")
    title: str = column("Name for people", "", effect=Effect.LABEL)
    lat: float = column("Latitude (WGS 84)", unit="degree", ge=-90, le=90)
    lon: float = column("Longitude (WGS 84)", unit="degree", ge=-180, le=180)


class ClimateRow(SourcedRow):
    """Monthly climate of a site."""

    site: str = column("Site", ref="weather_sites")
    month: int = column("Month", ge=1, le=12)
    t_mean_c: float = column("Mean temperature", unit="C", ge=-70, le=60)
    t_min_c: float = column("Mean daily minimum", unit="C", ge=-70, le=60)
    t_max_c: float = column("Mean daily maximum", unit="C", ge=-70, le=60)


class NeighbourSystemRow(SourcedRow):
    """A neighbour's system as the first minutes see it; a border without a row is assumed from its import limit."""

    border: str = column("Border", ref="borders")
    load_mw: float = column("Load", unit="MW", ge=1, le=10_000_000)
    inertia_gws: float = column("Kinetic energy of what runs", ge=0.001, le=10_000)
    governor_mw_per_hz: float = column("Governors' power per change of frequency", ge=0, le=1_000_000)
    headroom_mw: float | None = column("Most that its governors add; empty: no limit", None, unit="MW", ge=0)
    governor: Literal["steam", "hydro", "gas", "nuclear"] = column("Technology of its governors", "steam")
    armed_share: float = column("Share of the frequency stages that is armed there", 1.0, ge=0, le=1)


class StabilityLimitRow(SourcedRow):
    """A section that loses synchronism at its limit: its normal limit is this share of the static one."""

    interface: str = column("Section", ref="interfaces")
    margin: float = column("Normal limit over static limit", 0.80, ge=0.1, le=1)


class AutomationRow(SourcedRow):
    """A rule of emergency automation."""

    name: str = column("Unique name")
    quantity: Literal["frequency_hz", "interface_mw", "lines_out", "line_loading_percent", "vm_pu"] = column(
        "What is watched; lines_out: circuits of a section that an event takes"
    )
    target: str = column(
        "Section, line or bus; of a frequency neighbours, zones and buses with ; between them, empty: every area; of "
        "vm_pu zones and buses, empty: every bus inside",
        "",
    )
    setting: float = column(
        "Threshold; of a section a positive one watches the forward flow, a negative one the other way; of lines_out a "
        "number of circuits; of vm_pu below it load is shed and reactors go off, above it reactors on, lines open",
        ge=-100_000,
        le=100_000,
    )
    delay_s: float = column("Time over the threshold before it acts", 0.0, unit="s", ge=0)
    action: str = column(
        "shed load, return load, trip machines, open interfaces, start hydro, block rule; of vm_pu shed load, switch "
        "reactors off and capacitors on, switch reactors on and capacitors off, open unloaded line; trip the element "
        "(relays); anything else is a note",
        "",
    )
    place: str = column(
        "What it acts on, with ; between: areas (as target), machines or steam, hydro, gas, nuclear, sections, rules; "
        "empty: the area whose frequency, the bus whose voltage it watches",
        "",
    )
    share: float | None = column("Share of the load shed or returned, or of the machines tripped", None, ge=0, le=1)
    amount_mw: float | None = column(
        "In place of a share: power; of lines_out the most, what the flow before is above the normal limit is taken",
        None,
        unit="MW",
        ge=0,
    )
    armed_share: float = column("Share of it that works", 1.0, ge=0, le=1)
    after: str = column("Rule, in a row above, that must have acted", "")
    repeats: bool = column("Acts again after each further delay", False)
