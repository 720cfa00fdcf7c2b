"""Gas facilities that need power, by hand: hours at which each stops and works again."""

from __future__ import annotations

import numpy as np
import pytest

from gridsim.engine.facilities import Facilities, Facility, facilities_of

N1, N2 = 0, 1
FIELD, HUB = 0, 1


def powered(tables):
    tables["power_to_gas"] = [{"name": "field_power", "bus": "n2", "node": "field", "p_mw": 5, "restart_h": 3}]
    station = {"node": "hub", "pressure_ratio": 1.4, "installed_mw": 20}
    tables["compressor_stations"] = [
        {"name": "electric", "driver": "electric", "bus": "n2", **station},
        {"name": "gas_driven", "driver": "gas_turbine", **station},
    ]


@pytest.fixture
def system(two_areas):
    return two_areas(powered, gas=True)


def cut(n2_share):
    return np.array([0.0, n2_share, 0.0])


def at(facilities, hour, n2_share):
    """Update at ``hour``; (changes, hour of the next one), and where gas works."""
    changed, next_s = facilities.update_supply(hour * 3600.0, cut(n2_share))
    return changed, next_s / 3600.0, facilities.works_at(hour * 3600.0).tolist()


def test_facilities_are_rows_of_power_to_gas_and_electric_stations(system):
    assert facilities_of(system) == [Facility("field_power", N2, FIELD, 3.0), Facility("electric", N2, HUB, 0.0)]


def test_half_of_the_load_lost_stops_nothing(system):
    for share in (0.5, 0.5 + 1e-9):
        assert at(Facilities(system), 1, share) == ([], np.inf, [True, True, True])


def test_facility_stops_with_its_bus_and_works_again_after_its_restart(system):
    facilities = Facilities(system)
    assert at(facilities, 1, 0.6) == ([("field_power", False), ("electric", False)], np.inf, [False, False, True])
    assert at(facilities, 2, 1.0) == ([], np.inf, [False, False, True])  # told once
    assert at(facilities, 4, 0.0) == ([("electric", True)], 7.0, [False, True, True])
    assert at(facilities, 5, 0.0) == ([], 7.0, [False, True, True])
    assert at(facilities, 7, 0.0) == ([("field_power", True)], np.inf, [True, True, True])
    assert facilities.works_at(7 * 3600.0) is facilities.works_at(8 * 3600.0)  # nobody need compare while all work


def test_a_bus_lost_again_during_the_restart_starts_it_anew(system):
    facilities = Facilities(system)
    at(facilities, 1, 1.0)
    assert at(facilities, 2, 0.0)[1] == 5.0
    # The restart of field_power was never finished, so it does not stop a second time.
    assert at(facilities, 4, 1.0) == ([("electric", False)], np.inf, [False, False, True])
    assert at(facilities, 6, 0.0)[1] == 9.0
    assert at(facilities, 9, 0.0)[0] == [("field_power", True)]
