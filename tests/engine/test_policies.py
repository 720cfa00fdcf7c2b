"""Policies and the handle of a script, on a state without SimPy."""

from __future__ import annotations

import numpy as np
import pytest

import gridsim
from gridsim.engine.policies import Policies
from gridsim.engine.sim import ScriptSim
from gridsim.errors import ScriptError, StudyError
from gridsim.model.scenario import Imports
from tests.support.engine_cases import Stages


@gridsim.policy("operator")
def careful(view):
    if view.zone("south").demand_mw > 250:
        return gridsim.Orders(p_max_mw={"coal_1": 150.0}, imports="none")
    return None


@gridsim.policy("operator")
def start_gas(view):
    return gridsim.Orders(start=("gas_1",), p_min_mw={"gas_1": 50.0})


@gridsim.policy("operator")
def wrong(view):
    return {"coal_1": 3}


def test_decisions_of_several_policies_join(two_areas):
    stages = Stages(two_areas())
    policies = Policies(stages.state, (careful, start_gas))
    before = policies.decide()  # nothing is solved yet: the first policy reads the present and is silent
    assert before.start == ("gas_1",) and before.imports is None and np.isinf(before.p_max_mw).all()
    stages.resolve(0)
    decided = policies.decide()
    generators = stages.state.system.generators
    assert decided.p_max_mw[generators.position("coal_1")] == 150.0 and decided.imports is Imports.NONE
    assert decided.p_min_mw[generators.position("gas_1")] == 50.0
    assert Policies(stages.state, ()).decide() is None


def test_a_policy_that_returns_something_else_is_blamed_with_its_line(two_areas):
    stages = Stages(two_areas())
    with pytest.raises(ScriptError, match=r"wrong.*return gridsim\.Orders"):
        Policies(stages.state, (wrong,)).decide()


def test_a_script_acts_on_the_state_alone(two_areas):
    stages = Stages(two_areas())
    stages.resolve(0)
    sim = ScriptSim(stages.at(1).state, careful, seed=3, replicate=0)
    assert sim.now_h == 1 and sim.zone("south").unserved_mw == pytest.approx(0)
    sim.fail("n1_s1")
    assert sim.is_out("n1_s1") and stages.state.sudden
    assert stages.resolve(1).dispatch.unserved_mw.sum() == pytest.approx(40)
    sim.restore("n1_s1")
    with pytest.raises(StudyError, match="nothing keeps it out"):
        sim.restore("n1_s1")
    sim.set_load("s1_homes", 100.0)
    assert stages.state.moment().inputs.load_mw.sum() == pytest.approx(300)
    assert [text for text in (c.component for c in stages.state.log.changes) if text == "lines:n1_s1"]
    draws = [ScriptSim(stages.state, careful, seed=3, replicate=0).random.uniform() for _ in range(2)]
    assert draws[0] == draws[1]


@pytest.mark.parametrize(("said", "expected"), [(None, None), ("none", Imports.NONE), ("contract", Imports.CONTRACT)])
def test_imports_of_an_operator_policy_are_one_of_the_import_policies_or_left_as_they_are(two_areas, said, expected):
    @gridsim.policy("operator")
    def importing(view):
        return gridsim.Orders(imports=said)

    assert Policies(Stages(two_areas()).state, (importing,)).decide().imports is expected


def test_imports_that_do_not_exist_suggest_the_nearest(two_areas):
    @gridsim.policy("operator")
    def importing(view):
        return gridsim.Orders(imports="contracts")

    with pytest.raises(ScriptError, match=r"imports: no 'contracts'; .*contract"):
        Policies(Stages(two_areas()).state, (importing,)).decide()
