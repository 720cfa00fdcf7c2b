"""The page of a screening of pairs, N-1-1 or N-2: which two losses together are more than either alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gridsim.report.answer import Number
from gridsim.report.figures import svg
from gridsim.report.figures.study_figures import heat_map
from gridsim.report.figures.svg import Figure
from gridsim.report.html import Page, Table
from gridsim.report.numbers import number
from gridsim.report.sentence_case import sentence_case

if TYPE_CHECKING:
    import pandas as pd

_IN_MATRIX = 16
_SHOWN = 20
_MW = ("added_mw", "over_mw", "short_mw", "dark_mw", "islanded_mw", "pre_shed_mw", "shed_mw")
_LIMITS = {
    "1-1": "Between the two losses the operator redispatches within ramps and normal limits, starts nothing and moves "
    "no store; after the second the emergency limits hold. Pairs are solved in DC, the worst hundred in AC from there. "
    "No dynamics.",
    "2": "Both are lost at once, with no time between them; DC power flow; no dynamics, no voltages.",
}


def pairs_page(title: str, frame: pd.DataFrame, origin: Sequence[tuple[str, str]] = ()) -> Page:
    """The page of a frame of ``gridsim.screen`` with ``level="1-1"`` or ``"2"``."""
    adding = frame[frame["added_mw"] > 0.0]
    told = frame.attrs
    between = "one after the other" if told["level"] == "1-1" else "at once"
    figures = [pairs_matrix(frame), _worst(adding)] if len(adding) else []
    return Page(
        kind=f"screen N-{told['level']}",
        title=f"What if two elements are lost, {between}? {sentence_case(title)}",
        subtitle=f"{told['n_pairs']:,} pairs of {told['n_outages']:,} outages",
        answer=_answer(frame, adding),
        numbers=_numbers(frame, adding),
        figures=figures,
        tables=(_table(adding.head(200), len(adding)),),
        trust=[*origin, ("known limits", _LIMITS[told["level"]])],
    )


def pairs_matrix(frame: pd.DataFrame) -> Figure:
    """MW that the worst outages add to each other: rows are lost first, columns second (at N-2 both at once)."""
    adding = frame[frame["added_mw"] > 0.0]
    both = frame.attrs["level"] != "1-1"
    weight: dict[str, float] = {}
    for first, second, mw in zip(adding["first"], adding["second"], adding["added_mw"], strict=True):
        for name in (str(first), str(second)):
            weight[name] = max(weight.get(name, 0.0), float(mw))
    names = sorted(weight, key=lambda name: (-weight[name], name))[:_IN_MATRIX]
    at = {name: number for number, name in enumerate(names)}
    values = np.zeros((len(names), len(names)))
    for first, second, mw in zip(adding["first"], adding["second"], adding["added_mw"], strict=True):
        if str(first) in at and str(second) in at:
            row, column = at[str(first)], at[str(second)]
            values[row, column] = max(values[row, column], float(mw))
            if both:
                values[column, row] = values[row, column]
    order = "both at once" if both else "rows are lost first, columns after a redispatch"
    return heat_map(
        values,
        [f"{place}  {name}" for place, name in enumerate(names, 1)],
        [str(place) for place in range(1, len(names) + 1)],
        "MW",
        "pairs_matrix",
        "What two outages add to each other",
        f"MW shed, short or over a limit beyond what either asks for alone (added_mw of gridsim.screen); {order}. The "
        f"{len(names)} elements of the worst pairs.",
        left=230,
        total=False,
    )


def _worst(adding: pd.DataFrame) -> Figure:
    shown = adding.head(_SHOWN)
    rows = [
        (f"{first} + {second}", float(mw), svg.RED)
        for first, second, mw in zip(shown["first"], shown["second"], shown["added_mw"], strict=True)
    ]
    return svg.bars(
        rows, "worst_pairs", "The worst pairs", "Column added_mw of gridsim.screen.", unit="MW", left=330, most=52
    )


def _answer(frame: pd.DataFrame, adding: pd.DataFrame) -> list[str]:
    told = frame.attrs
    key = "n1_1_secure" if told["level"] == "1-1" else "n2_secure"
    name = f"N-{told['level']}"
    if told[key]:
        return [f"The network is {name} secure: no pair of {told['n_pairs']:,} breaks a limit or leaves load unserved."]
    insecure = told["n_insecure"] if "n_insecure" in told else len(frame)
    said = [
        f"The network is not {name} secure: {insecure:,} of {told['n_pairs']:,} pairs break a limit or cut load; "
        f"{len(adding):,} of them are worse together than the two alone."
    ]
    if len(adding):
        worst = adding.iloc[0]
        said.append(
            f"The worst is {worst['first']} with {worst['second']}: {number(float(worst['added_mw']))} MW more than "
            f"either alone asks for" + (f", at {worst['worst_over']}." if worst["worst_over"] else ".")
        )
        count: dict[str, int] = {}
        for one in (*adding["first"], *adding["second"]):
            count[str(one)] = count.get(str(one), 0) + 1
        often = sorted(count, key=lambda one: (-count[one], one))[:3]
        said.append(f"Most often in such pairs: {', '.join(f'{one} ({count[one]:,})' for one in often)}.")
    if told["level"] == "1-1":
        said.append(
            f"{told['n_pre_shed']:,} pairs have no remedy but to shed load between the two losses, because redispatch "
            f"comes too late; {told['n_first_shed']:,} first losses need shedding by themselves."
        )
    return said


def _numbers(frame: pd.DataFrame, adding: pd.DataFrame) -> list[Number]:
    told = frame.attrs
    most = float(adding["added_mw"].max()) if len(adding) else 0.0
    insecure = told["n_insecure"] if "n_insecure" in told else len(frame)
    found = [
        Number("pairs", f"{told['n_pairs']:,}", f"of {told['n_outages']:,} outages"),
        Number("not secure", f"{insecure:,}", "a limit broken or load cut"),
        Number("worse than the two alone", f"{len(adding):,}", "by any MW"),
        Number("most added", f"{number(most)} MW", "by one pair"),
    ]
    return found


def _table(rows: pd.DataFrame, n: int) -> Table:
    columns = [name for name in _MW if name in rows]
    cells = [
        (str(row["first"]), str(row["second"]), *(_mw(row[name]) for name in columns), str(row["worst_over"]))
        for row in rows.to_dict("records")
    ]
    words = {"added_mw": "added", "over_mw": "over a limit", "short_mw": "short", "dark_mw": "dark"}
    words |= {"islanded_mw": "cut off", "pre_shed_mw": "shed between", "shed_mw": "shed in the end"}
    headings = ("first lost", "then lost", *(f"{words[name]}, MW" for name in columns), "where")
    title = "Pairs that are worse than the two alone" + (
        "" if n <= len(cells) else f", the worst {len(cells)} of {n:,}"
    )
    return Table(title, headings, cells, "", frozenset(range(2, 2 + len(columns))), folded=len(cells) > 2 * _SHOWN)


def _mw(value: Any) -> str:
    return "-" if math.isnan(float(value)) else number(float(value))
