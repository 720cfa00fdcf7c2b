"""Command line of gridsim; a new group of commands is a file here and a name in this list."""

from gridsim.cli import (
    adequacy,
    bench,
    catalogue,
    compare,
    credit,
    import_grid,
    inventory,
    new,
    report,
    run,
    screen,
    study,
    validate,
    warm,
    weather,
    why,
)
from gridsim.cli.app import app, main

__all__ = [
    "adequacy",
    "app",
    "bench",
    "catalogue",
    "compare",
    "credit",
    "import_grid",
    "inventory",
    "main",
    "new",
    "report",
    "run",
    "screen",
    "study",
    "validate",
    "warm",
    "weather",
    "why",
]
