"""`gridsim adequacy NETWORK --weather synthetic`: months and worst weeks, as JSON and as text; refusals."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

import gridsim.cli.adequacy
from gridsim.cli import app

COMMAND = ["adequacy", "kazakhstan", "--weather", "synthetic", "--imports", "none", "--years"]


def test_json_holds_months_with_errors_and_the_weather_of_the_worst_weeks() -> None:
    answer = CliRunner().invoke(app, [*COMMAND, "4", "--json"])
    assert answer.exit_code == 0, answer.output
    found = json.loads(answer.stdout)
    assert (found["weather"], found["weather_seed"], found["weather_years"]) == ("synthetic", 1, None)
    months = {m["scope"]: m for m in found["metrics"] if m["scope"].startswith("month:")}
    assert set(months) == {f"month:{m}" for m in range(1, 13)}
    # July is not without risk: what winter cannot spare is repaired then
    assert months["month:1"]["value"] > 3 * months["month:7"]["value"] and months["month:1"]["stderr"] > 0
    weeks = found["worst_weeks"]
    assert [week["weather_year"] for week in weeks] == [week["sample"] for week in weeks]
    energies = [week["unserved_mwh"] for week in weeks]
    assert len(weeks) == 4 and energies == sorted(energies, reverse=True)
    for week in weeks:
        assert week["start"][5:7] in ("11", "12", "01", "02") and week["temperature_c"] < 0.0
        assert 0.0 < week["wind_cf"] < 1.0 and 0.0 < week["solar_cf"] < 0.3


def test_text_of_a_fixed_set() -> None:
    answer = CliRunner().invoke(app, [*COMMAND, "4", "--weather-years", "2"])
    assert answer.exit_code == 0, answer.output
    assert "EUE over sets of 2 weather years" in answer.output and "worst week from" in answer.output


def test_what_does_not_go_together_is_refused() -> None:
    for words in (["--weather", "sunny"], ["--weather", "normal", "--weather-years", "3"]):
        assert CliRunner().invoke(app, ["adequacy", "kazakhstan", "--years", "4", *words]).exit_code != 0
    without = CliRunner().invoke(app, ["adequacy", "rbts", "--years", "4", "--weather-years", "2"])
    assert without.exit_code != 0 and "no weather generator" in str(without.exception)


@pytest.mark.parametrize(
    ("words", "weather", "told"),
    [
        ((), "synthetic", "generated weather, a year of its own per sample"),
        (("--weather-years", "2"), "synthetic", "generated weather, a fixed set of 2 years"),
        (("--weather", "normal"), "normal", "normal weather in every sample"),
        (("--method", "snapshot"), "normal", "normal weather in every sample"),
    ],
)
def test_weather_is_generated_by_default_and_said(words, weather, told, monkeypatch) -> None:
    """As JSON, text and Markdown, of years that are drawn once."""
    drawn, drawing = [], gridsim.cli.adequacy._assess
    monkeypatch.setattr(
        gridsim.cli.adequacy, "_assess", lambda *given: drawn[0] if drawn else drawn.append(drawing(*given)) or drawn[0]
    )
    command = ["adequacy", "kazakhstan", "--imports", "none", "--years", "2", *words]
    answer = CliRunner().invoke(app, [*command, "--json"])
    assert json.loads(answer.stdout)["weather"] == weather
    assert told in " ".join(CliRunner().invoke(app, command).stdout.split())
    assert told in CliRunner().invoke(app, [*command, "--md"]).stdout.replace("Generated", "generated").replace(
        "Normal", "normal"
    )


def test_a_network_without_a_weather_field_is_as_it_was() -> None:
    answer = CliRunner().invoke(app, ["adequacy", "rbts", "--years", "64"])
    assert answer.exit_code == 0 and "weather" not in answer.stdout
    found = json.loads(CliRunner().invoke(app, ["adequacy", "rbts", "--years", "64", "--json"]).stdout)
    assert found["weather"] == "normal"


def test_generated_weather_is_sampled_to_a_coarser_target() -> None:
    from gridsim.cli.adequacy_options import sampling_of

    coarse, fine = (sampling_of("copper", "sequential", None, None, None, w) for w in ("synthetic", "normal"))
    assert (coarse.target_cov, fine.target_cov) == (0.05, 0.02) and "known to 5 %" in coarse.told("EUE", "sequential")
