"""Largest loss that automation does not answer: by hand, by search, as a table."""

from __future__ import annotations

import numpy as np
import pytest

from gridsim.results.secure_loss import secure_loss_frame
from gridsim.solvers.automation_rules import EVENT, SHED, Loss, Rule
from gridsim.solvers.first_minutes import FirstMinutes
from gridsim.solvers.operating_point import base_point
from gridsim.solvers.secure_loss import AreaSecurity, largest_that, least_of_island, security_of
from tests.engine.test_first_minutes import with_stages
from tests.support.swing_networks import three_areas

STAGE = (Rule("stage", "frequency_hz", 49.5, 0.1, SHED, share=0.1),)


def test_search() -> None:
    """Within 2 % from below; all of it where all holds, nothing where nothing does."""
    assert 294.0 < largest_that(lambda mw: mw <= 300.0, 1000.0) <= 300.0
    assert largest_that(lambda mw: True, 1000.0) == 1000.0
    assert largest_that(lambda mw: False, 1000.0) == 0.0


def test_the_loss_is_the_last_one_that_rules_do_not_answer() -> None:
    """At the largest loss nothing acts, at one of 5 % more the stage does; inertia is of machines and loads."""
    system, point = three_areas()
    rows = {row.area: row for row in security_of(system, point, STAGE)}
    minutes = FirstMinutes(system, point)
    for area, bus in (("a", "a"), ("b", "b")):
        mw = rows[area].secure_loss_mw
        assert mw > 0
        quiet, loud = (minutes.run(STAGE, (Loss(bus=bus, mw=-factor * mw),)) for factor in (1.0, 1.05))
        assert {operation.rule for operation in quiet.operations} == {EVENT}
        assert "stage" in {operation.rule for operation in loud.operations}
    inertia = minutes.machines.group_inertia.sum() * system.f_hz / 2e3 + 0.5 * minutes.load_mw.sum() / 1e3
    assert rows["a"].island_inertia_gws == pytest.approx(inertia)
    assert sum(row.inertia_gws for row in rows.values()) == pytest.approx(inertia)


def test_table(two_areas) -> None:
    system = two_areas(with_stages)
    point = base_point(system)
    frame = secure_loss_frame(system, [(0.0, point), (1.0, point)])
    assert frame["time_h"].unique().tolist() == [0.0, 1.0]
    changed = secure_loss_frame(system, [(0.0, point), (1.0, point)], every_point=False)
    assert changed["time_h"].unique().tolist() == [0.0]
    smallest = frame.groupby("time_h")["secure_loss_mw"].min()
    assert np.allclose(frame["island_secure_loss_mw"], smallest.iloc[0])


def test_an_area_that_may_lose_all_says_nothing_about_its_island() -> None:
    """Of areas that give 6, 400 and 300 MW the first may lose all, the others 250 and 200: the island holds 200."""

    def area(name: str, output_mw: float, secure_mw: float) -> AreaSecurity:
        return AreaSecurity(name, 0, 0.0, 0.0, 0.0, 0.0, output_mw, secure_mw)

    small, large, third = area("small", 6.0, 6.0), area("large", 400.0, 250.0), area("third", 300.0, 200.0)
    assert least_of_island([small, large, third]) == 200.0
    assert least_of_island([small, area("other", 50.0, 50.0)]) == 50.0
