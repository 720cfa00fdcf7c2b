"""Fit of the load to published facts: the day's swing, the months, the level of the towns and the cold slope together.

    python networks/kazakhstan/calibration/fit_load.py            # print the fit and what it gives
    python networks/kazakhstan/calibration/fit_load.py --write    # and write profiles.csv and loads.csv
    python networks/kazakhstan/calibration/fit_load.py --loss-share 0.032    # share the losses out anew, fit nothing

What it fits to stands in load_facts.csv, the shapes of a day before the fit in day_shapes.csv. All published MW and MWh
hold network losses. Those of the grid (``loss_share`` of network.yaml) are added to the loads; those below 110 kV are
in p_mw of loads.csv, at what the grid's buses give. Industry, lighting, heat networks and vital loads keep their
course. Running it again on its own result changes nothing.
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.optimize import least_squares

from gridsim.io.read_network import read_network
from gridsim.kernels.weather_maps import load_departures
from gridsim.model.system import GridSystem
from gridsim.model.table import F8
from gridsim.weather.field import MONTH_DAYS
from gridsim.weather.generator import WeatherModel

HERE = Path(__file__).parent
NETWORK = HERE.parent
YEARS, SEED = 200, 1
SCANNED = (0.15, 0.3, 0.45, 0.6, 0.75)  # %/K
HIGH_OVER_FITTED = 2.4  # of variants/cold_slope_high.yaml
# summer's share of the shape of a day, by month
SUMMER = np.array([0, 0, 0.3, 0.7, 1, 1, 1, 1, 0.7, 0.3, 0, 0])
# energy of a Saturday and of a Sunday over that of a workday
DAY_TYPES = {
    "load_household": (1.0, 0.985, 0.985),
    "load_services": (1.0, 0.87, 0.78),
    "load_light_industry": (1.0, 0.86, 0.78),
}
EVENING_H = 18
PEAK_MONTHS, PEAK_HOURS = (10, 11, 0, 1, 2), range(7, 23)
# heating slope of a class over that of households
HALF_AS_MUCH = ("load_light_industry", "load_heat_network")
TOWN = ("load_household", "load_services", "load_light_industry", "load_heat_network", "load_street", "load_vital")


class Fact(NamedTuple):
    """A row of load_facts.csv."""

    value: float
    tolerance: float


class Parameters(NamedTuple):
    """What is fitted.

    swing: size of the day's departures from its mean over that of day_shapes.csv; week: the same of the energy of
    Saturdays and Sundays over DAY_TYPES; heating_share: slope of households
    and services, 1/K; town_mw: towns at the buses on a January workday at 18:00; month (12,): mean of a workday over
    January's, of households, services and light industry; December's is January's.
    """

    swing: float
    week: float
    heating_share: float
    town_mw: float
    month: F8

    def vector(self) -> F8:
        """All but the ones of January and December, of the order of 1."""
        return np.array([self.swing, self.week, 100.0 * self.heating_share, self.town_mw / 1e4, *self.month[1:11]])

    @staticmethod
    def of(vector: F8) -> Parameters:
        """The inverse of ``vector``."""
        return Parameters(vector[0], vector[1], vector[2] / 100.0, vector[3] * 1e4, np.array([1.0, *vector[4:], 1.0]))

    def rounded(self) -> Parameters:
        """To the digits that are written."""
        return Parameters(
            round(self.swing, 2),
            round(self.week, 2),
            round(2000.0 * self.heating_share) / 2000.0,
            round(self.town_mw, -1),
            np.round(self.month, 3),
        )


def read_facts(use: str) -> dict[tuple[str, int], Fact]:
    """Facts of one use by (name, month or 0)."""
    with (HERE / "load_facts.csv").open(newline="") as file:
        return {
            (row["fact"], int(row["month"] or 0)): Fact(float(row["value"]), float(row["tolerance"] or "nan"))
            for row in csv.DictReader(file)
            if row["use"] == use
        }


def read_shapes() -> dict[str, F8]:
    """(2, 24) hours of a winter and a summer workday over 18:00, by profile."""
    shapes: dict[str, F8] = {name: np.zeros((2, 24)) for name in DAY_TYPES}
    with (HERE / "day_shapes.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            shapes[row["profile"]][("winter", "summer").index(row["season"]), int(row["hour"])] = float(row["value"])
    return shapes


def fitted_profile(shape: F8, day_types: tuple[float, ...], parameters: Parameters) -> F8:
    """(12, 3, 24) profile, 1 on a January workday at 18:00."""
    blend = np.outer(1.0 - SUMMER, shape[0]) + np.outer(SUMMER, shape[1])
    day = 1.0 + parameters.swing * (blend / blend.mean(axis=1, keepdims=True) - 1.0)
    week = 1.0 + parameters.week * (np.array(day_types) - 1.0)
    value = parameters.month[:, None, None] * week[None, :, None] * day[:, None, :]
    return np.asarray(value / value[0, 0, EVENING_H])


class Aggregates:
    """National load of generated years in parts that the parameters combine linearly.

    Of each profile: load and heating response of the table (MW and MW per unit of slope), in the hours in which a
    yearly peak can fall and summed over hours of the day, day types and months.
    """

    def __init__(self, system: GridSystem, years: int = YEARS, seed: int = SEED):
        model = WeatherModel(system)
        self.model = model
        self.profiles = [*system.profiles.name.tolist(), ""]
        self.value = np.concatenate([system.profiles.value, np.ones((1, 12, 3, 24))])
        self.loss = 1.0 + system.loss_share
        self.cold_days = {key[0]: fact.value for key, fact in read_facts("compare").items()}
        self.town_mw = float(sum(self._level(name) for name in TOWN))
        level, heat, cool = model.load_response
        slope = system.loads.heating_share_per_k[system.loads.profile == self.profiles.index("load_household")]
        self.heating_share = float(slope[0])
        self.used = np.flatnonzero(level.sum(axis=(0, 2)) > 0)
        names = [self.profiles[p] for p in self.used]
        self.names = names
        self.town = np.isin(names, TOWN)
        hour = np.tile(np.arange(24), 365)
        month = np.repeat(model.month, 24)
        start = int(np.argmax(model.month == 0))
        weekday = np.repeat((np.arange(365) - start) % 7, 24)
        day_type = np.where(weekday == 6, 2, np.where(weekday == 5, 1, 0))
        self.slot = (month * 3 + day_type) * 24 + hour
        self.peak = np.flatnonzero(np.isin(month, PEAK_MONTHS) & np.isin(hour, PEAK_HOURS) & (day_type < 2))
        n = len(self.used)
        self.base_peak, self.heat_peak = np.empty((2, years, n, len(self.peak)), dtype=np.float32)
        self.december = np.flatnonzero(month == 11)
        self.december_day = day_type[self.december][::24]
        self.base_december, self.heat_december = np.empty((2, years, n, len(self.december)), dtype=np.float32)
        self.base_sum, self.heat_sum = np.zeros((2, years, n, 12 * 3 * 24))
        for year in range(years):
            temperature = model.temperature(model.field.year(seed, year))
            heating, cooling = np.empty((2, *temperature.shape))
            load_departures(model.effective_c(temperature), model.normal_c, heating, cooling)
            around = 1.0 + model.load_noise(seed, year)
            for row, p in enumerate(self.used):
                fixed = level[:, p].sum(axis=1)[:, None] + cool[:, p] @ cooling
                base, heated = (fixed * around).sum(axis=0), (heat[:, p] @ heating * around).sum(axis=0)
                self.base_peak[year, row], self.heat_peak[year, row] = base[self.peak], heated[self.peak]
                self.base_december[year, row] = base[self.december]
                self.heat_december[year, row] = heated[self.december]
                self.base_sum[year, row] = np.bincount(self.slot, base, 864)
                self.heat_sum[year, row] = np.bincount(self.slot, heated, 864)
        self.level = level.sum(axis=(0, 2))[self.used]
        self.heat = heat.sum(axis=(0, 2))[self.used]

    def _level(self, name: str) -> float:
        level = self.model.load_response[0]
        return float(level[:, self.profiles.index(name)].sum())

    def _december_gwh(self, shape: F8, heating: float) -> F8:
        """(n_years, 31) energy of each day of December."""
        at = shape[:, self.slot[self.december]]
        load = np.einsum("ph,yph->yh", at, self.base_december + np.float32(heating) * self.heat_december)
        return np.asarray(load.reshape(len(load), 31, 24).sum(axis=2) / 1000.0)

    def current(self) -> F8:
        """(n_used, 864) profiles of the tables."""
        return np.asarray(self.value[self.used].reshape(len(self.used), -1))

    def fitted(self, parameters: Parameters, shapes: dict[str, F8]) -> F8:
        """(n_used, 864) profiles of the parameters."""
        value = self.value.copy()
        for name, day_types in DAY_TYPES.items():
            value[self.profiles.index(name)] = fitted_profile(shapes[name], day_types, parameters)
        return np.asarray(value[self.used].reshape(len(self.used), -1))

    def quantities(self, profile: F8, town: float = 1.0, heating: float = 1.0) -> dict[tuple[str, int], float]:
        """Every fact's counterpart, losses included; ``town`` and ``heating``: factors on the tables' columns."""
        factor = np.where(self.town, town, 1.0) * self.loss
        shape = profile * factor[:, None]
        at_peak = shape[:, self.slot[self.peak]]
        load = np.einsum("ph,yph->yh", at_peak, self.base_peak) + heating * np.einsum(
            "ph,yph->yh", at_peak, self.heat_peak
        )
        greatest = load.max(axis=1)
        sums = np.einsum("ps,yps->ys", shape, self.base_sum + heating * self.heat_sum)
        month = sums.reshape(len(sums), 12, 72).sum(axis=2)
        energy = month.sum(axis=1)
        mean_mw = month.mean(axis=0) / (24.0 * MONTH_DAYS)
        normal = (self.level @ shape).reshape(12, 3, 24)
        slope = heating * (self.heat @ shape).reshape(12, 3, 24)
        cold = [11, 0, 1]
        found = {
            ("expected_peak", 0): float(greatest.mean()),
            ("energy", 0): float(energy.mean() / 1e6),
            ("load_factor", 0): float((energy / 8760.0 / greatest).mean()),
            ("october_evening", 0): float(normal[9, 0].max()),
            ("january_over_july", 0): float(mean_mw[0] / mean_mw[6]),
            ("january_mean_over_peak", 0): float(normal[0, 0].mean() / normal[0, 0].max()),
            ("cold_slope", 0): float(100.0 * slope[cold, 0].sum() / normal[cold, 0].sum()),
            ("sunday_over_workday", 0): float(normal[0, 2].mean() / normal[0, 0].mean()),
            ("january_18", 0): float(normal[0, 0, EVENING_H]),
            ("january_greatest", 0): float(normal[0, 0].max()),
            ("night_over_evening", 0): float(normal[0, 0].min() / normal[0, 0].max()),
            ("july_greatest", 0): float(normal[6, 0].max()),
            ("peak_sd", 0): float(greatest.std()),
            ("peak_1_in_20", 0): float(np.quantile(greatest, 0.95)),
        }
        scale = self.cold_days["energy_2023"] / float(energy.mean() / 1e6)
        for name, day_type in (("workday", 0), ("sunday", 2)):
            days = self._december_gwh(shape, heating)[:, self.december_day == day_type] * scale
            below = days.ravel() < self.cold_days[f"{name}_2023"]
            found[f"december_2023_{name}_percentile", 0] = 100.0 * float(below.mean())
        return found | {("month_over_year", m + 1): float(mean_mw[m] / (energy.mean() / 8760.0)) for m in range(12)}


class Fit:
    """Least squares of the facts' misses in units of their tolerances."""

    def __init__(self, aggregates: Aggregates):
        self.aggregates = aggregates
        self.shapes = read_shapes()
        self.facts = read_facts("fit")

    def quantities(self, parameters: Parameters) -> dict[tuple[str, int], float]:
        """Counterparts of the facts under ``parameters``."""
        of = self.aggregates
        return of.quantities(
            of.fitted(parameters, self.shapes),
            parameters.town_mw / of.town_mw,
            parameters.heating_share / of.heating_share,
        )

    def misses(self, parameters: Parameters) -> F8:
        """Departures from the facts in units of tolerance."""
        found = self.quantities(parameters)
        return np.array([(found[key] - fact.value) / fact.tolerance for key, fact in self.facts.items()])

    def solve(self, cold_slope: float) -> Parameters:
        """The best parameters at a cold slope of so many % of national load per kelvin."""
        month = np.array([1, 0.99, 0.87, 0.77, 0.73, 0.72, 0.76, 0.73, 0.74, 0.84, 0.93, 1])
        start = Parameters(0.5, 0.4, 0.02 * cold_slope, 10_700.0, month)

        def misses(vector: F8) -> F8:
            parameters = Parameters.of(vector)
            slope = self.quantities(parameters)["cold_slope", 0]
            return np.append(self.misses(parameters), 1e3 * (slope / cold_slope - 1.0))

        return Parameters.of(least_squares(misses, start.vector(), x_scale=0.1, xtol=1e-5).x)


def report(fit: Fit, named: dict[str, dict[tuple[str, int], float]]) -> list[str]:
    """Facts beside the quantities of each solution."""
    facts = fit.facts | read_facts("held")
    lines = [f"{'':28}{'fact':>10}{'+-':>9}" + "".join(f"{name:>18}" for name in named)]
    keys = dict.fromkeys([*facts, *next(iter(named.values()))])
    for key in keys:
        if not all(key in found for found in named.values()):
            continue
        fact = facts.get(key)
        known = f"{fact.value:10.5g}{fact.tolerance:9.3g}" if fact else f"{'':19}"
        name = key[0] + (f" {key[1]}" if key[1] else "")
        lines.append(f"{name:28}{known}" + "".join(f"{found[key]:18.5g}" for found in named.values()))
    return lines


def write_tables(parameters: Parameters, shapes: dict[str, F8], town: float) -> None:
    """profiles.csv and loads.csv with the fitted values; every other row as it was."""
    values = {name: fitted_profile(shapes[name], day_types, parameters) for name, day_types in DAY_TYPES.items()}

    def profile(row: dict[str, str]) -> None:
        if row["profile"] in values:
            day_type = ("workday", "saturday", "sunday").index(row["day_type"])
            value = values[row["profile"]][int(row["month"]) - 1, day_type, int(row["hour"])]
            row["value"] = f"{round(float(value), 4):g}"

    def load(row: dict[str, str]) -> None:
        if row["profile"] in TOWN:
            row["p_mw"] = f"{round(float(row['p_mw']) * town, 3):g}"
            if float(row["heating_share_per_k"] or 0) > 0:
                half = 0.5 if row["profile"] in HALF_AS_MUCH else 1.0
                row["heating_share_per_k"] = f"{parameters.heating_share * half:g}"

    _rewrite(NETWORK / "profiles.csv", profile)
    _rewrite(NETWORK / "loads.csv", load)


def share_losses(loss_share: float) -> None:
    """loads.csv and network.yaml with ``loss_share`` of the loads lost in the grid, at the same demand with losses."""
    text = (NETWORK / "network.yaml").read_text()
    held = float(re.findall(r"^loss_share: ([0-9.]+)", text, flags=re.MULTILINE)[0])
    factor = (1.0 + held) / (1.0 + loss_share)

    def load(row: dict[str, str]) -> None:
        row["p_mw"] = f"{round(float(row['p_mw']) * factor, 3):g}"

    _rewrite(NETWORK / "loads.csv", load)
    found = re.sub(r"^loss_share: [0-9.]+", f"loss_share: {loss_share:g}", text, flags=re.MULTILINE)
    (NETWORK / "network.yaml").write_text(found)


def _rewrite(path: Path, change: Callable[[dict[str, str]], None]) -> None:
    with path.open(newline="") as file:
        reader = csv.DictReader(file)
        rows, names = list(reader), list(reader.fieldnames or ())
    for row in rows:
        change(row)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def main() -> None:
    """Fit, print, and write if asked."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--write", action="store_true", help="write profiles.csv and loads.csv")
    options.add_argument("--years", type=int, default=YEARS, help="generated years")
    options.add_argument("--loss-share", type=float, help="losses of the grid over its loads; the rest is in the loads")
    asked = options.parse_args()
    if asked.loss_share is not None:
        share_losses(asked.loss_share)
        return
    started = dt.datetime.now()
    fit = Fit(Aggregates(read_network(NETWORK), asked.years))
    tables = fit.aggregates
    held = read_facts("held")
    solved = {slope: fit.solve(slope) for slope in SCANNED}
    best = solved[held["cold_slope", 0].value].rounded()
    high = solved[held["cold_slope_high", 0].value]
    named = {
        "tables": tables.quantities(tables.current()),
        "fitted": fit.quantities(best),
        "0.75 %/K fitted": fit.quantities(high),
        "0.75 %/K variant": fit.quantities(best._replace(heating_share=HIGH_OVER_FITTED * best.heating_share)),
    }
    print("\n".join(report(fit, named)))
    print("\n%/K   misses^2  swing   peak MW   6 and 10 December 2023, percentile")
    for slope, parameters in solved.items():
        found = fit.quantities(parameters)
        squares = float((fit.misses(parameters) ** 2).sum())
        days = [found[f"december_2023_{name}_percentile", 0] for name in ("workday", "sunday")]
        peak = found["expected_peak", 0]
        print(f"{slope:4.2f}{squares:11.2f}{parameters.swing:7.2f}{peak:10.0f}{days[0]:10.1f}{days[1]:7.1f}")
    print("\nfitted", best)
    print("0.75 %/K", high)
    print(f"{asked.years} years, {(dt.datetime.now() - started).total_seconds():.0f} s")
    if asked.write:
        write_tables(best, fit.shapes, best.town_mw / tables.town_mw)


if __name__ == "__main__":
    main()
