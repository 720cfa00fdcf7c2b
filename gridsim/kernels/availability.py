"""Outages of one sample as intervals of hours, drawn from residence times.

A component is a machine, line, interface, store or common cause. It moves through states with residence times of its
own
(a continuous-time semi-Markov chain, Billinton and Allan 1996, chapters 8-9), starts in equilibrium, and each visit
to a state that loses capacity becomes one interval. The state at the start of an hour counts for the hour: an outage
over [start_h, end_h) takes the hours ceil(start_h) .. ceil(end_h) - 1, and one that contains no start of an hour takes
none. Seen at the hours this is a Markov chain with transition matrix exp(Q), which keeps the unavailability exactly.

Two families, so that the common case is fast:

- two states, exponential times, constant rates: all draws of a sample that are nearly always needed are made in one
  vectorised batch (``batch_*``), the rare further ones one by one; both are the same draws of the same streams;
- anything else (several states, repair that is lognormal or constant, failure rates that follow temperature).

Draws of a component's stream "outage": draw 0 chooses the initial state, draw 1 the residual time in it, each further
draw one residence time. Stream "jump": where a state leads and whether a candidate failure is accepted.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels.by_reference import by_reference
from gridsim.kernels.jit import inline, jit, piece
from gridsim.kernels.rng import Counter, exponential, fill_exponentials, fill_uniforms, uniform

F8 = NDArray[np.float64]
I4 = NDArray[np.int32]
U8 = NDArray[np.uint64]

EXPONENTIAL, LOGNORMAL, CONSTANT = 0, 1, 2


@by_reference
class CauseTable(NamedTuple):
    """Losses of each common cause, by the elements behind it.

    first : first component that is a common cause; common cause j is component ``first + j``
    offset : (n_causes + 1,) i4, into the targets;  element : (n_targets,) i4, component hit
    lost : (n_targets,) f8, share it loses for as long as the outage lasts
    profile : (n_targets,) i4, row of the two below, or -1 if the loss is ``lost`` in every hour
    outage_lost : (n_profiles, n_classes, n_outage_h) f8, share lost by hours since the outage began; the last holds on
    repair_lost : (n_profiles, n_classes, n_repair_h) f8, by hours since the repair; nothing is lost later
    hour_class : (n_hours,) i4, temperature class of each hour
    stream : (n_causes,) u8, stream "age";  mean_h : (n_causes,) f8, mean length of an outage
    """

    first: int
    offset: I4
    element: I4
    lost: F8
    profile: I4
    outage_lost: F8
    repair_lost: F8
    hour_class: I4
    stream: U8
    mean_h: F8


@by_reference
class OutageModel(NamedTuple):
    """Failure and return of every component. Components that never fail do not appear.

    two_component : (n_two,) i4, component of each two-state entry, ascending
    two_stream : (n_two,) u8, stream "outage"
    two_up_h, two_down_h : (n_two,) f8 > 0, mean times, h
    two_threshold : (n_two,) f8, -log(unavailability): down at the start if the exponential draw 0 exceeds it
    two_offset : (n_two + 1,) i4, first block of each entry in the batch
    batch_lo, batch_hi, batch_block : (n_batch,) u8, the blocks drawn at once

    multi_component : (n_multi,) i4, ascending
    multi_stream, multi_jump_stream : (n_multi,) u8
    multi_offset : (n_multi + 1,) i4, first state of each entry
    multi_rate_row : (n_multi,) i4, row of ``rate_factor`` that thins failures, or -1 (then any number of states)
    multi_repair_row : (n_multi,) i4, row that thins repairs of an entry whose failures are thinned too, or -1
    state_lost : (n_states,) f8 in [0, 1], share of the component's capacity lost in the state
    state_mean_h : (n_states,) f8 > 0
    state_law : (n_states,) i4, EXPONENTIAL, LOGNORMAL or CONSTANT
    state_sigma : (n_states,) f8, standard deviation of log(time) of a lognormal law
    state_start : (n_states,) f8, cumulative equilibrium probability
    state_jump : (n_states, max_states) f8, cumulative probability of the next state, by position in the entry
    rate_factor : (n_rows, n_hours) f8 in [0, 1], failure or repair rate over its largest value

    causes : common causes
    """

    two_component: I4
    two_stream: U8
    two_up_h: F8
    two_down_h: F8
    two_threshold: F8
    two_offset: I4
    batch_lo: U8
    batch_hi: U8
    batch_block: U8
    multi_component: I4
    multi_stream: U8
    multi_jump_stream: U8
    multi_offset: I4
    multi_rate_row: I4
    multi_repair_row: I4
    state_lost: F8
    state_mean_h: F8
    state_law: I4
    state_sigma: F8
    state_start: F8
    state_jump: F8
    rate_factor: F8
    causes: CauseTable


# Wichura (1988), Algorithm AS 241 (PPND16), Applied Statistics 37: coefficients of the rational functions P/Q in r,
# highest power first. Central: |p - 1/2| <= 0.425 in r = 0.425^2 - (p - 1/2)^2; tail: r = sqrt(-log p) - 1.6 up to
# sqrt(-log p) = 5; far tail: r = sqrt(-log p) - 5.
_CENTRAL_P = (
    2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457,
    13731.693765509461125, 1971.5909503065514427, 133.14166789178437745, 3.387132872796366608,
)  # fmt: skip
_CENTRAL_Q = (
    5226.495278852545925, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867,
    5394.1960214247511077, 687.1870074920579083, 42.313330701600911252, 1.0,
)  # fmt: skip
_TAIL_P = (
    7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177, 1.27045825245236838258,
    3.64784832476320460504, 5.7694972214606914055, 4.6303378461565452959, 1.42343711074968357734,
)  # fmt: skip
_TAIL_Q = (
    1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966, 0.14810397642748007459,
    0.68976733498510000455, 1.6763848301838038494, 2.05319162663775882187, 1.0,
)  # fmt: skip
_FAR_TAIL_P = (
    2.01033439929228813265e-7, 2.71155556874348757815e-5, 0.0012426609473880784386, 0.026532189526576123093,
    0.29656057182850489123, 1.7848265399172913358, 5.4637849111641143699, 6.6579046435011037772,
)  # fmt: skip
_FAR_TAIL_Q = (
    2.04426310338993978564e-15, 1.4215117583164458887e-7, 1.8463183175100546818e-5, 7.868691311456132591e-4,
    0.0148753612908506148525, 0.13692988092273580531, 0.59983220655588793769, 1.0,
)  # fmt: skip


@inline
def _horner(coefficients, x):  # type: ignore[no-untyped-def]  # tuple of float64, highest power first
    value = coefficients[0]
    for k in range(1, len(coefficients)):
        value = value * x + coefficients[k]
    return value


@jit
def normal_quantile(probability: float) -> float:
    """Standard normal quantile by Wichura's AS 241 (PPND16), relative error about 1e-16; 0 < probability < 1."""
    q = probability - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        return q * _horner(_CENTRAL_P, r) / _horner(_CENTRAL_Q, r)
    # Of the two tails the one below one half: 1 - p loses no digits there.
    r = math.sqrt(-math.log(probability if q < 0.0 else 1.0 - probability))
    if r <= 5.0:
        value = _horner(_TAIL_P, r - 1.6) / _horner(_TAIL_Q, r - 1.6)
    else:
        value = _horner(_FAR_TAIL_P, r - 5.0) / _horner(_FAR_TAIL_Q, r - 5.0)
    return -value if q < 0.0 else value


@inline
def _emit(component, start_h, end_h, lost, n_hours, n, component_out, first_out, end_out, lost_out):  # type: ignore
    # one interval if it contains the start of an hour; returns the new count, -1 when the arrays are full
    first = np.int64(math.ceil(start_h))
    end = min(np.int64(math.ceil(min(end_h, n_hours + 1.0))), n_hours)
    if end > first:
        if n >= component_out.shape[0]:
            return -1
        component_out[n] = component
        first_out[n] = first
        end_out[n] = end
        lost_out[n] = lost
        return n + 1
    return n


@piece
def draw_two_state(
    model: OutageModel,
    seed: Counter,
    sample: Counter,
    n_hours: int,
    batch: F8,
    component_out: I4,
    first_out: I4,
    end_out: I4,
    lost_out: F8,
) -> int:
    """Outages of all two-state components in one sample; returns how many, or -1 if the output arrays are too short.

    batch : (4, n_batch) f8, scratch;  outputs : component, first hour, hour after the last, share lost (always 1)
    """
    fill_exponentials(seed, sample, model.batch_lo, model.batch_hi, model.batch_block, batch)
    n = 0
    last_start_h = n_hours - 1.0
    for k in range(model.two_component.shape[0]):
        offset = model.two_offset[k]
        n_drawn = 4 * (model.two_offset[k + 1] - offset)
        up_h = model.two_up_h[k]
        down_h = model.two_down_h[k]
        stream = model.two_stream[k]
        time_h = 0.0
        draw = 1
        if batch[0, offset] > model.two_threshold[k]:
            time_h = batch[1, offset] * down_h
            draw = 2
            n = _emit(
                component=model.two_component[k],
                start_h=0.0,
                end_h=time_h,
                lost=1.0,
                n_hours=n_hours,
                n=n,
                component_out=component_out,
                first_out=first_out,
                end_out=end_out,
                lost_out=lost_out,
            )
            if n < 0:
                return -1
        while True:
            # draw d is number d mod 4 of the entry's block d div 4; those beyond the batch are drawn singly
            if draw < n_drawn:
                value = batch[draw & 3, offset + (draw >> 2)]
            else:
                value = exponential(seed, sample, stream, np.uint64(draw))
            time_h += value * up_h
            if time_h > last_start_h:
                break
            start_h = time_h
            draw += 1
            if draw < n_drawn:
                value = batch[draw & 3, offset + (draw >> 2)]
            else:
                value = exponential(seed, sample, stream, np.uint64(draw))
            time_h += value * down_h
            draw += 1
            n = _emit(
                component=model.two_component[k],
                start_h=start_h,
                end_h=time_h,
                lost=1.0,
                n_hours=n_hours,
                n=n,
                component_out=component_out,
                first_out=first_out,
                end_out=end_out,
                lost_out=lost_out,
            )
            if n < 0:
                return -1
            if time_h > last_start_h:
                break
    return n


@jit
def residence_h(law: int, mean_h: float, sigma: float, probability: float, minus_log: float) -> float:
    """A residence time with the given mean: ``minus_log`` is -log(``probability``) of the same draw."""
    if law == EXPONENTIAL:
        return mean_h * minus_log
    if law == LOGNORMAL:
        return mean_h * math.exp(sigma * normal_quantile(probability) - 0.5 * sigma * sigma)
    return mean_h


@jit
def residual_h(law: int, mean_h: float, sigma: float, probability: float, minus_log: float, share: float) -> float:
    """Time still to spend in a state found in equilibrium: density P(T > t) / E[T] (Cox 1962, Renewal Theory,
    section 5.2).

    It is a uniform ``share`` of a length-biased residence; the length-biased lognormal has mu + sigma^2 in place of mu.
    """
    if law == EXPONENTIAL:
        return mean_h * minus_log
    if law == LOGNORMAL:
        return share * mean_h * math.exp(sigma * normal_quantile(probability) + 0.5 * sigma * sigma)
    return share * mean_h


@piece
def draw_multi_state(
    model: OutageModel,
    seed: Counter,
    sample: Counter,
    n_hours: int,
    n_before: int,
    component_out: I4,
    first_out: I4,
    end_out: I4,
    lost_out: F8,
) -> int:
    """Append the outages of all other components after ``n_before`` intervals; returns the new count or -1.

    A component with a ``rate_factor`` row has two states; its ``state_mean_h[0]`` belongs to its largest failure
    rate, and a candidate failure at time t is accepted with probability factor(t) (thinning, Lewis and Shedler
    1979), so that two climates share their draws. It starts in the equilibrium of the first hour's rate. With a
    ``multi_repair_row`` its repairs are thinned alike.
    """
    n = n_before
    for k in range(model.multi_component.shape[0]):
        offset = model.multi_offset[k]
        n_states = model.multi_offset[k + 1] - offset
        stream = model.multi_stream[k]
        jump_stream = model.multi_jump_stream[k]
        row = model.multi_rate_row[k]
        repair_row = model.multi_repair_row[k]
        n_jumps = 0
        # First state: the equilibrium, P(down) = r/(1 + r) with r = lambda mttr = factor(0) mttr / mttf of the largest
        # rate; with more states the cumulated probabilities of ``state_start``.
        first_draw = uniform(seed, sample, stream, np.uint64(0))
        state = 0
        if row >= 0:
            ratio = model.rate_factor[row, 0] * model.state_mean_h[offset + 1] / model.state_mean_h[offset]
            returning = 1.0 if repair_row < 0 else model.rate_factor[repair_row, 0]
            if ratio > 0.0 and first_draw < ratio / (returning + ratio):
                state = 1
        else:
            while state < n_states - 1 and first_draw >= model.state_start[offset + state]:
                state += 1
        here = offset + state
        share = 0.0
        if model.state_law[here] != EXPONENTIAL:
            share = uniform(seed, sample, jump_stream, np.uint64(n_jumps))
            n_jumps += 1
        # The horizon opens in the middle of a residence: its residual, not a whole one.
        time_h = 0.0
        end_h = residual_h(
            model.state_law[here],
            model.state_mean_h[here],
            model.state_sigma[here],
            uniform(seed, sample, stream, np.uint64(1)),
            exponential(seed, sample, stream, np.uint64(1)),
            share,
        )
        draw = 2
        while True:
            if model.state_lost[offset + state] > 0.0:
                n = _emit(
                    component=model.multi_component[k],
                    start_h=time_h,
                    end_h=end_h,
                    lost=model.state_lost[offset + state],
                    n_hours=n_hours,
                    n=n,
                    component_out=component_out,
                    first_out=first_out,
                    end_out=end_out,
                    lost_out=lost_out,
                )
                if n < 0:
                    return -1
            if end_h > n_hours - 1.0:
                break
            # Next state: of two, the other one (a failure only if its thinning draw accepts it: else it stays up for
            # another residence); of more, by the jump chain, whose row holds cumulated probabilities.
            time_h = end_h
            if row >= 0:
                if state == 0:
                    accept = uniform(seed, sample, jump_stream, np.uint64(n_jumps))
                    n_jumps += 1
                    if accept < model.rate_factor[row, np.int64(time_h)]:
                        state = 1
                elif repair_row < 0:
                    state = 0
                else:
                    accept = uniform(seed, sample, jump_stream, np.uint64(n_jumps))
                    n_jumps += 1
                    if accept < model.rate_factor[repair_row, np.int64(time_h)]:
                        state = 0
            elif n_states == 2:
                state = 1 - state
            else:
                chance = uniform(seed, sample, jump_stream, np.uint64(n_jumps))
                n_jumps += 1
                following = 0
                while following < n_states - 1 and chance >= model.state_jump[offset + state, following]:
                    following += 1
                state = following
            here = offset + state
            end_h = time_h + residence_h(
                model.state_law[here],
                model.state_mean_h[here],
                model.state_sigma[here],
                uniform(seed, sample, stream, np.uint64(draw)),
                exponential(seed, sample, stream, np.uint64(draw)),
            )
            draw += 1
    return n


@piece
def cause_age_h(causes: CauseTable, seed: Counter, sample: Counter, cause: int, first: int) -> int:
    """Whole hours an outage had lasted when the horizon began: exponential repair forgets, so age and rest are alike
    and independent; 0 for an outage that began within it.
    """
    if first > 0:
        return 0
    return int(exponential(seed, sample, causes.stream[cause], np.uint64(0)) * causes.mean_h[cause])


@jit
def share_behind(causes: CauseTable, target: int, hour: int, first: int, end: int, age_h: int) -> float:
    """Share of its capacity that a target has lost in an hour, for an outage over [first, end) of age ``age_h`` at
    ``first``.

    After the repair the better of the two curves counts, see ``model.outages.Derating``.
    """
    profile = causes.profile[target]
    if profile < 0:
        return causes.lost[target] if first <= hour < end else 0.0
    group = causes.hour_class[hour]
    since = min(hour - first + age_h, causes.outage_lost.shape[2] - 1)
    share = causes.outage_lost[profile, group, since]
    if hour >= end:
        if hour - end >= causes.repair_lost.shape[2]:
            return 0.0
        share = min(share, causes.repair_lost[profile, group, hour - end])
    return share


@piece
def expand_common_causes(
    model: OutageModel,
    seed: Counter,
    sample: Counter,
    n_hours: int,
    n_before: int,
    component_out: I4,
    first_out: I4,
    end_out: I4,
    lost_out: F8,
) -> int:
    """Append, for each outage of a common cause, the intervals of every component behind it; returns the new count or
    -1.

    A loss that follows a profile is one interval for each run of hours with the same share. Intervals of one component
    may overlap: in such hours it loses the largest of the shares.
    """
    causes = model.causes
    n = n_before
    for i in range(n_before):
        cause = component_out[i] - causes.first
        if cause < 0:
            continue
        age_h = cause_age_h(causes, seed, sample, cause, first_out[i])
        for target in range(causes.offset[cause], causes.offset[cause + 1]):
            stop = end_out[i]
            if causes.profile[target] >= 0:
                stop = min(stop + causes.repair_lost.shape[2], n_hours)
            hour = first_out[i]
            while hour < stop:
                share = share_behind(causes, target, hour, first_out[i], end_out[i], age_h)
                following = hour + 1 if causes.profile[target] >= 0 else stop
                while following < stop and share == share_behind(
                    causes, target, following, first_out[i], end_out[i], age_h
                ):
                    following += 1
                if share > 0.0:
                    if n >= component_out.shape[0]:
                        return -1
                    component_out[n] = causes.element[target]
                    first_out[n] = hour
                    end_out[n] = following
                    lost_out[n] = lost_out[i] * share  # of a cause that is out in part, that part of the loss
                    n += 1
                hour = following
    return n


@jit
def draw_outages(
    model: OutageModel,
    seed: Counter,
    sample: Counter,
    n_hours: int,
    batch: F8,
    component_out: I4,
    first_out: I4,
    end_out: I4,
    lost_out: F8,
) -> int:
    """All outages of one sample: two-state, then other components, then what common causes take from those behind them.

    Returns how many intervals were written, or -1 if the output arrays are too short (grow them and draw again: draws
    are a function of the counters, so the second attempt starts with the same intervals).
    """
    n = draw_two_state(
        model=model,
        seed=seed,
        sample=sample,
        n_hours=n_hours,
        batch=batch,
        component_out=component_out,
        first_out=first_out,
        end_out=end_out,
        lost_out=lost_out,
    )
    if n >= 0 and model.multi_component.shape[0] > 0:
        n = draw_multi_state(
            model=model,
            seed=seed,
            sample=sample,
            n_hours=n_hours,
            n_before=n,
            component_out=component_out,
            first_out=first_out,
            end_out=end_out,
            lost_out=lost_out,
        )
    if n >= 0 and model.causes.offset.shape[0] > 1:
        n = expand_common_causes(
            model=model,
            seed=seed,
            sample=sample,
            n_hours=n_hours,
            n_before=n,
            component_out=component_out,
            first_out=first_out,
            end_out=end_out,
            lost_out=lost_out,
        )
    return n


@jit
def count_overlap_hours(model: OutageModel, seed: Counter, first_sample: int, n_samples: int, n_hours: int) -> int:
    """Hours, summed over components and samples, in which a component is derated by two outages of common causes.

    Draws are a function of the counters, so they are drawn again here, by a model in which nothing but the causes
    fails; three outages at once count as three pairs.
    """
    causes = model.causes
    batch = np.empty((4, model.batch_block.shape[0]))
    capacity = 64
    component = np.empty(capacity, dtype=np.int32)
    first = np.empty(capacity, dtype=np.int32)
    end = np.empty(capacity, dtype=np.int32)
    lost = np.empty(capacity)
    total = 0
    for sample in range(first_sample, first_sample + n_samples):
        n = -1
        while n < 0:
            n = draw_two_state(
                model=model,
                seed=seed,
                sample=sample,
                n_hours=n_hours,
                batch=batch,
                component_out=component,
                first_out=first,
                end_out=end,
                lost_out=lost,
            )
            if n >= 0:
                n = draw_multi_state(
                    model=model,
                    seed=seed,
                    sample=sample,
                    n_hours=n_hours,
                    n_before=n,
                    component_out=component,
                    first_out=first,
                    end_out=end,
                    lost_out=lost,
                )
            if n < 0:
                capacity *= 2
                component = np.empty(capacity, dtype=np.int32)
                first = np.empty(capacity, dtype=np.int32)
                end = np.empty(capacity, dtype=np.int32)
                lost = np.empty(capacity)
        for i in range(n):
            one = component[i] - causes.first
            one_age_h = cause_age_h(causes, seed, sample, one, first[i])
            for j in range(i):
                other = component[j] - causes.first
                other_age_h = cause_age_h(causes, seed, sample, other, first[j])
                start = max(first[i], first[j])
                stop = min(min(end[i], end[j]) + causes.repair_lost.shape[2], n_hours)
                if start >= stop:
                    continue
                for a in range(causes.offset[one], causes.offset[one + 1]):
                    for b in range(causes.offset[other], causes.offset[other + 1]):
                        if causes.element[a] != causes.element[b]:
                            continue
                        for hour in range(start, stop):
                            if (
                                share_behind(causes, a, hour, first[i], end[i], one_age_h) > 0.0
                                and share_behind(causes, b, hour, first[j], end[j], other_age_h) > 0.0
                            ):
                                total += 1
    return total


@by_reference
class SnapshotModel(NamedTuple):
    """Equilibrium states of every component of a level, elements first, then common causes.

    id_lo, id_hi : (n_components,) u8, stream "snapshot"
    state_offset : (n_components + 1,) i4;  state_start : (n_states,) f8, cumulative equilibrium probability
    state_lost : (n_states,) f8, share of capacity lost
    hour_row : (n_components,) i4, row of ``hour_unavailability`` (n_rows, n_hours) f8 or -1
    hour_stream : stream of the hour
    causes : common causes without profiles
    """

    id_lo: U8
    id_hi: U8
    state_offset: I4
    state_start: F8
    state_lost: F8
    hour_row: I4
    hour_unavailability: F8
    hour_stream: int
    causes: CauseTable


@jit
def draw_snapshots(
    model: SnapshotModel, seed: Counter, sample: Counter, n_hours: int, block: U8, hour_out: I4, lost_out: F8
) -> None:
    """Four snapshots at once: word w of block 0 of ``sample`` serves snapshot 4 sample + w.

    block : (n_components,) u8, all zero;  hour_out : (4,) i4;  lost_out : (4, n_components) f8, share of capacity lost
    """
    fill_uniforms(seed, sample, model.id_lo, model.id_hi, block, lost_out)
    n_components = model.id_lo.shape[0]
    for w in range(4):
        hour = np.int64(uniform(seed, sample, np.uint64(model.hour_stream), np.uint64(w)) * n_hours)
        hour_out[w] = hour
        for i in range(n_components):
            first = model.state_offset[i]
            last = model.state_offset[i + 1] - 1
            row = model.hour_row[i]
            if row >= 0:
                is_out = lost_out[w, i] >= 1.0 - model.hour_unavailability[row, hour]
                lost_out[w, i] = model.state_lost[last] if is_out else 0.0
            else:
                state = first
                while state < last and lost_out[w, i] >= model.state_start[state]:
                    state += 1
                lost_out[w, i] = model.state_lost[state]
        causes = model.causes
        for cause in range(causes.offset.shape[0] - 1):
            share = lost_out[w, causes.first + cause]
            if share > 0.0:
                for target in range(causes.offset[cause], causes.offset[cause + 1]):
                    element = causes.element[target]
                    lost_out[w, element] = max(lost_out[w, element], share * causes.lost[target])


def thinning_profile(unavailability: F8, base_unavailability: float, mean_down_h: float) -> tuple[float, F8]:
    """Largest failure rate (1/h) and hourly factors of a component whose unavailability follows temperature.

    unavailability : (n_hours,) f8 in [0, 1), q(T(t)) of a table
    base_unavailability : mean over these hours that the component shall have
    mean_down_h : mean time to repair, h, independent of temperature

    lambda(t) = k mu q/(1 - q) with mu fixed (Murphy, Sowell and Apt 2019), k chosen by bisection so that the mean of
    lambda/(lambda + mu) is the base.
    """
    odds = unavailability / (1.0 - unavailability)
    if base_unavailability <= 0.0 or not odds.any():
        return 0.0, np.zeros_like(odds)
    low, high = 0.0, 1.0
    while (high * odds / (1.0 + high * odds)).mean() < base_unavailability and high < 1e12:
        high *= 2.0
    for _ in range(200):
        middle = 0.5 * (low + high)
        if (middle * odds / (1.0 + middle * odds)).mean() < base_unavailability:
            low = middle
        else:
            high = middle
    rates = 0.5 * (low + high) * odds / mean_down_h
    largest = float(rates.max())
    return largest, rates / largest
