"""Bounds of all columns of a redispatch, and its answer by machine, by hand."""

from __future__ import annotations

import numpy as np

from gridsim.kernels.supply_bounds import Fleet, bound_supply, read_supply

# Two machines of 100 MW; the second, 60 % of it on gas, has a column of backup fuel. Then a border and a storage.
BACKUP_GEN = np.array([1], dtype=np.int32)
FLEET = Fleet(np.zeros(2), np.full(2, 100.0), np.array([np.nan, 1.0]), np.array([True, False]))


def bounds(committed: list[bool], ramp_h: float) -> tuple[list[float], list[float], bool]:
    """Lower and upper bounds of the five columns, ramping from 50 MW."""
    ones, lo, hi = np.ones(2), np.zeros(5), np.zeros(5)
    held_back = bound_supply(
        fleet=FLEET,
        backup_gen=BACKUP_GEN,
        committed=np.array(committed),
        gen_share=ones,
        left_share=ones,
        heat_min_share=np.zeros(2),
        fuel_share=np.array([1.0, 0.6]),
        backup_mw=np.array([30.0]),
        ramps=True,
        from_mw=np.full(2, 50.0),
        ramp_h=np.full(2, ramp_h),
        least_mw=np.zeros(2),
        most_mw=np.full(2, np.inf),
        border_mw=np.array([40.0]),
        helped_mw=np.array([5.0]),
        bought_mw=np.array([70.0]),
        backup_of_gen_out=np.empty(2),
        room_out=np.empty(2),
        lo_mw_out=lo,
        hi_mw_out=hi,
        held_back_out=np.empty(2, dtype=bool),
    )
    return lo.tolist(), hi.tolist(), held_back


def test_backup_fuel_adds_what_the_ramp_leaves_and_borders_give_what_is_bought() -> None:
    # 60 MW on gas and 30 on backup fuel within an hour; 65 MW within a quarter: 5 of 30 on backup fuel.
    assert bounds([True, True], 1.0) == ([0.0, 0.0, 0.0, 45.0, 0.0], [100.0, 60.0, 30.0, 45.0, 0.0], False)
    lo, hi, held_back = bounds([True, True], 0.25)
    assert held_back and lo[1] == 35.0
    np.testing.assert_allclose(hi, [100.0, 60.0, 5.0, 45.0, 0.0], rtol=1e-12)


def test_machine_that_stands_burns_no_backup_fuel() -> None:
    _, hi, _ = bounds([True, False], 1.0)
    assert hi[:3] == [100.0, 0.0, 0.0]


def test_answer_by_machine_border_and_storage() -> None:
    main, backup, available, curtailed = (np.full(2, 9.0) for _ in range(4))
    border, storage = np.full(1, 9.0), np.full(1, 9.0)
    read_supply(
        backup_gen=BACKUP_GEN,
        variable=FLEET.variable,
        p_mw=np.array([70.0, 60.0, 20.0, 45.0, -10.0, 4.0]),
        spill_mw=np.array([0.0, 8.0, 1.0, 0.0, 0.0, 0.0]),
        hi_mw=np.array([100.0, 60.0, 30.0, 45.0, 0.0, 50.0]),
        abroad_mw=np.array([5.0]),
        main_mw_out=main,
        backup_mw_out=backup,
        border_mw_out=border,
        storage_mw_out=storage,
        available_mw_out=available,
        curtailed_mw_out=curtailed,
    )
    assert main.tolist() == [70.0, 52.0] and backup.tolist() == [0.0, 19.0]
    assert available.tolist() == [100.0, 90.0] and curtailed.tolist() == [30.0, 0.0]
    assert border.tolist() == [40.0] and storage.tolist() == [-6.0]
