"""Redispatch by hand on the two-area system: spill and what storages can give."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.engine_cases import Stages, outage, p_mw


def test_output_of_a_machine_is_net_of_what_it_spills(two_areas):
    def idle_factory(tables):
        tables["loads"] = [load for load in tables["loads"] if load["name"] != "s1_factory"]
        tables["loads"][1]["p_mw"] = 120

    stages = Stages(two_areas(idle_factory))
    for line in ("n1_s1", "n2_s1"):
        stages.state.begin(outage("lines", line))
    # gas_1 must run at 200 MW, the South alone takes 120: 80 MW are spilled, 120 MW reach the grid.
    interval = stages.resolve(0)
    dispatch, gas_1 = interval.dispatch, stages.state.system.generators.position("gas_1")
    assert p_mw(stages, interval, "gas_1") == pytest.approx(120)
    assert dispatch.p_main_mw[gas_1] == pytest.approx(120) and dispatch.spilled_mw[gas_1] == pytest.approx(80)
    assert dispatch.p_gen_mw.sum() == pytest.approx(dispatch.load_mw.sum()) == pytest.approx(220)
    assert dispatch.available_mw[gas_1] == pytest.approx(200)


def test_a_storage_holds_for_its_energy_over_what_it_takes_out(two_areas):
    def battery(tables):
        tables["storages"] = [
            {"name": "battery", "bus": "s1", "p_charge_mw": 0, "p_discharge_mw": 50, "energy_mwh": 30,
             "efficiency_charge": 1, "efficiency_discharge": 0.8, "energy_start_share": 1},
        ]  # fmt: skip

    stages = Stages(two_areas(battery))
    redispatcher, quiet = stages.operator.redispatcher, stages.resolve(0)
    assert redispatcher.holds_s(quiet.dispatch, np.array([30.0])) == np.inf
    stages.at(1).state.begin(outage("lines", "n1_s1"))
    # 40 MW short are 40 MW out of the battery, which draw 50 MW of its energy: 30 MWh last 36 minutes.
    short = stages.resolve(1).dispatch
    assert short.p_storage_mw == pytest.approx([40])
    assert redispatcher.holds_s(short, np.array([30.0])) == 36 * 60
    assert redispatcher.can_discharge(np.array([30.0])).tolist() == [True]
    # A second at 50 MW is 50 / 3,600 = 0.0139 MWh at the bus, 0.0174 MWh held.
    assert redispatcher.can_discharge(np.array([0.0175])).tolist() == [True]
    assert redispatcher.can_discharge(np.array([0.0173])).tolist() == [False]
