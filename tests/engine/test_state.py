"""GridState: what is true now, by hand on the two-area system and without SimPy."""

from __future__ import annotations

import numpy as np
import pytest

from gridsim.engine.views import NothingYet
from tests.support.engine_cases import Stages, outage


def test_begin_and_end_are_logged_asked_for_and_told(two_areas):
    stages = Stages(two_areas())
    stages.resolve(0)
    state, trip = stages.at(2).state, outage("lines", "n1_s1", 4)
    logged = state.begin(trip)
    assert state.log.changes[logged].component == "lines:n1_s1" and state.sudden
    assert stages.agenda.armed[-1] == trip.id and stages.agenda.changes == [(trip.id, False, logged)]
    assert state.disturbances.conditions().branch_out.sum() == 1
    stages.at(6)
    state.end(trip)
    assert not state.disturbances.active and stages.agenda.changes[-1][:2] == (trip.id, True)
    assert [c.to_state for c in state.log.changes if c.component == "lines:n1_s1"][-1] == "normal"


def test_changes_at_the_start_are_foreseen(two_areas):
    stages = Stages(two_areas())
    stages.state.begin(outage("lines", "n1_s1"))
    assert not stages.state.sudden


def test_advance_records_an_interval_once_and_drops_one_of_no_length(two_areas):
    stages = Stages(two_areas())
    stages.resolve(0)
    stages.resolve(0)  # answered again at the same instant
    stages.at(1.5).state.advance()
    stages.state.advance()
    assert [(i.time_h, i.duration_h) for i in stages.intervals] == [(0.0, 1.5)]
    assert len(stages.state.points) == 1


def test_present_before_the_first_resolve_is_nothing_yet(two_areas):
    stages = Stages(two_areas())
    with pytest.raises(NothingYet):
        _ = stages.state.present
    stages.resolve(0)
    assert stages.state.present.zone("south").demand_mw == pytest.approx(300)


def test_fixed_load_is_shared_as_it_is_and_given_back(two_areas):
    stages = Stages(two_areas())
    stages.resolve(0)
    south = stages.state.system.buses.zone[stages.state.system.loads.bus] == 1
    stages.state.fix_load(south, 150.0)  # of 200 homes and 100 factory
    assert sorted(stages.state.moment().inputs.load_mw[south].tolist()) == pytest.approx([50.0, 100.0])
    stages.state.fix_load(south, None)
    assert stages.state.moment().inputs.load_mw[south].sum() == pytest.approx(300.0)


def test_load_cut_outside_the_dispatch_is_unserved_and_relieves_the_grid(two_areas):
    stages = Stages(two_areas())
    before = stages.resolve(0).dispatch
    cut_mw = np.array([30.0 if name == "s1_factory" else 0.0 for name in stages.state.system.loads.name.tolist()])
    logged = stages.at(1).state.shed(cut_mw, "frequency")
    assert stages.state.log.changes[logged].to_state == "30.0 MW of load cut"
    after = stages.resolve(1).dispatch
    assert after.unserved_mw == pytest.approx(cut_mw) and after.load_mw == pytest.approx(before.load_mw)
    assert after.p_gen_mw.sum() == pytest.approx(before.p_gen_mw.sum() - 30.0)
    stages.at(2).state.shed(0 * cut_mw, "frequency")
    assert stages.resolve(2).dispatch.unserved_mw.sum() == pytest.approx(0.0)
    assert stages.intervals[1].dispatch.unserved_mw.sum() == pytest.approx(30.0)


def test_storages_move_by_what_was_dispatched_with_losses(two_areas):
    def battery(tables):
        tables["storages"] = [
            {"name": "battery", "bus": "s1", "p_charge_mw": 50, "p_discharge_mw": 50, "energy_mwh": 100,
             "efficiency_charge": 0.8, "energy_start_share": 0.5},
        ]  # fmt: skip

    stages = Stages(two_areas(battery))
    assert stages.resolve(0).storage_mwh.tolist() == [50.0]
    stages.at(1).state.advance()  # 50 MW of charging for an hour
    assert stages.state.storage_mwh == pytest.approx([90.0])
