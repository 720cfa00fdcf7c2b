"""Account of an import: what came exactly, what was restated, assumed, left out or refused, element by element."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

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


@dataclass
class ImportReport:
    """Entries by fate; ``source`` names what was read."""

    source: str = ""
    _found: dict[tuple[Fate, str, str, str], list[str]] = field(default_factory=dict)

    def add(self, fate: Fate, table: str, element: str, how: str, error: str = "none") -> None:
        """Count one element."""
        self._found.setdefault((fate, table, how, error), []).append(element)

    @property
    def entries(self) -> list[Entry]:
        """Entries in the order of the fates, largest first within one."""
        order = list(Fate)
        entries = [Entry(*key, tuple(elements)) for key, elements in self._found.items()]
        return sorted(entries, key=lambda entry: (order.index(entry.fate), -len(entry.elements), entry.table))

    def rows(self) -> list[tuple[str, str, str, str, str, str]]:
        """Cells of the table of the terminal: fate, table, count, elements, how, error."""
        return [
            (
                str(entry.fate),
                entry.table,
                str(len(entry.elements)),
                ", ".join(entry.elements[:_NAMED]) + (", ..." if len(entry.elements) > _NAMED else ""),
                entry.how,
                entry.error,
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
        return list(_flat(e.elements for e in self.entries if e.fate is fate and table in (None, e.table)))


def _flat(parts: Iterable[tuple[str, ...]]) -> Iterable[str]:
    return (name for part in parts for name in part)
