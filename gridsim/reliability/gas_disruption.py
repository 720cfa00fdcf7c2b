"""Single largest infrastructure disruption of the gas network, and the N-1 formula of Regulation (EU) 2017/1938.

Each pipe, source and storage is lost on the **design day**: a working day in January colder than normal by what
``cold_day_mcm_per_d`` of gas_demand.csv stands for, with the gas that plants burn in the dispatch of that day. It goes
on for ten days. The formula compares capacities with demand and knows no place; the hydraulic answer follows pressures.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gridsim.errors import StudyError
from gridsim.model.scenario import Imports
from gridsim.model.system import GridSystem
from gridsim.reliability.gas import CLASSES, TemperatureClass, class_weather, design_day_c
from gridsim.solvers.gas_disruptions import GasDisruptions

if TYPE_CHECKING:
    import pandas as pd

#: Upper ends of the bands of the share of demand, %: those of ENTSOG's stress tests of 2014.
BANDS = ((10.0, "< 10 %"), (20.0, "10-20 %"), (60.0, "20-60 %"), (80.0, "60-80 %"), (np.inf, "80-100 %"))
NO_BAND = "none"
_ENTRY, _PRODUCTION, _STORAGE, _PIPE, _TRANSIT = "entry point", "production", "storage", "pipe", "transit"
_COUNTED = (_ENTRY, _PRODUCTION, _STORAGE)


class Piece(NamedTuple):
    """A pipe, source or storage: ``row`` of ``table``; technical capacity; what it is to the area."""

    component: str
    title: str
    table: str
    row: int
    kind: str
    capacity_mcm_per_d: float


def gas_disruptions(system: GridSystem, imports: Imports | str = Imports.CONTRACT) -> pd.DataFrame:
    """One row per pipe, source and storage in service, lost on the design day; most unserved gas first.

    Columns: component, title, kind (entry point, production, storage, pipe, transit), capacity_mcm_per_d (technical),
    unserved_mcm_per_d (customers and plants at home, last of ten days), share_percent (of their demand), band (of that
    share), survival_h (until the first of them gets less than 98 % of what it got before), homes_mcm_per_d,
    homes_survival_h, plants_mcm_per_d, plants_survival_h, abroad_mcm_per_d (export and transit cut), n_1_percent (the
    formula with this piece as the one lost; of pipes none: it counts what enters the area). ``attrs``:
    demand_mcm_per_d, intact_unserved_mcm_per_d, design_day_c, ep_m, p_m, s_m, lng_m, i_m (mcm/d), largest,
    largest_title, n_1_percent, n_1_met. StudyError of a network without gas pipes.
    """
    import pandas as pd

    if not len(system.gas_pipelines) or not len(system.gas_demand):
        raise StudyError(f"{system.name} has no gas network: nothing of it can be lost")
    day_c = design_day_c(system)
    coldest = CLASSES[-1]
    weather = class_weather(system, TemperatureClass(coldest.below_c, day_c, coldest.month), imports).gas
    network = GasDisruptions(system, weather)
    demand = network.demand_mcm_per_d
    parts, rows = infrastructure(system), []
    whole = sum(part.capacity_mcm_per_d for part in parts if part.kind in _COUNTED)
    for part in parts:
        course = network.without(part.table, part.row)
        counted = part.kind in _COUNTED
        share = 100.0 * course.unserved_mcm_per_d / demand
        rows.append(
            {
                "component": part.component,
                "title": part.title,
                "kind": part.kind,
                "capacity_mcm_per_d": part.capacity_mcm_per_d,
                "unserved_mcm_per_d": course.unserved_mcm_per_d,
                "share_percent": share,
                "band": band_of(share),
                "survival_h": course.first_short_h,
                "homes_mcm_per_d": course.homes_mcm_per_d,
                "homes_survival_h": course.homes_short_h,
                "plants_mcm_per_d": course.plants_mcm_per_d,
                "plants_survival_h": course.plants_short_h,
                "abroad_mcm_per_d": course.abroad_mcm_per_d,
                "n_1_percent": 100.0 * (whole - part.capacity_mcm_per_d) / demand if counted else np.nan,
            }
        )
    frame = pd.DataFrame(rows).sort_values(
        ["unserved_mcm_per_d", "survival_h", "component"], ascending=[False, True, True], kind="stable"
    )
    frame.attrs |= {
        "level": "gas",
        "design_day_c": day_c,
        "demand_mcm_per_d": demand,
        "intact_unserved_mcm_per_d": network.intact_unserved_mcm_per_d,
        **n_1_formula(parts, demand),
    }
    return frame.reset_index(drop=True)


def infrastructure(system: GridSystem) -> list[Piece]:
    """Pipes, sources and storages in service.

    A source that enters at a node abroad or is an import is an entry point; transit (its gas is another's, or the pipe
    a transit operator's) stands for itself. A source gives no more than its pipes carry on.
    """
    pipes, supply, storage = system.gas_pipelines, system.gas_supply, system.gas_storage
    onward = np.zeros(len(system.gas_nodes))
    there = pipes.in_service
    np.add.at(onward, pipes.from_node[there], pipes.capacity_mcm_per_d[there])
    both = there & pipes.bidirectional
    np.add.at(onward, pipes.to_node[both], pipes.capacity_mcm_per_d[both])
    rows: list[Piece] = []
    for row in np.flatnonzero(supply.in_service).tolist():
        node, kind = int(supply.node[row]), str(supply.kind[row])
        foreign = kind == "import" or system.gas_nodes.zone[node] < 0
        means = _TRANSIT if kind == "transit_in" else _ENTRY if foreign else _PRODUCTION
        used_there = float(system.gas_demand.cold_day_mcm_per_d[system.gas_demand.node == node].sum())
        able = min(float(supply.max_mcm_per_d[row]), float(onward[node]) + used_there)
        rows.append(Piece(f"gas_supply:{supply.name[row]}", str(supply.title[row]), "gas_supply", row, means, able))
    for row in np.flatnonzero(storage.in_service).tolist():
        able = float(storage.max_withdrawal_mcm_per_d[row])
        rows.append(
            Piece(f"gas_storage:{storage.name[row]}", str(storage.title[row]), "gas_storage", row, _STORAGE, able)
        )
    for row in np.flatnonzero(there).tolist():
        means = _PIPE if pipes.linepack_shared[row] else _TRANSIT
        able = float(pipes.capacity_mcm_per_d[row])
        rows.append(Piece(f"gas_pipelines:{pipes.name[row]}", str(pipes.title[row]), "gas_pipelines", row, means, able))
    return rows


def n_1_formula(parts: Sequence[Piece], demand_mcm_per_d: float) -> dict[str, float | str | bool]:
    """N-1 = (EPm + Pm + Sm + LNGm - Im) / Dmax of annex II, with its terms; met at 100 %.

    Im is the largest of entry points, production and storages of ``parts`` (of :func:`infrastructure`).
    """
    total = {kind: sum(part.capacity_mcm_per_d for part in parts if part.kind == kind) for kind in _COUNTED}
    counted = [part for part in parts if part.kind in _COUNTED]
    largest = max(counted, key=lambda part: part.capacity_mcm_per_d, default=None)
    i_m = largest.capacity_mcm_per_d if largest is not None else 0.0
    percent = 100.0 * (sum(total.values()) - i_m) / demand_mcm_per_d if demand_mcm_per_d > 0.0 else float("inf")
    return {
        "ep_m": total[_ENTRY],
        "p_m": total[_PRODUCTION],
        "s_m": total[_STORAGE],
        "lng_m": 0.0,
        "i_m": i_m,
        "largest": largest.component if largest is not None else "",
        "largest_title": largest.title if largest is not None else "",
        "n_1_percent": percent,
        "n_1_met": percent >= 100.0,
    }


def band_of(share_percent: float) -> str:
    """Band of a share of demand; ``none`` below a thousandth of it."""
    if share_percent < 0.1:
        return NO_BAND
    return next(name for top, name in BANDS if share_percent < top)
