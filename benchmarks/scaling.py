"""Time and memory against years, buses, components, replicates and workers.

``python benchmarks/scaling.py`` measures, writes ``scaling.json`` and draws ``peers/scaling.svg``; the page
``peers/RESULTS.md`` shows both. Times are CPU time, the best of three, compiled code warm (threads: wall time);
memory is the peak of a process of its own.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.common import best_of, network
from benchmarks.states import independent_states, kernel_call, matpower_system, reliability_system
from gridsim.engine.run import run
from gridsim.io.read_scenario import read_scenario
from gridsim.reliability import SequentialMonteCarlo, assess, system_from_frames, system_from_grid
from gridsim.report.self_check import machine
from gridsim.solvers.dispatch import DispatchSolver

HERE = Path(__file__).parent
N_HOURS = 8760
PEAK_MEMORY = """
import sys
sys.path.insert(0, {root!r})
from benchmarks.common import network
from gridsim.reliability import SequentialMonteCarlo, assess, system_from_grid
system = system_from_grid(network("rts79"), "none")
assess(system, SequentialMonteCarlo(years={years}, seed=1))
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(float(status["VmHWM"].split()[0]) / 1024.0)  # ru_maxrss would count the process that started this one
"""


def cpu_s(repeats: int, function: Callable[[], object]) -> float:
    """CPU seconds of the cheapest of some calls."""
    seconds = []
    for _ in range(repeats):
        start = time.process_time()
        function()
        seconds.append(time.process_time() - start)
    return min(seconds)


Series = Iterator[tuple[int, float]]


def years() -> Series:
    system = system_from_grid(network("rts79"), "none")
    assess(system, SequentialMonteCarlo(years=1))
    for n in (1_000, 4_000, 16_000, 64_000):
        yield n, cpu_s(3, lambda n=n: assess(system, SequentialMonteCarlo(years=n)))


def memory_of_years() -> Series:
    for n in (1_000, 10_000, 100_000, 1_000_000):
        program = PEAK_MEMORY.format(root=str(HERE.parent), years=n)
        done = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, check=True)
        yield n, float(done.stdout)


def components() -> Series:
    """One hundred copper-plate years of n like machines that carry 90 % of their sum at peak."""
    hours = np.arange(N_HOURS)
    shape = 0.7 + 0.2 * np.cos(2.0 * np.pi * hours / N_HOURS) + 0.1 * np.sin(2.0 * np.pi * hours / 24.0)
    for n in (16, 64, 256, 1024):
        units = pd.DataFrame({"name": [f"u{k}" for k in range(n)], "p_max_mw": 100.0, "mttf_h": 1000.0, "mttr_h": 50.0})
        system = system_from_frames(units, 0.9 * 100.0 * n * shape)
        assess(system, SequentialMonteCarlo(years=1))
        yield n, cpu_s(3, lambda system=system: assess(system, SequentialMonteCarlo(years=256))) / 256


def buses() -> Series:
    """A random congested state from the merit order, sharing and perturbation on."""
    for n, name in ((24, "rts79"), (57, "case57"), (118, "case118"), (300, "case300")):
        system = reliability_system(name) if name == "rts79" else matpower_system(name)
        solver = DispatchSolver(system.case)
        calls = [kernel_call(solver, [state] * 20, warm=False) for state in independent_states(system, solver, 60)]
        calls[0]()
        yield n, float(np.median([cpu_s(3, call) for call in calls])) / 20.0


def replicates() -> Series:
    """Replicates of a two-day event, one after another in one process."""
    system, scenario = read_scenario("north_south_transit_loss")
    run(system, scenario)
    for n in (1, 2, 4):
        yield n, cpu_s(1, lambda n=n: [run(system, scenario, replicate=k) for k in range(n)])


def workers() -> Series:
    system = system_from_grid(network("rts79"), "none")
    assess(system, SequentialMonteCarlo(years=1))
    for n in (1, 2):
        yield n, best_of(5, lambda n=n: assess(system, SequentialMonteCarlo(years=64_000, workers=n)))


#: Function, what it measures, what the size is, unit.
MEASURED: tuple[tuple[Callable[[], Series], str, str, str], ...] = (
    (years, "RTS-79 copper-plate years, time", "years", "s"),
    (memory_of_years, "RTS-79 copper-plate years, peak memory of the process", "years", "MB"),
    (components, "copper-plate year, time", "machines", "s"),
    (buses, "dispatch of a random state, time", "buses", "s"),
    (replicates, "two-day event in a row, time", "replicates", "s"),
    (workers, "64,000 RTS-79 years, wall time", "threads", "s"),
)


def exponent(x: list[int], y: list[float]) -> float:
    """Slope of log y over log x by least squares."""
    return float(np.polyfit(np.log(x), np.log(y), 1)[0])


def figure(series: list[dict[str, Any]]) -> str:
    """Small multiples on log-log axes, as SVG."""
    width, height, margin, per_row = 250, 190, 44, 3
    parts = []
    for k, row in enumerate(series):
        left, top = (k % per_row) * width, (k // per_row) * height
        x, y = np.log10(row["x"]), np.log10(row["y"])
        x0, x1 = float(x.min()), float(x.max())
        y0, y1 = math.floor(y.min() - 0.01), math.ceil(y.max() + 0.01)
        inner_w, inner_h = width - margin - 14, height - margin - 34
        at_x = left + margin + (x - x0) / (x1 - x0) * inner_w
        at_y = top + 34 + (y1 - y) / (y1 - y0) * inner_h
        bottom = top + 34 + inner_h
        title, _, measure = row["name"].rpartition(", ")
        parts.append(f'<text x="{left + 8}" y="{top + 14}">{title}</text>')
        label = f"{measure} in {row['unit']} over {row['size']}, exponent {row['exponent']:.2f}"
        parts.append(f'<text x="{left + 8}" y="{top + 27}" class="small">{label}</text>')
        box = (left + margin, top + 34, inner_w, inner_h)
        parts.append('<rect x="{:.0f}" y="{:.0f}" width="{:.0f}" height="{:.0f}" class="box"/>'.format(*box))
        for decade in range(y0, y1 + 1):
            tick = top + 34 + (y1 - decade) / (y1 - y0) * inner_h
            parts.append(f'<text x="{left + margin - 4}" y="{tick + 4:.0f}" class="y">{10.0**decade:g}</text>')
        for size, place in zip(row["x"], at_x):
            parts.append(f'<text x="{place:.0f}" y="{bottom + 14:.0f}" class="x">{size:,}</text>')
        points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(at_x, at_y))
        parts.append(f'<polyline points="{points}"/>')
        parts += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3"/>' for a, b in zip(at_x, at_y)]
    rows = -(-len(series) // per_row)
    style = (
        "text{font:11px sans-serif;fill:#222}.small{font-size:10px;fill:#555}.y{text-anchor:end;font-size:9px}"
        ".x{text-anchor:middle;font-size:9px}.box{fill:none;stroke:#bbb}polyline{fill:none;stroke:#1f77b4}"
        "circle{fill:#1f77b4}"
    )
    size = f'width="{per_row * width}" height="{rows * height}"'
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size}>\n<style>{style}</style>\n'
        f'<rect width="100%" height="100%" fill="#fff"/>\n{body}\n</svg>\n'
    )


def main() -> None:
    about = machine()
    series = []
    for measure, name, size, unit in MEASURED:
        pairs = list(measure())
        x, y = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        series.append({"name": name, "size": size, "unit": unit, "x": x, "y": y, "exponent": exponent(x, y)})
        print(f"{name}: exponent {series[-1]['exponent']:.2f}", flush=True)
    (HERE / "scaling.json").write_text(json.dumps({"machine": about, "series": series}, indent=1) + "\n")
    (HERE / "peers" / "scaling.svg").write_text(figure(series))


if __name__ == "__main__":
    main()
