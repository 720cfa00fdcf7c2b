"""Stores and demand response that may be used only so often, so long or for so much energy within a period.

They are stores that nothing charges. At the start of a period the budget of energy, calls and hours is whole again; a
run of hours in use is one call, and one that goes on into a new period is a call of that too.
"""

from __future__ import annotations

from gridsim.kernels.jit import piece
from gridsim.kernels.zonal_case import ZonalCase, ZonalScratch

NEVER = -2


@piece
def forget_use(case: ZonalCase, scratch: ZonalScratch) -> None:
    """Nothing has been used: the start of a sample."""
    for k in range(case.store_area.shape[0]):
        scratch.calls[k] = 0.0
        scratch.hours_used[k] = 0.0
        scratch.last_used[k] = NEVER


@piece
def begin_periods(case: ZonalCase, scratch: ZonalScratch, hour: int) -> None:
    """Renew the budgets whose period begins with this hour."""
    scratch.now[0] = hour
    for k in range(case.store_area.shape[0]):
        if case.store_period_h[k] > 0 and hour % case.store_period_h[k] == 0:
            scratch.energy_mwh[k] = case.store_energy_mwh[k]
            scratch.calls[k] = 0.0
            scratch.hours_used[k] = 0.0
            scratch.last_used[k] = NEVER


@piece
def may_be_used(case: ZonalCase, scratch: ZonalScratch, k: int) -> bool:
    """Whether hours and, unless it is in use already, calls are left."""
    if scratch.hours_used[k] >= case.store_hours[k]:
        return False
    return scratch.last_used[k] == scratch.now[0] - 1 or scratch.calls[k] < case.store_calls[k]


@piece
def note_use(scratch: ZonalScratch, k: int) -> None:
    """One more hour, and one more call if the hour before was none of it."""
    hour = scratch.now[0]
    if scratch.last_used[k] != hour - 1:
        scratch.calls[k] += 1.0
    scratch.hours_used[k] += 1.0
    scratch.last_used[k] = hour
