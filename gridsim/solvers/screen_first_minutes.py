"""Screening of the first minutes: losses taken through the swing, singles all, doubles by a cheap ranking.

Doubles are pairs of the largest machine of each plant, interfaces and corridors. Each of these is taken through the
swing alone. Pairs with a loss that sheds by itself are told by that loss; the others are ranked by
:mod:`gridsim.solvers.pair_ranking`, the first ones simulated, and of what is left a number drawn at random: the ranking
sorts, it never decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from gridsim.model.system import GridSystem
from gridsim.model.table import B1, F8, I4
from gridsim.solvers.automation_rules import Loss, Rule, rules_of
from gridsim.solvers.first_minutes import FirstMinutes, FirstMinutesResult
from gridsim.solvers.operating_point import OperatingPoint
from gridsim.solvers.pair_ranking import FOLLOWS, SHEDS_MW, Reach, pair_scores, reach_of, triggers_mw
from gridsim.solvers.participation import branch_status
from gridsim.solvers.screen_outages import Outage, OutageKind, lost_by, outages_of_kind, single, usual_outages
from gridsim.solvers.separation import pull_out_mw, static_limits_mw

MOST_DOUBLES = 1000
N_DRAWN = 300  # of the pairs that are left
_SEED = 20


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


class SectionFlow(NamedTuple):
    """A section before any loss: flow, pull-out and the nearest trigger of automation in the flow's direction.

    Infinite: stability does not limit it, no rule watches it.
    """

    name: str
    flow_mw: float
    static_mw: float
    trigger_mw: float


class FirstMinutesScreen(NamedTuple):
    """Cases worst first.

    n_doubles : pairs there are ; n_told : of them not simulated, with a loss that sheds alone (``shed_alone``, names):
    they count as shedding ; told_drawn : some of these, simulated, each with what the worse of its two sheds alone
    left : the pairs left out, whose losses shed nothing alone, as ranked ; drawn : some of these, simulated
    sections : before any loss ; over_limit : the point stands beyond a static limit
    """

    courses: list[Course]
    n_singles: int
    sections: list[SectionFlow]
    over_limit: bool
    n_doubles: int = 0
    n_told: int = 0
    shed_alone: tuple[str, ...] = ()
    told_drawn: tuple[tuple[Course, float], ...] = ()
    left: tuple[tuple[Outage, Outage], ...] = ()
    drawn: tuple[Course, ...] = ()

    @property
    def n_left(self) -> int:
        """Pairs not simulated."""
        return self.n_told + len(self.left)


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

    def reach(self, outages: Sequence[Outage]) -> Reach:
        """The reach of losing ``outages`` together."""
        return reach_of(self.minutes, self.losses(outages), self.run(outages), self._inside)

    def scores(self, reaches: Sequence[Reach], one: I4, other: I4) -> F8:
        """(n_pairs,) how near automation pairs of ``reaches`` come."""
        return pair_scores(self.minutes, self._rules, reaches, (one, other), self._inside)

    def sections(self) -> list[SectionFlow]:
        """Sections before any loss, the nearest to what acts first."""
        system, minutes = self.system, self.minutes
        works = branch_status(system, self.point.branch_out)
        static_mw = static_limits_mw(system, works, minutes.margin)
        r = minutes.reduction
        rows = zip(r.flow_pair, r.apart, strict=True)
        pulled = np.array([pull_out_mw(r.coupling_mw, r.stretch, pair, apart) for pair, apart in rows])
        beside = np.isfinite(static_mw) & (pulled > FOLLOWS * static_mw)  # a stronger one, of which it has its share
        static_mw = np.where(beside, pulled, static_mw)
        forward, reverse = triggers_mw(system, self._rules)
        found = [
            SectionFlow(str(name), flow, float(static), float(ahead if flow >= 0 else -behind))
            for name, flow, static, ahead, behind in zip(
                system.interfaces.name, minutes.dispatch_flows_mw().tolist(), static_mw, forward, reverse, strict=True
            )
        ]
        return sorted(found, key=lambda one: -abs(one.flow_mw) / min(one.static_mw, one.trigger_mw))


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
    n_drawn: int = N_DRAWN,
) -> FirstMinutesScreen:
    """Every single loss, and the first ``most_doubles`` pairs; ``outages``: these alone, and no pairs.

    ``n_drawn`` of the pairs that are left are simulated too, and told apart.
    """
    cases = FirstMinutesCases(system, point)
    singles = usual_outages(system, point) if outages is None else list(outages)
    courses = [cases.course((outage,)) for outage in singles]
    whole = FirstMinutesScreen([], len(singles), cases.sections(), cases.minutes.over_limit)
    if outages is not None:
        return whole._replace(courses=_worst_first(courses))
    parts = doubles_of(system, point)
    reaches = [cases.reach((part,)) for part in parts]
    pairs = _ranked(cases, parts, reaches)
    courses += [cases.course((parts[one], parts[other])) for one, other in pairs[:most_doubles].tolist()]
    alone = np.array([reach.shed_mw > SHEDS_MW for reach in reaches], dtype=bool)
    told = (alone[pairs[:, 0]] | alone[pairs[:, 1]])[most_doubles:]
    left, with_one = pairs[most_doubles:][~told], pairs[most_doubles:][told]
    drawn = np.sort(np.random.default_rng(_SEED).permutation(len(left))[:n_drawn])
    some = np.sort(np.random.default_rng(_SEED).permutation(len(with_one))[: n_drawn // 10])
    alone_mw = np.array([reach.shed_mw for reach in reaches])
    return whole._replace(
        courses=_worst_first(courses),
        n_doubles=len(pairs),
        n_told=int(told.sum()),
        shed_alone=tuple(part.name for part, sheds in zip(parts, alone.tolist(), strict=True) if sheds),
        told_drawn=tuple(
            (cases.course((parts[one], parts[other])), float(max(alone_mw[one], alone_mw[other])))
            for one, other in with_one[some].tolist()
        ),
        left=tuple((parts[one], parts[other]) for one, other in left.tolist()),
        drawn=tuple(_worst_first([cases.course((parts[one], parts[other])) for one, other in left[drawn].tolist()])),
    )


def _ranked(cases: FirstMinutesCases, parts: list[Outage], reaches: list[Reach]) -> I4:
    """(n_pairs, 2) positions among ``parts``, those first that come nearest to automation."""
    one, other = (side.astype(np.int32) for side in np.triu_indices(len(parts), 1))
    order = np.argsort(-cases.scores(reaches, one, other), kind="stable")
    return np.stack([one[order], other[order]], axis=1)


def _worst_first(courses: list[Course]) -> list[Course]:
    return sorted(courses, key=lambda course: (-round(course.shed_mw, 6), course.lowest_hz, course.name))
