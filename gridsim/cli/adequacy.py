"""`gridsim adequacy`."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridsim.cli.adequacy_options import (
    choice_option,
    contradictions,
    imports_of,
    sampling_of,
    weather_of,
    weather_told,
)
from gridsim.cli.app import EXIT_PARTIAL, JsonOption, app
from gridsim.cli.import_policies import ALL, YEARS_OF_LINE, policies_of, policies_told, side_by_side
from gridsim.cli.printing import as_dicts, print_json, tell_warnings
from gridsim.cli.report import ReportOption, events_for
from gridsim.cli.settings import SeedOption
from gridsim.cli.table_form import CsvOption, MarkdownOption, table_form
from gridsim.cli.values import positive, whole
from gridsim.cli.variant import NetworkArgument, VariantOption, read_system, validate_command, variant_name

if TYPE_CHECKING:
    from gridsim.reliability import AssessmentResult


@app.command(together=contradictions)
def adequacy(
    network: NetworkArgument,
    variant: VariantOption = None,
    level: Annotated[
        str, choice_option("level", "How much of the network limits: nothing, zones, all of it.")
    ] = "copper",
    method: Annotated[
        str,
        choice_option(
            "method",
            "By convolution what is exact so and by sampling the rest, nothing but exact, whole years, or "
            "independent hours. With --years, --target-cov or --max-seconds auto is sequential.",
        ),
    ] = "auto",
    years: Annotated[
        int | None,
        typer.Option(
            parser=whole(1, 2**32 - 1),  # each sample has a 32-bit number
            metavar="N",
            help="Sample years (snapshots with --method snapshot), or the most with a target.",
        ),
    ] = None,
    target_cov: Annotated[
        float | None,
        typer.Option(
            parser=positive("stderr / estimate, for instance 0.05"),
            metavar="X",
            help="Stop at this stderr / estimate of --metric, looked at after 1, 2, 4, 8 ... blocks of years. Without "
            "this, --years and --max-seconds: 0.02 (generated weather: 0.05), at most 200,000 copper, 10,000 zonal or "
            "500 nodal years (snapshots 20,000,000, 2,000,000 or 100,000).",
        ),
    ] = None,
    metric: Annotated[str, choice_option("metric", "What the target watches; snapshots: EUE or LOLH.")] = "EUE",
    max_seconds: Annotated[
        float | None,
        typer.Option(
            parser=positive("seconds", finite=False),
            metavar="S",
            help="Stop after this wall time; exit 3 if short of what was asked.",
        ),
    ] = None,
    imports: Annotated[
        str | None,
        choice_option(
            "imports",
            "What borders supply; by default likely where the network has a table of it, else contract. all: every "
            "policy side by side, on the same draws.",
        ),
    ] = None,
    gas_outages: Annotated[
        bool,
        typer.Option(
            "--gas-outages", help="Gas pipelines, sources, stations fail: plants lose gas as linepack drains."
        ),
    ] = False,
    workers: Annotated[
        int | None,
        typer.Option(
            parser=whole(1), metavar="N", help="Threads, by default one per core; results do not depend on them."
        ),
    ] = None,
    seed: SeedOption = 1,
    weather: Annotated[
        str | None,
        choice_option(
            "weather",
            "The same normal year, or a generated one per sample: the default where the network has a weather "
            "field (snapshots: normal).",
        ),
    ] = None,
    weather_years: Annotated[
        int | None,
        typer.Option(parser=whole(1), metavar="N", help="Run through a fixed set of so many weather years instead."),
    ] = None,
    as_json: JsonOption = False,
    csv: CsvOption = False,
    md: MarkdownOption = False,
    report: ReportOption = None,
) -> None:
    """Assess how likely a shortfall is: exact where it can be, else Monte Carlo over sample years with errors."""
    from gridsim.reliability import (
        AdequacySystem,
        AnyMethod,
        Auto,
        Exact,
        SequentialMonteCarlo,
        ShortfallByMonth,
        ShortfallEvents,
        SnapshotMonteCarlo,
        WeatherYears,
        YearsTogether,
        assess,
        gas_causes,
        system_from_grid,
        with_gas_outages,
    )
    from gridsim.report.text_table import terminal_width, wrapped
    from gridsim.report.worst_weeks import weather_of_weeks

    form = table_form(as_json=as_json, csv=csv, md=md)
    grid = read_system(network, variant)
    weather = weather_of(grid, weather, method, weather_years)
    asked, imports = imports, imports_of(grid, imports)
    effort = sampling_of(level, method, years, target_cov, max_seconds, weather)
    if method == "auto" and not effort.by_default:
        method = "sequential"
    common: dict[str, Any] = {
        "seed": seed,
        "level": level,
        "target_cov": effort.target_cov,
        "metric": metric,
        "workers": workers or os.cpu_count() or 1,
    }
    sampling: AnyMethod
    if method == "exact":
        sampling = Exact(level=level)
    elif method == "auto":
        sampling = Auto(years=effort.n, **common)
    elif method == "sequential":
        sampling = SequentialMonteCarlo(years=effort.n, max_wall_s=effort.max_seconds, **common)
    else:
        sampling = SnapshotMonteCarlo(samples=effort.n, max_wall_s=effort.max_seconds, **common)
    tell_warnings(grid.warnings, validate_command(network, variant))
    if effort.by_default and method != "exact":
        print(f"{network}, {level}: {effort.told(metric, method)}", file=sys.stderr)

    def years_with(policy: str) -> WeatherYears | None:
        if weather != "synthetic":
            return None
        causes = gas_causes(grid, policy) if gas_outages else ()
        return WeatherYears(grid, policy, seed, weather_years, causes)

    def assessed(
        policy: str, sampling: AnyMethod, *specs: ShortfallByMonth | ShortfallEvents, years: WeatherYears | None = None
    ) -> AssessmentResult:
        system: WeatherYears | AdequacySystem | None = years or years_with(policy)
        if system is None:
            system = system_from_grid(grid, policy)
            if gas_outages:
                system = with_gas_outages(system, grid, policy)
        return assess(system, sampling, *specs)

    def in_turn(sampling: AnyMethod) -> dict[str, AssessmentResult]:
        policies = policies_of(grid)
        fixed = isinstance(sampling, SequentialMonteCarlo) and sampling.target_cov is sampling.max_wall_s is None
        made = {policy: years for policy in policies if fixed and (years := years_with(policy)) is not None}
        shared = YearsTogether(made) if made else None  # with a target each policy ends at years of its own
        return {
            policy: assessed(policy, sampling, years=None if shared is None else shared.under(policy))
            for policy in policies
        }

    if imports == ALL:
        head = {"network": network, "variant": variant_name(variant) or "", "level": level, "seed": seed}
        side_by_side(in_turn(sampling), form, {**head, "weather": weather})
        return
    specs = () if method == "snapshot" else (ShortfallByMonth(),)
    result = assessed(imports, sampling, *specs, *events_for(report, method))
    if report is not None:
        result.report(report)
    years_of = years_with(imports)
    in_weather = None if years_of is None else weather_of_weeks(years_of, result)
    is_sampled = method != "exact"
    status = "ok" if effort.by_default else result.status  # the cap of the default is an end, not a failure
    if form == "json":
        extra = {
            "network": network,
            "variant": variant_name(variant) or "",
            "method": method,
            "level": level,
            "sampler": "crude" if is_sampled else None,
            "imports": imports,
            "gas_outages": gas_outages,
            "years": result.n_samples if is_sampled else None,
            "years_per_s": round(result.samples_per_s, 1) if is_sampled else None,
            "stopped": str(result.stopped),
            "cov": result.cov,
            "target_cov": effort.target_cov if is_sampled else None,
            **({} if result.exact is None else {"grid_mw": result.exact.step_mw}),
            **({"not_exact": result.not_exact} if result.not_exact else {}),
            "weather": weather,
            "warnings": as_dicts(grid.warnings),
            **({} if in_weather is None else in_weather),
        }
        print_json("adequacy", round(result.wall_s, 3), result.estimates, seed=seed, status=status, extra=extra)
    else:
        told = weather_told(grid, weather, weather_years)
        _print(network, imports, result, told, in_weather, form)
        if form == "text" and asked is None and effort.by_default and len(grid.borders):
            n = YEARS_OF_LINE[weather]
            line = SequentialMonteCarlo(years=n, level="copper", seed=seed, workers=common["workers"])
            others = in_turn(line)
            print("\n".join(wrapped(policies_told(others, n), terminal_width())))
    if status != "ok":
        raise typer.Exit(EXIT_PARTIAL)


def _print(
    network: str, imports: str, result: AssessmentResult, weather: str, in_weather: dict[str, Any] | None, form: str
) -> None:
    from gridsim.report.assessment import assessment_csv, assessment_lines, assessment_markdown, week_lines, weeks_table

    if form == "csv":
        print(assessment_csv(result.estimates), end="")
    elif form == "md":
        print(assessment_markdown(network, imports, result, weather), end="")
        if in_weather is not None:
            print("\n" + weeks_table(in_weather).markdown(), end="")
    else:
        lines = assessment_lines(network, imports, result, weather=weather)
        if in_weather is not None:
            lines += ["", *week_lines(in_weather)]
        print("\n".join(lines))
