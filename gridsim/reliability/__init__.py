"""How likely is it? Monte Carlo adequacy over thousands of sample years."""

from gridsim.model.outages import CommonCause, Component, Derating, RepairLaw, State, two_state
from gridsim.model.scenario import Imports
from gridsim.reliability.assess import AssessmentResult, Stopped, assess
from gridsim.reliability.frames import system_from_frames
from gridsim.reliability.gas import gas_causes, with_gas_outages
from gridsim.reliability.grid import system_from_grid
from gridsim.reliability.methods import Level, Method, Sampler, SequentialMonteCarlo, SnapshotMonteCarlo
from gridsim.reliability.system import AdequacySystem, Store
from gridsim.reliability.weather_years import WeatherYears, weather_of_weeks
from gridsim.results.specs import LossOfLoadProfile, Shortfall, ShortfallByMonth, ShortfallEvents

__all__ = [
    "AdequacySystem",
    "AssessmentResult",
    "CommonCause",
    "Component",
    "Derating",
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
    "assess",
    "gas_causes",
    "system_from_frames",
    "system_from_grid",
    "two_state",
    "weather_of_weeks",
    "with_gas_outages",
]
