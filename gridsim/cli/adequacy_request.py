"""One call of `gridsim adequacy`: the network, what is sampled and how."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gridsim.cli.adequacy_options import (
    CHOICES,
    Sampling,
    imports_of,
    sampler_of,
    sampling_of,
    weather_of,
    weather_told,
)
from gridsim.cli.import_policies import policies_of
from gridsim.cli.nothing_fails import nothing_fails
from gridsim.errors import Problem

if TYPE_CHECKING:
    import pandas as pd

    from gridsim.model.system import GridSystem
    from gridsim.reliability import (
        AdequacySystem,
        AnyMethod,
        AssessmentResult,
        ImportanceRow,
        LoadForecast,
        WeatherYears,
    )
    from gridsim.reliability.ac_verified import AcVerified
    from gridsim.reliability.firm_capacity import FirmCapacity
    from gridsim.results.specs import Spec


MOST_YEARS_OF_FIRM = {"normal": 1_000, "synthetic": 60}  # each MW tried goes through all of them
MOST_YEARS_OF_IMPORTANCE = {"normal": 4_000, "synthetic": 400}  # no hour is skipped


@dataclass(frozen=True)
class Request:
    """A call with its defaults filled in. ``asked_imports``: the policy that the command line names, if it does."""

    network: str
    grid: GridSystem
    level: str
    method: str
    sampler: str
    metric: str
    effort: Sampling
    imports: str
    asked_imports: str | None
    gas_outages: bool
    supply_outages: bool
    weather: str
    weather_years: int | None
    load_forecast: LoadForecast | None
    hour: str | None
    seed: int
    workers: int

    @property
    def by_default(self) -> bool:
        """Whether the command line names no number, target or time."""
        return self.effort.by_default

    @property
    def doubts(self) -> tuple[Problem, ...]:
        """Doubts about the network as it was read, and that nothing fails where no outage data are given."""
        return (*self.grid.warnings, *nothing_fails(self.grid, self.network))

    def sampling(self) -> AnyMethod:
        """The method of the assessment."""
        from gridsim.reliability import Auto, Exact, SequentialMonteCarlo, SnapshotMonteCarlo

        if self.method == "exact":
            return Exact(level=self.level)
        common: dict[str, Any] = {
            "seed": self.seed,
            "level": self.level,
            "target_cov": self.effort.target_cov,
            "metric": self.metric,
            "workers": self.workers,
        }
        if self.method == "auto":
            return Auto(years=self.effort.n, **common)
        common |= {"max_wall_s": self.effort.max_seconds, "sampler": self.sampler}
        if self.method == "sequential":
            return SequentialMonteCarlo(years=self.effort.n, **common)
        return SnapshotMonteCarlo(samples=self.effort.n, **common)

    @property
    def gives_months(self) -> bool:
        """Whether months and weeks are recorded: whole years that are drawn as they come."""
        return self.method != "snapshot" and self.sampler in ("auto", "crude")

    def years_with(self, policy: str) -> WeatherYears | None:
        """Weather years under an import policy; None in normal weather."""
        from gridsim.reliability import WeatherYears, gas_causes, supply_causes

        if self.weather != "synthetic":
            return None
        causes = gas_causes(self.grid, policy) if self.gas_outages else ()
        causes += supply_causes(self.grid, policy) if self.supply_outages else ()
        return WeatherYears(self.grid, policy, self.seed, self.weather_years, causes, load_forecast=self.load_forecast)

    def system_with(self, policy: str) -> AdequacySystem | WeatherYears:
        """System to assess under an import policy."""
        from gridsim.reliability import system_from_grid, with_gas_outages, with_supply_outages
        from gridsim.reliability.one_hour import at_hour, hour_of

        years = self.years_with(policy)
        if years is not None:
            return years
        system = dataclasses.replace(system_from_grid(self.grid, policy), load_forecast=self.load_forecast)
        system = with_gas_outages(system, self.grid, policy) if self.gas_outages else system
        system = with_supply_outages(system, self.grid, policy) if self.supply_outages else system
        return system if self.hour is None else at_hour(system, hour_of(system, self.hour))

    def assessed(self, policy: str, sampling: AnyMethod, *specs: Spec) -> AssessmentResult:
        """The assessment under an import policy."""
        from gridsim.reliability import assess

        return assess(self.system_with(policy), sampling, *specs)

    def in_turn(self, sampling: AnyMethod) -> dict[str, AssessmentResult]:
        """The assessments under all import policies that make a difference, over the same weather years."""
        from gridsim.reliability import SequentialMonteCarlo, YearsTogether, assess

        policies = policies_of(self.grid)
        fixed = isinstance(sampling, SequentialMonteCarlo) and sampling.target_cov is sampling.max_wall_s is None
        made = {policy: years for policy in policies if fixed and (years := self.years_with(policy)) is not None}
        if not made:  # with a target each policy ends at years of its own
            return {policy: self.assessed(policy, sampling) for policy in policies}
        shared = YearsTogether(made)
        return {policy: assess(shared.under(policy), sampling) for policy in policies}

    def importance(self, result: AssessmentResult) -> list[ImportanceRow]:
        """Importance by the samples of the assessment, of at most so many; exact where its numbers are."""
        from gridsim.reliability import Exact, SequentialMonteCarlo, importance

        system = self.system_with(self.imports)
        if result.exact is not None and result.exact.is_on_grid:
            return importance(system, Exact(level=self.level))
        years = min(result.n_samples, MOST_YEARS_OF_IMPORTANCE[self.weather])
        method = SequentialMonteCarlo(years=years, seed=self.seed, level=self.level, workers=self.workers)
        return importance(system, method)

    def firm(self, result: AssessmentResult) -> list[FirmCapacity]:
        """Firm capacity for each standard that the assessment does not pass, by at most so many of its samples."""
        from gridsim.reliability import Exact, SequentialMonteCarlo
        from gridsim.reliability.firm_capacity import firm_capacity
        from gridsim.report.adequacy_page import THRESHOLDS, verdict

        values = {e.name: e for e in result.estimates if e.scope == "system"}
        zones = {
            e.scope.removeprefix("zone:"): e.value
            for e in result.estimates
            if e.name == "EUE" and e.scope.startswith("zone:") and e.value
        }
        system = self.system_with(self.imports)
        method: Exact | SequentialMonteCarlo = Exact(level=self.level)
        if result.exact is None or not result.exact.is_on_grid:
            years = min(result.n_samples, MOST_YEARS_OF_FIRM[self.weather])
            method = SequentialMonteCarlo(years=years, seed=self.seed, level=self.level, workers=self.workers)
        found = []
        for name, limit, _ in THRESHOLDS:
            if name in values and verdict(values[name], limit) != "pass":
                metric = name
                if name == "NEUE":  # of the same demand, so in proportion
                    metric, limit = "EUE", limit * (values["EUE"].value or 0.0) / (values[name].value or 1.0)
                found.append(firm_capacity(system, method, metric, limit, zones if self.level == "zonal" else None))
        return found

    def at_all_levels(self, years: int) -> dict[str, AssessmentResult]:
        """The same sample years at each level."""
        from gridsim.reliability import SequentialMonteCarlo, assess

        found = {}
        for level in CHOICES["level"]:
            method = SequentialMonteCarlo(years=years, seed=self.seed, level=level, workers=self.workers)
            found[level] = assess(self.system_with(self.imports), method)
        return found

    def by_ac(self, states: int) -> AcVerified:
        """Random states of the normal year by AC."""
        from gridsim.reliability.ac_verified import ac_verified

        return ac_verified(self.grid, states, imports=self.imports, seed=self.seed)

    def offsite(self, years: int) -> pd.DataFrame:
        """Losses of offsite power of nuclear sites over sample years of the normal year."""
        from gridsim.reliability import system_from_grid
        from gridsim.reliability.offsite import offsite_losses

        return offsite_losses(system_from_grid(self.grid, self.imports), self.grid, years, self.seed)

    def weather_told(self) -> str:
        """The weather of the samples in a line."""
        return weather_told(self.grid, self.weather, self.weather_years)


def request_of(
    network: str,
    grid: GridSystem,
    *,
    level: str,
    method: str,
    sampler: str | None,
    metric: str,
    years: int | None,
    target_cov: float | None,
    max_seconds: float | None,
    imports: str | None,
    gas_outages: bool,
    supply_outages: bool,
    weather: str | None,
    weather_years: int | None,
    load_forecast: LoadForecast | None,
    hour: str | None,
    seed: int,
    workers: int,
) -> Request:
    """The call that options make; what they leave open follows the network, ``auto`` with an effort is sequential."""
    weather = "normal" if hour is not None else weather_of(grid, weather, method, weather_years)
    effort = sampling_of(level, method, years, target_cov, max_seconds, weather)
    method = "sequential" if method == "auto" and not effort.by_default else method
    return Request(
        network=network,
        grid=grid,
        level=level,
        method=method,
        sampler=sampler_of(sampler, method, effort),
        metric=metric,
        effort=effort,
        imports=imports_of(grid, imports),
        asked_imports=imports,
        gas_outages=gas_outages,
        supply_outages=supply_outages,
        weather=weather,
        weather_years=weather_years,
        load_forecast=load_forecast,
        hour=hour,
        seed=seed,
        workers=workers,
    )
