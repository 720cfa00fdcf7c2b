"""Machines that no screening can tell apart: one stands for all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gridsim.model.system import GridSystem
from gridsim.model.table import F8
from gridsim.solvers.operating_point import OperatingPoint
from gridsim.solvers.screen_outages import Outage, OutageKind


class EqualMachines:
    """Outages with of the equal machines (at one bus, with equal output, limits, cost and control) one alone.

    outages : those kept;  every : all that were given
    """

    def __init__(self, system: GridSystem, point: OperatingPoint, outages: Sequence[Outage]):
        gens = system.generators
        self._members: dict[tuple[float, ...], list[int]] = {}
        self._key: dict[int, tuple[float, ...]] = {}
        self.outages: list[Outage] = []
        self.every = tuple(outages)
        self._by_position = {one.position: one for one in outages if one.kind is OutageKind.GENERATOR}
        for outage in outages:
            if outage.kind is not OutageKind.GENERATOR:
                self.outages.append(outage)
                continue
            k = outage.position
            numbers = (
                gens.bus[k], point.p_gen_mw[k], gens.p_min_mw[k], gens.p_max_mw[k], gens.q_min_mvar[k],
                gens.q_max_mvar[k], gens.vm_pu[k], gens.ramp_mw_per_min[k], gens.cost_per_mwh[k], gens.heat_curve[k],
                gens.droop_pu[k], gens.profile[k], gens.heat_led[k], gens.must_run[k],
            )  # fmt: skip
            key = tuple(-1.0 if np.isnan(number) else float(number) for number in numbers)
            self._key[k] = key
            members = self._members.setdefault(key, [])
            if not members:
                self.outages.append(outage)
            members.append(k)

    def seconds(self, first: Outage, p_gen_mw: F8) -> tuple[list[Outage], list[int]]:
        """Second outages after ``first``, and their places in ``outages``: of equal machines the one that gives most.

        The first's own place is left out unless it has an equal machine left.
        """
        found: list[Outage] = []
        places: list[int] = []
        lost = {one.position for one in first.elements if one.kind is OutageKind.GENERATOR}
        for place, outage in enumerate(self.outages):
            one = outage
            if outage.kind is OutageKind.GENERATOR:
                left = [k for k in self._members[self._key[outage.position]] if k not in lost]
                if not left:
                    continue
                one = self._by_position[max(left, key=lambda k: (round(float(p_gen_mw[k]), 6), -k))]
            elif outage == first:
                continue
            found.append(one)
            places.append(place)
        return found, places
