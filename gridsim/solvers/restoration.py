"""From minutes to hours after a split: who carries a dead area and when, and whether a tie may close.

The order of a dead area's sources is fixed: a living neighbour over a tie, hydro machines that start without supply,
machines that hold their house load. One crew a zone works at one area at a time. Load that was off draws more than
before (cold load), so its feeders return in two steps. All times here are assumed and stand in docs/first_minutes.md.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gridsim.kernels.flows import islands
from gridsim.model.system import GridSystem
from gridsim.model.table import B1, F8, I4, sum_at
from gridsim.solvers.operating_point import OperatingPoint
from gridsim.solvers.participation import branch_status

NEIGHBOUR, HYDRO, HOUSE_LOAD, NOTHING = "a neighbour", "hydro", "house load", "nothing"
#: Hours of a crew's work until an area is carried, by source; the order is that of preference.
CARRY_H = {NEIGHBOUR: 1.0, HYDRO: 1.5, HOUSE_LOAD: 2.5, NOTHING: 6.0}
COLD_LOAD_FACTOR = 1.5  # power that feeders draw after a long interruption, over that before
COLD_LOAD_H = 0.5  # until they draw what they did
SYNC_HZ = 0.1  # largest difference of frequency at which a tie closes
SYNC_DEGREE = 30.0  # largest standing angle


class Carried(NamedTuple):
    """A dead area that is carried ``at_h`` hours after the sudden change, from ``source``."""

    area: int
    at_h: float
    source: str


class DeadAreas(NamedTuple):
    """Inputs of the order of restoration; each (n_areas,) but the ties.

    alive ; load_mw ; hydro, house_load : such machines stood there ; crew : number of the crew that works there
    first, second : (n_ties,) areas that a tie which can close joins
    """

    alive: B1
    load_mw: F8
    hydro: B1
    house_load: B1
    crew: I4
    first: I4
    second: I4


def restoration_order(dead: DeadAreas, delay_h: float) -> list[Carried]:
    """Dead areas in the order in which they are carried; crews begin after ``delay_h``.

    Of what can be carried next the earliest comes first, of equals the better source, then the larger load.
    """
    carried_h = np.where(dead.alive, delay_h, np.inf)
    free_h: dict[int, float] = {}
    left = set(np.flatnonzero(~dead.alive).tolist())
    order = list(CARRY_H)
    found: list[Carried] = []
    while left:
        choices: list[tuple[float, int, float, int]] = []
        for area in left:
            from_h = free_h.get(int(dead.crew[area]), delay_h)
            beside = np.concatenate([dead.second[dead.first == area], dead.first[dead.second == area]])
            begins_h = max(from_h, float(carried_h[beside].min())) if len(beside) else np.inf
            source = NEIGHBOUR
            if not np.isfinite(begins_h):
                source = HYDRO if dead.hydro[area] else HOUSE_LOAD if dead.house_load[area] else NOTHING
                begins_h = from_h
            if source == NOTHING and len(beside) and (dead.hydro | dead.house_load)[list(left)].any():
                continue  # a neighbour will be carried before
            choices.append((begins_h + CARRY_H[source], order.index(source), -float(dead.load_mw[area]), area))
        at_h, source_at, _, area = min(choices)
        carried_h[area] = free_h[int(dead.crew[area])] = at_h
        left.discard(area)
        found.append(Carried(area, at_h, order[source_at]))
    return found


class Frequencies(NamedTuple):
    """Frequency of areas from the end of a swing on: it stays until the operator acts, then ramps remove the rest.

    at_s, delay_s : of the sudden change, and of the operator after it ; bus_area : (n_buses,) ; load_mw : (n_areas,)
    f0_hz ; final_hz : (n_areas,), 0 where dark ; hz_per_s : (n_areas,) by which ramps of an island bring it back
    """

    at_s: int
    delay_s: float
    bus_area: I4
    load_mw: F8
    f0_hz: float
    final_hz: F8
    hz_per_s: F8

    def hz(self, now_s: float) -> F8:
        """(n_areas,) at ``now_s``; of an area that went dark NaN."""
        away = self.final_hz - self.f0_hz
        back = self.hz_per_s * max(now_s - self.at_s - self.delay_s, 0.0)
        now = self.f0_hz + np.sign(away) * np.maximum(np.abs(away) - back, 0.0)
        return np.where(self.final_hz > 0, now, np.nan)

    def at(self, buses: B1, load_mw: F8, now_s: float) -> float:
        """Frequency of the living area with most of ``load_mw`` (n_buses,) among ``buses``; NaN if all are dark."""
        hz = self.hz(now_s)[self.bus_area]
        living = buses & np.isfinite(hz)
        if not living.any():
            return float("nan")
        of_area = np.bincount(self.bus_area[living], load_mw[living] + 1e-9)
        return float(self.hz(now_s)[int(np.argmax(of_area))])


def nominal(system: GridSystem) -> Frequencies:
    """Frequencies before anything happened: nominal everywhere."""
    one, hz = np.ones(1), np.array([system.f_hz])
    return Frequencies(0, 0.0, np.zeros(len(system.buses), dtype=np.int32), one, system.f_hz, hz, one)


class Tie(NamedTuple):
    """Conditions of closing a tie: ``same_island``, standing angle (degrees) and flow after it (MW), else 0."""

    same_island: bool
    angle_degree: float
    flow_mw: float


def standing(system: GridSystem, point: OperatingPoint, loss_share: float, branch: int) -> Tie:
    """The angle across an open ``branch`` at ``point`` and the flow once it is closed, in DC.

    Between two islands the synchroscope waits until angles meet, and nothing flows at first.
    """
    n, start, end = len(system.buses), system.branch_from, system.branch_to
    works = branch_status(system, point.branch_out)
    works[branch] = False
    island = islands(n, start, end, works)
    one, other = int(start[branch]), int(end[branch])
    if island[one] != island[other]:
        return Tie(False, 0.0, 0.0)
    slope = np.where(works, 1.0 / system.branch_x_pu, 0.0)
    matrix = np.zeros((n, n))
    for row, column, sign in ((start, start, 1), (end, end, 1), (start, end, -1), (end, start, -1)):
        np.add.at(matrix, (row, column), sign * slope)
    first = np.unique(island, return_index=True)[1]
    matrix[first, first] += 1.0
    injected = sum_at(system.generators.bus, point.p_gen_mw, n) + sum_at(system.borders.bus, point.p_border_mw, n)
    injected += sum_at(system.storages.bus, point.p_storage_mw, n)
    injected -= sum_at(system.loads.bus, point.p_load_mw * (1.0 + loss_share), n)
    share = np.bincount(island, injected) / np.maximum(np.bincount(island), 1)
    across = np.zeros(n)
    across[one], across[other] = 1.0, -1.0
    solved = np.linalg.solve(matrix, np.stack([injected - share[island], across], axis=1))
    angle, behind = (float(solved[one, column] - solved[other, column]) for column in (0, 1))
    flow_mw = angle / (abs(float(system.branch_x_pu[branch])) + behind)
    return Tie(True, abs(float(np.degrees(angle))), abs(flow_mw))


def may_close(tie: Tie, difference_hz: float, limit_mw: float) -> str:
    """Why a tie may not close now; empty: it may."""
    if not tie.same_island:
        return f"frequencies differ by {difference_hz:.2f} Hz" if difference_hz > SYNC_HZ else ""
    if tie.angle_degree > SYNC_DEGREE:
        return f"the angle across it is {tie.angle_degree:.0f} degrees"
    return f"it would carry {tie.flow_mw:.0f} of {limit_mw:.0f} MW" if tie.flow_mw > limit_mw else ""
