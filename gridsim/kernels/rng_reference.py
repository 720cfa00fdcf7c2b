"""Philox4x32-10 in plain Python integers, written from the paper's definition; imported by tests only."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence

WORD = 2**32


def philox4x32_reference(counter: tuple[int, int, int, int], key: tuple[int, int]) -> tuple[int, int, int, int]:
    """Ten rounds of (L, R) -> (mulhi(R) xor key xor L, mullo(R)) on two word pairs; Salmon et al. 2011, section 3.2."""
    x0, x1, x2, x3 = counter
    key_0, key_1 = key
    for _ in range(10):
        high_0, low_0 = divmod(x0 * 0xD2511F53, WORD)
        high_1, low_1 = divmod(x2 * 0xCD9E8D57, WORD)
        x0, x1, x2, x3 = high_1 ^ x1 ^ key_0, low_1, high_0 ^ x3 ^ key_1, low_0
        key_0 = (key_0 + 0x9E3779B9) % WORD
        key_1 = (key_1 + 0xBB67AE85) % WORD
    return x0, x1, x2, x3


def word_reference(seed: int, sample: int, kind: str, name: str, purpose: str, draw: int) -> int:
    """Word ``draw`` of the stream of a named component."""
    stream = int.from_bytes(hashlib.blake2b(f"{kind}/{name}/{purpose}".encode()).digest()[:8], "little")
    block = philox4x32_reference((draw // 4, sample, stream % WORD, stream // WORD), (seed % WORD, seed // WORD))
    return block[draw % 4]


def uniform_reference(seed: int, sample: int, kind: str, name: str, purpose: str, draw: int) -> float:
    """The middle of the word's cell of width 2^-32."""
    return (word_reference(seed, sample, kind, name, purpose, draw) + 0.5) / WORD


def exponential_reference(seed: int, sample: int, kind: str, name: str, purpose: str, draw: int) -> float:
    """Inverse distribution function of the unit exponential at 1 - uniform."""
    return -math.log(uniform_reference(seed, sample, kind, name, purpose, draw))


def first_above(probabilities: Sequence[float], u: float) -> int:
    """The state that a uniform number chooses."""
    total = 0.0
    for place, probability in enumerate(probabilities):
        total += probability
        if u < total:
            return place
    return len(probabilities) - 1
