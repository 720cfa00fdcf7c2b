"""run(): one scenario on one system, with the same horizon without events beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gridsim.engine.event_log import Change
from gridsim.engine.simulation import Simulation, make_ac_model, without_events
from gridsim.errors import StudyError
from gridsim.model.pack import Packed, pack
from gridsim.model.scenario import Scenario
from gridsim.model.system import GridSystem
from gridsim.results.metrics import Estimate
from gridsim.results.run_metrics import run_metrics
from gridsim.results.run_records import Columns, Sink
from gridsim.solvers.dispatch import DispatchOptions, DispatchSolver
from gridsim.solvers.operating_point import OperatingPoint

Progress = Callable[[float], None]


@dataclass
class MemorySink:
    """Keeps the tables of one replicate as columns."""

    tables: dict[str, Columns] = field(default_factory=dict)

    def write(self, table: str, columns: Columns) -> None:
        """Keep ``columns`` as ``table``."""
        self.tables[table] = columns


@dataclass(frozen=True, eq=False)
class RunResult:
    """What a run found. ``tables``: columns by table name (results.run_records); ``log``: changes with their causes."""

    system: GridSystem
    scenario: Scenario
    tables: Mapping[str, Columns]
    metrics: tuple[Estimate, ...]
    log: tuple[Change, ...]
    points: tuple[tuple[float, OperatingPoint], ...]
    dispatch_solves: int
    dispatch_fallbacks: int

    def frame(self, table: str) -> Any:
        """A table as a pandas DataFrame."""
        import pandas as pd

        return pd.DataFrame(dict(self.tables[table]))

    def metric(self, name: str, scope: str = "system") -> float | None:
        """Value of one metric, None if the run does not have it."""
        return next((m.value for m in self.metrics if m.name == name and m.scope == scope), None)

    def why(self, component: str, time_h: float) -> list[Change]:
        """The last change of ``component`` at or before ``time_h`` and its causes, root last."""
        changes = [c for c in self.log if c.component == component and c.time_h <= time_h]
        chain: list[Change] = []
        change = changes[-1] if changes else None
        while change is not None:
            chain.append(change)
            change = self.log[change.cause_id] if change.cause_id >= 0 else None
        return chain

    def to_pandapower(self, time_h: float) -> Any:
        """The pandapower net of the interval that holds at ``time_h``, with results if its AC check converges."""
        from gridsim.solvers.ac import AcModel
        from gridsim.solvers.pandapower import solved_pandapower

        held = [point for start_h, point in self.points if start_h <= time_h]
        if not held or time_h > self.scenario.horizon.hours:
            raise StudyError(f"{time_h:g} h is outside the horizon of {self.scenario.horizon.hours:g} h")
        point = held[-1]
        return solved_pandapower(self.system, point, AcModel(self.system).solve(point))


def run(
    system: GridSystem,
    scenario: Scenario,
    *,
    seed: int = 0,
    replicate: int = 0,
    sink: Sink | None = None,
    dispatch: DispatchOptions | None = None,
    progress: Progress | None = None,
) -> RunResult:
    """Run one replicate of ``scenario`` and, beside it, the same horizon without its events.

    ``sink`` receives every table; ``progress`` is called with the share done, 0 to 1. Nothing is written into
    ``system`` or ``scenario``. The same seed gives the same tables.
    """
    packed = pack(system)
    ac_model = make_ac_model(packed, scenario.policy.ac)
    has_events = bool(scenario.events)
    share = 0.5 if has_events else 1.0

    def trajectory(case: Scenario, first: float) -> tuple[Simulation, DispatchSolver]:
        solver = DispatchSolver(packed.case, dispatch)
        report = None if progress is None else (lambda done: progress(first + share * done))
        simulation = Simulation(packed, case, solver, ac_model, seed=seed, replicate=replicate, progress=report)
        simulation.run()
        return simulation, solver

    baseline = MemorySink()
    if has_events:
        calm, _ = trajectory(without_events(scenario), 0.0)
        calm.recorder.finish(calm.log, baseline)
    simulation, solver = trajectory(scenario, share if has_events else 0.0)
    memory = MemorySink()
    simulation.recorder.finish(simulation.log, memory)
    if has_events:
        memory.tables["balance"] = balance_table(packed, memory.tables["zones"], baseline.tables["zones"])
    first_event_h = min(simulation.disturbances.occurred_h, default=None)
    metrics = run_metrics(system, memory.tables, first_event_h, baseline.tables if has_events else None)
    if sink is not None:
        for table, columns in memory.tables.items():
            sink.write(table, columns)
    if progress is not None:
        progress(1.0)
    return RunResult(
        system,
        scenario,
        memory.tables,
        tuple(metrics),
        tuple(simulation.log.changes),
        tuple(simulation.points),
        solver.solves,
        solver.fallbacks,
    )


def balance_table(packed: Packed, zones: Columns, calm: Columns) -> Columns:
    """Per zone and interval: how the flow into the zone changed against the same moment without events, and why."""
    names = [*packed.system.zones]
    keep = np.isin(zones["name"], names)
    at: dict[str, np.ndarray[Any, Any]] = {}
    for name in names:
        calm_times = calm["time_h"][calm["name"] == name]
        times = zones["time_h"][keep & (zones["name"] == name)]
        held = np.maximum(np.searchsorted(calm_times, times, side="right") - 1, 0)
        at[name] = np.flatnonzero(calm["name"] == name)[held]
    rows = np.flatnonzero(keep)
    then = np.zeros(len(rows), dtype=np.int64)
    for name in names:
        then[zones["name"][rows] == name] = at[name]

    def change(column: str) -> np.ndarray[Any, Any]:
        return np.asarray(zones[column][rows] - calm[column][then])

    gas, backup = change("gas_fired_mw"), change("backup_fuel_mw")
    other = change("generation_mw") + change("storage_mw") + change("import_mw") - gas - backup
    demand = change("demand_mw") + change("losses_mw") - change("price_response_mw")
    unserved, inflow = change("unserved_mw"), change("net_inflow_mw")
    return {
        "replicate": zones["replicate"][rows],
        "time_h": zones["time_h"][rows],
        "duration_h": zones["duration_h"][rows],
        "name": zones["name"][rows],
        "gas_fired_change_mw": gas,
        "backup_fuel_change_mw": backup,
        "other_generation_change_mw": other,
        "demand_change_mw": demand,
        "unserved_mw": unserved,
        "net_inflow_change_mw": inflow,
        "residual_mw": demand - unserved - gas - backup - other - inflow,
    }
