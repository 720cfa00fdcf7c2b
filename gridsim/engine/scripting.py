"""Scripts in a run: contingencies as processes that wait and act, policies asked before every redispatch.

``until`` is looked at after every resolve. While one waits and gas has pressures, there is a resolve at every gas step
too, so that a pressure or a stock is seen within a quarter of an hour. A script that yields more than MAX_ROUNDS times
at one instant is stopped as an endless loop.
"""

from __future__ import annotations

import datetime as dt
import math
import traceback
from collections.abc import Callable, Generator, Mapping, Sequence
from functools import lru_cache
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from gridsim.contingencies.api import (
    Area,
    Branch,
    BusView,
    GasNode,
    Machine,
    Orders,
    Plant,
    Section,
    Sim,
    Stock,
    Wait,
)
from gridsim.contingencies.effects import loads_of
from gridsim.engine.clock import MAX_ROUNDS, Priority, to_seconds, wait
from gridsim.engine.interval import Decisions, operating_point
from gridsim.engine.views import NothingYet
from gridsim.errors import ScriptError, StudyError, nearest
from gridsim.kernels.rng import stream_id, uniform
from gridsim.model.groups import GROUPS, element_names, is_whole
from gridsim.model.pack import Packed, repacked
from gridsim.model.scenario import Event, GasMode, Imports, Primitive, Target, kinds
from gridsim.model.script import Hook, Script
from gridsim.solvers.gas import STEP_H
from gridsim.solvers.gas_balance import CUT_COST

if TYPE_CHECKING:
    from gridsim.engine.simulation import Simulation

Process = Generator[Any, Any, None]

_ACTS_ON_ELEMENTS = (Primitive.OUTAGE, Primitive.DERATE, Primitive.LIMIT)


class Draws:
    """See contingencies.api.Random."""

    def __init__(self, seed: int, replicate: int, script: str):
        self._place = seed, replicate, stream_id("script", script, "draw")
        self._n = 0

    def uniform(self, low: float = 0.0, high: float = 1.0) -> float:
        """See contingencies.api.Random."""
        seed, replicate, stream = self._place
        value = uniform(np.uint64(seed), np.uint64(replicate), np.uint64(stream), np.uint64(self._n))
        self._n += 1
        return low + (high - low) * float(value)

    def exponential(self, mean: float) -> float:
        """See contingencies.api.Random."""
        return -mean * math.log(self.uniform())

    def lognormal(self, mean: float, sigma: float) -> float:
        """See contingencies.api.Random."""
        return mean * math.exp(sigma * NormalDist().inv_cdf(self.uniform()) - sigma**2 / 2.0)

    def choice(self, items: Sequence[Any]) -> Any:
        """See contingencies.api.Random."""
        return items[int(self.uniform() * len(items))]


class PresentView:
    """Reading, as contingencies.api.View: what policies get."""

    def __init__(self, simulation: Simulation):
        self._simulation = simulation

    @property
    def now_h(self) -> float:
        return self._simulation.now_h

    @property
    def time(self) -> dt.datetime:
        return self._simulation.local_time(self._simulation.env.now)

    def section(self, name: str) -> Section:
        return self._simulation.present.section(name)

    def branch(self, name: str) -> Branch:
        return self._simulation.present.branch(name)

    def machine(self, name: str) -> Machine:
        return self._simulation.present.machine(name)

    def plant(self, name: str) -> Plant:
        return self._simulation.present.plant(name)

    def bus(self, name: str) -> BusView:
        return self._simulation.present.bus(name)

    def zone(self, name: str) -> Area:
        return self._simulation.present.zone(name)

    def system(self) -> Area:
        return self._simulation.present.whole()

    def gas_node(self, name: str) -> GasNode:
        return self._simulation.present.gas_node(name)

    def stock(self, name: str) -> Stock:
        return self._simulation.present.stock(name)

    def temperature_c(self, site: str = "") -> float:
        return self._simulation.present.temperature_c(site)

    def frequency_hz(self, island_of: str = "") -> float:
        return self._simulation.present.frequency_hz(island_of)

    def is_out(self, name: str) -> bool:
        target = self._target(name, Primitive.OUTAGE)
        return any(
            kinds()[event.kind].primitive is Primitive.OUTAGE
            for event in self._simulation.disturbances.keeping_out(target)
        )

    def _target(self, name: str, *primitives: Primitive) -> Target:
        """The element of that name among those the primitives can hit; ``table:name`` where two tables have it."""
        system = self._simulation.system
        tables = _tables(primitives)
        only, _, rest = name.rpartition(":")
        found = [t for t in tables if rest in element_names(system, t) and only in ("", t)]
        if not found:
            names = (n for table in tables for n in element_names(system, table))
            raise StudyError(f"no '{name}' among what can fail; {nearest(rest, names)}")
        if len(found) > 1:
            raise StudyError(f"'{name}' is in {' and '.join(found)}; write {found[0]}:{rest}")
        return Target(found[0], rest)


class ScriptSim(PresentView):
    """What one contingency holds: contingencies.api.Sim."""

    def __init__(self, simulation: Simulation, script: Script):
        super().__init__(simulation)
        self.random = Draws(simulation.seed, simulation.replicate, script.name)
        self._script = script
        self._begun: dict[str, Event] = {}
        self._n_begun = 0
        self._loads: dict[str, str] = {}

    def hours(self, hours: float) -> Wait:
        if not (math.isfinite(hours) and hours >= 0):
            raise StudyError(f"hours({hours}): not a length of time; give hours >= 0")
        return Wait(to_seconds(hours))

    def at(self, time: str | float | dt.datetime) -> Wait:
        start = self._simulation.scenario.horizon.start
        try:
            if isinstance(time, dt.datetime):
                at_h = (time - start).total_seconds() / 3600.0
            elif isinstance(time, str) and not time.strip().startswith("+"):
                at_h = (dt.datetime.fromisoformat(time) - start).total_seconds() / 3600.0
            else:
                at_h = float(str(time).strip().removesuffix("h"))
        except (TypeError, ValueError):
            raise StudyError(f"at({time!r}): not a time; give '2026-01-12 03:00', '+36h' or hours") from None
        delay_s = to_seconds(at_h) - int(self._simulation.env.now)
        if delay_s < 0:
            raise StudyError(f"at({time!r}): {at_h:g} h has passed, it is {self.now_h:g} h; give a later time")
        return Wait(delay_s)

    def until(self, predicate: Callable[[Sim], bool]) -> Wait:
        if not callable(predicate):
            raise StudyError(f"until({predicate!r}): not a function; give 'lambda s: s.zone(...).unserved_mw > 0'")
        return Wait(None, predicate)

    def fail(self, *names: str) -> None:
        if not names:
            raise StudyError("fail(): nothing named; give the names of elements")
        for target in [self._target(name, Primitive.OUTAGE) for name in names]:
            self._act(_kind_for(target.table, Primitive.OUTAGE), (target,), 1.0)

    def derate(self, name: str, share: float) -> None:
        if not 0 <= share <= 1:
            raise StudyError(f"derate('{name}', {share}): not a share in [0, 1]; give the share lost")
        target = self._target(name, Primitive.DERATE, Primitive.LIMIT)
        kind = _kind_for(target.table, Primitive.DERATE, Primitive.LIMIT)
        for event_id in [e.id for e in self._begun.values() if e.kind == kind and e.targets == (target,)]:
            self.end(event_id)
        if share > 0:
            self._act(kind, (target,), share)

    def restore(self, *names: str) -> None:
        for name in names:
            target = self._target(name, *_ACTS_ON_ELEMENTS)
            hits = self._simulation.disturbances.keeping_out(target)
            whole = [event for event in hits if event.targets == (target,)]
            if not whole:
                why = f"; it is out as part of '{hits[0].id}': end that" if hits else ""
                raise StudyError(f"restore('{name}'): nothing keeps it out by itself{why}")
            for event in whole:
                self._begun.pop(event.id, None)
                self._simulation.end(event)

    def set_load(self, name: str, p_mw: float | None = None, *, factor: float | None = None) -> None:
        if (p_mw is None) == (factor is None):
            raise StudyError(f"set_load('{name}'): give either p_mw or factor")
        value = p_mw if p_mw is not None else factor
        assert value is not None
        if not (math.isfinite(value) and value >= 0):
            raise StudyError(f"set_load('{name}', {value}): not >= 0; give a demand")
        system, tables = self._simulation.system, ("loads", "load_classes", "zones", "oblasts")
        table = next((t for t in tables if name in element_names(system, t)), None)
        if table is None:
            names = (n for t in tables for n in element_names(system, t))
            raise StudyError(f"no '{name}' among loads, classes, zones and oblasts; {nearest(name, names)}")
        if name in self._loads:
            self.end(self._loads.pop(name))
        rows = loads_of(system, table, name)
        if p_mw is not None:
            self._simulation.fix_load(rows, p_mw)
            return
        self._simulation.fix_load(rows, None)
        if factor != 1:
            self._loads[name] = self._act("demand_surge", (Target(table, name),), value - 1.0)

    def begin(self, kind: str, *targets: str, magnitude: float | None = None) -> str:
        known = kinds()
        if kind not in known:
            raise StudyError(f"no kind '{kind}'; {nearest(kind, known)}")
        row, system = known[kind], self._simulation.system
        found = []
        for name in targets or ("all",):
            if name == "all" and "all" in row.targets:
                found.append(Target("all", "all"))
                continue
            tables = [t for t in row.targets if t != "all"]
            table = next((t for t in tables if name in element_names(system, t)), None)
            if table is None:
                names = (n for t in tables for n in element_names(system, t))
                raise StudyError(f"{kind}: '{name}' is not in {' or '.join(row.targets)}; {nearest(name, names)}")
            found.append(Target(table, name))
        size = row.magnitude if magnitude is None else float(magnitude)
        if row.primitive in _ACTS_ON_ELEMENTS and not 0 < size <= 1:
            raise StudyError(f"{kind}: magnitude {size:g} is not a share in (0, 1]")
        if row.primitive is Primitive.OUTAGE and size != 1 and any(is_whole(target.table) for target in found):
            raise StudyError(f"{kind}: magnitude {size:g} of what is in or out; leave it out")
        return self._act(kind, tuple(found), size)

    def end(self, event_id: str) -> None:
        if event_id not in self._begun:
            raise StudyError(f"end('{event_id}'): not begun by this script; {nearest(event_id, self._begun)}")
        event = self._begun.pop(event_id)
        if event in self._simulation.disturbances.active:
            self._simulation.end(event)

    def log(self, text: str) -> None:
        self._simulation.log.add(self.now_h, f"script:{self._script.name}", str(text))

    def to_pandapower(self) -> Any:
        """See contingencies.api.Sim."""
        from gridsim.solvers.ac import AcModel
        from gridsim.solvers.pandapower import solved_pandapower

        interval, system = self._simulation.present.interval, self._simulation.system
        point = operating_point(interval.dispatch)
        return solved_pandapower(system, point, AcModel(system).solve(point))

    def _act(self, kind: str, targets: tuple[Target, ...], magnitude: float) -> str:
        self._n_begun += 1
        event = Event(f"{self._script.name}:{self._n_begun}", kind, self.now_h, targets, magnitude, None)
        self._begun[event.id] = event
        self._simulation.begin(event)
        return event.id


class Scripts:
    """All scripts of one run."""

    def __init__(self, simulation: Simulation, scripts: Sequence[Script]):
        self._simulation = simulation
        self._contingencies = [script for script in scripts if script.hook is Hook.CONTINGENCY]
        self._policies = [script for script in scripts if script.hook is not Hook.CONTINGENCY]
        self._view = PresentView(simulation)
        self._waiting: list[tuple[Script, ScriptSim, Wait, Any]] = []
        self._looking = False

    def start(self) -> None:
        """Start every contingency."""
        for script in self._contingencies:
            self._simulation.env.process(self._drive(script))

    def _drive(self, script: Script) -> Process:
        """Let a contingency act and wait until it ends."""
        simulation, env = self._simulation, self._simulation.env
        sim = ScriptSim(simulation, script)
        yield wait(env, 0, Priority.CONTINGENCY)
        with _Blame(script):
            process = script(sim)
        rounds, at_s = 0, -1
        while True:
            with _Blame(script):
                asked = next(process, None)
            if asked is None:
                return
            rounds = rounds + 1 if env.now == at_s else 1
            at_s = env.now
            line = process.gi_frame.f_lineno if process.gi_frame is not None else script.line
            if not isinstance(asked, Wait):
                what = f"yields {asked!r}; yield sim.hours(...), sim.at(...) or sim.until(...)"
                raise ScriptError(script.name, script.file, line, what)
            if rounds > MAX_ROUNDS:
                what = f"yields more than {MAX_ROUNDS} times at {simulation.now_h:g} h; let time pass in the loop"
                raise ScriptError(script.name, script.file, line, what)
            if asked.predicate is None:
                yield wait(env, asked.seconds or 0, Priority.CONTINGENCY if asked.seconds else Priority.RECORD)
            else:
                happened = env.event()
                self._waiting.append((script, sim, asked, happened))
                simulation.arm(script.name)
                self._look_at_gas_steps()
                yield happened
            simulation.come_to_now()

    def look(self) -> None:
        """After a resolve: wake the contingencies whose predicate is true."""
        for entry in list(self._waiting):
            script, sim, asked, happened = entry
            assert asked.predicate is not None
            with _Blame(script):
                is_true = bool(asked.predicate(sim))
            if is_true:
                self._waiting.remove(entry)
                happened.succeed()

    def _look_at_gas_steps(self) -> None:
        hydraulic = self._simulation.scenario.policy.gas is GasMode.HYDRAULIC
        if hydraulic and not self._looking:
            self._looking = True
            self._simulation.env.process(self._gas_steps())

    def _gas_steps(self) -> Process:
        while self._waiting:
            yield wait(self._simulation.env, to_seconds(STEP_H), Priority.OPERATOR)
            if self._waiting:
                self._simulation.arm("a script that looks at a gas step")
        self._looking = False

    def decide(self) -> Decisions | None:
        """What the policies decide now; None without policies."""
        if not self._policies:
            return None
        system = self._simulation.system
        n_gens = len(system.generators)
        decisions = Decisions(np.zeros(n_gens), np.full(n_gens, np.inf), None, (), self._simulation.packed, None)
        for script in self._policies:
            with _Blame(script):
                try:
                    said = script(self._view)
                except NothingYet:  # it looks at the present, and there is none yet
                    continue
                if said is not None:
                    decisions = _READ[script.hook](self._simulation, decisions, said)
        return decisions


def _orders(simulation: Simulation, decisions: Decisions, said: Any) -> Decisions:
    if not isinstance(said, Orders):
        raise StudyError(f"returns {said!r}; return gridsim.Orders(...) or None")
    generators = simulation.system.generators
    p_min, p_max = decisions.p_min_mw.copy(), decisions.p_max_mw.copy()
    for bound, given in ((p_min, said.p_min_mw), (p_max, said.p_max_mw)):
        for name, p_mw in given.items():
            bound[generators.position(name)] = p_mw
    if said.imports is not None and said.imports not in list(Imports):
        raise StudyError(f"imports: no '{said.imports}'; {nearest(said.imports, list(Imports))}")
    for name in said.start:
        generators.position(name)
    imports = decisions.imports if said.imports is None else Imports(said.imports)
    return decisions._replace(p_min_mw=p_min, p_max_mw=p_max, imports=imports, start=(*decisions.start, *said.start))


def _shedding(simulation: Simulation, decisions: Decisions, said: Any) -> Decisions:
    if not isinstance(said, Mapping):
        raise StudyError(f"returns {said!r}; return a mapping of load class to shed order, or None")
    for name, order in said.items():
        simulation.system.load_classes.position(name)
        if isinstance(order, bool) or not isinstance(order, int) or order < 0:
            raise StudyError(f"shed order of '{name}': {order!r} is not a whole number >= 0")
    return decisions._replace(packed=_with_shed_order(simulation.packed, tuple(sorted(said.items()))))


def _gas_order(simulation: Simulation, decisions: Decisions, said: Any) -> Decisions:
    names = tuple(said) if isinstance(said, list | tuple) else ()
    for name in names:
        if name not in CUT_COST:
            raise StudyError(f"no gas class '{name}'; {nearest(str(name), CUT_COST)}")
    if not names or len(set(names)) < len(names):
        raise StudyError(f"returns {said!r}; return gas classes in the order they are cut, each once, or None")
    return decisions._replace(gas_order=names)


_READ = {Hook.OPERATOR: _orders, Hook.SHEDDING: _shedding, Hook.GAS: _gas_order}


@lru_cache(maxsize=16)
def _with_shed_order(packed: Packed, order: tuple[tuple[str, int], ...]) -> Packed:
    return repacked(packed, dict(order))


class _Blame:
    """Turns whatever goes wrong inside a script into a ScriptError with the script's line."""

    def __init__(self, script: Script):
        self._script = script

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if not isinstance(error, Exception) or isinstance(error, ScriptError):
            return
        script = self._script
        lines = [frame.lineno for frame in traceback.extract_tb(trace) if frame.filename == script.file]
        reason = str(error) if isinstance(error, StudyError) else f"{type(error).__name__}: {error}"
        raise ScriptError(script.name, script.file, (lines or [None])[-1] or script.line, reason) from error


def _tables(primitives: tuple[Primitive, ...]) -> list[str]:
    """Tables and plants that the primitives can hit; other groups are reached with ``begin`` and their kind."""
    groups = set(GROUPS) - {"plants"}
    skip = groups | {"all", "repair_crews"}
    rows = [kind for kind in kinds().values() if kind.primitive in primitives]
    return list(dict.fromkeys(table for kind in rows for table in kind.targets if table not in skip))


def _kind_for(table: str, *primitives: Primitive) -> str:
    """The first kind of the table that does one of these to ``table``."""
    return next(
        kind.kind for kind in kinds().values() if kind.primitive in primitives and table in kind.targets
    )  # fmt: skip
