"""Observed beside simulated, as text and as plain values."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence
from typing import Any

from gridsim.model.known_day import Against, Check, Statistic
from gridsim.report.numbers import significant
from gridsim.report.text_table import TextTable, terminal_width, wrapped
from gridsim.results.known_day import CheckOutcome, CornerRange, Verdict

_HEADINGS = ("check", "observed", "+-", "simulated", "unit", "verdict", "source")
_CORNER_HEADINGS = ("over the corners", "robust")
_WORDS = {
    Verdict.MET: "met",
    Verdict.MISSED: "MISSED",
    Verdict.SKIPPED: "not modelled yet",
}
_AGAINST = {
    Against.NOTHING: "",
    Against.CHANGE: " against no event",
    Against.RATIO: " over that without the event",
}
_STATISTIC = {Statistic.MEAN: "mean", Statistic.MAX: "highest", Statistic.MIN: "lowest", Statistic.ENERGY: "energy of"}


def check_lines(
    outcomes: Sequence[CheckOutcome],
    start: dt.datetime,
    width: int | None = None,
    *,
    ranges: Sequence[CornerRange] = (),
) -> list[str]:
    """A table of every check, the sentence that counts them, and the notes of those missed.

    ``ranges``: of each check over the corners of what is unknown, where they were run.
    """
    width = terminal_width() if width is None else width
    rows = [_row(outcome, start) for outcome in outcomes]
    headings: tuple[str, ...] = _HEADINGS
    if ranges:
        headings = (*_HEADINGS[:4], *_CORNER_HEADINGS, *_HEADINGS[4:])
        rows = [(*row[:4], *_range(found), *row[4:]) for row, found in zip(rows, ranges, strict=True)]
    table = TextTable(headings, tuple(rows), left=frozenset((*_HEADINGS[4:], *_CORNER_HEADINGS)))
    counts = {verdict: sum(outcome.verdict is verdict for outcome in outcomes) for verdict in Verdict}
    text = f"{counts[Verdict.MET]} of {counts[Verdict.MET] + counts[Verdict.MISSED]} checks met"
    if counts[Verdict.SKIPPED]:
        text += f"; {counts[Verdict.SKIPPED]} need a stage that is not modelled yet"
    if ranges:
        text += f"; {sum(found.robust for found in ranges)} of {len(ranges)} robust: alike at every corner"
    lines = [*table.lines(width), *wrapped(text, width)]
    for outcome in outcomes:
        if outcome.verdict is Verdict.MISSED and outcome.check.note:
            lines += wrapped(f"{_name(outcome.check)}: {outcome.check.note}", width, "  ")
    return lines


def _range(found: CornerRange) -> tuple[str, str]:
    ends = f"{significant(found.lowest)} to {significant(found.highest)}"
    return (ends if found.lowest != found.highest else significant(found.lowest)), "yes" if found.robust else "NO"


def check_records(outcomes: Sequence[CheckOutcome], ranges: Sequence[CornerRange] = ()) -> list[dict[str, Any]]:
    """Every check as plain values for JSON and the manifest; with its range over the corners where they were run."""
    corners = [dataclasses.asdict(found) for found in ranges] or [{}] * len(outcomes)
    return [
        {
            "quantity": outcome.check.quantity,
            "place": outcome.check.place,
            "from_h": outcome.check.from_h,
            "to_h": outcome.check.to_h,
            "statistic": str(outcome.check.statistic),
            "against": str(outcome.check.against),
            "observed": outcome.check.observed,
            "tolerance": outcome.check.tolerance,
            "simulated": outcome.simulated,
            "unit": outcome.check.unit,
            "stage": str(outcome.check.observable.stage),
            "verdict": str(outcome.verdict),
            "source": outcome.check.source,
            **corner,
        }
        for outcome, corner in zip(outcomes, corners, strict=True)
    ]


def _row(outcome: CheckOutcome, start: dt.datetime) -> tuple[str, ...]:
    check = outcome.check
    return (
        f"{_name(check)}, {_when(check, start)}",
        significant(check.observed),
        significant(check.tolerance),
        significant(outcome.simulated),
        check.unit,
        _WORDS[outcome.verdict],
        check.source,
    )


def _name(check: Check) -> str:
    moment = check.from_h == check.to_h
    statistic = "" if moment else f"{_STATISTIC[check.statistic]} "
    return f"{statistic}{check.quantity} of {check.place}{_AGAINST[check.against]}"


def _when(check: Check, start: dt.datetime) -> str:
    first, last = (start + dt.timedelta(hours=hours) for hours in (check.from_h, check.to_h))
    if first == last:
        return f"{first:%d %b %H:%M}"
    return f"{first:%d %b %H:%M} to {last:%d %b %H:%M}"
