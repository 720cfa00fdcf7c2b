"""`gridsim adequacy` as a user meets it: exit codes, the JSON object, refusals."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from gridsim.cli import adequacy_options, app
from gridsim.errors import InputError, StudyError
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
        (("--years", "10", "--target-cov", "0"), ("--target-cov: 0 is not > 0",)),
        (("--years", "0"), ("--years: 0",)),
        (("--years", "10", "--level", "nodl"), ("--level: no 'nodl'; did you mean 'nodal'?",)),
        (
            ("--metric", "LOLE", "--imports", "never", "--method", "sequentail"),
            (
                "--metric: no 'LOLE'; LOLE in hours a year is LOLH",
                "--imports: no 'never'",
                "did you mean 'sequential'?",
            ),
        ),
        (("--metric", "eue"), ("did you mean 'EUE'?",)),
        (("--method", "snapshot", "--metric", "LOLD"), ("--metric: snapshots have no LOLD",)),
        (
            ("--weather", "normal", "--weather-years", "3", "--csv", "--md"),
            ("--csv: contradicts --md", "--weather-years:"),
        ),
        (
            ("--method", "snapshot", "--sampler", "quasi_sequential"),
            (
                "--sampler: snapshot does not go with quasi_sequential; pairs of --method: auto with auto; exact with "
                "none; sequential with auto, crude, multilevel, quasi_sequential; snapshot with auto, crude, cross_",
            ),
        ),
        (("--method", "exact", "--sampler", "crude"), ("--sampler: exact does not go with crude",)),
        (("--sampler", "crude"), ("--sampler: auto does not go with crude",)),
        (("--years", "10", "--sampler", "cross_entropy"), ("--sampler: sequential does not go with cross_entropy",)),
        (("--seed", "-1", "--workers", "0", "--max-seconds", "0"), ("--seed: -1", "--workers: 0", "--max-seconds: 0")),
    ],
)
def test_impossible_requests_exit_with_2_and_name_every_flag_and_its_mend(
    words: tuple[str, ...], told: tuple[str, ...]
) -> None:
    done = CliRunner().invoke(app, ["adequacy", "rts79", *words])
    assert isinstance(done.exception, InputError)
    assert all(text in str(done.exception) for text in told)
    assert len(str(done.exception).splitlines()) == len(told)


def test_a_refusal_exits_with_2() -> None:
    done = gridsim("adequacy", "rts79", "--metric", "LOLE")
    assert (done.returncode, done.stdout) == (2, "") and done.stderr.startswith("--metric")


def test_without_a_number_sampling_ends_at_the_target() -> None:
    done = CliRunner().invoke(app, ["adequacy", "rts79", "--metric", "LOLH", "--json"])
    assert done.exit_code == 0, done.output
    answer = json.loads(done.stdout)
    assert (answer["status"], answer["stopped"], answer["target_cov"]) == ("ok", "target reached", 0.02)
    assert answer["cov"] <= 0.02 and 0 < answer["years"] < 200_000
    assert "until LOLH is known to 2 %, at most 200,000 years" in done.stderr


def test_the_cap_of_the_default_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(adequacy_options.DEFAULT_CAPS["sequential"], "copper", 64)
    done = CliRunner().invoke(app, ["adequacy", "rts79"])
    assert done.exit_code == 0, done.output
    assert "cap of 64 years reached: EUE to" in done.stdout and "target of 2 % not reached" in done.stdout


@pytest.mark.parametrize(
    ("level", "method", "cap"),
    [
        ("copper", "sequential", 200_000), ("zonal", "sequential", 10_000), ("nodal", "sequential", 500),
        ("copper", "snapshot", 20_000_000), ("zonal", "snapshot", 2_000_000), ("nodal", "snapshot", 100_000),
    ],
)  # fmt: skip
def test_caps_are_those_the_help_states(level: str, method: str, cap: int) -> None:
    effort = adequacy_options.sampling_of(level, method, None, None, None)
    assert (effort.n, effort.target_cov, effort.max_seconds) == (cap, 0.02, None)
    shown = " ".join(CliRunner().invoke(app, ["adequacy", "--help"], env={"COLUMNS": "300"}).stdout.split())
    assert f"{cap:,}" in shown
    for option, choices in adequacy_options.CHOICES.items():
        assert f"--{option} [{'|'.join(choices)}]" in shown


def test_other_forms_of_the_table() -> None:
    words = ["adequacy", "rts79", "--years", "16"]
    assert CliRunner().invoke(app, [*words, "--csv"]).stdout.startswith("metric,scope,value,stderr,")
    assert "| metric | value |" in CliRunner().invoke(app, [*words, "--md"]).stdout


def rows_of(text: str) -> dict[tuple[str, str], dict[str, object]]:
    return {(metric["name"], metric["scope"]): metric for metric in json.loads(text)["metrics"]}


def test_exact_numbers_stand_beside_the_sampled_ones() -> None:
    done = CliRunner().invoke(app, ["adequacy", "rts79", "--target-cov", "0.1", "--json"])
    sampled = rows_of(done.stdout)
    done = CliRunner().invoke(app, ["adequacy", "rts79", "--json"])
    answer, rows = json.loads(done.stdout), rows_of(done.stdout)
    assert (answer["method"], answer["grid_mw"], answer["sampler"]) == ("auto", 1.0, "crude") and answer["years"] > 0
    for name, value in (("LOLH", 9.394175489454758), ("EUE", 1176.2984600448156), ("LOLEv", 1.913130857847041)):
        row = rows[name, "system"]
        assert row["value"] == pytest.approx(value, rel=1e-9)
        assert (row["stderr"], row["method"], row["n"]) == (0.0, "exact", 0)
        assert row["ci_low"] <= row["value"] <= row["ci_high"]
    assert rows["LOLEv_continuous", "system"]["value"] == pytest.approx(2.019674775063315, rel=1e-9)
    assert rows["EUE", "month:12"]["method"] == "exact"
    assert all("method" not in rows[name, "system"] for name in ("LOLD", "VaR_95", "CVaR_95", "P_any_shortfall"))
    assert rows.keys() - sampled.keys() == {("LOLEv_continuous", "system")}


@pytest.mark.parametrize("more", [("--years", "64"), ("--target-cov", "0.2")])
def test_a_number_of_years_or_a_target_samples_everything(more: tuple[str, ...]) -> None:
    plain, named = (
        CliRunner().invoke(app, ["adequacy", "rts79", *more, *method, "--csv"]).stdout
        for method in ((), ("--method", "sequential"))
    )
    assert plain == named and "exact" not in plain


def test_exact_alone_draws_nothing() -> None:
    done = CliRunner().invoke(app, ["adequacy", "rbts", "--method", "exact", "--json"])
    answer, rows = json.loads(done.stdout), rows_of(done.stdout)
    assert answer["years"] is None and answer["sampler"] is None and answer["target_cov"] is None
    assert all((row["method"], row["stderr"]) == ("exact", 0.0) for row in rows.values())
    assert rows["LOLH", "system"]["value"] == pytest.approx(1.091560472738546, rel=1e-9)
    text = CliRunner().invoke(app, ["adequacy", "rbts", "--method", "exact"], env={"COLUMNS": "100"}).stdout
    assert "exact by convolution, capacities on a grid of 1 MW: every number within" in text
    assert "1.09156 exact" in text and "years" not in text.split("\n\n")[0]
    table = CliRunner().invoke(app, ["adequacy", "rbts", "--method", "exact", "--csv"]).stdout.splitlines()
    assert table[0].endswith(",n,method") and all(line.endswith(",0,exact") for line in table[1:])


def test_what_cannot_be_exact_names_its_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    done = CliRunner().invoke(app, ["adequacy", "rts79", "--method", "exact", "--level", "nodal"])
    assert isinstance(done.exception, StudyError) and "every state is a dispatch" in str(done.exception)
    monkeypatch.setitem(adequacy_options.DEFAULT_CAPS["sequential"], "nodal", 8)
    done = CliRunner().invoke(app, ["adequacy", "rbts", "--level", "nodal", "--json"])
    assert json.loads(done.stdout)["not_exact"] == "level nodal: every state is a dispatch of its own"
    words = ["--method", "exact", "--years", "5", "--target-cov", "0.1", "--weather", "synthetic"]
    done = CliRunner().invoke(app, ["adequacy", "kazakhstan", *words])
    assert {line.split(":")[0] for line in str(done.exception).splitlines()} == {"--years", "--target-cov", "--weather"}


def test_snapshots_by_default_are_tilted_and_tell_what_carries_them() -> None:
    done = CliRunner().invoke(app, ["adequacy", "rts79", "--method", "snapshot", "--json"])
    assert done.exit_code == 0, done.output
    answer = json.loads(done.stdout)
    assert answer["sampler"] == "cross_entropy" and answer["years"] < 10_000
    (term,) = answer["sampler_report"]["terms"]
    assert term["effective"] > 256 and abs(term["mean_ratio"] - 1.0) < 3.3 * term["ratio_stderr"]
    assert answer["sampler_report"]["doubts"] == []
    told = CliRunner().invoke(app, ["adequacy", "rts79", "--method", "snapshot", "--years", "64", "--sampler", "auto"])
    assert told.exit_code == 3
    assert "doubtful: copper snapshots:" in told.stdout and "effective contributions" in told.stdout
    crude = CliRunner().invoke(app, ["adequacy", "rts79", "--method", "snapshot", "--years", "4096", "--json"])
    assert json.loads(crude.stdout)["sampler"] == "crude" and "sampler_report" not in json.loads(crude.stdout)


def test_a_sampler_of_means_draws_years_without_months() -> None:
    words = ("--method", "sequential", "--sampler", "quasi_sequential", "--years", "4096", "--metric", "LOLEv")
    done = CliRunner().invoke(app, ["adequacy", "rts79", *words])
    assert done.exit_code == 0, done.output
    assert "all 4,096 snapshots done" in done.stdout and "LOLEv" in done.stdout and "VaR_95" not in done.stdout
