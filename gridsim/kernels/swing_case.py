"""Input, state and output of the swing of areas: the records that :mod:`gridsim.kernels.swing` works on.

Areas keep their positions for the whole run of an event; when the network changes, :class:`SwingModel` is made anew and
the state goes on. Frequencies are deviations from the nominal in Hz, angles in radians, power in MW, time in seconds.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels.by_reference import by_reference

F8 = NDArray[np.float64]
I4 = NDArray[np.int32]
B1 = NDArray[np.bool_]

# Actions of a rule; ``place`` and ``amount`` of the rule say where and how much.
SHED_SHARE = 0  # area; share of its load before the event, less what other automation took
RETURN_SHARE = 1  # area; share of its load before the event, at most what frequency stages took
SHED_MW = 2  # area; MW of its load before the event
TRIP_SHARE = 3  # machine group; share of what runs
TRIP_MW = 4  # machine group; MW of its output
ADD_MW = 5  # area; MW of constant power added (negative: lost)
OPEN = 6  # number of an opening: the caller changes the network
DEAD = 7  # area: the caller takes it away
BLOCK = 8  # rule that may act no more

# Reasons to stop.
QUIET = 0
HORIZON = 1
CHANGED = 2  # a rule with OPEN or DEAD acted: the network must be made anew
FULL = 3  # the log of operations has no more room


@by_reference
class SwingModel(NamedTuple):
    """The network between areas and what does not change while it stands.

    f0_hz : nominal frequency
    alive : (n_areas,) bool; a dead area does not move
    load_mw : (n_areas,) MW, load of each area before the event
    load_at_mw : (n_areas, n_areas) MW, column z: what the load of area z draws from each area's machine
    load_damping : (n_areas,) change of load per change of frequency, both per unit
    load_inertia : (n_areas,) MW s/Hz
    damping_mw_per_hz : (n_areas,) damping at the machine that does not depend on the load
    first, second : (n_pairs,) areas that a coupling joins
    coupling_mw : (n_pairs,) MW per radian
    stretch : (n_pairs,) amplitude over coupling: power is coupling stretch sin(angle / stretch)
    pair_damping_s : damping of a coupling, 2 pi of it times the coupling per Hz of difference
    group_area : (n_groups,) area of each group of machines
    valve_s, second_s : (n_groups,) time constants; valve_s 0: no delay
    at_valve, at_second : (n_groups,) shares of the power that follow the first and the second
    dead_band_hz : (n_groups,)
    flow_base_mw : (n_flows,) ; flow_pair : (n_flows, n_pairs) ; flow_load_mw : (n_flows, n_areas)
        flow = base + flow_pair @ (power of couplings) + flow_load @ (load per unit of that before the event)
    """

    f0_hz: float
    alive: B1
    load_mw: F8
    load_at_mw: F8
    load_damping: F8
    load_inertia: F8
    damping_mw_per_hz: F8
    first: I4
    second: I4
    coupling_mw: F8
    stretch: F8
    pair_damping_s: float
    group_area: I4
    valve_s: F8
    second_s: F8
    at_valve: F8
    at_second: F8
    dead_band_hz: F8
    flow_base_mw: F8
    flow_pair: F8
    flow_load_mw: F8


@by_reference
class SwingRules(NamedTuple):
    """Thresholds with timers, each (n_rules,).

    quantity : position in (frequencies Hz, flows MW, angles across ``angle_first - angle_second`` as absolute values
        in degrees over the stretch, time s)
    above : the rule watches values above its setting, else below
    setting, delay_s : the delay runs only while the threshold is passed
    action, place, amount : constants of this module
    after : rule that must have acted, whose action starts the timer at the earliest; -1: none
    repeats : starts its timer again after it acted (needs a delay), else acts once
    angle_first, angle_second, angle_stretch : (n_angles,)
    """

    quantity: I4
    above: B1
    setting: F8
    delay_s: F8
    action: I4
    place: I4
    amount: F8
    after: I4
    repeats: B1
    angle_first: I4
    angle_second: I4
    angle_stretch: F8


@by_reference
class SwingState(NamedTuple):
    """State that the kernel moves; it writes into every array.

    x : (4 n_areas + 2 n_groups,) angles, frequencies, valves, second states, MW s supplied and MW s drawn by area
    fixed_mw : (n_areas,) constant power at the machine: renewables and the rest of the network
    group_mw, group_gain, group_up_mw, group_down_mw, group_inertia : (n_groups,) output before the event, MW per Hz of
        the governors, the most they may add and (negative) take away, MW s/Hz
    shed_frequency, shed_other : (n_areas,) shares of the load before the event
    lowest_hz, highest_hz : (n_areas,)
    since_s : (n_rules,) when the threshold was passed, NaN: it is not ; acted_s : (n_rules,) NaN: not yet
    blocked : (n_rules,)
    """

    x: F8
    fixed_mw: F8
    group_mw: F8
    group_gain: F8
    group_up_mw: F8
    group_down_mw: F8
    group_inertia: F8
    shed_frequency: F8
    shed_other: F8
    lowest_hz: F8
    highest_hz: F8
    since_s: F8
    acted_s: F8
    blocked: B1


@by_reference
class SwingLog(NamedTuple):
    """Operations and trace. ``filled`` (2,): rows of each.

    op_s, op_rule, op_mw : (n_operations,) ; trace_s : (n_trace,) ; trace_hz : (n_trace, n_areas) ;
    trace_mw : (n_trace, n_flows)
    """

    filled: NDArray[np.int64]
    op_s: F8
    op_rule: I4
    op_mw: F8
    trace_s: F8
    trace_hz: F8
    trace_mw: F8


def new_log(n_areas: int, n_flows: int, horizon_s: float, operations: int, trace_step_s: float) -> SwingLog:
    """An empty log with room for ``operations`` and a trace of ``horizon_s``."""
    rows = int(horizon_s / trace_step_s) + operations + 8
    return SwingLog(
        np.zeros(2, dtype=np.int64),
        np.zeros(operations),
        np.zeros(operations, dtype=np.int32),
        np.zeros(operations),
        np.zeros(rows),
        np.zeros((rows, n_areas)),
        np.zeros((rows, n_flows)),
    )


def new_state(model: SwingModel, groups: tuple[F8, F8, F8, F8, F8], fixed_mw: F8, n_rules: int) -> SwingState:
    """The state at nominal frequency and angles 0, with ``groups`` (MW, gain, up, down, inertia), nothing acted yet."""
    n_areas, n_groups = len(model.alive), len(model.group_area)
    mw, gain, up_mw, down_mw, inertia = (np.array(column, dtype=np.float64) for column in groups)
    return SwingState(
        x=np.zeros(4 * n_areas + 2 * n_groups),
        fixed_mw=np.array(fixed_mw, dtype=np.float64),
        group_mw=mw,
        group_gain=gain,
        group_up_mw=up_mw,
        group_down_mw=down_mw,
        group_inertia=inertia,
        shed_frequency=np.zeros(n_areas),
        shed_other=np.zeros(n_areas),
        lowest_hz=np.zeros(n_areas),
        highest_hz=np.zeros(n_areas),
        since_s=np.full(n_rules, np.nan),
        acted_s=np.full(n_rules, np.nan),
        blocked=np.zeros(n_rules, dtype=np.bool_),
    )
