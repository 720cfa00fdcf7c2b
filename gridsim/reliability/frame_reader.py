"""Frames cell by cell: every problem named by table, row and column, all at once."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gridsim.errors import InputError, Problem, nearest
from gridsim.model.outages import Component, RepairLaw, hourly_chain, rates_of, two_state
from gridsim.model.rules import broken_rules
from gridsim.reliability.frame_rules import RULES

if TYPE_CHECKING:
    import pandas as pd

F8 = NDArray[np.float64]
I4 = NDArray[np.int32]

LARGEST = 1e9  # MW or MWh of a machine or a store: sums with infinite ones would be no numbers
TRANSITIONS = ("failure_probability", "repair_probability")
OUTAGE_COLUMNS = ("mttf_h", "mttr_h", "forced_outage_rate", "repair_law", "repair_sigma", *TRANSITIONS)


class FrameReader:
    """Reads frames cell by cell and collects problems; rows are numbered from 2 as in a file with a header.

    ``chains``: components with transition probabilities of their own in every step, by name; ``step_h``: its length.
    """

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.chains: dict[str, tuple[F8, F8]] = {}
        self.step_h = 1.0
        self._named: set[str] = set()

    def add(self, table: str, row: int, column: str, value: str, mend: str) -> None:
        self.problems.append(Problem(table, row, column, value, mend))

    def finish(self) -> None:
        if self.problems:
            raise InputError(self.problems)

    def require(self, table: str, frame: pd.DataFrame, columns: Sequence[str], optional: Sequence[str]) -> bool:
        """True if every needed column is there, once; columns that nobody knows are problems too."""
        missing = [column for column in columns if column not in frame.columns]
        for column in missing:
            self.add(table, 1, column, "missing", f"give a column {column}")
        twice = self.repeated(table, frame, "keep one")
        for column in frame.columns:
            if column not in columns and column not in optional:
                self.add(table, 1, str(column), "not a column", nearest(str(column), [*columns, *optional]))
        return not missing and not twice

    def repeated(self, table: str, frame: pd.DataFrame, mend: str) -> bool:
        """True if a column is given twice, which is a problem in any frame."""
        names = [str(column) for column in frame.columns]
        twice = sorted({name for name in names if names.count(name) > 1})
        for name in twice:
            self.add(table, 1, name, "column given twice", mend)
        return bool(twice)

    def check(self, table: str, frame: pd.DataFrame) -> None:
        """Hold every row against the rules of its table."""
        columns = ("area_from", "area_to", "from_bus", "to_bus", *OUTAGE_COLUMNS)
        rows = (
            (position + 2, SimpleNamespace(**{name: _cell(row.get(name)) for name in columns}))
            for position, row in enumerate(frame.to_dict("records"))
        )
        for number, column, value, mend in broken_rules(RULES, table, rows):
            self.add(table, number, column, value, mend)

    def names(self, table: str, frame: pd.DataFrame) -> list[str]:
        names = [str(name) for name in frame["name"]]
        seen: set[str] = set()
        for row, name in enumerate(names):
            if name in seen:
                self.add(table, row + 2, "name", f"'{name}' appears twice", "give each row a name of its own")
            seen.add(name)
        return names

    def numbers(
        self,
        table: str,
        frame: pd.DataFrame,
        column: str,
        *,
        low: float = 0.0,
        low_open: bool = False,
        high: float = np.inf,
        default: float | None = None,
        nan_allowed: bool = False,
        mend: str,
    ) -> F8:
        import pandas as pd

        if column not in frame.columns:
            return np.full(len(frame), np.nan if default is None else default)
        values = np.empty(len(frame))
        for row, cell in enumerate(frame[column]):
            try:
                value = np.nan if cell is None or cell is pd.NA else float(cell)
            except (TypeError, ValueError):
                self.add(table, row + 2, column, f"{cell!r} is not a number", mend)
                value = np.nan
                values[row] = value
                continue
            if np.isnan(value) and default is not None:
                value = default
            if np.isnan(value):
                if not nan_allowed:
                    self.add(table, row + 2, column, "no number", mend)
            elif value < low or (low_open and value == low):
                self.add(table, row + 2, column, f"{value:g} is not {'>' if low_open else '>='} {low:g}", mend)
            elif value > high:
                self.add(table, row + 2, column, f"{value:g} is not <= {high:g}", mend)
            values[row] = value
        return values

    def positions(self, table: str, frame: pd.DataFrame, column: str, names: Sequence[str], what: str) -> I4:
        known = {name: position for position, name in enumerate(names)}
        found = np.zeros(len(frame), dtype=np.int32)
        for row, cell in enumerate(frame[column]):
            position = known.get(str(cell))
            if position is None:
                self.add(table, row + 2, column, f"'{cell}' is not {what}", nearest(str(cell), names))
            else:
                found[row] = position
        return found

    def components(self, table: str, kind: str, frame: pd.DataFrame) -> tuple[Component, ...]:
        """Outages from mttf_h and mttr_h, or from forced_outage_rate and mttr_h; neither: never fails."""
        import pandas as pd

        self.check(table, frame)
        names = [str(name) for name in frame["name"]]
        mttf_h = self.numbers(
            table, frame, "mttf_h", low_open=True, nan_allowed=True, mend="give a time in h; empty: never fails"
        )
        mttr_h = self.numbers(table, frame, "mttr_h", low_open=True, nan_allowed=True, mend="give a time in h")
        rate = self.numbers(
            table, frame, "forced_outage_rate", nan_allowed=True, mend="give a share of time from 0 to below 1"
        )
        sigma = self.numbers(table, frame, "repair_sigma", default=0.0, mend="standard deviation of log(repair time)")
        laws = [RepairLaw.EXPONENTIAL] * len(frame)
        if "repair_law" in frame.columns:
            for row, cell in enumerate(frame["repair_law"]):
                text = "exponential" if pd.isna(cell) else str(cell)
                if text not in list(RepairLaw):
                    self.add(table, row + 2, "repair_law", f"'{text}' is not a law", nearest(text, list(RepairLaw)))
                else:
                    laws[row] = RepairLaw(text)
        fails = self.numbers(table, frame, TRANSITIONS[0], high=1.0, nan_allowed=True, mend="from 0 to 1, in an hour")
        returns = self.numbers(table, frame, TRANSITIONS[1], high=1.0, nan_allowed=True, mend="from 0 to 1, in an hour")
        made = []
        for row, name in enumerate(names):
            up_h, down_h, share = mttf_h[row], mttr_h[row], rate[row]
            if not np.isnan(fails[row]):
                up_h, down_h = self._mean_times(table, row, float(fails[row]), float(returns[row]))
            if share >= 1.0:
                self.add(table, row + 2, "forced_outage_rate", f"{share:g} is not < 1", "give a share below 1")
            elif share > 0.0:
                up_h = down_h * (1.0 - share) / share
            made.append(two_state(kind, name, up_h, down_h, laws[row], float(sigma[row])))
            self._named.add(name)
            if name in self.chains:
                if made[-1].fails:
                    self.add(
                        table, row + 2, "name", f"'{name}' has outages beside its hourly probabilities", "keep one"
                    )
                made[-1] = hourly_chain(kind, name, *self.chains[name], self.step_h)
        return tuple(made)

    def check_chains(self) -> None:
        """A problem for every hourly probability of a component that no table has."""
        for name in self.chains.keys() - self._named:
            self.add(TRANSITIONS[0], 1, name, "is not a component", nearest(name, sorted(self._named)))

    def _mean_times(self, table: str, row: int, fails: float, returns: float) -> tuple[float, float]:
        """Mean times of the chain in continuous time that fails and returns within an hour as often as stated."""
        if fails == 0.0:
            return np.nan, np.nan
        total = fails + returns
        if total > 1.0 + 1e-12:
            what = f"{fails:g} and repair_probability {returns:g} sum to more than 1"
            self.add(table, row + 2, TRANSITIONS[0], what, "no chain in continuous time changes that fast: lower them")
        elif not returns > 0.0:
            self.add(table, row + 2, TRANSITIONS[1], "no number above 0", "a component that fails needs it")
        else:
            failing, returning = rates_of(np.asarray(fails), np.asarray(returns))
            return 1.0 / float(failing), 1.0 / float(returning)
        return np.nan, np.nan


def _cell(value: Any) -> Any:
    """A cell for the rules: None if empty, a float if it is a number, else its text."""
    import pandas as pd

    if value is None or value is pd.NA or value != value:
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        return str(value)
