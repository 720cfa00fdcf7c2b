"""The Python that users are shown: code blocks of the pages, scripted examples, the template of a script."""

from __future__ import annotations

import re

from gridsim.cli.new import SCRIPT
from tests.support.imports import ROOT


def blocks(page: str) -> list[str]:
    """Every ``python`` block of a page, in order."""
    return re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)


def shown_code() -> dict[str, str]:
    """Name of a module -> code: what a reader copies, or finds in ``events/scripted``."""
    pages = sorted(["README.md", *(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))])
    found = {
        f"{page.removesuffix('.md').replace('/', '_').lower()}_{number}": code
        for page in pages
        for number, code in enumerate(blocks(page))
    }
    found |= {path.stem: path.read_text(encoding="utf-8") for path in sorted((ROOT / "events/scripted").glob("*.py"))}
    return {**found, "template": SCRIPT.format(name="template", function="template")}
