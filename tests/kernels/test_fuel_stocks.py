"""What fuel allows and how yards move, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from gridsim.kernels.fuel_stocks import allow_by_fuel, burn_of_yards, move_yards


def test_a_link_short_of_gas_holds_its_machines_back():
    """150 of 200 MW on gas: machines 0 and 2 have three quarters, of which a yard leaves machine 2 a half."""
    deliverable, short, share = np.empty(2), np.empty(2, dtype=bool), np.empty(3)
    allow_by_fuel(
        linked_gen=np.array([0, 2]),
        gen_link=np.array([0, 0]),
        yard_share=np.array([1.0, 1.0, 0.5]),
        requested_mw=np.array([200.0, 0.0]),
        given_mw=np.array([150.0, 10.0]),
        short_below=0.999,
        deliverable_mw_out=deliverable,
        short_out=short,
        share_out=share,
    )
    assert deliverable.tolist() == [150.0, 0.0] and short.tolist() == [True, False]
    assert share.tolist() == [0.75, 1.0, 0.375]


def test_burn_and_the_first_yard_to_be_empty():
    """Yard 0 feeds 300 MW of 400, at nine tenths of the usual heat: 0.8333 of full, 0.5 comes: 1 day lasts 72 h.

    Yard 1 gets what it burns; yard 2 is empty and lives on what comes.
    """
    burnt = np.empty(3)
    hours = burn_of_yards(
        fed_gen=np.array([0, 1, 2, 3]),
        feeding_yard=np.array([0, 0, 1, 2]),
        full_mw=np.array([400.0, 100.0, 100.0]),
        p_main_mw=np.array([200.0, 100.0, 50.0, 100.0]),
        heating_value=np.array([0.9, 1.0, 1.0]),
        delivered_share=np.array([0.5, 0.5, 0.5]),
        yard_days=np.array([1.0, 1.0, 0.0]),
        burnt_share_out=burnt,
    )
    assert burnt == pytest.approx([0.75 / 0.9, 0.5, 1.0])
    assert hours == pytest.approx(24.0 / (0.75 / 0.9 - 0.5)) == pytest.approx(72.0)


def test_a_yard_fills_to_its_place_and_empties_to_nothing():
    """Half a day comes in 12 h, of which 0.2 have no place; a tenth of a second left is nothing."""
    days, turned_away = np.empty(2), np.empty(2)
    move_yards(
        dt_h=12.0,
        delivered_share=np.array([1.0, 0.0]),
        burnt_share=np.array([0.0, 1.0]),
        capacity_days=np.array([10.0, 10.0]),
        yard_days=np.array([9.7, 0.5 + 0.1 / 86_400]),
        yard_days_out=days,
        turned_away_out=turned_away,
    )
    assert days.tolist() == [10.0, 0.0]
    assert turned_away == pytest.approx([0.2 * 24 / 12, 0.1 / 3600 / 12])
