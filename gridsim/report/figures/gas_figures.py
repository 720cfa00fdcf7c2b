"""Figures of the gas network with one piece out: unserved gas by piece, and the N-1 formula as a waterfall."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gridsim.report.figures import svg
from gridsim.report.figures.svg import Chart, Figure

if TYPE_CHECKING:
    import pandas as pd

_SHOWN = 20
_BAND_COLOURS = {
    "none": svg.GREY,
    "< 10 %": svg.SKY,
    "10-20 %": svg.YELLOW,
    "20-60 %": svg.ORANGE,
    "60-80 %": svg.RED,
    "80-100 %": "#a40e26",
}


def hours_text(hours: float) -> str:
    """``at once`` for the first hour, hours to two days, days above."""
    if math.isnan(hours):
        return "never"
    if hours < 1.0:
        return "at once"
    return f"{hours:.0f} h" if hours <= 48.0 else f"{hours / 24.0:.1f} d"


def gas_disruptions(frame: pd.DataFrame) -> Figure:
    """Unserved gas of the worst pieces of a frame of ``gridsim.gas_disruptions``, coloured by share of demand."""
    shown = frame[frame["unserved_mcm_per_d"] > 0.0].head(_SHOWN)
    rows, notes = [], []
    for row in shown.to_dict("records"):
        rows.append((str(row["component"]), float(row["unserved_mcm_per_d"]), _BAND_COLOURS[row["band"]]))
        notes.append(f"({row['share_percent']:.1f} %), short {_after(float(row['survival_h']))}")
    used = set(shown["band"])
    legend = [(f"{name} of demand", colour) for name, colour in _BAND_COLOURS.items() if name in used]
    return svg.bars(
        rows,
        "gas_disruptions",
        "Gas not delivered at home when one piece is out on the design day",
        "Mean of the last of ten such days, the share of demand at home in ENTSOG's bands of 2014, and when the first "
        "customer or plant gets less than 98 % (gridsim.gas_disruptions). Export and transit are not counted.",
        unit="mcm/d",
        notes=notes,
        legend=legend,
    )


def _after(hours: float) -> str:
    text = hours_text(hours)
    return text if text in ("never", "at once") else f"after {text}"


def n_1_formula(frame: pd.DataFrame) -> Figure:
    """Terms of the N-1 formula of ``frame.attrs`` as a waterfall that ends beside demand."""
    told = frame.attrs
    steps = [
        ("entry points (EPm)", told["ep_m"], "change"),
        ("production (Pm)", told["p_m"], "change"),
        ("storage (Sm)", told["s_m"], "change"),
        ("LNG (LNGm)", told["lng_m"], "change"),
        (f"lost: {str(told['largest']).partition(':')[2] or 'nothing'} (Im)", -told["i_m"], "change"),
        ("remaining capacity", told["ep_m"] + told["p_m"] + told["s_m"] + told["lng_m"] - told["i_m"], "total"),
        ("demand (Dmax)", told["demand_mcm_per_d"], "total"),
    ]
    worst = frame.iloc[0] if len(frame) else None
    if worst is not None:
        served = told["demand_mcm_per_d"] - float(worst["unserved_mcm_per_d"])
        steps.append((f"delivered without {str(worst['component']).partition(':')[2]}", served, "answer"))
    row, left = 26, 250
    highest = max(told["ep_m"] + told["p_m"] + told["s_m"] + told["lng_m"], told["demand_mcm_per_d"], 1.0)
    chart = Chart((0.0, 1.18 * highest), (0.0, 1.0), svg.WIDTH, row * len(steps) + 12, left=left)
    level = 0.0
    for number, (label, value, kind) in enumerate(steps):
        y = 6 + number * row
        first, last = sorted((level, level + value)) if kind == "change" else (0.0, value)
        colour = {"total": svg.BLUE, "answer": svg.ORANGE}.get(kind, svg.RED if value < 0.0 else svg.GREEN)
        chart.text(left - 8, y + 15, label if len(label) <= 38 else f"{label[:37]}…", "end")
        chart.box(chart.px(first), y + 3, chart.px(last) - chart.px(first), row - 8, colour, f"{label}: {value:,.1f}")
        chart.text(chart.px(last) + 6, y + 15, f"{value:+,.1f}" if kind == "change" else f"{value:,.1f}")
        level = level + value if kind == "change" else level
    verdict = "met" if told["n_1_met"] else "not met"
    return chart.figure(
        "n_1_formula",
        f"N-1 formula: {told['n_1_percent']:.0f} % of demand remain, {verdict} (mcm/d)",
        "(EPm + Pm + Sm + LNGm - Im) / Dmax of annex II of Regulation (EU) 2017/1938 in technical capacities, against "
        "the demand at home of the design day; last, what the pipes still bring when the worst single piece is out.",
    )
