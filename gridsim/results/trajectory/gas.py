"""Gas that customers of a run went without: how much, which class, where, and what brought it about."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from gridsim.model.system import GridSystem
from gridsim.results.metric_table import measured
from gridsim.results.metrics import Estimate
from gridsim.results.run_records import Columns
from gridsim.results.trajectory_record import Subject, Trajectory, roots, rows_by, sum_by

_ABROAD = ("export", "transit")
_HOURS_PER_DAY = 24.0
_SOURCES = (
    "gas_pipelines:", "gas_supply:", "gas_storage:", "compressor_stations:", "gas_nodes:", "facility:",
    "power_to_gas:",
)  # fmt: skip
_UNKNOWN = "supply"  # as in unserved energy: no change is behind it


def _measures(run: Trajectory) -> Iterable[Estimate]:
    if not len(run.system.gas_demand):
        return
    short = run.tables["gas_shortfall"]
    mcm = short["unserved_mcm_per_d"] * short["duration_h"] / _HOURS_PER_DAY
    at_home = ~np.isin(short["gas_class"], _ABROAD)
    by_scope = {"system": float(mcm[at_home].sum())}
    by_scope |= {f"class:{name}": gas for name, gas in sum_by(short["gas_class"], mcm).items()}
    by_scope |= {f"city:{name}": gas for name, gas in sum_by(short["node"][at_home], mcm[at_home]).items()}
    cause = gas_causes(run.tables["events"], short["time_h"][at_home], short["node"][at_home])
    by_scope |= {f"cause:{name}": gas for name, gas in sum_by(cause, mcm[at_home]).items()}
    for scope, gas in by_scope.items():
        yield measured("unserved_gas_mcm", scope, gas)
        yield measured("unserved_gas_gwh", scope, gas * gwh_per_mcm(run.system))


def gwh_per_mcm(system: GridSystem) -> float:
    """Energy of a million cubic metres of the network's gas."""
    return system.gas.lhv_mj_per_m3 / 3.6


def gas_causes(events: Columns, time_h: NDArray[np.float64], node: NDArray[np.str_]) -> NDArray[np.str_]:
    """(n,) root of the change that cut homes and heat at each node, else of the last fault of the gas network."""
    root, component = roots(events["cause_id"]), events["component"]
    broken = np.char.startswith(component.astype(np.str_), _SOURCES[0])
    for prefix in _SOURCES[1:]:
        broken |= np.char.startswith(component.astype(np.str_), prefix)
    change = _last(events["time_h"], broken & (events["to_state"] != "normal"), time_h)
    for name, here in rows_by(node):
        cut = _last(events["time_h"], component == f"city:{name}", time_h[here])
        told = (cut >= 0) & (events["to_state"][cut] != "normal") if len(component) else np.zeros(len(here), dtype=bool)
        change[here[told]] = cut[told]
    known = (change >= 0) & (root[change] != change if len(root) else False)
    known |= (change >= 0) & (broken[change] if len(root) else False)
    names = np.full(len(time_h), _UNKNOWN, dtype=object)
    names[known] = component[root[change[known]]]
    return names.astype(np.str_)


def _last(event_h: NDArray[np.float64], chosen: NDArray[np.bool_], time_h: NDArray[np.float64]) -> NDArray[np.int64]:
    """(n,) the last of the chosen changes at or before each time, -1 for none."""
    changes = np.flatnonzero(chosen)
    at = np.searchsorted(event_h[changes], time_h, side="right") - 1
    return np.where(at >= 0, np.append(changes, -1)[at], -1)


SUBJECT = Subject(_measures, frozenset({"gas_shortfall", "events"}))
