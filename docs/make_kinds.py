"""Writes docs/kinds.md from the table of kinds: `python docs/make_kinds.py`. A test fails when it is out of date."""

from __future__ import annotations

import math
from pathlib import Path

from gridsim.model.groups import GROUPS
from gridsim.model.scenario import Kind, Primitive, kinds

PAGE = Path(__file__).parent / "kinds.md"

HEAD = """# Kinds of events

Made from `gridsim/model/kinds.csv` by `python docs/make_kinds.py`; do not edit by hand. `gridsim list kinds` prints it.

Every kind takes the same keys: `at` or `depends_on`, `target`, `magnitude`, `duration` or `repair`, `probability`
([format.md](format.md)). Left out, magnitude and duration are those below; "from" and "to" bound the magnitude, both
included unless `>` stands before the lower one, and empty where there is no bound.

**Overlaps.** Shares lost of one element multiply, so an element is out until the last outage of it ends; factors on
weather and demand multiply; temperature departures add; the strictest import policy and the longest blindness hold.
Stock events act once and give back at their end what they took.

**Refused**, in a scenario file as in a script: a magnitude outside its bounds, a part of what is either in or out (a
circuit, busbar or station), an element that the network has out of service, and an event that could change nothing,
such as a cold wave in a network without weather sites, a lull without wind machines, or a condition (`only_if`) on a
quantity that the network does not have.

**Targets** are names of a table, of a group of elements, or `all`. Groups, each called by the name of any member:

"""

_TITLES = {
    Primitive.OUTAGE: "Outages",
    Primitive.DERATE: "Derates",
    Primitive.LIMIT: "Limits",
    Primitive.DEMAND: "Demand",
    Primitive.STOCK: "Stocks",
    Primitive.WEATHER: "Weather",
    Primitive.POLICY: "Operation",
}


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    parts += [f"- `{name}` ({group.table}): {group.meaning}\n" for name, group in GROUPS.items()]
    for primitive, title in _TITLES.items():
        parts.append(f"\n## {title}\n\n| kind | targets | magnitude | from | to | duration | what it does |\n")
        parts.append("| --- | --- | --- | --- | --- | --- | --- |\n")
        parts += [_row(kind) for kind in kinds().values() if kind.primitive is primitive]
    return "".join(parts)


def _row(kind: Kind) -> str:
    bounds = kind.bounds
    low = ("> " if bounds.low_open else "") + f"{bounds.low:g}" if math.isfinite(bounds.low) else ""
    high = f"{bounds.high:g}" if math.isfinite(bounds.high) else ""
    duration = "to the end" if kind.duration_h is None else f"{kind.duration_h:g} h"
    targets = ", ".join(f"`{target}`" for target in kind.targets)
    size = f"{kind.magnitude:g} {kind.magnitude_unit}"
    return f"| `{kind.kind}` | {targets} | {size} | {low} | {high} | {duration} | {kind.doc} |\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
