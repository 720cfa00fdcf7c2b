"""The short summary of a run: a line of words for each number that ``metrics.csv`` shows, what is zero folded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from gridsim.report.answer import sections_full_anyway
from gridsim.report.numbers import number, with_unit
from gridsim.report.text_table import NO_BREAK
from gridsim.results.metric_table import metric_table, scope_kind
from gridsim.results.metrics import Estimate
from gridsim.results.scorecard import missing_anyway_mwh

if TYPE_CHECKING:
    from gridsim.engine.run import RunResult

_POSITIVE = 0.05  # less is 0.0 on the screen
_FULL_PERCENT = 99.95  # 100 on the screen
_NAMED = 6  # places or classes that are named one by one
_SHORT_NAMED = 3  # plants or cities short of gas
_FIRST, _LATER = ("shortfall", "emissions"), frozenset({"price_response_mwh"})
_GAS_ABROAD = ("class:export", "class:transit")
_SHARES = ("zone", "oblast", "class", "cause")


def shown_metrics(metrics: Iterable[Estimate]) -> list[Estimate]:
    """Metrics of a run that its screen shows, in the order of ``metrics.csv``, those shown only above zero last."""
    by_name: dict[str, list[Estimate]] = {}
    for estimate in metrics:
        by_name.setdefault(estimate.name, []).append(estimate)
    found: list[Estimate] = []
    for metric in metric_table().values():
        for only_positive in (False, True):
            kinds = {shown.scope: shown for shown in metric.shown if shown.positive == only_positive}
            rows = [e for e in by_name.get(metric.metric, []) if scope_kind(e.scope) in kinds]
            n_least = max((shown.n_least or 0 for shown in kinds.values()), default=0)
            if n_least:
                rows = sorted(rows, key=lambda e: (e.value or 0.0, e.scope))[:n_least]
            found += [e for e in rows if not only_positive or (e.value or 0.0) > _POSITIVE]
    return found


def short_rows(result: RunResult) -> list[tuple[str, str]]:
    """Label and words for each metric that is shown: shortfall and climate first, then the order of the table."""
    by_name: dict[str, list[Estimate]] = {}
    for estimate in shown_metrics(result.estimates):
        by_name.setdefault(estimate.name, []).append(estimate)
    rows = _what_is_lost(result)
    for name in sorted(metric_table(), key=_rank):
        if name in by_name and name not in _BESIDE_OTHERS:
            tell = _WORDS.get(name, _value)
            text = tell(result, by_name[name])
            if isinstance(text, list):
                rows += text
            elif text:
                rows.append((metric_table()[name].label, text))
        if name == "time_to_restore_h_100" and name not in by_name and _is_short(result):
            hours = result.scenario.horizon.hours
            rows.append((metric_table()[name].label, f"not within the {hours:g} h of the run"))
    return rows


def _what_is_lost(result: RunResult) -> list[tuple[str, str]]:
    """Electricity, gas and heat that customers of all kinds lack, in one line; none where gas and heat suffice."""
    gas_mcm = _of_system(result, "unserved_gas_mcm") or 0.0
    heat_gwh = _of_system(result, "unserved_heat_gwh") or 0.0
    if max(gas_mcm, heat_gwh) <= _POSITIVE:
        return []
    gas_gwh = _of_system(result, "unserved_gas_gwh") or 0.0
    parts = [f"{number(_of_system(result, 'EUE') or 0.0)}{NO_BREAK}MWh of electricity"]
    parts.append(f"{number(gas_mcm)}{NO_BREAK}mcm of gas ({number(gas_gwh)}{NO_BREAK}GWh)")
    if len(result.system.heat):
        people = _of_system(result, "people_affected") or 0.0
        parts.append(f"{number(heat_gwh)}{NO_BREAK}GWh of heat ({people:,.0f} people without normal heat at once)")
    return [("not supplied", ", ".join(parts))]


def _rank(name: str) -> int:
    group = metric_table()[name].group
    return 2 if name in _LATER or group not in _FIRST else _FIRST.index(group)


def bare_name(estimate: Estimate) -> str:
    """``south`` of ``zone:south``."""
    return estimate.scope.partition(":")[2]


def _is_short(result: RunResult) -> bool:
    return (_of_system(result, "peak_shed_mw") or 0.0) > _POSITIVE


def _with_unit(estimate: Estimate) -> str:
    return with_unit(number(estimate.value), estimate.unit, NO_BREAK)


def _value(result: RunResult, estimates: Sequence[Estimate]) -> str:
    return _with_unit(estimates[0])


def _unserved(result: RunResult, estimates: Sequence[Estimate]) -> list[tuple[str, str]]:
    """The whole, then its shares by place, class and cause; places without any in one go."""
    label = metric_table()["EUE"].label
    by_kind: dict[str, list[Estimate]] = {}
    for estimate in estimates:
        by_kind.setdefault(scope_kind(estimate.scope), []).append(estimate)
    total = next((e.value or 0.0 for e in by_kind.get("system", [])), 0.0)
    if total <= _POSITIVE:
        zones = ", ".join(sorted(bare_name(e) for e in by_kind.get("zone", [])))
        return [(label, f"none in {zones}" if zones else "none")]
    rows = [(label, f"{number(total)}{NO_BREAK}MWh")]
    if (anyway := missing_anyway_mwh(result.scorecard)) > _POSITIVE:
        rows.append(("  without events", f"{number(anyway)}{NO_BREAK}MWh; places, classes and causes hold it too"))
    people_mwh = next((e.value or 0.0 for e in by_kind.get("people", [])), 0.0)
    if people_mwh > _POSITIVE:
        hours = next((e.value for e in result.estimates if (e.name, e.scope) == ("LOLH", "people")), None)
        text = f"{number(people_mwh)}{NO_BREAK}MWh{_percent(people_mwh, total)}"
        rows.append(("  of people", text if hours is None else f"{text} in {number(hours)}{NO_BREAK}h"))
    for kind in _SHARES:
        found = sorted(by_kind.get(kind, []), key=lambda e: (-(e.value or 0.0), e.scope))
        if kind == "zone" and len(found) < 2:
            continue
        short = [e for e in found if (e.value or 0.0) > _POSITIVE]
        if short:
            spared = sorted(bare_name(e) for e in found if e not in short)
            none = f"; no {label} in {', '.join(spared)}" if spared else ""
            rows.append((f"  by {kind}", _shares(short, total) + none))
    return rows


def _unserved_gas(result: RunResult, estimates: Sequence[Estimate]) -> list[tuple[str, str]]:
    """Gas missing at home, its shares by class, city and cause; what is cut abroad beside it."""
    total = next((e.value or 0.0 for e in estimates if e.scope == "system"), 0.0)
    label = metric_table()["unserved_gas_mcm"].label
    rows = []
    abroad = [e for e in estimates if e.scope in _GAS_ABROAD]
    if total > _POSITIVE:
        rows.append((label, f"{number(total)}{NO_BREAK}mcm"))
        for kind in ("class", "city", "cause"):
            found = [e for e in estimates if scope_kind(e.scope) == kind and e not in abroad]
            ordered = sorted(found, key=lambda e: (-(e.value or 0.0), e.scope))
            rows += [(f"  by {kind}", _shares(ordered, total))] if ordered else []
    if abroad:
        rows.append((f"{label} abroad", ", ".join(f"{bare_name(e)} {_with_unit(e)}" for e in abroad)))
    return rows


def _undelivered_coal(result: RunResult, estimates: Sequence[Estimate]) -> list[tuple[str, str]]:
    """Coal that did not come, and its shares by yard."""
    total = next((e.value or 0.0 for e in estimates if e.scope == "system"), 0.0)
    if total <= _POSITIVE:
        return []
    yards = sorted((e for e in estimates if e.scope != "system"), key=lambda e: (-(e.value or 0.0), e.scope))
    rows = [(metric_table()["coal_undelivered_kt"].label, f"{number(total)}{NO_BREAK}kt")]
    return rows + ([("  by yard", _shares(yards, total))] if yards else [])


def _unserved_heat(result: RunResult, estimates: Sequence[Estimate]) -> list[tuple[str, str]]:
    """Heat missing, its shares by city and cause."""
    total = next((e.value or 0.0 for e in estimates if e.scope == "system"), 0.0)
    if total <= _POSITIVE:
        return []
    rows = [(metric_table()["unserved_heat_gwh"].label, f"{number(total)}{NO_BREAK}GWh")]
    for kind in ("city", "cause"):
        found = sorted(
            (e for e in estimates if scope_kind(e.scope) == kind), key=lambda e: (-(e.value or 0.0), e.scope)
        )
        rows += [(f"  by {kind}", _shares(found, total))] if found else []
    return rows


def _people_of_cities(result: RunResult, estimates: Sequence[Estimate]) -> str:
    people = next((e.value or 0.0 for e in estimates if e.scope == "system"), 0.0)
    return f"{people:,.0f} at once" if people >= 1.0 else ""


def _by_city(result: RunResult, estimates: Sequence[Estimate]) -> str:
    """Each city with its number, the largest first."""
    found = sorted(estimates, key=lambda e: (-(e.value or 0.0), e.scope))
    more = f" and {len(found) - _SHORT_NAMED} more" if len(found) > _SHORT_NAMED else ""
    return ", ".join(f"{bare_name(e)} {_with_unit(e)}" for e in found[:_SHORT_NAMED]) + more


def _hours_to_cold(result: RunResult, estimates: Sequence[Estimate]) -> str:
    """The first cities, each by the three time constants."""
    other = {(e.name, e.scope): e.value for e in result.estimates}
    parts = []
    for e in estimates:
        low, high = (other.get((f"hours_to_8c_{tau}", e.scope)) for tau in ("low", "high"))
        span = "" if low is None or high is None else f" ({number(low)} to {number(high)})"
        parts.append(f"{bare_name(e)} {_with_unit(e)}{span}")
    return ", ".join(parts)


def _shares(estimates: Sequence[Estimate], total: float) -> str:
    """Largest first, each with its share; the small ones of many together."""
    named = estimates if len(estimates) <= _NAMED + 1 else estimates[:_NAMED]
    parts = [f"{bare_name(e)} {number(round(e.value or 0.0, 1))}{_percent(e.value or 0.0, total)}" for e in named]
    rest = estimates[len(named) :]
    if rest:
        mwh = sum(e.value or 0.0 for e in rest)
        parts.append(f"{len(rest)} more {number(mwh)}{_percent(mwh, total)}")
    return ", ".join(parts)


def _percent(part: float, total: float) -> str:
    percent = f"{100 * part / total:.0f}" if part >= 0.005 * total else f"under{NO_BREAK}1"
    return f"{NO_BREAK}({percent} %)"


def _after_first_event(result: RunResult, estimates: Sequence[Estimate]) -> str:
    return f"{_with_unit(estimates[0])} from the {'first event' if result.scenario.happens else 'start'}"


def _when_short(result: RunResult, estimates: Sequence[Estimate]) -> str:
    if not _is_short(result):
        return ""
    n = round(_of_system(result, "LOLEv") or 0.0)
    return f"{_with_unit(estimates[0])} in {n} {'shortfall' if n == 1 else 'shortfalls'}"


def _depth(result: RunResult, estimates: Sequence[Estimate]) -> str:
    return _with_unit(estimates[0]) if _is_short(result) else ""


def _price_response(result: RunResult, estimates: Sequence[Estimate]) -> str:
    return f"{_with_unit(estimates[0])} of price-responsive load not served; it would not pay, so it is not unserved"


def _emission(change: str) -> Callable[[RunResult, Sequence[Estimate]], str]:
    """The whole, and the change against no event where one was run."""

    def tell(result: RunResult, estimates: Sequence[Estimate]) -> str:
        whole, changed = _with_unit(estimates[0]), _of_system(result, change)
        if changed is None:
            return whole
        if abs(changed) <= _POSITIVE:
            return f"{whole}, as with no event"
        return f"{whole}, {'+' if changed > 0 else ''}{number(changed)}{NO_BREAK}{estimates[0].unit} against no event"

    return tell


def _sections(result: RunResult, estimates: Sequence[Estimate]) -> str:
    """Full sections by name; those that are full without the events too are only counted."""
    full = {bare_name(e) for e in estimates if (e.value or 0.0) >= _FULL_PERCENT}
    usual = full & sections_full_anyway(result) if result.scenario.happens else set()
    parts = []
    if full - usual:
        parts.append(f"{', '.join(sorted(full - usual))} 100 %")
    else:
        below = sorted((e for e in estimates if bare_name(e) not in full), key=lambda e: (-(e.value or 0.0), e.scope))
        parts += [f"{bare_name(e)} {number(e.value)} %" for e in below[:1]]
    if usual:
        sections = "1 section" if len(usual) == 1 else f"{len(usual)} sections"
        parts.append(f"{sections} full as on a normal day")
    return "; ".join(parts)


def _voltages(result: RunResult, estimates: Sequence[Estimate]) -> str:
    """Hours, and the range of the voltages that were solved."""
    text, low, high = _with_unit(estimates[0]), _of_system(result, "vm_pu_min"), _of_system(result, "vm_pu_max")
    return text if low is None or high is None else f"{text}, {low:.3f} to {high:.3f}{NO_BREAK}pu"


def _survival(result: RunResult, estimates: Sequence[Estimate]) -> str:
    """The first plants and cities that lack gas, each with its hours."""
    parts = []
    for kind, several in (("plant", "plants"), ("city", "cities")):
        found = sorted((e for e in estimates if scope_kind(e.scope) == kind), key=lambda e: (e.value or 0.0, e.scope))
        if found:
            named = ", ".join(f"{bare_name(e)} {number(e.value)}{NO_BREAK}h" for e in found[:_SHORT_NAMED])
            more = f" and {len(found) - _SHORT_NAMED} more" if len(found) > _SHORT_NAMED else ""
            parts.append(f"{several} {named}{more}")
    return "; ".join(parts)


def _least_fuel(result: RunResult, estimates: Sequence[Estimate]) -> str:
    return f"{bare_name(estimates[0])} {_with_unit(estimates[0])}"


def _lost_output(result: RunResult, estimates: Sequence[Estimate]) -> str:
    return ", ".join(f"{bare_name(e)} {_with_unit(e)}" for e in sorted(estimates, key=lambda e: -(e.value or 0.0)))


_WORDS: dict[str, Callable[[RunResult, Sequence[Estimate]], str | list[tuple[str, str]]]] = {
    "EUE": _unserved,
    "time_to_first_shed_h": _after_first_event,
    "LOLH": _when_short,
    "peak_shed_mw": _depth,
    "time_to_restore_h_100": _after_first_event,
    "price_response_mwh": _price_response,
    "section_loading_max": _sections,
    "voltage_out_of_limits_h": _voltages,
    "unserved_gas_mcm": _unserved_gas,
    "coal_undelivered_kt": _undelivered_coal,
    "unserved_heat_gwh": _unserved_heat,
    "people_affected": _people_of_cities,
    "degree_hours_below_8c": _by_city,
    "hours_to_8c": _hours_to_cold,
    "network_frozen_h": _by_city,
    "survival_time_h": _survival,
    "fuel_days_min": _least_fuel,
    "co2_t": _emission("co2_change_t"),
    "ch4_t": _emission("ch4_change_t"),
    "co2e_gwp100_t": _emission("co2e_gwp100_change_t"),
    "mineral_loss_t": _lost_output,
}
_BESIDE_OTHERS = frozenset({"co2_change_t", "ch4_change_t", "co2e_gwp100_change_t"})


def _of_system(result: RunResult, name: str) -> float | None:
    """A number of the whole system, None where the run has none."""
    return next((e.value for e in result.estimates if e.name == name and e.scope == "system"), None)
