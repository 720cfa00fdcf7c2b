"""Output of `gridsim weather NETWORK --years N`: the climate, droughts, severity-duration-frequency, checks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gridsim.errors import StudyError
from gridsim.model.system import GridSystem
from gridsim.report.numbers import significant
from gridsim.report.text_table import TextTable, terminal_width, wrapped
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
_PERIOD = "rp_"
_LULL = "five_largest_wind_sites_below_their_5_percent_at_once"


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
            _LULL: float(sample.lull_together.mean()),
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


def weather_lines(summary: dict[str, Any], width: int | None = None) -> list[str]:
    """The same for people: tables of climate, extremes by return period, droughts and checks."""
    width = terminal_width() if width is None else width
    climate = summary["climate"]
    n_off = sum(not check["passed"] for check in summary["checks"])
    n_checks = len(summary["checks"])
    lines = wrapped(
        f"{summary['network']}: {summary['years']:,} generated years, seed {summary['seed']}; of {n_checks} checks "
        f"{n_checks - n_off} ok, {n_off} off",
        width,
    )
    tables = [
        TextTable(
            ("means", "value"),
            (
                ("wind, output over capacity", _percent(climate["wind_cf"])),
                ("wind and sun together", _percent(climate["wind_and_solar_cf"])),
                ("peak over mean load, median", significant(climate["load_peak_over_mean_median"], 3)),
                ("5 largest wind sites in calm", _percent(climate[_LULL])),
                ("days in store for a year, median", significant(summary["storage_need_d"]["median"], 3)),
                ("days in store, worst year", significant(summary["storage_need_d"]["largest"], 3)),
            ),
        ),
        _by_period(
            "degrees C, five days",
            [("coldest", climate["five_day_minimum_c"]), ("hottest", climate["five_day_maximum_c"])],
            lambda value: f"{value:.1f}",
        ),
        *(
            _by_period(
                f"{name.replace('_', ' ').replace('solar', 'sun')}, least",
                [(f"{row['days']:.0f} days" if row["days"] > 1 else "1 day", row) for row in rows],
                _percent,
            )
            for name, rows in summary["severity_duration_frequency"].items()
        ),
        TextTable(
            ("drought: below", "a year", "longest, median d", "longest d", "mean depth", "largest deficit d"),
            tuple(
                (
                    _percent(row["threshold"]),
                    significant(row["per_year"], 3),
                    significant(row["longest_d_median"], 3),
                    significant(row["longest_d"], 3),
                    _percent(row["mean_depth"]),
                    significant(row["largest_deficit_d"], 3),
                )
                for row in summary["droughts"]
            ),
        ),
        _check_table(summary["checks"]),
    ]
    notes = {
        1: "once in so many years; five days are the mean of 120 hours, weighted by load",
        2: "least mean output over so many days, per cent of the long-run mean, once in so many years",
        4: "wind and sun together below a share of their long-run mean; deficits in days of that mean",
    }
    for position, table in enumerate(tables):
        lines += ["", *wrapped(notes.get(position, ""), width), *table.lines(width)]
    return lines


def _by_period(heading: str, rows: list[tuple[str, dict[str, float]]], text: Callable[[float], str]) -> TextTable:
    """A column for each return period, in years."""
    periods = [key for key in rows[0][1] if key.startswith(_PERIOD)]
    return TextTable(
        (heading, *(f"{key.removeprefix(_PERIOD)} years" for key in periods)),
        tuple((name, *(text(values[key]) for key in periods)) for name, values in rows),
    )


def _check_table(checks: list[dict[str, Any]]) -> TextTable:
    """Checks of the generator, those that are off first."""
    rows = [
        (
            "ok" if check["passed"] else "off",
            significant(check["value"], 3),
            f"{significant(check['target'])} +- {significant(check['tolerance'], 2)}",
            check["name"].replace("_", " "),
        )
        for check in sorted(checks, key=lambda check: bool(check["passed"]))
    ]
    return TextTable(("check", "value", "target", "of"), tuple(rows), wrapped=True)


def _percent(share: float) -> str:
    return f"{significant(100.0 * share, 1)} %" if share < 0.005 else f"{100.0 * share:.0f} %"
