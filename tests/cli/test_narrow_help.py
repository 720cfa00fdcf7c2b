"""Help on a narrow screen: names of options, which must be typed, are never cut."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
import typer

from gridsim.cli import app

OPTIONS = {
    str(command.name): {text for parameter in command.params for text in parameter.opts if text.startswith("--")}
    for command in typer.main.get_group(app).commands.values()
}
# The screen is measured as gridsim is imported, so each width has a process; it prints the help of every command.
PRINTS_ALL = """\
import contextlib, io, json, sys
from gridsim.cli import app

shown = {}
for command in sys.argv[1:]:
    with contextlib.redirect_stdout(io.StringIO()) as text:
        assert app([command, "--help"], prog_name="gridsim", standalone_mode=False) in (None, 0)
    shown[command] = text.getvalue()
print(json.dumps(shown))
"""


@pytest.mark.parametrize("width", [40, 80])
def test_every_option_is_named_whole(width: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PRINTS_ALL, *OPTIONS],
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": str(width)},
    )
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)
    missing = {
        command: left
        for command, options in OPTIONS.items()
        if (left := {option for option in options if option not in shown[command]})
    }
    assert len(shown) >= 14 and not missing, "\n".join(shown[command] for command in missing)
