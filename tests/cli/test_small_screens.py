"""Screens of the commands that print a few lines, at 80 columns; paths are those of the folder that is tried."""

from __future__ import annotations

import re
from pathlib import Path

from tests.support.command import gridsim
from tests.support.snapshots import check_snapshot

SCENARIO = """\
name: short
network: rbts
horizon: {start: "2026-01-14", hours: 2}
policy: {ac: "off"}
"""


def screen(tmp_path: Path, *words: str, code: int = 0) -> list[str]:
    """Lines on stdout and stderr, places and times left out."""
    done = gridsim(*words, cwd=tmp_path)
    assert done.returncode == code, done.stderr
    text = done.stdout + done.stderr
    text = re.sub(r"\S*/networks/", "networks/", text.replace(str(tmp_path), "DIR"))
    return re.sub(r"\(\d+\.\d s\)", "(TIME)", text).splitlines()


def test_what_is_checked_and_verified(tmp_path: Path) -> None:
    (tmp_path / "short.yaml").write_text(SCENARIO)
    check_snapshot("validate", screen(tmp_path, "validate", "short.yaml"))
    screen(tmp_path, "run", "short.yaml", "--out", "one")
    check_snapshot("verify", screen(tmp_path, "verify", "one"))
    (tmp_path / "one" / "metrics.parquet").write_bytes(b"junk")
    check_snapshot("verify_damaged", screen(tmp_path, "verify", "one", code=1))


def test_what_is_wrong_is_named_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "wrong.yaml").write_text(SCENARIO.replace("policy", "polcy") + "replicates: many\n")
    check_snapshot("validate_wrong", screen(tmp_path, "validate", "wrong.yaml", code=2))
    check_snapshot("no_such_event", screen(tmp_path, "run", "bbs_pipelin", code=2))


def test_templates_say_what_to_do_next(tmp_path: Path) -> None:
    check_snapshot("new_event", screen(tmp_path, "new", "event", "mine"))
    check_snapshot("new_script", screen(tmp_path, "new", "script", "mine"))
