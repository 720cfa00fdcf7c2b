"""Reference kernel of ``kernels.heat``: one city, from docs/heat.md."""

from __future__ import annotations

from typing import NamedTuple


class CityHour(NamedTuple):
    """A city in one hour; MW of heat. ``machines_share``: of the heat of its machines; gas in MW of heat."""

    outdoor_c: float
    design_c: float
    peak_mw: float
    chp_mw: float
    surplus: float
    boilers_mw: float
    machines_share: float
    alive: bool
    plants_asked_mw: float
    plants_got_mw: float
    lost_in_pipes: float


def district_reference(city: CityHour) -> tuple[float, float]:
    """(asked for, delivered) on the district network."""
    degrees = max(20.0 - city.outdoor_c, 0.0) / (20.0 - city.design_c)
    season = city.outdoor_c < 8.0
    asked = city.peak_mw * min(max(degrees if season else 0.0, 0.15), 1.0)
    sources = []
    if city.alive:
        sources.append(city.chp_mw * min(city.machines_share * city.surplus, 1.0))
        burnt = min(city.plants_got_mw, city.plants_asked_mw)
        if city.boilers_mw > 0:
            sources.append(city.boilers_mw * (burnt / city.plants_asked_mw if city.plants_asked_mw > 0 else 1.0))
        fed = min(sum(sources), asked)
        if city.boilers_mw == 0:
            fed += burnt
    else:
        fed = 0.0
    if city.boilers_mw == 0:
        asked += city.plants_asked_mw
    return asked, fed * (1.0 - city.lost_in_pipes)
