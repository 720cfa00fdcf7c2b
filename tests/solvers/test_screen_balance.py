"""What an outage leaves short and what a redispatch sheds; states at reactive limits; an answer for each island."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from gridsim.model.system import GridSystem
from gridsim.results.screening import screen_frame
from gridsim.solvers.ac import AcModel
from gridsim.solvers.operating_point import base_point
from gridsim.solvers.screen import screen
from gridsim.solvers.screen_result import ScreenResult
from tests.support.ac_cases import as_stated, at, case, triangle


def row(result: ScreenResult, name: str) -> int:
    return result.name.tolist().index(name)


def three_machines(load_mw: float = 200.0, **changes: Any) -> GridSystem:
    """hydro1 (A, 150 MW, the only governor, 5 Mvar), gas1 (B, 150 MW), gas2 (C, 20 MW); a load at B."""
    line = {"length_km": 50.0, "r_ohm_per_km": 0.06, "x_ohm_per_km": 0.42, "c_nf_per_km": 8.7, "max_i_ka": 0.8}
    gas = {"fuel": "gas", "cost_per_mwh": 50.0, "q_min_mvar": -300.0, "q_max_mvar": 300.0, "vm_pu": 1.01}
    tables: dict[str, Any] = {
        "lines": [
            {"name": "AB", "from_bus": "A", "to_bus": "B", **line},
            {"name": "BC", "from_bus": "B", "to_bus": "C", **line},
            {"name": "CA", "from_bus": "C", "to_bus": "A", **line},
        ],
        "generators": [
            {"name": "hydro1", "bus": "A", "fuel": "hydro", "installed_mw": 150.0, "p_max_mw": 150.0,
             "cost_per_mwh": 5.0, "droop_pu": 0.05, "q_min_mvar": -5.0, "q_max_mvar": 5.0, "vm_pu": 1.0},
            {"name": "gas1", "bus": "B", "installed_mw": 150.0, "p_max_mw": 150.0, **gas},
            {"name": "gas2", "bus": "C", "installed_mw": 20.0, "p_max_mw": 20.0, **gas},
        ],
        "loads": [{"name": "city", "bus": "B", "p_mw": load_mw, "power_factor": 1.0, "load_class": "all"}],
    }  # fmt: skip
    return triangle(**(tables | changes))


def test_a_loss_beyond_the_headroom_is_short_and_not_secure() -> None:
    """200 MW on 320 MW of machines: without hydro1 or gas1 170 MW run, 30 are short and, redispatched, 30 are shed."""
    system = three_machines()
    point = as_stated(system, [130.0, 60.0, 10.0])
    result = screen(system, point, ac=False, redispatch=True)
    for name in ("hydro1", "gas1"):
        assert result.short_mw[row(result, name)] == pytest.approx(30.0)
        assert result.shed_mw[row(result, name)] == pytest.approx(30.0)
        assert not result.secure[row(result, name)]
        assert result.adds[row(result, name)]
    for name in ("intact", "AB", "BC", "CA", "gas2"):
        assert result.short_mw[row(result, name)] == 0.0
        assert result.shed_mw[row(result, name)] == 0.0
        assert result.secure[row(result, name)]
    assert set(result.name[result.order[:2]]) == {"hydro1", "gas1"}
    assert np.isnan(screen(system, point, ac=False).shed_mw).all()


def test_short_in_ac_counts_the_losses_too() -> None:
    system = three_machines()
    point = as_stated(system, [130.0, 60.0, 10.0])
    result = screen(system, point)
    assert result.solved[row(result, "gas1")] == "single"
    assert 30.0 < result.short_mw[row(result, "gas1")] < 35.0
    without = point._replace(gen_committed=np.array([True, False, True]))
    losses = AcModel(system, base=point).solve(without).losses_mw
    assert result.short_mw[row(result, "gas1")] == pytest.approx(30.0 + losses, abs=1e-6)


def test_the_surplus_of_a_point_is_its_losses_in_dc() -> None:
    """210 MW for 200: the 10 MW are losses, so that without gas1 40 MW are short, not 30."""
    system = three_machines()
    result = screen(system, as_stated(system, [140.0, 60.0, 10.0]), ac=False, redispatch=True)
    assert result.short_mw[row(result, "gas1")] == pytest.approx(40.0)
    # what is shed takes its losses along: 170 MW carry 170 / 1.05 MW of load
    assert result.shed_mw[row(result, "gas1")] == pytest.approx(200.0 - 170.0 / 1.05)


def test_a_border_gives_up_to_its_import_limit() -> None:
    border = {"name": "north", "bus": "A", "contract_import_mw": 20.0, "limit_import_mw": 20.0, "price_per_mwh": 75.0}
    system = three_machines(borders=[border])
    result = screen(system, as_stated(system, [130.0, 60.0, 10.0]), ac=False)
    assert result.short_mw[row(result, "gas1")] == pytest.approx(10.0)
    assert result.short_mw[row(result, "north")] == 0.0


def test_wind_has_no_headroom() -> None:
    """gas1 as wind at 60 MW of 150: no more than the wind gives, so the loss of hydro1 leaves 80 MW."""
    rows = [{"profile": "wind", "month": month, "day_type": "any", "hour": hour, "value": 0.4}
            for month in range(1, 13) for hour in range(24)]  # fmt: skip
    system = three_machines(profiles=rows)
    gens = system.generators
    wind = dataclasses.replace(gens, profile=np.array([-1, 0, -1], dtype=np.int32))
    system = system.replace(generators=wind)
    result = screen(system, as_stated(system, [130.0, 60.0, 10.0]), ac=False)
    assert result.short_mw[row(result, "hydro1")] == pytest.approx(120.0)


def test_redispatch_sheds_what_a_line_cannot_carry() -> None:
    """120 MW at B, gas1 off: hydro1 and gas2 feed B by AB and BC of 80 MW each. Without AB BC carries 80: 40 shed."""
    mw = 80.0 / (np.sqrt(3.0) * 220.0)
    line = {"length_km": 50.0, "r_ohm_per_km": 0.0, "x_ohm_per_km": 0.42, "max_i_ka": mw, "max_i_emergency_ka": mw}
    ends = (("AB", "A", "B"), ("BC", "B", "C"), ("CA", "C", "A"))
    system = three_machines(120.0, lines=[{"name": name, "from_bus": i, "to_bus": j, **line} for name, i, j in ends])
    point = at(system, [120.0, 0.0, 0.0], committed=[True, False, True], p_load_mw=np.array([120.0]))
    result = screen(system, point, ac=False, redispatch=True)
    # hydro1's 120 MW go by CA and BC, both of 80 MW: 40 over; gas2's 20 MW at C relieve CA alone, BC stays at 80
    lost = row(result, "AB")
    assert result.over_mw[lost] == pytest.approx(40.0)
    assert result.over_name[lost] in ("BC", "CA")
    assert result.added_mw[lost] == pytest.approx(40.0)
    assert result.shed_mw[lost] == pytest.approx(40.0)


def test_the_slack_leaves_a_bus_at_its_reactive_limit() -> None:
    """hydro1, the only participant, is at 5 Mvar: another source holds the balance, hydro1 takes the imbalance."""
    system = three_machines()
    point = as_stated(system, [130.0, 60.0, 10.0])
    result = screen(system, point)
    assert result.name.tolist() == ["intact", "AB", "BC", "CA", "hydro1", "gas1", "gas2"]
    assert "failed" not in result.solved
    for name, branch in (("AB", 0), ("BC", 1), ("CA", 2)):
        alone = AcModel(system, base=point).solve(point._replace(branch_out=np.array([branch], dtype=np.int32)))
        assert alone.converged
        assert result.vm_min_pu[row(result, name)] == pytest.approx(alone.vm_pu.min(), abs=1e-5)
        worst = alone.loading_percent.max()  # of the normal rating; that of minutes is a fifth higher
        assert result.worst_loading_percent[row(result, name)] == pytest.approx(worst / 1.2, rel=1e-3)


def two_islands(far_mw: float) -> tuple[GridSystem, Any]:
    """A-B-C as above and, behind one line, D and E with a machine at D and a load of ``far_mw`` at E."""
    line = {"length_km": 50.0, "r_ohm_per_km": 0.06, "x_ohm_per_km": 0.42, "c_nf_per_km": 8.7, "max_i_ka": 2.0}
    ends = (("AB", "A", "B"), ("BC", "B", "C"), ("CA", "C", "A"), ("CE", "C", "E"), ("DE", "D", "E"))
    gas = {"fuel": "gas", "installed_mw": 900.0, "p_max_mw": 900.0, "cost_per_mwh": 50.0, "droop_pu": 0.05}
    load = {"power_factor": 1.0, "load_class": "all"}
    system = three_machines(
        buses=[{"name": bus, "zone": "z", "vn_kv": 220.0} for bus in "ABCDE"],
        lines=[{"name": name, "from_bus": i, "to_bus": j, **line} for name, i, j in ends],
        generators=[{"name": "near", "bus": "A", **gas}, {"name": "far", "bus": "D", **gas}],
        loads=[
            {"name": "city", "bus": "B", "p_mw": 100.0, **load},
            {"name": "mine", "bus": "E", "p_mw": far_mw, **load},
        ],
    )
    return system, as_stated(system, [100.0 + far_mw - 600.0, 600.0])


def test_an_island_without_a_solution_leaves_the_other_its_answer() -> None:
    """A line of 21 ohm carries at most 1.02^2 220^2 / (2 x 21) = 1,199 MW to a load without a source of Mvar.

    With 1,400 MW at E fed by DE alone that island has no power flow; A, B, C have theirs.
    """
    system, point = two_islands(1400.0)
    result = screen(system, point)
    assert result.solved[0] == "single"
    lost = row(result, "CE")
    assert result.solved[lost] == "partly"
    assert result.reason[lost].startswith("largest mismatch")
    assert not result.secure[lost]
    assert result.adds[lost]
    # the near island's own numbers: 100 MW at B from A
    assert 0.9 < result.vm_min_pu[lost] < 1.05
    assert 0.0 < result.worst_loading_percent[lost] < 20.0
    frame = screen_frame(system, result).set_index("name")
    assert frame.loc["CE", "worst_branch"] in ("AB", "BC", "CA")


def test_two_islands_from_the_start() -> None:
    system, point = two_islands(400.0)
    point = at(system, [100.0, 400.0], out=[3], p_load_mw=np.array([100.0, 400.0]))
    for ac in (False, True):
        result = screen(system, point, ac=ac)
        assert "failed" not in result.solved
        assert result.islanded_mw[row(result, "DE")] == 400.0
        assert result.islanded_mw[row(result, "AB")] == 0.0


def test_a_state_without_a_power_flow_has_no_numbers() -> None:
    system = three_machines(1500.0)
    point = at(system, [150.0, 0.0, 20.0], p_load_mw=np.array([1500.0]), committed=[True, False, True])
    result = screen(system, point)
    frame = screen_frame(system, result).set_index("name")
    failed = frame[frame["solved"] == "failed"]
    assert len(failed) > 0
    numbers = failed.select_dtypes("number")
    assert set(numbers.columns) == {
        "worst_loading_percent", "worst_section_percent", "vm_min_pu", "vm_max_pu", "islanded_mw", "dark_mw",
        "overloads", "voltage_violations", "short_mw", "over_mw", "worst_over_percent", "added_mw", "shed_mw",
            "margin_percent", "margin_mw",
    }  # fmt: skip
    assert numbers.isna().all(axis=None)
    assert not failed["secure"].any()
    assert failed["reason"].str.contains("1,330 MW short").all()


@pytest.mark.parametrize("name", ["case5", "case14", "case24_ieee_rts"])
def test_public_cases_whose_participants_are_at_their_reactive_limits(name: str) -> None:
    """Dispatched at least cost; every branch outage that was answered in the batch has that answer alone, too."""
    system, _ = case(name)
    point = base_point(system)
    result = screen(system, point)
    assert result.solved[0] == "single"
    for position in np.flatnonzero(result.solved == "batch"):
        branch = int(result.element[position]) + (len(system.lines) if result.kind[position] == "transformer" else 0)
        alone = AcModel(system, base=point).solve(point._replace(branch_out=np.array([branch], dtype=np.int32)))
        assert alone.converged
        assert result.vm_min_pu[position] == pytest.approx(np.nanmin(alone.vm_pu), abs=1e-5)
        assert result.vm_max_pu[position] == pytest.approx(np.nanmax(alone.vm_pu), abs=1e-5)
