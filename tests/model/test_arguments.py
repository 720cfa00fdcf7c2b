"""Arguments of the public functions: right types and ranges, numpy's numbers included; one line for anything else."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gridsim
from gridsim.errors import ArgumentError, GridsimError, StudyError
from gridsim.model.arguments import LARGEST_REPLICATE, LARGEST_SEED, number, whole_number
from gridsim.model.checks import check_system
from gridsim.model.scenario import AcMode, Horizon, Policy, Scenario
from gridsim.model.study import Study
from gridsim.model.system import GridSystem
from gridsim.reliability import SequentialMonteCarlo, SnapshotMonteCarlo, WeatherYears

START = dt.datetime(2026, 1, 12)
WRONG_WHOLE = [1.5, 1.0, True, "1", None, float("nan"), -1, 2**64, np.float64(1), np.bool_(True), [1]]


@pytest.fixture(scope="module")
def rbts() -> GridSystem:
    return gridsim.read_network("rbts")


def hour(**changes: Any) -> Scenario:
    return Scenario("case", "rbts", Horizon(START, 1), policy=Policy(ac=AcMode.OFF), **changes)


@pytest.mark.parametrize("value", WRONG_WHOLE)
@pytest.mark.parametrize(
    "call",
    [
        lambda system, value: gridsim.run(system, hour(), seed=value),
        lambda system, value: gridsim.run(system, hour(), replicate=value),
        lambda system, value: Horizon(START, 24, value),
        lambda system, value: SequentialMonteCarlo(years=1, seed=value),
        lambda system, value: SequentialMonteCarlo(years=1, workers=value),
        lambda system, value: SnapshotMonteCarlo(samples=10, seed=value),
        lambda system, value: WeatherYears(system, seed=value),
        lambda system, value: gridsim.dispatch(system, month=value),
        lambda system, value: gridsim.screen(system, month=value),
        lambda system, value: Study("s", (), 1, value),
        lambda system, value: Study("s", (), value),
        lambda system, value: gridsim.run_study(Study("s", ()), "nowhere", workers=value),
    ],
)
def test_no_other_value_is_a_whole_number(
    rbts: GridSystem, call: Callable[[GridSystem, Any], object], value: object
) -> None:
    with pytest.raises(StudyError) as caught:
        call(rbts, value)
    assert "; give " in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("value", [1.5, True, "1", float("nan"), -1, 0, 2**64])
def test_numbers_of_samples_are_whole_and_positive(value: object) -> None:
    with pytest.raises(StudyError, match=r"^years: "):
        SequentialMonteCarlo(years=value)  # type: ignore[arg-type]
    with pytest.raises(StudyError, match=r"^samples: "):
        SnapshotMonteCarlo(samples=value)  # type: ignore[arg-type]


@pytest.mark.parametrize("step", [-60, 0, 1, 7, 25, 45, 120])
def test_a_step_that_does_not_divide_an_hour_is_refused_as_in_files(step: int) -> None:
    with pytest.raises(StudyError, match=r"^horizon.step_minutes: "):
        Horizon(START, 24, step)


@pytest.mark.parametrize("hours", [float("nan"), float("inf"), -6, 0, 0.1, 9000, "24", None, True, 10**400])
def test_hours_of_a_horizon_are_those_of_files(hours: Any) -> None:
    with pytest.raises(StudyError, match=r"^horizon.hours: "):
        Horizon(START, hours)


@pytest.mark.parametrize("start", ["2026-01-12", None, START.replace(tzinfo=dt.UTC), dt.datetime(9999, 12, 31)])
def test_the_start_of_a_horizon_is_a_local_time_in_the_calendar(start: Any) -> None:
    with pytest.raises(StudyError, match=r"^horizon.start: "):
        Horizon(start, 24)


def test_numbers_of_numpy_are_numbers(rbts: GridSystem) -> None:
    horizon = Horizon(START, np.float32(2), np.int8(30))
    assert (horizon.hours, horizon.step_minutes) == (2.0, 30)
    assert type(horizon.step_minutes) is int
    plain = gridsim.run(rbts, hour(failures=True), seed=5, replicate=3)
    other = gridsim.run(rbts, hour(failures=True), seed=np.uint64(5), replicate=np.int16(3))  # type: ignore[arg-type]
    assert plain.estimates == other.estimates
    assert type(SequentialMonteCarlo(years=np.int64(2), seed=np.int32(1)).seed) is int  # type: ignore[arg-type]


def test_ends_of_the_ranges_are_in_them(rbts: GridSystem) -> None:
    gridsim.run(rbts, hour(failures=True), seed=LARGEST_SEED, replicate=LARGEST_REPLICATE)
    with pytest.raises(StudyError, match=r"^replicate: 1099511627776 is out of range; give 0 to 2\^31 - 1$"):
        gridsim.run(rbts, hour(), replicate=2**40)
    with pytest.raises(StudyError, match="a number of 4097 bits"):
        whole_number("n", 2**4096, 0, 1)
    with pytest.raises(StudyError, match=r"^n: inf is out of range"):
        number("n", 10**400, 0, 1)


@pytest.mark.parametrize("value", [None, "rbts", 1, object(), {}])
@pytest.mark.parametrize(
    "call",
    [
        lambda system, value: gridsim.run(value, hour()),
        lambda system, value: gridsim.run(system, value),
        lambda system, value: gridsim.assess(value, SequentialMonteCarlo(years=1)),
        lambda system, value: gridsim.assess(gridsim.system_from_grid(system), value),
        lambda system, value: gridsim.system_from_grid(value),
        lambda system, value: WeatherYears(value),
        lambda system, value: gridsim.dispatch(value),
        lambda system, value: gridsim.screen(value),
        lambda system, value: gridsim.run_study(value, "nowhere"),
    ],
)
def test_other_objects_are_refused_in_one_line(
    rbts: GridSystem, call: Callable[[GridSystem, Any], object], value: object
) -> None:
    with pytest.raises(ArgumentError) as caught:
        call(rbts, value)
    assert isinstance(caught.value, TypeError) and isinstance(caught.value, GridsimError)
    assert str(caught.value).count("\n") == 0 and "; give " in str(caught.value)


def test_a_network_is_no_sample_year(rbts: GridSystem) -> None:
    with pytest.raises(ArgumentError, match=r"give system_from_grid\(system\)"):
        gridsim.assess(rbts, SequentialMonteCarlo(years=1))  # type: ignore[arg-type]


def test_a_load_that_is_no_number_is_refused_at_the_door(rbts: GridSystem) -> None:
    system = gridsim.system_from_grid(rbts)
    load = system.load_mw.copy()
    load[5, 2] = np.nan
    with pytest.raises(StudyError, match=r"^load_mw\[bus3\]: nan; give finite MW"):
        gridsim.assess(dataclasses.replace(system, load_mw=load), SequentialMonteCarlo(years=1))


def test_a_metric_that_no_run_has(rbts: GridSystem) -> None:
    result = gridsim.run(rbts, hour())
    with pytest.raises(StudyError, match="no metric 'EUX'; did you mean 'EUE'"):
        result.metric("EUX")
    with pytest.raises(StudyError, match="no EUE of 'zone:nowhere'"):
        result.metric("EUE", "zone:nowhere")


# Arrays of a system in memory

DOORS: list[Callable[[GridSystem], object]] = [
    lambda system: gridsim.run(system, hour()),
    lambda system: gridsim.system_from_grid(system),
    lambda system: WeatherYears(system),
    lambda system: gridsim.dispatch(system),
    lambda system: gridsim.screen(system),
]


def changed(system: GridSystem, table: str, column: str, value: object, row: int = 0) -> GridSystem:
    owner = getattr(system, table)
    values = getattr(owner, column).copy()
    values[row] = value
    return system.replace(**{table: dataclasses.replace(owner, **{column: values})})


@pytest.mark.parametrize("door", DOORS)
def test_every_door_holds_arrays_to_the_ranges_of_files(rbts: GridSystem, door: Callable[[GridSystem], object]) -> None:
    odd = changed(rbts, "generators", "p_max_mw", np.nan, 1)
    with pytest.raises(StudyError, match=r"^generators.p_max_mw\[G2\]: nan; give a number >= 0 and <= 100000"):
        door(odd)


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("generators", "p_max_mw", -1),
        ("generators", "p_max_mw", np.inf),
        ("generators", "p_max_mw", 1e12),
        ("generators", "p_min_mw", 1000),
        ("generators", "cost_per_mwh", 1e308),
        ("generators", "mttr_h", np.nan),
        ("generators", "mttf_h", 0),
        ("generators", "profile", 40),
        ("generators", "vm_pu", np.nan),
        ("loads", "p_mw", 1e308),
        ("loads", "load_class", 7),
        ("loads", "load_class", -1),
        ("lines", "length_km", 1e12),
        ("lines", "x_ohm_per_km", 1e308),
        ("lines", "x_ohm_per_km", 0),
        ("lines", "max_i_ka", -1),
        ("lines", "parallel", 0),
        ("buses", "vn_kv", np.nan),
        ("buses", "zone", -5),
    ],
)
def test_a_cell_out_of_range_is_named_by_table_column_and_row(
    rbts: GridSystem, table: str, column: str, value: object
) -> None:
    with pytest.raises(StudyError) as caught:
        check_system(changed(rbts, table, column, value))
    name = getattr(rbts, table).name[0]
    assert str(caught.value).startswith(f"{table}.{column}[{name}]: ")


def test_what_may_be_empty_may_be_nan(rbts: GridSystem) -> None:
    check_system(changed(rbts, "lines", "max_i_ka", np.nan))
    both = changed(changed(rbts, "generators", "mttf_h", np.nan), "generators", "mttr_h", np.nan)
    assert check_system(both) is both


def test_a_line_with_both_ends_at_one_bus(rbts: GridSystem) -> None:
    loop = changed(rbts, "lines", "to_bus", rbts.lines.from_bus[0])
    with pytest.raises(StudyError, match=rf"^lines.to_bus\[{rbts.lines.name[0]}\]: both ends are one bus"):
        check_system(loop)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"loss_share": float("nan")}, "network.loss_share"),
        ({"f_hz": 0.0}, "network.f_hz"),
        ({"reserve_mw": (-5.0,)}, "network.reserve_mw"),
        ({"reserve_mw": (1.0, 2.0)}, "reserve_mw"),
    ],
)
def test_numbers_of_the_whole_network(rbts: GridSystem, change: dict[str, Any], place: str) -> None:
    with pytest.raises(StudyError) as caught:
        check_system(rbts.replace(**change))
    assert str(caught.value).startswith(place)


@pytest.mark.parametrize("values", [[1.0], [[1.0] * 11], ["a"] * 11, [2**40] * 11])
def test_columns_of_another_shape_or_kind_are_refused_as_they_are_made(rbts: GridSystem, values: Any) -> None:
    column = "profile" if values == [2**40] * 11 else "p_max_mw"
    with pytest.raises(StudyError, match=r"^Generators\.\w+: .*; give "):
        dataclasses.replace(rbts.generators, **{column: values})


def test_many_faults_are_counted(rbts: GridSystem) -> None:
    worse = rbts.replace(generators=dataclasses.replace(rbts.generators, p_max_mw=[np.nan] * 11))
    with pytest.raises(StudyError, match=r"and 3 more$"):
        check_system(worse)


@pytest.mark.parametrize("name", ["rbts", "rts79", "kazakhstan", "rts_gmlc", "great_britain_2019"])
def test_bundled_networks_are_sound(name: str) -> None:
    check_system(gridsim.read_network(name))
