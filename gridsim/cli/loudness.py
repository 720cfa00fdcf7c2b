"""``--quiet`` and ``--verbose`` of every command, on top of the standard library's logging.

Shown by default: loggers ``gridsim.warnings`` (columns without effect), ``gridsim.kernels`` (compilation) and
``gridsim.study`` (progress of a study). With --verbose also ``gridsim.script`` (lines of ``sim.log``) and
``gridsim.run`` (progress of one run).
"""

from __future__ import annotations

import functools
import inspect
import logging
import sys
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import typer

Function = TypeVar("Function", bound=Callable[..., Any])

QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Nothing but errors on stderr.")]
VerboseOption = Annotated[
    bool, typer.Option("--verbose", "-v", help="Lines of sim.log and progress on stderr, also into a file or a pipe.")
]

_SHOWN = ("gridsim.kernels", "gridsim.study")  # at INFO, unless --quiet
_COMPUTES = ("adequacy", "bench", "credit", "run", "screen", "study", "warm", "weather")


class _Stderr(logging.Handler):
    """Writes to what stderr is now: a progress bar puts its own in between."""

    def emit(self, record: logging.LogRecord) -> None:
        print(self.format(record), file=sys.stderr, flush=True)


def is_quiet() -> bool:
    """Whether only errors are wanted on stderr."""
    return not logging.getLogger("gridsim").isEnabledFor(logging.WARNING)


def set_loudness(quiet: bool, verbose: bool) -> None:
    """Send gridsim's log to stderr, as loud as the options say."""
    top = logging.getLogger("gridsim")
    if not any(isinstance(handler, _Stderr) for handler in top.handlers):
        top.addHandler(_Stderr())
        top.propagate = False
    top.setLevel(logging.ERROR if quiet else logging.INFO if verbose else logging.WARNING)
    for name in _SHOWN:
        logging.getLogger(name).setLevel(logging.ERROR if quiet else logging.INFO)


def with_loudness(name: str, function: Function) -> Function:
    """The command with options --quiet and --verbose, which say before it begins if kernels will be compiled."""
    own = inspect.signature(function, eval_str=True)

    @functools.wraps(function)
    def command(*args: Any, quiet: bool = False, verbose: bool = False, **kwargs: Any) -> Any:
        set_loudness(quiet, verbose)
        if name in _COMPUTES:
            from gridsim.kernels.compiling import cache_is_empty, compiling

            if cache_is_empty():
                compiling.begins()
        return function(*args, **kwargs)

    options = [
        inspect.Parameter(option, inspect.Parameter.KEYWORD_ONLY, default=False, annotation=annotation)
        for option, annotation in (("quiet", QuietOption), ("verbose", VerboseOption))
    ]
    signature = own.replace(parameters=[*own.parameters.values(), *options])
    command.__signature__ = signature  # type: ignore[attr-defined]
    command.__annotations__ = {p.name: p.annotation for p in signature.parameters.values()}
    return command  # type: ignore[return-value]
