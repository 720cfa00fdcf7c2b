"""The page of one run: answer, map with replay, scorecard, figures, every number, and where it all comes from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gridsim.model.system import GridSystem
from gridsim.report.answer import answer_of, numbers_of
from gridsim.report.figures.run_figures import figures_and_absent
from gridsim.report.html import Page, Table
from gridsim.report.network_map import map_data
from gridsim.report.numbers import number
from gridsim.results.metric_table import metric_table
from gridsim.results.metrics import Estimate
from gridsim.results.scorecard import Score, confidence_text

_LIMITS = (
    "A run is one course of events. Heat of cities, offsite power of nuclear sites, output lost and costs rest on the "
    "assumptions of docs/heat.md, docs/nuclear.md, docs/minerals.md and docs/costs.md; frequency in the first seconds "
    "is that of areas, where the network states rules (docs/first_minutes.md); a class cut without a mineral behind it "
    "is not counted as output lost. Network data are as published, derived or assumed as the shares above say."
)


@dataclass(frozen=True)
class RunView:
    """A run as its page reads it, fresh or loaded. ``why``: the chain of changes of a component at a time.

    ``full_anyway``: sections that are full without the events too; None where that is not known.
    """

    name: str
    description: str
    question: str
    start: dt.datetime
    hours: float
    tables: Mapping[str, Any]
    estimates: Sequence[Estimate]
    log: Sequence[Any]
    scorecard: Sequence[Score]
    why: Callable[[str, float], Sequence[Any]]
    system: GridSystem | None = None
    outlines: Mapping[str, Any] | None = None
    remarks: Sequence[str] = ()
    origin: Sequence[tuple[str, str]] = ()
    map_note: str = ""
    full_anyway: Sequence[str] | None = None
    labels: Mapping[str, str] = field(default_factory=dict)


def metric_labels() -> dict[str, str]:
    """Words of each metric."""
    return {name: metric.label for name, metric in metric_table().items()}


def run_page(run: RunView) -> Page:
    """The page of a run."""
    network = run.system.title or run.system.name if run.system is not None else ""
    subtitle = ", ".join(filter(None, (network, f"{run.start:%Y-%m-%d %H:%M} + {run.hours:g} h")))
    note = run.map_note
    if run.outlines is not None:
        note = f"{note} Outlines: {run.outlines['source']} ({run.outlines['licence']}); {run.outlines['note']}.".strip()
    figures, absent = figures_and_absent(run)
    return Page(
        kind="run",
        title=run.question or run.name.replace("_", " "),
        subtitle=f"{subtitle} ({run.name})" if subtitle else run.name,
        answer=answer_of(run, run.log, run.why, run.scorecard, run.full_anyway),
        numbers=numbers_of(run.estimates, metric_labels()),
        scorecard=run.scorecard,
        map=map_data(run, run.log, run.outlines),
        map_note=note,
        figures=figures,
        absent=absent,
        tables=(_description(run), _log(run), metric_rows(run.estimates)),
        trust=trust(run.system, run.origin, run.remarks),
    )


def _description(run: RunView) -> Table:
    return Table("The scenario", ("name", "description"), [(run.name, run.description)])


def _log(run: RunView) -> Table:
    rows = []
    for change in run.log:
        moment = run.start + dt.timedelta(hours=change.time_h)
        cause = run.log[change.cause_id].component if change.cause_id >= 0 else ""
        rows.append((f"{moment:%Y-%m-%d %H:%M}", change.component, change.to_state, cause))
    return Table("Every change and its cause", ("time", "component", "became", "because of"), rows, folded=True)


def metric_rows(estimates: Sequence[Estimate], title: str = "Every number") -> Table:
    """All estimates as a folded table."""
    rows = [
        (
            e.name,
            e.scope,
            number(e.value),
            "" if e.ci_low is None or e.ci_high is None else f"{number(e.ci_low)} to {number(e.ci_high)}",
            "" if e.unit == "-" else e.unit,
        )
        for e in estimates
    ]
    headings = ("metric", "scope", "value", "95 % interval", "unit")
    return Table(title, headings, rows, "Definitions: docs/metrics.md.", frozenset({2, 3}), folded=True)


def trust(
    system: GridSystem | None, origin: Sequence[tuple[str, str]], remarks: Sequence[str]
) -> list[tuple[str, str]]:
    """Assumptions, confidence of the data, versions, hashes, seed, the command that makes it again, limits."""
    rows = []
    if system is not None:
        for table, label in (("generators", "machines, by MW"), ("loads", "load, by MW"), ("lines", "lines, by km")):
            if text := confidence_text(system, table):
                rows.append((label, text))
        rows.append(("licence of the data", system.licence))
    return [*rows, *origin, *(("left out", remark) for remark in remarks), ("known limits", _LIMITS)]
