"""The dispatch problem for programs: names in, frames out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from gridsim.errors import StudyError, nearest
from gridsim.kernels.arrays import DispatchSolution, DispatchState
from gridsim.model.arguments import instance_of, whole_number
from gridsim.model.checks import check_system
from gridsim.model.display import Card, Displayed, counted
from gridsim.model.pack import Packed, importable_mw, pack
from gridsim.model.scenario import Imports
from gridsim.model.system import GridSystem
from gridsim.model.table import F8, I4
from gridsim.solvers.dispatch import DispatchOptions, DispatchSolver
from gridsim.weather.normal import NormalWeather

if TYPE_CHECKING:
    import pandas as pd

AT_MEND = "give one like '2026-01-14 18:00'"


@dataclass(frozen=True, eq=False, repr=False)
class DispatchResult(Displayed):
    """One answered dispatch. All MW; ``cost`` is generation cost in USD/h, unserved energy not included.

    Loads are at the bus; sources and flows carry the losses too.

    generators : name, p_mw (net of spill), spill_mw, available_mw; borders appear as sources too
    loads : name, demand_mw, unserved_mw, price_response_mw
    branches : name, flow_mw, limit_mw, price;  interfaces : name, flow_mw, limit_lo_mw, limit_hi_mw, price
    buses : name, price (USD per MWh more at the bus)
    """

    generators: pd.DataFrame
    loads: pd.DataFrame
    branches: pd.DataFrame
    interfaces: pd.DataFrame
    buses: pd.DataFrame
    cost: float
    unserved_mw: float
    status: int
    pivots: int
    solution: DispatchSolution

    def _card(self) -> Card:
        full = self.interfaces.loc[self.interfaces["price"].abs() > 0.0, "name"].tolist()
        running = self.generators.loc[self.generators["p_mw"] > 0.0, "p_mw"]
        lines = [
            f"demand {self.loads['demand_mw'].sum():,.0f} MW, unserved {self.unserved_mw:,.1f} MW",
            f"{running.sum():,.0f} MW from {counted(len(running), 'source')}",
            f"{self.cost:,.0f} USD/h",
            f"full sections: {', '.join(full)}" if full else "no section is full",
            f"frames: generators, loads, branches, interfaces, buses ({counted(len(self.buses), 'bus', 'buses')})",
        ]
        most = self.generators.sort_values("p_mw", ascending=False, kind="stable")
        rows = [
            (str(name), f"{p_mw:,.1f}", f"{available_mw:,.1f}")
            for name, p_mw, available_mw in zip(most["name"], most["p_mw"], most["available_mw"])
        ]
        return Card("DispatchResult", lines, ("source", "MW", "available MW"), rows)


def dispatch(
    system: GridSystem,
    *,
    at: dt.datetime | str | None = None,
    available_mw: ArrayLike | Mapping[str, float] | None = None,
    demand_mw: ArrayLike | Mapping[str, float] | None = None,
    outages: Sequence[str] = (),
    imports: Imports | str = Imports.CONTRACT,
    month: int = 1,
    options: DispatchOptions | None = None,
) -> DispatchResult:
    """Serve demand at least cost within ratings and section limits, shedding by class as the last resort.

    Load, sun, wind, water, heat and ratings are those of the hour ``at`` in normal weather. Losses, the system's
    ``loss_share`` of demand, are added to it; what is unserved is at the bus.

    Parameters
    ----------
    at
        Local time, by default 18:00 on a weekday in the middle of January, the evening peak.
    available_mw
        (n_gens,) MW, or MW by machine name for those that differ from what the hour lets them.
    demand_mw
        (n_loads,) MW at the bus, or MW by load name for those that differ from the hour's.
    outages
        Names of lines, transformers, machines or borders that are out.
    month
        1-12, the month of the evening peak; instead of ``at``.

    Raises StudyError for names the system does not have, wrong shapes, MW that are negative or not finite, a time that
    is none, and a month that is not 1-12. Nothing is committed: a machine that must run in a run may stand still here.
    """
    packed = pack(check_system(system))
    time = _local_time(system, at, month)
    hour = NormalWeather(system).at(time)
    generators = system.generators
    able_mw = np.where(generators.in_service, generators.p_max_mw, 0.0)
    available = _values(generators.name, able_mw * hour.gen_share, available_mw, "available_mw")
    available = np.where(generators.in_service, available, 0.0)
    load_mw = _values(system.loads.name, hour.load_mw, demand_mw, "demand_mw")
    load_mw = np.where(system.loads.in_service, load_mw, 0.0)
    border_mw = importable_mw(system, imports)
    out = _take_out(system, outages, available, border_mw)
    lo, hi = np.zeros(packed.n_columns), np.zeros(packed.n_columns)
    lo[packed.gen_columns] = np.minimum(able_mw * hour.heat_min_share, available)
    hi[packed.gen_columns], hi[packed.border_columns] = available, border_mw
    row_lo, row_hi = packed.row_limits(out, time.month, rating_factor=hour.rating_factor)
    solver = DispatchSolver(packed.case, options)
    state = DispatchState(
        topology=solver.topology(out),
        lo_mw=lo,
        hi_mw=hi,
        cost=packed.cost,
        spill_cost=packed.spill_cost_in(time.month),
        demand_mw=packed.demand_by_tier(load_mw) * (1.0 + system.loss_share),
        penalty=packed.penalty,
        row_lo_mw=row_lo,
        row_hi_mw=row_hi,
    )
    return _result(packed, state, solver.solve(state), load_mw)


def _local_time(system: GridSystem, at: dt.datetime | str | None, month: int) -> dt.datetime:
    """The hour asked for, or the evening peak of a weekday in the middle of a month."""
    month = whole_number("month", month, 1, 12)
    if at is None:
        peak = dt.datetime(system.base_year or 2001, month, 15, 18)
        return peak + dt.timedelta(days=8 - peak.isoweekday() if peak.isoweekday() > 5 else 0)
    if month != 1:
        raise StudyError(f"month: {month} beside at; give one of them")
    try:
        return dt.datetime.fromisoformat(at) if isinstance(at, str) else instance_of("at", at, dt.datetime, AT_MEND)
    except ValueError:
        raise StudyError(f"at: '{at}' is not a local time; {AT_MEND}") from None


def _values(names: ArrayLike, base: F8, given: ArrayLike | Mapping[str, float] | None, what: str) -> F8:
    names = np.asarray(names)
    values = base.copy()
    if isinstance(given, Mapping):
        at = {str(name): position for position, name in enumerate(names)}
        for name, value in given.items():
            if name not in at:
                raise StudyError(f"{what}: no '{name}'; {nearest(name, at)}")
            values[at[name]] = _numbers(value, f"{what}: '{name}'")
    elif given is not None:
        values = _numbers(given, what)
        if values.shape != base.shape:
            raise StudyError(f"{what}: shape {values.shape}; give {len(base)} values, in the system's order")
    bad = np.flatnonzero(~(values >= 0.0) | np.isinf(values))
    if len(bad):
        raise StudyError(f"{what}: {values[bad[0]]} for '{names[bad[0]]}'; give a finite MW >= 0")
    return values


def _numbers(given: ArrayLike, what: str) -> F8:
    try:
        return np.array(given, dtype=np.float64)
    except (TypeError, ValueError):
        raise StudyError(f"{what}: {given!r} is not a number; give MW") from None


def _take_out(system: GridSystem, outages: Sequence[str], available: F8, border_mw: F8) -> I4:
    """Positions of branches out, base outages included; machines and borders that are out lose their MW."""
    if isinstance(outages, str):
        raise StudyError(f"outages: '{outages}' is a text; give a list of names")
    out = set(np.flatnonzero(~system.branch_in_service).tolist())
    for name in outages:
        if system.lines.has(name):
            out.add(system.lines.position(name))
        elif system.transformers.has(name):
            out.add(len(system.lines) + system.transformers.position(name))
        elif system.generators.has(name):
            available[system.generators.position(name)] = 0.0
        elif system.borders.has(name):
            border_mw[system.borders.position(name)] = 0.0
        else:
            tables = (system.lines, system.transformers, system.generators, system.borders)
            known = [str(known) for table in tables for known in table.name]
            raise StudyError(f"outages: no line, transformer, machine or border '{name}'; {nearest(name, known)}")
    return np.array(sorted(out), dtype=np.int32)


def _result(packed: Packed, state: DispatchState, solution: DispatchSolution, load_mw: F8) -> DispatchResult:
    import pandas as pd

    system, n_branches = packed.system, packed.system.n_branches
    net = solution.p_mw - solution.spill_mw
    responsive = packed.tiers.price_responsive
    shed_mw = solution.shed_mw / (1.0 + system.loss_share)
    unserved = packed.shed_by_load(load_mw, np.where(responsive, 0.0, shed_mw))
    response = packed.shed_by_load(load_mw, np.where(responsive, shed_mw, 0.0))
    columns = np.r_[packed.gen_columns, packed.border_columns]
    return DispatchResult(
        generators=pd.DataFrame(
            {
                "name": np.concatenate([system.generators.name, system.borders.name]),
                "p_mw": net[columns],
                "spill_mw": solution.spill_mw[columns],
                "available_mw": state.hi_mw[columns],
            }
        ),
        loads=pd.DataFrame(
            {
                "name": system.loads.name,
                "demand_mw": load_mw,
                "unserved_mw": unserved,
                "price_response_mw": response,
            }
        ),
        branches=pd.DataFrame(
            {
                "name": system.branch_name,
                "flow_mw": solution.flow_mw[:n_branches],
                "limit_mw": state.row_hi_mw[:n_branches],
                "price": solution.row_price[:n_branches],
            }
        ),
        interfaces=pd.DataFrame(
            {
                "name": system.interfaces.name,
                "flow_mw": solution.flow_mw[n_branches:],
                "limit_lo_mw": state.row_lo_mw[n_branches:],
                "limit_hi_mw": state.row_hi_mw[n_branches:],
                "price": solution.row_price[n_branches:],
            }
        ),
        buses=pd.DataFrame({"name": system.buses.name, "price": solution.price}),
        cost=float(net @ packed.cost + packed.block_cost(net)),
        unserved_mw=float(unserved.sum()),
        status=int(solution.status),
        pivots=int(solution.pivots),
        solution=solution,
    )
