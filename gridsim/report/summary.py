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
    for metric in shown_metrics(result.estimates):
        label = metric_table()[metric.name].label
        table.add_row(label, metric.scope, _number(metric.value), metric.unit)
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


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.1f}"


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
    """Value and standard error as text, both to the first significant digit of the standard error."""
    if value is None:
        return "-", "-"
    if not stderr:
        return f"{value:.6g}", "-"
    digits = -math.floor(math.log10(stderr))
    if digits < 0:
        unit = 10.0**-digits
        return f"{round(value / unit) * unit:,.0f}", f"{round(stderr / unit) * unit:,.0f}"
    return f"{value:,.{digits}f}", f"{stderr:.{digits}f}"
