"""Records of the linepack kernel and their makers: pipes, network, controls, gas law, elimination order.

Pressure is absolute in bar, flow in mcm/d and gas in mcm (million cubic metres at reference conditions).

Sources: Osiadacz, Simulation and Analysis of Gas Networks (1987), ch. 3 (isothermal flow); Weymouth (1912) and
Nikuradse (1933) for the friction factor; Papay, OGIL Musz. Tud. Kozl. (1968) for the compressibility; Tinney and Walker
(1967) for the minimum-degree order.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels.by_reference import by_reference
from gridsim.kernels.jit import jit

F8 = NDArray[np.float64]
I4 = NDArray[np.int32]
B1 = NDArray[np.bool_]

Z_CONSTANT, Z_PAPAY = 0, 1
#: Z is held from this reduced pressure on: with Papay's parabola p / Z, the gas of a point, would turn back at
#: p_r = 1 / sqrt(z_second) (5 to 8), and an iterate of Newton's method may get there.
MOST_REDUCED = 4.0
#: Without viscosity the flow is a root of the pressure difference, whose slope at rest is infinite.
LEAST_LAMINAR_MCM_PER_D = 1e-6
#: ``edge_direction`` of the controls.
FREE, FORWARD, BACKWARD, FORWARD_NO_LIFT = 0, 1, -1, 2


@by_reference
class GasLaw(NamedTuple):
    """Compressibility Z(p): ``z_constant``, or by Papay (1968) Z = 1 - z_first p_r + z_second p_r^2.

    kind : Z_CONSTANT or Z_PAPAY;  p_r = p / ``p_critical_bar``
    z_first = 3.52 exp(-2.26 T_r), z_second = 0.274 exp(-1.878 T_r), T_r the reduced temperature
    """

    kind: int
    z_constant: float
    p_critical_bar: float
    z_first: float
    z_second: float


@by_reference
class Elimination(NamedTuple):
    """Order and fill of a sparse LU without pivoting, of a matrix with symmetric pattern.

    The values stand in one array [diag | U | L]: n_points diagonals, U (rows in elimination order), L mirrored.

    diag_of : (n_points,) place of each point in the order;  up_ptr, up_col : pattern of U above the diagonal
    update : (sum m_k^2,) positions that the elimination of each row writes to;  update_ptr : (n_points + 1,)
    """

    diag_of: I4
    up_ptr: I4
    up_col: I4
    update: I4
    update_ptr: I4


@by_reference
class LinepackNetwork(NamedTuple):
    """Points, edges and links: all that stays the same during a run.

    c_mcm_per_bar : (n_points,) gas per bar at Z = 1, > 0;  fixed : (n_points,) bool, pressure held (a reservoir)
    edge_from, edge_to : (n_edges,) i4;  edge_k : (mcm/d)^2 per bar^2 at Z = 1;  edge_q_laminar : mcm/d, > 0
    edge_two_way : bool, may flow from ``edge_to`` to ``edge_from``
    edge_reg_from, edge_reg_to : bar^2, the regulator at that end lets no more into the edge (inf: none)
    edge_ratio_from, edge_ratio_to : largest compression ratio at that end, 1: no compressor
    edge_set_from, edge_set_to : bar^2, discharge the compressor holds if its ratio allows
    edge_suction_bar : the compressor stops when its suction falls to 0.9 of this
    link_from, link_to : (n_links,) i4, connections whose flow is scheduled, not free
    gas_law : compressibility;  order : elimination order
    edge_pos, link_pos : (.., 2) positions of (from, to) and (to, from) in the value array of ``order``
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
    gas_law: GasLaw
    order: Elimination
    edge_pos: I4
    link_pos: I4


@by_reference
class LinepackControls(NamedTuple):
    """Gas schedule, valves and stations; constant within a step.

    edge_cap : (n_edges,) mcm/d, most that may flow, 0: closed;  edge_share : share of strings in service
    edge_direction : i4, +1 forward only with the compressor at ``from`` running, -1 backward only with that at ``to``,
        0 free without compression, 2 forward only without compression
    source_point : i4;  source_q : mcm/d;  source_hi_bar : throttled to nothing at this pressure
    source_band_bar : over which it is throttled
    sink_point : i4;  sink_q : mcm/d requested;  sink_lo_bar : nothing is delivered at or below
    sink_band_bar : all is delivered above lo + band
    sink_cap : mcm/d, taken at most (a plant that could burn ``sink_q`` and burns less)
    link_q : (n_links,) >= 0 scheduled from ``link_from`` to ``link_to`` (``link_back`` True: the other way)
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


class LinepackState(NamedTuple):
    """One instant.

    p_bar, gas_mcm : (n_points,);  edge_q : (n_edges,) mcm/d, where the next iteration starts (zeros will do)
    """

    p_bar: F8
    gas_mcm: F8
    edge_q: F8


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


def pipe_coefficients(length_km: F8, diameter_m: F8, strings: F8, friction: F8, fluid: Fluid) -> tuple[F8, F8, F8]:
    """(K, laminar flow, gas per bar) of pipes of ``strings`` equal parallel strings, at Z = 1.

    K in (mcm/d)^2/bar^2 from p1^2 - p2^2 = 16 f L Rs T m^2 / (pi^2 D^5); the laminar flow, mcm/d, is that at which
    64/Re equals ``friction``; gas per bar in mcm/bar.
    """
    length_m = np.asarray(length_km) * 1000.0
    kg_per_s = fluid.rho_kg_per_m3 * 1e6 / 86400.0  # of 1 mcm/d
    rs_t = fluid.gas_constant * fluid.temperature_k
    # 1e10 Pa^2 in a bar^2; n strings carry n times the flow, so K grows with n^2
    k = math.pi**2 * diameter_m**5 * 1e10 / (16.0 * friction * length_m * rs_t * kg_per_s**2) * strings**2
    # Re = 4 m / (pi D mu): 64 / Re = f at m = 16 pi D mu / f
    laminar = 16.0 * math.pi * diameter_m * fluid.viscosity_pa_s / (friction * kg_per_s) * strings
    # ideal gas in the pipe's volume, p V = m Rs T, as volume at reference density
    volume_m3 = math.pi / 4.0 * diameter_m**2 * length_m * strings
    gas = volume_m3 * 1e5 / rs_t / fluid.rho_kg_per_m3 / 1e6
    return k, np.maximum(laminar, LEAST_LAMINAR_MCM_PER_D), gas


def minimum_degree_order(n_points: int, pair_from: I4, pair_to: I4) -> tuple[I4, list[list[int]]]:
    """Place of each point in the order, and per place the neighbours (points) it has when it is eliminated.

    The point with the fewest neighbours goes next (the lowest number among equals); its neighbours then become
    neighbours of each other: that is the fill.
    """
    neighbours: list[set[int]] = [set() for _ in range(n_points)]
    for a, b in zip(pair_from.tolist(), pair_to.tolist(), strict=True):
        if a != b:
            neighbours[a].add(b)
            neighbours[b].add(a)
    waiting = {len(n): set[int]() for n in neighbours}  # points still there, by degree
    for point, near in enumerate(neighbours):
        waiting.setdefault(len(near), set()).add(point)
    diag_of = np.empty(n_points, dtype=np.int32)
    rows: list[list[int]] = []
    for step in range(n_points):
        degree = min(d for d, points in waiting.items() if points)
        point = min(waiting[degree])
        waiting[degree].discard(point)
        diag_of[point] = step
        near = neighbours[point]
        rows.append(sorted(near))
        for other in near:
            waiting[len(neighbours[other])].discard(other)
            neighbours[other].discard(point)
            neighbours[other] |= near - {other}
            waiting.setdefault(len(neighbours[other]), set()).add(other)
    return diag_of, rows


def eliminate(n_points: int, pair_from: I4, pair_to: I4) -> tuple[Elimination, I4]:
    """Minimum-degree order and fill of a graph; positions (n_pairs, 2) of its pairs as (from, to) and (to, from)."""
    diag_of, rows = minimum_degree_order(n_points, pair_from, pair_to)
    up: list[list[int]] = [sorted(int(diag_of[p]) for p in row) for row in rows]
    up_ptr = np.concatenate([[0], np.cumsum([len(row) for row in up])]).astype(np.int32)
    n_up = int(up_ptr[-1])
    at = {(k, column): int(up_ptr[k]) + i for k, row in enumerate(up) for i, column in enumerate(row)}

    def position(row: int, column: int) -> int:
        if row == column:
            return row
        return n_points + at[row, column] if row < column else n_points + n_up + at[column, row]

    # Eliminating row k changes every entry (row, column) of its later neighbours: a_rc -= a_rk a_kc / a_kk.
    update = [position(row, column) for higher in up for row in higher for column in higher]
    update_ptr = np.concatenate([[0], np.cumsum([len(row) ** 2 for row in up])]).astype(np.int32)
    pairs = [(int(diag_of[a]), int(diag_of[b])) for a, b in zip(pair_from.tolist(), pair_to.tolist(), strict=True)]
    pair_pos = np.array([(position(a, b), position(b, a)) for a, b in pairs], dtype=np.int32).reshape(-1, 2)
    order = Elimination(
        diag_of=diag_of,
        up_ptr=up_ptr,
        up_col=np.array([column for row in up for column in row], dtype=np.int32),
        update=np.array(update, dtype=np.int32),
        update_ptr=update_ptr,
    )
    return order, pair_pos


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
    """A network with its elimination order; parts not given are absent (no regulator, compressor, link)."""
    n_points, n_edges = len(c_mcm_per_bar), len(edge_from)

    def full(values: F8 | None, absent: float) -> F8:
        return np.full(n_edges, absent) if values is None else np.asarray(values, dtype=np.float64)

    first = np.zeros(0, dtype=np.int32) if link_from is None else np.asarray(link_from, dtype=np.int32)
    second = np.zeros(0, dtype=np.int32) if link_to is None else np.asarray(link_to, dtype=np.int32)
    edge_from, edge_to = np.asarray(edge_from, dtype=np.int32), np.asarray(edge_to, dtype=np.int32)
    order, pair_pos = eliminate(n_points, np.concatenate([edge_from, first]), np.concatenate([edge_to, second]))
    return LinepackNetwork(
        c_mcm_per_bar=np.asarray(c_mcm_per_bar, dtype=np.float64),
        fixed=np.zeros(n_points, dtype=bool) if fixed is None else fixed,
        edge_from=edge_from,
        edge_to=edge_to,
        edge_k=np.asarray(edge_k, dtype=np.float64),
        edge_q_laminar=np.asarray(edge_q_laminar, dtype=np.float64),
        edge_two_way=np.ones(n_edges, dtype=bool) if two_way is None else two_way,
        edge_reg_from=full(regulator_from_bar, np.inf) ** 2,
        edge_reg_to=full(regulator_to_bar, np.inf) ** 2,
        edge_ratio_from=full(ratio_from, 1.0),
        edge_ratio_to=full(ratio_to, 1.0),
        edge_set_from=full(set_from_bar, np.inf) ** 2,
        edge_set_to=full(set_to_bar, np.inf) ** 2,
        edge_suction_bar=full(suction_bar, 0.0),
        link_from=first,
        link_to=second,
        gas_law=GasLaw(
            kind=z_law,
            z_constant=float(z_constant),
            p_critical_bar=float(p_critical_bar),
            z_first=3.52 * math.exp(-2.26 * t_reduced),
            z_second=0.274 * math.exp(-1.878 * t_reduced),
        ),
        order=order,
        edge_pos=pair_pos[:n_edges],
        link_pos=pair_pos[n_edges:],
    )


def make_controls(net: LinepackNetwork, **given: Any) -> LinepackControls:
    """Controls with everything open, free and nothing requested, but for what is ``given`` by field name."""
    n_edges, n_links = len(net.edge_from), len(net.link_from)
    none, nobody = np.zeros(0), np.zeros(0, dtype=np.int32)
    free = LinepackControls(
        edge_cap=np.full(n_edges, np.inf),
        edge_share=np.ones(n_edges),
        edge_direction=np.zeros(n_edges, dtype=np.int32),
        source_point=nobody,
        source_q=none,
        source_hi_bar=none,
        source_band_bar=none,
        sink_point=nobody,
        sink_q=none,
        sink_lo_bar=none,
        sink_band_bar=none,
        sink_cap=none,
        link_q=np.zeros(n_links),
        link_back=np.zeros(n_links, dtype=bool),
        link_lo_bar=np.zeros(n_links),
        link_hi_bar=np.full(n_links, 1e6),
        link_band_bar=1.0,
    )
    if "sink_q" in given and "sink_cap" not in given:
        given["sink_cap"] = np.full(len(given["sink_q"]), np.inf)
    return free._replace(**given)


@jit
def z_and_slope(law: GasLaw, p_bar: float) -> tuple[float, float]:
    """Z and dZ/dp (1/bar) at a pressure."""
    if law.kind == Z_CONSTANT:
        return law.z_constant, 0.0
    p_reduced = p_bar / law.p_critical_bar
    if p_reduced > MOST_REDUCED:
        return 1.0 - MOST_REDUCED * law.z_first + MOST_REDUCED * MOST_REDUCED * law.z_second, 0.0
    z = 1.0 + p_reduced * (law.z_second * p_reduced - law.z_first)
    return z, (2.0 * law.z_second * p_reduced - law.z_first) / law.p_critical_bar


@jit
def content(net: LinepackNetwork, p_bar: F8) -> F8:
    """(n_points,) gas, mcm, at pressures ``p_bar``: L = c p / Z(p)."""
    gas = np.empty(len(p_bar))
    for i in range(len(p_bar)):
        gas[i] = net.c_mcm_per_bar[i] * p_bar[i] / z_and_slope(net.gas_law, p_bar[i])[0]
    return gas


@jit
def pressure_of(net: LinepackNetwork, gas_mcm: F8, guess_bar: F8) -> F8:
    """(n_points,) pressure at which the points hold ``gas_mcm``: fixed-point iteration on p = L Z(p) / c."""
    p_bar = guess_bar.copy()
    for i in range(len(p_bar)):
        p = guess_bar[i]
        for _ in range(100):
            new = gas_mcm[i] * z_and_slope(net.gas_law, p)[0] / net.c_mcm_per_bar[i]
            change = abs(new - p)
            p = new
            if change <= 1e-14 * (1.0 + p):
                break
        p_bar[i] = p
    return p_bar
