"""The page of a study: its cases side by side, how often and how badly each goes wrong, and every number."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gridsim.model.table import F8
from gridsim.report.answer import Number, numbers_of
from gridsim.report.figures import study_figures as figures
from gridsim.report.figures import sweep_figures
from gridsim.report.figures.svg import Figure
from gridsim.report.html import Page, Table
from gridsim.report.numbers import percent, with_error
from gridsim.report.run_page import metric_labels, metric_rows
from gridsim.report.study_summary import heading, remarks_of
from gridsim.report.sweep import Sweep, label_of, sweep_of, sweep_sentences
from gridsim.report.text_table import without_common_prefix
from gridsim.results.metrics import Estimate
from gridsim.results.scorecard import Score

_COLUMNS = ("EUE", "P_any_shortfall", "LOLH", "CVaR_95", "peak_shed_mw", "co2e_gwp100_change_t")
_FAN = ("time_h", "scope", "quantity", "p05", "p25", "p50", "p75", "p95")
_LIMITS = (
    "Replicates differ by what the scenario draws (repair times, failures, probabilities), not by what is assumed in "
    "all of them. Errors are over replicates; they do not hold the doubt about the data."
)


@dataclass(frozen=True)
class CaseView:
    """A case: ``samples``: unserved MWh by replicate; ``events``: duration, depth and size of its shortfalls.

    ``fan``: quantiles over replicates by hour, where the folder keeps them; ``changes``: value by swept key.
    """

    name: str
    estimates: Sequence[Estimate]
    n: int
    samples: F8
    events: tuple[F8, F8, F8]
    fan: Mapping[str, Any] | None = None
    start: dt.datetime | None = None
    scorecard: Sequence[Score] = ()
    changes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class StudyView:
    """A study as its page reads it."""

    name: str
    description: str
    cases: Sequence[CaseView]
    origin: Sequence[tuple[str, str]] = field(default_factory=tuple)
    question: str = ""


def study_page(study: StudyView) -> Page:
    """The page of a study."""
    worst, sweep = _worst(study.cases), sweep_of(study.cases)
    return Page(
        kind="study",
        title=study.question or study.name.replace("_", " "),
        subtitle=f"{study.name}: {study.description}" if study.question else study.description,
        answer=_answer(study.cases, sweep),
        numbers=_numbers(worst, len(study.cases) > 1),
        lead=_over_swept(sweep),
        scorecard=worst.scorecard,
        scorecard_of=(sweep.name_of(worst) if sweep else worst.name) if len(study.cases) > 1 else "",
        figures=_figures(study, worst, sweep),
        tables=(
            _table(study.cases),
            *(metric_rows(case.estimates, f"Every number of {case.name}") for case in study.cases),
        ),
        trust=[*study.origin, *_remarks(study.cases), ("known limits", _LIMITS)],
    )


def _remarks(cases: Sequence[CaseView]) -> list[tuple[str, str]]:
    """Each remark once, with the cases it is of."""
    found: dict[str, list[str]] = {}
    for case in cases:
        for remark in remarks_of(list(case.estimates)):
            found.setdefault(remark, []).append(case.name)
    every = len(cases)
    return [
        ("remark" if len(names) == every else f"{len(names)} of {every} cases", _with_names(remark, names, every))
        for remark, names in found.items()
    ]


def _with_names(remark: str, names: Sequence[str], every: int) -> str:
    return remark if len(names) == every else f"{remark} ({', '.join(names)})"


def _of(case: CaseView, name: str) -> Estimate | None:
    return next((e for e in case.estimates if e.name == name and e.scope == "system"), None)


def _value(case: CaseView, name: str) -> float:
    estimate = _of(case, name)
    return estimate.value or 0.0 if estimate is not None else 0.0


def _worst(cases: Sequence[CaseView]) -> CaseView:
    return max(cases, key=lambda case: _value(case, "EUE"))


def _numbers(worst: CaseView, several: bool) -> list[Number]:
    stated = [e for e in worst.estimates if e.stderr or not e.name.startswith("CVaR")]  # a mean of one is no tail
    found = numbers_of(
        stated,
        metric_labels(),
        ("EUE", "P_any_shortfall", "LOLH", "CVaR_95", "co2e_gwp100_change_t", "unserved_gas_mcm"),
    )
    return [one._replace(label=f"{one.label}, worst case") for one in found] if several else found


def _answer(cases: Sequence[CaseView], sweep: Sweep[CaseView] | None) -> list[str]:
    worst, least = _worst(cases), min(cases, key=lambda case: _value(case, "EUE"))
    n = sum(case.n for case in cases)
    if not n:
        return ["No replicate of this study is finished yet: go on with gridsim study NAME --out FOLDER --resume."]
    if not _value(worst, "EUE"):
        bounds = [
            e.ci_high for case in cases if (e := _of(case, "P_any_shortfall")) is not None and e.ci_high is not None
        ]
        chance = f": its chance is under {max(bounds):.2g} in each case with 95 % confidence" if bounds else ""
        return [f"Nothing to report: no power was cut in any of {n:,} replicates of {len(cases)} cases{chance}."]
    if sweep is not None:
        tail = _of(worst, "CVaR_95")
        mean = f", and {with_error(tail)} MWh in the worst 5 % of its replicates" if tail and tail.stderr else ""
        average = with_error(_of(worst, "EUE"))
        last = f"The worst case is {sweep.name_of(worst)}: {average} MWh are not served on average{mean}."
        return [*sweep_sentences(sweep), last]
    told = [
        f"Of {len(cases)} cases with {n:,} replicates in all, {worst.name} is the worst: "
        f"{with_error(_of(worst, 'EUE'))} MWh are not served on average."
        if len(cases) > 1
        else f"On average {with_error(_of(worst, 'EUE'))} MWh are not served, over {n:,} replicates."
    ]
    chance_of = _of(worst, "P_any_shortfall")
    if chance_of is not None and chance_of.value is not None:
        told.append(f"In that case {percent(chance_of.value)} of replicates cut power at all.")
    tail = _of(worst, "CVaR_95")
    if tail is not None and tail.stderr:
        told.append(f"In the worst 5 % of its replicates the mean is {with_error(tail)} MWh.")
    if len(cases) > 1:
        told.append(f"The mildest is {least.name}: {with_error(_of(least, 'EUE'))} MWh.")
    change = _of(worst, "co2e_gwp100_change_t")
    if change is not None:
        told.append(f"The worst case changes CO2e over 100 years by {with_error(change)} t against no event.")
    return told


def _table(cases: Sequence[CaseView]) -> Table:
    shown = [name for name in _COLUMNS if any(_of(case, name) is not None for case in cases)]
    rows = [(case.name, f"{case.n:,}", *(with_error(_of(case, name)) for name in shown)) for case in cases]
    right = frozenset(range(1, len(shown) + 2))
    help_text = "Mean over replicates +- standard error (docs/metrics.md)."
    return Table("The cases", ("case", "replicates", *(heading(name) for name in shown)), rows, help_text, right)


def _over_swept(sweep: Sweep[CaseView] | None) -> list[Figure]:
    if sweep is None or not sweep.estimates:
        return []
    metrics = {label_of(metric): rows for metric, rows in sweep.estimates.items()}
    return [sweep_figures.over_swept_value(metrics, sweep.values, sweep.words)]


def _courses(sweep: Sweep[CaseView] | None) -> list[Figure]:
    if sweep is None:
        return []
    fans = {name: [case.fan if case is not None else None for case in row] for name, row in sweep.series.items()}
    start = next((case.start for row in sweep.series.values() for case in row if case is not None and case.start), None)
    found = sweep_figures.courses(fans, sweep.values, start, sweep.words) if start is not None else None
    return [found] if found is not None else []


def _figures(study: StudyView, worst: CaseView, sweep: Sweep[CaseView] | None) -> list[Figure]:
    names, _ = without_common_prefix([case.name for case in study.cases])
    if sweep is not None:
        names = [sweep.name_of(case) for case in study.cases]
    named = dict(zip(names, study.cases, strict=True))
    worst_name = names[study.cases.index(worst)]
    found = _courses(sweep)
    energy = {name: e for name, case in named.items() if (e := _of(case, "EUE")) is not None}
    if len(energy) > 1:
        found.append(figures.cases_side_by_side(energy, "Unserved energy by case"))
    samples = {name: case.samples for name, case in named.items() if len(case.samples)}
    if samples:
        paired = figures.paired_differences(samples) if len(samples) > 1 else None
        found += [paired] if paired is not None else []
        found.append(figures.exceedance(samples))
        if max(map(len, samples.values())) > 2:
            found.append(figures.convergence(samples))
    if worst.fan is not None and worst.start is not None:
        scopes = ["system", *sorted({str(scope) for scope in np.unique(worst.fan["scope"])} - {"system"})]
        fans = (
            figures.fan(worst.fan, worst.start, f"Power not served, {worst_name}, {scope.replace(':', ' ')}", scope)
            for scope in scopes
        )
        found += [figure for figure in fans if figure is not None][:3]
    duration, peak, size = (np.concatenate([case.events[at] for case in study.cases]) for at in range(3))
    if len(size):
        found.append(figures.event_scatter(duration, peak, size))
    return found


def case_view(run: Any, scores: Sequence[Score], changes: Mapping[str, Any] | None = None) -> CaseView:
    """A loaded case of a study as the page reads it. ``changes``: value by swept key."""
    samples = _samples(run)
    events = _columns(run, "shortfall_events", ("name", "duration_h", "peak_mw", "energy_mwh"))
    whole = np.asarray(events["name"]) == "system"
    return CaseView(
        name=run.path.name,
        estimates=run.estimates,
        n=run.n_replicates,
        samples=samples,
        events=tuple(np.asarray(events[name], dtype=float)[whole] for name in ("duration_h", "peak_mw", "energy_mwh")),
        fan=_columns(run, "fan", _FAN) if "fan" in run.tables else None,
        start=run.start,
        scorecard=scores,
        changes=changes or {},
    )


def _columns(run: Any, table: str, names: Sequence[str]) -> Mapping[str, Any]:
    if table not in run.tables:
        return {name: np.zeros(0) for name in names}
    frame = run.frame(table, list(names))
    return {name: frame[name].to_numpy() for name in names}


def _samples(run: Any) -> F8:
    rows = _columns(run, "replicate_metrics", ("replicate", "name", "scope", "value"))
    chosen = (np.asarray(rows["name"]) == "EUE") & (np.asarray(rows["scope"]) == "system")
    order = np.argsort(np.asarray(rows["replicate"])[chosen], kind="stable")
    return np.asarray(rows["value"], dtype=float)[chosen][order]
