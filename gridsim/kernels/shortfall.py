"""From outages to shortfall: the recorder of events and the copper-plate level.

x(t) is the unserved power of hour t in MW. An event is a maximal run of hours with x > tolerance; runs do not wrap
at the ends of the horizon. Days are blocks of 24 hours from the start of the horizon, which is a midnight.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels.availability import OutageModel, SnapshotModel, draw_snapshots
from gridsim.kernels.by_reference import by_reference
from gridsim.kernels.jit import bare, inline, jit, piece
from gridsim.kernels.outage_table import draw_year, new_outage_table
from gridsim.kernels.rng import Counter

B1 = NDArray[np.bool_]
F8 = NDArray[np.float64]
I4 = NDArray[np.int32]
I8 = NDArray[np.int64]

HOURS, DAYS, EVENTS, ENERGY, PEAKS = 0, 1, 2, 3, 4  # columns of a sample's totals
N_TOTALS = 5
# columns of an event row
EVENT_SAMPLE, EVENT_SCOPE, EVENT_START, EVENT_DURATION, EVENT_ENERGY, EVENT_PEAK = 0, 1, 2, 3, 4, 5
N_EVENT_COLUMNS = 6
# columns of a row of the system's short days
SHORT_SAMPLE, SHORT_DAY, SHORT_ENERGY = 0, 1, 2
N_SHORT_COLUMNS = 3
DAY_H = 24


@by_reference
class Recorder(NamedTuple):
    """Scratch of one worker, which sees the short hours of one sample in ascending order and forgets the sample
    afterwards.

    total : (n_scopes, 5) f8, hours, days, events, MWh and sum of the events' largest MW of the current sample
    last_hour, last_day : (n_scopes,) i8, of the last short hour
    open_event : (n_scopes, 4) f8, start h, duration h, MWh, largest MW of the running event
    event : (n_rows, 6) f8, finished events;  n_events : (1,) i8, how many there were (may exceed n_rows)
    short_day : (n_rows, 3) f8, days on which the system is short and their MWh;  n_short_days : (1,) i8, as n_events
    mark : (2,) i8, n_events and n_short_days when the sample began
    """

    total: F8
    last_hour: I8
    last_day: I8
    open_event: F8
    event: F8
    n_events: I8
    short_day: F8
    n_short_days: I8
    mark: I8


@piece
def close_event(recorder: Recorder, sample: int, scope: int) -> None:
    """Write the running event of a scope; beyond the table's end events are only counted."""
    recorder.total[scope, PEAKS] += recorder.open_event[scope, 3]
    row = recorder.n_events[0]
    if row < recorder.event.shape[0]:
        recorder.event[row, EVENT_SAMPLE] = sample
        recorder.event[row, EVENT_SCOPE] = scope
        recorder.event[row, EVENT_START] = recorder.open_event[scope, 0]
        recorder.event[row, EVENT_DURATION] = recorder.open_event[scope, 1]
        recorder.event[row, EVENT_ENERGY] = recorder.open_event[scope, 2]
        recorder.event[row, EVENT_PEAK] = recorder.open_event[scope, 3]
    recorder.n_events[0] = row + 1


@bare
def record_short_hour(recorder: Recorder, sample: int, scope: int, hour: int, shortfall_mw: float) -> None:
    """Count one hour in which a scope is short by ``shortfall_mw`` (already above the tolerance)."""
    total = recorder.total
    total[scope, HOURS] += 1.0
    total[scope, ENERGY] += shortfall_mw
    day = hour // DAY_H
    if day != recorder.last_day[scope]:
        total[scope, DAYS] += 1.0
        recorder.last_day[scope] = day
        if scope == 0:
            recorder.n_short_days[0] += 1
            if recorder.n_short_days[0] <= recorder.short_day.shape[0]:
                row = recorder.n_short_days[0] - 1
                recorder.short_day[row, SHORT_SAMPLE] = sample
                recorder.short_day[row, SHORT_DAY] = day
                recorder.short_day[row, SHORT_ENERGY] = 0.0
    if scope == 0 and recorder.n_short_days[0] <= recorder.short_day.shape[0]:
        recorder.short_day[recorder.n_short_days[0] - 1, SHORT_ENERGY] += shortfall_mw
    event = recorder.open_event
    if recorder.last_hour[scope] == hour - 1:
        event[scope, 1] += 1.0
        event[scope, 2] += shortfall_mw
        event[scope, 3] = max(event[scope, 3], shortfall_mw)
    else:
        if recorder.last_hour[scope] >= 0:
            close_event(recorder, sample, scope)
        total[scope, EVENTS] += 1.0
        event[scope, 0] = hour
        event[scope, 1] = 1.0
        event[scope, 2] = shortfall_mw
        event[scope, 3] = shortfall_mw
    recorder.last_hour[scope] = hour


@bare
def start_sample(recorder: Recorder) -> None:
    """Forget the previous sample."""
    recorder.mark[0] = recorder.n_events[0]
    recorder.mark[1] = recorder.n_short_days[0]
    recorder.total[:] = 0.0
    recorder.last_hour[:] = -2
    recorder.last_day[:] = -1


@piece
def undo_sample(recorder: Recorder) -> None:
    """Take the sample's rows out of the tables again."""
    recorder.n_events[0] = recorder.mark[0]
    recorder.n_short_days[0] = recorder.mark[1]


@bare
def finish_sample(recorder: Recorder, sample: int, total_out: F8) -> bool:
    """Close running events and hand out the sample's totals (n_scopes, 5).

    False if a table is too short: the sample's rows are taken out and it must be drawn again with longer tables.
    """
    for scope in range(recorder.total.shape[0]):
        if recorder.last_hour[scope] >= 0:
            close_event(recorder, sample, scope)
        for column in range(N_TOTALS):
            total_out[scope, column] = recorder.total[scope, column]
    if recorder.n_events[0] > recorder.event.shape[0] or recorder.n_short_days[0] > recorder.short_day.shape[0]:
        undo_sample(recorder)
        return False
    return True


@by_reference
class SupplyCase(NamedTuple):
    """Supply and demand by area, hour by hour; the copper plate is one area.

    Elements are everything that can lose capacity: machines first, then whatever the level adds.

    element_area : (n_elements,) i4, area of a machine, -1 for an element that supplies nothing by itself
    element_mw : (n_elements,) f8, capacity (the largest of the profile's hours where there is one)
    element_row : (n_elements,) i4, row of ``profile_mw`` or -1
    profile_mw : (n_rows, n_hours) f8, capacity by hour
    margin_mw : (n_areas, n_hours) f8, intact capacity of all machines (those that never fail included) less demand
    day_margin_mw : (n_areas, n_days) f8, the smallest margin of the day
    overlapping : whether intervals of one element may overlap (common causes): then the largest lost share counts
    tolerance_mw : shortfall counts if it exceeds this
    """

    n_hours: int
    element_area: I4
    element_mw: F8
    element_row: I4
    profile_mw: F8
    margin_mw: F8
    day_margin_mw: F8
    overlapping: bool
    tolerance_mw: float


@inline
def _add_loss(case, element, lost, start, first, end, area_loss_out):  # type: ignore[no-untyped-def]
    # MW lost in the hours first..end-1 of the horizon, written relative to the day's first hour ``start``
    row = case.element_row[element]
    area = case.element_area[element]
    if row < 0:
        lost_mw = case.element_mw[element] * lost
        for hour in range(first - start, end - start):
            area_loss_out[area, hour] += lost_mw
    else:
        for hour in range(first - start, end - start):
            area_loss_out[area, hour] += case.profile_mw[row, start + hour] * lost


@piece
def day_losses(
    case: SupplyCase,
    n: int,
    component: I4,
    first: I4,
    end: I4,
    lost: F8,
    day: int,
    lost_share: F8,
    touched: I4,
    area_loss_out: F8,
) -> int:
    """MW lost in each area and hour of a day, and the share lost of elements that are not machines.

    component, first, end, lost : the sample's n intervals
    lost_share : (n_elements, 24) f8, all zero on entry; on return the rows named in ``touched`` hold shares
    touched : (n_elements,) i4;  area_loss_out : (n_areas, 24) f8
    Returns the number of rows touched; :func:`clear_shares` must follow.
    """
    start = day * DAY_H
    stop = min(start + DAY_H, case.n_hours)
    area_loss_out[:] = 0.0
    n_touched = 0
    n_elements = case.element_area.shape[0]
    for i in range(n):
        if first[i] < stop and end[i] > start:
            element = component[i]
            if element >= n_elements:
                continue
            hour_first = max(first[i], start)
            hour_end = min(end[i], stop)
            if case.element_area[element] >= 0 and not case.overlapping:
                _add_loss(case, element, lost[i], start, hour_first, hour_end, area_loss_out)
                continue
            is_new = True
            for j in range(n_touched):
                if touched[j] == element:
                    is_new = False
            if is_new:
                touched[n_touched] = element
                n_touched += 1
            for hour in range(hour_first - start, hour_end - start):
                lost_share[element, hour] = max(lost_share[element, hour], lost[i])
    for j in range(n_touched):
        element = touched[j]
        if case.element_area[element] >= 0:
            for hour in range(stop - start):
                if lost_share[element, hour] > 0.0:
                    _add_loss(
                        case,
                        element,
                        lost_share[element, hour],
                        start,
                        start + hour,
                        start + hour + 1,
                        area_loss_out,
                    )
    return n_touched


@piece
def clear_shares(n_touched: int, touched: I4, lost_share: F8) -> None:
    """Zero the rows that :func:`day_losses` wrote."""
    for j in range(n_touched):
        lost_share[touched[j], :] = 0.0


@piece
def touched_mw_by_day(case: SupplyCase, n: int, component: I4, first: I4, end: I4, lost: F8, change_out: F8) -> None:
    """For each area, the change from day to day of the MW that are lost in any hour of the day.

    change_out : (n_areas, n_days + 1) f8; its running sum over days is an upper bound on the loss of the day's worst
    hour, because outages of one day need not coincide and overlapping intervals of one element count twice.
    """
    change_out[:] = 0.0
    n_elements = case.element_area.shape[0]
    for i in range(n):
        element = component[i]
        if element < n_elements and case.element_area[element] >= 0:
            area = case.element_area[element]
            lost_mw = case.element_mw[element] * lost[i]
            change_out[area, first[i] // DAY_H] += lost_mw
            change_out[area, (end[i] - 1) // DAY_H + 1] -= lost_mw


@jit
def copper_samples(
    case: SupplyCase,
    model: OutageModel,
    seed: Counter,
    first_sample: int,
    n_samples: int,
    skip: bool,
    recorder: Recorder,
    total_out: F8,
) -> int:
    """Chronological copper-plate years: demand against the sum of what is available, hour by hour.

    A day is skipped only on the certificate that the capacity left when every outage touching it coincides still meets
    each of its hours' demand (``skip``); every other day is evaluated hour by hour, so skipping changes no bit.
    total_out : (n_samples, 1, 5) f8
    Returns the number of samples done: fewer than asked when the event table is full (grow it and go on from there).
    """
    n_days = case.day_margin_mw.shape[1]
    table = new_outage_table(model.batch_block.shape[0], 4 * model.batch_block.shape[0] + 64)
    change = np.empty((1, n_days + 1))
    area_loss = np.empty((1, DAY_H))
    lost_share = np.zeros((case.element_area.shape[0], DAY_H))
    touched = np.empty(case.element_area.shape[0], dtype=np.int32)
    for s in range(n_samples):
        sample = first_sample + s
        table, n = draw_year(model, seed, sample, case.n_hours, table)
        touched_mw_by_day(case, n, table.component, table.first, table.end, table.lost, change)
        start_sample(recorder)
        touched_mw = 0.0
        for day in range(n_days):
            touched_mw += change[0, day]
            if skip and touched_mw <= case.day_margin_mw[0, day]:
                continue
            n_touched = day_losses(
                case=case,
                n=n,
                component=table.component,
                first=table.first,
                end=table.end,
                lost=table.lost,
                day=day,
                lost_share=lost_share,
                touched=touched,
                area_loss_out=area_loss,
            )
            start = day * DAY_H
            for hour in range(start, min(start + DAY_H, case.n_hours)):
                shortfall_mw = area_loss[0, hour - start] - case.margin_mw[0, hour]
                if shortfall_mw > case.tolerance_mw:
                    record_short_hour(recorder, sample, 0, hour, shortfall_mw)
            clear_shares(n_touched, touched, lost_share)
        if not finish_sample(recorder, sample, total_out[s]):
            return s
    return n_samples


@bare
def copper_states(case: SupplyCase, hour_of: I4, lost: F8, weight: F8, total_out: F8) -> None:
    """Copper-plate shortfall of snapshots.

    hour_of : (n,) i4;  lost : (n, n_components) f8, share of capacity lost;  weight : (n,) f8, likelihood ratio
    total_out : (n_samples, 1, 5) f8, zero on entry; hours and MWh are those of a whole horizon spent in the state times
        the weight, so that their means are LOLH and EUE.
    """
    n_elements = case.element_area.shape[0]
    for place in range(total_out.shape[0]):
        hour = hour_of[place]
        shortfall_mw = -case.margin_mw[0, hour]
        for element in range(n_elements):
            row = case.element_row[element]
            capacity_mw = case.element_mw[element] if row < 0 else case.profile_mw[row, hour]
            shortfall_mw += capacity_mw * lost[place, element]
        if shortfall_mw > case.tolerance_mw:
            total_out[place, 0, HOURS] = case.n_hours * weight[place]
            total_out[place, 0, ENERGY] = shortfall_mw * case.n_hours * weight[place]


@jit
def copper_snapshots(
    case: SupplyCase, model: SnapshotModel, seed: Counter, first_sample: int, n_hours: int, total_out: F8
) -> None:
    """Draw untilted snapshots four by four and add up their shortfall: no table of states leaves the nearest cache.

    first_sample : a multiple of four;  total_out : as of :func:`copper_states`
    """
    n, n_components = total_out.shape[0], model.id_lo.shape[0]
    block = np.zeros(n_components, dtype=np.uint64)
    hour = np.empty(4, dtype=np.int32)
    lost = np.empty((4, n_components))
    weight = np.ones(4)
    for start in range(0, n, 4):
        draw_snapshots(model, seed, (first_sample + start) // 4, n_hours, block, hour, lost)
        copper_states(case, hour, lost, weight, total_out[start : min(start + 4, n)])
