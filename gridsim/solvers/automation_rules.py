"""Rules of emergency automation for the swing of areas: rows of a network's table made into thresholds with timers."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.errors import StudyError, nearest
from gridsim.kernels import swing_case as case
from gridsim.kernels.swing_case import SwingRules
from gridsim.model.first_minutes import of_first_minutes
from gridsim.model.power import FIRST_MINUTES_ACTIONS, FIRST_MINUTES_QUANTITIES
from gridsim.model.system import GridSystem
from gridsim.model.table import F8, I4
from gridsim.solvers.area_machines import GOVERNORS, AreaMachines
from gridsim.solvers.lost_circuits import Sections, doses
from gridsim.solvers.separation import AreaMap

FREQUENCY, INTERFACE, LINES_OUT = FIRST_MINUTES_QUANTITIES
SHED, RETURN, TRIP, OPENS, ADD, BLOCKS = FIRST_MINUTES_ACTIONS
DEAD_HZ = 45.0
OUT_OF_STEP_DEGREE = 180.0
EVENT, OUT_OF_STEP, DEAD = "event", "out of step", "dead area"


class Rule(NamedTuple):
    """One rule of automation.

    ``targets``: areas, neighbours or zones whose frequency is watched (empty: each area), or one section; ``places``:
    what it acts on, by action: areas or zones (empty: where it watches), machines or technologies, sections, a rule.
    ``share`` of load or of machines, else ``amount_mw``; ``armed_share`` of it works. A positive ``setting`` of a
    section watches its forward flow, a negative one the other direction; of ``lines_out`` it is a number of circuits,
    and ``amount_mw`` the most that :mod:`gridsim.solvers.lost_circuits` takes.
    """

    name: str
    quantity: str
    setting: float
    delay_s: float
    action: str
    targets: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    share: float = 0.0
    amount_mw: float = 0.0
    armed_share: float = 1.0
    after: str = ""
    repeats: bool = False


class Loss(NamedTuple):
    """Something that happens at ``at_s``.

    ``machines`` lost by name, ``share`` of their output; or ``mw`` of a neighbour's, by ``border``; or ``mw`` more at a
    ``bus`` (negative: less); or ``branches`` opened.
    """

    at_s: float = 0.0
    machines: tuple[str, ...] = ()
    share: float = 1.0
    border: str = ""
    bus: str = ""
    mw: float = 0.0
    branches: tuple[str, ...] = ()


class Powers(NamedTuple):
    """Before the event: ``load_mw`` (n_areas,), ``load_bus_mw`` (n_buses,), ``p_gen_mw`` (n_gens,), ``sections``."""

    load_mw: F8
    load_bus_mw: F8
    p_gen_mw: F8
    sections: Sections


class Pairs(NamedTuple):
    """Coupled areas, each (n_pairs,), whose angles are watched."""

    first: I4
    second: I4
    stretch: F8


class Compiled(NamedTuple):
    """Rules for the kernel; for each the rule's name and the place it acts on, and the branches of each opening."""

    rules: SwingRules
    names: list[str]
    places: list[str]
    watched: list[str]
    openings: list[I4]


def rules_of(system: GridSystem) -> tuple[Rule, ...]:
    """Rules of the network's table that act in the first minutes, in its order."""
    rules = system.automation
    share, amount_mw = np.nan_to_num(rules.share), np.nan_to_num(rules.amount_mw)
    return tuple(
        Rule(
            name=str(rules.name[row]),
            quantity=str(rules.quantity[row]),
            setting=float(rules.setting[row]),
            delay_s=float(rules.delay_s[row]),
            action=str(rules.action[row]),
            targets=_listed(str(rules.target[row])),
            places=_listed(str(rules.place[row])),
            share=float(share[row]),
            amount_mw=float(amount_mw[row]),
            armed_share=float(rules.armed_share[row]),
            after=str(rules.after[row]),
            repeats=bool(rules.repeats[row]),
        )
        for row in np.flatnonzero(of_first_minutes(rules)).tolist()
    )


def _listed(cell: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in cell.split(";") if name.strip())


class RuleCompiler:
    """Makes rules of a network, its protection and an event into thresholds of the kernel."""

    def __init__(self, system: GridSystem, areas: AreaMap, machines: AreaMachines, powers: Powers, pairs: Pairs):
        self.system, self.areas, self.machines, self._pairs = system, areas, machines, pairs
        self.load_mw, self._load_bus_mw, self._p_gen_mw, self._sections = powers
        self._rows: list[dict[str, Any]] = []
        self._names: list[str] = []
        self._places: list[str] = []
        self._watched: list[str] = []
        self._openings: list[I4] = []
        self._time = len(areas.names) + len(system.interfaces) + len(pairs.first)
        self._groups_of: list[list[tuple[int, int]]] = [[] for _ in areas.names]  # (group, kind) of each area
        kinds = zip(machines.group_area.tolist(), machines.group_kind.tolist(), strict=True)
        for group, (area, kind) in enumerate(kinds):
            self._groups_of[area].append((group, kind))

    def compile(
        self, rules: tuple[Rule, ...], losses: tuple[Loss, ...], armed: dict[str, float], wrongly: dict[str, float]
    ) -> Compiled:
        """Events first, then rules in their order, then protection; ``armed``: share armed by neighbour.

        ``wrongly``: second at which a rule, by name, acts with nothing passed.
        """
        n, n_flows = len(self.areas.names), len(self.system.interfaces)
        for loss in losses:
            self._add_loss(loss)
        of_rule: dict[str, list[int]] = {}
        for rule in rules:
            start = len(self._rows)
            if rule.quantity == LINES_OUT:
                self._add_doses(rule, losses, of_rule)
            else:
                self._add_rule(rule, of_rule, armed)
            of_rule[rule.name] = list(range(start, len(self._rows)))
            if rule.name in wrongly:
                self._add_wrong_operation(rule, of_rule, armed, wrongly[rule.name])
        for area in range(n):
            dead = {"quantity": area, "setting": DEAD_HZ - self.system.f_hz, "action": case.DEAD, "place": area}
            self._add(DEAD, self.areas.names[area], self.areas.names[area], dead)
        for pair in range(len(self._pairs.first)):
            one, other = (self.areas.names[self._pairs[side][pair]] for side in (0, 1))
            slip = {"quantity": n + n_flows + pair, "above": True, "setting": OUT_OF_STEP_DEGREE}
            self._add(OUT_OF_STEP, f"{one} - {other}", f"{one} - {other}", {**slip, "action": case.OPEN, "place": -1})
        made = SwingRules(
            quantity=self._column("quantity", np.int32),
            above=self._column("above", np.bool_),
            setting=self._column("setting", np.float64),
            delay_s=self._column("delay_s", np.float64),
            action=self._column("action", np.int32),
            place=self._column("place", np.int32),
            amount=self._column("amount", np.float64),
            after=self._column("after", np.int32),
            repeats=self._column("repeats", np.bool_),
            angle_first=self._pairs.first,
            angle_second=self._pairs.second,
            angle_stretch=self._pairs.stretch,
        )
        return Compiled(made, self._names, self._places, self._watched, self._openings)

    def _column(self, name: str, kind: Any) -> Any:
        return np.array([row[name] for row in self._rows], dtype=kind)

    def _add(self, name: str, place: str, watched: str, row: dict[str, Any]) -> None:
        plain = {"above": False, "delay_s": 0.0, "amount": 0.0, "after": -1, "repeats": False}
        self._rows.append(plain | row)
        self._names.append(name)
        self._places.append(place)
        self._watched.append(watched)

    def _add_loss(self, loss: Loss) -> None:
        row: dict[str, Any] = {"quantity": self._time, "above": True, "setting": loss.at_s}
        gens = self.system.generators
        for name in loss.machines:
            for place, action in self._machine_lost(gens.position(name), loss.share):
                self._add(EVENT, place, "time", {**row, **action})
        if loss.border:
            area = int(self.areas.of_border[self.system.borders.position(loss.border)])
            group = int(np.flatnonzero(self.machines.group_area == area)[-1])
            trips = {"action": case.TRIP_MW, "place": group, "amount": loss.mw}
            self._add(EVENT, loss.border, "time", {**row, **trips})
        if loss.bus:
            area = int(self.areas.bus[self.system.buses.position(loss.bus)])
            self._add(EVENT, loss.bus, "time", {**row, "action": case.ADD_MW, "place": area, "amount": loss.mw})
        if loss.branches:
            names = self.system.branch_name
            opened = self._opening(np.flatnonzero(np.isin(names, loss.branches)))
            self._add(EVENT, " ".join(loss.branches), "time", {**row, "action": case.OPEN, "place": opened})

    def _add_rule(self, rule: Rule, of_rule: dict[str, list[int]], armed: dict[str, float]) -> None:
        for quantity, area, watched in self._watches(rule):
            above = rule.setting > 0
            setting = rule.setting
            if rule.quantity == FREQUENCY:
                setting = rule.setting - self.system.f_hz
                above = setting > 0 or rule.action == RETURN
            row = {"quantity": quantity, "above": above, "setting": setting, "delay_s": rule.delay_s}
            row["repeats"] = rule.repeats
            row["after"] = self._after(rule, of_rule, watched)
            share = rule.armed_share * armed.get(self.areas.names[area], 1.0) if area >= 0 else rule.armed_share
            for place, action in self._acts(rule, area, share, of_rule):
                self._add(rule.name, place, watched, {**row, **action})

    def _add_doses(self, rule: Rule, losses: tuple[Loss, ...], of_rule: dict[str, list[int]]) -> None:
        """Doses of a rule for circuits of its sections that ``losses`` open, at most its power in all."""
        opened = [(loss.at_s, loss.branches) for loss in losses if loss.branches]
        for name in rule.targets:
            left_mw = rule.amount_mw
            for dose in doses(self.system, self._sections, name, rule.setting, opened):
                taken_mw = min(dose.mw, left_mw)
                left_mw -= taken_mw
                row = {"quantity": self._time, "above": True, "setting": dose.at_s + rule.delay_s}
                watched = f"{dose.out} circuits of {name} out" if dose.out > 1 else f"a circuit of {name} out"
                for place, action in self._acts(rule._replace(amount_mw=taken_mw), -1, rule.armed_share, of_rule):
                    self._add(rule.name, place, watched, {**row, **action})

    def _add_wrong_operation(
        self, rule: Rule, of_rule: dict[str, list[int]], armed: dict[str, float], at_s: float
    ) -> None:
        """Everything the rule does, once, at ``at_s``."""
        row = {"quantity": self._time, "above": True, "setting": at_s}
        for _, area, _ in self._watches(rule):
            share = rule.armed_share * armed.get(self.areas.names[area], 1.0) if area >= 0 else rule.armed_share
            for place, action in self._acts(rule, area, share, of_rule):
                self._add(rule.name, place, "time", {**row, **action})

    def _after(self, rule: Rule, of_rule: dict[str, list[int]], watched: str) -> int:
        if not rule.after:
            return -1
        before = of_rule.get(rule.after)
        if before is None:
            raise StudyError(
                f"rule {rule.name} waits for '{rule.after}', no rule before it; {nearest(rule.after, of_rule)}"
            )
        same = [row for row in before if self._watched[row] == watched]
        return (same or before)[0]

    def _watches(self, rule: Rule) -> list[tuple[int, int, str]]:
        """(position of the quantity, area or -1, name) of all that a rule watches."""
        if rule.quantity == FREQUENCY:
            areas = self.areas_of(rule.targets) if rule.targets else list(range(len(self.areas.names)))
            return [(area, area, self.areas.names[area]) for area in areas]
        n = len(self.areas.names)
        return [(n + self.system.interfaces.position(name), -1, name) for name in rule.targets]

    def areas_of(self, names: tuple[str, ...]) -> list[int]:
        """Areas by their name, by a zone they have a bus in, or by a bus of theirs."""
        found: list[int] = []
        for name in names:
            if name in self.areas.names:
                found.append(self.areas.names.index(name))
            elif name in self.system.zones:
                inside = self.system.buses.zone == self.system.zones.index(name)
                found += np.unique(self.areas.bus[inside]).tolist()
            else:
                found.append(int(self.areas.bus[self.system.buses.position(name)]))
        return sorted(set(found))

    def _load_in(self, names: tuple[str, ...]) -> F8:
        """(n_areas,) load that places mean: of a zone what is inside it, of any other the whole area."""
        found = np.zeros(len(self.areas.names))
        for name in names:
            areas = self.areas_of((name,))
            if name in self.areas.names or name not in self.system.zones:
                found[areas] = self.load_mw[areas]
                continue
            inside = self.system.buses.zone == self.system.zones.index(name)
            of_zone = np.bincount(self.areas.bus[inside], self._load_bus_mw[inside], len(found))
            mostly = of_zone >= 0.5 * self.load_mw  # feeders of an area are cut alike: spare the neighbouring zone
            found = np.maximum(found, np.where(mostly, of_zone, 0.0) if mostly[areas].any() else of_zone)
        return found

    def _acts(
        self, rule: Rule, area: int, armed: float, of_rule: dict[str, list[int]]
    ) -> list[tuple[str, dict[str, Any]]]:
        """(place, action) of everything a rule does where it watches ``area``."""
        names = self.areas.names
        if rule.action == OPENS:
            members = self.system.interface_members
            chosen = [self.system.interfaces.position(name) for name in rule.places]
            opened = self._opening(np.unique(members.branch[np.isin(members.interface, chosen)]))
            return [(" ".join(rule.places), {"action": case.OPEN, "place": opened})]
        if rule.action == BLOCKS:
            blocked = [row for name in rule.places for row in of_rule.get(name, [])]
            return [(self._names[row], {"action": case.BLOCK, "place": row}) for row in blocked]
        if rule.action == TRIP:
            kinds = [governor.name for governor in GOVERNORS]
            chosen = [kinds.index(name) for name in rule.places if name in kinds]
            if rule.places and not chosen:
                gens = [self.system.generators.position(name) for name in rule.places]
                return [lost for gen in gens for lost in self._machine_lost(gen, armed)]
            trip = {"action": case.TRIP_SHARE, "amount": rule.share * armed}
            return [
                (f"{names[area]} {kinds[kind]}", {**trip, "place": group})
                for group, kind in self._groups_of[area]
                if not chosen or kind in chosen
            ]
        places = self.areas_of(rule.places) if rule.places else [area]
        if rule.action in (SHED, RETURN) and rule.share > 0:
            kind = case.SHED_SHARE if rule.action == SHED else case.RETURN_SHARE
            return [(names[at], {"action": kind, "place": at, "amount": rule.share * armed}) for at in places]
        weight = self._load_in(rule.places)[places] if rule.places else self.load_mw[places]
        weight = weight / max(weight.sum(), 1e-9)
        kind = case.SHED_MW if rule.action == SHED else case.ADD_MW
        return [
            (names[at], {"action": kind, "place": at, "amount": rule.amount_mw * armed * part})
            for at, part in zip(places, weight.tolist(), strict=True)
            if part > 0
        ]

    def _machine_lost(self, gen: int, share: float) -> list[tuple[str, dict[str, Any]]]:
        """The action that loses ``share`` of the output of one machine; none where it does not run."""
        mw, group = share * float(self._p_gen_mw[gen]), int(self.machines.group_of_gen[gen])
        name = str(self.system.generators.name[gen])
        if group >= 0:
            return [(name, {"action": case.TRIP_MW, "place": group, "amount": mw})]
        area = int(self.areas.bus[self.system.generators.bus[gen]])
        return [(name, {"action": case.ADD_MW, "place": area, "amount": -mw})] if mw else []

    def _opening(self, branches: NDArray[np.integer[Any]]) -> int:
        self._openings.append(np.asarray(branches, dtype=np.int32))
        return len(self._openings) - 1
