"""pandapower's JSON files, read as data: tables of numbers and texts; no class that a file names is ever made.

pandapower's own reader imports the module and makes the class that each object of a file names, so that reading a file
can run code. Here a file gives DataFrames and plain values, everything else is refused or, where no power flow needs
it, left out.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gridsim.errors import InputError, Problem

_FRAME = ("pandas.core.frame", "DataFrame")
_NET = ("pandapower.auxiliary", "pandapowerNet")
#: Values of a net besides its tables.
_PLAIN = ("f_hz", "sn_mva", "name", "version", "format_version", "std_types")
#: Tables of Python objects, which no import needs.
_OF_OBJECTS = ("controller", "characteristic", "profiles", "group")
_TYPES = ("float64", "int64", "uint32", "int32", "uint8", "bool", "object", "float32", "Int64", "boolean", "string",
          "UInt32", "category", "str")  # fmt: skip
_MEND = "save the net with pandapower.to_json(net, path)"
LARGEST_BYTES = 500_000_000


def read_pandapower_json(path: Path) -> Any:
    """The pandapower net of a JSON file."""
    if path.stat().st_size > LARGEST_BYTES:
        raise _wrong(path, "", f"over {LARGEST_BYTES / 1e6:.0f} MB", "give one net, without results")
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise _wrong(path, "", f"not UTF-8 at byte {error.start}", _MEND) from None
    except (json.JSONDecodeError, RecursionError) as error:
        raise _wrong(path, "", f"not JSON: {error}", _MEND, getattr(error, "lineno", 0)) from None
    if not isinstance(document, dict) or _kind(document) != _NET:
        raise _wrong(path, "", f"not a pandapower net but {_told(document)}", _MEND)
    content = document.get("_object")
    if not isinstance(content, dict):
        raise _wrong(path, "_object", "missing", _MEND)
    return _net(path, content)


def _net(path: Path, content: dict[str, Any]) -> Any:
    import pandapower as pp

    net = pp.create_empty_network(add_stdtypes=False)
    problems = []
    for key, value in content.items():
        if key.startswith(("res_", "_")) or key in _OF_OBJECTS:
            continue
        if key in _PLAIN:
            if _has_object(value):
                problems.append(Problem(str(path), 0, key, f"holds {_told(value)}", "give plain values"))
            elif value is not None:
                net[key] = value
        elif isinstance(value, dict) and _kind(value) == _FRAME:
            frame, found = _frame(path, key, value)
            problems += found
            if frame is not None and len(frame):
                net[key] = frame
        elif isinstance(value, dict) and _kind(value) != ("", ""):
            problems.append(Problem(str(path), 0, key, f"holds {_told(value)}", "remove it: only tables are read"))
    if problems:
        raise InputError(problems)
    return _current(path, net)


def _frame(path: Path, key: str, value: dict[str, Any]) -> tuple[Any, list[Problem]]:
    """A table, or what is wrong with it."""
    import pandas as pd

    def fault(column: str, what: str, mend: str) -> tuple[None, list[Problem]]:
        return None, [Problem(str(path), 0, f"{key}.{column}" if column else key, what, mend)]

    text: Any = value.get("_object")
    try:
        table: Any = json.loads(text) if isinstance(text, str) else text
        columns, index, rows = (table[part] for part in ("columns", "index", "data"))
        frame = pd.DataFrame(rows, index=index, columns=columns)
    except (TypeError, KeyError, ValueError) as error:
        return fault("", f"not a table: {error}", _MEND)
    if not all(isinstance(label, int) for label in index) or len(set(index)) != len(index):
        return fault("index", "not whole numbers, each once", "number the rows")
    for column in columns:
        for label, cell in zip(index, frame[column].tolist(), strict=True):
            if _has_object(cell):
                return fault(str(column), f"row {label} holds {_told(cell)}", "give numbers and texts alone")
    types = value.get("dtype")
    for column, kind in (types if isinstance(types, dict) else {}).items():
        if column not in frame.columns or str(kind) not in _TYPES or kind == "object":
            continue
        try:
            frame[column] = frame[column].astype(kind)
        except (TypeError, ValueError):
            return fault(column, f"is not {kind} throughout", "give numbers")
    return frame, []


def _current(path: Path, net: Any) -> Any:
    """The net in the format of the installed pandapower; columns that a file lacks get pandapower's defaults."""
    import warnings

    import pandapower as pp

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return pp.convert_format(net)
    except Exception as error:  # of any kind: it reads the columns of every format there was
        what = f"not brought to the present format: {type(error).__name__}: {error}"
        raise _wrong(path, "format_version", what, "save it with a present pandapower") from None


def _kind(value: Any) -> tuple[str, str]:
    return str(value.get("_module", "")), str(value.get("_class", ""))


def _has_object(value: Any) -> bool:
    """Does this hold, at any depth, an object to be made from a class?"""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            if "_module" in item or "_class" in item:
                return True
            waiting += item.values()
        elif isinstance(item, list):
            waiting += item
    return False


def _told(value: Any) -> str:
    if isinstance(value, dict) and _kind(value) != ("", ""):
        return f"an object of {'.'.join(part for part in _kind(value) if part)}"
    return f"an object inside a {type(value).__name__}" if _has_object(value) else f"a {type(value).__name__}"


def _wrong(path: Path, column: str, value: str, mend: str, row: int = 0) -> InputError:
    return InputError([Problem(str(path), row, column, value, mend)])
