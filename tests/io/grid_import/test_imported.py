"""Import of pandapower nets: the power flow of the import is the net's own; what has no equal is refused by place."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gridsim.errors import InputError
from gridsim.io.grid_import.imported import import_pandapower
from tests.support.ac_cases import own_net
from tests.support.import_cases import assert_power_flow, small


@pytest.mark.parametrize("name", ["case9", "case14", "case24_ieee_rts", "case30", "case39", "case57", "case118"])
def test_power_flow_of_published_cases(name: str) -> None:
    assert_power_flow(own_net(name))


def test_power_flow_of_a_small_net() -> None:
    system = assert_power_flow(small())
    gens = dict(zip(system.generators.name.tolist(), range(len(system.generators)), strict=True))
    assert np.isnan(system.generators.droop_pu[gens["plant"]])
    assert system.generators.droop_pu[gens["ext_grid_0"]] == 0.05
    assert system.generators.p_max_mw[gens["ext_grid_0"]] == 300.0
    assert system.loads.p_mw.tolist() == pytest.approx([38.5])
    assert system.lines.max_i_ka.tolist() == [0.6]
    assert system.transformers.tap_pos.tolist() == [-3]


def test_capacitive_negative_and_reactive_loads_keep_the_power_flow() -> None:
    import pandapower as pp

    net = small()
    pp.create_load(net, 1, p_mw=5.0, q_mvar=-3.0, name="capacitive")
    pp.create_load(net, 1, p_mw=0.0, q_mvar=4.0, name="reactive")
    pp.create_load(net, 1, p_mw=-6.0, q_mvar=1.0, name="negative")
    pp.create_sgen(net, 2, p_mw=3.0, q_mvar=-0.5, name="solar")
    pp.create_sgen(net, 1, p_mw=-2.0, q_mvar=0.3, name="electrolyser")
    pp.create_gen(net, 0, p_mw=-4.0, vm_pu=1.02, name="pump")
    system = assert_power_flow(net)
    names = system.generators.name.tolist()
    assert {"capacitive reactive", "reactive reactive", "negative reactive", "solar"} <= set(names)
    assert system.loads.name.tolist() == ["town", "capacitive", "pump consumption", "electrolyser consumption"]
    assert system.generators.p_max_mw[names.index("negative reactive")] == 6.0


def test_an_external_grid_without_a_useful_limit_takes_the_imbalance() -> None:
    """case4gs limits it to 0 MW and lets it take -137 MW."""
    system = assert_power_flow(own_net("case4gs"))
    assert system.generators.p_max_mw[system.generators.position("ext_grid_0")] == pytest.approx(500.0)


def test_shunts_impedances_and_stores_keep_the_power_flow() -> None:
    import pandapower as pp

    net = small()
    d = pp.create_bus(net, vn_kv=110.0, name="d")
    pp.create_impedance(net, 1, d, rft_pu=0.01, xft_pu=0.08, sn_mva=50.0, name="reactor")
    pp.create_load(net, d, p_mw=4.0, q_mvar=1.0, name="village")
    e = pp.create_bus(net, vn_kv=20.0, name="e")
    pp.create_impedance(net, d, e, rft_pu=0.0, xft_pu=0.1, sn_mva=20.0, name="transformer without data")
    pp.create_load(net, e, p_mw=2.0, q_mvar=0.5, name="farm")
    pp.create_shunt(net, d, q_mvar=3.0, vn_kv=115.0, step=2, max_step=3)
    pp.create_storage(net, 1, p_mw=2.5, max_e_mwh=10.0, max_p_mw=5.0, min_p_mw=-5.0, name="battery", soc_percent=50.0)
    system = assert_power_flow(net)
    assert system.storages.p_charge_mw.tolist() == [5.0]
    assert system.storages.p_discharge_mw.tolist() == [5.0]
    assert system.storages.energy_start_share.tolist() == [0.5]
    assert system.shunts.q_mvar.tolist() == pytest.approx([3.0 * 2 * (110.0 / 115.0) ** 2])


def test_switches_join_buses_and_open_branches() -> None:
    import pandapower as pp

    net = small()
    d = pp.create_bus(net, vn_kv=110.0, name="d")
    pp.create_switch(net, 1, d, et="b", closed=True)
    pp.create_load(net, d, p_mw=4.0, q_mvar=1.0, name="on the other bar")
    line = pp.create_line_from_parameters(
        net, 0, d, length_km=40.0, r_ohm_per_km=0.06, x_ohm_per_km=0.4, c_nf_per_km=0.0, max_i_ka=0.6
    )
    pp.create_switch(net, 0, line, et="l", closed=False)
    system = assert_power_flow(net)
    assert system.buses.name.tolist() == ["a", "b", "c"]
    assert system.lines.in_service.tolist() == [True, False]
    assert system.loads.bus.tolist() == [2, 1]


def test_elements_at_a_bus_out_of_service_are_out_of_service() -> None:
    import pandapower as pp

    net = small()
    d = pp.create_bus(net, vn_kv=110.0, name="d", in_service=False)
    pp.create_line_from_parameters(
        net, 0, d, length_km=40.0, r_ohm_per_km=0.06, x_ohm_per_km=0.4, c_nf_per_km=0.0, max_i_ka=0.6
    )
    pp.create_load(net, d, p_mw=4.0, q_mvar=1.0, name="off")
    system = assert_power_flow(net)
    assert system.lines.in_service.tolist() == [True, False]
    assert system.loads.in_service.tolist() == [True, False]


def test_large_taps_taps_between_positions_and_the_low_side() -> None:
    for side, position, step in (("hv", 1, 12.5), ("lv", -1, 7.0), ("hv", 0.6, 2.5), ("hv", 2, -1.5)):
        net = small()
        net.trafo["tap_pos"] = net.trafo["tap_pos"].astype(float)
        net.trafo.loc[0, ["tap_side", "tap_pos", "tap_step_percent"]] = side, position, step
        assert_power_flow(net)


def test_a_shift_in_a_loop_stays_and_equal_shifts_go() -> None:
    import pandapower as pp

    def double(shift_degree: float) -> Any:
        net = small()
        pp.create_transformer_from_parameters(
            net, 1, 2, sn_mva=40.0, vn_hv_kv=115.0, vn_lv_kv=21.0, vkr_percent=0.4, vk_percent=12.0, pfe_kw=30.0,
            i0_percent=0.2, shift_degree=shift_degree,
        )  # fmt: skip
        return net

    assert assert_power_flow(double(150.0)).transformers.shift_degree.tolist() == [0.0, 0.0]
    assert sorted(assert_power_flow(double(145.0)).transformers.shift_degree) == pytest.approx([-5.0, 0.0])


def test_elements_without_an_equal_are_named_with_their_mend() -> None:
    import pandapower as pp

    net = small()
    pp.create_svc(net, 1, 1.0, -1.0, 1.0, 90.0, name="compensator")
    net.load["const_i_p_percent"] = 50.0
    with pytest.raises(InputError) as error:
        import_pandapower(net)
    places = [(problem.file, problem.row, problem.column, problem.value) for problem in error.value.problems]
    assert places == [
        ("<net.load>", 2, "const_i_p_percent", "'town': 50.0 of constant current"),
        ("<net.svc>", 2, "", "'compensator': has no equal in a network"),
    ]
    assert all("--drop" in problem.mend for problem in error.value.problems)
    assert len(import_pandapower(net, drop=["svc", "load"]).buses) == 3


def test_costs_zones_and_places() -> None:
    import pandapower as pp

    net = small()
    pp.create_poly_cost(net, 0, "gen", cp1_eur_per_mw=21.5)
    net.bus["zone"] = ["north", "north", "south"]
    net.bus["geo"] = ['{"coordinates": [71.4, 51.2], "type": "Point"}', None, None]
    system = import_pandapower(net, "renamed")
    assert system.name == "renamed"
    assert system.zones == ("north", "south")
    assert system.generators.cost_per_mwh[system.generators.position("plant")] == 21.5
    assert (system.buses.lon[0], system.buses.lat[0]) == (71.4, 51.2)
    assert np.isnan(system.buses.lon[1:]).all()


def test_names_that_do_not_tell_elements_apart_are_replaced() -> None:
    net = small()
    net.bus["name"] = ["same", "same", "other"]
    assert import_pandapower(net).buses.name.tolist() == ["bus_0", "bus_1", "bus_2"]
