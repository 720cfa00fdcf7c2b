"""Order in which dead areas are carried, frequencies that ramps bring back, conditions of a tie."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gridsim.solvers.operating_point import idle_point
from gridsim.solvers.restoration import DeadAreas, Frequencies, Tie, may_close, restoration_order, standing


def dead_areas(alive, *, hydro=(), house=(), ties=(), crew=None):
    n = len(alive)

    def marked(areas):
        return np.isin(np.arange(n), areas)

    ends = np.array(ties, dtype=np.int32).reshape(-1, 2)
    crews = np.arange(n) if crew is None else np.array(crew)
    load_mw = 100.0 + np.arange(n)
    crews = crews.astype(np.int32)
    return DeadAreas(np.array(alive), load_mw, marked(hydro), marked(house), crews, ends[:, 0], ends[:, 1])


def told(dead):
    return [(carried.area, carried.at_h, carried.source) for carried in restoration_order(dead, 0.25)]


def test_a_neighbour_comes_before_hydro_and_hydro_before_house_load():
    one = dead_areas([True, False, False, False], hydro=(1, 2), house=(3,), ties=((0, 1),))
    assert told(one) == [(1, 1.25, "a neighbour"), (2, 1.75, "hydro"), (3, 2.75, "house load")]


def test_areas_follow_each_other_along_ties():
    """0 starts by hydro at 0.25 + 1.5; its neighbour an hour later, and the next one an hour after that."""
    chain = dead_areas([False, False, False], hydro=(0,), ties=((0, 1), (1, 2)))
    assert told(chain) == [(0, 1.75, "hydro"), (1, 2.75, "a neighbour"), (2, 3.75, "a neighbour")]


def test_one_crew_works_at_one_area_the_larger_load_first():
    star = dead_areas([True, False, False], ties=((0, 1), (0, 2)), crew=[0, 1, 1])
    assert told(star) == [(2, 1.25, "a neighbour"), (1, 2.25, "a neighbour")]


def test_an_area_with_nothing_is_carried_last():
    assert told(dead_areas([True, False])) == [(1, 6.25, "nothing")]


def test_ramps_bring_frequency_back_after_the_operator():
    after = Frequencies(
        3600, 900.0, np.zeros(1, np.int32), np.ones(3), 50.0, np.array([49.4, 50.3, 0.0]), np.full(3, 0.001)
    )
    assert after.hz(3600 + 900)[:2].tolist() == [49.4, 50.3]
    assert after.hz(3600 + 1200)[:2] == pytest.approx([49.7, 50.0])
    assert after.hz(9e9)[:2].tolist() == [50.0, 50.0]
    assert math.isnan(after.hz(9e9)[2])


@pytest.mark.parametrize(
    ("tie", "difference_hz", "refused"),
    [
        (Tie(False, 0.0, 0.0), 0.09, ""),
        (Tie(False, 0.0, 0.0), 0.11, "frequencies differ by 0.11 Hz"),
        (Tie(True, 29.0, 90.0), 0.0, ""),
        (Tie(True, 31.0, 90.0), 0.0, "the angle across it is 31 degrees"),
        (Tie(True, 29.0, 110.0), 0.0, "it would carry 110 of 100 MW"),
    ],
)
def test_a_tie_closes_where_frequency_angle_and_flow_allow(tie, difference_hz, refused):
    assert may_close(tie, difference_hz, 100.0) == refused


def test_the_angle_and_flow_of_an_open_line(two_areas):
    """100 MW go n1 - s1 with n2_s1 open. x of 100 km is 2a, of 50 km a: closed, n1-n2-s1 is 3a beside 2a.

    It then takes 2/5 of 100 MW. Across the open end stands the drop of n1_s1, 100 MW x 2a.
    """
    system = two_areas()
    point = idle_point(system)
    p_mw = np.zeros(len(system.generators))
    p_mw[system.generators.position("coal_1")] = 100.0
    load_mw = np.zeros(len(system.loads))
    load_mw[system.loads.position("s1_homes")] = 100.0
    branch = int(np.flatnonzero(system.branch_name == "n2_s1")[0])
    point = point._replace(p_gen_mw=p_mw, p_load_mw=load_mw, branch_out=np.array([branch], dtype=np.int32))
    tie = standing(system, point, 0.0, branch)
    x_of_100_km = 0.3 * 100 / 500**2  # ohm over kV^2: radians per MW
    assert tie.same_island
    assert tie.angle_degree == pytest.approx(math.degrees(100 * x_of_100_km))
    assert tie.flow_mw == pytest.approx(40.0)
