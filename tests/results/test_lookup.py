"""Names of numbers: what is said of one that a result does not have, and the rows of cases."""

import pytest

from gridsim.errors import UnknownName
from gridsim.results.cases import case_rows
from gridsim.results.lookup import find
from gridsim.results.metric_table import of_shortfall, zero_when_absent
from gridsim.results.metrics import single

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
