"""Samplers by name: what each is valid for, what it is made of, and which one ``auto`` takes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from gridsim.errors import InputError, StudyError
from gridsim.kernels.shortfall import ENERGY, EVENTS, HOURS, N_TOTALS
from gridsim.reliability.areas import areas_of
from gridsim.reliability.chains import chains_of, no_chains_because
from gridsim.reliability.exact import better_sampled_because, exact_shortfall
from gridsim.reliability.methods import Level, Method, Sampler, SequentialMonteCarlo
from gridsim.reliability.nodal import NodalSnapshots
from gridsim.reliability.rare import Plan
from gridsim.reliability.samplers import SampleSource
from gridsim.reliability.snapshots import CopperSnapshots, Snapshots, ZonalSnapshots
from gridsim.reliability.system import AdequacySystem
from gridsim.reliability.terms import EventTerm, Term, TiltedTerm, YearsTerm
from gridsim.reliability.tilt import UNTILTED_COPPER, UNTILTED_NETWORK, area_pockets, copper_pocket, tilt_towards
from gridsim.reliability.weather_years import WeatherYears
from gridsim.results.metrics import is_exact

F8 = NDArray[np.float64]
SourceOf = Callable[[AdequacySystem, Method], SampleSource]

#: Cost of a sample in copper-plate years, or in copper-plate snapshots; only proportions of samples follow from it.
YEAR_COST = {Level.COPPER: 1.0, Level.ZONAL: 16.0, Level.NODAL: 250.0}
SNAPSHOT_COST = {Level.COPPER: 1.0, Level.ZONAL: 2.0, Level.NODAL: 10.0}
#: Years of a job, before the first look, of the pilot of a difference, and before its few contributions are believed.
YEAR_SIZES = {Level.COPPER: (1024, 1024, 0, 0), Level.ZONAL: (64, 256, 128, 4096), Level.NODAL: (8, 64, 32, 512)}
IN_WEATHER = (8, 64, 32, 256)
WEATHER_COST = 200.0  # of a year of generated weather, whatever the level
WHOLE_YEARS = "--method sequential --sampler multilevel"


def auto_sampler(system: AdequacySystem | WeatherYears, method: Method) -> Sampler:
    """The sampler of ``auto``.

    Years are drawn as they come, because means alone do not give VaR, CVaR and events; snapshots are tilted where that
    is valid, above the copper plate with the copper plate as control.
    """
    if isinstance(method, SequentialMonteCarlo) or isinstance(system, WeatherYears):
        return Sampler.CRUDE
    if no_tilt_because(system) or system.step_h != 1.0:
        return Sampler.CRUDE
    return Sampler.CROSS_ENTROPY if Level(method.level) is Level.COPPER else Sampler.MULTILEVEL


def with_sampler(system: AdequacySystem | WeatherYears, method: Method) -> Method:
    """The method with ``auto`` resolved; StudyError naming the cause where its sampler is not valid."""
    if method.sampler is Sampler.AUTO:
        method = dataclasses.replace(method, sampler=auto_sampler(system, method))
    cause = refused_because(system, method)
    if cause is not None:
        raise StudyError(f"sampler: {method.sampler} is not for {cause}")
    return method


def refused_because(system: AdequacySystem | WeatherYears, method: Method) -> str | None:
    """Cause that a sampler is not valid for a system, and what to use; None if it is."""
    level, sampler = Level(method.level), method.sampler
    is_years = isinstance(method, SequentialMonteCarlo)
    if sampler is Sampler.CRUDE:
        return None
    if isinstance(system, AdequacySystem) and system.step_h != 1.0:
        return "steps shorter than an hour: use crude"
    if sampler is Sampler.MULTILEVEL and level is Level.COPPER:
        return "level copper, which has no level below it: use exact, cross_entropy of snapshots, or crude"
    if sampler is Sampler.MULTILEVEL and is_years:
        if isinstance(system, WeatherYears) and system.n_years is not None:
            return "a fixed set of weather years, whose levels would see different ones: use crude"
        return None
    if isinstance(system, WeatherYears):
        return f"weather years: weather couples the hours; use {WHOLE_YEARS}"
    cause = no_tilt_because(system)
    if cause is not None:
        return f"{cause}; use {WHOLE_YEARS}"
    if sampler is Sampler.QUASI_SEQUENTIAL:
        components = (*system.unit_component, *system.interface_component, *system.branch_component)
        cause = no_chains_because(system, components)
        if cause is not None:
            return f"{cause}; use {WHOLE_YEARS}"
    return None


def no_tilt_because(system: AdequacySystem) -> str | None:
    """Cause that keeps hours from being drawn one by one, as words that follow "for"; None if there is none."""
    if system.load_forecast is not None:
        return "a load forecast with an error, which the hours of a sample share"
    if system.stores:
        return f"stores ({system.stores[0].name}): they couple the hours"
    for cause in system.common_causes:
        if cause.derating:
            return f"a table by hours ({cause.component.name}): linepack and stocks couple them"
    return None


def plan_of(system: AdequacySystem | WeatherYears, method: Method, source_of: SourceOf) -> Plan:
    """Terms of a sampler that is not crude."""
    if isinstance(method, SequentialMonteCarlo) and method.sampler is Sampler.MULTILEVEL:
        return _years(system, method, source_of)
    assert isinstance(system, AdequacySystem)
    source = _snapshots(system, method)
    pockets = [copper_pocket(system)]
    level = Level(method.level)
    if level is not Level.COPPER:
        pockets += area_pockets(system, with_circuits=level is Level.ZONAL) if _has_areas(system) else []
    metric = "LOLH" if method.metric in ("LOLH", "LOLEv", "LOLD") else "EUE"
    untilted = UNTILTED_COPPER if level is Level.COPPER else UNTILTED_NETWORK
    is_difference = method.sampler is Sampler.MULTILEVEL
    tilt = tilt_towards(source.model, pockets, metric, untilted=untilted, first_is_control=is_difference)
    cost = SNAPSHOT_COST[level]
    if method.sampler is Sampler.CROSS_ENTROPY:
        return Plan((TiltedTerm(f"{level} snapshots", source, tilt, None, cost),), None, events=False)
    if method.sampler is Sampler.QUASI_SEQUENTIAL:
        chains = chains_of(system, source.components)
        return Plan((EventTerm(f"{level} snapshots with their events", source, tilt, chains, cost),), None, events=True)
    lower = CopperSnapshots(system, method.seed)
    exact = _exact(system, transitions=False) if _hours_alike(system) else None
    base: Term | None = None
    if exact is None:
        copper_tilt = tilt_towards(lower.model, pockets[:1], metric, untilted=UNTILTED_COPPER)
        base = TiltedTerm("copper snapshots", lower, copper_tilt, None, SNAPSHOT_COST[Level.COPPER])
    difference = TiltedTerm(f"{level} - copper snapshots", source, tilt, lower, cost)
    return Plan((base, difference), exact, events=False)


def _snapshots(system: AdequacySystem, method: Method) -> Snapshots:
    level = Level(method.level)
    if level is Level.NODAL:
        return NodalSnapshots(system, method.seed)
    return CopperSnapshots(system, method.seed) if level is Level.COPPER else ZonalSnapshots(system, method.seed)


def _has_areas(system: AdequacySystem) -> bool:
    try:
        return areas_of(system, merged=False).n_areas > 1
    except (InputError, StudyError):
        return False


def _hours_alike(system: AdequacySystem) -> bool:
    """Whether a snapshot of a machine is in the equilibrium that exact values have: no rates by hour."""
    return all(c.rate_factor is None and c.unavailability is None for c in system.unit_component)


def _exact(system: AdequacySystem, *, transitions: bool) -> F8 | None:
    """(1, 5), the exact copper plate within 1e-6, NaN where a column is not known; None where nothing is."""
    if better_sampled_because(system, Level.COPPER) is not None:
        return None
    found = {
        e.name: e.value
        for e in exact_shortfall(system, Level.COPPER, transitions=transitions).estimates()
        if e.scope == "system" and is_exact(e)
    }
    exact = np.full((1, N_TOTALS), np.nan)
    for column, name in ((HOURS, "LOLH"), (ENERGY, "EUE"), (EVENTS, "LOLEv")):
        if found.get(name) is not None:
            exact[0, column] = found[name]
    return exact


def _years(system: AdequacySystem | WeatherYears, method: SequentialMonteCarlo, source_of: SourceOf) -> Plan:
    """Years of the copper plate, of the areas where there are any, and at every bus, each beside those of the one
    below.
    """
    normal = system.normal if isinstance(system, WeatherYears) else system
    top = Level(method.level)
    levels = [Level.COPPER, top]
    if top is Level.NODAL and _has_areas(normal):
        levels.insert(1, Level.ZONAL)
    exact = None if isinstance(system, WeatherYears) else _exact(system, transitions=method.metric == "LOLEv")

    def of(level: Level) -> Callable[[AdequacySystem], SampleSource]:
        crude = dataclasses.replace(method, level=level, sampler=Sampler.CRUDE)
        if isinstance(system, WeatherYears):
            return lambda year: source_of(year, crude)
        source = source_of(system, crude)  # of one system two terms share it
        return lambda year: source

    draws = [of(level) for level in levels]
    sizes, weather = YEAR_SIZES, 0.0
    if isinstance(system, WeatherYears):
        sizes, weather = dict.fromkeys(Level, IN_WEATHER), WEATHER_COST
    terms: list[Term] = [YearsTerm("copper years", system, draws[0], None, (*sizes[Level.COPPER], 1.0 + weather))]
    for k, (below, level) in enumerate(pairwise(levels)):
        cost = YEAR_COST[level] + YEAR_COST[below] + weather
        name = f"{level} - {below} years"
        terms.append(YearsTerm(name, system, draws[k + 1], draws[k], (*sizes[level], cost)))
    return Plan(tuple(terms), exact, events=True)
