"""Output that mines and works lose in a run, from what their loads were not served."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gridsim.model.system import GridSystem
from gridsim.results.process_damage import Piece, Process, ProcessLoss, overlaid, process_loss, starved
from gridsim.results.run_records import Columns

HOURS_PER_YEAR = 8760.0
#: A site without a process: nothing lasts, and it loses what is unserved.
PLAIN = Process(survives_h=np.inf, stop_share=np.inf, dead_h=0.0, ramp_h=0.0)


class LostOutput(NamedTuple):
    """A row of the table ``minerals``, as its columns say."""

    time_h: float
    name: str
    mineral: str
    longest_out_h: float
    survives_h: float
    stops: int
    lost_out_t: float
    lost_later_t: float
    whole_again_h: float
    value_usd: float
    value_low_usd: float
    value_high_usd: float
    damage_usd: float
    world_ppm: float
    confidence: str


def lost_outputs(system: GridSystem, site_supply: Columns, horizon_h: float) -> list[LostOutput]:
    """Every site that loses something, by name; those that feed others are worked out before them."""
    minerals = system.minerals
    courses: dict[int, list[Piece]] = {}
    columns = (site_supply[name].tolist() for name in ("name", "time_h", "duration_h", "unserved_share"))
    for name, time_h, duration_h, share in zip(*columns, strict=True):
        courses.setdefault(minerals.position(name), []).append(Piece(time_h, time_h + duration_h, share))
    if not courses:
        return []
    losses: dict[int, ProcessLoss] = {}
    for row in _suppliers_first(minerals.needs.tolist()):
        course = courses.get(row, [])
        supplier = int(minerals.needs[row])
        if supplier in losses:
            stock_h, share = np.nan_to_num([minerals.needs_stock_h[row], minerals.needs_share[row]]).tolist()
            course = overlaid(course, starved(losses[supplier].idle, stock_h, share))
        if course:
            courses[row] = course
            # Whoever starves beyond the horizon is followed until its supplier works again.
            until_h = max(horizon_h, course[-1].end_h)
            losses[row] = process_loss(_process(system, row), course, until_h)
    found = [_lost(system, row, loss, courses[row][0].start_h) for row, loss in losses.items()]
    return sorted((lost for lost in found if lost.lost_out_t + lost.lost_later_t > 0.0), key=lambda lost: lost.name)


def _suppliers_first(needs: list[int]) -> list[int]:
    """Rows in an order in which nobody stands before the row that it needs."""
    order: list[int] = []
    for row in range(len(needs)):
        chain = [row]
        while needs[chain[-1]] >= 0 and needs[chain[-1]] not in chain:
            chain.append(needs[chain[-1]])
        order += [one for one in reversed(chain) if one not in order]
    return order


def _process(system: GridSystem, row: int) -> Process:
    at, processes = int(system.minerals.process[row]), system.mineral_processes
    if at < 0:
        return PLAIN
    columns = processes.survives_h, processes.stop_share, processes.dead_h, processes.ramp_h
    return Process(*(float(column[at]) for column in columns))


def _lost(system: GridSystem, row: int, loss: ProcessLoss, first_h: float) -> LostOutput:
    minerals, at = system.minerals, int(system.minerals.process[row])
    per_h = float(minerals.annual_output[row]) / HOURS_PER_YEAR
    lost_t = loss.total_h * per_h
    prices = minerals.usd_per_t, minerals.usd_low_per_t, minerals.usd_high_per_t
    value, low, high = (lost_t * float(price[row]) for price in prices)
    damage = float(system.mineral_processes.damage_usd_per_t[at]) if at >= 0 and loss.stops else 0.0
    share_ppm = float(minerals.world_share_percent[row]) * 1e4
    return LostOutput(
        time_h=first_h,
        name=str(minerals.name[row]),
        mineral=str(minerals.mineral[row]),
        longest_out_h=loss.longest_h,
        survives_h=float(system.mineral_processes.survives_h[at]) if at >= 0 else np.nan,
        stops=loss.stops,
        lost_out_t=loss.out_h * per_h,
        lost_later_t=loss.later_h * per_h,
        whole_again_h=np.nan if loss.whole_again_h is None else loss.whole_again_h,
        value_usd=value,
        value_low_usd=low,
        value_high_usd=high,
        damage_usd=damage * float(minerals.annual_output[row]),
        world_ppm=loss.total_h / HOURS_PER_YEAR * share_ppm,
        confidence=str(minerals.confidence[row]),
    )
