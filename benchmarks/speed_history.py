"""Speed by release and by commit: what ``benchmarks/history`` keeps becomes docs/speed_history.md.

``python benchmarks/speed_history.py [FILE]``: adds FILE, of `gridsim bench --out`, under the version it names, refuses
one whose checks failed or whose load average says that the machine was busy, and writes the page. Figures of different
machines are not comparable; each release stands with its machine.

``python benchmarks/speed_history.py --asv FILE [FILE]``: adds the times of a commit from a result of asv
(``.asv/results/MACHINE/COMMIT-...json``), with a second result of the same commit if there is one, whose distance from
the first is noise.
"""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent / "history"
COMMITS = HERE / "commits"
PAGE = Path(__file__).parents[1] / "docs" / "speed_history.md"
#: Load average over which a figure is not written down.
BUSY = 1.2
#: A change is told where medians differ by this factor and the 99 % intervals do not overlap, as `asv compare` does.
FACTOR = 1.1
HEAD = """# Speed by release and by commit

Figures of `gridsim bench`, CPU time, median (lowest to highest of its measurements), one file a release under
`benchmarks/history`. Written by `python benchmarks/speed_history.py`. Compare releases only where they name one
machine; `gridsim bench --compare` tells a change from noise.
"""
BY_COMMIT = """
## By commit

Times of the asv suite, median and its 99 % interval as asv has them, one file a commit under
`benchmarks/history/commits`; {machine}. **Bold** is what `asv compare` calls a change from the commit before: the
medians differ by a tenth and the intervals do not overlap. *Again* is a second run of the same commit{noise}
"""


def page(releases: list[dict[str, Any]], commits: list[dict[str, Any]]) -> str:
    """A part for each release, the newest first, then the table of commits, the oldest first."""
    lines = [HEAD]
    for found in reversed(releases):
        machine, checks = found["machine"], found["checks"]
        lines += [
            f"\n## {found['versions']['gridsim']}\n",
            f"Commit `{(found['commit'] or 'unknown')[:12]}`; {machine['cpu']}, {machine['cores']} cores, Python "
            f"{machine['python']}, load average {machine['load_average']}; numba {found['versions']['numba']}, numpy "
            f"{found['versions']['numpy']}. {sum(one['passed'] for one in checks)} of {len(checks)} checks passed.\n",
            "| figure | median | range | unit |",
            "| --- | ---: | ---: | --- |",
        ]
        for one in found["figures"]:
            lines.append(
                f"| {one['name']} | {one['value']:,.3g} | {one['low']:,.3g} to {one['high']:,.3g} | {one['unit']} |"
            )
    if commits:
        lines += by_commit(commits)
    return "\n".join(lines) + "\n"


def changed(before: list[float] | None, after: list[float] | None) -> bool:
    """Whether asv would call ``after`` a change from ``before``; each is a median and the ends of its interval."""
    if before is None or after is None:
        return False
    apart = after[1] > before[2] or before[1] > after[2]
    return apart and max(before[0], after[0]) > FACTOR * min(before[0], after[0])


def by_commit(commits: list[dict[str, Any]]) -> list[str]:
    """Lines of the table of commits."""
    columns: list[tuple[str, dict[str, list[float]], dict[str, list[float]]]] = []
    repeated, beyond = 0, 0
    last: dict[str, list[float]] = {}
    for one in commits:
        columns.append((f"`{one['commit'][:8]}`, {one['date']}", one["times_s"], last))
        if again := one.get("again_times_s"):
            columns.append(("again", again, one["times_s"]))
            repeated += len(again)
            beyond += sum(changed(one["times_s"].get(name), found) for name, found in again.items())
        last = one["times_s"]
    noise = f": {beyond} of {repeated} times are beyond its noise." if repeated else "."
    lines = [BY_COMMIT.format(machine=commits[-1]["machine"], noise=noise)]
    lines += ["| benchmark | " + " | ".join(head for head, _, _ in columns) + " |"]
    lines += ["| --- |" + " ---: |" * len(columns)]
    for name in sorted({name for _, times, _ in columns for name in times}):
        cells = []
        for _, times, before in columns:
            found = times.get(name)
            mark = "**" if changed(before.get(name), found) else ""
            cells.append("" if found is None else f"{mark}{in_words(found)}{mark}")
        lines.append(f"| {name.replace('bench_', '')} | " + " | ".join(cells) + " |")
    return lines


def in_words(found: list[float]) -> str:
    """Median and interval, such as ``3.04 (2.04 to 3.24) ms``."""
    scale, unit = (1.0, "s") if found[0] >= 1.0 else (1e3, "ms")
    median, low, high = (f"{scale * s:,.3g}" for s in found)
    return f"{median} ({low} to {high}) {unit}"


def times_of_asv(path: Path) -> dict[str, list[float]]:
    """Median and ends of the 99 % interval in seconds, by benchmark and parameters; times alone, no tracks."""
    found = json.loads(path.read_text(encoding="utf-8"))
    at = {column: k for k, column in enumerate(found["result_columns"])}
    times = {}
    for name, row in found["results"].items():
        if ".time_" not in name or row is None or row[at["result"]] is None:
            continue
        values = [row[at[column]] for column in ("result", "stats_ci_99_a", "stats_ci_99_b")]
        for k, parameters in enumerate(product(*row[at["params"]])):
            if any(value is None or value[k] is None for value in values):
                continue
            title = f"{name}({', '.join(p.strip(chr(39)) for p in parameters)})" if parameters else name
            times[title] = [float(value[k]) for value in values]
    return times


def commit_of_asv(paths: list[Path]) -> dict[str, Any]:
    """What is kept of one or two results of one commit."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    if len({one["commit_hash"] for one in found}) > 1:
        raise ValueError("results of different commits: give one commit at a time")
    machine = found[0]["params"]
    kept = {
        "commit": found[0]["commit_hash"],
        "date": datetime.fromtimestamp(found[0]["date"] / 1e3, UTC).date().isoformat(),
        "order": found[0]["date"],
        "machine": f"{machine['cpu']}, {machine['num_cpu']} cores",
        "times_s": times_of_asv(paths[0]),
    }
    if len(paths) > 1:  # asv keeps what a second run did not measure as the first left it
        first = kept["times_s"]
        kept["again_times_s"] = {name: s for name, s in times_of_asv(paths[1]).items() if s != first.get(name)}
    return kept


def kept_commits() -> list[dict[str, Any]]:
    """What is kept, by the date of the commit."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in COMMITS.glob("*.json")]
    return sorted(found, key=lambda one: one["order"])


def releases() -> list[dict[str, Any]]:
    """What is kept, by version."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in HERE.glob("*.json")]
    return sorted(found, key=lambda one: [int(part) for part in one["versions"]["gridsim"].split(".")])


def refusal(found: dict[str, Any]) -> str:
    """Reason why a file is not kept, empty for one that is."""
    failed = [one["name"] for one in found["checks"] if not one["passed"]]
    if failed or not found["passed"]:
        return f"failed checks: {', '.join(failed) or 'unnamed'}"
    load = found["machine"]["load_average"] or 0.0
    return f"load average {load} > {BUSY}, run gridsim bench again on a quiet machine" if load > BUSY else ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="of gridsim bench --out, or of asv")
    parser.add_argument("--asv", action="store_true", help="FILE is a result of asv, with a second of the same commit")
    arguments = parser.parse_args()
    if arguments.asv:
        kept = commit_of_asv(arguments.files)
        COMMITS.mkdir(parents=True, exist_ok=True)
        (COMMITS / f"{kept['commit'][:8]}.json").write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    else:
        for path in arguments.files:
            text = path.read_text(encoding="utf-8")
            found = json.loads(text)
            if reason := refusal(found):
                print(f"{path}: {reason}: not kept")
                return 1
            HERE.mkdir(exist_ok=True)
            (HERE / f"{found['versions']['gridsim']}.json").write_text(text, encoding="utf-8")
    PAGE.write_text(page(releases(), kept_commits()), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
