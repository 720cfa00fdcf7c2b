"""Whole scenarios: reading, running, recording; on the bundled events, one repetition each (asv)."""

from __future__ import annotations

import dataclasses
import inspect

from benchmarks.common import sized
from gridsim.engine.run import Replicates, run
from gridsim.engine.simulation import Simulation
from gridsim.io.read_scenario import read_scenario
from gridsim.model.pack import pack
from gridsim.model.scenario import AcMode
from gridsim.solvers.ac import AcModel
from gridsim.solvers.dispatch import DispatchSolver


class Events:
    """A bundled event with its base case, after start-up (network read, kernels compiled)."""

    params = sized(
        (("bbs_pipeline_rupture", "renewable_lull", "north_south_transit_loss"), ("fast", "off")),
        (("north_south_transit_loss",), ("fast",)),
    )
    param_names = ("event", "ac")
    number = 1
    repeat = sized(3, 1)
    timeout = 120

    def setup(self, event: str, ac: str) -> None:
        self.system, scenario = read_scenario(event)
        self.scenario = dataclasses.replace(scenario, policy=dataclasses.replace(scenario.policy, ac=AcMode(ac)))
        run(self.system, self.scenario)

    def time_run(self, event: str, ac: str) -> None:
        run(self.system, self.scenario)

    def peakmem_run(self, event: str, ac: str) -> None:
        run(self.system, self.scenario)

    def track_intervals(self, event: str, ac: str) -> int:
        return len(run(self.system, self.scenario).tables["solves"]["time_h"])


class Replicate:
    """A further replicate of a pipeline rupture, twelve days: all its hours its own, or shared with the one before."""

    params = sized((("fast", "off"), (False, True)), (("off",), (False,)))
    param_names = ("ac", "share")
    number = 1
    repeat = sized(3, 1)
    timeout = 120

    def setup(self, ac: str, share: bool) -> None:
        system, scenario = read_scenario("bbs_pipeline_rupture")
        policy = dataclasses.replace(scenario.policy, ac=AcMode(ac))
        horizon = dataclasses.replace(scenario.horizon, hours=sized(scenario.horizon.hours, 12.0))
        known = inspect.signature(Replicates).parameters  # before hours were shared there was no choice
        choice = {"share": share} if "share" in known else {}
        self.replicates = Replicates(system, dataclasses.replace(scenario, policy=policy, horizon=horizon), **choice)
        self.replicates.run()

    def time_replicate(self, ac: str, share: bool) -> None:
        self.replicates.run(replicate=1)


class Trajectory:
    """Seven days of the renewable lull, one trajectory, hourly dispatch with an AC check each hour."""

    number = 1
    repeat = sized(3, 1)
    timeout = 120

    def setup(self) -> None:
        system, scenario = read_scenario("renewable_lull")
        self.scenario = dataclasses.replace(
            scenario, horizon=dataclasses.replace(scenario.horizon, hours=sized(168.0, 6.0))
        )
        self.packed = pack(system)
        self.ac_model = AcModel(self.packed.system)  # one that keeps no check: each repetition solves its own
        Simulation(self.packed, self.scenario, DispatchSolver(self.packed.case), self.ac_model).run()

    def time_trajectory(self) -> None:
        Simulation(self.packed, self.scenario, DispatchSolver(self.packed.case), self.ac_model).run()
