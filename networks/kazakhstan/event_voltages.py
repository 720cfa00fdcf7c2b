"""Voltages of all bundled events, as a table: `python networks/kazakhstan/event_voltages.py` (20 minutes of one core).

Names of events after the command play those alone; events that are played without power flow are left out. Hours
outside are hours with an energised bus outside its limits or without a power flow; hours with branches out are those in
which a line or bank is out that the network has in service.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

import gridsim
from gridsim.report.text_table import TextTable

EVENTS = Path(__file__).parents[2] / "events"
HEADS = ("event", "lowest, pu", "highest, pu", "hours outside", "hours with branches out")


def row(path: Path) -> tuple[str, ...]:
    """The event's line of the table; empty where it is played without power flow."""
    system, scenario = gridsim.read_scenario(path)
    if scenario.policy.ac == "off":
        return ()
    result = gridsim.run(system, scenario)
    values = {found.name: found.value for found in result.estimates if found.scope == "system"}
    lines = result.tables["lines"]
    whole = dict(zip(system.branch_name.tolist(), system.branch_in_service.tolist(), strict=True))
    out = ~lines["in_service"] & np.array([whole[name] for name in lines["name"].tolist()], dtype=bool)
    _, first = np.unique(lines["time_h"][out], return_index=True)
    return (
        path.stem,
        f"{values['vm_pu_min']:.3f}",
        f"{values['vm_pu_max']:.3f}",
        f"{values['voltage_out_of_limits_h']:g}",
        f"{lines['duration_h'][out][first].sum():.0f}",
    )


def main(names: list[str]) -> None:
    """Print the table, events in the order of their folders."""
    paths = [path for path in sorted(EVENTS.rglob("*.yaml")) if path.parent.name != "studies"]
    rows = [row(path) for path in paths if not names or path.stem in names]
    print(TextTable(HEADS, tuple(found for found in rows if found)).markdown(), end="")


if __name__ == "__main__":
    main(sys.argv[1:])
