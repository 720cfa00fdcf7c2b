"""The page of a screening: is the network N-1 secure, and which outages are worst."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gridsim.report.answer import Number
from gridsim.report.figures import svg
from gridsim.report.figures.svg import Figure
from gridsim.report.html import Page, Table
from gridsim.report.numbers import number
from gridsim.report.sentence_case import sentence_case

if TYPE_CHECKING:
    import pandas as pd

_SHOWN = 20
_LIMITS = (
    "Each outage is a state after automatic control, without what an operator would do, against emergency ratings and "
    "the limits of the sections; no dynamics. The intact state is held against normal ratings."
)


def screen_page(title: str, frame: pd.DataFrame, origin: Sequence[tuple[str, str]] = ()) -> Page:
    """The page of a frame of ``gridsim.screen``. ``title``: the network and the state before any loss."""
    lost = frame[frame["kind"] != "none"]
    bad = lost[~lost["secure"].astype(bool)]
    adding = lost[lost["adds"].astype(bool)]
    return Page(
        kind="screen",
        title=f"What if one element is lost? {sentence_case(title)}",
        subtitle=f"{len(lost):,} outages",
        answer=_answer(frame, lost, bad, adding),
        numbers=_numbers(lost, bad, adding),
        figures=[figure for figure in (_worst(adding if len(adding) else bad), _loading(lost)) if figure is not None],
        tables=(_table(frame),),
        trust=[*origin, ("known limits", _LIMITS)],
    )


def _answer(frame: pd.DataFrame, lost: pd.DataFrame, bad: pd.DataFrame, adding: pd.DataFrame) -> list[str]:
    attrs = frame.attrs
    told = [
        f"The network is N-1 secure: none of {len(lost):,} outages breaks a limit."
        if attrs.get("n1_secure")
        else f"The network is not N-1 secure: {len(bad):,} of {len(lost):,} outages break a limit or cut load off."
    ]
    intact = "is within" if attrs.get("intact_secure") else "is itself beyond"
    told.append(f"The state before any loss {intact} its limits; {len(adding):,} outages add something to that.")
    failed = lost[lost["solved"] == "failed"]
    solved = bad[bad["solved"] != "failed"]
    if len(solved):
        worst = solved.iloc[0]
        told.append(f"The worst is the loss of {worst['kind']} {worst['name']}: {_what(worst)}.")
    cut = lost[lost["islanded_mw"].fillna(0.0) > 0.5]
    if len(cut):
        most = cut.iloc[int(np.argmax(cut["islanded_mw"].to_numpy(dtype=float)))]
        told.append(
            f"{len(cut):,} cut customers off, at most {number(float(most['islanded_mw']))} MW ({most['name']})."
        )
    if len(failed):
        named = ", ".join(f"{row['kind']} {row['name']}" for row in failed.head(4).to_dict("records"))
        more = f" and {len(failed) - 4:,} more" if len(failed) > 4 else ""
        told.append(
            f"After {len(failed):,} no steady state was found, so voltage may collapse and more be lost than counted "
            f"here: {named}{more}."
        )
    return told


def _what(row: Any) -> str:
    parts = []
    if _positive(row["islanded_mw"]):
        parts.append(f"{number(float(row['islanded_mw']))} MW cut off")
    if _positive(row["short_mw"]):
        parts.append(f"{number(float(row['short_mw']))} MW short")
    if _positive(row["over_mw"]):
        parts.append(f"{row['worst_over']} {number(float(row['over_mw']))} MW over its limit")
    if row["reason"] and row["solved"] != "partly":
        parts.append(str(row["reason"]))
    if row["solved"] == "partly":
        parts.append("a part of the network finds no steady state")
    voltages = row["voltage_violations"]
    if not parts and voltages is not None and _positive(voltages):
        parts.append(f"{int(voltages)} voltages out of range")
    return "; ".join(parts) or "beyond a limit"


def _positive(value: Any) -> bool:
    try:
        return math.isfinite(float(value)) and float(value) > 0.05
    except (TypeError, ValueError):  # pandas' own missing value
        return False


def _numbers(lost: pd.DataFrame, bad: pd.DataFrame, adding: pd.DataFrame) -> list[Number]:
    over = lost["over_mw"].max()
    return [
        Number("outages screened", f"{len(lost):,}", "one at a time, or as a list names them"),
        Number("beyond a limit", f"{len(bad):,}", "or cutting load off, or without a power flow"),
        Number("add to the state before", f"{len(adding):,}", "by more than 0.1 MW"),
        Number("largest overload", f"{number(float(over)) if np.isfinite(over) else '-'} MW", "of a branch or section"),
    ]


def _worst(rows: pd.DataFrame) -> Figure | None:
    """Bars of the worst outages by MW: cut off, short and over a limit."""
    shown = rows.head(_SHOWN)
    if not len(shown):
        return None
    mw = shown[["islanded_mw", "short_mw", "added_mw"]].fillna(0.0).sum(axis=1)
    names = [f"{kind} {name}" for kind, name in zip(shown["kind"], shown["name"], strict=True)]
    bars = [(name, float(size), svg.RED) for name, size in zip(names, mw, strict=True)]
    said = {at: "no steady state found" for at, solved in enumerate(shown["solved"]) if solved == "failed"}
    return svg.bars(
        bars,
        "worst_outages",
        "The worst outages",
        "MW cut off, short, and over a limit more than before the outage, added up: the order of gridsim screen. An "
        "outage without a power flow stands first whatever is known of its MW.",
        unit="MW",
        said=said,
    )


def _loading(lost: pd.DataFrame) -> Figure | None:
    """Outages by the highest loading that they leave."""
    percent = lost["worst_loading_percent"].to_numpy(dtype=float)
    percent = np.minimum(percent[np.isfinite(percent)], 199.9)
    if not len(percent):
        return None
    counts, edges = np.histogram(percent, bins=np.arange(0.0, 201.0, 10.0))
    chart = svg.Chart((0.0, 200.0), (0.0, 1.1 * float(counts.max())), y_title="outages", height=240)
    chart.y_axis()
    for count, left in zip(counts.tolist(), edges.tolist(), strict=False):
        top, width = chart.py(count), chart.px(left + 10.0) - chart.px(left) - 1.0
        colour = svg.RED if left >= 100.0 else svg.BLUE
        chart.box(chart.px(left), top, width, chart.py(0.0) - top, colour, f"{left:.0f} to {left + 10:.0f} %: {count}")
        if count:
            chart.text(chart.px(left) + width / 2, top - 4, f"{count:,}", "middle")
    chart.x_axis("highest loading after the outage, % of the emergency rating")
    return chart.figure(
        "loading",
        "Highest loading after each outage",
        "Column worst_loading_percent; 199.9 % and more stand at the end.",
    )


def _table(frame: pd.DataFrame) -> Table:
    rows = [
        (
            str(row["kind"]),
            str(row["name"]),
            "yes" if row["secure"] else "no",
            *(number(None if not np.isfinite(row[name]) else float(row[name])) for name in ("over_mw", "islanded_mw")),
            str(row["worst_over"]),
            str(row["reason"]),
        )
        for _, row in frame.iterrows()
    ]
    headings = ("kind", "lost", "secure", "over a limit, MW", "cut off, MW", "which", "remark")
    return Table("Every outage, worst first", headings, rows, "", frozenset({3, 4}), folded=len(rows) > 2 * _SHOWN)
