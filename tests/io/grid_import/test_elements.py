"""Each kind of element in a small net: the import's power flow is the net's own, and the account says how."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from gridsim.errors import InputError
from gridsim.io.grid_import.imported import import_net, import_pandapower
from gridsim.io.grid_import.report import Fate
from tests.support.import_cases import assert_power_flow, small

LINE = {"length_km": 40.0, "r_ohm_per_km": 0.06, "x_ohm_per_km": 0.4, "c_nf_per_km": 9.0, "max_i_ka": 0.6}
AT_STAR = {
    "tap_pos": 4, "tap_neutral": 1, "tap_step_percent": 1.5, "tap_step_degree": 0.0, "tap_at_star_point": True
}  # fmt: skip


def three_windings(**changes: Any) -> Any:
    """The small net with a transformer of three windings at its 110 kV bus b."""
    import pandapower as pp

    net = small()
    d, e = pp.create_bus(net, 20.0, name="d"), pp.create_bus(net, 10.0, name="e")
    given: dict[str, Any] = {
        "vn_hv_kv": 112.0, "vn_mv_kv": 20.5, "vn_lv_kv": 10.2, "sn_hv_mva": 40.0, "sn_mv_mva": 25.0, "sn_lv_mva": 15.0,
        "vk_hv_percent": 10.4, "vk_mv_percent": 6.1, "vk_lv_percent": 17.2, "vkr_hv_percent": 0.3,
        "vkr_mv_percent": 0.31, "vkr_lv_percent": 0.32, "pfe_kw": 30.0, "i0_percent": 0.4, "shift_mv_degree": 30.0,
        "shift_lv_degree": 150.0, "name": "three",
    }  # fmt: skip
    pp.create_transformer3w_from_parameters(net, 1, d, e, **given | changes)
    pp.create_load(net, d, p_mw=9.0, q_mvar=3.0, name="mv load")
    pp.create_load(net, e, p_mw=6.0, q_mvar=1.0, name="lv load")
    return net


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"vk_hv_percent": 10.4, "vk_mv_percent": 6.1, "vk_lv_percent": 22.0},  # one arm of the star is negative
        {"tap_side": "hv", "tap_pos": 3, "tap_neutral": 0, "tap_step_percent": 1.2, "tap_min": -9, "tap_max": 9},
        {"tap_side": "lv", "tap_pos": -2, "tap_neutral": 0, "tap_step_percent": 1.2, "tap_min": -9, "tap_max": 9},
        {
            "tap_side": "mv",
            "tap_pos": 4,
            "tap_neutral": 1,
            "tap_step_percent": 1.5,
            "tap_at_star_point": True,
            "tap_step_degree": 0.0,
        },
        {
            "tap_side": "hv",
            "tap_pos": 4,
            "tap_neutral": 1,
            "tap_step_percent": 1.5,
            "tap_at_star_point": True,
            "tap_step_degree": 0.0,
        },
    ],
)
def test_three_windings_are_a_star_with_a_hidden_bus(changes: dict[str, Any]) -> None:
    net = three_windings(**changes)
    net.trafo3w["tap_changer_type"] = "Ratio"
    system = assert_power_flow(net)
    assert "three star" in system.buses.name.tolist()
    assert {"three hv", "three mv", "three lv"} <= set(system.transformers.name.tolist())


def test_an_open_arm_of_three_windings_leaves_the_other_two() -> None:
    import pandapower as pp

    net = three_windings(shift_lv_degree=0.0)
    pp.create_switch(net, 4, 0, et="t3", closed=False)
    pp.create_ext_grid(net, 4, name="own supply")
    system = assert_power_flow(net)
    on = dict(zip(system.transformers.name.tolist(), system.transformers.in_service.tolist(), strict=True))
    assert (on["three hv"], on["three mv"], on["three lv"]) == (True, True, False)


def test_wards_and_motors() -> None:
    import pandapower as pp

    net = small()
    pp.create_ward(net, 1, ps_mw=3.0, qs_mvar=1.0, pz_mw=2.0, qz_mvar=-1.5, name="ward")
    pp.create_xward(net, 2, ps_mw=1.0, qs_mvar=0.5, pz_mw=0.4, qz_mvar=0.2, r_ohm=0.3, x_ohm=1.2, vm_pu=1.01, name="x")
    pp.create_motor(net, 2, pn_mech_mw=2.0, cos_phi=0.9, efficiency_percent=94.0, loading_percent=80.0, name="pump")
    system = assert_power_flow(net)
    assert system.loads.p_mw[system.loads.position("pump")] == pytest.approx(2.0 / 0.94 * 0.8)
    assert system.shunts.p_mw[system.shunts.position("ward")] == 2.0
    assert "x source" in system.buses.name.tolist()


def test_dc_lines_are_a_load_and_a_machine_that_must_run() -> None:
    import pandapower as pp

    for p_mw, sender in ((10.0, "link from consumption"), (-10.0, "link to consumption")):
        net = small()
        pp.create_dcline(
            net, 0, 1, p_mw=p_mw, loss_percent=2.0, loss_mw=0.1, vm_from_pu=1.02, vm_to_pu=1.01, name="link"
        )
        system = assert_power_flow(net)
        assert system.loads.p_mw[system.loads.position(sender)] == 10.0
        running = [name for name, must in zip(system.generators.name.tolist(), system.generators.must_run) if must]
        assert len(running) == 1
        assert system.generators.p_min_mw[system.generators.position(running[0])] == pytest.approx(9.7)


def test_switches_with_an_impedance_and_lines_of_odd_data() -> None:
    import pandapower as pp

    net = small()
    d = pp.create_bus(net, 110.0, name="d")
    pp.create_switch(net, 1, d, et="b", closed=True, z_ohm=0.5, name="breaker")
    pp.create_load(net, d, p_mw=5.0, q_mvar=1.0, name="behind")
    e = pp.create_bus(net, 110.0, name="e")
    for name, changes in (("negative charging", {"c_nf_per_km": -20.0}), ("lossy", {"g_us_per_km": 3.0})):
        pp.create_line_from_parameters(net, d, e, **LINE | changes, name=name)
    pp.create_line_from_parameters(net, 0, e, **LINE | {"x_ohm_per_km": -0.05}, name="capacitor")
    pp.create_line_from_parameters(net, 0, e, **LINE | {"r_ohm_per_km": -0.01}, name="star")
    pp.create_load(net, e, p_mw=15.0, q_mvar=4.0, name="far")
    report = import_net(net).report
    assert set(report.elements(Fate.RESTATED, "line")) == {"line_1", "line_2", "line_3", "line_4"}
    net.line["name"] = [f"l{index}" for index in net.line.index]
    system = assert_power_flow(net)
    assert system.lines.x_ohm_per_km[system.lines.position("l3")] == -0.05
    assert "breaker" in system.lines.name.tolist()


def test_open_ends_keep_their_charging() -> None:
    import pandapower as pp

    net = small()
    d = pp.create_bus(net, 110.0, name="d")
    pp.create_load(net, d, p_mw=4.0, q_mvar=1.0, name="far")
    pp.create_line_from_parameters(net, 1, d, **LINE)
    for bus in (0, d):
        line = pp.create_line_from_parameters(net, 0, d, **LINE | {"c_nf_per_km": 300.0})
        pp.create_switch(net, bus, line, et="l", closed=False)
    idle = pp.create_transformer_from_parameters(
        net, 1, 2, sn_mva=40.0, vn_hv_kv=115.0, vn_lv_kv=21.0, vkr_percent=0.4, vk_percent=11.0, pfe_kw=200.0,
        i0_percent=2.0, shift_degree=150.0,
    )  # fmt: skip
    pp.create_switch(net, 2, idle, et="t", closed=False)
    both = pp.create_line_from_parameters(net, 0, d, **LINE)
    for bus in (0, d):
        pp.create_switch(net, bus, both, et="l", closed=False)
    system = assert_power_flow(net)
    assert [name for name in system.shunts.name.tolist() if name.endswith("open end")] == [
        "line_2 open end",
        "line_3 open end",
        "trafo_1 open end",
    ]


def test_a_line_to_a_bus_out_of_service_is_open_there() -> None:
    import pandapower as pp

    net = small()
    d = pp.create_bus(net, 110.0, name="d", in_service=False)
    pp.create_line_from_parameters(net, 0, d, **LINE | {"c_nf_per_km": 300.0}, name="stub")
    net.line["name"] = ["double", "stub"]
    assert "stub open end" in assert_power_flow(net).shunts.name.tolist()


def test_impedances_with_shunts_and_any_sign() -> None:
    import pandapower as pp

    net = small()
    d, e = pp.create_bus(net, 110.0, name="d"), pp.create_bus(net, 20.0, name="e")
    pp.create_impedance(net, 1, d, rft_pu=-0.01, xft_pu=-0.05, sn_mva=50.0, gf_pu=0.01, bf_pu=-0.02, gt_pu=0.0,
                        bt_pu=0.03, name="star")  # fmt: skip
    pp.create_impedance(net, 0, d, rft_pu=0.01, xft_pu=0.2, sn_mva=50.0, name="arm")
    pp.create_impedance(net, d, e, rft_pu=0.001, xft_pu=0.1, sn_mva=20.0, name="coupling")
    pp.create_impedance(net, 1, d, rft_pu=9.0, xft_pu=900.0, sn_mva=5.0, name="weak tie")
    pp.create_load(net, e, p_mw=3.0, q_mvar=1.0, name="farm")
    system = assert_power_flow(net)
    assert {"star from end", "star to end"} <= set(system.shunts.name.tolist())
    assert system.lines.x_ohm_per_km[system.lines.position("star")] == pytest.approx(-0.05 * 110**2 / 50)
    net.impedance.loc[0, "xtf_pu"] = 0.3
    with pytest.raises(InputError) as error:
        import_pandapower(net)
    assert str(error.value).startswith("<net.impedance>:2: rtf_pu: 'star': differs by direction")


@pytest.mark.parametrize(
    ("kind", "percent", "degree"), [("Ideal", None, 2.0), ("Ideal", 2.0, None), ("Symmetrical", 1.5, 90.0)]
)
def test_phase_shifters_in_a_loop(kind: str, percent: float | None, degree: float | None) -> None:
    import pandapower as pp

    net = small()
    pp.create_transformer_from_parameters(
        net, 1, 2, sn_mva=40.0, vn_hv_kv=115.0, vn_lv_kv=21.0, vkr_percent=0.4, vk_percent=12.0, pfe_kw=30.0,
        i0_percent=0.2, shift_degree=150.0, tap_side="hv", tap_pos=2, tap_neutral=0, tap_min=-5, tap_max=5,
        tap_step_percent=percent, tap_step_degree=degree, tap_changer_type=kind,
    )  # fmt: skip
    system = assert_power_flow(net)
    assert abs(system.transformers.shift_degree[1]) > 1.0


def test_tap_and_shunt_characteristics_at_their_position() -> None:
    import pandapower as pp

    net = small()
    net["trafo_characteristic_table"] = pd.DataFrame(
        {
            "id_characteristic": [0, 0], "step": [-3, 0], "voltage_ratio": [0.94, 1.0], "angle_deg": [0.7, 0.0],
            "vk_percent": [12.5, 11.0], "vkr_percent": [0.45, 0.4],
        }
    )  # fmt: skip
    net.trafo["id_characteristic_table"] = pd.array([0], dtype="Int64")
    net.trafo["tap_dependency_table"] = True
    pp.create_shunt(net, 1, q_mvar=1.0, p_mw=0.0, step=2, max_step=3, name="bank")
    net["shunt_characteristic_table"] = pd.DataFrame(
        {"id_characteristic": [0, 0], "step": [1, 2], "q_mvar": [-4.0, -9.0], "p_mw": [0.0, 0.2]}
    )
    net.shunt["id_characteristic_table"] = pd.array([0], dtype="Int64")
    net.shunt["step_dependency_table"] = True
    system = assert_power_flow(net)
    assert (system.shunts.q_mvar.tolist(), system.shunts.p_mw.tolist()) == ([-9.0], [0.2])
    net.trafo.loc[0, "tap_pos"] = 1
    with pytest.raises(InputError, match=r"<net.trafo>:2: id_characteristic_table: 'trafo_0': has no step 1"):
        import_pandapower(net)


def test_loads_of_constant_impedance_and_unbalanced_ones() -> None:
    import pandapower as pp

    net = small()
    pp.create_load(net, 2, p_mw=2.0, q_mvar=0.6, const_z_p_percent=50.0, const_z_q_percent=50.0, name="heaters")
    pp.create_asymmetric_load(net, 1, p_a_mw=1.0, p_b_mw=2.0, p_c_mw=0.5, q_a_mvar=0.2, name="village")
    pp.create_asymmetric_sgen(net, 1, p_a_mw=0.5, p_b_mw=0.1, p_c_mw=0.2, q_b_mvar=0.1, name="roofs")
    # pandapower spreads a bus's shares evenly over its loads; alone at its bus a load has its own
    net.load.loc[0, "bus"] = 1
    system = assert_power_flow(net)
    assert system.loads.p_mw[system.loads.position("village")] == 3.5
    assert system.shunts.p_mw[system.shunts.position("heaters constant impedance")] == 1.0


def test_several_slack_sources_give_what_the_net_finds_for_them() -> None:
    import pandapower as pp

    net = small()
    d = pp.create_bus(net, 110.0, name="d")
    pp.create_line_from_parameters(net, 1, d, **LINE)
    pp.create_ext_grid(net, d, vm_pu=1.0, va_degree=1.5, name="second")
    net.ext_grid.loc[0, "name"] = "first"
    assert_power_flow(net)
    net.gen.loc[0, "slack"] = True
    system = assert_power_flow(net)
    assert not pd.isna(system.generators.droop_pu).any()


def test_limits_of_static_generators_and_stores_without_energy() -> None:
    import pandapower as pp

    net = small()
    pp.create_sgen(net, 2, p_mw=3.0, q_mvar=0.4, max_p_mw=8.0, min_p_mw=1.0, controllable=True, name="wind")
    pp.create_storage(net, 1, p_mw=2.5, max_e_mwh=0.0, name="unknown")
    pp.create_storage(net, 1, p_mw=-1.5, q_mvar=0.5, max_e_mwh=4.0, max_p_mw=2.0, min_p_mw=-2.0, name="battery")
    system = assert_power_flow(net)
    wind = system.generators.position("wind")
    assert (system.generators.p_max_mw[wind], system.generators.p_min_mw[wind]) == (8.0, 1.0)
    assert "unknown" in system.loads.name.tolist()


def test_costs_are_blocks_and_the_account_tells_the_error_of_quadratic_ones() -> None:
    import pandapower as pp

    net = small()
    pp.create_poly_cost(net, 0, "gen", cp1_eur_per_mw=20.0, cp2_eur_per_mw2=0.1)  # 0 to 50 MW: 20 to 30
    pp.create_pwl_cost(net, 0, "ext_grid", [[0, 100, 10.0], [100, 300, 40.0]])
    imported = import_net(net)
    generators, blocks = imported.system.generators, imported.system.cost_blocks
    plant, grid = generators.position("plant"), generators.position("ext_grid_0")
    p_max_mw = generators.p_max_mw[grid]
    assert generators.cost_per_mwh[plant] == pytest.approx(25.0)
    assert generators.cost_per_mwh[grid] == pytest.approx((100 * 10 + (p_max_mw - 100) * 40) / p_max_mw)
    of_grid, of_plant = blocks.generator == grid, blocks.generator == plant
    assert blocks.p_mw[of_grid].tolist() == [100.0, p_max_mw - 100.0]
    assert blocks.cost_per_mwh[of_grid].tolist() == [10.0, 40.0]
    assert blocks.p_mw[of_plant].tolist() == [2.5] * 20
    assert blocks.cost_per_mwh[of_plant] == pytest.approx(20.25 + 0.5 * np.arange(20))
    told = {entry.table: entry.error for entry in imported.report.entries if entry.table.endswith("_cost")}
    assert told == {"poly_cost": "0.25 per MWh", "pwl_cost": "none"}


def test_a_cost_that_falls_is_its_convex_hull_with_its_error() -> None:
    import pandapower as pp

    net = small()
    pp.create_pwl_cost(net, 0, "gen", [[0, 10, 30.0], [10, 20, 20.0], [20, 50, 28.0]])
    imported = import_net(net)
    blocks = imported.system.cost_blocks
    assert blocks.p_mw.tolist() == [20.0, 30.0] and blocks.cost_per_mwh.tolist() == [25.0, 28.0]
    told = {entry.how: entry.error for entry in imported.report.entries if entry.table == "pwl_cost"}
    assert told["cost that falls with the output: its convex hull"] == "5 per MWh"


def test_an_island_without_source_is_out_of_service() -> None:
    import pandapower as pp

    net = small()
    d, e = pp.create_bus(net, 110.0, name="d"), pp.create_bus(net, 110.0, name="e")
    pp.create_line_from_parameters(net, d, e, **LINE)
    pp.create_load(net, e, p_mw=4.0, name="dark")
    system = assert_power_flow(net)
    assert system.loads.in_service.tolist() == [True, False]


def test_the_account_covers_every_element() -> None:
    net = three_windings()
    report = import_net(net).report
    exact = set(report.elements(Fate.EXACT, "bus")) | set(report.elements(Fate.EXACT, "line"))
    assert exact == {"a", "b", "c", "d", "e", "line_0"}
    assert report.elements(Fate.RESTATED, "trafo3w")
    assert all(set(row) == {"fate", "table", "elements", "how", "error"} for row in report.as_dicts())
    assert len(report.rows()) == len(report.entries)


def test_a_table_that_cannot_be_dropped_is_named() -> None:
    with pytest.raises(InputError, match=r"--drop: lines: no table to leave out; did you mean 'line'\?"):
        import_net(small(), drop=["lines"])


def test_a_machine_without_reactive_range_holds_a_voltage_where_no_other_does() -> None:
    import pandapower as pp

    net = small()
    pp.create_gen(net, 1, p_mw=5.0, vm_pu=1.01, min_q_mvar=-5.0, max_q_mvar=5.0, name="other")
    pp.create_gen(net, 1, p_mw=2.0, vm_pu=1.01, min_q_mvar=0.0, max_q_mvar=0.0, name="solar")
    pp.create_gen(net, 2, p_mw=2.0, vm_pu=0.99, min_q_mvar=0.0, max_q_mvar=0.0, name="alone")
    system = assert_power_flow(net)
    generators = system.generators
    spans = dict(zip(generators.name.tolist(), generators.q_max_mvar - generators.q_min_mvar, strict=True))
    assert spans["solar"] == 0.0
    assert spans["alone"] == pytest.approx(0.002)


@pytest.mark.parametrize(
    ("table", "column", "cell", "words"),
    [
        ("load", "p_mw", float("nan"), "p_mw: '.*': no number; give MW, or leave out: --drop load"),
        ("line", "x_ohm_per_km", None, "x_ohm_per_km: '.*': no number; give ohm/km"),
        ("load", "bus", 99, "bus: '.*': no bus 99; give a bus of the net"),
        ("gen", "vm_pu", float("nan"), "vm_pu: '.*': no number; give pu"),
    ],
)
def test_a_cell_that_no_power_flow_does_without_is_named(table: str, column: str, cell: Any, words: str) -> None:
    net = small()
    if table == "gen":
        import pandapower as pp

        pp.create_gen(net, 1, p_mw=10.0, vm_pu=1.0)
    net[table].loc[0, column] = cell
    with pytest.raises(InputError, match=rf"<net.{table}>:2: {words}"):
        import_net(net)
    if "in_service" in net[table] and column != "bus":
        net[table].loc[0, "in_service"] = False  # nobody asks for it there
        import_net(net, drop=[table] if table == "line" else [])


def test_numbered_zones_have_whole_names() -> None:
    net = small()
    net.bus["zone"] = 1.0
    assert import_pandapower(net).zones == ("1",)
