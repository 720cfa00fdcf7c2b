"""Summary of an assessment: how far sampling came, the system's numbers, then unserved energy by place and class."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from gridsim.report.numbers import percent, significant, value_with_error
from gridsim.report.text_table import TextTable, terminal_width, wrapped
from gridsim.results.metrics import Estimate, ExactEstimate, is_exact, method_of

if TYPE_CHECKING:
    from gridsim.reliability import AssessmentResult

KINDS = ("people", "zone", "oblast", "class", "month")
BY_SCOPE = ("EUE", "NEUE", "LOLH", "LOLEv")
LEVELS = {
    "copper": "no network limits, any machine serves any load: a lower bound",
    "zonal": "zones joined by interfaces that limit, cut by those inside, else no limits: between copper and nodal",
    "nodal": "the dispatch problem at every bus, every line and interface limits: the number to quote for a network",
}
WHO_FEELS_IT = "households and services"  # what scope people counts
PAGE = "docs/reliability.md, 'Which number do I quote'"
_MEANING = {
    "LOLH": "hours a year with a shortfall",
    "LOLP": "share of hours with one",
    "EUE": "unserved energy a year",
    "EPNS": "unserved power over all hours",
    "NEUE": "unserved per million of demand",
    "LOLD": "days a year with a shortfall",
    "LOLEv": "shortfalls a year",
    "LOLE_peak_d": "days a year short at their peak",
    "LOLEv_continuous": "the same with those too brief for an hour",
    "P_any_shortfall": "chance of any in a year",
    "unserved_cost_usd": "value of lost load of it a year",
    "VaR_95": "1 year in 20 is worse than",
    "CVaR_95": "mean of the worst 5 % of years",
    "NCVaR_95": "the same per million of demand",
    "VaR_99": "1 year in 100 is worse than",
    "CVaR_99": "mean of the worst 1 % of years",
    "NCVaR_99": "the same per million of demand",
}
_MEANING_WIDTH = 76  # cells; narrower screens show the numbers alone
_TAIL_SAMPLES = 20  # samples beyond a quantile; its value rests on few with less
_EXACT_DIGITS = 7
_BOUND_DIGITS = 4
_ERRORS_END = 0.05  # 1 - confidence of the upper bound without any event


def assessment_lines(
    network: str, imports: str, result: AssessmentResult, width: int | None = None, weather: str = ""
) -> list[str]:
    """The assessment for people; buses are in ``--json`` only. ``weather``: the samples' weather in a line."""
    width = terminal_width() if width is None else width
    level = str(result.method.level)
    told = [
        f"{network}: {level} level, {_assumed(imports)}{_seeded(result)}{result.wall_s:.1f} s",
        *([weather] if weather else []),
        *_convolved(result),
        *([reached(result)] if result.n_samples else []),
        *_sampled(result),
        f"{level}: {LEVELS[level]} ({PAGE})",
    ]
    lines = [line for text in told for line in wrapped(text, width)]
    lines += ["", *_system_table(result.estimates, with_meaning=width >= _MEANING_WIDTH).lines(width)]
    for remark in _remarks(result):
        lines += wrapped(remark, width)
    for kind in KINDS:
        table, without = _scope_table(result.estimates, kind)
        if table is not None:
            lines += ["", *table.lines(width)]
        if without:
            lines += wrapped(f"no shortfall in {kind} {', '.join(without)}", width)
    buses = _by_scope(result.estimates, "bus")
    if buses:
        lines += ["", f"{len(buses)} buses: --json or --csv"]
    return lines


def _assumed(imports: str) -> str:
    """A result from Python does not say which imports were assumed."""
    return f"imports {imports}, " if imports else ""


def _seeded(result: AssessmentResult) -> str:
    return f"seed {result.method.seed}, " if result.n_samples else ""


def _sampled(result: AssessmentResult) -> list[str]:
    """Account of a sampler that does not take states as they come."""
    return [] if result.sampler_report is None else result.sampler_report.lines()


def _convolved(result: AssessmentResult) -> list[str]:
    """Reach of the convolution, or the cause that keeps it from giving anything."""
    if result.exact is None:
        return [f"nothing is exact: {result.not_exact}"] if result.not_exact else []
    exact = result.exact
    widest = max((e.bound for e in result.estimates if isinstance(e, ExactEstimate)), default=0.0)
    grid = f"capacities on a grid of {exact.step_mw:.6g} MW"
    if exact.is_on_grid:
        told = [f"exact by convolution, {grid}: every number within {widest:.0e} of itself"]
    else:
        told = [f"by convolution, {grid} rounded both ways: the brackets hold the exact number"]
    missing: dict[str, list[str]] = {}
    if not result.n_samples:
        for name, cause in exact.absent.items():
            missing.setdefault(cause, []).append(name)
    return told + [f"no {', '.join(names)}: {cause}" for cause, names in missing.items()]


def assessment_csv(estimates: Iterable[Estimate]) -> str:
    """Every estimate with all its digits: metric, scope, value, stderr, ci_low, ci_high, unit, n; and method (exact or
    sampled) where one is exact.
    """
    rows = list(estimates)
    has_method = any(isinstance(e, ExactEstimate) for e in rows)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["metric", "scope", "value", "stderr", "ci_low", "ci_high", "unit", "n", *["method"] * has_method])
    for e in rows:
        numbers = [e.name, e.scope, e.value, e.stderr, e.ci_low, e.ci_high, e.unit, e.n]
        writer.writerow(numbers + [method_of(e)] * has_method)
    return text.getvalue()


def assessment_markdown(network: str, imports: str, result: AssessmentResult, weather: str = "") -> str:
    """The printed tables as Markdown, the same lines above and below them."""
    level = str(result.method.level)
    parts = [
        f"{network}, {level} level ({LEVELS[level]}), {_assumed(imports)}{_seeded(result)}".rstrip(", ")
        + f": {'; '.join([*_convolved(result), *([reached(result)] if result.n_samples else [])])}.\n",
        *(f"{line}.\n" for line in _sampled(result)),
        *([f"{weather[0].upper()}{weather[1:]}.\n"] if weather else []),
        _system_table(result.estimates).markdown(),
        *(f"{remark}.\n" for remark in _remarks(result)),
    ]
    for kind in KINDS:
        table, without = _scope_table(result.estimates, kind)
        parts += [table.markdown()] if table is not None else []
        parts += [f"No shortfall in {kind} {', '.join(without)}.\n"] if without else []
    return "\n".join(parts)


def reached(result: AssessmentResult) -> str:
    """End of the sampling in words: the error of the metric it watches, the number of years, the reason."""
    from gridsim.reliability import SnapshotMonteCarlo

    method = result.method
    tilted = getattr(method, "sampler", "") == "quasi_sequential"
    unit = "snapshots" if tilted or isinstance(method, SnapshotMonteCarlo) else "years"
    error = percent(result.cov)
    known = f"{method.metric} to {error}" if error != "-" else f"no {method.metric} seen"
    target = "" if method.target_cov is None else f"target of {percent(method.target_cov)} "
    n = f"{result.n_samples:,} {unit}"
    name = result.stopped.name
    if name == "TARGET":
        return f"{known}, {n}: {target}reached"
    if name == "SAMPLE_BUDGET":
        return f"cap of {n} reached: {known}, {target}not reached"
    if name == "TIME_BUDGET":
        return f"time spent after {n}: {known}" + (f", {target}not reached" if target else "")
    return f"all {n} done: {known}"


def _remarks(result: AssessmentResult) -> list[str]:
    n = result.n_samples
    found: list[str] = []
    if not n or result.sampler_report is not None:  # of tilted samples the share that is short says nothing
        return found
    eue = next((e for e in result.estimates if e.scope == "system" and e.name == "EUE"), None)
    if eue is not None and not eue.value:
        sample = "a year" if hasattr(result.method, "years") else "a random hour"
        bound = 1 - _ERRORS_END ** (1 / n)
        found.append(
            f"no shortfall in {n:,} samples: the chance of one in {sample} is below {significant(bound, 2)} "
            "with 95 % confidence (1 - 0.05^(1/N))"
        )
        return found
    names = {e.name for e in result.estimates if e.scope == "system"}
    for tail in (95, 99):
        needed = round(_TAIL_SAMPLES / (1 - tail / 100))
        shown = [name for name in (f"VaR_{tail}", f"CVaR_{tail}", f"NCVaR_{tail}") if name in names]
        if shown and n < needed:
            found.append(
                f"{', '.join(shown)}: {n:,} samples are fewer than {needed:,}, so that less than {_TAIL_SAMPLES} lie "
                "beyond the quantile; take them as rough"
            )
    return found


def _system_table(estimates: Sequence[Estimate], *, with_meaning: bool = True) -> TextTable:
    rows = [
        (e.name, _number(e), "" if e.unit == "-" else e.unit, _meaning(e.name))
        for e in estimates
        if e.scope == "system"
    ]
    headings = ("metric", "value", "unit", "meaning")
    n = len(headings) if with_meaning else len(headings) - 1
    return TextTable(headings[:n], tuple(row[:n] for row in rows), left=frozenset({"unit"}), wrapped=with_meaning)


def _meaning(name: str) -> str:
    if not name.startswith("event_"):
        return _MEANING.get(name, "")
    _, what, *_, which = name.split("_")
    of = {"mean": "mean", "p95": "95 % quantile", "max": "largest"}[which]
    return f"event {what}, {of}"


def _scope_table(estimates: Iterable[Estimate], kind: str) -> tuple[TextTable | None, list[str]]:
    """Scopes with a shortfall as a table, and the names of those without."""
    rows = _by_scope(estimates, kind)
    without = [scope for scope, row in rows.items() if not any(e.value for e in row.values())]
    short = {scope: row for scope, row in rows.items() if scope not in without}
    if not short:
        return None, without
    names = [name for name in BY_SCOPE if any(name in row for row in short.values())]
    units = [next(row[name].unit for row in short.values() if name in row) for name in names]
    headings = (kind, *(f"{name} {unit}" for name, unit in zip(names, units, strict=True)))
    return TextTable(
        headings, tuple((scope, *(_cell(row.get(name)) for name in names)) for scope, row in short.items())
    ), without


def _by_scope(estimates: Iterable[Estimate], kind: str) -> dict[str, dict[str, Estimate]]:
    """By scope of one kind, months in their order, else the most unserved energy first: its estimates by name."""
    rows: dict[str, dict[str, Estimate]] = {}
    for estimate in estimates:
        prefix, _, scope = estimate.scope.partition(":")
        if prefix == kind:
            rows.setdefault(scope or WHO_FEELS_IT, {})[estimate.name] = estimate
    if kind == "month":
        return rows
    return dict(sorted(rows.items(), key=lambda item: (-(item[1]["EUE"].value or 0.0), item[0])))


def _cell(estimate: Estimate | None) -> str:
    return "-" if estimate is None else _number(estimate)


def _number(estimate: Estimate) -> str:
    """A sampled number with its error; an exact one with more digits, or between its bounds where they are wider."""
    if not isinstance(estimate, ExactEstimate):
        return value_with_error(estimate.value, estimate.stderr)
    if is_exact(estimate):
        return f"{significant(estimate.value, _EXACT_DIGITS)} exact"
    bounds = (significant(bound, _BOUND_DIGITS) for bound in (estimate.ci_low, estimate.ci_high))
    return f"{significant(estimate.value, _BOUND_DIGITS)} [{', '.join(bounds)}]"


def week_lines(in_weather: dict[str, Any], width: int | None = None) -> list[str]:
    """The worst weeks in generated weather and, of a fixed set of weather years, the error of its choice."""
    width = terminal_width() if width is None else width
    lines = []
    for estimate in in_weather["over_weather_years"]:
        value = value_with_error(estimate["value"], estimate["stderr"])
        text = f"{estimate['name']} over sets of {estimate['n']} weather years: {value} {estimate['unit']}"
        lines += wrapped(text, width)
    table = weeks_table(in_weather)
    return [*lines, "", *table.lines(width)] if table.rows else [*lines, "no week with a shortfall"]


def weeks_table(in_weather: dict[str, Any]) -> TextTable:
    """Worst weeks, the most unserved energy first, with the weather they had."""
    rows = tuple(
        (
            week["start"][5:],
            str(week["weather_year"]),
            str(week["sample"]),
            f"{week['unserved_mwh']:,.0f}",
            f"{week['temperature_c']:.1f}",
            *("-" if week[name] is None else f"{100 * week[name]:.0f}" for name in ("wind_cf", "solar_cf")),
        )
        for week in in_weather["worst_weeks"]
    )
    headings = ("worst week from", "weather year", "sample", "unserved MWh", "deg C", "wind %", "sun %")
    return TextTable(headings, rows)
