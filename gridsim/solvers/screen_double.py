"""N-2: two outages at the same moment, DC. Most pairs are bounded away, the rest solved; none is missed.

An outage is a direction of injections: a lost branch sends its flow x around itself, a lost machine takes its output x
from its bus and leaves it to the participants. For two outages the x are the solution of a 2 x 2 system, exact for
every pair, and the flow on branch l is f_l + D_la x_a + D_lb x_b. With u_a(sign) the largest D_la per MW of room left
on l in that direction, u_a |x_a| + u_b |x_b| <= 1 is a certificate: no branch passes its emergency limit (the bound of
Kaplunovich and Turitsyn, Fast and reliable screening of N-2 contingencies, IEEE Trans. Power Syst. 31, 2016, with
signs). Pairs without a certificate, pairs that split the network or take a member of a section, and pairs that leave an
island without its usual participants or headroom are solved one first outage at a time (``screen_second``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels.flows import make_topology, turned_mw
from gridsim.model.pack import pack
from gridsim.model.system import GridSystem
from gridsim.model.table import B1, F8, STR
from gridsim.solvers.operating_point import OperatingPoint, base_point
from gridsim.solvers.participation import branch_status, bus_sum, sources
from gridsim.solvers.screen_balance import Balance, available_mw
from gridsim.solvers.screen_balanced import Balanced, balanced
from gridsim.solvers.screen_equal import EqualMachines
from gridsim.solvers.screen_limits import OVER_TOLERANCE_MW, Limits
from gridsim.solvers.screen_outages import Outage, OutageKind, lost_by, usual_outages
from gridsim.solvers.screen_result import LIMIT_TOLERANCE
from gridsim.solvers.screen_second import SecondOutages, StartingState
from gridsim.solvers.screen_states import States

#: Below this determinant a pair's 2 x 2 system is not trusted: the pair splits the network, or nearly does.
_SMALL_DETERMINANT = 1e-4


class DoubleResult(NamedTuple):
    """Pairs that were solved and are not secure, worst first; columns as in ``PairResult``.

    added_mw : excess, shortage and load cut off beyond those of the two outages alone
    """

    first_name: STR
    second_name: STR
    over_mw: F8
    over_name: STR
    over_percent: F8
    dark_mw: F8
    islanded_mw: F8
    short_mw: F8
    added_mw: F8
    n_outages: int
    n_pairs: int
    n_bounded: int
    n_solved: int


def screen_doubles(
    system: GridSystem,
    point: OperatingPoint | None = None,
    *,
    month: int = 1,
    outages: Sequence[Outage] | None = None,
) -> DoubleResult:
    """All pairs of ``outages`` (the usual ones) at once, of equal parallel machines one, in DC."""
    point = base_point(system) if point is None else point
    outages = usual_outages(system, point) if outages is None else outages
    return _Doubles(system, point, outages, month).result()


class _Doubles:
    """One screening of pairs."""

    def __init__(self, system: GridSystem, point: OperatingPoint, outages: Sequence[Outage], month: int):
        self.packed, self.equal = pack(system), EqualMachines(system, point, outages)
        self.system, self.point = system, point
        self.states = States(system, point, self.equal.outages)
        self.loss_scale = Balance(self.packed, self.states, month).loss_scale
        self.available_mw = available_mw(system, point, month)
        self.lost = {one.name: lost_by(system, one) for one in outages}
        self.topology = make_topology(self.packed.case, point.branch_out)
        self.intact = balanced(system, self.states.point_of(0), self.topology.island, self.loss_scale)
        self.flow_mw = self.topology.row_ptdf @ self.intact.injection_mw + turned_mw(self.packed.case, self.topology)
        self.limits = Limits(self.packed, month, self.flow_mw)

    # --- every pair that needs it, exactly

    def network_after(self, row: int) -> SecondOutages:
        """Network right after outage ``row`` (0: intact), for second ones."""
        left = self.states.system_of(row)
        out = self.states.branch_out(row)
        topology = make_topology(self.packed.case, out) if row else self.topology
        after: Balanced = self.intact
        if row:
            after = balanced(left, self.states.point_of(row), topology.island, self.loss_scale)
        state = StartingState(left, after.point, topology, after.injection_mw, after.load_mw, self.available_mw)
        return SecondOutages(self.packed.case, state)

    def solved(self, row: int, seconds: Sequence[Outage]) -> dict[str, Any]:
        """Findings of outage ``row`` with each of ``seconds``."""
        network = self.network_after(row)
        found = network.answers(seconds)
        lost = [self.limits.members_of(self.lost[one.name].branches) for one in seconds]
        excess = self.limits.excess(found.flow_mw, network.state.point.branch_out, lost)
        dark_first, islanded_first = self.states.dark_mw[row], self.states.islanded_mw[row]
        return {
            "over_mw": np.where(excess.over_mw > OVER_TOLERANCE_MW, excess.over_mw, 0.0),
            "over_row": excess.row,
            "over_percent": excess.percent,
            "dark_mw": found.dark_mw + dark_first,
            "islanded_mw": np.maximum(found.islanded_mw + islanded_first, found.dark_mw + dark_first),
            "short_mw": found.short_mw,
        }

    def result(self) -> DoubleResult:
        """Bound every pair, solve the others, and put those together that are not secure."""
        outages = self.equal.outages
        n = len(outages)
        safe = Certificates(self).certified()
        alone = self.solved(0, outages)
        alone_mw = alone["over_mw"] + alone["short_mw"] + alone["islanded_mw"]
        found: list[dict[str, Any]] = []
        n_pairs = n_solved = 0
        for place, outage in enumerate(outages):
            seconds, places = self.equal.seconds(outage, self.intact.point.p_gen_mw)
            later = [k for k, other in enumerate(places) if other >= place]
            n_pairs += len(later)
            open_pairs = [k for k in later if not safe[place, places[k]]]
            n_solved += len(open_pairs)
            if not open_pairs:
                continue
            chosen = [seconds[k] for k in open_pairs]
            table = self.solved(place + 1, chosen)
            table["first_name"] = np.full(len(chosen), outage.name)
            table["second_name"] = np.array([one.name for one in chosen], dtype=np.str_)
            both = table["over_mw"] + table["short_mw"] + table["islanded_mw"]
            table["added_mw"] = np.maximum(both - alone_mw[place] - alone_mw[[places[k] for k in open_pairs]], 0.0)
            bad = both > 0.0
            found.append({name: values[bad] for name, values in table.items()})
        return self._together(found, n, n_pairs, n_solved)

    def _together(self, found: list[dict[str, Any]], n: int, n_pairs: int, n_solved: int) -> DoubleResult:
        columns = (
            "first_name", "second_name", "over_mw", "over_row", "over_percent", "dark_mw", "islanded_mw", "short_mw",
            "added_mw",
        )  # fmt: skip
        table = {name: np.concatenate([one[name] for one in found] or [np.zeros(0)]) for name in columns}
        order = np.lexsort((-table["over_percent"], -table["over_mw"], -table["short_mw"], -table["added_mw"]))
        table = {name: values[order] for name, values in table.items()}
        names = np.append(np.concatenate([self.system.branch_name, self.system.interfaces.name]), "")
        row = table.pop("over_row").astype(np.int64)
        return DoubleResult(
            **table, over_name=names[row], n_outages=n, n_pairs=n_pairs, n_bounded=n_pairs - n_solved, n_solved=n_solved
        )


class _Places(NamedTuple):
    """Of each outage (n,): does the bound know it, its branch (-1: none) and island, and MW that it moves alone.

    moved : (n_rows, n) flows per MW of its direction;  received : share of an imbalance that it takes, of machines
    taken : (n, 7) what it takes from its island
    """

    plain: B1
    branch: NDArray[np.int64]
    island: NDArray[np.int64]
    size: F8
    moved: F8
    received: F8
    taken: F8


class Certificates:
    """Pairs that a bound shows to be secure."""

    def __init__(self, doubles: _Doubles):
        self.doubles, self.network = doubles, doubles.network_after(0)
        self.island = doubles.topology.island
        self.flow = doubles.flow_mw

    def certified(self) -> B1:
        """(n, n) bool over the outages: True where no limit is passed and nothing lacks or is cut off."""
        places = self._places()
        n, branch, plain = len(places.plain), places.branch, places.plain.copy()
        coupling = np.zeros((n, n))  # what 1 MW of direction b adds to what a moves
        lines = np.flatnonzero(plain & (branch >= 0))
        coupling[lines] = places.moved[branch[lines]]
        for a in np.flatnonzero(plain & (branch < 0)).tolist():
            coupling[a] = np.where((branch < 0) & (places.island == places.island[a]), places.received[a], 0.0)
        own = np.diag(coupling).copy()
        plain &= np.abs(1.0 - own) > _SMALL_DETERMINANT
        low, high = self.doubles.limits(self.doubles.point.branch_out, emergency=True)
        up = np.maximum(high * (1.0 + LIMIT_TOLERANCE) + OVER_TOLERANCE_MW - self.flow, 1e-9)
        down = np.maximum(self.flow - low * (1.0 + LIMIT_TOLERANCE) + OVER_TOLERANCE_MW, 1e-9)
        grow, shrink = (_largest_share(sign * places.moved, branch, up, down) for sign in (1.0, -1.0))
        size, safe = places.size, np.zeros((n, n), dtype=bool)
        for a in np.flatnonzero(plain).tolist():
            determinant = (1.0 - own[a]) * (1.0 - own) - coupling[a] * coupling[:, a]
            good = plain & (np.abs(determinant) > _SMALL_DETERMINANT)
            good[a] = False
            divisor = np.where(good, determinant, 1.0)
            x_a = ((1.0 - own) * size[a] + coupling[a] * size) / divisor
            x_b = ((1.0 - own[a]) * size + coupling[:, a] * size[a]) / divisor
            bound = np.where(x_a >= 0.0, grow[a], shrink[a]) * np.abs(x_a)
            bound += np.where(x_b >= 0.0, grow, shrink) * np.abs(x_b)
            safe[a] = good & (bound <= 1.0) & self._powered(places, a)
        return safe & safe.T

    def _places(self) -> _Places:
        doubles = self.doubles
        system, case, outages = doubles.system, doubles.packed.case, doubles.equal.outages
        ptdf, island, n = doubles.topology.row_ptdf, self.island, len(outages)
        have = sources(system, doubles.states.point_of(0), island)
        weight = bus_sum(system.generators.bus, have.gen_weight, len(system.buses))
        weight += bus_sum(system.borders.bus, have.border_weight, len(system.buses))
        spread = np.stack([ptdf @ np.where(island == k, weight, 0.0) for k in range(len(have.live))], axis=1)
        status = branch_status(system, doubles.point.branch_out)
        found = _Places(
            plain=np.zeros(n, dtype=bool),
            branch=np.full(n, -1),
            island=np.full(n, -1),
            size=np.zeros(n),
            moved=np.zeros((len(ptdf), n)),
            received=np.zeros(n),
            taken=np.stack([self.network.taken_by(one) for one in outages]) if n else np.zeros((0, 7)),
        )
        point = doubles.intact.point
        for place, outage in enumerate(outages):
            if outage.kind in (OutageKind.LINE, OutageKind.TRANSFORMER):
                lost = doubles.lost[outage.name].branches
                branch = int(lost[0])
                start, end = case.branch_from[branch], case.branch_to[branch]
                found.plain[place] = status[branch] and not doubles.limits.members_of(lost).size
                found.branch[place], found.island[place], found.size[place] = branch, island[start], self.flow[branch]
                found.moved[:, place] = ptdf[:, start] - ptdf[:, end]
            elif outage.kind in (OutageKind.GENERATOR, OutageKind.BORDER):
                machine, k = outage.kind is OutageKind.GENERATOR, outage.position
                bus = int((system.generators if machine else system.borders).bus[k])
                found.plain[place], found.island[place] = have.live[island[bus]], island[bus]
                found.size[place] = (point.p_gen_mw if machine else point.p_border_mw)[k]
                found.received[place] = (have.gen_weight if machine else have.border_weight)[k]
                found.moved[:, place] = spread[:, island[bus]] - ptdf[:, bus]
        return found

    def _powered(self, places: _Places, a: int) -> B1:
        """(n,) bool: the island of ``a`` and that of each other outage keep participants, voltage and headroom."""
        before = self.network.totals()[np.maximum(places.island, 0)]
        together = (places.island == places.island[a])[:, None]
        own, other = places.taken[a], places.taken
        fine = self.network.holds(before, before - other - np.where(together, own, 0.0))
        alone = before[a] - own
        return fine & self.network.holds(before[a : a + 1], alone[None, :])[0]


def _largest_share(moved: F8, branch: NDArray[np.int64], up: F8, down: F8) -> F8:
    """(n,) largest part of the room that 1 MW of a direction takes, on all rows but the lost branch."""
    taken = np.maximum(moved / up[:, None], -moved / down[:, None])
    own = np.flatnonzero(branch >= 0)
    taken[branch[own], own] = 0.0
    return taken.max(axis=0, initial=0.0)
