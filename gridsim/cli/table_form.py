"""Forms in which a command prints its table: for the screen, as CSV, as Markdown, or everything as JSON."""

from __future__ import annotations

from typing import Annotated

import typer

CsvOption = Annotated[bool, typer.Option("--csv", help="Print the table as CSV, with unrounded numbers.")]
MarkdownOption = Annotated[bool, typer.Option("--md", help="Print the table as Markdown.")]


def table_form(*, as_json: bool, csv: bool, md: bool) -> str:
    """``json``, ``csv``, ``md`` or ``text``; the command line lets no two of them pass."""
    return "json" if as_json else "csv" if csv else "md" if md else "text"
