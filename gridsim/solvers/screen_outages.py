"""Outages of a screening: single elements, buses and corridors with all they hold, and several elements at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from gridsim.errors import StudyError, nearest
from gridsim.model.system import GridSystem
from gridsim.model.table import I4, STR
from gridsim.solvers.operating_point import OperatingPoint
from gridsim.solvers.participation import branch_status

NOWHERE = -1  # element of the intact state and of outages of several elements


class OutageKind(StrEnum):
    """Kind of the lost element; ``none`` is the intact state, held against the normal limits.

    A ``bus`` takes everything at it along, a ``corridor`` all lines between two buses, a ``section`` its branches.
    """

    NONE = "none"
    LINE = "line"
    TRANSFORMER = "transformer"
    GENERATOR = "generator"
    BORDER = "border"
    STORAGE = "storage"
    SHUNT = "shunt"
    BUS = "bus"
    CORRIDOR = "corridor"
    SECTION = "section"
    SEVERAL = "several"


#: Kinds that a list of outages may name.
ELEMENT_KINDS = tuple(kind for kind in OutageKind if kind not in (OutageKind.NONE, OutageKind.SEVERAL))


class Element(NamedTuple):
    """One lost element: ``position`` in its kind's table; of a corridor the position of its first line."""

    kind: OutageKind
    position: int


class Outage(NamedTuple):
    """Elements lost at the same moment; none of them: the intact state."""

    name: str
    elements: tuple[Element, ...]

    @property
    def kind(self) -> OutageKind:
        """Kind of the one element."""
        if len(self.elements) > 1:
            return OutageKind.SEVERAL
        return self.elements[0].kind if self.elements else OutageKind.NONE

    @property
    def position(self) -> int:
        """Position of the one element in its kind's table."""
        return self.elements[0].position if len(self.elements) == 1 else NOWHERE


INTACT = Outage("intact", ())


class Lost(NamedTuple):
    """Sorted positions of all that an outage takes out of service, (k,) i4 each."""

    branches: I4
    generators: I4
    borders: I4
    storages: I4
    shunts: I4


def element_names(system: GridSystem, kind: OutageKind) -> STR:
    """Names of a kind's elements, in the order of their positions; a corridor's is ``from - to`` of its first line."""
    names = {
        OutageKind.LINE: system.lines.name,
        OutageKind.TRANSFORMER: system.transformers.name,
        OutageKind.GENERATOR: system.generators.name,
        OutageKind.BORDER: system.borders.name,
        OutageKind.STORAGE: system.storages.name,
        OutageKind.SHUNT: system.shunts.name,
        OutageKind.BUS: system.buses.name,
        OutageKind.SECTION: system.interfaces.name,
    }
    if kind is not OutageKind.CORRIDOR:
        return names[kind]
    bus, lines = system.buses.name, system.lines
    return np.array([f"{bus[i]} - {bus[j]}" for i, j in zip(lines.from_bus, lines.to_bus)], dtype=np.str_)


def single(system: GridSystem, kind: OutageKind, position: int) -> Outage:
    """The loss of one element, under its name."""
    return together_named(system, (Element(kind, int(position)),))


def together_named(system: GridSystem, elements: tuple[Element, ...]) -> Outage:
    """The loss of some elements at once, under their names."""
    return Outage(" + ".join(str(element_names(system, kind)[position]) for kind, position in elements), elements)


def outages_of_kind(system: GridSystem, point: OperatingPoint, kind: OutageKind) -> list[Outage]:
    """Every element of a kind that is in service at the point, each lost alone."""
    status, n_lines = branch_status(system, point.branch_out), len(system.lines)
    running = point.gen_committed & system.generators.in_service & (system.generators.installed_mw > 0)
    if kind is OutageKind.CORRIDOR:
        pairs = np.sort(np.stack([system.lines.from_bus, system.lines.to_bus], axis=1), axis=1)
        _, first = np.unique(pairs[status[:n_lines]], axis=0, return_index=True)
        positions = np.sort(np.flatnonzero(status[:n_lines])[first])
    else:
        positions = np.flatnonzero(
            {
                OutageKind.LINE: status[:n_lines],
                OutageKind.TRANSFORMER: status[n_lines:],
                OutageKind.GENERATOR: running,
                OutageKind.BORDER: system.borders.in_service,
                OutageKind.STORAGE: system.storages.in_service,
                OutageKind.SHUNT: system.shunts.in_service,
                OutageKind.BUS: np.ones(len(system.buses), dtype=bool),
                OutageKind.SECTION: np.ones(len(system.interfaces), dtype=bool),
            }[kind]
        )
    return [single(system, kind, position) for position in positions.tolist()]


def usual_outages(system: GridSystem, point: OperatingPoint) -> list[Outage]:
    """Branches in service, synchronised machines and borders in service, each alone."""
    kinds = (OutageKind.LINE, OutageKind.TRANSFORMER, OutageKind.GENERATOR, OutageKind.BORDER)
    return [outage for kind in kinds for outage in outages_of_kind(system, point, kind)]


def find_element(system: GridSystem, name: str, kind: OutageKind | str | None = None) -> Element:
    """The element of a name, among all kinds or those of one.

    A corridor goes by its two buses, ``A - B`` in either order, or by one of its lines. Raises StudyError, with a mend,
    for a name that is not there or that several kinds have.
    """
    if kind is not None and kind not in ELEMENT_KINDS:
        raise StudyError(f"no kind '{kind}'; {nearest(str(kind), [str(known) for known in ELEMENT_KINDS])}")
    if kind == OutageKind.CORRIDOR:
        return Element(OutageKind.CORRIDOR, _corridor(system, name))
    kinds = [OutageKind(kind)] if kind else [one for one in ELEMENT_KINDS if one is not OutageKind.CORRIDOR]
    found = [
        Element(one, int(position))
        for one in kinds
        for position in np.flatnonzero(element_names(system, one) == name)[:1]
    ]
    if len(found) > 1:
        raise StudyError(f"'{name}' is {' and '.join(one.kind for one in found)}; say which in kind")
    if not found:
        known = [str(one) for each in kinds for one in element_names(system, each)]
        raise StudyError(f"no {kind or 'element'} '{name}'; {nearest(name, known)}")
    return found[0]


def _corridor(system: GridSystem, name: str) -> int:
    """First line between two buses, from ``A - B`` or a line's name."""
    lines, buses = system.lines, system.buses.name
    joins = _pairs(system)
    at = np.flatnonzero(lines.name == name)
    if at.size:
        same = (joins == joins[at[0]]).all(axis=1)
        return int(np.flatnonzero(same)[0])
    ends = [end.strip() for end in name.split(" - ")]
    both = [int(found[0]) for end in ends if (found := np.flatnonzero(buses == end)).size]
    same = (joins == sorted(both)).all(axis=1) if len(both) == len(ends) == 2 else np.zeros(len(lines), dtype=bool)
    if not same.any():
        known = [*element_names(system, OutageKind.CORRIDOR).tolist(), *lines.name.tolist()]
        raise StudyError(f"no corridor '{name}'; {nearest(name, known)}")
    return int(np.flatnonzero(same)[0])


def _pairs(system: GridSystem) -> I4:
    """(n_lines, 2) buses of each line, the lower first."""
    return np.sort(np.stack([system.lines.from_bus, system.lines.to_bus], axis=1), axis=1)


def named_outages(system: GridSystem, given: Iterable[str | Sequence[str]]) -> list[Outage]:
    """Outages from names: a name alone, or several names lost together. Raises StudyError for what is not there."""
    found = []
    for one in given:
        names = [one] if isinstance(one, str) else list(one)
        if not names:
            raise StudyError("outages: an empty list; name at least one element")
        found.append(together_named(system, tuple(find_element(system, name) for name in names)))
    return found


def lost_by(system: GridSystem, outage: Outage) -> Lost:
    """Everything that an outage takes out of service."""
    n_lines = len(system.lines)
    lost: dict[OutageKind, list[int]] = {kind: [] for kind in OutageKind}
    branches: list[int] = []
    for kind, position in outage.elements:
        if kind is OutageKind.LINE:
            branches.append(position)
        elif kind is OutageKind.TRANSFORMER:
            branches.append(n_lines + position)
        elif kind is OutageKind.CORRIDOR:
            pairs = _pairs(system)
            branches += np.flatnonzero((pairs == pairs[position]).all(axis=1)).tolist()
        elif kind is OutageKind.SECTION:
            members = system.interface_members
            branches += members.branch[members.interface == position].tolist()
        elif kind is OutageKind.BUS:
            branches += np.flatnonzero((system.branch_from == position) | (system.branch_to == position)).tolist()
            for one, table in (
                (OutageKind.GENERATOR, system.generators),
                (OutageKind.BORDER, system.borders),
                (OutageKind.STORAGE, system.storages),
                (OutageKind.SHUNT, system.shunts),
            ):
                lost[one] += np.flatnonzero(table.bus == position).tolist()
        else:
            lost[kind].append(position)
    return Lost(
        _sorted(branches),
        _sorted(lost[OutageKind.GENERATOR]),
        _sorted(lost[OutageKind.BORDER]),
        _sorted(lost[OutageKind.STORAGE]),
        _sorted(lost[OutageKind.SHUNT]),
    )


def _sorted(positions: list[int]) -> I4:
    return np.unique(np.array(positions, dtype=np.int32)).astype(np.int32)
