"""Adequacy: exact by convolution where that is possible, else Monte Carlo over thousands of sample years."""

from gridsim.model.outages import CommonCause, Component, Derating, RepairLaw, State, two_state
from gridsim.model.scenario import Imports
from gridsim.reliability.additions import Addition
from gridsim.reliability.assess import assess
from gridsim.reliability.credit import CapacityCredit, capacity_credit
from gridsim.reliability.exact import ExactShortfall
from gridsim.reliability.forecast_error import LoadForecast
from gridsim.reliability.frames import system_from_frames
from gridsim.reliability.gas import gas_causes, with_gas_outages
from gridsim.reliability.grid import system_from_grid
from gridsim.reliability.importance import ImportanceRow, importance, importance_frame
from gridsim.reliability.methods import (
    AnyMethod,
    Auto,
    Exact,
    Level,
    Method,
    Sampler,
    SequentialMonteCarlo,
    SnapshotMonteCarlo,
)
from gridsim.reliability.result import AssessmentResult, Stopped
from gridsim.reliability.supply_causes import supply_causes, with_supply_outages
from gridsim.reliability.system import AdequacySystem, Store
from gridsim.reliability.weather_years import WeatherYears, YearsTogether
from gridsim.results.specs import (
    Flows,
    LossOfLoadProfile,
    Shortfall,
    ShortfallByHour,
    ShortfallByMonth,
    ShortfallEvents,
    StateOfCharge,
    Surplus,
)

__all__ = [
    "Addition",
    "AdequacySystem",
    "AnyMethod",
    "AssessmentResult",
    "Auto",
    "CapacityCredit",
    "CommonCause",
    "Component",
    "Derating",
    "Exact",
    "ExactShortfall",
    "Flows",
    "ImportanceRow",
    "Imports",
    "Level",
    "LoadForecast",
    "LossOfLoadProfile",
    "Method",
    "RepairLaw",
    "Sampler",
    "SequentialMonteCarlo",
    "Shortfall",
    "ShortfallByHour",
    "ShortfallByMonth",
    "ShortfallEvents",
    "SnapshotMonteCarlo",
    "State",
    "StateOfCharge",
    "Stopped",
    "Store",
    "Surplus",
    "WeatherYears",
    "YearsTogether",
    "assess",
    "capacity_credit",
    "gas_causes",
    "importance",
    "importance_frame",
    "supply_causes",
    "system_from_frames",
    "system_from_grid",
    "two_state",
    "with_gas_outages",
    "with_supply_outages",
]
