"""Operating points and lists of outages from files, and what is told of each wrong cell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gridsim
from gridsim.errors import InputError, StudyError
from gridsim.model.system import GridSystem
from gridsim.results.screening import screen
from gridsim.solvers.operating_point import base_point
from gridsim.solvers.screen_outages import OutageKind
from gridsim.study.screening_inputs import point_of_run, read_outages, read_point, read_stated_point
from tests.support.ac_cases import as_stated, triangle


def told(found: pytest.ExceptionInfo[InputError]) -> list[str]:
    return [str(problem).rpartition("/")[2] for problem in found.value.problems]


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "list.csv"
    path.write_text(text)
    return path


@pytest.fixture(scope="module")
def system() -> GridSystem:
    """The triangle with a second circuit BC, a reactor, a store and a transformer of the same name as line AB."""
    line = {"length_km": 100.0, "r_ohm_per_km": 0.06, "x_ohm_per_km": 0.42, "c_nf_per_km": 8.7, "max_i_ka": 0.5}
    ends = {"AB": ("A", "B"), "BC": ("B", "C"), "CB": ("C", "B"), "AC": ("A", "C")}
    return triangle(
        lines=[{"name": name, "from_bus": i, "to_bus": j, **line} for name, (i, j) in ends.items()],
        shunts=[{"name": "reactor", "bus": "C", "q_mvar": 30.0}, {"name": "AB", "bus": "B", "q_mvar": 5.0}],
        storages=[
            {"name": "battery", "bus": "C", "p_charge_mw": 20.0, "p_discharge_mw": 20.0, "energy_mwh": 40.0,
             "efficiency_charge": 0.9, "efficiency_discharge": 0.9, "energy_start_share": 0.5},
        ],
    )  # fmt: skip


def test_a_list_of_outages(system: GridSystem, tmp_path: Path) -> None:
    point = as_stated(system, [60.0, 40.0, 0.0])
    text = """element,kind,outage
AC,,
AB,line,
AC + a,,
AB,line,storm
reactor,,storm
C - B,corridor,
CB,corridor,
*,storage,
C,bus,
"""
    outages = read_outages(system, point, written(tmp_path, text))
    assert [outage.name for outage in outages] == ["AC", "AB", "AC + a", "storm", "B - C", "B - C", "battery", "C"]
    kinds = ["line", "line", "several", "several", "corridor", "corridor", "storage", "bus"]
    assert [outage.kind for outage in outages] == [OutageKind(kind) for kind in kinds]
    assert outages[3].elements == ((OutageKind.LINE, 0), (OutageKind.SHUNT, 0))


def test_wrong_cells_of_a_list(system: GridSystem, tmp_path: Path) -> None:
    text = """element,kind,outage
AB,,
AX,line,
*,,
AC,,storm
AC,,storm
B - A - C,corridor,
AC,lines,
"""
    with pytest.raises(InputError) as found:
        read_outages(system, as_stated(system, [60.0, 40.0, 0.0]), written(tmp_path, text))
    lines = told(found)
    assert lines[0] == "list.csv:2: kind: 'AB' is line and shunt; say which in kind"
    assert lines[1].startswith("list.csv:3: element: no line 'AX'; use one of AB, AC, BC, CB")
    assert lines[2] == "list.csv:4: element: * without a kind; name one; it stands for each element"
    assert lines[3] == "list.csv:6: element: AC twice in one outage; leave one out"
    assert lines[4].startswith("list.csv:7: element: no corridor 'B - A - C'; ")
    assert lines[5].startswith("list.csv:8: kind: 'lines'")
    with pytest.raises(InputError, match="no outages"):
        read_outages(system, as_stated(system, [60.0, 40.0, 0.0]), written(tmp_path, "element\n"))


def test_what_other_kinds_take_along(system: GridSystem, tmp_path: Path) -> None:
    """DC: C, the load's bus, islands all 100 MW; without both circuits BC line AC carries what the battery does not."""
    point = as_stated(system, [60.0, 30.0, 0.0])._replace(p_storage_mw=np.array([10.0]))
    frame = screen(system, point, ac=False, outages=["C", ["BC", "CB"], "battery", "reactor"]).set_index("name")
    assert frame.loc["C", "islanded_mw"] == 100.0
    assert frame.loc["BC + CB", "worst_branch"] == "AC"
    ac_mw = np.sqrt(3.0) * 220.0 * system.lines.max_i_emergency_ka[3]
    assert frame.loc["BC + CB", "worst_loading_percent"] == pytest.approx(100.0 * (100.0 - 10.0) / ac_mw)
    # a and b (200 and 100 MW) take the battery's 10 MW: 66.7 MW at A, 33.3 at B; reactances 2 : 2 : 1 of AB, AC, BC
    at_c = (66.667 * (2.0 + 1.0) + 33.333 * 1.0) / (2.0 + 2.0 + 1.0)
    assert frame.loc["battery", "worst_loading_percent"] == pytest.approx(
        100.0 * max(at_c, (100.0 - at_c) / 2.0) / ac_mw, rel=1e-4
    )
    assert frame.loc["battery", "solved"] == "dc"
    assert bool(frame.loc["battery", "secure"])
    by_ac = screen(system, point, outages=["reactor", "C"]).set_index("name")
    assert by_ac.loc["reactor", "solved"] == "single"
    # with c off nobody holds C: 30 Mvar through 42 and 21 ohm side by side
    held = point._replace(gen_committed=np.array([True, True, False]))
    by_ac = screen(system, held, outages=["reactor"]).set_index("name")
    rise = by_ac.loc["reactor", "vm_min_pu"] - by_ac.loc["intact", "vm_min_pu"]
    assert rise == pytest.approx(30.0 * 14.0 / 220.0**2, rel=0.05)
    with pytest.raises(StudyError, match="no element 'batery'; did you mean 'battery'"):
        screen(system, point, outages=["batery"])


def test_a_point_from_a_file(system: GridSystem, tmp_path: Path) -> None:
    text = """table,name,p_mw,in_service
generators,a,70,
generators,b,20,true
generators,c,,false
storages,battery,10,
loads,town,90,
lines,AB,,false
"""
    point = read_point(system, written(tmp_path, text))
    assert point.p_gen_mw.tolist() == [70.0, 20.0, 0.0]
    assert point.gen_committed.tolist() == [True, True, False]
    assert point.p_storage_mw.tolist() == [10.0]
    assert point.p_load_mw.tolist() == [90.0]
    assert point.branch_out.tolist() == [0]


def test_wrong_cells_of_a_point(system: GridSystem, tmp_path: Path) -> None:
    text = """table,name,p_mw
generators,x,70
generators,a,
lines,AB,3
generators,b,1
generators,b,1
machines,b,1
generators,c,much
"""
    with pytest.raises(InputError) as found:
        read_point(system, written(tmp_path, text))
    assert [line.partition(";")[0] for line in told(found)][:5] == [
        "list.csv:2: name: no x in generators",
        "list.csv:3: p_mw: empty",
        "list.csv:4: p_mw: 3 of a branch",
        "list.csv:6: name: b stands twice",
        "list.csv:7: table: 'machines' is not one of generators, borders, storages, loads, lines, transformers",
    ]
    assert len(told(found)) == 6
    with pytest.raises(InputError, match="no rows"):
        read_point(system, written(tmp_path, "table,name,p_mw\n"))


@pytest.fixture(scope="module")
def run_of_rts79(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    from gridsim.engine.run import run
    from gridsim.io.durations import parse_start
    from gridsim.model.scenario import AcMode, Horizon, Policy, Scenario

    system = gridsim.read_network("rts79")
    horizon = Horizon(parse_start("2026-01-14 17:00"), 3.0)
    result = run(system, Scenario("evening", "rts79", horizon, policy=Policy(ac=AcMode.OFF)))
    folder = tmp_path_factory.mktemp("runs") / "evening"
    result.save(folder)
    return result, folder


@pytest.mark.parametrize("hour", ["2026-01-14 18:00", "2026-01-14T18:30", "1"])
def test_a_point_of_a_run_is_the_runs_own(run_of_rts79: tuple[Any, Path], hour: str) -> None:
    result, folder = run_of_rts79
    stated = point_of_run(result.system, str(folder), hour)
    own = next(point for start_h, point in result.points if start_h == 1.0)
    assert stated.month == 1
    assert stated.point.devices is None and own.devices is None
    for name, value in own._asdict().items():
        if name == "devices":
            continue
        np.testing.assert_allclose(getattr(stated.point, name), value, atol=1e-6, err_msg=name)


def test_wrong_hours_and_runs(run_of_rts79: tuple[Any, Path], tmp_path: Path) -> None:
    result, folder = run_of_rts79
    with pytest.raises(InputError, match="give one from 2026-01-14 17:00 to before 2026-01-14 20:00"):
        point_of_run(result.system, str(folder), "2026-01-14 20:00")
    with pytest.raises(InputError, match="'teatime' is no hour"):
        point_of_run(result.system, str(folder), "teatime")
    with pytest.raises(InputError, match="a run of rts79, not of rbts"):
        point_of_run(gridsim.read_network("rbts"), str(folder), "1")
    with pytest.raises(InputError, match="is not the folder of one run"):
        point_of_run(result.system, str(tmp_path), "1")


def test_the_point_that_a_network_keeps(tmp_path: Path) -> None:
    import shutil

    from gridsim.io.bundled import network_folder

    folder = tmp_path / "mine"
    shutil.copytree(network_folder("rbts"), folder)
    system = gridsim.read_network(folder)
    with pytest.raises(InputError, match=r"has no points/as_imported\.csv; import the grid again"):
        read_stated_point(system, str(folder), "as_imported")
    (folder / "points").mkdir()
    rows = [
        f"generators,{name},{p_mw!r}"
        for name, p_mw in zip(system.generators.name, base_point(system).p_gen_mw.tolist())
    ]
    (folder / "points/as_imported.csv").write_text("\n".join(["table,name,p_mw", *rows]))
    stated = read_stated_point(system, str(folder), "as_imported")
    assert stated.words == "as imported"
    assert stated.point.p_gen_mw.tolist() == base_point(system).p_gen_mw.tolist()
    assert gridsim.read_network(folder).content_hash == system.content_hash
    with pytest.raises(InputError, match="no file 'nowhere'; give dispatch, as_imported, RUN_DIR@hour or a CSV file"):
        read_stated_point(system, str(folder), "nowhere")
