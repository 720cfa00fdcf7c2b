"""A kernel found in Numba's cache runs without Numba's tables of all that it can compile."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

KERNELS = """
import numpy as np

from gridsim.kernels.jit import jit


@jit
def doubled(x):
    out = np.empty_like(x)
    for i in range(len(x)):
        out[i] = 2.0 * x[i]
    return out


@jit
def fourfold(x):
    return doubled(doubled(x))
"""
CALLS = """
import sys

import numpy as np

import own_kernels

found = [float(getattr(own_kernels, name)(np.arange(3.0)).sum()) for name in sys.argv[1:]]
print(found, own_kernels.doubled.stats.cache_hits != {}, "numba.np.linalg" in sys.modules)
"""


def answer(folder: Path, *names: str) -> str:
    """Sums of what the kernels give; whether the first came from the cache; whether Numba is ready to compile."""
    path = os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(folder / "cache"), "PYTHONPATH": path}
    command = [sys.executable, "-c", CALLS, *names]
    found = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    return found.stdout.strip()


def test_what_compiles_is_made_ready_only_to_compile(tmp_path: Path) -> None:
    (tmp_path / "own_kernels.py").write_text(KERNELS)
    assert answer(tmp_path, "doubled") == "[6.0] False True"
    assert answer(tmp_path, "doubled") == "[6.0] True False"
    # a kernel compiled after one that was read: both work
    assert answer(tmp_path, "doubled", "fourfold") == "[6.0, 12.0] True True"
