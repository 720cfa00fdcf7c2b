"""One side of a comparison as a process: prepares itself, then runs once for every line it reads, in CPU seconds.

Imported by gridsim's side and by every peer's, so it knows nothing but the standard library.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

#: Quantities of an answer: name -> value, or [value, standard error].
Answer = dict[str, Any]


class Work(NamedTuple):
    """``call`` is timed; ``answer`` makes comparable numbers of what it returned; it does ``n`` of the stated unit."""

    call: Callable[[], Any]
    answer: Callable[[Any], Answer]
    n: int


def serve(tasks: dict[str, Callable[[Path], Work]], packages: tuple[str, ...]) -> None:
    """Run task ``argv[1]`` on the inputs in folder ``argv[2]``; one JSON line per line read."""
    talk = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints must not mix with the answers
    work = tasks[sys.argv[1]](Path(sys.argv[2]))
    versions = {name: metadata.version(name) for name in packages}
    print(json.dumps({"versions": versions, "n": work.n}), file=talk, flush=True)
    for _ in sys.stdin:
        start = time.process_time()  # both sides work in one thread; other work on the machine does not count
        found = work.call()
        seconds = time.process_time() - start
        print(json.dumps({"seconds": seconds, "answer": work.answer(found)}), file=talk, flush=True)
