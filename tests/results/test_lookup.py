"""Metrics by name and scope: exact, bare, misspelt, ambiguous, known but not reported; estimates as numbers."""

from __future__ import annotations

import copy
import dataclasses
import math
import pickle

import pytest

from gridsim.errors import GridsimError, StudyError, UnknownName
from gridsim.results.cases import case_frame, case_metric, case_rows
from gridsim.results.lookup import find, leading
from gridsim.results.metric_table import of_shortfall, zero_when_absent
from gridsim.results.metrics import Estimate, ExactEstimate, single


def estimate(name: str, scope: str, value: float | None, stderr: float | None = None) -> Estimate:
    return Estimate(name, scope, value, stderr, None, None, "MWh", 1)


FOUND = [
    estimate("EUE", "system", 30.0, 2.0),
    estimate("EUE", "zone:south", 20.0),
    estimate("EUE", "zone:almaty", 6.0),
    estimate("EUE", "oblast:almaty", 4.0),
    estimate("EUE", "class:rural", 0.0),
    estimate("LOLH", "system", 3.0),
    estimate("fuel_days_min", "plant:a/coal", 0.5),
]


@pytest.mark.parametrize(
    ("scope", "value"),
    [("system", 30.0), ("zone:south", 20.0), ("south", 20.0), ("rural", 0.0), ("oblast:almaty", 4.0)],
)
def test_a_scope_by_its_name_or_its_bare_name(scope, value):
    assert find(FOUND, "EUE", scope).value == value


@pytest.mark.parametrize(
    ("name", "scope", "of", "words"),
    [
        ("EUEE", "system", "run", "no metric 'EUEE'; did you mean 'EUE'?"),
        ("EUE", "zone:sout", "run", "no EUE of 'zone:sout': a place or class that lost nothing has no row; "
         "did you mean 'zone:south'?"),
        ("eue", "system", "run", "no metric 'eue'; did you mean 'EUE'?"),
        ("EUE", "", "run", "no EUE of ''; use one of almaty, "),
        ("EUE", None, "run", "no EUE of 'None'; use one of almaty, "),
        ("EUE", "sout", "run", "no EUE of 'sout'; did you mean 'south'?"),
        ("EUE", "almaty", "run", "'almaty' is more than one scope of EUE: zone:almaty and oblast:almaty; name one"),
        ("LOLP", "system", "run", "no 'LOLP' of a run; it is a number of an assessment"),
        ("survival_time_h", "system", "assessment", "no 'survival_time_h' of an assessment; it is a number of a run"),
        ("co2_t", "system", "run", "'co2_t' has no value in this run (combustion at home); no factor for coal_1"),
    ],
)  # fmt: skip
def test_what_is_not_there_says_why(name, scope, of, words):
    with pytest.raises(UnknownName) as raised:
        find(FOUND, name, scope, of=of, remarks=["no factor for coal_1"])
    if name == "co2_t":  # the definition is that of the table
        assert str(raised.value).startswith("'co2_t' has no value in this run (") and words[-23:] in str(raised.value)
    else:
        assert str(raised.value).startswith(words)


def test_the_error_is_a_lookup_error_and_one_of_gridsim():
    error = UnknownName("no 'a'")
    assert isinstance(error, KeyError) and isinstance(error, GridsimError) and isinstance(error, StudyError)
    assert str(pickle.loads(pickle.dumps(error))) == "no 'a'"


def test_an_estimate_counts_as_its_value():
    value = find(FOUND, "EUE")
    assert value == 30.0 and value > 29 and value - 10 == 20.0 and f"{value:.1f}" == "30.0" and str(value) == "30.0"
    assert sum(FOUND[1:3]) == 26.0 and hash(value) == hash(30.0) and value.stderr == 2.0
    thirty = 30  # of a whole number, too, in either order
    assert value == thirty and thirty == value and value != 31 and value == pytest.approx(30.0)
    exact = ExactEstimate("EUE", "system", 30.0, 0.0, 30.0, 30.0, "MWh", 0)
    assert exact == 30 and exact != value and exact == dataclasses.replace(exact)
    assert math.isnan(estimate("EUE", "system", None))


def test_two_estimates_are_equal_if_all_fields_are():
    assert FOUND[0] == estimate("EUE", "system", 30.0, 2.0) != estimate("EUE", "zone:x", 30.0, 2.0)
    nothing = single("time_to_restore_h_50", "system", None, "h")
    for one in (FOUND[0], nothing):
        assert pickle.loads(pickle.dumps(one)) == one == copy.deepcopy(one)
        assert hash(copy.deepcopy(one)) == hash(one)
    assert dataclasses.replace(FOUND[0], value=7.0) == 7.0


def test_what_leads_is_what_the_screen_shows_zeros_last():
    rows = leading([*FOUND, estimate("EUE", "class:factory", 1.0), estimate("hhi_fuel", "system", 900.0)])
    assert rows[0] == ("EUE", "system", "30 +- 2", "MWh")
    names = [(name, scope) for name, scope, _, _ in rows]
    assert ("EUE", "class:factory") in names and ("EUE", "class:rural") not in names  # only above zero
    assert ("hhi_fuel", "system") not in names  # nowhere on the screen


def test_of_several_cases_one_is_named():
    cases = {"a": FOUND, "b": [estimate("EUE", "system", 5.0)]}
    assert case_metric(cases, "EUE", "system", "b") == 5.0 and case_metric({"a": FOUND}, "EUE", "south", None) == 20.0
    with pytest.raises(UnknownName, match="2 cases; name one with case=: a, b"):
        case_metric(cases, "EUE", "system", None)
    with pytest.raises(UnknownName, match="no case 'bb'; did you mean 'b'"):
        case_metric(cases, "EUE", "system", "bb")
    frame = case_frame(cases)
    assert list(frame.columns[:3]) == ["case", "name", "scope"] and frame["value"].tolist()[-1] == 5.0
    assert len(frame) == len(FOUND) + 1 and case_frame({}).empty


EUE = (single("EUE", "system", 5.0, "MWh"), single("EUE", "zone:south", 4.0, "MWh"))


def test_a_number_of_a_run_is_missing_from_a_study_for_want_of_a_value() -> None:
    with pytest.raises(UnknownName, match="'survival_time_h' has no value in this study"):
        find(EUE, "survival_time_h", "system", of="study")


def test_a_number_of_assessments_alone_is_none_of_a_run() -> None:
    with pytest.raises(UnknownName, match="no 'NCVaR_95' of a run; it is a number of an assessment"):
        find(EUE, "NCVaR_95", "system", of="run")


def test_rows_of_cases_hold_the_numbers_of_the_system() -> None:
    header, rows = case_rows({"day": EUE})
    assert header[:2] == ("case", "EUE") and rows[0][0] == "day" and rows[0][1].startswith("5")


@pytest.mark.parametrize(
    ("metric", "absent", "shortfall"), [("EUE", True, True), ("co2_t", False, False), ("nothing_of_it", False, False)]
)
def test_what_a_metric_without_a_row_means(metric: str, absent: bool, shortfall: bool) -> None:
    assert (zero_when_absent(metric), of_shortfall(metric)) == (absent, shortfall)
