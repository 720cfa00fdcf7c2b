"""The scripted examples that play nine days."""

from __future__ import annotations

import os

import pytest

from gridsim.engine.run import run
from gridsim.io.read_scenario import read_scenario

FRACTION = float(os.environ.get("GRIDSIM_VERIFICATION_FRACTION", "1"))
NAMES = ["homes_first", "linepack_watch"]


@pytest.mark.parametrize("name", NAMES if FRACTION >= 1 else NAMES[:1])
def test_example(name, kazakhstan):
    result = run(*read_scenario(name, kazakhstan))
    assert result.metric("EUE", "zone:south") > 0
    if name == "homes_first":  # households rank below industry here
        assert result.metric("EUE", "class:household") > (result.metric("EUE", "class:ferroalloy") or 0.0)
