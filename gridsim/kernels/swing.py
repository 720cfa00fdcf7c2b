"""Frequencies of areas in the first minutes after a change: swing equations with staged automation.

Each area is one classical machine; couplings between areas carry coupling * stretch * sin(angle / stretch). Governors
of a technology are two first-order lags with a dead band and headroom. Loads follow their frequency and are shed in
stages with timers. Integration is RK4; every crossing of a threshold and the end of every timer is located and the step
ends there, so that answers do not depend on the step. A change of the network stops the kernel: the caller makes the
model anew and calls again with the same state. One area alone is the classical frequency-response model (Anderson and
Mirheydar 1990).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gridsim.kernels.jit import inline, jit, out_of_line, piece
from gridsim.kernels.swing_case import (
    ADD_MW,
    B1,
    BLOCK,
    CHANGED,
    DEAD,
    F8,
    FULL,
    HORIZON,
    OPEN,
    QUIET,
    RETURN_SHARE,
    SHED_MW,
    SHED_SHARE,
    TRIP_MW,
    TRIP_SHARE,
    SwingLog,
    SwingModel,
    SwingRules,
    SwingState,
)
from gridsim.kernels.swing_motion import (
    Motion,
    advance,
    derivative,
    motion_of,
    observe,
    powers,
    wanted_mw,
    weigh,
)

QUIET_HZ_PER_S = 1e-3
QUIET_MW_PER_S = 1.0
QUIET_REST_HZ = 2e-3  # of what the governors still have to give
QUIET_S = 2.0
FALLING_HZ_PER_S = 0.01  # a return of load waits while frequency falls faster
RETRY_S = 0.1  # at least, until it asks again
LOCATE_S = 1e-9
SHORTEST_S = 1e-7
TRACE_STEP_S = 0.02


class Watch(NamedTuple):
    """Standing of each rule, each (n_rules,): it may act, its threshold is passed, when its timer ends."""

    waits: B1
    passed: B1
    due_s: F8


@inline
def beyond(value: float, setting: float, above: bool) -> bool:
    """The threshold is passed."""
    return value >= setting if above else value <= setting


# The loops over rules read their arrays once: an array of a record costs a reference count each time it is named.


@piece
def passed(rules: SwingRules, state: SwingState, y: F8, passed_out: B1) -> None:
    """(n_rules,) True where the threshold is passed; that of a return only while something is left to return."""
    quantity, above, setting = rules.quantity, rules.above, rules.setting
    action, place, shed = rules.action, rules.place, state.shed_frequency
    for rule in range(len(setting)):
        passed_out[rule] = beyond(y[quantity[rule]], setting[rule], above[rule])
        if action[rule] == RETURN_SHARE and shed[place[rule]] <= 0.0:
            passed_out[rule] = False


@piece
def waiting(rules: SwingRules, state: SwingState, waits_out: B1) -> None:
    """(n_rules,) True where the rule may still act."""
    repeats, blocked, acted_s = rules.repeats, state.blocked, state.acted_s
    for rule in range(len(repeats)):
        waits_out[rule] = not blocked[rule] and (repeats[rule] or np.isnan(acted_s[rule]))


@piece
def ends_of_timers(rules: SwingRules, state: SwingState, waits: B1, due_out: F8) -> float:
    """(n_rules,) when the timer of each rule ends, infinity while it does not run; the earliest of them."""
    after, delay_s, since_s, acted_s = rules.after, rules.delay_s, state.since_s, state.acted_s
    earliest = np.inf
    for rule in range(len(delay_s)):
        due_out[rule] = np.inf
        start = since_s[rule]
        if not waits[rule] or np.isnan(start):
            continue
        if after[rule] >= 0:
            before = acted_s[after[rule]]
            if np.isnan(before):
                continue
            start = max(start, before)
        due_out[rule] = start + delay_s[rule]
        earliest = min(earliest, due_out[rule])
    return earliest


@piece
def window(rules: SwingRules, waits: B1, y: F8, low_out: F8, high_out: F8) -> None:
    """(n_quantities,) thresholds of waiting rules next below and above ``y``: within them none is passed anew."""
    quantity, setting = rules.quantity, rules.setting
    low_out[:] = -np.inf
    high_out[:] = np.inf
    for rule in range(len(setting)):
        if waits[rule]:
            q, value = quantity[rule], setting[rule]
            if value >= y[q]:
                high_out[q] = min(high_out[q], value)
            if value <= y[q]:
                low_out[q] = max(low_out[q], value)


@piece
def within(y: F8, low: F8, high: F8) -> bool:
    """Every quantity is strictly between its thresholds."""
    outside = 0
    for q in range(len(y)):
        outside += not low[q] < y[q] < high[q]
    return outside == 0


@piece
def falls(model: SwingModel, motion: Motion, state: SwingState, area: int, rates: F8) -> bool:
    """The frequency of an area falls too fast for load to return; ``rates`` is written."""
    out_of_line()
    weigh(model, state, motion)
    derivative(model, motion, state, state.x, rates)
    return rates[len(model.alive) + area] < -FALLING_HZ_PER_S


@piece
def look(state: SwingState, now_passed: B1, now_s: float) -> None:
    """Start the timers of thresholds that are passed now, stop those of thresholds that are not."""
    since_s = state.since_s
    for rule in range(len(since_s)):
        if not now_passed[rule]:
            since_s[rule] = np.nan
        elif np.isnan(since_s[rule]):
            since_s[rule] = now_s


@piece
def flipped(waits: B1, before: B1, after: B1, flips_out: B1) -> int:
    """Number of rules that may act and whose threshold is on the other side ``after`` a step."""
    count = 0
    for rule in range(len(waits)):
        flips_out[rule] = waits[rule] and before[rule] != after[rule]
        count += flips_out[rule]
    return count


@piece
def flip_margin(rules: SwingRules, flips: B1, y_start: F8, y_end: F8, y: F8) -> float:
    """Largest of the signed distances beyond the thresholds in ``flips``, each per unit of its way in the step."""
    most = -np.inf
    for rule in range(len(flips)):
        if flips[rule]:
            q = rules.quantity[rule]
            way = y_end[q] - y_start[q]
            if way == 0.0:
                return 1.0
            most = max(most, (y[q] - rules.setting[rule]) / way)
    return most


@piece
def trip(model: SwingModel, state: SwingState, group: int, share: float) -> float:
    """Take ``share`` of a group's running machines away; MW that were lost."""
    n, n_groups = len(model.alive), len(model.group_area)
    share = min(max(share, 0.0), 1.0)
    valve, second = 2 * n + group, 2 * n + n_groups + group
    power = model.at_valve[group] * state.x[valve] + model.at_second[group] * state.x[second]
    lost_mw = share * (state.group_mw[group] + power)
    keep = 1.0 - share
    state.group_mw[group] *= keep
    state.group_gain[group] *= keep
    state.group_up_mw[group] *= keep
    state.group_down_mw[group] *= keep
    state.group_inertia[group] *= keep
    state.x[valve] *= keep
    state.x[second] *= keep
    return lost_mw


@piece
def operate(model: SwingModel, rules: SwingRules, state: SwingState, rule: int) -> float:
    """Do what a rule does; MW of load or of machines that it took (given back: negative)."""
    out_of_line()
    action, place, amount = rules.action[rule], rules.place[rule], rules.amount[rule]
    if action == SHED_SHARE:
        left = 1.0 - state.shed_frequency[place] - state.shed_other[place]
        share = min(amount * (1.0 - state.shed_other[place]), left)
        state.shed_frequency[place] += share
        return share * model.load_mw[place]
    if action == RETURN_SHARE:
        share = min(amount, state.shed_frequency[place])
        state.shed_frequency[place] -= share
        return -share * model.load_mw[place]
    if action == SHED_MW:
        if model.load_mw[place] <= 0.0:
            return 0.0
        left = 1.0 - state.shed_frequency[place] - state.shed_other[place]
        share = min(amount / model.load_mw[place], left)
        state.shed_other[place] += share
        return share * model.load_mw[place]
    if action == TRIP_SHARE:
        return trip(model, state, place, amount)
    if action == TRIP_MW:
        if state.group_mw[place] <= 0.0:
            return 0.0
        return trip(model, state, place, amount / state.group_mw[place])
    if action == ADD_MW:
        state.fixed_mw[place] += amount
        return -amount
    if action == BLOCK:
        state.blocked[place] = True
    return 0.0


@piece
def act(
    model: SwingModel,
    motion: Motion,
    rules: SwingRules,
    state: SwingState,
    log: SwingLog,
    watch: Watch,
    room: tuple[F8, F8],
    now_s: float,
) -> int:
    """Let every rule act whose timer has ended, in the order of the rules, until none has; CHANGED, FULL or -1.

    ``watch`` is left as it is after it, ``room`` with what is watched then, and with rates. A return of load into a
    falling frequency starts its timer again.
    """
    out_of_line()
    result, (y, rates) = -1, room
    while ends_of_timers(rules, state, watch.waits, watch.due_s) <= now_s + LOCATE_S:
        for rule in range(len(rules.setting)):
            if watch.due_s[rule] > now_s + LOCATE_S or state.blocked[rule]:
                continue
            if rules.action[rule] == RETURN_SHARE and falls(model, motion, state, rules.place[rule], rates):
                state.since_s[rule] = now_s + max(RETRY_S - rules.delay_s[rule], 0.0)
                continue
            if log.filled[0] == len(log.op_s):
                return FULL
            mw = operate(model, rules, state, rule)
            state.acted_s[rule] = now_s
            if rules.repeats[rule]:
                state.since_s[rule] = now_s
            row = log.filled[0]
            log.op_s[row], log.op_rule[row], log.op_mw[row] = now_s, rule, mw
            log.filled[0] += 1
            if rules.action[rule] == OPEN or rules.action[rule] == DEAD:
                result = CHANGED
        # What was shed or lost moves the flows at once.
        powers(motion, state, state.x)
        observe(model, motion, rules, state.x, now_s, y)
        passed(rules, state, y, watch.passed)
        look(state, watch.passed, now_s)
        waiting(rules, state, watch.waits)
    return result


@piece
def governors_rest_hz(model: SwingModel, state: SwingState) -> float:
    """Frequency that the governors have still to move, as if all areas were one."""
    out_of_line()
    n, n_groups = len(model.alive), len(model.group_area)
    rest_mw, stiffness = 0.0, 1e-9
    for group in range(n_groups):
        if model.alive[model.group_area[group]]:
            f_hz, gain = state.x[n + model.group_area[group]], state.group_gain[group]
            down_mw, up_mw = state.group_down_mw[group], state.group_up_mw[group]
            asked = wanted_mw(f_hz, gain, model.dead_band_hz[group], down_mw, up_mw)
            valve = state.x[2 * n + group] if model.valve_s[group] > 0.0 else asked
            rest = model.at_valve[group] * (asked - valve)
            rest += model.at_second[group] * (asked - state.x[2 * n + n_groups + group])
            rest_mw += abs(rest)
            stiffness += gain
    for area in range(n):
        if model.alive[area]:
            stiffness += model.load_mw[area] * model.load_damping[area] / model.f0_hz + model.damping_mw_per_hz[area]
    return rest_mw / stiffness


@piece
def steady(model: SwingModel, y_start: F8, y_end: F8, step_s: float) -> bool:
    """Frequencies and flows moved less in the step than what counts as quiet."""
    n, n_flows = len(model.alive), len(model.flow_base_mw)
    loud = 0
    for i in range(n + n_flows):
        loud += abs(y_end[i] - y_start[i]) > (QUIET_HZ_PER_S if i < n else QUIET_MW_PER_S) * step_s
    return loud == 0


@piece
def record(model: SwingModel, log: SwingLog, y: F8, now_s: float) -> None:
    """One row of the trace, while there is room."""
    out_of_line()
    row, n = log.filled[1], len(model.alive)
    if row == len(log.trace_s):
        return
    log.trace_s[row] = now_s
    for area in range(n):
        log.trace_hz[row, area] = y[area]
    for flow in range(len(model.flow_base_mw)):
        log.trace_mw[row, flow] = y[n + flow]
    log.filled[1] += 1


@piece
def extremes(model: SwingModel, state: SwingState) -> None:
    """Keep the lowest and the highest frequency of each area that lives."""
    n = len(model.alive)
    for area in range(n):
        if model.alive[area]:
            state.lowest_hz[area] = min(state.lowest_hz[area], state.x[n + area])
            state.highest_hz[area] = max(state.highest_hz[area], state.x[n + area])


@piece
def crossing_s(
    model: SwingModel,
    rules: SwingRules,
    state: SwingState,
    motion: Motion,
    start: tuple[float, float],
    flips: B1,
    vectors: tuple[F8, F8, F8, F8, F8],
) -> float:
    """Length of the step that ends just beyond the first of the crossings in ``flips``.

    ``start``: (now, length of the step that crosses); ``vectors``: work, state, what is watched before, after and on
    the way; the first two and the last are written. Illinois false position on the length.
    """
    out_of_line()
    now_s, step_s = start
    work, x, y_before, y_after, y = vectors
    short, long = 0.0, step_s
    at_short = flip_margin(rules, flips, y_before, y_after, y_before)
    at_long = flip_margin(rules, flips, y_before, y_after, y_after)
    if at_short >= 0.0:  # it stood on the threshold already
        return min(SHORTEST_S, step_s)
    side = 0
    while long - short > LOCATE_S and at_long > 1e-12:
        trial = (short * at_long - long * at_short) / (at_long - at_short)
        trial = min(max(trial, short + 0.25 * LOCATE_S), long - 0.25 * LOCATE_S)
        advance(model, motion, state, trial, work, x)
        powers(motion, state, x)
        observe(model, motion, rules, x, now_s + trial, y)
        margin = flip_margin(rules, flips, y_before, y_after, y)
        if margin >= 0.0:
            long, at_long = trial, margin
            if side == 1:
                at_short *= 0.5
            side = 1
        else:
            short, at_short = trial, margin
            if side == -1:
                at_long *= 0.5
            side = -1
    return max(long, min(SHORTEST_S, step_s))


def run_swing(
    model: SwingModel,
    rules: SwingRules,
    state: SwingState,
    log: SwingLog,
    span: tuple[float, float],
    step_s: float,
    stops_when_quiet: bool,
) -> tuple[float, int]:
    """Integrate from ``span[0]`` to ``span[1]`` at most; the time reached, and why it stopped.

    Written are ``state`` and ``log``. Stops when quiet only if nothing waits at a set time and no timer runs.
    """
    return move_areas(model, motion_of(model, rules), rules, state, log, span, step_s, stops_when_quiet)


@jit
def move_areas(
    model: SwingModel,
    motion: Motion,
    rules: SwingRules,
    state: SwingState,
    log: SwingLog,
    span: tuple[float, float],
    step_s: float,
    stops_when_quiet: bool,
) -> tuple[float, int]:
    """:func:`run_swing` with the model laid out as ``motion``."""
    now_s, until_s = span
    n, n_rules, n_x = len(model.alive), len(rules.setting), len(state.x)
    n_y = n + len(model.flow_base_mw) + len(rules.angle_first) + 1
    work, x, rates = np.zeros((5, n_x)), np.zeros(n_x), np.zeros(n_x)
    y, y_next, y_try = np.zeros(n_y), np.zeros(n_y), np.zeros(n_y)
    after, flips = np.zeros(n_rules, dtype=np.bool_), np.zeros(n_rules, dtype=np.bool_)
    watch = Watch(np.zeros(n_rules, dtype=np.bool_), np.zeros(n_rules, dtype=np.bool_), np.zeros(n_rules))
    weigh(model, state, motion)
    derivative(model, motion, state, state.x, work[0])
    observe(model, motion, rules, state.x, now_s, y)
    passed(rules, state, y, watch.passed)
    look(state, watch.passed, now_s)
    waiting(rules, state, watch.waits)
    next_trace_s, quiet_s, due_s, moved, later = now_s, 0.0, np.inf, True, False
    low, high = np.zeros(n_y), np.zeros(n_y)
    while True:
        operations, why = log.filled[0], -1
        if moved:  # else timers and thresholds stand as they did
            due_s = ends_of_timers(rules, state, watch.waits, watch.due_s)
        if due_s <= now_s + LOCATE_S:
            why = act(model, motion, rules, state, log, watch, (y, work[0]), now_s)
            due_s = ends_of_timers(rules, state, watch.waits, watch.due_s)
            moved = True
        if moved:
            window(rules, watch.waits, y, low, high)
            later = set_for_later(rules, watch, n_y - 1)
        if log.filled[0] > operations:
            weigh(model, state, motion)
            derivative(model, motion, state, state.x, work[0])
            quiet_s = 0.0
        if why >= 0 or now_s >= next_trace_s or log.filled[0] > operations:
            record(model, log, y, now_s)
            next_trace_s = now_s + TRACE_STEP_S - LOCATE_S
        if why >= 0:
            return now_s, why
        if now_s >= until_s:
            return now_s, HORIZON
        step = min(step_s, until_s - now_s, max(due_s - now_s, SHORTEST_S))
        advance(model, motion, state, step, work, x)
        derivative(model, motion, state, x, rates)
        observe(model, motion, rules, x, now_s + step, y_next)
        crossed, moved = False, not within(y_next, low, high)
        if moved:
            passed(rules, state, y_next, after)
            crossed = flipped(watch.waits, watch.passed, after, flips) > 0
        if crossed:
            step = crossing_s(model, rules, state, motion, (now_s, step), flips, (work, x, y, y_next, y_try))
            advance(model, motion, state, step, work, x)
            derivative(model, motion, state, x, rates)
            observe(model, motion, rules, x, now_s + step, y_next)
            passed(rules, state, y_next, after)
        quiet_s = quiet_s + step if steady(model, y, y_next, step) and not crossed else 0.0
        now_s += step
        state.x[:] = x
        work[0, :] = rates  # at the end of a step are those at the start of the next
        y[:] = y_next
        if moved:
            watch.passed[:] = after
            look(state, after, now_s)
        extremes(model, state)
        quiet = stops_when_quiet and quiet_s >= QUIET_S and due_s == np.inf and not later
        if quiet and governors_rest_hz(model, state) < QUIET_REST_HZ:
            record(model, log, y, now_s)
            return now_s, QUIET


@piece
def set_for_later(rules: SwingRules, watch: Watch, time: int) -> bool:
    """A rule waits for a set time; ``time`` is the position of time among the quantities."""
    out_of_line()
    quantity, waits, is_passed = rules.quantity, watch.waits, watch.passed
    count = 0
    for rule in range(len(quantity)):
        count += quantity[rule] == time and waits[rule] and not is_passed[rule]
    return count > 0
