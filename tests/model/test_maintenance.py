"""Planned maintenance: placing by hand, what is asked and what is placed, the heating season, and the overrun."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridsim.errors import InputError, StudyError
from gridsim.io.bundled import network_folder
from gridsim.io.read_network import read_network, system_from_tables
from gridsim.model.maintenance import day_of_year, maintenance_weeks, overrun, planned_outage
from gridsim.model.system import GridSystem

OCTOBER, APRIL, DECEMBER = 273, 90, 334  # first days
MONTHS = range(1, 13)
CURVE = [{"curve": "chp", "temperature_c": 0, "p_min_share": 0.5, "p_max_share": 1.0}]
Rows = list[dict[str, Any]]


def machine(name: str, p_max_mw: float, **more: Any) -> dict[str, Any]:
    return {"name": name, "bus": "b", "fuel": "coal", "installed_mw": p_max_mw, "p_max_mw": p_max_mw,
            "cost_per_mwh": 1, **more}  # fmt: skip


def one_bus(machines: Rows, load_by_month: Callable[[int], float] = lambda month: 1.0, **tables: Rows) -> GridSystem:
    """A load of 100 MW times its month's factor, flat over the day."""
    profile = [
        {"profile": "load", "month": month, "day_type": "any", "hour": hour, "value": load_by_month(month)}
        for month in MONTHS
        for hour in range(24)
    ]
    return system_from_tables(
        {"name": "one", "zones": ["z"]},
        {
            "buses": [{"name": "b", "zone": "z", "vn_kv": 220}],
            "generators": machines,
            "loads": [{"name": "l", "bus": "b", "p_mw": 100, "load_class": "c", "profile": "load"}],
            "load_classes": [{"name": "c", "shed_order": 1, "voll_usd_per_kwh": 1}],
            "profiles": profile,
            "heat_curves": CURVE,
            **tables,
        },
    )


def weeks_out(share: Any) -> list[int]:
    """Weeks of the year, 1 January in week 0, of which every day is out."""
    return np.flatnonzero((share[:364].reshape(52, 7) == 1.0).all(axis=1)).tolist()


def test_three_machines_placed_by_hand() -> None:
    """Load 100 MW, but 60 MW in May (days 120 to 150) and 70 MW in June (to 180).

    Weeks 18 to 20 lie in May alone, 21 to 24 in June or both, 17 and 25 reach into months of 100 MW. By energy: big
    (60 MW x 2 weeks) takes the first two of the three weeks at 60 MW, which then stand at 120. Middle (20 x 3) cannot
    stay below 70 MW: of the windows at 70 the one from week 20 has the lowest mean. Small (10 x 1) then finds weeks 23
    and 24 at 70 MW, all others at 80 or more, and takes the first.
    """
    may_low = {5: 0.6, 6: 0.7}
    system = one_bus(
        [
            machine("small", 10, maintenance_weeks=1),
            machine("big", 60, maintenance_weeks=2),
            machine("middle", 20, maintenance_weeks=3),
        ],
        lambda month: may_low.get(month, 1.0),
    )
    small, big, middle = planned_outage(system)
    assert weeks_out(big) == [18, 19]
    assert weeks_out(middle) == [20, 21, 22]
    assert weeks_out(small) == [23]
    assert [share.sum() for share in (small, big, middle)] == [7.0, 14.0, 21.0]


def test_the_total_is_what_was_asked_in_broken_weeks_too() -> None:
    asked = [0.5, 4.3, 26.0, 52.0, 0.0]
    system = one_bus([machine(f"g{k}", 10 + k, maintenance_weeks=weeks) for k, weeks in enumerate(asked)])
    assert planned_outage(system).sum(axis=1) / 7 == pytest.approx(asked, abs=1e-12)


def test_weeks_are_the_machines_own_else_those_of_its_class() -> None:
    classes = [{"name": "steam", "weeks": 6}]
    system = one_bus(
        [
            machine("own", 10, maintenance_weeks=2, maintenance_class="steam"),
            machine("of_class", 10, maintenance_class="steam"),
            machine("none", 10),
            machine("idle", 10, maintenance_class="steam", in_service="false"),
        ],
        maintenance_classes=classes,
    )
    assert maintenance_weeks(system).tolist() == [2.0, 6.0, 0.0, 0.0]
    assert planned_outage(system).sum(axis=1).tolist() == [14.0, 42.0, 0.0, 0.0]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(0.0, 26.0), st.floats(1.0, 200.0), st.booleans()),
        min_size=1,
        max_size=8,
    ),
    st.floats(0.0, 1.0),
    st.tuples(st.floats(0.0, 26.0), st.floats(0.0, 26.0)),
    st.integers(1, 12),
)
def test_any_machines_are_out_as_long_as_asked_and_heat_led_ones_only_in_summer(
    machines: list[tuple[float, float, bool]], share: float, longer: tuple[float, float], lowest_month: int
) -> None:
    low, high = sorted(longer)
    classes = [{"name": "c", "weeks": 1, "overrun_share": share, "overrun_min_weeks": low, "overrun_max_weeks": high}]
    rows = [
        machine(f"g{k}", mw, maintenance_weeks=weeks, maintenance_class="c",
                **({"heat_led": "true", "heat_curve": "chp"} if led else {}))
        for k, (weeks, mw, led) in enumerate(machines)
    ]  # fmt: skip
    system = one_bus(rows, lambda month: 0.5 if month == lowest_month else 1.0, maintenance_classes=classes)
    out, late = planned_outage(system), overrun(system)
    planned = out - late
    assert out.min() >= 0.0 and out.max() <= 1.0
    assert (out >= planned - 1e-15).all()
    for k, (weeks, _, led) in enumerate(machines):
        assert planned[k].sum() == pytest.approx(7.0 * weeks, abs=1e-9)
        if led:
            assert not planned[k, :APRIL].any() and not planned[k, OCTOBER:].any()
        if weeks == 0.0:
            assert not late[k].any()
    with_weeks = [weeks for weeks, _, _ in machines if weeks > 0.0]
    assert late.any(axis=1).sum() <= round(share * len(with_weeks))


def overrun_system(share: float, low: float, high: float) -> GridSystem:
    """Four heat-led machines, one after the other in the deep valley of September."""
    classes = [{"name": "c", "weeks": 4, "overrun_share": share, "overrun_min_weeks": low, "overrun_max_weeks": high}]
    rows = [machine(f"g{k}", 40 + k, maintenance_class="c", heat_led="true", heat_curve="chp") for k in range(4)]
    return one_bus(rows, lambda month: 0.1 if month == 9 else 1.0, maintenance_classes=classes)


def test_the_overrun_of_a_heat_led_machine_goes_on_into_the_heating_season() -> None:
    system = overrun_system(0.5, 4.0, 8.0)
    out, late = planned_outage(system), overrun(system)
    ends = [int(np.flatnonzero(row)[-1]) for row in out - late]
    late_days = late.sum(axis=1)
    assert (late_days > 0).sum() == 2
    # those that the plan ends last; of equal ends the largest
    assert sorted(np.flatnonzero(late_days > 0)) == sorted(sorted(range(4), key=lambda k: (-ends[k], -k))[:2])
    assert ((late_days[late_days > 0] >= 28.0) & (late_days[late_days > 0] <= 56.0)).all()
    assert late[:, OCTOBER:DECEMBER].any() and not late[:, DECEMBER:].any()
    for row, of_plan in zip(late, out - late, strict=True):
        if row.any():
            assert np.flatnonzero(row)[0] == np.flatnonzero(of_plan)[-1] + 1


def test_more_overrun_takes_no_machine_back_earlier() -> None:
    shorter, longer = (planned_outage(overrun_system(0.5, weeks, weeks)) for weeks in (4.0, 8.0))
    fewer, more = (planned_outage(overrun_system(share, 4.0, 4.0)) for share in (0.25, 0.75))
    assert (longer >= shorter).all() and longer.sum() > shorter.sum()
    assert (more >= fewer).all() and more.sum() > fewer.sum()


def test_an_overrun_past_the_year_goes_on_in_january_and_never_outlasts_it() -> None:
    classes = [{"name": "c", "weeks": 1, "overrun_share": 1, "overrun_min_weeks": 10, "overrun_max_weeks": 10}]
    rows = [machine("g", 10, maintenance_class="c")]
    late = overrun(one_bus(rows, lambda month: 0.5 if month == 12 else 1.0, maintenance_classes=classes))[0]
    assert late.sum() == 70.0 and late[:7].all() and late[-7:].all() and not late[100:300].any()
    always = one_bus([machine("g", 10, maintenance_class="c", maintenance_weeks=50)], maintenance_classes=classes)
    assert planned_outage(always)[0].tolist() == [1.0] * 365


def test_two_zones_do_not_put_their_repairs_together() -> None:
    tables: dict[str, Rows] = {
        "buses": [{"name": name, "zone": zone, "vn_kv": 220} for name, zone in (("b", "z"), ("y", "o"))],
        "lines": [{"name": "by", "from_bus": "b", "to_bus": "y", "length_km": 1, "r_ohm_per_km": 0.1,
                   "x_ohm_per_km": 0.3}],
        "generators": [machine("g", 50, maintenance_weeks=26), machine("h", 50, maintenance_weeks=26) | {"bus": "y"}],
        "loads": [{"name": f"l{bus}", "bus": bus, "p_mw": 100, "load_class": "c"} for bus in "by"],
        "load_classes": [{"name": "c", "shed_order": 1, "voll_usd_per_kwh": 1}],
    }  # fmt: skip
    out = planned_outage(system_from_tables({"name": "two", "zones": ["z", "o"]}, tables))
    assert out.sum(axis=0).max() == 1.0


def test_a_network_without_weeks_plans_nothing(two_areas: Any) -> None:
    assert not planned_outage(two_areas()).any() and not overrun(two_areas()).any()
    assert not planned_outage(read_network(network_folder("rts79"))).any()


@pytest.mark.parametrize("weeks", [-1, 53, "two"])
def test_weeks_beyond_a_year_are_refused(two_areas: Any, weeks: Any) -> None:
    with pytest.raises(InputError) as caught:
        two_areas(lambda tables: tables["generators"][0].update(maintenance_weeks=weeks))
    (problem,) = caught.value.problems
    assert (problem.file, problem.row, problem.column) == ("<generators>", 2, "maintenance_weeks")
    assert str(weeks) in problem.value


def test_heat_led_weeks_that_do_not_fit_are_refused_in_memory_too() -> None:
    import dataclasses

    led = machine("g", 10, maintenance_weeks=26, heat_led="true", heat_curve="chp")
    system = one_bus([led])
    assert planned_outage(system)[0, 91:273].all()
    longer = dataclasses.replace(system.generators, maintenance_weeks=np.array([27.0]))
    with pytest.raises(StudyError, match=r"maintenance_weeks\[g\].*at most 26"):
        planned_outage(dataclasses.replace(system, generators=longer))


def test_day_of_year_knows_no_leap_day() -> None:
    month, day = np.array([1, 2, 2, 3, 12]), np.array([1, 28, 29, 1, 31])
    assert day_of_year(month, day).tolist() == [0, 58, 58, 59, 364]


def test_kazakhstan_repairs_in_summer_and_overruns_in_autumn(kazakhstan: GridSystem) -> None:
    gens = kazakhstan.generators
    out, late = planned_outage(kazakhstan), overrun(kazakhstan)
    mw = np.where(gens.in_service, gens.p_max_mw, 0.0)
    assert (out - late).sum(axis=1) / 7 == pytest.approx(maintenance_weeks(kazakhstan), abs=1e-9)
    assert (mw @ out)[:59].max() <= 50.0 and (mw @ out)[DECEMBER + 15 :].max() <= 50.0
    led = gens.heat_led
    assert not (out - late)[led][:, :APRIL].any() and not (out - late)[led][:, OCTOBER:].any()
    assert late[led][:, OCTOBER:DECEMBER].any()
    # published for 21 August 2025: five units of 300 to 500 MW and 19 turbines of 20 to 110 MW
    assert 1_900 <= mw @ out[:, 232] <= 4_600
    # published for 14 October 2025: of units and turbines in the plan 4 and 23 were not finished
    names = np.append(kazakhstan.maintenance_classes.name, "")[gens.maintenance_class]
    overran = late.any(axis=1)
    assert (overran & np.char.startswith(names, "block")).sum() == 4
    assert (overran & ~np.char.startswith(names, "block")).sum() == 23


RATES = "b75c90ddf232ae18a6b5f901c0bbad240654110f354528a63f43e054d9374cd3"


def test_outage_rates_are_those_of_before() -> None:
    """No rate of failure or repair is changed to reach an adequacy."""
    with (network_folder("kazakhstan") / "generators.csv").open(encoding="utf-8", newline="") as file:
        rates = sorted(
            f"{row['name']} {row['mttf_h']} {row['mttr_h']} {row['outage_curve']}" for row in csv.DictReader(file)
        )
    assert hashlib.sha256("\n".join(rates).encode()).hexdigest() == RATES
