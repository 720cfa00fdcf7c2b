"""Files that pypowsybl reads, through the import, against the power flow of pypowsybl for the file itself.

Needs the extra gridsim[formats].
"""

from __future__ import annotations

import warnings
import zipfile
from pathlib import Path
from typing import Any

import pytest

from gridsim.errors import InputError
from gridsim.io.grid_import.imported import Imported
from gridsim.io.grid_import.report import Fate
from gridsim.io.grid_import.sources import import_source
from gridsim.solvers.ac import AcModel
from tests.support.ac_cases import as_stated

pypowsybl = pytest.importorskip("pypowsybl", reason="needs gridsim[formats]")

DATA = Path(__file__).parents[1] / "data" / "formats"
#: Networks that come with pypowsybl: two and three windings, phase shifters, boundary and tie lines, node-breaker
#: topology, compensators, both kinds of HVDC stations, machines that hold another bus.
NETWORKS = (
    "ieee9", "ieee14", "ieee30", "ieee57", "ieee118", "ieee300", "micro_grid_be_network", "micro_grid_nl_network",
    "four_substations_node_breaker_network", "metrix_tutorial_six_buses_network",
    "eurostag_tutorial_example1_network", "eurostag_tutorial_example1_with_tie_lines_and_areas",
)  # fmt: skip
FILES = ("three.txt", "four.uct")
WRITTEN = ("XIIDM", "JIIDM", "PSS/E", "CGMES")
ENDING = {"XIIDM": ".xiidm", "JIIDM": ".jiidm", "PSS/E": ".raw", "CGMES": ".zip"}


def made(name: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return getattr(pypowsybl.network, f"create_{name}")()


def off_pu(imported: Imported) -> float:
    """Largest difference of a voltage from that of pypowsybl, at the output that it found."""
    system = imported.system
    solution = AcModel(system).solve(as_stated(system, imported.machine_mw()))
    assert solution.converged
    assert abs(solution.imbalance_mw) < 0.01
    at = {name: position for position, name in enumerate(system.buses.name.tolist())}
    assert len(imported.vm_pu) >= 3
    return max(abs(solution.vm_pu[at[bus]] - vm_pu) for bus, vm_pu in imported.vm_pu.items())


@pytest.mark.parametrize("name", NETWORKS)
def test_voltages_of_a_network(name: str) -> None:
    from gridsim.io.grid_import.powsybl import import_powsybl

    assert off_pu(import_powsybl(made(name))) < 1e-6


@pytest.mark.parametrize("file", FILES)
def test_voltages_of_a_file(file: str) -> None:
    assert off_pu(import_source(str(DATA / file))) < 1e-6


@pytest.mark.parametrize("form", WRITTEN)
def test_voltages_of_a_written_file(tmp_path: Path, form: str) -> None:
    path = tmp_path / f"grid{ENDING[form]}"
    made("ieee14").save(str(path), format=form)
    imported = import_source(str(path))
    assert off_pu(imported) < 1e-6
    assert len(imported.system.buses) == 14


def test_a_folder_of_cgmes_files(tmp_path: Path) -> None:
    made("ieee14").save(str(tmp_path / "grid.zip"), format="CGMES")
    with zipfile.ZipFile(tmp_path / "grid.zip") as archive:
        archive.extractall(tmp_path / "parts")
    assert off_pu(import_source(str(tmp_path / "parts"))) < 1e-6


def test_detailed_dc_grids_are_refused_by_name_and_can_be_left_out() -> None:
    from gridsim.io.grid_import.powsybl import import_powsybl

    with pytest.raises(InputError, match=r"<dc_lines>.*'dl34p': has no equal.*--drop dc_lines"):
        import_powsybl(made("ac_dc_monopolar_network"))
    left = import_powsybl(made("ac_dc_monopolar_network"), drop=("dc_lines", "grounds"))
    assert "dl34p" in left.report.elements(Fate.LEFT_OUT, "dc_lines")


def test_what_became_of_each_element_is_told() -> None:
    from gridsim.io.grid_import.powsybl import import_powsybl

    report = import_powsybl(made("four_substations_node_breaker_network")).report
    assert set(report.elements(Fate.RESTATED, "hvdc_lines")) == {"HVDC1", "HVDC2"}
    assert report.elements(Fate.RESTATED, "static_var_compensators") == ["SVC"]
    assert any(entry.how == "no outages: nothing fails" for entry in report.entries)
    with pytest.raises(InputError, match="no table to leave out"):
        import_powsybl(made("ieee9"), drop=("line",))


def test_a_file_that_is_none_of_its_format(tmp_path: Path) -> None:
    path = tmp_path / "grid.xiidm"
    path.write_text("nothing")
    with pytest.raises(InputError, match="pypowsybl does not read it"):
        import_source(str(path))


def test_the_rating_of_a_line_is_its_tightest_limit() -> None:
    from gridsim.io.grid_import.powsybl import import_powsybl

    lines = import_powsybl(made("eurostag_tutorial_example1_with_power_limits_network")).system.lines
    rating = dict(zip(lines.name.tolist(), lines.max_i_ka.tolist(), strict=True))
    assert rating["NHV1_NHV2_2"] == pytest.approx(500.0 / (3.0**0.5 * 380.0))
