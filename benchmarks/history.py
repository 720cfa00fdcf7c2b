"""Speed by release: files of `gridsim bench --out` in ``benchmarks/history`` become docs/speed_history.md.

``python benchmarks/history.py [FILE]``: adds FILE under the version it names, refuses one whose checks failed or whose
load average says that the machine was busy, and writes the page. Figures of different machines are not comparable;
each release stands with its machine.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent / "history"
PAGE = Path(__file__).parents[1] / "docs" / "speed_history.md"
#: Load average over which a figure is not written down.
BUSY = 1.2
HEAD = """# Speed by release

Figures of `gridsim bench`, CPU time, median (lowest to highest of its measurements), one file a release under
`benchmarks/history`. Written by `python benchmarks/history.py`. Compare releases only where they name one machine;
`gridsim bench --compare` tells a change from noise.
"""


def page(releases: list[dict[str, Any]]) -> str:
    """A part for each release, the newest first."""
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
    return "\n".join(lines) + "\n"


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
    for name in sys.argv[1:]:
        text = Path(name).read_text(encoding="utf-8")
        found = json.loads(text)
        if reason := refusal(found):
            print(f"{name}: {reason}: not kept")
            return 1
        HERE.mkdir(exist_ok=True)
        (HERE / f"{found['versions']['gridsim']}.json").write_text(text, encoding="utf-8")
    PAGE.write_text(page(releases()), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
