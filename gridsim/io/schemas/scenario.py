"""Keys of a scenario file (``events/*.yaml``) and columns of a weather file."""

from __future__ import annotations

from typing import Any, Literal

from gridsim.io.schemas.column import Row, column


class HorizonKeys(Row):
    """When."""

    start: str = column("Local time of the first hour, such as 2026-01-12 00:00")
    hours: float = column("Length", unit="h", gt=0, le=8784)
    step_minutes: int = column("How often weather and load change", 60, unit="min", ge=5, le=60)


class WeatherKeys(Row):
    """Where the weather comes from; without it the climate's normal."""

    file: str = column("CSV of hourly departures from the climate, beside the scenario file")


class RepairKeys(Row):
    """Random time to repair, in place of a duration."""

    distribution: Literal["exponential", "lognormal"] = column("Distribution", "exponential")
    mean_h: float = column("Mean time to repair", unit="h", gt=0)
    sigma: float = column("Standard deviation of the logarithm (lognormal)", 0.5, ge=0, le=3)


class EventKeys(Row):
    """One thing that happens."""

    id: str = column("Unique name within the scenario")
    at: Any = column("Local time, or +36h after the start")
    kind: str = column("A kind of `gridsim list kinds`")
    target: Any = column("Name of an element, a list of names, or 'all'", "all")
    magnitude: float | None = column("Size in the kind's unit; empty: the kind's default", None)
    duration: Any = column("36h, 3d, 90min; empty: the kind's default", None)
    repair: RepairKeys | None = column("Random duration", None)
    probability: float = column("Chance that it happens in a replicate", 1.0, ge=0, le=1)


class PolicyKeys(Row):
    """How the system is operated."""

    imports: Literal["none", "contract", "limit"] = column("What may be bought abroad", "contract")
    ac: Literal["fast", "pandapower", "off"] = column("Power flow after every dispatch", "fast")
    gas: Literal["hydraulic", "balance"] = column(
        "Gas network: pressures and linepack, or a daily transport balance", "hydraulic"
    )
    operator_delay_minutes: float = column(
        "Ramping time the operator has at a sudden change", 15.0, unit="min", gt=0, le=240
    )


class ScenarioKeys(Row):
    """A scenario file."""

    schema_version: Literal[1] = column("Version of this format", 1)
    name: str = column("Name; by default that of the file", "")
    description: str = column("What it asks", "")
    extends: str = column("Scenario file whose keys hold where this one is silent; lists are replaced whole", "")
    network: str = column("Bundled name or folder of the network")
    horizon: HorizonKeys = column("When")
    weather: WeatherKeys | None = column("Where the weather comes from", None)
    events: tuple[EventKeys, ...] = column("What happens", ())
    policy: PolicyKeys = column("How the system is operated", PolicyKeys())


class WeatherRow(Row):
    """One hour of a weather file."""

    hour: int = column("Hours since the start, 0, 1, 2 ... without gaps", ge=0)
    temperature_anomaly_k: float = column("Departure from the normal temperature", 0.0, unit="K", ge=-50, le=50)
    wind_factor: float = column("Factor on wind profiles", 1.0, ge=0, le=10)
    solar_factor: float = column("Factor on solar profiles", 1.0, ge=0, le=10)
