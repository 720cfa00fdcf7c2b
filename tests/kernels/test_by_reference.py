"""Records handed to kernels by their address; kernels linked with what they call."""

from __future__ import annotations

import sys
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pytest
from numba.core.errors import TypingError

from gridsim.kernels.by_reference import Reference, by_reference
from gridsim.kernels.jit import bare, jit, piece

F8 = npt.NDArray[np.float64]
I4 = npt.NDArray[np.int32]


@by_reference
class Inner(NamedTuple):
    table: F8
    on: bool


@by_reference
class Outer(NamedTuple):
    number: int
    values: F8
    inner: Inner
    places: I4
    factor: float
    columns: F8


@piece
def inner_sum(inner: Inner) -> float:
    total = 0.0
    for row in range(inner.table.shape[0]):
        for column in range(inner.table.shape[1]):
            total += inner.table[row, column]
    return total if inner.on else -total


@bare
def spread(outer: Outer) -> float:
    for k in range(outer.places.size):
        outer.values[outer.places[k]] += outer.factor * outer.number
    return inner_sum(outer.inner) + outer.columns[1, 0]


@jit
def counted(outer: Outer) -> float:
    return spread(outer) + np.ones(3).sum()


@jit
def wrong_field(outer: Outer) -> float:
    return outer.nothing  # type: ignore[attr-defined]


def outer(on: bool = True) -> Outer:
    columns = np.arange(6.0).reshape(2, 3).T  # not in the order of C
    return Outer(
        3, np.zeros(4), Inner(np.arange(6.0).reshape(2, 3), on), np.array([0, 2, 2], dtype=np.int32), 0.5, columns
    )


@pytest.mark.parametrize(("on", "total"), [(True, 16.0), (False, -14.0)])
def test_fields_are_read_and_arrays_written(on: bool, total: float) -> None:
    given = outer(on)
    assert spread(given) == total  # the table's 15, and columns[1, 0] = 1
    assert given.values.tolist() == [1.5, 0.0, 3.0, 0.0]
    assert counted(given) == total + 3.0
    assert given.values.tolist() == [3.0, 0.0, 6.0, 0.0]


def test_no_reference_is_kept_or_lost() -> None:
    given = outer()
    counted(given)
    arrays = [given.values, given.inner.table, given.places, given.columns]
    before = [sys.getrefcount(array) for array in arrays]
    for _ in range(100):
        counted(given)
        spread(given)
    assert [sys.getrefcount(array) for array in arrays] == before


def test_new_values_are_seen() -> None:
    given = outer()
    first = spread(given)
    given.inner.table[:] = 2.0
    assert spread(given) == first - 15.0 + 12.0
    other = given._replace(columns=np.full((2, 2), 7.0).T, number=1)
    other.values[:] = 0.0
    assert spread(other) == 19.0 and other.values[0] == 0.5


def test_unknown_field_and_field_of_no_array_are_refused() -> None:
    with pytest.raises(TypingError, match="nothing"):
        wrong_field(outer())
    with pytest.raises(TypeError, match="holds arrays, numbers and such records"):
        spread(outer()._replace(places="none"))  # type: ignore[arg-type]


def test_types_of_one_record_differ_by_their_fields() -> None:
    spread(outer())
    spread(outer()._replace(places=np.array([1], dtype=np.int64)))
    kinds = [signature[0] for signature in spread.signatures[-2:]]  # type: ignore[attr-defined]
    assert all(isinstance(kind, Reference) and kind.name.startswith("Outer_") for kind in kinds)
    assert kinds[0] != kinds[1] and kinds[0].name != kinds[1].name


def test_kernel_called_by_a_kernel_is_linked_without_machine_code() -> None:
    counted(outer())
    (linked,) = list(spread.linked.overloads.values())[:1]  # type: ignore[attr-defined]
    assert linked.library.get_pointer_to_function(linked.fndesc.llvm_func_name) == 0
