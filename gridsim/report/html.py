"""One self-contained HTML page from its parts: no request of any kind, everything from data as escaped text."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from importlib import resources
from typing import Any

from gridsim.io.output_file import PAGE
from gridsim.report.answer import Number
from gridsim.report.figures.svg import Figure
from gridsim.report.print_layout import SHEET_MM, SHEETS_OF_FIGURES, map_mm, printed, table_mm, trust_mm
from gridsim.report.scorecard_lines import area_texts
from gridsim.report.scorecard_table import scorecard_section
from gridsim.report.sentence_case import sentence_case
from gridsim.results.scorecard import Score

_VENDOR = (
    "d3-dispatch", "d3-color", "d3-interpolate", "d3-ease", "d3-timer", "d3-selection", "d3-transition", "d3-drag",
    "d3-zoom", "d3-array", "d3-geo", "uPlot.iife",
)  # fmt: skip

_UNIT = re.compile(r"(?<=\d) (?=(?:%|MWh?|GWh|mcm|t|h|d|USD|million)\b|%)")

_DAY = re.compile(r"\b(\d{1,2}) ([A-Z][a-z]+) (\d\d:\d\d)")

_ERROR = re.compile(r"(?<=\d) \+- (?=\d)")


@dataclass(frozen=True)
class Table:
    """A table of the page; cells that are numbers are told by the heading's place in ``right``."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    help: str = ""
    right: frozenset[int] = frozenset()
    folded: bool = False


@dataclass(frozen=True)
class Page:
    """Content of a report, from the top of the page to its end. ``lead``: figures of the answer itself.

    ``scorecard_of``: the case that the scorecard is of, where there are several. ``absent``: what has no figure.
    """

    kind: str
    title: str
    subtitle: str
    answer: Sequence[str]
    numbers: Sequence[Number] = ()
    lead: Sequence[Figure] = ()
    scorecard: Sequence[Score] = ()
    scorecard_of: str = ""
    map: Mapping[str, Any] | None = None
    map_note: str = ""
    figures: Sequence[Figure] = ()
    absent: Sequence[str] = ()
    tables: Sequence[Table] = ()
    trust: Sequence[tuple[str, str]] = field(default_factory=tuple)


def html_of(page: Page) -> str:
    """The whole file."""
    scripts = [_file(f"vendor/{name}.min.js") for name in _VENDOR] + [_file("page.js")] if page.map is not None else []
    hashes = " ".join(f"'sha256-{_sha256(script)}'" for script in scripts) or "'none'"
    title = f"{sentence_case(page.title)} - gridsim {page.kind}"
    policy = f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data:"
    style = _file("page.css") + (_file("vendor/uPlot.min.css") if page.map is not None else "")
    body = [
        '<a class="skip" href="#answer">Skip to the answer</a><main>',
        f'<header><p class="soft">{escape(sentence_case(page.kind))}, by gridsim</p>'
        f"<h1>{escape(sentence_case(page.title))}</h1>",
        f'<p class="soft">{escape(sentence_case(page.subtitle))}</p></header>',
        '<div class="first"><section id="answer" class="answer" aria-label="The answer">',
        *(f"<p>{_text(sentence)}</p>" for sentence in page.answer),
        _numbers(page.numbers),
        "</section>",
        _short_scorecard(page.scorecard, page.scorecard_of),
        "</div>",
        _drawn(page.lead),
        _map(page),
        _figures(page.figures, page.absent, page.kind),
        scorecard_section(page.scorecard, SHEET_MM - _under_the_scorecard_mm(page)),
        *(_table(table) for table in page.tables),
        _trust(page.trust),
        "</main>",
    ]
    data = f'<script type="application/json" id="map-data">{_json(page.map)}</script>' if page.map is not None else ""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">{PAGE.decode()}'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(policy, quote=True)}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="icon" href="data:,"><title>{escape(title)}</title>'
        f"<style>{style}</style></head><body>{''.join(body)}{data}"
        f"{''.join(f'<script>{script}</script>' for script in scripts)}</body></html>\n"
    )


def _file(name: str) -> str:
    return resources.files("gridsim.report").joinpath("page", *name.split("/")).read_text(encoding="utf-8")


def _sha256(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _json(data: Any) -> str:
    """JSON that cannot end its script element."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _text(text: str) -> str:
    """Escaped text whose numbers keep their units and errors on the line, and days their hour."""
    whole = _DAY.sub("\\1\u00a0\\2\u00a0\\3", _ERROR.sub("\u00a0± ", text))
    return escape(_UNIT.sub("\u00a0", whole))


def _numbers(numbers: Iterable[Number]) -> str:
    boxes = "".join(
        f'<div><dt>{escape(sentence_case(one.label))}</dt><dd class="value">{_text(one.value)}</dd>'
        f'<dd class="soft">{escape(one.interval)}</dd></div>'
        for one in numbers
    )
    return f'<dl class="numbers">{boxes}</dl>' if boxes else ""


def _map(page: Page) -> str:
    if page.map is None:
        return f'<h2>Map</h2><p class="soft">{escape(page.map_note)}</p>' if page.map_note else ""
    plants = sorted(page.map["plants"], key=lambda plant: plant["fuel"])
    fuels = {escape(plant["fuel"]): escape(plant["colour"], quote=True) for plant in plants}
    keys = (
        ("<i style='background:var(--l0)'></i>", "line under 50 % of its rating"),
        ("<i style='background:var(--l1)'></i>", "50 to 80"),
        ("<i style='background:var(--l2)'></i>", "80 to 100"),
        ("<i style='background:var(--l3)'></i>", "100 and more, or oblast short of power"),
        ("<i style='background:var(--out)'></i>", "out of service"),
        ("<i style='background:var(--gas)'></i>", "gas pipe, wide by its flow"),
        ("<i style='background:var(--low)'></i>", "gas pipe a quarter under its pressure at the start"),
        ("<i class='dot' style='background:var(--out);opacity:.6'></i>", "homes or heat short of gas"),
        *((f"<i class='dot' style='background:{colour}'></i>", fuel) for fuel, colour in fuels.items()),
        ("", "plants are pale when they stand still"),
    )
    texts = [text for _, text in area_texts(page.scorecard)]
    high = map_mm(page.title, page.answer, bool(page.numbers), texts)
    legend = "".join(f"<span>{mark}{escape(sentence_case(text))}</span>" for mark, text in keys)
    return (
        '<section aria-label="Map with replay"><h2>The course, hour by hour</h2><div id="map-box"><div>'
        '<svg id="map" style="--printed-height:'
        f'{high:.0f}mm" tabindex="0" role="img" aria-label="Map of the network at the time of the slider"></svg>'
        f'<div class="key soft">{legend}</div>'
        '<div class="controls"><button id="play" aria-pressed="false">Play</button>'
        '<button id="previous" aria-label="Step to the event before">◀ event</button>'
        '<button id="next" aria-label="Step to the next event">event ▶</button>'
        '<input id="time" type="range" min="0" max="1" value="0" step="1" aria-label="Time of the map">'
        '<span id="clock"></span></div><svg id="marks" aria-hidden="true"></svg>'
        f'<p id="now" aria-live="polite"></p><p class="soft">{escape(page.map_note)}</p></div>'
        '<div id="element" aria-live="polite"><h3>One element</h3><label>Click the map, or name it: '
        '<input id="pick" list="elements" autocomplete="off"></label><datalist id="elements"></datalist>'
        '<p><strong id="element-name"></strong></p><p id="element-value"></p><div id="chart"></div>'
        '<h3>Why</h3><ol id="element-why"></ol>'
        '<p class="soft" id="element-none">Nothing had happened to it by then.</p></div></div></section>'
    )


def _short_scorecard(scores: Sequence[Score], case: str) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(sentence_case(area))}</th><td>{escape(sentence_case(text))}</td></tr>'
        for area, text in area_texts(scores)
    )
    title = f"<h2>Scorecard{f' of {escape(case)}' if case else ''}, against no event</h2>"
    table = f'<div class="scroll"><table id="areas"><tbody>{rows}</tbody></table></div>'
    return f'<section class="short" aria-label="Scorecard in short">{title}{table}</section>' if rows else ""


def _figures(figures: Sequence[Figure], absent: Sequence[str], kind: str) -> str:
    on_paper = printed(figures, SHEETS_OF_FIGURES)
    drawn = _drawn(figures, on_paper)
    if not drawn:
        return ""
    more = on_paper.count(False)
    notes = [f'<p class="soft only-print">On the screen there are {more} more figures.</p>'] if more else []
    if absent:
        notes.append(f'<p class="soft">Not in this {escape(kind)}: {escape("; ".join(absent))}.</p>')
    return f'<section aria-label="Figures"><h2>Figures</h2>{drawn}{"".join(notes)}</section>'


def _drawn(figures: Sequence[Figure], on_paper: Sequence[bool] = ()) -> str:
    shown = on_paper or [True] * len(figures)
    drawn = "".join(
        f'<figure id="{escape(figure.name, quote=True)}"{"" if paper else " class=no-print"}>'
        f"<h3>{escape(sentence_case(figure.title))}</h3>"
        f'<div class="wide">{figure.svg}</div>'
        f"<figcaption>{escape(figure.definition)}</figcaption></figure>"
        for figure, paper in zip(figures, shown, strict=True)
    )
    return f'<div class="plots">{drawn}</div>' if drawn else ""


def _under_the_scorecard_mm(page: Page) -> float:
    """Room on the last sheet that tables and origin take."""
    tables = (table_mm(table.help, table.rows) for table in page.tables if not table.folded)
    return sum(tables) + trust_mm(page.trust)


def _table(table: Table) -> str:
    def cells(row: Sequence[str], tag: str) -> str:
        return "".join(
            f"<{tag}{' class=n' if at in table.right else ''}>{_text(cell)}</{tag}>" for at, cell in enumerate(row)
        )

    rows = "".join(f"<tr>{cells(row, 'td')}</tr>" for row in table.rows)
    head = cells([sentence_case(name) for name in table.headings], "th")
    whole = (
        f'<p class="help">{escape(table.help)}</p><div class="scroll"><table><thead>'
        f"<tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )
    title = escape(table.title)
    if table.folded:
        return f"<section><details><summary>{title} ({len(table.rows):,})</summary>{whole}</details></section>"
    return f"<section><h2>{title}</h2>{whole}</section>"


def _trust(rows: Sequence[tuple[str, str]]) -> str:
    if not rows:
        return ""
    entries = "".join(f"<dt>{escape(sentence_case(name))}</dt><dd>{escape(text)}</dd>" for name, text in rows)
    title = "Where this comes from"
    return f'<section class="trust" aria-label="{title}"><h2>{title}</h2><dl>{entries}</dl></section>'
