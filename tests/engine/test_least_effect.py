"""``policy.least_effect`` in runs: what the operator leaves, and 0.005 as the sampler's ladder."""

from __future__ import annotations

import dataclasses

import pytest

from gridsim.engine.run import run
from gridsim.io.read_scenario import read_scenario
from gridsim.model.pack import LEAST_SHEDDING, SAMPLER_EFFECT, operator_ladder
from gridsim.model.scenario import AcMode
from tests.support.cases import BY_HAND, event, scenario


@pytest.fixture(scope="module")
def cut_section():
    """Ten hours with the double circuit lost in the second, on the operator's ladder and on the sampler's."""
    system, day = read_scenario("north_south_double_circuit")
    begins_h = min(happening.at_h for happening in day.events)
    start = day.horizon.start
    day = dataclasses.replace(
        day,
        horizon=dataclasses.replace(day.horizon, hours=10.0),
        events=tuple(dataclasses.replace(now, at_h=now.at_h - begins_h + 1.0) for now in day.events),
    )
    assert day.horizon.start == start
    results = []
    for least_effect in (day.policy.least_effect, SAMPLER_EFFECT):
        policy = dataclasses.replace(day.policy, ac=AcMode.OFF, least_effect=least_effect)
        results.append(run(system, dataclasses.replace(day, policy=policy)))
    return results


def test_a_cut_section_imports_nothing_and_spills_no_northern_heat(cut_section):
    operator, least = cut_section
    assert operator.metric("import_above_contract_mwh") == pytest.approx(0.0, abs=1e-6)
    assert operator.metric("spilled_heat_led_mwh") == pytest.approx(0.0, abs=1e-6)
    assert least.metric("spilled_heat_led_mwh") > 100.0
    assert 0.0 < least.metric("EUE") <= operator.metric("EUE") <= 1.03 * least.metric("EUE")


def test_what_the_least_effect_leaves_is_what_least_shedding_would_have_saved(cut_section):
    operator, least = cut_section
    left_mwh = operator.metric("EUE") - least.metric("EUE")
    assert operator.metric("forgone_mwh") == pytest.approx(left_mwh, rel=0.05, abs=0.5) and left_mwh > 0.0
    assert least.metric("forgone_mwh") == 0.0


def test_the_smallest_least_effect_is_the_samplers_ladder(two_areas):
    """On a radial section with any: same effect of all measures, same answer, another price of shedding."""
    assert operator_ladder(SAMPLER_EFFECT) == LEAST_SHEDDING
    trip = event("generator_outage", "generators", "gas_1", 2, 3)
    answers = []
    for least_effect in (SAMPLER_EFFECT, 0.05, 0.2):
        policy = dataclasses.replace(BY_HAND, least_effect=least_effect)
        answers.append(run(two_areas(), scenario(trip, policy=policy)).metrics)
    assert answers[0].equals(answers[1]) and answers[0].equals(answers[2])
    assert answers[0].set_index(["name", "scope"])["value"]["EUE", "system"] == pytest.approx(3 * 150.0)
