"""The answer of a run in five plain sentences, from its numbers and causes, and the four numbers beside it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.report.figures.columns import RunLike, summed, times_of
from gridsim.report.numbers import number, percent, value_with_error, with_unit
from gridsim.results.metrics import SHORTFALL_TOLERANCE_MW, Estimate
from gridsim.results.scorecard import Score, missing_anyway_mwh

if TYPE_CHECKING:
    from gridsim.engine.run import RunResult

_POSITIVE = 0.05
_FULL = 0.9995
_NOISE = 1e-4  # of a number; a change below it is not told
_LULL = 0.01  # of demand; days whose wind and sun differ by less are alike
_NAMED = 3
_QUIET = ("fleet:", "section:")  # changes of a day on which nothing fails


class Number(NamedTuple):
    """One of the large numbers: ``interval`` says how sure it is."""

    label: str
    value: str
    interval: str


def _by_scope(estimates: Sequence[Estimate], name: str, kind: str) -> list[tuple[str, float]]:
    """Scopes of a kind with their values, largest first."""
    found = [(e.scope.partition(":")[2], e.value or 0.0) for e in estimates if e.name == name]
    scopes = [e.scope for e in estimates if e.name == name]
    rows = [
        row for row, scope in zip(found, scopes, strict=True) if scope.partition(":")[0] == kind and row[1] > _POSITIVE
    ]
    return sorted(rows, key=lambda row: (-row[1], row[0]))


def of_system(estimates: Sequence[Estimate], name: str) -> float | None:
    """A number of the whole system, None where there is none."""
    return next((e.value for e in estimates if e.name == name and e.scope == "system"), None)


def _list(names: Sequence[str]) -> str:
    shown = list(names[:_NAMED])
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(shown) + more


def answer_of(
    run: RunLike,
    log: Sequence[Any],
    why: Callable[[str, float], Sequence[Any]],
    scores: Sequence[Score] = (),
    full_anyway: Collection[str] | None = None,
) -> list[str]:
    """Five sentences on who lost power, where, when, why, and its cost; one where there is nothing to report.

    ``why``: the chain of changes behind a component at a time, root last. ``scores``: the scorecard, for what would be
    missing without the events too. ``full_anyway``: sections that are full without them; None where that is not known.
    """
    estimates = run.estimates
    unserved = of_system(estimates, "EUE") or 0.0
    gas = of_system(estimates, "unserved_gas_mcm") or 0.0
    happened = [change for change in log if not change.component.startswith(_QUIET) and change.time_h > 0]
    if unserved <= _POSITIVE and gas <= _POSITIVE and not happened:
        return [
            f"Nothing to report: everyone was served, and nothing failed, in the {_hours(run):g} hours of this run."
        ]
    return [
        _who(run, unserved, scores),
        _gas(run, gas) if gas > _POSITIVE else _when(run, unserved),
        _held(run, log, full_anyway),
        _why(run, log, why, happened),
        _cost(run),
    ]


def titled(run: RunLike, name: str) -> str:
    """The network's title of a plant or gas node; its name where there is none."""
    if run.system is None:
        return name
    generators, nodes = run.system.generators, run.system.gas_nodes
    titles = dict(zip(generators.plant.tolist(), generators.title.tolist(), strict=True))
    titles |= dict(zip(nodes.name.tolist(), nodes.title.tolist(), strict=True))
    return str(titles.get(name) or name)


_WORDS = {
    "gas_pipelines": "gas pipeline",
    "gas_supply": "gas source",
    "gas_storage": "gas storage",
    "lines": "line",
    "generators": "machine",
    "compressor_stations": "compressor station",
    "borders": "border",
}


def _component(run: RunLike, component: str) -> str:
    """A component in words: its title, where the network at hand has one, with its name behind."""
    table, _, name = component.partition(":")
    if not name:
        return component
    if table == "section":
        words = _section(run, name)
        return f"section {words}" if words == _state(name) else f"section {words} ({name})"
    what = _WORDS.get(table, table.removesuffix("s").replace("_", " "))
    title = ""
    if run.system is not None and table in _WORDS:
        rows = getattr(run.system, table)
        titles = dict(zip(rows.name.tolist(), getattr(rows, "title", rows.name).tolist(), strict=True))
        title = str(titles.get(name) or "")
    return f"{what} {title} ({name})" if title and title != name else f"{what} {name}"


def _section(run: RunLike, name: str) -> str:
    """The title of a section up to its first comma; its name in words where it has none."""
    titles: dict[str, str] = {}
    if run.system is not None:
        rows = run.system.interfaces
        titles = dict(zip(rows.name.tolist(), rows.title.tolist(), strict=True))
    title = str(titles.get(name) or name)
    return title.partition(",")[0] if title != name else _state(name)


def _happening(run: RunLike, change: Any) -> str:
    return f"{_component(run, change.component)}, {_state(change.to_state)}, on {_moment(run, change.time_h)}"


def _state(state: str) -> str:
    return state.replace("_", " ")


def _hours(run: RunLike) -> float:
    starts, ends, _ = times_of(run.tables["zones"])
    return float(ends[-1] - starts[0]) if len(starts) else 0.0


def _moment(run: RunLike, time_h: float) -> str:
    moment = run.start + dt.timedelta(hours=time_h)
    return f"{moment.day} {moment:%B %H:%M}"


def _who(run: RunLike, unserved: float, scores: Sequence[Score]) -> str:
    if unserved <= _POSITIVE:
        return "No customer lost electricity."
    classes = [name.replace("_", " ") for name, _ in _by_scope(run.estimates, "EUE", "class")]
    where = [name for name, _ in _by_scope(run.estimates, "EUE", "oblast")]
    where = where or [name for name, _ in _by_scope(run.estimates, "EUE", "zone")]
    peak, hours = of_system(run.estimates, "peak_shed_mw"), of_system(run.estimates, "LOLH")
    anyway = missing_anyway_mwh(scores)
    return (
        f"{number(unserved)} MWh of electricity were not served over {number(hours)} hours, at most {number(peak)} MW "
        f"at once: {_list(classes)} in {_list(where)}."
        + (f" Without the events {number(anyway)} MWh would be missing all the same." if anyway > _POSITIVE else "")
    )


def _when(run: RunLike, unserved: float) -> str:
    if unserved <= _POSITIVE:
        margin = of_system(run.estimates, "reserve_margin_mw_min")
        if margin is None:
            return "Reserves are not stated."
        starts, _, _ = times_of(run.tables["zones"])
        least = float(starts[int(summed(run.tables["zones"], "reserve_margin_mw").argmin())])
        return f"The least reserve margin was {number(margin)} MW, on {_moment(run, least)}."
    starts, ends, _ = times_of(run.tables["zones"])
    short = summed(run.tables["zones"], "unserved_mw") > SHORTFALL_TOLERANCE_MW
    first, last = float(starts[short][0]), float(ends[short][-1])
    restored = "and all was restored" if last < float(ends[-1]) else "and it was not restored"
    return f"It began on {_moment(run, first)} {restored} by {_moment(run, last)}."


def _gas(run: RunLike, gas: float) -> str:
    classes = [name.replace("_", " ") for name, _ in _by_scope(run.estimates, "unserved_gas_mcm", "class")]
    classes = [name for name in classes if name not in ("export", "transit")]
    cities = sorted(
        (e.value or 0.0, e.scope.partition(":")[2])
        for e in run.estimates
        if e.name == "survival_time_h" and e.scope.startswith("city:")
    )
    first = (
        f"; homes or heat of {titled(run, cities[0][1])} were first cut {number(cities[0][0])} h after the event"
        if cities
        else ""
    )
    return f"{number(gas)} million m³ of gas did not reach {_list(classes)}{first}."


def _held(run: RunLike, log: Sequence[Any], full_anyway: Collection[str] | None) -> str:
    """Plants short of gas and sections at their limit: where the loss was felt."""
    plants = sorted(
        (e.value or 0.0, e.scope.partition(":")[2])
        for e in run.estimates
        if e.name == "survival_time_h" and e.scope.startswith("plant:")
    )
    full = _full_sections(run, log, full_anyway)
    parts = []
    if plants:
        names = _list([titled(run, name) for _, name in plants])
        parts.append(f"{names} ran short of gas, the first after {number(plants[0][0])} h")
    if full:
        parts.append(
            f"the sections {_list([_section(run, name) for name in full])} were at their limit"
            if len(full) > 1
            else f"the section {_section(run, full[0])} was at its limit"
        )
    share = of_system(run.estimates, "import_share")
    if not parts and share is not None:
        parts.append(f"imports were {number(share)} % of the energy")
    text = "; ".join(parts) or "No section was at its limit"
    return f"{text[0].upper()}{text[1:]}."


def _full_sections(run: RunLike, log: Sequence[Any], full_anyway: Collection[str] | None) -> list[str]:
    """Sections that were full, without those that are so without the events; else before anything happened."""
    rows = run.tables["interfaces"]
    if full_anyway is None:
        began = [c.time_h for c in log if c.cause_id < 0 and c.time_h > 0 and not c.component.startswith(_QUIET)]
        full_anyway = sections_full(rows, min(began, default=0.0))
    return sorted(sections_full(rows) - set(full_anyway))


def sections_full(interfaces: Mapping[str, Any], until_h: float = np.inf) -> set[str]:
    """Names of sections that are at their limit at some time before ``until_h`` hours."""
    full = (np.asarray(interfaces["loading"]) >= _FULL) & (np.asarray(interfaces["time_h"]) < until_h)
    return set(np.asarray(interfaces["name"])[full].tolist())


def sections_full_anyway(result: RunResult) -> set[str]:
    """Sections that are full at some time without the events; without that course, before the first of them."""
    if result.baseline is not None and "interfaces" in result.baseline:
        return sections_full(result.baseline["interfaces"])
    return sections_full(result.tables["interfaces"], min((change.time_h for change in result.log), default=0.0))


def _why(run: RunLike, log: Sequence[Any], why: Callable[[str, float], Sequence[Any]], happened: Sequence[Any]) -> str:
    causes = [name for name, _ in _by_scope(run.estimates, "EUE", "cause")]
    causes = causes or [name for name, _ in _by_scope(run.estimates, "unserved_gas_mcm", "cause")]
    for change in log:
        if change.component.startswith(("zone:", "city:")) and change.to_state != "normal":
            chain = why(change.component, change.time_h)
            if len(chain) > 1:
                root = chain[-1]
                return f"The cause: {_happening(run, root)}."
    if causes:
        return f"The cause: {_list([_component(run, cause) for cause in causes])}."
    first = next(
        (change for change in happened if change.cause_id < 0 and not change.component.startswith("city:")), None
    )
    if first is not None:
        return f"What happened first: {_happening(run, first)}."
    energy = _by_scope(run.estimates, "energy_mwh", "fuel")
    lull = stood_in_for_wind_and_sun(run)
    if lull:
        return lull
    total = sum(mwh for _, mwh in energy)
    shares = ", ".join(f"{'imports' if name == 'import' else name} {percent(mwh / total)}" for name, mwh in energy[:5])
    told = f"; energy came from {shares}" if total > 0.0 else ""
    return f"No single event is behind it: supply, network and weather of these days are{told}."


_SOURCES = {
    "coal_mw": "coal",
    "gas_fired_mw": "gas",
    "backup_fuel_mw": "reserve fuel",
    "hydro_mw": "water",
    "storage_mw": "storage",
    "import_mw": "imports",
    "other_mw": "other plants",
    "unserved_mw": "not served",
}


def stood_in_for_wind_and_sun(run: RunLike) -> str:
    """Sources that stood in for wind and sun on the day with least of both; empty where days are alike or too few."""
    zones = run.tables["zones"]
    starts, ends, _ = times_of(zones)
    day = np.floor(starts / 24.0).astype(int)
    hours = ends - starts
    length = np.bincount(day, hours)
    whole = np.flatnonzero(length > 23.9)
    if len(whole) < 2:
        return ""

    def by_day(column: str) -> NDArray[np.float64]:
        return np.bincount(day, summed(zones, column) * hours)[whole] / length[whole]

    renewable, demand = by_day("wind_mw") + by_day("solar_mw"), by_day("demand_mw")
    least, most = int(np.argmin(renewable)), int(np.argmax(renewable))
    if renewable[most] - renewable[least] < _LULL * demand.mean():
        return ""
    changes = {words: by_day(column)[least] - by_day(column)[most] for column, words in _SOURCES.items()}
    more = sorted(((mw, words) for words, mw in changes.items() if mw > 1.0), reverse=True)
    told = ", ".join(f"{words} +{number(float(mw))} MW" for mw, words in more[:4]) or "nothing"
    dates = [run.start + dt.timedelta(days=float(whole[at])) for at in (least, most)]
    return (
        f"Wind and sun gave least on {dates[0].day} {dates[0]:%B}, {number(float(renewable[least]))} MW on average "
        f"against {number(float(renewable[most]))} MW on {dates[1].day} {dates[1]:%B}; in their place came {told}, "
        f"with demand {'+' if demand[least] > demand[most] else ''}{number(float(demand[least] - demand[most]))} MW."
    )


def _cost(run: RunLike) -> str:
    parts = []
    cost = of_system(run.estimates, "unserved_cost_usd")
    if cost is not None and cost > _POSITIVE:
        parts.append(f"the load lost is worth {number(cost)} USD")
    for name, label in (("co2e_gwp100_change_t", "CO2e over 100 years"), ("ch4_change_t", "methane")):
        change, whole = of_system(run.estimates, name), of_system(run.estimates, name.replace("_change", ""))
        if change is not None and abs(change) > max(_POSITIVE, _NOISE * abs(whole or 0.0)):
            parts.append(f"{label} {'+' if change > 0 else ''}{number(change)} t against no event")
    minerals = _by_scope(run.estimates, "mineral_loss_t", "mineral")
    if minerals:
        parts.append("output lost: " + ", ".join(f"{name} {number(t)} t" for name, t in minerals[:_NAMED]))
    lost = _by_scope(run.estimates, "offsite_lost_h", "site")
    if lost:
        parts.append("nuclear sites without offsite power: " + ", ".join(f"{name} {number(h)} h" for name, h in lost))
    co2_t = of_system(run.estimates, "co2_t")
    if not parts and co2_t is not None:
        parts.append(f"nothing was lost; CO2 of these days is {number(co2_t)} t")
    text = "; ".join(parts) or "nothing was lost, and no emissions are stated"
    return f"{text[0].upper()}{text[1:]}."


_FIRST, _SHOWN = "EUE", 4
_NEXT = (
    "LOLH",
    "unserved_gas_mcm",
    "co2e_gwp100_change_t",
    "peak_shed_mw",
    "reserve_margin_mw_min",
    "import_share",
    "co2_t",
)


def numbers_of(estimates: Sequence[Estimate], labels: Mapping[str, str], names: Sequence[str] = ()) -> list[Number]:
    """Four large numbers of the system with their 95 % interval; of one trajectory there is none, and it says so."""
    found = {e.name: e for e in estimates if e.scope == "system"}
    wanted = [name for name in names or (_FIRST, *_NEXT) if name in found]
    told = [name for name in wanted if name == wanted[0] or abs(found[name].value or 0.0) > _POSITIVE]
    out: list[Number] = []
    for name in (*told, *(name for name in wanted if name not in told))[:_SHOWN]:
        estimate = found[name]
        text = number(estimate.value) if estimate.n == 1 else value_with_error(estimate.value, estimate.stderr)
        out.append(Number(labels.get(name, name), with_unit(text, estimate.unit), interval_of(estimate)))
    return out


def interval_of(estimate: Estimate) -> str:
    """The interval of a number, in words."""
    if estimate.ci_low is not None and estimate.ci_high is not None:
        return f"95 %: {number(estimate.ci_low)} to {number(estimate.ci_high)}"
    if estimate.n == 1:
        return "one trajectory, no interval"
    return f"{estimate.n:,} samples, no interval can be stated"
