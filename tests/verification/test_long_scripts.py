"""The scripted examples that play nine days."""

from __future__ import annotations

import pytest

from gridsim.engine.run import run
from gridsim.io.read_scenario import read_scenario
from tests.support.fraction import FRACTION
from tests.support.shows import reported

NAMES = ["homes_first", "linepack_watch"]


@pytest.mark.parametrize("name", NAMES if FRACTION >= 1 else NAMES[:1])
def test_example(name, kazakhstan):
    result = run(*read_scenario(name, kazakhstan))
    assert result.metric("EUE", "zone:south") > 0
    if name == "homes_first":  # households rank below industry here
        assert reported(result, "EUE", "class:household") > reported(result, "EUE", "class:ferroalloy")
