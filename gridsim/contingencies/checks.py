"""The door of a run: a scenario made in memory is held to what a file may say, before anything runs."""

from __future__ import annotations

from gridsim.contingencies.events import make_event, policy_problem
from gridsim.errors import InputError, Problem
from gridsim.model.arguments import instance_of
from gridsim.model.ranges_of_values import problem
from gridsim.model.scenario import Scenario
from gridsim.model.scenario_checks import event_faults, scenario_faults
from gridsim.model.system import GridSystem


def check_scenario(system: GridSystem, scenario: Scenario) -> Scenario:
    """The scenario, if ``system`` can run it; InputError with every problem otherwise."""
    instance_of("scenario", scenario, Scenario, "give one from read_scenario, or make a Scenario")
    problems = list(scenario_faults(scenario))
    if not any(one.column in ("horizon", "events", "policy", "policy.gas") for one in problems):
        problems += _events(system, scenario)
    if problems:
        raise InputError(set(problems))
    return scenario


def _events(system: GridSystem, scenario: Scenario) -> list[Problem]:
    """Problems of events whose values are sound by themselves: kinds, targets and bounds that the system decides."""
    problems = []
    for position, event in enumerate(scenario.events):
        place = f"events.{position}"
        if any(event_faults(event, place, scenario.horizon)):
            continue
        made = make_event(
            system,
            id=event.id,
            kind=event.kind,
            targets=event.targets,
            at_h=0.0 if event.depends_on is not None else event.at_h,
            magnitude=event.magnitude,
            duration_h=event.duration_h,
            repair=event.repair,
            probability=event.probability,
            depends_on=event.depends_on,
            gas=scenario.policy.gas,
            delay_s=event.delay_s,
            steps=event.steps,
        )
        idle = policy_problem(event, scenario.policy)
        faults = made if isinstance(made, tuple) else () if idle is None else (idle,)
        problems += [problem(f"{place}.{fault.key}", fault.value, fault.mend) for fault in faults]
    return problems
