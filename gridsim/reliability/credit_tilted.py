"""Sampled credits by tilted snapshots: hours and outages drawn as they are where the addition matters, then weighted.

EFC asks for the risk that an addition leaves, which may be a thousandth of what there was: years as they come do not
show it. Where hours stand alone EUE and LOLH are sums over hours, and a snapshot of an hour and of all outages is a
sample. It is drawn from a mixture of tilts towards shortages of the system without the addition, as it is and with half
of its size and all of it beside, and counts with its likelihood ratio (``kernels.snapshots``), so that the means are
those of years. Both sides of a comparison see the same snapshots, and a snapshot serves every size that is tried.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from gridsim.errors import StudyError
from gridsim.kernels.availability import SnapshotModel
from gridsim.kernels.shortfall import SupplyCase
from gridsim.kernels.snapshots import States, Tilt, draw_tilted, new_states
from gridsim.kernels.zonal_case import ZonalCase
from gridsim.model.outages import Component
from gridsim.model.pack_outages import snapshot_model
from gridsim.reliability.additions import with_load, with_perfect
from gridsim.reliability.areas import areas_of, lacks_areas
from gridsim.reliability.credit_conditional import ADDITIVE, Mixture, mixture_of
from gridsim.reliability.methods import Level
from gridsim.reliability.pack import of_one_type, supply_case, zonal_case, zonal_components
from gridsim.reliability.samplers import COPPER_TOLERANCE_MW, NETWORK_TOLERANCE_MW
from gridsim.reliability.short_hours import Places, ShortHours, hours_stand_alone, joined, shortage_mw
from gridsim.reliability.system import AdequacySystem
from gridsim.reliability.tilt import Pocket, copper_pocket, pockets_around, tilt_towards

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]
Change = Callable[[AdequacySystem], AdequacySystem]
Changed = tuple[Change, float]  # with its share of the addition's states

JOB = 4096  # snapshots drawn and evaluated at a time
UNTILTED = 0.1  # part of the mixture in which machines are as they are: shortages out of the addition's reach
SHIFTS = (-0.5, 0.0, 0.5, 1.0)  # of the addition's size there beside the system whose shortages are tilted towards
LOADS = (-1.0, -0.5, 0.0)  # the same, beside a system with the addition
MOST_WEIGHT_ERRORS = 3.3  # standard errors of the mean likelihood ratio from 1


def components_at(system: AdequacySystem, level: Level) -> tuple[Component, ...]:
    """Components that fail at a level, in the order of its elements."""
    if level is Level.COPPER:
        return system.unit_component
    return zonal_components(system, areas_of(system, merged=False))


def case_at(system: AdequacySystem, level: Level) -> SupplyCase | ZonalCase:
    """A system as the kernels take it."""
    if level is Level.COPPER:
        place = np.zeros(len(system.buses), dtype=np.int32)
        return of_one_type(supply_case(system, place, 1, len(system.unit_name), COPPER_TOLERANCE_MW))
    return of_one_type(zonal_case(system, areas_of(system, merged=False), NETWORK_TOLERANCE_MW))


def no_tilt_because(without: AdequacySystem, with_addition: AdequacySystem, metric: str, level: Level) -> str | None:
    """Cause that keeps a credit from tilted snapshots, as words that follow "for"; None if there is none."""
    if metric not in ADDITIVE:
        return f"{metric}, which is no sum over hours"
    for system in (without, with_addition):
        if not hours_stand_alone(system):
            return "hours that hang together"
        if level is Level.ZONAL and lacks_areas(system):
            return "level zonal of branches without areas"
        if any(c.rate_factor is not None or c.unavailability is not None for c in components_at(system, level)):
            return "failures that follow the hour"
    if without.n_hours != with_addition.n_hours:
        return "two systems of different hours"
    drawn = {(c.kind, c.name): c.states for c in components_at(with_addition, level)}
    if any(c.fails and drawn.get((c.kind, c.name)) != c.states for c in components_at(without, level)):
        return "machines or lines that fail in one system alone"
    return None


@dataclass(frozen=True, eq=False)
class TiltedDraws:
    """``n`` tilted snapshots of the components, the same for every system whose outages are among theirs."""

    components: tuple[Component, ...]
    model: SnapshotModel
    tilt: Tilt
    n_hours: int
    level: Level
    seed: int
    n: int
    workers: int

    def jobs(self) -> Iterator[tuple[int, int]]:
        """First snapshot and number of each job."""
        return ((first, min(JOB, self.n - first)) for first in range(0, self.n, JOB))

    def states(self, first: int, n: int) -> States:
        """Snapshots ``first``, a multiple of four, and following; rows beyond ``n`` fill the last group of four."""
        states = new_states(n, len(self.model.id_lo))
        draw_tilted(self.model, self.tilt, np.uint64(self.seed), first, self.n_hours, states)
        return states

    def weight(self) -> F8:
        """(n,) likelihood ratios."""
        with ThreadPoolExecutor(self.workers) as executor:
            parts = executor.map(lambda job: self.states(*job).weight[: job[1]], self.jobs())
            return np.concatenate(list(parts))

    def short_hours(self, system: AdequacySystem) -> ShortHours:
        """The snapshots in which the system is short, with its losses by place."""
        case = case_at(system, self.level)
        places, column = Places(case), self._columns(system)
        felt = np.flatnonzero(column >= 0)

        def short(job: tuple[int, int]) -> ShortHours:
            first, n = job
            states = self.states(first, n)
            share = np.zeros((len(places.supply.element_area), n))
            share[felt] = states.lost[:n, column[felt]].T
            hour = states.hour[:n]
            found = ShortHours(np.arange(first, first + n), hour, places.lost(share, hour), n)
            return found.chosen(shortage_mw(case, found) > 0.0)

        with ThreadPoolExecutor(self.workers) as executor:
            return joined(list(executor.map(short, self.jobs())))

    def _columns(self, system: AdequacySystem) -> I8:
        """(n_elements,) component of the draws that each element fails with, -1 if it does not fail."""
        return _columns(self.components, components_at(system, self.level))


def _columns(drawn: tuple[Component, ...], components: tuple[Component, ...]) -> I8:
    place = {(c.kind, c.name): k for k, c in enumerate(drawn)}
    return np.array([place[c.kind, c.name] if c.fails else -1 for c in components], dtype=np.int64)


def tilted_draws(
    without: AdequacySystem,
    with_addition: AdequacySystem,
    names: Collection[str],
    at_bus_mw: F8,
    metric: str,
    level: Level,
    *,
    seed: int,
    n: int,
    workers: int,
) -> TiltedDraws | None:
    """Snapshots for the credit of the named machines of ``with_addition``; None where nothing can be short."""
    mixture = mixture_of(with_addition, names, metric)
    drawn = with_addition if mixture is None else mixture.in_state(with_addition, mixture.names)
    components = components_at(drawn, level)
    model = snapshot_model(components, (), drawn.n_hours)
    shifted = _pockets(without, at_bus_mw, level, components)
    if mixture is None:  # its machines are drawn too, short again where as much load stands beside them
        own = components_at(with_addition, level)
        around = _beside(copper_pocket(with_addition), float(at_bus_mw.sum()), LOADS)
        shifted += [_over(pocket, own, components) for pocket in around]
    try:
        tilt = tilt_towards(model, shifted, metric, untilted=UNTILTED)
    except StudyError:
        return None
    return TiltedDraws(components, model, tilt, drawn.n_hours, level, seed, n, workers)


def _pockets(system: AdequacySystem, at_bus_mw: F8, level: Level, components: tuple[Component, ...]) -> list[Pocket]:
    """Pockets around the addition: as they are, and with load or a part of its size beside it."""
    around = [copper_pocket(system)] if level is Level.COPPER else pockets_around(system, at_bus_mw > 0.0)
    own = components_at(system, level)
    size_mw = float(at_bus_mw.sum())
    return [_over(of, own, components) for pocket in around for of in _beside(pocket, size_mw, SHIFTS)]


def _beside(pocket: Pocket, size_mw: float, shares: Collection[float]) -> list[Pocket]:
    """The pocket with each share of the size beside it: perfect capacity, or load where it is below zero."""
    return [pocket._replace(margin_mw=pocket.margin_mw + share * size_mw) for share in shares]


def _over(pocket: Pocket, own: tuple[Component, ...], components: tuple[Component, ...]) -> Pocket:
    """The pocket of a system's own components as one of the drawn ones."""
    worth_mw = np.zeros(len(components))
    column = _columns(components, own)[: len(pocket.worth_mw)]
    felt = column >= 0
    worth_mw[column[felt]] = pocket.worth_mw[felt]
    return pocket._replace(worth_mw=worth_mw)


class TiltedRisk:
    """A metric of a system, changed, over the same snapshots for every amount of load or capacity beside it.

    As ``SampledRisk``, which draws years: ``at`` is the contribution of each snapshot, (n,), with the metric as mean.
    """

    is_dear = False  # whatever is tried, the draws are kept

    def __init__(
        self,
        system: AdequacySystem,
        change: Change,
        metric: str,
        draws: TiltedDraws,
        weight: F8,
        names: Collection[str] = (),
        reserve_mw: float = 0.0,
    ) -> None:
        self._system, self._change, self._metric, self._names = system, change, metric, names
        self._draws, self._weight, self._reserve_mw = draws, weight, reserve_mw
        mixture = mixture_of(change(system), names, metric)
        self._states: list[Changed] = [(change, 1.0)]
        self._hardest = change
        if mixture is not None:
            self._states = [(partial(_in_state, mixture, out, change), share) for share, out in mixture.states]
            hardest = max(range(len(self._states)), key=lambda state: len(mixture.states[state][1]))
            self._hardest = self._states[hardest][0]
        self._hours: dict[float, ShortHours] = {}  # of the hardest state, by the load under which they are short

    @property
    def n_years(self) -> int:
        """Samples."""
        return self._draws.n

    def of_years(self, n: int) -> TiltedRisk:
        """The first ``n`` of the samples."""
        draws = replace(self._draws, n=n)
        return TiltedRisk(self._system, self._change, self._metric, draws, self._weight[:n], self._names)

    def expecting(self, load_mw: float) -> TiltedRisk:
        """The same with so much load to be expected."""
        return TiltedRisk(self._system, self._change, self._metric, self._draws, self._weight, self._names, load_mw)

    def at(self, load_mw: float = 0.0, perfect_mw: float = 0.0, share_of_bus: F8 | None = None) -> F8:
        """The contributions with load or perfect capacity beside the system."""
        hours = self._hours_of(load_mw)
        value = np.zeros(self._draws.n)
        for change, share in self._states:
            system = change(self._system)
            if share_of_bus is not None and perfect_mw > 0.0:
                system = with_perfect(system, perfect_mw, share_of_bus)
            if load_mw > 0.0:
                system = with_load(system, load_mw)
            short_mw = shortage_mw(case_at(system, self._draws.level), hours)
            if perfect_mw == 0.0 and change is self._hardest and load_mw not in self._hours:
                self._hours[load_mw] = hours.chosen(short_mw > 0.0)
            amount = short_mw if self._metric == "EUE" else (short_mw > 0.0).astype(np.float64)
            value[hours.sample] += share * self._draws.n_hours * self._weight[hours.sample] * amount
        return value

    def _hours_of(self, load_mw: float) -> ShortHours:
        """Hours of the snapshots that are short under at least so much load, whatever the addition's state."""
        if not self._hours or load_mw > max(self._hours):
            recorded_mw = max(self._reserve_mw, load_mw)
            system = self._hardest(self._system)
            if recorded_mw > 0.0:
                system = with_load(system, recorded_mw)
            self._hours = {recorded_mw: self._draws.short_hours(system)}
        return self._hours[min(load for load in self._hours if load >= load_mw)]


def _in_state(mixture: Mixture, out: frozenset[str], change: Change, system: AdequacySystem) -> AdequacySystem:
    return mixture.in_state(change(system), out)


def weights_hold(weight: F8) -> bool:
    """Whether the mean likelihood ratio is 1 within its error."""
    stderr = float(weight.std(ddof=1)) / np.sqrt(len(weight))
    return abs(float(weight.mean()) - 1.0) <= MOST_WEIGHT_ERRORS * stderr + 1e-12
