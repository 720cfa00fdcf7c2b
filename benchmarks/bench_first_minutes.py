"""The first minutes: a minute of swing with a split, cases of a screen, what they add to a run without surprises."""

from __future__ import annotations

import dataclasses
import time

import numpy as np

from benchmarks.common import network, sized
from gridsim.engine.run import run
from gridsim.io.read_scenario import read_scenario
from gridsim.model.scenario import FirstMinutesMode
from gridsim.solvers.automation_rules import Loss, rules_of
from gridsim.solvers.first_minutes import FirstMinutes
from gridsim.solvers.operating_point import base_point
from gridsim.solvers.screen_first_minutes import FirstMinutesCases, doubles_of


class Split:
    """Kazakhstan's winter peak, 1,500 MW lost in Uzbekistan: the transit opens, stages shed."""

    timeout = 120

    def setup(self) -> None:
        system = network("kazakhstan")
        self.minutes, self.rules = FirstMinutes(system, base_point(system), system.loss_share), rules_of(system)
        self.losses = (Loss(border="uzbekistan", mw=1500.0),)
        assert "out of step" in {operation.rule for operation in self._minute().operations}

    def _minute(self):  # type: ignore[no-untyped-def]
        return self.minutes.run(self.rules, self.losses)

    def track_cpu_ms_of_a_minute(self) -> float:
        """CPU time of 60 s at 10 ms, which it takes to the end (target: 30 ms)."""
        return median_cpu_ms(self._minute)

    def time_minute(self) -> None:
        self._minute()


class Trip(Split):
    """The largest machine is lost: nothing opens, and it stops when quiet."""

    def setup(self) -> None:
        system = network("kazakhstan")
        self.minutes, self.rules = FirstMinutes(system, base_point(system), system.loss_share), rules_of(system)
        largest = int(np.argmax(self.minutes.point.p_gen_mw))
        self.losses = (Loss(machines=(str(system.generators.name[largest]),)),)
        assert self._minute().ended == "quiet"

    def track_cpu_ms_of_a_minute(self) -> float:
        """CPU time until quiet (target: 20 ms)."""
        return median_cpu_ms(self._minute)


class Screen:
    """Pairs of Kazakhstan's screen."""

    timeout = 300

    def setup(self) -> None:
        system = network("kazakhstan")
        point = base_point(system)
        self.cases, parts = FirstMinutesCases(system, point), doubles_of(system, point)
        pick = np.random.default_rng(1).integers(0, len(parts), (sized(200, 3), 2))
        self.pairs = [(parts[one], parts[other]) for one, other in pick.tolist()]
        self.cases.course(self.pairs[0])

    def track_cpu_s_of_1000_cases(self) -> float:
        """CPU time of 1,000 random pairs, from 200 (target: 40 s on two cores, 80 s of CPU)."""
        began = time.process_time()
        for pair in self.pairs:
            self.cases.course(pair)
        return (time.process_time() - began) * 1000.0 / len(self.pairs)


class Quiet:
    """A day without sudden changes, first minutes on over off."""

    timeout = 300

    def track_cpu_percent(self) -> float:
        """CPU time added (target: 3 %), median of 9 pairs."""
        system, scenario = read_scenario("winter_peak_day")
        scenario = dataclasses.replace(scenario, events=())
        on = dataclasses.replace(scenario.policy, first_minutes=FirstMinutesMode.ON)
        both = [scenario, dataclasses.replace(scenario, policy=on)]
        ratios = []
        for _ in range(sized(9, 1)):
            spent = []
            for one in both:
                began = time.process_time()
                run(system, one)
                spent.append(time.process_time() - began)
            ratios.append(spent[1] / spent[0])
        return 100.0 * (float(np.median(ratios)) - 1.0)


def median_cpu_ms(call) -> float:  # type: ignore[no-untyped-def]
    """Median CPU time of nine calls."""
    spent = []
    for _ in range(sized(9, 1)):
        began = time.process_time()
        call()
        spent.append(time.process_time() - began)
    return 1e3 * float(np.median(spent))
