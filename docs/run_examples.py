"""Runs every code block of README and docs as a reader would, and checks the output that is shown.

``python docs/run_examples.py [PAGE ...]``: each page in an empty folder of its own, its blocks in order.

- ``bash`` and ``sh``: run by bash; a command that fails stops the page.
- ``python``: run as a program; one with ``@gridsim.`` decorators by ``gridsim run``.
- ``yaml``: parsed. After ``<!-- file: NAME -->`` a block of any language is written to NAME.
- ``text`` after ``<!-- output -->``: its lines stand in this order in the output of the block before, space by space
  alike but for how many; ``...`` stands for anything, on a line of its own for any lines.
- ``<!-- before: COMMAND -->`` is run out of the reader's sight, for a page that goes on from another.
- ``<!-- command: NAME -->``: left to `.ci/run`, which runs it on a clean clone.

Exit code 1 if anything failed; ``--list`` prints the blocks without running them.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
PAGES = ["README.md", *sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").rglob("*.md"))]
_BLOCK = re.compile(r"^(?:<!-- (\w+)(?:: (.*?))? -->\n+)?```(\w+)\n(.*?)^```$|^<!-- (before): (.*?) -->$", re.M | re.S)


@dataclass(frozen=True)
class Block:
    """A fenced block and the mark above it; ``line`` of the page."""

    line: int
    mark: str
    argument: str
    language: str
    text: str

    @property
    def runs(self) -> bool:
        """Something is executed."""
        return self.mark != "command" and (self.language in ("bash", "sh", "python") or self.mark == "before")


class Wrong(Exception):
    """A block that did not run, or did not print what the page shows."""


def blocks(text: str) -> list[Block]:
    """The code blocks of a page, in order."""
    found = []
    for match in _BLOCK.finditer(text):
        mark, argument, language, body, before, command = match.groups()
        line = text.count("\n", 0, match.start()) + 1
        if before:
            found.append(Block(line, before, command, "", ""))
        else:
            found.append(Block(line, mark or "", argument or "", language, body))
    return found


def check_output(shown: str, printed: str) -> None:
    """Wrong unless the lines shown stand in this order in what was printed."""
    rest = [" ".join(line.split()) for line in printed.splitlines()]
    for line in shown.splitlines():
        wanted = " ".join(line.split())
        if wanted in ("", "..."):
            continue
        pattern = re.compile(".*".join(re.escape(part) for part in wanted.split("...")))
        at = next((i for i, candidate in enumerate(rest) if pattern.fullmatch(candidate)), None)
        if at is None:
            near = next((one for one in rest if one.split()[:1] == wanted.split()[:1]), "no such line")
            raise Wrong(f"shown:   {wanted}\nprinted: {near}")
        rest = rest[at + 1 :]


class Page:
    """Blocks of one page in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._printed = ""
        scripts = Path(sys.executable).parent
        # the reader's browser stays shut; tables are as wide as in the page
        self._environment = os.environ | {
            "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
            "BROWSER": "true",
            "COLUMNS": "80",
            "PYTHONPATH": str(ROOT),
        }

    def play(self, block: Block) -> None:
        """Run, write or check one block; Wrong if it is not as the page says."""
        if block.mark == "command":
            return
        if block.mark == "before":
            self._call(["bash", "-euo", "pipefail", "-c", block.argument])
        elif block.mark == "output":
            check_output(block.text, self._printed)
        elif block.mark == "file":
            (self._folder / block.argument).write_text(block.text, encoding="utf-8")
        elif block.language in ("bash", "sh"):
            self._call(["bash", "-euo", "pipefail", "-c", block.text])
        elif block.language == "python":
            file = self._folder / f"block_{block.line}.py"
            file.write_text(block.text, encoding="utf-8")
            played = "@gridsim." in block.text
            run = ["gridsim", "run", file.name, "--out", f"runs/{file.stem}"]
            self._call(run if played else [sys.executable, file.name])
        elif block.language == "yaml":
            yaml.safe_load(block.text)

    def _call(self, words: list[str]) -> None:
        done = subprocess.run(
            words, cwd=self._folder, env=self._environment, text=True, capture_output=True, check=False
        )
        self._printed = done.stdout + done.stderr
        if done.returncode:
            raise Wrong(f"exit code {done.returncode}\n{self._printed[-2000:]}")


def play(page: str) -> Iterator[str]:
    """Play a page; yields its faults, each with its line."""
    with tempfile.TemporaryDirectory() as folder:
        played = Page(Path(folder))
        for block in blocks((ROOT / page).read_text(encoding="utf-8")):
            try:
                played.play(block)
            except (Wrong, yaml.YAMLError) as wrong:
                yield f"{page}:{block.line}: {wrong}"
                if block.runs:  # what follows stands on it
                    return


def main() -> int:
    """Play the pages that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", nargs="*", default=PAGES)
    parser.add_argument("--list", action="store_true", help="print the blocks, run nothing")
    options = parser.parse_args()
    faults = 0
    for page in options.pages:
        parts = blocks((ROOT / page).read_text(encoding="utf-8"))
        if options.list:
            for block in parts:
                print(f"{page}:{block.line}: {block.mark} {block.argument} {block.language}")
            continue
        if not parts:
            continue
        begun = time.perf_counter()
        wrong = list(play(page))
        faults += len(wrong)
        print(f"{page}: {len(parts)} blocks, {len(wrong)} wrong, {time.perf_counter() - begun:.0f} s", flush=True)
        print("\n".join(wrong), end="\n" if wrong else "")
    return int(faults > 0)


if __name__ == "__main__":
    sys.exit(main())
