"""Capacity credit under an error of the load forecast: by hand, exact, sampled, and with the command."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from typer.testing import CliRunner

from gridsim.cli import app
from gridsim.errors import StudyError
from gridsim.reliability import (
    Addition,
    AdequacySystem,
    Exact,
    LoadForecast,
    SequentialMonteCarlo,
    assess,
    capacity_credit,
    system_from_frames,
)
from tests.support.reliability_cases import rts79

#: One machine of 100 MW that is out a tenth of the time, a load of 90 or 108 MW; 20 MW are added that are out half of
#: it: eight states. MWh an hour without, y MW of perfect capacity beside: (0.1 (90 - y) + 0.1 (108 - y) + 0.9 (8 - y))
#: / 2 = 13.5 - 0.55 y; with, x MW of known load more: (0.1 (356 + 4 x) + 0.9 (8 + x)) / 4 = 10.7 + 0.325 x.
STEPS = LoadForecast((0.0, 0.2), (0.5, 0.5))
HALF_OUT = Addition("new", 20.0, 0.5, mttr_h=2.0)
ELCC_MW, EFC_MW = 2.8 / 0.325, 2.8 / 0.55


def one_machine(load_forecast: Any) -> AdequacySystem:
    units = pd.DataFrame({"name": ["m"], "p_max_mw": 100.0, "forced_outage_rate": 0.1, "mttr_h": 2.0})
    return system_from_frames(units, np.full(24, 90.0), load_forecast=load_forecast)


def test_steps_by_hand() -> None:
    found = capacity_credit(one_machine(STEPS), HALF_OUT)
    assert (found.without, found.with_addition) == pytest.approx((24 * 13.5, 24 * 10.7), rel=1e-12)
    assert (found.elcc_mw, found.efc_mw) == pytest.approx((ELCC_MW, EFC_MW), abs=1e-8)


def test_sampled_years_agree_by_hand() -> None:
    found = capacity_credit(one_machine(STEPS), HALF_OUT, "EUE", SequentialMonteCarlo(years=1000, seed=2))
    assert abs(found.elcc_mw - ELCC_MW) < 3.3 * found.elcc_stderr_mw < 2.0
    assert abs(found.efc_mw - EFC_MW) < 3.3 * found.efc_stderr_mw < 2.0


@pytest.mark.parametrize("load_forecast", [STEPS, 0.1])
def test_known_load_is_worth_perfect_capacity(load_forecast: Any) -> None:
    """The error is one of the load that was there before, so that what is added is not wrong by it."""
    system = one_machine(load_forecast)
    exact = capacity_credit(system, Addition("firm", 10.0))
    assert (exact.elcc_mw, exact.efc_mw) == pytest.approx((10.0, 10.0), abs=1e-7)
    sampled = capacity_credit(system, Addition("firm", 10.0), "EUE", SequentialMonteCarlo(years=64))
    assert (sampled.elcc_mw, sampled.efc_mw) == pytest.approx((10.0, 10.0), abs=1e-2)


@pytest.mark.parametrize("metric", ["EUE", "LOLH"])
def test_a_normal_error_in_closed_form(metric: str) -> None:
    """90 MW with a standard deviation of 4.5 MW against each state of the machines."""
    found = capacity_credit(one_machine(0.05), HALF_OUT, metric)

    def risk(more_mw: float, states: dict[float, float]) -> float:
        total = 0.0
        for capacity_mw, chance in states.items():
            far = (90.0 + more_mw - capacity_mw) / 4.5
            short, lost_mw = norm.cdf(far), 4.5 * (far * norm.cdf(far) + norm.pdf(far))
            total += 24 * chance * float(lost_mw if metric == "EUE" else short)
        return total

    without = {100.0: 0.9, 0.0: 0.1}
    with_it = {120.0: 0.45, 100.0: 0.45, 20.0: 0.05, 0.0: 0.05}
    assert (found.without, found.with_addition) == pytest.approx((risk(0.0, without), risk(0.0, with_it)), rel=1e-6)
    assert risk(found.elcc_mw, with_it) == pytest.approx(risk(0.0, without), rel=1e-6)
    assert risk(-found.efc_mw, without) == pytest.approx(risk(0.0, with_it), rel=1e-6)


def test_the_risk_of_many_hours_is_summed_over_few_of_them() -> None:
    """RTS-79 with an error of 4 %: the polynomial is that of the hours one by one."""
    system = dataclasses.replace(rts79(), load_forecast=LoadForecast(stdev=0.04))
    direct = assess(system, Exact())
    for metric in ("EUE", "LOLH"):
        without = capacity_credit(system, Addition("firm", 50.0), metric).without
        assert without == pytest.approx(direct[metric].value, rel=1e-10)


def test_events_of_steps_are_exact_and_of_a_normal_error_refused() -> None:
    firm = Addition("firm", 20.0)
    alone = [capacity_credit(one_machine(LoadForecast((e,), (1.0,))), firm, "LOLEv").without for e in (0.0, 0.2)]
    assert capacity_credit(one_machine(STEPS), firm, "LOLEv").without == pytest.approx(sum(alone) / 2, rel=1e-9)
    with pytest.raises(StudyError, match="error of the load forecast is normal"):
        capacity_credit(one_machine(0.05), firm, "LOLEv")


def test_the_command_takes_the_error() -> None:
    """An error of the load makes RTS-79 riskier and a large machine worth more."""
    credits = {}
    for words in ((), ("--load-forecast", "-0.05:0.25,0:0.5,0.05:0.25")):
        done = CliRunner().invoke(app, ["credit", "rts79", "--add", "p_max_mw=400,for=0.12", "--json", *words])
        credits[words] = json.loads(done.stdout)
    plain, wrong = credits.values()
    assert wrong["load_forecast"]["error"] == [-0.05, 0.0, 0.05] and "load_forecast" not in plain
    assert {row["method"] for row in wrong["credits"]} == {"exact"}
    for before, after in zip(plain["credits"], wrong["credits"], strict=True):
        assert after["without"] > 1.1 * before["without"] and after["value_mw"] > before["value_mw"]
