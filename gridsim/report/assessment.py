"""Printed summary of an assessment: the system's numbers, then unserved energy by place and class."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from gridsim.report.summary import rounded
from gridsim.results.metrics import Estimate

if TYPE_CHECKING:
    from rich.console import Console

    from gridsim.reliability import AssessmentResult

KINDS = ("zone", "oblast", "class", "month")
BY_SCOPE = ("EUE", "NEUE", "LOLH", "LOLEv")


def print_assessment(console: Console, network: str, imports: str, result: AssessmentResult) -> None:
    """Print the estimates, each rounded to the first digit of its standard error; buses are in ``--json`` only."""
    from rich.table import Table

    method = result.method
    console.print(
        f"{network}  {method.level} level, imports: {imports}, {result.n_samples:,} samples, "
        f"{result.wall_s:.1f} s, {result.stopped}"
    )
    table = Table("what", "value", "+-", "unit", box=None, pad_edge=False)
    for estimate in result.estimates:
        if estimate.scope == "system":
            table.add_row(estimate.name, *rounded(estimate.value, estimate.stderr), estimate.unit)
    console.print(table)
    for kind in KINDS:
        rows = _by_scope(result.estimates, kind)
        if rows:
            console.print()
            table = Table(kind, box=None, pad_edge=False)
            names = [name for name in BY_SCOPE if any(name in row for row in rows.values())]
            for name in names:
                unit = next(row[name].unit for row in rows.values() if name in row)
                table.add_column(f"{name} {unit}", justify="right")
                table.add_column("+-", justify="right")
            for scope, row in rows.items():
                table.add_row(scope, *(text for name in names for text in _cells(row.get(name))))
            console.print(table)
    buses = _by_scope(result.estimates, "bus")
    if buses:
        console.print(f"{len(buses)} buses: --json")


def _by_scope(estimates: Iterable[Estimate], kind: str) -> dict[str, dict[str, Estimate]]:
    """By scope of one kind, months in their order, else the most unserved energy first: its estimates by name."""
    rows: dict[str, dict[str, Estimate]] = {}
    for estimate in estimates:
        prefix, _, scope = estimate.scope.partition(":")
        if prefix == kind:
            rows.setdefault(scope, {})[estimate.name] = estimate
    if kind == "month":
        return rows
    return dict(sorted(rows.items(), key=lambda item: (-(item[1]["EUE"].value or 0.0), item[0])))


def _cells(estimate: Estimate | None) -> tuple[str, str]:
    return ("-", "-") if estimate is None else rounded(estimate.value, estimate.stderr)
