"""Output that a process loses to interruptions of its supply: while it is out, and afterwards until it is whole again.

A process stands still while at least ``stop_share`` of its load is unserved; below that it loses what is unserved. An
interruption longer than ``survives_h`` damages it: when power is back it makes nothing for ``dead_h`` and then climbs
evenly to full output over ``ramp_h``. A further interruption that it survives only pauses that; a longer one begins it
anew. Losses are in hours of full output.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

_SLACK_H = 1e-9  # of the clock
_SLACK_SHARE = 1e-6  # of an unserved share: the last digits of a dispatch decide nothing


class Process(NamedTuple):
    """Limits of a process and its way back."""

    survives_h: float
    stop_share: float
    dead_h: float
    ramp_h: float


class Piece(NamedTuple):
    """A stretch of time with one unserved share of the load."""

    start_h: float
    end_h: float
    share: float


class ProcessLoss(NamedTuple):
    """Loss in hours of full output: ``out_h`` while power was short, ``later_h`` after it, beyond the horizon too.

    ``stops``: interruptions that damaged it; ``longest_h``: longest interruption; ``whole_again_h``: when the last
    damage is over, None if there was none; ``idle``: stretches in which it made nothing.
    """

    out_h: float
    later_h: float
    stops: int
    longest_h: float
    whole_again_h: float | None
    idle: tuple[tuple[float, float], ...]

    @property
    def total_h(self) -> float:
        return self.out_h + self.later_h


def process_loss(process: Process, pieces: Iterable[Piece], horizon_h: float) -> ProcessLoss:
    """Loss over pieces in order of time, full supply between them and after ``horizon_h``."""
    out_h = later_h = interrupted_h = longest_h = 0.0
    stops, restart_h = 0, _HEALTHY
    whole_h: float | None = None
    idle: list[tuple[float, float]] = []
    for start_h, end_h, share in _with_gaps(pieces, horizon_h):
        length_h = end_h - start_h
        if share >= process.stop_share - _SLACK_SHARE:
            out_h += length_h
            idle.append((start_h, end_h))
            before_h, interrupted_h = interrupted_h, interrupted_h + length_h
            longest_h = max(longest_h, interrupted_h)
            if before_h <= process.survives_h + _SLACK_H < interrupted_h:
                stops, restart_h = stops + 1, 0.0
            continue
        interrupted_h = 0.0
        if restart_h == _HEALTHY:
            out_h += share * length_h
            continue
        out_h += share * length_h
        later_h += _restart_loss(process, restart_h, restart_h + length_h, share) - share * length_h
        if restart_h < process.dead_h:
            idle.append((start_h, min(end_h, start_h + process.dead_h - restart_h)))
        restart_h += length_h
        if restart_h >= process.dead_h + process.ramp_h - _SLACK_H:
            whole_h = end_h - (restart_h - process.dead_h - process.ramp_h)
            restart_h = _HEALTHY
    if restart_h != _HEALTHY:
        end_h = process.dead_h + process.ramp_h
        later_h += _restart_loss(process, restart_h, end_h, 0.0)
        whole_h = horizon_h + end_h - restart_h
        if restart_h < process.dead_h:
            idle.append((horizon_h, horizon_h + process.dead_h - restart_h))
    return ProcessLoss(out_h, later_h, stops, longest_h, whole_h, tuple(_joined(idle)))


def overlaid(own: Iterable[Piece], other: Iterable[Piece]) -> list[Piece]:
    """Pieces with the larger share of two courses at every time."""
    one, two = list(own), list(other)
    times = sorted({time for piece in (*one, *two) for time in piece[:2]})
    found = []
    for start_h, end_h in pairwise(times):
        middle_h = 0.5 * (start_h + end_h)
        share = max((piece.share for piece in (*one, *two) if piece.start_h <= middle_h < piece.end_h), default=0.0)
        if share > 0.0:
            found.append(Piece(start_h, end_h, share))
    return found


def starved(idle: Iterable[tuple[float, float]], stock_h: float, share: float) -> list[Piece]:
    """Course of a process whose supplier is idle: its stock lasts so long, then so much of it stops."""
    return [Piece(start + stock_h, end, share) for start, end in idle if end - start > stock_h and share > 0.0]


_HEALTHY = -1.0


def _with_gaps(pieces: Iterable[Piece], horizon_h: float) -> Iterable[Piece]:
    """All stretches of the horizon, those between the pieces with full supply."""
    at_h = 0.0
    for piece in pieces:
        if piece.start_h >= horizon_h - _SLACK_H:
            break
        if piece.start_h > at_h + _SLACK_H:
            yield Piece(at_h, piece.start_h, 0.0)
        at_h = min(piece.end_h, horizon_h)
        yield Piece(piece.start_h, at_h, piece.share)
    if at_h < horizon_h - _SLACK_H:
        yield Piece(at_h, horizon_h, 0.0)


def _restart_loss(process: Process, from_h: float, to_h: float, share: float) -> float:
    """Full-output hours lost between two hours of a restart in which ``share`` is unserved: the larger of both."""
    meets_h = process.dead_h + process.ramp_h * (1.0 - share)  # from here on the unserved share is larger
    first_h = min(max(meets_h, from_h), to_h)
    return _missing(process, first_h) - _missing(process, from_h) + share * (to_h - first_h)


def _missing(process: Process, hours: float) -> float:
    """Full-output hours that the first ``hours`` of a restart lack."""
    if hours <= process.dead_h:
        return hours
    if process.ramp_h == 0.0:
        return process.dead_h
    climbing_h = min(hours - process.dead_h, process.ramp_h)
    return process.dead_h + climbing_h - climbing_h**2 / (2.0 * process.ramp_h)


def _joined(idle: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Stretches that touch as one."""
    joined: list[tuple[float, float]] = []
    for start_h, end_h in idle:
        if joined and start_h <= joined[-1][1] + _SLACK_H:
            joined[-1] = joined[-1][0], end_h
        else:
            joined.append((start_h, end_h))
    return joined
