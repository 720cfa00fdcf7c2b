"""What `gridsim study` and `gridsim compare` print: whole names, numbers beside their errors, what is not known."""

from __future__ import annotations

import csv
import dataclasses
import io
from pathlib import Path

import pytest

from gridsim.model.study import Study
from gridsim.report.comparison import chosen, comparison_csv, comparison_lines, flat_table
from gridsim.report.numbers import rounded, significant, with_error
from gridsim.report.study_summary import ending_lines, study_csv, study_lines, study_remarks, study_table
from gridsim.results.metric_table import metric_table
from gridsim.results.metrics import Estimate
from gridsim.results.replicates import Paired
from gridsim.results.study_result import StudyResult
from tests.support.snapshots import check_snapshot

CASES = ("rupture+rupture.repair.mean_h=24", "rupture+rupture.repair.mean_h=168", "rupture_no_mazut+repair=24")


def estimate(name: str, value: float | None, stderr: float | None = None, n: int = 104, scope: str = "system", **ci):
    return Estimate(name, scope, value, stderr, ci.get("low"), ci.get("high"), metric_table()[name].unit, n)


CALM = [
    estimate("EUE", 0.0),
    estimate("P_any_shortfall", 0.0, low=0.0, high=1.0 - 0.05 ** (1 / 104)),
    estimate("VaR_95", 0.0),
    estimate("CVaR_95", 0.0),
    estimate("VaR_99", 0.0),
    estimate("LOLH", 0.0),
    estimate("peak_shed_mw", 0.0),
    estimate("co2_change_t", -1098.4, 212.3),
]
SHORT = [
    estimate("EUE", 1096.3, 12.4),
    estimate("P_any_shortfall", 0.98, 0.0138, low=0.93, high=0.99),
    estimate("VaR_95", 61000.0, 1850.0),
    estimate("CVaR_95", 61396.3, 2100.0),
    estimate("VaR_99", 61000.0),
    estimate("LOLH", 41.21, 3.08),
    estimate("event_duration_h_mean", 5.518, 0.2),
    estimate("event_duration_h_max", 41.0833),
    estimate("peak_shed_mw", 3789.23, 98.7),
    estimate("co2_change_t", 8763.2, 410.9),
    estimate("ch4_change_t", 2427.0, 0.4),
    estimate("co2e_gwp100_change_t", 81085.0, 411.0),
]


def study(*estimates: list[Estimate], status: str = "complete", reason: str = "", **changes) -> StudyResult:
    cases = dict(zip(CASES, estimates, strict=False))
    return StudyResult(
        path=Path("runs/sweep"),
        study=Study("sweep", (), 104, 0, description="How long may the repair take before the South goes dark?"),
        status=status,
        reason=reason,
        estimates=cases,
        failed=changes.get("failed", []),
        replicates=dict.fromkeys(cases, 104),
        reused=changes.get("reused", 0),
        repaired=[],
        busy_s=10.0,
        wall_s=12.34,
    )


def pair(name: str, scope: str, first: float, other: float, stderr: float | None = None, n: int = 64) -> Paired:
    return Paired(first, other, Estimate(name, scope, other - first, stderr, None, None, metric_table()[name].unit, n))


PAIRS = [
    pair("LOLH", "system", 5.5, 5.5, 0.0),
    pair("EUE", "zone:south", 953.1, 1096.4, 12.3),
    pair("EUE", "zone:north", 0.0, 0.0, 0.0),
    pair("EUE", "system", 953.1, 1096.4, 12.3),
    pair("EUE", "cause:gas_pipelines:bbs1_bozoy_aral", 953.1, 1096.4, 12.3),
    pair("co2_t", "system", 3727723.0, 3718960.0, 530.0),
    pair("section_loading_max", "section:north_south", 100.0, 100.0 + 3e-14, 1e-14),
    pair("reserve_margin_mw_min", "system", -200.0, 0.0, 71.0),
    pair("energy_mwh", "fuel:coal", 1.0, 2.0, 0.1),
]
BIG = chosen("rupture+repair=24", "rupture+repair=168", PAIRS)


@pytest.mark.parametrize(
    ("value", "stderr", "text"),
    [
        (1096.3, 12.4, "1,100 +- 10"),
        (10225.4, 12.0, "10,230 +- 10"),  # four digits of the value, and its error to the same place
        (3727723.0, 120.0, "3,728,000 +- 100"),  # or to its first digit
        (61396.3, 2100.0, "61,000 +- 2,000"),
        (61396.3, None, "61,400"),
        (207117.0, 0.0, "207,100"),
        (0.31234, 0.0456, "0.31 +- 0.05"),
        (0.0, None, "0"),
        (41.0, None, "41"),
        (100.0, 1e-13, "100"),  # an error of the arithmetic is none
        (-3.96, 0.5, "-4.0 +- 0.5"),
        (None, None, "-"),
    ],
)
def test_a_number_has_four_digits_and_stands_in_one_piece_with_its_error(value, stderr, text):
    assert with_error(estimate("EUE", value, stderr)) == text


def test_numbers_without_an_error_and_missing_ones():
    assert (significant(None), significant(0.0), significant(3789.23), significant(0.31234), significant(1.5)) == (
        "-",
        "0",
        "3,789",
        "0.3123",
        "1.5",
    )
    assert rounded(5.0, None) == ("5", "-") and with_error(None) == "-"


def test_the_screen_of_a_study():
    result = study(CALM, SHORT, status="stopped", reason="asked to stop; go on with --resume", reused=64)
    check_snapshot("study", study_lines(result, 80) + ending_lines(result, 80))


def test_a_study_with_failures_names_some_and_how_to_replay_them():
    failed = [
        (CASES[0], {"replicate": k, "error": f"no luck [{k}]"}, f"gridsim run x --replicate {k}") for k in range(12)
    ]
    lines = ending_lines(study(CALM, failed=failed, status="partial", reason="12 replicates failed"), 80)
    assert lines[:2] == [f"failed: {CASES[0]} replicate 0: no luck [0]", "  replay: gridsim run x --replicate 0"]
    assert lines[-2] == "... and 2 more in the manifests"
    assert lines[-1] == "partial: 12 replicates failed; tables in runs/sweep (12.3 s)"


@pytest.mark.parametrize("width", [40, 80, 200])
def test_no_case_is_cut_at_any_width(width):
    whole = study(CALM, SHORT, SHORT)  # no common prefix: rupture is followed by + and by _
    lines = study_lines(whole, width)
    for case in CASES:
        assert any(line.split()[:1] == [case] for line in lines)
    assert "rupture+rupture.repair.mean_h=" in study_lines(study(CALM, SHORT), width)[-99:][2 if width == 40 else 1]
    assert not [line for line in lines if line.strip().startswith("+-") or line.endswith("+-")]
    assert max(map(len, lines)) <= width


def test_zero_events_state_the_upper_bound_and_small_samples_what_they_need():
    assert study_remarks(study(CALM, SHORT)) == [
        f"{CASES[0]}: no shortfall in 104 replicates: its chance is under 0.028 with 95 % confidence",
        "VaR_95 and CVaR_95 from 104 samples; need 400 to be trusted",
        "VaR_99 and CVaR_99 from 104 samples; need 2,000 to be trusted",
    ]
    enough = [dataclasses.replace(e, n=400) for e in SHORT if e.name != "VaR_99"]
    assert study_remarks(study(enough)) == []
    assert "< 0.028" in study_lines(study(CALM), 200)[3]


def test_a_study_as_csv_and_markdown():
    rows = list(csv.DictReader(io.StringIO(study_csv(study(CALM, SHORT)))))
    assert [row["case"] for row in rows] == list(CASES[:2])
    assert rows[1]["EUE"] == "1096.3" and rows[1]["EUE_stderr"] == "12.4" and rows[0]["event_duration_h_max"] == ""
    first, marks, calm, _ = study_table(study(CALM, SHORT)).markdown().splitlines()
    assert first.startswith("| case | replicates | unserved energy, MWh |") and marks.startswith("| --- | ---: |")
    assert calm.startswith(f"| {CASES[0]} | 104 | 0 | < 0.028 |")


def test_the_screen_of_a_comparison():
    check_snapshot("compare", comparison_lines(BIG, 80))
    check_snapshot("compare_metric", comparison_lines(chosen("a", "b", PAIRS, metrics=["EUE"]), 80, names=True))
    check_snapshot("compare_all", comparison_lines(chosen("a", "b", PAIRS, everything=True), 80, names=True))


@pytest.mark.parametrize("width", [40, 80, 200])
def test_no_name_of_a_comparison_is_cut_at_any_width(width):
    text = "\n".join(comparison_lines(chosen("a", "b", PAIRS, everything=True), width, names=True))
    for row in PAIRS:
        assert f"({row.difference.name})" in text and f"  {row.difference.scope}" in text
    assert "1,096" in text and "140 +- 10" in text and max(map(len, text.splitlines())) <= max(width, 48)


def test_what_is_left_out_is_counted():
    assert BIG.left_out == "3 rows without a difference left out; --all prints them"
    assert chosen("a", "b", PAIRS[:1]).left_out == "1 row, all without a difference; --all prints them"
    zeros = chosen("a", "b", PAIRS, metrics=["EUE"])
    assert zeros.left_out == "1 row zero in both left out; --all prints them" and len(zeros.pairs) == 3
    assert not chosen("a", "b", PAIRS, everything=True).left_out


def test_one_run_against_another_states_all_digits_and_no_errors():
    one = [pair("co2_t", "system", 3727723.0, 3718960.0, n=1), pair("LOLH", "system", 0.0, 5.3, n=1)]
    lines = comparison_lines(chosen("a", "b", one), 80)
    assert lines[2].split() == ["what", "first", "other", "difference", "per", "cent"]
    assert [line.split() for line in lines if "system" in line] == [
        ["system", "0.0", "5.3", "5.3", "-"],
        ["system", "3,727,723", "3,718,960", "-8,763", "-0.235", "%"],
    ]


def test_a_metric_that_some_replicates_lack_says_how_many_have_it():
    some = [pair("EUE", "system", 1.0, 2.0, 0.1), pair("price_response_mwh", "system", 1.0, 2.0, 0.5, n=3)]
    lines = comparison_lines(chosen("a", "b", some), 80)
    assert lines[3].split()[-1] == "n" and lines[-1].split()[-1] == "3" and lines[2] == "paired over 64 replicates"


def test_a_comparison_as_csv_and_markdown():
    rows = list(csv.DictReader(io.StringIO(comparison_csv([BIG]))))
    assert rows[0]["metric"] == "EUE" and rows[0]["scope"] == "system" and rows[0]["label"] == "unserved energy"
    assert (rows[0]["first_value"], rows[0]["difference"], rows[0]["stderr"]) == ("953.1", "143.3", "12.3")
    assert flat_table([BIG]).markdown().splitlines()[2] == (
        "| rupture+repair=24 | rupture+repair=168 | EUE | system | MWh | 953.1 | 1,096 | 140 +- 10 | +15 % | 64 |"
    )
