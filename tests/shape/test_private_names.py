"""Nobody uses another object's private names; what third parties offer no public name for is listed with its reason."""

from __future__ import annotations

import ast

from tests.support.imports import PACKAGE, ROOT
from tests.support.private_names import private_uses, uses_in

#: (file, name) -> why no public name would do.
THIRD_PARTY: dict[tuple[str, str], str] = {
    ("gridsim/engine/clock.py", "_ok"): "SimPy schedules an event with a priority of ours only once it is triggered",
    ("gridsim/engine/clock.py", "_value"): "the same: what a timeout of SimPy sets, with a priority of its own",
    ("gridsim/solvers/pandapower.py", "_ppc"): "pandapower reports the iterations of a power flow nowhere else",
    ("gridsim/solvers/pandapower.py", "_pd2ppc"): "the branch model without a solve has no public door",
    ("gridsim/solvers/pandapower.py", "_pd2ppc_lookups"): "the order of branches in that model",
    ("gridsim/study/executors.py", "_processes"): "a pool ends workers by SIGTERM only, which a hanging one ignores",
    ("gridsim/study/executors.py", "_broken"): "a broken pool may fail a future unheard while it is handed out",
    ("gridsim/study/worker.py", "_exit"): "documented by os for child processes: no handlers of the parent are run",
    ("gridsim/solvers/pandapower.py", "_add_ppc_options"): "options of that model, which runpp sets by it too",
    ("gridsim/solvers/linear.py", "_core"): "highspy.Highs imports its modelling layer; the core class alone is fast",
    ("gridsim/solvers/linear.py", "_Highs"): "the core class",
    ("gridsim/kernels/by_reference.py", "_getvalue"): "the LLVM value of an array has no public name",
    ("gridsim/__init__.py", "_version"): "the package's own version file, private by custom",
    ("gridsim/io/versions.py", "_version"): "the same",
}


def test_no_private_names_of_others() -> None:
    found = uses_in(PACKAGE, ROOT)
    wrong = [use for use in found if (use.file, use.name) not in THIRD_PARTY]
    assert not wrong, f"{len(wrong)} uses of private names of others:\n" + "\n".join(map(str, wrong))


def test_every_exception_is_needed() -> None:
    found = {(use.file, use.name) for use in uses_in(PACKAGE, ROOT)}
    assert set(THIRD_PARTY) <= found


def test_what_counts_as_a_use() -> None:
    source = """
from gridsim.engine.clock import _now, environment
import numpy._core as core
from highspy import _core
class Stock:
    _unit = "t"
    def __init__(self):
        self._t = 0.0
    def plus(self, other):
        new = self.__class__()
        new._t = self._t + other._t
        return new
    def peek(self, gas):
        return gas._pressure + gas.point._replace(x=1)
def outside(stock):
    return stock._t + getattr(stock, "_t", 0.0) + getattr(stock, "t")
"""
    found = [(use.line, use.owner, use.name) for use in private_uses(ast.parse(source), "x.py")]
    assert found == [
        (2, "gridsim.engine.clock", "_now"),
        (3, "", "_core"),
        (4, "highspy", "_core"),
        (14, "gas", "_pressure"),
        (16, "stock", "_t"),
        (16, "stock", "_t"),
    ]
