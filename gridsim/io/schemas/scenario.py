"""Keys of a scenario file (``events/*.yaml``) and columns of a weather file."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from gridsim.io.schemas.column import Effect, Row, column
from gridsim.io.schemas.names import GasClassName, ObservableName, OutputTable
from gridsim.model.scenario import LEAST_EFFECT


class HorizonKeys(Row):
    """Start, length and step of the horizon."""

    start: str = column("Local time of the first hour, such as 2026-01-12 00:00")
    hours: float = column("Length", unit="h", ge=0.25, le=8784)
    step_minutes: int = column("How often weather and load change", 60, unit="min", ge=5, le=60)


class DesignEventKeys(Row):
    """A weather event of stated return period or severity in a generated year."""

    kind: Literal["renewable_lull", "cold_wave", "heat_wave", "cold_and_calm", "dry_year"] = column("What happens")
    at: Any = column("Local time, or +36h after the start; a dry year needs none", "+0h")
    days: int = column("Length; a dry year is the whole weather year", 5, unit="day", ge=1, le=60)
    return_period_years: float | None = column(
        "Return period; above 50 years it is extrapolated", None, unit="year", gt=1, le=10000
    )
    severity: Any = column(
        "Instead: ratio of capacity factor to its long-run mean, mean temperature in C, both as a list (cold_and_calm: "
        "temperature, ratio), or annual volume over its mean",
        None,
    )
    sites: tuple[str, ...] = column("Weather or renewable sites; empty: all, by load and capacity", ())
    season: Literal["year", "winter", "summer"] = column("Season whose worst events it is compared with", "year")
    river: str = column("River of a dry year; empty: the first", "")


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, dict) else value


def _planning_day(value: Any) -> Any:
    """``weather: planning_day`` for ``weather: {planning_day: true}``."""
    return {"planning_day": True} if value == "planning_day" else value


def _as_word(value: Any) -> Any:
    """``true`` and ``false`` as on and off."""
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else value


class WeatherKeys(Row):
    """Source of the weather; without it the climate's normal."""

    file: str | None = column("CSV of hourly departures from the climate, beside the scenario file", None)
    series: str | None = column("CSV or Parquet of hourly values per place, beside the scenario file", None)
    year_seed: int | None = column("Seed of a generated weather year", None, ge=0, lt=2**63)
    year: int = column("Number of the generated year", 0, ge=0, lt=2**31)
    year_per_replicate: bool = column("Replicate k takes the year that is k later", False)
    planning_day: bool = column("The network's planning day: its expected peak, little wind and sun", False)
    design_event: Annotated[tuple[DesignEventKeys, ...], BeforeValidator(_as_list)] = column(
        "One event or a list of events put into the generated year (of seed 0 if none is given)", ()
    )


class SeriesRow(Row):
    """One hour of one place of a series; what is empty follows the climate's normal course."""

    time: str = column("Local time of the hour's start; with an offset it must be the network's")
    place: str = column("A weather site, renewable site, zone or river")
    temperature_c: float | None = column("Temperature of a weather site", None, unit="C", ge=-80, le=60)
    wind_cf: float | None = column("Capacity factor of a wind site", None, ge=0, le=1)
    solar_cf: float | None = column("Capacity factor of a solar site", None, ge=0, le=1)
    load_mw: float | None = column("Load of a zone", None, unit="MW", ge=0)
    inflow_m3_s: float | None = column("Inflow of a river", None, unit="m3/s", ge=0)


class RepairKeys(Row):
    """Hours of repair work, in place of a duration; a network's crews add waiting, travel and slow work in cold."""

    distribution: Literal["exponential", "lognormal", "constant"] = column("Distribution", "exponential")
    mean_h: float = column("Mean time to repair", unit="h", gt=0)
    sigma: float = column("Standard deviation of the logarithm (lognormal)", 0.5, ge=0, le=3)


class ConditionKeys(Row):
    """Condition for an event to follow another; at least one bound."""

    quantity: Literal[
        "temperature_c", "unserved_mw", "section_loading", "linepack_mcm", "pressure_bar", "stock_days"
    ] = column("What is looked at; `section_loading` is a share: above 0.9 is 90 %")
    of: str = column(
        "Weather site, zone, section, gas node, yard or plant; empty: the load-weighted mean temperature, the sum of "
        "unserved power or of usable linepack",
        "",
    )
    below: float | None = column("Holds while the quantity is less", None, ge=-1_000_000, le=1_000_000)
    above: float | None = column("Holds while the quantity is more", None, ge=-1_000_000, le=1_000_000)


class DependsKeys(Row):
    """An event that follows another instead of having a time of its own."""

    event: str = column("`id` of the event it follows; if that does not happen, this does not either")
    when: Literal["starts", "ends"] = column("Which of its moments", "starts")
    delay: Any = column("How long after that moment", "0h")
    only_if: Annotated[tuple[ConditionKeys, ...], BeforeValidator(_as_list)] = column(
        "One condition or a list, all of which must hold at the moment it would start", ()
    )


class EventKeys(Row):
    """One thing that happens."""

    id: str = column("Unique name within the scenario")
    at: Any = column("Local time, or +36h after the start; left out with `depends_on`", None)
    kind: str = column("A kind of `gridsim list kinds`")
    target: Any = column("Name of an element, a list of names, or 'all'", "all")
    magnitude: float | None = column(
        "Size in the kind's unit; empty: the kind's default", None, ge=-100_000, le=100_000
    )
    duration: Any = column("36h, 3d, 90min; empty: the kind's default", None)
    repair: RepairKeys | None = column("Instead: work of a repair crew", None)
    probability: float = column("Chance that it happens in a replicate", 1.0, ge=0, le=1)
    depends_on: DependsKeys | None = column("The event it follows", None)
    delay_s: float | None = column(
        "Seconds after its moment at which it acts in the first minutes; empty: the kind's default", None, unit="s",
        ge=0, le=300,
    )  # fmt: skip
    steps: int | None = column("Losses of a series, `delay_s` apart; empty: the kind's default", None, ge=1, le=20)


class RecordedOutage(Row):
    """One recorded outage; where several of one element overlap the lowest MW available holds."""

    element: str = column("Name of a line, transformer, machine, plant, border, store, bus or gas element")
    begin: str | None = column("Local time, or with an offset from UTC; empty or early: out at the start", None)
    end: str | None = column("When it was back; empty: not within the horizon", None)
    mw_available: float | None = column(
        "What a machine or plant could give meanwhile; empty: nothing", None, unit="MW", ge=0, le=1e6
    )
    table: (
        Literal[
            "lines", "transformers", "buses", "generators", "plants", "storages", "borders", "gas_pipelines",
            "compressor_stations", "gas_supply", "gas_storage",
        ]
        | None
    ) = column("Table of the element, where several have the name", None)  # fmt: skip


class CheckKeys(Row):
    """One number observed on the day that the scenario replays (`gridsim run NAME --check`)."""

    quantity: ObservableName = column("A quantity of docs/format.md")
    place: str = column("Zone, section, plant, border, class, oblast or gas node; system: all of it", "system")
    at: Any = column("Local time, or +36h after the start; the moment, or the start of the time looked at", "+0h")
    to: Any = column("End of the time looked at; empty: the moment `at` alone", None)
    statistic: Literal["mean", "max", "min", "energy"] = column("Which number of that time", "mean")
    against: Literal["nothing", "change", "ratio"] = column(
        "The number itself, or its change against, or ratio to, the same horizon without events", "nothing"
    )
    observed: float = column("What was observed", ge=-1_000_000, le=1_000_000)
    tolerance: float = column("How near the simulated number must be", ge=0, le=1_000_000)
    source: str = column("Who published it, and when", effect=Effect.LABEL)
    note: str = column("Remark for the reader", "", effect=Effect.LABEL)


class UnknownKeys(Row):
    """A number of which the day leaves only a range; `gridsim run NAME --check --corners` runs every combination."""

    parameter: str = column(
        "table.row.column of the network, such as automation.trip_47_*.share (* stands for any letters), or "
        "events.ID.magnitude or .delay_s"
    )
    low: float = column("Low end", ge=-1_000_000, le=1_000_000)
    high: float = column("High end", ge=-1_000_000, le=1_000_000)
    factor: bool = column("The ends multiply what stands there, in place of being it", False)
    note: str = column("Why this range, for the reader", "", effect=Effect.LABEL)


class PolicyKeys(Row):
    """Operation of the system."""

    imports: Literal["none", "contract", "limit", "likely"] = column(
        "What may be bought abroad; likely: the contract and what `border_support` says, drawn", "contract"
    )
    ac: Literal["fast", "pandapower", "off"] = column("Power flow after every dispatch", "fast")
    gas: Literal["hydraulic", "balance"] = column(
        "Gas network: pressures and linepack, or a daily transport balance with usable linepack", "hydraulic"
    )
    automation: Literal["off", "relays"] = column(
        "Emergency automation that acts before the operator: none, or the network's overload relays", "off"
    )
    least_effect: float = column(
        "Load is worth 1 / least_effect dearest supplies: redispatch of less effect on a binding limit is not used to "
        "save it; 0.005: least shedding, as in the sampler", 0.05, ge=LEAST_EFFECT[0], le=LEAST_EFFECT[1],
    )  # fmt: skip
    first_minutes: Annotated[Literal["auto", "off", "on"], BeforeValidator(_as_word)] = column(
        "Frequency, load shedding and separation of areas after a sudden change, before the operator acts; auto: where "
        "the network states rules for that in automation.csv", "auto",
    )  # fmt: skip
    first_minutes_s: float = column(
        "Seconds that are looked at after a sudden change, unless all is quiet before", 60.0, unit="s", ge=10, le=300
    )
    secure_losses: Annotated[Literal["on", "off"], BeforeValidator(_as_word)] = column(
        "Table of the largest loss that automation does not answer, by hour and area: about 1 s of CPU an hour", "off"
    )
    voltage_control: Literal["on", "off"] = column(
        "The operator moves switchable shunts and controlled taps before each AC check; off: all stand as stated", "on"
    )
    gas_order: tuple[GasClassName, ...] = column(
        "Gas classes that share out their places in the order of cuts anew, first cut first; power: all plants, "
        "transit: all of it", (),
    )  # fmt: skip
    operator_delay_minutes: float = column(
        "Ramping time the operator has at a sudden change", 15.0, unit="min", ge=1, le=240
    )


class ScenarioKeys(Row):
    """A scenario file."""

    schema_version: Literal[1] = column("Version of this format", 1)
    name: str = column("Name; by default that of the file", "")
    question: str = column("What it asks, in one line", "")
    shows: str = column("What its run shows, in one line", "")
    description: str = column("What happens in it and why", "")
    extends: str = column("Scenario file whose keys hold where this one is silent; lists are replaced whole", "")
    network: str = column("Bundled name or folder of the network")
    horizon: HorizonKeys = column("When")
    weather: Annotated[WeatherKeys | None, BeforeValidator(_planning_day)] = column(
        "Where the weather comes from, or planning_day", None
    )
    failures: Annotated[Literal["off", "typical", "on"], BeforeValidator(_as_word)] = column(
        "Fleet at the start: whole (off), with what is usually out in the month (typical), or every component with "
        "mttf_h fails and is repaired at random, beside the events (on)",
        "off",
    )
    events: tuple[EventKeys, ...] = column("What happens", ())
    outages: str | None = column("CSV of recorded outages, beside the scenario file, which happen too", None)
    policy: PolicyKeys = column("How the system is operated", PolicyKeys())
    check: Annotated[tuple[CheckKeys, ...], BeforeValidator(_as_list)] = column(
        "What was observed on the day that it replays", ()
    )
    unknowns: Annotated[tuple[UnknownKeys, ...], BeforeValidator(_as_list)] = column(
        "Numbers that nobody published, as ranges, for `--check --corners`; at most six", ()
    )
    variant: str = column("Variant of the network (its variants/NAME.yaml); empty: as it stands", "")
    replicates: int = column("Trajectories that differ in what is drawn", 1, ge=1, le=1_000_000)
    outputs: tuple[OutputTable, ...] = column(
        "Tables kept for every replicate; zones, interfaces, shortfall, shortfall_events, events, nuclear, water, "
        "site_supply and minerals always are",
        (),
    )


class WeatherRow(Row):
    """One hour of a weather file."""

    hour: int = column("Hours since the start, 0, 1, 2 ... without gaps", ge=0, le=8_783)
    temperature_anomaly_k: float = column("Departure from the normal temperature", 0.0, unit="K", ge=-50, le=50)
    wind_factor: float = column("Factor on wind profiles", 1.0, ge=0, le=10)
    solar_factor: float = column("Factor on solar profiles", 1.0, ge=0, le=10)
