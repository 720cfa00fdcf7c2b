"""What `gridsim adequacy` prints without --json."""

from __future__ import annotations

import csv
import dataclasses
import io

import numpy as np
import pandas as pd
import pytest

from gridsim.reliability import (
    AssessmentResult,
    SequentialMonteCarlo,
    ShortfallByMonth,
    SnapshotMonteCarlo,
    Stopped,
    assess,
    system_from_frames,
    system_from_grid,
)
from gridsim.report.assessment import assessment_csv, assessment_lines, assessment_markdown, reached, week_lines
from tests.support.snapshots import assert_is_snapshot


def areas(**method: object) -> AssessmentResult:
    """Areas without machines: 24 h of 1 and of 3 MW, always short."""
    units = pd.DataFrame({"name": ["g"], "area": ["rich"], "p_max_mw": [9.0]})
    load = pd.DataFrame({"rich": np.full(24, 4.0), "poor": np.full(24, 1.0), "poorest": np.full(24, 3.0)})
    return assess(system_from_frames(units, load), SequentialMonteCarlo(level="zonal", **method))  # type: ignore[arg-type]


def one_machine(p_max_mw: float, years: int, mttf_h: float = 2000.0) -> AssessmentResult:
    units = pd.DataFrame({"name": ["g"], "p_max_mw": [p_max_mw], "mttf_h": [mttf_h], "mttr_h": [50.0]})
    load = pd.DataFrame({"system": np.full(240, 4.0)})
    return assess(system_from_frames(units, load), SequentialMonteCarlo(years=years))


@pytest.fixture(scope="module")
def zonal(kazakhstan) -> AssessmentResult:
    result = assess(system_from_grid(kazakhstan), SequentialMonteCarlo(years=64, level="zonal"), ShortfallByMonth())
    return dataclasses.replace(result, wall_s=1.0)


def test_the_system_first_then_zones_with_the_most_unserved_energy_first() -> None:
    system, zones = "\n".join(assessment_lines("case", "none", areas(years=32), 100)).split("\n\n")[1:]
    assert next(line.split()[1] for line in system.splitlines() if line.startswith("EUE")) == "96"
    header, *rows, without = zones.splitlines()
    assert header.split()[:3] == ["zone", "EUE", "MWh"]
    assert [row.split()[:2] for row in rows] == [["poorest", "72"], ["poor", "24"]]
    assert without == "no shortfall in zone rich"


@pytest.mark.parametrize("width", [40, 80, 200])
def test_screen_of_kazakhstan(zonal, width: int) -> None:
    lines = assessment_lines("kazakhstan", "contract", zonal, width)
    assert max(len(line) for line in lines) <= width
    assert not [line for line in lines if line.strip().startswith("+-")]
    if width == 80:
        assert_is_snapshot("adequacy_zonal.txt", "\n".join(lines))


@pytest.mark.parametrize(
    ("stopped", "target", "text"),
    [
        (Stopped.TARGET, 0.02, "EUE to 1.4 %, 4,096 years: target of 2 % reached"),
        (Stopped.SAMPLE_BUDGET, 0.02, "cap of 4,096 years reached: EUE to 1.4 %, target of 2 % not reached"),
        (Stopped.ALL_SAMPLES, None, "all 4,096 years done: EUE to 1.4 %"),
        (Stopped.TIME_BUDGET, None, "time spent after 4,096 years: EUE to 1.4 %"),
        (Stopped.TIME_BUDGET, 0.02, "time spent after 4,096 years: EUE to 1.4 %, target of 2 % not reached"),
    ],
)
def test_what_was_reached_is_said(stopped: Stopped, target: float | None, text: str) -> None:
    result = dataclasses.replace(
        areas(years=32),
        method=SequentialMonteCarlo(years=4096, target_cov=target),
        n_samples=4096, cov=0.01382, stopped=stopped,
    )  # fmt: skip
    assert reached(result) == text


def test_no_shortfall_gives_the_upper_bound_of_its_chance() -> None:
    lines = "\n".join(assessment_lines("case", "none", one_machine(5.0, 64, mttf_h=1e9), 200))
    # 1 - 0.05^(1/64) = 0.0457
    assert "no shortfall in 64 samples: the chance of one in a year is below 0.046 with 95 % confidence" in lines
    assert "all 64 years done: no EUE seen" in lines
    snapshots = assess(
        system_from_frames(
            pd.DataFrame({"name": ["g"], "p_max_mw": [5.0]}), pd.DataFrame({"system": np.full(24, 4.0)})
        ),
        SnapshotMonteCarlo(samples=1000),
    )
    assert "one in a random hour is below 0.003 " in "\n".join(assessment_lines("case", "none", snapshots, 200))


@pytest.mark.parametrize(("years", "told"), [(399, (95, 99)), (400, (99,)), (1999, (99,)), (2000, ())])
def test_a_tail_of_fewer_than_20_samples_is_called_rough(years: int, told: tuple[int, ...]) -> None:
    lines = "\n".join(assessment_lines("case", "none", one_machine(5.0, years), 300))
    for tail in (95, 99):
        assert (f"VaR_{tail}, CVaR_{tail}, NCVaR_{tail}: {years:,} samples are fewer than" in lines) == (tail in told)


def test_comma_separated_values_hold_every_digit(zonal) -> None:
    rows = list(csv.DictReader(io.StringIO(assessment_csv(zonal.estimates))))
    assert len(rows) == len(zonal.estimates)
    found = next(row for row in rows if (row["metric"], row["scope"]) == ("EUE", "system"))
    assert float(found["value"]) == zonal["EUE"].value and float(found["stderr"]) == zonal["EUE"].stderr


def test_markdown_is_the_screen(zonal) -> None:
    text = assessment_markdown("kazakhstan", "contract", zonal)
    assert "| metric | value | unit | meaning |\n| --- | ---: | --- | --- |\n" in text
    assert text.count("\n| ---") == 4  # system, people, zones, months


def test_weeks_fit_any_width() -> None:
    week = {"start": "2018-01-14", "weather_year": 3, "sample": 1_003, "unserved_mwh": 12_345.6,
            "temperature_c": -21.04, "wind_cf": 0.213, "solar_cf": None}  # fmt: skip
    years = {"name": "EUE", "value": 30_000.0, "stderr": 1_234.0, "n": 50, "unit": "MWh"}
    in_weather = {"over_weather_years": [years], "worst_weeks": [week]}
    lines = week_lines(in_weather, 80)
    assert lines[0] == "EUE over sets of 50 weather years: 30,000 +- 1,000 MWh"
    assert lines[-1].split() == ["01-14", "3", "1003", "12,346", "-21.0", "21", "-"]
    assert max(map(len, week_lines(in_weather, 40))) <= 40
    assert week_lines({"over_weather_years": [], "worst_weeks": []}, 40) == ["no week with a shortfall"]
