"""Flows of the West, as tables: `python networks/kazakhstan/west_flows.py` (a minute).

Means of 48 h from 14 January and 14 July 2026 with the typical fleet, MW: sections with their signs, plants. Then
unserved energy of the planning day where less of the West's surplus is netted against what the North buys.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

import gridsim
from gridsim.report.text_table import TextTable

SECTIONS = ("uralsk_atyrau", "russia_west", "atyrau_mangystau", "kashagan_site", "karabatan_site", "tengiz_site")
PLANTS = ("karabatan_gt", "atyrau_chp", "maek_tes3")
MONTHS = ("01", "07")
NETTED_MW = (200.0, 150.0, 50.0)


def column(month: str) -> list[str]:
    """Means of the days of one month."""
    horizon = {"start": f"2026-{month}-14 00:00", "hours": 48}
    system, scenario = gridsim.read_scenario({"network": "kazakhstan", "horizon": horizon, "failures": "typical"})
    result = gridsim.run(system, scenario)
    flows, machines = result.tables["interfaces"], result.tables["generators"]

    def mean(table: Mapping[str, Any], values: str, chosen: Any) -> str:
        return f"{(table[values] * table['duration_h'])[chosen].sum() / horizon['hours']:.0f}"

    return [
        *(mean(flows, "flow_mw", flows["name"] == name) for name in SECTIONS),
        *(mean(machines, "p_mw", machines["plant"] == name) for name in PLANTS),
    ]


def unserved_mwh(netted_mw: float) -> str:
    """Of the planning day, with that much let out at Uralsk in winter."""
    system, scenario = gridsim.read_scenario("winter_peak_day")
    limits = system.interface_limits
    west = system.interfaces.position("russia_west")
    row = (limits.interface == west) & (limits.direction == "reverse") & (limits.season == "winter")
    limits = dataclasses.replace(limits, normal_mw=np.where(row, netted_mw, limits.normal_mw))
    result = gridsim.run(system.replace(interface_limits=limits), scenario.with_(system, **{"policy.ac": "off"}))
    return f"{result.metric('EUE'):,.0f}"


def main() -> None:
    """Print the tables."""
    columns = [column(month) for month in MONTHS]
    rows = tuple(zip((*SECTIONS, *PLANTS), *columns, strict=True))
    print(TextTable(("section or plant", "January", "July"), rows).markdown())
    rows = tuple((f"{netted_mw:.0f}", unserved_mwh(netted_mw)) for netted_mw in NETTED_MW)
    print(TextTable(("netted, MW", "unserved, MWh"), rows).markdown(), end="")


if __name__ == "__main__":
    main()
