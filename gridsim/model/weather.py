"""Climate tables of the weather generator. Column meanings: ``io.schemas``, the table of attributes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gridsim.model.table import B1, F8, I4, STR, Table


@dataclass(frozen=True, eq=False)
class WeatherField(Table):
    """One row per variable: temperature, wind, clearness. Correlations are NaN where the variable does not use them."""

    variable: STR
    share_annual: F8
    share_slow: F8
    share_synoptic: F8
    share_fast: F8
    synoptic_tau_h: F8
    fast_tau_h: F8
    slow_winter_km: F8
    slow_winter_exponent: F8
    slow_summer_km: F8
    slow_summer_exponent: F8
    synoptic_winter_km: F8
    synoptic_winter_exponent: F8
    synoptic_summer_km: F8
    synoptic_summer_exponent: F8
    r_temperature_winter: F8
    r_temperature_summer: F8
    r_wind_winter: F8
    r_wind_summer: F8


@dataclass(frozen=True)
class TemperatureCurves:
    """Values by air temperature: ``points[c]`` is (n, 2), temperature_c ascending and value; held beyond the ends."""

    name: STR
    points: tuple[F8, ...]

    def at(self, curve: int, temperature_c: F8) -> F8:
        """Value of one curve, the shape of ``temperature_c``."""
        t, value = self.points[curve].T
        return np.interp(temperature_c, t, value)

    def lowest_and_highest(self, curve: int) -> tuple[float, float]:
        """The range of one curve."""
        value = self.points[curve][:, 1]
        return float(value.min()), float(value.max())

    @staticmethod
    def empty() -> TemperatureCurves:
        return TemperatureCurves(np.array([], dtype=np.str_), ())


@dataclass(frozen=True, eq=False)
class WeatherVariability(Table):
    """``site``: position among weather sites; one row per site and month."""

    site: I4
    month: I4
    t_sd_c: F8
    cold_skew: F8
    record_min_c: F8
    record_max_c: F8


@dataclass(frozen=True, eq=False)
class RenewableSites(Table):
    """``profile``: position of the shape whose monthly course the wind of this site follows, -1 for none."""

    name: STR
    title: STR
    technology: STR
    lat: F8
    lon: F8
    profile: I4
    annual_cf: F8
    weibull_shape: F8
    diurnal_summer: F8
    diurnal_winter: F8


@dataclass(frozen=True, eq=False)
class Clearness(Table):
    """``site``: position among renewable sites."""

    site: I4
    month: I4
    mean: F8
    sd: F8


@dataclass(frozen=True, eq=False)
class ClearSky(Table):
    """``site``: position among renewable sites; hours without sun are left out."""

    site: I4
    month: I4
    hour: I4
    ghi_w_per_m2: F8
    extraterrestrial_w_per_m2: F8
    beam_ratio: F8


@dataclass(frozen=True, eq=False)
class LoadResponse(Table):
    """``zone``: position among the zones."""

    zone: I4
    cooling_share_per_k: F8
    noise_sd: F8


@dataclass(frozen=True, eq=False)
class Rivers(Table):
    """``profile``: position of the hydro shape that follows this river, -1 for none."""

    name: STR
    title: STR
    profile: I4
    lat: F8
    lon: F8
    annual_km3: F8
    cv: F8
    r_year: F8
    r_month: F8
    r_cold: F8
    r_first: F8
    share_1: F8
    share_2: F8
    share_3: F8
    share_4: F8
    share_5: F8
    share_6: F8
    share_7: F8
    share_8: F8
    share_9: F8
    share_10: F8
    share_11: F8
    share_12: F8


@dataclass(frozen=True, eq=False)
class WeatherTargets(Table):
    """Published values that a climate is checked against; ``place`` a site or river, empty for the whole system."""

    quantity: STR
    place: STR
    argument: F8
    value: F8
    tolerance: F8
    sampled: B1
