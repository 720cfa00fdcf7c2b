"""Screening of the first minutes as a table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from gridsim.model.checks import check_system
from gridsim.model.system import GridSystem
from gridsim.solvers.operating_point import OperatingPoint, base_point
from gridsim.solvers.pair_ranking import SHEDS_MW
from gridsim.solvers.screen_first_minutes import screen_first_minutes
from gridsim.solvers.screen_outages import Outage
from gridsim.solvers.secure_loss import security_of

if TYPE_CHECKING:
    import pandas as pd

DRAWN_SHEDS_MW = 20.0  # of a pair that was left: less is the noise of a ranking


def first_minutes_frame(
    system: GridSystem, point: OperatingPoint | None = None, outages: Sequence[Outage] | None = None
) -> pd.DataFrame:
    """Every single loss, and the pairs ranked first, through the swing of areas and its automation, worst first.

    Columns: kind, name, shed_mw (by automation and in areas that went dark), lowest_hz and lowest_area (of areas inside
    that live), opened (sections that automation opened) and dead (areas), separated by ;, operations of automation,
    ended (quiet, horizon, operations). ``frame.attrs``: counts ``n_singles``, ``n_doubles``, ``n_not_simulated``, of
    these ``n_with_one_that_sheds`` (pairs with a loss that sheds alone, ``shed_alone`` by name: they count as shedding;
    of ``n_told_drawn`` that are simulated ``n_told_wrong`` differ from it by more than 20 MW), ``n_shedding``,
    ``n_separating``; ``n_drawn`` of the others, drawn at random and simulated, of which ``n_drawn_shedding`` shed more
    than 20 MW, at most ``drawn_shed_mw``; ``security`` of areas: inertia, headroom, ``secure_loss_mw``; ``sections``
    before any loss: name, flow_mw, static_mw, trigger_mw, the nearest to what acts first; ``over_limit``: the point
    stands beyond a static limit.
    """
    import pandas as pd

    check_system(system)
    point = base_point(system) if point is None else point
    result = screen_first_minutes(system, point, outages=outages)
    frame = pd.DataFrame(
        {
            "kind": [course.kind for course in result.courses],
            "name": [course.name for course in result.courses],
            "shed_mw": [course.shed_mw for course in result.courses],
            "lowest_hz": [course.lowest_hz for course in result.courses],
            "lowest_area": [course.lowest_area for course in result.courses],
            "opened": [";".join(course.opened) for course in result.courses],
            "dead": [";".join(course.dead) for course in result.courses],
            "operations": [course.operations for course in result.courses],
            "ended": [course.ended for course in result.courses],
        }
    )
    drawn = [course.shed_mw for course in result.drawn]
    frame.attrs = {
        "n_singles": result.n_singles,
        "n_doubles": result.n_doubles,
        "n_not_simulated": result.n_left,
        "n_with_one_that_sheds": result.n_told,
        "shed_alone": result.shed_alone,
        "n_told_drawn": len(result.told_drawn),
        "n_told_wrong": sum(abs(one.shed_mw - alone_mw) > DRAWN_SHEDS_MW for one, alone_mw in result.told_drawn),
        "n_told_shedding": sum(one.shed_mw > DRAWN_SHEDS_MW for one, _ in result.told_drawn),
        "n_shedding": int((frame["shed_mw"] > SHEDS_MW).sum()),
        "n_separating": int((frame["opened"] != "").sum()),
        "n_drawn": len(drawn),
        "n_drawn_shedding": sum(mw > DRAWN_SHEDS_MW for mw in drawn),
        "drawn_shed_mw": max(drawn, default=0.0),
        "sections": [_finite(section._asdict()) for section in result.sections],
        "security": [row._asdict() for row in security_of(system, point)] if outages is None else [],
        "over_limit": result.over_limit,
    }
    return frame


def _finite(row: dict[str, Any]) -> dict[str, Any]:
    """The row with None where there is no limit."""
    return {name: None if isinstance(value, float) and math.isinf(value) else value for name, value in row.items()}
