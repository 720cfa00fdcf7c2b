"""Summary of a run on the screen: the numbers that matter in words, remarks, and the chain of causes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gridsim.report.numbers import number
from gridsim.report.scorecard_lines import scorecard_lines
from gridsim.report.short_summary import bare_name, short_rows
from gridsim.report.start_summary import start_lines
from gridsim.report.text_table import TextTable, terminal_width, wrapped
from gridsim.results.metric_table import metric_table, scope_rank

if TYPE_CHECKING:
    from rich.console import Console

    from gridsim.engine.run import RunResult


def print_summary(console: Console, result: RunResult, *, everything: bool = False) -> None:
    """Print the summary of one run for the width of ``console``."""
    for line in summary_lines(result, console.width, everything=everything):
        console.print(line, markup=False, emoji=False, highlight=False, soft_wrap=True)


def summary_lines(result: RunResult, width: int | None = None, *, everything: bool = False) -> list[str]:
    """The numbers that matter first, the rest folded; with ``everything`` every metric of the run."""
    width = terminal_width() if width is None else width
    horizon = result.scenario.horizon
    title = (
        f"{result.scenario.name}  {result.system.title or result.system.name}, "
        f"{horizon.start:%Y-%m-%d %H:%M} + {horizon.hours:g} h"
    )
    lines = [*wrapped(title, width, "  "), *wrapped(result.scenario.description, width)]
    for line in start_lines(result):
        lines += wrapped(line, width, "  ")
    if everything:
        lines += _every_metric(result, width)
    else:
        lines += TextTable(("what", "value"), tuple(short_rows(result)), wrapped=True).lines(width)
    solves = result.tables["solves"]
    not_converged = int((solves["ac_status"] == "not_converged").sum())
    if everything or not_converged:
        lines.append(
            f"{result.dispatch_solves} dispatches, {len(solves['time_h'])} intervals, "
            f"{not_converged} without an AC solution"
        )
    for remark in result.remarks:
        lines += wrapped(remark, width, "  ")
    row = _named_row(result)
    if row is not None:
        lines += wrapped(_balance(result, row), width, "  ")
        chain = _chain(result, row)
        if chain:
            lines += wrapped(f"why: {chain}", width, "  ")
    return lines + scorecard_lines(result.scorecard, width)


def _every_metric(result: RunResult, width: int) -> list[str]:
    """Every metric by label and name, and its scopes below it where there are several."""
    lines: list[str] = []
    for metric in metric_table().values():
        found = [e for e in result.estimates if e.name == metric.metric]
        found.sort(key=lambda e: scope_rank(e.name, e.scope))
        label = f"{metric.label} ({metric.metric})"
        unit = "" if metric.unit == "-" else f" {metric.unit}"
        if [e.scope for e in found] == ["system"]:
            lines += wrapped(f"{label}: {number(found[0].value)}{unit}", width, "  ")
        elif found:
            lines += wrapped(f"{label},{unit or ' -'}", width, "  ")
            lines += TextTable(("", ""), tuple((f"  {e.scope}", number(e.value)) for e in found)).lines(width)[1:]
    margins = [e for e in result.estimates if e.name == "reserve_margin_mw_min" and e.scope != "system"]
    lent = [e for e in margins if (e.value or 0.0) < 0]
    if lent:
        names = ", ".join(bare_name(e) for e in lent)
        text = f"the margin of a zone counts only its own machines and borders: {names} then takes from its neighbours"
        lines += wrapped(text, width, "  ")
    return lines


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
    return f"{rows['name'][row]} at +{round(float(rows['time_h'][row]), 1):g} h against no event (MW): {parts}"


def _chain(result: RunResult, row: int) -> str:
    """The causes of the hour that the balance line names; of the first shortage where that zone is not short then."""
    rows = result.tables["balance"]
    zone, time_h = f"zone:{rows['name'][row]}", float(rows["time_h"][row])
    if not any(change.component == zone and change.time_h <= time_h for change in result.log):
        first = next((change for change in result.log if change.component.startswith("zone:")), None)
        if first is None:
            return ""
        zone, time_h = first.component, first.time_h
    return str(result.why(zone, time_h))
