"""Every public grid of docs/imports.md: AC equal to pandapower, and the page up to date."""

from __future__ import annotations

import pytest

from tests.support.fraction import FRACTION
from tests.support.imports_page import check_row, make_imports

SCRIPT = make_imports()


GRIDS = [*SCRIPT.SMALL, *SCRIPT.LARGE]


@pytest.mark.parametrize("grid", GRIDS[: max(round(len(GRIDS) * FRACTION), 3)])
def test_every_grid_is_imported_and_equal(grid: str) -> None:
    check_row(grid)


def test_the_page_has_these_grids_and_no_other() -> None:
    lines = SCRIPT.PAGE.read_text(encoding="utf-8").splitlines()
    grids = [line.split("|")[1].strip() for line in lines if line.startswith("| ")][2:]
    assert grids == [*SCRIPT.SMALL, *SCRIPT.LARGE]
