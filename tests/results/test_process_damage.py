"""Output lost by hand, for each process of the bundled network, and what holds for any course of supply."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gridsim.engine.run import run
from gridsim.errors import InputError
from gridsim.model.scenario import Horizon, Scenario
from gridsim.results.output_lost import lost_outputs
from gridsim.results.process_damage import Piece, Process, overlaid, process_loss, starved
from tests.support.cases import BY_HAND, build_two_areas, event

FURNACE = Process(survives_h=4, stop_share=0.5, dead_h=12, ramp_h=48)


def out(hours: float, at_h: float = 10, share: float = 1) -> Piece:
    return Piece(at_h, at_h + hours, share)


def test_an_interruption_that_it_survives_costs_its_hours_alone():
    loss = process_loss(FURNACE, [out(4)], 100)
    assert (loss.out_h, loss.later_h, loss.stops, loss.whole_again_h) == (4, 0, 0, None)


def test_a_longer_one_costs_its_restart_too():
    loss = process_loss(FURNACE, [out(5)], 100)
    assert (loss.out_h, loss.later_h, loss.stops) == (5, 12 + 48 / 2, 1)
    assert loss.whole_again_h == pytest.approx(15 + 60) and loss.idle == ((10, 15 + 12),)


def test_a_restart_that_the_horizon_cuts_is_counted_to_its_end():
    loss = process_loss(FURNACE, [out(5)], 30)
    assert loss.later_h == pytest.approx(36) and loss.whole_again_h == pytest.approx(75)


def test_short_of_power_by_part_it_loses_that_part_and_from_half_on_all():
    assert process_loss(FURNACE, [out(10, share=0.4)], 100).out_h == pytest.approx(4)
    assert process_loss(FURNACE, [out(3, share=0.8)], 100).out_h == pytest.approx(3)


def test_a_half_is_a_half_whatever_its_last_digits():
    losses = {process_loss(FURNACE, [out(3, share=0.5 + rest)], 100).out_h for rest in (-1e-9, 0.0, 1e-9)}
    assert losses == {3.0}


def test_a_short_interruption_pauses_a_restart_and_a_long_one_begins_it_anew():
    # damaged at 15, restart of 36 lost hours; 2 h out at 20 pause it, 5 h out at 20 begin it anew after 5 lost hours
    assert process_loss(FURNACE, [out(5), out(2, 20)], 200).total_h == pytest.approx(5 + 36 + 2)
    again = process_loss(FURNACE, [out(5), out(5, 20)], 200)
    assert again.total_h == pytest.approx(5 + 5 + 5 + 36) and again.stops == 2


def test_a_part_unserved_during_a_restart_counts_where_it_is_larger():
    # from 15 to 35 a fifth is short: the restart lacks more than that all the time but for its last fifth
    assert process_loss(FURNACE, [out(5), out(20, 15, 0.2)], 200).total_h == pytest.approx(41)
    # over the last 9.6 of 60 hours the restart lacks under a fifth: 0.2 x 9.6 - 0.2 x 9.6 / 2 more, and 0.2 x 20 after
    late = process_loss(FURNACE, [out(5), Piece(15, 95, 0.2)], 200)
    assert late.total_h == pytest.approx(41 + 0.96 + 0.2 * 20)


def test_what_feeds_on_another_stops_when_its_stock_is_gone():
    assert starved([(10, 27)], 5, 0.3) == [Piece(15, 27, 0.3)] and starved([(10, 14)], 5, 0.3) == []
    assert overlaid([out(5)], [Piece(12, 20, 0.3)]) == [
        Piece(10, 12, 1), Piece(12, 15, 1), Piece(15, 20, 0.3),
    ]  # fmt: skip


#: Hours of full output lost by an interruption one hour longer than each process survives, by hand.
BY_PROCESS = {
    "potline": 5 + 336 + 1080,
    "magnesium_cells": 5 + 168 + 360,
    "arc_furnace": 5 + 12 + 24,
    "electrowinning": 3 + 4 + 12,
    "smelter": 5 + 24 + 36,
    "blast_furnace": 2 + 72 + 120,
    "concentrator": 5 + 4 + 6,
    "underground_mine": 9 + 12 + 24,
    "open_pit": 13 + 0 + 3,
    "alumina": 5 + 24 + 36,
    "wellfield": 169 + 0 + 360,
    "acid_plant": 5 + 24 + 12,
    "sintering": 2 + 48 + 24,
    "vacuum_furnace": 1.5 + 24 + 12,
}


def test_every_process_of_the_bundled_network_by_hand(kazakhstan):
    processes = kazakhstan.mineral_processes
    assert set(BY_PROCESS) == set(processes.name.tolist())
    for at, name in enumerate(processes.name.tolist()):
        columns = processes.survives_h, processes.stop_share, processes.dead_h, processes.ramp_h
        process = Process(*(float(column[at]) for column in columns))
        loss = process_loss(process, [out(process.survives_h + 1)], 10_000)
        assert loss.total_h == pytest.approx(BY_PROCESS[name]), name
        assert process_loss(process, [out(process.survives_h)], 10_000).later_h == 0, name


def supply_of(**rows: list[tuple[float, float, float]]) -> dict[str, Any]:
    """A table ``site_supply`` from rows (time, duration, share) by site."""
    flat = sorted((time, name, hours, share) for name, of in rows.items() for time, hours, share in of)
    time_h, name, duration_h, share = (np.array(column) for column in zip(*flat, strict=True))
    return {"time_h": time_h, "name": name, "duration_h": duration_h, "unserved_share": share}


def test_pots_of_pavlodar_after_six_hours(kazakhstan):
    (lost,) = lost_outputs(kazakhstan, supply_of(kas_pavlodar=[(10, 6, 1.0)]), 48)
    per_h = 255_000 / 8760
    assert lost.lost_out_t == pytest.approx(6 * per_h) and lost.lost_later_t == pytest.approx(1416 * per_h)
    assert lost.value_usd == pytest.approx(1422 * per_h * 2500) and lost.damage_usd == pytest.approx(290 * 255_000)
    assert lost.world_ppm == pytest.approx(1422 / 8760 * 3500) and lost.confidence == "derived"


def test_mines_go_short_when_the_acid_plant_has_stood_longer_than_their_stock(kazakhstan):
    assert lost_outputs(kazakhstan, supply_of(acid_turkistan=[(0, 300, 1.0)]), 336)[0].name == "acid_turkistan"
    found = lost_outputs(kazakhstan, supply_of(acid_turkistan=[(0, 400, 1.0)]), 400)
    by_name = {lost.name: lost for lost in found}
    # the plant makes nothing for 400 h and 24 more; the stock of 360 h is gone for the last 64, a third of output each
    inkai = by_name["u_inkai"]
    assert inkai.lost_out_t == pytest.approx(0.3 * 64 * 3200 / 8760) and inkai.stops == 0
    assert {lost.mineral for lost in found} == {"uranium", "sulphuric acid (uranium reagent)"}


def test_every_site_is_tied_to_a_load_and_its_tonnes_agree_with_it(kazakhstan):
    minerals, loads = kazakhstan.minerals, kazakhstan.loads
    wanted = {"beryllium", "tantalum and niobium", "tungsten", "silicon", "manganese", "phosphorus"}
    assert wanted <= set(minerals.mineral.tolist())
    for row in range(len(minerals)):
        assert minerals.load[row] >= 0 or minerals.site[row] in loads.site.tolist(), minerals.name[row]
        assert minerals.process[row] >= 0 and np.isfinite(minerals.usd_per_t[row])


pieces = st.lists(
    st.tuples(st.floats(0.1, 30), st.floats(0.1, 20), st.sampled_from([0.1, 0.4, 0.6, 1.0])), min_size=1, max_size=5
)


def course(parts: list[tuple[float, float, float]], shorter: float = 1.0) -> list[Piece]:
    at_h, made = 0.0, []
    for gap_h, length_h, share in parts:
        made.append(Piece(at_h + gap_h, at_h + gap_h + length_h * shorter, share))
        at_h += gap_h + length_h
    return made


@settings(max_examples=60, deadline=None)
@given(pieces, st.floats(0.1, 1.0))
def test_shorter_interruptions_and_a_hardier_process_never_lose_more(parts, shorter):
    whole = process_loss(FURNACE, course(parts), 400)
    assert process_loss(FURNACE, course(parts, shorter), 400).total_h <= whole.total_h + 1e-9
    hardier = FURNACE._replace(survives_h=8)
    assert process_loss(hardier, course(parts), 400).total_h <= whole.total_h + 1e-9
    least = sum((piece.end_h - piece.start_h) * piece.share for piece in course(parts))
    assert whole.total_h >= least - 1e-9


@settings(max_examples=25, deadline=None)
@given(pieces)
def test_made_and_lost_fill_the_time(parts):
    """Output counted step by step closes with the loss, to the steps at the ends of the pieces."""
    assume(not any(abs(piece.end_h - piece.start_h - FURNACE.survives_h) < 0.1 for piece in course(parts)))
    horizon_h, step_h = 400.0, 1 / 16
    middle_h = (np.arange(round(horizon_h / step_h)) + 0.5) * step_h
    shares = np.zeros(len(middle_h))
    for piece in course(parts):
        shares[(piece.start_h <= middle_h) & (middle_h < piece.end_h)] = piece.share
    made = restart_h = interrupted_h = 0.0
    restarting = False
    for share in shares.tolist():
        if share >= FURNACE.stop_share:
            interrupted_h += step_h
            if interrupted_h > FURNACE.survives_h + step_h / 2:
                restarting, restart_h = True, 0.0
            continue
        interrupted_h = 0.0
        ready = min(max(restart_h - FURNACE.dead_h, 0.0) / FURNACE.ramp_h, 1.0) if restarting else 1.0
        made += min(ready, 1.0 - share) * step_h
        restart_h += step_h
    assert made + process_loss(FURNACE, course(parts), horizon_h).total_h == pytest.approx(horizon_h, abs=1.0)


def smelting(**changes: Any) -> Any:
    def edit(tables: Any) -> None:
        tables["mineral_processes"] = [{"name": "pots", "survives_h": 1, "dead_h": 3, "ramp_h": 4, "stop_share": 0.3}]
        tables["minerals"] = [
            {"name": "metal_1", "mineral": "metal", "site": "smelter", "process": "pots", "annual_output": 8760,
             "output_unit": "t/y", "electricity_mwh_per_t": 100, "usd_per_t": 10, "world_share_percent": 1, **changes}
        ]  # fmt: skip

    return build_two_areas(edit)


def test_a_run_counts_what_its_factory_was_not_served():
    # One circuit out for 2 of 6 h: 40 of the factory's 100 MW are cut, over the share at which it stands: 2 h, then
    # 3 + 4 / 2 of restart, at a tonne an hour.
    events = (event("line_outage", "lines", "n1_s1", 1, 2),)
    scenario = Scenario("case", "two_areas", Horizon(dt.datetime(2026, 1, 14), 6), events=events, policy=BY_HAND)
    result = run(smelting(), scenario)
    (row,) = result.frame("minerals").to_dict("records")
    assert (row["lost_out_t"], row["lost_later_t"], row["stops"]) == (pytest.approx(2), pytest.approx(5), 1)
    assert row["whole_again_h"] == pytest.approx(10)
    assert result.metric("mineral_loss_t", "mineral:metal") == pytest.approx(7)
    assert result.metric("mineral_value_usd") == pytest.approx(70)
    calm = run(smelting(), dataclasses.replace(scenario, events=()))
    assert calm.metric("mineral_loss_t", "mineral:metal").value == calm.metric("sites_damaged_n").value == 0


BAD = {
    "take 300.0 MW by their tonnes": {"electricity_mwh_per_t": 300},
    "take 40.0 MW by their tonnes": {"electricity_mwh_per_t": 40},
    "beside site": {"load": "s1_factory"},
    "needs itself": {"needs": "metal_1", "needs_stock_h": 1},
    "is not between": {"usd_low_per_t": 20},
    "did you mean 'pots'": {"process": "potz"},
}


@pytest.mark.parametrize("told", BAD)
def test_bad_rows_are_told_with_their_mend(told):
    with pytest.raises(InputError) as error:
        smelting(**BAD[told])
    assert told in str(error.value) and all(problem.mend for problem in error.value.problems)
