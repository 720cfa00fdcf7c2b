"""Named sections at zonal level: limits by circuits out and season, skipping, and sections that areas do not see."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from gridsim.model.scenario import Imports
from gridsim.reliability import (
    AdequacySystem,
    SequentialMonteCarlo,
    SnapshotMonteCarlo,
    assess,
    system_from_frames,
    system_from_grid,
)
from gridsim.reliability.areas import areas_of
from gridsim.reliability.exact import not_exact_because
from gridsim.reliability.methods import Level
from gridsim.reliability.nodal import NodalYears
from gridsim.reliability.plain_detail import plain_detail
from gridsim.reliability.samplers import ZonalYears

FORWARD, BACKWARD = True, False


def with_section(
    system: AdequacySystem,
    members: dict[str, float],
    limits: list[tuple[bool, int, int, float]],
    area_of: dict[str, str],
    winter_h: int = 0,
) -> AdequacySystem:
    """Areas by bus and one named section; limits are direction, circuits out, season and MW."""
    areas = tuple(dict.fromkeys(area_of.values()))
    n = len(limits)
    detail = dataclasses.replace(
        plain_detail(system),
        interface_start=np.array([0, len(members)], dtype=np.int32),
        interface_branch=np.array([system.branch_name.index(name) for name in members], dtype=np.int32),
        interface_sign=np.array(list(members.values())),
        limit_interface=np.zeros(n, dtype=np.int32),
        limit_is_forward=np.array([limit[0] for limit in limits]),
        limit_lines_out=np.array([limit[1] for limit in limits], dtype=np.int32),
        limit_season=np.array([limit[2] for limit in limits], dtype=np.int32),
        limit_mw=np.array([limit[3] for limit in limits]),
        is_winter=np.arange(system.n_hours) < winter_h,
    )
    bus_area = np.array([areas.index(area_of[bus]) for bus in system.buses], dtype=np.int32)
    return dataclasses.replace(system, areas=areas, knows_areas=True, bus_area=bus_area, detail=detail)


def two_circuits(winter_h: int = 0) -> AdequacySystem:
    """150 MW at x, 120 MW of load at y, two circuits of 90 MW out a tenth of the time, the second drawn from y to x.

    Section x to y: 100 MW, 40 with a circuit out, 60 in winter whatever is in service."""
    units = pd.DataFrame({"name": ["g"], "bus": "x", "p_max_mw": [150.0]})
    branches = pd.DataFrame(
        {
            "name": ["one", "two"],
            "from_bus": ["x", "y"],
            "to_bus": ["y", "x"],
            "x_pu": 0.1,
            "limit_mw": 90.0,
            "mttf_h": 90.0,
            "mttr_h": 10.0,
        }
    )
    system = system_from_frames(units, pd.DataFrame({"x": np.zeros(48), "y": np.full(48, 120.0)}), branches=branches)
    limits = [(FORWARD, 0, 0, 100.0), (FORWARD, 1, 0, 40.0), (FORWARD, 0, 1, 60.0), (BACKWARD, 0, 0, 10.0)]
    return with_section(system, {"one": 1.0, "two": -1.0}, limits, {"x": "a", "y": "b"}, winter_h)


def test_limits_by_circuits_out_and_season() -> None:
    """Rows: summer 100, 40 and with both circuits out 0; winter 60, 40, 0; backward 10, 10, 0."""
    areas = areas_of(two_circuits(winter_h=24), merged=False)
    assert (areas.interface_from.tolist(), areas.interface_to.tolist()) == ([0], [1])
    assert areas.scheme_start.tolist() == [0, 3]
    assert areas.forward_mw[areas.limit_row[[0, 47]]].tolist() == [[60.0, 40.0, 0.0], [100.0, 40.0, 0.0]]
    assert areas.backward_mw.tolist() == [[10.0, 10.0, 0.0]] * 2


@pytest.mark.parametrize("winter_h", [0, 24])
def test_shortage_follows_the_sampled_circuits(winter_h: int) -> None:
    """Of 120 MW 20 are short intact (60 in winter), 80 with a circuit out, all with both, 0.81, 0.18, 0.01 of the time.

    0.81 * 20 + 0.18 * 80 + 0.01 * 120 = 31.8 MW in summer, 0.81 * 60 + 0.18 * 80 + 0.01 * 120 = 64.2 MW in winter."""
    expected = 31.8 if winter_h == 0 else (31.8 + 64.2) / 2
    system = two_circuits(winter_h)
    for method in (SequentialMonteCarlo(years=8000, level="zonal"), SnapshotMonteCarlo(samples=80_000, level="zonal")):
        result = assess(system, method)
        assert abs(result["EPNS"].value - expected) < 4.5 * result["EPNS"].stderr
        assert result["EPNS"].stderr < 0.01 * expected
        assert result["EUE", "zone:b"].value == pytest.approx(result["EUE"].value)


def triangle(area_of: dict[str, str], n_hours: int = 24 * 60) -> AdequacySystem:
    """Three buses; section from bus 1 into 2 and 3."""
    hours = np.arange(n_hours)
    swing = 1.0 + 0.4 * np.sin(hours / 24 * 2 * np.pi)
    load = pd.DataFrame({"1": 10.0 * swing, "2": 35.0 * swing, "3": 30.0 * swing})
    units = pd.DataFrame(
        {
            "name": ["a", "b", "c", "d"],
            "bus": ["1", "1", "2", "3"],
            "p_max_mw": [80.0, 60.0, 20.0, 20.0],
            "mttf_h": 200.0,
            "mttr_h": 15.0,
        }
    )
    branches = pd.DataFrame(
        {
            "name": ["l12", "l13", "l23"],
            "from_bus": ["1", "3", "2"],
            "to_bus": ["2", "1", "3"],
            "x_pu": 0.1,
            "limit_mw": [60.0, 60.0, 25.0],
            "mttf_h": 150.0,
            "mttr_h": 12.0,
        }
    )
    system = system_from_frames(units, load, branches=branches)
    limits = [(FORWARD, 0, 1, 60.0), (FORWARD, 0, 2, 75.0), (FORWARD, 1, 0, 35.0), (BACKWARD, 0, 0, 50.0)]
    return with_section(system, {"l12": 1.0, "l13": -1.0}, limits, area_of, winter_h=n_hours // 3)


def test_skipping_changes_no_bit_with_sections() -> None:
    system = triangle({"1": "north", "2": "south", "3": "south"})
    on, on_events, _ = ZonalYears(system, 1, True, merged=False).run(0, 100)
    off, off_events, _ = ZonalYears(system, 1, False, merged=False).run(0, 100)
    assert on.tobytes() == off.tobytes()
    assert on_events.tobytes() == off_events.tobytes()
    assert 1.0 < on[:, 0, 0].mean() < 0.5 * system.n_hours


def test_a_section_through_several_pairs_of_areas_leaves_the_ratings() -> None:
    areas = areas_of(triangle({"1": "north", "2": "south", "3": "west"}), merged=False)
    assert areas.scheme_start.tolist() == [0, 2, 4, 6]
    assert areas.forward_mw[0].tolist() == [60.0, 0.0, 60.0, 0.0, 25.0, 0.0]
    inside = areas_of(triangle({"1": "north", "2": "north", "3": "south"}), merged=False)
    assert [component.name for component in inside.circuit_component] == ["l13", "l23"]


def fenced_site(section: dict[str, float], limits: list[tuple[bool, int, int, float]]) -> AdequacySystem:
    """A site of 100 MW and 20 MW of load behind one line of 70 MW, a town of 120 MW with 40 MW, both in one zone."""
    units = pd.DataFrame({"name": ["own", "town"], "bus": ["s", "t"], "p_max_mw": [100.0, 40.0]})
    branches = pd.DataFrame(
        {"name": ["out", "round"], "from_bus": ["s", "t"], "to_bus": ["t", "u"], "x_pu": 0.1, "limit_mw": [70.0, 300.0]}
    )
    load = pd.DataFrame({"s": np.full(48, 20.0), "t": np.full(48, 120.0), "u": np.zeros(48)})
    system = system_from_frames(units, load, branches=branches)
    return with_section(system, section, limits, dict.fromkeys("stu", "zone"), winter_h=48)


def test_a_site_gives_its_zone_what_its_fence_lets_out() -> None:
    """Of 120 MW the town has 40 and what comes out: 30 by the fence, 70 by the line's rating where no limit stands."""
    for limits, short_mw in (([(FORWARD, 0, 0, 30.0)], 50.0), ([], 10.0)):
        system = fenced_site({"out": 1.0}, limits)
        areas = areas_of(system, merged=False)
        assert areas.area_zone.tolist() == [0, 0]
        assert areas.bus_area.tolist() == [1, 0, 0]
        years = ZonalYears(system, 1, True, merged=False)
        total = years.run(0, 3).total
        assert years.scopes[:2] == ("system", "zone:zone")
        np.testing.assert_allclose(total[:, :2, 3], 48 * short_mw)
        nodal = NodalYears(system, 1, True).run(0, 3).total[:, 0, 3]
        np.testing.assert_allclose(nodal, 48 * short_mw)
        assert "cuts" in str(not_exact_because(system, Level.ZONAL))


def test_a_section_beside_another_path_cuts_nothing() -> None:
    """Removed, it leaves its ends joined round about: the zone stays one area."""
    areas = areas_of(triangle(dict.fromkeys("123", "zone")), merged=False)
    assert areas.n_areas == 2  # both members out leave bus 1 alone
    assert areas.bus_area.tolist() == [1, 0, 0]
    one_member = with_section(triangle(dict.fromkeys("123", "zone")), {"l12": 1.0}, [], dict.fromkeys("123", "zone"), 0)
    assert areas_of(one_member, merged=False).n_areas == 1


def test_line_ratings_by_the_hour_limit_what_is_left() -> None:
    system = two_circuits()
    assert system.detail is not None
    factor = np.where(np.arange(48) < 24, 0.5, 1.0)[:, None]
    detail = dataclasses.replace(
        system.detail, branch_rating=np.array([0, -1], dtype=np.int32), rating_factor=np.ascontiguousarray(factor)
    )
    areas = areas_of(dataclasses.replace(system, detail=detail), merged=False)
    # circuits of 45 and 90 MW: 135 intact (the section's 100 hold), 90 for the stronger one (the section's 40 hold)
    assert areas.forward_mw[areas.limit_row[[0, 47]]].tolist() == [[100.0, 40.0, 0.0]] * 2
    bare = dataclasses.replace(detail, limit_mw=np.full(4, 1e3))
    areas = areas_of(dataclasses.replace(system, detail=bare), merged=False)
    assert areas.forward_mw[areas.limit_row[[0, 47]]].tolist() == [[135.0, 90.0, 0.0], [180.0, 90.0, 0.0]]


@pytest.mark.parametrize(
    ("section_mw", "north", "south"),
    [
        (400.0, 50.0 / 3.0, 100.0 + 100.0 / 3.0),  # furnaces of the south, then a sixth of the homes of both
        (60.0, 10.0, 140.0),  # the north can send 10 MW more than its 50 MW to spare
        (50.0, 0.0, 150.0),
    ],
)
@pytest.mark.parametrize("method", [SequentialMonteCarlo, SnapshotMonteCarlo])
def test_zones_of_a_network_share_what_the_section_lets_them(two_areas, section_mw, north, south, method) -> None:  # type: ignore[no-untyped-def]
    """North: 150 MW for 100 MW of homes. South: 100 MW for 200 MW of homes and 100 MW of a factory, shed first."""

    def short(tables):  # type: ignore[no-untyped-def]
        tables["generators"][0]["p_max_mw"] = 150
        tables["generators"][1].update(p_max_mw=100, p_min_mw=0, must_run="false")
        tables["interface_limits"] = [
            {"interface": "north_south", "direction": "forward", "normal_mw": section_mw},
        ]
        tables["load_classes"][1]["people"] = "true"

    system = system_from_grid(two_areas(short), Imports.NONE)
    found = {}
    for level in ("zonal", "nodal"):
        size = {"years": 1} if method is SequentialMonteCarlo else {"samples": 4}
        result = assess(system, method(level=level, **size))
        found[level] = [result["EPNS", scope].value for scope in ("system", "zone:north", "zone:south")]
        # the factory's 100 MW go first, at 1 USD/kWh; the other 50 MW are of homes, at 5
        assert result["EPNS", "people"].value == pytest.approx(50.0, abs=1e-3)
        assert result["NEUE", "people"].value == pytest.approx(1e6 * 50.0 / 300.0, rel=1e-4)
        assert set(result.metrics["scope"]) >= {"people"} and "unserved_cost_usd" not in set(result.metrics["scope"])
        if level == "nodal":
            worth = result["unserved_cost_usd"].value / system.n_hours
            assert worth == pytest.approx(100.0 * 1_000.0 + 50.0 * 5_000.0, rel=1e-5)
    assert found["zonal"] == pytest.approx([150.0, north, south], abs=1e-3)
    # the dispatch at buses sheds a class in eighths of its load: here of the 100 MW of homes of the north
    assert found["nodal"] == pytest.approx(found["zonal"], abs=100.0 / 8.0)
    assert found["nodal"][0] == pytest.approx(found["zonal"][0], abs=1e-3)
