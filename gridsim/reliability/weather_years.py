"""Samples in generated weather: every sample year runs in a weather year of its own, or of a fixed set."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gridsim.errors import StudyError
from gridsim.model.arguments import LARGEST_REPLICATE, seed_of, whole_number
from gridsim.model.checks import check_system
from gridsim.model.outages import CommonCause
from gridsim.model.scenario import Imports
from gridsim.model.system import GridSystem
from gridsim.reliability.forecast_error import LoadForecast
from gridsim.reliability.gas import behind, temperature_classes
from gridsim.reliability.grid import sample_hours, system_from_grid, systems_from_grid
from gridsim.reliability.methods import Method, SequentialMonteCarlo
from gridsim.reliability.samplers import Samples, SampleSource
from gridsim.reliability.system import AdequacySystem, times_of
from gridsim.weather.sampled import day_means
from gridsim.weather.year import weather_model

if TYPE_CHECKING:
    import pandas as pd

F8 = NDArray[np.float64]
MakeSource = Callable[[AdequacySystem, Method], SampleSource]


@dataclass(frozen=True, eq=False)
class WeatherYears:
    """A network with a weather of its own in each sample; handed to ``assess`` in place of a system.

    Sample s runs in weather year s of ``seed``, or in year s mod ``n_years`` of a fixed set. Load, wind, sun, hydro,
    heat-led machines, failure rates and line ratings all follow that year's weather.
    ``gas_causes``: pipelines that fail, of ``gas.gas_causes``; each day is of the temperature class of its weather.
    ``together``: other import policies that share its years, of :class:`YearsTogether`.
    ``load_forecast``: error of the load besides that of the weather, one in each sample.
    """

    grid: GridSystem
    imports: Imports | str = Imports.CONTRACT
    seed: int = 1
    n_years: int | None = None
    gas_causes: tuple[CommonCause, ...] = ()
    together: YearsTogether | None = None
    load_forecast: LoadForecast | None = None

    def __post_init__(self) -> None:
        check_system(self.grid)
        object.__setattr__(self, "seed", seed_of(self.seed))
        if self.n_years is not None:
            object.__setattr__(self, "n_years", whole_number("weather years", self.n_years, 1, LARGEST_REPLICATE))
        weather_model(self.grid)  # refuses a network without weather tables, before any thread needs it

    def year_of(self, sample: int) -> int:
        """Weather year of a sample."""
        return sample % self.n_years if self.n_years else sample

    def in_year(self, year: int) -> AdequacySystem:
        """The sampler's system in one weather year."""
        system = system_from_grid(self.grid, self.imports, (self.seed, year))
        return self.behind_gas(system, year)

    def behind_gas(self, system: AdequacySystem, year: int) -> AdequacySystem:
        """A weather year's system with the error of its load forecast and the failures of its gas network."""
        system = replace(system, load_forecast=self.load_forecast)
        if not self.gas_causes:
            return system
        day_class = temperature_classes(self.grid, day_means(self.grid, self.seed, year))
        return behind(system, self.gas_causes, day_class)

    @cached_property
    def first(self) -> AdequacySystem:
        """Year 0: names, calendar and everything else that weather leaves alone."""
        return self.in_year(0)

    @cached_property
    def normal(self) -> AdequacySystem:
        """The network in normal weather, which NEUE is relative to."""
        return system_from_grid(self.grid, self.imports)

    @property
    def name(self) -> str:
        return self.grid.name

    @property
    def start(self) -> pd.Timestamp:
        import pandas as pd

        return pd.Timestamp(sample_hours(self.grid, whole_year=True)[0])

    @property
    def times(self) -> pd.DatetimeIndex:
        """Start of every hour, as of each of its years."""
        return times_of(self.start, self.n_hours, self.step_h, leap_day=False)

    @property
    def step_h(self) -> float:
        return 1.0

    @property
    def n_hours(self) -> int:
        return len(sample_hours(self.grid, whole_year=True))


Drawn = tuple[dict[int, Samples], Mapping[str, int]]


class YearsTogether:
    """Several import policies over the same weather years: a year is made once and drawn under each of them at once.

    Give ``under(policy)`` to ``assess``, one policy after the other, with one method. The draws of a policy are kept
    until it asks for them; the answers are those of its ``WeatherYears`` alone.
    """

    def __init__(self, policies: Mapping[str, WeatherYears]) -> None:
        self._policies = dict(policies)
        if len({(id(years.grid), years.seed, years.n_years) for years in policies.values()}) != 1:
            raise StudyError("policies: differ in more than imports, so they have no year in common")
        self._drawn: dict[tuple[str, int, tuple[int, ...]], Drawn] = {}

    def under(self, policy: str) -> WeatherYears:
        """The years under one of the policies."""
        return replace(self._policies[policy], together=self)

    def draw(self, policy: str, year: int, samples: tuple[int, ...], draw: Callable[[AdequacySystem], Drawn]) -> Drawn:
        """Samples of a year under a policy; those of the other policies are kept."""
        key = (policy, year, samples)
        if key not in self._drawn:
            first = next(iter(self._policies.values()))
            systems = systems_from_grid(first.grid, tuple(self._policies), (first.seed, year))
            for (name, years), system in zip(self._policies.items(), systems, strict=True):
                self._drawn[name, year, samples] = draw(years.behind_gas(system, year))
        return self._drawn.pop(key)


class YearByYear:
    """Draws each sample with the source of its weather year; one year per worker is in memory at a time.

    Demand, which NEUE is relative to, is that of normal weather.
    """

    def __init__(self, weather: WeatherYears, method: Method, make: MakeSource) -> None:
        if not isinstance(method, SequentialMonteCarlo):
            raise StudyError("method: weather years need whole years; use SequentialMonteCarlo")
        self._weather, self._method = weather, method
        self._make = make
        normal = make(weather.normal, method)
        self.scopes, self.demand_mwh = normal.scopes, normal.demand_mwh
        self.block_size = normal.block_size
        self.default_job_blocks = normal.default_job_blocks
        if weather.n_years is None:
            # a year's weather costs more than a year without network: jobs small enough to keep workers busy
            self.block_size = min(self.block_size, 8)
            self.default_job_blocks = 1
        self._counts: dict[str, int] = {}
        self._lock = threading.Lock()

    def run(self, first: int, n: int) -> Samples:
        samples = range(first, first + n)
        parts: dict[int, Samples] = {}
        for year in sorted({self._weather.year_of(s) for s in samples}):
            drawn, counts = self._year(year, tuple(s for s in samples if self._weather.year_of(s) == year))
            parts |= drawn
            with self._lock:
                for name, count in counts.items():
                    self._counts[name] = self._counts.get(name, 0) + count
        return Samples(*(np.concatenate([parts[s][table] for s in samples]) for table in range(3)))

    def _year(self, year: int, samples: tuple[int, ...]) -> Drawn:
        def draw(system: AdequacySystem) -> Drawn:
            source = self._make(system, self._method)
            return {s: source.run(s, 1) for s in samples}, source.diagnostics()

        weather = self._weather
        if weather.together is None:
            return draw(weather.in_year(year))
        return weather.together.draw(str(weather.imports), year, samples, draw)

    def diagnostics(self) -> dict[str, int]:
        return dict(self._counts)
