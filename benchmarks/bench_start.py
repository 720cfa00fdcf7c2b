"""What a user waits for before anything is computed: the command, the import, the first hour, compilation."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.common import not_in_smoke

ROOT = Path(__file__).parents[1]

FIRST_HOUR = """
import dataclasses
from gridsim.engine.run import run
from gridsim.io.read_scenario import read_scenario
from gridsim.model.scenario import AcMode
system, scenario = read_scenario("bbs_pipeline_rupture")
run(system, dataclasses.replace(
    scenario, events=(), horizon=dataclasses.replace(scenario.horizon, hours=1.0),
    policy=dataclasses.replace(scenario.policy, ac=AcMode("{ac}")),
))
"""

#: The first answer of each chain of kernels; what is compiled is all that differs from the second answer.
FIRST_ANSWERS = {
    "dispatch": """
from benchmarks.states import independent_states, load
from gridsim.solvers.dispatch import DispatchSolver
system = load("rbts")
solver = DispatchSolver(system.case)
state = independent_states(system, solver, 1)[0]
answer = lambda: solver.solve(state)
""",
    "copper_years": """
from benchmarks.common import network
from gridsim.reliability import SequentialMonteCarlo, assess, system_from_grid
system = system_from_grid(network("rbts"), "none")
answer = lambda: assess(system, SequentialMonteCarlo(years=1))
""",
    "nodal_years": """
from benchmarks.common import network
from gridsim.reliability import SequentialMonteCarlo, assess, system_from_grid
system = system_from_grid(network("rbts"), "none")
answer = lambda: assess(system, SequentialMonteCarlo(years=1, level="nodal"))
""",
    "gas": """
from benchmarks.bench_gas import KazakhGas
answer = lambda: KazakhGas().setup()
""",
    "weather": """
from benchmarks.common import network
from gridsim.weather.generator import WeatherModel
model = WeatherModel(network("kazakhstan"))
answer = lambda: model.year(1, 0)
""",
}
TIMED = "import time; start = time.perf_counter(); answer(); print(time.perf_counter() - start)"


def seconds_of(*command: str) -> float:
    """Wall time of a command."""
    start = time.perf_counter()
    subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


class Command:
    """Wall times of whole processes, best of three, compiled code in the cache."""

    timeout = 300

    def setup(self) -> None:
        seconds_of(sys.executable, "-c", "import gridsim")

    def track_help_s(self) -> float:
        """`gridsim --help` (target: 0.5 s)."""
        return min(seconds_of(sys.executable, "-m", "gridsim", "--help") for _ in range(3))

    def track_import_s(self) -> float:
        return min(seconds_of(sys.executable, "-c", "import gridsim") for _ in range(3))


class FirstHour:
    """A process that reads Kazakhstan and simulates one hour (targets: 3 s with AC off, 6 s with AC)."""

    params = ("off", "fast")
    param_names = ("ac",)
    timeout = 300

    def setup(self, ac: str) -> None:
        not_in_smoke()
        seconds_of(sys.executable, "-c", FIRST_HOUR.format(ac=ac))

    def track_s(self, ac: str) -> float:
        return min(seconds_of(sys.executable, "-c", FIRST_HOUR.format(ac=ac)) for _ in range(2))


class Compilation:
    """Seconds until the first answer with an empty Numba cache (target: 60 s for all, 10 s a kernel)."""

    params = tuple(FIRST_ANSWERS)
    param_names = ("kernels",)
    timeout = 600

    def setup(self, kernels: str) -> None:
        not_in_smoke()

    def track_compile_s(self, kernels: str) -> float:
        with tempfile.TemporaryDirectory() as cache:
            done = subprocess.run(
                [sys.executable, "-c", FIRST_ANSWERS[kernels] + TIMED],
                env={**os.environ, "NUMBA_CACHE_DIR": cache},
                cwd=ROOT,
                capture_output=True,
                text=True,
                check=True,
            )
        return float(done.stdout)
