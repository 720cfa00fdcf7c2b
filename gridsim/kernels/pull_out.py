"""Largest power that couplings between two sides carry, and the amplitudes that set it: sections limited by stability.

A coupling carries b s sin(delta / s): its slope b at small angles follows from reactances, its amplitude b s from the
limit of the section it crosses (docs/first_minutes.md).
"""

from __future__ import annotations

import numpy as np

from gridsim.kernels.arrays import F8
from gridsim.kernels.jit import bare, jit, piece
from gridsim.kernels.swing_motion import sine

N_STEPS = 61  # from standstill to where the last coupling pulls out
MOST_ROUNDS = 60
CLOSE = 1e-3  # to its limit, of the limit
LEAST, MOST = 1e-3, 100.0  # of a section's factor


@bare
def largest_flow_mw(coupling: F8, stretch: F8, flow_pair: F8, apart: F8, total_out: F8) -> float:
    """Largest flow of a section when its sides move ``apart``, beyond pull-out a coupling gives nothing.

    coupling, stretch, flow_pair, apart : (n_pairs,); a pair whose ``apart`` is 0 is on one side
    total_out : (N_STEPS,) scratch
    """
    least = np.inf
    for pair in range(len(apart)):
        if apart[pair] > 0.0:
            least = min(least, apart[pair] / stretch[pair])
    if least == np.inf:
        return 0.0
    widest = 0.5 * np.pi / max(least, 1e-12)
    for step in range(N_STEPS):
        total_out[step] = 0.0
    for pair in range(len(apart)):
        if apart[pair] > 0.0 and flow_pair[pair] != 0.0:
            angle = widest * (apart[pair] / stretch[pair]) / (N_STEPS - 1)
            most_mw = abs(flow_pair[pair]) * coupling[pair] * stretch[pair]
            for step in range(N_STEPS):
                total_out[step] += most_mw * sine(min(step * angle, np.pi))
    largest = 0.0
    for step in range(N_STEPS):
        largest = max(largest, total_out[step])
    return largest


@piece
def mean_stretch(share: F8, apart: F8, factor: F8, crosses: F8, stretch_out: F8) -> None:
    """Stretch of each coupling from the factors of the sections it crosses, by its share in each."""
    for pair in range(len(stretch_out)):
        weight, total = 0.0, 0.0
        for section in range(len(factor)):
            weight += share[section, pair]
            total += share[section, pair] * apart[section, pair] * factor[section]
        # of a coupling that crosses a section only in part the rest keeps its slope
        stretch_out[pair] = crosses[pair] * total / weight + (1.0 - crosses[pair]) if weight > 0.0 else 1.0


@jit
def stretch_to_limits(coupling: F8, flow_pair: F8, apart: F8, share: F8, crosses: F8, limit_mw: F8) -> F8:
    """(n_pairs,) amplitude over coupling, so that the largest flow of every section is its limit.

    coupling, crosses : (n_pairs,) ; flow_pair, apart, share : (n_sections, n_pairs) ; limit_mw : (n_sections,)
    """
    n_sections, n_pairs = share.shape
    stretch, factor, total = np.ones(n_pairs), np.ones(n_sections), np.zeros(N_STEPS)
    for _ in range(MOST_ROUNDS):
        mean_stretch(share, apart, factor, crosses, stretch)
        worst = 0.0
        for section in range(n_sections):
            reached = largest_flow_mw(coupling, stretch, flow_pair[section], apart[section], total)
            wrong = limit_mw[section] / max(reached, 1e-9)
            worst = max(worst, abs(wrong - 1.0))
            factor[section] = min(max(factor[section] * wrong, LEAST), MOST)
        if worst < CLOSE:
            break
    return stretch
