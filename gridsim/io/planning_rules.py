"""Rules of typical.csv and renewables_at_peak.csv that need the machines or other rows."""

from __future__ import annotations

from collections.abc import Mapping

from gridsim.errors import Problem, nearest
from gridsim.io.raw_table import RawTable
from gridsim.model.system import EXTERNAL


def check_planning(tables: Mapping[str, RawTable]) -> list[Problem]:
    """Rows given twice, machines of another zone or technology than their row states, and more MW than there are."""
    return [*_check_typical(tables), *_given_twice(tables["renewables_at_peak"], ("month", "site"))]


def _check_typical(tables: Mapping[str, RawTable]) -> list[Problem]:
    table, machines = tables["typical"], tables["generators"]
    if not table.rows or machines.broken or tables["buses"].broken:
        return []
    problems = _given_twice(table, ("month", "zone", "technology", "generator"))
    zone_of_bus = {bus.name: bus.zone for _, bus in tables["buses"].rows}
    place = {row.name: (zone_of_bus.get(row.bus, ""), row.technology) for _, row in machines.rows}
    p_max_mw = {row.name: row.p_max_mw for _, row in machines.rows}
    sum_mw: dict[tuple[str, str], float] = {}
    zones = set(zone_of_bus.values())
    for _, row in machines.rows:
        if place[row.name][0] != EXTERNAL:
            sum_mw[place[row.name]] = sum_mw.get(place[row.name], 0.0) + row.p_max_mw
    for number, row in table.rows:
        group = row.zone, row.technology
        if row.zone not in zones or (row.generator and row.generator not in place):
            continue  # told as a reference that leads nowhere
        if row.generator and place[row.generator] != group:
            zone, technology = place[row.generator]
            what = f"'{row.generator}' is a machine of {zone}, {technology}, not of {row.zone}, {row.technology}"
            problems.append(table.problem(number, "generator", what, "give the zone and technology of the machine"))
        elif group not in sum_mw:
            known = sorted(technology for zone, technology in sum_mw if zone == row.zone)
            what = f"no machine of technology '{row.technology}' in {row.zone}"
            problems.append(table.problem(number, "technology", what, nearest(row.technology, known)))
        else:
            most_mw = p_max_mw.get(row.generator, sum_mw[group])
            if row.lost_mw > most_mw + 1e-3:
                whose = f"'{row.generator}'" if row.generator else f"{row.technology} machines in {row.zone}"
                what = f"{row.lost_mw:g} MW out of {most_mw:g} MW of {whose}"
                problems.append(table.problem(number, "lost_mw", what, f"give at most {most_mw:g} MW"))
    return problems


def _given_twice(table: RawTable, columns: tuple[str, ...]) -> list[Problem]:
    problems, seen = [], dict[tuple[object, ...], int]()
    for number, row in table.rows:
        key = tuple(getattr(row, column) for column in columns)
        if key in seen:
            what = f"{', '.join(str(part) for part in key if part != '')} stands in row {seen[key]} too"
            problems.append(table.problem(number, columns[-1], what, "give each once a month"))
        seen.setdefault(key, number)
    return problems
