"""docs/imports.md holds what the import does, for the small grids; tests/verification makes the large ones too."""

from __future__ import annotations

import pytest

from tests.support.imports_page import check_row, make_imports

SMALL = make_imports().SMALL
FEW = ("case9", "case14", "case89pegase", "case145", "GBreducednetwork", "create_cigre_network_mv",
       "example_multivoltage", "iceland", "mv_oberrhein")  # fmt: skip


@pytest.mark.parametrize("grid", FEW)
def test_the_page_holds_what_is_found(grid: str) -> None:
    assert grid in SMALL
    check_row(grid)
