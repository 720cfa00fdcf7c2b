"""Network folder -> pandapower -> network folder: the same values on the columns that both know."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import gridsim
from gridsim.io.grid_import.folder import write_folder
from gridsim.io.grid_import.imported import import_net
from gridsim.model.system import GridSystem
from tests.support.ac_cases import case_net

#: Columns that a pandapower net holds, by table.
SHARED = {
    "buses": ("name", "vn_kv", "lat", "lon", "vm_min_pu", "vm_max_pu"),
    "lines": ("name", "from_bus", "to_bus", "length_km", "r_ohm_per_km", "x_ohm_per_km", "c_nf_per_km", "max_i_ka",
              "parallel", "in_service"),
    "transformers": ("name", "hv_bus", "lv_bus", "sn_mva", "vn_hv_kv", "vn_lv_kv", "vk_percent", "vkr_percent",
                     "pfe_kw", "i0_percent", "tap_side", "tap_min", "tap_max", "tap_neutral", "tap_pos",
                     "tap_step_percent", "shift_degree", "max_loading_percent", "parallel", "in_service"),
    "shunts": ("name", "bus", "q_mvar", "p_mw", "in_service"),
    "generators": ("name", "bus", "p_max_mw", "p_min_mw", "sn_mva", "q_min_mvar", "q_max_mvar", "cost_per_mwh"),
    "storages": ("name", "bus", "p_charge_mw", "p_discharge_mw", "energy_mwh"),
    "loads": ("name", "bus", "p_mw", "power_factor"),
}  # fmt: skip


@pytest.mark.parametrize("network", ["rbts", "rts79", "kazakhstan"])
def test_shared_columns_come_back(network: str, tmp_path: Path) -> None:
    first = gridsim.read_network(network)
    imported = import_net(gridsim.to_pandapower(first))
    write_folder(imported, tmp_path / network)
    again = gridsim.read_network(tmp_path / network)
    compare(first, again)


@pytest.mark.parametrize("case", ["case9", "case30"])
def test_blocks_of_costs_come_back(case: str, tmp_path: Path) -> None:
    write_folder(import_net(case_net(case)), tmp_path / "first")
    first = gridsim.read_network(tmp_path / "first")
    write_folder(import_net(gridsim.to_pandapower(first)), tmp_path / "again")
    again = gridsim.read_network(tmp_path / "again")
    assert len(again.cost_blocks) == len(first.cost_blocks) > 0
    names = [system.generators.name[system.cost_blocks.generator].tolist() for system in (first, again)]
    assert names[0] == names[1]
    for column in ("p_mw", "cost_per_mwh"):
        np.testing.assert_allclose(getattr(again.cost_blocks, column), getattr(first.cost_blocks, column), rtol=1e-12)


def compare(first: GridSystem, again: GridSystem) -> None:
    for table, columns in SHARED.items():
        one, other = getattr(first, table), getattr(again, table)
        names = one.name.tolist()
        rows = [other.name.tolist().index(name) for name in names]
        for column in columns:
            expected, found = getattr(one, column), getattr(other, column)[rows]
            if column.endswith("bus"):
                expected, found = first.buses.name[expected], again.buses.name[found]
            if expected.dtype.kind == "f":
                np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-9, err_msg=f"{table}.{column}")
            else:
                assert found.tolist() == expected.tolist(), f"{table}.{column}"
    assert len(again.lines) == len(first.lines) and len(again.transformers) == len(first.transformers)
    assert len(again.shunts) == len(first.shunts) and len(again.loads) == len(first.loads)
    assert len(again.generators) == len(first.generators) + len(first.borders)
