"""`gridsim adequacy` as a user meets it: exit codes, the JSON object, refusals."""

from __future__ import annotations

import json

import pytest

from tests.support.command import gridsim


def test_a_target_out_of_reach_exits_with_3_and_the_cov_reached() -> None:
    done = gridsim("adequacy", "rts79", "--years", "512", "--target-cov", "0.001", "--metric", "LOLH", "--json")
    assert done.returncode == 3, done.stderr
    answer = json.loads(done.stdout)
    keys = {"command", "status", "wall_s", "seed", "versions", "method", "level", "sampler", "years", "years_per_s"}
    assert keys <= answer.keys()
    assert (answer["command"], answer["status"], answer["years"], answer["level"]) == (
        "adequacy",
        "partial",
        512,
        "copper",
    )
    metrics = {(metric["name"], metric["scope"]): metric for metric in answer["metrics"]}
    assert set(metrics["LOLH", "system"]) == {"name", "scope", "value", "stderr", "ci_low", "ci_high", "unit", "n"}
    lolh = metrics["LOLH", "system"]
    assert answer["cov"] == pytest.approx(lolh["stderr"] / lolh["value"])
    assert abs(lolh["value"] - 9.394175) < 4.5 * lolh["stderr"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--years", "10", "--target-cov", "0"), "target_cov"),
        (("--years", "10", "--level", "nodl"), "nodal"),
        ((), "years"),
    ],
)
def test_impossible_requests_exit_with_2_and_name_the_mend(words: tuple[str, ...], told: str) -> None:
    done = gridsim("adequacy", "rts79", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr
