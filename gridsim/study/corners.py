"""Corners of a known day: the run at every combination of ends of what nobody published."""

from __future__ import annotations

from collections.abc import Callable

from gridsim.engine.run import run
from gridsim.model.scenario import Scenario
from gridsim.model.system import GridSystem
from gridsim.model.unknowns import corners, with_values
from gridsim.results.known_day import CheckOutcome


def run_corners(
    system: GridSystem, scenario: Scenario, *, seed: int = 0, progress: Callable[[float], None] | None = None
) -> list[tuple[CheckOutcome, ...]]:
    """Checks of ``scenario`` at each corner of its unknowns; ``progress`` is called with the share done."""
    ends = list(corners(scenario.unknowns))
    found = []
    for number, values in enumerate(ends):
        there, then = with_values(system, scenario, scenario.unknowns, values)
        found.append(run(there, then, seed=seed).checks())
        if progress is not None:
            progress((number + 1) / len(ends))
    return found
