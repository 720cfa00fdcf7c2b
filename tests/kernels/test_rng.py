"""The generator against its published vectors, its reference kernel, and the distribution it claims."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from gridsim.kernels import rng
from gridsim.kernels.jit import jit
from gridsim.kernels.rng_reference import (
    exponential_reference,
    philox4x32_reference,
    uniform_reference,
    word_reference,
)

# Random123 (D. E. Shaw Research), tests/kat_vectors, release 1.14: "philox4x32 10", counter, key, result
KNOWN_ANSWERS = [
    ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
]
word32 = st.integers(0, 2**32 - 1)
word64 = st.integers(0, 2**64 - 1)


def words(text: str) -> list[int]:
    return [int(part, 16) for part in text.split()]


@pytest.mark.parametrize(("counter", "key", "expected"), KNOWN_ANSWERS)
def test_tiny_known_answers(counter: str, key: str, expected: str) -> None:
    arguments = [np.uint64(value) for value in words(counter) + words(key)]
    assert [int(value) for value in rng.philox4x32(*arguments)] == words(expected)
    assert list(philox4x32_reference(tuple(words(counter)), tuple(words(key)))) == words(expected)


@given(seed=word64, sample=word32, draw=st.integers(0, 2**34 - 1), name=st.text(max_size=8))
@settings(max_examples=100, deadline=None)
def test_draw_is_a_function_of_its_counters(seed: int, sample: int, draw: int, name: str) -> None:
    stream = np.uint64(rng.stream_id("generator", name, "outage"))
    arguments = (np.uint64(seed), np.uint64(sample), stream, np.uint64(draw))
    named = (seed, sample, "generator", name, "outage", draw)
    assert int(rng.word(*arguments)) == word_reference(*named)
    assert rng.uniform(*arguments) == uniform_reference(*named)
    assert rng.exponential(*arguments) == pytest.approx(exponential_reference(*named), rel=1e-15, abs=1e-300)


def test_tiny_batch_is_the_same_draws() -> None:
    stream = rng.stream_id("generator", "U1", "outage")
    drawn = rng.uniforms(7, 11, stream, 10)
    expected = [uniform_reference(7, 11, "generator", "U1", "outage", draw) for draw in range(10)]
    assert drawn.tolist() == expected

    exponentials = np.empty((4, 3))
    low = np.full(3, stream & 0xFFFFFFFF, dtype=np.uint64)
    high = np.full(3, stream >> 32, dtype=np.uint64)
    rng.fill_exponentials(np.uint64(7), np.uint64(11), low, high, np.arange(3, dtype=np.uint64), exponentials)
    single = [rng.exponential(np.uint64(7), np.uint64(11), np.uint64(stream), np.uint64(draw)) for draw in range(12)]
    assert exponentials.T.reshape(-1).tolist() == single


def test_purposes_and_names_are_different_streams() -> None:
    ids = {
        rng.stream_id(kind, name, purpose)
        for kind in ("generator", "line")
        for name in ("a", "b", "a/b")
        for purpose in ("outage", "snapshot")
    }
    assert len(ids) == 12
    assert rng.stream_ids("line", ["a", "b"], "outage").tolist() == [
        rng.stream_id("line", "a", "outage"),
        rng.stream_id("line", "b", "outage"),
    ]


def test_uniforms_have_the_moments_and_the_independence_they_claim() -> None:
    """Mean, square, product with the next draw, with the next stream and with the next sample: z over seeds 1..20."""
    n = 4000
    scores = []
    for seed in range(1, 21):
        u = rng.uniforms(seed, 5, rng.stream_id("generator", "a", "outage"), n + 1) - 0.5
        other_stream = rng.uniforms(seed, 5, rng.stream_id("generator", "b", "outage"), n) - 0.5
        other_sample = rng.uniforms(seed, 6, rng.stream_id("generator", "a", "outage"), n) - 0.5
        scores.append(
            [
                u[:n].mean() * np.sqrt(12 * n),
                ((u[:n] ** 2).mean() - 1 / 12) * np.sqrt(180 * n),
                (u[:n] * u[1:]).mean() * 12 * np.sqrt(n),
                (u[:n] * other_stream).mean() * 12 * np.sqrt(n),
                (u[:n] * other_sample).mean() * 12 * np.sqrt(n),
            ]
        )
    z = np.array(scores)
    low, high = stats.chi2.ppf([1e-4, 1 - 1e-4], 20)
    sums = (z**2).sum(axis=0)
    assert ((sums > low) & (sums < high)).all(), sums
    assert np.abs(z).max() < 4.5


def test_the_logarithm_is_right_to_the_last_digits_over_its_whole_range() -> None:
    corners = np.array([0, 1, 2, 3, 2**31 - 1, 2**31, 3037000498, 3037000499, 3037000500, 2**32 - 2, 2**32 - 1])
    ramp = np.linspace(0, 2**32 - 1, 20001).astype(np.int64)
    values = np.concatenate([corners, ramp]).astype(np.uint64)

    @jit
    def transform(word_values, result_out):  # type: ignore[no-untyped-def]
        for i in range(word_values.shape[0]):
            result_out[i] = rng.exponential_of_word(word_values[i])

    result = np.empty(values.shape[0])
    transform(values, result)
    expected = -np.log((values.astype(np.float64) + 0.5) / 2.0**32)
    np.testing.assert_allclose(result, expected, rtol=1e-15, atol=0.0)
