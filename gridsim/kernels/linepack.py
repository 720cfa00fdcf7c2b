"""Isothermal linepack network: implicit finite volumes, Newton's method with a sparse LU of fixed pattern.

Points carry pressure and gas, edges carry flow. A pipe is cut into equal segments (edges) of at most 50 km; a point
owns half of each adjoining segment's volume. Inertia is neglected (quasi-dynamic flow, valid for steps of minutes and
more), so the momentum equation of an edge has no time in it: the squares of the pressures at its ends drive the flow
against friction::

    (1)   pi_from - pi_to = h(q) = q (|q| + q_laminar) Z / K        pi = p^2, K = K of the friction law at Z = 1

(the second term is the laminar part 64/Re of the friction factor; it also keeps dq/dp finite at rest), and the gas of
a point from its pressure::

    (2)   L = c p / Z(p)

One step of implicit Euler solves continuity at every point::

    (3)   (L(p_new) - L_old) / dt = inflow(p_new) - outflow(p_new)

Everything that depends on pressure is monotone: an edge carries more when its inlet rises and less when its outlet
does, a source is throttled as its point nears its highest pressure, a delivery fades as its point falls below its
lowest. The Jacobian is therefore a column-dominant M-matrix: the solution is unique and LU needs no pivoting. The
elimination order and the fill are found once per network (``linepack_network.eliminate``); pipelines are nearly trees,
so there is almost no fill.

Newton's method runs in pi and the flows of the edges together, each edge linearised at its own flow rather than at the
pressures (the global gradient algorithm of water networks): h(q) is tame where its inverse, a root, is not. A closed
valve, a check valve and a capacity are steep pieces of the same h. With D the left side of (1), regulators and
compressors included, an edge that carries q now becomes::

    (4)   q_new = base + by_from d_pi_from - by_to d_pi_to
          base = q + (D - h(q)) / h'(q),   by_from = dD/d_pi_from / h'(q),   by_to = -dD/d_pi_to / h'(q)

The flows are eliminated edge by edge: (4) in (3) leaves one linear equation per point, in the changes d_pi.

Sources, sinks and scheduled links are faded: with m the margin of pressure, b its band and s the largest share::

    (5)   q(m) = q_full * min(max(m / b, 0), s)

a line with two kinks. An iteration keeps to the piece that ``status`` names and chooses the next one afterwards.

At the end of a step the gas of every point is updated with the flows found, and its pressure from that gas: mass is
conserved to rounding whatever the residual of Newton's method. Pressure is absolute in bar, flow in mcm/d and gas in
mcm (million cubic metres at reference conditions), time in hours.

Sources: Osiadacz, Simulation and Analysis of Gas Networks (1987), ch. 3 and 7 (isothermal flow, implicit methods);
Todini and Pilati, A gradient algorithm for the analysis of pipe networks (1988).
"""

from __future__ import annotations

import itertools
import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels.jit import inline, jit
from gridsim.kernels.linepack_network import (
    B1,
    BACKWARD,
    F8,
    FORWARD,
    FREE,
    I4,
    Z_CONSTANT,
    Z_PAPAY,
    Elimination,
    Fluid,
    GasLaw,
    LinepackControls,
    LinepackFlows,
    LinepackNetwork,
    LinepackState,
    content,
    eliminate,
    make_controls,
    make_network,
    nikuradse_friction,
    pipe_coefficients,
    pressure_of,
    weymouth_friction,
    z_and_slope,
)

__all__ = [
    "MAX_ITERATIONS",
    "Z_CONSTANT",
    "Z_PAPAY",
    "Fluid",
    "LinepackControls",
    "LinepackFlows",
    "LinepackNetwork",
    "LinepackState",
    "advance_linepack",
    "content",
    "copy_of",
    "eliminate",
    "make_controls",
    "make_network",
    "nikuradse_friction",
    "no_flows",
    "pipe_coefficients",
    "pressure_of",
    "run_linepack",
    "weymouth_friction",
]

I1 = NDArray[np.int8]

HOURS_PER_DAY = 24.0
TOLERANCE = 1e-5  # bar and mcm/d: the last change of Newton's method
STEEP = 1e8  # h', bar^2 per mcm/d, beyond a limit of flow
MAX_ITERATIONS = 120
MAX_HALVINGS = 8
LEAST_BAR = 1e-6
#: A compressor runs down while its suction falls to 0.9 of its least (0.9^2 of the square).
STOPPED2 = 0.81
#: Pieces of (5).
LOW, BETWEEN, HIGH = 0, 1, 2


class Points(NamedTuple):
    """Columns of the network: gas per bar at Z = 1, pressure held or free, row in the linear system; the gas law."""

    c_mcm_per_bar: F8
    fixed: B1
    row: I4
    gas_law: GasLaw


class Edges(NamedTuple):
    """Edges under the controls of a run, all (n_edges,) but ``pos``.

    start, end : i4, points;  pos : (n_edges, 2) i4, matrix positions of (start, end) and (end, start)
    lowest, highest : mcm/d, limits of flow: lowest 0 is a check valve, highest 0 lets gas pass backward only, both 0 is
        closed
    k, q_laminar : of the strings in service, at Z = 1
    ratio_from, ratio_to : 1 where no compressor runs;  set_from ... suction_bar : as in ``LinepackNetwork``
    """

    start: I4
    end: I4
    pos: I4
    lowest: F8
    highest: F8
    k: F8
    q_laminar: F8
    ratio_from: F8
    ratio_to: F8
    set_from: F8
    set_to: F8
    reg_from: F8
    reg_to: F8
    suction_bar: F8


class Exchange(NamedTuple):
    """Sources, then sinks: gas that enters or leaves at one point, faded by (5).

    point : i4;  sign : +1 sink, -1 source, also of the margin ``sign * (p - bound)``
    bound_bar, band_bar : of (5);  q : mcm/d;  most : largest share
    """

    point: I4
    sign: F8
    bound_bar: F8
    band_bar: F8
    q: F8
    most: F8


class Links(NamedTuple):
    """Scheduled flows between two points, faded by (5) near the lower bound of the giver and the upper of the taker.

    give, take : i4, points;  pos : (n_links, 2) i4, matrix positions of (``link_from``, ``link_to``) and back
    back : bool, the giver is ``link_to``;  q : mcm/d >= 0
    """

    give: I4
    take: I4
    pos: I4
    back: B1
    q: F8
    lo_bar: F8
    hi_bar: F8
    band_bar: float


class Problem(NamedTuple):
    """The network under the controls of one run."""

    points: Points
    edges: Edges
    exchange: Exchange
    links: Links
    order: Elimination


class Scratch(NamedTuple):
    """Memory of Newton's method.

    matrix : [diag | U | L] values of the linear system;  right : (n_points,) right-hand side, then d_pi in its place
    edge_k : (n_edges,) K / Z at the mean pressure of each edge at the start of the step;  base, by_from, by_to : of (4)
    exchange_status, link_status : LOW, BETWEEN or HIGH;  exchange_q : mcm/d, what each source gives and each sink gets
    """

    matrix: F8
    right: F8
    edge_k: F8
    base: F8
    by_from: F8
    by_to: F8
    exchange_status: I1
    link_status: I1
    exchange_q: F8


class Lift(NamedTuple):
    """Compressor and regulator at one end of an edge: ratio, discharge held and pressure let in (bar^2)."""

    ratio: float
    set2: float
    regulator2: float
    suction_bar: float


@jit
def _boost(pi: float, lift: Lift) -> tuple[float, float]:
    """Square of the pressure behind compressor and regulator, and its derivative by pi."""
    out, slope = pi, 1.0
    if lift.ratio > 1.0:
        # the gain on squares is ratio^2; it falls to 1, linear in pi, while suction falls from 1 to 0.9 of its least
        gain, gain_slope = lift.ratio * lift.ratio, 0.0
        suction2 = lift.suction_bar * lift.suction_bar
        if pi < suction2:
            stopped2 = STOPPED2 * lift.suction_bar * lift.suction_bar
            if pi <= stopped2:
                gain = 1.0
            else:
                gain_slope = (gain - 1.0) / (suction2 - stopped2)
                gain = 1.0 + gain_slope * (pi - stopped2)
        # what the ratio allows, but no more than the discharge held; gas above that passes as it is
        boosted = gain * pi
        if boosted < lift.set2:
            out, slope = boosted, gain + gain_slope * pi
        elif pi < lift.set2:
            out, slope = lift.set2, 0.0
    if out > lift.regulator2:
        out, slope = lift.regulator2, 0.0
    return out, slope


@jit
def _drive(  # type: ignore[no-untyped-def]
    lowest, highest, lift_from, lift_to, pi_from, pi_to
):
    """(D of (1), its derivatives by pi_from and by -pi_to); the limits of flow tell which way gas may go."""
    if highest == 0.0:  # backward only
        inlet, slope = _boost(pi_to, lift_to)
        return pi_from - inlet, 1.0, slope
    inlet, slope = _boost(pi_from, lift_from)
    if lowest == 0.0 or inlet >= pi_to:
        return inlet - pi_to, slope, 1.0
    inlet, slope = _boost(pi_to, lift_to)
    if inlet >= pi_from:
        return pi_from - inlet, 1.0, slope
    # the regulators at both ends are shut: nothing flows, whatever the pressures
    return 0.0, 0.0, 0.0


@jit
def _flow_to_linearise_at(q, drive, k, lowest, highest):  # type: ignore[no-untyped-def]
    """``q``, or a good part of the flow sqrt(K |D|) to come: at rest h' is tiny and the step would be huge."""
    least = 0.3 * math.sqrt(k * abs(drive))
    if drive > 0.0 and 0.0 <= q < highest:
        return max(q, min(least, 0.9 * highest))
    if drive < 0.0 and lowest < q <= 0.0:
        return min(q, max(-least, 0.9 * lowest))
    return q


@jit
def _resistance(q, k, laminar, lowest, highest):  # type: ignore[no-untyped-def]
    """h(q) of (1) and h'(q): difference of squares needed for flow ``q``; nearly vertical outside lowest..highest."""
    inside = min(max(q, lowest), highest)
    h = inside * (abs(inside) + laminar) / k
    if q != inside:
        return h + STEEP * (q - inside), STEEP
    return h, (2.0 * abs(q) + laminar) / k


@jit
def _status(margin, band, most):  # type: ignore[no-untyped-def]
    """Piece of (5): nothing at a margin of 0 and below, ``most`` of it at ``most * band`` and above."""
    if margin <= 0.0:
        return LOW
    return HIGH if margin >= most * band else BETWEEN


@jit
def _faded(margin, q, band, most, status):  # type: ignore[no-untyped-def]
    """Flow (5) at ``margin`` and its derivative, on the piece that ``status`` names."""
    if status == LOW:
        return 0.0, 0.0
    if status == HIGH:
        return q * most, 0.0
    return q * margin / band, q / band


@jit
def _next_status(margin, band, most, status):  # type: ignore[no-untyped-def]
    """The piece to take next: from nothing to all only by way of the slope, so that no iteration jumps over it."""
    true = _status(margin, band, most)
    return BETWEEN if abs(true - status) == 2 else true


@jit
def _link_margin(lo_bar, hi_bar, p_give, p_take):  # type: ignore[no-untyped-def]
    """Margin of a link, and whether its giving end decides it."""
    above, below = p_give - lo_bar, hi_bar - p_take
    return min(above, below), above <= below


@jit
def _first_statuses(exchange: Exchange, links: Links, p: F8, scratch: Scratch) -> None:
    """Pieces on which sources, sinks and links stand at the start of a step."""
    for s in range(len(exchange.point)):
        margin = exchange.sign[s] * (p[exchange.point[s]] - exchange.bound_bar[s])
        scratch.exchange_status[s] = _status(margin, exchange.band_bar[s], exchange.most[s])
    for s in range(len(links.give)):
        margin, _ = _link_margin(links.lo_bar[s], links.hi_bar[s], p[links.give[s]], p[links.take[s]])
        scratch.link_status[s] = _status(margin, links.band_bar, 1.0)


@jit
def _add_points(points: Points, exchange: Exchange, gas_old: F8, dt_d: float, p: F8, scratch: Scratch) -> None:
    """Start the linear system with the part of (3) that belongs to one point: gas held, sources and sinks.

    The row of a point says: sum of d(L / dt + outflow - inflow)/d_pi d_pi = inflow - outflow - (L - L_old) / dt. By the
    chain rule d/d_pi = d/dp / (2 p). With rising pressure a point holds more, takes less and gives more: every term
    adds to the diagonal.
    """
    matrix, right = scratch.matrix, scratch.right
    matrix[:] = 0.0
    for i in range(len(p)):
        c = points.c_mcm_per_bar[i] / dt_d
        z, dz = z_and_slope(points.gas_law, p[i])
        # from (2): dL/dp = c (Z - p Z') / Z^2
        matrix[points.row[i]] = c * (z - p[i] * dz) / (z * z) / (2.0 * p[i])
        right[points.row[i]] = gas_old[i] / dt_d - c * p[i] / z
    for s in range(len(exchange.point)):
        i, sign = exchange.point[s], exchange.sign[s]
        margin = sign * (p[i] - exchange.bound_bar[s])
        q, slope = _faded(margin, exchange.q[s], exchange.band_bar[s], exchange.most[s], scratch.exchange_status[s])
        right[points.row[i]] -= sign * q
        matrix[points.row[i]] += slope / (2.0 * p[i])


@jit
def _add_edges(edges: Edges, row: I4, p: F8, edge_q: F8, scratch: Scratch) -> None:
    """Linearise every edge by (4) and put its flow into the rows of its ends: out of one, into the other."""
    matrix, right, base, by_from, by_to = scratch.matrix, scratch.right, scratch.base, scratch.by_from, scratch.by_to
    for e in range(len(edge_q)):
        lowest, highest = edges.lowest[e], edges.highest[e]
        if lowest == highest:
            edge_q[e] = 0.0
            continue
        i, j = edges.start[e], edges.end[e]
        lift_from = Lift(edges.ratio_from[e], edges.set_from[e], edges.reg_from[e], edges.suction_bar[e])
        lift_to = Lift(edges.ratio_to[e], edges.set_to[e], edges.reg_to[e], edges.suction_bar[e])
        drive, slope_from, slope_to = _drive(lowest, highest, lift_from, lift_to, p[i] * p[i], p[j] * p[j])
        if slope_from == 0.0 and slope_to == 0.0:  # shut at both ends
            base[e], by_from[e], by_to[e] = 0.0, 0.0, 0.0
            continue
        k = scratch.edge_k[e]
        q = _flow_to_linearise_at(edge_q[e], drive, k, lowest, highest)
        h, dh = _resistance(q, k, edges.q_laminar[e], lowest, highest)
        # at a limit and pressed against it: the steep side of the kink
        if (q <= lowest and drive < h) or (q >= highest and drive > h):
            dh = STEEP
        base[e] = q + (drive - h) / dh
        by_from[e], by_to[e] = slope_from / dh, slope_to / dh
        right[row[i]] -= base[e]
        right[row[j]] += base[e]
        matrix[row[i]] += by_from[e]
        matrix[row[j]] += by_to[e]
        matrix[edges.pos[e, 0]] -= by_to[e]
        matrix[edges.pos[e, 1]] -= by_from[e]


@jit
def _add_links(links: Links, row: I4, p: F8, scratch: Scratch) -> None:
    """Put scheduled flows into the rows of their ends; the derivative stands in the column of the end that decides."""
    matrix, right = scratch.matrix, scratch.right
    for s in range(len(links.give)):
        if links.q[s] > 0.0:
            i, j = links.give[s], links.take[s]
            margin, by_give = _link_margin(links.lo_bar[s], links.hi_bar[s], p[i], p[j])
            q, slope = _faded(margin, links.q[s], links.band_bar, 1.0, scratch.link_status[s])
            right[row[i]] -= q
            right[row[j]] += q
            back = 1 if links.back[s] else 0
            if by_give:  # q rises with the pressure of the giver: row of the taker, column of the giver
                slope /= 2.0 * p[i]
                matrix[row[i]] += slope
                matrix[links.pos[s, 1 - back]] -= slope
            else:  # q falls with the pressure of the taker
                slope /= 2.0 * p[j]
                matrix[row[j]] += slope
                matrix[links.pos[s, back]] -= slope


@jit
def _solve_changes(order: Elimination, points: Points, matrix: F8, right: F8) -> None:
    """Solve for the changes d_pi, in place of ``right``: LU in the given order and pattern, no pivoting."""
    n = len(right)
    for i in range(n):
        if points.fixed[i]:
            # A stiff diagonal in place of an identity row keeps the elimination free of cases.
            matrix[points.row[i]] = 1e30
            right[points.row[i]] = 0.0
    # Forward: a_rc -= (a_rk / a_kk) a_kc for the later neighbours r, c of row k, which L and U list in the same order.
    lower = n + order.up_ptr[n]
    for k in range(n):
        first, last = order.up_ptr[k], order.up_ptr[k + 1]
        m = last - first
        inverse = 1.0 / matrix[k]
        at = order.update_ptr[k]
        for a in range(m):
            factor = matrix[lower + first + a] * inverse
            if factor != 0.0:
                right[order.up_col[first + a]] -= factor * right[k]
                for b in range(m):
                    matrix[order.update[at + a * m + b]] -= factor * matrix[n + first + b]
    # Back: x_k = (right_k - sum of a_kc x_c) / a_kk.
    for k in range(n - 1, -1, -1):
        total = right[k]
        for t in range(order.up_ptr[k], order.up_ptr[k + 1]):
            total -= matrix[n + t] * right[order.up_col[t]]
        right[k] = total / matrix[k]


@jit
def _move(edges: Edges, points: Points, part: float, p: F8, edge_q: F8, scratch: Scratch) -> float:
    """Move flows by (4) and pressures by d_pi, ``part`` of the way; return the largest full change (inf: failed)."""
    change = scratch.right
    worst = 0.0
    for e in range(len(edge_q)):
        if edges.lowest[e] < edges.highest[e]:
            d_from, d_to = change[points.row[edges.start[e]]], change[points.row[edges.end[e]]]
            new_q = scratch.base[e] + scratch.by_from[e] * d_from - scratch.by_to[e] * d_to
            worst = max(worst, abs(new_q - edge_q[e]))
            edge_q[e] += part * (new_q - edge_q[e])
    for i in range(len(p)):
        d_pi = change[points.row[i]]
        if not math.isfinite(d_pi):
            return np.inf
        pi = p[i] * p[i]
        # a pressure falls to a fifth of itself at most (0.2^2 of pi): no step leaves the physical range
        new = math.sqrt(max(pi + part * d_pi, 0.04 * pi, LEAST_BAR * LEAST_BAR))
        worst = max(worst, abs(new - p[i]) / part)
        p[i] = new
    return worst


@jit
def _next_statuses(exchange: Exchange, links: Links, p: F8, scratch: Scratch) -> bool:
    """Choose the pieces for the next iteration; True if none has changed."""
    same = True
    for s in range(len(exchange.point)):
        margin = exchange.sign[s] * (p[exchange.point[s]] - exchange.bound_bar[s])
        status = _next_status(margin, exchange.band_bar[s], exchange.most[s], scratch.exchange_status[s])
        same = same and status == scratch.exchange_status[s]
        scratch.exchange_status[s] = status
    for s in range(len(links.give)):
        margin, _ = _link_margin(links.lo_bar[s], links.hi_bar[s], p[links.give[s]], p[links.take[s]])
        status = _next_status(margin, links.band_bar, 1.0, scratch.link_status[s])
        same = same and status == scratch.link_status[s]
        scratch.link_status[s] = status
    return same


@jit
def _newton(problem: Problem, gas_old: F8, dt_d: float, p: F8, edge_q: F8, scratch: Scratch) -> int:
    """Solve (1) to (3) for one implicit step into ``p`` and ``edge_q`` (start values and results).

    Returns the iterations, -1 if it did not converge.
    """
    points, edges, exchange, links = problem.points, problem.edges, problem.exchange, problem.links
    _first_statuses(exchange, links, p, scratch)
    for iteration in range(MAX_ITERATIONS):
        _add_points(points, exchange, gas_old, dt_d, p, scratch)
        _add_edges(edges, points.row, p, edge_q, scratch)
        _add_links(links, points.row, p, scratch)
        _solve_changes(problem.order, points, scratch.matrix, scratch.right)
        # Kinks (valves, limits, bands) can make full steps cycle; shorter ones cannot.
        part = 1.0 if iteration < 15 else (0.5 if iteration < 30 else (0.25 if iteration < 60 else 0.1))
        worst = _move(edges, points, part, p, edge_q, scratch)
        if not worst < 1e12:
            return -1
        same = _next_statuses(exchange, links, p, scratch)
        # On the very edge of two pieces the status may flip for ever without the solution moving.
        if (same and worst <= TOLERANCE) or worst <= 0.01 * TOLERANCE:
            return iteration + 1
    return -1


@jit
def _update_edge_k(points: Points, edges: Edges, p: F8, edge_k_out: F8) -> None:
    """K / Z of every edge, Z at the mean pressure of a pipe in steady flow, 2/3 (a + b - a b / (a + b))."""
    for e in range(len(edge_k_out)):
        a, b = p[edges.start[e]], p[edges.end[e]]
        z, _ = z_and_slope(points.gas_law, 2.0 / 3.0 * (a + b - a * b / (a + b)))
        edge_k_out[e] = edges.k[e] / z


@jit
def _move_gas(
    problem: Problem, p: F8, edge_q: F8, weight: float, inflow_out: F8, exchange_q_out: F8, flows_out: LinepackFlows
) -> None:
    """Right side of (3) at the pressures found: ``inflow_out`` (n_points,) mcm/d; ``weight`` times into the flows."""
    exchange, edges, links = problem.exchange, problem.edges, problem.links
    n_sources = len(flows_out.source)
    for s in range(len(exchange.point)):
        i, sign, band, most = exchange.point[s], exchange.sign[s], exchange.band_bar[s], exchange.most[s]
        margin = sign * (p[i] - exchange.bound_bar[s])
        q, _ = _faded(margin, exchange.q[s], band, most, _status(margin, band, most))
        inflow_out[i] -= sign * q
        exchange_q_out[s] = q
        if s < n_sources:
            flows_out.source[s] += weight * q
        else:
            flows_out.sink[s - n_sources] += weight * q
    for e in range(len(edge_q)):
        # the steep pieces of h let a trace through
        edge_q[e] = min(max(edge_q[e], edges.lowest[e]), edges.highest[e])
        inflow_out[edges.start[e]] -= edge_q[e]
        inflow_out[edges.end[e]] += edge_q[e]
        flows_out.edge[e] += weight * edge_q[e]
    for s in range(len(links.give)):
        if links.q[s] > 0.0:
            i, j = links.give[s], links.take[s]
            margin, _ = _link_margin(links.lo_bar[s], links.hi_bar[s], p[i], p[j])
            q, _ = _faded(margin, links.q[s], links.band_bar, 1.0, _status(margin, links.band_bar, 1.0))
            inflow_out[i] -= q
            inflow_out[j] += q
            flows_out.link[s] += weight * (-q if links.back[s] else q)


@jit
def _runs_empty(points: Points, gas: F8, inflow: F8, dt_d: float) -> bool:
    """Whether more would leave some point than it holds."""
    empty = False
    for i in range(len(gas)):
        empty = empty or (not points.fixed[i] and gas[i] + dt_d * inflow[i] <= 0.0)
    return empty


@jit
def _hold_back(
    problem: Problem, gas: F8, dt_d: float, weight: float, edge_q: F8, inflow: F8, exchange_q: F8, flows: LinepackFlows
) -> None:
    """Let no point give more than it holds, down to ``LEAST_BAR``.

    Near vacuum the pressures of Newton's method are exact to ``TOLERANCE`` only, and what leaves at them may be more
    than there is. The rest is taken from the sinks of the point, then from the flows to its neighbours, which may lack
    it in turn: as often as there are points, the longest way that a lack can take.
    """
    points, edges, exchange = problem.points, problem.edges, problem.exchange
    n_sources = len(flows.source)
    for _ in range(len(gas)):
        enough = True
        for i in range(len(gas)):
            least = min(gas[i], LEAST_BAR * points.c_mcm_per_bar[i])
            lack = (least - gas[i]) / dt_d - inflow[i]
            if points.fixed[i] or lack <= 1e-12 * abs(inflow[i]):
                continue
            enough = False
            for s in range(n_sources, len(exchange.point)):
                if exchange.point[s] == i:
                    less = min(lack, exchange_q[s])
                    lack -= less
                    inflow[i] += less
                    exchange_q[s] -= less
                    flows.sink[s - n_sources] -= weight * less
            for e in range(len(edge_q)):
                giver = edges.start[e] if edge_q[e] > 0.0 else edges.end[e]
                if giver == i and edge_q[e] != 0.0 and lack > 0.0:
                    less = min(lack, abs(edge_q[e]))
                    lack -= less
                    inflow[i] += less
                    inflow[edges.end[e] if edge_q[e] > 0.0 else edges.start[e]] -= less
                    change = -less if edge_q[e] > 0.0 else less
                    edge_q[e] += change
                    flows.edge[e] += weight * change
        if enough:
            break


@jit
def _update_gas(points: Points, inflow: F8, dt_d: float, guess_bar: F8, state: LinepackState) -> bool:
    """Gas of every free point by (3) with the flows found, its pressure by (2); False if a point would run empty."""
    gas = state.gas_mcm
    if _runs_empty(points, gas, inflow, dt_d):
        return False
    for i in range(len(gas)):
        if not points.fixed[i]:
            gas[i] += dt_d * inflow[i]
            # p = (L / c) Z(p) by fixed-point iteration
            ideal_bar = gas[i] / points.c_mcm_per_bar[i]
            p = guess_bar[i]
            for _ in range(100):
                z, _ = z_and_slope(points.gas_law, p)
                if abs(ideal_bar * z - p) <= 1e-14 * (1.0 + p):
                    break
                p = ideal_bar * z
            state.p_bar[i] = p
    return True


@jit
def _step(
    problem: Problem, state: LinepackState, dt_h: float, weight: float, flows_out: LinepackFlows, scratch: Scratch
) -> bool:
    """Advance ``state`` by ``dt_h``, adding ``weight`` times the flows to ``flows_out``; True if solved."""
    points = problem.points
    dt_d = dt_h / HOURS_PER_DAY
    _update_edge_k(points, problem.edges, state.p_bar, scratch.edge_k)
    p_new = state.p_bar.copy()
    if _newton(problem, state.gas_mcm, dt_d, p_new, state.edge_q, scratch) < 0:
        return False
    inflow = np.zeros(len(p_new))
    _move_gas(problem, p_new, state.edge_q, weight, inflow, scratch.exchange_q, flows_out)
    if _runs_empty(points, state.gas_mcm, inflow, dt_d):
        _hold_back(problem, state.gas_mcm, dt_d, weight, state.edge_q, inflow, scratch.exchange_q, flows_out)
    for i in range(len(inflow)):
        if points.fixed[i]:  # a reservoir replaces what leaves its point
            flows_out.reservoir[i] -= weight * inflow[i]
    return _update_gas(points, inflow, dt_d, p_new, state)


@inline
def _edges_of(net: LinepackNetwork, controls: LinepackControls) -> Edges:
    """Edges under the controls: limits of flow, strings in service, compressors that run."""
    n = len(net.edge_from)
    lowest, highest, k, q_laminar = np.zeros(n), np.zeros(n), np.empty(n), np.empty(n)
    ratio_from, ratio_to = np.ones(n), np.ones(n)
    for e in range(n):
        cap, share, direction = controls.edge_cap[e], controls.edge_share[e], controls.edge_direction[e]
        backward = net.edge_two_way[e] and direction == BACKWARD
        if cap > 0.0 and share > 0.0:
            if backward or (net.edge_two_way[e] and direction == FREE):
                lowest[e] = -cap
            if not backward:
                highest[e] = cap
        # n of N equal strings carry n/N of the flow at the same pressures: K goes with the square
        k[e], q_laminar[e] = net.edge_k[e] * share * share, net.edge_q_laminar[e] * share
        if direction == FORWARD:
            ratio_from[e] = net.edge_ratio_from[e]
        if backward:
            ratio_to[e] = net.edge_ratio_to[e]
    return Edges(
        start=net.edge_from,
        end=net.edge_to,
        pos=net.edge_pos,
        lowest=lowest,
        highest=highest,
        k=k,
        q_laminar=q_laminar,
        ratio_from=ratio_from,
        ratio_to=ratio_to,
        set_from=net.edge_set_from,
        set_to=net.edge_set_to,
        reg_from=net.edge_reg_from,
        reg_to=net.edge_reg_to,
        suction_bar=net.edge_suction_bar,
    )


@inline
def _exchange_of(controls: LinepackControls) -> Exchange:
    """Sources and sinks in one list; a sink takes no more than its cap."""
    n_sources = len(controls.source_point)
    n = n_sources + len(controls.sink_point)
    point, sign, most, q = np.empty(n, dtype=np.int32), np.ones(n), np.ones(n), np.empty(n)
    bound_bar, band_bar = np.empty(n), np.empty(n)
    for s in range(n_sources):
        point[s], sign[s], q[s] = controls.source_point[s], -1.0, controls.source_q[s]
        bound_bar[s], band_bar[s] = controls.source_hi_bar[s], controls.source_band_bar[s]
    for k in range(len(controls.sink_point)):
        s, cap = n_sources + k, controls.sink_cap[k]
        point[s], q[s] = controls.sink_point[k], controls.sink_q[k]
        bound_bar[s], band_bar[s] = controls.sink_lo_bar[k], controls.sink_band_bar[k]
        if q[s] > cap:
            most[s] = cap / q[s]
    return Exchange(point, sign, bound_bar, band_bar, q, most)


@inline
def _links_of(net: LinepackNetwork, controls: LinepackControls) -> Links:
    """Links in the direction of their flow."""
    give, take = net.link_from.copy(), net.link_to.copy()
    for s in range(len(give)):
        if controls.link_back[s]:
            give[s], take[s] = net.link_to[s], net.link_from[s]
    return Links(
        give=give,
        take=take,
        pos=net.link_pos,
        back=controls.link_back,
        q=controls.link_q,
        lo_bar=controls.link_lo_bar,
        hi_bar=controls.link_hi_bar,
        band_bar=controls.link_band_bar,
    )


@jit
def _new_scratch(problem: Problem) -> Scratch:
    """Memory for Newton's method."""
    n, n_edges = len(problem.points.row), len(problem.edges.start)
    return Scratch(
        matrix=np.empty(n + 2 * problem.order.up_ptr[n]),
        right=np.empty(n),
        edge_k=np.empty(n_edges),
        base=np.empty(n_edges),
        by_from=np.empty(n_edges),
        by_to=np.empty(n_edges),
        exchange_status=np.empty(len(problem.exchange.point), dtype=np.int8),
        link_status=np.empty(len(problem.links.give), dtype=np.int8),
        exchange_q=np.empty(len(problem.exchange.point)),
    )


@jit
def _copy(state: LinepackState) -> LinepackState:
    """A state to advance."""
    return LinepackState(state.p_bar.copy(), state.gas_mcm.copy(), state.edge_q.copy())


@jit
def _no_flows(problem: Problem, n_sources: int) -> LinepackFlows:
    """Flows to add to."""
    return LinepackFlows(
        edge=np.zeros(len(problem.edges.start)),
        source=np.zeros(n_sources),
        sink=np.zeros(len(problem.exchange.point) - n_sources),
        link=np.zeros(len(problem.links.give)),
        reservoir=np.zeros(len(problem.points.row)),
    )


@jit
def _add(part: LinepackFlows, sum_out: LinepackFlows) -> None:
    """Add the flows of a step."""
    for kind in range(len(part)):
        values, total = part[kind], sum_out[kind]
        for k in range(len(values)):
            total[k] += values[k]


@jit
def _scale(factor: float, flows_out: LinepackFlows) -> None:
    """Flows times ``factor``."""
    for values in flows_out:
        for k in range(len(values)):
            values[k] *= factor


@jit
def _take(state: LinepackState, state_out: LinepackState) -> None:
    """Make ``state_out`` equal to ``state``."""
    for kind in range(len(state)):
        values, held = state[kind], state_out[kind]
        for k in range(len(values)):
            held[k] = values[k]


@jit
def _is_short(requested: F8, cap: F8, watch: I4, least_share: float, delivered: F8) -> bool:
    """Whether a watched sink gets less than ``least_share`` of what it requests and can use."""
    short = False
    for s in watch:
        short = short or delivered[s] < least_share * min(requested[s], cap[s])
    return short


@jit
def advance_linepack(
    net: LinepackNetwork,
    controls: LinepackControls,
    dt_h: float,
    n_steps: int,
    watch: I4,
    least_share: float,
    state_out: LinepackState,
    flows_out: LinepackFlows,
) -> tuple[int, bool]:
    """As :func:`run_linepack`, which advances ``state_out`` and adds to ``flows_out``; steps taken, and if solved."""
    points = Points(net.c_mcm_per_bar, net.fixed, net.order.diag_of, net.gas_law)
    edges, exchange, links = _edges_of(net, controls), _exchange_of(controls), _links_of(net, controls)
    problem = Problem(points, edges, exchange, links, net.order)
    scratch = _new_scratch(problem)
    taken, pieces, solved = 0, 1, True
    while taken < n_steps:
        ahead, flows = _copy(state_out), _no_flows(problem, len(controls.source_point))
        done = 0
        while done < pieces and _step(problem, ahead, dt_h / pieces, 1.0 / pieces, flows, scratch):
            done += 1
        if done < pieces:
            if pieces >= 1 << MAX_HALVINGS:
                solved = False
                break
            pieces *= 2
            continue
        if taken > 0 and _is_short(controls.sink_q, controls.sink_cap, watch, least_share, flows.sink):
            break
        _take(ahead, state_out)
        _add(flows, flows_out)
        taken, pieces = taken + 1, 1
    _scale(1.0 / max(taken, 1), flows_out)
    return taken, solved


def no_flows(net: LinepackNetwork, controls: LinepackControls) -> LinepackFlows:
    """Flows to add to."""
    sizes = [len(net.edge_from), len(controls.source_point), len(controls.sink_point), len(net.link_from)]
    edge, source, sink, link, end = itertools.accumulate([*sizes, len(net.c_mcm_per_bar)])
    all_flows = np.zeros(end)
    return LinepackFlows(
        edge=all_flows[:edge],
        source=all_flows[edge:source],
        sink=all_flows[source:sink],
        link=all_flows[sink:link],
        reservoir=all_flows[link:],
    )


def copy_of(p_bar: F8, gas_mcm: F8, edge_q: F8) -> LinepackState:
    """A state to advance."""
    values, n = np.concatenate([p_bar, gas_mcm, edge_q]), len(p_bar)
    return LinepackState(values[:n], values[n : 2 * n], values[2 * n :])


def run_linepack(
    net: LinepackNetwork,
    controls: LinepackControls,
    start: LinepackState,
    dt_h: float,
    n_steps: int,
    watch: I4,
    least_share: float,
) -> tuple[LinepackState, LinepackFlows, int, bool]:
    """Advance up to ``n_steps`` steps of ``dt_h`` hours under constant controls.

    Stops before the step in which a watched sink (``watch``: positions of sinks) would get less than ``least_share`` of
    what it requests, but always takes the first step. Returns the state and the mean flows after the steps taken, their
    number, and whether all steps were solved. A step whose Newton iteration fails is taken in halves, at most
    ``MAX_HALVINGS`` times; inputs are not written to.
    """
    state, flows = copy_of(*start), no_flows(net, controls)
    taken, solved = advance_linepack(net, controls, dt_h, n_steps, watch, least_share, state, flows)
    return state, flows, taken, solved
