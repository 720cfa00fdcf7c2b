"""One resolve by hand: losses that agree with their power flow, what wakes the next one, and who asks for another."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from gridsim.engine.resolve import LOSS_TOLERANCE, MOST_LOSS_ROUNDS, Resolver
from tests.support.engine_cases import QUIET, Stages, outage


class Check:
    """A power flow whose losses are a share of the load served, rising with each call by ``drift``."""

    def __init__(self, share: float, drift: float = 0.0):
        self.share, self.drift, self.calls = share, drift, 0

    def solve(self, point: Any) -> Any:
        self.calls += 1
        losses = (self.share + self.drift * self.calls) * point.p_load_mw.sum()
        return dataclasses.make_dataclass("Solved", ["converged", "losses_mw"])(True, losses)


def checked(stages: Stages, model: Any) -> Stages:
    stages.resolver = Resolver(stages.state, stages.operator, stages.automation, stages.resolver.outcomes, model)
    return stages


def test_losses_agree_with_their_power_flow_at_the_start_and_after_a_surprise(two_areas):
    model = Check(0.04)
    stages = checked(Stages(two_areas()), model)
    assert stages.resolve(0).dispatch.loss_share == 0.04 and model.calls == 2
    model.share = 0.06
    assert stages.resolve(1).dispatch.loss_share == 0.04 and model.calls == 3  # a quiet hour: those of the hour before
    model.share = 0.08
    stages.at(2).state.begin(outage("generators", "gas_1"))
    assert stages.resolve(2).dispatch.loss_share == 0.08 and model.calls == 5


def test_losses_agree_in_a_shortage(two_areas):
    model = Check(0.04)
    stages = checked(Stages(two_areas()), model)
    stages.resolve(0)
    stages.at(1).state.begin(outage("generators", "gas_1"))
    stages.resolve(1)
    model.share = 0.05
    interval = stages.resolve(2)
    assert interval.dispatch.unserved_mw.sum() > 1 and interval.dispatch.loss_share == 0.05


def test_rounds_end_where_losses_never_agree(two_areas):
    model = Check(0.02, drift=2 * LOSS_TOLERANCE)
    checked(Stages(two_areas()), model).resolve(0)
    assert model.calls == MOST_LOSS_ROUNDS


def test_without_a_power_flow_the_share_stays(two_areas):
    stages = Stages(dataclasses.replace(two_areas(), loss_share=0.07))
    assert stages.resolve(0).dispatch.loss_share == 0.07
    stages.at(1).state.begin(outage("generators", "gas_1"))
    assert stages.resolve(1).dispatch.loss_share == 0.07


def test_a_storage_that_runs_dry_wakes_a_resolve(two_areas):
    def battery(tables):
        tables["storages"] = [
            {"name": "battery", "bus": "s1", "p_charge_mw": 0, "p_discharge_mw": 50, "energy_mwh": 30,
             "efficiency_charge": 1, "efficiency_discharge": 1, "energy_start_share": 1},
        ]  # fmt: skip

    stages = Stages(two_areas(battery))
    stages.resolve(0)
    stages.at(1).state.begin(outage("lines", "n1_s1"))  # the South is short of 40 MW: 30 MWh last 45 minutes
    assert stages.resolve(1).dispatch.unserved_mw.sum() == pytest.approx(0, abs=1e-6)
    assert (round(1.75 * 3600), "an empty storage", False) in stages.agenda.wakes
    empty = stages.resolve(1.75)
    assert empty.storage_mwh == pytest.approx([0], abs=0.02)
    assert empty.dispatch.unserved_mw.sum() == pytest.approx(40, abs=1e-6)


@pytest.mark.parametrize("order", [("small", "large"), ("large", "small")])
def test_storages_discharge_by_time_to_go_whatever_their_row(two_areas, order):
    size = {"small": 20, "large": 60}

    def two(tables):
        tables["storages"] = [
            {"name": name, "bus": "s1", "p_charge_mw": 0, "p_discharge_mw": 20, "energy_mwh": size[name],
             "efficiency_charge": 1, "efficiency_discharge": 1, "energy_start_share": 1}
            for name in order
        ]  # fmt: skip
        tables["loads"][1]["p_mw"] = 180

    stages = Stages(two_areas(two))
    stages.resolve(0)
    stages.at(1).state.begin(outage("lines", "n1_s1"))  # 20 MW short, then 40: all 80 MWh are needed, 20 MW of each
    interval = stages.resolve(1)
    large = stages.state.system.storages.name.tolist().index("large")
    expected = np.where(np.arange(2) == large, 20.0, 0.0)
    assert interval.dispatch.p_storage_mw == pytest.approx(expected, abs=1e-6)


def test_a_policy_is_asked_before_the_redispatch(two_areas):
    asked = []
    stages = Stages(two_areas(), QUIET)
    stages.resolver = Resolver(
        stages.state, stages.operator, stages.automation, stages.resolver.outcomes, None, lambda: asked.append(1)
    )
    stages.resolve(0)
    stages.resolve(1)
    assert len(asked) == 2
