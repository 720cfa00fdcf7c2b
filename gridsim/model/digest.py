"""SHA-256 over values of the model: arrays, tables and the settings beside them, the same on every machine."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
from collections.abc import Collection, Mapping
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray


def digest(value: Any, *, leave_out: Collection[str] = ()) -> str:
    """SHA-256 of a value and of all that it consists of, but for fields and keys named in ``leave_out``.

    It depends on types, names of fields, shapes and contents, neither on the byte order of the machine nor on how wide
    a text array happens to be. All NaN are alike, and so are 0.0 and -0.0: nothing computed tells them apart.
    """
    found = hashlib.sha256()
    _feed(found, value, frozenset(leave_out))
    return found.hexdigest()


def _feed(found: Any, value: Any, leave_out: frozenset[str]) -> None:
    # Each piece goes in with its kind and length, so that no two values give one sequence of bytes.
    if isinstance(value, np.ndarray):
        _feed_array(found, value)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = [field.name for field in dataclasses.fields(value) if field.name not in leave_out]
        _put(found, "dataclass", f"{type(value).__name__} {len(fields)}".encode())
        for name in fields:
            _put(found, "field", name.encode())
            _feed(found, getattr(value, name), leave_out)
    elif isinstance(value, Mapping):
        keys = [key for key in value if key not in leave_out]
        _put(found, "mapping", str(len(keys)).encode())
        for key in keys:
            _feed(found, key, leave_out)
            _feed(found, value[key], leave_out)
    elif isinstance(value, tuple | list):
        _put(found, "sequence", str(len(value)).encode())
        for item in value:
            _feed(found, item, leave_out)
    elif isinstance(value, Enum):
        _feed(found, value.value, leave_out)
    elif isinstance(value, bool | np.bool_):
        _put(found, "bool", str(bool(value)).encode())
    elif isinstance(value, int | np.integer):
        _put(found, "int", str(int(value)).encode())
    elif isinstance(value, float | np.floating):
        _feed_array(found, np.array([value], dtype=np.float64))
    elif isinstance(value, str):
        _put(found, "text", value.encode("utf-8", "surrogatepass"))
    elif isinstance(value, dt.datetime):
        _put(found, "time", value.isoformat().encode())
    else:
        assert value is None, f"no digest of a {type(value).__name__}"
        _put(found, "none", b"")


def _feed_array(found: Any, values: NDArray[Any]) -> None:
    kind = values.dtype.kind
    _put(found, "array", f"{kind} {values.shape}".encode())
    if kind == "U":
        for text in values.ravel().tolist():
            _put(found, "text", text.encode("utf-8", "surrogatepass"))
        return
    if kind == "f":
        values = np.where(np.isnan(values), np.nan, values.astype(np.float64) + 0.0).astype("<f8")
    elif kind in "iu":
        values = values.astype("<i8")
    else:
        assert kind == "b", f"no digest of an array of {values.dtype}"
    _put(found, "bytes", np.ascontiguousarray(values).tobytes())


def _put(found: Any, kind: str, content: bytes) -> None:
    found.update(f"{kind} {len(content)}:".encode() + content)
