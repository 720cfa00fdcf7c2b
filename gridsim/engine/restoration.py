"""Minutes to days after automation acted: when load, machines and ties come back, and what frequency stands until then.

Load cut by stages is the operator's after ``operator_delay_minutes``. Dead areas are carried in the order of
:mod:`gridsim.solvers.restoration`, their feeders in two steps (cold load); their machines start from then on. A tie is
tried after ``RECLOSE_H`` and then every quarter of an hour until frequencies, angle and flow allow.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gridsim.contingencies.events import default_kind, make_event
from gridsim.engine.interval import operating_point
from gridsim.engine.state import GridState
from gridsim.kernels.flows import islands
from gridsim.model.scenario import Event, Primitive, Target
from gridsim.model.table import B1, F8, I4, sum_at
from gridsim.solvers.area_machines import GOVERNORS, kind_of
from gridsim.solvers.first_minutes import FirstMinutes, FirstMinutesResult
from gridsim.solvers.participation import branch_status
from gridsim.solvers.restoration import (
    COLD_LOAD_FACTOR,
    COLD_LOAD_H,
    HYDRO,
    NEIGHBOUR,
    NOTHING,
    Carried,
    DeadAreas,
    Frequencies,
    may_close,
    restoration_order,
    standing,
)
from gridsim.solvers.voltage_automation import why_open

RECLOSE_H = 1.0  # until ties are tried: on 25 January 2022 the North and the South were joined after 1.7 h
RETRY_H = 0.25
RESTART_H = 2.0  # of a machine that tripped, where its own time of start is not known
RAMP_SHARE_PER_MIN = 0.02  # of p_max_mw, where no ramp is given
_HYDRO = [governor.name for governor in GOVERNORS].index("hydro")


class Ending(NamedTuple):
    """An event of the automation that ends at ``at_s``; ``branch``: a tie that must be allowed to close, else -1."""

    at_s: int
    event: Event
    branch: int = -1


class Restoration:
    """The returns of one run, each at its time."""

    def __init__(self, state: GridState):
        self.state = state
        self._endings: list[Ending] = []
        self._cuts: list[tuple[int, F8]] = []  # when, and how much of the load cut is handed to the operator
        self._carried: dict[int, Carried] = {}
        self._number = 0
        self._unloaded: set[int] = set()  # lines that voltage opened: closed once both ends are fed

    @property
    def _delay_h(self) -> float:
        return self.state.scenario.policy.operator_delay_minutes / 60.0

    def end_what_is_due(self) -> None:
        """Machines that start, ties that may close, load that the operator takes over."""
        state = self.state
        due = [ending for ending in self._endings if ending.at_s <= state.now_s]
        self._endings = [ending for ending in self._endings if ending.at_s > state.now_s]
        allowed = [(ending, self._refused(ending.branch)) for ending in due]
        for ending, refused in allowed:
            if refused:
                name = ending.event.targets[0].name
                state.log.add(state.now_h, f"automation:resynchronisation of {name}", f"waits, {refused}")
                self._wait(ending.event, RETRY_H, ending.branch)
            else:
                state.end(ending.event)
        returned = [cut_mw for at_s, cut_mw in self._cuts if at_s <= state.now_s]
        self._cuts = [cut for cut in self._cuts if cut[0] > state.now_s]
        if returned:
            left_mw = sum((cut_mw for _, cut_mw in self._cuts), np.zeros(len(state.shed_mw)))
            state.shed(np.minimum(left_mw, state.shed_mw), "operator")

    def _refused(self, branch: int) -> str:
        """Why a tie may not close; empty for one that may, and for machines."""
        state, interval = self.state, self.state.interval or self.state.last
        if branch < 0 or interval is None or state.frequencies is None:
            return ""
        system = state.system
        point = operating_point(interval.dispatch)
        point = point._replace(branch_out=state.disturbances.conditions().out_branches(system))
        tie = standing(system, point, interval.dispatch.loss_share, branch)
        area = state.frequencies.bus_area
        hz = state.frequencies.hz(state.now_s)[[area[system.branch_from[branch]], area[system.branch_to[branch]]]]
        held_open = why_open(system, point, branch) if branch in self._unloaded else ""
        if held_open:
            return held_open
        # A dead side has no frequency: the tie takes voltage there.
        difference_hz = abs(float(hz[0] - hz[1])) if np.isfinite(hz).all() else 0.0
        return may_close(tie, difference_hz, float(system.branch_emergency_mw[branch]))

    def follow(self, minutes: FirstMinutes, result: FirstMinutesResult, branch_out: I4) -> None:
        """Take over after a swing: the order of dead areas and the frequency of the living."""
        state, system = self.state, self.state.system
        n = len(result.areas)
        one, other = minutes.areas.bus[system.branch_from], minutes.areas.bus[system.branch_to]
        kind, area_of_gen = kind_of(system), minutes.areas.bus[system.generators.bus]
        ran = minutes.machines.group_of_gen >= 0
        zones = np.zeros(n, dtype=np.int32)
        zones[minutes.areas.bus] = system.buses.zone
        ties = result.opened[one[result.opened] != other[result.opened]]
        dead = DeadAreas(
            alive=result.alive,
            load_mw=result.load_mw,
            hydro=np.bincount(area_of_gen, (kind == _HYDRO), n) > 0,
            house_load=np.bincount(area_of_gen, ran & (kind >= 0) & (kind != _HYDRO), n) > 0,
            crew=zones,
            first=one[ties],
            second=other[ties],
        )
        self._carried = {carried.area: carried for carried in restoration_order(dead, self._delay_h)}
        for carried in self._carried.values():
            text = f"carried from {carried.source} after {carried.at_h:.2f} h"
            state.log.add(state.now_h, f"automation:restoration of {result.areas[carried.area]}", text)
        state.frequencies = self._frequencies(minutes, result, branch_out)

    def _frequencies(self, minutes: FirstMinutes, result: FirstMinutesResult, branch_out: I4) -> Frequencies:
        """The pull of an island's ramps on its deviation: MW/s of running machines over MW/Hz of governors and load."""
        system, machines, n = self.state.system, minutes.machines, len(result.areas)
        works = branch_status(system, branch_out)
        ends = minutes.areas.bus[system.branch_from[works]], minutes.areas.bus[system.branch_to[works]]
        island = islands(n, *ends, np.ones(len(ends[0]), dtype=bool))
        gain = np.bincount(machines.group_area, machines.group_gain * result.group_left, n).astype(np.float64)
        gain = gain + minutes.load_damping * (result.load_mw - result.shed_mw) / system.f_hz
        runs = machines.group_of_gen >= 0
        given = system.generators.ramp_mw_per_min
        ramp = np.where(np.isfinite(given), given, RAMP_SHARE_PER_MIN * system.generators.p_max_mw)
        ramp = np.where(runs, ramp * self.state.disturbances.conditions().gen_share, 0.0)
        ramp_mw_per_s = np.bincount(minutes.areas.bus[system.generators.bus], ramp, n) / 60.0
        ramp_mw_per_s[minutes.areas.of_border] += gain[minutes.areas.of_border] * 0.1 / 60.0  # neighbours: 0.1 Hz/min
        of_island = sum_at(island, ramp_mw_per_s, n) / np.maximum(sum_at(island, gain, n), 1e-9)
        return Frequencies(
            self.state.now_s,
            self._delay_h * 3600.0,
            minutes.areas.bus,
            result.load_mw,
            system.f_hz,
            result.final_hz,
            of_island[island],
        )

    def lose_machine(self, gen: int, area: int, cause: int) -> Event:
        """A machine is out until it can start again: in a dead area once that is carried, hydro with it."""
        system, carried = self.state.system, self._carried.get(area)
        start_h = float(system.generators.start_h[gen])
        hours = start_h if np.isfinite(start_h) and start_h > 0 else RESTART_H
        if carried is not None:
            at_once = carried.source == HYDRO and kind_of(system)[gen] == _HYDRO
            hours = carried.at_h if at_once else carried.at_h + hours
        return self._begin("generators", str(system.generators.name[gen]), hours, cause)

    def open_tie(self, branch: int, areas: tuple[int, int], cause: int) -> Event:
        """A branch is out until it may close; to an area that starts by itself not before it runs."""
        system = self.state.system
        own = [carried.at_h for area in areas if (carried := self._carried.get(area)) and _by_itself(carried)]
        table = "lines" if branch < len(system.lines) else "transformers"
        hours = max([RECLOSE_H, *own])
        return self._begin(table, str(system.branch_name[branch]), hours, cause, branch)

    def open_line(self, branch: int, cause: int) -> Event:
        """A line that nobody needed is open until more than one end feeds either side of it."""
        self._unloaded.add(branch)
        return self._begin("lines", str(self.state.system.branch_name[branch]), RECLOSE_H, cause, branch)

    def _begin(self, table: str, name: str, hours: float, cause: int, branch: int = -1) -> Event:
        state = self.state
        self._number += 1
        event = make_event(
            state.system,
            id=f"first_minutes:{self._number}",
            kind=default_kind(table, Primitive.OUTAGE),
            targets=[Target(table, name)],
            at_h=state.now_h,
            duration_h=None,
        )
        assert isinstance(event, Event), f"{name} is out already"
        state.begin(event, cause)
        self._wait(event, hours, branch)
        return event

    def _wait(self, event: Event, hours: float, branch: int) -> None:
        self._endings.append(Ending(self.state.now_s + round(hours * 3600.0), event, branch))
        self.state.agenda.wake(hours * 3600.0, event.id)

    def hand_over(self, cut_mw: F8, area_of_load: I4, dies: B1) -> None:
        """Load cut (n_loads,) goes to the operator after his delay; of dead areas as they are carried, in two steps."""
        self._hand_over(self._delay_h, np.where(dies, 0.0, cut_mw))
        for area, carried in self._carried.items():
            of_area = np.where(dies & (area_of_load == area), cut_mw, 0.0)
            self._hand_over(carried.at_h, of_area / COLD_LOAD_FACTOR)
            self._hand_over(carried.at_h + COLD_LOAD_H, of_area * (1.0 - 1.0 / COLD_LOAD_FACTOR))

    def _hand_over(self, hours: float, cut_mw: F8) -> None:
        if cut_mw.any():
            self._cuts.append((self.state.now_s + round(hours * 3600.0), cut_mw))
            self.state.agenda.wake(hours * 3600.0, "load cut by automation")


def _by_itself(carried: Carried) -> bool:
    return carried.source not in (NEIGHBOUR, NOTHING)
