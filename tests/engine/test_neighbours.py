"""Help of neighbours in a run: the sampler's draws, and what the day's plan buys."""

from __future__ import annotations

import dataclasses
import datetime as dt

import numpy as np
import pytest

import gridsim
from gridsim.engine.inputs import RunInputs
from gridsim.engine.neighbours import Neighbours
from gridsim.io.read_network import system_from_tables
from gridsim.model.neighbours import support_levels_mw
from gridsim.model.pack_outages import drawn_outages
from gridsim.model.scenario import AcMode, GasMode, Horizon, Imports, Policy, Scenario
from gridsim.model.system import GridSystem
from gridsim.weather.cached import CachedWeather
from gridsim.weather.year import make_weather
from tests.weather.test_common_cold import one_border

START = dt.datetime(2026, 1, 14)


def likely(hours: float = 24 * 30, imports: Imports = Imports.LIKELY) -> Scenario:
    policy = Policy(imports=imports, ac=AcMode.OFF, gas=GasMode.BALANCE)
    return Scenario("case", "cold", Horizon(START, hours), policy=policy)


def neighbours(system: GridSystem, scenario: Scenario, replicate: int = 0) -> Neighbours:
    inputs = RunInputs(scenario, CachedWeather(make_weather(system, None, START)))
    return Neighbours(system, scenario, inputs, 5, replicate)


def test_levels_have_the_stated_median_and_range_within_the_limit() -> None:
    level_mw = support_levels_mw(one_border(), 0)
    assert level_mw.tolist() == pytest.approx([30.0, 30.0, 27.5, 22.5, 18.75, 16.25, 13.75, 11.25])


def test_a_run_has_the_help_that_the_sampler_draws() -> None:
    system = one_border()
    adequacy = gridsim.system_from_grid(system, "likely")
    components = adequacy.unit_component
    unit = adequacy.unit_name.index("abroad:support")
    n_hours = 24 * 30
    for sample in (0, 3):
        drawn = drawn_outages(components, 5, sample, n_hours)
        help_mw = np.full(n_hours, 30.0)
        for place, first_h, end_h, lost in zip(*drawn, strict=True):
            if place == unit:
                help_mw[first_h:end_h] = 30.0 * (1.0 - lost)
        run = neighbours(system, likely(), sample)
        felt = [run.likely_mw(3600.0 * hour) for hour in range(n_hours)]
        assert np.concatenate(felt) == pytest.approx(100.0 + help_mw)  # type: ignore[arg-type]
        assert len(set(help_mw.tolist())) > 3


def test_other_policies_draw_nothing() -> None:
    assert neighbours(one_border(), likely(imports=Imports.CONTRACT)).likely_mw(0.0) is None


def test_the_plan_buys_what_the_reserve_lacks_within_the_contract() -> None:
    system = dataclasses.replace(one_border(), reserve_mw=(20.0,), reserve_stated=True)
    run = neighbours(system, likely())
    run.plan(0.0, [50.0, 20.0, 15.0, -30.0, -200.0])
    bought = [float(run.bought_mw(3600.0 * hour)[0]) for hour in range(6)]
    assert bought == [0.0, 0.0, 5.0, 50.0, 100.0, 0.0]


def test_a_network_without_a_stated_reserve_buys_by_price_alone() -> None:
    run = neighbours(one_border(), likely())
    run.plan(0.0, [-50.0])
    assert run.bought_mw(0.0).tolist() == [0.0]


def test_a_run_keeps_its_reserve_by_purchases() -> None:
    """45 MW of load beside 50 MW of own machines, 20 MW of reserve: 15 MW and the losses are bought, nobody is cut."""
    system = one_border()
    system = dataclasses.replace(
        system,
        loads=dataclasses.replace(system.loads, p_mw=np.array([30.0, 15.0])),
        reserve_mw=(20.0,),
        reserve_stated=True,
    )
    result = gridsim.run(system, likely(6, Imports.CONTRACT))
    zones = result.frame("zones")
    import_mw = zones.groupby("time_h").import_mw.sum().to_numpy()
    load_mw = zones.groupby("time_h")[["demand_mw", "losses_mw"]].sum().sum(axis=1).to_numpy()
    assert import_mw == pytest.approx(20.0 - (50.0 - load_mw))
    assert result.metric("EUE").value == 0.0


def three_neighbours(flow_limit_mw: float, giving_mw: float = 500.0) -> GridSystem:
    """One zone between two neighbours; the line from ``giving`` carries ``giving_mw``, that on ``flow_limit_mw``."""
    bus = {"vn_kv": 220, "zone": "external"}
    line = {"length_km": 10, "r_ohm_per_km": 0.01, "x_ohm_per_km": 0.4, "max_i_ka": 5.0}
    return system_from_tables(
        {"name": "between", "zones": ["home"], "loss_share": 0.0},
        {
            "buses": [{"name": "h", "zone": "home", "vn_kv": 220}, {"name": "r", **bus}, {"name": "u", **bus}],
            "lines": [
                {"name": "rh", "from_bus": "r", "to_bus": "h", **line},
                {"name": "hu", "from_bus": "h", "to_bus": "u", **line},
            ],
            "generators": [
                {"name": "g", "bus": "h", "fuel": "coal", "installed_mw": 90, "p_max_mw": 90, "cost_per_mwh": 20}
            ],
            "load_classes": [{"name": "homes", "shed_order": 1, "voll_usd_per_kwh": 4}],
            "loads": [{"name": "d", "bus": "h", "p_mw": 60, "load_class": "homes"}],
            "interfaces": [{"interface": "in", "line": "rh", "sign": 1}, {"interface": "out", "line": "hu", "sign": 1}],
            "interface_limits": [
                {"interface": name, "direction": side, "normal_mw": limit_mw, "emergency_mw": limit_mw}
                for name, limit_mw in (("in", giving_mw), ("out", flow_limit_mw))
                for side in ("forward", "reverse")
            ],
            "borders": [
                {"name": "giving", "bus": "r", "contract_import_mw": 0, "limit_import_mw": 500, "price_per_mwh": 70},
                {"name": "lacking", "bus": "u", "contract_import_mw": 0, "limit_import_mw": 100, "price_per_mwh": 70},
            ],
        },
    )


@pytest.mark.parametrize(("limit_mw", "given_mw"), [(400.0, 300.0), (120.0, 120.0)])
def test_a_neighbour_in_need_is_supplied_over_the_ties(limit_mw: float, given_mw: float) -> None:
    """300 MW missing at one border come in at the other and go out there, as far as the section carries them.

    What the section cannot carry is cut abroad, and no load inside is.
    """
    system = three_neighbours(limit_mw)
    event = gridsim.Event("loss", "neighbour_loss", 1.0, (gridsim.Target("borders", "lacking"),), 300.0, 2.0)
    result = gridsim.run(system, dataclasses.replace(likely(4, Imports.CONTRACT), events=(event,)))
    machines = result.frame("generators").pivot(index="time_h", columns="name", values="p_mw")
    interfaces = result.frame("interfaces")
    flow = interfaces[interfaces.name == "out"].set_index("time_h").flow_mw
    assert machines.loc[1.0, "lacking"] == pytest.approx(-given_mw)
    assert flow[1.0] == pytest.approx(given_mw)
    assert machines.loc[1.0].sum() == pytest.approx(60.0)
    assert machines.loc[0.0, "g"] == machines.loc[3.0, "g"] == pytest.approx(60.0)
    assert result.metric("EUE").value == 0.0


def test_the_neighbour_is_cut_before_the_first_class_inside() -> None:
    """100 of the 300 MW come in, 30 more than home's 60 MW leaves of its 90: 130 go on, and all of home is served."""
    event = gridsim.Event("loss", "neighbour_loss", 1.0, (gridsim.Target("borders", "lacking"),), 300.0, 2.0)
    result = gridsim.run(
        three_neighbours(400.0, 100.0), dataclasses.replace(likely(4, Imports.CONTRACT), events=(event,))
    )
    machines = result.frame("generators").pivot(index="time_h", columns="name", values="p_mw")
    assert machines.loc[1.0, "lacking"] == pytest.approx(-130.0)
    assert machines.loc[1.0, "g"] == pytest.approx(90.0)
    assert result.metric("EUE").value == 0.0 and result.metric("forgone_mwh").value == 0.0
