"""Firm capacity that would meet a reliability standard: perfect machines where power is short, by the same samples."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from gridsim.errors import StudyError, nearest
from gridsim.model.table import F8
from gridsim.reliability.additions import with_perfect
from gridsim.reliability.assess import assess
from gridsim.reliability.credit_sampled import SampledRisk, standard_error
from gridsim.reliability.methods import Exact, Level, SequentialMonteCarlo
from gridsim.reliability.system import AdequacySystem
from gridsim.reliability.weather_years import WeatherYears

_WITHIN = 0.005  # of what is found
_LEAST_MW = 0.1
_MOST_DOUBLINGS = 12  # 131 GW
_FIRST_MW = 64.0


@dataclass(frozen=True)
class FirmCapacity:
    """Capacity that never fails, MW, with which ``metric`` stands at its ``limit``; 0 where it is met as it is.

    ``value``: the metric without it. ``stderr_mw``: by the slope of the metric there; 0 of exact numbers. ``mw`` is
    None where no capacity at these places would do: what is short does not lie there.
    """

    metric: str
    limit: float
    value: float
    mw: float | None
    stderr_mw: float
    n: int


def firm_capacity(
    system: AdequacySystem | WeatherYears,
    method: SequentialMonteCarlo | Exact,
    metric: str,
    limit: float,
    share_of_zone: Mapping[str, float] | None = None,
) -> FirmCapacity:
    """The least firm capacity that brings ``metric`` (EUE, LOLH, LOLEv of a year) down to ``limit``.

    ``share_of_zone``: how it is shared among the zones (their share of EUE, say), in each at its largest load; by
    default as the loads are. Levels copper and zonal.
    """
    if metric not in ("EUE", "LOLH", "LOLEv"):
        raise StudyError(f"firm capacity: no metric '{metric}'; give one of EUE, LOLH, LOLEv")
    if Level(method.level) is Level.NODAL:
        raise StudyError("firm capacity: is for level copper and zonal, where a place is a zone")
    if not limit > 0.0:
        raise StudyError(f"limit: {limit}; give more than 0")
    normal = system.first if isinstance(system, WeatherYears) else system
    share = _shares(normal, share_of_zone)
    if isinstance(method, Exact):
        if isinstance(system, WeatherYears):
            raise StudyError("firm capacity: exact is not for weather years; use SequentialMonteCarlo")

        def at(mw: float) -> F8:
            changed = with_perfect(normal, mw, share) if mw > 0.0 else normal
            return np.array([assess(changed, method).metric(metric).value or 0.0])
    else:
        risk = SampledRisk(system, lambda unchanged: unchanged, metric, method)

        def at(mw: float) -> F8:
            return risk.at(perfect_mw=mw, share_of_bus=share)

    values = at(0.0)
    value, n = float(values.mean()), 0 if isinstance(method, Exact) else method.budget
    if value <= limit:
        return FirmCapacity(metric, limit, value, 0.0, 0.0, n)
    low, high, before = 0.0, _FIRST_MW, value
    for _ in range(_MOST_DOUBLINGS):
        values = at(high)
        if values.mean() <= limit:
            break
        low, before, high = high, float(values.mean()), 2.0 * high
    else:
        return FirmCapacity(metric, limit, value, None, 0.0, n)
    met = float(values.mean())
    while high - low > max(_WITHIN * high, _LEAST_MW):
        middle = _between(low, high, before, met, limit)
        values = at(middle)
        mean = float(values.mean())
        if mean > limit:
            low, before = middle, mean
        else:
            high, met = middle, mean
    slope = (before - met) / (high - low)
    stderr = standard_error(values) / slope if n > 1 and slope > 0.0 else 0.0
    return FirmCapacity(metric, limit, value, high, stderr, n)


def _between(low: float, high: float, above: float, below: float, limit: float) -> float:
    """MW at which logarithms would meet the limit, kept off the ends: the interval falls by a tenth at least."""
    part = 0.5
    if below > 0.0:
        part = math.log(above / limit) / math.log(above / below)
    return low + min(max(part, 0.1), 0.9) * (high - low)


def _shares(system: AdequacySystem, share_of_zone: Mapping[str, float] | None) -> F8:
    """(n_buses,) shares that sum to 1."""
    load = np.asarray(system.load_mw.max(axis=0), dtype=float)
    if not share_of_zone:
        return load / load.sum()
    unknown = sorted(set(share_of_zone) - set(system.areas))
    if unknown:
        raise StudyError(f"share_of_zone: no zone '{unknown[0]}'; {nearest(unknown[0], system.areas)}")
    share = np.zeros(len(system.buses))
    total = sum(share_of_zone.values())
    for zone, part in share_of_zone.items():
        of_zone = np.where(system.bus_area == system.areas.index(zone), load, -1.0)
        share[int(np.argmax(of_zone))] += part / total
    return share
