"""One unknown of a known day: a number of the network or of an event of which only a range is known."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Unknown:
    """``column`` of ``rows`` (names) of ``table`` is between ``low`` and ``high``; ``factor``: times what stands there.

    ``parameter``: as it was written, ``table.rows.column``.
    """

    parameter: str
    table: str
    rows: tuple[str, ...]
    column: str
    low: float
    high: float
    factor: bool = False
