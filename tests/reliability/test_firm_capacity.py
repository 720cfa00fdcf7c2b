"""Firm capacity that meets a standard: exact against the metric with it, sampled against exact."""

from __future__ import annotations

import numpy as np
import pytest

import gridsim
from gridsim.errors import StudyError
from gridsim.reliability.additions import with_perfect
from gridsim.report.adequacy_page import Extras, assessment_page, firm_text
from gridsim.report.documents import page_of
from gridsim.report.further import further_lines
from gridsim.report.html import html_of
from tests.support.reliability_cases import rts79

EXACT = gridsim.Exact(level="copper")


@pytest.fixture(scope="module")
def firm():
    return gridsim.firm_capacity(rts79(), EXACT, "LOLH", 3.0)


def test_exact_capacity_meets_the_limit_and_a_little_less_does_not(firm):
    system = rts79()
    share = np.zeros(len(system.buses))
    share[0] = 1.0
    assert firm.value == pytest.approx(9.39, abs=0.05)  # LOLE of RTS-79, h a year
    assert gridsim.assess(with_perfect(system, firm.mw, share), EXACT).metric("LOLH").value <= 3.0
    assert gridsim.assess(with_perfect(system, 0.98 * firm.mw, share), EXACT).metric("LOLH").value > 3.0


def test_sampled_capacity_agrees_with_exact(firm):
    sampled = gridsim.firm_capacity(rts79(), gridsim.SequentialMonteCarlo(years=400, seed=3), "LOLH", 3.0)
    assert sampled.n == 400 and sampled.stderr_mw > 0.0
    assert abs(sampled.mw - firm.mw) <= 4.0 * sampled.stderr_mw + 0.01 * firm.mw


def test_a_limit_that_is_met_needs_nothing_and_wrong_words_are_told():
    assert gridsim.firm_capacity(rts79(), EXACT, "LOLH", 12.0).mw == 0.0
    with pytest.raises(StudyError, match="no metric 'LOLD'"):
        gridsim.firm_capacity(rts79(), EXACT, "LOLD", 1.0)
    with pytest.raises(StudyError, match="no zone 'kv13'"):
        gridsim.firm_capacity(rts79(), EXACT, "LOLH", 3.0, {"kv13": 1.0})
    with pytest.raises(StudyError, match="copper and zonal"):
        gridsim.firm_capacity(rts79(), gridsim.SequentialMonteCarlo(years=2, level="nodal"), "LOLH", 3.0)


def test_the_page_holds_capacity_importance_and_levels(firm):
    method = gridsim.SequentialMonteCarlo(years=64, seed=1)
    result = gridsim.assess(rts79(), method)
    zonal = gridsim.assess(rts79(), gridsim.SequentialMonteCarlo(years=64, seed=1, level="zonal"))
    ranked = gridsim.importance(rts79(), method)
    levels = {"copper": result.estimates, "zonal": zonal.estimates}
    plain = page_of(result)
    assert {figure.name for figure in plain.figures}.isdisjoint({"importance", "levels"})
    from gridsim.report.adequacy_page import AssessmentView

    view = AssessmentView("rts79", result.estimates, {}, 64, "copper", (), Extras(ranked, [firm], levels))
    page = assessment_page(view)
    text = html_of(page)
    assert {"importance", "levels"} <= {figure.name for figure in page.figures}
    assert ranked[0].name in text and f"{firm_text(firm)} MW that never fail" in text.replace("\u00a0", " ")
    rows = {row[0]: row[1:] for table in page.tables if table.title.startswith("The same years") for row in table.rows}
    assert len(rows["hours short, h"]) == 2 and "-" not in rows["hours short, h"]
    assert [row[1] for table in page.tables if "matters" in table.title for row in table.rows] == ["component"] * len(
        ranked
    )
    lines = further_lines([firm], levels)
    assert any(line.startswith("LOLH") for line in lines) and any(line.startswith("hours short") for line in lines)
