"""The command line: parse, read, call, print. A file per group of commands, which import what they need as they run."""

from __future__ import annotations

import errno
import gc
import os
import shutil
import signal
import sys
from collections.abc import Callable
from io import TextIOWrapper
from typing import Annotated, Any

import typer

from gridsim.cli.checked import Together, UsageError, checked
from gridsim.cli.failure import tell_failure
from gridsim.cli.loudness import Function, with_loudness
from gridsim.errors import GridsimError, InputError, StudyError

EXIT_FAILED = 1
EXIT_BAD_INPUT = 2
EXIT_PARTIAL = 3
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
_SEARCH_AFTER = 50_000  # new objects: by Python's 700 it looks for cycles again and again among what is imported

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout and nothing else.")]


class _Commands(typer.Typer):
    """Commands that all take --quiet and --verbose, and tell every wrong option at once."""

    def command(
        self, name: str | None = None, *, together: Together | None = None, **settings: Any
    ) -> Callable[[Function], Function]:
        register = super().command(name, cls=checked(together), **settings)

        def add(function: Function) -> Function:
            register(with_loudness(name or function.__name__, function))
            return function

        return add


_NARROW = 72  # columns; the framed help of a narrower screen cuts names of options, which must be typed

app = _Commands(
    rich_markup_mode=None if shutil.get_terminal_size().columns < _NARROW else "rich",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Grid energy-security simulator: what happens when something goes wrong, and how likely it is.",
)


def _print_version(given: bool) -> None:
    if not given:
        return
    import platform

    from gridsim.io.versions import package_versions

    versions = package_versions()
    own = versions.pop("gridsim")
    others = ", ".join(f"{name} {version}" for name, version in versions.items())
    print(f"gridsim {own}, Python {platform.python_version()}, {others}")
    raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print gridsim's version and its packages'."
        ),
    ] = False,
) -> None:
    """Options before the command."""


def main() -> None:
    """Entry point: errors become exit codes 2 (input or request) and 1 (failure), one JSON object with --json."""
    gc.set_threshold(_SEARCH_AFTER)
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # where a letter cannot be shown, its number is
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(EXIT_FAILED))  # so that a stopped run leaves nothing behind
    sys.exit(run_command(sys.argv[1:], lambda: app(standalone_mode=False)))


def run_command(words: list[str], call: Callable[[], Any]) -> int:
    """The exit code of ``call``, which runs the command line ``words``; what it raises is told."""
    options_given = words[: words.index("--")] if "--" in words else words
    as_json = "--json" in options_given
    command = next((word for word in words if not word.startswith("-")), "")

    def failed(error: BaseException, code: int, text: str | None = None) -> int:
        tell_failure(command, error, as_json, text)
        return code

    try:
        try:
            code = call()
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()  # what a full disk refuses is told here, not by Python as it ends
    except OSError as error:
        if error.errno in _FULL and error.filename is None:
            _without_stdout()
            print(f"stdout: not written: {os.strerror(error.errno)}; what went into a folder is whole", file=sys.stderr)
            return EXIT_FAILED
        if as_json:
            tell_failure(command, error, as_json, f"{type(error).__name__}: {error}")
        raise
    except UsageError as error:
        from typer.rich_utils import rich_format_error

        rich_format_error(error)
        return failed(error, int(error.exit_code), error.format_message())
    except (InputError, StudyError) as error:
        return failed(error, EXIT_BAD_INPUT)
    except GridsimError as error:
        return failed(error, EXIT_FAILED)
    except (typer.Abort, KeyboardInterrupt) as error:
        return failed(error, 130, "interrupted")
    except Exception as error:
        if as_json:
            tell_failure(command, error, as_json, f"{type(error).__name__}: {error}")
        raise
    if code == 130:
        return failed(KeyboardInterrupt(), 130, "interrupted")
    return code if isinstance(code, int) else 0


def _without_stdout() -> None:
    """Let what is left in the buffer of stdout vanish instead of failing once more."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
