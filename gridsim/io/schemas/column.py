"""How a column of an input table is declared: its range, default, unit, meaning and the table it points to."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Confidence = Literal["published", "derived", "assumed"]


def column(
    doc: str,
    default: Any = ...,
    *,
    unit: str = "-",
    ref: str | None = None,
    gt: float | None = None,
    ge: float | None = None,
    lt: float | None = None,
    le: float | None = None,
) -> Any:
    """Declare one column. ``ref`` names the table whose ``name`` column holds the allowed values."""
    extra: dict[str, Any] = {"unit": unit}
    if ref is not None:
        extra["ref"] = ref
    return Field(default, description=doc, json_schema_extra=extra, gt=gt, ge=ge, lt=lt, le=le)


class Row(BaseModel):
    """A row of any table: unknown columns are errors, cells are stripped, nothing changes after reading."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, allow_inf_nan=False)


class SourcedRow(Row):
    """A row that says where it comes from."""

    note: str = column("Remark for the reader", "")
    source: str = column("Keys of sources.csv, separated by '; '", "")
    confidence: Confidence = column(
        "published: a document states the main figure; derived: computed from such; assumed: engineering value",
        "assumed",
    )
