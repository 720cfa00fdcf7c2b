"""What frames must not say: each is a Problem with its place and a mend, and nothing of it is taken in silence."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from gridsim.errors import InputError, Problem
from gridsim.reliability import SequentialMonteCarlo, SnapshotMonteCarlo, assess, system_from_frames
from gridsim.reliability.frame_rules import FAILING, RULES

NAN = np.nan
OUTAGES = {"mttf_h": 100.0, "mttr_h": 5.0}


def arguments(level: str, **changes: Any) -> dict[str, Any]:
    """Frames of two places joined by one interface (or one branch), with stores."""
    place, columns = ("bus", ("from_bus", "to_bus")) if level == "nodal" else ("area", ("area_from", "area_to"))
    joined: dict[str, Any] = {"name": ["j"], columns[0]: ["x"], columns[1]: ["y"], **OUTAGES}
    limits = {"x_pu": 0.1, "limit_mw": 20.0} if level == "nodal" else {"forward_mw": 20.0, "backward_mw": 20.0}
    frames: dict[str, Any] = {
        "units": pd.DataFrame({"name": ["a"], "p_max_mw": [30.0], place: "x", **OUTAGES}),
        "load_mw": pd.DataFrame({"x": np.ones(24), "y": np.full(24, 5.0)}),
        "branches" if level == "nodal" else "interfaces": pd.DataFrame({**joined, **limits}),
        "storages": pd.DataFrame(
            {"name": ["s"], place: "y", "charge_mw": 1.0, "discharge_mw": 1.0, "energy_mwh": 4.0, **OUTAGES}
        ),
    }
    if level != "nodal":
        limited = {"p_max_mw": 1.0, "energy_mwh": 4.0, place: "y", **OUTAGES}
        frames |= {name: pd.DataFrame({"name": [name], **limited}) for name in ("energy_limited", "demand_response")}
    for name, change in changes.items():
        given = frames.get(name)
        frames[name] = (
            given.assign(**change) if isinstance(given, pd.DataFrame) and isinstance(change, dict) else change
        )
    return frames


def problems(level: str, **changes: Any) -> list[Problem]:
    with pytest.raises(InputError) as caught:
        system_from_frames(**arguments(level, **changes))
    assert all(problem.mend for problem in caught.value.problems)
    return list(caught.value.problems)


def one(level: str, **changes: Any) -> Problem:
    found = problems(level, **changes)
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize("level", ["zonal", "nodal"])
def test_the_frames_are_good_as_they_are(level: str) -> None:
    system = system_from_frames(**arguments(level))
    assert assess(system, SequentialMonteCarlo(years=8, level=level)).n_samples == 8


@pytest.mark.parametrize(
    ("level", "table", "column"), [("zonal", "interfaces", "area_to"), ("nodal", "branches", "to_bus")]
)
def test_nothing_joins_a_place_to_itself(level: str, table: str, column: str) -> None:
    problem = one(level, **{table: {column: "x"}})
    assert (problem.file, problem.row, problem.column) == (table, 2, column)
    assert problem.value.startswith("'x' is ") and "joins two" in problem.mend


@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ({"mttf_h": NAN}, "mttr_h"),  # a repair time of something that never fails
        ({"mttr_h": NAN}, "mttr_h"),  # a failure without repair
        ({"mttf_h": NAN, "mttr_h": NAN, "forced_outage_rate": 0.1}, "mttr_h"),
        ({"forced_outage_rate": 0.1}, "forced_outage_rate"),  # beside mttf_h
        ({"failure_probability": 0.1, "repair_probability": 0.5}, "failure_probability"),
    ],
)
@pytest.mark.parametrize("table", FAILING)
def test_times_to_failure_and_repair_go_together(table: str, changes: dict[str, float], column: str) -> None:
    problem = one("nodal" if table == "branches" else "zonal", **{table: changes})
    assert (problem.file, problem.row, problem.column) == (table, 2, column)


@pytest.mark.parametrize(
    "changes",
    [
        {"mttf_h": NAN, "mttr_h": NAN},
        {"mttf_h": np.inf, "mttr_h": 5.0},
        {"mttf_h": NAN, "forced_outage_rate": 0.0},
        {"mttf_h": NAN, "mttr_h": None},
        {"mttf_h": pd.NA, "mttr_h": pd.NA},
    ],
)
def test_what_never_fails_says_so(changes: dict[str, Any]) -> None:
    system = system_from_frames(**arguments("zonal", units=changes))
    assert system.unit_component[0].states == ()


def test_a_word_in_a_mean_time_is_one_problem() -> None:
    problem = one("zonal", units={"mttf_h": "often"})
    assert (problem.file, problem.row, problem.column) == ("units", 2, "mttf_h") and "'often'" in problem.value


def test_a_profile_is_no_more_than_the_machine() -> None:
    hours = np.full(24, 30.0)
    system = system_from_frames(**arguments("zonal", profiles_mw=pd.DataFrame({"a": hours})))
    assert system.unit_mw[0] == 30.0
    hours[[7, 9]] = 100.0
    problem = one("zonal", profiles_mw=pd.DataFrame({"a": hours}))
    assert (problem.file, problem.row, problem.column) == ("profiles_mw", 9, "a")
    assert problem.value == "100 is above p_max_mw 30"


@pytest.mark.parametrize("start", ["2001-01-01", pd.Timestamp("1999-07-01")])
def test_a_horizon_starts_at_a_midnight(start: Any) -> None:
    assert system_from_frames(**arguments("zonal", start=start)).start == pd.Timestamp(start)


@pytest.mark.parametrize("start", ["2001-01-01 06:00", "2001-01-01 00:00:01", "soon", "2001-13-01", float("nan")])
def test_any_other_start_is_refused(start: Any) -> None:
    problem = one("zonal", start=start)
    assert problem.file == "start" and problem.value.endswith((" is not a midnight", " is not a time"))


@pytest.mark.parametrize("table", ["load_mw", "units", "interfaces", "storages", "profiles_mw", "unavailability"])
def test_a_column_given_twice(table: str) -> None:
    frames = arguments("zonal")
    twice = frames.get(table, pd.DataFrame({"a": np.zeros(24)}))
    last = twice.columns[-1]
    problem = one("zonal", **{table: pd.concat([twice, twice[[last]]], axis=1)})
    assert (problem.file, problem.row, problem.column) == (table, 1, str(last))
    assert problem.value == "column given twice"


def test_names_of_places_are_compared_as_text() -> None:
    load = pd.DataFrame(np.ones((24, 2)), columns=[1, "1"])
    assert one("zonal", load_mw=load).column == "1"


def test_interfaces_and_branches_are_not_given_together() -> None:
    interfaces = arguments("zonal")["interfaces"]
    problem = one("nodal", interfaces=interfaces)
    assert problem.file == "interfaces" and "beside branches" in problem.value and "or branches" in problem.mend


@pytest.mark.parametrize(
    "method", [SequentialMonteCarlo(years=1, level="zonal"), SnapshotMonteCarlo(samples=1, level="zonal")]
)
def test_branches_alone_have_no_zonal_level(method: Any) -> None:
    frames = arguments("nodal")
    frames.pop("storages")
    with pytest.raises(InputError) as caught:
        assess(system_from_frames(**frames), method)
    (problem,) = caught.value.problems
    assert problem.file == "branches" and "areas" in problem.value and "nodal" in problem.mend


def test_all_of_it_is_said_at_once_and_row_by_row() -> None:
    units = pd.DataFrame(
        {"name": ["a", "b", "c"], "p_max_mw": 30.0, "area": "x", "mttf_h": [NAN, 9.0, NAN], "mttr_h": [5.0, NAN, NAN]}
    )
    found = problems(
        "zonal", units=units, interfaces={"area_to": "x"}, storages={"mttf_h": NAN}, start="2001-01-01 01:00"
    )
    assert [(p.file, p.row, p.column) for p in found] == [
        ("interfaces", 2, "area_to"), ("start", 0, ""), ("storages", 2, "mttr_h"), ("units", 2, "mttr_h"),
        ("units", 3, "mttr_h"),
    ]  # fmt: skip


def test_every_rule_of_frames_has_a_case_above() -> None:
    places = {(rule.table, rule.column) for rule in RULES}
    failing = {
        (table, column) for table in FAILING for column in ("mttr_h", "forced_outage_rate", "failure_probability")
    }
    assert places == failing | {("interfaces", "area_to"), ("branches", "to_bus")}
