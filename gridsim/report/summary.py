"""What a person reads after a run: unserved energy, sections, margins, fuel, CO2, and the chain of causes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from gridsim.results.metrics import Estimate

if TYPE_CHECKING:
    from rich.console import Console

    from gridsim.engine.run import RunResult


def print_summary(console: Console, result: RunResult) -> None:
    """Print the summary of one run."""
    from rich.table import Table

    scenario, metrics = result.scenario, result.metrics
    horizon = scenario.horizon
    console.print(
        f"{scenario.name}  {result.system.title or result.system.name}, "
        f"{horizon.start:%Y-%m-%d %H:%M} + {horizon.hours:g} h"
    )
    if scenario.description:
        console.print(scenario.description.strip(), markup=False)
    table = Table("what", "where", "value", "unit", box=None, pad_edge=False)
    for group in (
        _rows(metrics, "EUE", ("system", "zone:")),
        _rows(metrics, "EUE", ("oblast:", "class:", "cause:"), positive=True),
        _rows(metrics, "time_to_first_shed_h"),
        _rows(metrics, "LOLH"),
        _rows(metrics, "peak_shed_mw"),
        _rows(metrics, "time_to_restore_h_100"),
        _rows(metrics, "price_response_mwh", positive=True),
        _rows(metrics, "section_loading_max"),
        _rows(metrics, "reserve_margin_mw_min"),
        _rows(metrics, "survival_time_h"),
        _least(_rows(metrics, "fuel_days_min"), 5),
        _rows(metrics, "curtailed_mwh", positive=True),
        _rows(metrics, "import_share"),
        _rows(metrics, "co2_t", ("system",)),
        _rows(metrics, "co2_change_t"),
        _rows(metrics, "mineral_loss_t", positive=True),
    ):
        for metric in group:
            table.add_row(_LABELS.get(metric.name, metric.name), metric.scope, _number(metric.value), metric.unit)
    console.print(table)
    solves = result.tables["solves"]
    not_converged = int((solves["ac_status"] == "not_converged").sum())
    console.print(
        f"{result.dispatch_solves} dispatches, {len(solves['time_h'])} intervals, "
        f"{not_converged} without an AC solution"
    )
    balance = _balance(result)
    if balance:
        console.print(balance)
    chain = _chain(result)
    if chain:
        console.print("why: " + " <- ".join(chain))


_LABELS = {
    "EUE": "unserved energy",
    "LOLH": "hours with unserved energy",
    "peak_shed_mw": "deepest shortfall",
    "time_to_first_shed_h": "first shed after",
    "time_to_restore_h_100": "all restored after",
    "section_loading_max": "peak section loading",
    "reserve_margin_mw_min": "least reserve margin",
    "survival_time_h": "short of gas after",
    "fuel_days_min": "least fuel in stock",
    "co2_t": "CO2",
    "co2_change_t": "CO2 against no event",
    "import_share": "imported share of energy",
    "curtailed_mwh": "wind and sun curtailed",
    "price_response_mwh": "price response",
    "mineral_loss_t": "output lost",
}


def _rows(
    metrics: Iterable[Estimate], name: str, scopes: Sequence[str] = ("",), *, positive: bool = False
) -> list[Estimate]:
    return [
        metric
        for metric in metrics
        if metric.name == name
        and any(metric.scope.startswith(scope) for scope in scopes)
        and (not positive or (metric.value or 0.0) > 0.05)
    ]


def _least(metrics: list[Estimate], n: int) -> list[Estimate]:
    return sorted(metrics, key=lambda metric: (metric.value or 0.0, metric.scope))[:n]


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.1f}"


def _balance(result: RunResult) -> str:
    """The zone and hour whose inflow or supply the events changed most, against the same hour without them."""
    rows = result.tables["balance"]
    if len(rows["time_h"]) == 0:
        return ""
    row = int((rows["unserved_mw"] + 1e-3 * abs(rows["net_inflow_change_mw"])).argmax())
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


def _chain(result: RunResult) -> list[str]:
    """The first shed zone and what led to it."""
    for change in result.log:
        if change.component.startswith("zone:"):
            return [
                f"{c.component} {c.to_state} (+{c.time_h:g} h)" for c in result.why(change.component, change.time_h)
            ]
    return []


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
