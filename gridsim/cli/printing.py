"""Output that commands share: the JSON object, progress on stderr, plain tables."""

from __future__ import annotations

import json
import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gridsim.cli.loudness import is_quiet

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gridsim.errors import Problem
    from gridsim.results.metrics import Estimate


LINE_EVERY_S = 30.0  # between lines of progress where there is no terminal
_NAMED = 3  # warnings that are named in the one line that tells of them


def print_json(
    command: str,
    wall_s: float,
    metrics: Iterable[Estimate],
    *,
    seed: int,
    status: str = "complete",
    run_dir: str | None = None,
    extra: dict[str, Any],
) -> None:
    import dataclasses

    from gridsim.io.store import package_versions

    print(
        json.dumps(
            {
                "command": command,
                "status": status,
                **extra,
                "wall_s": wall_s,
                "seed": seed,
                "versions": package_versions(),
                **({"run_dir": run_dir} if run_dir else {}),
                "metrics": [dataclasses.asdict(metric) for metric in metrics],
            }
        )
    )


def as_dicts(problems: Iterable[Problem]) -> list[dict[str, Any]]:
    """Problems as JSON shows them: file, row, column, value, mend, kind."""
    return [dict(vars(problem)) for problem in problems]


def tell_warnings(warnings: Sequence[Problem], listed_by: str) -> None:
    """Values that are hardly meant, a line each on stderr, and one line about columns and tables without effect.

    ``listed_by``: the command that lists them all.
    """
    for warning in warnings:
        if not _is_without_effect(warning):
            logging.getLogger("gridsim.warnings").warning("warning: %s", warning)
    warnings = [warning for warning in warnings if _is_without_effect(warning)]
    if not warnings:
        return
    names = [_table_column(warning) for warning in warnings[:_NAMED]] + ["..."] * (len(warnings) > _NAMED)
    count = "1 column or table has" if len(warnings) == 1 else f"{len(warnings)} columns and tables have"
    logging.getLogger("gridsim.warnings").warning(
        "%s no effect in this run: %s; %s lists them", count, ", ".join(names), listed_by
    )


def _is_without_effect(warning: Problem) -> bool:
    return "no effect" in warning.value


def _table_column(warning: Problem) -> str:
    """``table.column`` or ``table``; a variant's problems name the table themselves."""
    path = Path(warning.file)
    return warning.column if path.suffix == ".yaml" else ".".join(filter(None, (path.stem, warning.column)))


def progress_bar(title: str) -> Any:
    """A progress bar on a terminal's stderr, a line now and then elsewhere: a context of a function of the share done.

    The bar tells how many kernels were compiled on the way. The lines are for --verbose; --quiet tells nothing.
    """
    from contextlib import contextmanager

    @contextmanager
    def bar() -> Iterator[Any]:
        from rich.console import Console
        from rich.markup import escape
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        from gridsim.kernels.compiling import compiling

        console = Console(stderr=True)
        shown = console.is_terminal and not is_quiet()
        percent = TextColumn("{task.percentage:3.0f} %")
        columns = (TextColumn("{task.description}"), BarColumn(), percent, TimeRemainingColumn())
        last = time.monotonic()
        with Progress(*columns, console=console, transient=True, disable=not shown) as progress:
            task = progress.add_task(escape(title), total=1.0)

            def tell(share: float) -> None:
                nonlocal last
                count = compiling.count
                text = f"{title} ({count} kernels compiled)" if count else title
                progress.update(task, completed=share, description=escape(text))
                if not shown and time.monotonic() - last >= LINE_EVERY_S:
                    last = time.monotonic()
                    logging.getLogger("gridsim.run").info("%s: %.0f %%", title, 100 * share)

            yield tell

    return bar()
