"""`gridsim warm`: every kernel compiled ahead, for images and clusters."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator

from gridsim.cli.app import JsonOption, app

NETWORKS = ("rbts", "kazakhstan")
_START = "2026-01-14 17:00"


@app.command()
def warm(as_json: JsonOption = False) -> None:
    """Compile every kernel ahead by small cases of every command; a second call takes seconds."""
    from gridsim.kernels.compiling import compiling
    from gridsim.kernels.rng import uniform

    began = time.perf_counter()
    for case in small_cases():
        case()
    wall_s, folder = round(time.perf_counter() - began, 1), uniform.stats.cache_path  # type: ignore[attr-defined]
    if as_json:
        told = {"command": "warm", "status": "complete", "wall_s": wall_s, "compiled": compiling.count, "cache": folder}
        print(json.dumps(told))
        return
    print(f"{compiling.count} kernels compiled in {wall_s} s; they are kept in {folder}")


def small_cases() -> Iterator[Callable[[], object]]:
    """Cases that use, together, every kernel with every type of argument that the commands do."""
    import datetime as dt
    from functools import partial

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
        yield partial(screen, system)
        yield from _assessments(system)
    yield partial(first_minutes_frame, read_network(NETWORKS[0]))
    yield partial(weather_summary, system, 2, 1)
    two_areas = system_from_grid(read_network("rts79"))
    for level in ("copper", "zonal"):
        yield partial(assess, two_areas, Exact(level=level))


def _assessments(system: object) -> Iterator[Callable[[], object]]:
    """Adequacy by every level and method."""
    from functools import partial
    from typing import Any

    from gridsim.kernels.compiling import compiling
    from gridsim.reliability import (
        SequentialMonteCarlo,
        ShortfallByMonth,
        SnapshotMonteCarlo,
        WeatherYears,
        assess,
        system_from_grid,
        with_gas_outages,
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
    if len(grid.gas_nodes) and compiling.count:  # a quarter of a minute in which a warm cache gains nothing
        piped = with_gas_outages(plain, grid, "contract")
        yield partial(assess, piped, SequentialMonteCarlo(years=2, seed=1, level="zonal"), ShortfallByMonth())
