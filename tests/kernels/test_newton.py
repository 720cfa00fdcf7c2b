"""Newton's method with a shared imbalance: in closed form, against its twin with dense matrices, and path by path."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gridsim.kernels.elimination import Elimination, make_elimination
from gridsim.kernels.newton import NewtonWork, make_newton_work, newton, voltage_sensitivity
from gridsim.kernels.newton_reference import newton as newton_by_definition
from gridsim.kernels.newton_reference import power_jacobian

TOLERANCE_PU = 1e-11


class Grid:
    """A network with its matrix in columns, dense, and the memory of its solutions."""

    def __init__(self, n: int, branches: list[tuple[int, int, complex]], shunt: dict[int, complex] | None = None):
        self.n = n
        self.dense = np.diag([(shunt or {}).get(bus, 0j) for bus in range(n)])
        for i, j, y in branches:
            self.dense[[i, j], [i, j]] += y
            self.dense[i, j] -= y
            self.dense[j, i] -= y
        pattern = np.eye(n, dtype=bool)
        for i, j, _ in branches:
            pattern[i, j] = pattern[j, i] = True
        column, row = np.nonzero(pattern.T)
        self.y = self.dense[row, column]
        self.indptr = np.concatenate([[0], np.cumsum(pattern.sum(axis=0))]).astype(np.int32)
        self.elimination: Elimination = make_elimination(self.indptr, row.astype(np.int32))
        self.work: NewtonWork = make_newton_work(self.elimination)

    def solve(self, s: Any, weight: Any, held: Any, reference: int, v: Any, steps: int = 20) -> tuple[bool, int, Any]:
        """Give converged, steps and voltages of the kernel."""
        self.work.v[:] = v
        answer = newton(
            elimination=self.elimination,
            y=self.y,
            s=np.asarray(s, dtype=complex),
            weight=np.asarray(weight, dtype=float),
            held=np.asarray(held, dtype=bool),
            reference=reference,
            max_iterations=steps,
            tolerance_pu=TOLERANCE_PU,
            work=self.work,
        )
        return (*answer[:2], self.work.v.copy())


def random_grid(seed: int, n: int = 14) -> Grid:
    """A tree with as many lines beside it as half its buses, X / R of 3 to 10, and a shunt."""
    rng = np.random.default_rng(seed)
    pairs = {(int(rng.integers(bus)), bus) for bus in range(1, n)}
    while len(pairs) < n - 1 + n // 2:
        i, j = sorted(rng.choice(n, 2, replace=False).tolist())
        pairs.add((i, j))
    branches = [(i, j, 1.0 / (x * (rng.uniform(0.1, 0.33) + 1j))) for (i, j) in sorted(pairs)
                for x in [rng.uniform(0.05, 0.2)]]  # fmt: skip
    return Grid(n, branches, {int(rng.integers(n)): 0.1j})


def random_task(grid: Grid, seed: int) -> dict[str, Any]:
    """Loads and machines; a third of the buses hold their voltage, participants are held and at a limit."""
    rng = np.random.default_rng(1000 + seed)
    n = grid.n
    held = rng.random(n) < 0.33
    held[int(rng.integers(n))] = True
    weight = np.where(rng.random(n) < 0.5, rng.random(n), 0.0)
    weight[int(rng.integers(n))] += 1.0
    s = rng.uniform(-0.3, 0.25, n) - 1j * rng.uniform(0.0, 0.08, n)
    v = np.where(held, rng.uniform(0.98, 1.04, n), 1.0) * np.exp(1j * rng.uniform(-0.05, 0.05, n))
    reference = int(np.flatnonzero(held)[0])
    v *= np.conj(v[reference]) / abs(v[reference])
    return {"s": s, "weight": weight / weight.sum(), "held": held, "reference": reference, "v": v}


def test_tiny_two_buses_in_closed_form() -> None:
    """Lossless line X = 0.1, V1 = 1: u = |V2|^2 solves u^2 + (2 X Q - 1) u + X^2 (P^2 + Q^2) = 0; bus 1 gives P."""
    grid = Grid(2, [(0, 1, 1.0 / 0.1j)])
    p, q, x = 1.0, 0.4, 0.1
    converged, steps, v = grid.solve([0.0, -p - 1j * q], [1.0, 0.0], [True, False], 0, [1.0, 1.0])
    u = (1 - 2 * x * q + np.sqrt((1 - 2 * x * q) ** 2 - 4 * x**2 * (p**2 + q**2))) / 2
    assert converged and steps <= 5
    assert abs(v[1]) == pytest.approx(np.sqrt(u), abs=1e-12)
    assert np.angle(v[1]) == pytest.approx(-np.arcsin(p * x / np.sqrt(u)), abs=1e-12)
    assert grid.work.power[0] == pytest.approx(p + 1j * (x * (p**2 + q**2) / u + q))


def test_tiny_what_is_missing_is_shared_at_a_limit_too() -> None:
    """Nothing scheduled for 0.9 pu of load on lossless lines: weights 1/3 at the reference, 2/3 at a free bus."""
    grid = Grid(3, [(0, 1, -10j), (1, 2, -10j), (0, 2, -10j)])
    converged, _, v = grid.solve([0, 0.1j, -0.9], [1 / 3, 2 / 3, 0], [True, False, False], 0, [1.02, 1.0, 1.0])
    assert converged
    assert grid.work.power.real == pytest.approx([0.3, 0.6, -0.9])
    assert grid.work.power[1].imag == pytest.approx(0.1)
    assert abs(v[0]) == pytest.approx(1.02, abs=1e-12) and np.angle(v[0]) == pytest.approx(0.0, abs=1e-15)


@pytest.mark.parametrize("seed", range(20))
def test_equals_the_twin_with_dense_matrices(seed: int) -> None:
    """Step by step, as both are Newton's iteration in the same unknowns."""
    grid, task = random_grid(seed), random_task(random_grid(seed), seed)
    expected = newton_by_definition(grid.dense, **task, max_iterations=20, tolerance_pu=TOLERANCE_PU)
    found = grid.solve(**task)
    assert found[0] and found[:2] == expected[:2]
    np.testing.assert_allclose(found[2], expected[2], rtol=0, atol=1e-11)
    for steps in (1, 2):
        expected = newton_by_definition(grid.dense, **task, max_iterations=steps, tolerance_pu=TOLERANCE_PU)
        np.testing.assert_allclose(grid.solve(**task, steps=steps)[2], expected[2], rtol=0, atol=1e-11)


def test_an_answer_does_not_depend_on_what_was_solved_before() -> None:
    grid, task, other = random_grid(3), random_task(random_grid(3), 3), random_task(random_grid(3), 4)
    first = grid.solve(**task)[2].tobytes()
    grid.solve(**other)
    assert grid.solve(**task)[2].tobytes() == first


def test_too_much_load_has_no_solution() -> None:
    """The line carries 1 / (2 X) = 5 pu at most with Q = 0."""
    grid = Grid(2, [(0, 1, 1.0 / 0.1j)])
    assert grid.solve([0.0, -4.9], [1.0, 0.0], [True, False], 0, [1.0, 1.0])[0]
    converged, steps, _ = grid.solve([0.0, -5.1], [1.0, 0.0], [True, False], 0, [1.0, 1.0])
    assert not converged and steps == 20


def test_buses_outside_the_island_are_left_alone() -> None:
    """Two pairs of buses without a line between them: the second keeps its voltages, whatever they are."""
    grid = Grid(4, [(0, 1, -10j), (2, 3, -10j)])
    grid.work.member[:] = [True, True, False, False]
    start = [1.0, 1.0, 0.3 + 0.1j, 2.0]
    converged, _, v = grid.solve([0, -0.5, 7, 7], [1, 0, 0, 0], [True, False, False, False], 0, start)
    assert converged
    assert v[2:].tolist() == start[2:]
    assert grid.work.power[0].real == pytest.approx(0.5)


@pytest.mark.parametrize("seed", range(5))
def test_sensitivities_are_the_inverse_of_the_jacobian(seed: int) -> None:
    grid, task = random_grid(seed), random_task(random_grid(seed), seed)
    v = grid.solve(**task)[2]
    by_angle, by_modulus = power_jacobian(grid.dense, v)
    angles, moduli = np.arange(grid.n) != task["reference"], ~task["held"]
    rows = np.hstack([by_angle[:, angles], by_modulus[:, moduli]])
    jacobian = np.vstack([rows.real[angles], rows.imag[moduli]])
    more = np.random.default_rng(seed).normal(size=(2, grid.n, 3)) * np.stack([angles, moduli])[:, :, None]
    expected = np.linalg.solve(jacobian, np.concatenate([more[0, angles], more[1, moduli]]))
    x, position = np.zeros((grid.n, 2, 3)), grid.elimination.position
    x[position] = more.transpose(1, 0, 2)
    grid.work.v[:], grid.work.fixed_angle[:], grid.work.fixed_modulus[:] = v, ~angles, ~moduli
    assert voltage_sensitivity(grid.elimination, grid.y, grid.work, x)
    np.testing.assert_allclose(x[position, 0][angles], expected[: angles.sum()], rtol=0, atol=1e-10)
    modulus = x[position, 1][moduli] * np.abs(v)[moduli, None]
    np.testing.assert_allclose(modulus, expected[angles.sum() :], rtol=0, atol=1e-10)


def test_order_of_elimination_fills_nothing_in_a_tree_and_one_place_in_a_ring_of_four() -> None:
    tree = Grid(5, [(0, 4, -1j), (1, 4, -1j), (2, 4, -1j), (3, 2, -1j)])
    assert len(tree.elimination.later) == 4
    ring = Grid(4, [(0, 1, -1j), (1, 2, -1j), (2, 3, -1j), (0, 3, -1j)])
    assert len(ring.elimination.later) == 5
