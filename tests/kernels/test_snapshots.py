"""Tilted snapshots and their chains against a plain twin and by hand."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from gridsim.errors import StudyError
from gridsim.kernels.snapshots import Tilt, chosen, draw_states, draw_tilted, new_states, step_states
from gridsim.kernels.snapshots_reference import (
    next_state_reference,
    probability_reference,
    tilted_snapshot_reference,
)
from gridsim.model.outages import CommonCause, Component, State, two_state
from gridsim.model.pack_outages import snapshot_model
from gridsim.reliability.chains import chains_of
from gridsim.reliability.tilt import checked_tilt
from tests.support.reliability_cases import tiny

COMPONENTS = (
    two_state("generator", "a", 90.0, 10.0),
    Component(
        "generator",
        "b",
        (
            State(0.0, 40.0, to=(0.0, 0.7, 0.3)),
            State(0.4, 12.0, to=(0.6, 0.0, 0.4)),
            State(1.0, 8.0, to=(1.0, 0.0, 0.0)),
        ),
    ),
    Component("generator", "sure"),
)
N_HOURS = 5
NAMES = [(component.kind, component.name) for component in COMPONENTS]


def natural_of(model) -> dict:  # type: ignore[no-untyped-def,type-arg]
    probability = np.diff(model.state_start, prepend=0.0)
    probability[model.state_offset[:-1]] = model.state_start[model.state_offset[:-1]]
    states = [probability[a:b].tolist() for a, b in zip(model.state_offset[:-1], model.state_offset[1:], strict=True)]
    return {"hour": [1.0 / N_HOURS] * N_HOURS, "states": states}


def tilts_of(natural: dict) -> list[dict]:  # type: ignore[type-arg]
    """One towards outages in the last hours, one that leaves states as they are."""
    tilted = {"share": 0.75, "hour": [0.05, 0.05, 0.1, 0.3, 0.5], "states": [[0.4, 0.6], [0.2, 0.3, 0.5], [1.0]]}
    return [tilted, {"share": 0.25, "hour": natural["hour"], "states": natural["states"]}]


def as_arrays(natural: dict, tilts: list[dict]) -> Tilt:  # type: ignore[type-arg]
    flat = np.concatenate(natural["states"])
    state = np.array([np.concatenate(tilt["states"]) for tilt in tilts])
    start = np.array([np.concatenate([np.cumsum(of) for of in tilt["states"]]) for tilt in tilts])
    hour = np.array([tilt["hour"] for tilt in tilts])
    return Tilt(
        np.array([tilt["share"] for tilt in tilts]), np.cumsum(hour, axis=1), hour * N_HOURS, start, state / flat
    )


def test_tiny_tilted_draws_are_those_of_the_twin() -> None:
    model = snapshot_model(COMPONENTS, (), N_HOURS)
    natural = natural_of(model)
    tilts = tilts_of(natural)
    states = new_states(12, len(COMPONENTS))
    draw_tilted(model, as_arrays(natural, tilts), np.uint64(9), 8, N_HOURS, states)
    for place in range(12):
        hour, state, weight = tilted_snapshot_reference(9, 8 + place, NAMES, natural, tilts)
        assert states.hour[place] == hour
        assert states.state[place].tolist() == state
        assert states.weight[place] == pytest.approx(weight, rel=1e-12)
        assert states.lost[place].tolist() == [model.state_lost[model.state_offset[i] + s] for i, s in enumerate(state)]


def test_tiny_weights_give_every_state_back_its_own_probability() -> None:
    """Sum over all 5 x 2 x 3 states of q(state) w(state) f(state) is the natural mean of f, whatever the tilt."""
    natural = natural_of(snapshot_model(COMPONENTS, (), N_HOURS))
    tilts = tilts_of(natural)
    mean = tilted = 0.0
    for hour, a, b in product(range(N_HOURS), range(2), range(3)):
        p = probability_reference(hour, [a, b, 0], natural)
        q = sum(tilt["share"] * probability_reference(hour, [a, b, 0], tilt) for tilt in tilts)
        f = hour * (1.0 + 3.0 * a + b)
        mean += p * f
        tilted += q * (p / q) * f
    assert tilted == pytest.approx(mean, rel=1e-12)


def test_tiny_a_tilt_that_draws_nothing_else_weighs_one_and_draws_the_plain_states() -> None:
    model = snapshot_model(COMPONENTS, (), N_HOURS)
    natural = natural_of(model)
    states, plain = new_states(16, 3), new_states(16, 3, with_state=False)
    draw_tilted(model, as_arrays(natural, [{"share": 1.0, **natural}]), np.uint64(3), 4, N_HOURS, states)
    draw_states(model, np.uint64(3), 4, N_HOURS, plain)
    assert states.weight == pytest.approx(np.ones(16), rel=1e-12)
    assert states.hour.tolist() == plain.hour.tolist()
    assert states.lost.tobytes() == plain.lost.tobytes()


def test_tiny_common_causes_derate_what_is_behind_them() -> None:
    cause = CommonCause(two_state("fuel", "yard", 50.0, 50.0), {"sure": 0.5})
    model = snapshot_model(COMPONENTS, (cause,), N_HOURS)
    natural = natural_of(model)
    states = new_states(32, 4)
    draw_tilted(model, as_arrays(natural, [{"share": 1.0, **natural}]), np.uint64(3), 0, N_HOURS, states)
    assert set(states.lost[:, 2].tolist()) == {0.0, 0.5}
    assert ((states.lost[:, 2] > 0.0) == (states.state[:, 3] == 1)).all()


@pytest.mark.parametrize("is_back", [False, True])
def test_tiny_steps_are_those_of_the_twin(is_back: bool) -> None:
    model = snapshot_model(COMPONENTS, (), N_HOURS)
    chains = chains_of(tiny(), COMPONENTS)
    natural = natural_of(model)
    states = new_states(8, 3)
    draw_tilted(model, as_arrays(natural, tilts_of(natural)), np.uint64(1), 0, N_HOURS, states)
    before = chosen(states, np.arange(8))
    sample = np.arange(100, 108)
    step_states(model, chains, np.uint64(1), sample, 3, is_back, states)
    table = chains.backward if is_back else chains.forward
    for i, name in enumerate(NAMES):
        n = len(COMPONENTS[i].states) or 1
        cumulative = table[chains.offset[i] : chains.offset[i] + n * n].reshape(n, n)
        move = np.diff(cumulative, prepend=0.0, axis=1)
        for place in range(8):
            state = int(before.state[place, i])
            assert states.state[place, i] == next_state_reference(1, int(sample[place]), 3, name, state, move, is_back)
    assert (states.hour - before.hour == (-1 if is_back else 1)).all()


def test_chains_keep_the_equilibrium_and_reverse_each_other() -> None:
    """pi P = pi both ways, and pi_i P_ij of the forward chain is pi_j P_ji of the backward one."""
    chains = chains_of(tiny(), COMPONENTS)
    model = snapshot_model(COMPONENTS, (), N_HOURS)
    share = np.array(natural_of(model)["states"][1])
    forward, backward = (
        np.diff(table[chains.offset[1] : chains.offset[1] + 9].reshape(3, 3), prepend=0.0, axis=1)
        for table in (chains.forward, chains.backward)
    )
    assert share @ forward == pytest.approx(share, rel=1e-9)
    assert share @ backward == pytest.approx(share, rel=1e-9)
    assert share[:, None] * forward == pytest.approx((share[:, None] * backward).T, rel=1e-9)


def test_a_state_or_an_hour_without_probability_is_refused() -> None:
    model = snapshot_model(COMPONENTS, (), N_HOURS)
    natural = natural_of(model)
    blind = {"share": 1.0, "hour": natural["hour"], "states": [[1.0, 0.0], *natural["states"][1:]]}
    with pytest.raises(StudyError, match="state 1 of component 0 is left without probability"):
        checked_tilt(model, as_arrays(natural, [blind]))
    never = {"share": 1.0, "hour": [0.5, 0.5, 0.0, 0.0, 0.0], "states": natural["states"]}
    with pytest.raises(StudyError, match="hour 2 is left without probability"):
        checked_tilt(model, as_arrays(natural, [never]))
    with pytest.raises(StudyError, match="shares of the mixture"):
        checked_tilt(model, as_arrays(natural, [{**natural, "share": 0.5}]))
    assert checked_tilt(model, as_arrays(natural, [{**blind, "share": 0.5}, {**natural, "share": 0.5}]))
