"""Regression gate: counts of work that depend on no machine, compared with ``counts.json`` beside this file.

``python benchmarks/gate.py`` fails when a count grew by more than 5 %, is new, or is gone; ``--update`` commits the
counts of the tree as it stands. Two sources: counts that compiled code and the engine report on real cases (pivots,
hours dispatched, Newton iterations, bytes written, Python calls and arrays made in a replicate), and the work of the
kernels themselves, run uncompiled on small cases in a second process and traced: numbers drawn, flow checks,
certificates tried, and every line executed in ``gridsim/kernels``.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import json
import os
import pkgutil
import subprocess
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))  # so that ``benchmarks`` is found when this file is run as a script
COUNTS = HERE / "counts.json"
LARGEST_GROWTH = 0.05
KERNELS = f"{os.sep}gridsim{os.sep}kernels{os.sep}"
#: What compiles kernels runs where nothing is kept yet, so it is no work of theirs.
MACHINERY = ("by_reference.py", "compiling.py", "jit.py", "linking.py")
SEED = 1

Counts = dict[str, int]
#: Name of a case and what to trace.
Cases = Iterator[tuple[str, Callable[[], object]]]


def dispatch_counts() -> Counts:
    """Pivots, fallbacks to HiGHS: consecutive hours from the last basis, unrelated states from the merit order."""
    from benchmarks import states
    from gridsim.solvers.dispatch import DispatchSolver

    found: Counts = {}
    for name, n_states in (("rts79", 500), ("case118", 300), ("kazakhstan", 500)):
        system = states.load(name)
        solver = DispatchSolver(system.case)
        pivots, basis = 0, None
        for state in states.hourly_states(system, solver.topology(), n_states):
            solution = solver.solve(state, basis)
            basis = solution.basis
            pivots += solution.pivots
        found[f"dispatch.{name}.pivots_of_hours"] = pivots
        found[f"dispatch.{name}.pivots_of_states"] = sum(
            solver.solve(state).pivots for state in states.independent_states(system, solver, n_states)
        )
        found[f"dispatch.{name}.fallbacks"] = solver.fallbacks
    return found


def reliability_counts() -> Counts:
    """How the hours of nodal years were decided; how many copper years a 1 % LOLH takes."""
    from gridsim.io.bundled import network_folder
    from gridsim.io.read_network import read_network
    from gridsim.reliability import SequentialMonteCarlo, assess, system_from_grid

    found: Counts = {}
    for name, years in (("rts79", 32), ("kazakhstan", 8)):
        system = system_from_grid(read_network(network_folder(name)), "contract")
        result = assess(system, SequentialMonteCarlo(years=years, seed=SEED, level="nodal"))
        kept = ("dispatches", "hours_by_candidate", "topologies", "highs_fallbacks")
        found |= {f"reliability.{name}_nodal.{key}": result.diagnostics[key] for key in kept}
        if name == "rts79":
            target = SequentialMonteCarlo(target_cov=0.01, metric="LOLH", seed=SEED)
            found["reliability.rts79_copper.years_to_1_percent"] = assess(system, target).n_samples
    return found


def ac_counts() -> Counts:
    """Newton iterations of the Kazakh winter peak at falling load."""
    from gridsim.io.bundled import network_folder
    from gridsim.io.read_network import read_network
    from gridsim.solvers.ac import AcModel
    from gridsim.solvers.operating_point import base_point

    system = read_network(network_folder("kazakhstan"))
    point = base_point(system)
    model = AcModel(system, base=point)
    loads = np.linspace(1.0, 0.8, 21)
    solutions = [
        model.solve(point._replace(p_load_mw=pu * point.p_load_mw, p_gen_mw=pu * point.p_gen_mw)) for pu in loads
    ]
    return {
        "ac.kazakhstan.iterations": sum(solution.iterations for solution in solutions),
        "ac.kazakhstan.not_converged": sum(not solution.converged for solution in solutions),
    }


def engine_counts() -> Counts:
    """Dispatches, intervals and bytes of two bundled events, gas as a balance and by pressure."""
    from gridsim.engine.run import run
    from gridsim.engine.tables import TABLES
    from gridsim.io.read_scenario import read_scenario
    from gridsim.io.store import RunFolder
    from gridsim.model.scenario import GasMode
    from gridsim.results.run_records import METRICS, metric_columns

    found: Counts = {}
    for name, gas in (("north_south_transit_loss", GasMode.BALANCE), ("bbs_pipeline_rupture", GasMode.HYDRAULIC)):
        system, scenario = read_scenario(name)
        scenario = dataclasses.replace(scenario, policy=dataclasses.replace(scenario.policy, gas=gas))
        with tempfile.TemporaryDirectory() as scratch:
            folder = RunFolder(Path(scratch) / "run", {**TABLES, "metrics": METRICS})
            result = run(system, scenario, seed=SEED, sink=folder)
            folder.write("metrics", metric_columns(result.estimates))
            folder.finish(system, scenario, SEED, "complete", {})
            written = sum(file.stat().st_size for file in folder.path.rglob("*.parquet"))
        found |= {
            f"engine.{name}.dispatches": result.dispatch_solves,
            f"engine.{name}.fallbacks": result.dispatch_fallbacks,
            f"engine.{name}.intervals": len(result.tables["solves"]["time_h"]),
            f"engine.{name}.bytes_written": written,
        }
    return found


#: Functions that make an array, as numpy's C level names them.
ARRAY_MAKERS = {
    "arange", "array", "asarray", "bincount", "concatenate", "copy", "empty", "empty_like", "repeat", "where", "zeros",
}  # fmt: skip
PACKAGE = f"{os.sep}gridsim{os.sep}"


def replicate_counts() -> Counts:
    """Python calls, arrays made, resolves and Newton solves of a second replicate: two days of a burst pipeline.

    One that shares no hour with the first, and with the AC check also one that does (``shared``).
    """
    from gridsim.engine.run import Replicates
    from gridsim.io.read_scenario import read_scenario
    from gridsim.model.scenario import AcMode

    system, scenario = read_scenario("bbs_pipeline_rupture")
    found: Counts = {}
    cases = (("ac_off", AcMode.OFF, False), ("ac_on", AcMode.FAST, False), ("shared", AcMode.FAST, True))
    for name, ac, share in cases:
        policy = dataclasses.replace(scenario.policy, ac=ac)
        horizon = dataclasses.replace(scenario.horizon, hours=48.0)
        replicates = Replicates(system, dataclasses.replace(scenario, policy=policy, horizon=horizon), share=share)
        replicates.run(seed=SEED)
        work: Counter[str] = Counter()

        def on_call(frame: FrameType, event: str, argument: Any, work: Counter[str] = work) -> None:
            if event == "call" and PACKAGE in frame.f_code.co_filename:
                work["python_calls"] += 1
                work[frame.f_code.co_qualname] += 1
            elif event == "return" and frame.f_code.co_qualname == "AcModel._solve":
                work["newton_solves"] += argument.solves
            elif event == "c_call" and argument.__name__ in ARRAY_MAKERS:
                work["arrays"] += 1

        sys.setprofile(on_call)
        try:
            replicates.run(seed=SEED, replicate=1)
        finally:
            sys.setprofile(None)
        found |= {f"replicate.{name}.{count}": work[count] for count in ("python_calls", "arrays")}
        found[f"replicate.{name}.resolves"] = work["Resolver.resolve"]
        if ac is AcMode.FAST:
            found[f"replicate.{name}.checks"] = work["AcModel.solve"]
            found[f"replicate.{name}.gas_runs"] = work["HydraulicGas.run"]
            found[f"replicate.{name}.newton_solves"] = work["newton_solves"]
    return found


@contextmanager
def traced() -> Iterator[Counter[str]]:
    """Count lines executed (``lines``) and calls (by function name) in ``gridsim/kernels`` while the context lasts."""
    work: Counter[str] = Counter()

    def on_line(_frame: FrameType, event: str, _argument: object) -> Any:
        if event == "line":
            work["lines"] += 1
        return on_line

    def on_call(frame: FrameType, _event: str, _argument: object) -> Any:
        file = Path(frame.f_code.co_filename)
        if KERNELS not in str(file) or file.name in MACHINERY:
            return None
        work[frame.f_code.co_name] += 1
        return on_line

    sys.settrace(on_call)
    try:
        yield work
    finally:
        sys.settrace(None)


def _fortnight(system: Any) -> Any:
    """The first 336 hours of a sample year with the machines and branches of ``system``."""
    import pandas as pd

    from gridsim.reliability import system_from_frames

    def outages(components: Any) -> dict[str, list[float]]:
        means = [[state.mean_h for state in component.states] or [np.nan, np.nan] for component in components]
        return {"mttf_h": [up for up, _ in means], "mttr_h": [down for _, down in means]}

    buses = np.array(system.buses)
    units = {"name": system.unit_name, "bus": buses[system.unit_bus], "p_max_mw": system.unit_mw}
    branches = {
        "name": system.branch_name,
        "from_bus": buses[system.branch_from],
        "to_bus": buses[system.branch_to],
        "x_pu": system.branch_x_pu,
        "limit_mw": system.branch_mw,
    }
    return system_from_frames(
        pd.DataFrame({**units, **outages(system.unit_component)}),
        pd.DataFrame(system.load_mw[:336], columns=buses),
        branches=pd.DataFrame({**branches, **outages(system.branch_component)}),
    )


def sampler_cases() -> Cases:
    from gridsim.io.bundled import network_folder
    from gridsim.io.read_network import read_network
    from gridsim.reliability import SequentialMonteCarlo, SnapshotMonteCarlo, system_from_grid
    from gridsim.reliability.assess import sample_source

    rts79 = system_from_grid(read_network(network_folder("rts79")), "none")
    copper = sample_source(rts79, SequentialMonteCarlo(years=1, seed=SEED))
    yield "copper_year", lambda: copper.run(0, 1)
    snapshots = sample_source(rts79, SnapshotMonteCarlo(samples=1, seed=SEED, level="nodal"))
    yield "nodal_snapshots", lambda: snapshots.run(0, 8)
    fortnight = sample_source(_fortnight(rts79), SequentialMonteCarlo(years=1, seed=SEED, level="nodal"))
    yield "nodal_fortnight", lambda: fortnight.run(0, 1)


def certificate_cases() -> Cases:
    from benchmarks import states
    from gridsim.kernels.certificate import zero_shed_certificate
    from gridsim.solvers.dispatch import DispatchSolver

    system = states.load("rts79")
    solver = DispatchSolver(system.case)
    state = states.hourly_states(system, solver.topology(), 1)[0]
    arguments = states.certificate_arguments(system, solver, state, all_rows=True)
    yield "certificate", lambda: zero_shed_certificate(*arguments)


def carrier_cases() -> Cases:
    from gridsim.io.bundled import network_folder
    from gridsim.io.read_network import read_network
    from gridsim.solvers.gas import HydraulicGas, everything_works
    from gridsim.weather.field import LatentField, make_case

    system = read_network(network_folder("kazakhstan"))
    gas, conditions = HydraulicGas(system), everything_works(system)
    demand = system.gas_demand.winter_mcm_per_d
    burn = np.zeros(len(system.gas_to_power))
    state = gas.start(conditions, demand, burn, True)
    orders = gas.schedule(state, conditions, demand, burn, True)
    yield "gas_steps", lambda: gas.run(state, orders, conditions, demand, burn, burn, 0.25, 2, stop_when_short=False)
    rows = np.array([0, 1, 2]), np.array([0, 0, 0])
    field = LatentField(make_case(system.weather_field, ["site"], np.array([51.0]), np.array([71.0]), *rows), 7)
    yield "weather_year", lambda: field.year(SEED, 0)


#: Calls that have a name of their own in the counts: (function, count, how many it stands for).
NAMED_CALLS = (
    ("philox_words", "draws", 4),
    ("zero_shed_certificate", "flow_checks", 1),
    ("_newton", "newton_systems", 1),
)


def uncompile_kernels() -> None:
    """Make the kernels plain Python functions; call before anything of gridsim is imported.

    The dispatch kernels stay compiled (they write to records by attribute, which numpy cannot); pivots measure them.
    """
    import numba

    import gridsim.kernels.dispatch

    numba.config.DISABLE_JIT = True
    for module in pkgutil.iter_modules(gridsim.kernels.__path__, "gridsim.kernels."):
        importlib.import_module(module.name)
    numba.config.DISABLE_JIT = False
    warnings.simplefilter("ignore")  # 64-bit counters wrap on purpose, and numpy warns of its scalars


def kernel_work(makers: tuple[Callable[[], Cases], ...]) -> Counts:
    """Work of each kernel on its small case, after ``uncompile_kernels``."""
    found: Counts = {}
    for make in makers:
        for case, work_of in make():
            with traced() as work:
                work_of()
            found[f"uncompiled.{case}.lines"] = work["lines"]
            for function, count, each in NAMED_CALLS:
                if work[function]:
                    found[f"uncompiled.{case}.{count}"] = each * work[function]
    return found


def kernel_work_in_another_process() -> Counts:
    """Numba's switch counts when a kernel is imported, so the other kernels need a process of their own."""
    done = subprocess.run([sys.executable, str(Path(__file__)), "--uncompiled"], stdout=subprocess.PIPE, text=True)
    done.check_returncode()
    return json.loads(done.stdout)


def growth(committed: Counts, found: Counts) -> list[str]:
    """What fails: counts that grew by more than 5 %, and counts that only one side has."""
    failures = []
    for name in sorted(committed.keys() | found.keys()):
        if name not in found:
            failures.append(f"{name}: no longer counted, was {committed[name]:,}")
        elif name not in committed:
            failures.append(f"{name}: {found[name]:,} is not among the committed counts")
        elif found[name] > (1.0 + LARGEST_GROWTH) * committed[name]:
            change = f"{found[name] / committed[name] - 1.0:+.1%}" if committed[name] else "was none"
            failures.append(f"{name}: {committed[name]:,} -> {found[name]:,} ({change})")
    return failures


def gains(committed: Counts, found: Counts) -> list[str]:
    """Counts that fell by more than 5 %: worth committing, so that they cannot creep back."""
    return [
        f"{name}: {committed[name]:,} -> {found[name]:,}"
        for name in sorted(committed.keys() & found.keys())
        if found[name] < (1.0 - LARGEST_GROWTH) * committed[name]
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--update", action="store_true", help="commit the counts of the tree as it stands")
    parser.add_argument("--uncompiled", action="store_true", help="print the work of the uncompiled kernels alone")
    arguments = parser.parse_args()
    if arguments.uncompiled:
        uncompile_kernels()
        print(json.dumps(kernel_work((sampler_cases, certificate_cases, carrier_cases))))
        return 0
    found = {
        **dispatch_counts(),
        **reliability_counts(),
        **ac_counts(),
        **engine_counts(),
        **replicate_counts(),
        **kernel_work_in_another_process(),
    }
    if arguments.update:
        COUNTS.write_text(json.dumps(found, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        print(f"{len(found)} counts written to {COUNTS.name}")
        return 0
    committed = json.loads(COUNTS.read_text(encoding="utf-8"))
    failures = growth(committed, found)
    for line in failures:
        print("FAIL", line)
    for line in gains(committed, found):
        print("less", line)
    print(f"{len(found)} counts, {len(failures)} grew by more than {LARGEST_GROWTH:.0%} or changed their name")
    if failures:
        print("if the work is wanted, say why in the commit and run: python benchmarks/gate.py --update")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
