"""Writes docs/performance.svg and the numbers of docs/performance.md: `python docs/make_performance.py`.

CPU time, so that other work on the machine moves the figures little: shares within one replicate more surely than
seconds. Compiled code is warm.
"""

from __future__ import annotations

import dataclasses
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

import gridsim.engine.run as engine_run
import gridsim.solvers.gas as solvers_gas
from gridsim.engine.coupling import FuelSystem
from gridsim.engine.heat import Heat
from gridsim.engine.operator import Operator
from gridsim.engine.outcomes import Outcomes
from gridsim.engine.recorder import Recorder
from gridsim.engine.redispatch import Redispatcher
from gridsim.engine.resolve import Resolver
from gridsim.engine.run import Replicates
from gridsim.engine.simulation import Simulation
from gridsim.engine.state import GridState
from gridsim.io.read_scenario import read_scenario
from gridsim.kernels.linepack import (
    Fluid,
    LinepackState,
    content,
    make_controls,
    make_network,
    pipe_coefficients,
    run_linepack,
    weymouth_friction,
)
from gridsim.model.scenario import AcMode
from gridsim.solvers import ac_ladder
from gridsim.solvers.ac import AcModel
from gridsim.solvers.dispatch import DispatchSolver
from gridsim.solvers.gas import HydraulicGas
from gridsim.solvers.voltage_control import VoltageControl
from tests.support.ac_cases import case

PAGE, FIGURE = Path(__file__).parent / "performance.md", Path(__file__).parent / "performance.svg"
EVENT, SEED = "bbs_pipeline_rupture", 1
#: What is timed: part of the figure, owner of the function, its name.
TIMED: tuple[tuple[str, Any, str], ...] = (
    ("dispatch kernel", DispatchSolver, "solve"),
    ("around the dispatch", Redispatcher, "solve"),
    ("gas kernel", solvers_gas, "advance_linepack"),
    ("gas schedule", HydraulicGas, "schedule"),
    ("around gas and fuel", FuelSystem, "limits"),
    ("around gas and fuel", FuelSystem, "balance"),
    ("around gas and fuel", FuelSystem, "advance"),
    ("Newton solves", ac_ladder, "solve_rounds"),
    ("around the AC check", VoltageControl, "operate"),
    ("day-ahead list", Operator, "plan_day"),
    ("day-ahead list", Operator, "react"),
    ("heat of cities", Heat, "feed"),
    ("heat of cities", Heat, "advance"),
    ("weather, load, stocks", GridState, "moment"),
    ("weather, load, stocks", GridState, "advance"),
    ("log", Outcomes, "log_supply"),
    ("log", Outcomes, "log_cities"),
    ("log", Outcomes, "log_coal"),
    ("rest of a resolve", Resolver, "resolve"),
    ("events and start", Simulation, "run"),
    ("tables", Recorder, "finish"),
    ("metrics", engine_run, "run_metrics"),
)
KERNELS = ("dispatch kernel", "gas kernel", "gas schedule", "Newton solves")


@contextmanager
def timed() -> Iterator[Counter[str]]:
    """CPU seconds of every part, without those of the parts it calls."""
    seconds: Counter[str] = Counter()
    inside: list[float] = [0.0]

    def wrap(part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **keywords: Any) -> Any:
            inside.append(0.0)
            start = time.process_time()
            try:
                return function(*arguments, **keywords)
            finally:
                whole = time.process_time() - start
                seconds[part] += whole - inside.pop()
                inside[-1] += whole

        return call

    before = [(owner, name, getattr(owner, name)) for _, owner, name in TIMED]
    for part, owner, name in TIMED:
        setattr(owner, name, wrap(part, getattr(owner, name)))
    try:
        yield seconds
    finally:
        for owner, name, function in before:
            setattr(owner, name, function)


def replicates_of(ac: AcMode, hours: float | None = None) -> Replicates:
    """Replicates of the event, the first of them run: what all share is made."""
    system, scenario = read_scenario(EVENT)
    horizon = dataclasses.replace(scenario.horizon, hours=hours or scenario.horizon.hours)
    policy = dataclasses.replace(scenario.policy, ac=ac)
    replicates = Replicates(system, dataclasses.replace(scenario, policy=policy, horizon=horizon), share=False)
    replicates.run(seed=SEED)
    return replicates


def cpu_s(work: Callable[[], object], repeats: int = 2) -> float:
    """CPU seconds of the cheapest of some calls."""
    seconds = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    return min(seconds)


def parts_of_a_replicate(ac: AcMode) -> tuple[float, dict[str, float]]:
    """CPU seconds of a replicate, and the share of each part."""
    replicates = replicates_of(ac)
    whole = cpu_s(lambda: replicates.run(seed=SEED, replicate=1))
    with timed() as seconds:
        replicates.run(seed=SEED, replicate=1)
    total = sum(seconds.values())
    return whole, {part: value / total for part, value in seconds.most_common()}


def by_hours() -> list[tuple[float, float]]:
    """CPU seconds of a replicate with AC check by days."""
    found = []
    for days in (2, 4, 8):
        replicates = replicates_of(AcMode.FAST, 24.0 * days)
        found.append((days, cpu_s(lambda replicates=replicates: replicates.run(seed=SEED, replicate=1))))
    return found


def by_replicates() -> list[tuple[float, float]]:
    """CPU seconds of replicates one after the other, two days each."""
    replicates = replicates_of(AcMode.FAST, 48.0)

    def several(n: int) -> None:
        for replicate in range(1, n + 1):
            replicates.run(seed=SEED, replicate=replicate)

    return [(n, cpu_s(lambda n=n: several(n))) for n in (1, 2, 4)]


def by_buses() -> list[tuple[float, float]]:
    """CPU seconds of one power flow with reactive limits from a warm start, by buses."""
    return [_power_flow(name) for name in ("case30", "case57", "case118", "case300")]


def _power_flow(name: str, repeats: int = 50) -> tuple[float, float]:
    system, point = case(name)
    model = AcModel(system)
    start = model.solve(point)
    less = point._replace(p_load_mw=0.99 * point.p_load_mw, p_gen_mw=0.99 * point.p_gen_mw)
    seconds = cpu_s(lambda: [model.solve(less, start) for _ in range(repeats)])
    return len(system.buses), seconds / repeats


def by_pipes() -> list[tuple[float, float]]:
    """CPU seconds of a day of the gas kernel in quarter hours, along a pipeline of so many segments of 50 km."""
    return [(n, cpu_s(lambda n=n: _gas_day(n))) for n in (10, 40, 160, 640)]


def exponent(points: list[tuple[float, float]]) -> float:
    """Slope of the logarithms."""
    x, y = np.log(np.array(points)).T
    return float(np.polyfit(x, y, 1)[0])


def _gas_day(n: int) -> None:
    """A day from rest: fed at one end, a customer at the other."""
    ones = np.ones(n)
    fluid = Fluid(500.0, 283.0, 0.75, 0.0)
    k, laminar, gas = pipe_coefficients(50.0 * ones, ones, ones, weymouth_friction(ones), fluid)
    capacity = np.zeros(n + 1)
    capacity[:-1] += gas / 2.0
    capacity[1:] += gas / 2.0
    fixed = np.arange(n + 1) == 0
    net = make_network(capacity, np.arange(n), np.arange(1, n + 1), k, laminar, fixed=fixed, z_constant=0.9)
    customer = {
        "sink_point": np.array([n], dtype=np.int32),
        "sink_q": np.array([1.0]),
        "sink_lo_bar": np.array([1.0]),
        "sink_band_bar": np.array([0.1]),
    }
    p_bar = np.full(n + 1, 55.0)
    start = LinepackState(p_bar, content(net, p_bar), np.zeros(n))
    _, _, taken, solved = run_linepack(
        net, make_controls(net, **customer), start, 0.25, 96, np.zeros(0, dtype=np.int32), 0.0
    )
    assert solved and taken == 96


def figure(shares: dict[str, dict[str, float]]) -> str:
    """Two bars, AC check off and on, of the parts of a replicate; kernels dark, what is around them light."""
    order = list(dict.fromkeys(part for part, _, _ in TIMED))
    width, left, row = 860, 170, 20
    rows = []
    for at, part in enumerate(order):
        y = 46 + at * (row + 6)
        rows.append(f'<text x="{left - 8}" y="{y + 12}" class="k" text-anchor="end">{part}</text>')
        for offset, name in ((0, "off"), (10, "fast")):
            share = shares[name].get(part, 0.0)
            tone = "d" if part in KERNELS else "l"
            length = share * (width - left - 60) / 0.4
            rows.append(f'<rect x="{left}" y="{y + offset}" width="{length:.1f}" height="9" class="{tone} {name}"/>')
            rows.append(f'<text x="{left + length + 5:.1f}" y="{y + offset + 8}" class="s">{100 * share:.0f}</text>')
    height = 46 + len(order) * (row + 6) + 12
    style = (
        "text{font-family:sans-serif;fill:#333}.k{font-size:12px}.s{font-size:9px}.t{font-size:13px}"
        ".d.off{fill:#5b8fbd}.d.fast{fill:#1f5f99}.l.off{fill:#d9a79c}.l.fast{fill:#b5402a}"
    )
    title = "Share of a replicate's CPU time, per cent: above without, below with the AC check; blue: compiled code"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-label="{title}">'
        f'<style>{style}</style><rect width="{width}" height="{height}" fill="#fff"/>'
        f'<text x="12" y="24" class="t">{title}</text>{"".join(rows)}</svg>\n'
    )


def main() -> None:
    """Measure, draw, and write the numbers into the page."""
    measured = {str(mode.value): parts_of_a_replicate(mode) for mode in (AcMode.OFF, AcMode.FAST)}
    shares = {name: parts for name, (_, parts) in measured.items()}
    FIGURE.write_text(figure(shares), encoding="utf-8")
    lines = ["| replicate of 12 days | CPU s | in compiled code and solvers |", "| --- | --- | --- |"]
    for name, (seconds, parts) in measured.items():
        compiled = sum(parts.get(part, 0.0) for part in KERNELS)
        said = "off" if name == "off" else "on"
        lines.append(f"| AC check {said} | {seconds:.2f} | {100 * compiled:.0f} % |")
    lines += ["", "| cost | sizes | CPU s | exponent |", "| --- | --- | --- | --- |"]
    series: tuple[tuple[str, Callable[[], list[tuple[float, float]]]], ...] = (
        ("replicate with AC check, by days", by_hours),
        ("replicates of two days", by_replicates),
        ("AC power flow, by buses", by_buses),
        ("day of gas, by segments in a row", by_pipes),
    )
    for name, measure in series:
        points = measure()
        sizes, costs = ", ".join(f"{x:g}" for x, _ in points), ", ".join(f"{y:.2g}" for _, y in points)
        lines.append(f"| {name} | {sizes} | {costs} | {exponent(points):.2f} |")
    page = PAGE.read_text(encoding="utf-8")
    block = "<!-- numbers -->\n" + "\n".join(lines) + "\n<!-- end of numbers -->"
    page = re.sub(r"<!-- numbers -->.*<!-- end of numbers -->", lambda _: block, page, flags=re.DOTALL)
    PAGE.write_text(page, encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
