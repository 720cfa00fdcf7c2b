"""Turns pydantic's errors into Problems that say where, what and how to mend."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from gridsim.errors import Problem, nearest

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


def readable(
    model: type[RowType], values: Mapping[str, Any], stand_ins: Mapping[tuple[str, ...], Any] | None = None
) -> RowType | None:
    """The row without the values that are wrong, for checks beyond them; None where nothing can be made of it.

    ``stand_ins``: values, by their path, of required keys that are missing or wrong.
    """
    left = copy.deepcopy(dict(values))
    while True:
        try:
            return model.model_validate(left)
        except ValidationError as error:
            done = [_leave_out(left, item["loc"], stand_ins or {}) for item in error.errors()]
        if not any(done):
            return None


def _leave_out(left: dict[str, Any], location: Sequence[Any], stand_ins: Mapping[tuple[str, ...], Any]) -> bool:
    """Take the value at ``location`` out of its mapping, or what is nearest around it; False if nothing is there."""
    around: list[tuple[dict[str, Any], Any]] = []  # the mappings on the way, each with the key that leads on
    at: Any = left
    for step in location:
        if isinstance(at, dict):
            around.append((at, step))
        try:
            at = at[step]
        except (LookupError, TypeError):
            break
    mapping, key = around[-1]
    path = tuple(location[: len(around)])
    if path in stand_ins and mapping.get(key) != stand_ins[path]:
        mapping[key] = copy.deepcopy(stand_ins[path])
        return True
    for mapping, key in reversed(around):
        if key in mapping:
            del mapping[key]
            return True
    return False


def not_of_faults(problems: Iterable[Problem], faulty: Iterable[str], values: Mapping[str, Any]) -> Iterator[Problem]:
    """Problems that hold whatever is put in place of what is faulty.

    ``faulty``: dotted keys of ``values`` that were left out before the ``problems`` were looked for. A problem of one
    of them, or of a key that is not given beside one of them (it may be the one that was meant), is not told.
    """
    paths = {tuple(key.split(".")) for key in faulty}
    around = {path[:length] for path in paths for length in range(len(path) + 1)}
    for problem in problems:
        own = tuple(problem.column.split("."))
        if own in around or any(own[:length] in paths for length in range(len(own))):
            continue
        if problem.column and own[:-1] in around and not _is_given(values, own):
            continue
        yield problem


def _is_given(values: Any, path: Sequence[str]) -> bool:
    for step in path:
        if isinstance(values, list) and step.isdigit() and int(step) < len(values):
            values = values[int(step)]
        elif isinstance(values, dict) and step in values:
            values = values[step]
        else:
            return False
    return True
