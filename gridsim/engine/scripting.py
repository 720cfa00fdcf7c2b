"""Contingencies as processes: each acts, waits, and is asked again.

The predicate of ``until`` is checked after every resolve. While one waits and gas has pressures, there is a resolve at
every gas step too, so that a pressure or a stock is seen within a quarter of an hour. A script that yields more than
MAX_ROUNDS times at one instant is stopped as an endless loop.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

from gridsim.contingencies.api import Wait
from gridsim.engine.clock import MAX_ROUNDS, Priority, to_seconds, wait
from gridsim.engine.sim import Blame, ScriptSim
from gridsim.engine.state import GridState
from gridsim.errors import ScriptError
from gridsim.model.scenario import GasMode
from gridsim.model.script import Hook, Script
from gridsim.solvers.gas import STEP_H

Process = Generator[Any, Any, None]


class Scripts:
    """The contingencies of one run, driven as SimPy processes."""

    def __init__(self, env: Any, state: GridState, scripts: Sequence[Script], *, seed: int, replicate: int):
        self._env = env
        self._state = state
        self._draws = seed, replicate
        self._contingencies = [script for script in scripts if script.hook is Hook.CONTINGENCY]
        self._waiting: list[tuple[Script, ScriptSim, Wait, Any]] = []
        self._stepping = False  # a process resolves at every gas step

    def start(self) -> None:
        """Start every contingency."""
        for script in self._contingencies:
            self._env.process(self._drive(script))

    def _drive(self, script: Script) -> Process:
        """Let a contingency act and wait until it ends."""
        state, env = self._state, self._env
        sim = ScriptSim(state, script, *self._draws)
        yield wait(env, 0, Priority.CONTINGENCY)
        with Blame(script):
            process = script(sim)
        rounds, at_s = 0, -1
        while True:
            with Blame(script):
                waits = next(process, None)
            if waits is None:
                return
            rounds = rounds + 1 if env.now == at_s else 1
            at_s = env.now
            line = process.gi_frame.f_lineno if process.gi_frame is not None else script.line
            if not isinstance(waits, Wait):
                what = f"yields {waits!r}; yield sim.hours(...), sim.at(...) or sim.until(...)"
                raise ScriptError(script.name, script.file, line, what)
            if rounds > MAX_ROUNDS:
                what = f"yields more than {MAX_ROUNDS} times at {state.now_h:g} h; let time pass in the loop"
                raise ScriptError(script.name, script.file, line, what)
            if waits.predicate is None:
                yield wait(env, waits.seconds or 0, Priority.CONTINGENCY if waits.seconds else Priority.RECORD)
            else:
                happened = env.event()
                self._waiting.append((script, sim, waits, happened))
                state.arm(script.name)
                self._resolve_gas_steps()
                yield happened
            state.advance()
            state.arm("a script")

    def check_conditions(self) -> None:
        """After a resolve: wake the contingencies whose predicate is true."""
        for entry in list(self._waiting):
            script, sim, waits, happened = entry
            assert waits.predicate is not None
            with Blame(script):
                is_true = bool(waits.predicate(sim))
            if is_true:
                self._waiting.remove(entry)
                happened.succeed()

    def _resolve_gas_steps(self) -> None:
        hydraulic = self._state.scenario.policy.gas is GasMode.HYDRAULIC
        if hydraulic and not self._stepping:
            self._stepping = True
            self._env.process(self._gas_steps())

    def _gas_steps(self) -> Process:
        while self._waiting:
            yield wait(self._env, to_seconds(STEP_H), Priority.OPERATOR)
            if self._waiting:
                self._state.arm("a script that waits for the gas")
        self._stepping = False
