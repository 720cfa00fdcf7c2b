"""The command line in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def gridsim(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """``gridsim`` with ``arguments`` in ``cwd``, its output captured; the exit code is not checked."""
    return subprocess.run(
        [sys.executable, "-m", "gridsim", *arguments], cwd=cwd, capture_output=True, text=True, check=False
    )
