"""The command line in a process of its own, forked from one that has gridsim and its kernels loaded.

Starting Python, importing and loading compiled kernels takes two to three seconds a command; a fork has them at once.
What a command prints, writes and returns is its own: it gets its own argv, folder, stdout and stderr, and ends as a
Python process ends. Where the environment is another one than the server started with, a fresh Python runs it.
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

_IGNORED = ("PYTEST_CURRENT_TEST", "PYTEST_VERSION", "PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT")
_servers: dict[str, _Server] = {}


def gridsim(
    *arguments: str, cwd: Path | None = None, stdout: Path | None = None, **more: str
) -> subprocess.CompletedProcess[str]:
    """``gridsim`` with ``arguments`` in ``cwd``, its output captured; the exit code is not checked.

    ``stdout``: a file that takes stdout instead; ``more``: environment variables of this command alone.
    """
    environment = {name: value for name, value in os.environ.items() if name not in _IGNORED}
    if "one" not in _servers:
        _servers["one"] = _Server(environment)
    server = _servers["one"]
    if server.environment == environment:
        return server.run(arguments, cwd or Path.cwd(), stdout, more)
    assert stdout is None and not more, "of a command that is forked"
    return fresh_gridsim(*arguments, cwd=cwd)


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
        self, arguments: tuple[str, ...], cwd: Path, stdout: Path | None, more: dict[str, str]
    ) -> subprocess.CompletedProcess[str]:
        with tempfile.TemporaryDirectory() as place:
            out, errors = Path(place, "out"), Path(place, "errors")
            out.touch()
            code = self._ask(
                arguments=list(arguments), cwd=str(cwd), out=str(stdout or out), errors=str(errors), environment=more
            )
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
