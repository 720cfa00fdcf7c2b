"""Variants lay additions, retirements, changes and factors over a network; what is wrong is said at its line."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np
import pytest

from gridsim.errors import InputError
from gridsim.io.bundled import event_files, network_folder, variant_names
from gridsim.io.read_network import read_network
from gridsim.io.read_scenario import load_scenario
from gridsim.io.read_variant import Variant
from gridsim.io.yaml_lines import read_yaml
from gridsim.model.system import GridSystem
from tests.support.study_cases import write_network

GOOD = """schema_version: 1
network: {title: two areas and more, reserve_mw: {south: 50}}
retire: {lines: [n1_n2]}
change: {generators: {gas_1: {p_max_mw: 150, p_min_mw: 0}}}
scale: {loads: {p_mw: 0.5}}
add:
  generators:
    - {name: wind_1, bus: s1, fuel: wind, installed_mw: 80, p_max_mw: 80, cost_per_mwh: 0}
"""


def variant(folder: Path, text: str) -> Path:
    """A network folder with ``variants/v.yaml``."""
    write_network(folder / "net")
    (folder / "net" / "variants").mkdir()
    (folder / "net" / "variants" / "v.yaml").write_text(text)
    return folder / "net"


def test_a_variant_adds_retires_changes_and_scales(tmp_path: Path) -> None:
    folder = variant(tmp_path, GOOD)
    base, system = read_network(folder), read_network(folder, "v")
    assert system.title == "two areas and more" and system.reserve_mw == (0.0, 50.0)
    assert system.lines.name.tolist() == ["n1_s1", "n2_s1"]
    assert dict(zip(system.generators.name.tolist(), system.generators.p_max_mw.tolist(), strict=True)) == {
        "coal_1": 500.0,
        "gas_1": 150.0,
        "wind_1": 80.0,
    }
    assert system.loads.p_mw.sum() == base.loads.p_mw.sum() / 2
    assert base.lines.name.tolist() == ["n1_n2", "n1_s1", "n2_s1"]
    assert system.content_hash != base.content_hash


def test_all_that_is_wrong_is_said_at_its_line(tmp_path: Path) -> None:
    text = """schema_version: 1
retire: {lines: [n1_n3]}
change:
  generators:
    gas_1: {p_max_nw: 150}
  interfaces: {north_south: {sign: -1}}
scale: {loads: {p_nw: 2, bus: 2}}
add:
  generator: []
  generators:
    - {name: wind_1, bus: s9, fuel: wind, installed_mw: 80, p_max_mw: -80, cost_per_mwh: 0}
    - {name: coal_1, bus: s1, fuel: wind, installed_mw: 80, p_max_mw: 80, cost_per_mwh: 0}
"""
    with pytest.raises(InputError) as caught:
        read_network(variant(tmp_path, text), "v")
    found = {(p.row, p.column): f"{p.value}; {p.mend}" for p in caught.value.problems if p.file.endswith("v.yaml")}
    assert "did you mean 'n1_n2'?" in found[(2, "retire.lines.0")]
    assert "did you mean 'p_max_mw'?" in found[(5, "change.generators.gas_1.p_max_nw")]
    assert "no rows with a name" in found[(6, "change.interfaces")]
    assert "did you mean 'p_mw'?" in found[(7, "scale.loads.p_nw")]
    assert "not a column of numbers" in found[(7, "scale.loads.bus")]
    assert "did you mean 'generators'?" in found[(9, "add.generator")]
    assert "-80" in found[(11, "add.generators.0.p_max_mw")]
    assert any(row == 12 and "stands in row 2 too" in said for (row, _), said in found.items())


def test_a_missing_variant_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_network(variant(tmp_path, GOOD), "w")
    assert "no variant 'w'" in str(caught.value)


def test_an_unknown_key_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_network(variant(tmp_path, "schema_version: 1\nretired: {}\n"), "v")
    assert caught.value.problems[0].mend == "did you mean 'retire'?"


def test_ulken_alone_adds_two_units_at_yukgres(kazakhstan: GridSystem) -> None:
    system = read_network(network_folder("kazakhstan"), "ulken_alone")
    new = sorted(set(system.generators.name.tolist()) - set(kazakhstan.generators.name.tolist()))
    assert new == ["ulken_npp_1", "ulken_npp_2"]
    assert system.generators.p_max_mw.sum() == pytest.approx(kazakhstan.generators.p_max_mw.sum() + 2 * 1115)
    assert {str(system.buses.name[system.generators.bus[system.generators.position(name)]]) for name in new} == {
        "yukgres_500"
    }
    assert system.nuclear.status[system.nuclear.position("ulken_npp")] == "operating"


def test_nuclear_2035_is_the_published_plan(kazakhstan: GridSystem) -> None:
    """Peak of 27 GW; what is to be built is below the 22.2 GW published without modernisation, and above 17 GW."""
    system = read_network(network_folder("kazakhstan"), "nuclear_2035")
    gens, old = system.generators, kazakhstan.generators
    assert system.planning_day is not None and system.planning_day.expected_peak_mw == 27_000
    assert system.loads.p_mw.sum() == pytest.approx(kazakhstan.loads.p_mw.sum() * 27.0 / 17.6, rel=1e-4)
    new = ~np.isin(gens.name, old.name)
    assert 17_000 < gens.installed_mw[new & gens.in_service].sum() < 22_200
    assert gens.installed_mw[gens.plant == "ulken_npp"].sum() == 2400
    assert gens.installed_mw[np.isin(gens.plant, ["ekibastuz_gres2_u34", "ekibastuz_gres3"])].sum() == 1100 + 2640
    retired = sorted(set(gens.plant[~new][~gens.in_service[~new] & old.in_service].tolist()))
    assert retired == ["almaty_chp2", "almaty_chp3"]
    replacing = np.isin(gens.plant, ["almaty_chp2_ccgt", "almaty_chp3_ccgt"]) & gens.in_service
    assert replacing.sum() == 5
    assert system.reserve_mw[1] == gens.p_max_mw[gens.position("ulken_npp_1")]


@pytest.mark.parametrize("name", ["winter_2023_24", "winter_2026_27", "nuclear_2035", "ulken_alone"])
def test_sources_of_a_variant_are_known(name: str) -> None:
    table = (network_folder("kazakhstan") / "sources.csv").read_text(encoding="utf-8")
    known = {row["key"] for row in csv.DictReader(table.splitlines())}
    added = Variant(network_folder("kazakhstan") / "variants" / f"{name}.yaml").keys.add
    for rows in added.values():
        for row in rows:
            assert row["confidence"] in ("published", "derived", "assumed")
            assert set(row["source"].split("; ")) <= known, row


def history(*lines: str) -> str:
    return "\n".join(("schema_version: 1", "history: true", *lines, ""))


def test_a_known_day_needs_a_source_in_every_row(tmp_path: Path) -> None:
    text = history(
        "network: {reserve_mw: {south: 50}}",
        "retire: {lines: [n1_n2]}",
        "change: {generators: {gas_1: {p_max_mw: 150, p_min_mw: 0}}}",
        "scale: {loads: {p_mw: 0.5}}",
        "add:",
        "  generators:",
        "    - {name: wind_1, bus: s1, fuel: wind, installed_mw: 80, p_max_mw: 80, cost_per_mwh: 0}",
    )
    with pytest.raises(InputError) as caught:
        read_network(variant(tmp_path, text), "v")
    assert [problem.column for problem in caught.value.problems] == [
        "network.reserve_mw",
        "retire.lines.0",
        "change.generators.gas_1",
        "scale.loads.p_mw",
        "add.generators.0",
    ]
    assert all("has no source" in str(problem) for problem in caught.value.problems)
    assert "sources: lines: n1_n2" in str(caught.value.problems[1])


def test_a_known_day_with_sources_reads_as_any_variant(tmp_path: Path) -> None:
    text = history(
        "retire: {lines: [n1_n2]}",
        "scale: {loads: {p_mw: 0.5}}",
        "sources: {lines: {n1_n2: SEEN}, loads: {p_mw: SEEN}}",
        "add: {sources: [{key: SEEN, title: seen, url: here, licence: none}]}",
    )
    assert read_network(variant(tmp_path, text), "v").lines.name.tolist() == ["n1_s1", "n2_s1"]


def test_sources_of_what_is_not_changed_and_unknown_keys_are_refused(tmp_path: Path) -> None:
    text = history("retire: {lines: [n1_n2]}", "sources: {lines: {n1_n2: NOBODY, n1_n3: NOBODY}}")
    with pytest.raises(InputError) as caught:
        read_network(variant(tmp_path, text), "v")
    told = [str(problem) for problem in caught.value.problems]
    assert sum("'NOBODY' is not in sources" in line for line in told) == 2
    assert sum("is not changed by this variant" in line for line in told) == 1


def test_a_known_day_differs_in_at_most_twenty_rows(tmp_path: Path) -> None:
    rows = [
        f"    - {{name: wind_{n}, bus: s1, fuel: wind, installed_mw: 8, p_max_mw: 8, cost_per_mwh: 0, source: SEEN}}"
        for n in range(21)
    ]
    seen = "  sources: [{key: SEEN, title: seen, url: here, licence: none}]"
    text = history("add:", seen, "  generators:", *rows)
    with pytest.raises(InputError, match="21 rows differ") as caught:
        read_network(variant(tmp_path, text), "v")
    assert len(caught.value.problems) == 1
    short = history("add:", seen, "  generators:", *rows[:20])
    assert "wind_19" in read_network(variant(tmp_path / "short", short), "v").generators.name.tolist()


DAYS = sorted(path for path in event_files().values() if path.parent.name == "history")


@pytest.mark.parametrize("path", DAYS, ids=lambda path: path.stem)
def test_bundled_known_days_change_only_what_a_source_names(path: Path) -> None:
    keys = load_scenario(path).data
    network = network_folder(keys["network"])
    table = (network / "sources.csv").read_text(encoding="utf-8")
    known = {row["key"] for row in csv.DictReader(table.splitlines())}
    sources = [key for check in keys["check"] for key in check["source"].split("; ")]
    assert sources and set(sources) <= known
    if "variant" in keys:
        stated = Variant(network / "variants" / f"{keys['variant']}.yaml").keys
        own = re.sub(r"known(_\d{4}_\d\d_\d\d).*", r"history\1", path.stem)
        # A day without a variant of its own takes that of another day of its year, which has the same machines.
        shared = [name for name in variant_names(network) if name.startswith(own[: len("history_0000")])]
        assert stated.history and keys["variant"] in ([own] if own in shared else shared)
        read_network(network, keys["variant"])


def test_every_variant_of_a_known_day_belongs_to_one() -> None:
    used = {read_yaml(path)[1].data.get("variant", "") for path in DAYS}
    assert {name for name in variant_names(network_folder("kazakhstan")) if name.startswith("history_")} == used - {""}
