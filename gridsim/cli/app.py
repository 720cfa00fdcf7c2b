"""The command line: parse, read, call, print. A file per group of commands, which import what they need as they run."""

from __future__ import annotations

import errno
import os
import signal
import sys
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
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(EXIT_FAILED))  # so that a stopped run leaves nothing behind
    try:
        try:
            app()
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()  # what a full disk refuses is told here, not by Python as it ends
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO) or error.filename is not None:
            raise
        _without_stdout()
        print(f"stdout: not written: {os.strerror(error.errno)}; what went into a folder is whole", file=sys.stderr)
        sys.exit(EXIT_FAILED)
    except (InputError, StudyError) as error:
        print(error, file=sys.stderr)
        sys.exit(EXIT_BAD_INPUT)
    except GridsimError as error:
        print(error, file=sys.stderr)
        sys.exit(EXIT_FAILED)


def _without_stdout() -> None:
    """Let what is left in the buffer of stdout vanish instead of failing once more."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
