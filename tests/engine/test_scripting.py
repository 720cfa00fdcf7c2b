"""Scripts in runs of the two-area system of conftest, against numbers worked out by hand.

North: coal 500 MW, homes 100 MW. South: gas 200 MW (must run), homes 200 and a factory of 100 MW. The section carries
150 MW, 60 with one circuit out: then 40 MW of the factory are short.
"""

from __future__ import annotations

import datetime as dt
import inspect

import pytest

import gridsim
from gridsim.engine.run import RunResult, run
from gridsim.errors import InputError, ScriptError
from gridsim.model.scenario import AcMode, Event, GasMode, Horizon, Imports, Policy, Scenario, Target
from tests.support.cases import BY_HAND as OFF
from tests.support.read import value_at


def played(system, *scripts, hours: float = 12, policy: Policy = OFF, events=(), seed: int = 0) -> RunResult:
    scenario = Scenario("case", "two_areas", Horizon(dt.datetime(2026, 1, 14), hours), events=events, policy=policy)
    return run(system, scenario, contingencies=scripts, seed=seed)


def unserved_mw(result: RunResult, time_h: float, zone: str = "south") -> float:
    return value_at(result, "zones", zone, "unserved_mw", time_h)


def test_fail_and_restore(two_areas):
    @gridsim.contingency
    def trip(sim):
        yield sim.hours(3)
        sim.fail("n1_s1")
        yield sim.at("2026-01-14 07:00")
        sim.restore("n1_s1")

    result = played(two_areas(), trip)
    assert [unserved_mw(result, t) for t in (2.5, 3.5, 6.5, 7.5)] == pytest.approx([0, 40, 40, 0], abs=1e-4)
    assert result.metric("EUE") == pytest.approx(160, abs=1e-3)
    log = [(c.time_h, c.to_state) for c in result.log if c.component == "lines:n1_s1"]
    assert log == [(3, "line_outage (trip:1)"), (7, "normal")]


@pytest.mark.parametrize("at", ["+5h", 5, "2026-01-14 05:00", dt.datetime(2026, 1, 14, 5)])
def test_every_way_to_say_a_time(two_areas, at):
    @gridsim.contingency
    def trip(sim):
        yield sim.at(at)
        sim.log(f"{sim.time:%H:%M}")

    result = played(two_areas(), trip, hours=6)
    assert [(c.time_h, c.to_state) for c in result.log] == [(5, "05:00")]


def test_derate_and_its_return(two_areas):
    @gridsim.contingency
    def weak(sim):
        yield sim.hours(2)
        sim.derate("gas_1", 0.5)  # 100 + 150 for 300
        yield sim.hours(2)
        sim.derate("gas_1", 0.3)  # instead, not on top: 140 + 150
        yield sim.hours(2)
        sim.derate("gas_1", 0)
        yield sim.hours(2)
        sim.derate("north_south", 0.5)  # 200 + 75

    result = played(two_areas(), weak)
    assert [unserved_mw(result, t) for t in (2.5, 4.5, 6.5, 8.5)] == pytest.approx([50, 10, 0, 25], abs=1e-4)


def test_loads_are_set_and_scaled(two_areas):
    @gridsim.contingency
    def demand(sim):
        yield sim.hours(2)
        sim.set_load("s1_homes", p_mw=260)  # 60 more: 360 for 350
        yield sim.hours(2)
        sim.set_load("s1_homes", factor=1.5)  # 300: 400 for 350
        yield sim.hours(2)
        sim.set_load("s1_homes", factor=1)

    result = played(two_areas(), demand)
    assert [unserved_mw(result, t) for t in (2.5, 4.5, 6.5)] == pytest.approx([10, 50, 0], abs=1e-4)


def test_until_sees_the_present_and_every_view(two_areas):
    seen = {}

    @gridsim.contingency
    def watcher(sim):
        yield sim.until(lambda s: s.section("north_south").loading > 0.95)
        seen.update(
            now=sim.now_h, section=sim.section("north_south"), line=sim.branch("n1_s1"), coal=sim.machine("coal_1"),
            south=sim.zone("south"), all=sim.system(), bus=sim.bus("s1"), plant=sim.plant("gas"),
            out=sim.is_out("n1_s1"), gate=sim.gas_node("gate"), stock=sim.stock("gas"),
        )  # fmt: skip
        sim.derate("gas_1", 0.5)

    trip = Event("trip", "line_outage", 3.5, (Target("lines", "n1_s1"),), 1.0, None)
    result = played(two_areas(gas=True), watcher, events=(trip,))
    assert seen["now"] == 3.5 and seen["out"] and not seen["line"].in_service
    assert seen["section"] == pytest.approx((60, 60, 1))
    assert seen["coal"].p_mw == pytest.approx(160) and seen["plant"].p_mw == pytest.approx(200)
    assert seen["south"][:3] == pytest.approx((300, 40, 200)) and seen["all"].demand_mw == pytest.approx(400)
    assert seen["bus"].unserved_mw == pytest.approx(40) and seen["stock"].days == pytest.approx(1)
    # 1 for homes, 0.5 for industry, 1.5 for 200 MW; half of the lateral's linepack
    assert seen["gate"].asked_mcm_per_d == pytest.approx(3) and seen["gate"].linepack_mcm == pytest.approx(0.5)
    assert unserved_mw(result, 3.6) == pytest.approx(140, abs=1e-4)  # acted at the same instant
    with pytest.raises(AttributeError):
        seen["south"].unserved_mw = 0.0


def test_until_is_looked_at_at_every_gas_step(two_areas):
    def pressures(tables):
        tables["gas_nodes"][2]["p_min_bar"] = 10

    times = []

    @gridsim.contingency
    def low(sim):
        yield sim.hours(1)
        sim.fail("trunk")
        start = sim.gas_node("hub").pressure_bar
        yield sim.until(lambda s: s.gas_node("hub").pressure_bar < start - 0.5)
        times.append(sim.now_h)

    played(
        two_areas(pressures, gas=True), low, policy=Policy(Imports.NONE, AcMode.OFF, gas=GasMode.HYDRAULIC), hours=24
    )
    assert len(times) == 1 and times[0] > 1
    assert (times[0] * 4) == pytest.approx(round(times[0] * 4))  # found at a quarter of an hour


def test_any_kind_of_the_catalogue(two_areas):
    @gridsim.contingency
    def lull(sim):
        yield sim.hours(2)
        surge = sim.begin("demand_surge", "south", magnitude=0.2)  # 360 for 350
        yield sim.hours(2)
        sim.end(surge)

    result = played(two_areas(), lull)
    assert [unserved_mw(result, t) for t in (2.5, 4.5)] == pytest.approx([10, 0], abs=1e-4)


def test_a_script_may_end_what_the_scenario_began(two_areas):
    @gridsim.contingency
    def quick(sim):
        yield sim.until(lambda s: s.is_out("n1_s1"))
        yield sim.hours(1)
        sim.restore("n1_s1")

    trip = Event("trip", "line_outage", 3, (Target("lines", "n1_s1"),), 1.0, 6)
    assert played(two_areas(), quick, events=(trip,)).metric("EUE") == pytest.approx(40, abs=1e-3)


def test_draws_belong_to_seed_and_script(two_areas):
    def drawn(seed: int) -> list[float]:
        values = []

        @gridsim.contingency
        def dice(sim):
            yield sim.hours(0)
            values.extend([sim.random.uniform(), sim.random.exponential(2), sim.random.lognormal(3, 0.5)])
            values.append(sim.random.choice([1, 2, 3]))

        played(two_areas(), dice, hours=1, seed=seed)
        return values

    assert drawn(1) == drawn(1) != drawn(2)
    assert 0 < drawn(1)[0] < 1 and drawn(1)[3] in (1, 2, 3)


def test_net_of_the_moment(two_areas):
    nets = []

    @gridsim.contingency
    def look(sim):
        yield sim.hours(2)
        sim.fail("n1_s1")
        yield sim.hours(1)
        nets.append(sim.to_pandapower())

    played(two_areas(), look, hours=4)
    (net,) = nets
    assert net.line.in_service.tolist() == [True, False, True]
    assert net.load.p_mw.sum() == pytest.approx(360)


# Policies


def test_shedding_policy_turns_the_order_round(two_areas):
    @gridsim.policy("shedding")
    def homes_first(view):
        return {"homes": 0}

    trip = Event("trip", "line_outage", 3, (Target("lines", "n1_s1"),), 1.0, 4)
    result = played(two_areas(), homes_first, events=(trip,))
    assert result.metric("EUE", "class:homes") == pytest.approx(160, abs=1e-2)
    with pytest.raises(KeyError, match="no EUE of 'class:factory': a place or class that lost nothing has no row"):
        result.metric("EUE", "class:factory")


def test_operator_policy_bounds_machines(two_areas):
    @gridsim.policy("operator")
    def careful(view):
        return gridsim.Orders(p_max_mw={"coal_1": 150}) if view.now_h >= 2 else None

    result = played(two_areas(), careful)
    assert unserved_mw(result, 1.5) + unserved_mw(result, 1.5, "north") == pytest.approx(0, abs=1e-4)
    assert unserved_mw(result, 2.5) + unserved_mw(result, 2.5, "north") == pytest.approx(50, abs=1e-4)


def test_operator_policy_starts_reserves_before_they_are_needed(two_areas):
    def reserve(tables):
        tables["generators"].append(
            {"name": "old_1", "bus": "s1", "fuel": "oil", "installed_mw": 100, "p_max_mw": 100, "cost_per_mwh": 90,
             "start_h": 3}
        )  # fmt: skip
        tables["generators"][0]["ramp_mw_per_min"] = 50
        tables["loads"][1]["p_mw"] = 100  # so that the day ahead does not want it

    @gridsim.policy("operator")
    def ready(view):
        return gridsim.Orders(start=("old_1",)) if view.now_h >= 1 else None

    # 200 in the South, 150 through the section: 50 short for two hours, before the oil machine can have started
    trip = Event("trip", "generator_outage", 5, (Target("generators", "gas_1"),), 1.0, 2)
    assert played(two_areas(reserve), events=(trip,)).metric("EUE") == pytest.approx(100, abs=1e-2)
    assert played(two_areas(reserve), ready, events=(trip,)).metric("EUE") == pytest.approx(0, abs=1e-2)


def test_gas_policy_cuts_power_before_industry(two_areas):
    def tight(tables):
        tables["gas_to_power"][0]["backup_fuel"] = "none"
        for pipe in tables["gas_pipelines"]:
            pipe["usable_linepack_mcm"] = 0
        tables["gas_pipelines"][1]["capacity_mcm_per_d"] = 2.5  # 3.0 asked: homes 1, industry 0.5, plant 1.5

    @gridsim.policy("gas")
    def industry_stays(view):
        return ["power", "industry"]

    def gas_mw(result):
        rows = result.tables["generators"]
        return float(rows["p_mw"][rows["name"] == "gas_1"][0])

    assert gas_mw(played(two_areas(tight, gas=True), hours=1)) == pytest.approx(200, abs=1e-3)
    # 0.5 mcm/d less: 1.0 mcm/d is 133.3 MW
    after = played(two_areas(tight, gas=True), industry_stays, hours=1)
    assert gas_mw(after) == pytest.approx(1e6 / 24 / 312.5, abs=1e-2)


def test_the_course_without_events_keeps_the_policies(two_areas):
    @gridsim.policy("operator")
    def careful(view):
        return gridsim.Orders(p_max_mw={"coal_1": 150})

    @gridsim.contingency
    def nothing(sim):
        yield sim.hours(1)

    balance = played(two_areas(), careful, nothing, hours=3).tables["balance"]
    assert balance["unserved_mw"] == pytest.approx(0, abs=1e-6)


# What goes wrong


def failing(system, script) -> ScriptError:
    with pytest.raises(ScriptError) as caught:
        played(system, script)
    assert caught.value.file == __file__
    return caught.value


def here() -> int:
    frame = inspect.currentframe()
    assert frame is not None and frame.f_back is not None
    return frame.f_back.f_lineno


def test_an_error_names_file_and_line(two_areas):
    line = here() + 5

    @gridsim.contingency
    def broken(sim):
        yield sim.hours(1)
        raise ValueError("no such luck")

    error = failing(two_areas(), broken)
    assert (error.script, error.line) == ("broken", line) and "no such luck" in str(error)


@pytest.mark.parametrize(
    ("act", "mend"),
    [
        (lambda sim: sim.fail("n1_s2"), "n1_s1"),
        (lambda sim: sim.derate("gas_2", 0.1), "gas_1"),
        (lambda sim: sim.set_load("s1_home", 3), "s1_homes"),
        (lambda sim: sim.section("north_sout"), "north_south"),
        (lambda sim: sim.zone("sout"), "south"),
        (lambda sim: sim.begin("line_outag", "n1_s1"), "line_outage"),
        (lambda sim: sim.begin("line_outage", "n1_s2"), "n1_s1"),
        (lambda sim: sim.begin("section_derate", "north_south", magnitude=-1), "share"),
        (lambda sim: sim.begin("line_outage", "n1_s1", magnitude=0.5), "in or out"),
        (lambda sim: sim.restore("n1_s1"), "nothing keeps it out"),
        (lambda sim: sim.end("other:1"), "not begun"),
        (lambda sim: sim.derate("gas_1", 2), "share"),
        (lambda sim: sim.set_load("s1_homes"), "either"),
        (lambda sim: sim.hours(-1), "hours >= 0"),
        (lambda sim: sim.at("2026-01-14 00:30"), "has passed"),
        (lambda sim: sim.at("soon"), "not a time"),
        (lambda sim: sim.frequency_hz(), "not modelled"),
        (lambda sim: sim.temperature_c("hill"), "none is defined"),
    ],
)
def test_wrong_use_names_the_nearest_that_is_right(two_areas, act, mend):
    @gridsim.contingency
    def wrong(sim):
        yield sim.hours(1)
        act(sim)

    assert mend in failing(two_areas(), wrong).reason


def test_nothing_to_read_before_the_first_answer(two_areas):
    @gridsim.contingency
    def early(sim):
        sim.zone("south")
        yield sim.hours(1)

    assert "yield sim.hours(0) first" in failing(two_areas(), early).reason


def test_a_loop_in_which_no_time_passes_is_stopped(two_areas):
    @gridsim.contingency
    def stuck(sim):
        while True:
            yield sim.hours(0)

    error = failing(two_areas(), stuck)
    assert error.script == "stuck" and "more than 50 times at 0 h" in error.reason


def test_a_wait_must_come_from_sim(two_areas):
    @gridsim.contingency
    def naive(sim):
        yield 3

    assert "yields 3" in failing(two_areas(), naive).reason


def test_a_predicate_that_raises_is_the_scripts_error(two_areas):
    @gridsim.contingency
    def bad(sim):
        yield sim.until(lambda s: s.zone("nort").unserved_mw > 0)

    assert "north" in failing(two_areas(), bad).reason


@pytest.mark.parametrize(
    ("hook", "said"),
    [
        ("operator", {"coal_1": 3}),
        ("operator", gridsim.Orders(p_max_mw={"cole_1": 3})),
        ("operator", gridsim.Orders(imports="all")),
        ("shedding", {"home": 1}),
        ("shedding", {"homes": 0.5}),
        ("gas", ["power", "power"]),
        ("gas", ["energy"]),
    ],
)
def test_a_policy_that_returns_nonsense(two_areas, hook, said):
    @gridsim.policy(hook)
    def wrong(view):
        return said

    failing(two_areas(gas=True), wrong)


def test_a_function_that_never_yields_is_refused_where_it_is_defined():
    line = here() + 4
    with pytest.raises(InputError) as caught:

        @gridsim.contingency
        def hasty(sim):
            sim.fail("n1_s1")

    (problem,) = caught.value.problems
    assert (problem.file, problem.row, problem.column) == (__file__, line - 1, "hasty") or problem.row == line


def test_a_function_without_the_decorator_is_refused(two_areas):
    def plain(sim):
        yield sim.hours(1)

    with pytest.raises(InputError) as caught:
        played(two_areas(), plain)
    assert caught.value.problems[0].column == "plain" and "@gridsim.contingency" in caught.value.problems[0].mend


def test_an_unknown_policy_suggests():
    with pytest.raises(gridsim.StudyError, match="shedding"):
        gridsim.policy("sheding")
