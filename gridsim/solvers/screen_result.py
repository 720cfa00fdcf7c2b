"""Result of a screening: records of overloads, voltages and interfaces, what each outage adds, and the verdict."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, NamedTuple

import numpy as np

from gridsim.model.pack import Packed
from gridsim.model.system import GridSystem
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


#: Outages held against their limits at once, so that the tables on the way stay small.
_TOGETHER = 512


def judge(packed: Packed, answers: Answers, month: int) -> ScreenResult:
    """Hold every outage against its limits."""
    system, n = packed.system, len(answers.outages)
    limits = _SectionLimits(packed, month)
    before = _intact_excess_mw(packed, answers, limits.flow_mw(answers.flow_mw[:1])[0], month)
    found = [_judge_some(system, answers, limits, before, k, min(k + _TOGETHER, n)) for k in range(0, n, _TOGETHER)]
    whole, severity, trouble_mw, secure, worse = (
        np.concatenate([getattr(one, name) for one in found])
        for name in ("whole", "severity", "trouble_mw", "secure", "adds")
    )
    order = np.lexsort((np.arange(n), -severity, -trouble_mw, whole))
    columns = {name: np.concatenate([one.columns[name] for one in found]) for name in found[0].columns}
    records = zip(*((one.overloads, one.voltages, one.sections) for one in found), strict=True)
    overloads, voltages, sections = (_joined(some) for some in records)
    return ScreenResult(
        kind=np.array([str(outage.kind) for outage in answers.outages]),
        element=np.array([outage.position for outage in answers.outages], dtype=np.int32),
        name=np.array([outage.name for outage in answers.outages]),
        solved=answers.solved,
        reason=tuple(answers.reason),
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
        adds=worse,
        shed_mw=np.full(n, np.nan),
        margin_percent=np.full(n, np.nan),
        margin_mw=np.full(n, np.nan),
        **columns,
    )


class _Judged(NamedTuple):
    """Some rows of a result: ``columns`` of ScreenResult by name, records with the rows of the whole result."""

    whole: B1
    severity: F8
    trouble_mw: F8
    secure: B1
    adds: B1
    columns: dict[str, Any]
    overloads: Overloads
    voltages: VoltageViolations
    sections: SectionViolations


def _joined(records: tuple[Any, ...]) -> Any:
    return type(records[0])(*(np.concatenate(columns) for columns in zip(*records, strict=True)))


def _judge_some(
    system: GridSystem, answers: Answers, limits: _SectionLimits, before: F8, start: int, end: int
) -> _Judged:
    """Rows ``start`` to ``end`` against their limits; ``before``: excess of the intact state."""
    rows, n = slice(start, end), end - start
    solved = answers.solved[rows] != SolvedBy.FAILED
    whole = solved & (answers.solved[rows] != SolvedBy.PARTLY)
    flow_mw, vm_pu, islanded_mw = answers.flow_mw[rows], answers.vm_pu[rows], answers.islanded_mw[rows]
    loading = np.nan_to_num(answers.loading_percent[rows])
    over = loading > 100.0 * (1.0 + LIMIT_TOLERANCE)
    where = np.argwhere(over)
    overloads = Overloads(
        (where[:, 0] + start).astype(np.int32), where[:, 1].astype(np.int32), flow_mw[over],
        answers.loading_percent[rows][over],
    )  # fmt: skip
    low, high = vm_pu < system.buses.vm_min_pu - VM_TOLERANCE_PU, vm_pu > system.buses.vm_max_pu + VM_TOLERANCE_PU
    where = np.argwhere(low | high)
    bus = where[:, 1].astype(np.int32)
    bound = np.where(low[low | high], system.buses.vm_min_pu[bus], system.buses.vm_max_pu[bus])
    voltages = VoltageViolations((where[:, 0] + start).astype(np.int32), bus, vm_pu[low | high], bound)
    section_flow = limits.flow_mw(flow_mw)
    section_limit = limits.limit_mw(section_flow, answers.out[rows], start)
    share = 100.0 * np.divide(
        np.abs(section_flow), section_limit, out=np.full(section_flow.shape, np.inf), where=section_limit > 0
    )
    share[(section_limit == 0) & (np.abs(section_flow) < 1e-6)] = 0.0
    share[~solved] = 0.0
    exceeds = share > 100.0 * (1.0 + LIMIT_TOLERANCE)
    where = np.argwhere(exceeds)
    signed = np.copysign(section_limit, section_flow)
    sections = SectionViolations(
        (where[:, 0] + start).astype(np.int32), where[:, 1].astype(np.int32), section_flow[exceeds], signed[exceeds]
    )
    bad = over.any(axis=1) | (low | high).any(axis=1) | exceeds.any(axis=1)
    short_mw = answers.short_mw[rows]
    secure = whole & ~bad & (islanded_mw <= 0.0) & (short_mw <= 0.0)
    excess = _excess_mw(flow_mw, loading, over)
    section_excess = np.where(exceeds, np.abs(section_flow) - section_limit, 0.0)
    beyond = np.concatenate([excess, section_excess], axis=1)
    more_mw = np.maximum(beyond - before, 0.0).max(axis=1, initial=0.0)
    added_mw = np.where(more_mw > ADDED_TOLERANCE_MW, more_mw, 0.0)
    adds = ~whole | (added_mw > 0.0) | (islanded_mw > 0.0) | _worse_voltages(voltages, answers, start, end)
    adds |= short_mw > answers.short_mw[0] + ADDED_TOLERANCE_MW
    names = np.append(np.concatenate([system.branch_name, system.interfaces.name]), "")
    over_mw = beyond.max(axis=1, initial=0.0)
    largest = beyond.argmax(axis=1) if beyond.shape[1] else np.zeros(n, dtype=np.int64)
    percent = np.full(n, np.nan)
    if beyond.shape[1]:
        percent = np.concatenate([loading, share], axis=1)[np.arange(n), largest]
    worst_loading = loading.max(axis=1, initial=0.0)
    worst_section = share.max(axis=1, initial=0.0)
    vm_min = np.where(np.isnan(vm_pu), np.inf, vm_pu).min(axis=1, initial=np.inf)
    vm_max = np.where(np.isnan(vm_pu), -np.inf, vm_pu).max(axis=1, initial=-np.inf)
    none = np.zeros(n, dtype=np.int32) - 1
    worst_branch = np.where(solved, loading.argmax(axis=1), -1).astype(np.int32) if loading.shape[1] else none
    return _Judged(
        whole=whole,
        severity=np.maximum(worst_loading, worst_section),
        trouble_mw=islanded_mw + short_mw + added_mw,
        secure=secure,
        adds=adds,
        columns={
            "worst_loading_percent": np.where(solved, worst_loading, np.nan),
            "worst_branch": worst_branch,
            "worst_section_percent": np.where(solved, worst_section, np.nan),
            "worst_section": np.where(solved, share.argmax(axis=1), -1).astype(np.int32) if share.shape[1] else none,
            "vm_min_pu": np.where(np.isfinite(vm_min), vm_min, np.nan),
            "vm_max_pu": np.where(np.isfinite(vm_max), vm_max, np.nan),
            "over_mw": np.where(solved, over_mw, np.nan),
            "over_name": names[np.where(over_mw > 0.0, largest, -1)],
            "over_percent": np.where(solved & (over_mw > 0.0), percent, np.nan),
            "added_mw": np.where(solved, added_mw, np.nan),
        },
        overloads=overloads,
        voltages=voltages,
        sections=sections,
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


def _worse_voltages(voltages: VoltageViolations, answers: Answers, start: int, end: int) -> B1:
    """(end - start,) bool: a bus is out of its range, and farther than before the outage."""
    before = np.nan_to_num(answers.vm_pu[0][voltages.bus], nan=np.inf)
    past = np.abs(voltages.vm_pu - voltages.limit_pu)
    sign = np.sign(voltages.vm_pu - voltages.limit_pu)
    past_before = np.where(np.isinf(before), 0.0, np.maximum(sign * (before - voltages.limit_pu), 0.0))
    worse = past > past_before + ADDED_TOLERANCE_PU
    return np.bincount(voltages.outage[worse] - start, minlength=end - start) > 0


class _SectionLimits:
    """Flows of interfaces and the limits that hold for them in one month."""

    def __init__(self, packed: Packed, month: int):
        self.packed, self.month = packed, month
        system, members = packed.system, packed.system.interface_members
        signs = np.zeros((system.n_branches, len(system.interfaces)))
        np.add.at(signs, (members.branch, members.interface), members.sign)
        self._is_member = np.zeros(system.n_branches, dtype=bool)
        self._is_member[members.branch] = True
        self._inside = np.flatnonzero(self._is_member)
        self._signs = signs[self._inside]
        self._known: dict[bytes, tuple[F8, F8]] = {}

    def flow_mw(self, flow_mw: F8) -> F8:
        """(n, n_interfaces) from flows of branches (n, n_branches)."""
        return np.asarray(np.nan_to_num(flow_mw[:, self._inside]) @ self._signs)

    def limit_mw(self, flow_mw: F8, out: list[I4], start: int) -> F8:
        """(n, n_interfaces) in the direction of the flows; ``out``: branches out, row 0 of all is the intact state."""
        limit = np.empty(flow_mw.shape)
        for row in range(len(flow_mw)):
            # only the members that are out choose the scheme
            members = out[row][self._is_member[out[row]]]
            emergency = start + row > 0
            key = bytes([emergency]) + members.tobytes()
            if key not in self._known:
                self._known[key] = self.packed.interface_limits(members, self.month, emergency=emergency)
            low, high = self._known[key]
            limit[row] = np.where(flow_mw[row] >= 0.0, high, -low)
        return limit
