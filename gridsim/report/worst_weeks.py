"""The worst weeks of an assessment in generated weather, with the weather they had."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from gridsim.reliability.result import AssessmentResult
from gridsim.reliability.weather_years import WeatherYears
from gridsim.results.shortfall_calendar import WEEK_D
from gridsim.weather.sampled import window_means


def weather_of_weeks(weather: WeatherYears, result: AssessmentResult) -> dict[str, Any]:
    """The worst weeks with their weather, as plain values.

    Keys: weather_seed, weather_years (of a fixed set, else None), over_weather_years (mean and error over the set's
    years), worst_weeks: start (year of the calendar is nominal), sample, weather_year, unserved_mwh, temperature_c
    (weighted by load), wind_cf and solar_cf (weighted by capacity) over the seven days.
    """
    weeks = []
    for week in result.worst_weeks:
        year = weather.year_of(week.sample)
        means = window_means(weather.grid, weather.seed, year, 24 * week.start_day, 24 * WEEK_D)
        weeks.append(
            {
                "start": str(week.start.date()),
                "sample": week.sample,
                "weather_year": year,
                "unserved_mwh": week.energy_mwh,
                **means._asdict(),
            }
        )
    return {
        "weather_seed": weather.seed,
        "weather_years": weather.n_years,
        "over_weather_years": [asdict(estimate) for estimate in result.over_weather_years],
        "worst_weeks": weeks,
    }
