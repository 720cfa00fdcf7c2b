"""Isothermal linepack network: implicit finite volumes, Newton's method with a sparse LU of fixed pattern.

Points carry pressure and gas, edges carry flow. A section of pipe is cut into equal segments (edges) of at most 50 km;
a point owns half of each adjoining segment's volume. Inertia is neglected (quasi-dynamic flow, valid for steps of
minutes and more), so the flow of an edge follows from the squares of the pressures at its ends::

    pi_from - pi_to = q |q| Z / K + q q_laminar Z / K            pi = p^2, K = K of the friction law at Z = 1

(the second term is the laminar part 64/Re of the friction factor; it also keeps dq/dp finite at rest), and the gas of
a point from its pressure, L = c p / Z(p). One step of implicit Euler solves, at every point::

    (L(p_new) - L_old) / dt = inflow(p_new) - outflow(p_new)

Everything that depends on pressure is monotone: an edge carries more when its inlet rises and less when its outlet
does, a source is throttled as its point nears its highest pressure, a delivery fades as its point falls below its
lowest. The Jacobian is therefore a column-dominant M-matrix: the solution is unique and LU needs no pivoting. The
elimination order and the fill are found once per network (``eliminate``); pipelines are nearly trees, so there is
almost no fill.

Newton's method runs in pi and the flows of the edges together, each edge linearised at its own flow rather than at the
pressures (the global gradient algorithm of water networks): h(q) = q |q| + ... is tame where its inverse, a root, is
not. A closed valve, a check valve and a capacity are steep pieces of the same h. The flows are eliminated edge by edge,
so the linear system has one unknown per point.

At the end of a step the gas of every point is updated with the flows found, and its pressure from that gas: mass is
conserved to rounding whatever the residual of Newton's method. Pressure is absolute in bar, flow in mcm/d and gas in
mcm (million cubic metres at reference conditions), time in hours.

Sources: Osiadacz, Simulation and Analysis of Gas Networks (1987), ch. 3 and 7 (isothermal flow, implicit methods);
Todini and Pilati, A gradient algorithm for the analysis of pipe networks (1988); Papay, OGIL Musz. Tud. Kozl. (1968)
for the compressibility.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels.jit import jit

F8 = NDArray[np.float64]
I4 = NDArray[np.int32]
B1 = NDArray[np.bool_]

HOURS_PER_DAY = 24.0
Z_CONSTANT, Z_PAPAY = 0, 1
TOLERANCE = 1e-5  # bar and mcm/d
STEEP = 1e8  # bar^2 per mcm/d beyond a limit of flow
MAX_ITERATIONS = 120
MAX_HALVINGS = 8
LEAST_BAR = 1e-6


class LinepackNetwork(NamedTuple):
    """What does not change during a run.

    c_mcm_per_bar : (n_points,) gas per bar at Z = 1, > 0;  fixed : (n_points,) bool, pressure held (a reservoir)
    edge_from, edge_to : (n_edges,) i4;  edge_k : (mcm/d)^2 per bar^2 at Z = 1;  edge_q_laminar : mcm/d, > 0
    edge_two_way : bool, may flow from ``edge_to`` to ``edge_from``
    edge_reg_from, edge_reg_to : bar^2, the regulator at that end lets no more into the edge (inf: none)
    edge_ratio_from, edge_ratio_to : largest compression ratio at that end, 1: no compressor
    edge_set_from, edge_set_to : bar^2, discharge the compressor holds if its ratio allows
    edge_suction_bar : the compressor stops when its suction falls to 0.9 of this
    link_from, link_to : (n_links,) i4, connections whose flow is ordered, not free
    z_law : 0 constant ``z_constant``, 1 Papay, Z = 1 - z_first p_r + z_second p_r^2 with p_r = p / ``p_critical_bar``
    diag_of : place of each point in the elimination order;  up_ptr, up_col : pattern of U above the diagonal
    update : (sum m_k^2,) positions the elimination of each row writes to, of the value array [diag | U | L]
    update_ptr : (n_points + 1,);  edge_pos, link_pos : (.., 2) positions of (from, to) and (to, from)
    """

    c_mcm_per_bar: F8
    fixed: B1
    edge_from: I4
    edge_to: I4
    edge_k: F8
    edge_q_laminar: F8
    edge_two_way: B1
    edge_reg_from: F8
    edge_reg_to: F8
    edge_ratio_from: F8
    edge_ratio_to: F8
    edge_set_from: F8
    edge_set_to: F8
    edge_suction_bar: F8
    link_from: I4
    link_to: I4
    z_law: int
    z_constant: float
    p_critical_bar: float
    z_first: float
    z_second: float
    diag_of: I4
    up_ptr: I4
    up_col: I4
    update: I4
    update_ptr: I4
    edge_pos: I4
    link_pos: I4


class LinepackControls(NamedTuple):
    """What is asked of the network; constant within a step.

    edge_cap : (n_edges,) mcm/d, most that may flow, 0: closed;  edge_share : share of strings in service
    edge_direction : i4, +1 forward only with the compressor at ``from`` running, -1 backward only with that at ``to``,
        0 free without compression, 2 forward only without compression
    source_point : i4;  source_q : mcm/d;  source_hi_bar : throttled to nothing at this pressure
    source_band_bar : over which it is throttled
    sink_point, sink_q : as asked;  sink_lo_bar : nothing is delivered at or below;  sink_band_bar : all above lo + band
    sink_cap : mcm/d, taken at most (a plant that could burn ``sink_q`` and burns less)
    link_q : (n_links,) >= 0 ordered from ``link_from`` to ``link_to`` (``link_back`` True: the other way)
    link_lo_bar, link_hi_bar : fades over ``link_band_bar`` above the one at the giving end and below the other at
        the taking end
    """

    edge_cap: F8
    edge_share: F8
    edge_direction: I4
    source_point: I4
    source_q: F8
    source_hi_bar: F8
    source_band_bar: F8
    sink_point: I4
    sink_q: F8
    sink_lo_bar: F8
    sink_band_bar: F8
    sink_cap: F8
    link_q: F8
    link_back: B1
    link_lo_bar: F8
    link_hi_bar: F8
    link_band_bar: float


class LinepackFlows(NamedTuple):
    """Means over the steps run, mcm/d: what entered, left and moved; ``reservoir``: into the net at fixed points."""

    edge: F8
    source: F8
    sink: F8
    link: F8
    reservoir: F8


class Fluid(NamedTuple):
    """The gas. ``gas_constant``: J/(kg K), specific;  ``rho_kg_per_m3``: at reference conditions."""

    gas_constant: float
    temperature_k: float
    rho_kg_per_m3: float
    viscosity_pa_s: float


def weymouth_friction(diameter_m: F8) -> F8:
    """Darcy friction factor of Weymouth (1912): 0.009407 / D^(1/3), D in m."""
    return np.asarray(0.009407 / np.cbrt(diameter_m))


def nikuradse_friction(diameter_m: F8, roughness_mm: float) -> F8:
    """Darcy friction factor of a fully rough pipe, Nikuradse (1933): (2 log10(3.71 D / k))^-2."""
    return np.asarray((2.0 * np.log10(3.71 * np.asarray(diameter_m) * 1000.0 / roughness_mm)) ** -2.0)


LEAST_LAMINAR_MCM_PER_D = 1e-6


def pipe_coefficients(length_km: F8, diameter_m: F8, strings: F8, friction: F8, fluid: Fluid) -> tuple[F8, F8, F8]:
    """(K, laminar flow, gas per bar) of pipes of ``strings`` equal parallel strings, at Z = 1.

    K in (mcm/d)^2/bar^2 from p1^2 - p2^2 = 16 f L Rs T m^2 / (pi^2 D^5); the laminar flow, mcm/d, is that at which
    64/Re equals ``friction``; gas per bar in mcm/bar.
    """
    length_m = np.asarray(length_km) * 1000.0
    kg_per_s = fluid.rho_kg_per_m3 * 1e6 / 86400.0
    rs_t = fluid.gas_constant * fluid.temperature_k
    k = math.pi**2 * diameter_m**5 * 1e10 / (16.0 * friction * length_m * rs_t * kg_per_s**2) * strings**2
    laminar = 16.0 * math.pi * diameter_m * fluid.viscosity_pa_s / (friction * kg_per_s) * strings
    volume_m3 = math.pi / 4.0 * diameter_m**2 * length_m * strings
    gas = volume_m3 * 1e5 / rs_t / fluid.rho_kg_per_m3 / 1e6
    return k, np.maximum(laminar, LEAST_LAMINAR_MCM_PER_D), gas


class Pattern(NamedTuple):
    """Elimination order and fill of one graph, see :func:`eliminate`."""

    diag_of: I4
    up_ptr: I4
    up_col: I4
    update: I4
    update_ptr: I4
    pair_pos: I4


def eliminate(n_points: int, pair_from: I4, pair_to: I4) -> Pattern:
    """Minimum-degree order and fill of a symmetric pattern.

    ``pair_pos`` (n_pairs, 2): positions of (from, to) and (to, from). Positions point into one value array:
    n_points diagonals, then U (rows in elimination order), then L mirrored.
    """
    neighbours: list[set[int]] = [set() for _ in range(n_points)]
    for a, b in zip(pair_from.tolist(), pair_to.tolist(), strict=True):
        if a != b:
            neighbours[a].add(b)
            neighbours[b].add(a)
    waiting = {len(n): set[int]() for n in neighbours}
    for point, near in enumerate(neighbours):
        waiting.setdefault(len(near), set()).add(point)
    diag_of = np.empty(n_points, dtype=np.int32)
    rows: list[list[int]] = []
    order: list[int] = []
    for step in range(n_points):
        degree = min(d for d, points in waiting.items() if points)
        point = min(waiting[degree])
        waiting[degree].discard(point)
        diag_of[point] = step
        order.append(point)
        near = neighbours[point]
        rows.append(sorted(near))
        for other in near:
            waiting[len(neighbours[other])].discard(other)
            neighbours[other].discard(point)
            neighbours[other] |= near - {other}
            waiting.setdefault(len(neighbours[other]), set()).add(other)
    up: list[list[int]] = [sorted(int(diag_of[p]) for p in row) for row in rows]
    up_ptr = np.concatenate([[0], np.cumsum([len(row) for row in up])]).astype(np.int32)
    n_up = int(up_ptr[-1])
    at = {(k, column): int(up_ptr[k]) + i for k, row in enumerate(up) for i, column in enumerate(row)}

    def position(row: int, column: int) -> int:
        if row == column:
            return row
        return n_points + at[row, column] if row < column else n_points + n_up + at[column, row]

    update = [position(row, column) for higher in up for row in higher for column in higher]
    update_ptr = np.concatenate([[0], np.cumsum([len(row) ** 2 for row in up])]).astype(np.int32)
    pairs = [(int(diag_of[a]), int(diag_of[b])) for a, b in zip(pair_from.tolist(), pair_to.tolist(), strict=True)]
    pair_pos = np.array([(position(a, b), position(b, a)) for a, b in pairs], dtype=np.int32).reshape(-1, 2)
    return Pattern(
        diag_of,
        up_ptr,
        np.array([column for row in up for column in row], dtype=np.int32),
        np.array(update, dtype=np.int32),
        update_ptr,
        pair_pos,
    )


def make_network(
    c_mcm_per_bar: F8,
    edge_from: I4,
    edge_to: I4,
    edge_k: F8,
    edge_q_laminar: F8,
    *,
    fixed: B1 | None = None,
    two_way: B1 | None = None,
    regulator_from_bar: F8 | None = None,
    regulator_to_bar: F8 | None = None,
    ratio_from: F8 | None = None,
    ratio_to: F8 | None = None,
    set_from_bar: F8 | None = None,
    set_to_bar: F8 | None = None,
    suction_bar: F8 | None = None,
    link_from: I4 | None = None,
    link_to: I4 | None = None,
    z_law: int = Z_CONSTANT,
    z_constant: float = 0.9,
    p_critical_bar: float = 46.0,
    t_reduced: float = 1.5,
) -> LinepackNetwork:
    """A network with its elimination order; what is left out is absent (no regulator, compressor, link)."""
    n_edges = len(edge_from)

    def full(values: F8 | None, absent: float) -> F8:
        return np.full(n_edges, absent) if values is None else np.asarray(values, dtype=np.float64)

    first = np.zeros(0, dtype=np.int32) if link_from is None else np.asarray(link_from, dtype=np.int32)
    second = np.zeros(0, dtype=np.int32) if link_to is None else np.asarray(link_to, dtype=np.int32)
    edge_from, edge_to = np.asarray(edge_from, dtype=np.int32), np.asarray(edge_to, dtype=np.int32)
    pattern = eliminate(len(c_mcm_per_bar), np.concatenate([edge_from, first]), np.concatenate([edge_to, second]))
    return LinepackNetwork(
        np.asarray(c_mcm_per_bar, dtype=np.float64),
        np.zeros(len(c_mcm_per_bar), dtype=bool) if fixed is None else fixed,
        edge_from,
        edge_to,
        np.asarray(edge_k, dtype=np.float64),
        np.asarray(edge_q_laminar, dtype=np.float64),
        np.ones(n_edges, dtype=bool) if two_way is None else two_way,
        full(regulator_from_bar, np.inf) ** 2,
        full(regulator_to_bar, np.inf) ** 2,
        full(ratio_from, 1.0),
        full(ratio_to, 1.0),
        full(set_from_bar, np.inf) ** 2,
        full(set_to_bar, np.inf) ** 2,
        full(suction_bar, 0.0),
        first,
        second,
        z_law,
        float(z_constant),
        float(p_critical_bar),
        3.52 * math.exp(-2.26 * t_reduced),
        0.274 * math.exp(-1.878 * t_reduced),
        pattern.diag_of,
        pattern.up_ptr,
        pattern.up_col,
        pattern.update,
        pattern.update_ptr,
        pattern.pair_pos[:n_edges],
        pattern.pair_pos[n_edges:],
    )


def make_controls(net: LinepackNetwork, **given: Any) -> LinepackControls:
    """Controls with everything open, free and nothing asked, but for what is ``given`` by field name."""
    n_edges, n_links = len(net.edge_from), len(net.link_from)
    none, nobody = np.zeros(0), np.zeros(0, dtype=np.int32)
    free = LinepackControls(
        np.full(n_edges, np.inf), np.ones(n_edges), np.zeros(n_edges, dtype=np.int32),
        nobody, none, none, none, nobody, none, none, none, none,
        np.zeros(n_links), np.zeros(n_links, dtype=bool), np.zeros(n_links), np.full(n_links, 1e6), 1.0,
    )  # fmt: skip
    if "sink_q" in given and "sink_cap" not in given:
        given["sink_cap"] = np.full(len(given["sink_q"]), np.inf)
    return free._replace(**given)


@jit
def _z(law, constant, p_critical_bar, first, second, p_bar):  # type: ignore[no-untyped-def]
    """Z and dZ/dp; Papay's law is held beyond four times the critical pressure, where it would turn back."""
    if law == Z_CONSTANT:
        return constant, 0.0
    p_reduced = p_bar / p_critical_bar
    if p_reduced > 4.0:
        return 1.0 - 4.0 * first + 16.0 * second, 0.0
    return 1.0 + p_reduced * (second * p_reduced - first), (2.0 * second * p_reduced - first) / p_critical_bar


@jit
def compressibility(net: LinepackNetwork, p_bar: float) -> float:
    """Z at a pressure."""
    return _z(net.z_law, net.z_constant, net.p_critical_bar, net.z_first, net.z_second, p_bar)[0]


@jit
def content(net: LinepackNetwork, p_bar: F8) -> F8:
    """(n_points,) gas, mcm, at pressures ``p_bar``."""
    gas = np.empty(len(p_bar))
    for i in range(len(p_bar)):
        gas[i] = net.c_mcm_per_bar[i] * p_bar[i] / compressibility(net, p_bar[i])
    return gas


@jit
def pressure_of(net: LinepackNetwork, gas_mcm: F8, guess_bar: F8) -> F8:
    """(n_points,) pressure at which the points hold ``gas_mcm``: fixed-point iteration on p = L Z(p) / c."""
    p_bar = guess_bar.copy()
    for i in range(len(p_bar)):
        p = guess_bar[i]
        for _ in range(100):
            new = gas_mcm[i] * compressibility(net, p) / net.c_mcm_per_bar[i]
            change = abs(new - p)
            p = new
            if change <= 1e-14 * (1.0 + p):
                break
        p_bar[i] = p
    return p_bar


@jit
def _boost(pi, ratio, set2, suction_bar, regulator2):  # type: ignore[no-untyped-def]
    """Square of the pressure behind compressor and regulator, and its derivative by pi."""
    out, slope = pi, 1.0
    if ratio > 1.0:
        gain, gain_slope = ratio * ratio, 0.0
        if pi < suction_bar * suction_bar:
            low2 = 0.81 * suction_bar * suction_bar
            if pi <= low2:
                gain = 1.0
            else:
                gain_slope = (gain - 1.0) / (suction_bar * suction_bar - low2)
                gain = 1.0 + gain_slope * (pi - low2)
        boosted = gain * pi
        if boosted < set2:
            out, slope = boosted, gain + gain_slope * pi
        elif pi < set2:
            out, slope = set2, 0.0
    if out > regulator2:
        out, slope = regulator2, 0.0
    return out, slope


@jit
def _drive(  # type: ignore[no-untyped-def]
    direction, two_way, cap, ratio_from, set_from, reg_from, ratio_to, set_to, reg_to, suction, pi_from, pi_to
):
    """(difference of squares that drives an edge, its derivatives by pi_from and -pi_to, lowest and highest flow).

    Scalars, not the network: a tuple of forty arrays is too much to hand over once per edge.
    """
    if direction == -1 and two_way:
        inlet, slope = _boost(pi_to, ratio_to, set_to, suction, reg_to)
        return pi_from - inlet, 1.0, slope, -cap, 0.0
    inlet, slope = _boost(pi_from, ratio_from if direction == 1 else 1.0, set_from, suction, reg_from)
    if direction != 0 or not two_way:
        return inlet - pi_to, slope, 1.0, 0.0, cap
    if inlet >= pi_to:
        return inlet - pi_to, slope, 1.0, -cap, cap
    inlet, slope = _boost(pi_to, 1.0, set_to, suction, reg_to)
    if inlet >= pi_from:
        return pi_from - inlet, 1.0, slope, -cap, cap
    return 0.0, 0.0, 0.0, -cap, cap


@jit
def _resistance(q, k, laminar, lowest, highest):  # type: ignore[no-untyped-def]
    """h(q) and h'(q): difference of squares needed for flow ``q``; nearly vertical outside lowest..highest."""
    inside = min(max(q, lowest), highest)
    h = inside * (abs(inside) + laminar) / k
    if q != inside:
        return h + STEEP * (q - inside), STEEP
    return h, (2.0 * abs(q) + laminar) / k


LOW, BETWEEN, HIGH = 0, 1, 2


@jit
def _status(margin, band, most_share):  # type: ignore[no-untyped-def]
    """Where a faded flow is: nothing at a margin of 0 and below, ``most_share`` of it at ``most_share * band``."""
    if margin <= 0.0:
        return LOW
    return HIGH if margin >= most_share * band else BETWEEN


@jit
def _faded(margin, q, band, most_share, status):  # type: ignore[no-untyped-def]
    """Flow of a faded piece at ``margin`` and its derivative, on the line that ``status`` names."""
    if status == LOW:
        return 0.0, 0.0
    if status == HIGH:
        return q * most_share, 0.0
    return q * margin / band, q / band


@jit
def _next_status(margin, band, most_share, status):  # type: ignore[no-untyped-def]
    """The line to take next: from nothing to all only by way of the slope, so that no iteration jumps over it."""
    true = _status(margin, band, most_share)
    return BETWEEN if abs(true - status) == 2 else true


@jit
def _most_share(q, cap):  # type: ignore[no-untyped-def]
    return 1.0 if q <= cap else cap / q


@jit
def _link(net, controls, i, p):  # type: ignore[no-untyped-def]
    """Giving and taking point of an ordered link, its margin, and whether the giving end decides it."""
    give, take = net.link_from[i], net.link_to[i]
    if controls.link_back[i]:
        give, take = take, give
    up, down = p[give] - controls.link_lo_bar[i], controls.link_hi_bar[i] - p[take]
    return give, take, min(up, down), up <= down


@jit
def _newton(net, controls, gas_old, edge_z, dt_d, p, edge_q, vals, rhs):  # type: ignore[no-untyped-def]
    """Solve one implicit step into ``p`` and ``edge_q`` (start values and results).

    Returns the iterations, -1 if it did not converge. ``vals`` and ``rhs`` are scratch.
    """
    n, n_edges = len(p), len(net.edge_from)
    law, constant, p_critical = net.z_law, net.z_constant, net.p_critical_bar
    z_first, z_second = net.z_first, net.z_second
    n_up = net.up_ptr[n]
    base, by_from, by_to = np.zeros(n_edges), np.zeros(n_edges), np.zeros(n_edges)
    source_at = np.empty(len(controls.source_point), dtype=np.int8)
    for s in range(len(source_at)):
        margin = controls.source_hi_bar[s] - p[controls.source_point[s]]
        source_at[s] = _status(margin, controls.source_band_bar[s], 1.0)
    sink_at, sink_most = np.empty(len(controls.sink_point), dtype=np.int8), np.empty(len(controls.sink_point))
    for s in range(len(sink_at)):
        sink_most[s] = _most_share(controls.sink_q[s], controls.sink_cap[s])
        margin = p[controls.sink_point[s]] - controls.sink_lo_bar[s]
        sink_at[s] = _status(margin, controls.sink_band_bar[s], sink_most[s])
    link_at = np.empty(len(net.link_from), dtype=np.int8)
    for s in range(len(link_at)):
        _, _, margin, _ = _link(net, controls, s, p)
        link_at[s] = _status(margin, controls.link_band_bar, 1.0)
    for iteration in range(MAX_ITERATIONS):
        vals[:] = 0.0
        for i in range(n):
            d = net.diag_of[i]
            c = net.c_mcm_per_bar[i] / dt_d
            z, dz = _z(law, constant, p_critical, z_first, z_second, p[i])
            vals[d] = c * (z - p[i] * dz) / (z * z) / (2.0 * p[i])
            rhs[d] = gas_old[i] / dt_d - c * p[i] / z
        for s in range(len(source_at)):
            i = controls.source_point[s]
            margin = controls.source_hi_bar[s] - p[i]
            q, slope = _faded(margin, controls.source_q[s], controls.source_band_bar[s], 1.0, source_at[s])
            rhs[net.diag_of[i]] += q
            vals[net.diag_of[i]] += slope / (2.0 * p[i])
        for s in range(len(sink_at)):
            i = controls.sink_point[s]
            margin = p[i] - controls.sink_lo_bar[s]
            q, slope = _faded(margin, controls.sink_q[s], controls.sink_band_bar[s], sink_most[s], sink_at[s])
            rhs[net.diag_of[i]] -= q
            vals[net.diag_of[i]] += slope / (2.0 * p[i])
        for e in range(n_edges):
            if controls.edge_cap[e] <= 0.0 or controls.edge_share[e] <= 0.0:
                edge_q[e] = 0.0
                continue
            i, j = net.edge_from[e], net.edge_to[e]
            drive, slope_from, slope_to, lowest, highest = _drive(
                controls.edge_direction[e], net.edge_two_way[e], controls.edge_cap[e],
                net.edge_ratio_from[e], net.edge_set_from[e], net.edge_reg_from[e],
                net.edge_ratio_to[e], net.edge_set_to[e], net.edge_reg_to[e],
                net.edge_suction_bar[e], p[i] * p[i], p[j] * p[j],
            )  # fmt: skip
            if slope_from == 0.0 and slope_to == 0.0:
                # Both regulators of a two-way edge are shut: nothing flows, whatever the pressures.
                base[e], by_from[e], by_to[e] = 0.0, 0.0, 0.0
                continue
            share = controls.edge_share[e]
            k = net.edge_k[e] * share * share / edge_z[e]
            q = edge_q[e]
            # At rest the slope is tiny and the step would be huge: linearise at a good part of the flow to come.
            least = 0.3 * math.sqrt(k * abs(drive))
            if drive > 0.0 and 0.0 <= q < highest:
                q = max(q, min(least, 0.9 * highest))
            elif drive < 0.0 and lowest < q <= 0.0:
                q = min(q, max(-least, 0.9 * lowest))
            h, dh = _resistance(q, k, net.edge_q_laminar[e] * share, lowest, highest)
            if (q <= lowest and drive < h) or (q >= highest and drive > h):
                dh = STEEP
            base[e] = q + (drive - h) / dh
            by_from[e], by_to[e] = slope_from / dh, slope_to / dh
            a, b = net.diag_of[i], net.diag_of[j]
            rhs[a] -= base[e]
            rhs[b] += base[e]
            vals[a] += by_from[e]
            vals[b] += by_to[e]
            vals[net.edge_pos[e, 0]] -= by_to[e]
            vals[net.edge_pos[e, 1]] -= by_from[e]
        for link in range(len(link_at)):
            if controls.link_q[link] > 0.0:
                give, take, margin, by_give = _link(net, controls, link, p)
                q, slope = _faded(margin, controls.link_q[link], controls.link_band_bar, 1.0, link_at[link])
                a, b = net.diag_of[give], net.diag_of[take]
                rhs[a] -= q
                rhs[b] += q
                back = 1 if controls.link_back[link] else 0
                if by_give:
                    slope /= 2.0 * p[give]
                    vals[a] += slope
                    vals[net.link_pos[link, 1 - back]] -= slope
                else:
                    slope /= 2.0 * p[take]
                    vals[b] += slope
                    vals[net.link_pos[link, back]] -= slope
        for i in range(n):
            if net.fixed[i]:
                # A stiff diagonal in place of an identity row keeps the elimination free of cases.
                vals[net.diag_of[i]] = 1e30
                rhs[net.diag_of[i]] = 0.0
        for k in range(n):
            first, last = net.up_ptr[k], net.up_ptr[k + 1]
            m = last - first
            inverse = 1.0 / vals[k]
            at = net.update_ptr[k]
            for a in range(m):
                factor = vals[n + n_up + first + a] * inverse
                if factor != 0.0:
                    rhs[net.up_col[first + a]] -= factor * rhs[k]
                    for b in range(m):
                        vals[net.update[at + a * m + b]] -= factor * vals[n + first + b]
        for k in range(n - 1, -1, -1):
            total = rhs[k]
            for t in range(net.up_ptr[k], net.up_ptr[k + 1]):
                total -= vals[n + t] * rhs[net.up_col[t]]
            rhs[k] = total / vals[k]
        # Kinks (valves, limits, bands) can make full steps cycle; shorter ones cannot.
        part = 1.0 if iteration < 15 else (0.5 if iteration < 30 else (0.25 if iteration < 60 else 0.1))
        worst = 0.0
        for e in range(n_edges):
            if controls.edge_cap[e] > 0.0 and controls.edge_share[e] > 0.0:
                i, j = net.edge_from[e], net.edge_to[e]
                new_q = base[e] + by_from[e] * rhs[net.diag_of[i]] - by_to[e] * rhs[net.diag_of[j]]
                worst = max(worst, abs(new_q - edge_q[e]))
                edge_q[e] += part * (new_q - edge_q[e])
        for i in range(n):
            change = rhs[net.diag_of[i]]
            if not math.isfinite(change):
                return -1
            pi = p[i] * p[i]
            new = math.sqrt(max(pi + part * change, 0.04 * pi, LEAST_BAR * LEAST_BAR))
            worst = max(worst, abs(new - p[i]) / part)
            p[i] = new
        if not worst < 1e12:
            return -1
        settled = worst <= TOLERANCE
        for s in range(len(source_at)):
            margin = controls.source_hi_bar[s] - p[controls.source_point[s]]
            at = _next_status(margin, controls.source_band_bar[s], 1.0, source_at[s])
            settled = settled and at == source_at[s]
            source_at[s] = at
        for s in range(len(sink_at)):
            margin = p[controls.sink_point[s]] - controls.sink_lo_bar[s]
            at = _next_status(margin, controls.sink_band_bar[s], sink_most[s], sink_at[s])
            settled = settled and at == sink_at[s]
            sink_at[s] = at
        for s in range(len(link_at)):
            _, _, margin, _ = _link(net, controls, s, p)
            at = _next_status(margin, controls.link_band_bar, 1.0, link_at[s])
            settled = settled and at == link_at[s]
            link_at[s] = at
        # On the very edge of two pieces the status may flip for ever without the solution moving.
        if settled or worst <= 0.01 * TOLERANCE:
            return iteration + 1
    return -1


@jit
def _step(  # type: ignore[no-untyped-def]
    net, controls, p, gas, edge_q, dt_h, weight, edge_out, source_out, sink_out, link_out, reservoir_out, vals, rhs
):
    """Advance ``p``, ``gas``, ``edge_q`` by ``dt_h``, adding ``weight`` times the flows to ``_out``; True if solved."""
    n = len(p)
    dt_d = dt_h / HOURS_PER_DAY
    law, constant, p_critical = net.z_law, net.z_constant, net.p_critical_bar
    z_first, z_second = net.z_first, net.z_second
    edge_z = np.empty(len(net.edge_from))
    for e in range(len(edge_z)):
        a, b = p[net.edge_from[e]], p[net.edge_to[e]]
        mean = 2.0 / 3.0 * (a + b - a * b / (a + b))
        edge_z[e], _ = _z(law, constant, p_critical, z_first, z_second, mean)
    new = p.copy()
    if _newton(net, controls, gas, edge_z, dt_d, new, edge_q, vals, rhs) < 0:
        return False
    inflow = np.zeros(n)
    for s in range(len(controls.source_point)):
        i = controls.source_point[s]
        margin, band = controls.source_hi_bar[s] - new[i], controls.source_band_bar[s]
        q, _ = _faded(margin, controls.source_q[s], band, 1.0, _status(margin, band, 1.0))
        inflow[i] += q
        source_out[s] += weight * q
    for s in range(len(controls.sink_point)):
        i = controls.sink_point[s]
        margin, band = new[i] - controls.sink_lo_bar[s], controls.sink_band_bar[s]
        most = _most_share(controls.sink_q[s], controls.sink_cap[s])
        q, _ = _faded(margin, controls.sink_q[s], band, most, _status(margin, band, most))
        inflow[i] -= q
        sink_out[s] += weight * q
    for e in range(len(net.edge_from)):
        i, j = net.edge_from[e], net.edge_to[e]
        if controls.edge_cap[e] > 0.0 and controls.edge_share[e] > 0.0:
            cap, direction, two_way = controls.edge_cap[e], controls.edge_direction[e], net.edge_two_way[e]
            lowest = -cap if two_way and direction <= 0 else 0.0
            highest = 0.0 if two_way and direction == -1 else cap
            edge_q[e] = min(max(edge_q[e], lowest), highest)
        inflow[i] -= edge_q[e]
        inflow[j] += edge_q[e]
        edge_out[e] += weight * edge_q[e]
    for k in range(len(net.link_from)):
        if controls.link_q[k] > 0.0:
            give, take, margin, _ = _link(net, controls, k, new)
            band = controls.link_band_bar
            q, _ = _faded(margin, controls.link_q[k], band, 1.0, _status(margin, band, 1.0))
            inflow[give] -= q
            inflow[take] += q
            link_out[k] += weight * (-q if controls.link_back[k] else q)
    for i in range(n):
        if net.fixed[i]:
            reservoir_out[i] -= weight * inflow[i]
        elif gas[i] + dt_d * inflow[i] < 0.0:
            return False
    for i in range(n):
        if not net.fixed[i]:
            gas[i] += dt_d * inflow[i]
            q = gas[i] / net.c_mcm_per_bar[i]
            at = new[i]
            for _ in range(100):
                z, _ = _z(law, constant, p_critical, z_first, z_second, at)
                if abs(q * z - at) <= 1e-14 * (1.0 + at):
                    break
                at = q * z
            p[i] = at
    return True


@jit
def run_linepack(
    net: LinepackNetwork,
    controls: LinepackControls,
    p_bar: F8,
    gas_mcm: F8,
    edge_q: F8,
    dt_h: float,
    n_steps: int,
    watch: I4,
    least_share: float,
) -> tuple[F8, F8, F8, LinepackFlows, int, bool]:
    """Advance up to ``n_steps`` steps of ``dt_h`` hours under constant controls.

    Stops before the step in which a watched sink (``watch``: positions of sinks) would get less than ``least_share`` of
    what it asks, but always takes the first step. ``edge_q`` (n_edges,) mcm/d starts the iteration (zeros will do).
    Returns the pressures, the gas and the flows after the steps taken, the mean flows over them, their number, and
    whether all steps were solved. A step whose Newton iteration fails is taken in halves, at most ``MAX_HALVINGS``
    times; inputs are not written to.
    """
    n = len(p_bar)
    p, gas, q = p_bar.copy(), gas_mcm.copy(), edge_q.copy()
    edge, source = np.zeros(len(net.edge_from)), np.zeros(len(controls.source_point))
    sink, link, reservoir = np.zeros(len(controls.sink_point)), np.zeros(len(net.link_from)), np.zeros(n)
    vals, rhs = np.empty(n + 2 * net.up_ptr[n]), np.empty(n)
    solved = True
    taken = 0
    for step in range(n_steps):
        p_next, gas_next, q_next = p.copy(), gas.copy(), q.copy()
        edge_s, source_s, sink_s = np.zeros_like(edge), np.zeros_like(source), np.zeros_like(sink)
        link_s, reservoir_s = np.zeros_like(link), np.zeros(n)
        pieces, done = 1, 0
        while done < pieces:
            if _step(
                net, controls, p_next, gas_next, q_next, dt_h / pieces, 1.0 / pieces,
                edge_s, source_s, sink_s, link_s, reservoir_s, vals, rhs,
            ):  # fmt: skip
                done += 1
            elif pieces >= 1 << MAX_HALVINGS:
                solved = False
                break
            else:
                pieces, done = 2 * pieces, 0
                p_next[:], gas_next[:], q_next[:] = p, gas, q
                edge_s[:], source_s[:], sink_s[:] = 0.0, 0.0, 0.0
                link_s[:], reservoir_s[:] = 0.0, 0.0
        if not solved:
            break
        if step > 0:
            short = False
            for w in watch:
                short = short or sink_s[w] < least_share * min(controls.sink_q[w], controls.sink_cap[w])
            if short:
                break
        p, gas, q = p_next, gas_next, q_next
        edge += edge_s
        source += source_s
        sink += sink_s
        link += link_s
        reservoir += reservoir_s
        taken += 1
    mean = 1.0 / max(taken, 1)
    flows = LinepackFlows(edge * mean, source * mean, sink * mean, link * mean, reservoir * mean)
    return p, gas, q, flows, taken, solved
