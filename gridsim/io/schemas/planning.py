"""Tables and keys of the state in which planners meet the peak: typical fleet and planning day."""

from __future__ import annotations

from gridsim.io.schemas.column import Confidence, Effect, Row, SourcedRow, column


class TypicalRow(SourcedRow):
    """MW usually out for repair or failed in a month (``failures: typical``): of one machine, or of all the others."""

    month: int = column("Month", ge=1, le=12)
    zone: str = column("Zone of the machines", ref="zones")
    technology: str = column("Technology of the machines, as in generators.csv", "")
    generator: str = column(
        "Machine that is out; empty: an equal share of every other machine of this zone and technology",
        "",
        ref="generators",
    )
    lost_mw: float = column("Power that is out", unit="MW", gt=0)


class RenewablesAtPeakRow(SourcedRow):
    """Wind or sun of one site on the planning day of a month: the level exceeded in 90 % of its evening peaks."""

    month: int = column("Month", ge=1, le=12)
    site: str = column("Wind or solar site", ref="renewable_sites")
    capacity_factor: float = column("Capacity factor at the evening peak", ge=0, le=1, effect=Effect.LABEL)
    share_of_normal: float = column("Share of the month's normal course that holds all day", ge=0, le=10)


class PlanningDayKeys(Row):
    """Load of the planning day (``weather: planning_day``)."""

    expected_peak_mw: float = column("Expected yearly peak of demand with network losses", unit="MW", gt=0)
    load_forecast_error: float = column("Standard deviation of the forecast as a share of the load", 0.0, ge=0, le=0.2)
    confidence: Confidence = column("How sure the values are", "assumed", effect=Effect.LABEL)
    source: str = column("Keys of sources.csv", "", effect=Effect.LABEL)
    note: str = column("Why these values", "", effect=Effect.LABEL)
