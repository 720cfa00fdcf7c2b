"""Table: a frozen dataclass of read-only arrays of one length, the shape of every part of the model."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from gridsim.errors import ArgumentError, StudyError, nearest

F8 = NDArray[np.float64]
I4 = NDArray[np.int32]
B1 = NDArray[np.bool_]
STR = NDArray[np.str_]

# Annotations are text (``from __future__ import annotations``), so a column's type is looked up by its name.
DTYPES: Mapping[str, Any] = {"F8": np.float64, "I4": np.int32, "B1": np.bool_, "STR": np.str_}

_KINDS = {"F8": "numbers", "I4": "whole numbers of 32 bits", "B1": "truth values", "STR": "texts"}

Self = TypeVar("Self", bound="Table")


def sum_at(position: NDArray[Any], values: NDArray[Any], n: int) -> F8:
    """(n,) sums of ``values`` by ``position`` (0 <= position < n)."""
    return np.asarray(np.bincount(position, weights=values, minlength=n), dtype=np.float64)


def sum_rows_at(position: NDArray[Any], values: NDArray[Any], n: int) -> F8:
    """(n_rows, n) sums of each row of ``values`` (n_rows, n_values) by ``position`` (n_values,)."""
    from gridsim.kernels.sums import add_rows_at  # not at the top: reading tables needs no compiler

    sums = np.zeros((len(values), n))
    add_rows_at(position.astype(np.int64), np.require(values, np.float64, ("C", "W")), sums)
    return sums


@dataclass(frozen=True, eq=False)
class Table:
    """Columns of one length. Subclasses declare each column as F8, I4, B1 or STR.

    I4 columns that refer to another table hold positions, -1 for none. Missing numbers are NaN. Arrays are
    copied, made contiguous and set read-only, so later code never re-checks them.
    """

    def __post_init__(self) -> None:
        length = -1
        for field in dataclasses.fields(self):
            column = f"{type(self).__name__}.{field.name}"
            try:
                values = np.array(getattr(self, field.name), dtype=DTYPES[str(field.type)])
            except (TypeError, ValueError, OverflowError) as error:
                raise ArgumentError(f"{column}: {error}; give {_KINDS[str(field.type)]}") from None
            if values.ndim != 1:
                raise StudyError(f"{column}: {values.ndim} dimensions; give one value per row")
            if length not in (-1, len(values)):
                raise StudyError(f"{column}: {len(values)} rows; give {length}, as the columns before it have")
            length = len(values)
            values.setflags(write=False)
            object.__setattr__(self, field.name, values)

    def __len__(self) -> int:
        return self._length

    @cached_property
    def _length(self) -> int:
        return len(getattr(self, dataclasses.fields(self)[0].name))

    @classmethod
    def empty(cls: type[Self]) -> Self:
        """A table without rows."""
        return cls(**{field.name: [] for field in dataclasses.fields(cls)})

    @classmethod
    def columns(cls) -> dict[str, str]:
        """Column name -> F8, I4, B1 or STR."""
        return {field.name: str(field.type) for field in dataclasses.fields(cls)}

    @cached_property
    def _position(self) -> dict[str, int]:
        key = dataclasses.fields(self)[0].name
        return {str(name): position for position, name in enumerate(getattr(self, key))}

    def position(self, name: str) -> int:
        """Row of the element called ``name`` (first column); StudyError with the nearest name if there is none."""
        try:
            return self._position[name]
        except KeyError:
            kind = type(self).__name__.lower()
            raise StudyError(f"no '{name}' among {kind}; {nearest(name, self._position)}") from None

    def has(self, name: str) -> bool:
        """True if an element of that name exists."""
        return name in self._position

    def __reduce__(self) -> Any:
        return (type(self), tuple(getattr(self, field.name) for field in dataclasses.fields(self)))
