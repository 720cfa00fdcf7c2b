"""`gridsim adequacy`."""

from __future__ import annotations

import os
from typing import Annotated, Any

import typer

from gridsim.cli.app import EXIT_PARTIAL, JsonOption, app
from gridsim.cli.printing import as_dicts, print_json, tell_warnings
from gridsim.cli.variant import VariantOption, read_system, validate_command, variant_name
from gridsim.errors import StudyError


@app.command()
def adequacy(
    network: Annotated[str, typer.Argument(help="A bundled network or a network folder.")],
    variant: VariantOption = None,
    level: Annotated[str, typer.Option(help="copper, zonal or nodal")] = "copper",
    method: Annotated[str, typer.Option(help="sequential or snapshot")] = "sequential",
    years: Annotated[int | None, typer.Option(help="Sample years (snapshots with --method snapshot).")] = None,
    target_cov: Annotated[float | None, typer.Option(help="Stop at this stderr / estimate of --metric.")] = None,
    metric: Annotated[str, typer.Option(help="EUE, LOLH, LOLD or LOLEv")] = "EUE",
    max_seconds: Annotated[float | None, typer.Option(help="Stop after this wall time; exit 3 if short of it.")] = None,
    imports: Annotated[str, typer.Option(help="none, contract or limit")] = "contract",
    gas_outages: Annotated[
        bool, typer.Option("--gas-outages", help="Pipelines fail too: plants behind them lose gas as linepack drains.")
    ] = False,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Threads, by default one per core; results do not depend on them.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of everything random.")] = 1,
    weather: Annotated[str, typer.Option(help="normal, or synthetic: a generated weather year per sample")] = "normal",
    weather_years: Annotated[
        int | None, typer.Option(min=1, help="Run through a fixed set of so many weather years instead.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Assess how likely a shortfall is: Monte Carlo over sample years, with errors."""
    from gridsim.cli.weather import print_weather
    from gridsim.errors import nearest
    from gridsim.reliability import (
        SequentialMonteCarlo,
        ShortfallByMonth,
        SnapshotMonteCarlo,
        WeatherYears,
        assess,
        gas_causes,
        system_from_grid,
        with_gas_outages,
    )
    from gridsim.report.worst_weeks import weather_of_weeks

    if method not in ("sequential", "snapshot"):
        raise StudyError(f"method: no '{method}'; {nearest(method, ('sequential', 'snapshot'))}")
    if weather not in ("normal", "synthetic"):
        raise StudyError(f"weather: no '{weather}'; {nearest(weather, ('normal', 'synthetic'))}")
    if weather_years is not None and weather == "normal":
        raise StudyError("weather-years: normal weather is one year; add --weather synthetic")
    common: dict[str, Any] = {
        "seed": seed,
        "level": level,
        "target_cov": target_cov,
        "metric": metric,
        "max_wall_s": max_seconds,
        "workers": workers or os.cpu_count() or 1,
    }
    sampling = (
        SequentialMonteCarlo(years=years, **common)
        if method == "sequential"
        else SnapshotMonteCarlo(samples=years, **common)
    )
    grid = read_system(network, variant)
    tell_warnings(grid.warnings, validate_command(network, variant))
    years_of = None
    if weather == "synthetic":
        years_of = WeatherYears(grid, imports, seed, weather_years, gas_causes(grid, imports) if gas_outages else ())
    elif gas_outages:
        normal = with_gas_outages(system_from_grid(grid, imports), grid, imports)
    else:
        normal = system_from_grid(grid, imports)
    result = assess(
        years_of or normal,
        sampling,
        *((ShortfallByMonth(),) if method == "sequential" else ()),
    )
    in_weather = None if years_of is None else weather_of_weeks(years_of, result)
    if as_json:
        extra = {
            "network": network,
            "variant": variant_name(variant) or "",
            "method": method,
            "level": level,
            "sampler": str(sampling.sampler),
            "imports": imports,
            "gas_outages": gas_outages,
            "years": result.n_samples,
            "years_per_s": round(result.samples_per_s, 1),
            "stopped": str(result.stopped),
            "cov": result.cov,
            "weather": weather,
            "warnings": as_dicts(grid.warnings),
            **({} if in_weather is None else in_weather),
        }
        print_json("adequacy", round(result.wall_s, 3), result.estimates, seed=seed, status=result.status, extra=extra)
    else:
        from rich.console import Console

        from gridsim.report.assessment import print_assessment

        print_assessment(Console(markup=False), network, imports, result)
        if in_weather is not None:
            print_weather(Console(markup=False), in_weather)
    if result.status != "ok":
        raise typer.Exit(EXIT_PARTIAL)
