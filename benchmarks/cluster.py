"""Where a study on a cluster stops growing: `python benchmarks/cluster.py [--replicates N] [--out FILE]`.

Measured here: CPU time of the coordinator and time of a worker for a replicate of a two-day event, and the bytes it
leaves. Then a simulation of many workers that one coordinator serves (a queue with one server) says how busy they are.

`--local-dask N` instead runs N replicates of a two-day event of RBTS on a Dask cluster of this machine and says how
much of their time its workers simulate, and what memory they hold at each quarter.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import simpy

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from gridsim.io.bundled import network_folder
from gridsim.io.read_network import read_network
from gridsim.io.read_study import read_study
from gridsim.reliability import SequentialMonteCarlo, assess, system_from_grid
from gridsim.reliability.methods import Level
from gridsim.study.run_study import JOB_S, Progress, run_study

EVENT = """
network: kazakhstan
horizon: {start: "2026-01-14 00:00", hours: 48}
policy: {ac: off}
events:
  - {id: trip, at: "+6h", kind: plant_outage, target: aksu_gres, probability: 0.5}
"""
SMALL_EVENT = EVENT.replace("kazakhstan", "rbts").replace("aksu_gres", "hydro")
WORKERS = (10, 100, 1_000, 3_000, 10_000)
SPREAD = 0.3  # coefficient of variation of a job's time, assumed: machines of a cluster differ
WARM_UP_S, HORIZON_S = 60.0, 180.0  # simulated; the first jobs are there at once, so they do not count
ASSESSED = (("rts79", Level.COPPER, 200_000), ("kazakhstan", Level.COPPER, 4_000), ("kazakhstan", Level.NODAL, 80))


@dataclass(frozen=True)
class Cost:
    """Measured cost of one replicate. ``coordinator_s``: CPU of the parent; ``worker_s``: time in the simulation."""

    coordinator_s: float
    worker_s: float
    bytes: float
    worker_peak_mb: float


def study_cost(replicates: int, workers: int) -> Cost:
    """Cost by the difference of a long and a short study, so that what a study costs once drops out."""
    found = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "day.yaml").write_text(EVENT)
        for count in (replicates // 4, replicates):
            (folder / "study.yaml").write_text(f"scenarios: [day.yaml]\nreplicates: {count}\n")
            began = time.process_time()
            result = run_study(read_study(str(folder / "study.yaml")), folder / f"out{count}", workers=workers)
            coordinator_s = time.process_time() - began
            size = sum(file.stat().st_size for file in result.path.rglob("*") if file.is_file())
            found.append((count, coordinator_s, result.busy_s, size))
    (n0, coordinator0, busy0, size0), (n1, coordinator1, busy1, size1) = found
    more = n1 - n0
    peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # the parent has run the event too, as a worker does
    return Cost((coordinator1 - coordinator0) / more, (busy1 - busy0) / more, (size1 - size0) / more, peak_kb / 1024)


def local_dask(replicates: int, workers: int) -> None:
    """Run a long study of a small event on Dask workers of this machine; print their time and memory."""
    import psutil

    held_mb: list[tuple[float, list[float]]] = []

    def look(now: Progress) -> None:
        if now.done < len(held_mb) * now.total / 4 or now.done == now.total:  # at the end they are gone
            return
        sizes = sorted(p.memory_info().rss / 2**20 for p in psutil.Process().children(recursive=True))
        held_mb.append((now.done, sizes[-workers:]))

    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "day.yaml").write_text(SMALL_EVENT)
        (folder / "study.yaml").write_text(f"scenarios: [day.yaml]\nreplicates: {replicates}\n")
        study = read_study(str(folder / "study.yaml"))
        result = run_study(study, folder / "out", workers=workers, scheduler="local", progress=look)
        done = sum(result.replicates.values())
    share = result.busy_s / (workers * result.wall_s)
    print(f"load average {os.getloadavg()[0]:.1f}, {done:,} replicates of 48 h, {workers} Dask workers here")
    print(f"{result.status}, {result.wall_s:,.0f} s, {1e3 * result.busy_s / done:.1f} ms a replicate")
    print(f"{100 * share:.1f} % of the workers' time in simulation")
    for count, sizes in held_mb:
        print(f"after {count:8,.0f}: workers hold " + ", ".join(f"{size:,.0f}" for size in sizes) + " MB")


def year_s(name: str, level: Level, years: int) -> float:
    """CPU seconds of a sample year, by the difference of a long and a short assessment on one thread."""
    system, spent = system_from_grid(read_network(network_folder(name))), []
    for count in (years // 4, years // 4, years):  # the first compiles and reads what is kept
        began = time.process_time()
        assess(system, SequentialMonteCarlo(years=count, level=level, workers=1, seed=1))
        spent.append(time.process_time() - began)
    return (spent[2] - spent[1]) / (years - years // 4)


def busy_share(workers: int, cost: Cost, seed: int = 1) -> float:
    """Share of their time that ``workers`` simulate, served by one coordinator that reads and joins every job."""
    draw = random.Random(seed)
    per_job = max(int(JOB_S / cost.worker_s), 1)
    sigma = math.sqrt(math.log1p(SPREAD**2))
    env = simpy.Environment()
    coordinator = simpy.Resource(env)
    busy_s = 0.0

    def served(ready: simpy.Event) -> Iterator[Any]:
        with coordinator.request() as turn:
            yield turn
            yield env.timeout(per_job * cost.coordinator_s)
        ready.succeed()

    def worker() -> Iterator[Any]:
        nonlocal busy_s
        waiting = [env.event().succeed(), env.event().succeed()]  # one in work, one that waits at the worker
        while True:
            yield waiting.pop(0)
            job_s = per_job * cost.worker_s * draw.lognormvariate(-(sigma**2) / 2, sigma)
            busy_s += max(min(env.now + job_s, HORIZON_S) - max(env.now, WARM_UP_S), 0.0)
            yield env.timeout(job_s)
            ready = env.event()
            env.process(served(ready))
            waiting.append(ready)

    for _ in range(workers):
        env.process(worker())
    env.run(until=HORIZON_S)
    return busy_s / (workers * (HORIZON_S - WARM_UP_S))


def main() -> None:
    """Measure, simulate, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replicates", type=int, default=1024)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--out", type=Path, help="JSON file")
    parser.add_argument("--local-dask", type=int, metavar="N", help="replicates of a small event on Dask, nothing else")
    given = parser.parse_args()
    if given.local_dask:
        local_dask(given.local_dask, given.workers)
        return
    cost = study_cost(given.replicates, given.workers)
    shares = {workers: busy_share(workers, cost) for workers in WORKERS}
    print(f"load average {os.getloadavg()[0]:.1f}, {given.replicates} replicates of 48 h, {given.workers} workers here")
    print(f"coordinator  {1e3 * cost.coordinator_s:8.3f} ms CPU a replicate ({1 / cost.coordinator_s:,.0f} a second)")
    print(f"worker       {1e3 * cost.worker_s:8.1f} ms a replicate, peak {cost.worker_peak_mb:,.0f} MB")
    print(f"on disk      {cost.bytes:8,.0f} bytes a replicate")
    print(f"the coordinator is full at {cost.worker_s / cost.coordinator_s:,.0f} workers; share of time in simulation:")
    for workers, share in shares.items():
        print(f"{workers:8,d} workers {100 * share:6.1f} %")
    years = {f"{name} {level.value}": year_s(name, level, count) for name, level, count in ASSESSED}
    for case, seconds in years.items():
        core_h = 1e7 * seconds / 3600
        print(f"{case:20s} {1e3 * seconds:10.4f} ms CPU a sample year; ten million: {core_h:,.1f} core hours")
    if given.out:
        given.out.write_text(json.dumps({"cost": asdict(cost), "busy_share": shares, "year_s": years}, indent=1) + "\n")


if __name__ == "__main__":
    main()
