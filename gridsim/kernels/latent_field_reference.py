"""The latent field in plain Python, written from its definition; imported by tests only.

``field_reference`` adds up named draws hour by hour; ``covariance_reference`` is the closed form of the same field,
from the definition's double sum over knots and components, without drawing anything.
"""

from __future__ import annotations

import math
from statistics import NormalDist

from gridsim.kernels.latent_field import FieldCase, Scale
from gridsim.kernels.rng_reference import WORD, philox4x32_reference

QUANTILE = NormalDist().inv_cdf


def _words(seed: int, year: int, stream: tuple[int, int], n: int) -> list[int]:
    key = (seed % WORD, seed // WORD)
    blocks = [philox4x32_reference((block, year, *stream), key) for block in range((n + 3) // 4)]
    return [word for block in blocks for word in block][:n]


def normals_reference(seed: int, year: int, stream: tuple[int, int], n: int) -> list[float]:
    """Quantiles of the middles of the words' cells."""
    return [QUANTILE((word + 0.5) / WORD) for word in _words(seed, year, stream, n)]


def coarse_normals_reference(seed: int, year: int, stream: tuple[int, int], n: int) -> list[float]:
    """Two per word, low half first: quantile of the middle of one of 65,536 cells, over the cells' own deviation."""
    cells = [QUANTILE((i + 0.5) / 65536) for i in range(65536)]
    sd = math.sqrt(sum(cell * cell for cell in cells) / 65536)
    halves = [half for word in _words(seed, year, stream, n // 2) for half in (word % 65536, word // 65536)]
    return [cells[half] / sd for half in halves]


def _filtered(draws: list[float], phi: float) -> list[float]:
    values = [draws[0]]
    for draw in draws[1:]:
        values.append(phi * values[-1] + math.sqrt(1.0 - phi * phi) * draw)
    return values


def _knot_weights(scale: Scale, variable: int, point: int, hour: int, step_h: int) -> dict[int, float]:
    """Knots that an hour leans on, with weights that give unit variance."""
    knot, place = divmod(hour, step_h)
    if place == 0:
        return {knot: 1.0}
    u = place / step_h
    months = int(scale.knot_month[knot]), int(scale.knot_month[knot + 1])
    r = sum(
        a * b * float(scale.phi[j])
        for j in range(3)
        for a, b in zip(
            _loading(scale, months[0], variable, point, j), _loading(scale, months[1], variable, point, j), strict=True
        )
    )
    norm = math.sqrt(1.0 - 2.0 * u * (1.0 - u) * (1.0 - r))
    return {knot: (1.0 - u) / norm, knot + 1: u / norm}


def field_reference(seed: int, year: int, case: FieldCase, row: int, hours: range) -> list[float]:
    """z of one row at some hours."""
    variable, point = int(case.row_variable[row]), int(case.row_point[row])
    share = [math.sqrt(float(value)) for value in case.share[variable]]
    z = [0.0] * len(hours)
    for scale, step_h, size in ((case.slow, 24, share[1]), (case.synoptic, 6, share[2])):
        n_knots = len(scale.knot_month)
        components = {
            (j, q): _filtered(
                normals_reference(seed, year, (int(scale.id_lo[j, q]), int(scale.id_hi[j, q])), n_knots),
                float(scale.phi[j]),
            )
            for j in range(variable + 1)
            for q in range(point + 1)
        }
        for position, hour in enumerate(hours):
            for knot, weight in _knot_weights(scale, variable, point, hour, step_h).items():
                month = int(scale.knot_month[knot])
                for (j, q), series in components.items():
                    loading = float(scale.root[month, variable, point, q]) * float(scale.mix[month, variable, j])
                    z[position] += size * weight * loading * series[knot]
    halves = {
        (j, q): normals_reference(
            seed, year, (int(case.annual_id_lo[j, q]), int(case.annual_id_hi[j, q])), len(case.annual_month)
        )
        for j in range(variable + 1)
        for q in range(point + 1)
    }
    fast = [0.0] * (hours.stop + 1)
    if share[3] > 0:
        stream = (int(case.fast_id_lo[row]), int(case.fast_id_hi[row]))
        fast = _filtered(
            coarse_normals_reference(seed, year, stream, 8 * (hours.stop // 8 + 1)), float(case.fast_phi[variable])
        )
    for position, hour in enumerate(hours):
        day = hour // 24
        for half, weight in _half_weights(case, day).items():
            month = int(case.annual_month[half])
            for (j, q), series in halves.items():
                loading = float(case.slow.root[month, variable, point, q]) * float(case.slow.mix[month, variable, j])
                z[position] += share[0] * weight * loading * series[half]
        z[position] += share[3] * fast[hour]
    return z


def _half_weights(case: FieldCase, day: int) -> dict[int, float]:
    half = int(case.annual_index[day])
    weights = {half: float(case.annual_left[day])}
    if case.annual_right[day] > 0:
        weights[half + 1] = float(case.annual_right[day])
    return weights


def _loading(scale: Scale, month: int, variable: int, point: int, j: int) -> list[float]:
    return [float(root) * float(scale.mix[month, variable, j]) for root in scale.root[month, variable, point]]


def covariance_reference(case: FieldCase, row: int, hour: int, other: int, other_hour: int) -> float:
    """Cov(z[row, hour], z[other, other_hour]): sums over knots, components and points of the definition."""
    v, p = int(case.row_variable[row]), int(case.row_point[row])
    w, q = int(case.row_variable[other]), int(case.row_point[other])
    total = 0.0
    for scale, step_h, column in ((case.slow, 24, 1), (case.synoptic, 6, 2)):
        size = math.sqrt(float(case.share[v, column]) * float(case.share[w, column]))
        for knot, weight in _knot_weights(scale, v, p, hour, step_h).items():
            for other_knot, other_weight in _knot_weights(scale, w, q, other_hour, step_h).items():
                for j in range(3):
                    here = _loading(scale, int(scale.knot_month[knot]), v, p, j)
                    there = _loading(scale, int(scale.knot_month[other_knot]), w, q, j)
                    inner = sum(a * b for a, b in zip(here, there, strict=True))
                    total += size * weight * other_weight * inner * float(scale.phi[j]) ** abs(knot - other_knot)
    size = math.sqrt(float(case.share[v, 0]) * float(case.share[w, 0]))
    for half, weight in _half_weights(case, hour // 24).items():
        other_weight = _half_weights(case, other_hour // 24).get(half, 0.0)
        month = int(case.annual_month[half])
        for j in range(3):
            here, there = _loading(case.slow, month, v, p, j), _loading(case.slow, month, w, q, j)
            total += size * weight * other_weight * sum(a * b for a, b in zip(here, there, strict=True))
    if row == other:
        total += float(case.share[v, 3]) * float(case.fast_phi[v]) ** abs(hour - other_hour)
    return total
