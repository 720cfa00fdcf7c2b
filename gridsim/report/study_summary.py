"""Summary of a study: a table of its cases, each number with its standard error, and what the numbers leave open."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from gridsim.model.display import counted
from gridsim.report.numbers import with_error
from gridsim.report.text_table import TextTable, terminal_width, without_common_prefix, wrapped
from gridsim.results.metric_table import metric_table
from gridsim.results.metrics import Estimate

if TYPE_CHECKING:
    from gridsim.results.study_result import StudyResult

_SHOWN = (
    "EUE",
    "P_any_shortfall",
    "CVaR_95",
    "LOLH",
    "event_duration_h_mean",
    "event_duration_h_max",
    "peak_shed_mw",
    "co2_change_t",
    "co2e_gwp100_change_t",
)
_TAILS = {"95": 0.95, "99": 0.99}
_TAIL_SAMPLES = 20  # beyond the quantile, for it to be trusted
_FAILED_SHOWN = 10


def study_lines(result: StudyResult, width: int | None = None) -> list[str]:
    """Description, table and remarks of a study, for a screen of ``width`` columns."""
    width = terminal_width() if width is None else width
    names, prefix = without_common_prefix(list(result.estimates))
    lines = wrapped(result.study.description, width)
    if prefix:
        lines.append(f"all cases begin with {prefix}")
    table = study_table(result, names)
    counts = set(result.replicates.values())
    if len(counts) == 1:  # said once, not in every row
        lines.append(counted(counts.pop(), "replicate") + (" of each case" if len(names) > 1 else ""))
        rows = tuple((name, *cells) for name, _, *cells in table.rows)
        table = replace(table, headings=(table.headings[0], *table.headings[2:]), rows=rows)
    lines += table.lines(width)
    return lines + [line for remark in study_remarks(result) for line in wrapped(remark, width, "  ")]


def study_table(result: StudyResult, names: list[str] | None = None) -> TextTable:
    """A row per case, under ``names`` if they are given; a metric that no case has makes no column."""
    found = {case: {e.name: e for e in rows if e.scope == "system"} for case, rows in result.estimates.items()}
    shown = [name for name in _SHOWN if any(name in estimates for estimates in found.values())]
    rows = [
        (name, f"{result.replicates[case]:,}", *(_cell(estimates.get(metric)) for metric in shown))
        for name, (case, estimates) in zip(names or list(found), found.items(), strict=True)
    ]
    return TextTable(("case", "replicates", *(heading(name) for name in shown)), tuple(rows), stacked=True)


def study_csv(result: StudyResult) -> str:
    """The same table with unrounded numbers, names for headings and standard errors in columns of their own."""
    headings = ["case", "replicates"]
    for name in _SHOWN:
        headings += [name, f"{name}_stderr"]
    rows = []
    for case, estimates in result.estimates.items():
        found = {e.name: e for e in estimates if e.scope == "system"}
        cells = [case, str(result.replicates[case])]
        for name in _SHOWN:
            estimate = found.get(name)
            cells += ["", ""] if estimate is None else [unrounded(estimate.value), unrounded(estimate.stderr)]
        rows.append(tuple(cells))
    return TextTable(tuple(headings), tuple(rows)).csv()


def study_remarks(result: StudyResult) -> list[str]:
    """Lines on chances without an event and on quantiles of few samples, which no error is stated for."""
    remarks: dict[str, list[str]] = {}
    for case, estimates in result.estimates.items():
        for remark in remarks_of(estimates):
            remarks.setdefault(remark, []).append(case)
    everywhere = [case for case, estimates in result.estimates.items() if estimates]
    return [
        remark if cases == everywhere else f"{', '.join(cases)}: {remark}" for remark, cases in remarks.items() if cases
    ]


def remarks_of(estimates: list[Estimate]) -> list[str]:
    """Remarks on the estimates of one case."""
    found = {e.name: e for e in estimates if e.scope == "system"}
    remarks = []
    chance = found.get("P_any_shortfall")
    if chance is not None and chance.value == 0.0 and chance.ci_high is not None:
        remarks.append(
            f"no shortfall in {chance.n:,} replicates: its chance is under {chance.ci_high:.2g} with 95 % confidence"
        )
    for label, share in _TAILS.items():
        tail, needed = found.get(f"VaR_{label}"), round(_TAIL_SAMPLES / (1.0 - share))
        if tail is not None and tail.n < needed:
            remarks.append(f"VaR_{label} and CVaR_{label} from {tail.n:,} samples; need {needed:,} to be trusted")
    return remarks


def ending_lines(result: StudyResult, width: int | None = None) -> list[str]:
    """Failures with the commands that replay them, how the study ended and where its tables are."""
    width = terminal_width() if width is None else width
    lines = []
    for case, failed, replay in result.failed[:_FAILED_SHOWN]:
        lines += [f"failed: {case} replicate {failed['replicate']}: {failed['error']}", f"  replay: {replay}"]
    if len(result.failed) > _FAILED_SHOWN:
        lines.append(f"... and {len(result.failed) - _FAILED_SHOWN} more in the manifests")
    lines += [f"was damaged or missing, run again: {file}" for file in result.repaired]
    reason = f": {result.reason}" if result.reason else ""
    reused = f", {result.reused} replicates from before" if result.reused else ""
    end = f"{result.status}{reason}; tables in {result.path} ({result.wall_s:.1f} s{reused})"
    return [*lines, *wrapped(end, width, "  ")]


def heading(name: str) -> str:
    """Label of a metric and its unit."""
    metric = metric_table()[name]
    return metric.label if metric.unit == "-" else f"{metric.label}, {metric.unit}"


def unrounded(value: float | None) -> str:
    """A number for CSV; empty where it is not stated."""
    return "" if value is None or not math.isfinite(value) else f"{value:.10g}"


def _cell(estimate: Estimate | None) -> str:
    if estimate is not None and estimate.name == "P_any_shortfall" and not estimate.value:
        return f"< {estimate.ci_high:.2g}" if estimate.ci_high is not None else "0"
    return with_error(estimate)
