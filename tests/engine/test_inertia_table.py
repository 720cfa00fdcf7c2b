"""Inertia and headroom by hour, against the areas of the first minutes, and their metrics."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gridsim.engine.run import run
from gridsim.model.scenario import Horizon, Scenario
from gridsim.solvers.area_machines import LOAD_INERTIA_S
from gridsim.solvers.first_minutes import FirstMinutes
from tests.support.engine_cases import QUIET, START


def test_inertia_and_headroom_by_hand(two_areas) -> None:
    """coal_1: 500 / 0.85 MVA x 4 s, gas_1: 200 / 0.85 x 4 s, load 0.5 s. 0.0175 x coal_1's 200 MW; gas_1 is full."""
    system = two_areas()
    result = run(system, Scenario("calm", system.name, Horizon(START, 2.0), policy=QUIET))
    frame = result.frame("inertia").set_index(["time_h", "name"])
    north, south = frame.loc[(0.0, "north")], frame.loc[(0.0, "south")]
    assert north.inertia_gws == pytest.approx((4 * 500 / 0.85 + LOAD_INERTIA_S * 100) / 1e3)
    assert south.inertia_gws == pytest.approx((4 * 200 / 0.85 + LOAD_INERTIA_S * 300) / 1e3)
    assert north.headroom_mw == pytest.approx(0.35 * 0.05 * 200)
    assert south.headroom_mw == 0.0
    assert north.governor_mw_per_hz == pytest.approx(500 / (0.05 * 50) * 0.35)
    assert result.metric("inertia_gws_min").value == pytest.approx(north.inertia_gws + south.inertia_gws)
    assert result.metric("governor_headroom_mw_min", "north").value == pytest.approx(north.headroom_mw)


def test_it_is_what_the_swing_takes(two_areas) -> None:
    system = two_areas()
    result = run(system, Scenario("calm", system.name, Horizon(START, 1.0), policy=QUIET))
    minutes = FirstMinutes(system, result.points[0][1])
    machines = minutes.machines
    energy_mws = machines.group_inertia.sum() * system.f_hz / 2 + LOAD_INERTIA_S * minutes.load_mw.sum()
    rows = result.frame("inertia")
    assert rows.inertia_gws.sum() == pytest.approx(energy_mws / 1e3)
    assert rows.headroom_mw.sum() == pytest.approx(float(np.maximum(machines.group_up_mw, 0).sum()))


def test_secure_losses_of_every_hour_where_asked_for(two_areas) -> None:
    system = two_areas()
    asked = replace(QUIET, secure_losses=True)
    result = run(system, Scenario("calm", system.name, Horizon(START, 2.0), policy=asked))
    rows, made = result.frame("secure_losses"), result.secure_losses(every_point=True)
    assert rows.time_h.unique().tolist() == [0.0, 1.0]
    assert rows.name.tolist() == made.area.tolist()
    for column in ("island", "secure_loss_mw", "island_secure_loss_mw", "inertia_gws", "headroom_mw"):
        assert rows[column].tolist() == made[column].tolist(), column
    assert result.metric("secure_loss_mw").value == rows.island_secure_loss_mw.min() > 0


def test_no_secure_losses_unasked(two_areas) -> None:
    system = two_areas()
    result = run(system, Scenario("calm", system.name, Horizon(START, 2.0), policy=QUIET))
    assert result.frame("secure_losses").empty
    with pytest.raises(KeyError):
        result.metric("secure_loss_mw")
