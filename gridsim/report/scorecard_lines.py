"""The short form of the scorecard: what changed in each of the six areas against the same horizon without events."""

from __future__ import annotations

from collections.abc import Sequence

from gridsim.report.numbers import number, with_unit
from gridsim.report.text_table import NO_BREAK, TextTable
from gridsim.results.scorecard import AREAS, BETTER, SAME, WORSE, Score

_LEAST, _NOISE = 0.05, 1e-4
_NAMED = 3  # changes of an area that are named; the run folder holds them all


def scorecard_lines(scores: Sequence[Score], width: int) -> list[str]:
    """A line for each area that changed, one for all others; none at all where nothing was compared."""
    if not any(score.verdict for score in scores):
        return []
    rows, same, unknown = [], [], []
    for area in AREAS:
        of_area = [score for score in scores if score.area == area]
        text = _changes(of_area)
        if text:
            rows.append((area, text))
        elif any(score.verdict == SAME for score in of_area):
            same.append(area)
        else:
            unknown.append(area)
    rest = [f"{', '.join(same)} as with no event"] * bool(same) + [f"{', '.join(unknown)} not stated"] * bool(unknown)
    if rest:
        rows.append(("others", "; ".join(rest)))
    return TextTable(("scorecard", "against no event"), tuple(rows), wrapped=True).lines(width)


def area_texts(scores: Sequence[Score]) -> list[tuple[str, str]]:
    """Each of the six areas and what changed in it, or why nothing can be said; none without a scorecard."""
    found = []
    for area in AREAS if scores else ():
        of_area = [score for score in scores if score.area == area]
        same = "as with no event" if any(score.verdict == SAME for score in of_area) else ""
        stated = next((f"{s.label}: {with_unit(number(s.value), s.unit)}" for s in of_area if s.value is not None), "")
        absent = next((f"{score.label}: {score.note}" for score in of_area if score.note), "")
        found.append((area, _changes(of_area) or same or stated or absent))
    return found


def _changes(scores: Sequence[Score]) -> str:
    changed = [
        score
        for score in scores
        if score.verdict in (BETTER, WORSE)
        and _is_seen(score)
        and not score.scope.startswith(("zone:", "source:", "part:"))
    ]
    parts = [told(score) for score in changed[:_NAMED]]
    if len(changed) > _NAMED:
        parts.append(f"{len(changed) - _NAMED} more")
    parts += [f"{score.label} not counted" for score in scores if score.note.startswith("not counted")]
    return "; ".join(parts)


def _is_seen(score: Score) -> bool:
    """False for a change too small to tell: under 0.05 of what is read in whole units, or 1 in 10,000 of the number."""
    size = abs(score.change or 0.0)
    return size >= (_LEAST if score.unit in ("%", "MWh", "MW", "h") else 0.0) and size >= _NOISE * abs(
        score.without_events or 0.0
    )


def told(score: Score) -> str:
    """``CH4 +2,394 t (worse)``."""
    name = score.scope.partition(":")[2] if score.scope.startswith("mineral:") else ""
    change = score.change or 0.0
    size = with_unit(f"{'+' if change > 0 else ''}{number(change)}", score.unit, NO_BREAK)
    label = f"{score.label} of {name}" if name else score.label
    return f"{label} {size} ({score.verdict})"
