"""Help on a narrow screen: names of options, which must be typed, are never cut."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import typer

from gridsim.cli import app

OPTIONS = {
    command.name: {text for parameter in command.params for text in parameter.opts if text.startswith("--")}
    for command in typer.main.get_group(app).commands.values()
}


@pytest.mark.parametrize("width", [40, 80])
@pytest.mark.parametrize("command", sorted(map(str, OPTIONS)))
def test_every_option_is_named_whole(command: str, width: int) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gridsim", command, "--help"],
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": str(width)},
    )
    assert done.returncode == 0
    missing = {option for option in OPTIONS[command] if option not in done.stdout}
    assert not missing, done.stdout
