"""Make the table of what losing a unit of Ulken asks of the system: docs/first_minutes.md, between its markers."""

from __future__ import annotations

import re
from pathlib import Path

from gridsim.engine.run import run
from gridsim.io.bundled import network_folder
from gridsim.io.durations import parse_start
from gridsim.io.read_network import read_network
from gridsim.model.scenario import AcMode, Horizon, Policy, Scenario
from gridsim.solvers.screen_first_minutes import FirstMinutesCases
from gridsim.solvers.screen_outages import named_outages

PAGE = Path(__file__).with_name("first_minutes.md")
BEGIN, END = "<!-- ulken: made by docs/make_largest_machine.py -->\n", "<!-- ulken end -->"
UNIT, SECTION, VARIANT = "ulken_npp_1", "north_south", "nuclear_2035"
MONTHS = ("January", "March", "May", "July", "September", "November", "December")
NUMBERS = (1, 3, 5, 7, 9, 11, 12)


def table() -> str:
    """One row an hour: output, the transit before, at its widest and settled, frequency, load cut."""
    system = read_network(network_folder("kazakhstan"), variant=VARIANT)
    row = system.interfaces.position(SECTION)
    lines = [
        "| hour of the 15th | unit, MW | transit before, MW | widest | settled | lowest, Hz | cut, MW |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for month, name in zip(NUMBERS, MONTHS, strict=True):
        for hour in (4, 19):
            horizon = Horizon(parse_start(f"2035-{month:02d}-15T{hour:02d}:00"), 1.0)
            point = run(system, Scenario("hour", system.name, horizon, policy=Policy(ac=AcMode.OFF))).points[0][1]
            cases, lost = FirstMinutesCases(system, point), named_outages(system, [UNIT])
            result = cases.run(lost)
            course, flow_mw = cases.told(lost, result), result.flow_mw[:, row]
            unit_mw = point.p_gen_mw[system.generators.position(UNIT)]
            lines.append(
                f"| {name}, {hour} h | {unit_mw:,.0f} | {flow_mw[0]:,.0f} | {flow_mw.max():,.0f} | {flow_mw[-1]:,.0f} "
                f"| {course.lowest_hz:.2f} | {course.shed_mw:,.0f} |"
            )
    return "\n".join(lines) + "\n"


def page() -> str:
    """The page with its table made anew."""
    text = PAGE.read_text(encoding="utf-8")
    return re.sub(f"(?<={re.escape(BEGIN)}).*(?={re.escape(END)})", lambda _: table(), text, flags=re.DOTALL)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
