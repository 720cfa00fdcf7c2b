"""CPU time and peak memory of a large grid: `python benchmarks/large_grid.py [CASE]`, case2869pegase unless told.

Every step is a process of its own, so that its peak is its own; `interpreter` is what a process with the packages has
before it reads anything.
"""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

N_LINES = 200
N_TIMES = 10


def measured(name: str, *command: str) -> None:
    """Run a command; print its CPU time and peak memory, and what it prints last where it is Python."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    printed = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    told = printed.strip().splitlines()[-1] if command[0] == sys.executable and printed else ""
    ended = "" if os.waitstatus_to_exitcode(status) == 0 else f", failed: {' '.join(command)}"
    print(f"{name}: {usage.ru_utime + usage.ru_stime:.1f} s, {usage.ru_maxrss / 1024:.0f} MB{ended} {told}", flush=True)


def measure_dispatch(folder: str) -> None:
    """All load against all machines, cold from the merit order and warm from an hour whose loads differ by 2 %."""
    import numpy as np

    from gridsim.io.read_network import read_network
    from gridsim.kernels.arrays import DispatchState
    from gridsim.model.pack import pack
    from gridsim.solvers.dispatch import DispatchSolver

    system = read_network(folder)
    packed = pack(system)
    solver = DispatchSolver(packed.case)
    lo, hi = np.zeros(packed.n_columns), np.zeros(packed.n_columns)
    hi[packed.gen_columns] = system.generators.p_max_mw
    row_lo, row_hi = packed.row_limits((), 1)
    state = DispatchState(
        topology=solver.topology(),
        lo_mw=lo,
        hi_mw=hi,
        cost=packed.cost,
        spill_cost=packed.spill_cost,
        demand_mw=packed.demand_by_tier(system.loads.p_mw),
        penalty=packed.penalty,
        row_lo_mw=row_lo,
        row_hi_mw=row_hi,
    )
    factor = np.random.default_rng(1).uniform(0.98, 1.02, (len(system.buses), 1))
    before = solver.solve(state._replace(demand_mw=state.demand_mw * factor)).basis
    times = {}
    for name, basis in (("cold", None), ("warm", before)):
        taken = []
        for _ in range(N_TIMES):
            began = time.process_time()
            solution = solver.solve(state, basis)
            taken.append(time.process_time() - began)
        times[name] = min(taken)
    print(
        f"cold {1e3 * times['cold']:.0f} ms ({solver.solve(state).pivots} steps), warm {1e3 * times['warm']:.0f} ms "
        f"({solution.pivots}); unserved {solution.shed_mw.sum():,.0f} MW, {solver.fallbacks} by HiGHS"
    )


def main(case: str) -> None:
    """All steps of one case."""
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "big"
        packages = "import gridsim.solvers.screen, gridsim.engine.dispatching, gridsim.io.read_network, pandas"
        measured("interpreter", sys.executable, "-c", packages)
        measured("import", "gridsim", "import", case, "--to", str(folder))
        with (folder / "lines.csv").open(encoding="utf-8") as file:
            lines = [row["name"] for row in csv.DictReader(file)][:N_LINES]
        listed = Path(parent) / "lines.csv"
        with listed.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([["element"], *([name] for name in lines)])
        measured("dispatch", sys.executable, __file__, "--dispatch", str(folder))
        measured("DC screen of all outages", "gridsim", "screen", str(folder), "--dc")
        measured(
            f"AC N-1 of {len(lines)} lines", "gridsim", "screen", str(folder), "--point", "as_imported", "--outages",
            str(listed),
        )  # fmt: skip


if __name__ == "__main__":
    if sys.argv[1:2] == ["--dispatch"]:
        measure_dispatch(sys.argv[2])
    else:
        main(sys.argv[1] if len(sys.argv) > 1 else "case2869pegase")
