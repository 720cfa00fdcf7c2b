"""The summary of a run on the screen: the chain of causes explains the hour that the line above it names."""

from __future__ import annotations

import dataclasses
import datetime as dt
import io

import numpy as np
from rich.console import Console

from gridsim.engine.run import run
from gridsim.model.scenario import Horizon, Scenario
from gridsim.report.summary import print_summary
from tests.support.engine_cases import QUIET, outage


def printed(result) -> list[str]:
    out = io.StringIO()
    print_summary(Console(file=out, width=400), result)
    return out.getvalue().splitlines()


def test_why_explains_the_hour_that_the_balance_names(two_areas):
    small = dataclasses.replace(outage("lines", "n1_s1", 2, at_h=2), id="small")  # 40 MW short
    deep = dataclasses.replace(outage("generators", "gas_1", 2, at_h=8), id="deep")  # 150 MW short
    scenario = Scenario("case", "two_areas", Horizon(dt.datetime(2026, 1, 14), 12), events=(small, deep), policy=QUIET)
    lines = printed(run(two_areas(), scenario))
    balance = next(line for line in lines if "against no event (MW)" in line)
    why = next(line for line in lines if line.startswith("why: "))
    assert balance.startswith("south at +8 h") and "unserved +150" in balance
    assert "gas_1 generator_outage (deep)" in why and "small" not in why


def test_a_run_without_events_has_no_such_lines(two_areas):
    scenario = Scenario("case", "two_areas", Horizon(dt.datetime(2026, 1, 14), 2), policy=QUIET)
    result = run(two_areas(), scenario)
    assert np.all(result.tables["zones"]["unserved_mw"] == 0)
    assert not [line for line in printed(result) if "against no event (MW)" in line or line.startswith("why")]
