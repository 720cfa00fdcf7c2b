"""Constant part of the nodal level, and short readings of it: limits, demand, totals."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels.arrays import F8, I4, DispatchCase
from gridsim.kernels.by_reference import by_reference
from gridsim.kernels.jit import bare, out_of_line, piece
from gridsim.kernels.section_circuits import strong_circuits

B1 = NDArray[np.bool_]

ALL_YEAR, WINTER, SUMMER = 0, 1, 2


@by_reference
class NodalCase(NamedTuple):
    """Network, supply and demand of all samples. Elements are machines, branches, stores.

    Supply columns are machines, then charging sides of stores, then discharging sides; ``dispatch``, ``cost`` and
    ``spill_cost`` are over columns, ``unit_*`` over machines.

    dispatch : the dispatch problem's constant part
    unit_mw : (n_units,) f8;  unit_row : (n_units,) i4 into ``profile_mw`` (n_hours, n_rows) f8, or -1;
        ``day_profile_mw`` (n_days, n_rows) is its least of each day
    bus_supply_mw : (n_hours, n_buses) f8, intact capacity of the machines;  day_supply_mw : (n_days, n_buses) f8, from
        ``day_profile_mw``
    cost, spill_cost : (n_columns,) f8;  penalty : (n_buses, n_classes) f8
    load_bus, load_class, load_row : (n_loads,) i4;  load_mw : (n_loads,) f8;  load_factor : (n_hours, n_load_rows) f8 :
        demand at a bus and of a class is the sum of ``load_mw`` times the factor of its row
    bus_demand_mw : (n_hours, n_buses) f8, its sum over classes
    peak_hour : (n_days,) i4, hour of the day with the largest demand
    keeps_shape : (n_days,) bool, demand of all hours of the day is that of the peak hour times a number
    branch_mw : (n_branches,) f8;  limit_* : (n_limits,) of the interfaces, see :func:`row_limits`
    member_weight, member_carried : (n_members,) f8, as ``dispatch.interface_branch``: 1 / x of members in service, 0 of
        others, and what the strongest one, two ... of their interface carry
    branch_rating : (n_branches,) i4, column of ``rating_factor`` or -1;  rating_factor : (n_hours, n_ratings) f8,
        multiplies ``branch_mw``
    least_branch_mw : (n_branches,) f8, ``branch_mw`` times the least factor of the horizon
    parallel_to : (n_branches,) i4, an earlier circuit alike in every respect (ends, x, limit), or -1
    most_in_mw, most_out_mw : (n_buses,) f8, bounds on injection and withdrawal at a bus in any hour
    centre : (n_branches, 2) i4, buses whose PTDF makes the bounds on a row's flow tightest, forward and backward
    most_flow_mw : (n_branches,) f8, bound on the absolute flow of a branch of the intact network
    is_winter : (n_hours,) bool
    bus_order : (n_rows, n_supplied) i4, buses with machines by rising effect on the row's flow in the intact network
    region : (n_buses,) i4, parts of the network between interfaces;  n_regions : their number
    counts : (n_classes,) bool, classes whose shedding is unserved energy
    group_scope : (n_groups, n_buses) i4, scope of each bus in each grouping or -1;  class_scope : (n_classes,) i4
    weight : (n_weights, n_loads) f8, what a MW of each load counts in ``weight_scope`` (n_weights,) i4
    tolerance_mw : shedding counts if it exceeds this
    """

    n_hours: int
    dispatch: DispatchCase
    unit_mw: F8
    unit_row: I4
    profile_mw: F8
    day_profile_mw: F8
    bus_supply_mw: F8
    day_supply_mw: F8
    cost: F8
    spill_cost: F8
    penalty: F8
    load_bus: I4
    load_class: I4
    load_row: I4
    load_mw: F8
    load_factor: F8
    bus_demand_mw: F8
    peak_hour: I4
    keeps_shape: B1
    branch_mw: F8
    branch_rating: I4
    rating_factor: F8
    least_branch_mw: F8
    parallel_to: I4
    most_in_mw: F8
    most_out_mw: F8
    centre: I4
    most_flow_mw: F8
    member_weight: F8
    member_carried: F8
    limit_interface: I4
    limit_is_forward: B1
    limit_lines_out: I4
    limit_season: I4
    limit_mw: F8
    is_winter: B1
    bus_order: I4
    region: I4
    n_regions: int
    counts: B1
    group_scope: I4
    class_scope: I4
    weight: F8
    weight_scope: I4
    tolerance_mw: float


@bare
def row_limits(case: NodalCase, out: I4, winter: bool, lo_out: F8, hi_out: F8) -> None:
    """Limits of branches and interfaces with the branches ``out`` (sorted) out of service.

    An interface's limit is its lowest row of the season for which enough member circuits count as out
    (:mod:`gridsim.kernels.section_circuits`).
    """
    out_of_line()
    n_branches = case.branch_mw.shape[0]
    for branch in range(n_branches):
        lo_out[branch] = -case.branch_mw[branch]
        hi_out[branch] = case.branch_mw[branch]
    dispatch = case.dispatch
    for interface in range(dispatch.interface_start.shape[0] - 1):
        lost = 0.0
        start, stop = dispatch.interface_start[interface], dispatch.interface_start[interface + 1]
        for member in range(start, stop):
            for k in range(out.shape[0]):
                if out[k] == dispatch.interface_branch[member]:
                    lost += case.member_weight[member]
        n_out = strong_circuits(case.member_carried[start:stop], lost)
        row = n_branches + interface
        lo_out[row] = -np.inf
        hi_out[row] = np.inf
        for limit in range(case.limit_interface.shape[0]):
            if case.limit_interface[limit] != interface or case.limit_lines_out[limit] > n_out:
                continue
            season = case.limit_season[limit]
            if season == ALL_YEAR or (season == WINTER) == winter:
                if case.limit_is_forward[limit]:
                    hi_out[row] = min(hi_out[row], case.limit_mw[limit])
                else:
                    lo_out[row] = max(lo_out[row], -case.limit_mw[limit])


@bare
def add_at_buses(bus: I4, row: I4, mw: F8, factor: F8, total_out: F8) -> None:
    """Add parts by bus: bus, row, mw (n_parts,); factor (n_hours, n_rows); total_out (n_hours, n_buses)."""
    for hour in range(total_out.shape[0]):
        for k in range(bus.shape[0]):
            total_out[hour, bus[k]] += mw[k] * factor[hour, row[k]]


@bare
def set_demand(load_bus: I4, load_class: I4, load_row: I4, load_mw: F8, factor: F8, demand_out: F8) -> None:
    """Demand of an hour, ``demand_out`` (n_buses, n_classes); factor : (n_load_rows,), of the hour."""
    demand_out[:] = 0.0
    for k in range(load_mw.shape[0]):
        demand_out[load_bus[k], load_class[k]] += load_mw[k] * factor[load_row[k]]


@piece
def counted_shed_mw(counts: B1, shed_mw: F8) -> float:
    """MW shed of classes that count. counts : (n_classes,);  shed_mw : (n_buses, n_classes)."""
    total = 0.0
    for bus in range(shed_mw.shape[0]):
        for k in range(shed_mw.shape[1]):
            if counts[k]:
                total += shed_mw[bus, k]
    return total


@piece
def scope_totals(counts: B1, group_scope: I4, class_scope: I4, shed_mw: F8, scope_mw: F8) -> None:
    """Shed MW of every scope: system (0), groupings of buses, classes. shed_mw : (n_buses, n_classes)."""
    n_buses, n_classes = shed_mw.shape
    for scope in range(scope_mw.shape[0]):
        scope_mw[scope] = 0.0
    for bus in range(n_buses):
        at_bus = 0.0
        for k in range(n_classes):
            if counts[k]:
                at_bus += shed_mw[bus, k]
                if class_scope[k] >= 0:
                    scope_mw[class_scope[k]] += shed_mw[bus, k]
        scope_mw[0] += at_bus
        for group in range(group_scope.shape[0]):
            scope = group_scope[group, bus]
            if scope >= 0:
                scope_mw[scope] += at_bus


@piece
def weighted_totals(case: NodalCase, hour: int, shed_mw: F8, demand_out: F8, scope_mw: F8) -> None:
    """Weighted shed MW of the scopes that have weights: a class shed at a bus is shed of all its loads alike.

    shed_mw : (n_buses, n_classes);  demand_out : as of :func:`set_demand`
    """
    if case.weight_scope.shape[0] == 0:
        return
    factor = case.load_factor[hour]
    set_demand(case.load_bus, case.load_class, case.load_row, case.load_mw, factor, demand_out)
    for k in range(case.load_mw.shape[0]):
        bus, tier = case.load_bus[k], case.load_class[k]
        if not case.counts[tier] or shed_mw[bus, tier] <= 0.0 or demand_out[bus, tier] <= 0.0:
            continue
        cut_mw = shed_mw[bus, tier] * case.load_mw[k] * factor[case.load_row[k]] / demand_out[bus, tier]
        for w in range(case.weight_scope.shape[0]):
            scope_mw[case.weight_scope[w]] += case.weight[w, k] * cut_mw
