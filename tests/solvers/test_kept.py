"""Answers that are kept, and what makes a question another one."""

import numpy as np
import pytest

from gridsim.solvers.ac import AcModel
from gridsim.solvers.gas import HydraulicGas, everything_works
from gridsim.solvers.kept import Kept
from gridsim.solvers.operating_point import base_point
from gridsim.solvers.shared_gas import SharedGas


def test_the_answer_asked_for_longest_ago_is_forgotten():
    kept: Kept[int, str] = Kept(2)
    kept.keep(1, "one")
    kept.keep(2, "two")
    assert kept.get(1) == "one"
    kept.keep(3, "three")
    assert (kept.get(1), kept.get(2), kept.get(3), len(kept)) == ("one", None, "three", 2)


@pytest.fixture
def winter(kazakhstan):
    return kazakhstan.gas_demand.winter_mcm_per_d, np.zeros(len(kazakhstan.gas_to_power))


def answers(network, conditions, demand, burn):
    state = network.start(conditions, demand, burn, True)
    schedule = network.schedule(state, conditions, demand, burn, True)
    return state, schedule, network.run(state, schedule, conditions, demand, burn, burn, 0.25, 4)


def test_shared_gas_answers_as_the_network_does(kazakhstan, winter):
    """An equal question from another trajectory has the same object for an answer, to the last bit the network's."""
    works = everything_works(kazakhstan)
    shared, own = SharedGas(kazakhstan), HydraulicGas(kazakhstan)
    first = answers(shared, works, *winter)
    again = answers(shared, works._replace(pipeline_share=works.pipeline_share.copy()), *(v.copy() for v in winter))
    assert all(one is other for one, other in zip(first, again, strict=True))
    for values, expected in zip(first[2].state, answers(own, works, *winter)[2].state, strict=True):
        assert np.array_equal(values, expected)


def test_shared_gas_asks_again_when_anything_differs(kazakhstan, winter):
    """One pipe, one customer, one plant, a shorter step, another order of cuts, a rupture: each is another question."""
    works, (demand, burn) = everything_works(kazakhstan), winter
    shared = SharedGas(kazakhstan)
    state, schedule, run = answers(shared, works, demand, burn)
    broken = works._replace(pipeline_share=np.where(np.arange(len(works.pipeline_share)) == 3, 0.0, 1.0))
    colder, burning = demand * (1.0 + (np.arange(len(demand)) == 0) * 1e-9), burn + 1e-9
    usual = (state, schedule, works, demand, burn, burn, 0.25, 4)
    others = (
        (state, schedule, broken, demand, burn, burn, 0.25, 4),
        (state, schedule, works, colder, burn, burn, 0.25, 4),
        (state, schedule, works, demand, burning, burn, 0.25, 4),
        (state, schedule, works, demand, burn, burn, 0.125, 4),
        (run.state, schedule, works, demand, burn, burn, 0.25, 4),
    )
    assert shared.run(*usual) is run
    assert all(shared.run(*other) is not run for other in others)
    assert shared.run(*usual, stop_when_short=False) is not run
    assert shared.schedule(state, works, demand, burn, True) is schedule
    assert shared.schedule(state, works, demand, burn, False) is not schedule
    shared.balance.set_cut_order(("households", "industry"))
    assert shared.schedule(state, works, demand, burn, True) is not schedule
    torn = shared.rupture(state, 3, 1.0, 5.0)
    assert shared.rupture(state, 3, 1.0, 5.0)[0] is torn[0]
    assert shared.rupture(state, 3, 0.5, 5.0)[0] is not torn[0]


def test_a_check_is_kept_for_its_point_and_its_start(kazakhstan):
    """The same point from the same voltages is the same solution; the next start is as if it had been solved."""
    point = base_point(kazakhstan)
    less = point._replace(p_load_mw=0.99 * point.p_load_mw, p_gen_mw=0.99 * point.p_gen_mw)
    kept, fresh = AcModel(kazakhstan, keep=8), AcModel(kazakhstan)
    flat, warm = kept.solve(point), kept.solve(less)
    kept.reset()
    assert kept.solve(point) is flat
    assert kept.solve(less) is warm
    assert kept.solve(less) is not warm  # from other voltages
    kept.reset()
    assert kept.solve(less) is not warm  # from none
    out = point._replace(branch_out=np.array([0], dtype=np.int32))
    kept.reset()
    assert kept.solve(out) is not flat
    fresh.solve(point)
    assert np.array_equal(fresh.solve(less).vm_pu, warm.vm_pu)
