"""Metrics of shortfall."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gridsim.results.specs.spec import ExactHours, Spec

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Shortfall(Spec):
    """LOLH, LOLD, LOLEv, LOLP, EUE, NEUE, EPNS, VaR, CVaR, event statistics. Always recorded."""

    def exact_tables(self, hours: ExactHours) -> Mapping[str, pd.DataFrame]:
        return {}
