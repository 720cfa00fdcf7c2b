"""Terms of the samplers for rare events: one sample of each, and of a difference the level below on the same draws."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels.shortfall import DAYS, ENERGY, EVENTS, HOURS, PEAKS
from gridsim.kernels.snapshots import Chains, States, Tilt, chosen, step_states
from gridsim.reliability.samplers import SampleSource
from gridsim.reliability.snapshots import CopperSnapshots, Snapshots
from gridsim.reliability.system import AdequacySystem
from gridsim.reliability.weather_years import WeatherYears

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]

DAY_H = 24
MOST_AROUND_H = 72  # hours either way of a short hour that its event is followed
SourceOf = Callable[[AdequacySystem], SampleSource]


class Pairs(NamedTuple):
    """Samples of a term: totals of the level and of the one below, (n, n_scopes, 5) each, and likelihood ratios (n,),
    which the totals already hold.
    """

    upper: F8
    lower: F8 | None
    weight: F8 | None


class Term(Protocol):
    """One level as a sampler draws it.

    lower_scopes : scopes of ``Pairs.lower``, empty for the lowest level
    job, granule, first : samples of a job, of which numbers are multiples, and before the first look
    unseen : samples of a difference that must be drawn before few contributions are believed to be all there is
    controls : columns of the level below that every column may lean on beside its own
    pilot : samples from which coefficients are taken;  cost : of a sample, in copper-plate years or so
    """

    name: str
    scopes: tuple[str, ...]
    demand_mwh: F8
    lower_scopes: tuple[str, ...]
    job: int
    granule: int
    first: int
    pilot: int
    unseen: int
    cost: float
    is_tilted: bool
    controls: tuple[int, ...]

    def run(self, first: int, n: int) -> Pairs: ...

    def dispatches(self) -> int: ...


def _dispatches(source: object) -> int:
    counted = source.diagnostics() if hasattr(source, "diagnostics") else {}
    return int(counted.get("dispatches", 0))


class TiltedTerm:
    """Tilted snapshots of a level; with ``lower`` the copper plate's shortfall in the same states."""

    job = 1024
    granule = 1024
    first = 1024
    unseen = 16_384
    is_tilted = True
    controls: tuple[int, ...] = (HOURS, ENERGY)

    def __init__(self, name: str, source: Snapshots, tilt: Tilt, lower: CopperSnapshots | None, cost: float) -> None:
        self.name, self.source, self.tilt, self.lower, self.cost = name, source, tilt, lower, cost
        self.scopes, self.demand_mwh = source.scopes, source.demand_mwh
        self.lower_scopes: tuple[str, ...] = () if lower is None else lower.scopes
        self.pilot = 0 if lower is None else 128

    def run(self, first: int, n: int) -> Pairs:
        states = self.source.drawn(first, n, self.tilt)
        upper = self.source.shortfall(states, first)
        lower = None if self.lower is None else self.lower.shortfall(states, first)
        return Pairs(upper, lower, states.weight)

    def dispatches(self) -> int:
        return _dispatches(self.source)


class EventTerm(TiltedTerm):
    """Tilted snapshots with the hours around each short one, drawn untilted from its state both ways.

    An hour of an event of D hours, one of N short hours of its day, counts w/N days, w/D of the event's largest MW, and
    w/2 events for each end of the event that it is: as many events begin as end.
    """

    job = 8192

    def __init__(self, name: str, source: Snapshots, tilt: Tilt, chains: Chains, cost: float) -> None:
        super().__init__(name, source, tilt, None, cost)
        self.chains = chains
        self.n_hours = source.system.n_hours

    def run(self, first: int, n: int) -> Pairs:
        states = self.source.drawn(first, n, self.tilt)
        total = self.source.shortfall(states, first)
        rows = np.flatnonzero((total[:, :, HOURS] > 0.0).any(axis=1))
        if len(rows):
            whole = self.n_hours * states.weight[rows, None]
            total[rows] = self._around(total[rows], chosen(states, rows), first + rows, whole)
        return Pairs(total, None, states.weight)

    def _around(self, total: F8, states: States, sample: I8, whole: F8) -> F8:
        """Days, events and peaks of short hours, beside their hours and energy."""
        is_short = total[:, :, HOURS] > 0.0
        peak_mw = total[:, :, ENERGY] / whole
        duration_h, in_day = is_short.astype(np.float64), is_short.astype(np.float64)
        ends = np.zeros(is_short.shape)
        for is_back in (True, False):
            self._follow(is_back, is_short, states, sample, duration_h, in_day, ends, peak_mw)
        divided = np.where(is_short, whole, 0.0)
        total[:, :, DAYS] = divided / np.maximum(in_day, 1.0)
        total[:, :, EVENTS] = divided * ends / 2.0
        total[:, :, PEAKS] = divided * peak_mw / np.maximum(duration_h, 1.0)
        return total

    def _follow(
        self, is_back: bool, is_short: NDArray[np.bool_], states: States, sample: I8, *found: F8
    ) -> None:  # fmt: skip
        """Add what lies on one side to ``found``: hours of the event and of the day, ends of the event, largest MW."""
        duration_h, in_day, ends, peak_mw = found
        day = states.hour // DAY_H
        rows = np.arange(len(sample))
        moving = States(states.hour.copy(), states.state.copy(), states.lost.copy(), np.ones(len(rows)))
        is_open = is_short.copy()
        for step in range(MOST_AROUND_H):
            step_states(self.source.model, self.chains, self.source.seed, sample[rows], step, is_back, moving)
            inside = (moving.hour >= 0) & (moving.hour < self.n_hours)
            mw = np.zeros((len(rows), is_short.shape[1]))
            if inside.any():
                there = chosen(moving, inside)
                mw[inside] = self.source.shortfall(there, int(sample[rows[0]]))[:, :, ENERGY] / self.n_hours
            goes_on = is_open & (mw > 0.0)
            if step == 0:
                ends += is_open & ~goes_on
            duration_h[rows] += goes_on
            peak_mw[rows] = np.where(goes_on, np.maximum(peak_mw[rows], mw), peak_mw[rows])
            same_day = inside & (moving.hour // DAY_H == day[rows])
            in_day[rows] += is_short[rows] & same_day[:, None] & (mw > 0.0)
            is_open = goes_on
            kept = is_open.any(axis=1) | same_day
            rows, is_open = rows[kept], is_open[kept]
            moving = chosen(moving, kept)
            if not len(rows):
                break


class YearsTerm:
    """Chronological years of a level; with ``lower`` the years of the level below of the same draws and weather."""

    is_tilted = False
    controls: tuple[int, ...] = ()

    def __init__(
        self,
        name: str,
        system: AdequacySystem | WeatherYears,
        upper: SourceOf,
        lower: SourceOf | None,
        sizes: tuple[int, int, int, int, float],
    ) -> None:
        """``sizes``: samples of a job, before the first look, of the pilot, ``unseen``, and cost of one."""
        self.name = name
        self.job, self.first, self.pilot, self.unseen, self.cost = sizes
        self.granule = self.job
        self._upper, self._lower, self._weather = upper, lower, None
        if isinstance(system, WeatherYears):
            self._weather = system
            system = system.normal
        self._sources = (upper(system), None if lower is None else lower(system))
        self.scopes, self.demand_mwh = self._sources[0].scopes, self._sources[0].demand_mwh
        self.lower_scopes: tuple[str, ...] = () if self._sources[1] is None else self._sources[1].scopes
        if lower is None:
            self.pilot = 0

    def run(self, first: int, n: int) -> Pairs:
        if self._weather is None:
            upper, lower = self._sources
            return Pairs(upper.run(first, n).total, None if lower is None else lower.run(first, n).total, None)
        parts: list[Pairs] = []
        for sample in range(first, first + n):
            system = self._weather.in_year(self._weather.year_of(sample))
            below = None if self._lower is None else self._lower(system).run(sample, 1).total
            parts.append(Pairs(self._upper(system).run(sample, 1).total, below, None))
        lowers = [pair.lower for pair in parts if pair.lower is not None]
        return Pairs(np.concatenate([pair.upper for pair in parts]), np.concatenate(lowers) if lowers else None, None)

    def dispatches(self) -> int:
        return _dispatches(self._sources[0])
