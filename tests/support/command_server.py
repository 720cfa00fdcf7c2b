"""Forks commands of ``tests.support.command``: loads gridsim, a network and an hour, then a child per line of stdin."""

from __future__ import annotations

import atexit
import gc
import json
import os
import sys
import threading
from collections.abc import Callable

import gridsim
from gridsim.cli import main


def load() -> None:
    """Import what commands import, and load from the cache the kernels of a run and of an assessment."""
    import pandapower.networks  # noqa: F401
    import pandas  # noqa: F401
    import pyarrow.parquet  # noqa: F401

    import gridsim.report.documents

    for network, policy in (("rts79", {"ac": "off", "gas": "balance"}), ("kazakhstan", {})):
        horizon = {"start": "2026-01-14 17:00", "hours": 1}
        gridsim.run(*gridsim.read_scenario({"network": network, "horizon": horizon, "policy": policy}))
    copper = gridsim.system_from_grid(gridsim.read_network("rts79"), "none")
    gridsim.assess(copper, gridsim.SequentialMonteCarlo(years=2, seed=1, level="copper"))
    gc.collect()
    gc.freeze()  # else a child that ends looks at all of this once more, which takes half a second


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


def become(arguments: list[str], cwd: str, out: str, errors: str, environment: dict[str, str]) -> None:
    """Give this process the folder, the words, the streams and the environment of its command."""
    os.chdir(cwd)
    for name in os.environ.keys() - environment.keys():
        del os.environ[name]
    os.environ.update(environment)
    sys.modules["__main__"].__package__ = "gridsim"  # `python -m gridsim` in usage lines
    sys.argv = [os.path.join(os.path.dirname(gridsim.__file__), "__main__.py"), *arguments]
    for stream, file in ((1, out), (2, errors)):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT), stream)


def end(program: Callable[[], None]) -> None:
    """Run ``program`` and end as Python does, but leave its objects: to free them copies the memory that is shared.

    Functions registered for the end run, threads are waited for, streams are flushed; what stdout does not take is told
    and ends with Python's code of it.
    """
    code: object = 0
    try:
        program()
    except SystemExit as left:
        code = left.code
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 1
    if isinstance(code, str):
        print(code, file=sys.stderr)
        code = 1
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
    except Exception as error:
        print(f"Exception ignored in: {sys.stdout!r}\n{error!r}", file=sys.stderr)
        code = 120
    sys.stderr.flush()
    os._exit(int(code or 0))  # type: ignore[call-overload]


if __name__ == "__main__":
    load()
    if serve():
        end(main)
