"""Losses of offsite power over sample years: two circuits to a site by hand, machines of its own, common causes."""

from __future__ import annotations

import copy
import dataclasses
import json
from typing import Any

import pytest

from gridsim.errors import StudyError
from gridsim.io.write_network import write_network
from gridsim.model.outages import CommonCause, two_state
from gridsim.reliability import system_from_grid
from gridsim.reliability.offsite import offsite_losses
from gridsim.report.offsite import offsite_lines
from tests.support.cases import META, TWO_AREAS, build_two_areas
from tests.support.command import gridsim

SITE = {"name": "reactor", "kind": "research_reactor", "status": "operating", "bus": "n2", "backup_h": 40}
UP_H, DOWN_H = 1000.0, 50.0


def tables_with_site(edit: Any = None, **changes: Any) -> Any:
    """The site at n2, which two lines join to machines at n1 and s1, as an edit of the two areas."""

    def tables(of: Any) -> None:
        of["nuclear"] = [{**SITE, **changes}]
        for line in of["lines"]:
            line.update(mttf_h=UP_H, mttr_h=DOWN_H)
        if edit is not None:
            edit(of)

    return tables


def with_site(edit: Any = None, **changes: Any) -> Any:
    return build_two_areas(tables_with_site(edit, **changes))


def losses(system: Any, years: int = 600, **changes: Any) -> Any:
    adequacy = dataclasses.replace(system_from_grid(system), **changes)
    return offsite_losses(adequacy, system, years, seed=2).iloc[0]


def test_two_circuits_fail_together_as_their_rates_say():
    """Both out: u^2 (2 / mttr) times an hour, for 25 h on the mean; exp(-40 / 25) of them outlast the backup."""
    found = losses(with_site())
    out = DOWN_H / (UP_H + DOWN_H)
    per_year = 8760.0 * out**2 * 2.0 / DOWN_H
    assert found.losses_per_year == pytest.approx(per_year, abs=4 * found.losses_per_year_stderr)
    assert found.once_in_years == pytest.approx(1.0 / found.losses_per_year)
    assert found.mean_h == pytest.approx(DOWN_H / 2, rel=0.15)
    assert found.hours_per_year == pytest.approx(8760.0 * out**2, rel=0.2)
    assert found.beyond_backup_per_year == pytest.approx(per_year * 0.2019, rel=0.35)


def test_more_circuits_lose_it_less_often():
    def third(tables: Any) -> None:
        tables["lines"].append({**tables["lines"][0], "name": "n1_n2_2"})

    assert losses(with_site(third)).losses_per_year < 0.3 * losses(with_site()).losses_per_year


def test_a_machine_beside_it_is_a_source_and_its_own_is_none():
    def beside(plant: str) -> Any:
        def edit(tables: Any) -> None:
            tables["generators"].append({**tables["generators"][0], "name": "unit", "plant": plant, "bus": "n2"})

        return with_site(edit)

    assert losses(beside("reactor"), 200).losses == losses(with_site(), 200).losses > 0
    assert losses(beside("other"), 200).losses < 0.2 * losses(with_site(), 200).losses


def test_a_common_cause_takes_both_circuits_at_once():
    system = with_site()
    storm = CommonCause(two_state("storm", "ice", 4380.0, 30.0), lost_share={"n1_n2": 1.0, "n2_s1": 1.0})
    more = losses(system, common_causes=(storm,)).losses_per_year - losses(system).losses_per_year
    assert more == pytest.approx(8760.0 / 4410.0, rel=0.15)


def test_none_seen_is_told_as_a_bound():
    def steady(tables: Any) -> None:
        for line in tables["lines"]:
            del line["mttf_h"], line["mttr_h"]

    system = with_site(steady)
    frame = offsite_losses(system_from_grid(system), system, 300)
    assert frame.losses[0] == 0 and frame.once_in_years[0] == pytest.approx(100.0)
    assert "none seen" in offsite_lines(frame)[-1] and "> 100" in offsite_lines(frame)[-1]


def test_without_a_site_it_says_so():
    system = build_two_areas()
    with pytest.raises(StudyError, match="no nuclear site"):
        offsite_losses(system_from_grid(system), system, 10)


def test_the_command_tells_them(tmp_path):
    tables = copy.deepcopy(TWO_AREAS)
    tables_with_site()(tables)
    write_network(tmp_path / "net", META, tables)
    words = ["adequacy", str(tmp_path / "net"), "--years", "8", "--level", "nodal", "--offsite", "200"]
    text = gridsim(*words).stdout
    assert "offsite power of nuclear sites in 200 years" in text and "reactor" in text
    (row,) = json.loads(gridsim(*words, "--json").stdout)["offsite"]
    assert row["losses"] > 0 and row["site"] == "reactor"
