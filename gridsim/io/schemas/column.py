"""Declaration of a column of an input table: its range, default, unit, meaning and the table it points to."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.fields import FieldInfo

from gridsim.io.schemas.bounds import BOUNDS, SMALLEST

Confidence = Literal["published", "derived", "assumed"]


class Effect(StrEnum):
    """Effect of a column or table on results. A test holds each against the code that reads it."""

    MODEL = "model"  # results depend on it, or it places an element in the system
    LABEL = "label"  # a name, kind or origin for people
    NONE = "none"  # read and checked; no result depends on it yet, which a warning says


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
    effect: Effect = Effect.MODEL,
    items: bool = False,
) -> Any:
    """Declare one column. ``ref`` names the table whose ``name`` column holds the allowed values.

    A bound that is not given is that of the unit, and what must be above 0 has a smallest value by unit. ``items``: of
    a mapping, which is bounded where its keys are checked.
    """
    low, high = (None, None) if items else BOUNDS.get(unit, (None, None))
    if gt == 0 and unit in SMALLEST:
        gt, ge = None, SMALLEST[unit]
    if gt is None and ge is None:
        ge = low
    if lt is None and le is None:
        le = high
    extra: dict[str, Any] = {"unit": unit}
    if effect is not Effect.MODEL:
        extra["effect"] = str(effect)
    if ref is not None:
        extra["ref"] = ref
    return Field(default, description=doc, json_schema_extra=extra, gt=gt, ge=ge, lt=lt, le=le)


def effect_of(field: FieldInfo) -> Effect:
    """The effect of a declared column."""
    extra = field.json_schema_extra
    return Effect(str(extra.get("effect", Effect.MODEL))) if isinstance(extra, dict) else Effect.MODEL


class Row(BaseModel):
    """A row of any table: unknown columns are errors, cells are stripped, nothing changes after reading."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, allow_inf_nan=False,
                              defer_build=True)  # a validator is made where its table has rows  # fmt: skip
    numbers: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def __pydantic_init_subclass__(cls, **settings: Any) -> None:
        """Note which columns hold numbers."""
        super().__pydantic_init_subclass__(**settings)
        kinds = {
            name: set(get_args(field.annotation)) or {field.annotation} for name, field in cls.model_fields.items()
        }
        cls.numbers = frozenset(name for name, kind in kinds.items() if kind <= {int, float, type(None)})

    @model_validator(mode="before")
    @classmethod
    def _truth_is_no_number(cls, values: Any) -> Any:
        """``probability: true`` is refused like any other word, not read as 1."""
        if isinstance(values, dict) and bool in map(type, values.values()):
            return {key: str(value).lower() if isinstance(value, bool) and key in cls.numbers else value
                    for key, value in values.items()}  # fmt: skip
        return values


class SourcedRow(Row):
    """A row that says where it comes from."""

    note: str = column("Remark for the reader", "", effect=Effect.LABEL)
    source: str = column("Keys of sources.csv, separated by '; '", "", effect=Effect.LABEL)
    confidence: Confidence = column(
        "published: a document states the main figure; derived: computed from such; assumed: engineering value",
        "assumed",
        effect=Effect.LABEL,
    )
