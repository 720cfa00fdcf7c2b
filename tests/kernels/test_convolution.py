"""The convolution against its readable twin, enumeration of all states, and what every distribution obeys."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridsim.kernels.convolution import (
    both_short,
    capacity_mass,
    continuous_entries,
    entry_frequency,
    joint_below,
    lower_tails,
    shortage,
    tie_shortage,
)
from gridsim.kernels.convolution_reference import (
    capacity_reference,
    entry_frequency_reference,
    joint_reference,
    shortage_reference,
    tie_reference,
)

TOLERANCE_MW = 1e-6
Chain = tuple[tuple[int, ...], tuple[float, ...], tuple[tuple[float, ...], ...]]


def eighths(least: int, most: int) -> st.SearchStrategy[float]:
    """Demands, MW, none of which lies within rounding of the tolerance above a capacity."""
    return st.integers(8 * least, 8 * most).map(lambda n: n / 8.0)


@st.composite
def chains(draw: st.DrawFn, most: int = 5) -> list[Chain]:
    """Machines as cells by state, equilibrium and rates per hour between neighbouring states."""
    found = []
    for _ in range(draw(st.integers(1, most))):
        n_states = draw(st.integers(2, 3))
        cells = tuple(sorted(draw(st.lists(st.integers(0, 6), min_size=n_states, max_size=n_states)), reverse=True))
        rate = np.zeros((n_states, n_states))
        share = np.ones(n_states)
        for s in range(n_states - 1):
            rate[s, s + 1] = draw(st.floats(1e-3, 0.5))
            rate[s + 1, s] = draw(st.floats(1e-2, 1.0))
            share[s + 1] = share[s] * rate[s, s + 1] / rate[s + 1, s]
        share /= share.sum()
        found.append((cells, tuple(share.tolist()), tuple(tuple(row) for row in rate.tolist())))
    return found


def packed(machines: list[Chain]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    start = np.cumsum([0, *(len(cells) for cells, _, _ in machines)])
    cell = np.array([c for cells, _, _ in machines for c in cells], dtype=np.int64)
    return start, cell, np.array([p for _, share, _ in machines for p in share])


def pairs_start(machines: list[Chain]) -> np.ndarray:
    return np.cumsum([0, *(len(cells) ** 2 for cells, _, _ in machines)])[:-1]


def n_cells_of(machines: list[Chain]) -> int:
    return 1 + sum(max(cells) for cells, _, _ in machines)


def mw_of(machines: list[Chain], step_mw: float) -> list[list[tuple[float, float]]]:
    return [[(c * step_mw, p) for c, p in zip(cells, share)] for cells, share, _ in machines]


@given(chains(), st.sampled_from([0.25, 1.0, 10.0]))
@settings(max_examples=60, deadline=None)
def test_tiny_mass_is_that_of_the_twin_and_sums_to_one(machines: list[Chain], step_mw: float) -> None:
    mass = capacity_mass(*packed(machines), n_cells_of(machines))
    twin = capacity_reference(mw_of(machines, step_mw))
    assert mass.sum() == pytest.approx(1.0, rel=1e-13)
    for cell, probability in enumerate(mass):
        assert probability == pytest.approx(twin.get(cell * step_mw, 0.0), rel=1e-12, abs=1e-300)
    below, area = lower_tails(mass)
    assert (np.diff(below) >= 0.0).all() and below[0] == 0.0 and below[-1] == pytest.approx(1.0, rel=1e-13)
    assert area[-1] == pytest.approx(below.sum(), rel=1e-13)


@given(chains(), st.lists(eighths(-3, 40), min_size=2, max_size=8), st.sampled_from([0.5, 1.0]))
@settings(max_examples=60, deadline=None)
def test_tiny_shortage_is_that_of_the_twin_and_rises_with_demand(
    machines: list[Chain], demands: list[float], step_mw: float
) -> None:
    demand = np.sort(np.array(demands))
    short, unserved = np.zeros(len(demand)), np.zeros(len(demand))
    n_cells = max(0, int(np.ceil(demand.max() / step_mw)))
    below, area = lower_tails(capacity_mass(*packed(machines), n_cells))
    shortage(demand, step_mw, TOLERANCE_MW, below, area, np.ones(1), short, unserved)
    for at, mw in enumerate(demand):
        assert (short[at], unserved[at]) == pytest.approx(
            shortage_reference(mw_of(machines, step_mw), mw, TOLERANCE_MW), rel=1e-12, abs=1e-15
        )
    assert (np.diff(short) >= -1e-15).all() and (np.diff(unserved) >= -1e-12).all()


@given(chains(4), chains(3), st.lists(eighths(0, 40), min_size=1, max_size=6))
@settings(max_examples=40, deadline=None)
def test_tiny_varying_machines_add_to_the_others(
    fixed: list[Chain], varying: list[Chain], demands: list[float]
) -> None:
    demand = np.array(demands)
    n_cells = int(np.ceil(demand.max()))
    below, area = lower_tails(capacity_mass(*packed(fixed), n_cells))
    more = capacity_mass(*packed(varying), n_cells_of(varying))
    found = np.zeros((2, len(demand)))
    shortage(demand, 1.0, TOLERANCE_MW, below, area, more, found[0], found[1])
    below, area = lower_tails(capacity_mass(*packed([*fixed, *varying]), n_cells))
    whole = np.zeros((2, len(demand)))
    shortage(demand, 1.0, TOLERANCE_MW, below, area, np.ones(1), whole[0], whole[1])
    assert found == pytest.approx(whole, rel=1e-12, abs=1e-15)


def test_tiny_eight_machines_against_all_their_states() -> None:
    rng = np.random.default_rng(5)
    size, out = rng.integers(1, 40, 8), rng.uniform(0.01, 0.3, 8)
    machines = [((int(c), 0), (1.0 - q, q), ((0.0, 0.1), (0.1, 0.0))) for c, q in zip(size, out)]
    demand = np.array([0.5, 30.0, 30.0000005, 77.25, float(size.sum()), size.sum() + 12.0])
    lolp, epns = np.zeros(6), np.zeros(6)
    below, area = lower_tails(capacity_mass(*packed(machines), int(demand.max()) + 1))
    shortage(demand, 1.0, TOLERANCE_MW, below, area, np.ones(1), lolp, epns)
    want = np.zeros((2, 6))
    for states in product((0, 1), repeat=8):
        is_up = np.array(states)
        probability = np.where(is_up, 1.0 - out, out).prod()
        short = np.where(demand - (size * is_up).sum() > TOLERANCE_MW, demand - (size * is_up).sum(), 0.0)
        want += probability * np.array([short > 0.0, short])
    assert lolp == pytest.approx(want[0], rel=1e-12)
    assert epns == pytest.approx(want[1], rel=1e-12)


@given(chains(4), st.lists(eighths(-1, 20), min_size=2, max_size=6))
@settings(max_examples=40, deadline=None)
def test_tiny_two_hours_are_those_of_the_twin(machines: list[Chain], demands: list[float]) -> None:
    # a chain that moves by its rates in one small step keeps the equilibrium and has any joint distribution we like
    pairs = [
        np.array(share)[:, None] * (np.eye(len(share)) + 0.1 * (np.array(rate) - np.diag(np.sum(rate, axis=1))))
        for _, share, rate in machines
    ]
    demand = np.array(demands)
    n_cells = max(0, int(np.ceil(demand.max())))
    start, cell, _ = packed(machines)
    joint = joint_below(start, cell, pairs_start(machines), np.concatenate([p.ravel() for p in pairs]), n_cells)
    found = np.zeros(len(demand))
    both_short(joint, demand, 1.0, TOLERANCE_MW, found)
    twin = joint_reference([list(cells) for cells, _, _ in machines], [p.tolist() for p in pairs])
    assert found[0] == 0.0
    for hour in range(1, len(demand)):
        want = sum(
            p
            for (now, on), p in twin.items()
            if demand[hour - 1] - now > TOLERANCE_MW and demand[hour] - on > TOLERANCE_MW
        )
        assert found[hour] == pytest.approx(want, rel=1e-12, abs=1e-15)


@given(chains(4))
@settings(max_examples=40, deadline=None)
def test_tiny_entry_frequency_is_that_of_the_twin(machines: list[Chain]) -> None:
    flows = [np.array(share)[:, None] * np.array(rate) for _, share, rate in machines]
    n_cells = n_cells_of(machines)
    frequency = entry_frequency(
        *packed(machines), pairs_start(machines), np.concatenate([f.ravel() for f in flows]), n_cells
    )
    for cell in range(n_cells + 1):
        want = entry_frequency_reference(
            [list(cells) for cells, _, _ in machines],
            [list(share) for _, share, _ in machines],
            [f.tolist() for f in flows],
            cell,
        )
        assert frequency[cell] == pytest.approx(want, rel=1e-11, abs=1e-15)


def test_tiny_demand_that_steps_up_enters_a_shortage() -> None:
    """One machine of 10 MW, out 1 hour in 10: at 5 MW it alone decides, at 12 MW every hour is short."""
    below, frequency = np.array([0.0, *[0.1] * 10, 1.0, 1.0]), np.array([0.0, *[0.02] * 10, 0.0, 0.0])
    entries = np.zeros(4)
    continuous_entries(np.array([0.0, 5.0, 12.0, 5.0]), 1.0, TOLERANCE_MW, below, frequency, entries)
    assert entries == pytest.approx([0.0, 0.1 + 0.02, 0.9, 0.02])


@given(chains(3), chains(3), eighths(0, 15), eighths(0, 15), eighths(0, 8))
@settings(max_examples=60, deadline=None)
def test_tiny_two_areas_are_those_of_full_enumeration(
    own: list[Chain], other: list[Chain], own_mw: float, other_mw: float, tie_mw: float
) -> None:
    mass = capacity_mass(*packed(own), n_cells_of(own))
    below, area = lower_tails(capacity_mass(*packed(other), n_cells_of(other)))
    lolp, epns, terms = np.zeros(1), np.zeros(1), np.zeros(1)
    tie_shortage(
        np.array([[own_mw], [other_mw]]),
        np.array([0.5, 1.0]),
        TOLERANCE_MW,
        mass,
        below,
        area,
        tie_probability=np.array([0.9, 0.1]),
        tie_mw=np.array([tie_mw, 0.0]),
        lolp_out=lolp,
        epns_out=epns,
        terms_out=terms,
    )
    want = tie_reference(
        list(capacity_reference(mw_of(own, 0.5)).items()),
        list(capacity_reference(mw_of(other, 1.0)).items()),
        [(tie_mw, 0.9), (0.0, 0.1)],
        (own_mw, other_mw),
        TOLERANCE_MW,
    )
    assert lolp[0] == pytest.approx(want[0], rel=1e-11, abs=1e-15)
    assert epns[0] == pytest.approx(want[1], rel=1e-10, abs=1e-13)
    assert terms[0] >= epns[0]
