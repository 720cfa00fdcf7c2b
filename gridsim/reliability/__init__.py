"""Adequacy: exact by convolution where that is possible, else Monte Carlo over thousands of sample years."""

from gridsim.model.outages import CommonCause, Component, Derating, RepairLaw, State, two_state
from gridsim.model.scenario import Imports
from gridsim.reliability.additions import Addition
from gridsim.reliability.assess import assess
from gridsim.reliability.credit import CapacityCredit, capacity_credit
from gridsim.reliability.exact import ExactShortfall
from gridsim.reliability.frames import system_from_frames
from gridsim.reliability.gas import gas_causes, with_gas_outages
from gridsim.reliability.grid import system_from_grid
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
from gridsim.reliability.system import AdequacySystem, Store
from gridsim.reliability.weather_years import WeatherYears, YearsTogether
from gridsim.results.specs import LossOfLoadProfile, Shortfall, ShortfallByMonth, ShortfallEvents

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
    "Imports",
    "Level",
    "LossOfLoadProfile",
    "Method",
    "RepairLaw",
    "Sampler",
    "SequentialMonteCarlo",
    "Shortfall",
    "ShortfallByMonth",
    "ShortfallEvents",
    "SnapshotMonteCarlo",
    "State",
    "Stopped",
    "Store",
    "WeatherYears",
    "YearsTogether",
    "assess",
    "capacity_credit",
    "gas_causes",
    "system_from_frames",
    "system_from_grid",
    "two_state",
    "with_gas_outages",
]
