"""Storms of a season as common causes of the sampler: one draw per corridor, all of a storm at once.

A storm breaks each corridor inside its track with a chance of its own. What falls together is a pattern, a set of
corridors, and each pattern is a cause that comes as often as storms with just that outcome: a Poisson course marked
by its outcome is one course for each of them. Sets of up to three corridors are kept where they are not too rare; what
the rest would add goes to smaller sets, so that every corridor falls as often as it should.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import lru_cache
from itertools import combinations

import numpy as np

from gridsim.model.outages import CommonCause, Component, State, month_of_hours
from gridsim.model.storms import HOURS_PER_YEAR, season_chances, season_months
from gridsim.model.system import GridSystem

KIND = "storm"
RAREST = 5e-4  # of all storms of a track: rarer sets of corridors are not told apart
_MOST_TOGETHER = 3
_ALL_YEAR = 12

Corridor = tuple[str, ...]


def storm_causes(system: GridSystem, start: dt.datetime, n_hours: int) -> tuple[CommonCause, ...]:
    """Common causes of the storms that come by themselves (``per_year`` of storm_tracks.csv), for hours from ``start``.

    All corridors of a pattern are back together, after ``repair_h`` on the mean.
    """
    tracks = system.storm_tracks
    causes: list[CommonCause] = []
    for track in np.flatnonzero(tracks.per_year > 0.0).tolist():
        months = season_months(int(tracks.from_month[track]), int(tracks.to_month[track]))
        inside = np.isin(month_of_hours(start, n_hours), list(months)).astype(np.float64)
        per_h = float(tracks.per_year[track]) / (HOURS_PER_YEAR * len(months) / _ALL_YEAR)
        for corridors, chance in patterns_of(system, track).items():
            component = Component(
                KIND,
                f"{tracks.name[track]}:{'+'.join(circuits[0] for circuits in corridors)}",
                (State(0.0, 1.0 / (per_h * chance)), State(1.0, float(tracks.repair_h[track]))),
                rate_factor=None if len(months) == _ALL_YEAR else inside,
            )
            lost = {circuit: 1.0 for circuits in corridors for circuit in circuits}
            causes.append(CommonCause(component, lost_share=lost))
    return tuple(causes)


@lru_cache(maxsize=64)
def patterns_of(system: GridSystem, track: int) -> Mapping[tuple[Corridor, ...], float]:
    """Sets of corridors of a track -> chance that a storm breaks just them, of storms that come by themselves."""
    return patterns(season_chances(system, track))


def patterns(chance: Mapping[Corridor, float]) -> dict[tuple[Corridor, ...], float]:
    """Sets of corridors -> chance of each, as independent draws with ``chance`` give them.

    A set's chance is that its corridors fall, less those of the larger sets that hold it: what each corridor has in
    all is exact, and so is each pair, as long as no larger set takes more than there is.
    """
    left: dict[tuple[Corridor, ...], float] = {}
    for size in range(1, _MOST_TOGETHER + 1):
        for together in combinations(sorted(chance), size):
            whole = float(np.prod([chance[one] for one in together]))
            if size == 1 or whole >= RAREST:
                left[together] = whole
    for larger in sorted(left, key=len, reverse=True):
        for size in range(len(larger) - 1, 0, -1):
            for smaller in combinations(larger, size):
                if smaller in left:
                    left[smaller] -= left[larger]
    return {together: share for together, share in left.items() if share > 0.0}
