"""Screening of the first minutes for people: counts, then the losses that shed or separate, the worst first."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from gridsim.report.text_table import TextTable, terminal_width, wrapped

if TYPE_CHECKING:
    import pandas as pd

_HEADINGS = ("lost", "shed MW", "lowest Hz", "in", "opened", "dark")
_MOST_NAMES = 8
_COLUMNS = ("name", "shed_mw", "lowest_hz", "lowest_area", "opened", "dead")


def first_minutes_lines(
    title: str, frame: pd.DataFrame, most: int = 20, wall_s: float | None = None, width: int | None = None
) -> list[str]:
    """The screen of the first minutes (``first_minutes_frame``)."""
    width, told = terminal_width() if width is None else width, frame.attrs
    took = "" if wall_s is None else f" ({wall_s:.1f} s)"
    of_pairs = ""
    if told["n_doubles"]:
        simulated = told["n_doubles"] - told["n_not_simulated"]
        of_pairs = f", {simulated:,} of {told['n_doubles']:,} pairs ({told['n_not_simulated']:,} not simulated)"
    text = (
        f"{title}: {told['n_singles']:,} single losses{of_pairs}; {told['n_shedding']:,} shed load, "
        f"{told['n_separating']:,} open sections{took}"
    )
    before = [*_sections(told["sections"]), *_security(told["security"]), *_left(told)]
    if told["over_limit"]:
        before.insert(0, "The point stands beyond a static limit: sections were given room, read what opens with care.")
    shown = frame.head(most)
    rows = tuple(
        (
            str(name),
            f"{shed_mw:,.0f}",
            "-" if math.isnan(lowest_hz) else f"{lowest_hz:.2f}",
            str(area),
            str(opened).replace(";", ", "),
            str(dead).replace(";", ", "),
        )
        for name, shed_mw, lowest_hz, area, opened, dead in zip(*(shown[c].tolist() for c in _COLUMNS), strict=True)
    )
    table = TextTable(_HEADINGS, rows, left=frozenset(("in", "opened", "dark")), stacked=True)
    return [*wrapped(text, width), *(line for one in before for line in wrapped(one, width)), *table.lines(width)]


def _sections(sections: list[dict[str, Any]]) -> list[str]:
    """Flows before any loss of sections that stability or a rule limits, the nearest to what acts first."""
    shown = []
    for section in sections:
        trigger, static = section["trigger_mw"], section["static_mw"]
        if trigger is None and static is None:
            continue
        acts = [f"trigger {trigger:,.0f}"] if trigger is not None else []
        acts += [f"pull-out {static:,.0f}"] if static is not None else []
        shown.append(f"{section['name']} {section['flow_mw']:,.0f} MW ({', '.join(acts)})")
    return [f"Before any loss: {'; '.join(shown)}."] if shown else []


def _security(areas: list[dict[str, Any]]) -> list[str]:
    """Largest losses that shed nothing, the smallest first."""
    if not areas:
        return []
    shown = [
        f"{area['area']} {area['secure_loss_mw']:,.0f} MW ({area['inertia_gws']:,.1f} GW.s, "
        f"headroom {area['headroom_mw']:,.0f} MW)"
        for area in sorted(areas, key=lambda area: float(area["secure_loss_mw"]))
    ]
    return [f"Largest loss that automation does not answer, by area: {'; '.join(shown)}."]


def _left(told: dict[Any, Any]) -> list[str]:
    """Sentences on the pairs that were not simulated."""
    lines = []
    if told["n_with_one_that_sheds"]:
        names = told["shed_alone"]
        some = ", ".join(names[:_MOST_NAMES]) + (f" and {len(names) - _MOST_NAMES} more" if names[_MOST_NAMES:] else "")
        lines.append(
            f"Counted as shedding: {told['n_with_one_that_sheds']:,} pairs with a loss that sheds alone ({some}); of "
            f"{told['n_told_drawn']:,} drawn {told['n_told_shedding']:,} shed more than 20 MW, "
            f"{told['n_told_wrong'] or 'none'} more than 20 MW more or less than that loss."
        )
    rest = told["n_not_simulated"] - told["n_with_one_that_sheds"]
    if rest:
        drawn = f"of {told['n_drawn']:,} drawn at random {told['n_drawn_shedding'] or 'none'} shed more than 20 MW"
        lines.append(f"Left out: {rest:,} pairs ranked behind; {drawn}.")
    return lines
