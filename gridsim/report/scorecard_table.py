"""The scorecard in full as a table of a page: what changed first, and on paper what changed alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby

from gridsim.report.numbers import number, value_with_error
from gridsim.report.print_layout import lines_of, row_mm
from gridsim.report.sentence_case import sentence_case
from gridsim.results.scorecard import SAME, Score

_HEAD_MM = 24.0  # title, what is left out, head of the table
_NAME_LETTERS, _NOTE_LETTERS = 29, 44  # of a line on paper


@dataclass(frozen=True)
class _Row:
    """A row of the table. ``told``: what stands in place of numbers."""

    score: Score
    label: str
    told: str = ""

    @property
    def is_same(self) -> bool:
        return self.score.verdict == SAME

    @property
    def high_mm(self) -> float:
        return row_mm(max(lines_of(self.label, _NAME_LETTERS), lines_of(self.told, _NOTE_LETTERS)))


def scorecard_section(scores: Sequence[Score], room_mm: float) -> str:
    """All rows by area. On paper those that differ from no event, as many as the room holds, from each area in turn."""
    if not scores:
        return ""
    areas = [list(_rows(list(of_area))) for _, of_area in groupby(scores, key=lambda score: score.area)]
    on_paper = _on_paper(areas, room_mm - _HEAD_MM)
    body = "".join(_html(row, at == 0, id(row) in on_paper) for rows in areas for at, row in enumerate(rows))
    left_out = sum(map(len, areas)) - len(on_paper)
    note = f'<p class="help only-print">{left_out:,} rows, first those as with no event, are on the screen alone.</p>'
    return (
        f'<section aria-label="Scorecard"><h2>The six areas in full</h2>{note if left_out else ""}<div class="scroll">'
        '<table id="scorecard"><colgroup><col class="area"><col class="what"><col class="size"><col class="unit">'
        '<col class="size"><col class="verdict"><col class="data"></colgroup><thead>'
        '<tr><th>Area</th><th>What</th><th class="n">Value</th><th></th>'
        '<th class="n">Against no event</th><th></th>'
        f"<th>Data behind it</th></tr></thead><tbody>{body}</tbody></table></div></section>"
    )


def _rows(scores: Sequence[Score]) -> list[_Row]:
    """Rows of an area: what differs from no event first; minerals that lost nothing in one row, the last."""
    spared = [score for score in scores if _is_spared(score)]
    others = [score for score in scores if not _is_spared(score)]
    rows = [_Row(score, _label(score), score.note if score.value is None else "") for score in others]
    rows.sort(key=lambda row: row.is_same)
    if spared:
        names = ", ".join(one.scope.partition(":")[2] for one in spared)
        rows.append(_Row(spared[0], f"{spared[0].label}: none", names))
    return rows


def _label(score: Score) -> str:
    name = score.scope.partition(":")[2]
    return f"{score.label}, {name}" if name else score.label


def _is_spared(score: Score) -> bool:
    """A mineral that lost nothing, with and without the events: one row names them all."""
    return score.scope.startswith("mineral:") and not score.value and not score.without_events and not score.note


def _on_paper(areas: Sequence[Sequence[_Row]], room_mm: float) -> set[int]:
    """Rows that are printed, by their id: the first of each area, the second of each, and so on while there is room."""
    out: set[int] = set()
    told = [[row for row in rows if not row.is_same and not _is_spared(row.score)] for rows in areas]
    for turn in range(max(map(len, told), default=0)):
        for rows in told:
            if turn < len(rows) and rows[turn].high_mm <= room_mm:
                room_mm -= rows[turn].high_mm
                out.add(id(rows[turn]))
    return out


def _html(row: _Row, is_first: bool, is_printed: bool) -> str:
    score = row.score
    head = f'<th scope="row">{escape(sentence_case(score.area))}</th>' if is_first else "<td></td>"
    cells = f'<td colspan="4" class="soft">{escape(row.told)}</td>' if row.told else "".join(_cells(score))
    return (
        f"<tr{'' if is_printed else ' class=no-print'}>{head}<td>{escape(sentence_case(row.label))}</td>{cells}"
        f'<td class="soft">{escape(sentence_case(score.confidence))}</td></tr>'
    )


def _cells(score: Score) -> Iterator[str]:
    value = number(score.value) if not score.stderr else value_with_error(score.value, score.stderr)
    change = 0.0 if score.verdict == SAME else score.change
    told = "" if change is None else f"{'+' if change > 0 else ''}{number(change)}"
    key = f'data-metric="{escape(score.metric, quote=True)}" data-scope="{escape(score.scope, quote=True)}"'
    yield f'<td class="n" {key}>{escape(value).replace(" +- ", "&nbsp;± ")}</td>'
    yield f"<td>{escape('' if score.unit == '-' else score.unit)}</td>"
    yield f'<td class="n">{escape(told)}</td><td class="{score.verdict}">{escape(sentence_case(score.verdict))}</td>'
