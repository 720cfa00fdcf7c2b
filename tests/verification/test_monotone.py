"""More import, more water or less load never makes supply worse, hour by hour of the same draws.

Random two-area systems with a lake and a neighbour, at every level. Bars: penalty-weighted unserved energy never rises;
EUE never rises by more than 0.1 % with more import or water, and never at all with less load in winter.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

from gridsim.model.system import GridSystem
from gridsim.reliability import SequentialMonteCarlo, assess
from gridsim.reliability.grid import system_from_grid
from tests.support.cases import Tables, build_two_areas
from tests.support.fraction import FRACTION
from tests.weather.test_water import with_lake

CASES = max(round(50 * FRACTION), 3)
YEARS = 3
WINTER = (11, 12, 1, 2, 3)
ROUNDING = 1e-9


class Unserved(NamedTuple):
    """Of the mean year: MWh, and MWh weighted by the price at which each class is shed."""

    eue_mwh: float
    weighted: float


def random_system(rng: np.random.Generator, edit: Callable[[Tables], None]) -> GridSystem:
    """Machines too small and too often out for the load, a lake, a neighbour in the north and one in the south."""
    size, shares = rng.uniform(70, 140), rng.uniform(0.2, 1.0, 2)
    mttf_h, mttr_h = rng.uniform(150, 900, 3), rng.uniform(20, 90, 3)
    least, greatest, passing, fill = rng.uniform(0, 0.8), rng.uniform(0.9, 4), rng.uniform(0, 1), rng.uniform(0, 1)
    factory, limits = rng.uniform(20, 150), rng.uniform(60, 200, 2)
    imports = rng.uniform(5, 60, 2)

    def build(tables: Tables) -> None:
        with_lake(tables)
        coal, gas, *hydro = tables["generators"]
        coal.update(p_max_mw=2 * size, installed_mw=2 * size, mttf_h=mttf_h[0], mttr_h=mttr_h[0])
        gas.update(p_max_mw=size, installed_mw=size, p_min_mw=0, mttf_h=mttf_h[1], mttr_h=mttr_h[1])
        for machine in hydro:
            machine.update(mttf_h=800, mttr_h=40)
        for line in tables["lines"]:
            line.update(mttf_h=3 * mttf_h[2], mttr_h=mttr_h[2])
        tables["loads"][2]["p_mw"] = factory
        for row, limit_mw in zip(tables["interface_limits"], sorted(limits, reverse=True), strict=True):
            row["normal_mw"] = limit_mw
        tables["reservoirs"][0].update(inflow_share=shares[0], fill_share=fill, hourly_least_share=passing)
        for row in tables["reservoir_releases"]:
            row.update(least_m3_s=least, greatest_m3_s=greatest)
        tables["borders"] = [
            {"name": f"abroad_{bus}", "bus": bus, "country": "XX", "contract_import_mw": mw, "limit_import_mw": 2 * mw,
             "price_per_mwh": 90} for bus, mw in zip(("n2", "s1"), imports, strict=True)
        ]  # fmt: skip
        edit(tables)

    return build_two_areas(build)


def more_import(rng: np.random.Generator) -> Callable[[Tables], None]:
    more = rng.uniform(0, 40, 2)

    def edit(tables: Tables) -> None:
        for border, mw in zip(tables["borders"], more, strict=True):
            border["contract_import_mw"] += mw
            border["limit_import_mw"] += 2 * mw

    return edit


def more_water(rng: np.random.Generator) -> Callable[[Tables], None]:
    factor = rng.uniform(1, 4)

    def edit(tables: Tables) -> None:
        tables["reservoirs"][0]["inflow_share"] *= factor

    return edit


def less_winter_load(rng: np.random.Generator) -> Callable[[Tables], None]:
    share = rng.uniform(0.01, 0.3)

    def edit(tables: Tables) -> None:
        for row in tables["profiles"]:
            if row["month"] in WINTER:
                row["value"] *= 1.0 - share

    return edit


def as_it_stands(tables: Tables) -> None:
    """No change."""


def unserved(system: GridSystem, level: str, seed: int) -> Unserved:
    adequacy = system_from_grid(system, "contract")
    result = assess(adequacy, SequentialMonteCarlo(years=YEARS, seed=seed, level=level))
    eue_mwh = float(result["EUE"].value or 0.0)
    assert adequacy.detail is not None
    price = dict(zip(adequacy.detail.class_name, adequacy.detail.class_penalty.tolist(), strict=True))
    of_class: dict[str, Any] = {
        estimate.scope.removeprefix("class:"): estimate.value
        for estimate in result.estimates
        if estimate.name == "EUE" and estimate.scope.startswith("class:")
    }
    assert set(of_class) == set(price) or level != "nodal"
    if not of_class:
        return Unserved(eue_mwh, eue_mwh)
    assert sum(of_class.values()) == pytest.approx(eue_mwh, rel=1e-9, abs=1e-6)
    return Unserved(eue_mwh, sum(price[name] * mwh for name, mwh in of_class.items()))


@pytest.mark.parametrize("level", ["copper", "zonal", "nodal"])
@pytest.mark.parametrize(
    ("change", "rise"),
    [(more_import, 1e-3), (more_water, 1e-3), (less_winter_load, ROUNDING)],
    ids=["import", "water", "load"],
)
def test_what_helps_never_hurts(change: Callable[..., Any], rise: float, level: str) -> None:
    helped = 0
    for case in range(CASES):
        rng = np.random.default_rng([case, len(level), len(change.__name__)])
        helping = change(rng)
        state = rng.bit_generator.state
        worse = unserved(random_system(rng, as_it_stands), level, case)
        rng.bit_generator.state = state
        better = unserved(random_system(rng, helping), level, case)
        assert better.weighted <= worse.weighted * (1 + ROUNDING) + ROUNDING, (case, worse, better)
        assert better.eue_mwh <= worse.eue_mwh * (1 + rise) + ROUNDING, (case, worse, better)
        helped += better.weighted < worse.weighted - 1.0
    assert helped > CASES / 2
