"""Account of an import: what came exactly, what was restated, assumed, left out or refused, element by element."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

_NAMED = 3  # elements that a line of the table names


class Fate(StrEnum):
    """Kinds of outcome of an element of the source."""

    EXACT = "exact"
    RESTATED = "restated"
    ASSUMED = "assumed"
    LEFT_OUT = "left out"
    REFUSED = "refused"


@dataclass(frozen=True)
class Entry:
    """Elements of one source table with one fate. ``error``: that the restatement makes; "none" where it is exact."""

    fate: Fate
    table: str
    how: str
    error: str
    elements: tuple[str, ...]


class _Found(NamedTuple):
    elements: list[str]
    texts: list[str]  # errors in words
    sizes: list[tuple[float, str]]  # errors in numbers, with the unit


@dataclass
class ImportReport:
    """Entries by fate; ``source`` names the file or case."""

    source: str = ""
    _found: dict[tuple[Fate, str, str], _Found] = field(default_factory=dict)

    def add(self, fate: Fate, table: str, element: str, how: str, error: str | tuple[float, str] = "none") -> None:
        """Count one element. ``error``: in words, or a size and its unit, of which the largest is told."""
        found = self._found.setdefault((fate, table, how), _Found([], [], []))
        if element not in found.elements[-1:]:  # an arm of three windings at a time
            found.elements.append(element)
        if isinstance(error, str):
            found.texts.append(error)
        else:
            found.sizes.append(error)

    def withdraw(self, how: str) -> None:
        """Take back every entry of this text."""
        for key in [key for key in self._found if key[2] == how]:
            del self._found[key]

    @property
    def entries(self) -> list[Entry]:
        """Entries in the order of the fates, largest first within one."""
        order = list(Fate)
        entries = [
            Entry(fate, table, how, _told(found), tuple(found.elements))
            for (fate, table, how), found in self._found.items()
        ]
        return sorted(entries, key=lambda entry: (order.index(entry.fate), -len(entry.elements), entry.table))

    def rows(self) -> list[tuple[str, str, str, str]]:
        """Cells of the terminal's table: fate, table, number of elements, how they stand with error and first names."""
        return [
            (
                str(entry.fate),
                entry.table,
                str(len(entry.elements)),
                entry.how
                + ("" if entry.error == "none" else f" (error: {entry.error})")
                + ("" if entry.fate is Fate.EXACT else f": {_first(entry.elements)}"),
            )
            for entry in self.entries
        ]

    def as_dicts(self) -> list[dict[str, Any]]:
        """Entries as JSON shows them, every element named."""
        return [
            {
                "fate": str(entry.fate),
                "table": entry.table,
                "elements": list(entry.elements),
                "how": entry.how,
                "error": entry.error,
            }
            for entry in self.entries
        ]

    def elements(self, fate: Fate, table: str | None = None) -> list[str]:
        """Names of the elements of one fate, of one table or of all."""
        return [name for entry in self.entries if entry.fate is fate and table in (None, entry.table)
                for name in entry.elements]  # fmt: skip


def _told(found: _Found) -> str:
    texts = list(dict.fromkeys(found.texts))
    if found.sizes:
        size, unit = max(found.sizes)
        texts = [
            f"{'up to ' if len(found.sizes) > 1 else ''}{size:.3g} {unit}",
            *(text for text in texts if text != "none"),
        ]
    return "; ".join(texts)


def _first(elements: tuple[str, ...]) -> str:
    return ", ".join(elements[:_NAMED]) + (", ..." if len(elements) > _NAMED else "")
