"""Output that commands share: the JSON object, progress on stderr, plain tables."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gridsim.errors import Problem
    from gridsim.results.metrics import Estimate


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
            print(f"warning: {warning}", file=sys.stderr)
    warnings = [warning for warning in warnings if _is_without_effect(warning)]
    if not warnings:
        return
    names = [_table_column(warning) for warning in warnings[:_NAMED]] + ["..."] * (len(warnings) > _NAMED)
    count = "1 column or table has" if len(warnings) == 1 else f"{len(warnings)} columns and tables have"
    print(f"{count} no effect in this run: {', '.join(names)}; {listed_by} lists them", file=sys.stderr)


def _is_without_effect(warning: Problem) -> bool:
    return "no effect" in warning.value


def _table_column(warning: Problem) -> str:
    """``table.column`` or ``table``; a variant's problems name the table themselves."""
    path = Path(warning.file)
    return warning.column if path.suffix == ".yaml" else ".".join(filter(None, (path.stem, warning.column)))


def progress_bar(title: str) -> Any:
    """A progress bar on stderr, as a context that gives a function of the share done."""
    from contextlib import contextmanager

    @contextmanager
    def bar() -> Iterator[Any]:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        share = TextColumn("{task.percentage:3.0f} %")
        columns = (TextColumn("{task.description}", markup=False), BarColumn(), share, TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True, markup=False), transient=True) as progress:
            task = progress.add_task(title, total=1.0)
            yield lambda share: progress.update(task, completed=share)

    return bar()


def print_rows(rows: list[dict[str, str]]) -> None:
    from rich.console import Console
    from rich.table import Column, Table

    names = Column("name", no_wrap=True)  # to be copied from a narrow screen, so never cut short
    others = [Column(key, overflow="fold") for key in list(rows[0] if rows else ())[1:]]
    table = Table(names, *others, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*row.values())
    Console(markup=False).print(table)
