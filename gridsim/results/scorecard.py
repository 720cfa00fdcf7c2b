"""The scorecard of six areas: what a run or study did to each, against the same horizon without events.

Rows stand in ``scorecard.csv``. A number that cannot be stated is a row with the reason, never a zero.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from gridsim.model.nuclear import PLANNED, loss_of_offsite_power, standing_sites
from gridsim.model.system import GridSystem
from gridsim.results.metric_table import metric_table, scope_kind
from gridsim.results.metrics import Estimate
from gridsim.results.run_records import Columns, ColumnSpec

AREAS = (
    "greenhouse gases",
    "critical minerals",
    "civil nuclear",
    "renewables",
    "energy security",
    "nuclear security",
)
BETTER, WORSE, SAME, UNDECIDED = "better", "worse", "same", "not decided"
SCORECARD = (
    ColumnSpec("area", "str", "one of the six areas"),
    ColumnSpec("metric", "str", "as in docs/metrics.md; empty for what no metric counts"),
    ColumnSpec("scope", "str", "system, zone:NAME, mineral:NAME ..."),
    ColumnSpec("label", "str", "the number in words"),
    ColumnSpec("value", "f8", "the number; null where it cannot be stated"),
    ColumnSpec("stderr", "f8", "standard error; null for one trajectory"),
    ColumnSpec("ci_low", "f8", "95 % interval"),
    ColumnSpec("ci_high", "f8", "95 % interval"),
    ColumnSpec("without_events", "f8", "the same horizon without events; null where it was not run"),
    ColumnSpec("change", "f8", "value less without_events"),
    ColumnSpec("unit", "str", "unit"),
    ColumnSpec(
        "verdict",
        "str",
        "better, worse or same as without events, not decided where its 95 % interval holds that; else empty",
    ),
    ColumnSpec("confidence", "str", "how much of the data behind it is published, derived, assumed"),
    ColumnSpec("note", "str", "why a number is absent"),
)
_RENEWABLE = ("fuel:wind", "fuel:solar", "fuel:hydro")
_SHARE = "renewable_share"
_LOSSES = {"loss of offsite power": 0.0, "loss of offsite power over 8 h": 8.0, "loss of offsite power over 72 h": 72.0}
_SAME_WITHIN = 1e-6  # of the larger number; less is arithmetic
Z_95 = 1.96
_LEAST = 1e-3  # absolute: less of any unit shown is arithmetic too
_CHANGES = {f"{name}_t": f"{name}_change_t" for name in ("co2", "ch4", "co2e_gwp100", "co2e_gwp20")}


@dataclass(frozen=True)
class Score:
    """A row of the scorecard; the fields are those of ``SCORECARD``."""

    area: str
    metric: str
    scope: str
    label: str
    value: float | None = None
    stderr: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    without_events: float | None = None
    change: float | None = None
    unit: str = ""
    verdict: str = ""
    confidence: str = ""
    note: str = ""


def missing_anyway_mwh(scores: Iterable[Score]) -> float:
    """Energy that the same horizon does not serve without its events either; 0 where that was not run."""
    rows = ((score.metric, score.scope, score.without_events) for score in scores)
    return next((mwh for metric, scope, mwh in rows if (metric, scope) == ("EUE", "system") and mwh), 0.0)


@dataclass(frozen=True)
class _Spec:
    """A row of ``scorecard.csv``. ``better``: less, more, or empty for neither; ``data``: table behind the number."""

    area: str
    metric: str
    scope: str
    better: str
    data: str
    label: str
    note: str


@cache
def _specs() -> tuple[_Spec, ...]:
    text = resources.files("gridsim.results").joinpath("scorecard.csv").read_text(encoding="utf-8")
    return tuple(_Spec(**row) for row in csv.DictReader(text.splitlines()))


def scorecard(
    system: GridSystem, estimates: Iterable[Estimate], without_events: Iterable[Estimate] = ()
) -> tuple[Score, ...]:
    """Every row, in the order of the six areas.

    ``without_events``: the numbers of the same horizon without events; without them, as where each replicate draws its
    own weather, emissions alone are compared, by their mean change.
    """
    found, base = _with_share(estimates), _with_share(without_events)
    rows: list[Score] = []
    for area in AREAS:
        specs = [spec for spec in _specs() if spec.area == area]
        rows += [row for spec in specs if spec.metric for row in _rows(system, spec, found, base)]
        rows += _ADDED[area](system, found) if area in _ADDED else ()
        rows += [Score(area, "", spec.scope, spec.label, note=spec.note) for spec in specs if not spec.metric]
    return tuple(rows)


def scorecard_columns(rows: Sequence[Score]) -> Columns:
    """Rows as columns of the table ``scorecard``."""
    return {
        spec.name: [_number(getattr(row, spec.name)) if spec.kind == "f8" else getattr(row, spec.name) for row in rows]
        for spec in SCORECARD
    }


def _number(value: float | None) -> float:
    return float("nan") if value is None else value


def _with_share(estimates: Iterable[Estimate]) -> dict[tuple[str, str], Estimate]:
    """Estimates by metric and scope, with the share of wind, sun and water in the energy supplied."""
    found = {(estimate.name, estimate.scope): estimate for estimate in estimates}
    energy = {scope: max(e.value or 0.0, 0.0) for (name, scope), e in found.items() if name == "energy_mwh"}
    total = sum(energy.values())
    if total > 0.0:
        n = next(e.n for (name, _), e in found.items() if name == "energy_mwh")
        share = 100.0 * sum(energy.get(scope, 0.0) for scope in _RENEWABLE) / total
        found[_SHARE, "system"] = Estimate(_SHARE, "system", share, None, None, None, "%", n)
    return found


def _rows(
    system: GridSystem,
    spec: _Spec,
    found: Mapping[tuple[str, str], Estimate],
    base: Mapping[tuple[str, str], Estimate],
) -> Iterator[Score]:
    whole = ":" in spec.scope or spec.scope == "system"
    keys = [key for key in found if key[0] == spec.metric and (key[1] if whole else scope_kind(key[1])) == spec.scope]
    for key in keys:
        yield _scored(system, spec, found[key], _base_value(found, base, found[key]))


def _base_value(
    found: Mapping[tuple[str, str], Estimate], base: Mapping[tuple[str, str], Estimate], estimate: Estimate
) -> float | None:
    key = (estimate.name, estimate.scope)
    if key in base:
        return base[key].value
    changed = found.get((_CHANGES.get(estimate.name, ""), estimate.scope))
    if changed is not None and changed.value is not None and estimate.value is not None:
        return estimate.value - changed.value
    metric = metric_table().get(estimate.name)
    absent_is_none = metric is not None and (metric.zero_when_absent or scope_kind(estimate.scope) == "mineral")
    return 0.0 if base and absent_is_none else None  # a horizon that does not name a scope had none of it


def _scored(system: GridSystem, spec: _Spec, estimate: Estimate, base: float | None) -> Score:
    metric = metric_table().get(spec.metric)
    label = spec.label or (metric.label if metric is not None else spec.metric)
    value, change = estimate.value, None
    if value is not None and base is not None:
        change = value - base
    return Score(
        area=spec.area,
        metric=spec.metric,
        scope=estimate.scope,
        label=label,
        value=value,
        stderr=estimate.stderr,
        ci_low=estimate.ci_low,
        ci_high=estimate.ci_high,
        without_events=base,
        change=change,
        unit=estimate.unit,
        verdict=_verdict(spec.better, estimate, base),
        confidence=confidence_text(system, spec.data),
    )


def _verdict(better: str, estimate: Estimate, base: float | None) -> str:
    value = estimate.value
    if not better or value is None or base is None:
        return ""
    change = value - base
    if abs(change) <= max(_LEAST, _SAME_WITHIN * max(abs(value), abs(base))):
        return SAME
    if estimate.stderr and abs(change) <= Z_95 * estimate.stderr:
        return UNDECIDED
    return BETTER if (change < 0.0) == (better == "less") else WORSE


def confidence_text(system: GridSystem, table: str) -> str:
    """``assumed 61 %, published 39 %`` of the MW, km or rows of a table; empty where the network does not say."""
    shares = system.confidence.get(table, {})
    return ", ".join(f"{name} {100.0 * share:.0f} %" for name, share in shares.items() if share >= 0.005)


def _not_counted(system: GridSystem, found: Mapping[tuple[str, str], Estimate]) -> Iterator[Score]:
    """Classes that were cut and whose sites no row of ``minerals`` names: not counted, which is not 0 t."""
    loads, classes = system.loads, system.load_classes.name
    minerals = system.minerals
    known = set(minerals.site.tolist()) - {""} | set(loads.site[minerals.load[minerals.load >= 0]].tolist()) - {""}
    sites: dict[str, set[str]] = {}
    for position, site in zip(loads.load_class.tolist(), loads.site.tolist(), strict=True):
        if site:
            sites.setdefault(str(classes[position]), set()).add(site)
    for name, of_class in sites.items():
        cut = found.get(("EUE", f"class:{name}"))
        if cut is not None and (cut.value or 0.0) > _LEAST and not of_class & known:
            where = ", ".join(sorted(of_class))
            note = f"not counted: {cut.value:,.0f} MWh of {where} were cut, and no mineral names that site"
            yield Score(AREAS[1], "mineral_loss_t", f"class:{name}", f"output lost of {name}", unit="t", note=note)
    if not len(minerals):
        yield Score(AREAS[1], "mineral_loss_t", "system", "output lost", unit="t", note="not in this network")


def _nuclear(system: GridSystem, found: Mapping[tuple[str, str], Estimate]) -> Iterator[Score]:
    generators, losses = system.generators, system.offsite_losses
    if not ((generators.fuel == "nuclear") & generators.in_service).any():
        label, note = "energy of nuclear plants", "not in this network: no nuclear plant in service"
        yield Score(AREAS[2], "energy_mwh", "fuel:nuclear", label, unit="MWh", note=note)
    elif len(losses):
        trust = confidence_text(system, "offsite_losses")
        for label, longer_h in _LOSSES.items():
            per_year = loss_of_offsite_power(losses, longer_h)
            if per_year > 0.0:
                words = f"{label}, once in so many reactor-years as other countries saw"
                yield Score(AREAS[2], "", "system", words, 1.0 / per_year, unit="year", confidence=trust)


def _sites(system: GridSystem, found: Mapping[tuple[str, str], Estimate]) -> Iterator[Score]:
    sites = system.nuclear
    if not len(standing_sites(sites)):
        yield Score(AREAS[5], "", "system", "nuclear sites", note="not in this network")
    for name, title, status in zip(sites.name.tolist(), sites.title.tolist(), sites.status.tolist(), strict=True):
        if status == PLANNED:
            yield Score(AREAS[5], "", f"site:{name}", title or name, note="not in this network: planned")


def _cities(system: GridSystem, found: Mapping[tuple[str, str], Estimate]) -> Iterator[Score]:
    if not len(system.heat):
        yield Score(AREAS[4], "unserved_heat_gwh", "system", "heat by city", unit="GWh", note="not in this network")


_ADDED = {AREAS[1]: _not_counted, AREAS[2]: _nuclear, AREAS[4]: _cities, AREAS[5]: _sites}
