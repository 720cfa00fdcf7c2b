"""Shaft power, fuel and the power limit of a compressor station, by hand."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from gridsim.kernels.linepack import content, make_controls
from gridsim.solvers.gas import GasState, HydraulicGas, everything_works
from gridsim.solvers.gas_compressors import Compressors, fuel_mcm_per_d
from gridsim.solvers.gas_layout import GasLayout

STATION = {"name": "head", "node": "field", "system": "south", "installed_mw": 4, "units": 2, "spare_units": 1,
           "pressure_ratio": 1.4}  # fmt: skip


@pytest.fixture
def with_station(two_areas):
    """The station at the inlet of the trunk; Z = 0.9, one segment a section."""

    def build(**changed):
        def edit(tables):
            tables["gas_pipelines"][0]["system"] = "south"
            tables["compressor_stations"] = [{**STATION, **changed}]

        system = two_areas(edit, gas=True)
        return system.replace(gas=dataclasses.replace(system.gas, compressibility="constant", z=0.9, cell_km=1000.0))

    return build


def at_work(layout, discharge_bar, flow):
    """(controls, pressures, flows) with 40 bar before the station, ``discharge_bar`` behind it and ``flow`` mcm/d."""
    net = layout.net
    trunk = np.flatnonzero(layout.station_from == 0)
    assert trunk.tolist() == [0]
    q2 = flow * (flow + net.edge_q_laminar[0]) * net.gas_law.z_constant / net.edge_k[0]
    p_bar = np.full(layout.n_points, 40.0)
    p_bar[net.edge_to[0]] = np.sqrt(discharge_bar**2 - q2)
    direction = np.zeros(len(net.edge_from), dtype=np.int32)
    direction[0] = 1
    return make_controls(net, edge_direction=direction), p_bar, np.array([flow, 0.0])


def test_shaft_power_by_hand(with_station):
    layout = GasLayout(with_station())
    # 10 mcm/d x 0.73 kg/m3 / 86,400 s = 84.491 kg/s from 40 to 56 bar, ratio 1.4.
    # Z R T = 0.9 x 473.5 x 281.15 = 119,812.1 J/kg; (k - 1) / k = 0.3 / 1.3 = 0.230769; 1.4^0.230769 = 1.080742.
    # Head 119,812.1 x 0.080742 / 0.230769 = 41,920 J/kg; x 84.491 / 0.8 = 4.427 MW.
    power = Compressors(layout).power_mw(*at_work(layout, 56.0, 10.0))
    assert power == pytest.approx([4.427], abs=2e-3)
    # In proportion to the flow; nothing where gas only passes (discharge at suction) or flows the other way.
    assert Compressors(layout).power_mw(*at_work(layout, 56.0, 5.0)) == pytest.approx(power / 2)
    assert Compressors(layout).power_mw(*at_work(layout, 40.0, 5.0)) == pytest.approx([0.0], abs=1e-9)
    controls, p_bar, q = at_work(layout, 56.0, 10.0)
    assert Compressors(layout).power_mw(controls, p_bar, -q) == pytest.approx([0.0])


def test_fuel_by_hand(with_station):
    # 4.427 MW / 0.3 = 14.757 MW of gas; / 33.9 MJ/m3 = 0.43530 m3/s; x 86,400 = 37,610 m3/d.
    assert fuel_mcm_per_d(with_station().gas, np.array([4.427])) == pytest.approx([0.037610], rel=1e-4)


def test_power_without_spare_machines_limits_the_flow(with_station):
    layout = GasLayout(with_station())
    stations = Compressors(layout)
    # One of two machines of 2 MW is spare: 2 MW, so 10 x 2 / 4.427 = 4.518 mcm/d of the 10 there were.
    assert stations.able_mw == pytest.approx([2.0])
    limited = stations.limit(*at_work(layout, 56.0, 10.0))
    assert limited.edge_cap[0] == pytest.approx(4.518, abs=2e-3) and np.isinf(limited.edge_cap[1])
    # With 5 MW able there is no limit.
    free = Compressors(GasLayout(with_station(installed_mw=5, spare_units=0)))
    assert np.isinf(free.limit(*at_work(layout, 56.0, 10.0)).edge_cap).all()


def test_power_binds_in_the_network(with_station):
    def flow(installed_mw):
        gas = HydraulicGas(with_station(installed_mw=installed_mw))
        _, p_bar, edge_q = at_work(gas.layout, 56.0, 10.0)
        state = GasState(p_bar, content(gas.net, p_bar), edge_q, np.zeros(0))
        demand, burn, conditions = np.array([8.5, 0.0]), np.array([1.5]), everything_works(gas.system)
        schedule = gas.schedule(state, conditions, demand, burn, True)
        return gas.run(state, schedule, conditions, demand, burn, burn, 0.25, 1).step.flow_mcm_per_d[0]

    assert flow(4) == pytest.approx(4.518, abs=2e-3)
    assert flow(100) > 9.0
