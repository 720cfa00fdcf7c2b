"""`gridsim adequacy`."""

from __future__ import annotations

import dataclasses
import sys
from typing import TYPE_CHECKING, Any

import typer

from gridsim.cli.adequacy_flags import (
    AcStatesOption,
    AllLevelsOption,
    FirmOption,
    GasOutagesOption,
    HourOption,
    ImportanceOption,
    ImportsOption,
    LevelOption,
    MethodOption,
    MetricOption,
    OffsiteOption,
    SamplerOption,
    SecondsOption,
    SupplyOutagesOption,
    TargetOption,
    WeatherOption,
    WeatherYearsOption,
    YearsOption,
)
from gridsim.cli.adequacy_options import ForecastOption, WorkersOption, contradictions, threads
from gridsim.cli.adequacy_request import Request, request_of
from gridsim.cli.app import EXIT_PARTIAL, JsonOption, app
from gridsim.cli.import_policies import ALL, YEARS_OF_LINE, policies_told, side_by_side
from gridsim.cli.printing import as_dicts, print_json, tell_warnings
from gridsim.cli.report import ReportOption, events_for
from gridsim.cli.settings import SeedOption
from gridsim.cli.table_form import CsvOption, MarkdownOption, table_form
from gridsim.cli.variant import NetworkArgument, VariantOption, read_system, validate_command, variant_name

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from gridsim.reliability import AnyMethod, AssessmentResult, ImportanceRow, ShortfallEvents
    from gridsim.reliability.ac_verified import AcVerified
    from gridsim.reliability.firm_capacity import FirmCapacity
    from gridsim.results.metrics import Estimate


@app.command(together=contradictions)
def adequacy(
    network: NetworkArgument,
    variant: VariantOption = None,
    level: LevelOption = "copper",
    method: MethodOption = "auto",
    sampler: SamplerOption = None,
    years: YearsOption = None,
    target_cov: TargetOption = None,
    metric: MetricOption = "EUE",
    max_seconds: SecondsOption = None,
    imports: ImportsOption = None,
    gas_outages: GasOutagesOption = False,
    supply_outages: SupplyOutagesOption = False,
    workers: WorkersOption = None,
    seed: SeedOption = 1,
    weather: WeatherOption = None,
    weather_years: WeatherYearsOption = None,
    hour: HourOption = None,
    forecast: ForecastOption = None,
    ac_states: AcStatesOption = None,
    importance: ImportanceOption = False,
    firm: FirmOption = False,
    all_levels: AllLevelsOption = None,
    offsite: OffsiteOption = None,
    as_json: JsonOption = False,
    csv: CsvOption = False,
    md: MarkdownOption = False,
    report: ReportOption = None,
) -> None:
    """Assess how likely a shortfall is: exact where it can be, else Monte Carlo over sample years with errors."""
    from gridsim.io.output_file import PAGE, check_output

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
    head = {"network": network, "variant": variant_name(variant) or ""}
    sampling = request.sampling()
    if request.imports == ALL:
        told = {**head, "level": level, "seed": seed, "weather": request.weather}
        side_by_side(request.in_turn(sampling), form, told)
        return
    result, weeks = _assess(request, sampling, *events_for(report if request.gives_months else None, request.method))
    beside = _beside(request, result, importance, firm, all_levels)
    if report is not None:
        _write_report(request, result, report, beside)
    beside = dataclasses.replace(
        beside,
        by_ac=request.by_ac(ac_states) if ac_states is not None else None,
        offsite=request.offsite(offsite) if offsite is not None else None,
    )
    # the cap of the default is an end, not a failure
    status = "ok" if request.by_default and result.status == "partial" else result.status
    if form == "json":
        extra = {**head, **_told(request, result), **(weeks or {}), **beside.as_json()}
        print_json("adequacy", round(result.wall_s, 3), result.estimates, seed=seed, status=status, extra=extra)
    else:
        _print(request, result, weeks, form, beside)
    if status != "ok":
        raise typer.Exit(EXIT_PARTIAL)


@dataclasses.dataclass(frozen=True)
class _Beside:
    """Results that are asked for beside the assessment; None, or no level, where they are not."""

    important: list[ImportanceRow] | None
    firms: list[FirmCapacity] | None
    levels: dict[str, tuple[Estimate, ...]]
    by_ac: AcVerified | None = None
    offsite: pd.DataFrame | None = None

    def as_json(self) -> dict[str, Any]:
        """Keys of the JSON."""
        told: dict[str, Any] = {}
        if self.by_ac is not None:
            told["ac"] = self.by_ac.frame().to_dict("records")
        if self.offsite is not None:
            told["offsite"] = self.offsite.astype(object).where(self.offsite.notna(), None).to_dict("records")
        if self.important is not None:
            told["importance"] = [vars(row) for row in self.important]
        if self.firms is not None:
            told["firm_capacity"] = [vars(one) for one in self.firms]
        if self.levels:
            told["levels"] = {level: [dataclasses.asdict(e) for e in of] for level, of in self.levels.items()}
        return told

    def tell(self, form: str) -> None:
        """Print the lines below an assessment, as text or Markdown."""
        from gridsim.report.ac_verified import ac_lines
        from gridsim.report.further import further_lines
        from gridsim.report.offsite import offsite_lines

        print("".join(f"\n{line}" for line in further_lines(self.firms, self.levels, form)))
        if self.by_ac is not None:
            print("\n" + "\n".join(ac_lines(self.by_ac, form)))
        if self.offsite is not None:
            print("\n" + "\n".join(offsite_lines(self.offsite, form)))


def _beside(
    request: Request, result: AssessmentResult, importance: bool, firm: bool, all_levels: int | None
) -> _Beside:
    levels = request.at_all_levels(all_levels) if all_levels is not None else {}
    return _Beside(
        request.importance(result) if importance else None,
        request.firm(result) if firm else None,
        {level: of.estimates for level, of in levels.items()},
    )


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


def _write_report(request: Request, result: AssessmentResult, file: Path, beside: _Beside) -> None:
    """The page, with the command that makes it as far as its options change numbers."""
    from gridsim.report.adequacy_page import Extras
    from gridsim.report.documents import report_assessment

    extras = Extras(beside.important, beside.firms or (), beside.levels)
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
    beside: _Beside,
) -> None:
    from gridsim.report.assessment import assessment_csv, assessment_lines, assessment_markdown, week_lines, weeks_table
    from gridsim.report.importance import importance_csv, importance_lines, importance_table

    important = beside.important
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
    if form != "csv":
        beside.tell(form)


def _import_lines(request: Request) -> list[str]:
    """EUE of the import policies in a line, where the command line names none and no effort."""
    from gridsim.reliability import SequentialMonteCarlo
    from gridsim.report.text_table import terminal_width, wrapped

    if request.asked_imports is not None or not request.by_default or not len(request.grid.borders):
        return []
    years = YEARS_OF_LINE[request.weather]
    line = SequentialMonteCarlo(years=years, level="copper", seed=request.seed, workers=request.workers)
    return wrapped(policies_told(request.in_turn(line), years), terminal_width())
