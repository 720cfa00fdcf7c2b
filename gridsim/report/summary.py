"""Summary of a run on the screen: metrics as ``metrics.csv`` shows them, remarks, and the chain of causes."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

from gridsim.results.metric_table import metric_table, scope_kind
from gridsim.results.metrics import Estimate

if TYPE_CHECKING:
    from rich.console import Console

    from gridsim.engine.run import RunResult

_POSITIVE = 0.05  # less is 0.0 on the screen
_VALUE_DIGITS, _ERROR_DIGITS = 4, 2
_NOISE = 1e-9  # of a value; an error below it is that of the arithmetic


def print_summary(console: Console, result: RunResult) -> None:
    """Print the summary of one run."""
    from rich.table import Table

    scenario = result.scenario
    horizon = scenario.horizon
    console.print(
        f"{scenario.name}  {result.system.title or result.system.name}, "
        f"{horizon.start:%Y-%m-%d %H:%M} + {horizon.hours:g} h"
    )
    if scenario.description:
        console.print(scenario.description.strip(), markup=False)
    table = Table("what", "where", "value", "unit", box=None, pad_edge=False)
    for metric in shown_metrics(result.metrics):
        label = metric_table()[metric.name].label
        table.add_row(label, metric.scope, number(metric.value), metric.unit)
    console.print(table)
    solves = result.tables["solves"]
    not_converged = int((solves["ac_status"] == "not_converged").sum())
    console.print(
        f"{result.dispatch_solves} dispatches, {len(solves['time_h'])} intervals, "
        f"{not_converged} without an AC solution"
    )
    for remark in result.remarks:
        console.print(remark, markup=False, highlight=False)
    row = _named_row(result)
    if row is not None:
        console.print(_balance(result, row))
        chain = _chain(result, row)
        if chain:
            console.print("why: " + " <- ".join(chain))


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


def number(value: float | None) -> str:
    """A number of one run: whole above a thousand, else with one decimal; a small one keeps three digits."""
    if value is None:
        return "-"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:,.1f}" if abs(value) >= 1 or not value else f"{value:.3g}"


def _named_row(result: RunResult) -> int | None:
    """Row of the balance table that the events changed most; None for a run without events."""
    rows = result.tables["balance"]
    if len(rows["time_h"]) == 0:
        return None
    return int((rows["unserved_mw"] + 1e-3 * abs(rows["net_inflow_change_mw"])).argmax())


def _balance(result: RunResult, row: int) -> str:
    """The zone and hour of ``row`` against the same hour without events."""
    rows = result.tables["balance"]
    parts = ", ".join(
        f"{label} {rows[column][row]:+,.0f}"
        for label, column in (
            ("gas-fired", "gas_fired_change_mw"),
            ("backup fuel", "backup_fuel_change_mw"),
            ("other supply", "other_generation_change_mw"),
            ("demand", "demand_change_mw"),
            ("inflow", "net_inflow_change_mw"),
            ("unserved", "unserved_mw"),
        )
    )
    return f"{rows['name'][row]} at +{rows['time_h'][row]:g} h against no event (MW): {parts}"


def _chain(result: RunResult, row: int) -> list[str]:
    """The causes of the hour that the balance line names; of the first shortage where that zone is not short then."""
    rows = result.tables["balance"]
    zone, time_h = f"zone:{rows['name'][row]}", float(rows["time_h"][row])
    if not any(change.component == zone and change.time_h <= time_h for change in result.log):
        first = next((change for change in result.log if change.component.startswith("zone:")), None)
        if first is None:
            return []
        zone, time_h = first.component, first.time_h
    return [f"{c.component} {c.to_state} (+{c.time_h:g} h)" for c in result.why(zone, time_h)]


def rounded(value: float | None, stderr: float | None) -> tuple[str, str]:
    """Value and standard error as text: at most four digits of the value and two of its error, to one place."""
    if value is None:
        return "-", "-"
    if not stderr or not math.isfinite(stderr) or stderr < _NOISE * abs(value):
        return plain(value), "-"
    place = _magnitude(stderr) - (_ERROR_DIGITS - 1)
    if value:
        place = max(place, _magnitude(value) - (_VALUE_DIGITS - 1))
    return _to_place(value, place), _to_place(stderr, min(place, _magnitude(stderr)))


def plain(value: float | None, digits: int = _VALUE_DIGITS) -> str:
    """A number without an error, with separators and at most so many digits."""
    if value is None:
        return "-"
    text = _to_place(value, _magnitude(value) - (digits - 1)) if value else "0"
    return text.rstrip("0").rstrip(".") if "." in text else text


def with_error(estimate: Estimate | None) -> str:
    """``1,096 +- 12`` in one cell; the value alone where it has no error."""
    if estimate is None:
        return "-"
    value, stderr = rounded(estimate.value, estimate.stderr)
    return value if stderr == "-" else f"{value} +- {stderr}"


def _magnitude(value: float) -> int:
    """The power of ten of the first digit."""
    return math.floor(math.log10(abs(value)))


def _to_place(value: float, place: int) -> str:
    """Rounded to a power of ten."""
    if place > 0:
        return f"{round(value / 10**place) * 10**place:,}"
    return f"{value:,.{-place}f}"
