"""The command line: parse, read, call, print. A file per group of commands, which import what they need as they run."""

from __future__ import annotations

import os
import signal
import sys
from io import TextIOWrapper
from typing import Annotated

import typer

from gridsim.errors import GridsimError, InputError, StudyError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Grid energy-security simulator: what happens when something goes wrong, and how likely it is.",
)

EXIT_FAILED = 1
EXIT_BAD_INPUT = 2
EXIT_PARTIAL = 3

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout and nothing else.")]


def main() -> None:
    """Entry point: errors become exit codes 2 (input or request) and 1 (failure)."""
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # where a letter cannot be shown, its number is
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(EXIT_FAILED))  # so that a stopped run leaves nothing behind
    try:
        app()
    except (InputError, StudyError) as error:
        print(error, file=sys.stderr)
        sys.exit(EXIT_BAD_INPUT)
    except GridsimError as error:
        print(error, file=sys.stderr)
        sys.exit(EXIT_FAILED)
