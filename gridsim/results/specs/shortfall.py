"""Metrics of shortfall."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from gridsim.results.specs.spec import ExactHours, Spec


@dataclass(frozen=True)
class Shortfall(Spec):
    """LOLH, LOLD, LOLEv, LOLP, EUE, NEUE, EPNS, VaR, CVaR, event statistics. Always recorded."""

    def exact_tables(self, hours: ExactHours) -> Mapping[str, pd.DataFrame]:
        return {}
