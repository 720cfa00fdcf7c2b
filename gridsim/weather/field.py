"""The latent field of a system: which points, which series, and the arrays its kernel needs.

Points are the weather sites, then the renewable sites. Series (rows) are temperature at the weather sites with a
climate, wind at wind sites, clearness at solar sites. A year has 8,760 hours: leap days are dropped (29 February is
28 February again). By default it runs from 1 July, so that no winter is cut.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gridsim.errors import StudyError
from gridsim.kernels.latent_field import (
    N_VARIABLES,
    SLOW_STEP_H,
    SYNOPTIC_STEP_H,
    FieldCase,
    Scale,
    field_year,
    fill_quantile_16,
    join_hours,
    knot_covariance,
)
from gridsim.kernels.rng import stream_id
from gridsim.model.system import GridSystem
from gridsim.model.table import F8, I4
from gridsim.model.weather import WeatherField

HOURS, DAYS = 8760, 365
MONTH_DAYS = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
VARIABLES = ("temperature", "wind", "clearness")
TEMPERATURE, WIND, CLEARNESS = range(3)
SLOW_TAU_H = 15 * 24.0
HALF_YEAR_BLEND_DAYS = 30
EARTH_RADIUS_KM = 6371.0


def day_of_year_month(first_month: int) -> tuple[I4, I4]:
    """Month (0..11) and day of the month (0..) of each of the 365 days of a year that begins with ``first_month``."""
    order = (np.arange(12) + first_month - 1) % 12
    month = np.repeat(order, MONTH_DAYS[order]).astype(np.int32)
    day = np.concatenate([np.arange(MONTH_DAYS[m]) for m in order]).astype(np.int32)
    return month, day


def winter_share(month: int) -> float:
    """Weight of winter's statistics in ``month`` (0..11): a yearly cosine, 1 in mid-January and 0 in mid-July."""
    return float(0.5 + 0.5 * np.cos(2.0 * np.pi * month / 12.0))


def chord_km(lat: F8, lon: F8) -> F8:
    """(n, n) straight distance through the globe: it keeps exp(-(d/L)^q) positive definite for every q <= 2."""
    lat, lon = np.radians(lat), np.radians(lon)
    place = np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=1)
    difference = place[:, None, :] - place[None, :, :]
    return EARTH_RADIUS_KM * np.sqrt((difference**2).sum(axis=2))


def _correlation(table: WeatherField, month: int) -> F8:
    """(3, 3) correlation of the variables in a month."""
    w = winter_share(month)

    def blend(column: str, row: int) -> float:
        winter, summer = getattr(table, f"{column}_winter")[row], getattr(table, f"{column}_summer")[row]
        return float(np.nan_to_num(w * winter + (1.0 - w) * summer))

    t_wind, t_clear = blend("r_temperature", WIND), blend("r_temperature", CLEARNESS)
    wind_clear = blend("r_wind", CLEARNESS)
    return np.array([[1.0, t_wind, t_clear], [t_wind, 1.0, wind_clear], [t_clear, wind_clear, 1.0]])


def _spatial(table: WeatherField, scale: str, variable: int, month: int, distance_km: F8) -> F8:
    """(n, n) correlation between points in a month."""
    w = winter_share(month)

    def season(name: str) -> F8:
        length = getattr(table, f"{scale}_{name}_km")[variable]
        exponent = getattr(table, f"{scale}_{name}_exponent")[variable]
        return np.asarray(np.exp(-((distance_km / length) ** exponent)))

    matrix = w * season("winter") + (1.0 - w) * season("summer")
    return np.asarray(matrix + 1e-9 * np.eye(len(matrix)), dtype=np.float64) / (1.0 + 1e-9)


def _scale(
    table: WeatherField,
    name: str,
    phi: F8,
    step_h: int,
    month: I4,
    points: list[str],
    distance_km: F8,
    row_variable: I4,
    row_point: I4,
) -> Scale:
    knot_day = np.minimum(np.arange(HOURS // step_h + 1) * step_h // 24, DAYS - 1)
    knot_month = month[knot_day].astype(np.int32)
    mix = np.array([np.linalg.cholesky(_correlation(table, m)) for m in range(12)])
    root = np.array(
        [[np.linalg.cholesky(_spatial(table, name, v, m, distance_km)) for v in range(N_VARIABLES)] for m in range(12)]
    )
    u = np.arange(step_h) / step_h
    left, right = np.empty((24, len(row_variable), step_h)), np.empty((24, len(row_variable), step_h))
    for step_class in range(24):
        first = step_class % 12
        second = (first + 1) % 12 if step_class >= 12 else first
        for row, (v, p) in enumerate(zip(row_variable, row_point, strict=True)):
            along = float(mix[first, v] * phi @ mix[second, v])
            between = along * float(root[first, v, p] @ root[second, v, p])
            norm = np.sqrt(1.0 - 2.0 * u * (1.0 - u) * (1.0 - between))
            left[step_class, row], right[step_class, row] = (1.0 - u) / norm, u / norm
    ids = np.array(
        [[stream_id("weather", f"{point}/{variable}", name) for point in points] for variable in VARIABLES],
        dtype=np.uint64,
    )
    changes = np.append(knot_month[1:] != knot_month[:-1], False)
    return Scale(
        phi=phi,
        id_lo=ids & np.uint64(0xFFFFFFFF),
        id_hi=ids >> np.uint64(32),
        mix=mix,
        root=root,
        knot_month=knot_month,
        step_class=(knot_month + 12 * changes).astype(np.int32),
        left=left,
        right=right,
    )


def make_case(
    table: WeatherField, points: list[str], lat: F8, lon: F8, row_variable: I4, row_point: I4, first_month: int = 7
) -> FieldCase:
    """Arrays of the field for named points and chosen series; ``table`` has the rows of VARIABLES in this order."""
    distance_km = chord_km(lat, lon)
    month, _ = day_of_year_month(first_month)
    half = np.isin(month, (9, 10, 11, 0, 1, 2)).astype(np.int32)
    number = np.concatenate([[0], np.cumsum(np.diff(half) != 0)]).astype(np.int32)
    annual_month = np.array([0 if half[np.argmax(number == n)] else 6 for n in range(number[-1] + 1)], dtype=np.int32)
    index, left, right = number.copy(), np.ones(DAYS), np.zeros(DAYS)
    for boundary in [int(day) + 1 for day in np.flatnonzero(np.diff(number))]:
        reach = HALF_YEAR_BLEND_DAYS // 2
        for day in range(max(boundary - reach, 0), min(boundary + reach, DAYS)):
            u = (day + 0.5 - (boundary - reach)) / (2 * reach)
            u = u * u * (3.0 - 2.0 * u)
            norm = np.sqrt(u * u + (1.0 - u) ** 2)
            index[day], left[day], right[day] = number[boundary] - 1, (1.0 - u) / norm, u / norm
    slow_phi = np.full(N_VARIABLES, np.exp(-SLOW_STEP_H / SLOW_TAU_H))
    annual = np.array(
        [[stream_id("weather", f"{point}/{variable}", "annual") for point in points] for variable in VARIABLES],
        dtype=np.uint64,
    )
    fast = np.array(
        [
            stream_id("weather", f"{points[p]}/{VARIABLES[v]}", "fast")
            for v, p in zip(row_variable, row_point, strict=True)
        ],
        dtype=np.uint64,
    )
    quantile_16 = np.empty(65536)
    fill_quantile_16(quantile_16)
    low = np.uint64(0xFFFFFFFF)
    shared = (month, points, distance_km, row_variable, row_point)
    return FieldCase(
        row_variable=row_variable.astype(np.int32),
        row_point=row_point.astype(np.int32),
        share=np.stack([table.share_annual, table.share_slow, table.share_synoptic, table.share_fast], axis=1),
        slow=_scale(table, "slow", slow_phi, SLOW_STEP_H, *shared),
        synoptic=_scale(table, "synoptic", np.exp(-SYNOPTIC_STEP_H / table.synoptic_tau_h), SYNOPTIC_STEP_H, *shared),
        annual_id_lo=annual & low,
        annual_id_hi=annual >> np.uint64(32),
        annual_month=annual_month,
        annual_index=index,
        annual_left=left,
        annual_right=right,
        fast_phi=np.nan_to_num(np.exp(-1.0 / table.fast_tau_h)),
        fast_id_lo=fast & low,
        fast_id_hi=fast >> np.uint64(32),
        quantile_16=quantile_16,
    )


@dataclass(frozen=True, eq=False)
class LatentField:
    """The field of one system. ``row``: rows[variable] are the row numbers of a variable, in the order of its sites."""

    case: FieldCase
    first_month: int

    def year(self, seed: int, year: int) -> F8:
        """z (n_rows, 8760): a function of the two numbers alone."""
        z = np.empty((len(self.case.row_variable), HOURS))
        field_year(np.uint64(seed), np.uint64(year), self.case, z)
        return z

    def rows(self, variable: int) -> I4:
        """Row numbers of a variable."""
        return np.flatnonzero(self.case.row_variable == variable).astype(np.int32)

    def covariance_with(self, weights: F8) -> F8:
        """Covariance of z at every row and hour with Y = sum(weights * z): weights (n_rows, 8760), closed form.

        Weights are carried back from hours to knots by the transpose of ``join_hours``, to covariances of knots by
        ``knot_covariance``, and forward again; annual and fast parts are added in closed form.
        """
        case = self.case
        n_rows = len(case.row_variable)
        annual_w, slow_w, synoptic_w = _to_knots(case, weights)
        slow, synoptic = np.empty_like(slow_w), np.empty_like(synoptic_w)
        knot_covariance(case.slow, case.row_variable, case.row_point, slow_w, slow)
        knot_covariance(case.synoptic, case.row_variable, case.row_point, synoptic_w, synoptic)
        annual = np.stack(
            [annual_covariance(case, half) @ annual_w[:, half] for half in range(annual_w.shape[1])], axis=1
        )
        covariance = np.empty((n_rows, HOURS))
        join_hours(case, annual, slow, synoptic, covariance)
        for row in range(n_rows):
            variable = case.row_variable[row]
            share = case.share[variable, 3]
            if share > 0 and weights[row].any():
                covariance[row] += share * _ar1_covariance(case.fast_phi[variable], weights[row])
        return covariance


def annual_covariance(case: FieldCase, half: int) -> F8:
    """(n_rows, n_rows) covariance of A between rows in one half-year."""
    month = case.annual_month[half]
    mix, root = case.slow.mix[month], case.slow.root[month]
    rows = root[case.row_variable, case.row_point]
    variables = (mix @ mix.T)[np.ix_(case.row_variable, case.row_variable)]
    return np.asarray(variables * (rows @ rows.T))


def _to_knots(case: FieldCase, weights: F8) -> tuple[F8, F8, F8]:
    """The transpose of ``join_hours``."""
    n_rows = len(weights)
    share = np.sqrt(case.share[case.row_variable])
    annual = np.zeros((n_rows, len(case.annual_month)))
    daily = weights.reshape(n_rows, DAYS, 24)
    day_sum = daily.sum(axis=2) * share[:, :1]
    last = annual.shape[1] - 1
    for day in range(DAYS):
        half = case.annual_index[day]
        annual[:, half] += case.annual_left[day] * day_sum[:, day]
        annual[:, min(half + 1, last)] += case.annual_right[day] * day_sum[:, day]
    result = [annual]
    for scale, step_h, column in ((case.slow, SLOW_STEP_H, 1), (case.synoptic, SYNOPTIC_STEP_H, 2)):
        blocks = weights.reshape(n_rows, HOURS // step_h, step_h) * share[:, column, None, None]
        left = scale.left[scale.step_class[:-1]].transpose(1, 0, 2)
        right = scale.right[scale.step_class[:-1]].transpose(1, 0, 2)
        knots = np.zeros((n_rows, HOURS // step_h + 1))
        knots[:, :-1] += (blocks * left).sum(axis=2)
        knots[:, 1:] += (blocks * right).sum(axis=2)
        result.append(knots)
    return result[0], result[1], result[2]


def _ar1_covariance(phi: float, weights: F8) -> F8:
    """sum_u phi^|t-u| weights[u] for every t."""
    from scipy.signal import lfilter

    forward = lfilter([1.0], [1.0, -phi], weights)
    backward = lfilter([1.0], [1.0, -phi], weights[::-1])[::-1]
    return np.asarray(forward + backward - weights)


def has_field(system: GridSystem) -> bool:
    """Whether years of weather can be generated: weather_field.csv is complete and every site has its climate."""
    complete = sorted(system.weather_field.variable.tolist()) == sorted(VARIABLES)
    return complete and not bool(np.isnan(system.climate.t_mean_c).any())


def system_field(system: GridSystem, first_month: int = 7) -> LatentField:
    """The field of a system's weather and renewable sites; StudyError if it has no weather tables."""
    table = system.weather_field
    if sorted(table.variable.tolist()) != sorted(VARIABLES):
        raise StudyError(
            f"{system.name} has no weather generator: weather_field.csv needs the rows {', '.join(VARIABLES)}"
        )
    bare = np.isnan(system.climate.t_mean_c).any(axis=1)
    if bare.any():
        names = ", ".join(system.weather_sites.name[bare].tolist())
        raise StudyError(f"{system.name}: no climate at {names}; give 12 months in climate.csv")
    order = [table.position(name) for name in VARIABLES]
    ordered = WeatherField(**{name: getattr(table, name)[order] for name in WeatherField.columns()})
    sites, renewable = system.weather_sites, system.renewable_sites
    points = [f"site {name}" for name in sites.name.tolist()]
    points += [f"renewable {name}" for name in renewable.name.tolist()]
    lat, lon = np.concatenate([sites.lat, renewable.lat]), np.concatenate([sites.lon, renewable.lon])
    climate = np.arange(len(sites))
    wind = len(sites) + np.flatnonzero(renewable.technology == "wind")
    solar = len(sites) + np.flatnonzero(renewable.technology == "solar")
    row_point = np.concatenate([climate, wind, solar]).astype(np.int32)
    row_variable = np.repeat([TEMPERATURE, WIND, CLEARNESS], [len(climate), len(wind), len(solar)]).astype(np.int32)
    return LatentField(make_case(ordered, points, lat, lon, row_variable, row_point, first_month), first_month)
