"""Cases of a study in the order of what it sweeps, and sentences on how its numbers depend on that."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from gridsim.report.figures.sweep_figures import positions, value_text
from gridsim.report.numbers import number, percent, significant, with_error
from gridsim.results.metric_table import metric_table
from gridsim.results.metrics import Estimate

#: Numbers of the first screen of a sweep, as far as they differ from zero anywhere.
ANSWERS = ("EUE", "unserved_gas_mcm", "unserved_heat_gwh", "mineral_value_usd", "co2e_gwp100_change_t")
_TOLD = 3  # numbers that get a sentence
_NAMED = 2  # series in a sentence
_UNIT = re.compile(r"(.+)_(h|mw|mwh|c|k|km|s|t|usd)$")
_UNITS = {"h": "h", "mw": "MW", "mwh": "MWh", "c": "°C", "k": "K", "km": "km", "s": "s", "t": "t", "usd": "USD"}
_WORDS = {"repair.mean": "mean repair time of {}", "repair.hours": "repair time of {}", "at": "time of {}"}


class SweptCase(Protocol):
    """A case as a sweep reads it. ``changes``: value by swept key."""

    @property
    def name(self) -> str: ...
    @property
    def estimates(self) -> Sequence[Estimate]: ...
    @property
    def changes(self) -> Mapping[str, Any]: ...


C = TypeVar("C", bound=SweptCase)


@dataclass(frozen=True)
class Sweep(Generic[C]):
    """Cases over one swept key. ``series``: what is the same along a row -> its case at each value, None without."""

    path: str
    values: Sequence[Any]
    series: Mapping[str, Sequence[C | None]]

    @property
    def words(self) -> str:
        """The swept key in words, with its unit."""
        name, unit = _words(self.path)
        return f"{name}, {unit}" if unit else name

    def name_of(self, case: SweptCase) -> str:
        """A case in words: what is the same along its row, and its value with the unit."""
        unit = _words(self.path)[1]
        row = next(name for name, cases in self.series.items() if any(one is case for one in cases))
        value = f"{value_text(case.changes[self.path])} {unit}".strip()
        return f"{row} at {value}" if len(self.series) > 1 else value

    @property
    def estimates(self) -> dict[str, dict[str, list[Estimate | None]]]:
        """Metric -> series -> estimate of the system at each value, of the metrics that are not zero throughout."""
        found: dict[str, dict[str, list[Estimate | None]]] = {}
        for metric in ANSWERS:
            rows = {name: [_of(case, metric) for case in cases] for name, cases in self.series.items()}
            if any(e is not None and e.value for row in rows.values() for e in row):
                found[metric] = rows
        return found


def sweep_of(cases: Sequence[C]) -> Sweep[C] | None:
    """The sweep of the key with most values; None where the cases are not those of a sweep."""
    values: dict[str, list[Any]] = {}
    for case in cases:
        for path, value in case.changes.items():
            known = values.setdefault(path, [])
            if value not in known:
                known.append(value)
    if not values:
        return None
    path = max(values, key=lambda key: len(values[key]))
    found = values[path]
    if len(found) < 2:
        return None
    order = sorted(range(len(found)), key=positions(found).__getitem__)
    ordered = [found[at] for at in order]
    series: dict[str, list[C | None]] = {}
    for case in cases:
        if path in case.changes:
            row = series.setdefault(_without(case.name, path, case.changes[path]), [None] * len(ordered))
            row[ordered.index(case.changes[path])] = case
    return Sweep(path, ordered, series)


def _without(name: str, path: str, value: Any) -> str:
    """The name of a case without what the sweep has put there."""
    part = re.sub(r"[^\w.=+-]+", "_", f"{path.removeprefix('events.')}={value}")
    return name.replace(part, "").replace("++", "+").strip("+").replace("_", " ") or "all"


def _words(path: str) -> tuple[str, str]:
    """Words and unit of a dotted key: events.rupture.repair.mean_h is the mean repair time of rupture, in h."""
    bare, unit = path, ""
    if found := _UNIT.fullmatch(path):
        bare, unit = found[1], _UNITS[found[2]]
    first, _, rest = bare.removeprefix("events.").partition(".")
    if path.startswith("events.") and rest:
        words = _WORDS.get(rest, f"{rest.replace('.', ' ')} of {{}}").format(first)
    else:
        words = bare.replace(".", " ")
    return words.replace("_", " "), unit


def _of(case: SweptCase | None, metric: str) -> Estimate | None:
    if case is None:
        return None
    return next((e for e in case.estimates if (e.name, e.scope) == (metric, "system") and e.value is not None), None)


def label_of(metric: str) -> str:
    """Words of a metric with its unit."""
    found = metric_table()[metric]
    return found.label if found.unit == "-" else f"{found.label}, {found.unit}"


def sweep_sentences(sweep: Sweep[Any]) -> list[str]:
    """Sentences on unserved energy, gas and heat over the swept value, and the share of replicates cut at each."""
    words, unit = _words(sweep.path)
    first, last = value_text(sweep.values[0]), value_text(sweep.values[-1])
    lead = f"As the {words} goes from {first} to {last}{f' {unit}' if unit else ''}"
    told: list[str] = []
    for metric, rows in list(sweep.estimates.items())[:_TOLD]:
        ends = {name: (row[0], row[-1]) for name, row in rows.items() if row[0] is not None and row[-1] is not None}
        shown = sorted(ends, key=lambda name: -(ends[name][1].value or 0.0))[:_NAMED]
        said = [(name, *_change(*ends[name])) for name in shown]
        verbs = [verb for _, verb, _ in said]
        parts = [
            f"{verb if not at or verb != verbs[at - 1] else ''} {sizes}{_in(name, len(rows))}".strip()
            for at, (name, verb, sizes) in enumerate(said)
        ]
        label = metric_table()[metric].label
        start = f"{label[0].upper()}{label[1:]}" if told else f"{lead}, {label}"
        if parts:
            told.append(f"{start} {' and '.join(parts)}.")
    return [*told, *_chances(sweep, unit)]


def _in(name: str, n_series: int) -> str:
    return f" in {name}" if n_series > 1 else ""


def _change(first: Estimate, last: Estimate) -> tuple[str, str]:
    """Verb and sizes of the change of a number between two ends, judged by their errors."""
    a, b = first.value or 0.0, last.value or 0.0
    error = 1.96 * math.hypot(first.stderr or 0.0, last.stderr or 0.0)
    unit = "" if first.unit == "-" else f" {first.unit}"
    if abs(b - a) <= max(error, 1e-3 * abs(a)):
        return "does not change by more than its error:", f"{with_error(first)} and {with_error(last)}{unit}"
    small = 0.01 * max(abs(a), abs(b))  # an end so small needs neither its error nor its digits
    ends = [significant(e.value, 2) if abs(e.value or 0.0) < small else with_error(e) for e in (first, last)]
    return "grows" if b > a else "falls", f"from {ends[0]} to {ends[1]}{unit}"


def _chances(sweep: Sweep[Any], unit: str) -> list[str]:
    """The share of replicates that cut any power, at each value, of each series; silent where it is all or none."""
    told = []
    for name, cases in list(sweep.series.items())[:_NAMED]:
        found = [(value, _of(case, "P_any_shortfall")) for value, case in zip(sweep.values, cases, strict=True)]
        known = [(value_text(value), e.value or 0.0) for value, e in found if e is not None]
        if not known:
            continue
        shares = [share for _, share in known]
        where = f"In {name}, power" if len(sweep.series) > 1 else "Power"
        if max(shares) == 0.0:
            told.append(f"{where} is cut in no replicate at any value.")
        elif min(shares) == max(shares):
            told.append(f"{where} is cut in {percent(shares[0])} of replicates at every value.")
        else:
            courses = ", ".join(f"{percent(share)} at {value}" for value, share in known)
            told.append(f"{where} is cut in {courses}{f' {unit}' if unit else ''} (share of replicates).")
    return told


def sweep_table(sweep: Sweep[Any]) -> list[tuple[str, ...]]:
    """A row for each metric and series, a cell for each value."""
    return [
        (label_of(metric), name, *("-" if e is None else with_error(e) if e.stderr else number(e.value) for e in row))
        for metric, rows in sweep.estimates.items()
        for name, row in rows.items()
    ]
