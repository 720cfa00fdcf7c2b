"""`gridsim import` and `gridsim new network`: folder, account, mistakes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

import gridsim as api
from gridsim.io.grid_import.imported import import_net
from gridsim.io.grid_import.sources import ENDINGS, POWSYBL_ENDINGS
from tests.support.command import gridsim
from tests.support.import_cases import small

SERIES = "hour,town\n" + "\n".join(f"{hour},{20 + hour}" for hour in range(24))


def saved(folder: Path) -> Path:
    import pandapower as pp

    net = small()
    pp.create_svc(net, 1, 1.0, -1.0, 1.0, 90.0, name="compensator")
    path = folder / "grid.json"
    pp.to_json(net, str(path))
    return path


def test_import_writes_a_folder_that_reads_as_the_net(tmp_path: Path) -> None:
    saved(tmp_path)
    (tmp_path / "series.csv").write_text(SERIES)
    words = ["import", "grid.json", "--to", "mine", "--drop", "svc", "--outage-defaults", "--profiles", "series.csv"]
    done = gridsim(*words, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert (answer["command"], answer["status"], answer["folder"]) == ("import", "complete", "mine")
    told = {(entry["fate"], entry["table"]): entry["elements"] for entry in answer["report"]}
    assert told["left out", "svc"] == ["compensator"]
    assert told["exact", "gen"] == ["plant"]
    system = api.read_network(tmp_path / "mine")
    own = import_net(small()).system
    np.testing.assert_array_equal(system.lines.x_ohm_per_km, own.lines.x_ohm_per_km)
    np.testing.assert_array_equal(system.transformers.vk_percent, own.transformers.vk_percent)
    assert np.isfinite(system.lines.mttf_h).all() and np.isfinite(system.generators.mttf_h).all()
    assert system.loads.p_mw.tolist() == [43.0]
    assert {"IMPORT", "RTS79"} == set(system.sources.key.tolist())
    point = (tmp_path / "mine" / "points" / "as_imported.csv").read_text().splitlines()
    assert point[0] == "table,name,p_mw" and "generators,plant,20.0" in point


def test_what_is_refused_names_the_element_and_leaves_nothing(tmp_path: Path) -> None:
    saved(tmp_path)
    done = gridsim("import", "grid.json", "--to", "mine", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("<net.svc>:2: 'compensator': has no equal in a network; replace it by a generator")
    assert not (tmp_path / "mine").exists()
    (tmp_path / "mine").mkdir()
    again = gridsim("import", "case9", "--to", "mine", cwd=tmp_path)
    assert (again.returncode, again.stderr) == (2, "mine: exists; give a folder that is not there yet\n")
    known = ", ".join([*ENDINGS, *POWSYBL_ENDINGS])
    for source, told in (
        ("case99", "case99: is no file and no built-in case; did you mean 'case9'?\n"),
        ("series.csv", f"series.csv: ending '.csv' is not known; give a file that ends with {known}\n"),
    ):
        (tmp_path / "series.csv").write_text("")
        failed = gridsim("import", source, "--to", "other", cwd=tmp_path)
        assert (failed.returncode, failed.stderr) == (2, told)


def test_a_new_network_never_overwrites_and_an_event_names_its_own(tmp_path: Path) -> None:
    assert gridsim("new", "network", "mine", cwd=tmp_path).returncode == 0
    again = gridsim("new", "network", "mine", cwd=tmp_path)
    assert (again.returncode, again.stderr) == (2, "mine: exists; choose another name\n")
    assert gridsim("new", "script", "s", "--network", "mine", cwd=tmp_path).returncode == 2
    (tmp_path / "days").mkdir()
    assert gridsim("new", "event", "days/bad", "--network", "mine", cwd=tmp_path).returncode == 0
    text = (tmp_path / "days" / "bad.yaml").read_text()
    assert "network: ../mine\n" in text and "target: hydro_coal\n" in text
    assert gridsim("validate", "days/bad.yaml", cwd=tmp_path).returncode == 0
