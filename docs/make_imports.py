"""Writes docs/imports.md, public grids imported and solved beside their own power flow: `python docs/make_imports.py`.

A test in tests/verification makes every row again and holds the page to it; one in tests/docs does so for small grids.
Other grids print their rows: `python docs/make_imports.py case300.m grid.json ...`.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from gridsim.errors import InputError
from gridsim.io.grid_import.imported import Imported, import_net, solved_net
from gridsim.io.grid_import.report import Fate
from gridsim.io.grid_import.sources import open_source
from tests.support.import_cases import losses, solve

PAGE = Path(__file__).with_name("imports.md")
SMALL = (
    "case4gs", "case5", "case6ww", "case9", "case14", "case24_ieee_rts", "case30", "case_ieee30", "case33bw", "case39",
    "case57", "case89pegase", "case118", "case145", "case300", "GBreducednetwork", "create_cigre_network_hv",
    "create_cigre_network_lv", "create_cigre_network_mv", "example_multivoltage", "example_simple", "iceland",
    "mv_oberrhein", "simple_four_bus_system",
)  # fmt: skip
LARGE = (
    "case_illinois200", "case1354pegase", "case1888rte", "case2848rte", "case2869pegase", "case3120sp", "GBnetwork",
    "ieee_european_lv_asymmetric", "lv_schutterwald",
)  # fmt: skip
HEADINGS = ("grid", "buses", "branches", "losses, MW", "relative error", "largest error, pu", "restated", "left out")
LARGEST_PU, LARGEST_RELATIVE = 1e-6, 1e-6
HEAD = """\
# Public grids through the import

Each grid is imported, then solved in AC at the operating point that it states, reactive limits left alone. Beside it
stands the power flow of pandapower for the grid itself. The errors are of this comparison: of the losses of all
branches and of the voltage of any bus. `restated` counts elements by their table; [own_grid.md](own_grid.md) says as
what. `left out` is what the import needs `--drop` for.

Written by `python docs/make_imports.py`; a test makes every row again. Errors are rounded up to the next power of ten,
those below 1e-8 shown as such.

"""


class Row(NamedTuple):
    """One grid. ``error_pu`` and ``error_losses`` are NaN where the grid has no power flow of its own."""

    grid: str
    buses: int
    branches: int
    losses_mw: float
    error_losses: float
    error_pu: float
    restated: str
    dropped: tuple[str, ...]

    @property
    def equal(self) -> bool:
        """Within the bounds that every grid is held to."""
        return self.error_pu <= LARGEST_PU and self.error_losses <= LARGEST_RELATIVE

    def cells(self) -> tuple[str, ...]:
        """Texts of the page's table."""
        return (
            self.grid,
            str(self.buses),
            str(self.branches),
            f"{self.losses_mw:.3f}",
            power_of_ten(self.error_losses),
            power_of_ten(self.error_pu),
            self.restated,
            ", ".join(self.dropped),
        )


def power_of_ten(error: float) -> str:
    """An error rounded up, so that the page does not change with the machine."""
    if math.isnan(error):
        return "no power flow"
    return "< 1e-8" if error < 1e-8 else f"< 1e{math.ceil(math.log10(error))}"


def row_of(source: str) -> Row:
    """Import one grid and compare; tables that are refused are dropped and named."""
    net = open_source(source).net
    try:
        imported, dropped = import_net(net), ()
    except InputError as error:
        dropped = tuple(sorted({problem.file.removeprefix("<net.").rstrip(">") for problem in error.problems}))
        imported = import_net(net, drop=dropped)
    system = imported.system
    solved = solved_net(net, frozenset(dropped))
    name = Path(source).stem
    if solved is None:
        nan = math.nan
        return Row(name, len(system.buses), system.n_branches, nan, nan, nan, _restated(imported), dropped)
    solution = solve(imported)
    at = {bus: position for position, bus in enumerate(system.buses.name.tolist())}
    error_pu = max(abs(float(solution.vm_pu[at[bus]]) - vm_pu) for bus, vm_pu in imported.vm_pu.items())
    ours, theirs = losses(solved, imported, solution)
    relative = abs(ours - theirs) / abs(theirs)
    return Row(name, len(system.buses), system.n_branches, theirs, relative, error_pu, _restated(imported), dropped)


def _restated(imported: Imported) -> str:
    """Number of elements by table that stand as something else; costs have no part in a power flow."""
    elements: dict[str, set[str]] = {}
    for entry in imported.report.entries:
        if entry.fate is Fate.RESTATED and not entry.table.endswith("_cost"):
            elements.setdefault(entry.table, set()).update(entry.elements)
    return ", ".join(f"{table} {len(names)}" for table, names in sorted(elements.items()))


def page_line(row: Row) -> str:
    """A line of the page's table."""
    return "| " + " | ".join(row.cells()) + " |"


def text(rows: Iterable[Row]) -> str:
    """The whole page."""
    lines = ["| " + " | ".join(HEADINGS) + " |", "| " + " | ".join("---" for _ in HEADINGS) + " |"]
    return HEAD + "\n".join([*lines, *(page_line(row) for row in rows)]) + "\n"


def main(arguments: Any) -> None:
    if arguments:
        for source in arguments:
            print(page_line(row_of(source)))
        return
    PAGE.write_text(text(row_of(source) for source in (*SMALL, *LARGE)), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
