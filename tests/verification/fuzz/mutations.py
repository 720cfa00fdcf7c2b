"""Mutations of a user's files: wrong cells, wrong structure, wrong encodings, wrong bytes."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable

Files = dict[str, bytes]
Mutation = Callable[[random.Random, Files], None]

NUMBERS = (
    "",
    "0",
    "-1",
    "1",
    "0.5",
    "-0.0",
    "1e-308",
    "5e-324",
    "1e6",
    "1e9",
    "1e12",
    "1e30",
    "1e308",
    "-1e308",
    "1e309",
    "nan",
    "inf",
    "-inf",
    "NaN",
    "1_000",
    "1,5",
    "1.000,5",
    "0x10",
    "1e",
    "--1",
    "999999999999999999999",
    "2147483648",
    "1" * 400,
)
WORDS = (
    "",
    " ",
    "x",
    "all",
    "none",
    "null",
    "~",
    "true",
    "True",
    "yes",
    "NO",
    "=1+1",
    "@SUM(A1)",
    "-",
    "[/]",
    "[red]",
    "a/b",
    "../..",
    "C:\\x",
    "имя",
    "名前",
    "e\u0301",
    "\u202egnp",
    "\x1b[31mred",
    "a\tb",
    "\ufeffx",
    "\x00",
    "x" * 300,
    "'",
    '"',
    "a;b",
    "a|b",
    "#",
    "%s",
    "{}",
    "2026-02-30",
    "2026-01-01T00:00",
    "0206-01-14 06:00",
    "9999-12-31 23:00",
    "+36h",
    "+1e9h",
    "-5h",
    "P1D",
    "24:00",
    "bus1",
    "line1",
)
YAML_VALUES = (
    "0b_",
    "0x_",
    "!!int x",
    "!!float y",
    "!!bool maybe",
    "!!timestamp z",
    "!!python/object/apply:os.system [id]",
    "&a [*a]",
    "*nothing",
    "[",
    "{",
    "{a: b: c}",
    "- -",
    "? x",
    "|",
    ">",
    "[[[[[[]]]]]]",
    "1" * 5000,
    "2026-01-01",
    "1:30",
    "0o7",
    "~",
    "<<",
    "!!set {a}",
    "[1, 2",
    '"open',
    "'open",
    "{}",
    "[]",
    "[{}]",
    "{1: 2}",
    "[null]",
    "!!binary aGk=",
    "@x",
    "`x`",
    "%y",
    "1e400",
    ".nan",
    ".inf",
)


def mutate(seed: str, files: Files, kinds: tuple[Mutation, ...]) -> Files:
    """The files after one mutation of ``kinds``, drawn with ``seed``; the files given stay as they are."""
    rng, changed = random.Random(seed), dict(files)
    rng.choice(kinds)(rng, changed)
    return changed


def _one(rng: random.Random, files: Files, ending: str) -> str | None:
    names = sorted(name for name in files if name.endswith(ending))
    return rng.choice(names) if names else None


def _table(rng: random.Random, files: Files) -> tuple[str, list[list[str]]] | None:
    name = _one(rng, files, ".csv")
    if name is None:
        return None
    try:
        rows = list(csv.reader(io.StringIO(files[name].decode("utf-8"))))
    except (UnicodeDecodeError, csv.Error):
        return None
    return (name, rows) if rows and rows[0] else None


def _written(rows: list[list[str]], delimiter: str = ",") -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return text.getvalue().encode("utf-8", "surrogatepass")


def cell(rng: random.Random, files: Files) -> None:
    """Another text in a cell: a number, a word, or the cell of another row."""
    found = _table(rng, files)
    if found is None or len(found[1]) < 2:
        return
    name, rows = found
    row = rows[rng.randrange(1, len(rows))]
    if not row:
        return
    column = rng.randrange(len(row))
    donor = rows[rng.randrange(len(rows))]
    row[column] = rng.choice((rng.choice(NUMBERS), rng.choice(WORDS), donor[column] if column < len(donor) else ""))
    files[name] = _written(rows)


def scaled(rng: random.Random, files: Files) -> None:
    """A number times a power of ten or with another sign, as typing errors make it."""
    found = _table(rng, files)
    if found is None:
        return
    name, rows = found
    numbers = [(r, c) for r, row in enumerate(rows) for c, text in enumerate(row) if _is_number(text)]
    if not numbers:
        return
    r, c = rng.choice(numbers)
    factor = rng.choice((-1.0, 1e-6, 1e-3, 0.1, 10.0, 1e3, 1e6, 1e9))
    rows[r][c] = repr(float(rows[r][c]) * factor)
    files[name] = _written(rows)


def column_of_numbers(rng: random.Random, files: Files) -> None:
    """One value in a whole column."""
    found = _table(rng, files)
    if found is None:
        return
    name, rows = found
    column, value = rng.randrange(len(rows[0])), rng.choice(NUMBERS)
    for row in rows[1:]:
        if column < len(row):
            row[column] = value
    files[name] = _written(rows)


def rows_and_columns(rng: random.Random, files: Files) -> None:
    """Rows or columns lost, doubled, moved, cut short, made longer, or renamed."""
    found = _table(rng, files)
    if found is None:
        return
    name, rows = found
    r, c = rng.randrange(len(rows)), rng.randrange(len(rows[0]))
    what = rng.randrange(9)
    if what == 0:
        del rows[r]
    elif what == 1:
        rows.insert(r, list(rows[r]))
    elif what == 2:
        rows = [[text for k, text in enumerate(row) if k != c] for row in rows]
    elif what == 3:
        rows = [[*row, *row[c : c + 1]] for row in rows]
    elif what == 4:
        rng.shuffle(rows)
    elif what == 5:
        rows[r] = rows[r][:c]
    elif what == 6:
        rows[r] = [*rows[r], rng.choice(WORDS)]
    elif what == 7:
        rows[0][c] = rng.choice((rng.choice(WORDS), rows[0][c].upper(), f" {rows[0][c]}", "x" * 140_000))
    else:
        rows = rows[:1]
    files[name] = _written(rows) if rows else b""


def dialect(rng: random.Random, files: Files) -> None:
    """Another delimiter, line ending, quoting or encoding."""
    name = rng.choice(sorted(files))
    text = files[name].decode("utf-8", "replace")
    files[name] = rng.choice(
        (
            text.replace(",", ";").encode(),
            text.replace(",", "\t").encode(),
            text.replace("\n", "\r\n").encode(),
            text.replace("\n", "\r").encode(),
            text.encode("utf-16"),
            text.encode("utf-8-sig"),
            text.encode("latin-1", "replace") + b"\xff\xfe",
            text.replace(",", ',"', 1).encode(),
            text.rstrip("\n").encode(),
            b"\n\n" + text.encode(),
        )
    )


def raw_bytes(rng: random.Random, files: Files) -> None:
    """Bytes lost, doubled or replaced anywhere."""
    name = rng.choice(sorted(files))
    data = bytearray(files[name])
    if not data:
        return
    first = rng.randrange(len(data))
    last = min(first + rng.choice((1, 1, 2, 8, 64, 4096)), len(data))
    what = rng.randrange(4)
    if what == 0:
        del data[first:last]
    elif what == 1:
        data[first:first] = data[first:last]
    elif what == 2:
        data[first:last] = bytes(rng.randrange(256) for _ in range(last - first))
    else:
        data = data[:first]
    files[name] = bytes(data)


def whole_file(rng: random.Random, files: Files) -> None:
    """A file lost, emptied, or with the content of another."""
    name = rng.choice(sorted(files))
    what = rng.randrange(3)
    if what == 0 and len(files) > 1:
        del files[name]
    elif what == 1:
        files[name] = b""
    else:
        files[name] = files[rng.choice(sorted(files))]


def yaml_value(rng: random.Random, files: Files) -> None:
    """Another value behind a key."""
    lines, name = _yaml(rng, files)
    places = [k for k, line in enumerate(lines) if ":" in line]
    if not places:
        return
    k = rng.choice(places)
    key, _, _ = lines[k].partition(":")
    lines[k] = f"{key}: {rng.choice((rng.choice(YAML_VALUES), rng.choice(NUMBERS), rng.choice(WORDS)))}"
    files[name] = "\n".join(lines).encode("utf-8", "surrogatepass")


def yaml_flow_value(rng: random.Random, files: Files) -> None:
    """Another value inside a line such as ``- {id: a, at: +6h}``."""
    lines, name = _yaml(rng, files)
    places = [k for k, line in enumerate(lines) if "{" in line]
    if not places:
        return
    k = rng.choice(places)
    parts = lines[k].split(",")
    p = rng.randrange(len(parts))
    head, colon, _ = parts[p].rpartition(":")
    value = rng.choice((rng.choice(YAML_VALUES), rng.choice(NUMBERS), rng.choice(WORDS)))
    parts[p] = f"{head}{colon} {value}" + ("}" if p == len(parts) - 1 else "")
    lines[k] = ",".join(parts)
    files[name] = "\n".join(lines).encode("utf-8", "surrogatepass")


def yaml_structure(rng: random.Random, files: Files) -> None:
    """Lines lost, doubled, indented, joined; keys renamed; nesting and alias bombs."""
    lines, name = _yaml(rng, files)
    if not lines:
        return
    k = rng.randrange(len(lines))
    what = rng.randrange(9)
    if what == 0:
        del lines[k]
    elif what == 1:
        lines.insert(k, lines[rng.randrange(len(lines))])
    elif what == 2:
        lines[k] = " " * rng.randrange(1, 5) + lines[k]
    elif what == 3:
        lines[k] = lines[k].lstrip()
    elif what == 4:
        lines[k] = lines[k].replace(":", rng.choice(("", "x:", "::", " :")), 1)
    elif what == 5:
        lines[k] = lines[k].replace(lines[k].strip()[:3], rng.choice(WORDS), 1)
    elif what == 6:
        depth = rng.choice((50, 900, 5000))
        lines.append(f"extra: {'[' * depth}{']' * depth}")
    elif what == 7:
        bomb = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
        bomb += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, rng.choice((3, 7, 12)))]
        lines += bomb
    else:
        lines.append(rng.choice(("1: x", "2.5: x", "null: x", "true: x", "? [a]\n: x", "---\na: 1", "...\n", "\t- x")))
    files[name] = "\n".join(lines).encode("utf-8", "surrogatepass")


def _yaml(rng: random.Random, files: Files) -> tuple[list[str], str]:
    name = _one(rng, files, ".yaml")
    if name is None:
        return [], ""
    return files[name].decode("utf-8", "replace").splitlines(), name


def _is_number(text: str) -> bool:
    try:
        return len(text) < 30 and abs(float(text)) < 1e300
    except ValueError:
        return False


OF_TABLES: tuple[Mutation, ...] = (
    cell,
    cell,
    cell,
    scaled,
    scaled,
    column_of_numbers,
    rows_and_columns,
    dialect,
    raw_bytes,
    whole_file,
)
OF_YAML: tuple[Mutation, ...] = (
    yaml_value,
    yaml_value,
    yaml_flow_value,
    yaml_flow_value,
    yaml_structure,
    yaml_structure,
    dialect,
    raw_bytes,
)
