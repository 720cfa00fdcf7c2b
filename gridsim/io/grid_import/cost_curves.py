"""Costs of a machine by its output: quadratic or in pieces, as blocks of constant cost per MWh."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple

#: Blocks of equal width that stand for a quadratic cost between least and largest output.
QUADRATIC_BLOCKS = 20
#: MW narrower, and costs per MWh nearer, are none.
SAME = 1e-9


class Block(NamedTuple):
    """A part of a machine's output, MW, and its cost per MWh."""

    begin: float
    end: float
    slope: float


class Curve(NamedTuple):
    """Cost of one machine, ``table`` and ``element`` of the source.

    ``linear``, ``quadratic``: per MWh and per MWh per MW; ``pieces``: (from MW, to MW, per MWh) instead of them.
    """

    table: str
    element: str
    linear: float = 0.0
    quadratic: float = 0.0
    pieces: tuple[tuple[float, float, float], ...] = ()

    def blocks(self, low: float, high: float) -> list[Block]:
        """Blocks from 0 MW to ``high``, MW; those of a quadratic cost are of equal width above ``low``."""
        return self._of_pieces(high) if self.pieces else self._of_polynomial(low, high)

    def error(self, low: float, high: float) -> float:
        """Furthest that a MW between ``low`` and ``high`` is from its block's price, per MWh."""
        return abs(self.quadratic) * (high - low) / QUADRATIC_BLOCKS

    def _of_polynomial(self, low: float, high: float) -> list[Block]:
        if abs(self.quadratic) * (high - low) <= SAME:
            return [Block(0.0, high, self.linear + self.quadratic * (low + high))]
        width = (high - low) / QUADRATIC_BLOCKS
        ends = [low + k * width for k in range(QUADRATIC_BLOCKS)] + [high]
        return [
            Block(begin if k else 0.0, end, self.linear + self.quadratic * (begin + end))
            for k, (begin, end) in enumerate(itertools.pairwise(ends))
        ]

    def _of_pieces(self, high: float) -> list[Block]:
        """The first and the last price hold beyond the pieces."""
        blocks = [Block(max(begin, 0.0), min(end, high), slope) for begin, end, slope in self.pieces]
        blocks = [block for block in blocks if block.end > block.begin] or [Block(0.0, high, self.pieces[0][2])]
        blocks[0] = blocks[0]._replace(begin=0.0)
        blocks[-1] = blocks[-1]._replace(end=high)
        return blocks


def rising(blocks: Sequence[Block]) -> tuple[list[Block], float]:
    """The blocks of the greatest convex cost below theirs, and the furthest that a price is from its own."""
    groups: list[list[Block]] = []
    for block in blocks:
        groups.append([block])
        while len(groups) > 1 and _slope(groups[-1]) <= _slope(groups[-2]) + SAME:
            groups[-2:] = [groups[-2] + groups[-1]]
    found = [Block(group[0].begin, group[-1].end, _slope(group)) for group in groups]
    return found, max(abs(block.slope - _slope(group)) for group in groups for block in group)


def mean_slope(blocks: Sequence[Block], low: float) -> float:
    """Mean cost per MWh above ``low``."""
    parts = [(max(block.begin, low), block.end, block.slope) for block in blocks if block.end > low]
    span = sum(end - begin for begin, end, _ in parts)
    return sum((end - begin) * slope for begin, end, slope in parts) / span if span > 0.0 else blocks[0].slope


def _slope(group: Sequence[Block]) -> float:
    if len(group) == 1:
        return group[0].slope
    return sum((b.end - b.begin) * b.slope for b in group) / sum(b.end - b.begin for b in group)
