"""A multi-scale Gaussian field over points, variables and hours, as a function of (seed, year).

For variable v in (T, W, K) = (temperature, wind, clear-sky index) at point p, hourly::

    z_v,p(t) = sqrt(a_v) A + sqrt(b_v) S(t) + sqrt(c_v) Y(t) + sqrt(e_v) F(t),    a + b + c + e = 1

A is one draw per half-year, S an AR(1) of 15 days on 24 h knots, Y an AR(1) of one to two days on 6 h knots, F an
hourly AR(1) of its own at every point. S, Y and A are mixtures: three independent components j, each at every point,
filtered in time with ``phi[j]``, then at every knot::

    Z_v,p = sum_q root[month, v, p, q] sum_j mix[month, v, j] component_j,q

so that covariances are closed form: (root_v root_w')[p, q] * sum_j mix_vj mix_wj phi_j^|k - l|. Knots are joined
linearly and divided by sqrt(1 - 2u(1-u)(1-r)) (u: place between knots, r: their correlation), which gives unit variance
between them. Normals come from Philox words (gridsim.kernels.rng) by Wichura's AS241 quantile (Applied Statistics 37,
1988); F's increments are quantiles of 16-bit numbers scaled to unit variance (65,536 values up to 4.3 standard
deviations), half a word each.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels.jit import inline, jit
from gridsim.kernels.rng import HALF_WIDTH, LOW, Counter, exponential_of_word, philox_words, uniform_of_word

F8 = NDArray[np.float64]
I4 = NDArray[np.int32]
U8 = NDArray[np.uint64]

N_VARIABLES = 3
SLOW, SYNOPTIC = 0, 1
SLOW_STEP_H, SYNOPTIC_STEP_H = 24, 6


class Scale(NamedTuple):
    """One scale of the field, whose knots stand ``step_h`` apart.

    phi : (3,) f8, correlation of a component between knots;  id_lo, id_hi : (3, n_points) u8, Philox streams
    mix : (12, 3, 3) f8 lower triangular;  root : (12, 3, n_points, n_points) f8 lower triangular
    knot_month : (n_knots,) i4, month 0..11 of each knot
    step_class : (n_knots,) i4, 0..11: both knots of the step in that month, 12..23: the month changes after month - 12
    left, right : (24, n_rows, step_h) f8, weights of the two knots of a step by class, normalised to unit variance
    """

    phi: F8
    id_lo: U8
    id_hi: U8
    mix: F8
    root: F8
    knot_month: I4
    step_class: I4
    left: F8
    right: F8


class FieldCase(NamedTuple):
    """The part of a field that all years share.

    row_variable, row_point : (n_rows,) i4, the series requested;  share : (3, 4) f8, variance shares a, b, c, e
    annual_id_lo, annual_id_hi : (3, n_points) u8;  annual_month : (n_halves,) i4, the month whose matrices hold
    annual_index : (n_days,) i4;  annual_left, annual_right : (n_days,) f8, weights of half ``index`` and the next
    fast_phi : (3,) f8;  fast_id_lo, fast_id_hi : (n_rows,) u8;  quantile_16 : (65536,) f8, unit variance
    """

    row_variable: I4
    row_point: I4
    share: F8
    slow: Scale
    synoptic: Scale
    annual_id_lo: U8
    annual_id_hi: U8
    annual_month: I4
    annual_index: I4
    annual_left: F8
    annual_right: F8
    fast_phi: F8
    fast_id_lo: U8
    fast_id_hi: U8
    quantile_16: F8


@inline
def _central(q):  # type: ignore[no-untyped-def]  # AS241, |q| <= 0.425
    r = 0.180625 - q * q
    num = (
        (((((2509.0809287301226727 * r + 33430.575583588128105) * r + 67265.770927008700853) * r
           + 45921.953931549871457) * r + 13731.693765509461125) * r + 1971.5909503065514427) * r
        + 133.14166789178437745
    ) * r + 3.387132872796366608  # fmt: skip
    den = (
        (((((5226.495278852854561 * r + 28729.085735721942674) * r + 39307.89580009271061) * r
           + 21213.794301586595867) * r + 5394.1960214247511077) * r + 687.1870074920579083) * r
        + 42.313330701600911252
    ) * r + 1.0  # fmt: skip
    return q * num / den


@inline
def _tail(log_p):  # type: ignore[no-untyped-def]  # AS241, -log of the tail probability -> quantile > 0
    r = np.sqrt(log_p)
    if r <= 5.0:
        r -= 1.6
        num = (
            (((((7.7454501427834140764e-4 * r + 0.0227238449892691845833) * r + 0.24178072517745061177) * r
               + 1.27045825245236838258) * r + 3.64784832476320460504) * r + 5.7694972214606914055) * r
            + 4.6303378461565452959
        ) * r + 1.42343711074968357734  # fmt: skip
        den = (
            (((((1.05075007164441684324e-9 * r + 5.475938084995344946e-4) * r + 0.0151986665636164571966) * r
               + 0.14810397642748007459) * r + 0.68976733498510000455) * r + 1.6763848301838038494) * r
            + 2.05319162663775882187
        ) * r + 1.0  # fmt: skip
        return num / den
    r -= 5.0
    num = (
        (((((2.01033439929228813265e-7 * r + 2.71155556874348757815e-5) * r + 0.0012426609473880784386) * r
           + 0.026532189526576123093) * r + 0.29656057182850489123) * r + 1.7848265399172913358) * r
        + 5.4637849111641143699
    ) * r + 6.6579046435011037772  # fmt: skip
    den = (
        (((((2.04426310338993978564e-15 * r + 1.4215117583164458887e-7) * r + 1.8463183175100546818e-5) * r
           + 7.868691311456132591e-4) * r + 0.0148753612908506148525) * r + 0.13692988092273580531) * r
        + 0.59983220655588793769
    ) * r + 1.0  # fmt: skip
    return num / den


@jit
def normal_of_word(word: Counter) -> float:
    """Normal quantile of the uniform (word + 1/2) / 2^32, word a uint64 below 2^32."""
    w = np.uint64(word)
    q = uniform_of_word(w) - 0.5
    if abs(q) <= 0.425:
        return _central(q)
    mirrored = w if q < 0 else np.uint64(LOW - w)
    value = _tail(exponential_of_word(mirrored))
    return -value if q < 0 else value


@jit
def fill_normals(seed: Counter, sample: Counter, id_lo: Counter, id_hi: Counter, values_out: F8) -> None:
    """Draws 0 .. n-1 of one stream as standard normals: ``values_out`` (n,) float64."""
    k0 = np.uint64(seed) & LOW
    k1 = np.uint64(seed) >> HALF_WIDTH
    c1 = np.uint64(sample) & LOW
    lo = np.uint64(id_lo)
    hi = np.uint64(id_hi)
    n = values_out.shape[0]
    n_blocks = n // 4
    words = np.empty((4, n_blocks), dtype=np.uint64)
    # three plain loops instead of one: Philox and the central formula vectorise, the tail cannot
    for block in range(n_blocks):
        w0, w1, w2, w3 = philox_words(np.uint64(block), c1, lo, hi, k0, k1)
        words[0, block] = w0
        words[1, block] = w1
        words[2, block] = w2
        words[3, block] = w3
    for place in range(4):
        for block in range(n_blocks):
            values_out[4 * block + place] = _central(uniform_of_word(words[place, block]) - 0.5)
    for block in range(n_blocks):
        for place in range(4):
            w = words[place, block]
            q = uniform_of_word(w) - 0.5
            if abs(q) > 0.425:
                values_out[4 * block + place] = normal_of_word(w)
    if n_blocks * 4 < n:
        w0, w1, w2, w3 = philox_words(np.uint64(n_blocks), c1, lo, hi, k0, k1)
        last = (w0, w1, w2, w3)
        for place in range(n - 4 * n_blocks):
            values_out[4 * n_blocks + place] = normal_of_word(last[place])


@jit
def fill_coarse_normals(
    seed: Counter, sample: Counter, id_lo: Counter, id_hi: Counter, quantile_16: F8, values_out: F8
) -> None:
    """Normals of 16-bit numbers, low half of a word first: ``values_out`` (n,), n a multiple of 8."""
    k0 = np.uint64(seed) & LOW
    k1 = np.uint64(seed) >> HALF_WIDTH
    c1 = np.uint64(sample) & LOW
    lo = np.uint64(id_lo)
    hi = np.uint64(id_hi)
    half, shift = np.uint64(0xFFFF), np.uint64(16)
    n_blocks = values_out.shape[0] // 8
    words = np.empty((4, n_blocks), dtype=np.uint64)
    for block in range(n_blocks):
        w0, w1, w2, w3 = philox_words(np.uint64(block), c1, lo, hi, k0, k1)
        words[0, block] = w0
        words[1, block] = w1
        words[2, block] = w2
        words[3, block] = w3
    for block in range(n_blocks):
        for place in range(4):
            w = words[place, block]
            values_out[8 * block + 2 * place] = quantile_16[w & half]
            values_out[8 * block + 2 * place + 1] = quantile_16[w >> shift]


@jit
def fill_quantile_16(values_out: F8) -> None:
    """Normal quantiles of the 65,536 cells of a 16-bit number, scaled to unit variance: ``values_out`` (65536,)."""
    total = 0.0
    for i in range(values_out.shape[0]):
        # the middle of cell i of 2^-16 lies at (i + 1/2) 2^16 in units of 2^-32; a word's own middle is 1/2 higher
        values_out[i] = normal_of_word(np.uint64(i) * np.uint64(65536) + np.uint64(32768))
    for i in range(values_out.shape[0] // 2):
        middle = 0.5 * (values_out[65535 - i] - values_out[i])
        values_out[i] = -middle
        values_out[65535 - i] = middle
        total += 2.0 * middle * middle
    factor = 1.0 / np.sqrt(total / values_out.shape[0])
    for i in range(values_out.shape[0]):
        values_out[i] *= factor


@jit
def fill_components(seed: Counter, year: Counter, scale: Scale, components_out: F8) -> None:
    """The independent components at the knots, filtered in time: ``components_out`` (3, n_points, n_knots)."""
    n_knots = components_out.shape[2]
    for j in range(N_VARIABLES):
        phi = scale.phi[j]
        gain = np.sqrt(1.0 - phi * phi)
        for p in range(components_out.shape[1]):
            series = components_out[j, p]
            fill_normals(seed, year, scale.id_lo[j, p], scale.id_hi[j, p], series)
            for k in range(1, n_knots):
                series[k] = phi * series[k - 1] + gain * series[k]


@jit
def mix_knots(scale: Scale, row_variable: I4, row_point: I4, components: F8, knots_out: F8) -> None:
    """Components (3, n_points, n_knots) to the rows' knots: ``knots_out`` (n_rows, n_knots)."""
    n_points, n_knots = components.shape[1], components.shape[2]
    mixed = np.empty((n_points, n_knots))
    for v in range(N_VARIABLES):
        requested = False
        for r in range(row_variable.shape[0]):
            requested = requested or row_variable[r] == v
        if not requested:
            continue
        first = 0
        while first < n_knots:
            month = scale.knot_month[first]
            end = first + 1
            while end < n_knots and scale.knot_month[end] == month:
                end += 1
            for p in range(n_points):
                for k in range(first, end):
                    mixed[p, k] = scale.mix[month, v, 0] * components[0, p, k]
                for j in range(1, v + 1):
                    weight = scale.mix[month, v, j]
                    for k in range(first, end):
                        mixed[p, k] += weight * components[j, p, k]
            for r in range(row_variable.shape[0]):
                if row_variable[r] != v:
                    continue
                root = scale.root[month, v, row_point[r]]
                for k in range(first, end):
                    knots_out[r, k] = root[0] * mixed[0, k]
                for q in range(1, row_point[r], 2):  # two at a time: half the traffic
                    weight, other = root[q], root[q + 1]
                    for k in range(first, end):
                        knots_out[r, k] += weight * mixed[q, k] + other * mixed[q + 1, k]
                if row_point[r] % 2 == 1:
                    weight = root[row_point[r]]
                    for k in range(first, end):
                        knots_out[r, k] += weight * mixed[row_point[r], k]
            first = end


@jit
def fill_annual(seed: Counter, year: Counter, case: FieldCase, annual_out: F8) -> None:
    """A of every row and half-year: ``annual_out`` (n_rows, n_halves)."""
    n_points, n_halves = case.annual_id_lo.shape[1], annual_out.shape[1]
    components = np.empty((N_VARIABLES, n_points, n_halves))
    for j in range(N_VARIABLES):
        for p in range(n_points):
            fill_normals(seed, year, case.annual_id_lo[j, p], case.annual_id_hi[j, p], components[j, p])
    for r in range(case.row_variable.shape[0]):
        v, p = case.row_variable[r], case.row_point[r]
        for half in range(n_halves):
            month = case.annual_month[half]
            total = 0.0
            for q in range(p + 1):
                inner = 0.0
                for j in range(v + 1):
                    inner += case.slow.mix[month, v, j] * components[j, q, half]
                total += case.slow.root[month, v, p, q] * inner
            annual_out[r, half] = total


@jit
def join_hours(case: FieldCase, annual: F8, slow: F8, synoptic: F8, z_out: F8) -> None:
    """Annual, slow and synoptic parts joined over the hours: ``z_out`` (n_rows, n_hours), without F.

    A linear map; the same one carries a covariance at the knots to one at the hours.
    """
    n_days = z_out.shape[1] // SLOW_STEP_H
    for r in range(z_out.shape[0]):
        v = case.row_variable[r]
        share_a, share_b, share_c = np.sqrt(case.share[v, 0]), np.sqrt(case.share[v, 1]), np.sqrt(case.share[v, 2])
        last = annual.shape[1] - 1
        for day in range(n_days):
            class_s = case.slow.step_class[day]
            half = case.annual_index[day]
            level = share_a * (
                case.annual_left[day] * annual[r, half] + case.annual_right[day] * annual[r, min(half + 1, last)]
            )
            s0, s1 = share_b * slow[r, day], share_b * slow[r, day + 1]
            for quarter in range(4):
                k = 4 * day + quarter
                class_y = case.synoptic.step_class[k]
                y0, y1 = share_c * synoptic[r, k], share_c * synoptic[r, k + 1]
                for i in range(SYNOPTIC_STEP_H):
                    h = SYNOPTIC_STEP_H * quarter + i
                    z_out[r, SYNOPTIC_STEP_H * k + i] = (
                        level
                        + case.slow.left[class_s, r, h] * s0
                        + case.slow.right[class_s, r, h] * s1
                        + case.synoptic.left[class_y, r, i] * y0
                        + case.synoptic.right[class_y, r, i] * y1
                    )


@jit
def add_fast(seed: Counter, year: Counter, case: FieldCase, z_out: F8) -> None:
    """Add F, of its own at every row: ``z_out`` (n_rows, n_hours), n_hours a multiple of 8.

    Four rows at a time: one recursion alone would wait for each of its own results.
    """
    n_rows, n_hours = z_out.shape
    rows = np.empty(n_rows + 3, dtype=np.int64)
    n = 0
    for r in range(n_rows):
        if case.share[case.row_variable[r], 3] > 0.0:
            rows[n] = r
            n += 1
    fast = np.zeros((4, n_hours))
    phi, gain, value = np.zeros(4), np.zeros(4), np.zeros(4)
    for first in range(0, n, 4):
        n_here = min(4, n - first)
        for k in range(n_here):
            r = rows[first + k]
            v = case.row_variable[r]
            fill_coarse_normals(seed, year, case.fast_id_lo[r], case.fast_id_hi[r], case.quantile_16, fast[k])
            phi[k] = case.fast_phi[v]
            scale = np.sqrt(case.share[v, 3])
            gain[k] = scale * np.sqrt(1.0 - phi[k] * phi[k])
            value[k] = scale * fast[k, 0]
            fast[k, 0] = value[k]
        p0, p1, p2, p3 = phi[0], phi[1], phi[2], phi[3]
        g0, g1, g2, g3 = gain[0], gain[1], gain[2], gain[3]
        v0, v1, v2, v3 = value[0], value[1], value[2], value[3]
        for h in range(1, n_hours):
            v0 = p0 * v0 + g0 * fast[0, h]
            v1 = p1 * v1 + g1 * fast[1, h]
            v2 = p2 * v2 + g2 * fast[2, h]
            v3 = p3 * v3 + g3 * fast[3, h]
            fast[0, h], fast[1, h], fast[2, h], fast[3, h] = v0, v1, v2, v3
        for k in range(n_here):
            target, part = z_out[rows[first + k]], fast[k]
            for h in range(n_hours):
                target[h] += part[h]


@jit
def field_year(seed: Counter, year: Counter, case: FieldCase, z_out: F8) -> None:
    """The field of one year: ``z_out`` (n_rows, n_hours) float64, standard normal at every hour."""
    n_rows = case.row_variable.shape[0]
    n_points = case.slow.id_lo.shape[1]
    slow = np.empty((n_rows, case.slow.knot_month.shape[0]))
    synoptic = np.empty((n_rows, case.synoptic.knot_month.shape[0]))
    annual = np.empty((n_rows, case.annual_month.shape[0]))
    components = np.empty((N_VARIABLES, n_points, slow.shape[1]))
    fill_components(seed, year, case.slow, components)
    mix_knots(case.slow, case.row_variable, case.row_point, components, slow)
    components = np.empty((N_VARIABLES, n_points, synoptic.shape[1]))
    fill_components(seed, year, case.synoptic, components)
    mix_knots(case.synoptic, case.row_variable, case.row_point, components, synoptic)
    fill_annual(seed, year, case, annual)
    join_hours(case, annual, slow, synoptic, z_out)
    add_fast(seed, year, case, z_out)


@jit
def knot_covariance(scale: Scale, row_variable: I4, row_point: I4, weights: F8, knots_out: F8) -> None:
    """Covariance of every knot with sum(weights * knots): weights, ``knots_out`` (n_rows, n_knots).

    The transpose of mix and filter applied to the weights, then filter and mix again: exact, and linear in the size.
    """
    n_points, n_knots = scale.id_lo.shape[1], weights.shape[1]
    components = np.zeros((N_VARIABLES, n_points, n_knots))
    # transpose of the mix: Z_r = sum_q root sum_j mix component_j,q spreads a row's weight over its components
    for r in range(row_variable.shape[0]):
        v, p = row_variable[r], row_point[r]
        for k in range(n_knots):
            month = scale.knot_month[k]
            if weights[r, k] == 0.0:
                continue
            for q in range(p + 1):
                base = weights[r, k] * scale.root[month, v, p, q]
                for j in range(v + 1):
                    components[j, q, k] += base * scale.mix[month, v, j]
    # times phi_j^|k - l|, the covariance of component j: knots l <= k going forward, l > k coming back
    forward = np.empty(n_knots)
    for j in range(N_VARIABLES):
        phi = scale.phi[j]
        for q in range(n_points):
            series = components[j, q]
            carried = 0.0
            for k in range(n_knots):
                carried = phi * carried + series[k]
                forward[k] = carried
            carried = 0.0
            for k in range(n_knots - 1, -1, -1):
                here = series[k]
                series[k] = forward[k] + carried
                carried = phi * (carried + here)
    mix_knots(scale, row_variable, row_point, components, knots_out)
