"""Pages made from tables and schemas are what these say."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("page", ["format", "kinds", "metrics"])
def test_page_is_up_to_date(page):
    spec = importlib.util.spec_from_file_location(f"make_{page}", DOCS / f"make_{page}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert (DOCS / f"{page}.md").read_text(encoding="utf-8") == module.page(), f"run python docs/make_{page}.py"


def test_ranges_of_the_model_are_those_of_the_schemas():
    spec = importlib.util.spec_from_file_location("make_ranges", DOCS / "make_ranges.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.TABLE.read_text(encoding="utf-8") == module.text(), "run python docs/make_ranges.py"
