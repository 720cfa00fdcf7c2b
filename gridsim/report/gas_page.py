"""The page and the screen of the gas network with one piece out: who goes short, and the N-1 formula beside it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from gridsim.report.answer import Number
from gridsim.report.figures.gas_figures import gas_disruptions, hours_text, n_1_formula
from gridsim.report.html import Page, Table
from gridsim.report.numbers import number
from gridsim.report.sentence_case import sentence_case
from gridsim.report.text_table import TextTable, terminal_width, wrapped

if TYPE_CHECKING:
    import pandas as pd

_SHOWN = 20
_LIMITS = (
    "The design day goes on for ten days, storages stay at their seasonal mean, imports at their contracted day, and "
    "transit above the share that must be kept gives way to customers at home. Compressors work. Dispatchers act at "
    "once; no appeal to save gas. The formula sums capacities and knows no place: a pipe within the country is in none "
    "of its terms."
)
_HEADINGS = (
    "lost", "kind", "capacity", "not delivered", "% of demand", "band", "first short", "homes", "homes short",
    "plants", "plants short", "abroad", "N-1 %",
)  # fmt: skip
_RIGHT = frozenset(range(2, 13)) - {5}


def gas_page(title: str, frame: pd.DataFrame, origin: Sequence[tuple[str, str]] = ()) -> Page:
    """The page of a frame of ``gridsim.gas_disruptions``. ``title``: the network."""
    told, hurting = frame.attrs, frame[frame["unserved_mcm_per_d"] > 0.0]
    figures = [gas_disruptions(frame)] if len(hurting) else []
    help_text = (
        "mcm/d on the last of ten design days; short: hours until the first customer gets less than 98 % of what it "
        "got before; abroad: export and transit cut; N-1 %: the formula with this piece as the one lost."
    )
    return Page(
        kind="gas screen",
        title=f"What if one piece of the gas network is lost? {sentence_case(title)}",
        subtitle=f"{len(frame):,} pipes, sources and storages, each alone, at {told['design_day_c']:.0f} °C on average",
        answer=_answer(frame),
        numbers=_numbers(frame),
        figures=[*figures, n_1_formula(frame)],
        tables=(
            Table("The worst", _HEADINGS, [_cells(row) for row in _rows(hurting.head(_SHOWN))], help_text, _RIGHT),
            Table("Every piece", _HEADINGS, [_cells(row) for row in _rows(frame)], help_text, _RIGHT, folded=True),
        ),
        trust=[*origin, ("known limits", _LIMITS)],
    )


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    formula = row["n_1_percent"]
    return (
        str(row["component"]),
        str(row["kind"]),
        number(row["capacity_mcm_per_d"]),
        number(row["unserved_mcm_per_d"]),
        number(row["share_percent"]),
        str(row["band"]),
        hours_text(row["survival_h"]),
        number(row["homes_mcm_per_d"]),
        hours_text(row["homes_survival_h"]),
        number(row["plants_mcm_per_d"]),
        hours_text(row["plants_survival_h"]),
        number(row["abroad_mcm_per_d"]),
        "-" if math.isnan(formula) else f"{formula:.0f}",
    )


def _named(row: Any) -> str:
    """Kind, title and name of a piece, as a sentence has them."""
    table, _, name = str(row["component"]).partition(":")
    what = {"gas_supply": "source", "gas_storage": "storage"}.get(table, "pipe")
    return f"the {what} {row['title']} ({name})" if row["title"] else f"the {what} {name}"


def _answer(frame: pd.DataFrame) -> list[str]:
    told, hurting = frame.attrs, frame[frame["unserved_mcm_per_d"] > 0.0]
    many = f"{len(hurting):,} of {len(frame):,}"
    said = [
        f"On a day of {told['demand_mcm_per_d']:.0f} million cubic metres of demand, the loss of {many} pipes, sources "
        "or storages leaves somebody at home without gas."
        if len(hurting)
        else f"Nothing to report: no single loss of {len(frame):,} leaves anybody at home without gas on a design day."
    ]
    if len(hurting):
        worst = hurting.iloc[0]
        said.append(
            f"The worst is {_named(worst)}: {number(worst['unserved_mcm_per_d'])} mcm/d, "
            f"{worst['share_percent']:.0f} % of demand, are missing; the first go short {_when(worst['survival_h'])}"
            + (
                f", the first homes {_when(worst['homes_survival_h'])}."
                if worst["homes_mcm_per_d"] > 0.005
                else ", homes do not."
            )
        )
        homes = hurting[hurting["homes_mcm_per_d"] > 0.005]
        soon = hurting[hurting["survival_h"] < 24.0]
        said.append(f"Homes lose gas in {len(homes):,} cases; in {len(soon):,} somebody is short within a day.")
    largest = {"component": told["largest"], "title": told["largest_title"]}
    verdict = "is met" if told["n_1_met"] else "is not met"
    said.append(
        f"The N-1 formula of the EU {verdict}: without {_named(largest)}, the largest entry, field or "
        f"storage ({number(told['i_m'])} mcm/d), capacity for {told['n_1_percent']:.0f} % of demand remains."
    )
    inner = hurting[hurting["kind"] == "pipe"]
    if told["n_1_met"] and len(inner):
        said.append(
            f"It says nothing about pipes within the country, and the loss of {len(inner):,} of them is felt: "
            f"{_named(inner.iloc[0])} costs {inner.iloc[0]['share_percent']:.0f} % of demand."
        )
    return said


def _when(hours: float) -> str:
    text = hours_text(hours)
    return text if text in ("never", "at once") else f"after {text}"


def _numbers(frame: pd.DataFrame) -> list[Number]:
    told, worst = frame.attrs, frame.iloc[0]
    homes = frame["homes_survival_h"].min()
    return [
        Number("not delivered, worst piece", f"{number(worst['unserved_mcm_per_d'])} mcm/d", str(worst["component"])),
        Number("share of demand", f"{worst['share_percent']:.0f} %", f"band of ENTSOG: {worst['band']}"),
        Number("first homes short", hours_text(float(homes)), "of all single losses"),
        Number("N-1 formula", f"{told['n_1_percent']:.0f} %", "100 % and more: met"),
    ]


def gas_lines(
    title: str, frame: pd.DataFrame, most: int = _SHOWN, wall_s: float | None = None, width: int | None = None
) -> list[str]:
    """The screen of a frame of ``gridsim.gas_disruptions``: the answer, then the worst pieces."""
    width = terminal_width() if width is None else width
    first, *others = _answer(frame)
    took = "" if wall_s is None else f" ({wall_s:.1f} s)"
    lines = [line for text in (f"{title}: {first}{took}", *others) for line in wrapped(text, width)]
    hurting = frame[frame["unserved_mcm_per_d"] > 0.0]
    if len(hurting):
        kept = (0, 1, 3, 4, 6, 8, 10, 12)
        table = TextTable(
            ("lost", "kind", "mcm/d", "% of demand", "first short", "homes", "plants", "N-1 %"),
            tuple(tuple(_cells(row)[at] for at in kept) for row in _rows(hurting.head(most))),
            left=frozenset({"kind"}),
        )
        lines += ["", *table.lines(width)]
    if len(hurting) > most:
        lines.append(f"{len(hurting) - most:,} more: --most {len(hurting)}")
    return lines
