"""Types and ranges of a scenario made in memory: those of a file's keys, every problem at once under the file's names.

What depends on the system, such as targets that exist, is checked where events are made (``contingencies.checks``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from gridsim.errors import Problem, nearest
from gridsim.model.design_events import design_faults
from gridsim.model.gas_order import order_problem
from gridsim.model.ranges_of_values import (
    Number,
    Rules,
    Text,
    Truth,
    attribute_faults,
    one_of,
    problem,
    record_faults,
    shown,
    time_faults,
)
from gridsim.model.scenario import (
    LEAST_EFFECT,
    AcMode,
    Automation,
    Condition,
    Dependence,
    Event,
    FirstMinutesMode,
    GasMode,
    Horizon,
    Imports,
    PlanningDay,
    Policy,
    Quantity,
    Repair,
    Scenario,
    Target,
    WeatherFile,
    WeatherSeries,
    WeatherYearChoice,
)
from gridsim.model.script import Script

_LONGEST_H = 87_840.0


POLICY: Rules = {
    "imports": ("imports", one_of(Imports)),
    "ac": ("ac", one_of(AcMode)),
    "operator_delay_minutes": ("operator_delay_minutes", Number("give minutes", 1, 240)),
    "automation": ("automation", one_of(Automation)),
    "first_minutes": ("first_minutes", one_of(FirstMinutesMode)),
    "gas": ("gas", one_of(GasMode)),
    "first_minutes_s": ("first_minutes_s", Number("give seconds", 10, 300)),
    "least_effect": ("least_effect", Number("give least effect of redispatch on a limit", *LEAST_EFFECT)),
}
EVENT: Rules = {
    "id": ("id", Text("give unique name within the scenario")),
    "kind": ("kind", Text("give a kind of `gridsim list kinds`")),
    "magnitude": ("magnitude", Number("give size in the kind's unit", -100_000, 100_000)),
    "duration_h": ("duration", Number("give hours, or None", 0, _LONGEST_H, low_open=True, optional=True)),
    "probability": ("probability", Number("give chance that it happens in a replicate", 0, 1)),
    "delay_s": ("delay_s", Number("give seconds", 0, 300)),
    "steps": ("steps", Number("give number of losses", 1, 20, whole=True)),
}
REPAIR: Rules = {
    "distribution": ("distribution", Text(choices=("exponential", "lognormal", "constant"))),
    "mean_h": ("mean_h", Number("give mean time to repair in h", 0.001, _LONGEST_H)),
    "sigma": ("sigma", Number("give standard deviation of the logarithm (lognormal)", 0, 3)),
}
DEPENDENCE: Rules = {
    "event": ("event", Text("give `id` of the event it follows")),
    "on_end": ("when", Truth("give on_end True or False")),
    "delay_h": ("delay", Number("give hours", 0, _LONGEST_H)),
}
CONDITION: Rules = {
    "quantity": ("quantity", one_of(Quantity)),
    "of": ("of", Text("give the name of a place, or leave empty")),
    "below": ("below", Number("give a bound, or None", -1_000_000, 1_000_000, optional=True)),
    "above": ("above", Number("give a bound, or None", -1_000_000, 1_000_000, optional=True)),
}
YEAR: Rules = {
    "seed": ("year_seed", Number("give seed of a generated weather year", 0, 2**63, high_open=True, whole=True)),
    "year": ("year", Number("give number of the generated year", 0, 2**31, high_open=True, whole=True)),
    "year_per_replicate": ("year_per_replicate", Truth()),
}
FILE_OF_WEATHER: Rules = {
    "temperature_anomaly_k": ("temperature_anomaly_k", Number("give departure from the normal temperature", -50, 50)),
    "wind_factor": ("wind_factor", Number("give factor on wind profiles", 0, 10)),
    "solar_factor": ("solar_factor", Number("give factor on solar profiles", 0, 10)),
}
SERIES: Rules = {
    "temperature_c": ("temperature_c", Number("give temperature in C, or NaN", -80, 60)),
    "capacity_factor": ("capacity_factor", Number("give capacity factor, or NaN", 0, 1)),
    "load_mw": ("load_mw", Number("give load in MW, or NaN", 0, 100_000)),
    "inflow_m3_s": ("inflow_m3_s", Number("give inflow in m3/s, or NaN", 0, 1_000_000)),
}


def _gas_order_faults(policy: object) -> Iterator[Problem]:
    """The fault of the order in which gas classes are cut, if it has one."""
    order = policy.gas_order if isinstance(policy, Policy) else ()
    if not isinstance(order, tuple | list):
        yield problem("policy.gas_order", f"{shown(order)} is not a tuple of gas classes", "give a tuple of names")
    elif fault := order_problem(order):
        yield problem("policy.gas_order", fault, "name classes of docs/gas.md, each once")


def scenario_faults(scenario: Scenario) -> Iterator[Problem]:
    """Every value of ``scenario`` that no file could hold, whatever the system."""
    yield from attribute_faults(scenario, "name", Text("give a name"), "name")
    yield from attribute_faults(scenario, "network", Text("give bundled name or folder of the network"), "network")
    if not isinstance(scenario.horizon, Horizon):
        yield problem("horizon", f"{shown(scenario.horizon)} is not a Horizon", "give gridsim.Horizon(start, hours)")
        return
    yield from record_faults(scenario.policy, Policy, POLICY, "policy")
    yield from _gas_order_faults(scenario.policy)
    yield from weather_faults(scenario)
    events = scenario.events
    if not isinstance(events, tuple | list):
        yield problem("events", f"{shown(events)} is not a tuple of Event", "give a tuple of gridsim.Event")
        return
    ids = [event.id if isinstance(event, Event) else None for event in events]
    for position, event in enumerate(events):
        yield from event_faults(event, f"events.{position}", scenario.horizon)
        if isinstance(event, Event) and isinstance(event.id, str) and event.id in ids[:position]:
            yield problem(f"events.{position}.id", f"'{event.id}' stands in an earlier event", "ids are unique")
    yield from _order_faults(events)
    for script in scenario.scripts:
        if not isinstance(script, Script):
            yield problem("scripts", f"{shown(script)} is not a Script", "decorate it with @gridsim.contingency")


def event_faults(event: Event, place: str, horizon: Horizon) -> Iterator[Problem]:
    """Faults of one event by itself."""
    if not isinstance(event, Event):
        yield problem(place, f"{shown(event)} is not an Event", "give a gridsim.Event")
        return
    yield from record_faults(event, Event, EVENT, place)
    if event.depends_on is None:
        yield from time_faults(event.at_h, f"{place}.at", horizon)
    else:
        yield from record_faults(event.depends_on, Dependence, DEPENDENCE, f"{place}.depends_on")
        for condition in getattr(event.depends_on, "conditions", ()):
            yield from record_faults(condition, Condition, CONDITION, f"{place}.depends_on.only_if")
    if event.repair is not None:
        yield from record_faults(event.repair, Repair, REPAIR, f"{place}.repair")
    targets = event.targets
    if not isinstance(targets, tuple | list):
        yield problem(f"{place}.target", f"{shown(targets)} is not a tuple of Target", "give a tuple of Target")
        return
    for target in targets:
        if not isinstance(target, Target) or not (isinstance(target.table, str) and isinstance(target.name, str)):
            yield problem(f"{place}.target", f"{shown(target)} is not a Target", "give Target(table, name)")


def weather_faults(scenario: Scenario) -> Iterator[Problem]:
    """Faults of the weather of a scenario."""
    weather = scenario.weather
    if isinstance(weather, WeatherFile):
        for attribute, (key, rule) in FILE_OF_WEATHER.items():
            values = getattr(weather, attribute)
            if not len(values):
                yield problem(f"weather.{key}", "no hours", "give a value for every hour from the start")
            fault = next((found for value in values if (found := rule.fault(value))), "")
            if fault:
                yield problem(f"weather.{key}", fault, rule.mend)
    elif isinstance(weather, WeatherSeries):
        for attribute, (key, rule) in SERIES.items():
            values = np.asarray(getattr(weather, attribute))
            given = values[~np.isnan(values)]
            fault = next((rule.fault(float(value)) for value in (given.min(), given.max())
                          if rule.fault(float(value))), "") if given.size else ""  # fmt: skip
            if fault:
                yield problem(f"weather.{key}", fault, rule.mend)
    elif isinstance(weather, WeatherYearChoice):
        yield from record_faults(weather, WeatherYearChoice, YEAR, "weather")
        for position, event in enumerate(weather.events):
            yield from design_faults(event, f"weather.design_event.{position}", scenario.horizon)
    elif isinstance(weather, PlanningDay):
        yield from attribute_faults(weather, "number", Number("give number", 0, 2**31, whole=True), "weather.number")
    elif weather is not None:
        yield problem("weather", f"{shown(weather)} is no weather", "give a WeatherYearChoice, or None")


def _order_faults(events: Iterable[Event]) -> Iterator[Problem]:
    """Events that follow one which is not there, or themselves however far round."""
    follows = {
        event.id: event.depends_on.event if isinstance(event.depends_on, Dependence) else None
        for event in events
        if isinstance(event, Event) and isinstance(event.id, str)
    }
    for position, (name, before) in enumerate(follows.items()):
        place = f"events.{position}.depends_on.event"
        if not isinstance(before, str):
            continue
        if before not in follows:
            yield problem(place, f"'{before}' is not an event of this scenario", nearest(before, follows))
            continue
        seen = [name]
        step: str | None = before
        while step is not None and step not in seen:
            seen.append(step)
            step = follows.get(step)
        if step == name:
            yield problem(place, f"'{name}' waits for itself", "break the circle")
