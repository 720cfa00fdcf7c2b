"""Forks commands of ``tests.support.command``: loads gridsim, a network and an hour, then a child per line of stdin."""

from __future__ import annotations

import json
import os
import sys

import gridsim
from gridsim.cli import main


def load() -> None:
    """Import what commands import, and load the kernels of a run from the cache."""
    import pandas  # noqa: F401
    import pyarrow.parquet  # noqa: F401

    gridsim.read_network("kazakhstan")
    policy = {"ac": "off", "gas": "balance"}
    scenario = {"network": "rts79", "horizon": {"start": "2026-01-14 17:00", "hours": 1}, "policy": policy}
    gridsim.run(*gridsim.read_scenario(scenario))


def serve() -> bool:
    """Fork a child per request and tell its exit code; True in a child, False at the end of the requests."""
    requests, answers = os.fdopen(os.dup(0), "r"), os.fdopen(os.dup(1), "w")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    for line in requests:
        request = json.loads(line)
        child = os.fork()
        if child == 0:
            become(**request)
            return True
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), file=answers, flush=True)
    return False


def become(arguments: list[str], cwd: str, out: str, errors: str) -> None:
    """Give this process the folder, the words and the streams of its command."""
    os.chdir(cwd)
    sys.modules["__main__"].__package__ = "gridsim"  # `python -m gridsim` in usage lines
    sys.argv = [os.path.join(os.path.dirname(gridsim.__file__), "__main__.py"), *arguments]
    for stream, file in ((1, out), (2, errors)):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT), stream)


if __name__ == "__main__":
    load()
    if serve():
        main()
