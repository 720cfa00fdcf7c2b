"""Automation that answers the loss of circuits of a section: what it has to take by the flow before, at once.

A section may carry more than it holds without one of its circuits only because automation takes load behind it when
one trips. The dose is what the flow before lies above the emergency limit for the circuits that are left.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from gridsim.model.section_circuits import circuits_out
from gridsim.model.system import GridSystem
from gridsim.model.table import F8, I4
from gridsim.solvers.participation import branch_status


class Sections(NamedTuple):
    """Sections before the event: ``flow_mw`` and ``factor`` on limits, each (n_interfaces,); ``branch_out``."""

    flow_mw: F8
    factor: F8
    branch_out: I4


class Dose(NamedTuple):
    """Load to take ``at_s`` because ``out`` circuits of a section are out."""

    at_s: float
    section: str
    out: int
    mw: float


def doses(
    system: GridSystem,
    sections: Sections,
    target: str,
    setting: float,
    losses: Sequence[tuple[float, tuple[str, ...]]],
) -> Iterator[Dose]:
    """Doses of one section when ``losses`` (second, branches) leave it with ``setting`` or more circuits out.

    A negative ``setting`` answers a reverse flow. Each loss is answered with what those before it have not taken.
    """
    number = system.interfaces.position(target)
    flow_mw = float(sections.flow_mw[number]) * (1.0 if setting > 0 else -1.0)
    works = branch_status(system, sections.branch_out)
    members = system.interface_members
    branch = members.branch[members.interface == number]
    out, taken_mw = int((~works[branch]).sum()), 0.0
    for at_s, names in sorted(losses):
        works[np.isin(system.branch_name, names)] = False
        before, out = out, int((~works[branch]).sum())
        if out == before or out < abs(setting) or out == len(branch):
            continue
        counted = int(circuits_out(system, ~works, np.ones(len(works), dtype=bool))[number])
        limit_mw = _limit_mw(system, number, "forward" if setting > 0 else "reverse", counted)
        needed_mw = flow_mw - limit_mw * float(sections.factor[number]) - taken_mw
        if needed_mw > 0:
            taken_mw += needed_mw
            yield Dose(at_s, target, out, needed_mw)


def _limit_mw(system: GridSystem, interface: int, direction: str, out: int) -> float:
    """Normal limit of a section with ``out`` circuits counted as out; inf where none is given."""
    limits = system.interface_limits
    holds = (limits.interface == interface) & (limits.direction == direction) & (limits.lines_out <= out)
    return float(limits.normal_mw[holds].min()) if holds.any() else np.inf
