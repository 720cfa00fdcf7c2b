"""Rates of the swing of areas and the quantities that rules watch: the loops of its steps.

They read arrays laid out for them once a network (:class:`Motion`) in plain loops, so that the compiler makes vector
code of them. What couplings carry is worked out once for each state, for its rates and for the flows of sections alike.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels.by_reference import by_reference
from gridsim.kernels.flows import flows_into
from gridsim.kernels.jit import inline, out_of_line, piece
from gridsim.kernels.swing_case import F8, SwingModel, SwingRules, SwingState

Position = NDArray[np.uint64]  # without a sign: nothing is counted from the end

TWO_PI = 2.0 * np.pi
PER_PI = 1.0 / np.pi
# pi in three parts: whole multiples of the first two are exact up to 2^24 (Cody and Waite 1980, chapter 8)
PI_HIGH = float(np.float32(np.pi))
PI_MIDDLE = float(np.float32(np.pi - PI_HIGH))
PI_LOW = (np.pi - PI_HIGH - PI_MIDDLE) + 1.2246467991473532e-16
SERIES = tuple((-1.0) ** (power // 2) / math.factorial(power) for power in range(21, 1, -2))


@by_reference
class Motion(NamedTuple):
    """A model as the loops of a step read it, and what they leave behind of the state they were called with last.

    first, second : (n_pairs,) and area : (n_groups,), of couplings and groups of machines
    amplitude_mw, per_stretch, pair_damping : (n_pairs,) MW, 1, MW/Hz
    load_slope : (n_areas,) 1/Hz ; lives : (n_areas,) 1 or 0 ; per_valve, per_second : (n_groups,) 1/s, 0: no delay
    load_at_mw : (n_areas, n_areas) row z: what the load of area z draws from each area's machine
    flow_of : (n_pairs + n_areas, n_flows) what each coupling, then each load adds to every flow
    per_angle : (n_angles,) degrees/radian

    Left behind: per_inertia (n_areas,) Hz/s per MW, of the machines that run, 0 of the dead; across (n_pairs,) radians;
    pair_mw (n_pairs,) damping left out; load_pu (n_areas,) over the load before the event; power_mw (n_groups,) with
    that of the governors; drives (n_pairs + n_areas,) is pair_mw and load_pu; drawn_mw (n_areas,), flow_mw (n_flows,).
    """

    first: Position
    second: Position
    area: Position
    amplitude_mw: F8
    per_stretch: F8
    pair_damping: F8
    load_slope: F8
    lives: F8
    per_valve: F8
    per_second: F8
    load_at_mw: F8
    flow_of: F8
    per_angle: F8
    per_inertia: F8
    across: F8
    pair_mw: F8
    load_pu: F8
    drives: F8
    power_mw: F8
    drawn_mw: F8
    flow_mw: F8


def motion_of(model: SwingModel, rules: SwingRules) -> Motion:
    """Lay out a model whose network stands."""
    n, n_groups, n_pairs = len(model.alive), len(model.group_area), len(model.first)
    delayed = model.valve_s > 0.0
    drives = np.zeros(n_pairs + n)
    return Motion(
        first=model.first.astype(np.uint64),
        second=model.second.astype(np.uint64),
        area=model.group_area.astype(np.uint64),
        amplitude_mw=model.coupling_mw * model.stretch,
        per_stretch=1.0 / model.stretch,
        pair_damping=TWO_PI * model.pair_damping_s * model.coupling_mw,
        load_slope=model.load_damping / model.f0_hz,
        lives=model.alive.astype(np.float64),
        per_valve=np.where(delayed, 1.0 / np.where(delayed, model.valve_s, 1.0), 0.0),
        per_second=1.0 / model.second_s,
        load_at_mw=np.ascontiguousarray(model.load_at_mw.T),
        flow_of=np.ascontiguousarray(np.hstack([model.flow_pair, model.flow_load_mw]).T),
        per_angle=180.0 / np.pi / rules.angle_stretch,
        per_inertia=np.zeros(n),
        across=np.zeros(n_pairs),
        pair_mw=drives[:n_pairs],
        load_pu=drives[n_pairs:],
        drives=drives,
        power_mw=np.zeros(n_groups),
        drawn_mw=np.zeros(n),
        flow_mw=np.zeros(len(model.flow_base_mw)),
    )


@piece
def weigh(model: SwingModel, state: SwingState, motion: Motion) -> None:
    """Write 1 over the inertia of load and of the machines that run: 1 where there is none, 0 of the dead."""
    out_of_line()
    per_inertia = motion.per_inertia
    for area in range(len(per_inertia)):
        per_inertia[area] = model.load_inertia[area]
    for group in range(len(model.group_area)):
        per_inertia[model.group_area[group]] += state.group_inertia[group]
    for area in range(len(per_inertia)):
        per_inertia[area] = motion.lives[area] / (per_inertia[area] if per_inertia[area] > 0.0 else 1.0)


@inline
def sine(angle: float) -> float:
    """Sine of an angle in radians to two units in the last place, up to 2^24 half turns.

    Of the rest beyond the nearest half turn by its series, whose next term is below 2e-18.
    """
    turns = np.floor(angle * PER_PI + 0.5)
    rest = ((angle - turns * PI_HIGH) - turns * PI_MIDDLE) - turns * PI_LOW
    square = rest * rest
    series = SERIES[0]
    series = SERIES[1] + square * series
    series = SERIES[2] + square * series
    series = SERIES[3] + square * series
    series = SERIES[4] + square * series
    series = SERIES[5] + square * series
    series = SERIES[6] + square * series
    series = SERIES[7] + square * series
    series = SERIES[8] + square * series
    series = SERIES[9] + square * series
    sign = 1.0 - 2.0 * (turns - 2.0 * np.floor(0.5 * turns))
    return sign * (rest + rest * square * series)


@inline
def wanted_mw(f_hz: float, gain: float, dead_band_hz: float, down_mw: float, up_mw: float) -> float:
    """Power that governors ask for on top of the output before the event."""
    beyond = max(abs(f_hz) - dead_band_hz, 0.0)
    asked = -gain * (beyond if f_hz > 0.0 else -beyond)
    return min(max(asked, down_mw), up_mw)


@piece
def powers(motion: Motion, state: SwingState, x: F8) -> None:
    """Write what couplings carry and areas draw at ``x``."""
    n = len(motion.lives)
    first, second, across, pair_mw = motion.first, motion.second, motion.across, motion.pair_mw
    amplitude_mw, per_stretch = motion.amplitude_mw, motion.per_stretch
    for pair in range(len(across)):
        across[pair] = x[first[pair]] - x[second[pair]]
    for pair in range(len(across)):
        pair_mw[pair] = amplitude_mw[pair] * sine(across[pair] * per_stretch[pair])
    hz, load_pu, slope = x[n : 2 * n], motion.load_pu, motion.load_slope
    shed_frequency, shed_other = state.shed_frequency, state.shed_other
    for area in range(n):
        load_pu[area] = (1.0 - shed_frequency[area] - shed_other[area]) * (1.0 + slope[area] * hz[area])


@piece
def governors(model: SwingModel, motion: Motion, state: SwingState, x: F8, dx_out: F8) -> None:
    """Write the rates of valves and second states, and the power of the machines, at ``x``."""
    n, n_groups = len(motion.lives), len(motion.power_mw)
    valves, seconds, end = 2 * n, 2 * n + n_groups, 2 * n + 2 * n_groups
    hz, valve_mw, second_mw = x[n:valves], x[valves:seconds], x[seconds:end]
    d_valve, d_second, power_mw = dx_out[valves:seconds], dx_out[seconds:end], motion.power_mw
    area, per_valve, per_second = motion.area, motion.per_valve, motion.per_second
    gain, down_mw, up_mw = state.group_gain, state.group_down_mw, state.group_up_mw
    dead_band_hz, at_valve, at_second, before_mw = model.dead_band_hz, model.at_valve, model.at_second, state.group_mw
    for group in range(n_groups):
        asked_mw = wanted_mw(hz[area[group]], gain[group], dead_band_hz[group], down_mw[group], up_mw[group])
        second = second_mw[group]
        # without a delay the valve is where it is asked to be
        valve = valve_mw[group] if per_valve[group] > 0.0 else asked_mw
        d_valve[group] = (asked_mw - valve) * per_valve[group]
        d_second[group] = (valve - second) * per_second[group]
        power_mw[group] = before_mw[group] + (at_valve[group] * valve + at_second[group] * second)


@piece
def derivative(model: SwingModel, motion: Motion, state: SwingState, x: F8, dx_out: F8) -> None:
    """Rates of every state at ``x``."""
    out_of_line()
    n, n_groups = len(motion.lives), len(motion.power_mw)
    end, drawn = 2 * n + 2 * n_groups, 3 * n + 2 * n_groups
    powers(motion, state, x)
    governors(model, motion, state, x, dx_out)
    hz, d_angle, d_hz = x[n : 2 * n], dx_out[:n], dx_out[n : 2 * n]
    d_supplied, d_drawn = dx_out[end:drawn], dx_out[drawn:]
    fixed_mw, damping, lives, per_inertia = state.fixed_mw, model.damping_mw_per_hz, motion.lives, motion.per_inertia
    for area in range(n):
        d_hz[area] = 0.0
        d_supplied[area] = fixed_mw[area]
    group_area, power_mw = motion.area, motion.power_mw
    for group in range(n_groups):
        d_supplied[group_area[group]] += power_mw[group]
    first, second, pair_mw, pair_damping = motion.first, motion.second, motion.pair_mw, motion.pair_damping
    for pair in range(len(pair_mw)):
        one, other = first[pair], second[pair]
        power = pair_mw[pair] + pair_damping[pair] * (hz[one] - hz[other])
        d_hz[one] -= power
        d_hz[other] += power
    drawn_mw = motion.drawn_mw
    flows_into(motion.load_at_mw, motion.load_pu, drawn_mw)
    for area in range(n):
        drawn = drawn_mw[area] + damping[area] * hz[area]
        d_angle[area] = lives[area] * (TWO_PI * hz[area])
        d_hz[area] = (d_hz[area] + d_supplied[area] - drawn) * per_inertia[area]
        d_supplied[area] *= lives[area]
        d_drawn[area] = lives[area] * drawn


@piece
def advance(model: SwingModel, motion: Motion, state: SwingState, step_s: float, work: F8, x_out: F8) -> None:
    """One RK4 step from ``state.x``; row 0 of ``work`` holds the rates at its start, rows 1 to 4 are written.

    What was supplied and drawn moves nothing, so it is left out on the way.
    """
    out_of_line()
    x, k1, k2, k3, k4, way = state.x, work[0], work[1], work[2], work[3], work[4]
    n_moving = len(x) - 2 * len(motion.lives)
    for i in range(n_moving):
        way[i] = x[i] + 0.5 * step_s * k1[i]
    derivative(model, motion, state, way, k2)
    for i in range(n_moving):
        way[i] = x[i] + 0.5 * step_s * k2[i]
    derivative(model, motion, state, way, k3)
    for i in range(n_moving):
        way[i] = x[i] + step_s * k3[i]
    derivative(model, motion, state, way, k4)
    for i in range(len(x)):
        x_out[i] = x[i] + step_s / 6.0 * (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i])


@piece
def observe(model: SwingModel, motion: Motion, rules: SwingRules, x: F8, now_s: float, y_out: F8) -> None:
    """Everything that rules watch at ``x``, whose powers were written last: frequencies, flows, degrees, time."""
    n, n_flows, n_angles = len(motion.lives), len(model.flow_base_mw), len(rules.angle_first)
    hz, y_hz, y_flow, y_angle = x[n : 2 * n], y_out[:n], y_out[n : n + n_flows], y_out[n + n_flows :]
    for area in range(n):
        y_hz[area] = hz[area]
    flow_mw, base_mw = motion.flow_mw, model.flow_base_mw
    flows_into(motion.flow_of, motion.drives, flow_mw)
    for flow in range(n_flows):
        y_flow[flow] = base_mw[flow] + flow_mw[flow]
    one, other, per_angle = rules.angle_first, rules.angle_second, motion.per_angle
    for angle in range(n_angles):
        y_angle[angle] = abs(x[one[angle]] - x[other[angle]]) * per_angle[angle]
    y_angle[n_angles] = now_s
