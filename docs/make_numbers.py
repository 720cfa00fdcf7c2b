"""Writes docs/numbers.md from what tests find: `python docs/make_numbers.py`; they fail when it is out of date."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
from tests.support.references import COLLECT, PAGE, Row  # noqa: E402

HEAD = """# Numbers you can trust

Values that somebody else published, that follow exactly from the data, or that another program gives, beside what
gridsim finds. Each row is written by the test that compares them (`python docs/make_numbers.py`), and the test fails if
the page says anything else. Sampled numbers tell their distance in standard errors: beyond 2 should be one in twenty,
beyond 4 none.

More, too long for every run: the tests under `tests/verification`, whose README says what each
proves and when it was last run whole; public grids in [imports](imports.md); how to check a number of your own in
[checking](checking.md); speed beside other tools in [peers](peers.md).
"""
PARTS = {
    "adequacy": "Reliability",
    "dispatch": "Dispatch",
    "gas": "Gas",
    "frequency": "Frequency",
}
COLUMNS = ["| what | reference | gridsim | unit | off by | from |", "| --- | --- | --- | --- | --- | --- |"]


def tests() -> list[str]:
    """Test files that note what they find."""
    files = sorted((ROOT / "tests").rglob("test_*.py"))
    return [str(path) for path in files if "support.references import note" in path.read_text(encoding="utf-8")]


def page(rows: list[Row]) -> str:
    """The page; rows in the order of their names, part by part."""
    lines = [HEAD]
    for part, heading in PARTS.items():
        mine = sorted({row.line() for row in rows if row.part == part})
        lines += [f"\n## {heading}\n", *COLUMNS, *mine]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Run the tests and write the page; the exit code is theirs."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rows"
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", *tests()],
            cwd=ROOT,
            env=os.environ | {COLLECT: str(file), "PYTHONPATH": str(ROOT)},
            check=False,
        )
        rows = [Row(**json.loads(line)) for line in file.read_text(encoding="utf-8").splitlines()]
    PAGE.write_text(page(rows), encoding="utf-8")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
