"""Tables of the weather generator; a network without them has its climate's normal course only."""

from __future__ import annotations

from typing import Literal

from gridsim.io.schemas.column import Effect, SourcedRow, column


class WeatherFieldRow(SourcedRow):
    """Variation of one variable of the latent Gaussian field in time and space; give all three variables or none."""

    variable: Literal["temperature", "wind", "clearness"] = column("Variable; clearness is the clear-sky index")
    share_annual: float = column("Variance share of one draw per half-year", 0.0, ge=0, le=1)
    share_slow: float = column("Variance share of the 15-day scale", ge=0, le=1)
    share_synoptic: float = column("Variance share of the synoptic scale", ge=0, le=1)
    share_fast: float = column("Variance share of hourly noise of every site's own", 0.0, ge=0, le=1)
    synoptic_tau_h: float = column("Decay time of the synoptic scale", unit="h", gt=6, le=240)
    fast_tau_h: float | None = column("Decay time of the hourly noise", None, unit="h", gt=0, le=24)
    slow_winter_km: float = column("Length L of exp(-(d/L)^q), 15-day scale, winter", unit="km", gt=0)
    slow_winter_exponent: float = column("Exponent q of the same", 1.0, gt=0, le=2)
    slow_summer_km: float = column("Length, 15-day scale, summer", unit="km", gt=0)
    slow_summer_exponent: float = column("Exponent of the same", 1.0, gt=0, le=2)
    synoptic_winter_km: float = column("Length, synoptic scale, winter", unit="km", gt=0)
    synoptic_winter_exponent: float = column("Exponent of the same", 1.0, gt=0, le=2)
    synoptic_summer_km: float = column("Length, synoptic scale, summer", unit="km", gt=0)
    synoptic_summer_exponent: float = column("Exponent of the same", 1.0, gt=0, le=2)
    r_temperature_winter: float | None = column("Correlation with temperature, winter", None, gt=-1, lt=1)
    r_temperature_summer: float | None = column("Correlation with temperature, summer", None, gt=-1, lt=1)
    r_wind_winter: float | None = column("Correlation with wind, winter", None, gt=-1, lt=1)
    r_wind_summer: float | None = column("Correlation with wind, summer", None, gt=-1, lt=1)


class WeatherVariabilityRow(SourcedRow):
    """Spread of the days of a month about the climate's normal at a site."""

    site: str = column("Site", ref="weather_sites")
    month: int = column("Month", ge=1, le=12)
    t_sd_c: float = column("Standard deviation of daily mean temperature about its normal", unit="K", gt=0, le=20)
    cold_skew: float = column(
        "k of g(z) = (z - k(z^2-1))/sqrt(1+2k^2); positive: longer cold tail", 0.0, ge=-0.3, le=0.3
    )
    record_min_c: float | None = column("Lowest temperature on record", None, unit="C", ge=-80, le=50)
    record_max_c: float | None = column("Highest temperature on record", None, unit="C", ge=-50, le=60)


class RenewableSiteRow(SourcedRow):
    """A wind or solar resource; a machine belongs to the nearest site of its technology."""

    name: str = column("Unique name")
    title: str = column("Name for people", "", effect=Effect.LABEL)
    technology: Literal["wind", "solar"] = column("What it is")
    lat: float = column("Latitude (WGS 84)", unit="degree", ge=-90, le=90)
    lon: float = column("Longitude (WGS 84)", unit="degree", ge=-180, le=180)
    profile: str = column("Shape whose monthly means the wind follows; empty: every month alike", "", ref="profiles")
    annual_cf: float = column("Long-run mean capacity factor", gt=0, lt=0.8)
    weibull_shape: float | None = column("Weibull shape of hourly wind speed", None, gt=1, le=4)
    diurnal_summer: float = column("Daily amplitude of wind speed in July, highest at night", 0.0, ge=0, lt=0.5)
    diurnal_winter: float = column("Daily amplitude of wind speed in January", 0.0, ge=0, lt=0.5)


class ClearnessRow(SourcedRow):
    """Distribution of the clear-sky index (global irradiance over that of a clear sky) at a solar site."""

    site: str = column("Solar site", ref="renewable_sites")
    month: int = column("Month", ge=1, le=12)
    mean: float = column("Mean of the clear-sky index", gt=0, lt=1)
    sd: float = column("Standard deviation of its hours", gt=0, lt=0.5)


class ClearSkyRow(SourcedRow):
    """Clear-sky irradiance at a solar site, mean over the days of a month; hours without sun are left out."""

    site: str = column("Solar site", ref="renewable_sites")
    month: int = column("Month", ge=1, le=12)
    hour: int = column("Hour of the day in the network's timezone", ge=0, le=23)
    ghi_w_per_m2: float = column("Global horizontal irradiance of a clear sky", unit="W/m2", ge=0, le=1400)
    extraterrestrial_w_per_m2: float = column("Horizontal irradiance above the atmosphere", unit="W/m2", gt=0, le=1450)
    beam_ratio: float = column("Beam on the tilted plane over beam on the ground", ge=0, le=10)


class LoadResponseRow(SourcedRow):
    """Response of a zone's load to weather beyond its loads' heating_share_per_k."""

    zone: str = column("Zone", ref="zones")
    cooling_share_per_k: float = column("Rise per kelvin above 23 C", 0.0, unit="1/K", ge=0, le=0.1)
    noise_sd: float = column("Standard deviation of what weather does not explain", 0.0, ge=0, le=0.2)


class RiverRow(SourcedRow):
    """Natural inflow of a river: lognormal by year and month."""

    name: str = column("Unique name")
    title: str = column("Name for people", "", effect=Effect.LABEL)
    profile: str = column("Hydro shape that follows this river", "", ref="profiles")
    lat: float = column("Latitude (WGS 84)", unit="degree", ge=-90, le=90)
    lon: float = column("Longitude (WGS 84)", unit="degree", ge=-180, le=180)
    annual_km3: float = column("Mean annual volume", unit="km3", gt=0)
    cv: float = column("Coefficient of variation of the annual volume", gt=0, le=1.5)
    r_year: float = column("Correlation between years", 0.0, ge=0, lt=1)
    r_month: float = column("Correlation between months", 0.0, ge=0, lt=1)
    r_cold: float = column(
        "Correlation with cold, November to February (releases for heating upstream)", 0.0, ge=0, lt=1
    )
    r_first: float = column("Correlation with the first river of the table", 0.0, ge=0, le=1)
    share_1: float = column("Share of the annual volume in January", ge=0, le=1)
    share_2: float = column("February", ge=0, le=1)
    share_3: float = column("March", ge=0, le=1)
    share_4: float = column("April", ge=0, le=1)
    share_5: float = column("May", ge=0, le=1)
    share_6: float = column("June", ge=0, le=1)
    share_7: float = column("July", ge=0, le=1)
    share_8: float = column("August", ge=0, le=1)
    share_9: float = column("September", ge=0, le=1)
    share_10: float = column("October", ge=0, le=1)
    share_11: float = column("November", ge=0, le=1)
    share_12: float = column("December", ge=0, le=1)


class WeatherTargetRow(SourcedRow):
    """An observed or expected statistic that generated years are checked against."""

    quantity: Literal[
        "daily_lag_correlation",
        "winter_skew",
        "winter_mean_sd_k",
        "five_day_minimum_c",
        "wind_annual_cv",
        "wind_hourly_lag_correlation",
        "wind_ramp_sd",
        "wind_distance_correlation",
        "winter_t_wind_correlation",
        "cold_hours_wind_ratio",
        "load_factor",
        "load_peak_over_mean",
        "load_january_over_july",
        "river_low_year_km3",
    ] = column("Statistic")
    place: str = column("Weather site or river; empty: the whole system", "")
    argument: float = column(
        "Lag in days or hours, return period in years, or upper distance in km", 0.0, ge=0, le=100_000
    )
    value: float = column("Target", ge=-10_000, le=10_000)
    tolerance: float = column("Largest departure that passes, for 200 years", gt=0, le=10_000)
    sampled: bool = column("Whether fewer years widen the tolerance", True)
