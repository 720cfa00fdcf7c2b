"""The page of an assessment: how likely a shortfall is, where and when, against thresholds, with every number."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from gridsim.report.answer import numbers_of
from gridsim.report.figures import study_figures as figures
from gridsim.report.figures.svg import Figure
from gridsim.report.html import Page, Table
from gridsim.report.numbers import number, percent, value_with_error, with_error
from gridsim.report.run_page import metric_labels, metric_rows
from gridsim.report.sentence_case import sentence_case
from gridsim.results.metrics import Estimate

if TYPE_CHECKING:
    from gridsim.reliability import ImportanceRow
    from gridsim.reliability.firm_capacity import FirmCapacity

#: Metric, limit and who uses it; a year is meant.
THRESHOLDS = (
    (
        "LOLH",
        3.0,
        "3 h a year, the reliability standard of Great Britain (Electricity Capacity Regulations 2014, regulation 6)",
    ),
    (
        "NEUE",
        20.0,
        "0.002 % of demand a year, the reliability standard of Australia's NEM (National Electricity Rules, 3.9.3C)",
    ),
)
_LEVELS = {"copper": " (no network)", "zonal": " (sections between zones)", "nodal": " (every line)"}
_LIMITS = (
    "Shortfalls are those of the level named: copper plate knows no network, zonal only sections between zones, nodal "
    "every line; none knows voltages, stability or single hours of operators. Machines fail independently unless the "
    "network says otherwise."
)


@dataclass(frozen=True)
class Extras:
    """Answers to further questions of an assessment.

    ``importance``; the firm capacity by metric that meets a limit; estimates over the same years by level.
    """

    importance: Sequence[ImportanceRow] | None = None
    firm: Sequence[FirmCapacity] = ()
    levels: Mapping[str, Sequence[Estimate]] = field(default_factory=dict)


NOTHING_MORE = Extras()


@dataclass(frozen=True)
class AssessmentView:
    """An assessment as its page reads it, fresh or loaded. ``frames``: its tables; ``title``: of its network."""

    system: str
    estimates: Sequence[Estimate]
    frames: Mapping[str, Mapping[str, Any]]
    n_samples: int
    level: str
    origin: Sequence[tuple[str, str]]
    extras: Extras = NOTHING_MORE
    title: str = ""


def assessment_page(view: AssessmentView) -> Page:
    """The page of an assessment."""
    sampled = f"{view.n_samples:,} sample years" if view.n_samples else "computed exactly"
    return Page(
        kind="adequacy",
        title=f"How likely is a shortfall in {view.title or view.system}?",
        subtitle=f"{sentence_case(view.level)} level{_LEVELS.get(view.level, '')}, {sampled} ({view.system})",
        answer=[*_answer(view.estimates), *_standard(view)],
        numbers=numbers_of(
            view.estimates, metric_labels(), ("EUE", "LOLH", "LOLEv", "CVaR_95", "P_any_shortfall", "NEUE")
        ),
        figures=_figures(view),
        tables=(
            _thresholds(view),
            *_levels(view.extras.levels),
            *_importance(view.extras.importance),
            metric_rows(view.estimates),
        ),
        trust=[*view.origin, ("known limits", _LIMITS)],
    )


def _answer(estimates: Sequence[Estimate]) -> list[str]:
    found = {e.name: e for e in estimates if e.scope == "system"}
    energy = found.get("EUE")
    if energy is None or not energy.value:
        chance = found.get("P_any_shortfall")
        bound = (
            f": its chance is under {number(chance.ci_high)} a year with 95 % confidence"
            if chance and chance.ci_high
            else ""
        )
        return [f"Nothing to report: no shortfall in any sample{bound}."]
    told = [
        f"On average {with_error(energy)} MWh a year are not served, in {with_error(found.get('LOLH'))} hours.",
        _frequency(found),
        _share(estimates, "zone", "By zone"),
        _share(estimates, "month", "By month", figures.MONTHS),
    ]
    tail = found.get("CVaR_95")
    if tail is not None:
        told.append(f"In the worst 5 % of years the mean is {with_error(tail)} MWh.")
    return [sentence for sentence in told if sentence]


def _standard(view: AssessmentView) -> list[str]:
    """The first standard in a sentence, with the capacity that would meet it."""
    name, limit, _ = THRESHOLDS[0]
    found = next((e for e in view.estimates if (e.name, e.scope) == (name, "system")), None)
    if found is None:
        return []
    said = {"pass": "is met", "fail": "is missed"}.get(verdict(found, limit), "cannot be decided with so few samples")
    firm = next((one for one in view.extras.firm if one.metric == name and one.mw), None)
    mends = f"; {firm_text(firm)} MW that never fail would meet it" if firm is not None else ""
    return [f"A standard of {limit:g} hours a year, as Great Britain has, {said}{mends}."]


def _frequency(found: Mapping[str, Estimate]) -> str:
    events, chance = found.get("LOLEv"), found.get("P_any_shortfall")
    parts = []
    if events is not None:
        parts.append(f"there are {with_error(events)} shortfalls a year")
    if chance is not None and chance.value is not None:
        parts.append(f"{percent(chance.value)} of years have one")
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}." if text else ""


def _share(estimates: Sequence[Estimate], kind: str, lead: str, labels: Sequence[str] = ()) -> str:
    found = [
        (e.value or 0.0, e.scope.partition(":")[2])
        for e in estimates
        if e.name == "EUE" and e.scope.startswith(f"{kind}:")
    ]
    total = sum(value for value, _ in found)
    if total <= 0.0:
        return ""
    largest = sorted(found, reverse=True)[:3]
    named = (f"{labels[int(name) - 1] if labels else name} {percent(value / total)}" for value, name in largest)
    return f"{lead}: {', '.join(named)} of the unserved energy."


def _thresholds(view: AssessmentView) -> Table:
    found = {e.name: e for e in view.estimates if e.scope == "system"}
    firm = {one.metric: one for one in view.extras.firm}
    rows = []
    for name, limit, words in THRESHOLDS:
        if name in found:
            said = verdict(found[name], limit)
            mends = firm.get("EUE" if name == "NEUE" else name)
            rows.append((words, f"{with_error(found[name])} {found[name].unit}", said, firm_text(mends, said)))
    help_text = (
        "Pass or fail where the whole 95 % interval lies on one side of the limit. Firm capacity never fails; at zonal "
        "level it stands in the zones by their share of unserved energy (gridsim.firm_capacity)."
    )
    return Table(
        "Against thresholds that others use", ("limit", "here", "verdict", "firm MW to meet it"), rows, help_text
    )


def firm_text(firm: FirmCapacity | None, said: str = "") -> str:
    """The MW that meet a limit, in a cell."""
    if firm is None:
        return "0" if said == "pass" else "not asked: add --firm"
    if firm.mw is None:
        return "none at these places would"
    return value_with_error(firm.mw, firm.stderr_mw) if firm.mw else "0"


_OF_LEVELS = ("EUE", "LOLH", "LOLEv", "P_any_shortfall", "NEUE", "CVaR_95")


def level_rows(levels: Mapping[str, Sequence[Estimate]]) -> list[tuple[str, ...]]:
    """A row for each metric of the system, and for the unserved energy of each zone; a cell for each level."""
    found = {level: {(e.name, e.scope): e for e in estimates} for level, estimates in levels.items()}
    keys = {key for of in found.values() for key in of}
    zones = sorted(scope for name, scope in keys if name == "EUE" and scope.startswith("zone:"))
    labels = metric_labels()
    rows = []
    for name, scope in [*((name, "system") for name in _OF_LEVELS), *(("EUE", zone) for zone in zones)]:
        of = [estimates.get((name, scope)) for estimates in found.values()]
        known = next((e for e in of if e is not None), None)
        if known is not None:
            label = labels.get(name, name) + ("" if scope == "system" else f", {scope}")
            unit = "" if known.unit == "-" else f", {known.unit}"
            rows.append((label + unit, *(with_error(e) if e is not None else "-" for e in of)))
    return rows


def _levels(levels: Mapping[str, Sequence[Estimate]]) -> list[Table]:
    if not levels:
        return []
    n = max(e.n for estimates in levels.values() for e in estimates)
    help_text = (
        f"The same outages and weather in {n:,} sample years: copper knows no network, zonal the sections between "
        "zones, nodal every line. What a level adds is what its network costs."
    )
    right = frozenset(range(1, len(levels) + 1))
    title = "The same years with ever more of the network"
    return [Table(title, ("", *levels), level_rows(levels), help_text, right)]


def _importance(rows: Sequence[ImportanceRow] | None) -> list[Table]:
    if rows is None:
        return []
    cells = [
        (
            row.name,
            row.kind,
            value_with_error(row.saved_mwh, row.stderr_mwh),
            value_with_error(100.0 * row.share, 100.0 * row.share_stderr),
        )
        for row in rows
    ]
    help_text = (
        "Unserved energy that perfect availability of a component, a cause that never happens or a section that never "
        "limits would save; what two of them cause together counts for both."
    )
    headings = ("what", "kind", "would save, MWh a year", "share of EUE, %")
    return [Table("What matters most", headings, cells, help_text, frozenset({2, 3}), folded=len(cells) > 30)]


def verdict(estimate: Estimate, limit: float) -> str:
    """``pass``, ``fail``, or ``not decided`` where the 95 % interval holds the limit."""
    low = estimate.ci_low if estimate.ci_low is not None else estimate.value
    high = estimate.ci_high if estimate.ci_high is not None else estimate.value
    if low is None or high is None:
        return "not decided"
    return "pass" if high <= limit else "fail" if low > limit else "not decided"


def _first_day(weeks: Mapping[str, Any] | None) -> dt.datetime | None:
    """First day of the sample years, as the worst weeks tell it; None where they were not recorded."""
    if weeks is None or not len(weeks["start"]):
        return None
    found = dt.datetime.fromisoformat(str(weeks["start"][0])[:19])
    return figures.start_of(found, int(weeks["start_day"][0]))


def _figures(view: AssessmentView) -> list[Figure]:
    found: list[Figure | None] = [
        figures.by_scope(view.estimates, "month", "eue_by_month", "Unserved energy by month", figures.MONTHS),
        figures.by_scope(view.estimates, "zone", "eue_by_zone", "Unserved energy by zone"),
    ]
    events = view.frames.get("shortfall_events")
    if events is not None and len(events["scope"]) and view.n_samples:
        whole = np.asarray(events["scope"]) == "system"
        start, length = (
            np.asarray(events["start_h"], dtype=float)[whole],
            np.asarray(events["duration_h"], dtype=float)[whole],
        )
        energy = np.asarray(events["energy_mwh"], dtype=float)
        peak = np.asarray(events["peak_mw"], dtype=float)[whole]
        sample = np.asarray(events["sample"])[whole]
        yearly = np.bincount(sample, energy[whole], minlength=view.n_samples).astype(float)
        zones = sorted({str(scope) for scope in np.unique(events["scope"]) if str(scope).startswith("zone:")})
        first = _first_day(view.frames.get("worst_weeks"))
        if first is not None:
            found += [
                figures.heat_map(
                    figures.short_hours_of(start, length, view.n_samples, first),
                    figures.MONTHS,
                    [f"{hour:02d}" for hour in range(24)],
                    "h",
                    "month_by_hour",
                    "Hours short by month and hour of the day",
                    "Expected hours a year; all cells together are LOLH (table shortfall_events).",
                ),
                figures.heat_map(
                    figures.energy_by_week(events, zones or ["system"], view.n_samples),
                    [zone.partition(":")[2] for zone in zones] or ["system"],
                    figures.weeks_of(first),
                    "MWh",
                    "week_by_zone",
                    "Unserved energy by week and zone",
                    "Expected MWh a year by the week in which a shortfall begins; a row together is EUE of its zone.",
                ),
            ]
        found += [
            figures.event_scatter(length, peak, energy[whole]),
            figures.exceedance({"sample years": yearly}),
            figures.convergence({"unserved energy": yearly}),
        ]
    if view.extras.importance:
        found.insert(0, figures.importance(view.extras.importance))
    if view.extras.levels:
        found.insert(0, figures.levels(view.extras.levels))
    return [figure for figure in found if figure is not None]
