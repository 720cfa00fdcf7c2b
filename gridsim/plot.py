"""Figures of results: SVG text with ``save("x.svg")`` or ``save("x.png")``, as the report shows them.

``result``: of ``gridsim.run``, or a run folder that ``gridsim.load`` gives; of many samples where that is said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gridsim.errors import StudyError
from gridsim.report.documents import page_of, view_of
from gridsim.report.figures import gas_figures, run_figures, study_figures
from gridsim.report.figures.svg import Figure
from gridsim.report.study_page import case_view

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "all_of",
    "event_scatter",
    "exceedance",
    "frequency",
    "frequency_trace",
    "fuel_days",
    "gas_and_stocks",
    "gas_disruptions",
    "n_1_formula",
    "pairs_matrix",
    "section_loading",
    "supply_stack",
    "unserved_by",
    "weather",
    "wind_and_sun",
    "worst_hour_waterfall",
]


def all_of(result: Any) -> dict[str, Figure]:
    """Every figure of the report of a run, study or assessment, by name."""
    return {figure.name: figure for figure in page_of(result).figures}


def supply_stack(result: Any, zone: str = "") -> Figure:
    """Power by source over time, and what was not served; of the system or of one zone."""
    return run_figures.supply_stack(view_of(result), zone)


def worst_hour_waterfall(result: Any) -> Figure:
    """The worst hour from installed capacity down to generation and up to demand."""
    return run_figures.worst_hour_waterfall(view_of(result))


def section_loading(result: Any) -> Figure:
    """Flow over limit of the fullest sections."""
    return run_figures.section_loading(view_of(result))


def gas_and_stocks(result: Any) -> Figure:
    """Linepack, and gas that did not reach customers at home."""
    return run_figures.gas_and_stocks(view_of(result))


def fuel_days(result: Any) -> Figure:
    """Days of fuel in the yards and tanks nearest to empty."""
    return run_figures.fuel_days(view_of(result))


def unserved_by(result: Any) -> Figure:
    """Unserved energy by cause, class and oblast; StudyError where nothing was cut."""
    figure = run_figures.unserved_by(view_of(result))
    if figure is None:
        raise StudyError("nothing was cut in this run: no figure of unserved energy")
    return figure


def weather(result: Any) -> Figure:
    """Temperature of each zone."""
    return run_figures.weather(view_of(result))


def frequency(result: Any) -> Figure:
    """Frequency after each sudden change, by zone; StudyError where the first minutes were not followed."""
    figure = run_figures.frequency(view_of(result))
    if figure is None:
        raise StudyError("no sudden change was followed; set policy.first_minutes: on")
    return figure


def frequency_trace(result: Any) -> Figure:
    """Frequency by area after the deepest sudden change, operations numbered; StudyError where none moved it."""
    figure = run_figures.frequency_trace(view_of(result))
    if figure is None:
        raise StudyError("no sudden change moved the frequency; set policy.first_minutes: on")
    return figure


def wind_and_sun(result: Any) -> Figure:
    """MW that wind and sun could give; StudyError of a network without either."""
    figure = run_figures.wind_and_sun(view_of(result))
    if figure is None:
        raise StudyError("no wind or solar plant in this network")
    return figure


def exceedance(study: Any) -> Figure:
    """Share of samples with more unserved energy than x, a line for each case of a loaded study."""
    views = [case_view(run, ()) for run in study.cases]
    return study_figures.exceedance({view.name: view.samples for view in views})


def event_scatter(study: Any) -> Figure:
    """Duration, depth and size of every shortfall of a loaded study."""
    events = [case_view(run, ()).events for run in study.cases]
    duration, peak, energy = (np.concatenate([event[at] for event in events]) for at in range(3))
    return study_figures.event_scatter(duration, peak, energy)


def gas_disruptions(frame: pd.DataFrame) -> Figure:
    """Gas not delivered without each of the worst pieces of a frame of ``gridsim.gas_disruptions``."""
    return gas_figures.gas_disruptions(frame)


def n_1_formula(frame: pd.DataFrame) -> Figure:
    """The N-1 formula of Regulation (EU) 2017/1938, from a frame of ``gridsim.gas_disruptions``."""
    return gas_figures.n_1_formula(frame)


def pairs_matrix(frame: pd.DataFrame) -> Figure:
    """MW that outages add to each other, of a frame of ``gridsim.screen`` with ``level="1-1"`` or ``"2"``."""
    from gridsim.report import pairs_page

    return pairs_page.pairs_matrix(frame)
