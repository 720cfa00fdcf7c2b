"""One interval of a run: what held from one resolve to the next, as the recorder and the metrics need it."""

from __future__ import annotations

from typing import NamedTuple

from gridsim.engine.coupling import FuelLimits
from gridsim.engine.operator import Redispatch
from gridsim.model.table import F8
from gridsim.solvers.ac import AcSolution
from gridsim.solvers.gas_balance import GasStep
from gridsim.weather.normal import HourInputs


class Interval(NamedTuple):
    """From ``time_h`` for ``duration_h``; stocks are those at its start. ``ac`` None: power flow switched off."""

    time_h: float
    duration_h: float
    inputs: HourInputs
    answer: Redispatch
    fuel: FuelLimits
    gas: GasStep
    linepack_mcm: F8
    vented_mcm: F8
    yard_days: F8
    backup_days: F8
    ac: AcSolution | None
