"""run(): one scenario on one system, with the same horizon without events beside it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import gc
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gridsim.contingencies.checks import check_scenario
from gridsim.contingencies.scripts import require_scripts
from gridsim.engine.event_log import Change
from gridsim.engine.explain import Chain, Timeline, hours_of, why
from gridsim.engine.gas_side import make_gas_network
from gridsim.engine.simulation import Simulation, make_ac_model
from gridsim.errors import StudyError
from gridsim.hooks import call
from gridsim.model.arguments import LARGEST_REPLICATE, instance_of, seed_of, whole_number
from gridsim.model.checks import check_system
from gridsim.model.display import Card, Displayed, counted
from gridsim.model.pack import operator_ladder, pack
from gridsim.model.scenario import Failures, Scenario
from gridsim.model.script import Script
from gridsim.model.system import GridSystem
from gridsim.results.known_day import CheckOutcome, held_against
from gridsim.results.lookup import find, leading, require_table
from gridsim.results.metrics import Estimate, to_frame
from gridsim.results.run_metrics import METRIC_TABLES, baseline_metrics, run_metrics, run_remarks
from gridsim.results.run_records import Columns, Sink
from gridsim.results.scorecard import Score, scorecard, scorecard_columns
from gridsim.results.trajectory_record import Trajectory
from gridsim.solvers.dispatch import DispatchOptions, DispatchSolver
from gridsim.solvers.operating_point import OperatingPoint
from gridsim.weather.cached import CachedWeather
from gridsim.weather.year import make_weather

if TYPE_CHECKING:
    import pandas as pd

Progress = Callable[[float], None]


_SEARCH_AFTER = 200_000  # new objects, of Python's 700


@contextmanager
def few_searches_for_cycles() -> Iterator[None]:
    """Let reference counts free what a trajectory makes, search for cycles seldom, and once it is over.

    A trajectory is a cycle itself, and the collector looks through all that is alive again and again, a twentieth of
    its time. At the end only what is new is looked through, so that a long study holds no more than one trajectory.
    """
    before = gc.get_threshold()
    if before[0] in (0, _SEARCH_AFTER):  # off, or a trajectory within one
        yield
        return
    gc.set_threshold(_SEARCH_AFTER, *before[1:])
    try:
        yield
    finally:
        gc.collect(1)
        gc.set_threshold(*before)


@dataclass
class MemorySink:
    """Keeps the tables of one replicate as columns."""

    tables: dict[str, Columns] = field(default_factory=dict)

    def write(self, table: str, columns: Columns) -> None:
        """Keep ``columns`` as ``table``."""
        self.tables[table] = columns


@dataclass(frozen=True, eq=False, repr=False)
class RunResult(Displayed):
    """Result of a run. ``tables``: columns by table name (engine.tables); ``log``: changes with their causes.

    ``estimates``: every number, as ``metrics`` shows them. ``remarks``: why a metric is absent, or what it leaves out,
    a line each. ``baseline``: tables of the same horizon without events, as far as they were made; None where nothing
    happens.
    """

    system: GridSystem
    scenario: Scenario
    tables: Mapping[str, Columns]
    estimates: tuple[Estimate, ...]
    log: tuple[Change, ...]
    points: tuple[tuple[float, OperatingPoint], ...]
    dispatch_solves: int
    dispatch_fallbacks: int
    remarks: tuple[str, ...] = ()
    seed: int = 0
    replicate: int = 0
    baseline: Mapping[str, Columns] | None = None

    @property
    def metrics(self) -> pd.DataFrame:
        """name, scope, value, stderr, ci_low, ci_high, unit, n of every number."""
        return to_frame(self.estimates)

    def metric(self, name: str, scope: str = "system") -> Estimate:
        """One number, by metric and scope; ``south`` finds ``zone:south``.

        UnknownName, which is a KeyError, with the nearest name or the reason if the run has no such number.
        """
        return find(self.estimates, name, scope, remarks=self.remarks)

    def frame(self, table: str) -> pd.DataFrame:
        """A table as a pandas DataFrame; UnknownName with the nearest name if there is none."""
        import pandas as pd

        if table == "metrics":
            return self.metrics
        if table == "scorecard":
            return pd.DataFrame(dict(scorecard_columns(self.scorecard)))
        require_table(table, [*self.tables, "metrics", "scorecard"])
        return pd.DataFrame(dict(self.tables[table]))

    @cached_property
    def scorecard(self) -> tuple[Score, ...]:
        """The six areas, each number against the same horizon without events, and what is not counted."""
        run = Trajectory(self.system, self.scenario.horizon.start, self.tables, baseline=self.baseline)
        return scorecard(self.system, self.estimates, baseline_metrics(run))

    def summary(self) -> str:
        """Text that ``gridsim run`` prints."""
        return str(call("summary", self))

    def report(self, path: str | Path) -> Path:
        """Write one self-contained HTML file, which opens offline; its path."""
        return Path(call("report", self, Path(path)))

    def save(self, path: str | Path, *, force: bool = False) -> Path:
        """Write the run folder that ``gridsim run`` writes, which ``gridsim.load`` reads; its path.

        InputError if the place is taken, unless ``force`` says to replace what gridsim wrote there.
        """
        return Path(call("save", self, Path(path), force=force))

    def why(self, component: str, time: float | str | dt.datetime) -> Chain:
        """The last change of a component, zone, section or bus at or before ``time`` and its causes, root last.

        ``component`` as in the log (``zone:south``) or its name alone; ``time``: hours, or a local time. Empty if
        nothing happened to it; StudyError for a name that does not exist.
        """
        time_h = hours_of(time, self.scenario.horizon.start)
        return why(self.system, self.log, self.tables, component, time_h).with_course(self.tables)

    def secure_losses(self, *, every_point: bool = False) -> pd.DataFrame:
        """Largest loss of each area that automation does not answer, inertia and headroom, about 1 s of CPU a point.

        Of points whose machines or branches differ from those before; ``every_point``: of all.
        """
        from gridsim.results.secure_loss import secure_loss_frame

        return secure_loss_frame(self.system, self.points, every_point=every_point)

    def checks(self) -> tuple[CheckOutcome, ...]:
        """Numbers observed on the scenario's day, each beside that of this run; empty if it replays none."""
        return held_against(self.scenario.checks, self.tables, self.baseline)

    def timeline(self, component: str = "") -> Timeline:
        """All changes in order, or those of components whose name holds ``component``; prints one a line."""
        chosen = [change for change in self.log if component in change.component]
        return Timeline(chosen, self.log, self.scenario.horizon.start)

    def _card(self) -> Card:
        scenario, horizon = self.scenario, self.scenario.horizon
        by_key = {(estimate.name, estimate.scope): estimate for estimate in self.estimates}
        unserved, hours = by_key.get(("EUE", "system")), by_key.get(("LOLH", "system"))
        lines = [
            f"{self.system.name}, {horizon.start:%Y-%m-%d %H:%M} + {horizon.hours:g} h, seed {self.seed}, "
            f"replicate {self.replicate}",
            f"unserved {unserved:,.1f} MWh in {hours:g} h" if unserved is not None and hours is not None else "",
            f"{counted(len(self.estimates), 'metric')}, {counted(len(self.tables), 'table')}, "
            f"{counted(len(self.log), 'change')} in the log",
            "summary(), metric(name, scope), metrics, frame(table), why(name, time), timeline(), save(path)",
        ]
        header = ("metric", "scope", "value", "unit")
        return Card(f"RunResult {scenario.name}", [line for line in lines if line], header, leading(self.estimates))

    def to_pandapower(self, time_h: float) -> Any:
        """The pandapower net of the interval that holds at ``time_h``, with results if its AC check converges."""
        from gridsim.solvers.ac import AcModel
        from gridsim.solvers.pandapower import solved_pandapower

        held = [point for start_h, point in self.points if start_h <= time_h]
        if not held or time_h > self.scenario.horizon.hours:
            raise StudyError(f"{time_h:g} h is outside the horizon of {self.scenario.horizon.hours:g} h")
        point = held[-1]
        return solved_pandapower(self.system, point, AcModel(self.system).solve(point))


class Replicates:
    """Runs replicates of one scenario; what is the same for all of them is made once.

    The horizon without events draws nothing but weather, so one such trajectory serves all replicates of one weather.
    ``baseline``: its tables, where it has been run already. ``keep``: tables wanted, None for all; those that metrics
    need are made anyway. ``share``: hours in which trajectories do not differ are answered once; False: each pays for
    all of its own, for measurements.
    """

    def __init__(
        self,
        system: GridSystem,
        scenario: Scenario,
        *,
        dispatch: DispatchOptions | None = None,
        baseline: Mapping[str, Columns] | None = None,
        keep: Collection[str] | None = None,
        share: bool = True,
    ):
        self.system = check_system(system)
        self.scenario = check_scenario(system, scenario)
        self._packed = pack(system, operator_ladder(scenario.policy.least_effect))
        share = share and scenario.failures is not Failures.ON  # they part trajectories within hours: nothing to share
        self._ac_model = make_ac_model(self._packed, scenario.policy.ac, share=share)
        self._gas_network = make_gas_network(system, scenario.policy.gas, share=share)
        self._dispatch = dispatch
        self._baseline = baseline
        self._keep = None if keep is None else frozenset(keep) | METRIC_TABLES
        self._weather: tuple[Scenario, CachedWeather] | None = None

    def _weather_of(self, case: Scenario) -> CachedWeather:
        """The weather of ``case``, with the hours known from the last trajectory if that had the same."""
        repairs = case.failures is Failures.ON
        known = None if self._weather is None else self._weather[0]
        if known is None or (known.weather, known.failures is Failures.ON) != (case.weather, repairs):
            made = make_weather(self.system, case.weather, case.horizon.start, repairs=repairs)
            self._weather = case, CachedWeather(made)
        assert self._weather is not None
        return self._weather[1]

    def _trajectory(
        self,
        case: Scenario,
        seed: int,
        replicate: int,
        progress: Progress | None,
        baseline: Mapping[str, Columns] | None = None,
    ) -> tuple[Simulation, DispatchSolver, dict[str, Columns]]:
        solver = DispatchSolver(self._packed.case, self._dispatch)
        simulation = Simulation(
            self._packed,
            case,
            solver,
            self._ac_model,
            seed=seed,
            replicate=replicate,
            progress=progress,
            keep=self._keep,
            weather=self._weather_of(case),
            gas_network=self._gas_network,
        )
        memory = MemorySink()
        simulation.run()
        points = simulation.state.points if case.policy.secure_losses else ()
        simulation.recorder.finish(simulation.state.log, memory, baseline, points)
        return simulation, solver, memory.tables

    def baseline(self, replicate: int = 0, progress: Progress | None = None) -> Mapping[str, Columns] | None:
        """Tables of the same horizon without events; None for a scenario that has none."""
        if self._baseline is not None or not self.scenario.happens:
            return self._baseline
        calm = self.scenario.of_replicate(replicate).without_events()
        with few_searches_for_cycles():
            tables = self._trajectory(calm, 0, 0, progress)[2]
        if not self.scenario.draws_weather:
            self._baseline = tables
        return tables

    def run(
        self, *, seed: int = 0, replicate: int = 0, sink: Sink | None = None, progress: Progress | None = None
    ) -> RunResult:
        """One replicate, as :func:`run` gives it."""
        seed, replicate = seed_of(seed), whole_number("replicate", replicate, 0, LARGEST_REPLICATE)
        with few_searches_for_cycles():
            return self._run(seed, replicate, sink, progress)

    def _run(self, seed: int, replicate: int, sink: Sink | None, progress: Progress | None) -> RunResult:
        report = progress or (lambda done: None)
        share = 0.5 if self.scenario.happens and self._baseline is None else 0.0
        baseline = self.baseline(replicate, lambda done: report(share * done))
        scenario = self.scenario.of_replicate(replicate)
        simulation, solver, tables = self._trajectory(
            scenario, seed, replicate, lambda done: report(share + (1.0 - share) * done), baseline
        )
        first_event_h = min(simulation.state.disturbances.occurred_h, default=None)
        trajectory = Trajectory(
            system=self.system,
            start=scenario.horizon.start,
            tables=tables,
            first_event_h=first_event_h,
            baseline=baseline,
        )
        if sink is not None:
            for table, columns in tables.items():
                sink.write(table, columns)
        report(1.0)
        return RunResult(
            system=self.system,
            scenario=scenario,
            tables=tables,
            estimates=tuple(run_metrics(trajectory)),
            log=tuple(simulation.state.log.changes),
            points=tuple(simulation.state.points),
            dispatch_solves=solver.solves,
            dispatch_fallbacks=solver.fallbacks,
            remarks=(*run_remarks(trajectory), *simulation.state.log.remarks),
            baseline=baseline,
            seed=seed,
            replicate=replicate,
        )


def run(
    system: GridSystem,
    scenario: Scenario,
    *,
    seed: int = 0,
    replicate: int = 0,
    sink: Sink | None = None,
    dispatch: DispatchOptions | None = None,
    progress: Progress | bool | None = None,
    contingencies: Iterable[Script] = (),
    policies: Iterable[Script] = (),
) -> RunResult:
    """Run one replicate of ``scenario`` and, beside it, the same horizon without its events.

    ``contingencies`` and ``policies``: functions made with ``@gridsim.contingency`` and ``@gridsim.policy``, beside
    those of the scenario; InputError for a function that was not, ScriptError if one goes wrong as it runs.
    ``sink`` receives every table; ``progress`` is called with the share done, 0 to 1, True writes it to stderr. Nothing
    is written into ``system`` or ``scenario``. The same seed gives the same tables.
    """
    instance_of("scenario", scenario, Scenario, "give one from read_scenario, or make a Scenario")
    if isinstance(progress, bool):
        progress = call("progress", scenario.name) if progress else None
    scripts = require_scripts((*contingencies, *policies), "contingencies")
    scenario = dataclasses.replace(scenario, scripts=(*scenario.scripts, *scripts))
    return Replicates(system, scenario, dispatch=dispatch).run(
        seed=seed, replicate=replicate, sink=sink, progress=progress
    )
