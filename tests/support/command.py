"""The command line in a process of its own, forked from one that has gridsim and its kernels loaded.

Starting Python, importing and loading compiled kernels takes two to three seconds a command; a fork has them at once.
What a command prints, writes and returns is its own: it gets its own argv, folder, environment, stdout and stderr, and
ends as a Python process ends. Where a variable that is read as a program starts has another value than the server
started with, a fresh Python runs it.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

# packages that this process imports set variables of their own, so a comparison of all would call for a fresh Python
_READ_AT_START = ("COLUMNS", "GRIDSIM_", "HOME", "LANG", "LC_", "NUMBA_CACHE", "NUMBA_DISABLE", "PYTHON", "XDG_")
_servers: dict[str, _Server] = {}


def gridsim(
    *arguments: str, cwd: Path | None = None, stdout: Path | None = None, **more: str
) -> subprocess.CompletedProcess[str]:
    """``gridsim`` with ``arguments`` in ``cwd``, its output captured; the exit code is not checked.

    ``stdout``: a file that takes stdout instead; ``more``: environment variables of this command alone.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    if "one" not in _servers:
        _servers["one"] = _Server(environment)
    server = _servers["one"]
    if _at_start(server.environment) == _at_start(environment):
        return server.run(arguments, cwd or Path.cwd(), stdout, {**environment, **more})
    assert stdout is None and not more, "of a command that is forked"
    return fresh_gridsim(*arguments, cwd=cwd)


def _at_start(environment: dict[str, str]) -> dict[str, str]:
    """Variables that are read as a program starts or is imported."""
    return {name: value for name, value in environment.items() if name.startswith(_READ_AT_START)}


def fresh_gridsim(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The same in a Python that starts from nothing."""
    return subprocess.run(
        [sys.executable, "-m", "gridsim", *arguments], cwd=cwd, capture_output=True, text=True, check=False
    )


class _Server:
    """The process that forks; it ends with this one."""

    def __init__(self, environment: dict[str, str]):
        self.environment = environment
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.command_server"],
            cwd=Path(__file__).parents[2],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        atexit.register(self._process.kill)

    def run(
        self, arguments: tuple[str, ...], cwd: Path, stdout: Path | None, environment: dict[str, str]
    ) -> subprocess.CompletedProcess[str]:
        with tempfile.TemporaryDirectory() as place:
            out, errors = Path(place, "out"), Path(place, "errors")
            out.touch()
            code = self._ask(
                arguments=list(arguments), cwd=str(cwd), out=str(stdout or out), errors=str(errors),
                environment=environment,
            )  # fmt: skip
            texts = [file.read_text(errors="surrogateescape") for file in (out, errors)]
        return subprocess.CompletedProcess(["gridsim", *arguments], code, *texts)

    def _ask(self, **request: Any) -> int:
        asked, answered = self._process.stdin, self._process.stdout
        assert asked is not None and answered is not None
        asked.write(json.dumps(request) + "\n")
        asked.flush()
        answer = answered.readline()
        assert answer, "the process that forks has ended"
        return int(answer)
