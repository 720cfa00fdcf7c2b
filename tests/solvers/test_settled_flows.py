"""Settled frequency and flows on IEEE-39 against pandapower with its slack distributed by droop."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from gridsim.model.system import GridSystem
from gridsim.solvers.automation_rules import Loss
from gridsim.solvers.first_minutes import FirstMinutes, Settings
from gridsim.solvers.operating_point import OperatingPoint
from gridsim.solvers.pandapower import to_pandapower
from tests.support.ac_cases import case

MORE_MW = 20.0


def with_a_section() -> tuple[GridSystem, OperatingPoint]:
    """IEEE-39 at 90 % of its load, the lines between its third zone and the rest as a section."""
    system, point = case("case39")
    zone = system.buses.zone
    ends = zone[system.branch_from] == 2, zone[system.branch_to] == 2
    branch = np.flatnonzero(ends[0] != ends[1]).astype(np.int32)
    sign = np.where(ends[0][branch], 1.0, -1.0)
    interfaces = dataclasses.replace(
        system.interfaces, name=np.array(["third"]), title=np.array(["third zone to the rest"])
    )
    members = dataclasses.replace(
        system.interface_members, interface=np.zeros(len(branch), dtype=np.int32), branch=branch, sign=sign
    )
    return system.replace(interfaces=interfaces, interface_members=members), point._replace(
        p_gen_mw=0.9 * point.p_gen_mw, p_load_mw=0.9 * point.p_load_mw
    )


def test_settled_frequency_and_flows() -> None:
    """20 MW more at a bus: machines share it by 1 / droop, and the section carries what its far side gives.

    Pandapower solves AC without resistance, so that losses do not move.
    """
    import pandapower as pp

    system, point = with_a_section()
    minutes = FirstMinutes(system, point, settings=Settings(horizon_s=120.0, load_damping=0.0))
    bus = int(np.flatnonzero(system.buses.zone == 0)[0])
    name = str(system.buses.name[bus])
    # An event of nothing at the end: the run would stop when it is quiet, 2 mHz before it has settled.
    result = minutes.run((), (Loss(bus=name, mw=-MORE_MW), Loss(at_s=119.0, bus=name, mw=0.0)))
    gain = minutes.machines.group_gain.sum()
    assert result.final_hz == pytest.approx(system.f_hz - 0.02 - MORE_MW / gain, abs=1e-3)

    net = to_pandapower(system, point)
    net.line["r_ohm_per_km"], net.trafo["vkr_percent"] = 0.0, 0.0
    weight = np.where(point.gen_committed, system.generators.p_max_mw, 0.0)
    by_name = dict(zip(system.generators.name.tolist(), weight.tolist(), strict=True))
    net.gen["slack_weight"] = [by_name[machine] for machine in net.gen.name]
    changed = []
    for more_mw in (0.0, MORE_MW):
        if more_mw:
            pp.create_load(net, bus, p_mw=more_mw)
        pp.runpp(net, numba=False, distributed_slack=True, lightsim2grid=False, max_iteration=50)
        member = system.interface_members
        at_from = np.concatenate([net.res_line.p_from_mw, net.res_trafo.p_hv_mw])
        changed.append(float((member.sign * at_from[member.branch]).sum()))
    assert result.flow_mw[-1, 0] - result.flow_mw[0, 0] == pytest.approx(changed[1] - changed[0], abs=0.2)
    assert changed[1] - changed[0] > 3.0
