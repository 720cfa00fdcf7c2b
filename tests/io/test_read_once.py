"""A bundled network is read once in a process, and anew when a file of it changes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import gridsim
from gridsim.io import bundled, read_network
from tests.support.study_cases import write_network


@pytest.fixture
def networks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of bundled networks with one named ``mine``."""
    for module in (bundled, read_network):
        monkeypatch.setattr(module, "bundled_folder", lambda kind: tmp_path / kind)
    write_network(tmp_path / "networks" / "mine")
    return tmp_path / "networks"


def test_a_bundled_network_is_read_once_while_its_files_stay(networks: Path) -> None:
    first = gridsim.read_network("mine")
    assert gridsim.read_network("mine") is first and gridsim.read_network(networks / "mine") is first
    with pytest.raises(ValueError, match="read-only"):
        first.loads.p_mw[0] = 1.0
    (networks / "mine" / "variants").mkdir()
    (networks / "mine" / "variants" / "more.yaml").write_text("schema_version: 1\nscale: {loads: {p_mw: 2}}\n")
    more, again = gridsim.read_network("mine", variant="more"), gridsim.read_network("mine")
    assert np.array_equal(more.loads.p_mw, 2.0 * again.loads.p_mw) and again is not first
    loads = networks / "mine" / "loads.csv"
    loads.write_text(loads.read_text() + "\n")
    assert gridsim.read_network("mine") is not again


def test_a_folder_of_ones_own_is_read_each_time(tmp_path: Path) -> None:
    write_network(tmp_path / "mine")
    assert gridsim.read_network(tmp_path / "mine") is not gridsim.read_network(tmp_path / "mine")
