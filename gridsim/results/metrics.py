"""Estimate: one reported number with its uncertainty, scope and unit."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, fields
from typing import TYPE_CHECKING, Any, Self

from gridsim.errors import StudyError

if TYPE_CHECKING:
    import pandas as pd

#: Unserved power above this is a shortfall; less is noise of the dispatch.
SHORTFALL_TOLERANCE_MW = 1e-4
_EXACT_WITHIN = 1e-6


@dataclass(frozen=True)
class Estimate(float):
    """One number of METRICS: ``name`` and ``scope`` are ASCII (``EUE``, ``zone:south``).

    ``stderr``, ``ci_low`` and ``ci_high`` (95 %) are None where they cannot be stated: a single trajectory (n = 1),
    or no shortfall in any sample. Counts as a float of its value, NaN where that is None, so that it can be compared,
    summed and formatted as it is. Two estimates are equal if all fields are, one and a number if the values are.
    """

    name: str
    scope: str
    value: float | None
    stderr: float | None
    ci_low: float | None
    ci_high: float | None
    unit: str
    n: int

    def __new__(cls, name: str, scope: str, value: float | None, *rest: Any, **fields: Any) -> Self:
        """A float that the fields are then set on."""
        return super().__new__(cls, math.nan if value is None else value)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Estimate):
            return type(self) is type(other) and astuple(self) == astuple(other)
        return float.__eq__(self, other)  # NotImplemented for what knows numbers itself, as pytest.approx does

    def __ne__(self, other: object) -> bool:
        return not self == other  # else that of float, which looks at the value alone

    def __hash__(self) -> int:
        return hash(self.value)  # that of the number it is equal to

    def __str__(self) -> str:
        return float.__repr__(self)

    def __getnewargs__(self) -> Any:
        return astuple(self)


@dataclass(frozen=True, eq=False)
class ExactEstimate(Estimate):
    """A number without sampling: standard error 0, ``n`` 0, and its proved bounds as the interval."""

    method: str = "exact"

    __hash__ = Estimate.__hash__

    @property
    def bound(self) -> float:
        """Largest proved distance of the true number from the value, relative to it."""
        if self.value is None or self.ci_low is None or self.ci_high is None:
            return math.inf
        distance = max(self.ci_high - self.value, self.value - self.ci_low)
        return distance / self.value if self.value > 0.0 else (0.0 if distance == 0.0 else math.inf)


def single(name: str, scope: str, value: float | None, unit: str) -> Estimate:
    """An estimate from one trajectory: n = 1 and no standard error."""
    return Estimate(name, scope, value, None, None, None, unit, 1)


def finite(estimates: Iterable[Estimate]) -> tuple[Estimate, ...]:
    """The estimates, if every number that is stated is one; StudyError naming the metric otherwise.

    What cannot be stated is absent (None); an infinite or undefined number is an overflow of something in the input.
    """
    found = tuple(estimates)
    for estimate in found:
        for column in ("value", "stderr", "ci_low", "ci_high"):
            number = getattr(estimate, column)
            if number is not None and not math.isfinite(number):
                raise StudyError(
                    f"{estimate.name} of {estimate.scope}: {column} is {number}: the input overflows; "
                    f"look for a number in another unit among what makes {estimate.unit or 'it'}"
                )
    return found


def is_exact(estimate: ExactEstimate) -> bool:
    """Whether the proved bounds lie within 1e-6 of the value."""
    return estimate.bound <= _EXACT_WITHIN


def method_of(estimate: Estimate) -> str:
    """Origin of a number as tables say it: exact or sampled."""
    return estimate.method if isinstance(estimate, ExactEstimate) else "sampled"


def from_row(row: Mapping[str, Any]) -> Estimate:
    """The estimate of a row of :func:`to_frame`, None for what is absent."""
    numbers = {name: value for name, value in row.items() if name != "method"}
    return ExactEstimate(**numbers) if row.get("method") == ExactEstimate.method else Estimate(**numbers)


def to_frame(estimates: Iterable[Estimate]) -> pd.DataFrame:
    """One row per estimate: name, scope, value, stderr, ci_low, ci_high, unit, n; NaN where a number is absent.

    A column ``method`` follows where a number is exact: ``exact`` or ``sampled``.
    """
    import pandas as pd

    rows = list(estimates)
    columns = [field.name for field in fields(Estimate)]
    frame = pd.DataFrame([astuple(estimate)[: len(columns)] for estimate in rows], columns=columns)
    if any(isinstance(estimate, ExactEstimate) for estimate in rows):
        frame["method"] = [method_of(estimate) for estimate in rows]
    numbers = ["value", "stderr", "ci_low", "ci_high"]
    return frame.astype(dict.fromkeys(numbers, "float64"))
