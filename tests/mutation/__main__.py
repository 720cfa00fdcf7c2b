"""Applies each drawn change in a copy of the repository and runs the fast tests that are nearest to it.

A copy per worker keeps modification times, so that Numba's cache beside the kernels stays good. Test files are run in
one process up to the first failure, nearest first: named after the module, importing it, then all others by their time
in a first run without a change. Longer than ``--timeout`` counts as red: a loop that no longer ends.
"""

from __future__ import annotations

import argparse
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from tests.mutation.mutants import Mutant, drawn
from tests.support.imports import PACKAGE, ROOT, import_graph, module_name

FOLDERS = ["gridsim/engine", "gridsim/contingencies", "gridsim/results"]
TESTS = ["tests/engine", "tests/contingencies", "tests/results"]
#: Share of changes that must turn a test red.
AIM = 0.9


class Outcome(NamedTuple):
    """``by``: the test that failed, "timeout", or nothing if none did."""

    by: str
    seconds: float


def copy_of_repository(folder: Path) -> Path:
    """What the tests need, with modification times."""
    target = folder / "gridsim"
    leave = shutil.ignore_patterns(".git", ".venv", "runs", ".asv", ".mypy_cache", ".pytest_cache", ".hypothesis")
    shutil.copytree(ROOT, target, ignore=leave)
    return target


def pytest_run(copy: Path, arguments: Iterable[str], timeout_s: float) -> tuple[int | None, str]:
    """Exit code (None: out of time) and output of pytest in the copy."""
    # Numba's cache is written on the way, Python's is not: a change may keep size and second of its file.
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1", "CI": "1"}
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *arguments]
    run = subprocess.Popen(
        command, cwd=copy, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,
    )  # fmt: skip
    try:
        output, _ = run.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        os.killpg(run.pid, signal.SIGKILL)
        output, _ = run.communicate()
        return None, output
    return run.returncode, output


def test_files() -> list[str]:
    """Fast tests, by path."""
    return sorted(path.relative_to(ROOT).as_posix() for folder in TESTS for path in (ROOT / folder).glob("test_*.py"))


def seconds_by_file(copy: Path, files: list[str], timeout_s: float) -> dict[str, float]:
    """Time of every test file without a change; an error if one fails then."""
    report = copy / "times.xml"
    code, output = pytest_run(copy, [f"--junitxml={report}", *files], timeout_s)
    if code != 0:
        raise SystemExit(f"the tests are red without any change:\n{output[-2000:]}")
    seconds = dict.fromkeys(files, 0.0)
    for case in ElementTree.parse(report).iter("testcase"):
        file = case.attrib["classname"].replace(".", "/") + ".py"
        seconds[file] = seconds.get(file, 0.0) + float(case.attrib["time"])
    return seconds


def nearest_first(mutant: Mutant, files: list[str], seconds: dict[str, float], graph: dict[str, set[str]]) -> list[str]:
    """Test files in the order in which they are likely to see a change of ``mutant.file``."""
    module = module_name(ROOT / mutant.file)
    stem = Path(mutant.file).stem
    folder = Path(mutant.file).parent.name

    def rank(file: str) -> tuple[int, float]:
        test = module_name(ROOT / file)
        if Path(file).stem == f"test_{stem}":
            return 0, seconds[file]
        if module in graph.get(test, set()):
            return 1, seconds[file]
        return (2 if f"/{folder}/" in file else 3), seconds[file]

    return sorted(files, key=rank)


def outcome_of(copy: Path, mutant: Mutant, files: list[str], timeout_s: float) -> Outcome:
    """Apply one change, run the tests, take it back."""
    path = copy / mutant.file
    stat, text = path.stat(), path.read_text(encoding="utf-8")
    started = time.monotonic()
    path.write_text(mutant.applied(text), encoding="utf-8")
    for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"):
        compiled.unlink()
    try:
        code, output = pytest_run(copy, files, timeout_s)
    finally:
        path.write_text(text, encoding="utf-8")
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    seconds = time.monotonic() - started
    if code == 0:
        return Outcome("", seconds)
    if code is None:
        return Outcome("timeout", seconds)
    failed = re.search(r"^(?:FAILED|ERROR) (\S+)", output, flags=re.MULTILINE)
    return Outcome(failed[1] if failed else f"exit code {code}", seconds)


def row(at: int, mutant: Mutant, outcome: Outcome) -> str:
    """One row of the table."""
    cells = [
        str(at),
        f"{mutant.file}:{mutant.line}",
        mutant.kind,
        f"`{mutant.old}` -> `{mutant.new}`",
        "red" if outcome.by else "GREEN",
        outcome.by,
        f"{outcome.seconds:.0f}",
    ]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def main() -> int:
    """Exit code 0 if enough changes turned a test red."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation")
    parser.add_argument("--n", type=int, default=60, help="changes to draw")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--timeout", type=float, default=900.0, help="seconds for one change")
    parser.add_argument("--only", default="", help="numbers of changes to run, by comma")
    parser.add_argument("--out", type=Path, help="file for the table; rows are added as they are done")
    parser.add_argument("--list", action="store_true", help="print the changes and run nothing")
    options = parser.parse_args()

    chosen = list(enumerate(drawn(ROOT, FOLDERS, options.n, options.seed), 1))
    if options.only:
        numbers = {int(number) for number in options.only.split(",")}
        chosen = [pair for pair in chosen if pair[0] in numbers]
    if options.list:
        for at, mutant in chosen:
            print(f"{at:3} {mutant.file}:{mutant.line} {mutant.kind}: {mutant.old} -> {mutant.new}")
        return 0

    files = test_files()
    graph = import_graph(ROOT / "tests", PACKAGE)
    rows: list[str] = ["| # | line | kind | change | result | by | s |", "| --- | --- | --- | --- | --- | --- | --- |"]

    def say(text: str) -> None:
        print(text, flush=True)
        if options.out:
            with options.out.open("a", encoding="utf-8") as file:
                file.write(text + "\n")

    with tempfile.TemporaryDirectory(prefix="mutation-") as scratch:
        copies: queue.Queue[Path] = queue.Queue()
        for worker in range(options.workers):
            copies.put(copy_of_repository(Path(scratch) / str(worker)))
        seconds = seconds_by_file(copies.queue[0], files, 10 * options.timeout)
        say("\n".join(rows))

        def play(pair: tuple[int, Mutant]) -> Outcome:
            at, mutant = pair
            copy = copies.get()
            try:
                outcome = outcome_of(copy, mutant, nearest_first(mutant, files, seconds, graph), options.timeout)
            finally:
                copies.put(copy)
            say(row(at, mutant, outcome))
            return outcome

        with ThreadPoolExecutor(options.workers) as pool:
            outcomes = list(pool.map(play, chosen))
    red = sum(bool(outcome.by) for outcome in outcomes)
    say(f"\n{red} of {len(outcomes)} changes turned a test red.")
    return 0 if red >= AIM * len(outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
