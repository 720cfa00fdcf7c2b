"""Storms as common causes of the sampler: patterns by hand, and the outages of the simulator's storms."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest

from gridsim.engine.storms import season_storms, storm_outages
from gridsim.model.outages import components_of
from gridsim.model.pack_outages import drawn_outages
from gridsim.model.storms import HOURS_PER_YEAR, season_chances
from gridsim.reliability import SequentialMonteCarlo, assess, system_from_grid
from gridsim.reliability.storm_causes import RAREST, patterns, storm_causes
from tests.engine.test_storms import stormy

A, B, C = ("a1", "a2"), ("b",), ("c",)
SEASON: dict[str, Any] = {"kind": "ice_storm", "per_year": 4, "from_month": 11, "to_month": 2, "hours": 48}


def test_patterns_of_two_corridors():
    # 0.3 x 0.2 = 0.06 together; 0.3 - 0.06 and 0.2 - 0.06 alone
    assert patterns({A: 0.3, B: 0.2}) == pytest.approx({(A, B): 0.06, (A,): 0.24, (B,): 0.14})


def test_patterns_of_three_corridors_keep_each_chance_and_each_pair():
    chance = {A: 0.3, B: 0.2, C: 0.1}
    found = patterns(chance)
    assert found[A, B, C] == pytest.approx(0.006)
    assert found[A, B] == pytest.approx(0.06 - 0.006)  # and not C
    assert found[A,] == pytest.approx(0.3 * 0.8 * 0.9)  # neither B nor C
    for one, share in chance.items():
        assert sum(part for pattern, part in found.items() if one in pattern) == pytest.approx(share)


def test_rare_patterns_are_not_told_apart_and_no_corridor_loses_by_it():
    found = patterns({A: 0.01, B: 0.9 * RAREST / 0.01})
    assert set(found) == {(A,), (B,)} and found[A,] == pytest.approx(0.01)


def test_lines_fail_as_often_as_without_storms():
    calm, rough = stormy(), stormy(**SEASON)
    chances = season_chances(rough, 0)
    by_storms = {circuit: 4 * chance for circuits, chance in chances.items() for circuit in circuits}
    for before, after in zip(components_of(calm, "lines"), components_of(rough, "lines"), strict=True):
        per_year = HOURS_PER_YEAR / after.states[0].mean_h + by_storms.get(after.name, 0.0)
        assert per_year == pytest.approx(HOURS_PER_YEAR / before.states[0].mean_h)
    assert by_storms["n1_s1"] == by_storms["n1_s1_2"] > 0  # both circuits of the corridor: one draw


def test_sampler_and_simulator_break_the_same_in_the_same_months():
    system, start, n_years = stormy(**SEASON), dt.datetime(2026, 1, 1), 400
    causes = storm_causes(system, start, 8760)
    drawn = [drawn_outages([c.component for c in causes], 5, year, 8760) for year in range(n_years)]
    sampled: dict[tuple[str, ...], int] = {}
    for year in drawn:
        begun = year.first_h > 0  # what goes on from before the year began an earlier year
        assert {(start + dt.timedelta(hours=int(h))).month for h in year.first_h[begun]} <= {11, 12, 1, 2}
        for one in year.component[begun].tolist():
            lines = tuple(sorted(causes[one].lost_share))
            sampled[lines] = sampled.get(lines, 0) + 1
    simulated: dict[tuple[str, ...], int] = {}
    for replicate in range(n_years):
        for storm in season_storms(system, 5, replicate, 8760, start):
            hit = {t.name for outage in storm_outages(system, storm, 5, replicate) for t in outage.targets}
            if hit:
                simulated[tuple(sorted(hit))] = simulated.get(tuple(sorted(hit)), 0) + 1
    assert set(sampled) == set(simulated) == {("n1_s1", "n1_s1_2"), ("n2_s1",), ("n1_s1", "n1_s1_2", "n2_s1")}
    for lines, count in simulated.items():
        assert sampled[lines] == pytest.approx(count, abs=4 * np.sqrt(count + sampled[lines]))


def test_the_sampler_sheds_more_where_circuits_fall_together():
    def eue(**changes: Any) -> float:
        def weak(tables: Any) -> None:
            for line in tables["lines"]:
                line.update(mttr_h=36)

        system = stormy(weak, width_km=400, repair_h=36, **changes)
        method = SequentialMonteCarlo(years=64, level="nodal", seed=3, workers=1)
        return float(assess(system_from_grid(system), method).metric("EUE").value)

    assert eue(kind="ice_storm", per_year=6, hours=48) > 1.3 * eue()
