"""Heat of cities and power of nuclear sites: the drawn numbers are those of the tables."""

from __future__ import annotations

import datetime as dt
import re
from types import SimpleNamespace

import numpy as np
import pytest

from gridsim.engine.run import run
from gridsim.errors import StudyError
from gridsim.model.scenario import Horizon, Scenario
from gridsim.plot import all_of, heat_by_city, nuclear_supply
from gridsim.report.documents import page_of
from gridsim.report.figures import site_figures
from gridsim.report.html import html_of
from tests.support.cases import build_two_areas
from tests.support.engine_cases import QUIET

HOURS = {"time_h": np.arange(4.0), "duration_h": np.ones(4), "name": np.full(4, "all")}


def drawn(**tables):
    return SimpleNamespace(start=dt.datetime(2026, 1, 14), tables={"zones": HOURS, **tables}, system=None, estimates=())


def heat_table():
    """Hours 1 and 2: a district of <west> lacks 100 and 50 MW; in hour 2 its homes lack 20 MW and are the coldest."""
    return {
        "time_h": np.array([1.0, 2.0, 2.0, 2.0]),
        "duration_h": np.ones(4),
        "name": np.array(["<west>", "<west>", "<west>", "east"]),
        "group": np.array(["district", "district", "homes", "district"]),
        "unserved_mw": np.array([100.0, 50.0, 20.0, 5.0]),
        "indoor_c": np.array([18.0, 15.0, 6.0, 19.0]),
    }


def test_heat_of_each_city_is_that_of_the_table():
    figure = site_figures.heat_by_city(drawn(heat=heat_table()))
    titles = dict(re.findall(r"<title>([^:]*): ([\d,.]+) MWh of heat</title>", figure.svg))
    assert titles == {"&lt;west&gt;": "170", "East": "5"}


def test_homes_are_as_cold_as_the_coldest_group():
    run_, names = drawn(heat=heat_table()), heat_table()["name"]
    when = heat_table()["time_h"].astype(int)
    chart = site_figures._indoor(run_, ["<west>"], when, names, (HOURS["time_h"], HOURS["time_h"] + 1.0))
    assert chart.y == (5.0, 19.0)  # 6 °C of its homes and 18 °C of its district, a kelvin of air
    assert f"{chart.px(2.0):.1f} {chart.py(6.0):.1f}H" in "".join(chart.parts)


def test_cities_beyond_eight_are_drawn_as_one():
    n = 11
    table = {
        "time_h": np.zeros(n),
        "duration_h": np.ones(n),
        "name": np.array([f"c{number:02d}" for number in range(n)]),
        "unserved_mw": 1.0 + np.arange(n, dtype=float),
        "indoor_c": np.full(n, 10.0),
    }
    titles = re.findall(r"<title>([^:]*): ([\d,.]+) MWh", site_figures.heat_by_city(drawn(heat=table)).svg)
    assert titles[0] == ("C10", "11") and titles[-1] == ("3 more", "6") and len(titles) == 9


def nuclear_table():
    """Two sites over four hours: one loses a way, then all of them for two hours; the other keeps three."""
    return {
        "time_h": np.tile(np.arange(4.0), 2),
        "duration_h": np.ones(8),
        "name": np.repeat(["reactor_a", "store"], 4),
        "live_paths": np.array([2, 1, 0, 0, 3, 3, 3, 3]),
        "alive": np.array([True, True, False, False, True, True, True, True]),
        "backup_left_h": np.array([1.0, 1.0, 0.5, 0.0, np.nan, np.nan, np.nan, np.nan]),
    }


def test_a_site_shows_its_ways_its_backup_and_its_hours_without():
    figure = site_figures.nuclear_supply(drawn(nuclear=nuclear_table()))
    spells = re.findall(r"<title>([^<]*)</title>", figure.svg)
    assert spells == [
        "Reactor a: two ways or more, 1 h",
        "Reactor a: one way, 1 h",
        "Reactor a: none, on backup, 1 h",
        "Reactor a: none, backup spent, 1 h",
        "Store: two ways or more, 4 h",
    ]
    assert "2 h without, backup 0 h" in figure.svg and "at least 3 ways<" in figure.svg


def test_supply_that_changed_is_told():
    table = nuclear_table()
    assert site_figures.is_nuclear_supply_hurt(drawn(nuclear=table))
    steady = {**table, "live_paths": np.array([2, 2, 2, 2, 3, 3, 3, 3])}
    assert not site_figures.is_nuclear_supply_hurt(drawn(nuclear=steady))


def test_what_a_run_lacks_is_named_on_its_page():
    result = run(build_two_areas(), Scenario("calm", "two_areas", Horizon(dt.datetime(2026, 1, 14), 2), policy=QUIET))
    assert not {"heat_by_city", "nuclear_supply"} & set(all_of(result))
    page = html_of(page_of(result))
    assert "Not in this run:" in page and "heat by city (" in page and "power of nuclear sites (" in page
    for figure_of, words in ((heat_by_city, "no heated city"), (nuclear_supply, "no nuclear site")):
        with pytest.raises(StudyError, match=words):
            figure_of(result)
