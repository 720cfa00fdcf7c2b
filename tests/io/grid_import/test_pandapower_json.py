"""pandapower's JSON is data: what it names is never made, and wrong files are told by place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gridsim.errors import InputError
from gridsim.io.grid_import.pandapower_json import read_pandapower_json
from tests.support.import_cases import assert_power_flow, small


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    import pandapower as pp

    path = tmp_path / "net.json"
    net = small()
    pp.runpp(net, numba=False, lightsim2grid=False)
    pp.to_json(net, str(path))
    return path


def changed(path: Path, **keys: Any) -> Path:
    document = json.loads(path.read_text())
    document["_object"] |= keys
    path.write_text(json.dumps(document))
    return path


def problems(path: Path) -> list[tuple[str, str, str]]:
    with pytest.raises(InputError) as error:
        read_pandapower_json(path)
    assert all(problem.file == str(path) and problem.mend for problem in error.value.problems)
    return [(str(problem.row), problem.column, problem.value) for problem in error.value.problems]


def frame(rows: list[list[Any]], columns: list[str], index: list[Any] | None = None) -> dict[str, Any]:
    table = {"columns": columns, "index": index or list(range(len(rows))), "data": rows}
    return {"_module": "pandas.core.frame", "_class": "DataFrame", "_object": json.dumps(table)}


def test_a_saved_net_reads_as_it_was(saved: Path) -> None:
    net = read_pandapower_json(saved)
    assert net.load.p_mw.tolist() == small().load.p_mw.tolist()
    assert len(net.res_bus) == 0
    net.bus["name"] = ["a", "b", "c"]
    assert_power_flow(net)


def test_objects_of_a_file_are_never_made(saved: Path, tmp_path: Path) -> None:
    """pandapower's own reader would import the module and call the class of each."""
    trap = tmp_path / "trap.py"
    trap.write_text(f"open({str(tmp_path / 'sprung')!r}, 'w')\nclass Trap:\n    pass\n")
    bad = {"_module": "trap", "_class": "Trap", "_object": {}}
    controllers = frame([[bad]], ["object"])
    controller = changed(saved, controller=controllers)
    assert len(read_pandapower_json(controller).controller) == 0  # tables of objects are left out
    inside = frame([["town", bad]], ["name", "bus"])
    assert problems(changed(saved, load=inside)) == [("0", "load.bus", "row 0 holds an object of trap.Trap")]
    assert problems(changed(saved, extra=bad, load=frame([], []))) == [("0", "extra", "holds an object of trap.Trap")]
    document = json.loads(saved.read_text())
    del document["_object"]["extra"]
    saved.write_text(json.dumps(document))
    assert problems(changed(saved, std_types={"line": {"x": bad}})) == [
        ("0", "std_types", "holds an object inside a dict")
    ]
    assert not (tmp_path / "sprung").exists()


def test_files_that_are_no_net(saved: Path, tmp_path: Path) -> None:
    whole = saved.read_text()
    other = tmp_path / "other.json"
    for text, row, value in (
        ("[1, 2]", "0", "not a pandapower net but a list"),
        ('{"_module": "os", "_class": "system"}', "0", "not a pandapower net but an object of os.system"),
        (whole[: len(whole) // 2], "1", "not JSON"),
        ("[" * 100_000, "0", "not JSON"),
    ):
        other.write_text(text)
        found = problems(other)
        assert found[0][0] == row or found[0][2].startswith("not JSON")
        assert found[0][2].startswith(value)
    other.write_bytes(b"\xff\xfe{}")
    assert problems(other)[0][2] == "not UTF-8 at byte 0"


def test_tables_that_are_none(saved: Path) -> None:
    whole = saved.read_text()
    no_table = {"_module": "pandas.core.frame", "_class": "DataFrame", "_object": "[1"}
    assert problems(changed(saved, bus=no_table))[0][1] == "bus"
    saved.write_text(whole)
    numbers = frame([["a", 1.0]], ["name", "vn_kv"], ["first"])
    assert problems(changed(saved, bus=numbers)) == [("0", "bus.index", "not whole numbers, each once")]
    saved.write_text(whole)
    text = frame([["a", "high"]], ["name", "vn_kv"]) | {"dtype": {"vn_kv": "float64"}}
    assert problems(changed(saved, bus=text)) == [("0", "bus.vn_kv", "is not float64 throughout")]
