"""Result of a screening: records of overloads, voltages and interfaces, and the N-1 verdict."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

import numpy as np

from gridsim.model.pack import Packed
from gridsim.model.system import GridSystem
from gridsim.model.table import B1, F8, I4, STR
from gridsim.solvers.ac_ladder import VM_TOLERANCE_PU

LIMIT_TOLERANCE = 1e-6  # relative: a flow at its limit is within it


class OutageKind(StrEnum):
    """Kind of the lost element; ``none`` is the intact state, held against the normal limits."""

    NONE = "none"
    LINE = "line"
    TRANSFORMER = "transformer"
    GENERATOR = "generator"
    BORDER = "border"


class SolvedBy(StrEnum):
    """Method that answered an outage."""

    DC = "dc"
    BATCH = "batch"
    SINGLE = "single"
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
    secure : solved, nothing overloaded or out of range, no load islanded;  order : positions, most binding first
    intact_secure : row 0;  n1_secure : all others
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


class Answers(NamedTuple):
    """State after each outage, rows as in ScreenResult; NaN where not solved.

    out : branches out;  flow_mw, loading_percent (n, n_branches) of the rating that holds;  vm_pu (n, n_buses)
    """

    kind: list[OutageKind]
    element: list[int]
    out: list[I4]
    solved: STR
    reason: list[str]
    flow_mw: F8
    loading_percent: F8
    vm_pu: F8
    islanded_mw: F8
    dark_mw: F8


def judge(packed: Packed, answers: Answers, month: int) -> ScreenResult:
    """Hold every outage against its limits."""
    system, n = packed.system, len(answers.kind)
    solved = answers.solved != SolvedBy.FAILED
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
    signed = np.sign(section_flow) * section_limit
    sections = SectionViolations(
        where[:, 0].astype(np.int32), where[:, 1].astype(np.int32), section_flow[exceeds], signed[exceeds]
    )
    bad = over.any(axis=1) | (low | high).any(axis=1) | exceeds.any(axis=1)
    secure = solved & ~bad & (answers.islanded_mw <= 0.0)
    worst_loading = loading.max(axis=1, initial=0.0)
    worst_section = share.max(axis=1, initial=0.0)
    severity = np.maximum(worst_loading, worst_section)
    order = np.lexsort((np.arange(n), -severity, -answers.islanded_mw, solved))
    live_vm = np.where(np.isnan(answers.vm_pu), np.inf, answers.vm_pu)
    vm_min = live_vm.min(axis=1, initial=np.inf)
    vm_max = np.where(np.isnan(answers.vm_pu), -np.inf, answers.vm_pu).max(axis=1, initial=-np.inf)
    none = np.zeros(n, dtype=np.int32) - 1
    has_branch, has_section = answers.loading_percent.shape[1] > 0, share.shape[1] > 0
    return ScreenResult(
        kind=np.array([str(kind) for kind in answers.kind]),
        element=np.array(answers.element, dtype=np.int32),
        name=np.array([_name(system, kind, element) for kind, element in zip(answers.kind, answers.element)]),
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
    )


def _sections(packed: Packed, answers: Answers, month: int) -> tuple[F8, F8]:
    """Flow of each interface in each outage and the limit in its direction, (n_outages, n_interfaces) MW."""
    system, members = packed.system, packed.system.interface_members
    n, n_interfaces = len(answers.kind), len(system.interfaces)
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


def _name(system: GridSystem, kind: OutageKind, element: int) -> str:
    names = {
        OutageKind.LINE: system.lines.name,
        OutageKind.TRANSFORMER: system.transformers.name,
        OutageKind.GENERATOR: system.generators.name,
        OutageKind.BORDER: system.borders.name,
    }
    return "intact" if kind is OutageKind.NONE else str(names[kind][element])
