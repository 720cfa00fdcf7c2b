"""MATPOWER cases: a small reader of `.m` files, `.mat` by scipy."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from gridsim.errors import InputError, Problem
from gridsim.io.grid_import.matpower_net import POLYNOMIAL_PIECES, net_of

COLUMNS = {"bus": 13, "gen": 10, "branch": 11, "gencost": 5}
USUAL_KV = 110.0  # of buses that a case gives none
_MEND = "give a MATPOWER case of version 2"
_ASSIGNMENT = re.compile(r"mpc\.(\w+)\s*=\s*")
_CHANGE = re.compile(r"mpc\.\w+\s*\(")
_COMMENT = re.compile(r"%.*")
_CONTINUED = re.compile(r"\.\.\..*")  # what stands behind the dots is a comment


def read_matpower(path: Path) -> tuple[Any, list[str]]:
    """The pandapower net of a case, and assumptions made on the way."""
    case = read_m(path) if path.suffix == ".m" else read_mat(path)
    return _net(path, case)


def read_m(path: Path) -> dict[str, Any]:
    """Matrices and numbers of a case file by name; nothing in it is run, so a computed value is a problem."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise InputError([Problem(str(path), 0, "", f"not readable: {error.strerror}", _MEND)]) from None
    lines = _joined([_COMMENT.sub("", line) for line in text.splitlines()])
    case: dict[str, Any] = {}
    problems: list[Problem] = []
    changes: list[tuple[int, str]] = []
    at = 0
    while at < len(lines):
        found = _ASSIGNMENT.match(lines[at].strip())
        if found is None:
            if _CHANGE.match(lines[at].strip()):
                changes.append((at + 1, "".join(lines[at].split()).rstrip(";")))
            at += 1
            continue
        key, begin = found.group(1), at
        body = lines[at].strip()[found.end() :]
        if body.startswith(("[", "{")):
            close = "]" if body[0] == "[" else "}"
            rows = [(at + 1, body[1:])]
            while close not in rows[-1][1] and at + 1 < len(lines):
                at += 1
                rows.append((at + 1, lines[at]))
            if close == "]":
                matrix = _matrix(path, key, rows, problems)
                if matrix is not None:
                    case[key] = matrix
        else:
            value = body.rstrip("; ").strip("'\"")
            try:
                case[key] = float(value)
            except ValueError:
                case[key] = value
                if key == "baseMVA":
                    problems.append(Problem(str(path), begin + 1, key, f"'{value}' is not a number", "give MVA"))
        at += 1
    for number, change in changes:
        if change not in _KNOWN_CHANGES:
            what = f"'{change}' is a statement, and none is run"
            problems.append(Problem(str(path), number, "", what, "save the case after it, with savecase"))
    if problems:
        raise InputError(problems)
    for _, change in changes:
        _KNOWN_CHANGES[change](case)
    return case


def _joined(lines: list[str]) -> list[str]:
    """Lines with what follows dots at their end moved up to them; numbers of lines stay."""
    found, begin = list(lines), 0
    for at in range(1, len(lines)):
        if _CONTINUED.search(found[begin]):
            found[begin], found[at] = _CONTINUED.sub(" ", found[begin]) + found[at], ""
        else:
            begin = at
    return found


def _in_per_unit(case: dict[str, Any]) -> None:
    """Impedances of branches from ohms, on the voltage of the first bus."""
    case["branch"][:, [2, 3]] /= (case["bus"][0, 9] * 1e3) ** 2 / (case["baseMVA"] * 1e6)


def _in_mw(case: dict[str, Any]) -> None:
    """Loads from kW and kvar."""
    case["bus"][:, [2, 3]] /= 1e3


#: What distribution cases do with their matrices at the end of the file.
_KNOWN_CHANGES: dict[str, Callable[[dict[str, Any]], None]] = {
    "mpc.branch(:,[BR_RBR_X])=mpc.branch(:,[BR_RBR_X])/(Vbase^2/Sbase)": _in_per_unit,
    "mpc.bus(:,[PD,QD])=mpc.bus(:,[PD,QD])/1e3": _in_mw,
}


def _matrix(path: Path, key: str, rows: list[tuple[int, str]], problems: list[Problem]) -> Any:
    values: list[list[float]] = []
    for number, line in rows:
        for part in re.split(r"[;\]]", line):
            cells = part.replace(",", " ").split()
            if not cells:
                continue
            try:
                values.append([float(cell) for cell in cells])
            except ValueError:
                wrong = next(cell for cell in cells if not _is_number(cell))
                if key in COLUMNS:
                    problems.append(Problem(str(path), number, f"mpc.{key}", f"'{wrong}' is not a number", _MEND))
                return None
            if len(values[-1]) != len(values[0]):
                what = f"{len(values[-1])} numbers under {len(values[0])} columns"
                if key == "gencost":  # rows of fewer cost terms end early
                    continue
                if key in COLUMNS:
                    problems.append(Problem(str(path), number, f"mpc.{key}", what, "give every row all columns"))
                return None
    width = max((len(row) for row in values), default=0)
    return np.array([row + [0.0] * (width - len(row)) for row in values]) if values else np.zeros((0, 0))


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def read_mat(path: Path) -> dict[str, Any]:
    """Fields of the struct ``mpc`` of a MATLAB file."""
    from scipy.io import loadmat

    try:
        content = loadmat(str(path), squeeze_me=False, struct_as_record=True)
    except Exception as error:  # scipy raises errors of many kinds for files that are none
        raise InputError([Problem(str(path), 0, "", f"not a MATLAB file: {error}", _MEND)]) from None
    if "mpc" not in content or content["mpc"].dtype.names is None:
        raise InputError([Problem(str(path), 0, "mpc", "missing", _MEND)])
    record = content["mpc"].flat[0]
    case: dict[str, Any] = {}
    for key in content["mpc"].dtype.names:
        value = record[key]
        if isinstance(value, np.ndarray) and value.dtype.kind in "fiub":
            case[key] = value.astype(float) if key in COLUMNS else float(value.flat[0]) if value.size == 1 else value
    return case


def _of_higher_degree(costs: Any) -> int:
    """Machines whose cost is a polynomial of the third degree or more."""
    rows = [] if costs is None else costs
    return sum(int(row[0]) == 2 and bool(np.any(row[4 : 4 + int(row[3])][:-3])) for row in rows)


def _net(path: Path, case: dict[str, Any]) -> tuple[Any, list[str]]:
    problems = [
        Problem(str(path), 0, f"mpc.{key}", "missing", _MEND) for key in ("baseMVA", "bus", "gen", "branch")
        if key not in case
    ]  # fmt: skip
    problems += [
        Problem(str(path), 0, f"mpc.{key}", f"{case[key].shape[1]} columns", f"give at least {least}")
        for key, least in COLUMNS.items()
        if key in case and isinstance(case[key], np.ndarray) and len(case[key]) and case[key].shape[1] < least
    ]
    if not problems:
        problems += [
            Problem(str(path), 0, f"mpc.{key}", "no rows", _MEND) for key in ("bus", "gen") if not len(case[key])
        ]
    if problems:
        raise InputError(problems)
    case = {key: value.copy() if isinstance(value, np.ndarray) else value for key, value in case.items()}
    assumed = []
    without = case["bus"][:, 9] <= 0.0
    if without.any():
        case["bus"][without, 9] = USUAL_KV
        assumed.append(f"{int(without.sum())} buses of no nominal voltage: {USUAL_KV:g} kV, the same in per unit")
    higher = _of_higher_degree(case.get("gencost"))
    if higher:
        assumed.append(
            f"costs of the third degree or more of {higher} machines: {POLYNOMIAL_PIECES} pieces of equal width "
            "between least and largest output, each at its chord's slope"
        )
    _check_ends(path, case)
    return net_of(case, path.stem), assumed


def _check_ends(path: Path, case: dict[str, Any]) -> None:
    """Raise for branches and machines at buses that are not there."""
    buses = set(case["bus"][:, 0].tolist())
    problems = []
    for key, columns in (("branch", (0, 1)), ("gen", (0,))):
        for row, values in enumerate(case[key]):
            for column in columns:
                if values[column] not in buses:
                    what = f"row {row + 1}: no bus {values[column]:g}"
                    problems.append(Problem(str(path), 0, f"mpc.{key}", what, "name a bus of mpc.bus"))
    if problems:
        raise InputError(problems)
