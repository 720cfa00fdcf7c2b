"""Nuclear sites of a run by hand: hours without offsite power, backup, circuits, and the largest machine."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import pytest

from gridsim.engine.run import run
from gridsim.model.nuclear import loss_of_offsite_power
from gridsim.model.scenario import Horizon, Scenario
from gridsim.results.metrics import Estimate
from tests.support.cases import BY_HAND, build_two_areas, event


def with_site(**changes: Any) -> Any:
    site = {"name": "reactor", "kind": "research_reactor", "status": "operating", "bus": "n2", "backup_h": 2}

    def edit(tables: Any) -> None:
        tables["nuclear"] = [{**site, **changes}]

    return build_two_areas(edit)


def played(system: Any, *events: Any, hours: float = 12) -> Any:
    scenario = Scenario("case", "two_areas", Horizon(dt.datetime(2026, 1, 14), hours), events=events, policy=BY_HAND)
    return run(system, scenario)


CUT = (event("line_outage", "lines", "n1_n2", 1, 9), event("line_outage", "lines", "n2_s1", 3, 4))


def test_hours_without_offsite_power_and_what_the_backup_leaves():
    result = played(with_site(), *CUT)
    rows = result.frame("nuclear").set_index("time_h")
    # one line out from hour 1 to 10, the other from 3 to 7: two paths, one, none for 4 h, one, two
    assert rows.loc[0.0, "live_paths"] == 2 and rows.loc[1.0, "live_paths"] == 1 and not rows.loc[3.0, "alive"]
    assert rows.loc[7.0, "live_paths"] == 1 and rows.loc[10.0, "live_paths"] == 2
    assert (
        rows.loc[6.0, "on_backup_h"] == 4 and rows.loc[6.0, "backup_left_h"] == 0 and rows.loc[7.0, "on_backup_h"] == 0
    )
    of = {e.name: e.value for e in result.estimates if e.scope == "site:reactor"}
    assert of == {
        "offsite_lost_h": 4,
        "offsite_losses": 1,
        "offsite_paths_min": 0,
        "backup_hours_left_min": 0,
        "backup_exhausted_h": 2,
    }
    assert all(isinstance(e, Estimate) for e in result.estimates)


def test_a_circuit_of_its_own_bounds_what_the_bus_has():
    of = {e.name: e.value for e in played(with_site(offsite_circuits=1)).estimates if e.scope == "site:reactor"}
    assert of["offsite_paths_min"] == 1


def test_a_planned_site_has_no_rows_and_the_scorecard_says_so():
    result = played(with_site(status="planned"), *CUT)
    assert not len(result.frame("nuclear")) and not [e for e in result.estimates if e.scope.startswith("site:")]
    (row,) = [score for score in result.scorecard if score.area == "nuclear security" and score.scope == "site:reactor"]
    assert row.note == "not in this network: planned"


def test_backup_that_nobody_states_is_not_counted():
    names = {e.name for e in played(with_site(backup_h=None), *CUT).estimates if e.scope == "site:reactor"}
    assert "offsite_lost_h" in names and not names & {"backup_hours_left_min", "backup_exhausted_h"}


def test_largest_machine_and_what_the_others_could_give():
    result = played(with_site(), hours=1)
    # 400 MW: gas must run at 200, coal gives 200 and could add 300; of two equal machines the first is named
    assert result.metric("largest_infeed_mw") == pytest.approx(200)
    assert result.metric("infeed_share_max") == pytest.approx(50)
    (row,) = result.frame("infeed").to_dict("records")
    other = {"coal_1": 0.0, "gas_1": 300.0}[row["name"]]
    assert row["headroom_mw"] == pytest.approx(other) and result.metric("reserve_after_infeed_mw_min") == other - 200


def test_a_network_without_sites_gives_the_same_numbers_of_everything_else():
    plain, sited = played(build_two_areas(), *CUT), played(with_site(), *CUT)
    of = [[e for e in result.estimates if not e.scope.startswith("site:")] for result in (plain, sited)]
    assert of[0] == of[1]


def test_more_circuits_and_a_shorter_outage_are_never_worse():
    long, short = played(with_site(), *CUT), played(with_site(), CUT[0], dataclasses.replace(CUT[1], duration_h=2))
    assert short.metric("offsite_lost_h", "site:reactor") < long.metric("offsite_lost_h", "site:reactor")
    assert short.metric("backup_hours_left_min", "site:reactor") >= long.metric("backup_hours_left_min", "site:reactor")


def test_losses_that_other_countries_saw(kazakhstan):
    losses = kazakhstan.offsite_losses
    assert loss_of_offsite_power(losses) == pytest.approx(0.0359, rel=1e-9)
    median_h = 2.718281828459045**0.3  # of grid-related losses half are longer than exp(mu)
    of_grid = dataclasses.replace(losses, **{f.name: getattr(losses, f.name)[2:3] for f in dataclasses.fields(losses)})
    assert loss_of_offsite_power(of_grid, median_h) == pytest.approx(0.0093, rel=1e-9)
    assert loss_of_offsite_power(losses, 8) < loss_of_offsite_power(losses, 1) < loss_of_offsite_power(losses)
