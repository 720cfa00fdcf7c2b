"""Storms along a track: kilometres inside, chances by hand, one draw per corridor, the season's course."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import numpy as np
import pytest

from gridsim.engine.storms import season_storms, storm_outages
from gridsim.errors import InputError
from gridsim.model.scenario import Event, Target
from gridsim.model.storms import corridor_rates, km_inside
from tests.support.cases import build_two_areas

BAND = {"name": "band", "lat_1": 49.5, "lon_1": 69, "lat_2": 49.5, "lon_2": 73, "width_km": 22.24}


def stormy(edit: Any = None, **changes: Any) -> Any:
    """n1 and n2 at 50 N, s1 at 48 N straight below n1; two circuits n1-s1; the band lies across at 49.5 N."""

    def storm(tables: Any) -> None:
        for bus, lat, lon in zip(tables["buses"], (50, 50, 48), (70, 71, 70), strict=True):
            bus.update(lat=lat, lon=lon)
        for line in tables["lines"]:
            line.update(mttf_h=1000, mttr_h=10)
        tables["lines"].append({**tables["lines"][1], "name": "n1_s1_2", "mttf_h": 500})
        tables["storm_tracks"] = [{**BAND, **changes}]
        if edit is not None:
            edit(tables)

    return build_two_areas(storm)


def storm(magnitude: float = 25, hours: float = 24) -> Event:
    return Event("it", "ice_storm", 0.0, (Target("storm_tracks", "band"),), magnitude, hours)


def test_kilometres_inside_a_band_across():
    # 22.24 km is a fifth of a degree, a tenth of the two degrees of latitude that n1-s1 and n2-s1 cross
    km = dict(zip(stormy().lines.name.tolist(), km_inside(stormy(), 0).tolist(), strict=True))
    assert km["n1_n2"] == 0
    assert km["n1_s1"] == pytest.approx(10, abs=0.6) and km["n2_s1"] == pytest.approx(10, abs=0.6)


def test_a_corridor_fails_at_the_rate_of_its_weakest_circuit_in_the_track():
    rates = corridor_rates(stormy(), 0)
    assert set(rates) == {("n1_s1", "n1_s1_2"), ("n2_s1",)}
    assert rates["n1_s1", "n1_s1_2"] == pytest.approx(0.1 / 500, rel=0.06)
    assert rates["n2_s1",] == pytest.approx(0.1 / 1000, rel=0.06)


def test_what_is_out_of_service_does_not_fall():
    rates = corridor_rates(stormy(lambda tables: tables["lines"][3].update(in_service="false")), 0)
    assert set(rates) == {("n1_s1",), ("n2_s1",)}


def test_circuits_of_a_corridor_fall_together_as_often_as_the_rate_says():
    system, event, n = stormy(), storm(magnitude=200), 2000
    hits = [outage for replicate in range(n) for outage in storm_outages(system, event, 1, replicate)]
    for circuits, per_h in corridor_rates(system, 0).items():
        chance = 1 - math.exp(-per_h * 200 * 24)
        found = sum(tuple(target.name for target in outage.targets) == circuits for outage in hits) / n
        assert found == pytest.approx(chance, abs=4 * math.sqrt(chance * (1 - chance) / n))
    delays = [outage.depends_on.delay_h for outage in hits]
    assert min(delays) >= 0 and max(delays) <= 24 and np.mean(delays) == pytest.approx(12, abs=0.8)


def test_a_harder_storm_breaks_all_that_a_milder_one_does():
    system = stormy()
    for replicate in range(200):
        mild = {outage.id for outage in storm_outages(system, storm(25), 1, replicate)}
        hard = {outage.id for outage in storm_outages(system, storm(60), 1, replicate)}
        assert mild <= hard


def test_storms_come_in_their_season_as_often_as_stated():
    system = stormy(kind="ice_storm", per_year=3, from_month=11, to_month=2)
    start, n = dt.datetime(2026, 1, 1), 300
    found = [storm for replicate in range(n) for storm in season_storms(system, 7, replicate, 8760, start)]
    months = {(start + dt.timedelta(hours=one.at_h)).month for one in found}
    assert months == {11, 12, 1, 2}
    assert len(found) / n == pytest.approx(3, abs=4 * math.sqrt(3 / n))
    assert season_storms(stormy(), 7, 0, 8760, start) == []


@pytest.mark.parametrize("place", [{"lat_1": 10, "lat_2": 12}, {"lon_1": 10, "lon_2": 20}])
def test_a_track_outside_the_map_is_told_with_its_mend(place):
    with pytest.raises(InputError) as error:
        stormy(**place)
    assert "outside the map" in str(error.value) and all(problem.mend for problem in error.value.problems)
