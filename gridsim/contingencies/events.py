"""The one door for events: scenario files, scripts, random failures and automation all make them here.

:func:`make_event` gives an Event or every problem with what was requested: an unknown kind or target, an element that
the network has out of service, a magnitude outside the kind's bounds, an event that would change nothing, a condition
on a quantity that the network does not have. A problem names the key that is wrong, never a file.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.contingencies.effects import loads_of
from gridsim.errors import nearest
from gridsim.model.groups import element_names, has_element, in_service, is_whole, opened
from gridsim.model.power import (
    FIRST_MINUTES_ACTIONS,
    FIRST_MINUTES_QUANTITIES,
    OVERLOAD_RELAY,
    VOLTAGE_ACTIONS,
    VOLTAGE_QUANTITY,
)
from gridsim.model.scenario import (
    QUANTITIES_OF_ALL,
    QUANTITY_TABLES,
    Automation,
    Change,
    Condition,
    Dependence,
    Event,
    FirstMinutesMode,
    GasMode,
    Kind,
    Policy,
    Primitive,
    Quantity,
    Repair,
    Target,
    kinds,
)
from gridsim.model.system import GridSystem

ALL = Target("all", "all")
LATEST_S, MOST_STEPS = 300.0, 20
_TAKES_SERVICE = (Primitive.OUTAGE, Primitive.DERATE)
_TAKES_SHARE = (*_TAKES_SERVICE, Primitive.LIMIT)
_MAGNITUDE_WORDS = {
    "share": "a share",
    "factor": "a factor on the profile",
    "min": "a number of minutes",
    "K": "a number of kelvin",
}


class EventProblem(NamedTuple):
    """Problem of an event: ``key`` as in a scenario file (dotted), the value with what is wrong, the mend."""

    key: str
    value: str
    mend: str

    def __str__(self) -> str:
        return f"{self.key}: {self.value}; {self.mend}"


class Default(Enum):
    """Stands for what the table of kinds says."""

    DURATION = "duration_h"


def make_event(
    system: GridSystem,
    *,
    id: str,
    kind: str,
    targets: Sequence[str | Target],
    at_h: float,
    magnitude: float | None = None,
    duration_h: float | Default | None = Default.DURATION,
    repair: Repair | None = None,
    probability: float = 1.0,
    depends_on: Dependence | None = None,
    gas: GasMode = GasMode.HYDRAULIC,
    delay_s: float | None = None,
    steps: int | None = None,
) -> Event | tuple[EventProblem, ...]:
    """An event of ``kind`` on ``targets`` of ``system``, or every problem with it.

    ``targets``: names, looked up in the kind's tables in their order, or Targets where the table is known; ``all`` for
    everything the kind can act on. ``magnitude`` None: the kind's own. ``duration_h`` None: to the end of the horizon,
    left out: the kind's own, or the time of ``repair``. ``gas``: how the run moves gas; a balance has no pressures.
    ``delay_s``, ``steps`` None: the kind's own.
    """
    row = kinds().get(kind)
    if row is None:
        return (EventProblem("kind", f"'{kind}' is not a kind of event", nearest(kind, kinds())),)
    problems: list[EventProblem] = []
    found = _found_targets(system, row, targets, problems)
    size = row.magnitude if magnitude is None else magnitude
    problems += _target_problems(system, row, found)
    problems += _magnitude_problems(row, found, size)
    problems += _time_problems(at_h, duration_h, repair, probability)
    problems += _seconds_problems(row, delay_s, steps)
    for condition in depends_on.conditions if depends_on is not None else ():
        problems += _condition_problems(system, condition, gas)
    if problems:
        return tuple(problems)
    if isinstance(duration_h, Default):
        duration_h = None if repair is not None else row.duration_h
    return Event(
        id=id,
        kind=row.kind,
        at_h=at_h,
        targets=found,
        magnitude=float(size),
        duration_h=duration_h,
        repair=repair,
        probability=probability,
        depends_on=depends_on,
        delay_s=float((row.delay_s or 0.0) if delay_s is None else delay_s),
        steps=int((row.steps or 1) if steps is None else steps),
    )


def policy_problem(event: Event, policy: Policy) -> EventProblem | None:
    """Problem of an event on rules that the ``policy`` does not arm, or in seconds that it does not look at."""
    kind, seconds = kinds().get(event.kind), event.delay_s * event.steps
    if policy.first_minutes is not FirstMinutesMode.OFF and seconds > policy.first_minutes_s:
        value = f"{seconds:g} s after its moment, and policy.first_minutes_s is {policy.first_minutes_s:g}"
        return EventProblem("delay_s", value, "set a longer first_minutes_s, or give the event a moment of its own")
    if kind is None or kind.targets != ("automation",) or policy.first_minutes is not FirstMinutesMode.OFF:
        return None
    if policy.automation is Automation.RELAYS and Change.RULE_FAILS in kind.quantities:
        return None
    value = f"'{event.kind}' does nothing: policy.first_minutes is off"
    return EventProblem("kind", value, "set policy.first_minutes: on, or leave the event out")


def default_kind(table: str, *primitives: Primitive) -> str:
    """The kind that is meant where only one of the ``primitives`` and the ``table`` it acts on are known."""
    found = [kind.kind for kind in kinds().values() if kind.primitive in primitives and table in kind.default_of]
    assert len(found) == 1, f"{table}: {found} in column default_of for {[str(p) for p in primitives]}, not one kind"
    return found[0]


def default_tables(*primitives: Primitive) -> list[str]:
    """Tables, sorted, whose elements one of the ``primitives`` can act on without a kind being named."""
    return sorted({table for kind in kinds().values() if kind.primitive in primitives for table in kind.default_of})


# Targets


def _found_targets(
    system: GridSystem, kind: Kind, targets: Iterable[str | Target], problems: list[EventProblem]
) -> tuple[Target, ...]:
    """Targets that exist, each once; a problem for every other."""
    found: dict[Target, None] = {}
    given = tuple(targets)
    if not given:
        problems.append(EventProblem("target", "an empty list", "name at least one element"))
    for one in given:
        target = _found_target(system, kind, one)
        if target is not None:
            found[target] = None
            continue
        name = one.name if isinstance(one, Target) else str(one)
        candidates = [other for table in kind.tables for other in element_names(system, table)]
        where = f"{' or '.join(kind.targets)} of {system.name}"
        problems.append(EventProblem("target", f"'{name}' is not in {where}", nearest(name, candidates)))
    return tuple(found)


def _found_target(system: GridSystem, kind: Kind, one: str | Target) -> Target | None:
    if isinstance(one, Target):
        known = one == ALL or (one.table in kind.tables and has_element(system, one.table, one.name))
        return one if known and one.table in kind.targets else None
    if one == ALL.name and ALL.table in kind.targets:
        return ALL
    table = next((table for table in kind.tables if has_element(system, table, str(one))), None)
    return None if table is None else Target(table, str(one))


def _target_problems(system: GridSystem, kind: Kind, targets: tuple[Target, ...]) -> list[EventProblem]:
    """Targets that the network has out of service, or on which the kind would change nothing."""
    mend = "leave the event out, or complete the network"
    if kind.targets == ("automation",):
        return _rule_problems(system, kind, targets)
    if kind.primitive in (Primitive.WEATHER, Primitive.POLICY):
        lacking = [_FELT[quantity] for quantity in kind.quantities]
        if not targets or any(there(system) for there, _ in lacking):
            return []
        what = " and ".join(name for _, name in lacking)
        return [EventProblem("kind", f"'{kind.kind}' does nothing: {system.name} has no {what}", mend)]
    problems = []
    for target in targets:
        parts = opened(system, [target], kind.targets)
        if not parts:
            value = f"'{target.name}' is nothing: {system.name} has no {' and no '.join(kind.tables)}"
            problems.append(EventProblem("target", value, mend))
        elif kind.primitive in _TAKES_SERVICE and not any(in_service(system, part) for part in parts):
            value = f"'{target.name}' is out of service in {system.name}"
            problems.append(EventProblem("target", value, "it cannot go out twice: name an element in service"))
        else:
            inert = _inert(system, kind, target, parts)
            if inert:
                problems.append(EventProblem("target", f"'{target.name}' has no {inert}: nothing would change", mend))
    return problems


def _inert(system: GridSystem, kind: Kind, target: Target, parts: tuple[Target, ...]) -> str:
    """Missing object of a demand or stock kind at ``target``; empty if it acts."""
    if kind.primitive is Primitive.STOCK:
        links = system.gas_to_power
        holds = (links.backup_fuel != "none") & (links.backup_capacity_share > 0)
        hit = np.isin(links.plant, [part.name for part in parts])
        return "" if (holds & hit).any() else "backup fuel"
    if kind.primitive is not Primitive.DEMAND:
        return ""
    if Change.ABROAD_MW in kind.quantities:
        return "" if any(in_service(system, part) for part in parts) else "border in service"
    if Change.GAS_DEMAND_RISE in kind.quantities:
        return "" if any(in_service(system, part) for part in parts) else "gas demand in service"
    loads = system.loads
    hit = loads_of(system, target.table, target.name)
    return "" if (hit & loads.in_service & (loads.p_mw != 0)).any() else "demand in service"


def _rule_problems(system: GridSystem, kind: Kind, targets: tuple[Target, ...]) -> list[EventProblem]:
    """Rules that are notes only, and relays of every branch, of which none can be said to act wrongly."""
    rules, problems = system.automation, []
    for target in targets:
        row = rules.position(target.name)
        quantity, action = str(rules.quantity[row]), str(rules.action[row])
        relay = (quantity, action) == OVERLOAD_RELAY
        of_voltage = quantity == VOLTAGE_QUANTITY and action in VOLTAGE_ACTIONS
        seconds = quantity in FIRST_MINUTES_QUANTITIES and action in FIRST_MINUTES_ACTIONS
        if not (relay or of_voltage or seconds):
            what = f"'{target.name}' never acts: {action or 'no action'} on {quantity} is not modelled"
            problems.append(EventProblem("target", what, "name a rule that acts"))
        elif relay and Change.RULE_OPERATES in kind.quantities:
            what = f"'{target.name}' is a relay: acting wrongly it is a line_outage of the branch"
            problems.append(EventProblem("target", what, "name a rule of a frequency or a section"))
        elif of_voltage and Change.RULE_OPERATES in kind.quantities:
            what = f"'{target.name}' is a rule of voltages: acting wrongly it is an outage of what it opens or cuts"
            problems.append(EventProblem("target", what, "name a rule of a frequency or a section"))
    return problems


def _has_machine(system: GridSystem, fuel: str) -> bool:
    return bool(((system.generators.fuel == fuel) & system.generators.in_service).any())


# What a network must have for a change of weather or policy to be felt, and its name.
_FELT: Mapping[Change, tuple[Callable[[GridSystem], bool], str]] = {
    Change.TEMPERATURE_K: (lambda system: len(system.weather_sites) > 0, "weather sites"),
    Change.WIND_FACTOR: (lambda system: _has_machine(system, "wind"), "wind machines in service"),
    Change.SOLAR_FACTOR: (lambda system: _has_machine(system, "solar"), "solar machines in service"),
    Change.IMPORTS: (lambda system: bool(system.borders.in_service.any()), "borders in service"),
    Change.OPERATOR_BLIND_MINUTES: (lambda system: True, "operator"),
}


# Numbers


def _magnitude_problems(kind: Kind, targets: tuple[Target, ...], magnitude: object) -> list[EventProblem]:
    try:
        size = float(magnitude)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        size = math.nan
    if not math.isfinite(size):
        return [EventProblem("magnitude", f"{magnitude!r} is not a finite number", f"by default {kind.magnitude:g}")]
    if kind.primitive in _TAKES_SHARE and size != 1 and any(is_whole(target.table) for target in targets):
        value = f"{size:g} of a circuit, busbar or station"
        return [EventProblem("magnitude", value, "it is in or out: leave it out")]
    if size not in kind.bounds:
        what = f"{_MAGNITUDE_WORDS.get(kind.magnitude_unit, kind.magnitude_unit)} {kind.bounds}"
        mend = f"give {what}, by default {kind.magnitude:g}"
        return [EventProblem("magnitude", f"{size:g} is not {what}", mend)]
    return []


def _time_problems(
    at_h: float, duration_h: float | Default | None, repair: Repair | None, probability: float
) -> list[EventProblem]:
    problems = []
    if not (math.isfinite(at_h) and at_h >= 0):
        problems.append(EventProblem("at", f"{at_h:g} h is not a time", "give hours >= 0 after the start"))
    if repair is not None and isinstance(duration_h, int | float):
        problems.append(
            EventProblem("duration", f"{duration_h:g} h beside repair", "give either a duration or a repair time")
        )
    if isinstance(duration_h, int | float) and not (math.isfinite(duration_h) and duration_h > 0):
        problems.append(EventProblem("duration", f"{duration_h:g} h is not > 0", "give a length of time"))
    if repair is not None and not (math.isfinite(repair.mean_h) and repair.mean_h > 0):
        problems.append(EventProblem("repair.mean_h", f"{repair.mean_h:g} h is not > 0", "give a length of time"))
    if not 0 <= probability <= 1:
        problems.append(EventProblem("probability", f"{probability:g} is not in [0, 1]", "give a probability"))
    return problems


def _seconds_problems(kind: Kind, delay_s: float | None, steps: int | None) -> list[EventProblem]:
    problems = []
    if delay_s and kind.delay_s is None:
        what = f"{delay_s:g} s for {kind.kind}, which acts at its moment"
        problems.append(EventProblem("delay_s", what, "leave it out"))
    elif delay_s is not None and not 0 <= delay_s <= LATEST_S:
        problems.append(EventProblem("delay_s", f"{delay_s:g} s is not in [0, {LATEST_S:g}]", "give seconds"))
    if steps not in (None, 1) and kind.steps is None:
        problems.append(EventProblem("steps", f"{steps} for {kind.kind}, which acts once", "leave it out"))
    elif steps is not None and not 1 <= steps <= MOST_STEPS:
        problems.append(EventProblem("steps", f"{steps} is not in [1, {MOST_STEPS}]", "give a number of losses"))
    elif (
        not problems
        and (steps or kind.steps or 1) * ((delay_s if delay_s is not None else kind.delay_s) or 0) > LATEST_S
    ):
        what = f"the last of {steps or kind.steps} losses comes after {LATEST_S:g} s"
        problems.append(EventProblem("delay_s", what, "give less time between them, or events of their own"))
    return problems


# Conditions


def _condition_problems(system: GridSystem, condition: Condition, gas: GasMode) -> list[EventProblem]:
    quantity, of, key = condition.quantity, condition.of, "depends_on.only_if"
    table = QUANTITY_TABLES[quantity]
    names = element_names(system, table)
    problems = []
    if not of and quantity not in QUANTITIES_OF_ALL:
        problems.append(EventProblem(f"{key}.of", f"missing for {quantity}", nearest("", names)))
    elif of and of not in names:
        problems.append(EventProblem(f"{key}.of", f"'{of}' is not in {table} of {system.name}", nearest(of, names)))
    else:
        never = _never_known(system, condition, gas)
        problems += [
            EventProblem(f"{key}.quantity", f"'{quantity}' is never known: {why}", mend) for why, mend in never
        ]
    if condition.below is None and condition.above is None:
        problems.append(EventProblem(key, f"no bound for {quantity}", "give below or above"))
    return problems


def _never_known(system: GridSystem, condition: Condition, gas: GasMode) -> list[tuple[str, str]]:
    """Why the quantity of a condition on an element that exists is never known, with the mend; empty if it is."""
    quantity = condition.quantity
    mend = "ask for another quantity, or complete the network"
    if not element_names(system, QUANTITY_TABLES[quantity]):
        return [(f"{system.name} has no {QUANTITY_TABLES[quantity]}", mend)]
    if quantity is Quantity.PRESSURE_BAR and gas is GasMode.BALANCE:
        return [("policy.gas: balance has no pressures", "set policy.gas: hydraulic, or ask for linepack_mcm")]
    if quantity is Quantity.TEMPERATURE_C and not condition.of and not _counts_in_mean_temperature(system).any():
        return [(f"no load of {system.name} is at a bus with a weather site", "name a weather site in of")]
    return []


def _counts_in_mean_temperature(system: GridSystem) -> NDArray[np.bool_]:
    """(n_loads,) True for loads that count in the mean temperature."""
    return np.asarray(system.buses.weather_site[system.loads.bus] >= 0)
