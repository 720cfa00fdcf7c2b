"""Gas: a day of the Kazakh network, the dispatcher's order, and what gas adds to two weeks of simulation."""

from __future__ import annotations

import dataclasses
import time

import numpy as np

from benchmarks.common import network, sized
from gridsim.engine.run import run
from gridsim.io.read_scenario import read_scenario
from gridsim.model.scenario import AcMode, GasMode
from gridsim.solvers.gas import HydraulicGas, everything_works


class KazakhGas:
    """93 nodes, 108 sections, segments of at most 50 km."""

    timeout = 120

    def setup(self) -> None:
        system = network("kazakhstan")
        self.gas, self.conditions = HydraulicGas(system), everything_works(system)
        self.demand = system.gas_demand.winter_mcm_per_d
        p_max = system.generators.p_max_mw
        mw = np.array([p_max[system.generators_of(plant)].sum() for plant in system.gas_to_power.plant.tolist()])
        self.burn = self.gas.power_requested_mcm_per_d(0.75 * mw)
        self.state = self.gas.start(self.conditions, self.demand, self.burn, True)
        self.schedule = self.gas.schedule(self.state, self.conditions, self.demand, self.burn, True)
        self.ruptured = everything_works(system)
        section = system.gas_pipelines.position("bbs1_bozoy_aral")
        self.ruptured.pipeline_share[section] = 0.0
        self.after, _ = self.gas.rupture(self.state, section, 1.0, 38.0)
        self.time_quiet_day()

    def _day(self, state, conditions) -> None:  # type: ignore[no-untyped-def]
        result = self.gas.run(
            state, self.schedule, conditions, self.demand, self.burn, self.burn, 0.25, 96, stop_when_short=False
        )
        assert result.solved and result.taken == 96

    def time_quiet_day(self) -> None:
        """96 steps of 15 minutes (target: 10 ms)."""
        self._day(self.state, self.conditions)

    def time_day_after_rupture(self) -> None:
        """The first day of a rupture of the southern trunk."""
        self._day(self.after, self.ruptured)

    def time_order(self) -> None:
        """One order of the dispatcher (a linear programme)."""
        self.gas.schedule(self.state, self.conditions, self.demand, self.burn, True)


class TwoWeeks:
    """Time that the gas network takes within two coupled weeks, both trajectories."""

    timeout = 300
    number = 1

    def setup(self) -> None:
        self.system, scenario = read_scenario("bbs_pipeline_rupture")
        policy = dataclasses.replace(scenario.policy, ac=AcMode.OFF, gas=GasMode.HYDRAULIC)
        horizon = dataclasses.replace(scenario.horizon, hours=sized(336, 8))
        self.scenario = dataclasses.replace(scenario, policy=policy, horizon=horizon)
        run(self.system, dataclasses.replace(self.scenario, horizon=dataclasses.replace(horizon, hours=7)))

    def track_gas_s(self) -> float:
        """Seconds inside the gas side of the coupling per trajectory (target: 0.3)."""
        from gridsim.engine import gas_side

        spent = 0.0
        kept = {}

        def timed(name):  # type: ignore[no-untyped-def]
            inner = kept[name]

            def wrapper(*args, **kwargs):  # type: ignore[no-untyped-def]
                nonlocal spent
                start = time.perf_counter()
                try:
                    return inner(*args, **kwargs)
                finally:
                    spent += time.perf_counter() - start

            return wrapper

        for name in ("__init__", "limits", "plan", "advance"):
            kept[name] = getattr(gas_side.PressureGas, name)
            setattr(gas_side.PressureGas, name, timed(name))
        try:
            run(self.system, self.scenario)
        finally:
            for name, inner in kept.items():
                setattr(gas_side.PressureGas, name, inner)
        return spent / 2.0

    track_gas_s.unit = "s"  # type: ignore[attr-defined]
