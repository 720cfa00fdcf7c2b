"""`--variant` of every command that reads a network, and what a run says of columns without effect."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import gridsim as package
from gridsim.io.bundled import network_folder
from tests.support.command import gridsim

NUCLEAR = "nuclear_2035"
ULKEN = "ulken_npp_1"
SCENARIO = """\
network: kazakhstan
{variant}horizon: {{start: 2026-01-14 17:00, hours: 1}}
policy: {{ac: off, gas: balance}}
"""


def answer(*words: str, cwd: Path) -> tuple[dict[str, Any], str]:
    """The JSON object and the stderr of a command that succeeds."""
    done = gridsim(*words, "--json", cwd=cwd)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr


def one_line(errors: str, listed_by: str) -> None:
    """Exactly one line tells of columns without effect, and names the command that lists them."""
    (line,) = [line for line in errors.splitlines() if "no effect" in line]
    assert "columns and tables have no effect in this run: generators.commissioned, " in line
    assert line.endswith(f"; gridsim validate {listed_by} lists them")


def generators_of(run_dir: Path) -> set[str]:
    return set(pq.read_table(run_dir / "generators" / "part-000000.parquet").column("name").to_pylist())


def test_python_reads_a_bundled_name_or_a_folder_with_a_variant() -> None:
    by_name = package.read_network("kazakhstan", variant=NUCLEAR)
    by_folder = package.read_network(network_folder("kazakhstan"), NUCLEAR)
    assert by_name.content_hash == by_folder.content_hash
    assert by_name.generators.has(ULKEN)
    base = package.read_network("kazakhstan")
    assert not base.generators.has(ULKEN)
    alone = package.read_network("kazakhstan", variant="ulken_alone")
    tight = package.dispatch(alone, demand_mw=1.1 * alone.loads.p_mw).generators.set_index("name")["p_mw"]
    assert tight[ULKEN] == 1115  # at 9 USD/MWh it runs at full power; on a normal evening of a whole fleet coal is left
    assert package.dispatch(alone).cost < package.dispatch(base).cost


@pytest.mark.parametrize(
    ("name", "variant", "told"),
    [("kazakhstan", "nuclear_2053", "did you mean 'nuclear_2035'?"), ("kazakhstna", "", "did you mean 'kazakhstan'?")],
)
def test_python_names_the_nearest(name: str, variant: str, told: str) -> None:
    with pytest.raises(package.InputError, match=told.replace("?", r"\?")):
        package.read_network(name, variant=variant)


@pytest.mark.parametrize("words", [("show", "kazakhstan"), ("adequacy", "kazakhstan", "--years", "1"),
                                   ("screen", "kazakhstan"), ("weather", "kazakhstan"), ("validate", "kazakhstan"),
                                   ("run", "case.yaml"), ("validate", "case.yaml")])  # fmt: skip
def test_an_unknown_variant_names_the_nearest(tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "case.yaml").write_text(SCENARIO.format(variant=""))
    done = gridsim(*words, "--variant", "nuclear_2053", cwd=tmp_path)
    assert done.returncode == 2 and "nuclear_2053" in done.stderr and "did you mean 'nuclear_2035'?" in done.stderr
    assert not done.stdout


def test_show_tells_the_variant(tmp_path: Path) -> None:
    base, _ = answer("show", "kazakhstan", cwd=tmp_path)
    variant, _ = answer("show", "kazakhstan", "--variant", "ulken_alone", cwd=tmp_path)
    assert variant["counts"]["generators"] == base["counts"]["generators"] + 2
    assert "Ulken" in variant["title"] and variant["content_hash"] != base["content_hash"]


def test_adequacy_and_screen_assess_the_variant(tmp_path: Path) -> None:
    words = ("adequacy", "kazakhstan", "--years", "256", "--imports", "none", "--weather", "normal")
    base, errors = answer(*words, cwd=tmp_path)
    one_line(errors, "kazakhstan")
    variant, errors = answer(*words, "--variant", NUCLEAR, cwd=tmp_path)
    one_line(errors, f"kazakhstan --variant {NUCLEAR}")
    assert (base["variant"], variant["variant"]) == ("", NUCLEAR)
    eue = [next(m["value"] for m in found["metrics"] if m["name"] == "EUE") for found in (base, variant)]
    assert eue[1] < eue[0]  # the plan builds more than its load grows
    screened, errors = answer("screen", "kazakhstan", "--dc", "--variant", NUCLEAR, cwd=tmp_path)
    one_line(errors, f"kazakhstan --variant {NUCLEAR}")
    assert screened["variant"] == NUCLEAR and ULKEN in {outage["name"] for outage in screened["outages"]}
    assert len(screened["warnings"]) == len(variant["warnings"]) > 10


@pytest.mark.parametrize(
    ("own", "option", "read"),
    [("", NUCLEAR, NUCLEAR), (f"variant: {NUCLEAR}\n", "base", ""), (f"variant: {NUCLEAR}\n", None, NUCLEAR)],
)
def test_the_option_beats_the_key_of_the_scenario(tmp_path: Path, own: str, option: str | None, read: str) -> None:
    (tmp_path / "case.yaml").write_text(SCENARIO.format(variant=own))
    words = ("run", "case.yaml", "--out", "out", *(("--variant", option) if option else ()))
    found, errors = answer(*words, cwd=tmp_path)
    assert found["variant"] == read
    assert (ULKEN in generators_of(tmp_path / "out")) == (read == NUCLEAR)
    kept = (tmp_path / "out" / "scenario.yaml").read_text()
    assert (f"variant: {NUCLEAR}" in kept) == (read == NUCLEAR)
    one_line(errors, f"case.yaml --variant {option}" if option else "case.yaml")
    assert {warning["kind"] for warning in found["warnings"]} == {"warning"}


def test_replicates_run_the_variant_too(tmp_path: Path) -> None:
    (tmp_path / "case.yaml").write_text(SCENARIO.format(variant="") + "outputs: [generators]\n")
    words = ("run", "case.yaml", "--out", "out", "--variant", NUCLEAR, "--replicates", "2", "--workers", "0")
    found, errors = answer(*words, cwd=tmp_path)
    one_line(errors, f"case.yaml --variant {NUCLEAR}")
    assert found["warnings"] and ULKEN in generators_of(tmp_path / "out")
    assert f"variant: {NUCLEAR}" in (tmp_path / "out" / "scenario.yaml").read_text()


def test_validate_lists_what_has_no_effect_and_exits_with_0(tmp_path: Path) -> None:
    found, _ = answer("validate", "kazakhstan", cwd=tmp_path)
    assert found["problems"] == []
    assert {"automation", "coal_routes"} <= {Path(w["file"]).stem for w in found["warnings"]}
    assert set(found["warnings"][0]) == {"file", "row", "column", "value", "mend", "kind"}
    done = gridsim("validate", "kazakhstan", cwd=tmp_path)
    n_judged = len(found["judgement"]["warnings"])
    assert found["judgement"]["errors"] == []
    assert done.returncode == 0 and len(done.stdout.splitlines()) == len(found["warnings"]) + n_judged + 1
    assert "interface_limits.csv:2: valid_from: has no effect yet (18 rows); results are the same" in done.stdout
    (tmp_path / "study.yaml").write_text("scenarios: [case.yaml]\nvariants: [base, nuclear_2035]\nreplicates: 1\n")
    (tmp_path / "case.yaml").write_text(SCENARIO.format(variant=""))
    study, _ = answer("validate", "study.yaml", cwd=tmp_path)
    assert study["kind"] == "study" and len(study["warnings"]) >= len(found["warnings"])
    refused = gridsim("validate", "study.yaml", "--variant", NUCLEAR, cwd=tmp_path)
    assert refused.returncode == 2 and "a study lists its variants itself" in refused.stderr
