"""`gridsim warm`: every kernel compiled ahead, for images and clusters."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Annotated

import typer

from gridsim.cli.app import JsonOption, app
from gridsim.cli.values import whole

if TYPE_CHECKING:
    from gridsim.model.scenario import Event
    from gridsim.model.system import GridSystem

NETWORKS = ("rbts", "kazakhstan")
_START = "2026-01-14 17:00"


@app.command()
def warm(
    workers: Annotated[
        int | None, typer.Option(parser=whole(1), metavar="N", help="Processes that compile, by default one per core.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Compile every kernel ahead by small cases of every command; a second call takes seconds."""
    from gridsim.kernels.compiling import cache_is_empty, compiling
    from gridsim.kernels.rng import uniform

    began = time.perf_counter()
    if cache_is_empty():
        compiling.begins()
    for count in _compiled(workers or os.cpu_count() or 1):
        if count:
            compiling.begins()
            compiling.compiled(count)
    wall_s, folder = round(time.perf_counter() - began, 1), uniform.stats.cache_path  # type: ignore[attr-defined]
    if as_json:
        told = {"command": "warm", "status": "complete", "wall_s": wall_s, "compiled": compiling.count, "cache": folder}
        print(json.dumps(told))
        return
    print(f"{compiling.count} kernels compiled in {wall_s} s; they are kept in {folder}")


def _compiled(workers: int) -> Iterator[int]:
    """Numbers of kernels compiled, case by case.

    Two processes that meet one kernel at once compile it twice; so they begin at the two ends of the list, whose cases
    have least in common.
    """
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor, as_completed

    n = len(_cases())
    ends = sorted(range(n), key=lambda k: min(k, n - 1 - k))
    total = 0
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
        for done in as_completed([pool.submit(_compile, k) for k in ends]):
            total += done.result()
            yield done.result()
        if total:  # a quarter of a minute, in which a warm cache gains nothing
            yield pool.submit(_compile, None).result()


@lru_cache
def _cases() -> tuple[Callable[[], object], ...]:
    return tuple(small_cases())


def _compile(case: int | None) -> int:
    """Run a small case, or the large one (None); returns how many kernels it compiled."""
    from gridsim.kernels.compiling import compiling

    before = compiling.count
    large_case() if case is None else _cases()[case]()
    return compiling.count - before


def small_cases() -> Iterator[Callable[[], object]]:
    """Cases that use, together, every kernel with every type of argument that the commands do."""
    import datetime as dt

    from gridsim.engine.run import run
    from gridsim.io.read_network import read_network
    from gridsim.model.scenario import AcMode, GasMode, Horizon, Policy, Scenario
    from gridsim.reliability import Exact, assess, system_from_grid
    from gridsim.report.weather_summary import weather_summary
    from gridsim.results.screening import screen
    from gridsim.results.screening_first_minutes import first_minutes_frame

    for name in NETWORKS:
        system = read_network(name)
        for ac, gas in ((AcMode.OFF, GasMode.HYDRAULIC), (AcMode.FAST, GasMode.BALANCE)):
            for failures in (False, True):
                policy = Policy(ac=ac, gas=gas)
                horizon = Horizon(dt.datetime.fromisoformat(_START), 2.0)
                yield partial(run, system, Scenario("warm", name, horizon, policy=policy, failures=failures))
        if len(system.heat):
            scenario = Scenario(
                "warm", name, Horizon(dt.datetime.fromisoformat(_START), 3.0), events=_without_heat(system)
            )
            yield partial(run, system, scenario)
        yield partial(screen, system)
        yield from _assessments(system)
    yield partial(first_minutes_frame, read_network(NETWORKS[0]))
    yield partial(weather_summary, system, 2, 1)
    two_areas = system_from_grid(read_network("rts79"))
    for level in ("copper", "zonal"):
        yield partial(assess, two_areas, Exact(level=level))


def _without_heat(system: GridSystem) -> tuple[Event, ...]:
    """Outage of all plants that heat cities: these cool and switch heaters on, and load is shed."""
    from gridsim.contingencies.events import default_kind, make_event
    from gridsim.model.scenario import Event, Primitive, Target

    names = {plant.strip() for plants in system.heat.plants.tolist() for plant in plants.split(";") if plant.strip()}
    plants = [Target("plants", name) for name in sorted(names)]
    made = make_event(
        system,
        id="no_heat",
        kind=default_kind("plants", Primitive.OUTAGE),
        targets=plants,
        at_h=0.0,
        magnitude=None,
        duration_h=None,
    )
    assert isinstance(made, Event), made
    return (made,)


def _assessments(system: object) -> Iterator[Callable[[], object]]:
    """Adequacy by every level and method."""
    from typing import Any

    from gridsim.reliability import (
        SequentialMonteCarlo,
        ShortfallByMonth,
        SnapshotMonteCarlo,
        WeatherYears,
        assess,
        system_from_grid,
    )

    grid: Any = system
    plain = system_from_grid(grid, "contract")
    for level in ("copper", "zonal", "nodal"):
        yield partial(assess, plain, SequentialMonteCarlo(years=2, seed=1, level=level), ShortfallByMonth())
        yield partial(assess, plain, SnapshotMonteCarlo(samples=16, seed=1, level=level))
    yield partial(assess, plain, SnapshotMonteCarlo(samples=16, seed=1, sampler="cross_entropy"))
    yield partial(assess, plain, SequentialMonteCarlo(years=16, seed=1, sampler="quasi_sequential"))
    if len(grid.weather_sites):
        years = WeatherYears(grid, "contract", 1)
        yield partial(assess, years, SequentialMonteCarlo(years=2, seed=1, level="zonal"), ShortfallByMonth())


def large_case() -> None:
    """The table of outages of gas, which takes longer to make than its kernels to compile."""
    from gridsim.io.read_network import read_network
    from gridsim.reliability import SequentialMonteCarlo, ShortfallByMonth, assess, system_from_grid, with_gas_outages

    grid = read_network("kazakhstan")
    piped = with_gas_outages(system_from_grid(grid, "contract"), grid, "contract")
    assess(piped, SequentialMonteCarlo(years=2, seed=1, level="zonal"), ShortfallByMonth())
