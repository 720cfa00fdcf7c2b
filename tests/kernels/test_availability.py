"""Outages against their reference kernel and against equilibrium."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from gridsim.errors import StudyError
from gridsim.kernels.availability import (
    count_overlap_hours,
    draw_outages,
    draw_snapshots,
    normal_quantile,
    residence_h,
    residual_h,
    share_behind,
    thinning_profile,
)
from gridsim.kernels.availability_reference import derated_share_reference, lost_share_reference
from gridsim.kernels.rng_reference import exponential_reference
from gridsim.model.outages import (
    CommonCause,
    Component,
    Derating,
    RepairLaw,
    State,
    equilibrium,
    hourly_chain,
    jump_matrix,
    two_state,
)
from gridsim.model.pack_outages import causes_alone, outage_model, snapshot_model

THREE_STATES = Component(
    "generator",
    "three",
    (
        State(0.0, 40.0, to=(0.0, 0.7, 0.3)),
        State(0.4, 12.0, to=(0.6, 0.0, 0.4)),
        State(1.0, 8.0, to=(1.0, 0.0, 0.0)),
    ),
)
LOGNORMAL = two_state("generator", "lognormal", 50.0, 20.0, RepairLaw.LOGNORMAL, 1.2)
CONSTANT = two_state("line", "constant", 30.0, 10.0, RepairLaw.CONSTANT)
PLAIN = two_state("generator", "plain", 30.0, 6.0)


def as_reference(component: Component, n_hours: int) -> dict[str, Any]:
    states = [
        {"lost": state.lost_share, "mean_h": state.mean_h, "law": str(state.law), "sigma": state.sigma}
        for state in component.states
    ]
    made: dict[str, Any] = {
        "kind": component.kind,
        "name": component.name,
        "states": states,
        "equilibrium": equilibrium(component).tolist(),
        "jump": jump_matrix(component).tolist(),
        "plain": component is PLAIN,
    }
    if component.unavailability is not None:
        largest, factor = thinning_profile(component.unavailability, component.base_unavailability, states[1]["mean_h"])
        states[0]["mean_h"] = 1.0 / largest
        made["rate_factor"] = factor.tolist()
    if component.rate_factor is not None and component.repair_factor is not None:
        made |= {"rate_factor": component.rate_factor.tolist(), "repair_factor": component.repair_factor.tolist()}
    return made


def drawn_shares(
    components: list[Component],
    causes: list[CommonCause],
    n_hours: int,
    seed: int,
    sample: int,
    temperature_class: np.ndarray | None = None,
) -> np.ndarray:
    """(n_components, n_hours) share lost, the largest of overlapping intervals."""
    model = outage_model(components, causes, n_hours, temperature_class)
    size = 1000
    arrays = [np.empty(size, dtype=np.int32) for _ in range(3)]
    lost = np.empty(size)
    batch = np.empty((4, len(model.batch_block)))
    n = draw_outages(model, np.uint64(seed), np.uint64(sample), n_hours, batch, *arrays, lost)
    assert n >= 0
    share = np.zeros((len(components) + len(causes), n_hours))
    for component, first, end, value in zip(*(array[:n] for array in arrays), lost[:n]):
        share[component, first:end] = np.maximum(share[component, first:end], value)
    return share


def cold_snap(n_hours: int) -> Component:
    plain = two_state("generator", "cold", 40.0, 10.0)
    unavailability = np.where(np.arange(n_hours) % 48 < 24, 0.05, 0.4)
    return Component(plain.kind, plain.name, plain.states, unavailability, 0.2)


def changing(n_hours: int) -> Component:
    """Fails and returns by the hour: never in the first ten, and never returns in every fifth."""
    hour = np.arange(n_hours)
    return hourly_chain("generator", "changing", np.where(hour < 10, 0.0, 0.2), np.where(hour % 5 == 0, 0.0, 0.6))


@pytest.mark.parametrize("sample", [0, 1, 8123])
def test_tiny_outages_are_those_of_the_twin(sample: int) -> None:
    n_hours = 300
    components = [PLAIN, THREE_STATES, LOGNORMAL, CONSTANT, cold_snap(n_hours), changing(n_hours)]
    share = drawn_shares(components, [], n_hours, seed=5, sample=sample)
    for position, component in enumerate(components):
        expected = lost_share_reference(5, sample, as_reference(component, n_hours), n_hours)
        np.testing.assert_array_equal(share[position], expected, err_msg=component.name)


def test_tiny_draws_beyond_the_batch_are_the_same_stream() -> None:
    """A component whose number of outages far exceeds the batch's allowance must still equal its reference kernel."""
    n_hours = 40
    restless = two_state("generator", "plain", 0.4, 0.3)
    model = outage_model([restless], [], n_hours)
    cut = model._replace(
        two_offset=np.array([0, 1], dtype=np.int32),
        batch_lo=model.batch_lo[:1],
        batch_hi=model.batch_hi[:1],
        batch_block=model.batch_block[:1],
    )
    results = []
    for variant in (model, cut):
        arrays = [np.empty(500, dtype=np.int32) for _ in range(3)]
        lost = np.empty(500)
        batch = np.empty((4, len(variant.batch_block)))
        n = draw_outages(variant, np.uint64(1), np.uint64(2), n_hours, batch, *arrays, lost)
        results.append([array[:n].tolist() for array in arrays])
    assert results[0] == results[1]
    assert len(results[0][0]) > 10


def test_tiny_too_small_arrays_are_reported() -> None:
    model = outage_model(
        [PLAIN, LOGNORMAL], [CommonCause(two_state("common_cause", "c", 5.0, 5.0), {"plain": 1.0})], 500
    )
    for size in range(12):
        arrays = [np.empty(size, dtype=np.int32) for _ in range(3)]
        batch = np.empty((4, len(model.batch_block)))
        assert draw_outages(model, np.uint64(1), np.uint64(0), 500, batch, *arrays, np.empty(size)) == -1


def test_tiny_common_cause_derates_all_behind_it_and_the_minimum_counts() -> None:
    n_hours = 200
    cause = CommonCause(two_state("common_cause", "pipeline", 30.0, 20.0), {"plain": 0.5, "three": 1.0})
    components = [PLAIN, THREE_STATES, CONSTANT]
    alone = drawn_shares(components, [], n_hours, seed=3, sample=4)
    together = drawn_shares(components, [cause], n_hours, seed=3, sample=4)
    pipeline = together[3]
    assert 0 < pipeline.sum() < n_hours
    np.testing.assert_array_equal(together[0], np.maximum(alone[0], 0.5 * pipeline))
    np.testing.assert_array_equal(together[1], np.maximum(alone[1], pipeline))
    np.testing.assert_array_equal(together[2], alone[2])


def test_tiny_derating_by_hand() -> None:
    """Factors 1, .8, .5, 0 by hours of outage, then .4, .7 by hours since the repair.

    Outage over hours 10 to 13: lost 0, .2, .5, 1, then .6, .3. Over hours 10 and 11: lost 0, .2, then min(.5, .6) = .5
    and min(1, .3) = .3: it ended before the component was drained.
    """
    derating = Derating(np.array([1.0, 0.8, 0.5, 0.0]), np.array([0.4, 0.7]))
    cause = CommonCause(two_state("common_cause", "c", 100.0, 10.0), derating={"plain": derating})
    causes = outage_model([PLAIN], [cause], 24).causes
    for end, expected in ((14, [0, 0.2, 0.5, 1, 0.6, 0.3, 0]), (12, [0, 0.2, 0.5, 0.3, 0])):
        shares = [share_behind(causes, 0, hour, 10, end, 0) for hour in range(10, 10 + len(expected))]
        np.testing.assert_allclose(shares, expected, atol=1e-15)
    # under way for two hours when the horizon begins
    assert share_behind(causes, 0, 0, 0, 5, 2) == 0.5


def draining(n_classes: int) -> Derating:
    """Three hours without effect, then a ramp that is steeper in higher classes; back within four hours."""
    steep = 0.1 * np.arange(1, n_classes + 1)[:, None]
    since = np.arange(12)[None, :]
    return Derating(
        np.clip(1.0 - steep * np.maximum(since - 2, 0), 0.1, 1.0), np.tile([0.3, 0.6, 0.8, 0.9], (n_classes, 1))
    )


def test_tiny_deratings_are_those_of_the_twin_and_overlaps_take_the_worst() -> None:
    n_hours, seed, sample = 600, 3, 4
    hour_class = (np.arange(n_hours) // 24 % 3).astype(np.int32)
    slow, fast = draining(3), Derating(np.full(1, 0.5), np.zeros((1, 0)))
    causes = [
        CommonCause(two_state("common_cause", "slow", 60.0, 30.0), derating={"plain": slow}),
        CommonCause(two_state("common_cause", "fast", 40.0, 20.0), {"three": 0.25}, {"plain": fast}),
    ]
    components = [PLAIN, THREE_STATES]
    alone = drawn_shares(components, [], n_hours, seed, sample)
    together = drawn_shares(components, causes, n_hours, seed, sample, hour_class)
    behind = {}
    for position, (cause, derating) in enumerate(zip(causes, (slow, fast))):
        is_out = together[2 + position] > 0.0
        change = np.diff(np.concatenate([[0], is_out.astype(int), [0]]))
        age_h = int(30.0 * exponential_reference(seed, sample, "common_cause", "slow", "age", 0))
        ends = zip(np.flatnonzero(change > 0), np.flatnonzero(change < 0))
        outages = [(first, end, age_h if first == 0 else 0) for first, end in ends]
        assert len(outages) > 3
        by_class = [np.broadcast_to(of, (3, of.shape[1])).tolist() for of in (derating.outage, derating.repair)]
        behind[cause.component.name] = np.array(derated_share_reference(outages, *by_class, hour_class.tolist()))
    np.testing.assert_array_equal(together[0], np.maximum.reduce([alone[0], *behind.values()]))
    np.testing.assert_array_equal(together[1], np.maximum(alone[1], 0.25 * together[3]))
    both = ((behind["slow"] > 0.0) & (behind["fast"] > 0.0)).sum()
    assert both > 10
    model = causes_alone(components, causes, n_hours, hour_class)
    assert count_overlap_hours(model, np.uint64(seed), sample, 1, n_hours) == both


@pytest.mark.parametrize(
    ("outage", "repair"),
    [([[1.2]], [[1.0]]), ([[np.nan]], [[1.0]]), (np.zeros((1, 0)), [[1.0]]), ([[1.0], [0.5]], [[1.0]])],
)
def test_an_impossible_derating_is_refused(outage: object, repair: object) -> None:
    with pytest.raises(StudyError):
        Derating(np.array(outage), np.array(repair))


def test_a_derating_asks_for_exponential_repair_and_enough_classes() -> None:
    with pytest.raises(StudyError):
        CommonCause(CONSTANT, derating={"plain": draining(1)})
    with pytest.raises(StudyError):
        CommonCause(PLAIN, {"a": 1.0}, {"a": draining(1)})
    cause = CommonCause(two_state("common_cause", "c", 60.0, 30.0), derating={"plain": draining(2)})
    with pytest.raises(StudyError):
        outage_model([PLAIN], [cause], 24, np.full(24, 2, dtype=np.int32))
    with pytest.raises(StudyError):
        snapshot_model([PLAIN], [cause], 24)


def test_a_new_component_or_another_order_shifts_nobodys_draws() -> None:
    n_hours = 400
    two = drawn_shares([PLAIN, THREE_STATES], [], n_hours, seed=9, sample=1)
    more = drawn_shares([CONSTANT, THREE_STATES, two_state("generator", "new", 20.0, 5.0), PLAIN], [], n_hours, 9, 1)
    np.testing.assert_array_equal(two[0], more[3])
    np.testing.assert_array_equal(two[1], more[1])


@pytest.mark.parametrize("component", [PLAIN, THREE_STATES, LOGNORMAL, CONSTANT], ids=lambda c: c.name)
def test_components_are_in_equilibrium_from_the_first_hour_to_the_last(component: Component) -> None:
    """Share of samples in outage at the first, a middle and the last hour: z over seeds 1..20."""
    n_hours, n_samples = 60, 400
    expected = sum(p * state.lost_share for p, state in zip(equilibrium(component), component.states))
    second = sum(p * state.lost_share**2 for p, state in zip(equilibrium(component), component.states))
    spread = math.sqrt((second - expected**2) / n_samples)
    z = []
    for seed in range(1, 21):
        shares = np.array([drawn_shares([component], [], n_hours, seed, s)[0] for s in range(n_samples)])
        z.append((shares[:, [0, 31, n_hours - 1]].mean(axis=0) - expected) / spread)
    low, high = stats.chi2.ppf([1e-4, 1 - 1e-4], 20)
    sums = (np.array(z) ** 2).sum(axis=0)
    assert ((sums > low) & (sums < high)).all(), sums
    assert np.abs(z).max() < 4.5


def test_temperature_thinning_keeps_the_base_rate_and_fails_in_the_cold() -> None:
    n_hours, n_samples = 480, 1500
    component = cold_snap(n_hours)
    shares = np.array([drawn_shares([component], [], n_hours, 1, s)[0] for s in range(n_samples)])
    largest, factor = thinning_profile(component.unavailability, 0.2, 10.0)
    # the chain's own unavailability by the master equation p' = lambda(1 - p) - mu p, hour by hour
    rates, repair = largest * factor, 1.0 / 10.0
    p = rates[0] / (rates[0] + repair)
    exact = []
    for rate in rates:
        exact.append(p)
        settled = rate / (rate + repair)
        p = settled + (p - settled) * math.exp(-(rate + repair))
    exact_array = np.array(exact)
    spread = np.sqrt(exact_array * (1 - exact_array) / n_samples)
    assert np.abs((shares.mean(axis=0) - exact_array) / spread).max() < 4.5
    odds = component.unavailability / (1 - component.unavailability)
    np.testing.assert_allclose((rates / (rates + repair)).mean(), 0.2, rtol=1e-9)
    np.testing.assert_allclose(rates / odds, rates[0] / odds[0], rtol=1e-12)


def test_thinning_of_a_component_that_never_fails_is_zero() -> None:
    largest, factor = thinning_profile(np.zeros(24), 0.1, 10.0)
    assert largest == 0.0
    assert not factor.any()


def test_tiny_residence_laws_have_their_means() -> None:
    """Means by integration over the quantile: residence m; residual m (1 + cv^2) / 2 (Cox 1962)."""
    grid = (np.arange(200_000) + 0.5) / 200_000 if os.environ.get("NUMBA_DISABLE_JIT") != "1" else np.array([0.5])
    if len(grid) == 1:
        assert residence_h(2, 7.0, 0.0, 0.5, 0.7) == 7.0
        return
    for law, sigma, cv2 in ((0, 0.0, 1.0), (1, 0.8, math.exp(0.64) - 1.0), (2, 0.0, 0.0)):
        stays = np.array([residence_h(law, 7.0, sigma, u, -math.log(u)) for u in grid])
        assert stays.mean() == pytest.approx(7.0, rel=1e-3)
        # the residual's uniform share has mean 1/2 and is independent of the length-biased stay
        residuals = np.array([residual_h(law, 7.0, sigma, u, -math.log(u), 0.5) for u in grid])
        assert residuals.mean() == pytest.approx(7.0 * (1.0 + cv2) / 2.0, rel=2e-3)


@pytest.mark.parametrize("probability", [1e-10, 1e-5, 0.01, 0.07, 0.3, 0.5, 0.92, 0.99999, 1 - 2.0**-33])
def test_tiny_normal_quantile(probability: float) -> None:
    assert normal_quantile(probability) == pytest.approx(stats.norm.ppf(probability), rel=1e-13, abs=1e-15)


def test_snapshots_have_the_equilibrium_and_the_hours_are_even() -> None:
    n_hours, n_groups = 48, 3000
    cold = cold_snap(n_hours)
    cause = CommonCause(two_state("common_cause", "c", 90.0, 10.0), {"plain": 1.0})
    components = [PLAIN, THREE_STATES, cold]
    model = snapshot_model(components, [cause], n_hours)
    hours = np.empty((n_groups, 4), dtype=np.int32)
    lost = np.empty((n_groups, 4, 4))
    block = np.zeros(4, dtype=np.uint64)
    for group in range(n_groups):
        draw_snapshots(model, np.uint64(11), np.uint64(group), n_hours, block, hours[group], lost[group])
    n = 4 * n_groups
    states = lost.reshape(n, 4)
    plain_out = PLAIN.states[1].mean_h / (PLAIN.states[0].mean_h + PLAIN.states[1].mean_h)
    expected = 1.0 - (1.0 - plain_out) * 0.9
    assert abs(states[:, 0].mean() - expected) < 4.5 * math.sqrt(expected * (1 - expected) / n)
    for value, p in zip((0.0, 0.4, 1.0), equilibrium(THREE_STATES)):
        assert abs((states[:, 1] == value).mean() - p) < 4.5 * math.sqrt(p * (1 - p) / n)
    is_cold = hours.reshape(-1) >= 24
    assert stats.chisquare(np.bincount(hours.reshape(-1), minlength=n_hours)).pvalue > 1e-4
    largest, factor = thinning_profile(cold.unavailability, 0.2, 10.0)
    for mask, rate in ((is_cold, largest), (~is_cold, largest * factor[0])):
        p = rate / (rate + 0.1)
        assert abs(states[mask, 2].mean() - p) < 4.5 * math.sqrt(p * (1 - p) / mask.sum())


def test_normal_quantile_keeps_its_bits() -> None:
    """211 pairs of AS 241, tails to 1e-300 and 1 - 1e-15 included: draws of lognormal repairs rest on every bit."""
    text = (Path(__file__).parents[1] / "data" / "normal_quantile_as241.csv").read_text()
    for line in text.split()[1:]:
        probability, expected = map(float.fromhex, line.split(","))
        assert normal_quantile(probability) == expected
