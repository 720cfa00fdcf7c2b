"""The weather of a scenario: a file of departures, a generated year with design events, or a series of the user's.

Rules for a series. Times are local to the network; a time with another offset is an error. Hours run without gaps from
the first to the last; up to three missing hours in a row are joined linearly, which is noted, more are an error. 29
February is an hour like any other in a run; where years are compared it is dropped. The series covers the horizon and
the rest of the 24 hours that the operator plans at its start and at every midnight; who looks further ahead takes the
day before.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gridsim.errors import InputError, Problem, nearest
from gridsim.io.bundled import is_file
from gridsim.io.durations import parse_at_h, utc_offset
from gridsim.io.read_network import read_table
from gridsim.io.schemas.bounds import BOUNDS
from gridsim.io.schemas.scenario import DesignEventKeys, SeriesRow, WeatherKeys, WeatherRow
from gridsim.io.validation import validate
from gridsim.io.yaml_lines import YamlDocument
from gridsim.model.design_events import LARGEST_RATIO, SEVERITIES
from gridsim.model.scenario import (
    DesignEvent,
    Horizon,
    PlanningDay,
    Weather,
    WeatherFile,
    WeatherSeries,
    WeatherYearChoice,
)
from gridsim.model.system import GridSystem

LONGEST_FILLED_H = 3
PLANNED_H = 24


def read_weather(
    keys: WeatherKeys,
    path: Path,
    document: YamlDocument,
    horizon: Horizon,
    system: GridSystem,
    problems: list[Problem],
) -> Weather | None:
    """The weather that the keys ask for; what is wrong goes to ``problems``."""
    generated = keys.year_seed is not None or bool(keys.design_event)
    given = {"file": keys.file, "series": keys.series, "year_seed": generated, "planning_day": keys.planning_day}
    ways = [name for name, value in given.items() if value]
    if keys.year_seed is not None and "year_seed" not in ways:
        ways.append("year_seed")
    if len(ways) != 1:
        what = " and ".join(ways) + " together" if ways else "nothing"
        problems.append(
            document.problem(("weather",), f"{what} given", "give one of file, series, year_seed, planning_day")
        )
        return None
    if keys.planning_day:
        return _planning_day(document, system, problems)
    if ways == ["year_seed"]:
        return _generated(keys, document, horizon, system, problems)
    name = ways[0]
    file = path.parent / str(getattr(keys, name))
    if not is_file(file):
        problems.append(
            document.problem(
                ("weather", name), f"'{getattr(keys, name)}' does not exist", "give a CSV beside the scenario file"
            )
        )
        return None
    if name == "file":
        return _departures(str(keys.file), file, problems)
    try:
        return read_series(file, system, horizon)
    except InputError as error:
        problems += error.problems
        return None


def _planning_day(document: YamlDocument, system: GridSystem, problems: list[Problem]) -> PlanningDay | None:
    if not system.planning_day.is_stated:
        what = f"{system.name} has no planning day"
        mend = "give planning_day.expected_peak_mw in network.yaml, or other weather"
        problems.append(document.problem(("weather", "planning_day"), what, mend))
        return None
    return PlanningDay()


def _departures(name: str, file: Path, problems: list[Problem]) -> WeatherFile:
    table, table_problems = read_table(file, WeatherRow)
    rows = [row for _, row in table.rows]
    problems += table_problems
    for position, (number, row) in enumerate(table.rows):
        if row.hour != position:
            problems.append(
                Problem(str(file), number, "hour", f"{row.hour} where {position} is due", "give every hour once")
            )
            break
    if not rows and not table_problems:
        problems.append(Problem(str(file), 1, "hour", "no rows", "give at least one hour"))
    return WeatherFile(
        name,
        tuple(row.temperature_anomaly_k for row in rows),
        tuple(row.wind_factor for row in rows),
        tuple(row.solar_factor for row in rows),
    )


def _generated(
    keys: WeatherKeys, document: YamlDocument, horizon: Horizon, system: GridSystem, problems: list[Problem]
) -> WeatherYearChoice | None:
    count = len(problems)
    if len(system.weather_field) != 3:
        problems.append(
            document.problem(
                ("weather", "year_seed"),
                f"{system.name} has no weather generator",
                "give weather_field.csv and its tables",
            )
        )
    bare = np.isnan(system.climate.t_mean_c).any(axis=1)
    if bare.any():
        names = ", ".join(system.weather_sites.name[bare].tolist())
        problems.append(
            document.problem(("weather", "year_seed"), f"no climate at {names}", "give 12 months in climate.csv")
        )
    events = [_design_event(k, event, document, horizon, system, problems) for k, event in enumerate(keys.design_event)]
    known = [event for event in events if event is not None]
    for k, event in enumerate(known):
        for other in known[:k]:
            both_dry = event.kind == other.kind == "dry_year"
            dry = "dry_year" in (event.kind, other.kind)
            apart = event.at_h + 24 * event.days <= other.at_h or other.at_h + 24 * other.days <= event.at_h
            if both_dry or (not dry and not apart):
                problems.append(
                    document.problem(
                        ("weather", "design_event", k),
                        f"{event.kind} overlaps {other.kind}",
                        "let one end before the other",
                    )
                )
            elif event.kind == other.kind:
                problems.append(
                    document.problem(
                        ("weather", "design_event", k),
                        f"a second {event.kind} in one year",
                        "force an event once a year",
                    )
                )
    if len(problems) > count:
        return None
    return WeatherYearChoice(keys.year_seed or 0, keys.year, tuple(known), keys.year_per_replicate)


def _design_event(
    position: int,
    keys: DesignEventKeys,
    document: YamlDocument,
    horizon: Horizon,
    system: GridSystem,
    problems: list[Problem],
) -> DesignEvent | None:
    count = len(problems)

    def problem(key: str, value: str, mend: str) -> None:
        problems.append(document.problem(("weather", "design_event", position, key), value, mend))

    at_h = 0.0
    try:
        at_h = parse_at_h(keys.at, horizon.start)
    except ValueError:
        problem("at", f"'{keys.at}' is not a time", "give a local time like 2026-01-12 00:00, or +36h after the start")
    if keys.kind != "dry_year" and not 0 <= at_h < horizon.hours:
        end = horizon.start + dt.timedelta(hours=horizon.hours)
        problem("at", f"'{keys.at}' is outside the horizon", f"give a time from {horizon.start} to {end}")
    severity: tuple[float, ...] | None = None
    low, high = BOUNDS["C"]
    if (keys.return_period_years is None) == (keys.severity is None):
        problem("return_period_years", "return period and severity", "give exactly one of the two")
    if keys.severity is not None:
        values = keys.severity if isinstance(keys.severity, list) else [keys.severity]
        try:
            severity = tuple(float(value) for value in values)
        except (TypeError, ValueError, OverflowError):
            problem(
                "severity", f"{keys.severity!r} is not a number", "give a number, or a list of two for cold_and_calm"
            )
        else:
            if len(severity) != len(SEVERITIES[keys.kind]):
                problem("severity", f"{len(severity)} value(s)", f"{keys.kind} takes {len(SEVERITIES[keys.kind])}")
            elif keys.kind in ("renewable_lull", "dry_year") and not 0 < severity[0] <= LARGEST_RATIO:
                what = f"{severity[0]:g} is not in (0, {LARGEST_RATIO:g}]"
                problem("severity", what, "give a share of the long-run mean")
            elif keys.kind in ("cold_wave", "heat_wave", "cold_and_calm") and not low <= severity[0] <= high:
                what = f"{severity[0]:g} is not in [{low:g}, {high:g}]"
                problem("severity", what, "give a mean temperature in C")
            elif keys.kind == "cold_and_calm" and not 0 <= severity[1] <= LARGEST_RATIO:
                what = f"{severity[1]:g} is not in [0, {LARGEST_RATIO:g}]"
                problem("severity", what, "give a share of the long-run mean")
    places = [*system.weather_sites.name.tolist(), *system.renewable_sites.name.tolist()]
    for site in keys.sites:
        if site not in places:
            problem("sites", f"'{site}' is not a site of {system.name}", nearest(site, places))
    if keys.river and not system.rivers.has(keys.river):
        problem("river", f"'{keys.river}' is not in rivers", nearest(keys.river, system.rivers.name.tolist()))
    if keys.kind == "dry_year" and not len(system.rivers):
        problem("kind", f"{system.name} has no rivers", "give rivers.csv")
    if keys.kind in ("renewable_lull", "cold_and_calm") and not len(system.renewable_sites):
        problem("kind", f"{system.name} has no renewable sites", "give renewable_sites.csv")
    if len(problems) > count:
        return None
    return DesignEvent(
        keys.kind, at_h, keys.days, keys.return_period_years, severity, keys.sites, keys.season, keys.river
    )


def read_series(file: Path, system: GridSystem, horizon: Horizon | None = None) -> WeatherSeries:
    """A user's hourly series (CSV, or Parquet by its suffix); InputError with every problem."""
    rows, problems = _parquet_rows(file) if file.suffix == ".parquet" else _csv_rows(file)
    offset = utc_offset(system.timezone)
    tables: dict[str, tuple[list[str], str]] = {
        "temperature_c": (system.weather_sites.name.tolist(), "weather site"),
        "wind_cf": (_renewable(system, "wind"), "wind site"),
        "solar_cf": (_renewable(system, "solar"), "solar site"),
        "load_mw": (list(system.zones), "zone"),
        "inflow_m3_s": (system.rivers.name.tolist(), "river"),
    }
    everywhere = sorted({name for names, _ in tables.values() for name in names})
    values: dict[tuple[str, str], dict[dt.datetime, float]] = {}
    numbers: dict[tuple[str, dt.datetime], int] = {}
    for number, row in rows:
        try:
            time = dt.datetime.fromisoformat(row.time)
        except ValueError:
            problems.append(Problem(str(file), number, "time", f"'{row.time}' is not a time", "write 2026-01-12 05:00"))
            continue
        if time.tzinfo is not None:
            if time.utcoffset() != offset:
                what = f"'{row.time}' is not in {system.timezone}"
                problems.append(Problem(str(file), number, "time", what, "give times in the network's timezone"))
                continue
            time = time.replace(tzinfo=None)
        if time.minute or time.second:
            problems.append(
                Problem(str(file), number, "time", f"'{row.time}' is not a full hour", "give hourly values")
            )
            continue
        if row.place not in everywhere:
            what = f"'{row.place}' is no site, zone or river of {system.name}"
            problems.append(Problem(str(file), number, "place", what, nearest(row.place, everywhere)))
            continue
        for column, (names, kind) in tables.items():
            value = getattr(row, column)
            if value is None:
                continue
            if row.place not in names:
                what = f"{value:g} for '{row.place}', which is no {kind}"
                problems.append(Problem(str(file), number, column, what, f"give it for a {kind}"))
                continue
            known = values.setdefault((column, row.place), {})
            if time in known:
                problems.append(Problem(str(file), number, "time", f"'{row.time}' twice for {row.place}", "keep one"))
            known[time] = float(value)
            numbers[row.place, time] = number
    if not values and not problems:
        problems.append(Problem(str(file), 1, "", "no values", "give at least one value"))
    if problems:
        raise InputError(problems)
    return _series(file, system, horizon, values, numbers)


def planned_to(horizon: Horizon) -> dt.datetime:
    """The last hour of weather that a run asks for: the operator plans 24 hours at the start and at every midnight."""
    last = horizon.start + dt.timedelta(hours=horizon.hours) - dt.timedelta(microseconds=1)
    planned = max(horizon.start, last.replace(hour=0, minute=0, second=0, microsecond=0))
    return planned.replace(minute=0) + dt.timedelta(hours=PLANNED_H - 1)


def _outside(
    file: Path,
    hours: dict[dt.datetime, float],
    place: str,
    numbers: Mapping[tuple[str, dt.datetime], int],
    horizon: Horizon | None,
) -> Problem | None:
    """The row of a time that stands far from the others, or at which a horizon is not covered; None if none does."""
    times = sorted(hours)
    longest = dt.timedelta(hours=LONGEST_FILLED_H + 1)
    for position in range(1, len(times)):
        gap = times[position] - times[position - 1]
        if gap > longest:
            odd = times[position] if position > len(times) / 2 else times[position - 1]
            lacking = gap // dt.timedelta(hours=1) - 1
            what = f"{place} lacks {lacking} hours from {times[position - 1] + dt.timedelta(hours=1)}"
            mend = "mend the time, or give every hour of the horizon; up to 3 are joined"
            return Problem(str(file), numbers[place, odd], "time", what, mend)
    if horizon is None:
        return None
    first, last = horizon.start.replace(minute=0), planned_to(horizon)
    mend = f"give {place} every hour from {first} to {last}: the operator plans whole days; up to 3 are joined"
    if times[0] - first >= longest:
        what = f"{place} lacks {(times[0] - first) // dt.timedelta(hours=1)} hours before {times[0]}"
        return Problem(str(file), numbers[place, times[0]], "time", what, mend)
    if last - times[-1] >= longest:
        what = f"{place} lacks {(last - times[-1]) // dt.timedelta(hours=1)} hours after {times[-1]}"
        return Problem(str(file), numbers[place, times[-1]], "time", what, mend)
    return None


def _series(
    file: Path,
    system: GridSystem,
    horizon: Horizon | None,
    values: dict[tuple[str, str], dict[dt.datetime, float]],
    numbers: Mapping[tuple[str, dt.datetime], int],
) -> WeatherSeries:
    found = (_outside(file, hours, place, numbers, horizon) for (_, place), hours in values.items())
    outside = {problem for problem in found if problem is not None}
    if outside:  # before anything is made that is as long as the span
        raise InputError(outside)
    start = min(min(hours) for hours in values.values())
    end = max(max(hours) for hours in values.values())
    if horizon is not None:
        start = min(start, horizon.start.replace(minute=0))
        end = max(end, planned_to(horizon))
    n_hours = int((end - start).total_seconds() // 3600) + 1
    renewable = system.renewable_sites.name.tolist()
    arrays = {
        "temperature_c": (np.full((len(system.weather_sites), n_hours), np.nan), system.weather_sites.name.tolist()),
        "capacity_factor": (np.full((len(renewable), n_hours), np.nan), renewable),
        "load_mw": (np.full((len(system.zones), n_hours), np.nan), list(system.zones)),
        "inflow_m3_s": (np.full((len(system.rivers), n_hours), np.nan), system.rivers.name.tolist()),
    }
    problems, notes = [], []
    for (column, place), hours in values.items():
        array, names = arrays["capacity_factor" if column in ("wind_cf", "solar_cf") else column]
        line = array[names.index(place)]
        for time, value in hours.items():
            line[int((time - start).total_seconds() // 3600)] = value
        gap = _fill(line)
        if gap is not None:
            first, length = gap
            if length > LONGEST_FILLED_H:
                when = start + dt.timedelta(hours=first)
                what = f"{place} lacks {length} hours from {when}"
                near = numbers[place, min(hours, key=lambda time: abs(time - when))]
                mend = "give every place the same hours; up to 3 are joined"
                problems.append(Problem(str(file), near, column, what, mend))
            else:
                notes.append(f"{column} of {place}: gaps of up to {length} h joined linearly")
    if problems:
        raise InputError(problems)
    filled = {name: array for name, (array, _) in arrays.items()}
    return WeatherSeries(file=file.name, start=start, notes=tuple(notes), **filled)


def _fill(line: np.ndarray[Any, Any]) -> tuple[int, int] | None:
    """Join gaps linearly (held at the ends) and give the start and length of the longest one; None without gaps."""
    missing = np.isnan(line)
    if not missing.any():
        return None
    edges = np.flatnonzero(np.diff(np.concatenate([[0], missing.astype(int), [0]])))
    starts, lengths = edges[::2], edges[1::2] - edges[::2]
    line[missing] = np.interp(np.flatnonzero(missing), np.flatnonzero(~missing), line[~missing])
    longest = int(np.argmax(lengths))
    return int(starts[longest]), int(lengths[longest])


def _renewable(system: GridSystem, technology: str) -> list[str]:
    sites = system.renewable_sites
    return [str(name) for name in sites.name[sites.technology == technology]]


def _csv_rows(file: Path) -> tuple[list[tuple[int, Any]], list[Problem]]:
    table, problems = read_table(file, SeriesRow)
    return table.rows, problems


def _parquet_rows(file: Path) -> tuple[list[tuple[int, Any]], list[Problem]]:
    import pandas as pd

    try:
        frame = pd.read_parquet(file)
    except (OSError, ValueError, TypeError, ArithmeticError) as error:
        what = f"not readable as Parquet: {str(error).splitlines()[0] if str(error) else type(error).__name__}"
        return [], [Problem(str(file), 0, "", what, "write it again, or give a CSV")]
    unknown = [name for name in frame.columns if name not in SeriesRow.model_fields]
    problems = [
        Problem(str(file), 1, name, "unknown column", nearest(name, SeriesRow.model_fields)) for name in unknown
    ]
    rows: list[tuple[int, Any]] = []
    if problems:
        return rows, problems
    for number, record in enumerate(frame.to_dict("records"), start=2):
        cells = {str(name): value for name, value in record.items() if not pd.isna(value)}
        if "time" in cells:
            cells["time"] = str(cells["time"])
        row, faults = validate(SeriesRow, cells)
        problems += [Problem(str(file), number, column, what, mend) for column, what, mend in faults]
        if row is not None:
            rows.append((number, row))
    return rows, problems
