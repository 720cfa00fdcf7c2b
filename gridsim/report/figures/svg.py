"""Drawing of charts as SVG text: scales, axes, areas, lines, bars; everything from data goes in as escaped text."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from gridsim.errors import StudyError

#: Okabe and Ito's colours, which differ for the colour-blind, and greys; all are seen on white and on near black.
BLUE, SKY, GREEN, ORANGE = "#0072b2", "#56b4e9", "#009e73", "#e69f00"
RED, PINK, YELLOW, GREY, BROWN = "#d55e00", "#cc79a7", "#c9b400", "#8a8a8a", "#a0522d"
CYCLE = (BLUE, ORANGE, GREEN, PINK, SKY, RED, BROWN, GREY, YELLOW)
WIDTH, HEIGHT = 760, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 14, 14, 34
_LEGEND_ROW = 18
_LETTER = 7.0  # px, mean width at the font size used


@dataclass(frozen=True)
class Figure:
    """A figure as SVG text. ``title`` and ``definition``: what it shows and where its numbers come from."""

    name: str
    title: str
    definition: str
    svg: str

    def __str__(self) -> str:
        return self.svg

    def _repr_svg_(self) -> str:
        return self.svg

    def _repr_html_(self) -> str:
        return self.svg

    def save(self, path: str | Path) -> Path:
        """Write ``path`` as .svg or .png; PNG needs cairosvg (``pip install gridsim[png]``)."""
        path = Path(path)
        if path.suffix == ".svg":
            path.write_text(self.svg, encoding="utf-8")
        elif path.suffix == ".png":
            try:
                import cairosvg
            except ImportError:
                raise StudyError("a PNG needs cairosvg: pip install 'gridsim[png]'; or save it as .svg") from None
            cairosvg.svg2png(bytestring=self.svg.encode(), write_to=str(path), scale=2, background_color="white")
        else:
            raise StudyError(f"{path.name}: a figure is saved as .svg or .png")
        return path


def ticks(low: float, high: float, n: int = 5) -> list[float]:
    """Round numbers from ``low`` to ``high``, about ``n``."""
    if not high > low:
        return [low]
    raw = (high - low) / max(n, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1.0, 2.0, 2.5, 5.0, 10.0) if factor * power >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(number * step, 10) for number in range(first, math.floor(high / step + 1e-9) + 1)]


def short(value: float) -> str:
    """A number on an axis or a bar."""
    if value and abs(value) < 0.01:
        return f"{value:.1e}"
    return f"{value:,.0f}" if abs(value) >= 100 or value == round(value) else f"{value:,.3g}"


@dataclass
class Chart:
    """A chart with one x and one y axis. ``x`` and ``y``: (low, high) in the units of the data."""

    x: tuple[float, float]
    y: tuple[float, float]
    width: int = WIDTH
    height: int = HEIGHT
    y_title: str = ""
    left: int = _LEFT
    right: int = _RIGHT
    legend: Sequence[tuple[str, str]] = ()
    parts: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for axis in ("x", "y"):
            low, high = getattr(self, axis)
            if not high > low:
                setattr(self, axis, (low, low + 1.0))
        self._top = _TOP + self._legend() + (12 if self.y_title else 0)

    def _legend(self) -> int:
        at, row = float(self.left), 0
        for label, colour in self.legend:
            wide = 18 + _LETTER * len(label) + 12
            if at + wide > self.width - _RIGHT and at > self.left:
                at, row = float(self.left), row + 1
            y = 6 + row * _LEGEND_ROW
            self.parts.append(f'<rect x="{at:.0f}" y="{y}" width="12" height="10" fill="{colour}"/>')
            self.text(at + 17, y + 9, label)
            at += wide
        return (row + 1) * _LEGEND_ROW if self.legend else 0

    def px(self, x: float) -> float:
        low, high = self.x
        return self.left + (self.width - self.left - self.right) * (x - low) / (high - low)

    def py(self, y: float) -> float:
        low, high = self.y
        return self.height - _BOTTOM - (self.height - _BOTTOM - self._top) * (y - low) / (high - low)

    def text(self, x: float, y: float, text: str, anchor: str = "start", extra: str = "") -> None:
        """Text at pixels."""
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{extra}>{escape(text)}</text>')

    def rule(self, x0: float, y0: float, x1: float, y1: float, colour: str = "currentColor", extra: str = "") -> None:
        """A straight line between pixels."""
        self.parts.append(f'<line x1="{x0:.1f}" y1="{y0:.1f}" x2="{x1:.1f}" y2="{y1:.1f}" stroke="{colour}"{extra}/>')

    def y_axis(self, n: int = 5) -> None:
        """Grid lines with about ``n`` numbers, and the unit above them."""
        for value in ticks(*self.y, n):
            y = self.py(value)
            self.rule(self.left, y, self.width - self.right, y, extra=' opacity="0.18"')
            self.text(self.left - 6, y + 4, short(value), "end")
        self.text(4, self._top - 10, self.y_title)

    def time_axis(self, start: dt.datetime, most: int = 9) -> None:
        """Hours after ``start`` as at most so many days, or as hours of a short run."""
        low, high = self.x
        hours = high - low
        step = next((s for s in (1, 2, 3, 6, 12, 24, 48, 72, 168, 336, 720) if hours / s <= most), 1440)
        first = start + dt.timedelta(hours=low)
        midnight = dt.datetime(first.year, first.month, first.day)
        offset = (midnight - start).total_seconds() / 3600.0
        number = math.ceil((low - offset) / step - 1e-9)
        while offset + number * step <= high + 1e-9:
            x = self.px(offset + number * step)
            moment = start + dt.timedelta(hours=offset + number * step)
            text = f"{moment.day} {moment:%b}" if moment.hour == 0 else f"{moment:%H:%M}"
            self.rule(x, self.height - _BOTTOM, x, self.height - _BOTTOM + 5)
            half = 0.5 * _LETTER * len(text)
            self.text(min(x, self.width - half), self.height - _BOTTOM + 18, text, "middle")
            number += 1
        self._base()

    def x_axis(self, title: str = "", values: Sequence[float] | None = None) -> None:
        """Numbers under the chart and what they are."""
        for value in ticks(*self.x, 7) if values is None else values:
            x = self.px(value)
            self.rule(x, self.height - _BOTTOM, x, self.height - _BOTTOM + 5)
            self.text(x, self.height - _BOTTOM + 18, short(value), "middle")
        self.text(self.width - self.right, self.height - 3, title, "end")
        self._base()

    def labelled_axis(self, labels: Sequence[tuple[float, str]]) -> None:
        """Texts under the chart at places of the x axis, those left out that would touch the one before."""
        free = -math.inf
        for at, text in labels:
            x, half = self.px(at), 0.5 * _LETTER * len(text)
            self.rule(x, self.height - _BOTTOM, x, self.height - _BOTTOM + 5)
            if x - half > free:
                self.text(x, self.height - _BOTTOM + 18, text, "middle")
                free = x + half + 4
        self._base()

    def _base(self) -> None:
        self.rule(self.left, self.height - _BOTTOM, self.width - self.right, self.height - _BOTTOM)

    def steps(
        self, x: ArrayLike, end: ArrayLike, y: ArrayLike, colour: str, width: float = 1.6, dash: str = ""
    ) -> None:
        """A value that holds from ``x`` to ``end``, drawn as steps; gaps where it is not a number."""
        path, open_at = [], math.nan
        for a, b, value in zip(np.asarray(x).tolist(), np.asarray(end).tolist(), np.asarray(y).tolist(), strict=True):
            if not math.isfinite(value):
                open_at = math.nan
                continue
            word = "L" if open_at == a else "M"
            path.append(f"{word}{self.px(a):.1f} {self.py(value):.1f}H{self.px(b):.1f}")
            open_at = b
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        self.parts.append(f'<path d="{"".join(path)}" fill="none" stroke="{colour}" stroke-width="{width}"{dashed}/>')

    def band(self, x: ArrayLike, end: ArrayLike, low: ArrayLike, high: ArrayLike, colour: str, title: str = "") -> None:
        """The area between two stepped values, drawn where it has any height."""
        starts, ends = np.asarray(x, dtype=float), np.asarray(end, dtype=float)
        lower, upper = np.asarray(low, dtype=float), np.asarray(high, dtype=float)
        seen = np.flatnonzero(upper > lower)
        path = []
        for run in np.split(seen, np.flatnonzero(np.diff(seen) > 1) + 1) if len(seen) else ():
            there = [f"{self.px(starts[i]):.1f} {self.py(upper[i]):.1f}H{self.px(ends[i]):.1f}" for i in run]
            back = [f"{self.px(ends[i]):.1f} {self.py(lower[i]):.1f}H{self.px(starts[i]):.1f}" for i in run[::-1]]
            path.append(f"M{'L'.join(there)}L{'L'.join(back)}Z")
        if len(starts):
            named = f"<title>{escape(title)}</title>" if title else ""
            self.parts.append(f'<path d="{"".join(path)}" fill="{colour}" stroke="none">{named}</path>')

    def line(self, x: ArrayLike, y: ArrayLike, colour: str, width: float = 1.8, dash: str = "") -> None:
        """Points joined by straight lines."""
        points = "L".join(f"{self.px(a):.1f} {self.py(b):.1f}" for a, b in zip(np.asarray(x), np.asarray(y)))
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        self.parts.append(f'<path d="M{points}" fill="none" stroke="{colour}" stroke-width="{width}"{dashed}/>')

    def point(self, x: float, y: float, colour: str, radius: float, title: str = "") -> None:
        """A dot with a title."""
        self.parts.append(
            f'<circle cx="{self.px(x):.1f}" cy="{self.py(y):.1f}" r="{radius:.1f}" fill="{colour}" fill-opacity="0.6" '
            f'stroke="{colour}"><title>{escape(title)}</title></circle>'
        )

    def box(
        self, x: float, y: float, width: float, height: float, colour: str, title: str = "", extra: str = ""
    ) -> None:
        """A rectangle at pixels with a title."""
        self.parts.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0.0):.1f}" height="{max(height, 0.0):.1f}" '
            f'fill="{colour}"{extra}><title>{escape(title)}</title></rect>'
        )

    def placed(self, x: float, y: float) -> str:
        """The drawing as a panel of a larger one, its corner at pixels."""
        return f'<g transform="translate({x:.1f} {y:.1f})">{"".join(self.parts)}</g>'

    def figure(self, name: str, title: str, definition: str) -> Figure:
        """The drawing as a figure."""
        return figure_of(self.parts, self.width, self.height, name, title, definition)


def figure_of(parts: Sequence[str], width: int, height: int, name: str, title: str, definition: str) -> Figure:
    """A figure of drawn parts, named for those who do not see it."""
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label="{escape(title, quote=True)}" color="#222222" fill="currentColor" '
        f'font-family="system-ui, sans-serif" font-size="12">{"".join(parts)}</svg>'
    )
    return Figure(name, title, definition, svg)


def bars(
    rows: Sequence[tuple[str, float, str]],
    name: str,
    title: str,
    definition: str,
    *,
    unit: str = "",
    notes: Sequence[str] = (),
    legend: Sequence[tuple[str, str]] = (),
    left: int = 250,
    most: int = 38,
    said: Mapping[int, str] | None = None,
) -> Figure:
    """Horizontal bars of (label, value, colour), the value and its note written behind each.

    ``said``: words in place of the value of a row; ``left``: pixels of the labels, of which ``most`` letters are shown.
    """
    row, width = 24, WIDTH
    high = max((value for _, value, _ in rows), default=1.0) or 1.0
    low = min(0.0, min((value for _, value, _ in rows), default=0.0))
    words = max((len(f"{short(value)} {unit}") for _, value, _ in rows), default=0) + max(map(len, notes), default=0)
    room = max(0.55 * (width - left), width - left - _RIGHT - 14 - _LETTER * words) / (width - left - _RIGHT)
    top = 6 + (_LEGEND_ROW if legend else 0)
    chart = Chart(
        (low, low + (high - low) / min(room, 0.8)), (0.0, 1.0), width, row * len(rows) + top + 6, left=left,
        legend=legend,
    )  # fmt: skip
    for number, (label, value, colour) in enumerate(rows):
        y = top + number * row
        chart.text(left - 8, y + 14, label if len(label) <= most else f"{label[: most - 1]}…", "end")
        first, last = sorted((chart.px(0.0), chart.px(value)))
        chart.box(first, y + 2, last - first, row - 7, colour, f"{label}: {short(value)} {unit}")
        note = f" {notes[number]}" if notes else ""
        chart.text(last + 6, y + 14, (said or {}).get(number, f"{short(value)} {unit}{note}".rstrip()))
    return chart.figure(name, title, definition)
