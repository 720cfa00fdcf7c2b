"""N-1-1, N-2 and the margin to collapse: cases worked by hand, and pairs against a power flow of their own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gridsim.model.system import GridSystem
from gridsim.solvers.ac import AcModel
from gridsim.solvers.collapse_margin import collapse_margin
from gridsim.solvers.screen import screen
from gridsim.solvers.screen_double import DoubleResult, screen_doubles
from gridsim.solvers.screen_outages import named_outages, usual_outages
from gridsim.solvers.screen_pairs import PairResult, screen_pairs
from tests.support.ac_cases import as_stated, triangle
from tests.support.pair_reference import flows_after

KV = 220.0
POINT = [60.0, 40.0]


def ring(emergency_mw: float, b_max_mw: float = 80.0, ramp_mw_per_min: float | None = None) -> GridSystem:
    """Equal lines of 90 MW; a (cheap) gives 60, b 40 MW to the load of 100 MW at C."""
    amps = {
        "max_i_ka": min(90.0, emergency_mw) / (np.sqrt(3.0) * KV),
        "max_i_emergency_ka": emergency_mw / (np.sqrt(3.0) * KV),
    }
    line = {"length_km": 100.0, "r_ohm_per_km": 0.0, "x_ohm_per_km": 0.42, **amps}
    ends = {"AB": ("A", "B"), "BC": ("B", "C"), "AC": ("A", "C")}
    machine = {"fuel": "gas", "droop_pu": 0.05, "ramp_mw_per_min": ramp_mw_per_min}
    return triangle(
        lines=[{"name": name, "from_bus": i, "to_bus": j, **line} for name, (i, j) in ends.items()],
        generators=[
            {"name": "a", "bus": "A", "installed_mw": 200.0, "p_max_mw": 200.0, "cost_per_mwh": 20.0, **machine},
            {
                "name": "b", "bus": "B", "installed_mw": b_max_mw, "p_max_mw": b_max_mw, "cost_per_mwh": 40.0,
                **machine,
            },
        ],
    )  # fmt: skip


def pair(result: PairResult, first: str, second: str) -> int:
    names = [one.name for one in result.firsts.outages]
    rows = np.flatnonzero((result.first == names.index(first)) & (result.second_name == second))
    assert len(rows) == 1
    return int(rows[0])


def test_an_overload_that_one_outage_alone_brings_is_not_added() -> None:
    """Without AC (or BC) C hangs on one line of 90 MW: 10 MW over, shed afterwards or beforehand, whatever else is out.

    After AB is lost a gives the 90 MW that AC carries and b 10; after AC is lost too, b gives 100 over BC.
    """
    system = ring(90.0, b_max_mw=100.0)
    result = screen_pairs(system, as_stated(system, POINT), ac=False)
    row = pair(result, "AB", "AC")
    assert result.over_mw[row] == pytest.approx(10.0, abs=1e-3)
    assert (result.over_name[row], result.over_percent[row]) == ("BC", pytest.approx(100.0 * 100.0 / 90.0))
    assert result.shed_mw[row] == pytest.approx(10.0, abs=1e-6)
    assert result.pre_shed_mw[row] == pytest.approx(10.0, abs=1e-6)
    assert result.added_mw[row] == 0.0
    # after AC alone the operator cannot keep the load within the normal limit of BC either
    assert result.firsts.shed_mw[[one.name for one in result.firsts.outages].index("AC")] == pytest.approx(10.0)


def test_a_pair_that_lacks_power_where_neither_outage_does() -> None:
    """Without AB and AC the 100 MW at C have b alone, with 80: 20 short; no line is over.

    In the other order 10 MW are shed before, as BC alone carries 90 MW for long: 10 short, and 20 shed in all.
    """
    system = ring(105.0)
    result = screen_pairs(system, as_stated(system, POINT), ac=False)
    for first, second, short_mw in (("AB", "AC", 20.0), ("AC", "AB", 10.0)):
        row = pair(result, first, second)
        assert result.short_mw[row] == pytest.approx(short_mw)
        assert result.over_mw[row] == 0.0
        assert result.shed_mw[row] == pytest.approx(20.0)
        assert not result.secure[row]
    row = pair(result, "AB", "AC")
    assert result.shed_mw[row] == pytest.approx(20.0)
    assert result.added_mw[row] == pytest.approx(20.0)


def test_ramps_hold_between_the_outages_and_after_them() -> None:
    """2 MW/min for 15 min: b goes from 40 down to 10 after AB, and back to no more than 40 after AC: 60 MW shed."""
    system = ring(105.0, ramp_mw_per_min=2.0)
    result = screen_pairs(system, as_stated(system, POINT), ac=False, minutes=15.0)
    row = pair(result, "AB", "AC")
    assert result.firsts.moved_mw[result.first[row]] == pytest.approx(30.0)
    assert result.shed_mw[row] == pytest.approx(60.0)
    assert result.short_mw[row] == pytest.approx(20.0)
    still = screen_pairs(system, as_stated(system, POINT), ac=False, minutes=0.0)
    assert still.firsts.moved_mw[1:4].max() == pytest.approx(10.0)  # AC and BC: 10 MW less load, and output with it
    assert still.firsts.moved_mw[[one.name for one in still.firsts.outages].index("AB")] == pytest.approx(0.0)


def five_buses() -> GridSystem:
    """The ring of A, B and C with D and E on a line each from C; a feeds all, e stands at E."""
    line = {"length_km": 50.0, "r_ohm_per_km": 0.05, "x_ohm_per_km": 0.42}
    ends = (("AB", "A", "B"), ("BC", "B", "C"), ("AC", "A", "C"), ("CD", "C", "D"), ("CE", "C", "E"))
    machine = {"fuel": "gas", "installed_mw": 200.0, "p_max_mw": 200.0, "cost_per_mwh": 30.0}
    machine |= {"q_min_mvar": -300.0, "q_max_mvar": 300.0}
    load = {"power_factor": 1.0, "load_class": "all"}
    return triangle(
        buses=[{"name": bus, "zone": "z", "vn_kv": KV} for bus in "ABCDE"],
        lines=[{"name": name, "from_bus": i, "to_bus": j, **line} for name, i, j in ends],
        generators=[
            {"name": "a", "bus": "A", "droop_pu": 0.05, **machine},
            {"name": "e", "bus": "E", **machine},
        ],
        loads=[
            {"name": "c", "bus": "C", "p_mw": 70.0, **load},
            {"name": "d", "bus": "D", "p_mw": 30.0, **load},
            {"name": "e_load", "bus": "E", "p_mw": 10.0, **load},
        ],
    )


def test_islands_and_dark_load_of_five_buses() -> None:
    """CD takes D's 30 MW; E alone holds its 10 MW by e, and is dark without e as well: that is what the pair adds."""
    system = five_buses()
    result = screen_pairs(system, as_stated(system, [100.0, 10.0]), ac=False)
    row = pair(result, "CE", "CD")
    assert (result.dark_mw[row], result.shed_mw[row], result.added_mw[row]) == pytest.approx((30.0, 30.0, 0.0))
    row = pair(result, "CD", "CE")
    assert (result.dark_mw[row], result.islanded_mw[row]) == (0.0, 10.0)
    assert result.shed_mw[row] == result.firsts.shed_mw[result.first[row]] == pytest.approx(30.0)
    for first, second in (("CE", "e"), ("e", "CE")):
        row = pair(result, first, second)
        assert (result.dark_mw[row], result.shed_mw[row], result.added_mw[row]) == pytest.approx((10.0, 10.0, 10.0))
    # without AC and AB the machine at A is alone: e takes all
    row = pair(result, "AC", "AB")
    assert (result.short_mw[row], result.shed_mw[row]) == (0.0, 0.0)


def test_only_the_worst_pairs_are_solved_in_ac() -> None:
    """The worst lose both machines: no power flow, hence no margin. Intact, and without CD, there is one."""
    system = five_buses()
    point = as_stated(system, [100.0, 10.0])
    result = screen_pairs(system, point, most_ac=4, margins=1)
    assert (result.solved[result.order[:4]] != "dc").all()
    assert (result.solved[result.order[4:]] == "dc").all()
    worst = result.order[0]
    assert {result.firsts.outages[result.first[worst]].name, str(result.second_name[worst])} == {"a", "e"}
    assert (result.solved[worst], np.isnan(result.margin_percent[worst])) == ("failed", True)
    alone = screen(system, point, outages=named_outages(system, ["CD"]), margins=1)
    assert alone.dark_mw[1] == 30.0
    assert (alone.margin_mw > 0.0).all()


def brute_force(system: GridSystem, point: Any) -> dict[frozenset[str], float]:
    """Largest excess of every pair, each by a power flow of its own; no losses, so that demand is load."""
    found = {}
    outages = usual_outages(system, point)
    n = len(outages)
    for i in range(n):
        for j in range(i + 1, n):
            both = named_outages(system, [[outages[i].name, outages[j].name]])[0]
            flow, _ = flows_after(system, point, np.ones(len(system.loads)), both)
            over = np.maximum(np.abs(flow) - system.branch_emergency_mw * (1.0 + 1e-6), 0.0).max()
            found[frozenset((outages[i].name, outages[j].name))] = over if over > 0.1 else 0.0
    return found


def doubles(result: DoubleResult) -> dict[frozenset[str], float]:
    names = zip(result.first_name.tolist(), result.second_name.tolist())
    return {frozenset(pair): over for pair, over in zip(names, result.over_mw.tolist())}


@pytest.mark.parametrize("emergency_mw", [70.0, 95.0, 300.0])
def test_two_at_once_misses_nothing(emergency_mw: float) -> None:
    system = ring(emergency_mw, b_max_mw=100.0)
    point = as_stated(system, POINT)
    result = screen_doubles(system, point)
    expected, told = brute_force(system, point), doubles(result)
    assert (result.n_pairs, result.n_bounded + result.n_solved) == (len(expected), len(expected))
    for names, over_mw in expected.items():
        assert told.get(names, 0.0) == pytest.approx(over_mw, abs=1e-6)


def test_a_pair_at_once_lacks_power() -> None:
    result = screen_doubles(ring(105.0), as_stated(ring(105.0), POINT))
    row = [set(one) for one in zip(result.first_name, result.second_name)].index({"AB", "AC"})
    assert result.short_mw[row] == pytest.approx(20.0)


def test_margin_of_one_line_is_that_of_the_formula() -> None:
    """At unity power factor a line without losses carries V^2 / 2X at most: 1.02^2 / (2 * 42 / 484) = 5.995 pu."""
    line = {"length_km": 100.0, "r_ohm_per_km": 0.0, "x_ohm_per_km": 0.42, "c_nf_per_km": 0.0}
    system = triangle(
        buses=[{"name": bus, "zone": "z", "vn_kv": KV} for bus in "AB"],
        lines=[{"name": "AB", "from_bus": "A", "to_bus": "B", **line}],
        generators=[
            {
                "name": "a", "bus": "A", "fuel": "gas", "installed_mw": 900.0, "p_max_mw": 900.0, "droop_pu": 0.05,
                "cost_per_mwh": 30.0, "vm_pu": 1.02, "q_min_mvar": -2000.0, "q_max_mvar": 2000.0,
            }
        ],
        loads=[{"name": "town", "bus": "B", "p_mw": 300.0, "power_factor": 1.0, "load_class": "all"}],
    )  # fmt: skip
    point = as_stated(system, [300.0])
    margin = collapse_margin(AcModel(system, base=point), point)
    most_mw = 100.0 * 1.02**2 / (2.0 * 42.0 / 484.0)
    assert margin.mw == pytest.approx(most_mw - 300.0, abs=0.5)
    assert margin.percent == pytest.approx(100.0 * margin.mw / 300.0)
    assert not margin.at_least


@pytest.mark.parametrize(("turn_mw", "before_mw"), [(0.0, 10.0), (5.0, 15.0), (-5.0, 5.0)])
def test_what_is_shed_beforehand_counts_what_a_phase_shifter_drives(turn_mw: float, before_mw: float) -> None:
    """A feeds C over L1, L2 and the shifter T, all alike. Without L2 half of C is on L1, and half of what T turns.

    L1 may carry 45 MW: 90 MW of load less what T turns. The first outage, the end of the line to B, changes nothing.
    """
    x_pu = 0.42 * 100.0 / KV**2
    line = {"length_km": 100.0, "r_ohm_per_km": 0.0, "x_ohm_per_km": 0.42}
    amps = 45.0 / (np.sqrt(3.0) * KV)
    shifter = {
        "name": "T", "hv_bus": "A", "lv_bus": "C", "sn_mva": 100.0, "vn_hv_kv": KV, "vn_lv_kv": KV,
        "vk_percent": 1e4 * x_pu, "vkr_percent": 0.0, "shift_degree": np.degrees(turn_mw * x_pu),
    }  # fmt: skip
    machine = {"name": "a", "bus": "A", "fuel": "gas", "installed_mw": 200.0, "p_max_mw": 200.0, "cost_per_mwh": 20.0}
    system = triangle(
        lines=[
            {"name": "L1", "from_bus": "A", "to_bus": "C", "max_i_ka": amps, "max_i_emergency_ka": amps, **line},
            {"name": "L2", "from_bus": "A", "to_bus": "C", "max_i_ka": 1.0, **line},
            {"name": "AB", "from_bus": "A", "to_bus": "B", "max_i_ka": 1.0, **line},
        ],
        transformers=[shifter],
        generators=[machine | {"droop_pu": 0.05}],
    )
    result = screen_pairs(system, as_stated(system, [100.0]), ac=False)
    row = pair(result, "AB", "L2")
    assert result.over_mw[row] == pytest.approx(5.0 + turn_mw / 2.0, abs=1e-4)  # a limit counts from 1e-6 of it
    assert result.pre_shed_mw[row] == pytest.approx(before_mw, abs=1e-5)
