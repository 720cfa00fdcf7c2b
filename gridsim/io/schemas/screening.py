"""Files of a screening: an operating point, and a list of outages."""

from __future__ import annotations

from typing import Literal

from gridsim.io.schemas.column import Row, column


class PointRow(Row):
    """One element of an operating point; machines that no row names stand still, loads have their ``p_mw``."""

    table: Literal["generators", "borders", "storages", "loads", "lines", "transformers"] = column(
        "Table of the element"
    )
    name: str = column("Name in the table")
    p_mw: float | None = column("Output, import, discharge or load served", None, unit="MW", ge=-1e6, le=1e6)
    in_service: bool = column("Synchronised or in service; false: out", True)


class OutageRow(Row):
    """One lost element; rows of the same ``outage`` are lost together."""

    element: str = column("Name; several lost together: a + b; * for every element of a kind, each alone")
    kind: (
        Literal["line", "transformer", "generator", "border", "storage", "shunt", "bus", "corridor", "section"] | None
    ) = column("Kind, where several have the name", None)
    outage: str | None = column("Name of an outage of several rows", None)
