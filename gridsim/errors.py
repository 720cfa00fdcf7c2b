"""Errors, named by who must act, and the Problem record that input errors are made of."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

LONGEST_TEXT = 400


_LONGEST_NAME = 200


@dataclass(frozen=True, order=True)
class Problem:
    """One thing wrong with the user's input: where, what, and how to mend it.

    ``kind``: an error, or a warning of something that has no effect or is hardly meant; only errors are raised.

    ``row`` is the line number in the file, header included (the first data row of a table is 2); 0 means the
    whole file. ``column`` is the column of a table or the dotted key of a YAML file. ``value`` is the text of the cell
    together with what is wrong about it.
    """

    file: str
    row: int
    column: str
    value: str
    mend: str
    kind: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        place = f"{_cut(self.file)}:{self.row}" if self.row else _cut(self.file)
        column = f"{_cut(self.column)}: " if self.column else ""
        return _printable(f"{place}: {column}{_cut(self.value)}; {_cut(self.mend)}")


def _cut(text: str) -> str:
    """The start of a text that is too long for a message."""
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}... ({len(text)} characters)"


def _printable(text: str) -> str:
    """Control characters as escapes, so that what a file holds never steers a terminal."""
    if text.isprintable():  # as nearly all are: thousands of problems are told in one message
        return text
    return "".join(ascii(mark)[1:-1] if unicodedata.category(mark) in ("Cc", "Cf") else mark for mark in text)


class GridsimError(Exception):
    """Base of every error that gridsim raises on purpose."""


class InputError(GridsimError):
    """The user's files are wrong; carries every problem found, not only the first."""

    def __init__(self, problems: Iterable[Problem]):
        self.problems: tuple[Problem, ...] = tuple(sorted(problems))
        assert all(problem.kind == "error" for problem in self.problems), "a warning is never raised"
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def __reduce__(self) -> tuple[type[InputError], tuple[tuple[Problem, ...]]]:
        return (InputError, (self.problems,))


class StudyError(GridsimError):
    """The request cannot be met with this system: an impossible study, target or option."""


class UnknownName(InputError, StudyError, KeyError):
    """A result has no metric, scope, table or case of that name; says the nearest, or why."""

    def __init__(self, text: str):
        what, _, mend = text.partition("; ")
        super().__init__([Problem("result", 0, "", what, mend)])
        self.text = text

    def __str__(self) -> str:
        return self.text  # KeyError would put it into quotes

    def __reduce__(self) -> tuple[type[UnknownName], tuple[str]]:  # type: ignore[override]  # made from its text
        return (UnknownName, (self.text,))


class ArgumentError(StudyError, TypeError):
    """An argument of a public function is of the wrong type."""


class StoreError(GridsimError):
    """Results cannot be written or are not what was written: disk full, no permission, damaged files."""


class ScriptError(GridsimError):
    """A user's script went wrong; says in which of its lines. Ends the replicate it ran in."""

    def __init__(self, script: str, file: str, line: int, reason: str):
        self.script = script
        self.file = file
        self.line = line
        self.reason = reason
        super().__init__(script, file, line, reason)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.script}: {self.reason}"


class NotConverged(GridsimError):
    """A physical problem has no numerical solution; carries what is needed to replay it."""

    def __init__(self, case: str, time_h: float, iterations: int, worst_mismatch: str):
        self.case = case
        self.time_h = time_h
        self.iterations = iterations
        self.worst_mismatch = worst_mismatch
        super().__init__(case, time_h, iterations, worst_mismatch)

    def __str__(self) -> str:
        return (
            f"{self.case} at {self.time_h:g} h did not converge in {self.iterations} iterations; "
            f"worst mismatch: {self.worst_mismatch}"
        )


def _letters(name: str) -> str:
    """Letters and digits alone, in small letters."""
    return "".join(letter for letter in name.lower() if letter.isalnum())


def nearest(name: str, names: Sequence[str] | Iterable[str]) -> str:
    """Give ``did you mean 'x'?`` for the closest of ``names``, or a list of the first few when none is close."""
    name, candidates = str(name), [str(candidate) for candidate in names]
    if len(name) <= _LONGEST_NAME:  # a text of thousands of letters is like no name, and comparing it takes seconds
        letters = _letters(name)
        alike = [one for one in candidates if _letters(one) == letters]  # but for spaces, hyphens, underscores, case
        close = alike or difflib.get_close_matches(name, candidates, n=1, cutoff=0.6)
        if close:
            return f"did you mean '{close[0]}'?"
    if not candidates:
        return "none is defined"
    shown = ", ".join(sorted(candidates)[:6])
    return f"use one of {shown}" + (", ..." if len(candidates) > 6 else "")
