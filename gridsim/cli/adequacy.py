"""`gridsim adequacy`."""

from __future__ import annotations

import dataclasses
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridsim.cli.adequacy_options import ForecastOption, WorkersOption, choice_option, contradictions, threads
from gridsim.cli.adequacy_request import Request, request_of
from gridsim.cli.app import EXIT_PARTIAL, JsonOption, app
from gridsim.cli.import_policies import ALL, YEARS_OF_LINE, policies_told, side_by_side
from gridsim.cli.printing import as_dicts, print_json, tell_warnings
from gridsim.cli.report import ReportOption, events_for
from gridsim.cli.settings import SeedOption
from gridsim.cli.table_form import CsvOption, MarkdownOption, table_form
from gridsim.cli.values import positive, whole
from gridsim.cli.variant import NetworkArgument, VariantOption, read_system, validate_command, variant_name

if TYPE_CHECKING:
    from pathlib import Path

    from gridsim.reliability import AnyMethod, AssessmentResult, ImportanceRow, ShortfallEvents
    from gridsim.report.adequacy_page import Extras
    from gridsim.results.metrics import Estimate


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
    sampler: Annotated[
        str | None,
        choice_option(
            "sampler",
            "How years or snapshots are drawn (docs/samplers.md): as they come, by differences from a cheaper level, "
            "tilted towards shortfalls, or tilted with the hours around them. By default years crude, snapshots auto; "
            "only crude years give VaR, CVaR and months.",
        ),
    ] = None,
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
    supply_outages: Annotated[
        bool,
        typer.Option(
            "--supply-outages", help="Coal railways and cooling water fail too: plants last as long as their yards."
        ),
    ] = False,
    workers: WorkersOption = None,
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
    hour: Annotated[
        str | None,
        typer.Option(
            "--hour",
            metavar="N|TIME",
            help="One hour of the normal year alone, by number from 0 or by time: 01-14 18:00.",
        ),
    ] = None,
    forecast: ForecastOption = None,
    ac_states: Annotated[
        int | None,
        typer.Option(
            "--ac-states",
            parser=whole(2, 100_000),
            metavar="N",
            help="Solve so many random states by AC with voltage control too: share rejected, EUE that follows.",
        ),
    ] = None,
    importance: Annotated[
        bool,
        typer.Option(
            "--importance",
            help="Unserved energy that each component, cause and section accounts for (--csv: this table alone).",
        ),
    ] = False,
    firm: Annotated[
        bool,
        typer.Option("--firm", help="MW of firm capacity that would meet each missed standard (copper, zonal)."),
    ] = False,
    all_levels: Annotated[
        int | None,
        typer.Option(
            "--all-levels",
            parser=whole(2, 100_000),
            metavar="N",
            help="The same N sample years at copper, zonal and nodal level side by side.",
        ),
    ] = None,
    offsite: Annotated[
        int | None,
        typer.Option(
            "--offsite",
            parser=whole(2, 1_000_000),
            metavar="N",
            help="How often each nuclear site loses all supply from the grid, in N sample years.",
        ),
    ] = None,
    as_json: JsonOption = False,
    csv: CsvOption = False,
    md: MarkdownOption = False,
    report: ReportOption = None,
) -> None:
    """Assess how likely a shortfall is: exact where it can be, else Monte Carlo over sample years with errors."""
    from gridsim.io.output_file import PAGE, check_output
    from gridsim.report.adequacy_page import Extras
    from gridsim.report.further import further_lines

    form = table_form(as_json=as_json, csv=csv, md=md)
    if report is not None:
        check_output(report, PAGE)
    grid = read_system(network, variant)
    request = request_of(
        network,
        grid,
        level=level,
        method=method,
        sampler=sampler,
        metric=metric,
        years=years,
        target_cov=target_cov,
        max_seconds=max_seconds,
        imports=imports,
        gas_outages=gas_outages,
        supply_outages=supply_outages,
        weather=weather,
        weather_years=weather_years,
        load_forecast=forecast,
        hour=hour,
        seed=seed,
        workers=threads(workers),
    )
    tell_warnings(request.doubts, validate_command(network, variant))
    if request.by_default and request.method != "exact":
        print(f"{network}, {level}: {request.effort.told(metric, request.method)}", file=sys.stderr)
    sampling = request.sampling()
    if request.imports == ALL:
        head = {"network": network, "variant": variant_name(variant) or "", "level": level, "seed": seed}
        head["weather"] = request.weather
        side_by_side(request.in_turn(sampling), form, head)
        return
    result, weeks = _assess(request, sampling, *events_for(report if request.gives_months else None, request.method))
    important = request.importance(result) if importance else None
    firms = request.firm(result) if firm else None
    levels = request.at_all_levels(all_levels) if all_levels is not None else {}
    if report is not None:
        _write_report(request, result, report, Extras(important, firms or (), _estimates(levels)))
    by_ac = request.by_ac(ac_states) if ac_states is not None else None
    without_power = request.offsite(offsite) if offsite is not None else None
    from gridsim.report.ac_verified import ac_lines
    from gridsim.report.offsite import offsite_lines

    # the cap of the default is an end, not a failure
    status = "ok" if request.by_default and result.status == "partial" else result.status
    if form == "json":
        extra = {"network": network, "variant": variant_name(variant) or "", **_told(request, result), **(weeks or {})}
        if by_ac is not None:
            extra["ac"] = by_ac.frame().to_dict("records")
        if without_power is not None:
            extra["offsite"] = without_power.astype(object).where(without_power.notna(), None).to_dict("records")
        if important is not None:
            extra["importance"] = [vars(row) for row in important]
        if firms is not None:
            extra["firm_capacity"] = [vars(one) for one in firms]
        if levels:
            extra["levels"] = {
                level: [dataclasses.asdict(e) for e in estimates] for level, estimates in _estimates(levels).items()
            }
        print_json("adequacy", round(result.wall_s, 3), result.estimates, seed=seed, status=status, extra=extra)
    else:
        _print(request, result, weeks, form, important)
        if form != "csv":
            print("".join(f"\n{line}" for line in further_lines(firms, _estimates(levels), form)))
        if by_ac is not None and form != "csv":
            print("\n" + "\n".join(ac_lines(by_ac, form)))
        if without_power is not None and form != "csv":
            print("\n" + "\n".join(offsite_lines(without_power, form)))
    if status != "ok":
        raise typer.Exit(EXIT_PARTIAL)


def _assess(
    request: Request, sampling: AnyMethod, *more: ShortfallEvents
) -> tuple[AssessmentResult, dict[str, Any] | None]:
    """The assessment, and the weather of its worst weeks where samples have one of their own."""
    from gridsim.reliability import ShortfallByMonth
    from gridsim.report.worst_weeks import weather_of_weeks

    specs = (ShortfallByMonth(),) if request.gives_months else ()
    result = request.assessed(request.imports, sampling, *specs, *more)
    years = request.years_with(request.imports)
    return result, None if years is None else weather_of_weeks(years, result)


def _estimates(levels: dict[str, AssessmentResult]) -> dict[str, tuple[Estimate, ...]]:
    return {level: result.estimates for level, result in levels.items()}


def _write_report(request: Request, result: AssessmentResult, file: Path, extras: Extras) -> None:
    """The page, with the command that makes it as far as its options change numbers."""
    from gridsim.report.documents import report_assessment

    words = ["gridsim adequacy", request.network, f"--level {request.level}", f"--seed {request.seed}"]
    words += [f"--imports {request.imports}", f"--weather {request.weather}"]
    words += [f"--years {result.n_samples}"] if result.n_samples else []
    words += ["--gas-outages"] if request.gas_outages else []
    words += ["--supply-outages"] if request.supply_outages else []
    words += ["--importance"] if extras.importance is not None else []
    words += ["--firm"] if extras.firm else []
    words += [f"--all-levels {max(e.n for e in next(iter(extras.levels.values())))}"] if extras.levels else []
    report_assessment(result, file, extras, " ".join([*words, "--report FILE"]))


def _told(request: Request, result: AssessmentResult) -> dict[str, Any]:
    """Method, effort and weather of the numbers, for JSON."""
    is_sampled = request.method != "exact"
    return {
        "method": request.method,
        "level": request.level,
        "sampler": str(getattr(result.method, "sampler", "crude")) if is_sampled else None,
        "imports": request.imports,
        "gas_outages": request.gas_outages,
        "supply_outages": request.supply_outages,
        "years": result.n_samples if is_sampled else None,
        "years_per_s": round(result.samples_per_s, 1) if is_sampled else None,
        "stopped": str(result.stopped),
        "cov": result.cov,
        "target_cov": request.effort.target_cov if is_sampled else None,
        **({} if result.exact is None else {"grid_mw": result.exact.step_mw}),
        **({} if result.sampler_report is None else {"sampler_report": result.sampler_report.as_dict()}),
        **({"not_exact": result.not_exact} if result.not_exact else {}),
        "weather": request.weather,
        **({} if request.hour is None else {"hour": request.hour}),
        **({} if request.load_forecast is None else {"load_forecast": dataclasses.asdict(request.load_forecast)}),
        "warnings": as_dicts(request.doubts),
    }


def _print(
    request: Request,
    result: AssessmentResult,
    weeks: dict[str, Any] | None,
    form: str,
    important: list[ImportanceRow] | None,
) -> None:
    from gridsim.report.assessment import assessment_csv, assessment_lines, assessment_markdown, week_lines, weeks_table
    from gridsim.report.importance import importance_csv, importance_lines, importance_table

    network, imports, weather = request.network, request.imports, request.weather_told()
    if form == "csv":
        print(assessment_csv(result.estimates) if important is None else importance_csv(important), end="")
    elif form == "md":
        print(assessment_markdown(network, imports, result, weather), end="")
        if weeks is not None:
            print("\n" + weeks_table(weeks).markdown(), end="")
        if important is not None:
            print("\n" + importance_table(important).markdown(), end="")
    else:
        lines = assessment_lines(network, imports, result, weather=weather)
        if weeks is not None:
            lines += ["", *week_lines(weeks)]
        if important is not None:
            lines += ["", *importance_lines(important)]
        print("\n".join([*lines, *_import_lines(request)]))


def _import_lines(request: Request) -> list[str]:
    """EUE of the import policies in a line, where the command line names none and no effort."""
    from gridsim.reliability import SequentialMonteCarlo
    from gridsim.report.text_table import terminal_width, wrapped

    if request.asked_imports is not None or not request.by_default or not len(request.grid.borders):
        return []
    years = YEARS_OF_LINE[request.weather]
    line = SequentialMonteCarlo(years=years, level="copper", seed=request.seed, workers=request.workers)
    return wrapped(policies_told(request.in_turn(line), years), terminal_width())
