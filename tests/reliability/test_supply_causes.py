"""Coal and cooling water as common causes of the sampler, by hand, and the simulator's failures beside them.

The coal plant is one machine of 200 MW that runs full in every class, its yard two days, its trains ten hours away.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gridsim.engine.failures import failures
from gridsim.errors import InputError
from gridsim.model.outages import corridor_components
from gridsim.model.pack_outages import drawn_outages
from gridsim.reliability import SequentialMonteCarlo, assess, supply_causes, system_from_grid, with_supply_outages
from gridsim.reliability.class_day import CLASSES, ClassDay
from gridsim.reliability.supply_causes import coal_stop
from tests.engine.test_coal import railway
from tests.support.cases import build_two_areas

STOPS = {"mttf_h": 400, "mttr_h": 100}


def failing(tables: Any) -> None:
    railway(tables)
    tables["coal_routes"][0] |= STOPS


def second_yard(tables: Any) -> None:
    """A machine of the same price beside it on the same line, its yard for ten days: it burns what the first leaves."""
    railway(tables)
    tables["generators"].append(tables["generators"][0] | {"name": "far_1", "plant": "far", "cost_per_mwh": 500})
    tables["fuel_stocks"].append(tables["fuel_stocks"][0] | {"name": "pile", "plant": "far", "stock_days": 2.5})
    tables["coal_routes"].append(tables["coal_routes"][0] | {"name": "far_way", "yard": "pile"})


def test_a_stop_is_felt_when_the_yard_is_empty_and_ends_with_the_first_train():
    """Trains for 10 h, then 48 h of stock: nothing from 58 h on; 10 h after the end coal is there again."""
    (cause,) = supply_causes(build_two_areas(failing))
    assert cause.component.name == "line" and set(cause.derating) == {"coal_1"}
    table = cause.derating["coal_1"]
    assert table.outage.shape == (len(CLASSES), 59) and table.repair.shape == (len(CLASSES), 10)
    assert table.outage[:, :58] == pytest.approx(1.0) and table.outage[:, 58] == pytest.approx(0.0, abs=1e-9)
    assert not table.repair.any()


def test_what_has_coal_burns_more_once_the_other_has_none():
    system = build_two_areas(second_yard)
    day = ClassDay(system, CLASSES[2], "contract", week=True)
    far = system.generators.position("far_1")
    before = day.mean_mw()[far] / 200.0
    left = np.ones(len(system.generators))
    left[system.generators.position("coal_1")] = 0.0
    after = day.mean_mw(left)[far] / 200.0
    assert after > before + 0.1
    # full (3 days) after 10 h of trains or less; burnt at `before` until 58 h, at `after` from then on
    stock_h = min(60.0 + (1.0 - before) * 10.0, 72.0) - before * 48.0
    found = coal_stop(system, day, "line").outage[far]
    assert found.sum() == pytest.approx(58.0 + stock_h / after)


def test_water_is_missed_at_once_and_by_what_it_cools():
    def canal(tables: Any) -> None:
        tables["cooling"] = [{"name": "canal", "plants": "coal", "kind": "lake", "mttf_h": 900, "mttr_h": 90}]

    (cause,) = supply_causes(build_two_areas(canal))
    machines = build_two_areas(canal).generators
    assert cause.lost_share == {str(name): 1.0 for name in machines.name[machines.plant == "coal"].tolist()}
    drawn = failures(build_two_areas(canal), 3, 0, 8760)
    assert {(e.kind, e.targets[0].name) for e in drawn} == {("intake_outage", "canal")}


def test_the_simulator_stops_the_corridor_when_the_sampler_does():
    system = build_two_areas(failing)
    expected = drawn_outages(corridor_components(system), 3, 0, 8760)
    assert len(expected.first_h) > 5
    found = failures(system, 3, 0, 8760)
    assert {e.kind for e in found} == {"rail_corridor_outage"} and {e.targets[0].table for e in found} == {
        "rail_corridors"
    }
    assert [e.at_h for e in found] == sorted(expected.first_h.tolist())


def test_the_sampler_misses_the_plant_only_in_long_stops():
    def eue(mttr_h: float) -> float:
        def edit(tables: Any) -> None:
            failing(tables)
            tables["coal_routes"][0] |= {"mttr_h": mttr_h}

        system = build_two_areas(edit)
        joined = with_supply_outages(system_from_grid(system), system)
        return float(assess(joined, SequentialMonteCarlo(years=64, seed=1, workers=1)).metric("EUE").value)

    # a stop longer than 58 h: exp(-0.58) of those of 100 h on the mean, exp(-11.6) of those of 5 h
    assert eue(100.0) > 1000 and eue(5.0) < 1e-3 * eue(100.0)


def test_rows_of_a_corridor_that_disagree_are_told():
    def edit(tables: Any) -> None:
        second_yard(tables)
        tables["coal_routes"][0] |= STOPS

    with pytest.raises(InputError, match="fails otherwise in another of its rows"):
        build_two_areas(edit)
