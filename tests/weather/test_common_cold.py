"""Colds that a neighbour shares, on courses of temperature written down by hand."""

from __future__ import annotations

import numpy as np
import pytest

from gridsim.io.read_network import system_from_tables
from gridsim.kernels.rng import stream_id, uniforms
from gridsim.model.system import GridSystem
from gridsim.weather.common_cold import contract_share, load_weighted_c


def one_border(**support: object) -> GridSystem:
    """Two loads at two weather sites, 30 and 10 MW, and a border at 100 MW of contract."""
    row = {"border": "abroad", "extra_min_mw": 10, "extra_median_mw": 20, "extra_max_mw": 40, "common_cold_c": -20,
           "cut_probability": 1.0, "cut_share": 0.5, **support}  # fmt: skip
    site = {"title": "x", "lat": 50.0, "lon": 70.0}
    bus = {"zone": "north", "vn_kv": 220}
    line = {"from_bus": "a", "length_km": 10, "r_ohm_per_km": 0.1, "x_ohm_per_km": 0.4, "max_i_ka": 2.0}
    return system_from_tables(
        {"name": "cold", "zones": ["north"]},
        {
            "buses": [
                {"name": "a", "weather_site": "one", **bus},
                {"name": "b", "weather_site": "two", **bus},
                {"name": "x", "zone": "external", "vn_kv": 220},
            ],
            "lines": [{"name": "ab", "to_bus": "b", **line}, {"name": "ax", "to_bus": "x", **line}],
            "generators": [
                {"name": "g", "bus": "a", "fuel": "coal", "installed_mw": 50, "p_max_mw": 50, "cost_per_mwh": 20}
            ],
            "load_classes": [{"name": "homes", "shed_order": 1, "voll_usd_per_kwh": 4}],
            "loads": [
                {"name": "da", "bus": "a", "p_mw": 30, "load_class": "homes"},
                {"name": "db", "bus": "b", "p_mw": 10, "load_class": "homes"},
            ],
            "weather_sites": [{"name": "one", **site}, {"name": "two", **site}],
            "borders": [
                {"name": "abroad", "bus": "x", "contract_import_mw": 100, "limit_import_mw": 130, "price_per_mwh": 70}
            ],
            "border_support": [row],
        },
    )  # fmt: skip


DAY_C = np.array([[-10.0, -30.0, -30.0, -10.0, -26.0, -26.0], [-10.0, -30.0, -30.0, -10.0, -30.0, -10.0]])
# load-weighted: -10, -30, -30, -10, -27, -22; with the day before: -10, -20, -30, -20, -18.5, -24.5


def test_temperature_is_weighted_by_load() -> None:
    assert load_weighted_c(one_border(), DAY_C) == pytest.approx([-10, -30, -30, -10, -27, -22])


def test_the_contract_is_cut_on_days_below_the_level() -> None:
    share = contract_share(one_border(), DAY_C, 1, 0)
    assert share.tolist() == [[1.0, 1.0, 0.5, 1.0, 1.0, 0.5]]


@pytest.mark.parametrize("change", [{"cut_probability": 0.0}, {"cut_share": 0.0}, {"common_cold_c": None}])
def test_nothing_is_cut_without_chance_share_or_level(change: dict[str, object]) -> None:
    assert (contract_share(one_border(**change), DAY_C, 1, 0) == 1.0).all()


def test_a_spell_is_cut_as_a_whole_and_as_often_as_stated() -> None:
    """Years of one five-day spell: all five days alike, cut in 30 % of 2,000 years within 3.3 standard errors."""
    system = one_border(cut_probability=0.3)
    day_c = np.full((2, 30), -5.0)
    day_c[:, 10:16] = -40.0
    cut = np.array([contract_share(system, day_c, 7, year)[0, 10:16] < 1.0 for year in range(2000)])
    assert (cut.all(axis=1) | ~cut.any(axis=1)).all()
    assert abs(cut[:, 0].mean() - 0.3) < 3.3 * np.sqrt(0.3 * 0.7 / 2000)


def test_draws_belong_to_the_day_of_the_weather_year() -> None:
    """Each spell draws by the number of its first day, however long the course that is given."""
    system = one_border(cut_probability=0.5)
    day_c = np.full((2, 60), -5.0)
    day_c[:, [12, 13, 31, 32, 50, 51]] = -40.0
    for year in range(20):
        whole = contract_share(system, day_c, 3, year)
        assert (whole[:, :40] == contract_share(system, day_c[:, :40], 3, year)).all()
    chance = uniforms(3, 0, stream_id("border", "abroad", "common cold"), 60)
    assert (contract_share(system, day_c, 3, 0)[0, 13] < 1.0) == (chance[12] < 0.5)
