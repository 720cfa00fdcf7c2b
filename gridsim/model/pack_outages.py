"""Components and common causes -> arrays of the outage kernels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.errors import StudyError
from gridsim.kernels.availability import (
    CONSTANT,
    EXPONENTIAL,
    LOGNORMAL,
    CauseTable,
    OutageModel,
    SnapshotModel,
    thinning_profile,
)
from gridsim.kernels.outage_table import draw_year, new_outage_table
from gridsim.kernels.rng import stream_id
from gridsim.model.outages import (
    CommonCause,
    Component,
    Derating,
    RepairLaw,
    down_by_hour,
    equilibrium,
    is_plain,
    jump_matrix,
    rates_by_hour,
)

F8 = NDArray[np.float64]
I4 = NDArray[np.int32]
U8 = NDArray[np.uint64]

LAWS = {RepairLaw.EXPONENTIAL: EXPONENTIAL, RepairLaw.LOGNORMAL: LOGNORMAL, RepairLaw.CONSTANT: CONSTANT}
LOW = 0xFFFFFFFF


def outage_model(
    components: Sequence[Component],
    causes: Sequence[CommonCause],
    n_hours: int,
    temperature_class: I4 | None = None,
) -> OutageModel:
    """Arrays of all components of one level, in the order of its elements; common causes follow them.

    temperature_class : (n_hours,) i4, row of the causes' deratings that holds in each hour; None: the first
    """
    everything = [*components, *(cause.component for cause in causes)]
    plain = [position for position, component in enumerate(everything) if component.fails and is_plain(component)]
    other = [position for position, component in enumerate(everything) if component.fails and not is_plain(component)]

    def ids(positions: Sequence[int], purpose: str) -> U8:
        return np.array(
            [stream_id(everything[p].kind, everything[p].name, purpose) for p in positions], dtype=np.uint64
        )

    up_h = np.array([everything[p].states[0].mean_h for p in plain])
    down_h = np.array([everything[p].states[1].mean_h for p in plain])
    plain_id = ids(plain, "outage")
    cycles = n_hours / (up_h + down_h)
    # the batch covers the usual number of draws: two to start, two a cycle, and one standard deviation
    n_blocks = np.ceil((2.0 + 2.0 * cycles + 2.0 * np.sqrt(cycles)) / 4.0).astype(np.int64)
    offset = np.concatenate([[0], np.cumsum(n_blocks)])
    batch_id = np.repeat(plain_id, n_blocks)

    state_offset = [0]
    rows: list[tuple[float, float, int, float, float]] = []
    jumps: list[F8] = []
    rate_row: list[int] = []
    repair_row: list[int] = []
    factors: list[F8] = []
    row_of_factor: dict[int, int] = {}

    def row_of(factor: F8) -> int:
        """Row of an hourly course, which machines of one kind at one place share."""
        if id(factor) not in row_of_factor:
            row_of_factor[id(factor)] = len(factors)
            factors.append(factor)
        return row_of_factor[id(factor)]

    for position in other:
        component = everything[position]
        start = np.cumsum(equilibrium(component))
        mean_h = [state.mean_h for state in component.states]
        repair_row.append(-1 if component.repair_factor is None else row_of(component.repair_factor))
        if component.rate_factor is not None:
            rate_row.append(row_of(component.rate_factor))
        elif component.unavailability is None:
            rate_row.append(-1)
        else:
            largest, factor = thinning_profile(component.unavailability, component.base_unavailability, mean_h[1])
            # never out in any hour: an unreachable failure, not a rate of zero
            mean_h[0] = 1.0 / largest if largest > 0.0 else 1e12
            rate_row.append(len(factors))
            factors.append(factor)
        jump = np.cumsum(jump_matrix(component), axis=1)
        for index, state in enumerate(component.states):
            rows.append((state.lost_share, mean_h[index], LAWS[state.law], state.sigma, start[index]))
            jumps.append(jump[index])
        state_offset.append(len(rows))
    table = np.array(rows).reshape(len(rows), 5)
    widest = max((len(jump) for jump in jumps), default=1)
    state_jump = np.ones((len(rows), widest))
    for index, jump in enumerate(jumps):
        state_jump[index, : len(jump)] = jump

    return OutageModel(
        two_component=np.array(plain, dtype=np.int32),
        two_stream=plain_id,
        two_up_h=up_h.astype(np.float64),
        two_down_h=down_h.astype(np.float64),
        two_threshold=np.array([-math.log(d / (u + d)) for u, d in zip(up_h, down_h)], dtype=np.float64),
        two_offset=offset.astype(np.int32),
        batch_lo=batch_id & np.uint64(LOW),
        batch_hi=batch_id >> np.uint64(32),
        batch_block=np.concatenate([np.arange(n) for n in n_blocks] or [np.zeros(0)]).astype(np.uint64),
        multi_component=np.array(other, dtype=np.int32),
        multi_stream=ids(other, "outage"),
        multi_jump_stream=ids(other, "jump"),
        multi_offset=np.array(state_offset, dtype=np.int32),
        multi_rate_row=np.array(rate_row, dtype=np.int32),
        multi_repair_row=np.array(repair_row, dtype=np.int32),
        state_lost=np.ascontiguousarray(table[:, 0]),
        state_mean_h=np.ascontiguousarray(table[:, 1]),
        state_law=table[:, 2].astype(np.int32),
        state_sigma=np.ascontiguousarray(table[:, 3]),
        state_start=np.ascontiguousarray(table[:, 4]),
        state_jump=state_jump,
        rate_factor=np.array(factors).reshape(len(factors), n_hours),
        causes=_cause_table(components, causes, n_hours, temperature_class),
    )


class Drawn(NamedTuple):
    """Outages of one sample. component, first_h, end_h (n,) i4: position and whole hours; lost (n,) f8: share."""

    component: I4
    first_h: I4
    end_h: I4
    lost: F8


def drawn_outages(components: Sequence[Component], seed: int, sample: int, n_hours: int) -> Drawn:
    """Outages of ``components`` in the hours of one sample, in equilibrium from its start."""
    model = outage_model(components, (), n_hours)
    room = new_outage_table(model.batch_block.shape[0], 4 * len(components) + 64)
    table, n = draw_year(model, np.uint64(seed), np.uint64(sample), n_hours, room)
    return Drawn(table.component[:n], table.first[:n], table.end[:n], table.lost[:n])


def _cause_table(
    components: Sequence[Component], causes: Sequence[CommonCause], n_hours: int, temperature_class: I4 | None
) -> CauseTable:
    """Elements that a level does not model (a branch at copper level) are left out."""
    if causes:
        _require_single_names(components)
    element_of = {component.name: position for position, component in enumerate(components)}
    offset = [0]
    targets: list[tuple[int, float, int]] = []
    deratings: list[Derating] = []
    for cause in causes:
        hit = []
        for name in (*cause.lost_share, *cause.derating):
            if name not in element_of:
                continue
            profile = -1
            if name in cause.derating:
                profile = len(deratings)
                deratings.append(cause.derating[name])
            hit.append((element_of[name], cause.lost_share.get(name, 0.0), profile))
        targets += sorted(hit)
        offset.append(len(targets))
    hour_class = np.zeros(n_hours, dtype=np.int32) if temperature_class is None else temperature_class
    outage_lost, repair_lost = _profile_table(deratings, hour_class)
    return CauseTable(
        first=len(components),
        offset=np.array(offset, dtype=np.int32),
        element=np.array([element for element, _, _ in targets], dtype=np.int32),
        lost=np.array([lost for _, lost, _ in targets], dtype=np.float64),
        profile=np.array([profile for _, _, profile in targets], dtype=np.int32),
        outage_lost=outage_lost,
        repair_lost=repair_lost,
        hour_class=hour_class,
        stream=np.array(
            [stream_id(cause.component.kind, cause.component.name, "age") for cause in causes], dtype=np.uint64
        ),
        mean_h=np.array([cause.component.states[-1].mean_h if cause.component.fails else 0.0 for cause in causes]),
    )


def _profile_table(deratings: Sequence[Derating], hour_class: I4) -> tuple[F8, F8]:
    """Shares lost of all deratings, (n_profiles, n_classes, hours since), of one length."""
    n_classes = int(hour_class.max(initial=0)) + 1
    for derating in deratings:
        if len(derating.outage) not in (1, n_classes) and len(derating.outage) < n_classes:
            raise StudyError(
                f"derating: {len(derating.outage)} temperature classes, the hours have {n_classes}; give one row each"
            )
    n_outage_h = max((derating.outage.shape[1] for derating in deratings), default=1)
    n_repair_h = max((derating.repair.shape[1] for derating in deratings), default=0)
    outage_lost = np.zeros((len(deratings), n_classes, n_outage_h))
    repair_lost = np.zeros((len(deratings), n_classes, n_repair_h))
    for row, derating in enumerate(deratings):
        of_class = np.zeros(n_classes, dtype=int) if len(derating.outage) == 1 else np.arange(n_classes)
        n = derating.outage.shape[1]
        outage_lost[row, :, :n] = 1.0 - derating.outage[of_class]
        outage_lost[row, :, n:] = outage_lost[row, :, n - 1 : n]
        repair_lost[row, :, : derating.repair.shape[1]] = 1.0 - derating.repair[of_class]
    return outage_lost, repair_lost


def _require_single_names(components: Sequence[Component]) -> None:
    """Common causes find components by name, so a level's names must be unique across its kinds."""
    names = [component.name for component in components]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise StudyError(f"'{twice[0]}' names more than one component; common causes need one name for each")


def causes_alone(
    components: Sequence[Component],
    causes: Sequence[CommonCause],
    n_hours: int,
    temperature_class: I4 | None = None,
) -> OutageModel:
    """The outage model in which nothing but the common causes fails."""
    return outage_model([Component(c.kind, c.name) for c in components], causes, n_hours, temperature_class)


def snapshot_model(components: Sequence[Component], causes: Sequence[CommonCause], n_hours: int) -> SnapshotModel:
    """Equilibrium states of all components of one level; common causes follow the elements."""
    everything = [*components, *(cause.component for cause in causes)]
    stream = np.array([stream_id(c.kind, c.name, "snapshot") for c in everything], dtype=np.uint64)
    start: list[float] = []
    lost: list[float] = []
    offset = [0]
    hour_row = np.full(len(everything), -1, dtype=np.int32)
    unavailability: list[F8] = []
    for position, component in enumerate(everything):
        if component.fails:
            start += np.cumsum(equilibrium(component)).tolist()
            lost += [state.lost_share for state in component.states]
        else:
            start.append(1.0)
            lost.append(0.0)
        offset.append(len(start))
        if component.unavailability is not None:
            hour_row[position] = len(unavailability)
            down_h = component.states[1].mean_h
            largest, factor = thinning_profile(component.unavailability, component.base_unavailability, down_h)
            ratio = largest * down_h * factor
            unavailability.append(ratio / (1.0 + ratio))
        if component.repair_factor is not None:
            hour_row[position] = len(unavailability)
            unavailability.append(down_by_hour(*rates_by_hour(component)))
        elif component.rate_factor is not None:
            hour_row[position] = len(unavailability)
            ratio = component.states[1].mean_h / component.states[0].mean_h * component.rate_factor
            unavailability.append(ratio / (1.0 + ratio))
    for cause in causes:
        if cause.derating:
            raise StudyError(
                f"method: the derating of {cause.component.name} needs chronology; use SequentialMonteCarlo"
            )
    return SnapshotModel(
        id_lo=stream & np.uint64(LOW),
        id_hi=stream >> np.uint64(32),
        state_offset=np.array(offset, dtype=np.int32),
        state_start=np.array(start),
        state_lost=np.array(lost),
        hour_row=hour_row,
        hour_unavailability=np.array(unavailability).reshape(len(unavailability), n_hours),
        hour_stream=stream_id("system", "hour", "snapshot"),
        causes=_cause_table(components, causes, n_hours, None),
    )
