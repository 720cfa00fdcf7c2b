"""A script's view of its run and its handle on it: reading (RunView), and waiting and acting (ScriptSim)."""

from __future__ import annotations

import dataclasses
import datetime as dt
import logging
import math
import traceback
from collections.abc import Callable, Sequence
from statistics import NormalDist
from typing import Any

import numpy as np

from gridsim.contingencies.api import (
    Area,
    Branch,
    BusView,
    GasNode,
    Machine,
    Plant,
    Section,
    Sim,
    Stock,
    T,
    Wait,
)
from gridsim.contingencies.effects import loads_of
from gridsim.contingencies.events import ALL, default_kind, make_event
from gridsim.contingencies.named import named_target
from gridsim.engine.clock import to_seconds
from gridsim.engine.interval import operating_point
from gridsim.engine.state import GridState
from gridsim.errors import ScriptError, StudyError, nearest
from gridsim.kernels.rng import stream_id, uniform
from gridsim.model.groups import element_names, has_element
from gridsim.model.scenario import Event, Primitive, Target, kinds
from gridsim.model.script import Script

logger = logging.getLogger("gridsim.script")


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

    def choice(self, items: Sequence[T]) -> T:
        """See contingencies.api.Random."""
        return items[int(self.uniform() * len(items))]


class RunView:
    """Reading, as contingencies.api.View; policies get it."""

    def __init__(self, state: GridState):
        self._state = state

    @property
    def now_h(self) -> float:
        return self._state.now_h

    @property
    def time(self) -> dt.datetime:
        return self._state.inputs.local_time(self._state.now_s)

    def section(self, name: str) -> Section:
        return self._state.present.section(name)

    def branch(self, name: str) -> Branch:
        return self._state.present.branch(name)

    def machine(self, name: str) -> Machine:
        return self._state.present.machine(name)

    def plant(self, name: str) -> Plant:
        return self._state.present.plant(name)

    def bus(self, name: str) -> BusView:
        return self._state.present.bus(name)

    def zone(self, name: str) -> Area:
        return self._state.present.zone(name)

    def system(self) -> Area:
        return self._state.present.whole()

    def gas_node(self, name: str) -> GasNode:
        return self._state.present.gas_node(name)

    def stock(self, name: str) -> Stock:
        return self._state.present.stock(name)

    def temperature_c(self, site: str = "") -> float:
        return self._state.present.temperature_c(site)

    def frequency_hz(self, island_of: str = "") -> float:
        return self._state.present.frequency_hz(island_of)

    def is_out(self, name: str) -> bool:
        target = named_target(self._state.system, name, "is_out")
        return any(
            kinds()[event.kind].primitive is Primitive.OUTAGE for event in self._state.disturbances.keeping_out(target)
        )


class ScriptSim(RunView):
    """The handle of one contingency on its run: contingencies.api.Sim."""

    def __init__(self, state: GridState, script: Script, seed: int, replicate: int):
        super().__init__(state)
        self.random = Draws(seed, replicate, script.name)
        self._script = script
        self._begun: dict[str, Event] = {}
        self._n_begun = 0
        self._loads: dict[str, str] = {}

    def hours(self, hours: float) -> Wait:
        if not (math.isfinite(hours) and hours >= 0):
            raise StudyError(f"hours({hours}): not a length of time; give hours >= 0")
        return Wait(to_seconds(hours))

    def at(self, time: str | float | dt.datetime) -> Wait:
        start = self._state.scenario.horizon.start
        try:
            if isinstance(time, dt.datetime):
                at_h = (time - start).total_seconds() / 3600.0
            elif isinstance(time, str) and not time.strip().startswith("+"):
                at_h = (dt.datetime.fromisoformat(time) - start).total_seconds() / 3600.0
            else:
                at_h = float(str(time).strip().removesuffix("h"))
        except (TypeError, ValueError):
            raise StudyError(f"at({time!r}): not a time; give '2026-01-12 03:00', '+36h' or hours") from None
        delay_s = to_seconds(at_h) - self._state.now_s
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
        targets = [named_target(self._state.system, name, "fail") for name in names]
        made = [self._made(default_kind(target.table, Primitive.OUTAGE), (target,), 1.0) for target in targets]
        for event in made:
            self._act(event)

    def derate(self, name: str, share: float) -> None:
        target = named_target(self._state.system, name, "derate")
        kind = default_kind(target.table, Primitive.DERATE, Primitive.LIMIT)
        made = self._made(kind, (target,), share) if share != 0 else None
        for event_id in [e.id for e in self._begun.values() if e.kind == kind and e.targets == (target,)]:
            self.end(event_id)
        if made is not None:
            self._act(made)

    def restore(self, *names: str) -> None:
        for name in names:
            target = named_target(self._state.system, name, "restore")
            hits = self._state.disturbances.keeping_out(target)
            whole = [event for event in hits if event.targets == (target,)]
            if not whole:
                why = f"; it is out as part of '{hits[0].id}': end that" if hits else ""
                raise StudyError(f"restore('{name}'): nothing keeps it out by itself{why}")
            for event in whole:
                self._begun.pop(event.id, None)
                self._state.end(event)

    def set_load(self, name: str, p_mw: float | None = None, *, factor: float | None = None) -> None:
        if (p_mw is None) == (factor is None):
            raise StudyError(f"set_load('{name}'): give either p_mw or factor")
        value = p_mw if p_mw is not None else factor
        assert value is not None
        if not (math.isfinite(value) and value >= 0):
            raise StudyError(f"set_load('{name}', {value}): not >= 0; give a demand")
        system, kind = self._state.system, default_kind("loads", Primitive.DEMAND)
        tables = kinds()[kind].default_of
        table = next((t for t in tables if has_element(system, t, name)), None)
        if table is None:
            names = (n for t in tables for n in element_names(system, t))
            raise StudyError(f"no '{name}' among {', '.join(tables)}; {nearest(name, names)}")
        # Also made where a fixed demand needs no event: the door refuses a target without demand.
        made = self._made(kind, (Target(table, name),), value - 1.0 if factor is not None else 0.0)
        if name in self._loads:
            self.end(self._loads.pop(name))
        rows = loads_of(system, table, name)
        if p_mw is not None:
            self._state.fix_load(rows, p_mw)
            return
        self._state.fix_load(rows, None)
        if factor != 1:
            self._loads[name] = self._act(made)

    def begin(self, kind: str, *targets: str, magnitude: float | None = None) -> str:
        return self._act(self._made(kind, targets or (ALL.name,), magnitude))

    def end(self, event_id: str) -> None:
        if event_id not in self._begun:
            raise StudyError(f"end('{event_id}'): not begun by this script; {nearest(event_id, self._begun)}")
        event = self._begun.pop(event_id)
        if event in self._state.disturbances.active:
            self._state.end(event)

    def log(self, text: str) -> None:
        self._state.log.add(self.now_h, f"script:{self._script.name}", str(text))
        logger.info("%+.2f h %s: %s", self.now_h, self._script.name, text)

    def to_pandapower(self) -> Any:
        """See contingencies.api.Sim."""
        from gridsim.solvers.ac import AcModel
        from gridsim.solvers.pandapower import solved_pandapower

        interval, system = self._state.present.interval, self._state.system
        point = operating_point(interval.dispatch)
        return solved_pandapower(system, point, AcModel(system).solve(point))

    def _made(self, kind: str, targets: Sequence[str | Target], magnitude: float | None) -> Event:
        """An event that lasts until the script ends it; StudyError with every problem."""
        made = make_event(
            self._state.system,
            id=self._script.name,
            kind=kind,
            targets=targets,
            at_h=self.now_h,
            magnitude=magnitude,
            duration_h=None,
        )
        if not isinstance(made, Event):
            raise StudyError("\n".join(f"{kind}: {problem}" for problem in made))
        return made

    def _act(self, event: Event) -> str:
        """Begin a made event under a number of its own; returns its id."""
        self._n_begun += 1
        event = dataclasses.replace(event, id=f"{event.id}:{self._n_begun}")
        self._begun[event.id] = event
        self._state.begin(event)
        return event.id


class Blame:
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
