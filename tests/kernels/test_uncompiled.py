"""The sampler's kernels without the compiler: index errors that compiled code ignores become exceptions."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
# of the nodal level the states that need no dispatch
TINY = "tiny or (more_load_or_fewer and (load1 or load2))"
FILES = (
    "test_rng.py",
    "test_availability.py",
    "test_shortfall.py",
    "test_snapshots.py",
    "test_zonal.py",
    "test_accumulate.py",
    "test_convolution.py",
    "test_newton.py",
    "test_swing.py",
)


def test_tiny_cases_run_uncompiled() -> None:
    files = [*(str(Path(__file__).with_name(name)) for name in FILES), str(ROOT / "tests/reliability/test_nodal.py")]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-k", TINY, *files],
        cwd=ROOT,
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    n_passed = int(done.stdout.rsplit(" passed", 1)[0].split()[-1])
    assert n_passed > 30, done.stdout
