"""Formats of the extra where it is not installed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from gridsim.errors import InputError
from gridsim.io.grid_import.sources import POWSYBL_ENDINGS, import_source


@pytest.mark.parametrize("ending", POWSYBL_ENDINGS)
def test_without_pypowsybl_the_mend_is_the_extra(ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pypowsybl", None)
    path = tmp_path / f"grid{ending}"
    path.write_text("anything")
    with pytest.raises(InputError) as caught:
        import_source(str(path))
    (problem,) = caught.value.problems
    assert problem.mend == "pip install 'gridsim[formats]'"


def test_a_folder_of_cgmes_files_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pypowsybl", None)
    (tmp_path / "eq.xml").write_text("<rdf/>")
    with pytest.raises(InputError, match="read by pypowsybl"):
        import_source(str(tmp_path))
