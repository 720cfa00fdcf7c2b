"""Screening of the first minutes: losses taken through the swing, singles all, doubles by a cheap ranking.

Doubles are pairs of the largest machine of each plant, interfaces and corridors. Each of these is taken through the
swing alone; a pair is ranked by what the two runs add up to (lowest frequency, flows over limits of interfaces, load
shed), and the first ones are simulated. The ranking sorts, it never decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from gridsim.model.system import GridSystem
from gridsim.model.table import B1, F8
from gridsim.solvers.automation_rules import Loss, Rule, rules_of
from gridsim.solvers.first_minutes import FirstMinutes, FirstMinutesResult
from gridsim.solvers.operating_point import OperatingPoint
from gridsim.solvers.screen_outages import Outage, OutageKind, lost_by, outages_of_kind, single, usual_outages

MOST_DOUBLES = 1000
_FIRST_STAGE_HZ = 0.8  # below nominal, about where load shedding begins: the unit of the ranking's frequency


class Course(NamedTuple):
    """The outcome of one case. ``lowest_hz`` of areas inside that live, with its area; ``opened``: interfaces."""

    kind: str
    name: str
    lowest_hz: float
    lowest_area: str
    shed_mw: float
    opened: tuple[str, ...]
    dead: tuple[str, ...]
    operations: int
    ended: str


class FirstMinutesScreen(NamedTuple):
    """Cases worst first. ``n_doubles``: pairs there are; ``n_left``: of them not simulated, in ``left`` (pairs)."""

    courses: list[Course]
    n_singles: int
    n_doubles: int
    n_left: int
    left: list[tuple[Outage, Outage]]


class Reach(NamedTuple):
    """The reach of a loss alone: Hz below nominal, change of flow (n_interfaces,) at its widest, MW shed."""

    dip_hz: float
    flow_mw: F8
    shed_mw: float


class FirstMinutesCases:
    """A network at an operating point, its rules, and losses taken through the swing one after the other."""

    def __init__(self, system: GridSystem, point: OperatingPoint, rules: tuple[Rule, ...] | None = None):
        self.system, self.point = system, point
        self.minutes = FirstMinutes(system, point, system.loss_share)
        self._rules = rules_of(system) if rules is None else rules
        inside = np.zeros(len(self.minutes.areas.names), dtype=bool)
        inside[self.minutes.areas.bus[system.buses.zone >= 0]] = True
        self._inside: B1 = inside

    def losses(self, outages: Sequence[Outage]) -> tuple[Loss, ...]:
        """The losses that outages make of the operating point, at once."""
        system, point = self.system, self.point
        found: list[Loss] = []
        branches: set[str] = set()
        for outage in outages:
            lost = lost_by(system, outage)
            branches |= set(system.branch_name[lost.branches].tolist())
            running = [gen for gen in lost.generators.tolist() if point.p_gen_mw[gen] > 0]
            found += [Loss(machines=(str(system.generators.name[gen]),)) for gen in running]
            bought = [border for border in lost.borders.tolist() if point.p_border_mw[border] > 0]
            found += [Loss(border=str(system.borders.name[b]), mw=float(point.p_border_mw[b])) for b in bought]
        return (*found, Loss(branches=tuple(sorted(branches)))) if branches else tuple(found)

    def run(self, outages: Sequence[Outage]) -> FirstMinutesResult:
        """The course of losing ``outages`` together."""
        return self.minutes.run(self._rules, self.losses(outages))

    def course(self, outages: Sequence[Outage]) -> Course:
        """The same for a table."""
        return self.told(outages, self.run(outages))

    def told(self, outages: Sequence[Outage], result: FirstMinutesResult) -> Course:
        """The case of losing ``outages`` as ``result`` has it, of the areas inside."""
        system = self.system
        names = np.array(result.areas)
        lives = np.where(self._inside & result.alive, result.lowest_hz, np.inf)
        at = int(np.argmin(lives))
        members = system.interface_members
        own = {name for loss in self.losses(outages) for name in loss.branches}
        by_rules = [branch for branch in result.opened.tolist() if str(system.branch_name[branch]) not in own]
        opened = np.unique(members.interface[np.isin(members.branch, by_rules)])
        return Course(
            kind=" + ".join(str(outage.kind) for outage in outages),
            name=" + ".join(outage.name for outage in outages),
            lowest_hz=float(lives[at]) if np.isfinite(lives[at]) else float("nan"),
            lowest_area=result.areas[at],
            shed_mw=float(result.shed_mw[self._inside].sum()),
            opened=tuple(system.interfaces.name[opened].tolist()),
            dead=tuple(names[self._inside & ~result.alive].tolist()),
            operations=sum(operation.rule != "event" for operation in result.operations),
            ended=result.ended if not result.culprit else f"operations: {result.culprit}",
        )

    def reach(self, result: FirstMinutesResult) -> Reach:
        """The reach of one loss."""
        moved = result.flow_mw - result.flow_mw[0]
        widest = moved[np.abs(moved).argmax(axis=0), np.arange(moved.shape[1])]
        lives = self._inside & result.alive
        dip_hz = self.system.f_hz - float(result.lowest_hz[lives].min()) if lives.any() else np.inf
        return Reach(dip_hz, widest, float(result.shed_mw[self._inside].sum()))


def doubles_of(system: GridSystem, point: OperatingPoint) -> list[Outage]:
    """Parts lost in pairs: the largest running machine of each plant, interfaces, corridors."""
    gens = system.generators
    largest: dict[str, int] = {}
    for gen in np.argsort(-point.p_gen_mw, kind="stable").tolist():
        if point.p_gen_mw[gen] > 0:
            largest.setdefault(str(gens.plant[gen]) or str(gens.name[gen]), gen)
    found = [single(system, OutageKind.GENERATOR, gen) for gen in sorted(largest.values())]
    for kind in (OutageKind.SECTION, OutageKind.CORRIDOR):
        found += outages_of_kind(system, point, kind)
    return found


def screen_first_minutes(
    system: GridSystem,
    point: OperatingPoint,
    *,
    outages: Sequence[Outage] | None = None,
    most_doubles: int = MOST_DOUBLES,
) -> FirstMinutesScreen:
    """Every single loss, and the first ``most_doubles`` pairs; ``outages``: these alone, and no pairs."""
    cases = FirstMinutesCases(system, point)
    if outages is not None:
        courses = [cases.course((outage,)) for outage in outages]
        return FirstMinutesScreen(_worst_first(courses), len(courses), 0, 0, [])
    singles = usual_outages(system, point)
    courses = [cases.course((outage,)) for outage in singles]
    parts = doubles_of(system, point)
    pairs = _ranked(cases, parts)
    courses += [cases.course(pair) for pair in pairs[:most_doubles]]
    left = pairs[most_doubles:]
    return FirstMinutesScreen(_worst_first(courses), len(singles), len(pairs), len(left), left)


def _ranked(cases: FirstMinutesCases, parts: list[Outage]) -> list[tuple[Outage, Outage]]:
    """All pairs of ``parts``, those first that the runs of each alone say most about."""
    reaches = [cases.reach(cases.run((part,))) for part in parts]
    n_interfaces = len(cases.system.interfaces)
    dip_hz = np.array([reach.dip_hz for reach in reaches])
    shed_mw = np.array([reach.shed_mw for reach in reaches])
    flow_mw = np.array([reach.flow_mw for reach in reaches]).reshape(len(parts), n_interfaces)
    one, other = np.triu_indices(len(parts), 1)
    before_mw = cases.minutes.dispatch_flows_mw()
    limit_mw = _limits_mw(cases.system)
    over = np.zeros(len(one))
    for interface in np.flatnonzero(np.isfinite(limit_mw) & (limit_mw > 0)).tolist():
        flow = before_mw[interface] + flow_mw[one, interface] + flow_mw[other, interface]
        over = np.maximum(over, np.abs(flow) / limit_mw[interface])
    score = (dip_hz[one] + dip_hz[other]) / _FIRST_STAGE_HZ + over + (shed_mw[one] + shed_mw[other]) / 100.0
    order = np.argsort(-score, kind="stable")
    return [(parts[one[pair]], parts[other[pair]]) for pair in order.tolist()]


def _limits_mw(system: GridSystem) -> F8:
    """(n_interfaces,) normal limit with all lines, the smaller direction; inf where there is none."""
    limits, found = system.interface_limits, np.full(len(system.interfaces), np.inf)
    whole = limits.lines_out == 0
    np.minimum.at(found, limits.interface[whole], limits.normal_mw[whole])
    return found


def _worst_first(courses: list[Course]) -> list[Course]:
    return sorted(courses, key=lambda course: (-round(course.shed_mw, 6), course.lowest_hz, course.name))
