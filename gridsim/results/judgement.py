"""Judgement of a network that can be read: values and balances that are possible and hardly meant, errors apart."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np

from gridsim.errors import Problem
from gridsim.model.system import GridSystem
from gridsim.model.table import B1
from gridsim.solvers.operating_point import OperatingPoint, base_point, machine_bounds, peak_hour

# Ranges of overhead lines and cables from 0.4 to 1,150 kV, wide enough that what lies outside is an error of units.
X_OHM_PER_KM = (0.02, 1.5)
CHARGING_NF_PER_KM = 1000.0
X_TO_R = (0.05, 100.0)
MOST_RATING = 2.0  # of V^2 / x, above which a rating is of another line; long lines reach 1.5
VK_PERCENT = (1.0, 40.0)
N_NAMED = 3


def judge_network(system: GridSystem, place: str) -> list[Problem]:
    """Everything doubtful about a network, errors first; ``place``: the folder, as it is told.

    Errors: capacity below the peak, a peak without a power flow.
    """
    found = [*_impedances(system, place), *_connections(system, place), *_outage_data(system, place)]
    found += _capacity(system, place)
    point = base_point(system)
    found += _peak(system, point, place)
    return sorted(found, key=lambda problem: problem.kind != "error")


def _told(place: str, table: str, column: str, rows: B1, names: Any, what: str, mend: str) -> Iterator[Problem]:
    """A warning that names the first rows, if there is one."""
    found = [str(name) for name in names[rows]]
    if found:
        more = f" and {len(found) - N_NAMED} more" if len(found) > N_NAMED else ""
        yield _problem(place, table, column, f"{', '.join(found[:N_NAMED])}{more}: {what}", mend)


def _problem(
    place: str, table: str, column: str, value: str, mend: str, kind: Literal["error", "warning"] = "warning"
) -> Problem:
    return Problem(f"{place}/{table}.csv", 0, column, value, mend, kind)


def _outside(values: Any, bounds: tuple[float, float]) -> B1:
    return np.asarray((values < bounds[0]) | (values > bounds[1]), dtype=np.bool_)


def _impedances(system: GridSystem, place: str) -> Iterator[Problem]:
    lines, trafos = system.lines, system.transformers
    what = f"outside {X_OHM_PER_KM[0]:g} to {X_OHM_PER_KM[1]:g} ohm/km"
    yield from _told(
        place, "lines", "x_ohm_per_km", _outside(lines.x_ohm_per_km, X_OHM_PER_KM), lines.name, what,
        "give ohm per km of one circuit, not per unit or the whole line",
    )  # fmt: skip
    ratio = np.divide(lines.x_ohm_per_km, lines.r_ohm_per_km, out=np.ones(len(lines)), where=lines.r_ohm_per_km > 0)
    what = f"x / r outside {X_TO_R[0]:g} to {X_TO_R[1]:g}"
    mend = "check that r and x are not exchanged and have one unit"
    yield from _told(place, "lines", "r_ohm_per_km", _outside(ratio, X_TO_R), lines.name, what, mend)
    heavy = lines.c_nf_per_km > CHARGING_NF_PER_KM
    what = f"charging of more than {CHARGING_NF_PER_KM:,.0f} nF/km"
    yield from _told(place, "lines", "c_nf_per_km", heavy, lines.name, what, "give nF per km of one circuit")
    rating = np.where(np.isfinite(system.branch_normal_mw), system.branch_normal_mw, 0.0)
    stiff = (rating * system.branch_x_pu)[: len(lines)] > MOST_RATING
    what = f"rated at more than {MOST_RATING:g} times what its reactance lets through"
    yield from _told(
        place, "lines", "length_km", stiff, lines.name, what, "check length_km, max_i_ka and the bus's vn_kv"
    )
    what = f"outside {VK_PERCENT[0]:g} to {VK_PERCENT[1]:g} %"
    mend = "give per cent on sn_mva"
    yield from _told(
        place, "transformers", "vk_percent", _outside(trafos.vk_percent, VK_PERCENT), trafos.name, what, mend
    )


def _connections(system: GridSystem, place: str) -> Iterator[Problem]:
    n = len(system.buses)
    degree = np.bincount(system.branch_from[system.branch_in_service], minlength=n)
    degree += np.bincount(system.branch_to[system.branch_in_service], minlength=n)
    isolated = (degree == 0) & (n > 1)
    mend = "connect it by a line or transformer in service, or leave it out"
    yield from _told(place, "buses", "name", isolated, system.buses.name, "nothing connects it", mend)


def _outage_data(system: GridSystem, place: str) -> Iterator[Problem]:
    gens = system.generators
    matters = gens.in_service & (gens.p_max_mw > 0.0)
    without = matters & np.isnan(gens.mttf_h)
    if matters.any() and (without == matters).all():
        what = "no machine has outage data: adequacy finds that none fails"
        yield _problem(place, "generators", "mttf_h", what, "give mttf_h and mttr_h")
    else:
        yield from _told(place, "generators", "mttf_h", without, gens.name, "never fails", "give mttf_h and mttr_h")


def _capacity(system: GridSystem, place: str) -> Iterator[Problem]:
    gens, borders = system.generators, system.borders
    _, available = machine_bounds(system, peak_hour(system))
    peak = float(np.where(system.loads.in_service, system.loads.p_mw, 0.0).sum()) * (1.0 + system.loss_share)
    own = float(available.sum())
    abroad = float(borders.limit_import_mw[borders.in_service].sum())
    stores = float(system.storages.p_discharge_mw[system.storages.in_service].sum())
    if own + abroad + stores < peak:
        others = f"{abroad + stores:,.0f} MW from borders and stores"
        value = f"{own:,.0f} MW available at the peak, {others}, for {peak:,.0f} MW"
        yield _problem(
            place, "generators", "p_max_mw", value, "give the machines that are missing, or less load", "error"
        )
        return
    if len(gens) and own + abroad + stores - peak < available.max():
        largest = gens.name[int(available.argmax())]
        left = own + abroad + stores - peak
        most = f"the largest machine, {largest} ({available.max():,.0f} MW)"
        value = f"a reserve of {left:,.0f} MW at the peak, less than {most}"
        yield _problem(place, "generators", "p_max_mw", value, "check capacity and peak; its loss leaves load unserved")


def _peak(system: GridSystem, point: OperatingPoint, place: str) -> Iterator[Problem]:
    """Dispatch and AC power flow of the winter peak."""
    from gridsim.solvers.ac import AcModel

    wanted = np.where(system.loads.in_service, system.loads.p_mw, 0.0)
    unserved = float((wanted - point.p_load_mw).sum())
    if unserved > 0.5:
        value = f"{unserved:,.0f} MW of the peak are not served within ratings and limits"
        yield _problem(place, "loads", "p_mw", value, "check ratings, limits and what machines can give at the peak")
    if not point.p_load_mw.any():
        return
    solution = AcModel(system, base=point).solve(point)
    if not solution.converged:
        value = f"no power flow at the peak: {solution.reason or 'no island has a source that holds voltage'}"
        yield _problem(
            place, "lines", "", value, "check impedances, ratings and reactive ranges near these buses", "error"
        )
        return
    if solution.rung == "relaxed_q":
        yield _problem(place, "generators", "q_max_mvar", f"at the peak {solution.reason}", "give Mvar or shunts there")
    over = solution.loading_percent > 100.0 * (1.0 + 1e-6)
    n_lines, worst = len(system.lines), float(solution.loading_percent.max(initial=0.0))
    what, mend = f"over the rating at the peak (up to {worst:.0f} %)", "check ratings and load; kA of one circuit"
    yield from _told(place, "lines", "max_i_ka", over[:n_lines], system.lines.name, what, mend)
    what = f"over the rating at the peak (up to {worst:.0f} %)"
    trafos = system.transformers
    yield from _told(place, "transformers", "sn_mva", over[n_lines:], trafos.name, what, "check sn_mva and load")
    vm = solution.vm_pu
    odd = (vm < system.buses.vm_min_pu - 1e-6) | (vm > system.buses.vm_max_pu + 1e-6)
    yield from _told(
        place, "buses", "vm_min_pu", odd, system.buses.name, "out of the voltage range at the peak",
        "check setpoints, reactive ranges and shunts",
    )  # fmt: skip
