"""From the latent field to physical weather: temperature, wind and solar capacity factors, zone loads.

Every map is a loop over sites and hours with table look-ups; tables and coefficients are made by
``gridsim.weather.maps``. Tables over z cover -6..6 evenly and are read by linear interpolation.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels.jit import inline, jit

F4 = NDArray[np.float32]
F8 = NDArray[np.float64]
I4 = NDArray[np.int32]

Z_SPAN = 6.0
CUT_OUT_MS, CUT_IN_AGAIN_MS = 25.0, 20.0
COLD_STOP_C, COLD_FULL_C = -33.0, -27.0
ICING_LOW_C, ICING_HIGH_C, ICING_LOSS = -8.0, 1.0, 0.15
ALBEDO, TILT_RAD = 0.2, 0.6108652381980153  # 35 degrees
PV_TEMPERATURE_PER_K, CELL_RISE_K_PER_W = -0.0037, 0.03
DC_AC_RATIO = 1.2


class TemperatureMap(NamedTuple):
    """mean_c, swing_k : (n_sites, n_hours);  sd_c, skew, low_c, high_c : (n_sites, n_days)."""

    mean_c: F8
    swing_k: F8
    sd_c: F8
    skew: F8
    low_c: F8
    high_c: F8


class WindMap(NamedTuple):
    """speed : (n_sites, n_z) m/s over the site's scale;  scale_ms : (n_sites, 12);  diurnal : (n_sites, 12, 24)
    curve : (n_v,) share of rated power at speeds 0, 0.1, 0.2 ... m/s;  t_site, k_row : (n_sites,) i4, positions of the
    temperature site and the clearness row beside it (k_row -1: none);  cloudy_z : icing needs a clearness z below it
    """

    speed: F8
    scale_ms: F8
    diurnal: F8
    curve: F8
    t_site: I4
    k_row: I4
    cloudy_z: float


class SolarMap(NamedTuple):
    """clearness : (n_sites, 12, n_z);  ghi, extra : (n_sites, n_hours) W/m2;  beam_ratio : (n_sites, n_hours)
    gain : (n_sites,) losses and calibration;  snow : (n_sites, 12) share kept;  t_site : (n_sites,) i4
    """

    clearness: F8
    ghi: F8
    extra: F8
    beam_ratio: F8
    gain: F8
    snow: F8
    t_site: I4


@inline
def _read(table, z):  # type: ignore[no-untyped-def]  # (n,) over -6..6 -> value, held at the ends
    n = table.shape[0]
    x = (z + Z_SPAN) * ((n - 1) / (2.0 * Z_SPAN))
    x = min(max(x, 0.0), n - 1.0)
    i = min(int(x), n - 2)
    return table[i] + (x - i) * (table[i + 1] - table[i])


@jit
def temperature(case: TemperatureMap, z: F8, clear: F8, shift_k: float, temperature_out: F8) -> None:
    """T = mean + swing * clear + sd * (z - k(z^2 - 1)) / sqrt(1 + 2 k^2), capped.

    z : (n_sites, n_hours);  clear : (n_sites, n_days + 1) factor on the daily swing at noon of the day before each day,
    joined linearly from noon to noon;  temperature_out : (n_sites, n_hours) C
    """
    for s in range(z.shape[0]):
        for day in range(z.shape[1] // 24):
            k = case.skew[s, day]
            sd = case.sd_c[s, day] / np.sqrt(1.0 + 2.0 * k * k)
            low, high = case.low_c[s, day] + shift_k, case.high_c[s, day] + shift_k
            for i in range(24):
                h = 24 * day + i
                if i < 12:
                    factor = clear[s, day] + (i + 12) / 24.0 * (clear[s, day + 1] - clear[s, day])
                else:
                    after = clear[s, min(day + 2, clear.shape[1] - 1)]
                    factor = clear[s, day + 1] + (i - 12) / 24.0 * (after - clear[s, day + 1])
                value = case.mean_c[s, h] + shift_k + case.swing_k[s, h] * factor
                value += sd * (z[s, h] - k * (z[s, h] * z[s, h] - 1.0))
                temperature_out[s, h] = min(max(value, low), high)


@jit
def wind_cf(case: WindMap, z: F8, temperature_c: F8, clearness_z: F8, month: I4, with_losses: bool, cf_out: F8) -> None:
    """Share of rated power of each wind site: z, cf_out (n_sites, n_hours); month (n_days,) 0..11.

    Losses: standstill below -33 C (ramp from -27 C), icing between -8 and 1 C under cloud, and cut-out at 25 m/s until
    the wind is back below 20 m/s.
    """
    curve = case.curve
    # a little below the last position, so that place + 1 is one
    last = curve.shape[0] - 1.001
    for s in range(z.shape[0]):
        stopped = False
        t_site, k_row = case.t_site[s], case.k_row[s]
        speed = case.speed[s]
        for day in range(z.shape[1] // 24):
            m = month[day]
            scale = case.scale_ms[s, m]
            diurnal = case.diurnal[s, m]
            for i in range(24):
                h = 24 * day + i
                v = _read(speed, z[s, h]) * scale * diurnal[i]
                x = min(v * 10.0, last)
                place = int(x)
                cf = curve[place] + (x - place) * (curve[place + 1] - curve[place])
                if with_losses:
                    if v >= CUT_IN_AGAIN_MS:
                        stopped = stopped or v >= CUT_OUT_MS
                        if stopped:
                            cf = 0.0
                    else:
                        stopped = False
                    if t_site >= 0:
                        t = temperature_c[t_site, h]
                        if t < COLD_FULL_C:
                            cf *= max((t - COLD_STOP_C) / (COLD_FULL_C - COLD_STOP_C), 0.0)
                        elif ICING_LOW_C < t < ICING_HIGH_C and k_row >= 0 and clearness_z[k_row, h] < case.cloudy_z:
                            cf *= 1.0 - ICING_LOSS
                cf_out[s, h] = cf


@jit
def solar_cf(case: SolarMap, z: F8, temperature_c: F8, month: I4, cf_out: F8) -> None:
    """Share of rated AC power of each solar site: z, cf_out (n_sites, n_hours); month (n_days,) 0..11.

    Global irradiance is the clear-sky index times that of a clear sky; Erbs et al. (1982, Solar Energy 28) splits it;
    the plane is tilted 35 degrees under an isotropic sky; output falls 0.37 % per kelvin of the cell above 25 C.
    """
    sky, ground = 0.5 * (1.0 + np.cos(TILT_RAD)), 0.5 * ALBEDO * (1.0 - np.cos(TILT_RAD))
    for s in range(z.shape[0]):
        for day in range(z.shape[1] // 24):
            m = month[day]
            for i in range(24):
                h = 24 * day + i
                if case.ghi[s, h] <= 0.0:
                    cf_out[s, h] = 0.0
                    continue
                g = _read(case.clearness[s, m], z[s, h]) * case.ghi[s, h]
                kt = min(g / case.extra[s, h], 1.0)
                if kt <= 0.22:
                    diffuse = 1.0 - 0.09 * kt
                elif kt <= 0.80:
                    diffuse = 0.9511 + kt * (-0.1604 + kt * (4.388 + kt * (-16.638 + kt * 12.336)))
                else:
                    diffuse = 0.165
                plane = g * ((1.0 - diffuse) * case.beam_ratio[s, h] + diffuse * sky + ground)
                cell_c = temperature_c[case.t_site[s], h] + CELL_RISE_K_PER_W * plane
                dc = plane * 1e-3 * (1.0 + PV_TEMPERATURE_PER_K * (cell_c - 25.0))
                cf_out[s, h] = min(DC_AC_RATIO * case.gain[s] * case.snow[s, m] * dc, 1.0)


@jit
def smoothed(values: F8, tau_h: float, smooth_out: F8) -> None:
    """Exponential average with time constant ``tau_h`` of each row, started at its first value."""
    keep = np.exp(-1.0 / tau_h)
    for s in range(values.shape[0]):
        state = values[s, 0]
        for h in range(values.shape[1]):
            state = keep * state + (1.0 - keep) * values[s, h]
            smooth_out[s, h] = state


@inline
def _heating_k(t):  # type: ignore[no-untyped-def]  # degrees below 15 C, at 0.8 below -20 C
    if t > -20.0:
        return max(15.0 - t, 0.0)
    return 35.0 + 0.8 * (-20.0 - t)


@jit
def heating_k(temperature_c: float) -> float:
    """Heating degrees: below 15 C, each kelvin below -20 C counting 0.8 because heaters saturate."""
    return _heating_k(temperature_c)


@jit
def load_departures(effective_c: F8, normal_c: F8, heating_out: F8, cooling_out: F8) -> None:
    """Heating and cooling degrees (above 23 C) less those of the normal day: all (n_sites, n_hours) K."""
    for s in range(effective_c.shape[0]):
        for h in range(effective_c.shape[1]):
            t, n = effective_c[s, h], normal_c[s, h]
            heating_out[s, h] = _heating_k(t) - _heating_k(n)
            cooling_out[s, h] = max(t - 23.0, 0.0) - max(n - 23.0, 0.0)


@jit
def zone_loads(
    level: F8, heating_share: F8, cooling_share: F8, shape: F8, heating: F8, cooling: F8, noise: F8, load_out: F8
) -> None:
    """Load of each zone: level, heating_share, cooling_share (n_zones, n_profiles, n_sites) in MW, MW/K, MW/K.

    shape : (n_profiles, n_hours);  heating, cooling : (n_sites, n_hours) K;  noise : (n_zones, n_hours)
    load_out : (n_zones, n_hours) MW
    """
    n_hours = shape.shape[1]
    part = np.empty(n_hours)
    for zone in range(level.shape[0]):
        load_out[zone] = 0.0
        for p in range(level.shape[1]):
            fixed = level[zone, p].sum()
            if fixed == 0.0:
                continue
            part[:] = fixed
            for s in range(level.shape[2]):
                a, b = heating_share[zone, p, s], cooling_share[zone, p, s]
                if a != 0.0:
                    for h in range(n_hours):
                        part[h] += a * heating[s, h]
                if b != 0.0:
                    for h in range(n_hours):
                        part[h] += b * cooling[s, h]
            for h in range(n_hours):
                load_out[zone, h] += shape[p, h] * max(part[h], 0.0)
        for h in range(n_hours):
            load_out[zone, h] *= 1.0 + noise[zone, h]


@jit
def longest_below(excess_sum: F8, first: int, last: int) -> tuple[int, int]:
    """Longest window [i, j) within [first, last) whose mean is below the threshold; (first, first) if there is none.

    excess_sum : (n + 1,) running sum of value minus threshold, so that the mean is below if sum[j] < sum[i]. Two
    pointers over the prefix maxima and suffix minima: linear in the length. The earliest of the longest is taken.
    """
    n = last - first
    low = np.empty(n + 1)  # low[j]: least sum at or after j
    low[n] = excess_sum[last]
    for j in range(n - 1, -1, -1):
        low[j] = min(excess_sum[first + j], low[j + 1])
    best, best_i, j = 0, 0, 0
    highest = -np.inf
    for i in range(n + 1):
        if excess_sum[first + i] <= highest:
            continue
        highest = excess_sum[first + i]
        j = max(j, i)
        while j + 1 <= n and low[j + 1] < highest:
            j += 1
        if j > i and j - i > best and low[j] < highest:
            best, best_i = j - i, i
    return first + best_i, first + best_i + best


@jit
def sequent_peak(value: F8, demand: float) -> float:
    """Largest running deficit of ``value`` against a constant demand (Thomas and Burden, 1963), unit hours."""
    deficit = 0.0
    worst = 0.0
    for h in range(value.shape[0]):
        deficit = max(deficit + demand - value[h], 0.0)
        worst = max(worst, deficit)
    return worst
