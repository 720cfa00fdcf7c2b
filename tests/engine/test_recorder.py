"""Recorder: rows of intervals written down here by hand, on the two-area system of conftest with a storage.

Supply columns: coal_1, gas_1, backup of gas_1, charging, discharging. Rows: three lines, then north_south.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gridsim.engine.event_log import EventLog
from gridsim.engine.interval import FuelLimits, Interval, Redispatch
from gridsim.engine.recorder import Recorder
from gridsim.engine.result_table import Batch, ResultTable
from gridsim.engine.run import MemorySink
from gridsim.engine.tables import RESULT_TABLES, STUDY_TABLES, TABLES
from gridsim.io.schemas.names import result_tables
from gridsim.kernels.arrays import DispatchSolution, DispatchState
from gridsim.model.pack import Packed, pack
from gridsim.results.run_records import Columns
from gridsim.solvers.ac_solution import AcSolution
from gridsim.solvers.gas_balance import GasStep
from gridsim.weather.normal import HourInputs


@pytest.fixture
def packed(two_areas) -> Packed:
    def with_storage(tables):
        tables["storages"] = [
            {"name": "battery", "bus": "s1", "p_charge_mw": 50, "p_discharge_mw": 50, "energy_mwh": 200,
             "efficiency_charge": 0.9, "efficiency_discharge": 0.9, "energy_start_share": 0.5},
        ]  # fmt: skip

    return pack(two_areas(with_storage, gas=True))


def interval(packed: Packed, time_h: float, duration_h: float, **changes: Any) -> Interval:
    """Coal 180 MW, gas 150 and 20 on mazut, 40 out of the battery; 10 MW of the factory unserved, losses 2 %, and of
    shunts 4 MW at n2 and 3 at s1.

    Demand n2 100, s1 homes 200, s1 factory 100. ``changes``: fields of the redispatch.
    """
    flow_mw = np.array([20.0, 50.0, 30.0, 80.0])
    state = DispatchState(
        topology=None,  # type: ignore[arg-type]
        lo_mw=np.zeros(5),
        hi_mw=np.array([500.0, 200.0, 100.0, 0.0, 45.0]),
        cost=packed.cost,
        spill_cost=packed.spill_cost,
        demand_mw=np.zeros((3, 2)),
        penalty=np.zeros((3, 2)),
        row_lo_mw=np.array([-1700.0, -1700.0, -np.inf, -np.inf]),
        row_hi_mw=np.array([1700.0, 1700.0, np.inf, 100.0]),
    )
    solution = DispatchSolution(
        p_mw=np.array([185.0, 150.0, 20.0, 0.0, 40.0]),
        spill_mw=np.array([5.0, 0.0, 0.0, 0.0, 0.0]),
        shed_mw=np.zeros((3, 2)),
        flow_mw=flow_mw,
        row_price=np.array([0.0, 0.0, 0.0, -3.0]),
        price=np.zeros(3),
        cost=0.0,
        status=0,
        pivots=0,
        basis=np.zeros(1, dtype=np.int32),
        bus_loss_mw=np.array([0.0, 4.0, 3.0]),
    )
    dispatch = Redispatch(
        state=state,
        solution=solution,
        p_main_mw=np.array([180.0, 150.0]),
        p_backup_mw=np.array([0.0, 20.0]),
        p_border_mw=np.zeros(0),
        p_storage_mw=np.array([40.0]),
        available_mw=np.array([500.0, 170.0]),
        border_available_mw=np.zeros(0),
        curtailed_mw=np.zeros(2),
        spilled_mw=np.array([5.0, 0.0]),
        load_mw=np.array([100.0, 200.0, 100.0]),
        unserved_mw=np.array([0.0, 0.0, 10.0]),
        short_mw=10.0,
        response_mw=np.zeros(3),
        loss_share=0.02,
        committed=np.array([True, True]),
        ramp_limited=False,
        out_branch=np.array([2], dtype=np.int32),
    )._replace(**changes)
    gas = GasStep(
        flow_mcm_per_d=np.zeros(2),
        supply_mcm_per_d=np.zeros(1),
        storage_mcm_per_d=np.zeros(0),
        delivered_mcm_per_d=np.array([0.6, 0.5]),
        power_delivered_mcm_per_d=np.array([1.125]),
        linepack_change_mcm_per_d=np.zeros(3),
        pressure_bar=np.array([60.0, 50.0, 40.0]),
        compressor_mw=np.zeros(0),
    )
    return Interval(
        time_h=time_h,
        duration_h=duration_h,
        inputs=HourInputs(
            temperature_c=np.zeros(0),
            gen_share=np.ones(2),
            heat_min_share=np.zeros(2),
            load_mw=dispatch.load_mw,
            gas_demand_mcm_per_d=np.array([1.0, 0.5]),
            rating_factor=np.ones(packed.system.n_branches),
            winter=True,
        ),
        dispatch=dispatch,
        fuel=FuelLimits(np.array([1.0, 0.75]), np.array([100.0]), np.array([200.0]), np.array([150.0])),
        gas=gas,
        linepack_mcm=np.array([1.0, 2.0, 3.0]),
        vented_mcm=np.zeros(3),
        yard_days=np.zeros(0),
        backup_days=np.array([0.8]),
        storage_mwh=np.array([120.0]),
        ac=None,
    )


def recorded(packed: Packed, *intervals: Interval, keep: Any = None, baseline: Any = None) -> dict[str, Columns]:
    recorder, log, sink = Recorder(packed, replicate=7, keep=keep), EventLog(), MemorySink()
    for one in intervals:
        recorder.record(one)
    trip = log.add(0.5, "lines:n1_s1", "out")
    log.add(0.5, "zone:south", "shedding", trip)
    recorder.finish(log, sink, baseline)
    return sink.tables


def row(columns: Columns, name: str, position: int = 0) -> dict[str, Any]:
    at = np.flatnonzero(columns["name"] == name)[position]
    return {column: values[at] for column, values in columns.items()}


def test_a_zone_row_is_the_sum_of_its_elements(packed):
    south = row(recorded(packed, interval(packed, 0.0, 0.5))["zones"], "south")
    expected = {
        "replicate": 7, "time_h": 0.0, "duration_h": 0.5, "demand_mw": 300.0, "unserved_mw": 10.0,
        "losses_mw": 0.02 * 290.0 + 3.0, "generation_mw": 170.0, "gas_fired_mw": 150.0, "backup_fuel_mw": 20.0,
        "coal_mw": 0.0, "storage_mw": 40.0, "import_mw": 0.0, "net_inflow_mw": 80.0, "available_mw": 170.0,
        "gas_fired_available_mw": 150.0, "reserve_margin_mw": 170.0 + 45.0 - 300.0 * 1.02 - 3.0,
        "co2_t_per_h": 150.0 * 0.5 + 20.0 * 0.75,
    }  # fmt: skip
    assert {column: south[column] for column in expected} == pytest.approx(expected)
    assert np.isnan(south["temperature_c"])


def test_storages_hold_their_charge_at_the_start_of_the_row(packed):
    battery = row(recorded(packed, interval(packed, 2.0, 1.0))["storages"], "battery")
    assert (battery["time_h"], battery["state_of_charge_mwh"], battery["p_mw"]) == (2.0, 120.0, 40.0)
    assert battery["state_of_charge_share"] == pytest.approx(0.6)


def test_rows_of_the_other_tables(packed):
    tables = recorded(packed, interval(packed, 0.0, 1.0))
    gas_1 = row(tables["generators"], "gas_1")
    assert (gas_1["plant"], gas_1["fuel"], gas_1["p_mw"], gas_1["committed"]) == ("gas", "gas", 170.0, True)
    line = row(tables["lines"], "n2_s1")
    assert (line["in_service"], line["p_dispatch_mw"]) == (False, 30.0) and np.isnan(line["limit_mw"])
    section = row(tables["interfaces"], "north_south")
    assert (section["flow_mw"], section["limit_forward_mw"], section["loading"], section["price"]) == (80, 100, 0.8, 3)
    assert np.isnan(section["limit_reverse_mw"])
    gate = row(tables["gas"], "gate")
    # Households ask 1.0 and get 0.6; with the plant's 1.125 delivered are 2.225.
    assert gate["cut_households_mcm_per_d"] == pytest.approx(0.4) and gate["cut_industry_mcm_per_d"] == 0.0
    assert gate["delivered_mcm_per_d"] == pytest.approx(2.225) and gate["pressure_bar"] == 40.0
    tank = row(tables["fuel"], "gas/backup")
    assert (tank["stock_days"], tank["burn_mw"]) == (0.8, 20.0)
    factory = row(tables["shortfall"], "s1/s1_factory")
    assert (factory["zone"], factory["oblast"], factory["load_class"]) == ("south", "S", "factory")
    assert factory["unserved_mw"] == 10.0 and len(tables["shortfall"]["name"]) == 1
    # Net of spill: 180 MW coal at 10 and 150 MW gas at 25 USD/MWh, 20 MW on mazut at 100, the battery at its own cost.
    cost = 180 * 10 + 150 * 25 + 20 * 100 + 40 * packed.cost[packed.discharge_columns][0]
    assert tables["solves"]["dispatch_cost"] == pytest.approx([cost])
    assert tables["solves"]["ac_status"].tolist() == ["off"] and len(tables["buses"]["name"]) == 0
    assert tables["events"]["cause_id"].tolist() == [-1, 0]


def test_a_dispatch_without_a_basis_was_solved_by_highs(packed):
    by_kernel = interval(packed, 0.0, 1.0)
    solution = by_kernel.dispatch.solution._replace(basis=np.zeros(0, dtype=np.int32))
    by_highs = interval(packed, 1.0, 1.0, solution=solution)
    solves = recorded(packed, by_kernel, by_highs)["solves"]
    assert solves["dispatch_engine"].tolist() == ["kernel", "highs"]
    assert solves["dispatch_status"].tolist() == [0, 0] and solves["loss_share"].tolist() == [0.02, 0.02]


def power_flow(vm_pu: list[float], loading_percent: list[float], losses_mw: float) -> AcSolution:
    """A converged power flow of three buses and three lines; what is not given is zero."""
    return AcSolution(
        converged=True,
        rung="flat",
        reason="",
        iterations=4,
        vm_pu=np.array(vm_pu),
        va_degree=np.zeros(3),
        p_from_mw=np.zeros(3),
        p_to_mw=np.zeros(3),
        q_from_mvar=np.zeros(3),
        q_to_mvar=np.zeros(3),
        loading_percent=np.array(loading_percent),
        losses_mw=losses_mw,
        p_gen_mw=np.zeros(2),
        q_gen_mvar=np.zeros(2),
        p_border_mw=np.zeros(0),
        q_border_mvar=np.zeros(0),
        imbalance_mw=0.0,
        island=np.zeros(3, dtype=np.int32),
        live=np.ones(1, dtype=bool),
    )


def test_a_power_flow_is_told_by_its_losses_extreme_voltages_and_highest_loading(packed):
    healthy = power_flow([1.02, 0.97, np.nan], [40.0, 85.0, 0.0], 6.5)  # the third bus is dead
    failed = healthy._replace(
        converged=False, rung="dc_only", reason="no solution", vm_pu=np.full(3, np.nan), losses_mw=np.nan
    )
    flows = (healthy, failed)
    solves = recorded(packed, *(interval(packed, at, 1.0)._replace(ac=ac) for at, ac in enumerate(flows)))["solves"]
    assert solves["ac_status"].tolist() == ["ok", "not_converged"]
    assert solves["ac_rung"].tolist() == ["flat", "dc_only"]
    assert solves["ac_reason"].tolist() == ["", "no solution"]
    np.testing.assert_equal(solves["ac_losses_mw"], [6.5, np.nan])
    np.testing.assert_equal(solves["vm_min_pu"], [0.97, np.nan])
    np.testing.assert_equal(solves["vm_max_pu"], [1.02, np.nan])
    np.testing.assert_equal(solves["max_loading_percent"], [85.0, np.nan])


def test_a_machine_burns_the_fuel_that_gives_most_of_its_output(packed):
    mazut = interval(packed, 0.0, 1.0, p_main_mw=np.array([180.0, 10.0]), p_backup_mw=np.array([0.0, 20.0]))
    assert row(recorded(packed, mazut)["generators"], "gas_1")["fuel"] == "mazut"


def test_rows_are_sorted_by_time_and_name_and_what_lasts_no_time_is_left_out(packed):
    tables = recorded(packed, interval(packed, 0.0, 0.25), interval(packed, 0.25, 0.0), interval(packed, 0.25, 0.75))
    zones = tables["zones"]
    assert zones["time_h"].tolist() == [0.0] * 3 + [0.25] * 3
    assert zones["name"].tolist() == ["external", "north", "south"] * 2


def test_names_of_many_intervals_are_made_once(packed):
    names = np.array(["b", "a"])
    few, many = (Batch([interval(packed, float(h), 1.0) for h in range(n)]) for n in (2, 100))
    rows = few.by_name(names, x=np.array([[1.0, 2.0], [3.0, 4.0]]), y=np.array([5.0, 6.0]))
    assert rows["name"].tolist() == ["a", "b", "a", "b"]
    assert rows["x"].tolist() == [2.0, 1.0, 4.0, 3.0] and rows["y"].tolist() == [6.0, 5.0, 6.0, 5.0]
    long = many.by_name(names)["name"]
    assert long.tolist() == 100 * ["a", "b"] and not long.flags.writeable
    assert np.shares_memory(long, few.by_name(names)["name"])


def test_a_run_of_shortfall_is_one_event_however_many_intervals_it_has(packed):
    served = {"unserved_mw": np.zeros(3)}
    deep = {"unserved_mw": np.array([0.0, 0.0, 30.0])}
    tables = recorded(
        packed,
        interval(packed, 0.0, 1.0, **served),
        interval(packed, 1.0, 0.5),
        interval(packed, 1.5, 0.5, **deep),
        interval(packed, 2.0, 1.0, **served),
        interval(packed, 3.0, 1.0),
    )
    events = tables["shortfall_events"]
    rows = list(zip(events["name"], events["time_h"], events["duration_h"], events["energy_mwh"], events["peak_mw"]))
    # 10 MW x 0.5 h + 30 MW x 0.5 h, then 10 MW x 1 h to the end; the South is all of the system's.
    first, second = (1.0, 1.0, 20.0, 30.0), (3.0, 1.0, 10.0, 10.0)
    assert rows == [("south", *first), ("system", *first), ("south", *second), ("system", *second)]


def test_balance_is_against_the_row_of_the_baseline_that_holds_then(packed):
    calm = recorded(packed, interval(packed, 0.0, 1.0, unserved_mw=np.zeros(3)))
    hour = [interval(packed, 0.5, 0.5, p_main_mw=np.array([180.0, 140.0]))]
    balance = recorded(packed, *hour, baseline=calm)["balance"]
    south = row(balance, "south")
    # 10 MW less from gas and 10 MW unserved; losses fall by 2 % of what is not served.
    assert south["gas_fired_change_mw"] == pytest.approx(-10) and south["unserved_mw"] == pytest.approx(10)
    assert south["demand_change_mw"] == pytest.approx(-0.2) and south["residual_mw"] == pytest.approx(-0.2)
    assert len(recorded(packed, *hour)["balance"]["name"]) == 0


def test_only_tables_that_are_kept_are_written_and_one_that_needs_another_gets_it(packed):
    tables = recorded(packed, interval(packed, 0.0, 1.0), keep={"shortfall_events", "storages"})
    assert set(tables) == {"shortfall_events", "storages"}
    assert tables["shortfall_events"]["energy_mwh"].tolist() == [10.0, 10.0]


def test_co2_of_a_zone_is_unknown_if_a_machine_has_no_factor(two_areas):
    def no_factor(tables):
        del tables["generators"][0]["co2_t_per_mwh"]

    bare = pack(two_areas(no_factor, gas=True))
    one = interval(bare, 0.0, 1.0, p_storage_mw=np.zeros(0))
    short = one.dispatch.state.hi_mw[:3], one.dispatch.solution
    one = one._replace(
        dispatch=one.dispatch._replace(
            state=one.dispatch.state._replace(hi_mw=short[0]),
            solution=short[1]._replace(p_mw=short[1].p_mw[:3], spill_mw=short[1].spill_mw[:3]),
        ),
        storage_mwh=np.zeros(0),
    )
    zones = recorded(bare, one)["zones"]
    assert np.isnan(row(zones, "north")["co2_t_per_h"])
    assert row(zones, "south")["co2_t_per_h"] == pytest.approx(90.0)


def test_every_file_of_the_folder_is_a_table_with_its_columns_meaning_and_rows(packed):
    assert tuple(RESULT_TABLES) == result_tables()
    kept = {"zones", "interfaces", "shortfall", "shortfall_events", "events"}
    assert kept | {"nuclear", "water", "site_supply", "minerals"} == set(STUDY_TABLES)
    tables = recorded(packed, interval(packed, 0.0, 1.0))
    for name, table in RESULT_TABLES.items():
        assert issubclass(table, ResultTable) and table.__doc__ and table.__doc__ != ResultTable.__doc__, name
        assert list(tables[name]) == [column.name for column in TABLES[name]], name
        assert all(column.doc for column in table.columns), name
