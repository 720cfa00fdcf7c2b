"""Unserved energy by month, and the worst weeks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gridsim.errors import StudyError
from gridsim.results.metrics import Estimate
from gridsim.results.shortfall_calendar import ShortfallCalendar
from gridsim.results.specs.spec import Accumulator, Assessed, Drawn, ExactHours, Spec

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class ShortfallByMonth(Spec):
    """EUE of the system by calendar month, and the weeks with the most unserved energy."""

    def accumulator(self, of: Assessed) -> Accumulator:
        if not of.chronological:
            raise StudyError("specs: snapshots are states of single hours; unserved energy by month needs whole years")
        if of.step_h != 1.0:
            raise StudyError("specs: unserved energy by month is for hours; give an hourly load")
        return _Months(ShortfallCalendar(of.times, of.n_weather_years))

    def exact_tables(self, hours: ExactHours) -> Mapping[str, pd.DataFrame]:
        return {}  # the months are estimates, which exact numbers have of themselves


class _Months:
    def __init__(self, calendar: ShortfallCalendar) -> None:
        self._calendar = calendar

    def add(self, drawn: Drawn, block_size: int) -> None:
        self._calendar.add(drawn.short_day, len(drawn.total), block_size)

    def estimates(self) -> Sequence[Estimate]:
        return self._calendar.estimates()

    def tables(self) -> Mapping[str, pd.DataFrame]:
        import pandas as pd

        weeks = self._calendar.worst_weeks()
        return {"worst_weeks": pd.DataFrame(weeks)} if weeks else {}
