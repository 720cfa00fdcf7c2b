"""Metrics over replicates, block by block: means with standard errors, tails, and quantiles in two passes.

Blocks are folded in order (Chan, Golub and LeVeque, 1983), so a result does not depend on who ran them. What is kept
is a few numbers per metric, and eight bytes per replicate for unserved and demanded energy (tails and ratios).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gridsim.model.table import F8, sum_at
from gridsim.results.adequacy import (
    EVENT_QUANTILE,
    TAILS,
    Z_95,
    proportion_interval,
    quantile_with_interval,
    tail_mean,
)
from gridsim.results.metric_table import of_shortfall, zero_when_absent
from gridsim.results.metrics import Estimate
from gridsim.results.run_records import Columns, ColumnSpec

if TYPE_CHECKING:
    import pandas as pd

_EVENT_MEASURES = (
    ("event_duration_h", "duration_h", "h"),
    ("event_depth_mw", "peak_mw", "MW"),
    ("event_energy_mwh", "energy_mwh", "MWh"),
)
#: Columns of ``shortfall_events`` that :meth:`ReplicateMetrics.add` looks at.
EVENT_COLUMNS = ("replicate", "name", *(column for _, column, _ in _EVENT_MEASURES))
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_BINS = 1024


class ReplicateMetrics:
    """Folds blocks of ``replicate_metrics`` and ``shortfall_events``.

    Memory grows by 64 bytes per replicate and 24 per shortfall event.
    """

    def __init__(self) -> None:
        self.n = 0
        self._at: dict[tuple[str, str], int] = {}
        self._unit: list[str] = []
        self._moments = np.zeros((0, 3))  # n, mean, sum of squared deviations
        self._kept: dict[str, list[F8]] = {"EUE": [], "LOLH": [], "demand_mwh": []}
        self._events: dict[str, list[F8]] = {column: [] for _, column, _ in _EVENT_MEASURES}
        self._event_totals: list[F8] = []  # (replicates of a block, 1 + measures): number of events, sums of measures

    def add(self, block: pd.DataFrame, n_replicates: int, events: pd.DataFrame | None = None) -> None:
        """One block: columns replicate, name, scope, value, unit of ``n_replicates`` that did not fail.

        ``events``: their rows of ``shortfall_events``, EVENT_COLUMNS; without them nothing is said of events.
        """
        self.n += n_replicates
        if events is not None:
            self._add_events(np.unique(block["replicate"].to_numpy()), events[events["name"] == "system"])
        for name, kept in self._kept.items():
            rows = block[(block["name"] == name) & (block["scope"] == "system")]
            kept.append(rows.sort_values("replicate")["value"].to_numpy(dtype=float))
        groups = block.groupby(["name", "scope"], sort=True)["value"]
        stats = groups.agg(["count", "mean"])
        deviation = block["value"] - groups.transform("mean")
        stats["m2"] = (deviation**2).groupby([block["name"], block["scope"]], sort=True).sum()
        units = block.groupby(["name", "scope"], sort=True)["unit"].first()
        for key, (count, mean, m2), unit in zip(stats.index, stats.to_numpy(), units, strict=True):
            self._fold(key, unit, float(count), float(mean), float(m2))

    def _add_events(self, replicates: NDArray[np.int32], events: pd.DataFrame) -> None:
        of = np.searchsorted(replicates, events["replicate"].to_numpy())
        totals = [np.bincount(of, minlength=len(replicates)).astype(float)]
        for _, column, _ in _EVENT_MEASURES:
            value = events[column].to_numpy(dtype=float)
            self._events[column].append(value)
            totals.append(sum_at(of, value, len(replicates)))
        self._event_totals.append(np.column_stack(totals))

    def _event_statistics(self) -> list[Estimate]:
        """Duration, depth and energy over all shortfall events of all replicates."""
        totals = np.concatenate(self._event_totals) if self._event_totals else np.zeros((0, 1))
        n_events = int(totals[:, 0].sum())
        found = []
        for at, (name, column, unit) in enumerate(_EVENT_MEASURES, 1):
            if n_events == 0:
                break
            values = np.concatenate(self._events[column])
            found.append(_ratio(f"{name}_mean", totals[:, at], totals[:, 0], unit))
            p95, low, high = quantile_with_interval(*np.unique(values, return_counts=True), EVENT_QUANTILE)
            stderr = (high - low) / (2.0 * Z_95) if n_events > 1 else None
            found.append(Estimate(f"{name}_p95", "system", p95, stderr, low, high, unit, n_events))
            found.append(Estimate(f"{name}_max", "system", float(values.max()), None, None, None, unit, n_events))
        return found

    def _fold(self, key: tuple[str, str], unit: str, count: float, mean: float, m2: float) -> None:
        if count == 0:
            return
        at = self._at.setdefault(key, len(self._at))
        if at == len(self._unit):
            self._unit.append(unit)
            self._moments = np.vstack([self._moments, np.zeros(3)])
        self._moments[at] = _merged(self._moments[at], np.array([count, mean, m2]))

    def estimate(self, name: str, scope: str) -> Estimate | None:
        """Mean over replicates, None if no replicate has the metric."""
        at = self._at.get((name, scope))
        if at is None:
            return None
        n, mean, m2 = self._moments[at]
        if zero_when_absent(name):
            n, mean, m2 = _merged(self._moments[at], np.array([self.n - n, 0.0, 0.0]))
        stderr = math.sqrt(max(m2, 0.0) / (n - 1) / n) if n > 1 else None
        if of_shortfall(name) and mean == 0.0:
            stderr = None  # without any shortfall in n replicates no error can be stated
        return _estimate(name, scope, float(mean), stderr, self._unit[at], int(n))

    def estimates(self) -> list[Estimate]:
        """All metrics in order of name and scope; those of the whole distribution of unserved energy last."""
        means = [self.estimate(*key) for key in sorted(self._at)]
        if self.n <= 1:
            return [estimate for estimate in means if estimate is not None]
        found = [e for e in means if e is not None and (e.name, e.scope) != ("NEUE", "system")]
        energy = np.concatenate(self._kept["EUE"] or [np.zeros(0)])
        demand = np.concatenate(self._kept["demand_mwh"] or [np.zeros(0)])
        if len(energy) == 0:
            return found
        if len(demand) == len(energy) and demand.sum() > 0:
            found.append(_ratio("NEUE", energy * 1e6, demand, "ppm"))
        short = int((np.concatenate(self._kept["LOLH"]) > 0).sum())
        p = short / len(energy)
        stderr = math.sqrt(p * (1.0 - p) / (len(energy) - 1)) if short else None
        low, high = proportion_interval(short, len(energy))
        found.append(Estimate("P_any_shortfall", "system", p, stderr, low, high, "-", len(energy)))
        return found + _tails(energy) + self._event_statistics()


def _merged(a: NDArray[Any], b: NDArray[Any]) -> F8:
    n = a[0] + b[0]
    if n == 0:
        return np.zeros(3)
    step = b[1] - a[1]
    return np.array([n, a[1] + step * b[0] / n, a[2] + b[2] + step**2 * a[0] * b[0] / n])


def _estimate(name: str, scope: str, value: float, stderr: float | None, unit: str, n: int) -> Estimate:
    if stderr is None:
        return Estimate(name, scope, value, None, None, None, unit, n)
    return Estimate(name, scope, value, stderr, value - Z_95 * stderr, value + Z_95 * stderr, unit, n)


def _ratio(name: str, top: F8, bottom: F8, unit: str) -> Estimate:
    """Ratio of means over replicates; standard error by the delta method."""
    ratio, n = float(top.mean() / bottom.mean()), len(top)
    spread = float((((top - top.mean()) - ratio * (bottom - bottom.mean())) ** 2).sum())
    stderr = math.sqrt(spread / (n - 1) / n) / float(bottom.mean())
    return _estimate(name, "system", ratio, stderr if ratio > 0 else None, unit, n)


def _tails(energy: F8) -> list[Estimate]:
    """VaR from order statistics, CVaR by Rockafellar and Uryasev; absent errors where no replicate is short."""
    value, count = np.unique(energy, return_counts=True)
    found = []
    for label, share in TAILS:
        at_risk, low, high = quantile_with_interval(value, count, share)
        known = energy.max() > 0
        stderr = (high - low) / (2.0 * Z_95) if known else None
        bounds = (low if known else None, high if known else None)
        found.append(Estimate(f"VaR_{label}", "system", at_risk, stderr, bounds[0], bounds[1], "MWh", len(energy)))
        beyond, error = tail_mean(value, count, share)
        found.append(_estimate(f"CVaR_{label}", "system", beyond, error if known else None, "MWh", len(energy)))
    return found


class TwoPassQuantiles:
    """Quantiles of many cells without keeping values: a first pass finds ranges, a second counts in 1,024 bins.

    Values equal to a cell's smallest are counted apart, so a quantile among them (no shortfall, say) is exact; any
    other is exact to a 1,024th of the cell's range.
    """

    def __init__(self, n_cells: int):
        self.low = np.full(n_cells, np.inf)
        self.high = np.full(n_cells, -np.inf)
        self.count = np.zeros((n_cells, _BINS + 1), dtype=np.int64)

    def first(self, values: F8) -> None:
        """(n, n_cells) values of some replicates; NaN where a cell has none."""
        self.low = np.fmin(self.low, np.fmin.reduce(values, axis=0))
        self.high = np.fmax(self.high, np.fmax.reduce(values, axis=0))

    def second(self, values: F8) -> None:
        """The same values again."""
        width = np.where(self.high > self.low, (self.high - self.low) / _BINS, 1.0)
        known = np.isfinite(values)
        at = np.where(known, values - self.low, 0.0) / width
        bins = np.where(values <= self.low, 0, np.minimum(at.astype(np.int64), _BINS - 1) + 1)
        cell = np.broadcast_to(np.arange(values.shape[1]), values.shape)
        flat = (cell * (_BINS + 1) + bins)[known]
        self.count += np.bincount(flat, minlength=self.count.size).reshape(self.count.shape)

    def quantile(self, level: float) -> F8:
        """(n_cells,) smallest value with at least ``level`` of the values at or below it; NaN without values."""
        cumulative = np.cumsum(self.count, axis=1)
        low, high = (np.where(cumulative[:, -1] > 0, bound, np.nan) for bound in (self.low, self.high))
        rank = np.maximum(np.ceil(level * cumulative[:, -1] - 1e-9), 1.0)
        at = np.argmax(cumulative >= rank[:, None], axis=1)
        rows = np.arange(len(at))
        inside = np.maximum(self.count[rows, at], 1)
        below = cumulative[rows, at] - self.count[rows, at]
        value = low + (high - low) / _BINS * (at - 1 + (rank - below) / inside)
        return np.where(at == 0, low, np.minimum(value, high))


FAN_QUANTITIES = ("unserved_mw", "reserve_margin_mw", "import_mw")

FAN = (
    ColumnSpec("time_h", "f8", "start of the hour, hours after the start"),
    ColumnSpec("scope", "str", "system or zone:NAME"),
    ColumnSpec("quantity", "str", "column of the zones table, mean over the hour"),
    ColumnSpec("mean", "f8", "mean over replicates"),
    *(ColumnSpec(f"p{round(100 * level):02d}", "f8", "quantile over replicates") for level in QUANTILES),
    ColumnSpec("min", "f8", "least"),
    ColumnSpec("max", "f8", "most"),
    ColumnSpec("n", "i4", "replicates"),
)


class Fan:
    """Quantiles over replicates of hourly means, per zone and for the system: blocks of the zones table, twice."""

    def __init__(self, zones: Sequence[str], hours: float):
        self.zones = list(zones)
        self.n_hours = max(math.ceil(hours), 1)
        n_cells = self.n_hours * len(FAN_QUANTITIES) * (len(self.zones) + 1)
        self._quantiles = TwoPassQuantiles(n_cells)
        self._sum = np.zeros(n_cells)
        self.n = 0

    def _values(self, zones: Columns) -> F8:
        """(n_replicates, n_cells) hourly means of one block; rows never straddle an hour."""
        replicate, which = np.unique(np.asarray(zones["replicate"]), return_inverse=True)
        names, code = np.unique(np.asarray(zones["name"], dtype=np.str_), return_inverse=True)
        position = np.array([self.zones.index(name) if name in self.zones else len(self.zones) for name in names])
        hour = np.minimum((np.asarray(zones["time_h"]) + 1e-9).astype(np.int64), self.n_hours - 1)
        duration = np.asarray(zones["duration_h"])
        n_zones = len(self.zones) + 1
        cell = (which * self.n_hours + hour) * n_zones + position[code]
        shape = (len(replicate), self.n_hours, n_zones)
        n = int(np.prod(shape))
        hours = np.bincount(cell, weights=duration, minlength=n).reshape(shape)
        found = []
        for quantity in FAN_QUANTITIES:
            energy = np.bincount(cell, weights=np.asarray(zones[quantity]) * duration, minlength=n).reshape(shape)
            mean = np.divide(energy, hours, out=np.zeros(shape), where=hours > 0)
            found.append(np.concatenate([mean[:, :, :-1], mean.sum(axis=2, keepdims=True)], axis=2))
        return np.stack(found, axis=1).reshape(len(replicate), -1)

    def first(self, zones: Columns) -> None:
        """First pass over a block."""
        values = self._values(zones)
        self.n += len(values)
        self._sum += values.sum(axis=0)
        self._quantiles.first(values)

    def second(self, zones: Columns) -> None:
        """Second pass over the same block."""
        self._quantiles.second(self._values(zones))

    def columns(self) -> Mapping[str, Any]:
        """The fan table."""
        scopes = [*(f"zone:{name}" for name in self.zones), "system"]
        quantity, hour, scope = np.meshgrid(
            np.arange(len(FAN_QUANTITIES)), np.arange(self.n_hours), np.arange(len(scopes)), indexing="ij"
        )
        levels = {f"p{round(100 * level):02d}": self._quantiles.quantile(level) for level in QUANTILES}
        return {
            "time_h": hour.ravel().astype(float),
            "scope": np.array(scopes)[scope.ravel()],
            "quantity": np.array(FAN_QUANTITIES)[quantity.ravel()],
            "mean": self._sum / max(self.n, 1),
            **levels,
            "min": self._quantiles.low,
            "max": self._quantiles.high,
            "n": np.full(hour.size, self.n, dtype=np.int32),
        }


@dataclass(frozen=True)
class Paired:
    """A metric of two runs over the replicates of both: the mean of each, and the mean paired difference."""

    first: float
    other: float
    difference: Estimate

    @property
    def percent(self) -> float | None:
        """Difference in per cent of the first; None where the first is zero."""
        value = self.difference.value
        return None if value is None or self.first == 0.0 else 100.0 * value / abs(self.first)


def paired_differences(first: pd.DataFrame, other: pd.DataFrame, replicates: Iterable[int]) -> list[Estimate]:
    """other - first of every metric both name: the differences of :func:`paired_values`."""
    return [pair.difference for pair in paired_values(first, other, replicates)]


def paired_values(first: pd.DataFrame, other: pd.DataFrame, replicates: Iterable[int]) -> list[Paired]:
    """Every metric both name, over replicates run in both on the same random numbers.

    Frames of ``replicate_metrics``; ``replicates``: those that failed in neither. A metric that only some replicates
    have (time to the first shed) is compared where both have it, and its n says so.
    """
    import pandas as pd

    index = ["name", "scope", "replicate"]
    common = sorted(replicates)
    both = pd.concat(
        {
            "first": first[first["replicate"].isin(common)].set_index(index)["value"],
            "other": other[other["replicate"].isin(common)].set_index(index)["value"],
        },
        axis=1,
    )
    named = pd.concat([first, other]).drop_duplicates(["name", "scope"])
    units = {(str(n), str(s)): str(u) for n, s, u in zip(named["name"], named["scope"], named["unit"], strict=True)}
    found = []
    for key, rows in both.groupby(level=["name", "scope"], sort=True):
        name, scope = (str(part) for part in key)
        if zero_when_absent(name):
            rows = rows.droplevel(["name", "scope"]).reindex(common).fillna(0.0)
        known = rows.dropna()
        difference = (known["other"] - known["first"]).to_numpy(dtype=float)
        n = len(difference)
        if n == 0:
            continue
        stderr = float(difference.std(ddof=1)) / math.sqrt(n) if n > 1 else None
        estimate = _estimate(name, scope, float(difference.mean()), stderr, units[(name, scope)], n)
        found.append(Paired(float(known["first"].mean()), float(known["other"].mean()), estimate))
    return found
