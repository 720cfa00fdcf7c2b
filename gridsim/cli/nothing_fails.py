"""Note that an assessment sees no failures at all, as of an import without outage data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gridsim.errors import Problem

if TYPE_CHECKING:
    from gridsim.model.system import GridSystem


def nothing_fails(system: GridSystem, network: str) -> tuple[Problem, ...]:
    """A warning where no machine, store or branch has outage data; else nothing."""
    tables = (system.generators, system.storages, system.lines, system.transformers)
    if any((table.mttf_h > 0.0).any() for table in tables):
        return ()
    mend = "give mttf_h and mttr_h, or import with --outage-defaults"
    return (Problem(network, 0, "", "no element has outage data: nothing fails", mend, "warning"),)
