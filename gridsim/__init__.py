"""gridsim: a grid energy-security simulator.

Public names are imported on first use, so that ``import gridsim`` and ``gridsim --help`` stay fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from gridsim._version import __version__ as __version__
from gridsim.hooks import offer as _offer

_READING = {
    "read_network": "gridsim.io.read_network",
    "system_from_tables": "gridsim.io.read_network",
    "read_scenario": "gridsim.io.read_scenario",
    "network_folder": "gridsim.io.bundled",
    "read_grid": "gridsim.io.grid_import.sources",
    "from_pandapower": "gridsim.io.grid_import.sources",
}
_STUDIES = {
    "Study": "gridsim.model.study",
    "StudyResult": "gridsim.results.study_result",
    "read_study": "gridsim.io.read_study",
    "run_study": "gridsim.study.run_study",
    "load": "gridsim.study.loaded",
    "Run": "gridsim.study.loaded",
    "LoadedStudy": "gridsim.study.loaded",
    "load_run": "gridsim.study.loaded",
    "load_study": "gridsim.study.loaded",
    "compare": "gridsim.study.compare",
}
_MODEL = {
    "GridSystem": "gridsim.model.system",
    "Scenario": "gridsim.model.scenario",
    "Event": "gridsim.model.scenario",
    "Target": "gridsim.model.scenario",
    "Horizon": "gridsim.model.scenario",
    "Policy": "gridsim.model.scenario",
    "Repair": "gridsim.model.scenario",
}
_RUNNING = {
    "run": "gridsim.engine.run",
    "RunResult": "gridsim.engine.run",
    "to_pandapower": "gridsim.solvers.pandapower",
    "dispatch": "gridsim.engine.dispatching",
    "DispatchResult": "gridsim.engine.dispatching",
    "screen": "gridsim.results.screening",
    "secure_loss_frame": "gridsim.results.secure_loss",
    "assess": "gridsim.reliability",
    "AssessmentResult": "gridsim.reliability",
    "AdequacySystem": "gridsim.reliability",
    "Component": "gridsim.reliability",
    "CommonCause": "gridsim.reliability",
    "Derating": "gridsim.reliability",
    "two_state": "gridsim.reliability",
    "system_from_frames": "gridsim.reliability",
    "system_from_grid": "gridsim.reliability",
    "Addition": "gridsim.reliability",
    "Auto": "gridsim.reliability",
    "CapacityCredit": "gridsim.reliability",
    "capacity_credit": "gridsim.reliability",
    "Exact": "gridsim.reliability",
    "FirmCapacity": "gridsim.reliability.firm_capacity",
    "firm_capacity": "gridsim.reliability.firm_capacity",
    "gas_disruptions": "gridsim.reliability.gas_disruption",
    "importance": "gridsim.reliability",
    "importance_frame": "gridsim.reliability",
    "SequentialMonteCarlo": "gridsim.reliability",
    "SnapshotMonteCarlo": "gridsim.reliability",
    "Shortfall": "gridsim.reliability",
    "ShortfallByHour": "gridsim.reliability",
    "ShortfallByMonth": "gridsim.reliability",
    "StateOfCharge": "gridsim.reliability",
    "Surplus": "gridsim.reliability",
    "Flows": "gridsim.reliability",
    "ShortfallEvents": "gridsim.reliability",
    "LoadForecast": "gridsim.reliability",
    "LossOfLoadProfile": "gridsim.reliability",
    "WeatherYears": "gridsim.reliability",
    "Estimate": "gridsim.results.metrics",
}
_SCRIPTING = {
    "contingency": "gridsim.contingencies.scripts",
    "policy": "gridsim.contingencies.scripts",
    "Orders": "gridsim.contingencies.api",
    "Sim": "gridsim.contingencies.api",
    "View": "gridsim.contingencies.api",
    "Wait": "gridsim.contingencies.api",
    "Waits": "gridsim.contingencies.api",
}
_ERRORS = {
    "GridsimError": "gridsim.errors",
    "InputError": "gridsim.errors",
    "StudyError": "gridsim.errors",
    "NotConverged": "gridsim.errors",
    "ScriptError": "gridsim.errors",
    "UnknownName": "gridsim.errors",
    "StoreError": "gridsim.errors",
    "Problem": "gridsim.errors",
}
_PUBLIC = {**_READING, **_MODEL, **_RUNNING, **_SCRIPTING, **_STUDIES, **_ERRORS}
__all__ = sorted([*_PUBLIC, "__version__"])

if TYPE_CHECKING:
    from gridsim.contingencies.api import Orders as Orders
    from gridsim.contingencies.api import Sim as Sim
    from gridsim.contingencies.api import View as View
    from gridsim.contingencies.api import Wait as Wait
    from gridsim.contingencies.api import Waits as Waits
    from gridsim.contingencies.scripts import contingency as contingency
    from gridsim.contingencies.scripts import policy as policy
    from gridsim.engine.dispatching import DispatchResult as DispatchResult
    from gridsim.engine.dispatching import dispatch as dispatch
    from gridsim.engine.run import RunResult as RunResult
    from gridsim.engine.run import run as run
    from gridsim.errors import GridsimError as GridsimError
    from gridsim.errors import InputError as InputError
    from gridsim.errors import NotConverged as NotConverged
    from gridsim.errors import Problem as Problem
    from gridsim.errors import ScriptError as ScriptError
    from gridsim.errors import StoreError as StoreError
    from gridsim.errors import StudyError as StudyError
    from gridsim.errors import UnknownName as UnknownName
    from gridsim.io.bundled import network_folder as network_folder
    from gridsim.io.grid_import.sources import from_pandapower as from_pandapower
    from gridsim.io.grid_import.sources import read_grid as read_grid
    from gridsim.io.read_network import read_network as read_network
    from gridsim.io.read_network import system_from_tables as system_from_tables
    from gridsim.io.read_scenario import read_scenario as read_scenario
    from gridsim.io.read_study import read_study as read_study
    from gridsim.model.scenario import Event as Event
    from gridsim.model.scenario import Horizon as Horizon
    from gridsim.model.scenario import Policy as Policy
    from gridsim.model.scenario import Repair as Repair
    from gridsim.model.scenario import Scenario as Scenario
    from gridsim.model.scenario import Target as Target
    from gridsim.model.study import Study as Study
    from gridsim.model.system import GridSystem as GridSystem
    from gridsim.reliability import Addition as Addition
    from gridsim.reliability import AdequacySystem as AdequacySystem
    from gridsim.reliability import AssessmentResult as AssessmentResult
    from gridsim.reliability import Auto as Auto
    from gridsim.reliability import CapacityCredit as CapacityCredit
    from gridsim.reliability import CommonCause as CommonCause
    from gridsim.reliability import Component as Component
    from gridsim.reliability import Derating as Derating
    from gridsim.reliability import Exact as Exact
    from gridsim.reliability import Flows as Flows
    from gridsim.reliability import LoadForecast as LoadForecast
    from gridsim.reliability import LossOfLoadProfile as LossOfLoadProfile
    from gridsim.reliability import SequentialMonteCarlo as SequentialMonteCarlo
    from gridsim.reliability import Shortfall as Shortfall
    from gridsim.reliability import ShortfallByHour as ShortfallByHour
    from gridsim.reliability import ShortfallByMonth as ShortfallByMonth
    from gridsim.reliability import ShortfallEvents as ShortfallEvents
    from gridsim.reliability import SnapshotMonteCarlo as SnapshotMonteCarlo
    from gridsim.reliability import StateOfCharge as StateOfCharge
    from gridsim.reliability import Surplus as Surplus
    from gridsim.reliability import WeatherYears as WeatherYears
    from gridsim.reliability import assess as assess
    from gridsim.reliability import capacity_credit as capacity_credit
    from gridsim.reliability import importance as importance
    from gridsim.reliability import importance_frame as importance_frame
    from gridsim.reliability import system_from_frames as system_from_frames
    from gridsim.reliability import system_from_grid as system_from_grid
    from gridsim.reliability import two_state as two_state
    from gridsim.reliability.firm_capacity import FirmCapacity as FirmCapacity
    from gridsim.reliability.firm_capacity import firm_capacity as firm_capacity
    from gridsim.reliability.gas_disruption import gas_disruptions as gas_disruptions
    from gridsim.results.metrics import Estimate as Estimate
    from gridsim.results.screening import screen as screen
    from gridsim.results.secure_loss import secure_loss_frame as secure_loss_frame
    from gridsim.results.study_result import StudyResult as StudyResult
    from gridsim.solvers.pandapower import to_pandapower as to_pandapower
    from gridsim.study.compare import compare as compare
    from gridsim.study.loaded import LoadedStudy as LoadedStudy
    from gridsim.study.loaded import Run as Run
    from gridsim.study.loaded import load as load
    from gridsim.study.loaded import load_run as load_run
    from gridsim.study.loaded import load_study as load_study
    from gridsim.study.run_study import run_study as run_study

else:  # a type checker takes a module with __getattr__ to have every name

    def __getattr__(name: str) -> object:
        if name in _PUBLIC:
            return getattr(import_module(_PUBLIC[name]), name)
        if name == "plot":  # a module of figures, which most programs never ask for
            return import_module("gridsim.plot")
        from gridsim.errors import nearest

        raise AttributeError(f"module 'gridsim' has no attribute '{name}'; {nearest(name, __all__)}")


def __dir__() -> list[str]:
    return __all__


_offer("change_scenario", lambda: import_module("gridsim.io.change_scenario").changed_scenario)
_offer("load", lambda: import_module("gridsim.study.loaded").load)
_offer("progress", lambda: import_module("gridsim.report.progress").ProgressLine)
_offer("save", lambda: import_module("gridsim.study.save").save)
_offer("report", lambda: import_module("gridsim.report.documents").report)
_offer("summary", lambda: import_module("gridsim.report.texts").summary)
_offer("listing", lambda: import_module("gridsim.report.texts").listing)
