"""Elements by the names that scripts use, and which of them each action can take."""

from __future__ import annotations

from gridsim.contingencies.events import default_tables
from gridsim.errors import StudyError, nearest
from gridsim.model.groups import element_names, has_element
from gridsim.model.scenario import Primitive, Target
from gridsim.model.system import GridSystem

ACTIONS = {
    "fail": (Primitive.OUTAGE,),
    "is_out": (Primitive.OUTAGE,),
    "derate": (Primitive.DERATE, Primitive.LIMIT),
    "restore": (Primitive.OUTAGE, Primitive.DERATE, Primitive.LIMIT),
}


def named_target(system: GridSystem, name: str, action: str) -> Target:
    """The element of that name among those an action can take; ``table:name`` where two tables have it."""
    tables = default_tables(*ACTIONS[action])
    only, _, rest = name.rpartition(":")
    found = [t for t in tables if has_element(system, t, rest) and only in ("", t)]
    if not found:
        names = (n for table in tables for n in element_names(system, table))
        raise StudyError(f"no '{name}' among what can fail; {nearest(rest, names)}")
    if len(found) > 1:
        raise StudyError(f"'{name}' is in {' and '.join(found)}; write {found[0]}:{rest}")
    return Target(found[0], rest)
