"""Weather years: the field of 20 sites with its wind table, and the full set of variables for Kazakhstan.

Run ``python -m benchmarks.bench_weather`` for best-of times and ratios to numpy drawing one normal per value.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import norm

from benchmarks.common import best_of, network, sized
from gridsim.kernels.weather_maps import WindMap, wind_cf
from gridsim.model.weather import WeatherField
from gridsim.reliability import SequentialMonteCarlo, ShortfallByMonth, WeatherYears, assess
from gridsim.weather.field import HOURS, VARIABLES, LatentField, make_case
from gridsim.weather.generator import WeatherModel
from gridsim.weather.maps import Z, farm_curve
from gridsim.weather.sampled import sampled_year


class TwentySites:
    """20 sites x 8,760 h of temperature, wind and clearness, and the wind table."""

    def setup(self) -> None:
        table = network("kazakhstan").weather_field
        order = [table.position(name) for name in VARIABLES]
        ordered = WeatherField(**{name: getattr(table, name)[order] for name in WeatherField.columns()})
        rng = np.random.default_rng(1)
        lat, lon = rng.uniform(42, 54, 20), rng.uniform(50, 85, 20)
        points = [f"p{k}" for k in range(20)]
        variable, point = np.repeat([0, 1, 2], 20), np.tile(np.arange(20), 3)
        self.field = LatentField(make_case(ordered, points, lat, lon, variable, point), 7)
        self.wind_field = LatentField(make_case(ordered, points, lat, lon, variable[20:40], point[20:40]), 7)
        speed = np.sqrt(-norm.logsf(Z)) * 2.0 / np.sqrt(np.pi)  # Weibull of shape 2 and mean 1
        self.map = WindMap(
            speed=np.repeat(speed[None, :], 20, axis=0),
            scale_ms=np.full((20, 12), 7.0),
            diurnal=np.ones((20, 12, 24)),
            curve=farm_curve(),
            t_site=np.full(20, -1, dtype=np.int32),
            k_row=np.full(20, -1, dtype=np.int32),
            cloudy_z=0.0,
        )
        self.month = np.zeros(365, dtype=np.int32)
        self.cf = np.empty((20, HOURS))
        self.time_field_and_wind_table()
        self.time_wind_alone()

    def time_field_and_wind_table(self) -> None:
        """All three variables at 20 sites, and wind."""
        z = self.field.year(1, 0)
        wind_cf(self.map, z[20:40], z[:20], z[40:], self.month, True, self.cf)

    def time_wind_alone(self) -> None:
        """Wind at 20 sites: the rows that a wind table needs."""
        z = self.wind_field.year(1, 0)
        wind_cf(self.map, z, z, z, self.month, True, self.cf)

    def time_numpy_normals(self) -> None:
        """numpy's PCG64 normals, one per site, variable and hour: the unit of the ratios."""
        np.random.Generator(np.random.PCG64(1)).standard_normal((60, HOURS))


class Kazakhstan:
    """The bundled network: 17 temperature, 16 wind, 8 solar sites, 3 zones, 5 rivers, its gas demands."""

    def setup(self) -> None:
        self.system = network("kazakhstan")
        self.model = WeatherModel(self.system)
        self.model.year(1, 0)
        sampled_year(self.system, 1, 0)

    def time_year(self) -> None:
        """Every variable of one year."""
        self.model.year(1, 1)

    def time_sampled_year(self) -> None:
        """Loads and machines of one year for the sampler."""
        sampled_year(self.system, 1, 1)


class Sampler:
    """Weather years through the copper-plate sampler, one per sample: memory does not grow with their number."""

    params = sized((50, 500), (2,))
    param_names = ("years",)
    number = 1
    repeat = 1
    timeout = 600

    def setup(self, years: int) -> None:
        self.weather = WeatherYears(network("kazakhstan"), "none")
        self.time_years(2)

    def time_years(self, years: int) -> None:
        """Weather, packing, outages and hours."""
        assess(self.weather, SequentialMonteCarlo(years=years), ShortfallByMonth())

    def peakmem_years(self, years: int) -> None:
        self.time_years(years)


def main() -> None:
    """Print milliseconds and ratios."""
    twenty, kazakhstan = TwentySites(), Kazakhstan()
    twenty.setup()
    kazakhstan.setup()
    unit = best_of(15, twenty.time_numpy_normals)
    for name, function in (
        ("20 sites, T, W, K and wind table", twenty.time_field_and_wind_table),
        ("20 sites, wind and its table", twenty.time_wind_alone),
        ("Kazakhstan, every variable", kazakhstan.time_year),
        ("Kazakhstan, arrays of the sampler", kazakhstan.time_sampled_year),
    ):
        seconds = best_of(15, function)
        print(f"{name:<36} {1e3 * seconds:7.2f} ms  {seconds / unit:5.2f} x numpy's 525,600 normals")
    print(f"{'numpy, 525,600 normals':<36} {1e3 * unit:7.2f} ms")


if __name__ == "__main__":
    main()
