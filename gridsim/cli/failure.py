"""Errors of a command: text on stderr, with --json one object on stdout too."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


def tell_failure(command: str, error: BaseException, as_json: bool, text: str | None = None) -> None:
    """Print an error. ``text``: in place of the error's own; already on stderr, or about to be.

    The object of --json has keys ``command``, ``status`` and ``error``: its kind, its text, and of wrong input every
    problem (file, row, column, value, mend).
    """
    from gridsim.errors import InputError

    if text is None:
        print(error, file=sys.stderr)
    if not as_json:
        return
    import json

    problems = [dict(vars(problem)) for problem in error.problems] if isinstance(error, InputError) else []
    told = {"kind": type(error).__name__, "message": text or str(error), "problems": problems}
    print(json.dumps({"command": command, "status": "failed", "error": told}))


@contextmanager
def stdout_for_json(as_json: bool) -> Iterator[None]:
    """Keep stdout for the object of --json: what scripts print, in processes begun here too, goes to stderr."""
    if not as_json:
        yield
        return
    import os
    from contextlib import redirect_stdout

    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        sys.stderr.flush()
        os.dup2(kept, 1)
        os.close(kept)
