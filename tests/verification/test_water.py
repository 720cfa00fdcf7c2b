"""Water over many years: more of it never makes supply worse, and the yearly output of the Kazakh plants.

Bars are published: the long-term mean of Ust-Kamenogorsk and Moynak, the hydro total of 2025.
"""

from __future__ import annotations

import numpy as np
import pytest

from gridsim.reliability import SequentialMonteCarlo, Shortfall, assess
from gridsim.reliability.grid import system_from_grid
from gridsim.weather.sampled import sampled_year
from gridsim.weather.water import water_plan
from gridsim.weather.year import weather_model
from tests.support.cases import build_two_areas
from tests.support.fraction import FRACTION
from tests.weather.test_water import with_lake

CASES = max(round(25 * FRACTION), 3)
YEARS = 60
WHOLE_YEARS = 6


def unserved_mwh(rng: np.random.Generator, seed: int, water: float, level: str) -> float:
    """EUE of a random two-area system whose lake gets ``water`` times its inflow; equal draws for equal ``seed``."""
    size, mttf_h, mttr_h = rng.uniform(60, 150), rng.uniform(200, 900, 2), rng.uniform(20, 90, 2)
    least, greatest, pass_share, fill = rng.uniform(0, 0.8), rng.uniform(0.9, 4), rng.uniform(0, 1), rng.uniform(0, 1)

    def edit(tables) -> None:
        with_lake(tables)
        coal, gas, *hydro = tables["generators"]
        coal.update(p_max_mw=2 * size, installed_mw=2 * size, mttf_h=mttf_h[0], mttr_h=mttr_h[0])
        gas.update(p_max_mw=size, installed_mw=size, p_min_mw=0, mttf_h=mttf_h[1], mttr_h=mttr_h[1])
        for machine in hydro:
            machine.update(mttf_h=800, mttr_h=40)
        tables["reservoirs"][0].update(inflow_share=water, fill_share=fill, hourly_least_share=pass_share)
        for row in tables["reservoir_releases"]:
            row.update(least_m3_s=least, greatest_m3_s=greatest)

    method = SequentialMonteCarlo(years=20, seed=seed, level=level)
    result = assess(system_from_grid(build_two_areas(edit)), method, Shortfall())
    return next(m.value for m in result.estimates if m.name == "EUE" and m.scope == "system")


@pytest.mark.parametrize("level", ["copper", "zonal"])
def test_more_water_never_raises_unserved_energy(level: str) -> None:
    found = []
    for case in range(CASES):
        rng = np.random.default_rng([case, len(level)])
        little, more = sorted(rng.uniform(0.2, 3.0, 2))
        state = rng.bit_generator.state
        worse = unserved_mwh(rng, case, little, level)
        rng.bit_generator.state = state
        better = unserved_mwh(rng, case, more, level)
        assert better <= worse * (1 + 1e-9) + 1e-9, (case, little, more)
        found.append(worse - better)
    assert sum(difference > 1 for difference in found) > 0.6 * CASES


def test_output_of_the_kazakh_plants_over_generated_years(kazakhstan) -> None:
    model, plan = weather_model(kazakhstan), water_plan(kazakhstan)
    plants = kazakhstan.reservoirs.plant[plan.reservoir].tolist()
    energy = []
    for year in range(YEARS):
        inflow = model.inflow(1, year, model.field.year(1, year))
        course = plan.year(model.rivers, 1, year, inflow)
        energy.append(course.energy_mwh.sum(axis=1) / 1e6)
    twh = dict(zip(plants, np.mean(energy, axis=0), strict=True))
    assert twh["ust_kam_hpp"] == pytest.approx(1.58, rel=0.2)
    assert twh["moynak_hpp"] == pytest.approx(0.9, rel=0.3)
    low = np.quantile([row[plants.index("ust_kam_hpp")] for row in energy], 0.05)
    assert low == pytest.approx(1.2, rel=0.2)  # published for a low-water year
    generators = kazakhstan.generators
    others = np.flatnonzero((generators.fuel == "hydro") & generators.in_service & (plan.row < 0))
    small = [
        (found.gen_share[found.gen_row[others]].sum(axis=1) * generators.p_max_mw[others]).sum() / 1e6
        for found in (sampled_year(kazakhstan, 1, year) for year in range(WHOLE_YEARS))
    ]
    assert sum(twh.values()) + np.mean(small) == pytest.approx(10.5, rel=0.1)


def test_the_southern_plants_run_in_the_peak_hours(kazakhstan) -> None:
    """Mean output of the four highest hours of the net load's day against the day's own mean."""
    found = sampled_year(kazakhstan, 1, 0)
    plan = water_plan(kazakhstan)
    for plant in ("moynak_hpp", "kapchagay_hpp"):
        machine = int(np.flatnonzero(kazakhstan.generators.plant == plant)[0])
        share = found.gen_share[found.gen_row[machine]].reshape(365, 24)
        evening = share[:, 18:22].mean()
        assert evening > 1.8 * share.mean() and plan.row[machine] >= 0
