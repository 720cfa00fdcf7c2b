"""One moment of a system: who injects what, which branches are out. And the stated base state, the winter peak."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.errors import StudyError
from gridsim.kernels.arrays import DispatchState
from gridsim.kernels.flows import make_topology
from gridsim.model.duty import duty_of
from gridsim.model.pack import Packed, pack
from gridsim.model.system import GridSystem
from gridsim.model.table import B1, F8, I4
from gridsim.solvers.dispatch import DispatchMethod, DispatchOptions, DispatchSolver

EVENING_HOUR = 19  # of a working day in January: the base state's hour where no load has a profile
COMMITTED_MW = 1e-3


class DeviceSettings(NamedTuple):
    """Positions of shunts and taps.

    shunt_share : (n_shunts,) share of q_mvar in service, before the line it is switched with is asked;  tap_pos :
    (n_trafos,)
    """

    shunt_share: F8
    tap_pos: F8


class OperatingPoint(NamedTuple):
    """One moment of a system, arrays in the system's order.

    p_gen_mw : (n_gens,) MW;  p_border_mw : (n_borders,) MW, import positive;  p_storage_mw : (n_storages,) MW,
    discharge positive;  p_load_mw : (n_loads,) MW served;  branch_out : (k,) i4, sorted positions of branches out
    besides those that are out of service in the system;  gen_committed : (n_gens,) bool, synchronised machines
    devices : shunts and taps, None: as the system states them
    """

    p_gen_mw: F8
    p_border_mw: F8
    p_storage_mw: F8
    p_load_mw: F8
    branch_out: I4
    gen_committed: B1
    devices: DeviceSettings | None = None


def system_settings(system: GridSystem) -> DeviceSettings:
    """Shunts and taps as the system states them."""
    return DeviceSettings(system.shunts.in_service.astype(np.float64), system.transformers.tap_pos.astype(np.float64))


def idle_point(system: GridSystem) -> OperatingPoint:
    """Every machine in service synchronised at 0 MW, no load, nothing out."""
    return OperatingPoint(
        p_gen_mw=np.zeros(len(system.generators)),
        p_border_mw=np.zeros(len(system.borders)),
        p_storage_mw=np.zeros(len(system.storages)),
        p_load_mw=np.zeros(len(system.loads)),
        branch_out=np.empty(0, dtype=np.int32),
        gen_committed=system.generators.in_service.copy(),
    )


def check_point(system: GridSystem, point: OperatingPoint) -> None:
    """Raise StudyError for the first array of ``point`` that does not fit ``system``: length, NaN, unknown branch."""
    expected_settings = system_settings(system)
    for name, stated in () if point.devices is None else point.devices._asdict().items():
        if np.shape(stated) != getattr(expected_settings, name).shape or not np.isfinite(stated).all():
            raise StudyError(f"point: devices.{name}: give one finite number each, in the system's order")
    for name, expected in idle_point(system)._asdict().items():
        if name == "devices":
            continue
        values = np.asarray(getattr(point, name))
        if name == "branch_out":
            if ((values < 0) | (values >= system.n_branches)).any():
                raise StudyError(f"point: branch_out: {values.tolist()}; give positions below {system.n_branches}")
        elif values.shape != expected.shape:
            raise StudyError(f"point: {name}: shape {values.shape}; give {len(expected)} values, in the system's order")
        elif not np.isfinite(values).all():
            raise StudyError(f"point: {name}: {values[~np.isfinite(values)][0]}; give finite MW")


class PeakHour(NamedTuple):
    """Month (0 is January), day type and hour of the base state."""

    month: int
    day_type: int
    hour: int


def peak_hour(system: GridSystem) -> PeakHour:
    """Hour of the load profiles in which the system's demand is largest, the earliest of equals."""
    loads = system.loads
    shaped = loads.profile >= 0
    if not shaped.any():
        return PeakHour(0, 0, EVENING_HOUR)
    weight = np.bincount(loads.profile[shaped], loads.p_mw[shaped], len(system.profiles.name))
    demand = np.tensordot(weight, system.profiles.value, axes=1)
    return PeakHour(*(int(position) for position in np.unravel_index(int(np.argmax(demand)), demand.shape)))


def machine_bounds(system: GridSystem, hour: PeakHour) -> tuple[F8, F8]:
    """Forced and available output of each machine (n_gens,) in MW.

    Profiles at the hour, heat curves at the month's mean temperature; without a climate at the curve's coldest point.
    Duty as on that day with every load at its ``p_mw``.
    """
    gens = system.generators
    available = np.where(gens.in_service, gens.p_max_mw, 0.0)
    shaped = gens.profile >= 0
    available[shaped] *= system.profiles.value[gens.profile[shaped], hour.month, hour.day_type, hour.hour]
    forced = np.where(gens.must_run, np.minimum(gens.p_min_mw, available), 0.0)
    for gen in np.flatnonzero(gens.heat_led & (gens.heat_curve >= 0)):
        curve = int(gens.heat_curve[gen])
        site = int(system.buses.weather_site[gens.bus[gen]])
        temperature_c = system.climate.t_mean_c[site, hour.month] if site >= 0 else np.nan
        if np.isnan(temperature_c):
            temperature_c = system.heat_curves.points[curve][0, 0]
        low, high = system.heat_curves.shares(curve, temperature_c)
        available[gen] = min(available[gen], high * gens.p_max_mw[gen])
        forced[gen] = min(max(forced[gen], low * gens.p_max_mw[gen]), available[gen])
    load_mw = np.where(system.loads.in_service, system.loads.p_mw, 0.0)
    owed = duty_of(system).hour(hour.month + 1, system.climate.t_mean_c[:, hour.month], load_mw)
    available = np.minimum(available, owed.greatest * gens.p_max_mw)
    return np.minimum(np.maximum(forced, owed.least * gens.p_max_mw), available), available


def base_point(system: GridSystem, packed: Packed | None = None, *, loss_share: float | None = None) -> OperatingPoint:
    """Winter peak: every load at its ``p_mw``, machines at least cost within the normal limits of lines and sections.

    Two dispatches. The first serves demand with its losses and each zone's reserve, and commits the machines it uses,
    heat-led and must-run ones, and those that may idle (no technical minimum: condensers, wind and sun). The second
    dispatches the committed machines between their minimum and their availability for demand and losses alone. Borders
    give at most the contract, stores rest. Should the limits not let a load be served, its served part stands in
    ``p_load_mw``.
    ``loss_share``: losses as a share of demand at the bus; ``None``: the system's.
    """
    packed = packed or pack(system)
    hour = peak_hour(system)
    forced, available = machine_bounds(system, hour)
    gens, buses = system.generators, system.buses
    load_mw = np.where(system.loads.in_service, system.loads.p_mw, 0.0)
    bus_load = np.bincount(system.loads.bus, load_mw, len(buses))
    zone_load = np.bincount(np.maximum(buses.zone, 0), bus_load * (buses.zone >= 0), len(system.zones))
    reserve = np.divide(system.reserve_mw, zone_load, out=np.zeros(len(system.zones)), where=zone_load > 0)
    reserve_share = np.where(buses.zone >= 0, reserve[np.maximum(buses.zone, 0)], 0.0)
    losses = 1.0 + (system.loss_share if loss_share is None else loss_share)

    solver = DispatchSolver(packed.case, DispatchOptions(method=DispatchMethod.HIGHS, segments=False, perturb=False))
    first = _dispatch(packed, solver, hour, forced, available, load_mw * (losses + reserve_share[system.loads.bus]))
    may_idle = gens.in_service & ((gens.p_min_mw <= 0.0) | ((gens.profile >= 0) & (available > 0.0)))
    committed = (first.p_mw[packed.gen_columns] > COMMITTED_MW) | (forced > 0.0) | may_idle
    low = np.where(committed, np.maximum(forced, np.minimum(gens.p_min_mw, available)), 0.0)
    low[may_idle] = forced[may_idle]
    second = _dispatch(packed, solver, hour, low, np.where(committed, available, 0.0), load_mw * losses)
    net = second.p_mw - second.spill_mw
    shed_mw = packed.shed_by_load(load_mw * losses, second.shed_mw) / losses
    return OperatingPoint(
        p_gen_mw=net[packed.gen_columns],
        p_border_mw=net[packed.border_columns],
        p_storage_mw=np.zeros(len(system.storages)),
        p_load_mw=load_mw - shed_mw,
        branch_out=np.empty(0, dtype=np.int32),
        gen_committed=committed,
    )


class _Dispatched(NamedTuple):
    p_mw: F8
    spill_mw: F8
    shed_mw: F8


def _dispatch(
    packed: Packed, solver: DispatchSolver, hour: PeakHour, low: F8, high: F8, load_mw: NDArray[np.float64]
) -> _Dispatched:
    system = packed.system
    lo, hi = np.zeros(packed.n_columns), np.zeros(packed.n_columns)
    lo[packed.gen_columns], hi[packed.gen_columns] = low, high
    hi[packed.border_columns] = np.where(system.borders.in_service, system.borders.contract_import_mw, 0.0)
    row_lo, row_hi = packed.row_limits((), hour.month + 1)
    solution = solver.solve(
        DispatchState(
            topology=make_topology(packed.case, (), transposed=False),  # that of the case: HiGHS needs no more
            lo_mw=lo,
            hi_mw=hi,
            cost=packed.cost,
            spill_cost=packed.spill_cost,
            demand_mw=packed.demand_by_tier(load_mw),
            penalty=packed.penalty,
            row_lo_mw=row_lo,
            row_hi_mw=row_hi,
        )
    )
    return _Dispatched(solution.p_mw, solution.spill_mw, solution.shed_mw)
