"""Water behind hydro plants: a year's balance day by day, and each day's energy put into the peaks of the net load.

Release rule. A reservoir lets out its least release and, of the room up to its greatest, as much as it is full:

    wanted = min(least + min((greatest - least) / volume, 1) (held + inflow), greatest),  at most what there is

Water above the volume is let out too; what the machines cannot swallow is spill. More water on any day never lowers
the release or the content of this or a later day.

Plan of a day. Output is ``clip(net load - level, lowest, highest)`` at the one level that uses up the day's energy.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels.jit import jit

F8 = NDArray[np.float64]
I4 = NDArray[np.int32]
DAY_H = 24


@jit
def reservoir_course(
    start_mcm: F8,
    inflow_mcm: F8,
    below: I4,
    least_mcm: F8,
    greatest_mcm: F8,
    machines: F8,
    course_mcm: F8,
) -> None:
    """Water of every reservoir and day, each reservoir after those that flow into it.

    start_mcm (n,);  inflow_mcm (n, n_days) from the rivers; what flows in from above is added here;  below (n,) the
    reservoir that the water goes on to, a later row, or -1;  least_mcm, greatest_mcm (n, n_days) release;
    machines (n, 2) useful volume and most that the machines swallow in a day, mcm
    course_mcm (3, n, n_days) is written: through the machines, spilled, and held at the end of each day
    """
    n, n_days = inflow_mcm.shape
    for r in range(n):
        held, room, swallow = start_mcm[r], machines[r, 0], machines[r, 1]
        for d in range(n_days):
            water = held + inflow_mcm[r, d]
            slope = min((greatest_mcm[r, d] - least_mcm[r, d]) / room, 1.0)
            release = min(least_mcm[r, d] + slope * water, greatest_mcm[r, d], water)
            release = max(release, water - room)
            course_mcm[0, r, d] = min(release, swallow)
            course_mcm[1, r, d] = release - course_mcm[0, r, d]
            held = water - release
            course_mcm[2, r, d] = held
            if below[r] >= 0:
                inflow_mcm[below[r], d] += release


@jit
def fill_peaks(net_mw: F8, energy_mwh: F8, lowest_mw: F8, highest_mw: F8, p_mw: F8) -> None:
    """Output ``p_mw`` (n_days, 24) that puts each day's energy into its peaks.

    net_mw (n_days, 24);  energy_mwh, lowest_mw, highest_mw (n_days,), energy between 24 lowest and 24 highest
    """
    for d in range(net_mw.shape[0]):
        low, high = lowest_mw[d], highest_mw[d]
        net = np.sort(net_mw[d])[::-1]
        # lower the level from the peak: hours begin to rise at net - low and are full at net - high
        rising, full = 0, 0
        level, energy = net[0] - low, DAY_H * low
        while full < DAY_H:
            next_full = net[full] - high
            next_level = next_full if rising == DAY_H else max(next_full, net[rising] - low)
            gain = (rising - full) * (level - next_level)
            if rising > full and energy + gain >= energy_mwh[d]:
                level -= (energy_mwh[d] - energy) / (rising - full)
                break
            energy += gain
            level = next_level
            if rising < DAY_H and net[rising] - low >= next_full:
                rising += 1
            else:
                full += 1
        for h in range(DAY_H):
            p_mw[d, h] = min(max(net_mw[d, h] - level, low), high)
