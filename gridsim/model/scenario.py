"""Scenario: what happens to a system over a horizon, as values; nothing is ever written into it."""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
import math
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np

from gridsim.errors import ArgumentError, StudyError
from gridsim.hooks import call
from gridsim.model.arguments import instance_of, number, whole_number
from gridsim.model.display import Card, Displayed, counted
from gridsim.model.known_day import Check
from gridsim.model.script import Hook, Script
from gridsim.model.table import F8

if TYPE_CHECKING:
    from gridsim.model.system import GridSystem
    from gridsim.model.unknown import Unknown

LONGEST_HORIZON_H = 8784
LEAST_EFFECT = 0.005, 0.2  # of the sampler; above it load would be little dearer than spill
STEPS_MEND = "use 5, 6, 10, 12, 15, 20, 30 or 60"


class Primitive(StrEnum):
    """The seven things that can be done to a system."""

    OUTAGE = "outage"
    DERATE = "derate"
    LIMIT = "limit"
    DEMAND = "demand"
    STOCK = "stock"
    WEATHER = "weather"
    POLICY = "policy"


class Change(StrEnum):
    """Quantities that demand, weather, policy and some derate kinds change (column ``quantity`` of kinds.csv)."""

    LOAD_RISE = "load_rise"
    LOAD_FALL = "load_fall"
    GAS_DEMAND_RISE = "gas_demand_rise"
    ABROAD_MW = "abroad_mw"
    TEMPERATURE_K = "temperature_k"
    UNLOADING = "unloading"
    HEATING_VALUE = "heating_value"
    WIND_FACTOR = "wind_factor"
    SOLAR_FACTOR = "solar_factor"
    IMPORTS = "imports"
    OPERATOR_BLIND_MINUTES = "operator_blind_minutes"
    RULE_FAILS = "rule_fails"
    RULE_OPERATES = "rule_operates"


@dataclass(frozen=True)
class Bounds:
    """Values from ``low`` to ``high``, both included unless ``low_open``; infinite where there is no bound."""

    low: float = -math.inf
    high: float = math.inf
    low_open: bool = False

    @staticmethod
    def parse(low: str, high: str) -> Bounds:
        """Cells of a table: empty for no bound; ``>`` before the lower one excludes it."""
        return Bounds(
            float(low.removeprefix(">")) if low else -math.inf,
            float(high) if high else math.inf,
            low.startswith(">"),
        )

    def __contains__(self, value: float) -> bool:
        return (self.low < value if self.low_open else self.low <= value) and value <= self.high

    def __str__(self) -> str:
        above, below = math.isfinite(self.low), math.isfinite(self.high)
        if above and below:
            return f"in {'(' if self.low_open else '['}{self.low:g}, {self.high:g}]"
        if above:
            return f"{'>' if self.low_open else '>='} {self.low:g}"
        return f"<= {self.high:g}" if below else ""


@dataclass(frozen=True)
class Kind:
    """A row of ``kinds.csv``: what an event of this kind does by default. The order of rows means nothing.

    ``targets``: tables or groups (model.groups) whose elements can be hit, ``all`` for every one of them; a name that
    two of them have is that of the first. ``default_of``: tables for which this kind is meant where only its primitive
    is known. ``quantities``: what a demand, weather or policy kind changes. ``bounds``: of the magnitude.
    ``duration_h`` None: to the end of the horizon. ``foreseen``: known the day before, so nothing is taken by surprise.
    ``vents_gas``: gas escapes from the pipes that are hit. ``delay_s``: seconds until it acts, by default; None: at
    once. ``steps``: how often it acts, by default; None: once.
    """

    kind: str
    primitive: Primitive
    quantities: tuple[Change, ...]
    targets: tuple[str, ...]
    default_of: tuple[str, ...]
    magnitude: float
    magnitude_unit: str
    bounds: Bounds
    duration_h: float | None
    foreseen: bool
    vents_gas: bool
    doc: str
    delay_s: float | None = None
    steps: int | None = None

    @property
    def tables(self) -> tuple[str, ...]:
        """``targets`` without ``all``."""
        return tuple(table for table in self.targets if table != "all")


@cache
def kinds() -> dict[str, Kind]:
    """The table of contingency kinds by name."""
    text = resources.files("gridsim.model").joinpath("kinds.csv").read_text(encoding="utf-8")
    return {
        row["kind"]: Kind(
            kind=row["kind"],
            primitive=Primitive(row["primitive"]),
            quantities=tuple(Change(quantity) for quantity in _words(row["quantity"])),
            targets=_words(row["targets"]),
            default_of=_words(row["default_of"]),
            magnitude=float(row["magnitude"]),
            magnitude_unit=row["magnitude_unit"],
            bounds=Bounds.parse(row["magnitude_min"], row["magnitude_max"]),
            duration_h=float(row["duration_h"]) if row["duration_h"] else None,
            foreseen=row["foreseen"] == "true",
            vents_gas=row["vents_gas"] == "true",
            doc=row["doc"],
            delay_s=float(row["delay_s"]) if row["delay_s"] else None,
            steps=int(row["steps"]) if row["steps"] else None,
        )
        for row in csv.DictReader(text.splitlines())
    }


def _words(cell: str) -> tuple[str, ...]:
    return tuple(word for word in cell.split(";") if word)


class Imports(StrEnum):
    """Import policies: nothing, the contracted power, all that the wires carry, or what neighbours are likely to give.

    LIKELY needs rows of ``border_support``: the contract, less in a cold that the neighbour shares, and help beyond it
    that is drawn once a spell; a border without a row gives its contract.
    """

    NONE = "none"
    CONTRACT = "contract"
    LIMIT = "limit"
    LIKELY = "likely"


class Failures(StrEnum):
    """Fleets that a run may start with: whole, with what is usually out in its month, or failing at random."""

    OFF = "off"
    TYPICAL = "typical"
    ON = "on"

    @classmethod
    def of(cls, value: object) -> Failures:
        """The member of a value or of a truth value; ArgumentError for anything else."""
        if isinstance(value, bool | np.bool_):
            return cls.ON if value else cls.OFF
        if isinstance(value, str) and value in list(cls):
            return cls(value)
        raise ArgumentError(f"failures: {value!r} is none of {', '.join(cls)}; give one of them, or True or False")


class AcMode(StrEnum):
    """Power flows that may check every dispatch."""

    FAST = "fast"
    PANDAPOWER = "pandapower"
    OFF = "off"


class VoltageMode(StrEnum):
    """Whether the operator moves voltage devices before the power flow."""

    ON = "on"
    OFF = "off"


class Automation(StrEnum):
    """Emergency automation that acts before the operator can: none, or the overload relays of the network."""

    OFF = "off"
    RELAYS = "relays"


class FirstMinutesMode(StrEnum):
    """The seconds after a sudden change, before the operator: left out, or as the swing of areas with automation.

    ``auto``: followed where the network states rules of automation for them; without any nothing would stop a fall.
    """

    AUTO = "auto"
    OFF = "off"
    ON = "on"


class GasMode(StrEnum):
    """Gas models: pressures and linepack of the pipes, or a daily transport balance."""

    HYDRAULIC = "hydraulic"
    BALANCE = "balance"


@dataclass(frozen=True)
class Horizon:
    """``start``: local time of the network; ``step_minutes``: how often weather and load change."""

    start: dt.datetime
    hours: float
    step_minutes: int = 60

    def __post_init__(self) -> None:
        start = instance_of("horizon.start", self.start, dt.datetime, "give a local time, dt.datetime(2026, 1, 12)")
        if start.tzinfo is not None:
            raise StudyError("horizon.start: times are local to the network; leave out the timezone")
        step = whole_number("horizon.step_minutes", self.step_minutes, 5, 60)
        if 60 % step:
            raise StudyError(f"horizon.step_minutes: {step} does not divide an hour; {STEPS_MEND}")
        object.__setattr__(self, "hours", number("horizon.hours", self.hours, 0.25, LONGEST_HORIZON_H))
        object.__setattr__(self, "step_minutes", step)
        try:
            start + dt.timedelta(hours=self.hours + 48)
        except OverflowError:
            raise StudyError(f"horizon.start: {start} is too near the end of the calendar") from None


@dataclass(frozen=True)
class Repair:
    """Hours of repair work: ``distribution`` exponential, lognormal (``sigma`` of the logarithm) or constant."""

    distribution: str
    mean_h: float
    sigma: float = 0.0


@dataclass(frozen=True)
class Target:
    """One element, or a group of them: ``table`` as in kinds.csv (``all``: everything the kind can act on)."""

    table: str
    name: str


class Quantity(StrEnum):
    """Quantities that a condition may refer to."""

    TEMPERATURE_C = "temperature_c"
    UNSERVED_MW = "unserved_mw"
    SECTION_LOADING = "section_loading"
    LINEPACK_MCM = "linepack_mcm"
    PRESSURE_BAR = "pressure_bar"
    STOCK_DAYS = "stock_days"


# Table that names the place a quantity is asked at; an empty place means the whole system where a sum or mean exists.
QUANTITY_TABLES = {
    Quantity.TEMPERATURE_C: "weather_sites",
    Quantity.UNSERVED_MW: "zones",
    Quantity.SECTION_LOADING: "interfaces",
    Quantity.LINEPACK_MCM: "gas_nodes",
    Quantity.PRESSURE_BAR: "gas_nodes",
    Quantity.STOCK_DAYS: "stocks",
}
QUANTITIES_OF_ALL = (Quantity.TEMPERATURE_C, Quantity.UNSERVED_MW, Quantity.LINEPACK_MCM)


@dataclass(frozen=True)
class Condition:
    """True while ``quantity`` at ``of`` (empty: of the system) is below or above the bounds given."""

    quantity: Quantity
    of: str = ""
    below: float | None = None
    above: float | None = None


@dataclass(frozen=True)
class Dependence:
    """An event that follows another: ``delay_h`` after it starts (or ends), if every condition holds then."""

    event: str
    on_end: bool = False
    delay_h: float = 0.0
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class Event:
    """One thing that happens. ``duration_h`` None: to the end of the horizon, unless ``repair`` is given.

    With ``depends_on`` the event has no time of its own and ``at_h`` is not looked at. In the first minutes it acts
    ``delay_s`` after its moment, and ``steps`` times with that between.
    """

    id: str
    kind: str
    at_h: float
    targets: tuple[Target, ...]
    magnitude: float
    duration_h: float | None
    repair: Repair | None = None
    probability: float = 1.0
    depends_on: Dependence | None = None
    delay_s: float = 0.0
    steps: int = 1


@dataclass(frozen=True)
class WeatherFile:
    """A given course of the weather, relative to the climate; one value per hour from the start, the last one held.

    ``temperature_anomaly_k`` is added to the normal temperature of every site, the factors multiply wind and solar
    profiles.
    """

    file: str
    temperature_anomaly_k: tuple[float, ...]
    wind_factor: tuple[float, ...]
    solar_factor: tuple[float, ...]


@dataclass(frozen=True)
class DesignEvent:
    """A weather event of stated return period or severity, put into a weather year.

    ``kind``: renewable_lull, cold_wave, heat_wave, cold_and_calm, dry_year; ``at_h``: start after the horizon's;
    ``severity``: one value per quantity (ratio of the capacity factor to its long-run mean; mean temperature in C;
    annual volume over its mean); ``sites``: empty for all; ``season``: of the worst events it is compared with.
    """

    kind: str
    at_h: float
    days: int
    return_period_years: float | None = None
    severity: tuple[float, ...] | None = None
    sites: tuple[str, ...] = ()
    season: str = "year"
    river: str = ""


@dataclass(frozen=True)
class WeatherYearChoice:
    """A generated weather year: the pair (seed, year), with design events in it.

    ``year_per_replicate``: replicate k takes year + k.
    """

    seed: int
    year: int = 0
    events: tuple[DesignEvent, ...] = ()
    year_per_replicate: bool = False


@dataclass(frozen=True, eq=False)
class WeatherSeries:
    """A user's hourly series from local time ``start``, NaN where it gives nothing; rows in the system's order.

    temperature_c (n_weather_sites, n), capacity_factor (n_renewable_sites, n), load_mw (n_zones, n),
    inflow_m3_s (n_rivers, n); ``notes``: what was filled.
    """

    file: str
    start: dt.datetime
    temperature_c: F8
    capacity_factor: F8
    load_mw: F8
    inflow_m3_s: F8
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class PlanningDay:
    """The day that the peak is planned for: the month's normal day with little wind and sun and its expected load.

    ``number``: replicate. The first has the expected load; the others have loads spread over the forecast error.
    """

    number: int = 0


Weather = WeatherFile | WeatherYearChoice | WeatherSeries | PlanningDay


@dataclass(frozen=True)
class Policy:
    """Operation of the system: imports, checks, automation, the operator's delay.

    ``least_effect``: load is worth 1 / least_effect times the dearest supply, so redispatch of less effect on a binding
    limit is not used to save it; 0.005 is the sampler's least shedding. ``voltage_control``: the operator moves the
    voltage devices that the network names before each AC check. ``first_minutes``: after a sudden change frequencies,
    shedding and separation are answered before the operator acts, by default where the network states rules for that.
    ``secure_losses``: table ``secure_losses`` of every hour is made, about 1 s of CPU each.
    ``gas_order``: gas classes whose places in the order
    of cuts are given out anew, first cut first (``model/gas_order.csv``).
    """

    imports: Imports = Imports.CONTRACT
    ac: AcMode = AcMode.FAST
    operator_delay_minutes: float = 15.0
    automation: Automation = Automation.OFF
    first_minutes: FirstMinutesMode = FirstMinutesMode.AUTO
    first_minutes_s: float = 60.0
    secure_losses: bool = False
    gas: GasMode = GasMode.HYDRAULIC
    least_effect: float = 0.05
    voltage_control: VoltageMode = VoltageMode.ON
    gas_order: tuple[str, ...] = ()


@dataclass(frozen=True, repr=False)
class Scenario(Displayed):
    """One question: a network, a horizon, weather, events and a policy.

    ``failures``: the fleet whole, with what is usually out in the month, or failing at random (True and False are on
    and off). ``scripts``: user's contingencies and policies. ``spared``: names of machines and plants that the typical
    fleet leaves in service, beside those that events and scripts name. ``checks``: what was observed on the day that it
    replays; ``unknowns``: numbers of which the day leaves only a range.
    """

    name: str
    network: str
    horizon: Horizon
    description: str = ""
    events: tuple[Event, ...] = ()
    weather: Weather | None = None
    policy: Policy = field(default_factory=Policy)
    failures: Failures | bool = Failures.OFF
    question: str = ""
    shows: str = ""
    source_file: str = ""
    scripts: tuple[Script, ...] = ()
    variant: str = ""
    replicates: int = 1
    outputs: tuple[str, ...] = ()
    spared: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()
    unknowns: tuple[Unknown, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "failures", Failures.of(self.failures))

    def _card(self) -> Card:
        variant = f" ({self.variant})" if self.variant else ""
        policy = self.policy
        lines = [
            f"{self.network}{variant}, {self.horizon.start:%Y-%m-%d %H:%M} + {self.horizon.hours:g} h",
            self.question,
            f"{counted(len(self.events), 'event')}: {', '.join(event.id for event in self.events)}"
            if self.events
            else "",
            f"scripts: {', '.join(script.name for script in self.scripts)}" if self.scripts else "",
            f"weather: {type(self.weather).__name__}" if self.weather is not None else "",
            {Failures.OFF: "", Failures.TYPICAL: "typical fleet", Failures.ON: "random failures"}[
                Failures.of(self.failures)
            ],
            f"policy: imports {policy.imports}, ac {policy.ac}, gas {policy.gas}, automation {policy.automation}, "
            f"operator after {policy.operator_delay_minutes:g} min",
        ]
        rows = [
            (
                event.id,
                f"after {event.depends_on.event}" if event.depends_on is not None else f"+{event.at_h:g} h",
                event.kind,
                ", ".join(target.name for target in event.targets),
                f"{event.magnitude:g}",
                "repair" if event.repair else "to the end" if event.duration_h is None else f"{event.duration_h:g} h",
            )
            for event in self.events
        ]
        header = ("event", "at", "kind", "targets", "magnitude", "for")
        return Card(f"Scenario {self.name}", [line for line in lines if line], header, rows)

    @property
    def happens(self) -> bool:
        """True if anything may happen: then there is a course without it to compare with."""
        if self.events or self.failures is Failures.ON:
            return True
        return any(script.hook is Hook.CONTINGENCY for script in self.scripts)

    @property
    def named(self) -> frozenset[str]:
        """Names in the targets and conditions of events, in scripts and checks, and those of ``spared``."""
        targets = [target.name for event in self.events for target in event.targets if target.table != "all"]
        follows = [event.depends_on for event in self.events if event.depends_on is not None]
        conditions = [condition.of for dependence in follows for condition in dependence.conditions]
        words = [word for script in self.scripts for word in script.words]
        checked = [check.place for check in self.checks]
        return frozenset([*targets, *conditions, *words, *checked, *self.spared]) - {""}

    @property
    def script_files(self) -> tuple[str, ...]:
        """Files of the scripts, each once."""
        return tuple(dict.fromkeys(script.file for script in self.scripts))

    @property
    def draws_weather(self) -> bool:
        """True if every replicate has a weather year, or a load of the planning day, of its own."""
        if isinstance(self.weather, WeatherYearChoice):
            return self.weather.year_per_replicate
        return isinstance(self.weather, PlanningDay)

    def with_(self, system: GridSystem | None = None, /, **changes: Any) -> Scenario:
        """A scenario with values at dotted paths of its file's keys: ``with_(**{"policy.imports": "none"})``.

        An event is named by its id or position (``events.rupture.magnitude``, ``events.0.magnitude``). Checked as a
        file is: InputError with every problem. ``system``: the network, where its name is no bundled one and no folder.
        """
        changed: Scenario = call("change_scenario", self, system, changes)
        return changed

    def of_replicate(self, replicate: int) -> Scenario:
        """The scenario as this replicate meets it: with its own weather year or planning day's load."""
        if isinstance(self.weather, PlanningDay):
            return dataclasses.replace(self, weather=PlanningDay(self.weather.number + replicate))
        if not (isinstance(self.weather, WeatherYearChoice) and self.weather.year_per_replicate):
            return self
        return dataclasses.replace(self, weather=dataclasses.replace(self.weather, year=self.weather.year + replicate))

    def without_events(self) -> Scenario:
        """The same horizon, weather, policy and fleet with nothing happening: what effects are measured against.

        The typical fleet stays, with the machines in service that the events name: it is the state at the start.
        """
        spared = tuple(sorted(self.named)) if self.failures is Failures.TYPICAL else self.spared
        policies = tuple(script for script in self.scripts if script.hook is not Hook.CONTINGENCY)
        failures = Failures.OFF if self.failures is Failures.ON else self.failures
        return dataclasses.replace(self, events=(), failures=failures, scripts=policies, spared=spared)
