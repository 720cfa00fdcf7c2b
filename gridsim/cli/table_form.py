"""Forms in which a command prints its table: for the screen, as CSV, as Markdown, or everything as JSON."""

from __future__ import annotations

from typing import Annotated

import typer

from gridsim.errors import StudyError

CsvOption = Annotated[bool, typer.Option("--csv", help="Print the table as CSV, with unrounded numbers.")]
MarkdownOption = Annotated[bool, typer.Option("--md", help="Print the table as Markdown.")]


def table_form(*, as_json: bool, csv: bool, md: bool) -> str:
    """``json``, ``csv``, ``md`` or ``text``; StudyError for more than one."""
    given = [flag for flag, is_given in (("--json", as_json), ("--csv", csv), ("--md", md)) if is_given]
    if len(given) > 1:
        raise StudyError(f"{' and '.join(given)}: the table is printed in one form; give one of them")
    return given[0].removeprefix("--") if given else "text"
