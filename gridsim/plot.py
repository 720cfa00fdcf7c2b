"""Figures of results: SVG text with ``save("x.svg")`` or ``save("x.png")``, as the report shows them.

``result``: of ``gridsim.run``, or a run folder that ``gridsim.load`` gives; of many samples where that is said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gridsim.errors import StudyError
from gridsim.report.documents import page_of, view_of
from gridsim.report.figures import gas_figures, run_figures, site_figures, stock_figures, study_figures
from gridsim.report.figures.svg import Figure
from gridsim.report.study_page import case_view

if TYPE_CHECKING:
    import pandas as pd

    from gridsim.reliability import AssessmentResult, ImportanceRow

__all__ = [
    "all_of",
    "cases",
    "convergence",
    "differences",
    "eue_by_month",
    "eue_by_zone",
    "event_scatter",
    "exceedance",
    "fan",
    "frequency",
    "frequency_trace",
    "fuel_days",
    "gas_and_stocks",
    "gas_disruptions",
    "gas_pressures",
    "heat_by_city",
    "importance",
    "levels",
    "loading",
    "month_by_hour",
    "n_1_formula",
    "nuclear_supply",
    "over_swept_value",
    "paired_differences",
    "pairs_matrix",
    "section_loading",
    "supply_stack",
    "sweep_courses",
    "unserved_by",
    "weather",
    "week_by_zone",
    "wind_and_sun",
    "worst_hour_waterfall",
    "worst_outages",
    "worst_pairs",
]


def all_of(result: Any) -> dict[str, Figure]:
    """Every figure of the report of a run, study or assessment, by name."""
    page = page_of(result)
    return {figure.name: figure for figure in (*page.lead, *page.figures)}


def supply_stack(result: Any, zone: str = "") -> Figure:
    """Power by source over time, and what was not served; of the system or of one zone."""
    return run_figures.supply_stack(view_of(result), zone)


def worst_hour_waterfall(result: Any) -> Figure:
    """The worst hour from installed capacity down to generation and up to demand."""
    return run_figures.worst_hour_waterfall(view_of(result))


def _or_why(figure: Figure | None, why_not: str) -> Figure:
    """The figure; StudyError with what it needs where there is none."""
    if figure is None:
        raise StudyError(why_not)
    return figure


def section_loading(result: Any) -> Figure:
    """Flow over limit of the fullest sections; StudyError of a network without any."""
    return _or_why(run_figures.section_loading(view_of(result)), "the network names no section")


def gas_and_stocks(result: Any) -> Figure:
    """Linepack, gas out of storages and not delivered at home; StudyError of a network without gas."""
    return _or_why(stock_figures.gas_and_stocks(view_of(result)), "no gas network")


def gas_pressures(result: Any) -> Figure:
    """Pressure of the gas nodes that fall furthest; StudyError of a run without pressures."""
    why_not = "no pressures: no gas network, or policy.gas is balance; set policy.gas: hydraulic"
    return _or_why(stock_figures.gas_pressures(view_of(result)), why_not)


def fuel_days(result: Any) -> Figure:
    """Days of fuel in the yards and tanks nearest to empty; StudyError of a network without stocks."""
    return _or_why(stock_figures.fuel_days(view_of(result)), "no stocks of fuel in this network")


def heat_by_city(result: Any) -> Figure:
    """Heat not delivered by city, and how cold its homes become; StudyError where no city lacked heat."""
    why_not = "no city went without heat, or the network has no heated city (heat.csv)"
    return _or_why(site_figures.heat_by_city(view_of(result)), why_not)


def nuclear_supply(result: Any) -> Figure:
    """Offsite power of each nuclear site over time, and its backup; StudyError where no site stands."""
    return _or_why(site_figures.nuclear_supply(view_of(result)), "no nuclear site stands in this network (nuclear.csv)")


def unserved_by(result: Any) -> Figure:
    """Unserved energy by cause, class and oblast; StudyError where nothing was cut."""
    return _or_why(
        run_figures.unserved_by(view_of(result)), "nothing was cut in this run: no figure of unserved energy"
    )


def weather(result: Any) -> Figure:
    """Temperature of each zone."""
    return run_figures.weather(view_of(result))


def frequency(result: Any) -> Figure:
    """Frequency after each sudden change, by zone; StudyError where the first minutes were not followed."""
    why_not = "no sudden change was followed; set policy.first_minutes: on"
    return _or_why(run_figures.frequency(view_of(result)), why_not)


def frequency_trace(result: Any) -> Figure:
    """Frequency by area after the deepest sudden change, operations numbered; StudyError where none moved it."""
    why_not = "no sudden change moved the frequency; set policy.first_minutes: on"
    return _or_why(run_figures.frequency_trace(view_of(result)), why_not)


def wind_and_sun(result: Any) -> Figure:
    """MW that wind and sun could give; StudyError of a network without either."""
    return _or_why(run_figures.wind_and_sun(view_of(result)), "no wind or solar plant in this network")


def _named(result: Any, name: str, why_not: str) -> Figure:
    """A figure of the page of a study or assessment; StudyError with what it needs where there is none."""
    return _or_why(all_of(result).get(name), f"no figure {name}: {why_not}")


def exceedance(study: Any) -> Figure:
    """Share of replicates or sample years with more unserved energy than x, a line for each case."""
    return _named(study, "exceedance", "it needs replicates, or an assessment with ShortfallEvents")


def convergence(study: Any) -> Figure:
    """The estimate of unserved energy and its interval as samples are added."""
    return _named(study, "convergence", "it needs replicates, or an assessment with ShortfallEvents")


def fan(study: Any) -> Figure:
    """Quantiles over replicates of the power not served in the worst case of a study, hour by hour."""
    return _named(study, "fan", "nothing was cut in the worst case, or its folder keeps no table fan")


def cases(study: Any) -> Figure:
    """Mean unserved energy of each case of a study with its interval."""
    return _named(study, "cases", "it needs a study of two cases or more")


def paired_differences(study: Any) -> Figure:
    """Unserved energy of each case of a study less that of the first, paired by replicate."""
    return _named(study, "paired_differences", "it needs two cases with the same replicates")


def over_swept_value(study: Any) -> Figure:
    """Numbers of a sweep over its swept value, a panel for each."""
    return _named(study, "over_swept_value", "the study sweeps nothing, or nothing differs from zero")


def sweep_courses(study: Any) -> Figure:
    """Power not served hour by hour, a panel for each swept value."""
    return _named(study, "sweep_courses", "the study sweeps nothing, or nothing was cut")


def month_by_hour(assessment: Any) -> Figure:
    """Expected hours short by month and hour of the day."""
    return _named(assessment, "month_by_hour", "assess with ShortfallEvents; without a shortfall there is none")


def week_by_zone(assessment: Any) -> Figure:
    """Expected unserved energy by week and zone."""
    return _named(assessment, "week_by_zone", "assess with ShortfallEvents; without a shortfall there is none")


def eue_by_month(assessment: Any) -> Figure:
    """Expected unserved energy by month with its error."""
    return _named(assessment, "eue_by_month", "assess with ShortfallByMonth")


def eue_by_zone(assessment: Any) -> Figure:
    """Expected unserved energy by zone with its error."""
    return _named(assessment, "eue_by_zone", "assess at zonal or nodal level")


def importance(rows: Sequence[ImportanceRow]) -> Figure:
    """Bars of what would save most unserved energy if it never failed, of rows of ``gridsim.importance``."""
    return study_figures.importance(rows)


def levels(of_level: Mapping[str, AssessmentResult]) -> Figure:
    """Unserved energy by level, of assessments of the same years: ``{"copper": ..., "zonal": ..., "nodal": ...}``."""
    return study_figures.levels({level: result.estimates for level, result in of_level.items()})


def worst_outages(frame: pd.DataFrame) -> Figure:
    """MW of the worst outages of a frame of ``gridsim.screen``; StudyError where none breaks a limit."""
    return _of_screen(frame, "worst_outages")


def loading(frame: pd.DataFrame) -> Figure:
    """Highest loading after each outage of a frame of ``gridsim.screen``."""
    return _of_screen(frame, "loading")


def worst_pairs(frame: pd.DataFrame) -> Figure:
    """MW of the worst pairs of a frame of ``gridsim.screen`` with ``level="1-1"`` or ``"2"``."""
    return _of_screen(frame, "worst_pairs")


def _of_screen(frame: pd.DataFrame, name: str) -> Figure:
    from gridsim.report.pairs_page import pairs_page
    from gridsim.report.screen_page import screen_page

    page = pairs_page("", frame) if name == "worst_pairs" else screen_page("", frame)
    found = {figure.name: figure for figure in page.figures}
    return _or_why(found.get(name), f"no figure {name}: no outage of this frame has anything to show")


def differences(first: Any, other: Any) -> Figure:
    """Paired differences of two loaded runs over the values of the first, as ``gridsim compare`` gives them."""
    from gridsim.report.comparison import chosen
    from gridsim.report.comparison_page import comparison_page
    from gridsim.study.compare import compare_values

    distinct = first.path.name != other.path.name
    names = [run.path.name if distinct else str(run.path) for run in (first, other)]
    found = comparison_page([chosen(names[0], names[1], compare_values(first, other))]).figures
    return _or_why(found[0] if found else None, "the two runs have no number in common that differs")


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
