"""The same work by gridsim and by the tools a user would pick instead, side by side.

``python benchmarks/peers/run.py [--only assetra pypsa ...]`` makes a virtual environment for each peer from
``requirements/PEER.txt``, lets both sides answer and compares the answers, then times them in turn: ours, theirs, ours,
theirs, so that a machine that slows down slows both. Prints the table and writes ``RESULTS.md`` and ``results.json``
into ``--out`` (by default ``runs/peers``, which git leaves alone; ``--out benchmarks/peers`` publishes them);
comparisons left out by ``--only`` keep the published results.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import venv
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))
from benchmarks.peers.page import page, seconds, three_digits
from gridsim.report.self_check import machine

HERE = Path(__file__).parent
RESULTS = HERE / "results.json"
SCALING = HERE.parent / "scaling.json"
#: Largest distance of two sampled answers in standard errors of their difference.
LARGEST_Z = 4.0


@dataclass(frozen=True)
class Comparison:
    """``task`` of the peer against ``ours``, both on the inputs in ``folder``; answers agree within ``tolerance``."""

    key: str
    peer: str
    what: str
    theirs_call: str
    ours_call: str
    task: str
    ours: str
    unit: str
    tolerance: float
    folder: str = "."
    note: str = ""


COMPARISONS = (
    Comparison(
        "assetra", "assetra", "RTS-79 years, copper plate, chronological",
        "ProbabilisticSimulation.run, 100 trials", "assess(SequentialMonteCarlo), 1 thread",
        "years", "sequential_years", "year", 0.0,
        note="assetra draws every hour on its own: a year of its LOLH varies less than a chronological year, and it "
        "cannot give durations or frequencies. The time to an equal standard error stands below the table.",
    ),
    Comparison(
        "assetra_hours", "assetra", "RTS-79 years, copper plate, independent hours",
        "ProbabilisticSimulation.run, 100 trials", "assess(SnapshotMonteCarlo), 1 thread",
        "years", "snapshot_years", "year of 8,736 hours", 0.0,
    ),
    Comparison(
        "pandapower_dcopp", "pandapower", "DC-OPF of the 24-bus case, linear costs",
        "rundcopp", "DispatchSolver.solve from the merit order", "dcopp", "dcopp", "dispatch", 1e-6,
    ),
    Comparison(
        "pandapower_flow", "pandapower", "AC power flow of Kazakhstan, two load levels in turn, reactive limits off",
        "runpp(init='results', distributed_slack=True)", "AcModel.solve", "flow", "flow", "power flow", 1e-5,
    ),
    Comparison(
        "pandapower_outages", "pandapower", "N-1 of Kazakhstan, every sixteenth outage that does not island",
        "run_contingency", "AcModel.contingencies and flows", "outages", "outages", "outage", 1e-5, "some",
    ),
    Comparison(
        "lightsim2grid", "lightsim2grid", "N-1 of Kazakhstan, every outage that does not island",
        "ContingencyAnalysisCPP", "AcModel.contingencies and flows", "outages", "outages", "outage", 1e-5, "all",
        note="gridsim calls the same class, on a grid model it makes itself. Transformers stand at nominal "
        "ratio in both, because lightsim2grid's import leaves out rated voltages unlike those of the buses.",
    ),
    Comparison(
        "pypowsybl", "pypowsybl", "N-1 of Kazakhstan, every outage that does not island",
        "OpenLoadFlow's security analysis", "AcModel.contingencies and flows", "outages", "outages", "outage", 1e-5,
        "all",
        note="The net is written into pypowsybl's own model; both sides share the imbalance by the same weights.",
    ),
    Comparison(
        "pypsa_case118", "pypsa", "a day of hourly dispatch, case118", "Network.optimize with HiGHS",
        "DispatchSolver.solve, hour after hour", "day", "day", "hour", 1e-6, "case118",
    ),
    Comparison(
        "pypsa_kazakhstan", "pypsa", "a day of hourly dispatch, Kazakhstan with its sections",
        "Network.optimize with HiGHS", "DispatchSolver.solve, hour after hour", "day", "day", "hour", 1e-6,
        "kazakhstan",
    ),
    *(
        Comparison(
            f"highspy_{name}", "highspy", f"dispatch states, {title}", "one warm Highs model, bounds changed in place",
            "the dispatch kernel in one loop", "states", "states", "state", 1e-6, name,
        )
        for name, title in (
            ("rts79", "RTS-79, unrelated states"),
            ("case118", "case118, unrelated states"),
            ("kazakhstan", "Kazakhstan, consecutive hours"),
        )
    ),
)  # fmt: skip


class Side:
    """One process that runs its work whenever it is told to."""

    def __init__(self, python: Path | str, script: str, task: str, folder: Path):
        environment = {**os.environ, **{f"{k}_NUM_THREADS": "1" for k in ("OMP", "OPENBLAS", "MKL", "NUMBA")}}
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115
        self._process = subprocess.Popen(
            [str(python), str(HERE / script), task, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env=environment,
        )
        about = self._read()
        self.versions: dict[str, str] = about["versions"]
        self.n: int = about["n"]

    def _read(self) -> Any:
        line = self._process.stdout.readline()  # type: ignore[union-attr]
        if not line:
            self._process.wait()
            self._errors.seek(0)
            raise RuntimeError((self._errors.read().strip().splitlines() or ["no output"])[-1])
        return json.loads(line)

    def run(self) -> Any:
        """Seconds and answer of one run."""
        self._process.stdin.write("go\n")  # type: ignore[union-attr]
        self._process.stdin.flush()  # type: ignore[union-attr]
        return self._read()

    def close(self) -> None:
        self._process.stdin.close()  # type: ignore[union-attr]
        self._process.wait()


def environment_of(peer: str, cache: Path) -> Path:
    """Python of the peer's virtual environment, made if its requirements changed."""
    requirements = HERE / "requirements" / f"{peer}.txt"
    folder = cache / peer
    done = folder / "requirements.txt"
    python = folder / "bin" / "python"
    if not done.exists() or done.read_text() != requirements.read_text():
        venv.create(folder, with_pip=True, clear=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(requirements)]
        subprocess.run(pip, check=True, capture_output=True, text=True)
        done.write_text(requirements.read_text())
    return python


def agreement(ours: dict[str, Any], theirs: dict[str, Any], tolerance: float) -> list[dict[str, Any]]:
    """Common quantities of two answers: values, distance, and whether it is small enough."""
    rows = []
    for name in ours.keys() & theirs.keys():
        if isinstance(ours[name], list):
            (a, a_error), (b, b_error) = ours[name], theirs[name]
            distance = abs(a - b) / math.hypot(a_error, b_error)
            row = {"ours": a, "theirs": b, "ours_stderr": a_error, "theirs_stderr": b_error, "z": distance}
            limit = LARGEST_Z
        else:
            a, b = ours[name], theirs[name]
            distance = abs(a - b) / max(abs(a), abs(b), 1e-12)
            row = {"ours": a, "theirs": b, "relative": distance}
            limit = tolerance
        rows.append({"quantity": name, **row, "agrees": bool(distance <= limit)})
    return sorted(rows, key=lambda row: row["quantity"])


def compare(comparison: Comparison, folder: Path, cache: Path, repeats: int) -> dict[str, Any]:
    """Answers, versions and medians of one comparison; ``error`` if it cannot be made."""
    try:
        python = environment_of(comparison.peer, cache)
    except subprocess.CalledProcessError as error:
        return {"error": f"does not install: {(error.stderr or '').strip().splitlines()[-1:]}"}
    inputs = folder / comparison.folder
    try:
        ours = Side(sys.executable, "ours.py", comparison.ours, inputs)
        theirs = Side(python, f"with_{comparison.peer}.py", comparison.task, inputs)
        answers = agreement(ours.run()["answer"], theirs.run()["answer"], comparison.tolerance)
        times: dict[str, list[float]] = {"ours": [], "theirs": []}
        for _ in range(repeats):
            times["ours"].append(ours.run()["seconds"] / ours.n)
            times["theirs"].append(theirs.run()["seconds"] / theirs.n)
        ours.close()
        theirs.close()
    except RuntimeError as error:
        return {"error": str(error)}
    median = {side: statistics.median(values) for side, values in times.items()}
    return {
        "answers": answers,
        "agrees": bool(answers) and all(row["agrees"] for row in answers),
        "seconds": times,
        "median_s": median,
        "n": {"ours": ours.n, "theirs": theirs.n},
        "ratio": median["theirs"] / median["ours"],
        "versions": {"ours": ours.versions, "theirs": theirs.versions},
        "repeats": repeats,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    peers = sorted({comparison.peer for comparison in COMPARISONS})
    keys = [comparison.key for comparison in COMPARISONS]
    names = sorted({*peers, *keys})
    parser.add_argument("--only", nargs="+", choices=names, metavar="NAME", help=f"of {', '.join(names)}; default all")
    parser.add_argument("--out", type=Path, default=Path("runs/peers"), help="folder of RESULTS.md and results.json")
    default = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "gridsim" / "peers"
    parser.add_argument("--environments", type=Path, default=default, help="folder of the virtual environments")
    parser.add_argument("--repeats", type=int, default=5, help="runs of each side, in turn; medians are compared")
    parser.add_argument("--page-only", action="store_true", help="write RESULTS.md again from the last results")
    arguments = parser.parse_args()
    results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    if not arguments.page_only:
        wanted = [c for c in COMPARISONS if not arguments.only or {c.key, c.peer} & set(arguments.only)]
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            subprocess.run([sys.executable, str(HERE / "ours.py"), "prepare", scratch], check=True)
            for comparison in wanted:
                before = {**machine(), "date": datetime.now(UTC).date().isoformat()}
                found = compare(comparison, folder, arguments.environments, arguments.repeats)
                results[comparison.key] = {**found, "machine": before}
                print(summary(comparison, found), flush=True)
                write_results(results, arguments.out)
    write_results(results, arguments.out)
    print(f"tables in {arguments.out}")
    return 0 if all(result.get("agrees", True) for result in results.values()) else 1


def write_results(results: dict[str, Any], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / RESULTS.name).write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    scaling = json.loads(SCALING.read_text(encoding="utf-8")) if SCALING.exists() else None
    (folder / "RESULTS.md").write_text(page(COMPARISONS, results, scaling), encoding="utf-8")


def summary(comparison: Comparison, found: dict[str, Any]) -> str:
    if "error" in found:
        return f"{comparison.key}: not compared: {found['error']}"
    if not found["agrees"]:
        return f"{comparison.key}: ANSWERS DIFFER: {found['answers']}"
    ratio = found["ratio"]
    faster, times = ("gridsim", ratio) if ratio >= 1 else (comparison.peer, 1.0 / ratio)
    ours, theirs = (seconds(found["median_s"][side]) for side in ("ours", "theirs"))
    article = "an" if comparison.unit.startswith(("outage", "hour")) else "a"
    how_much = f"{three_digits(times)} times faster ({ours} against {theirs} {article} {comparison.unit})"
    return f"{comparison.key}: {faster} is {how_much}"


if __name__ == "__main__":
    sys.exit(main())
