"""Printed text against a file of ``tests/report/snapshots``.

``GRIDSIM_RENEW=1 pytest tests/report`` writes the files anew; read the difference before it is committed.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "report" / "snapshots"


def check_snapshot(name: str, lines: Sequence[str]) -> None:
    """The lines are those of ``name``.txt, to the last space."""
    file, text = FOLDER / f"{name}.txt", "\n".join(lines) + "\n"
    if os.environ.get("GRIDSIM_RENEW"):
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


def assert_is_snapshot(name: str, text: str) -> None:
    """``text`` is what the file ``name`` holds, trailing newlines aside."""
    check_snapshot(name.removesuffix(".txt"), text.rstrip("\n").split("\n"))
