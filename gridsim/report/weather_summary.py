"""Output of `gridsim weather NETWORK --years N`: the climate, droughts, severity-duration-frequency, checks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gridsim.errors import StudyError
from gridsim.model.system import GridSystem
from gridsim.weather.checks import draw_sample, run_checks
from gridsim.weather.droughts import (
    RETURN_PERIODS,
    at_return_period,
    drought_table,
    moving_mean,
    sdf_table,
    storage_need_h,
)
from gridsim.weather.year import weather_model

DEFAULT_SEED = 1


def weather_summary(
    system: GridSystem, years: int = 200, seed: int = DEFAULT_SEED, progress: Callable[[float], None] | None = None
) -> dict[str, Any]:
    """Statistics of ``years`` generated years as plain values.

    Keys: network, years, seed, first_month, sites (wind sites of the table with MW, and how months and hours vary),
    climate, severity_duration_frequency (wind and sun; wind alone), droughts, storage_need_d, checks, passed.
    """
    if years < 2:
        raise StudyError(f"{years} year(s) tell nothing of return periods; ask for 2 or more")
    model = weather_model(system)
    sample = draw_sample(model, years, seed, progress)
    checks = run_checks(model, sample, seed)
    annual = system.renewable_sites.annual_cf
    wind_mw, solar_mw = model.capacity_mw()
    weight = wind_mw if wind_mw.sum() else np.ones(len(wind_mw))
    wind_mean = float(weight @ annual[model.wind_sites] / weight.sum())
    total = wind_mw.sum() + solar_mw.sum()
    both_mean = float((wind_mw @ annual[model.wind_sites] + solar_mw @ annual[model.solar_sites]) / max(total, 1e-9))
    both = sample.cf_national / max(both_mean, 1e-9)
    wind = sample.wind_national / wind_mean
    periods = [period for period in RETURN_PERIODS if period <= years]
    cold = np.array([moving_mean(year, 120).min() for year in sample.t_national])
    hot = -np.array([moving_mean(year, 120).max() for year in sample.t_national])
    names = system.renewable_sites.name
    return {
        "network": system.name,
        "years": years,
        "seed": seed,
        "first_month": model.first_month,
        "sites": {
            "wind_mw": dict(zip(names[model.wind_sites].tolist(), wind_mw.round(1).tolist(), strict=True)),
            "solar_mw": dict(zip(names[model.solar_sites].tolist(), solar_mw.round(1).tolist(), strict=True)),
            "months": "mean of each site's profile by month",
            "hours": "daily amplitudes of renewable_sites.csv, highest at 2 h solar time",
        },
        "climate": {
            "wind_cf": float(sample.wind_national.mean()),
            "wind_and_solar_cf": float(sample.cf_national.mean()),
            "five_day_minimum_c": {f"rp_{p}": round(at_return_period(cold, p), 2) for p in periods},
            "five_day_maximum_c": {f"rp_{p}": round(-at_return_period(hot, p), 2) for p in periods},
            "load_peak_over_mean_median": float(np.median(sample.load_pu.max(axis=1) / sample.load_pu.mean(axis=1))),
            "five_largest_wind_sites_below_their_5_percent_at_once": float(sample.lull_together.mean()),
        },
        "severity_duration_frequency": {"wind_and_solar": sdf_table(both), "wind": sdf_table(wind)},
        "droughts": drought_table(both),
        "storage_need_d": {
            "median": float(np.median([storage_need_h(year) for year in both])) / 24.0,
            "largest": max(storage_need_h(year) for year in both) / 24.0,
        },
        "checks": [check._asdict() for check in checks],
        "passed": all(check.passed for check in checks),
    }


def weather_lines(summary: dict[str, Any]) -> list[str]:
    """The same for people, one line each."""
    lines = [f"{summary['network']}: {summary['years']} generated years, seed {summary['seed']}"]
    lines += [f"{key}: {value}" for key, value in summary["climate"].items()]
    for name, rows in summary["severity_duration_frequency"].items():
        lines.append(f"worst D-day mean of {name.replace('_', ' ')} over its long-run mean, by return period")
        for row in rows:
            values = "  ".join(f"{key[3:]:>3} a {value:.2f}" for key, value in row.items() if key != "days")
            lines.append(f"  {row['days']:>3.0f} d  {values}")
    for check in summary["checks"]:
        mark = "pass" if check["passed"] else "FAIL"
        lines.append(
            f"{mark}  {check['name']}: {check['value']:.3f} (target {check['target']:g} +- {check['tolerance']:.3g})"
        )
    return lines
