"""Summary of a study or a comparison: a table of cases or differences, each with its standard error."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from gridsim.report.summary import rounded
from gridsim.results.metrics import Estimate

if TYPE_CHECKING:
    from rich.console import Console

    from gridsim.results.study_result import StudyResult

_SHOWN = (
    ("EUE", "system", "unserved energy, MWh"),
    ("P_any_shortfall", "system", "chance of shortfall"),
    ("CVaR_95", "system", "worst 5 %, MWh"),
    ("LOLH", "system", "hours short"),
    ("event_duration_h_mean", "system", "each, h"),
    ("event_duration_h_max", "system", "longest, h"),
    ("peak_shed_mw", "system", "deepest, MW"),
    ("co2_change_t", "system", "CO2 change, t"),
)
_FAILED_SHOWN = 10


def print_study(console: Console, result: StudyResult) -> None:
    """One line per case, then what failed and how to go on."""
    from rich.table import Table

    study = result.study
    if study.description:
        console.print(study.description.strip(), markup=False)
    table = Table("case", "replicates", *(label for _, _, label in _SHOWN), box=None, pad_edge=False)
    for case, estimates in result.estimates.items():
        found = {(e.name, e.scope): e for e in estimates}
        cells = [_with_error(found.get((name, scope))) for name, scope, _ in _SHOWN]
        table.add_row(case, str(result.replicates[case]), *cells)
    console.print(table)
    for case, failed, replay in result.failed[:_FAILED_SHOWN]:
        console.print(f"failed: {case} replicate {failed['replicate']}: {failed['error']}", markup=False)
        console.print(f"  replay: {replay}", markup=False)
    if len(result.failed) > _FAILED_SHOWN:
        console.print(f"... and {len(result.failed) - _FAILED_SHOWN} more in the manifests")
    for file in result.repaired:
        console.print(f"was damaged or missing, run again: {file}", markup=False)
    reason = f": {result.reason}" if result.reason else ""
    reused = f", {result.reused} replicates from before" if result.reused else ""
    console.print(f"{result.status}{reason}; tables in {result.path} ({result.wall_s:.1f} s{reused})", markup=False)


def _with_error(estimate: Estimate | None) -> str:
    if estimate is None:
        return "-"
    value, stderr = rounded(estimate.value, estimate.stderr)
    return value if stderr == "-" else f"{value} +- {stderr}"


def print_differences(console: Console, first: str, other: str, differences: Iterable[Estimate]) -> None:
    """Differences of ``other`` against ``first``."""
    from rich.table import Table

    table = Table("what", "where", f"{other} - {first}", "+-", "unit", "n", box=None, pad_edge=False)
    for estimate in differences:
        value, stderr = rounded(estimate.value, estimate.stderr)
        table.add_row(estimate.name, estimate.scope, value, stderr, estimate.unit, str(estimate.n))
    console.print(table)
