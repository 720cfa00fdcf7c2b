"""Exact shortfall by convolution: the copper plate without stores, and two areas joined by ties."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.errors import StudyError
from gridsim.kernels.convolution import (
    both_short,
    capacity_mass,
    continuous_entries,
    entry_frequency,
    first_cell_served,
    joint_below,
    lower_tails,
    shortage,
    tie_shortage,
)
from gridsim.kernels.shortfall import DAY_H
from gridsim.model.outages import RepairLaw, equilibrium
from gridsim.reliability.areas import Areas, areas_of, lacks_areas
from gridsim.reliability.fleet import LARGEST_STEP_MW, Fleet, Rounding, fleet_of, not_memoryless, pairs_of
from gridsim.reliability.methods import Level
from gridsim.reliability.samplers import COPPER_TOLERANCE_MW, NETWORK_TOLERANCE_MW, zone_scopes
from gridsim.reliability.system import AdequacySystem
from gridsim.results.metrics import ExactEstimate

if TYPE_CHECKING:
    import pandas as pd

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]

MOST_CELLS = 4_000_000  # of a table
MOST_OPERATIONS = 3e9  # about as many seconds on one core
MOST_JOINT_CELLS = 5_000  # of either hour; their table of pairs takes 200 MB
FREQUENCIES = ("LOLEv", "LOLEv_continuous")
EPS = float(np.finfo(np.float64).eps)
MOST_CIRCUITS = 12  # of all ties: their states are gone through one by one


class Bounded(NamedTuple):
    """Numbers by hour between proved bounds: (..., n_hours) f8 each."""

    value: F8
    low: F8
    high: F8

    def widened(self, by: F8) -> Bounded:
        """Bounds that also hold rounding errors of the arithmetic up to ``by``."""
        return Bounded(self.value, np.maximum(np.minimum(self.low, self.value) - by, 0.0), self.high + by)

    def at(self, *place: int | I8 | NDArray[np.bool_]) -> Bounded:
        """The chosen scopes or hours."""
        return Bounded(self.value[place], self.low[place], self.high[place])


@dataclass(frozen=True, eq=False)
class ExactShortfall:
    """Shortfall hour by hour, without sampling.

    scopes : names, ``system`` first;  demand_mwh : (n_scopes,)
    lolp, epns_mw : (n_scopes, n_hours)
    peak_hour : (n_days,) i8, hour of each day's largest demand
    step_h : of the hours, less than 1 where they are shorter steps
    step_mw : the grid;  is_on_grid : whether every capacity lies on it
    frequency : (n_hours,) of the system, LOLEv and LOLEv_continuous, as far as the cause is not in ``absent``
    """

    scopes: tuple[str, ...]
    demand_mwh: F8
    lolp: Bounded
    epns_mw: Bounded
    peak_hour: I8
    step_mw: float
    is_on_grid: bool
    frequency: Mapping[str, Bounded]
    absent: Mapping[str, str]
    step_h: float = 1.0

    @property
    def n_hours(self) -> int:
        return self.lolp.value.shape[1]

    def estimates(self) -> list[ExactEstimate]:
        """Every metric of every scope, with its proved bounds as the interval."""
        made: list[ExactEstimate] = []
        for scope, name in enumerate(self.scopes):
            hours, energy = self.lolp.at(scope), self.epns_mw.at(scope)
            made.append(_total("LOLH", name, hours, self.step_h, "h"))
            made.append(_total("LOLP", name, hours, 1.0 / self.n_hours, "-"))
            made.append(_total("EUE", name, energy, self.step_h, "MWh"))
            made.append(_total("EPNS", name, energy, 1.0 / self.n_hours, "MW"))
            if self.demand_mwh[scope] > 0.0:
                made.append(_total("NEUE", name, energy, 1e6 * self.step_h / float(self.demand_mwh[scope]), "ppm"))
            if scope == 0:
                made.append(_total("LOLE_peak_d", name, hours.at(self.peak_hour), 1.0, "d"))
                made += [_total(metric, name, of, 1.0, "events") for metric, of in self.frequency.items()]
        return made

    def by_hour(self) -> pd.DataFrame:
        """LOLP and mean unserved power of every hour: hour, scope, lolp, epns_mw."""
        import pandas as pd

        return pd.DataFrame(
            {
                "hour": np.tile(_hours(self.n_hours, self.step_h), len(self.scopes)),
                "scope": np.repeat(np.array(self.scopes), self.n_hours),
                "lolp": self.lolp.value.ravel(),
                "epns_mw": self.epns_mw.value.ravel(),
            }
        )

    def of_months(self, times: pd.DatetimeIndex) -> list[ExactEstimate]:
        """EUE of each calendar month of the horizon, scope ``month:1`` to ``month:12``."""
        month = np.asarray(times.month)
        energy = self.epns_mw.at(0)
        return [
            _total("EUE", f"month:{m}", energy.at(month == m), self.step_h, "MWh") for m in np.unique(month).tolist()
        ]


def _hours(n_steps: int, step_h: float) -> NDArray[Any]:
    """Start of each step in h."""
    return np.arange(n_steps) if step_h == 1.0 else np.arange(n_steps) * step_h


def _total(name: str, scope: str, hours: Bounded, factor: float, unit: str) -> ExactEstimate:
    value, low, high = (float(of.sum()) * factor for of in hours)
    adding = len(hours.value) * EPS  # all terms of one sign
    return ExactEstimate(name, scope, value, 0.0, low * (1.0 - adding), high * (1.0 + adding), unit, 0)


def exact_shortfall(
    system: AdequacySystem, level: Level, *, grid_mw: float | None = None, transitions: bool = True
) -> ExactShortfall:
    """Shortfall of a system at a level; StudyError with the cause where it is not exact.

    grid_mw
        Step of the grid of capacities, at most 1 MW; by default the largest that holds them all, else 1 MW.
    transitions
        LOLEv and LOLEv_continuous too, which take pairs of hours.
    """
    cause = not_exact_because(system, level, grid_mw)
    if cause is not None:
        raise StudyError(f"method: exact is not for {cause}; use SequentialMonteCarlo, or --method sequential")
    areas = areas_of(system, merged=level is Level.COPPER)
    fleets = _fleets(system, areas)
    if areas.n_areas == 1:
        return _one_area(system, level, fleets[0], grid_mw, transitions)
    return _two_areas(system, areas, fleets, grid_mw)


def not_exact_because(system: AdequacySystem, level: Level, grid_mw: float | None = None) -> str | None:
    """Cause that keeps a system at a level from convolution, as words that follow "for"; None if there is none."""
    if level is Level.NODAL:
        return "level nodal: every state is a dispatch of its own"
    if system.step_h != 1.0:
        return f"steps of {system.step_h:g} h, which take the place of hours"
    if system.load_forecast is not None:
        return "an error of the load forecast, whose loads are each exact by themselves"
    if system.stores:
        return f"stores ({system.stores[0].name}): they couple the hours"
    if system.common_causes:
        return f"common causes ({system.common_causes[0].component.name}): they couple machines"
    for component in system.unit_component:
        follows = component.rate_factor is not None or component.unavailability is not None
        if follows and any(state.law is not RepairLaw.EXPONENTIAL for state in component.states):
            return f"{component.name}: its failures follow the hour and its repairs are not exponential"
    if level is Level.ZONAL and lacks_areas(system):
        return "level zonal of branches without areas"
    areas = areas_of(system, merged=level is Level.COPPER)
    if areas.n_areas > 2:
        return f"{areas.n_areas} areas with {len(areas.interface_from)} ties: convolution holds two areas"
    if len(np.unique(areas.area_zone)) < areas.n_areas:
        return "a zone that an interface cuts: convolution knows one margin a zone"
    if len(areas.circuit_component) > MOST_CIRCUITS:
        return f"ties of {len(areas.circuit_component)} circuits: convolution holds {MOST_CIRCUITS}"
    fleets = _fleets(system, areas)
    cells = max(_n_cells(system, fleets, [_steps(fleet, grid_mw)[0] for fleet in fleets]))
    return f"a grid of {cells:,.0f} cells: at most {MOST_CELLS:,}" if cells > MOST_CELLS else None


def better_sampled_because(system: AdequacySystem, level: Level) -> str | None:
    """Cause for sampling: not exact, not exact within 1e-6, or dearer than sampling to 1 %; None if there is none."""
    cause = not_exact_because(system, level)
    if cause is not None:
        return cause
    areas = areas_of(system, merged=level is Level.COPPER)
    fleets = _fleets(system, areas)
    if any(fleet.step_mw() is None for fleet in fleets):
        return "capacities without a step of 0.01 MW or more in common: rounded, they are within bounds only"
    cells = _n_cells(system, fleets, [_steps(fleet, None)[0] for fleet in fleets])
    n_keys = len(np.unique(_table_keys(areas, fleets), axis=0))
    operations = sum((len(f.constant) + n_keys * len(f.varying)) * n for f, n in zip(fleets, cells, strict=True))
    if areas.n_areas == 2:
        operations += system.n_hours * sum(cells) * 2 ** len(areas.circuit_component)
    elif fleets[0].varying:
        operations += system.n_hours * cells[0]
    return f"capacities that differ in {n_keys:,} hours: sampling is cheaper" if operations > MOST_OPERATIONS else None


def _n_cells(system: AdequacySystem, fleets: list[Fleet], steps_mw: list[float]) -> list[float]:
    """Cells of each area's tables: up to its demand alone, or up to all capacity where another area may need it."""
    if len(fleets) == 1:
        highest_mw = float((_demand(system) - fleets[0].sure_mw).max(initial=0.0))
        return [highest_mw / steps_mw[0]]
    return [_most_mw(fleet) / step for fleet, step in zip(fleets, steps_mw, strict=True)]


def _most_mw(fleet: Fleet) -> float:
    return sum(float(machine.mw.max()) for machine in (*fleet.constant, *fleet.varying))


def _table_keys(areas: Areas, fleets: list[Fleet]) -> I8:
    """(n_hours, 3), row of the ties' limits and key of either area: hours alike in all three share their tables."""
    return np.column_stack([areas.limit_row, *(fleet.hour_key for fleet in fleets)]).astype(np.int64)


def _fleets(system: AdequacySystem, areas: Areas) -> list[Fleet]:
    place = areas.bus_area[system.unit_bus]
    return [fleet_of(system, np.flatnonzero(place == area).tolist()) for area in range(areas.n_areas)]


def _demand(system: AdequacySystem) -> F8:
    return np.asarray(system.load_mw.sum(axis=1))


def daily_peak_hours(system: AdequacySystem) -> I8:
    """The first hour of the largest demand of each day of a system."""
    return peak_hours(_demand(system), round(DAY_H / system.step_h))


def peak_hours(demand_mw: F8, day: int = DAY_H) -> I8:
    """The first hour of the largest demand of each day of so many hours."""
    starts = range(0, len(demand_mw), day)
    return np.array([start + int(np.argmax(demand_mw[start : start + day])) for start in starts], dtype=np.int64)


def _steps(fleet: Fleet, grid_mw: float | None) -> tuple[float, bool, tuple[Rounding, ...]]:
    """Step, whether it holds every capacity, and the roundings to take: one, or value, low and high risk."""
    found = fleet.step_mw()
    if found is not None and (grid_mw is None or abs(found / grid_mw - round(found / grid_mw)) <= 1e-9):
        return found, True, (Rounding.DOWN,)
    return grid_mw or LARGEST_STEP_MW, False, (Rounding.SPREAD, Rounding.UP, Rounding.DOWN)


def _one_area(
    system: AdequacySystem, level: Level, fleet: Fleet, grid_mw: float | None, transitions: bool
) -> ExactShortfall:
    tolerance_mw = COPPER_TOLERANCE_MW if level is Level.COPPER else NETWORK_TOLERANCE_MW
    load_mw = _demand(system)
    demand_mw = load_mw - fleet.sure_mw
    step_mw, on_grid, roundings = _steps(fleet, grid_mw)
    found = [_hourly(fleet, demand_mw, step_mw, tolerance_mw, rounding) for rounding in roundings]
    value, low, high = found if len(found) == 3 else found * 3
    noise = _roundoff([fleet], demand_mw.max() / step_mw)
    lolp = Bounded(value[0], low[0], high[0]).widened(noise * high[0])
    # unserved energy is convex in each capacity: spreading one over two cells can only add to it
    shift_mw = _shift_mw(system, [fleet], [step_mw], on_grid)
    epns_mw = Bounded(value[1], low[1], value[1]).widened(noise * value[1] + shift_mw * high[0])
    frequency: dict[str, Bounded] = {}
    absent: dict[str, str] = {}
    if transitions:
        cause = no_frequencies_because(fleet, demand_mw, step_mw, on_grid)
        if cause is None:
            frequency = _frequencies(fleet, demand_mw, step_mw, tolerance_mw, value[0], noise)
        else:
            absent = dict.fromkeys(FREQUENCIES, cause)
    scopes, demand_mwh = zone_scopes(system, merged=level is Level.COPPER)
    return ExactShortfall(
        scopes=scopes,
        demand_mwh=demand_mwh,
        lolp=Bounded(*(np.repeat(of[None], len(scopes), axis=0) for of in lolp)),
        epns_mw=Bounded(*(np.repeat(of[None], len(scopes), axis=0) for of in epns_mw)),
        peak_hour=peak_hours(load_mw),
        step_mw=step_mw,
        is_on_grid=on_grid,
        frequency=frequency,
        absent=absent,
    )


def _roundoff(fleets: list[Fleet], n_cells: float) -> float:
    """Relative rounding error of a tail: four operations for each state of a machine and for each cell."""
    n_states = sum(m.mw.shape[-1] for fleet in fleets for m in (*fleet.constant, *fleet.varying))
    return float(4 * n_states + 4 * max(n_cells, 0.0)) * EPS


def _shift_mw(system: AdequacySystem, fleets: list[Fleet], steps_mw: list[float], on_grid: bool) -> float:
    """MW by which arithmetic may shift demand less capacity: sums of loads and of profiles, products of cells, and
    capacities that are multiples of the step but for their last digits.
    """
    n_terms = len(system.buses) + len(system.unit_name) + 4
    largest = float(np.abs(system.load_mw).sum(axis=1).max())
    largest += sum(float(np.abs(fleet.sure_mw).max()) + _most_mw(fleet) for fleet in fleets)
    off = sum(fleet.off_grid_mw(step) for fleet, step in zip(fleets, steps_mw, strict=True)) if on_grid else 0.0
    return n_terms * EPS * largest + off


def _hourly(fleet: Fleet, demand_mw: F8, step_mw: float, tolerance_mw: float, rounding: Rounding) -> tuple[F8, F8]:
    """LOLP and mean unserved MW of each hour."""
    n_cells = first_cell_served(float(demand_mw.max()), step_mw, tolerance_mw)
    states = fleet.states(step_mw, rounding)
    below, area = lower_tails(capacity_mass(states.start, states.cell, states.probability, n_cells))
    lolp, epns = np.zeros(len(demand_mw)), np.zeros(len(demand_mw))
    if not fleet.varying:
        shortage(demand_mw, step_mw, tolerance_mw, below, area, np.ones(1), lolp, epns)
        return lolp, epns
    order = np.argsort(fleet.hour_key, kind="stable")
    ends = np.searchsorted(fleet.hour_key[order], np.arange(len(fleet.key_hour) + 1))
    for key in range(len(fleet.key_hour)):
        hours = order[ends[key] : ends[key + 1]]
        n_short = first_cell_served(float(demand_mw[hours].max()), step_mw, tolerance_mw)
        if n_short == 0:
            continue
        more = fleet.varying_states(key, step_mw, rounding)
        varying = capacity_mass(more.start, more.cell, more.probability, min(more.n_cells, n_short))
        of_hours, mw_of_hours = np.zeros(len(hours)), np.zeros(len(hours))
        shortage(demand_mw[hours], step_mw, tolerance_mw, below, area, varying, of_hours, mw_of_hours)
        lolp[hours], epns[hours] = of_hours, mw_of_hours
    return lolp, epns


def no_frequencies_because(fleet: Fleet, demand_mw: F8, step_mw: float, on_grid: bool) -> str | None:
    """Cause that keeps events from being counted exactly."""
    if fleet.varying:
        return f"{fleet.varying[0].component.name} fails and differs from hour to hour"
    if not on_grid:
        return "capacities are rounded to the grid"
    slow = not_memoryless(fleet)
    if slow is not None:
        return f"the states of {slow} do not last exponential times"
    n_cells = max(0.0, float(demand_mw.max())) / step_mw
    if n_cells > MOST_JOINT_CELLS:
        return (
            f"pairs of hours take {n_cells:,.0f} x {n_cells:,.0f} cells: at most {MOST_JOINT_CELLS:,} of {step_mw:g} MW"
        )
    return None


def _frequencies(
    fleet: Fleet, demand_mw: F8, step_mw: float, tolerance_mw: float, lolp: F8, noise: float
) -> dict[str, Bounded]:
    """Events that begin in each hour: by the states of successive hours, and in continuous time."""
    n_cells = first_cell_served(float(demand_mw.max()), step_mw, tolerance_mw)
    states = fleet.states(step_mw, Rounding.DOWN)
    pair_start, pair, flow = pairs_of(fleet)
    both = np.zeros(len(demand_mw))
    both_short(
        joint_below(states.start, states.cell, pair_start, pair, n_cells), demand_mw, step_mw, tolerance_mw, both
    )
    events = np.maximum(lolp - both, 0.0)
    below, _ = lower_tails(capacity_mass(states.start, states.cell, states.probability, n_cells))
    frequency = entry_frequency(states.start, states.cell, states.probability, pair_start, flow, n_cells)
    entries = np.zeros(len(demand_mw))
    continuous_entries(demand_mw, step_mw, tolerance_mw, below, frequency, entries)
    # both are differences of tails. A move to state b of a machine takes tails of the others, each at most that of all
    # machines over P(b), so that a move's two terms are at most its flow over P(b) times LOLP.
    leaving = sum(
        float((part.reshape(len(machine.mw), -1).sum(axis=0) / machine.probability).sum())
        for machine, part in zip(fleet.constant, np.split(flow, pair_start[1:])[: len(fleet.constant)], strict=True)
    )
    before = np.append(0.0, lolp[:-1])
    return {
        "LOLEv": Bounded(events, events, events).widened(2.0 * noise * (lolp + both)),
        "LOLEv_continuous": Bounded(entries, entries, entries).widened(
            noise * (lolp + before + (1.0 + 2.0 * leaving) * lolp)
        ),
    }


def _two_areas(system: AdequacySystem, areas: Areas, fleets: list[Fleet], grid_mw: float | None) -> ExactShortfall:
    load_mw = np.zeros((2, system.n_hours))
    np.add.at(load_mw, areas.bus_area, system.load_mw.T)
    demand_mw = load_mw - np.array([fleet.sure_mw for fleet in fleets])
    steps = [_steps(fleet, grid_mw) for fleet in fleets]
    on_grid = all(is_held for _, is_held, _ in steps)
    step_mw = np.array([step for step, _, _ in steps])
    roundings = (Rounding.DOWN,) if on_grid else (Rounding.SPREAD, Rounding.UP, Rounding.DOWN)
    found = [_both_areas(areas, fleets, demand_mw, step_mw, rounding) for rounding in roundings]
    value, low, high = found if len(found) == 3 else found * 3
    noise = _roundoff(fleets, sum(_most_mw(fleet) / step for fleet, step in zip(fleets, step_mw, strict=True)))
    shift_mw = _shift_mw(system, fleets, step_mw.tolist(), on_grid)
    # the system's LOLP is a sum less a part of it; what is lent is a difference whose terms were counted on the way
    lolp = Bounded(value[0], low[0], high[0]).widened(3.0 * noise * high[0])
    epns_mw = Bounded(value[1], low[1], high[1]).widened(noise * high[2] + shift_mw * high[0])
    scopes, demand_mwh = zone_scopes(system, merged=False)
    within = np.arange(len(scopes))
    return ExactShortfall(
        scopes=scopes,
        demand_mwh=demand_mwh,
        lolp=lolp.at(within),
        epns_mw=epns_mw.at(within),
        peak_hour=peak_hours(load_mw.sum(axis=0)),
        step_mw=float(step_mw.max()),
        is_on_grid=on_grid,
        frequency={},
        absent=dict.fromkeys(FREQUENCIES, "events of two areas are not counted by convolution"),
    )


def _both_areas(areas: Areas, fleets: list[Fleet], demand_mw: F8, step_mw: F8, rounding: Rounding) -> tuple[F8, F8, F8]:
    """(3, n_hours) LOLP, mean unserved MW and sum of the MW it is a difference of, of the system and of both areas."""
    n_hours = demand_mw.shape[1]
    lolp, epns, terms = np.zeros((3, n_hours)), np.zeros((3, n_hours)), np.zeros((3, n_hours))
    keys, of_hour = np.unique(_table_keys(areas, fleets), axis=0, return_inverse=True)
    for position, (row, *key_of) in enumerate(keys.tolist()):
        hours = np.flatnonzero(of_hour.reshape(-1) == position)
        tables = []
        for fleet, key, step in zip(fleets, key_of, step_mw.tolist(), strict=True):
            states = fleet.all_states(key, step, rounding)
            mass = capacity_mass(states.start, states.cell, states.probability, states.n_cells)
            tables.append((mass, *lower_tails(mass)))
        probability, forward_mw, backward_mw = tie_states(areas, row)
        both_alone = np.ones(len(hours))
        for own, other in ((0, 1), (1, 0)):
            demands = np.ascontiguousarray(demand_mw[[own, other]][:, hours])
            short, unserved_mw, terms_mw = np.zeros(len(hours)), np.zeros(len(hours)), np.zeros(len(hours))
            tie_shortage(
                demands,
                np.ascontiguousarray(step_mw[[own, other]]),
                NETWORK_TOLERANCE_MW,
                tables[own][0],
                tables[other][1],
                tables[other][2],
                tie_probability=probability,
                tie_mw=backward_mw if own == 0 else forward_mw,
                lolp_out=short,
                epns_out=unserved_mw,
                terms_out=terms_mw,
            )
            lolp[1 + own, hours], epns[1 + own, hours], terms[1 + own, hours] = short, unserved_mw, terms_mw
            below = tables[own][1]
            cells = np.ceil((demands[0] - NETWORK_TOLERANCE_MW) / step_mw[own]).astype(np.int64)
            both_alone *= below[np.clip(cells, 0, len(below) - 1)]
        # both areas are short together exactly where each is so by itself: neither has anything to give
        lolp[0, hours] = lolp[1, hours] + lolp[2, hours] - both_alone
    epns[0], terms[0] = epns[1] + epns[2], terms[1] + terms[2]
    return lolp, epns, terms


def tie_states(areas: Areas, row: int) -> tuple[F8, F8, F8]:
    """Probability of each state of all ties between area 0 and area 1, and the MW they pass from 0 to 1 and back."""
    ties: list[list[tuple[float, float, float]]] = []
    for interface in range(len(areas.interface_from)):
        circuits = np.flatnonzero(areas.circuit_interface == interface)
        n_out = np.array([1.0])
        for circuit in circuits:
            component = areas.circuit_component[circuit]
            share_out = float(equilibrium(component)[1]) if component.fails else 0.0
            n_out = np.convolve(n_out, [1.0 - share_out, share_out])
        first = areas.scheme_start[interface]
        forward = areas.forward_mw[row, first : first + len(n_out)]
        backward = areas.backward_mw[row, first : first + len(n_out)]
        if areas.interface_from[interface] == 1:
            forward, backward = backward, forward
        ties.append(
            [(float(p), float(f), float(b)) for p, f, b in zip(n_out, forward, backward, strict=True) if p > 0.0]
        )
    merged: dict[tuple[float, float], float] = {}
    for states in product(*ties):
        key = (round(sum(f for _, f, _ in states), 9), round(sum(b for _, _, b in states), 9))
        merged[key] = merged.get(key, 0.0) + float(np.prod([p for p, _, _ in states]))
    return (
        np.array(list(merged.values())),
        np.array([forward for forward, _ in merged]),
        np.array([backward for _, backward in merged]),
    )
