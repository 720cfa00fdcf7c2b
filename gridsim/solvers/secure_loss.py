"""Security of areas at an operating point: inertia, governors' headroom, and the largest loss that sheds nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from gridsim.kernels.flows import islands
from gridsim.model.system import GridSystem
from gridsim.model.table import sum_at
from gridsim.solvers.area_machines import LOAD_INERTIA_S
from gridsim.solvers.automation_rules import Rule, rules_of
from gridsim.solvers.first_minutes import FirstMinutes, SecureTrial
from gridsim.solvers.operating_point import OperatingPoint

_WITHIN = 0.02


class AreaSecurity(NamedTuple):
    """Security of one area.

    island : its areas, neighbours too, hang together ; inertia_gws, headroom_mw : of the area, of its island (headroom:
    of governors inside)
    output_mw : what its machines give
    secure_loss_mw : largest loss of power at its largest machine that sheds and opens nothing; at most ``output_mw``
    island_secure_loss_mw : the smallest of the areas of its island that may not lose all they give; where each may,
    the largest
    """

    area: str
    island: int
    inertia_gws: float
    island_inertia_gws: float
    headroom_mw: float
    island_headroom_mw: float
    output_mw: float
    secure_loss_mw: float
    island_secure_loss_mw: float = 0.0


def security_of(system: GridSystem, point: OperatingPoint, rules: tuple[Rule, ...] | None = None) -> list[AreaSecurity]:
    """Every area inside with a machine that runs.

    The loss takes no inertia along. It is searched by halving from what the area gives to the last that holds and then
    by halving the step to 2 %, in the swing with the network's automation.
    """
    minutes = FirstMinutes(system, point, system.loss_share)
    rules = rules_of(system) if rules is None else rules
    machines, areas, n = minutes.machines, minutes.areas, len(minutes.areas.names)
    motion = sum_at(machines.group_area, machines.group_inertia, n) * system.f_hz / 2e3
    inertia_gws = motion + LOAD_INERTIA_S * minutes.load_mw / 1e3
    headroom_mw = sum_at(machines.group_area, machines.group_up_mw, n)
    r = minutes.reduction
    island = islands(n, r.first, r.second, np.ones(len(r.first), dtype=bool))
    found = []
    area_of_gen = areas.bus[system.generators.bus]
    inside = np.unique(areas.bus[system.buses.zone >= 0])
    for area in inside.tolist():
        here = (area_of_gen == area) & (point.p_gen_mw > 0)
        if not here.any():
            continue
        largest = int(np.argmax(np.where(here, point.p_gen_mw, -np.inf)))
        bus = str(system.buses.name[system.generators.bus[largest]])
        together = island == island[area]

        trial, output_mw = SecureTrial(minutes, rules, bus), float(point.p_gen_mw[here].sum())
        found.append(
            AreaSecurity(
                area=areas.names[area],
                island=int(island[area]),
                inertia_gws=float(inertia_gws[area]),
                island_inertia_gws=float(inertia_gws[together].sum()),
                headroom_mw=float(headroom_mw[area]),
                island_headroom_mw=float(headroom_mw[inside][together[inside]].sum()),
                output_mw=output_mw,
                secure_loss_mw=largest_that(trial.holds, output_mw),
            )
        )
    return [row._replace(island_secure_loss_mw=least_of_island(_of_island(found, row.island))) for row in found]


def _of_island(areas: list[AreaSecurity], island: int) -> list[AreaSecurity]:
    return [area for area in areas if area.island == island]


def least_of_island(together: list[AreaSecurity]) -> float:
    """Of an island: a small area that may lose all it gives says nothing about what the others may lose."""
    bound = [area.secure_loss_mw for area in together if area.secure_loss_mw < area.output_mw]
    return min(bound) if bound else max(area.secure_loss_mw for area in together)


def largest_that(holds: Callable[[float], bool], most: float) -> float:
    """The largest value up to ``most`` at which ``holds``, within 2 %, from below; 0 where none of 1 does."""
    if holds(most):
        return most
    low, high = 0.5 * most, most
    while not holds(low):
        if low < 1.0:
            return 0.0
        low, high = 0.5 * low, low
    while high - low > max(_WITHIN * high, 1.0):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low
