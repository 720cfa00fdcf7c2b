"""States by AC as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gridsim.report.numbers import value_with_error
from gridsim.report.text_table import TextTable, terminal_width, wrapped

if TYPE_CHECKING:
    from gridsim.reliability.ac_verified import AcVerified


def ac_lines(found: AcVerified, form: str = "text") -> list[str]:
    """Share of states that AC rejects by reason and zone, and the EUE that follows."""
    rows = []
    for metric, scope, reason, value, stderr in found.rows():
        name = f"{metric}, {reason}" if reason else metric
        name = name if scope == "system" else f"{metric} of {scope}"
        rows.append((name, value_with_error(value, stderr), "-" if reason else "MWh"))
    table = TextTable(("by AC", "value", "unit"), tuple(rows), left=frozenset(("unit",)))
    if form == "md":
        return table.markdown().splitlines()
    told = (
        f"{len(found.verdicts):,} of {found.n_drawn:,} random states of the normal year by AC, with voltage control "
        "where there is any. EUE: of these states as dispatched; EUE_ac: the rejected ones shed until they solve"
    )
    return [*wrapped(told, terminal_width()), *table.lines()]
