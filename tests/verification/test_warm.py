"""`gridsim warm` in an empty cache: told at once, and nothing is left to compile for the commands after it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

COUNTED = """\
import sys
from gridsim.cli.app import run_command
from gridsim.cli import app
from gridsim.kernels.compiling import compiling

code = run_command(sys.argv[1:], lambda: app(sys.argv[1:], standalone_mode=False))
print(f"compiled: {compiling.count}", file=sys.stderr)
sys.exit(code)
"""
SHORT = "network: {network}\nhorizon: {{start: 2026-01-14 17:00, hours: 2}}\npolicy: {{ac: {ac}}}\nfailures: on\n"
COMMANDS = [
    ("run", "rbts_off.yaml"),
    ("run", "rbts_fast.yaml"),
    ("run", "kazakhstan_off.yaml"),
    ("run", "kazakhstan_fast.yaml"),
    ("adequacy", "rbts", "--years", "16"),
    ("adequacy", "rbts", "--years", "16", "--level", "zonal"),
    ("adequacy", "rbts", "--years", "4", "--level", "nodal"),
    ("adequacy", "rbts", "--years", "64", "--method", "snapshot"),
    ("adequacy", "kazakhstan", "--years", "4", "--level", "zonal", "--gas-outages"),
    ("adequacy", "kazakhstan", "--years", "4", "--weather", "synthetic"),
    ("adequacy", "rts79", "--method", "exact"),
    ("adequacy", "rts79", "--method", "exact", "--level", "zonal"),
    ("weather", "kazakhstan", "--years", "4"),
    ("screen", "rbts"),
    ("show", "kazakhstan"),
]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("numba")


def command(cache: Path, cwd: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(cache)}
    return subprocess.run(
        [sys.executable, "-c", COUNTED, *words], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )


def test_nothing_is_left_to_compile(cache: Path, tmp_path: Path) -> None:
    first = command(cache, tmp_path, "warm", "--json")
    assert first.returncode == 0, first.stderr
    told = json.loads(first.stdout)
    assert told["compiled"] > 50 and told["cache"].startswith(str(cache))
    assert first.stderr.startswith("compiling kernels once, about a minute (kept for later runs)\ncompiling kernels: ")
    again = command(cache, tmp_path, "warm", "--json")
    assert json.loads(again.stdout)["compiled"] == 0 and again.stderr == "compiled: 0\n"
    for network in ("rbts", "kazakhstan"):
        for ac in ("off", "fast"):
            (tmp_path / f"{network}_{ac}.yaml").write_text(SHORT.format(network=network, ac=ac))
    left = {}
    for words in COMMANDS:
        done = command(cache, tmp_path, *words)
        assert done.returncode == 0, done.stderr
        assert "compiling kernels" not in done.stderr
        left[words] = done.stderr.splitlines()[-1]
    assert set(left.values()) == {"compiled: 0"}, left
