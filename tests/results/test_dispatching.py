"""The public dispatch and screening: by hand on the two-area system of conftest, and what they refuse."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from pathlib import Path

import numpy as np
import pytest

import gridsim
from gridsim.errors import StudyError
from gridsim.solvers.operating_point import base_point
from gridsim.weather.normal import NormalWeather


def value(frame, name: str, column: str) -> float:
    return float(frame.loc[frame["name"] == name, column].iloc[0])


def test_dispatch_by_hand(two_areas):
    # South 300 MW: gas at 25 would serve 200, but coal at 10 comes first up to the section's 150.
    result = gridsim.dispatch(two_areas())
    assert value(result.interfaces, "north_south", "flow_mw") == pytest.approx(150)
    assert value(result.generators, "coal_1", "p_mw") == pytest.approx(250)
    assert value(result.generators, "gas_1", "p_mw") == pytest.approx(150)
    assert result.cost == pytest.approx(250 * 10 + 150 * 25) and result.unserved_mw == pytest.approx(0)
    # One more MW in the North costs 10, in the South 25; the section is worth the difference.
    assert value(result.buses, "n1", "price") == pytest.approx(10, abs=1e-6)
    assert value(result.buses, "s1", "price") == pytest.approx(25, abs=1e-6)
    assert value(result.interfaces, "north_south", "price") == pytest.approx(15, abs=1e-6)


@pytest.mark.parametrize(
    ("at", "month", "hour"),
    [(None, 1, dt.datetime(2001, 1, 15, 18)), (None, 7, dt.datetime(2001, 7, 16, 18)),
     ("2026-07-14 13:00", 1, dt.datetime(2026, 7, 14, 13)),
     (dt.datetime(2026, 4, 4, 3), 1, dt.datetime(2026, 4, 4, 3))],
)  # fmt: skip
def test_a_moment_has_the_load_sun_wind_water_and_losses_of_its_hour(kazakhstan, at, month, hour):
    system = dataclasses.replace(kazakhstan, base_year=2001)
    result = gridsim.dispatch(system, at=at, month=month)
    inputs = NormalWeather(system).at(hour)
    np.testing.assert_allclose(result.loads["demand_mw"], inputs.load_mw)
    gens = system.generators
    able_mw = np.where(gens.in_service, gens.p_max_mw * inputs.gen_share, 0.0)
    np.testing.assert_allclose(result.generators["available_mw"][: len(gens)], able_mw)
    served_mw = result.loads["demand_mw"].sum() - result.unserved_mw - result.loads["price_response_mw"].sum()
    assert result.generators["p_mw"].sum() == pytest.approx(served_mw * (1.0 + system.loss_share), rel=1e-6)


def test_there_is_no_sun_at_the_evening_peak(kazakhstan):
    sun = kazakhstan.generators.driven_by("solar")
    assert sun.sum() > 10
    evening = gridsim.dispatch(kazakhstan).generators["p_mw"].to_numpy()[: len(sun)]
    noon = gridsim.dispatch(kazakhstan, at="2026-07-14 13:00").generators["p_mw"].to_numpy()[: len(sun)]
    assert evening[sun].sum() == pytest.approx(0.0, abs=1e-6) and noon[sun].sum() > 500.0


def test_losses_are_added_and_the_unserved_is_at_the_bus(two_areas):
    result = gridsim.dispatch(two_areas(loss_share=0.1), outages=["gas_1"])
    # 150 MW come through the section: 150 / 1.1 of the South's 300 MW are served
    assert result.unserved_mw == pytest.approx(300 - 150 / 1.1, abs=1e-4)
    assert value(result.generators, "coal_1", "p_mw") == pytest.approx(150 + 110)


def test_outage_and_names(two_areas):
    result = gridsim.dispatch(two_areas(), outages=["n1_s1", "gas_1"], demand_mw={"s1_homes": 50})
    # 60 MW through what is left, 150 asked: homes 50 and 10 of the factory are served.
    assert result.unserved_mw == pytest.approx(90, abs=1e-4)
    assert value(result.loads, "s1_factory", "unserved_mw") == pytest.approx(90, abs=1e-4)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"outages": ["n1_s2"]}, "n1_s1"),
        ({"available_mw": {"coal": 3}}, "coal_1"),
        ({"demand_mw": [1.0, 2.0]}, "3 values"),
        ({"demand_mw": {"s1_homes": -1}}, ">= 0"),
        ({"available_mw": {"coal_1": float("nan")}}, "finite"),
        ({"available_mw": {"coal_1": "much"}}, "coal_1.*not a number"),
        ({"demand_mw": "much"}, "demand_mw.*not a number"),
        ({"outages": "n1_s1"}, "list of names"),
        ({"imports": "some"}, "imports"),
        ({"month": 0}, "month"),
        ({"month": 3, "at": "2026-01-14 18:00"}, "month: 3 beside at"),
        ({"at": "noon"}, "at: 'noon' is not a local time"),
        ({"at": 18}, "at: int is not a datetime"),
    ],
)
def test_dispatch_refuses(two_areas, arguments, words):
    with pytest.raises(StudyError, match=words):
        gridsim.dispatch(two_areas(), **arguments)


def test_screen_frame_names_the_worst_and_gives_the_verdict(two_areas):
    frame = gridsim.screen(two_areas(), ac=False)
    assert set(frame["kind"]) == {"none", "line", "generator"} and len(frame) == 1 + 3 + 2
    assert frame.attrs["n1_secure"] is False
    trip = frame[frame["name"] == "n1_s1"].iloc[0]
    # gas_1 must run at its 200 MW, so the section carries 100: over its 60 MW with one circuit out.
    assert trip["worst_section"] == "north_south" and not trip["secure"]
    assert trip["worst_section_percent"] == pytest.approx(100 * 100 / 60, rel=1e-6)


@pytest.mark.parametrize(
    ("name", "edit", "words"),
    [
        ("p_gen_mw", lambda mw: mw[:1], "p_gen_mw: shape .* give 2 values"),
        ("p_load_mw", lambda mw: mw * float("nan"), "p_load_mw: nan"),
        ("branch_out", lambda _: np.array([99]), "branch_out: .*99"),
    ],
)
def test_screen_refuses_a_point_that_does_not_fit(two_areas, name, edit, words):
    system = two_areas()
    point = base_point(system)
    with pytest.raises(StudyError, match=words):
        gridsim.screen(system, point._replace(**{name: edit(getattr(point, name))}), ac=False)


def test_screen_refuses_a_month_that_is_none(two_areas):
    with pytest.raises(StudyError, match="month"):
        gridsim.screen(two_areas(), ac=False, month=13)


def test_the_example_of_the_docs_prints_what_it_says(capsys):
    page = (Path(__file__).parents[2] / "docs" / "simulator.md").read_text(encoding="utf-8")
    code, printed = re.search(r"```python\n(.*?)```\n\n```text\n(.*?)```", page, re.DOTALL).groups()
    exec(code, {})
    assert capsys.readouterr().out == printed
