"""Progress of a run as a line of text: on a terminal, in a notebook and in a log file alike."""

from __future__ import annotations

import sys
from typing import TextIO

STEP_PERCENT = 20  # between lines where a line cannot be written over


class ProgressLine:
    """Called with the share done, 0 to 1; one line that is written over on a terminal, else one now and then."""

    def __init__(self, name: str, stream: TextIO | None = None):
        self._name = name
        self._stream = sys.stderr if stream is None else stream
        self._terminal = self._stream.isatty()
        self._told = -1

    def __call__(self, done: float) -> None:
        percent = int(100.0 * min(max(done, 0.0), 1.0) + 1e-9)
        step = percent if self._terminal else percent - percent % STEP_PERCENT
        if step <= self._told:
            return
        self._told = step
        end = "" if self._terminal and percent < 100 else "\n"
        start = "\r" if self._terminal else ""
        self._stream.write(f"{start}{self._name}: {step:3d} %{end}")
        self._stream.flush()
