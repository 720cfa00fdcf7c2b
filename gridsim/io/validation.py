"""Turns pydantic's errors into Problems that say where, what and how to mend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from gridsim.errors import nearest

RowType = TypeVar("RowType", bound=BaseModel)

_BOUND_TEXT = {
    "greater_than": ("gt", ">"),
    "greater_than_equal": ("ge", ">="),
    "less_than": ("lt", "<"),
    "less_than_equal": ("le", "<="),
}


def unit_of(field: FieldInfo) -> str:
    """Unit of a column, empty for pure numbers and text."""
    extra = field.json_schema_extra
    unit = str(extra.get("unit", "-")) if isinstance(extra, dict) else "-"
    return "" if unit == "-" else unit


def mend_text(field: FieldInfo) -> str:
    """Hint of what to write into this column."""
    doc = (field.description or "a value").split(";")[0]
    unit = unit_of(field)
    text = f"give {doc[0].lower()}{doc[1:]}" + (f" in {unit}" if unit else "")
    if field.is_required():
        return text
    default = field.get_default()
    return f"{text}, or leave empty" + (f" for {default}" if default not in (None, "") else "")


def _place(model: type[BaseModel], location: Sequence[Any]) -> tuple[type[BaseModel], FieldInfo | None]:
    """The model that a location ends in, however deep, and the field there (or the one that holds its items)."""
    field = None
    for step in location:
        inner = _model_in(field.annotation) if field is not None else None
        model = inner or model
        if step in model.model_fields:
            field = model.model_fields[step]
        elif inner is not None and isinstance(step, str):
            return model, None
    return model, field


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for inner in get_args(annotation) if (found := _model_in(inner)) is not None), None)


def _choices(annotation: Any) -> list[str]:
    if isinstance(annotation, str):
        return [annotation]
    return [choice for inner in get_args(annotation) for choice in _choices(inner)]


def explain(error: Any, model: type[BaseModel]) -> tuple[str, str, str]:
    """(column, what is wrong, mend) of one pydantic error."""
    location = [str(part) for part in error["loc"]]
    column = ".".join(location)
    owner, field = _place(model, error["loc"])
    value = error.get("input")
    kind = error["type"]
    if kind == "extra_forbidden":
        return column, "unknown", nearest(location[-1], list(owner.model_fields))
    if kind == "invalid_key":
        return column, "a key that is not text", f"put it in quotes: '{location[-1]}'"
    if field is None:
        return column, f"{value} {error['msg']}", "see the format page"
    if kind == "missing":
        return column, "empty", mend_text(field)
    if kind in _BOUND_TEXT:
        context, sign = _BOUND_TEXT[kind]
        return column, f"{value} is not {sign} {error['ctx'][context]:g}", mend_text(field)
    if kind in ("float_parsing", "float_type"):
        return column, f"'{value}' is not a number", mend_text(field)
    if kind in ("int_parsing", "int_type", "int_from_float", "int_parsing_size"):
        return column, f"'{value}' is not a whole number", mend_text(field)
    if kind == "finite_number":
        return column, f"{value} is not finite", mend_text(field)
    if kind in ("bool_parsing", "bool_type"):
        return column, f"'{value}' is not true or false", mend_text(field)
    if kind == "literal_error":
        choices = _choices(field.annotation)
        return column, f"'{value}' is not one of {', '.join(choices)}", nearest(str(value), choices)
    return column, f"{value!r}: {error['msg']}", mend_text(field)


def validate(model: type[RowType], values: Mapping[str, Any]) -> tuple[RowType | None, list[tuple[str, str, str]]]:
    """The validated row, or None and the list of (column, what, mend)."""
    try:
        return model.model_validate(values), []
    except ValidationError as error:
        return None, [explain(item, model) for item in error.errors()]
