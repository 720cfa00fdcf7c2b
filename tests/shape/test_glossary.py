"""docs/glossary.md: every term once, in order, on one line."""

from __future__ import annotations

from tests.support.imports import ROOT


def test_terms_are_in_order_and_named_once() -> None:
    lines = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").splitlines()
    rows = [line.strip("| ").split(" | ") for line in lines if line.startswith("| ")][2:]
    terms = [row[0].lower() for row in rows]
    assert len(terms) >= 70
    assert terms == sorted(set(terms))
    assert all(len(row) == 2 and row[1].endswith(".") for row in rows)
