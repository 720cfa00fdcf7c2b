"""Screens kept as text: compared to the letter, written anew with ``GRIDSIM_WRITE_SNAPSHOTS=1``."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "report" / "snapshots_lists"


def assert_is_snapshot(name: str, text: str) -> None:
    """``text`` is what the file ``name`` holds, trailing newlines aside."""
    path = FOLDER / name
    if os.environ.get("GRIDSIM_WRITE_SNAPSHOTS") == "1":
        path.write_text(text.rstrip("\n") + "\n", encoding="utf-8")
    assert text.rstrip("\n") + "\n" == path.read_text(encoding="utf-8")
