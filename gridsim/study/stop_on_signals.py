"""Stopping a study by SIGINT (Ctrl-C) or SIGTERM: what is in work is finished first, unless it is asked twice."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

_TOLD = "finishing the block in work; press Ctrl-C again to stop now, --resume goes on"


@contextmanager
def stop_on_signals() -> Iterator[threading.Event]:
    """The first SIGTERM or SIGINT sets the event and says so; the next of either is left to whoever had it before."""
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def ask(number: int, frame: Any) -> None:
        restore()
        stop.set()
        _tell(_TOLD)

    for number in before:
        signal.signal(number, ask)
    try:
        yield stop
    finally:
        restore()


def _tell(text: str) -> None:
    """A line on stderr, past its buffer, which the signal may have interrupted in a write."""
    with suppress(AttributeError, OSError, ValueError):  # no stderr, or one without a file
        start = "\r" if sys.stderr.isatty() else ""  # over ^C and the bar
        os.write(sys.stderr.fileno(), f"{start}{text}\n".encode())
