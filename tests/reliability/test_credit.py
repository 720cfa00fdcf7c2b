"""ELCC and EFC by convolution against recomputed values, hand-made cases and refusals."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from gridsim.errors import StudyError
from gridsim.reliability import AdequacySystem, system_from_frames
from gridsim.reliability.credit import Addition, capacity_credit
from tests.support.reliability_cases import DATA, rts79

CASES = json.loads((DATA / "credit" / "elcc_efc.json").read_text())


def addition_of(text: str) -> Addition:
    """``8 x 50 MW, FOR 0.01``."""
    count, rest = text.split(" x ")
    size, out = rest.split(" MW, FOR ")
    return Addition("new", float(size), float(out), int(count))


@pytest.mark.parametrize("case", CASES["rts79"], ids=lambda case: case["addition"])
@pytest.mark.parametrize("metric", ["LOLH", "EUE"])
def test_six_additions_to_rts79(case: dict[str, float], metric: str) -> None:
    """Values of tests/data/credit/elcc_efc.json, printed to a kilowatt."""
    found = capacity_credit(rts79(), addition_of(str(case["addition"])), metric)
    assert found.elcc_mw == pytest.approx(case[f"elcc_{metric.lower()}"], abs=1e-3)
    assert found.efc_mw == pytest.approx(case[f"efc_{metric.lower()}"], abs=1e-3)
    assert found.with_addition == pytest.approx(case[metric.lower()], abs=1e-4)


def three_units() -> AdequacySystem:
    case = CASES["pras_three_units"]
    n_units = len(case["units_mw"])
    units = pd.DataFrame(
        {
            "name": [*(f"u{k}" for k in range(n_units)), "variable"],
            "p_max_mw": [*case["units_mw"], max(case["variable_mw"])],
            "forced_outage_rate": [case["for"]] * n_units + [0.0],
            "mttr_h": 20.0,
        }
    )
    profile = pd.DataFrame({"variable": np.array(case["variable_mw"], dtype=float)})
    return system_from_frames(units, np.array(case["load_mw"], dtype=float), profiles_mw=profile)


def test_three_units_of_pras() -> None:
    case = CASES["pras_three_units"]
    found = capacity_credit(three_units(), Addition("new", case["addition"]["mw"], case["addition"]["for"]))
    assert found.without == pytest.approx(1.59, rel=1e-3)
    assert found.elcc_mw == pytest.approx(case["elcc_mw"], abs=1e-3)
    assert found.efc_mw == pytest.approx(case["efc_mw"], abs=1e-3)


@pytest.mark.parametrize("metric", ["EUE", "LOLH", "LOLEv"])
def test_a_perfect_machine_is_worth_its_size(metric: str) -> None:
    hours = np.arange(200)
    units = pd.DataFrame({"name": ["a", "b", "c"], "p_max_mw": [40.0, 30.0, 30.0], "forced_outage_rate": 0.1})
    system = system_from_frames(units.assign(mttr_h=10.0), 70.0 + 25.0 * np.sin(hours / 5.0))
    found = capacity_credit(system, Addition("firm", 7.25), metric)
    for low, high in (found.elcc_range_mw, found.efc_range_mw):
        assert low - 1e-6 <= 7.25 <= high + 1e-6
    if metric == "EUE":
        assert (found.elcc_mw, found.efc_percent) == (pytest.approx(7.25, abs=1e-6), pytest.approx(100.0, abs=1e-4))


def test_a_machine_with_a_share_by_hour_is_worth_what_it_has_when_it_counts() -> None:
    """Short only in the second hour, where the addition has 4 of its 10 MW."""
    units = pd.DataFrame({"name": ["a"], "p_max_mw": [20.0], "forced_outage_rate": [0.0]})
    system = system_from_frames(units, np.array([5.0, 30.0]))
    found = capacity_credit(system, Addition("sun", 10.0, share=np.array([1.0, 0.4])))
    assert (found.elcc_mw, found.efc_mw) == (pytest.approx(4.0, abs=1e-6), pytest.approx(4.0, abs=1e-6))


def test_events_are_worth_less_than_energy_of_a_large_machine() -> None:
    found = {metric: capacity_credit(rts79(), Addition("new", 400.0, 0.12), metric) for metric in ("LOLH", "LOLEv")}
    assert found["LOLEv"].without == pytest.approx(1.913130857847041, rel=1e-9)
    assert found["LOLEv"].with_addition < found["LOLEv"].without
    assert 0.0 < found["LOLEv"].efc_mw < 400.0 and 0.0 < found["LOLEv"].elcc_mw < 400.0


@pytest.mark.parametrize(
    ("addition", "metric", "words"),
    [
        (Addition("new", 0.0), "EUE", "nothing is added"),
        (Addition("U11", 10.0), "EUE", "has a machine of that name"),
        (Addition("new", 10.0, share=np.ones(3)), "EUE", "3 hours, the system 8736"),
        (Addition("new", 10.0), "LOLE", "no credit by 'LOLE'"),
        (Addition("new", np.pi * 10.0, 0.1), "EUE", "without a step"),
    ],
)
def test_refusals(addition: Addition, metric: str, words: str) -> None:
    system = rts79()
    taken = system.unit_name[0] if addition.name == "U11" else addition.name
    with pytest.raises(StudyError, match=words):
        capacity_credit(system, Addition(**{**vars(addition), "name": taken}), metric)


def test_without_a_shortfall_there_is_no_credit() -> None:
    units = pd.DataFrame({"name": ["a"], "p_max_mw": [20.0], "forced_outage_rate": [0.0]})
    with pytest.raises(StudyError, match="0 without the addition"):
        capacity_credit(system_from_frames(units, np.full(4, 5.0)), Addition("new", 5.0))


def test_an_addition_that_takes_more_than_it_gives_has_no_root() -> None:
    units = pd.DataFrame({"name": ["a"], "p_max_mw": [20.0], "forced_outage_rate": [0.0]})
    system = system_from_frames(units, np.full(2, 30.0))
    with pytest.raises(StudyError, match=r"no root between 0 and 5 MW, where the metric misses its aim by 2 "):
        capacity_credit(system, Addition("load", 5.0, share=np.array([-0.2, -0.2])))
