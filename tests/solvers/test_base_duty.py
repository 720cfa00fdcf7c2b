"""The base state holds duty: plants that run for water, heat or their field run at the winter peak too."""

from __future__ import annotations

import numpy as np

from gridsim.model.system import GridSystem
from gridsim.solvers.operating_point import base_point, machine_bounds, peak_hour
from gridsim.solvers.screen import screen
from gridsim.solvers.screen_outages import named_outages
from gridsim.solvers.screen_result import SolvedBy


def test_bounds_of_the_base_state_hold_duty(kazakhstan: GridSystem) -> None:
    """Tengiz burns 0.85 of its field's gas, Zhambyl runs full with the South at its expected peak (duty.csv)."""
    forced, available = machine_bounds(kazakhstan, peak_hour(kazakhstan))
    gens = kazakhstan.generators
    for plant, share in (("tco_fgp", 0.85), ("kashagan_gt", 0.85), ("zhambyl_gres", 1.0)):
        here = (gens.plant == plant) & gens.in_service
        assert forced[here].sum() >= share * gens.p_max_mw[here].sum() - 1e-6, plant
    assert (forced <= available + 1e-9).all()
    output = base_point(kazakhstan).p_gen_mw
    tes3 = gens.plant == "maek_tes3"
    assert output[tes3].sum() >= 230.0 - 1e-6  # heat of Aktau
    assert (output >= np.minimum(forced, available) - 1e-6).all()


def test_the_loss_of_any_machine_of_maek_has_a_power_flow(kazakhstan: GridSystem) -> None:
    """By cost alone the line from Beyneu would bring so much over its 624 km that most of these losses collapse."""
    gens = kazakhstan.generators
    maek = [str(n) for n, p in zip(gens.name, gens.plant, strict=True) if str(p).startswith("maek_")]
    assert len(maek) == 13
    result = screen(kazakhstan, outages=named_outages(kazakhstan, maek))
    assert len(result.solved) == 1 + len(maek)  # the intact state first
    assert not {SolvedBy.FAILED, SolvedBy.PARTLY} & set(result.solved.tolist())
