"""Weather years that hold an event of stated severity or return period, by exact conditioning of the field.

With Y a linear mean of z over rows and hours, z'(t) = z(t) + Cov(z(t), Y) / Var(Y) * (y - Y) is the field given Y = y,
so all variables move coherently and onset and recovery are natural. y is solved until the physical quantity (ratio of
capacity factor, mean temperature) meets its target. Two quantities are one 2 x 2 solve.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gridsim.errors import StudyError, nearest
from gridsim.model.scenario import DesignEvent
from gridsim.model.table import F8
from gridsim.weather.droughts import at_return_period, moving_mean, return_period
from gridsim.weather.field import CLEARNESS, DAYS, HOURS, TEMPERATURE, WIND
from gridsim.weather.generator import WeatherModel

CATALOGUE_SEED = 20_260_101
CATALOGUE_YEARS = 200
MOST_TRUSTED_RP = 50.0
STEPS = 30
WINTER_MONTHS, SUMMER_MONTHS = (9, 10, 11, 0, 1, 2), (3, 4, 5, 6, 7, 8)
CF, COLD, HEAT = "cf_ratio", "cold_c", "heat_c"
QUANTITIES = {
    "renewable_lull": (CF,),
    "cold_wave": (COLD,),
    "heat_wave": (HEAT,),
    "cold_and_calm": (COLD, CF),
    "dry_year": (),
}
_TOLERANCE = {CF: 5e-4, COLD: 5e-3, HEAT: 5e-3}


class Imposed(NamedTuple):
    """Outcome of a design event. Quantities by name: target, value reached, implied return period in years."""

    kind: str
    start_h: int
    hours: int
    target: dict[str, float]
    reached: dict[str, float]
    return_period_years: dict[str, float]
    joint_return_period_years: float
    notes: tuple[str, ...]


class Weights(NamedTuple):
    """wind (n_wind,), solar (n_solar,), sites (n_sites,): shares of the means over an event's sites."""

    wind: F8
    solar: F8
    sites: F8
    mean_cf: float


class Catalogue(NamedTuple):
    """cf_ratio, temperature_c : (n_years, 8760) of the chosen sites, the climate that return periods are read from."""

    cf_ratio: F8
    temperature_c: F8


def event_weights(model: WeatherModel, sites: tuple[str, ...]) -> Weights:
    """Capacity (or, without machines, equal) weights of the named sites; all sites without names."""
    system = model.system
    wind, solar = model.capacity_mw()
    load = model.site_load_mw()
    renewable = system.renewable_sites.name
    names = [*renewable.tolist(), *system.weather_sites.name.tolist()]
    for name in sites:
        if name not in names:
            raise StudyError(f"no weather or renewable site '{name}'; {nearest(name, names)}")
    if sites:
        in_wind, in_solar = np.isin(renewable[model.wind_sites], sites), np.isin(renewable[model.solar_sites], sites)
        in_load = np.isin(system.weather_sites.name, sites)
        if in_wind.any() or in_solar.any():
            wind, solar = wind * in_wind, solar * in_solar
            if wind.sum() + solar.sum() == 0:
                wind, solar = in_wind.astype(float), in_solar.astype(float)
        if in_load.any():
            load = load * in_load if (load * in_load).sum() > 0 else in_load.astype(float)
    if wind.sum() + solar.sum() == 0:
        wind, solar = np.ones(len(wind)), np.zeros(len(solar))
    if load.sum() == 0:
        load = np.ones(len(load))
    annual = system.renewable_sites.annual_cf
    mean_cf = float(wind @ annual[model.wind_sites] + solar @ annual[model.solar_sites])
    total = wind.sum() + solar.sum()
    return Weights(wind / total, solar / total, load / load.sum(), mean_cf / total if total else 1.0)


def courses(model: WeatherModel, weights: Weights, z: F8) -> tuple[F8, F8]:
    """(8760,) ratio of capacity factor to its long-run mean, and mean temperature, of the weighted sites."""
    temperature_c = model.temperature(z)
    cf = weights.wind @ model.wind_cf(z, temperature_c)
    if weights.solar.any():
        cf = cf + weights.solar @ model.solar_cf(z, temperature_c)
    return cf / max(weights.mean_cf, 1e-9), weights.sites @ temperature_c


def catalogue(
    model: WeatherModel, weights: Weights, years: int = CATALOGUE_YEARS, seed: int = CATALOGUE_SEED
) -> Catalogue:
    """The climate's years."""
    pairs = [courses(model, weights, model.field.year(seed, year)) for year in range(years)]
    return Catalogue(np.array([cf for cf, _ in pairs]), np.array([t for _, t in pairs]))


def _season_windows(model: WeatherModel, season: str, hours: int) -> np.ndarray:
    """Starts of the windows of ``hours`` that lie within the season (all its hours)."""
    if season == "year":
        return np.arange(HOURS - hours + 1)
    months = WINTER_MONTHS if season == "winter" else SUMMER_MONTHS
    inside = np.repeat(np.isin(model.month, months), 24).astype(float)
    return np.flatnonzero(moving_mean(inside, hours) > 1.0 - 1e-9)


def annual_worst(model: WeatherModel, event: DesignEvent, climate: Catalogue) -> tuple[dict[str, F8], F8, dict]:
    """Worst of each year, as values where lower is worse: by quantity, and of both at once with its scale.

    For two quantities the joint severity of a window is the milder of the two, each in standard deviations of its
    window means from their mean; the event of a return period is the one both of whose quantities reach it.
    """
    hours = 24 * event.days
    starts = _season_windows(model, event.season, hours)
    series: dict[str, F8] = {}
    for quantity in QUANTITIES[event.kind]:
        values = climate.cf_ratio if quantity == CF else climate.temperature_c
        sign = -1.0 if quantity == HEAT else 1.0
        series[quantity] = np.array([sign * moving_mean(year, hours)[starts] for year in values])
    worst = {quantity: values.min(axis=1) for quantity, values in series.items()}
    scale = {quantity: (float(values.mean()), float(values.std())) for quantity, values in series.items()}
    joint = np.full(next(iter(series.values())).shape, -np.inf)
    for quantity, values in series.items():
        mean, sd = scale[quantity]
        joint = np.maximum(joint, (values - mean) / sd)
    return worst, joint.min(axis=1), scale


def functional(model: WeatherModel, weights: Weights, quantity: str, start_h: int, hours: int) -> F8:
    """(n_rows, 8760) weights of the linear Y that stands for a quantity."""
    result = np.zeros((len(model.field.case.row_variable), HOURS))
    window = slice(start_h, start_h + hours)
    if quantity == CF:
        result[model.field.rows(WIND), window] = weights.wind[:, None] / hours
        result[model.field.rows(CLEARNESS), window] = weights.solar[:, None] / hours
    else:
        result[model.field.rows(TEMPERATURE), window] = weights.sites[:, None] / hours
    return result


def _measured(
    model: WeatherModel, weights: Weights, quantities: tuple[str, ...], z: F8, start_h: int, hours: int
) -> F8:
    cf, temperature_c = courses(model, weights, z)
    window = slice(start_h, start_h + hours)
    return np.array([float((cf if quantity == CF else temperature_c)[window].mean()) for quantity in quantities])


def impose(
    model: WeatherModel, event: DesignEvent, start_h: int, z: F8, climate: Catalogue | None = None
) -> tuple[F8, Imposed]:
    """The field with the event in it, ``start_h`` hours into the weather year, and its outcome.

    Raises StudyError if the target cannot be reached or the event does not fit into the year.
    """
    quantities = QUANTITIES[event.kind]
    hours = 24 * event.days
    if start_h + hours > HOURS:
        raise StudyError(f"{event.kind}: the event crosses the end of the weather year; begin it earlier or later")
    weights = event_weights(model, event.sites)
    if CF in quantities and not len(model.wind_sites) + len(model.solar_sites):
        raise StudyError(f"{event.kind}: {model.system.name} has no renewable_sites.csv")
    if climate is None:
        climate = catalogue(model, weights)
    worst, joint, scale = annual_worst(model, event, climate)
    notes: list[str] = []
    target: dict[str, float] = {}
    if event.severity is not None:
        given = event.severity
        if len(quantities) != len(given):
            raise StudyError(f"{event.kind}: severity needs {len(quantities)} value(s), {' and '.join(quantities)}")
        target = dict(zip(quantities, given, strict=True))
    else:
        period = float(event.return_period_years or 0.0)
        if period > MOST_TRUSTED_RP:
            notes.append(f"a return period of {period:g} years is an extrapolation beyond {MOST_TRUSTED_RP:g}")
        level = at_return_period(joint, period)
        for quantity in quantities:
            mean, sd = scale[quantity]
            target[quantity] = (mean + level * sd) * (-1.0 if quantity == HEAT else 1.0)
    directions = []
    y_start = []
    for quantity in quantities:
        linear = functional(model, weights, quantity, start_h, hours)
        covariance = model.field.covariance_with(linear)
        directions.append((linear, covariance))
        y_start.append(float((linear * z).sum()))
    gram = np.array([[float((a * cov).sum()) for _, cov in directions] for a, _ in directions])
    solve = np.linalg.inv(gram)

    def with_y(y: F8) -> F8:
        step = solve @ (y - np.array(y_start))
        changed = z.copy()
        for size, (_, covariance) in zip(step, directions, strict=True):
            changed += size * covariance
        return changed

    aim = np.array([target[quantity] for quantity in quantities])
    tolerance = np.array([_TOLERANCE[quantity] for quantity in quantities])
    y = np.array(y_start)
    value = _measured(model, weights, quantities, z, start_h, hours)
    sd = np.sqrt(np.diag(gram))
    slope = np.empty((len(quantities), len(quantities)))
    for k in range(len(quantities)):
        moved = y.copy()
        moved[k] -= 0.5 * sd[k]
        slope[:, k] = (_measured(model, weights, quantities, with_y(moved), start_h, hours) - value) / (-0.5 * sd[k])
    for _ in range(STEPS):
        if (np.abs(value - aim) <= tolerance).all():
            break
        step = np.linalg.solve(slope, aim - value)
        step *= min(1.0, float((1.5 * sd / np.maximum(np.abs(step), 1e-12)).min()))
        y_next = y + step
        value_next = _measured(model, weights, quantities, with_y(y_next), start_h, hours)
        # Broyden's secant update
        slope = slope + np.outer(value_next - value - slope @ step, step) / (step @ step)
        y, value = y_next, value_next
    else:
        got = ", ".join(f"{q} {v:.3f} (target {t:.3f})" for q, v, t in zip(quantities, value, aim, strict=True))
        raise StudyError(f"{event.kind}: the target cannot be reached: {got}; give a milder one")
    reached = dict(zip(quantities, value.tolist(), strict=True))
    signed = {q: (-v if q == HEAT else v) for q, v in reached.items()}
    periods = {q: return_period(worst[q], signed[q]) for q in quantities}
    severity = max((signed[q] - scale[q][0]) / scale[q][1] for q in quantities)
    implied = return_period(joint, severity)
    if implied > MOST_TRUSTED_RP and not notes:
        notes.append(f"the implied return period is beyond {MOST_TRUSTED_RP:g} years: an extrapolation")
    if severity < float(np.min(joint)):
        notes.append(f"worse than any of the {len(joint)} years that return periods are read from")
    return with_y(y), Imposed(event.kind, start_h, hours, target, reached, periods, implied, tuple(notes))


def river_level(model: WeatherModel, event: DesignEvent, seed: int, year: int, z: F8) -> tuple[F8, Imposed]:
    """U of every river such that the event's river has its annual volume; other rivers move by their correlation."""
    from scipy.special import ndtr, ndtri

    rivers = model.system.rivers
    row = rivers.position(event.river) if event.river else 0
    if len(rivers) == 0:
        raise StudyError(f"dry_year: {model.system.name} has no rivers.csv")
    log_sd = float(np.sqrt(np.log1p(rivers.cv[row] ** 2)))
    notes: list[str] = []
    if event.severity is not None:
        target = float(event.severity[0])
    else:
        period = float(event.return_period_years or 0.0)
        if period > MOST_TRUSTED_RP:
            notes.append(f"a return period of {period:g} years is an extrapolation beyond {MOST_TRUSTED_RP:g}")
        target = float(np.exp(-(log_sd**2) / 2.0 + log_sd * ndtri(1.0 / period)))
    own = model.rivers.year_levels(seed, year)
    mean_m3_s = float(rivers.annual_km3[row]) * 1e9 / (DAYS * 86400.0)
    correlation = rivers.r_first.copy()
    correlation[0] = 1.0
    across = correlation * correlation[row]
    across[row] = 1.0
    if row == 0:
        across = correlation

    def volume(u: float) -> float:
        level = own + across * (u - own[row])
        return float(model.inflow(seed, year, z, level)[row].mean() / mean_m3_s)

    low, high = -12.0, 12.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if volume(middle) < target else (low, middle)
    u = 0.5 * (low + high)
    reached = volume(u)
    implied = 1.0 / float(ndtr((np.log(reached) + log_sd**2 / 2.0) / log_sd))
    name = "volume_ratio"
    if implied > MOST_TRUSTED_RP and not notes:
        notes.append(f"the implied return period is beyond {MOST_TRUSTED_RP:g} years: an extrapolation")
    imposed = Imposed("dry_year", 0, HOURS, {name: target}, {name: reached}, {name: implied}, implied, tuple(notes))
    return own + across * (u - own[row]), imposed
