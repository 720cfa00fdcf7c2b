"""Remarks on the first minutes: what was assumed, rules that undo themselves, sections that do not separate."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gridsim.model.system import GridSystem
from gridsim.model.table import I4
from gridsim.solvers.automation_rules import OPENS, Rule
from gridsim.solvers.first_minutes import MOST_OPERATIONS, FirstMinutesResult
from gridsim.solvers.separation import way_beside


def swing_remarks(
    system: GridSystem, rules: tuple[Rule, ...], result: FirstMinutesResult, out_before: I4, now_h: float
) -> Iterator[str]:
    """Remarks that a reader needs of one answer at ``now_h``."""
    if result.assumed:
        found = ", ".join(f"{number} {what}" for what, number in result.assumed.items())
        yield f"first minutes: assumed by technology or size for {found}"
    if result.culprit:
        yield (
            f"first minutes at +{now_h:g} h: stopped after {MOST_OPERATIONS} operations; rule {result.culprit} acts "
            "again and again: it, or the rule that undoes it, needs another threshold"
        )
    if result.over_limit:
        yield f"first minutes at +{now_h:g} h: no stable angles before the change; sections were given room"
    out = np.union1d(out_before, result.opened).astype(np.int32)
    acted = {operation.rule for operation in result.operations}
    for rule in rules:
        if rule.action == OPENS and rule.name in acted:
            way = way_beside(system, rule.places, out)
            if way:
                yield f"rule {rule.name} opened {', '.join(rule.places)}, and a way stays: {' - '.join(way)}"
