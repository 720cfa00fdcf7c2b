"""Questions of `gridsim adequacy`: an uncertain load, one hour, and what cannot be asked together."""

from __future__ import annotations

import json

import pytest
import typer
from typer.testing import CliRunner

from gridsim.cli.app import app
from gridsim.cli.values import load_forecast
from tests.support.command import gridsim


def asked(*more: str) -> dict[str, float]:
    answer = json.loads(CliRunner().invoke(app, ["adequacy", "rts79", "--method", "exact", "--json", *more]).stdout)
    return {row["name"]: row["value"] for row in answer["metrics"] if row["scope"] == "system"}


def test_an_uncertain_load_is_the_mean_over_its_errors() -> None:
    """Half of the years with 3 % more and half with 3 % less; a normal error of 3 % is near it."""
    both = asked("--load-forecast=-0.03:0.5,0.03:0.5")
    more, less = asked("--load-forecast=0.03:1"), asked("--load-forecast=-0.03:1")
    for name in ("LOLH", "EUE", "LOLEv"):
        assert both[name] == pytest.approx(0.5 * (more[name] + less[name]), rel=1e-9)
    assert both["EUE"] > asked()["EUE"]
    assert asked("--load-forecast", "0.03")["EUE"] == pytest.approx(both["EUE"], rel=0.1)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("-0.03:0.5,0.03:0.4", "sums to 0.9"),
        ("much", "'much' is no error"),
        ("0.5", "0.5 is not from 0 to 0.3"),
        ("0.1:2", "2 is not from 0 to 1"),
    ],
)
def test_an_error_that_is_none(text: str, what: str) -> None:
    with pytest.raises(typer.BadParameter, match=what):
        load_forecast(text)


def test_what_cannot_be_asked_together() -> None:
    done = gridsim(
        "adequacy",
        "rts79",
        "--hour",
        "5",
        "--weather-years",
        "3",
        "--importance",
        "--method",
        "snapshot",
        "--ac-states",
        "2",
    )
    assert done.returncode == 2
    assert "--hour: is an hour of the normal year" in done.stderr
    assert "--importance: takes whole years" in done.stderr
    assert "--ac-states: is of the year and one import policy" in done.stderr
