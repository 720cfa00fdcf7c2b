"""The screen of `gridsim weather`."""

from __future__ import annotations

from typing import Any

import pytest
from typer.testing import CliRunner

from gridsim.cli import app
from gridsim.errors import InputError
from gridsim.report.weather_summary import weather_lines, weather_summary
from tests.support.snapshots import assert_is_snapshot


@pytest.fixture(scope="module")
def summary(kazakhstan) -> dict[str, Any]:
    return weather_summary(kazakhstan, years=20, seed=1)


@pytest.mark.parametrize("width", [40, 80, 200])
def test_screens(summary: dict[str, Any], width: int) -> None:
    lines = weather_lines(summary, width)
    text = "\n".join(lines)
    assert max(map(len, lines)) <= width
    assert "{" not in text and "rp_" not in text and "2 years" in text
    if width == 80:
        assert_is_snapshot("weather.txt", text)


def test_figures_are_rounded_and_have_their_unit(summary: dict[str, Any]) -> None:
    lines = weather_lines(summary, 120)
    found = next(line for line in lines if line.startswith("wind, output over capacity"))
    assert found.split()[-2:] == [f"{100 * summary['climate']['wind_cf']:.0f}", "%"]
    coldest = next(line for line in lines if line.startswith("coldest"))
    assert float(coldest.split()[1]) == pytest.approx(summary["climate"]["five_day_minimum_c"]["rp_2"], abs=0.05)


def test_a_check_that_is_off_stands_first_and_is_counted(summary: dict[str, Any]) -> None:
    off = [dict(check) for check in summary["checks"]]
    off[-1] |= {"passed": False}
    lines = weather_lines(summary | {"checks": off}, 120)
    assert lines[0].endswith(f"of {len(off)} checks {len(off) - 1} ok, 1 off")
    table = lines[next(i for i, line in enumerate(lines) if line.startswith("check")) :]
    assert table[1].startswith("off") and table[1].endswith(off[-1]["name"].replace("_", " "))
    assert all(line.startswith("ok") for line in table[2:])


def test_a_seed_beyond_64_bits_is_refused_by_its_flag() -> None:
    done = CliRunner().invoke(app, ["weather", "kazakhstan", "--seed", str(2**64)])
    assert isinstance(done.exception, InputError) and str(done.exception).startswith("--seed")
