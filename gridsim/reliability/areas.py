"""Areas of the zonal level, and the limits of exchange between two of them by circuits out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels.flows import islands
from gridsim.kernels.section_circuits import carried_by_strongest, strong_circuits
from gridsim.model.outages import Component
from gridsim.model.system import EXTERNAL
from gridsim.reliability.system import AdequacySystem, NetworkDetail, TieLimits

F8 = NDArray[np.float64]
I4 = NDArray[np.int32]

NO_LIMIT_MW = 1e9
WINTER, SUMMER = 1, 2  # limit_season; 0 holds all year


@dataclass(frozen=True, eq=False)
class Areas:
    """Areas joined by interfaces, each of one or more circuits that fail.

    names : of the interfaces;  n_areas : their number;  bus_area : (n_buses,) i4
    area_zone : (n_areas,) i4, the system's area that each belongs to and is booked under
    interface_from, interface_to : (n_interfaces,) i4
    circuit_component : per circuit, all circuits of interface 0 first;  circuit_interface : (n_circuits,) i4
    scheme_start : (n_interfaces + 1,) i4, columns of the limits with 0, 1, 2 ... all circuits out
    forward_mw, backward_mw : (n_rows, n_schemes) f8, falling with the circuits out;  limit_row : (n_hours,) i4
    """

    names: tuple[str, ...]
    n_areas: int
    bus_area: I4
    area_zone: I4
    interface_from: I4
    interface_to: I4
    circuit_component: tuple[Component, ...]
    circuit_interface: I4
    scheme_start: I4
    forward_mw: F8
    backward_mw: F8
    limit_row: I4


def lacks_areas(system: AdequacySystem) -> bool:
    """Whether branches join buses of which nothing says the areas: a system from frames without them."""
    return bool(system.branch_name) and (system.detail is None or not system.knows_areas)


def areas_of(system: AdequacySystem, *, merged: bool) -> Areas:
    """Areas of a system: its own interfaces, or those of its network; ``merged``: one area, the copper plate."""
    areas = _areas_of(system, merged=merged)
    if not system.open_ties or merged:
        return areas
    is_open = np.repeat([tie in system.open_ties for tie in range(len(areas.names))], np.diff(areas.scheme_start))
    return replace(
        areas,
        forward_mw=np.where(is_open, NO_LIMIT_MW, areas.forward_mw),
        backward_mw=np.where(is_open, NO_LIMIT_MW, areas.backward_mw),
    )


def _areas_of(system: AdequacySystem, *, merged: bool) -> Areas:
    detail = system.detail
    is_one = len(system.areas) == 1 and (detail is None or not len(detail.interface_branch))
    if merged or (not system.interface_name and (detail is None or is_one)):
        n_areas = 1 if merged else len(system.areas)
        bus_area = np.zeros(len(system.buses), dtype=np.int32) if merged else system.bus_area
        zone = np.arange(n_areas, dtype=np.int32)
        return _joined_by(system, zone, bus_area, [], np.zeros((1, 0)), np.zeros((1, 0)), None)
    if system.interface_name:
        if system.tie_limits is not None:
            return _of_tie_limits(system, system.tie_limits)
        links = [
            _Link(int(start), int(stop), (component,))
            for start, stop, component in zip(
                system.interface_from, system.interface_to, system.interface_component, strict=True
            )
        ]
        forward, backward = (
            np.column_stack([limit, np.zeros(len(links))]).reshape(1, -1)
            for limit in (system.interface_forward_mw, system.interface_backward_mw)
        )
        zone = np.arange(len(system.areas), dtype=np.int32)
        return _joined_by(system, zone, system.bus_area, links, forward, backward, None)
    return _of_network(system, detail)


def _of_tie_limits(system: AdequacySystem, limits: TieLimits) -> Areas:
    """Areas of a system from frames whose interfaces have several circuits, or limits that follow the hour."""
    ends = zip(system.interface_from.tolist(), system.interface_to.tolist(), limits.circuits, strict=True)
    links = [_Link(start, stop, circuits) for start, stop, circuits in ends]
    share = np.ones((1, len(links))) if limits.share is None else limits.share
    rows, limit_row = np.unique(share, axis=0, return_inverse=True)
    # the share of each interface, for all numbers of its circuits out
    spread = np.repeat(rows, [len(mw) for mw in limits.forward_mw], axis=1)
    forward, backward = (spread * np.concatenate(way) for way in (limits.forward_mw, limits.backward_mw))
    row_of_hour = None if limits.share is None else limit_row.reshape(-1).astype(np.int32)
    zone = np.arange(len(system.areas), dtype=np.int32)
    return _joined_by(system, zone, system.bus_area, links, forward, backward, row_of_hour)


@dataclass(frozen=True)
class _Link:
    """Areas at both ends, circuits between them, and the interface of the network that limits them or -1."""

    start: int
    stop: int
    circuits: tuple[Component, ...]
    branches: tuple[int, ...] = ()
    interface: int = -1


def _joined_by(
    system: AdequacySystem,
    area_zone: I4,
    bus_area: I4,
    links: list[_Link],
    forward_mw: F8,
    backward_mw: F8,
    limit_row: I4 | None,
) -> Areas:
    return Areas(
        names=tuple(_name(system, link) for link in links),
        n_areas=len(area_zone),
        bus_area=bus_area,
        area_zone=area_zone,
        interface_from=np.array([link.start for link in links], dtype=np.int32),
        interface_to=np.array([link.stop for link in links], dtype=np.int32),
        circuit_component=tuple(circuit for link in links for circuit in link.circuits),
        circuit_interface=np.repeat(np.arange(len(links)), [len(link.circuits) for link in links]).astype(np.int32),
        scheme_start=np.cumsum([0, *(len(link.circuits) + 1 for link in links)]).astype(np.int32),
        forward_mw=np.ascontiguousarray(forward_mw),
        backward_mw=np.ascontiguousarray(backward_mw),
        limit_row=np.zeros(system.n_hours, dtype=np.int32) if limit_row is None else limit_row,
    )


def _name(system: AdequacySystem, link: _Link) -> str:
    """Name of an interface: of the tie of a system from frames, or of the first of the network's branches."""
    names = [system.branch_name[branch] for branch in link.branches] or [of.name for of in link.circuits]
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"


def _of_network(system: AdequacySystem, detail: NetworkDetail | None) -> Areas:
    """Zones joined by their branches; an interface of which every member joins the same two areas is one tie.

    Networks abroad that hold together only through the country are areas of their own, and so is what lies behind an
    interface that cuts a zone in two (a site and its fence, a peninsula on one line). All that the zonal level leaves
    out (other interfaces inside a zone or through several pairs of areas, ratings inside, the split of flows) restricts
    the nodal level further: with the same outages no hour sheds more here than there.
    """
    assert detail is not None
    bus_area, area_zone = _with_parts_inside(system, detail, *_with_parts_abroad(system, detail))
    start, stop = bus_area[system.branch_from], bus_area[system.branch_to]
    is_free = (start != stop) & detail.branch_in_service
    links: list[_Link] = []
    for interface in range(len(detail.interface_start) - 1):
        at = slice(detail.interface_start[interface], detail.interface_start[interface + 1])
        in_use = detail.branch_in_service[detail.interface_branch[at]]
        branches, sign = detail.interface_branch[at][in_use], detail.interface_sign[at][in_use]
        ends = {
            (int(start[b]), int(stop[b])) if way > 0 else (int(stop[b]), int(start[b]))
            for b, way in zip(branches, sign)
        }
        if len(ends) == 1 and is_free[branches].all():
            is_free[branches] = False
            circuits = tuple(system.branch_component[b] for b in branches)
            links.append(_Link(*ends.pop(), circuits, tuple(int(b) for b in branches), interface))
    links += [
        _Link(int(start[b]), int(stop[b]), (system.branch_component[b],), (int(b),)) for b in np.flatnonzero(is_free)
    ]
    # hours with the same season and ratings share a row of limits
    used = sorted({int(detail.branch_rating[b]) for link in links for b in link.branches} - {-1})
    key = np.column_stack([detail.is_winter.astype(np.float64), detail.rating_factor[:, used]])
    rows, limit_row = np.unique(key, axis=0, return_inverse=True)
    column = {rating: 1 + position for position, rating in enumerate(used)}
    limits = [_limits(system, detail, link, rows, column) for link in links]
    return _joined_by(
        system,
        area_zone,
        bus_area,
        links,
        np.hstack([forward for forward, _ in limits] or [np.zeros((len(rows), 0))]),
        np.hstack([backward for _, backward in limits] or [np.zeros((len(rows), 0))]),
        limit_row.reshape(-1).astype(np.int32),
    )


def _with_parts_abroad(system: AdequacySystem, detail: NetworkDetail) -> tuple[I4, I4]:
    """Area of each bus and zone of each area, the area abroad cut into the parts that its own branches join."""
    bus_area = system.bus_area.copy()
    n_areas = len(system.areas)
    if system.areas[-1] != EXTERNAL:
        return bus_area, np.arange(n_areas, dtype=np.int32)
    abroad = bus_area == n_areas - 1
    inside = detail.branch_in_service & abroad[system.branch_from] & abroad[system.branch_to]
    part = islands(len(system.buses), system.branch_from, system.branch_to, inside)
    bus_area[abroad] = n_areas - 1 + np.unique(part[abroad], return_inverse=True)[1].reshape(-1)
    n_parts = int(bus_area.max(initial=n_areas - 1)) + 1
    return bus_area, np.minimum(np.arange(n_parts), n_areas - 1).astype(np.int32)


def _with_parts_inside(system: AdequacySystem, detail: NetworkDetail, bus_area: I4, area_zone: I4) -> tuple[I4, I4]:
    """Area of each bus and zone of each area, zones cut by the interfaces inside them.

    An interface cuts where all its members join the same two parts of what they held together. None cuts what would
    leave another that joins two areas with members between several, whose common limit would be lost.
    """
    at_home = bus_area < (len(system.areas) - (system.areas[-1] == EXTERNAL))
    of_interface = [_members(detail, interface) for interface in range(len(detail.interface_start) - 1)]
    joining = [members for members in of_interface if _joins_two(system, bus_area, members)]
    is_inside = detail.branch_in_service & (bus_area[system.branch_from] == bus_area[system.branch_to])
    is_inside &= at_home[system.branch_from]
    whole = _parts(system, is_inside)
    cut, zones = bus_area, area_zone
    for members in of_interface:
        if not len(members) or not is_inside[members].all():
            continue
        left = is_inside.copy()
        left[np.concatenate([members, *(m for m in joining if is_inside[m].all())])] = False
        found = _cut(bus_area, area_zone, whole, _parts(system, left))
        if all(_joins_two(system, found[0], group) for group in (members, *joining)):
            cut, zones = found
            joining.append(members)
    return cut, zones


def _cut(bus_area: I4, area_zone: I4, whole: I4, part: I4) -> tuple[I4, I4]:
    """Area of each bus and zone of each area; the largest part of what held together keeps the zone's own area."""
    area, zones = bus_area.copy(), area_zone.tolist()
    for held in np.unique(whole):
        pieces, size = np.unique(part[whole == held], return_counts=True)
        for piece in np.delete(pieces, int(size.argmax())).tolist():
            zones.append(int(area_zone[bus_area[part == piece][0]]))
            area[part == piece] = len(zones) - 1
    return area, np.array(zones, dtype=np.int32)


def _joins_two(system: AdequacySystem, area: I4, branches: I4) -> bool:
    """Whether all the branches lead from one and the same area into one other."""
    ends = np.sort(np.column_stack([area[system.branch_from[branches]], area[system.branch_to[branches]]]))
    return bool(len(ends) and (ends == ends[0]).all() and ends[0, 0] != ends[0, 1])


def _members(detail: NetworkDetail, interface: int) -> I4:
    """Branches of an interface that are in service."""
    members = detail.interface_branch[detail.interface_start[interface] : detail.interface_start[interface + 1]]
    return np.asarray(members[detail.branch_in_service[members]])


def _parts(system: AdequacySystem, joins: NDArray[np.bool_]) -> I4:
    return islands(len(system.buses), system.branch_from, system.branch_to, joins)


def _limits(
    system: AdequacySystem, detail: NetworkDetail, link: _Link, rows: F8, column: dict[int, int]
) -> tuple[F8, F8]:
    """(n_rows, n_circuits + 1) MW forward and backward: the interface's limit for the circuits out, and never more than
    the ratings of as many circuits as are left, the strongest ones.
    """
    n = len(link.branches)
    factor = np.ones((len(rows), n))
    for k, branch in enumerate(link.branches):
        if detail.branch_rating[branch] >= 0:
            factor[:, k] = rows[:, column[int(detail.branch_rating[branch])]]
    strongest = -np.sort(-system.branch_mw[list(link.branches)] * factor, axis=1)
    left = np.hstack([np.zeros((len(rows), 1)), np.cumsum(strongest, axis=1)])[:, ::-1]
    forward, backward = left.copy(), left.copy()
    out = _circuits_out(system, link)
    season = np.where(rows[:, 0] > 0.5, WINTER, SUMMER)
    for limit in np.flatnonzero(detail.limit_interface == link.interface):
        holds = (detail.limit_season[limit] == 0) | (detail.limit_season[limit] == season)
        way = forward if detail.limit_is_forward[limit] else backward
        at = np.ix_(holds, out >= detail.limit_lines_out[limit])
        way[at] = np.minimum(way[at], detail.limit_mw[limit])
    return forward, backward


def _circuits_out(system: AdequacySystem, link: _Link) -> I4:
    """(n_circuits + 1,) circuits that count as out with 0, 1, 2 ... out, the strongest ones left."""
    weight = np.sort(1.0 / np.abs(system.branch_x_pu[list(link.branches)]))
    carried = carried_by_strongest(weight)
    lost = np.concatenate([[0.0], np.cumsum(weight)])
    return np.array([strong_circuits(carried, mw) for mw in lost.tolist()], dtype=np.int32)
