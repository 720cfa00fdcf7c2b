"""Records written into memory once and handed to kernels again and again."""

from __future__ import annotations

import gc
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pytest

from gridsim.kernels.by_reference import by_reference, hold
from gridsim.kernels.jit import bare

F8 = npt.NDArray[np.float64]


@by_reference
class Law(NamedTuple):
    factor: float
    on: bool


@by_reference
class Pipes(NamedTuple):
    number: int
    values: F8
    law: Law
    columns: F8


@by_reference
class Alone(NamedTuple):
    values: F8


@bare
def total(pipes: Pipes) -> float:
    found = 0.0
    for k in range(pipes.values.size):
        found += pipes.values[k] * (pipes.law.factor if pipes.law.on else 0.0)
    pipes.values[0] += 1.0
    return found * pipes.number + pipes.columns[1, 0]


def pipes(on: bool = True) -> Pipes:
    columns = np.arange(6.0).reshape(2, 3).T  # not in the order of C
    return Pipes(3, np.array([1.0, 2.0]), Law(0.5, on), columns)


@pytest.mark.parametrize(("on", "first"), [(True, 5.5), (False, 1.0)])  # 3 x 0.5 x (1 + 2) + 1
def test_kernel_reads_and_writes_a_held_record_as_the_record_itself(on: bool, first: float) -> None:
    plain, held = pipes(on), hold(pipes(on))
    assert total(held) == total(plain) == first
    assert total(held) == total(plain)  # the second sees what the first wrote
    assert len(total.signatures) == 1  # type: ignore[attr-defined]  # compiled once for both


def test_held_record_keeps_its_arrays_alive() -> None:
    held = [hold(pipes()) for _ in range(100)]
    gc.collect()
    np.empty(2)[:] = 7.0
    assert [total(record) for record in held] == [5.5] * 100


def test_python_reads_the_fields_of_the_record() -> None:
    plain = pipes()
    held = hold(plain)
    assert held.values is plain.values and held.law == plain.law and held.number == 3
    with pytest.raises(AttributeError, match="nothing"):
        held.nothing  # type: ignore[attr-defined]  # noqa: B018


def test_records_of_two_kinds_are_told_apart() -> None:
    by_row = pipes()._replace(columns=np.arange(6.0).reshape(3, 2))
    assert total(hold(by_row)) == 4.5 + 2.0
    assert total(hold(pipes())) == 5.5


def test_record_of_one_field_is_not_held() -> None:
    with pytest.raises(AssertionError, match="hand over its array"):
        hold(Alone(np.ones(2)))
