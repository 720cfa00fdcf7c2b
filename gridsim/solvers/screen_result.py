"""Result of a screening: records of overloads, voltages and interfaces, what each outage adds, and the verdict."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

import numpy as np

from gridsim.model.pack import Packed
from gridsim.model.table import B1, F8, I4, STR
from gridsim.solvers.ac_ladder import VM_TOLERANCE_PU
from gridsim.solvers.screen_outages import Outage

LIMIT_TOLERANCE = 1e-6  # relative: a flow at its limit is within it
ADDED_TOLERANCE_MW = 0.1  # an overload of the intact state that grows by no more is not the outage's
ADDED_TOLERANCE_PU = 1e-4


class SolvedBy(StrEnum):
    """Method that answered an outage."""

    DC = "dc"
    BATCH = "batch"
    SINGLE = "single"
    PARTLY = "partly"  # some of its islands have no power flow
    FAILED = "failed"


class Overloads(NamedTuple):
    """Branches over their rating, (n_overloads,): outage and branch positions, MW at the from end, % of the rating."""

    outage: I4
    branch: I4
    flow_mw: F8
    loading_percent: F8


class VoltageViolations(NamedTuple):
    """Buses outside their range: outage and bus positions, voltage and the limit it passes, pu."""

    outage: I4
    bus: I4
    vm_pu: F8
    limit_pu: F8


class SectionViolations(NamedTuple):
    """Sections over the limit of the scheme: outage and interface positions, signed flow and limit, MW."""

    outage: I4
    interface: I4
    flow_mw: F8
    limit_mw: F8


class ScreenResult(NamedTuple):
    """Outcome of every outage, arrays (n_outages,); row 0 is the intact state against normal ratings and limits.

    kind : OutageKind values;  element : position in the kind's table (-1 intact);  name : the element's
    solved : SolvedBy values;  reason : why not, or which limits were relaxed
    worst_loading_percent, worst_branch : of the rating that holds;  worst_section_percent, worst_section : -1 if none
    vm_min_pu, vm_max_pu : over live buses, NaN in DC and where not solved
    islanded_mw : load cut off from the main part of its island, with or without a source;  dark_mw : without
    secure : solved, nothing overloaded or out of range, no load islanded, nothing short
    order : positions, worst first: not solved, then MW (cut off, short, and over a limit more than before), then %
    intact_secure : row 0;  n1_secure : all others
    outages : what is lost;  short_mw : imbalance beyond the headroom of all that runs
    over_mw, over_name, over_percent : largest MW beyond the limit of a branch or section, its name ("" if none), its %
    added_mw : largest MW by which a branch or section is farther beyond its emergency limit than before the outage
    adds : the outage adds something to what is wrong with the intact state;  shed_mw : of a redispatch, NaN without
    margin_percent, margin_mw : load that the state carries more before its voltage collapses, NaN where not asked
    """

    kind: STR
    element: I4
    name: STR
    solved: STR
    reason: tuple[str, ...]
    worst_loading_percent: F8
    worst_branch: I4
    worst_section_percent: F8
    worst_section: I4
    vm_min_pu: F8
    vm_max_pu: F8
    islanded_mw: F8
    dark_mw: F8
    overloads: Overloads
    voltages: VoltageViolations
    sections: SectionViolations
    secure: B1
    order: I4
    intact_secure: bool
    n1_secure: bool
    outages: tuple[Outage, ...]
    short_mw: F8
    over_mw: F8
    over_name: STR
    over_percent: F8
    added_mw: F8
    adds: B1
    shed_mw: F8
    margin_percent: F8
    margin_mw: F8


class Answers(NamedTuple):
    """State after each outage, rows as in ScreenResult; NaN where not solved.

    out : branches out;  flow_mw, loading_percent (n, n_branches) of the rating that holds;  vm_pu (n, n_buses)
    intact_percent : (n_branches,) loading of the intact state, of the emergency rating
    """

    outages: list[Outage]
    out: list[I4]
    solved: STR
    reason: list[str]
    flow_mw: F8
    loading_percent: F8
    vm_pu: F8
    islanded_mw: F8
    dark_mw: F8
    short_mw: F8
    intact_percent: F8


def judge(packed: Packed, answers: Answers, month: int) -> ScreenResult:
    """Hold every outage against its limits."""
    system, n = packed.system, len(answers.outages)
    solved = answers.solved != SolvedBy.FAILED
    whole = solved & (answers.solved != SolvedBy.PARTLY)
    loading = np.nan_to_num(answers.loading_percent)
    over = loading > 100.0 * (1.0 + LIMIT_TOLERANCE)
    where = np.argwhere(over)
    overloads = Overloads(
        where[:, 0].astype(np.int32), where[:, 1].astype(np.int32), answers.flow_mw[over], answers.loading_percent[over]
    )
    low, high = (
        answers.vm_pu < system.buses.vm_min_pu - VM_TOLERANCE_PU,
        answers.vm_pu > system.buses.vm_max_pu + VM_TOLERANCE_PU,
    )
    where = np.argwhere(low | high)
    bound = np.where(answers.vm_pu < system.buses.vm_min_pu, system.buses.vm_min_pu, system.buses.vm_max_pu)
    voltages = VoltageViolations(
        where[:, 0].astype(np.int32), where[:, 1].astype(np.int32), answers.vm_pu[low | high], bound[low | high]
    )
    section_flow, section_limit = _sections(packed, answers, month)
    share = 100.0 * np.divide(
        np.abs(section_flow), section_limit, out=np.full(section_flow.shape, np.inf), where=section_limit > 0
    )
    share[(section_limit == 0) & (np.abs(section_flow) < 1e-6)] = 0.0
    share[~solved] = 0.0
    exceeds = share > 100.0 * (1.0 + LIMIT_TOLERANCE)
    where = np.argwhere(exceeds)
    signed = np.copysign(section_limit, section_flow)
    sections = SectionViolations(
        where[:, 0].astype(np.int32), where[:, 1].astype(np.int32), section_flow[exceeds], signed[exceeds]
    )
    bad = over.any(axis=1) | (low | high).any(axis=1) | exceeds.any(axis=1)
    secure = whole & ~bad & (answers.islanded_mw <= 0.0) & (answers.short_mw <= 0.0)
    excess = _excess_mw(answers.flow_mw, loading, over)
    section_excess = np.where(exceeds, np.abs(section_flow) - section_limit, 0.0)
    before = _intact_excess_mw(packed, answers, section_flow[0], month)
    beyond = np.concatenate([excess, section_excess], axis=1)
    more_mw = np.maximum(beyond - before, 0.0).max(axis=1, initial=0.0)
    added_mw = np.where(more_mw > ADDED_TOLERANCE_MW, more_mw, 0.0)
    adds = ~whole | (added_mw > 0.0) | (answers.islanded_mw > 0.0) | _worse_voltages(voltages, answers, n)
    adds |= answers.short_mw > answers.short_mw[0] + ADDED_TOLERANCE_MW
    names = np.append(np.concatenate([system.branch_name, system.interfaces.name]), "")
    over_mw = beyond.max(axis=1, initial=0.0)
    largest = beyond.argmax(axis=1) if beyond.shape[1] else np.zeros(n, dtype=np.int64)
    percent = np.full(n, np.nan)
    if beyond.shape[1]:
        percent = np.concatenate([loading, share], axis=1)[np.arange(n), largest]
    worst_loading = loading.max(axis=1, initial=0.0)
    worst_section = share.max(axis=1, initial=0.0)
    severity = np.maximum(worst_loading, worst_section)
    trouble_mw = answers.islanded_mw + answers.short_mw + added_mw
    order = np.lexsort((np.arange(n), -severity, -trouble_mw, whole))
    live_vm = np.where(np.isnan(answers.vm_pu), np.inf, answers.vm_pu)
    vm_min = live_vm.min(axis=1, initial=np.inf)
    vm_max = np.where(np.isnan(answers.vm_pu), -np.inf, answers.vm_pu).max(axis=1, initial=-np.inf)
    none = np.zeros(n, dtype=np.int32) - 1
    has_branch, has_section = answers.loading_percent.shape[1] > 0, share.shape[1] > 0
    return ScreenResult(
        kind=np.array([str(outage.kind) for outage in answers.outages]),
        element=np.array([outage.position for outage in answers.outages], dtype=np.int32),
        name=np.array([outage.name for outage in answers.outages]),
        solved=answers.solved,
        reason=tuple(answers.reason),
        worst_loading_percent=np.where(solved, worst_loading, np.nan),
        worst_branch=np.where(solved, loading.argmax(axis=1), -1).astype(np.int32) if has_branch else none,
        worst_section_percent=np.where(solved, worst_section, np.nan),
        worst_section=np.where(solved, share.argmax(axis=1), -1).astype(np.int32) if has_section else none,
        vm_min_pu=np.where(np.isfinite(vm_min), vm_min, np.nan),
        vm_max_pu=np.where(np.isfinite(vm_max), vm_max, np.nan),
        islanded_mw=answers.islanded_mw,
        dark_mw=answers.dark_mw,
        overloads=overloads,
        voltages=voltages,
        sections=sections,
        secure=secure,
        order=order.astype(np.int32),
        intact_secure=bool(secure[0]),
        n1_secure=bool(secure[1:].all()),
        outages=tuple(answers.outages),
        short_mw=answers.short_mw,
        over_mw=np.where(solved, over_mw, np.nan),
        over_name=names[np.where(over_mw > 0.0, largest, -1)],
        over_percent=np.where(solved & (over_mw > 0.0), percent, np.nan),
        added_mw=np.where(solved, added_mw, np.nan),
        adds=adds,
        shed_mw=np.full(n, np.nan),
        margin_percent=np.full(n, np.nan),
        margin_mw=np.full(n, np.nan),
    )


def _excess_mw(flow_mw: F8, loading_percent: F8, over: B1) -> F8:
    """MW of a flow beyond its rating where ``over``, else 0: the share of the loading beyond 100 %."""
    share = np.divide(100.0, loading_percent, out=np.ones(loading_percent.shape), where=over)
    return np.where(over, np.abs(np.nan_to_num(flow_mw)) * (1.0 - share), 0.0)


def _intact_excess_mw(packed: Packed, answers: Answers, section_flow_mw: F8, month: int) -> F8:
    """(n_branches + n_interfaces,) MW of the intact state beyond the emergency limits."""
    percent = np.nan_to_num(answers.intact_percent)
    over = percent > 100.0 * (1.0 + LIMIT_TOLERANCE)
    low, high = packed.interface_limits(answers.out[0], month, emergency=True)
    limit = np.where(section_flow_mw >= 0.0, high, -low)
    sections = np.maximum(np.abs(section_flow_mw) - limit, 0.0)
    return np.concatenate([_excess_mw(answers.flow_mw[0], percent, over), sections])


def _worse_voltages(voltages: VoltageViolations, answers: Answers, n: int) -> B1:
    """(n,) bool: a bus is out of its range, and farther than before the outage."""
    before = np.nan_to_num(answers.vm_pu[0][voltages.bus], nan=np.inf)
    past = np.abs(voltages.vm_pu - voltages.limit_pu)
    sign = np.sign(voltages.vm_pu - voltages.limit_pu)
    past_before = np.where(np.isinf(before), 0.0, np.maximum(sign * (before - voltages.limit_pu), 0.0))
    worse = past > past_before + ADDED_TOLERANCE_PU
    return np.bincount(voltages.outage[worse], minlength=n) > 0


def _sections(packed: Packed, answers: Answers, month: int) -> tuple[F8, F8]:
    """Flow of each interface in each outage and the limit in its direction, (n_outages, n_interfaces) MW."""
    system, members = packed.system, packed.system.interface_members
    n, n_interfaces = len(answers.outages), len(system.interfaces)
    signs = np.zeros((system.n_branches, n_interfaces))
    np.add.at(signs, (members.branch, members.interface), members.sign)
    flow = np.nan_to_num(answers.flow_mw) @ signs
    limit = np.empty((n, n_interfaces))
    known: dict[bytes, tuple[F8, F8]] = {}
    is_member = np.zeros(system.n_branches, dtype=bool)
    is_member[members.branch] = True
    for row in range(n):
        # only the members that are out choose the scheme
        out = answers.out[row][is_member[answers.out[row]]]
        key = bytes([row > 0]) + out.tobytes()
        if key not in known:
            known[key] = packed.interface_limits(out, month, emergency=row > 0)
        low, high = known[key]
        limit[row] = np.where(flow[row] >= 0.0, high, -low)
    return flow, limit
