"""Reference kernel of ``linepack``: the same physics from the definition, dense, with a numerical Jacobian.

Written in terms of pressures alone: the imbalance of every point as a function of all pressures, solved by Newton's
method with halved steps. No elimination order, no edge flows as unknowns. For small networks in tests.
"""

from __future__ import annotations

import numpy as np

from gridsim.kernels.linepack_network import F8, Z_CONSTANT, LinepackControls, LinepackNetwork

_HOURS_PER_DAY = 24.0


def compressibility(net: LinepackNetwork, p_bar: F8) -> F8:
    """Z at every pressure."""
    law = net.gas_law
    if law.kind == Z_CONSTANT:
        return np.full(len(p_bar), law.z_constant)
    reduced = np.minimum(p_bar / law.p_critical_bar, 4.0)
    return np.asarray(1.0 - law.z_first * reduced + law.z_second * reduced**2)


def edge_flow(net: LinepackNetwork, controls: LinepackControls, e: int, p_from: float, p_to: float, z: float) -> float:
    """Flow of one edge, mcm/d, from the pressures at its ends."""
    cap, share, direction = controls.edge_cap[e], controls.edge_share[e], controls.edge_direction[e]
    if cap <= 0 or share <= 0:
        return 0.0
    two_way = bool(net.edge_two_way[e])

    def behind(p: float, ratio: float, set2: float, regulator2: float) -> float:
        # p^2 lifted by ratio^2 up to the discharge held, then throttled; no lift at 0.9 of the suction (0.81 squared)
        suction = net.edge_suction_bar[e]
        gain = ratio**2
        if p < suction:
            gain = 1.0 + (gain - 1.0) * np.clip((p**2 - 0.81 * suction**2) / (0.19 * suction**2), 0.0, 1.0)
        return min(max(p**2, min(gain * p**2, set2)) if ratio > 1 else p**2, regulator2)

    def law(difference: float) -> float:
        # positive root of q^2 + q_laminar q = K (pi_from - pi_to) / Z, K of the strings in service
        laminar, k = net.edge_q_laminar[e] * share, net.edge_k[e] * share**2 / z
        return min((-laminar + np.sqrt(laminar**2 + 4.0 * k * difference)) / 2.0, cap)

    backward_only = direction == -1 and two_way
    if not backward_only:
        ratio = net.edge_ratio_from[e] if direction == 1 else 1.0
        forward = behind(p_from, ratio, net.edge_set_from[e], net.edge_reg_from[e]) - p_to**2
        if forward > 0:
            return law(forward)
    if two_way and direction <= 0:
        ratio = net.edge_ratio_to[e] if backward_only else 1.0
        backward = behind(p_to, ratio, net.edge_set_to[e], net.edge_reg_to[e]) - p_from**2
        if backward > 0:
            return -law(backward)
    return 0.0


def net_inflow(net: LinepackNetwork, controls: LinepackControls, p_bar: F8, z_edge: F8) -> F8:
    """(n_points,) mcm/d into every point at pressures ``p_bar``."""
    inflow = np.zeros(len(p_bar))
    c = controls
    for s, point in enumerate(c.source_point.tolist()):
        inflow[point] += c.source_q[s] * np.clip((c.source_hi_bar[s] - p_bar[point]) / c.source_band_bar[s], 0, 1)
    for s, point in enumerate(c.sink_point.tolist()):
        requested = c.sink_q[s] * np.clip((p_bar[point] - c.sink_lo_bar[s]) / c.sink_band_bar[s], 0, 1)
        inflow[point] -= min(requested, c.sink_cap[s])
    for e, (i, j) in enumerate(zip(net.edge_from.tolist(), net.edge_to.tolist(), strict=True)):
        q = edge_flow(net, c, e, p_bar[i], p_bar[j], z_edge[e])
        inflow[i] -= q
        inflow[j] += q
    for k, (i, j) in enumerate(zip(net.link_from.tolist(), net.link_to.tolist(), strict=True)):
        give, take = (int(j), int(i)) if c.link_back[k] else (int(i), int(j))
        margin = min(p_bar[give] - c.link_lo_bar[k], c.link_hi_bar[k] - p_bar[take])
        q = c.link_q[k] * np.clip(margin / c.link_band_bar, 0, 1)
        inflow[give] -= q
        inflow[take] += q
    return inflow


def step(net: LinepackNetwork, controls: LinepackControls, p_bar: F8, gas_mcm: F8, dt_h: float) -> F8:
    """(n_points,) pressures after one implicit step of ``dt_h`` hours."""
    dt_d = dt_h / _HOURS_PER_DAY
    a, b = p_bar[net.edge_from], p_bar[net.edge_to]
    z_edge = compressibility(net, 2.0 / 3.0 * (a + b - a * b / (a + b)))

    def imbalance(p: F8) -> F8:
        # continuity of implicit Euler: inflow - (L(p) - L_old) / dt = 0 at every free point
        gas = net.c_mcm_per_bar * p / compressibility(net, p)
        found = (gas_mcm - gas) / dt_d + net_inflow(net, controls, p, z_edge)
        return np.where(net.fixed, 0.0, found)

    p = p_bar.copy()
    for _ in range(500):
        r = imbalance(p)
        if np.abs(r).max() < 1e-9:
            break
        jacobian = np.empty((len(p), len(p)))  # by forward differences
        for i in range(len(p)):
            ahead = p.copy()
            ahead[i] += 1e-7 * p[i]
            jacobian[:, i] = (imbalance(ahead) - r) / (1e-7 * p[i])
        for held in np.flatnonzero(net.fixed):
            jacobian[held], jacobian[held, held] = 0.0, 1.0
        change = np.linalg.solve(jacobian, -r)
        part = 1.0  # halved until the imbalance falls; a pressure falls to a fifth of itself at most
        while part > 1e-4 and not np.abs(imbalance(np.maximum(p + part * change, 0.2 * p))).sum() < np.abs(r).sum():
            part *= 0.5
        p = np.maximum(p + part * change, 0.2 * p)
    return p
