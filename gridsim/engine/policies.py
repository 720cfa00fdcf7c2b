"""Policies of a user: asked before every redispatch, read into the decisions of that moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from gridsim.contingencies.api import Orders
from gridsim.engine.interval import Decisions
from gridsim.engine.sim import Blame, RunView
from gridsim.engine.state import GridState
from gridsim.engine.views import NothingYet
from gridsim.errors import StudyError, nearest
from gridsim.model.gas_order import gas_order, order_problem
from gridsim.model.pack import Packed, repacked
from gridsim.model.scenario import Imports
from gridsim.model.script import Hook, Script
from gridsim.model.system import GridSystem


class Policies:
    """The policies of one run."""

    def __init__(self, state: GridState, scripts: Sequence[Script]):
        self._state = state
        self._scripts = [script for script in scripts if script.hook is not Hook.CONTINGENCY]
        self._view = RunView(state)

    def decide(self) -> Decisions | None:
        """Decisions of all policies for the redispatch to come; None without policies."""
        if not self._scripts:
            return None
        packed, system = self._state.packed, self._state.system
        n_gens = len(system.generators)
        decisions = Decisions(np.zeros(n_gens), np.full(n_gens, np.inf), None, (), packed, None)
        for script in self._scripts:
            with Blame(script):
                try:
                    said = script(self._view)
                except NothingYet:  # it reads the present, and there is none yet
                    continue
                if said is not None:
                    decisions = _READ[script.hook](system, decisions, said)
        return decisions


def _instructions(system: GridSystem, decisions: Decisions, said: Any) -> Decisions:
    if not isinstance(said, Orders):
        raise StudyError(f"returns {said!r}; return gridsim.Orders(...) or None")
    generators = system.generators
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


def _shedding(system: GridSystem, decisions: Decisions, said: Any) -> Decisions:
    if not isinstance(said, Mapping):
        raise StudyError(f"returns {said!r}; return a mapping of load class to shed order, or None")
    for name, order in said.items():
        system.load_classes.position(name)
        if isinstance(order, bool) or not isinstance(order, int) or order < 0:
            raise StudyError(f"shed order of '{name}': {order!r} is not a whole number >= 0")
    return decisions._replace(packed=_with_shed_order(decisions.packed, tuple(sorted(said.items()))))


def _gas_order(system: GridSystem, decisions: Decisions, said: Any) -> Decisions:
    names = tuple(said) if isinstance(said, list | tuple) else ()
    for name in names:
        if name not in gas_order():
            raise StudyError(f"no gas class '{name}'; {nearest(str(name), gas_order())}")
    if not names or order_problem(names):
        raise StudyError(f"returns {said!r}; return gas classes in the order they are cut, each once, or None")
    return decisions._replace(gas_order=names)


_READ = {Hook.OPERATOR: _instructions, Hook.SHEDDING: _shedding, Hook.GAS: _gas_order}


@lru_cache(maxsize=16)
def _with_shed_order(packed: Packed, order: tuple[tuple[str, int], ...]) -> Packed:
    return repacked(packed, dict(order))
