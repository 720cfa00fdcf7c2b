"""A minute's self-check: what this installation is, how fast it is here, and whether its answers are right."""

from __future__ import annotations

import dataclasses
import os
import platform
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from gridsim.engine.run import run
from gridsim.io.bundled import network_folder
from gridsim.io.read_network import read_network
from gridsim.io.read_scenario import read_scenario
from gridsim.io.store import package_versions
from gridsim.kernels.arrays import DispatchState
from gridsim.model.pack import pack
from gridsim.model.system import GridSystem
from gridsim.reliability import AdequacySystem, SequentialMonteCarlo, SnapshotMonteCarlo, assess, system_from_grid
from gridsim.results.metrics import Estimate
from gridsim.solvers.ac import AcMethod, AcModel
from gridsim.solvers.dispatch import DispatchMethod, DispatchOptions, DispatchSolver
from gridsim.solvers.operating_point import base_point

SEED = 1
#: A sampled value may lie this many standard errors from the exact one: a false alarm in 16,000 checks.
LARGEST_Z = 4.0
#: Exact LOLH (h) and EUE (MWh) a year by convolution of the machines, without maintenance and network: RTS-79 on a
#: 1 MW grid, RBTS on a 5 MW grid; published 9.394 and 1,176 (IEEE RTS 1979 literature), 1.0916 and 9.86 (Billinton et
#: al. 1989).
EXACT = {"rts79": (9.394175489, 1176.29846), "rbts": (1.091560473, 9.861350704)}
YEARS = {"rts79": 200_000, "rbts": 400_000}
NETWORKS = ("rts79", "rbts", "kazakhstan")
#: Of the JSON that `gridsim bench` writes.
SCHEMA_VERSION = 1
#: Times that a figure is measured.
REPEATS = 5
N_STATES = 40
RELATIVE_COST = 1e-7
SHED_MW = 1e-5
VM_PU, VA_DEGREE = 1e-6, 1e-4
BALANCE_MW = 0.1

Progress = Callable[[float], None]


@dataclass(frozen=True)
class Check:
    """``found`` against ``expected``; passed if ``deviation``, in ``unit``, is within ``limit``."""

    name: str
    found: float
    expected: float
    deviation: float
    limit: float
    unit: str

    @property
    def passed(self) -> bool:
        return bool(abs(self.deviation) <= self.limit)  # NaN fails


@dataclass(frozen=True)
class Figure:
    """Speed of one piece of work on this machine now, in CPU time, compiled code in the cache: the median of some
    measurements, the lowest and the highest.
    """

    name: str
    value: float
    unit: str
    low: float
    high: float


def measured(name: str, unit: str, measure: Callable[[], float], repeats: int = REPEATS) -> Figure:
    """The figure from ``repeats`` calls."""
    values = [measure() for _ in range(repeats)]
    return Figure(name, statistics.median(values), unit, min(values), max(values))


def commit() -> str | None:
    """Commit of the checkout that gridsim is imported from; None of an installed wheel."""
    folder = Path(__file__).parents[2]
    if not (folder / ".git").exists():
        return None
    words = ["git", "-C", str(folder), "rev-parse", "HEAD"]
    try:
        return subprocess.run(words, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None


def _cpu_s(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def machine() -> dict[str, Any]:
    """Processor, cores, system, Python; no name of the machine or its user."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        models = [line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if "model name" in line]
        cpu = models[0] if models else cpu
    return {
        "cpu": cpu,
        "cores": os.cpu_count(),
        "load_average": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
        "system": platform.system(),
        "python": platform.python_version(),
    }


def self_check(progress: Progress = lambda share: None) -> dict[str, Any]:
    """Run every check.

    Returns ``schema_version, commit, network_hashes, machine, versions, checks, figures, passed, wall_s``; ``checks``
    and ``figures`` are lists of records.
    """
    began, before = time.perf_counter(), machine()
    checks: list[Check] = []
    figures: list[Figure] = []
    parts = (_copper, _nodal, _dispatch, _ac, _event)
    for k, part in enumerate(parts):
        for finding in part():
            (checks if isinstance(finding, Check) else figures).append(finding)  # type: ignore[arg-type]
        progress((k + 1) / len(parts))
    return {
        "schema_version": SCHEMA_VERSION,
        "commit": commit(),
        "network_hashes": {name: read_network(network_folder(name)).content_hash for name in NETWORKS},
        "machine": {**before, "load_average": _larger(before["load_average"], machine()["load_average"])},
        "versions": package_versions(),
        "checks": [{**dataclasses.asdict(check), "passed": check.passed} for check in checks],
        "figures": [dataclasses.asdict(figure) for figure in figures],
        "passed": all(check.passed for check in checks),
        "wall_s": round(time.perf_counter() - began, 1),
    }


def _larger(a: float | None, b: float | None) -> float | None:
    return b if a is None else a if b is None else max(a, b)


Findings = Iterator[Check | Figure]


def _copper() -> Findings:
    """Chronological years against the exact answer."""
    for name, (lolh, eue) in EXACT.items():
        system = system_from_grid(read_network(network_folder(name)), "none")
        assess(system, SequentialMonteCarlo(years=1, seed=SEED))  # compiles
        result = assess(system, SequentialMonteCarlo(years=YEARS[name], seed=SEED))
        yield _sampled(f"{name} LOLH, h/a", result["LOLH"], lolh)
        yield _sampled(f"{name} EUE, MWh/a", result["EUE"], eue)
        if name == "rts79":
            name_of_rate = "RTS-79 sequential years, copper plate, one thread"
            yield measured(name_of_rate, "years/s", partial(_years_per_s, system, YEARS[name] // 10, "copper"))
            snapshots = assess(system, SnapshotMonteCarlo(samples=8736 * 500, seed=SEED))
            yield _sampled(f"{name} LOLH by snapshots, h/a", snapshots["LOLH"], lolh)


def _sampled(name: str, estimate: Estimate, exact: float) -> Check:
    """An estimate against the exact value, in its own standard errors."""
    found = float("nan") if estimate.value is None else estimate.value
    z = (found - exact) / (estimate.stderr or float("nan"))
    return Check(name, found, exact, z, LARGEST_Z, "standard errors")


def _nodal() -> Findings:
    """RTS-79 at its buses: bus 7 is bottled, so some more than copper-plate EUE; no state may be left to HiGHS."""
    system = system_from_grid(read_network(network_folder("rts79")), "none")
    assess(system, SequentialMonteCarlo(years=1, seed=SEED, level="nodal"))
    result = assess(system, SequentialMonteCarlo(years=64, seed=SEED, level="nodal"))
    fallbacks = float(result.diagnostics["highs_fallbacks"])
    yield Check("rts79 nodal years, states left to HiGHS", fallbacks, 0.0, fallbacks, 0.0, "states")
    every_bus = "RTS-79 sequential years at every bus, one thread"
    yield measured(every_bus, "years/s", partial(_years_per_s, system, 64, "nodal"), 3)


def _years_per_s(system: AdequacySystem, years: int, level: str) -> float:
    method = SequentialMonteCarlo(years=years, seed=SEED, level=level)
    return years / _cpu_s(lambda: assess(system, method))


def winter_states(system: GridSystem, n_states: int) -> list[DispatchState]:
    """Winter hours of a network with a tenth of its machines out at random and demand between 80 and 110 % of peak."""
    packed = pack(system)
    solver = DispatchSolver(packed.case)
    rng = np.random.default_rng(SEED)
    hi = np.zeros(packed.n_columns)
    hi[packed.gen_columns] = system.generators.p_max_mw
    hi[packed.border_columns] = system.borders.contract_import_mw
    demand = packed.demand_by_tier(system.loads.p_mw)
    row_lo, row_hi = packed.row_limits((), 1)
    return [
        DispatchState(
            topology=solver.topology(),
            lo_mw=np.zeros(packed.n_columns),
            hi_mw=hi * (rng.random(packed.n_columns) > 0.1),
            cost=packed.cost,
            spill_cost=np.full(packed.n_columns, 2.0 * max(packed.cost.max(), 1.0)),
            demand_mw=demand * rng.uniform(0.8, 1.1),
            penalty=np.tile(packed.tiers.penalty, (packed.case.n_buses, 1)),
            row_lo_mw=row_lo,
            row_hi_mw=row_hi,
        )
        for _ in range(n_states)
    ]


def _dispatch() -> Findings:
    """The kernel against HiGHS, sharing and perturbation off in both."""
    for name in ("rts79", "kazakhstan"):
        system = read_network(network_folder(name))
        case = pack(system).case
        kernel, highs = (
            DispatchSolver(case, DispatchOptions(method=method, segments=False, perturb=False))
            for method in (DispatchMethod.KERNEL, DispatchMethod.HIGHS)
        )
        states = winter_states(system, N_STATES)
        kernel.solve(states[0])
        ours = [kernel.solve(state) for state in states]
        theirs = [highs.solve(state) for state in states]
        costs = np.array([[a.cost, b.cost] for a, b in zip(ours, theirs)])
        worst = int(np.argmax(np.abs(costs[:, 0] - costs[:, 1]) / np.abs(costs[:, 1])))
        a, b = costs[worst]
        yield Check(
            f"{name} dispatch against HiGHS, cost of the worst of {N_STATES} states", a, b, a / b - 1.0,
            RELATIVE_COST, "relative",
        )  # fmt: skip
        shed = np.array([[a.shed_mw.sum(), b.shed_mw.sum()] for a, b in zip(ours, theirs)])
        worst = int(np.argmax(np.abs(shed[:, 0] - shed[:, 1])))
        a, b = shed[worst]
        yield Check(f"{name} dispatch against HiGHS, unserved load of the worst state, MW", a, b, a - b, SHED_MW, "MW")
        fallbacks = float(kernel.fallbacks)
        yield Check(f"{name} dispatch, states left to HiGHS", fallbacks, 0.0, fallbacks, 0.0, "states")
        one = partial(_cpu_of_each, kernel, states)
        other = partial(_cpu_of_each, highs, states)
        yield measured(f"{name} dispatch, one state from Python", "us", partial(_scaled, 1e6, one))
        yield measured(f"{name} dispatch, HiGHS (scipy) over kernel", "times", partial(_ratio, other, one), 3)


def _cpu_of_each(solver: DispatchSolver, states: list[DispatchState]) -> float:
    return _cpu_s(lambda: [solver.solve(state) for state in states]) / len(states)


def _scaled(factor: float, measure: Callable[[], float]) -> float:
    return factor * measure()


def _ratio(above: Callable[[], float], below: Callable[[], float]) -> float:
    return above() / below()


def _ac() -> Findings:
    """The winter peak of Kazakhstan against pandapower's own Newton-Raphson."""
    system = read_network(network_folder("kazakhstan"))
    point = base_point(system)
    fast, slow = (AcModel(system, method, point) for method in (AcMethod.FAST, AcMethod.PANDAPOWER))
    a, b = fast.solve(point), slow.solve(point)
    for quantity, limit, unit in (("vm_pu", VM_PU, "pu"), ("va_degree", VA_DEGREE, "degree")):
        ours, theirs = getattr(a, quantity), getattr(b, quantity)
        gap = np.abs(ours - theirs)
        bus = int(np.argmax(gap))
        yield Check(
            f"kazakhstan AC power flow against pandapower, {quantity} of the worst bus", float(ours[bus]),
            float(theirs[bus]), float(gap[bus]), limit, unit,
        )  # fmt: skip

    def hours() -> None:
        for pu in np.linspace(1.0, 0.9, 20):
            fast.solve(point._replace(p_load_mw=pu * point.p_load_mw, p_gen_mw=pu * point.p_gen_mw))

    yield measured("kazakhstan AC power flow, hour after hour", "ms", lambda: 1e3 * _cpu_s(hours) / 20)


def _event() -> Findings:
    """A bundled event: zone by zone and hour by hour, what was lost is what replaced it."""
    system, scenario = read_scenario("north_south_transit_loss")
    result = run(system, scenario, seed=SEED)
    residual = float(np.abs(result.tables["balance"]["residual_mw"]).max())
    name = scenario.name
    yield Check(f"{name}, largest residual of the zone balances, MW", residual, 0.0, residual, BALANCE_MW, "MW")
    yield measured(
        f"{name}, {scenario.horizon.hours:g} h with its base case", "s",
        lambda: _cpu_s(lambda: run(system, scenario, seed=SEED)), 3,
    )  # fmt: skip
