"""Areas of a network and the couplings between them: what the swing of the first minutes needs to know of a grid.

Areas are what is left when every line of every interface is cut, and each neighbour; the machines of an area are one
node behind the buses they stand at. Buses are reduced away, B_red = B_aa - B_ab B_bb^-1 B_ba, in each island apart. The
slope of a coupling follows from reactances, its amplitude, for interfaces limited by stability, from their limit: it
does not emerge from reactances. Any network has areas; without interfaces an island is one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels.flows import islands
from gridsim.kernels.pull_out import N_STEPS, largest_flow_mw, stretch_to_limits
from gridsim.model.section_circuits import circuits_out
from gridsim.model.system import GridSystem
from gridsim.model.table import B1, F8, I4, sum_at
from gridsim.solvers.area_machines import AreaMachines
from gridsim.solvers.participation import branch_status

if TYPE_CHECKING:
    from scipy.sparse import csc_matrix

SMALLEST_COUPLING_MW = 1.0  # per radian; what couples less is left out
_MEANS_SHARE = 0.05  # of a coupling's flow, below which an interface does not shape its amplitude


class AreaMap(NamedTuple):
    """Areas of a network.

    names : of the areas, neighbours last ; bus : (n_buses,) area of each bus ; of_border : (n_borders,) area
    joined : interfaces whose ends lie in one area, with the branch whose ends do
    """

    names: tuple[str, ...]
    bus: I4
    of_border: I4
    joined: tuple[tuple[str, str], ...]


class Reduction(NamedTuple):
    """The network between areas as it stands.

    first, second, coupling_mw, stretch : (n_pairs,) ; at_area : (n_areas, n_buses) share of a bus's power that
    reaches the machine of each area ; flow_bus : (n_interfaces, n_buses) and flow_pair : (n_interfaces, n_pairs), what
    a MW at a bus and a MW of a coupling add to an interface's flow
    linked : (n_buses,) False: no machine reaches the bus
    apart : (n_interfaces, n_pairs) how far each pair moves apart when the sides of an interface do, 0 on one side of it
    """

    first: I4
    second: I4
    coupling_mw: F8
    stretch: F8
    at_area: F8
    flow_bus: F8
    flow_pair: F8
    by_power: F8
    linked: B1
    apart: F8


def area_map(system: GridSystem, branch_out: I4, machines_mva: F8) -> AreaMap:
    """Areas of a network with ``branch_out`` (positions); ``machines_mva`` (n_buses,) of running machines.

    A part without machines belongs to the part it is coupled to most.
    """
    n_buses, of_country = len(system.buses), _neighbour_of_bus(system)
    works = branch_status(system, branch_out)
    members = np.unique(system.interface_members.branch)
    inside = works.copy()
    inside[members] = False
    ends = of_country[system.branch_from], of_country[system.branch_to]
    inside &= ends[0] == ends[1]
    part = islands(n_buses, system.branch_from, system.branch_to, inside).astype(np.int64)
    n_parts = int(part.max()) + 1 if n_buses else 0
    part = np.where(of_country >= 0, n_parts + of_country, part)
    _join_parts_without_machines(system, part, np.flatnonzero(works & ~inside), machines_mva, n_parts)
    numbers, bus = np.unique(part, return_inverse=True)
    weight = machines_mva + 1e-6 * sum_at(system.loads.bus, system.loads.p_mw, n_buses)
    names, borders = [], list(system.borders.name.tolist())
    for area, number in enumerate(numbers.tolist()):
        buses = np.flatnonzero(bus == area)
        largest = str(system.buses.name[buses[np.argmax(weight[buses])]])
        names.append(borders[number - n_parts] if number >= n_parts else largest)
    of_border = np.array(bus[system.borders.bus], dtype=np.int32)
    for border, name in enumerate(borders):
        if of_country[system.borders.bus[border]] < 0:  # a neighbour that stands at a bus inside
            names.append(name)
            of_border[border] = len(names) - 1
    area_of_bus = bus.astype(np.int32)
    return AreaMap(tuple(names), area_of_bus, of_border, _joined(system, area_of_bus, works))


def _neighbour_of_bus(system: GridSystem) -> I4:
    """(n_buses,) border whose neighbour a bus abroad belongs to, -1 inside: its own bus, and those of its country."""
    of_bus = np.full(len(system.buses), -1, dtype=np.int32)
    abroad, country = system.buses.zone < 0, system.buses.country
    for border, bus in reversed(list(enumerate(system.borders.bus.tolist()))):
        if abroad[bus]:
            of_bus[abroad & (country == country[bus]) & (country[bus] != "")] = border
            of_bus[bus] = border
    return of_bus


def _join_parts_without_machines(
    system: GridSystem, part: NDArray[np.int64], cut: NDArray[np.integer[Any]], machines_mva: F8, n_parts: int
) -> None:
    """Write into ``part`` so that each has machines, is abroad (from ``n_parts``), or touches nothing."""
    slope = 1.0 / np.abs(system.branch_x_pu)
    while True:
        has = np.zeros(part.max(initial=0) + 1, dtype=bool)
        has[part[machines_mva > 0]] = True
        has[n_parts:] = True
        ends = part[system.branch_from[cut]], part[system.branch_to[cut]]
        best: tuple[float, int, int] | None = None
        for one, other in (ends, ends[::-1]):
            poor = np.flatnonzero(~has[one] & (one != other))
            if len(poor):
                to_pair = one[poor] * (part.max() + 1) + other[poor]
                pairs, which = np.unique(to_pair, return_inverse=True)
                sums = np.bincount(which, slope[cut[poor]])
                top = int(np.argmax(sums))
                found = float(sums[top]), int(pairs[top] // (part.max() + 1)), int(pairs[top] % (part.max() + 1))
                best = found if best is None else max(best, found)
        if best is None:
            return
        part[part == best[1]] = best[2]


def _joined(system: GridSystem, area: I4, works: B1) -> tuple[tuple[str, str], ...]:
    """Interfaces with a working member whose ends lie in one area: they separate nothing there."""
    found = []
    members = system.interface_members
    for interface, branch in zip(members.interface.tolist(), members.branch.tolist(), strict=True):
        if works[branch] and area[system.branch_from[branch]] == area[system.branch_to[branch]]:
            found.append((str(system.interfaces.name[interface]), str(system.branch_name[branch])))
    return tuple(found)


def ties_between(system: GridSystem, areas: AreaMap, branch_out: I4) -> tuple[I4, I4, I4]:
    """Working branches between areas, and the areas at their ends."""
    works = branch_status(system, branch_out)
    one, other = areas.bus[system.branch_from], areas.bus[system.branch_to]
    branches = np.flatnonzero(works & (one != other)).astype(np.int32)
    return branches, one[branches], other[branches]


def way_beside(system: GridSystem, interfaces: tuple[str, ...], branch_out: I4) -> list[str]:
    """Buses of the shortest way that joins the ends of ``interfaces`` with ``branch_out``; empty: they separate."""
    works = branch_status(system, branch_out)
    one, other = system.branch_from[works], system.branch_to[works]
    member = system.interface_members
    chosen = [system.interfaces.position(name) for name in interfaces]
    best: list[str] = []
    for branch in member.branch[np.isin(member.interface, chosen)].tolist():
        way = shortest_way(int(system.branch_from[branch]), int(system.branch_to[branch]), one, other)
        if way and (not best or len(way) < len(best)):
            best = [str(system.buses.name[bus]) for bus in way]
    return best


def shortest_way(start: int, goal: int, one: I4, other: I4) -> list[int]:
    """Nodes on the way of fewest steps between two over edges ``one`` - ``other``; empty if nothing joins them."""
    came, front = {start: start}, [start]
    while front and goal not in came:
        following = []
        for node in front:
            beside = np.unique(np.concatenate([other[one == node], one[other == node]])).tolist()
            for found in beside:
                if found not in came:
                    came[found] = node
                    following.append(found)
        front = following
    if goal not in came:
        return []
    way = [goal]
    while way[-1] != start:
        way.append(came[way[-1]])
    return way[::-1]


def reduce_network(system: GridSystem, areas: AreaMap, machines: AreaMachines, branch_out: I4, margin: F8) -> Reduction:
    """The couplings between ``areas`` with ``branch_out`` (positions), machines behind their reactances.

    margin : (n_interfaces,) normal limit over static limit where stability limits, and gives the amplitude; else NaN
    """
    from scipy.sparse.linalg import splu

    n_buses, n_areas = len(system.buses), len(areas.names)
    works = branch_status(system, branch_out)
    slope = np.where(works, 1.0 / system.branch_x_pu, 0.0)
    start, end = system.branch_from, system.branch_to
    b_ba = np.zeros((n_buses, n_areas))
    np.add.at(b_ba, (machines.link_bus, machines.link_area), -machines.link_mw)
    link = -b_ba.sum(axis=1)
    linked = _linked(system, works, link > 0)
    own = np.where(linked, link, 1.0)  # what no machine reaches stands apart
    b_bb = _susceptances(start[works], end[works], slope[works], own)

    member = system.interface_members
    rows = np.zeros((len(system.interfaces), n_buses))
    np.add.at(rows, (member.interface, start[member.branch]), member.sign * slope[member.branch])
    np.add.at(rows, (member.interface, end[member.branch]), -member.sign * slope[member.branch])
    solved = np.asarray(splu(b_bb).solve(np.hstack([b_ba, rows.T])), dtype=np.float64)
    at_area = -solved[:, :n_areas].T
    reduced = np.diag(-b_ba.sum(axis=0)) - b_ba.T @ solved[:, :n_areas]
    flow_bus = solved[:, n_areas:].T
    by_angle = -flow_bus @ b_ba

    first, second = np.nonzero(np.triu(-reduced, 1) >= SMALLEST_COUPLING_MW)
    coupling = -reduced[first, second]
    # A MW from one machine to another, through all machines' reactances: exact for whatever the areas inject.
    inverse = np.asarray(np.linalg.pinv(reduced, rcond=1e-10, hermitian=True), dtype=np.float64)
    by_power = by_angle @ inverse
    flow_pair = by_power[:, first] - by_power[:, second]
    size = np.bincount(machines.link_area, machines.link_mw, n_areas).astype(np.float64)
    apart = _moved_apart(system, areas, (inverse, by_power), size, works, margin, (first, second))
    stretch = _stretch(system, coupling, flow_pair, apart, works, margin)
    return Reduction(
        first=first.astype(np.int32),
        second=second.astype(np.int32),
        coupling_mw=coupling,
        stretch=stretch,
        at_area=at_area * linked,
        flow_bus=flow_bus,
        flow_pair=flow_pair,
        by_power=by_power,
        linked=linked,
        apart=apart,
    )


def _susceptances(start: I4, end: I4, slope: F8, own: F8) -> csc_matrix:
    """(n_buses, n_buses) of branches, with ``own`` (n_buses,) on the diagonal."""
    from scipy.sparse import csc_matrix

    every = np.arange(len(own))
    rows, columns = np.concatenate([start, end, start, end, every]), np.concatenate([start, end, end, start, every])
    return csc_matrix((np.concatenate([slope, slope, -slope, -slope, own]), (rows, columns)))


def _moved_apart(
    system: GridSystem,
    areas: AreaMap,
    network: tuple[F8, F8],
    size: F8,
    works: B1,
    margin: F8,
    pairs: tuple[NDArray[Any], NDArray[Any]],
) -> F8:
    """(n_interfaces, n_pairs) angles of pairs when power crosses a stability interface, the widest of them 1.

    The power comes from the machines of one side and goes to those of the other, by ``size`` (n_areas,): a pair across
    two interfaces in series is wider than one across either. What other interfaces carry between the same areas is
    parted with it. Where a way beside it stays even so, sides are the areas whose MW send more, and less, over it than
    the widest step between them. ``network``: angles of a MW at each area, and what it sends over each interface.
    """
    (inverse, by_power), n, member = network, len(size), system.interface_members
    one, other = areas.bus[system.branch_from], areas.bus[system.branch_to]
    between = np.minimum(one, other)[member.branch] * n + np.maximum(one, other)[member.branch]
    found, crossed = np.ones((len(margin), len(pairs[0]))), []
    power = np.zeros((n, len(margin)))
    for interface in np.flatnonzero(np.isfinite(margin)).tolist():
        of_it = member.interface == interface
        branch, sign = member.branch[of_it], member.sign[of_it]
        start = np.where(sign > 0, one[branch], other[branch])
        end = np.where(sign > 0, other[branch], one[branch])
        rest = works.copy()
        rest[member.branch[_among(member.interface, member.interface[_among(between, between[of_it])])]] = False
        part = islands(n, one, other, rest)
        sides = _among(part, part[start]), _among(part, part[end])
        if (sides[0] & sides[1]).any():
            sides = _sides_of_step(by_power[interface], np.flatnonzero(sides[0] | sides[1]))
        if not all(size[side].sum() > 0 for side in sides):
            continue
        for side, direction in zip(sides, (1.0, -1.0), strict=True):
            power[:, interface] += np.where(side, direction * size / size[side].sum(), 0.0)
        found[interface] = (sides[0][pairs[0]] & sides[1][pairs[1]]) | (sides[1][pairs[0]] & sides[0][pairs[1]])
        crossed.append(interface)
    if crossed:
        angle = inverse @ power[:, crossed]
        wide = np.abs(angle[pairs[0]] - angle[pairs[1]]).T * found[crossed]
        found[crossed] = wide / np.maximum(wide.max(axis=1, initial=0.0, keepdims=True), 1e-12)
    return found


def _among(values: I4, chosen: I4) -> B1:
    """True where one of small whole numbers is among ``chosen``, numbers of theirs."""
    is_chosen = np.zeros(int(values.max(initial=0)) + 1, dtype=bool)
    is_chosen[chosen] = True
    return is_chosen[values]


def _sides_of_step(by_power: F8, joined: NDArray[Any]) -> tuple[B1, B1]:
    """(n_areas,) areas on either side of the widest step in ``by_power`` (n_areas,), among ``joined`` (positions)."""
    ordered = joined[np.argsort(-by_power[joined], kind="stable")]
    step = 1 + int(np.argmax(-np.diff(by_power[ordered]))) if len(ordered) > 1 else len(ordered)
    above, below = np.zeros(len(by_power), dtype=bool), np.zeros(len(by_power), dtype=bool)
    above[ordered[:step]], below[ordered[step:]] = True, True
    return above, below


def _linked(system: GridSystem, works: B1, has_link: B1) -> B1:
    """(n_buses,) True where a machine reaches the bus."""
    island = islands(len(system.buses), system.branch_from, system.branch_to, works)
    return np.asarray(np.isin(island, island[has_link]))


def stability_margins(system: GridSystem) -> F8:
    """(n_interfaces,) normal limit over static limit of the sections that stability limits; NaN of others."""
    margin = np.full(len(system.interfaces), np.nan)
    margin[system.stability_limits.interface] = system.stability_limits.margin
    return margin


def static_limits_mw(system: GridSystem, works: B1, margin: F8) -> F8:
    """(n_interfaces,) pull-out power: larger normal limit at the lines out over ``margin``; inf: not of stability."""
    limits = system.interface_limits
    every = np.ones(len(works), dtype=bool)
    holds = limits.lines_out <= circuits_out(system, ~works, every)[limits.interface]
    lowest = np.full((2, len(system.interfaces)), np.inf)
    at = (limits.direction == "forward").astype(np.int32)[holds], limits.interface[holds]
    np.minimum.at(lowest, at, limits.normal_mw[holds])
    larger = np.where(np.isfinite(lowest), lowest, -np.inf).max(axis=0)
    return np.where(np.isfinite(margin) & np.isfinite(larger), larger / margin, np.inf)


def pull_out_mw(coupling: F8, stretch: F8, flow_pair: F8, apart: F8) -> float:
    """Largest flow of an interface, ``flow_pair`` (n_pairs,), when its sides move ``apart`` (n_pairs,)."""
    row = np.ascontiguousarray(flow_pair), np.ascontiguousarray(apart, dtype=np.float64)
    return largest_flow_mw(coupling, stretch, *row, np.zeros(N_STEPS))


def _stretch(system: GridSystem, coupling: F8, flow_pair: F8, apart: F8, works: B1, margin: F8) -> F8:
    """(n_pairs,) amplitude over coupling, so that every stability interface pulls out at its static limit."""
    limit_mw = static_limits_mw(system, works, margin)
    member = system.interface_members
    closed = sum_at(member.interface, works[member.branch].astype(np.float64), len(limit_mw)) > 0
    share = np.where((np.abs(flow_pair) > _MEANS_SHARE) & (apart > 0), np.abs(flow_pair), 0.0)
    shaped = np.flatnonzero(np.isfinite(limit_mw) & closed & (share.sum(axis=1) > 0))
    if not len(shaped):
        return np.ones(len(coupling))
    crosses = np.minimum(share[shaped].sum(axis=0), 1.0)
    # One that carries less than another of every coupling stands beside it and takes its share of what that one does.
    shaped = np.unique(shaped[share[shaped].argmax(axis=0)[share[shaped].sum(axis=0) > 0]])
    flow, moved, part = (np.ascontiguousarray(rows[shaped], dtype=np.float64) for rows in (flow_pair, apart, share))
    return stretch_to_limits(coupling, flow, moved, part, crosses, limit_mw[shaped])


def settled_angles(reduction: Reduction, supplied_mw: F8, start: F8 | None = None) -> tuple[F8, bool]:
    """(n_areas,) angles at which the couplings carry away ``supplied_mw`` (n_areas,), balanced by island; found or not.

    Newton from ``start``, or from the linear answer, on the least-norm step: each island has its own reference.
    """
    first, second, b, s = reduction.first, reduction.second, reduction.coupling_mw, reduction.stretch
    n = len(supplied_mw)
    angle = np.zeros(n) if start is None else start.copy()
    if not len(first):
        return angle, bool(np.abs(supplied_mw).max(initial=0.0) < 1e-6)
    for _ in range(60):
        within = (angle[first] - angle[second]) / s
        power = b * s * np.sin(within)
        missing = supplied_mw - np.bincount(first, power, n) + np.bincount(second, power, n)
        slope = b * np.cos(within)
        jacobian = np.zeros((n, n))
        np.add.at(jacobian, (first, first), slope)
        np.add.at(jacobian, (second, second), slope)
        np.add.at(jacobian, (first, second), -slope)
        np.add.at(jacobian, (second, first), -slope)
        if np.abs(missing).max() < 1e-6:  # stable where no direction of the angles pulls further apart
            return angle, bool(np.linalg.eigvalsh(jacobian)[0] > -1e-6 * slope.max())
        step = np.linalg.lstsq(jacobian, missing, rcond=1e-10)[0]
        angle = angle + step * min(1.0, 0.5 / max(np.abs(step).max(), 1e-12))
    return angle, False
