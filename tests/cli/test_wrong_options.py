"""Every wrong word of a command line is told at once, by its flag, with its value and its mend; exit 2."""

from __future__ import annotations

import json

import pytest
import typer

from gridsim.cli.values import positive, whole
from tests.support.command import gridsim

WRONG = {
    ("study", "X", "--replicates", "0", "--seed", "-1", "--workers", "two", "--job-size", "65"): [
        "--job-size: 65 is out of range; give a whole number, from 1 to 64",
        "--replicates: 0 is out of range; give a whole number, 1 or more",
        "--seed: -1 is out of range; give a whole number, from 0 to 2^64 - 1",
        "--workers: 'two' is not a whole number; give one, 0 or more",
    ],
    ("weather", "N", "--years", "1", "--seed", str(2**64)): [
        f"--seed: {2**64} is out of range; give a whole number, from 0 to 2^64 - 1",
        "--years: 1 is out of range; give a whole number, 2 or more",
    ],
    ("screen", "--most", "0", "--hour", "teatime", "--dc=yes"): [
        "--dc: 'yes'; it takes no value; give the flag alone",
        "--hour: 'teatime' is no local time (Invalid isoformat string: 'teatime'); give one like 2026-01-14 18:00",
        "--most: 0 is out of range; give a whole number, 1 or more",
        "NETWORK: missing; see python -m gridsim screen --help",
    ],
    ("run", "X", "--hours", "3", "--replicats", "2", "--set", "policy", "--set", "a=1", "--set", "a=2", "--seed"): [
        "--hours: no such option; see python -m gridsim run --help",
        "--replicats: no such option; did you mean '--replicates'?",
        "--seed: without a value; write one after it",
        "--set a: a is set 2 times; keep one",
        "--set policy: no KEY=VALUE; write --set policy.imports=none, for example",
    ],
    ("run", "X", "Y", "--quiet", "-v"): [
        "--quiet: contradicts --verbose; keep one",
        "Y: one argument too many; leave it out",
    ],
    ("compare", "a", "b", "--csv", "--md", "--all=1"): [
        "--all: '1'; it takes no value; give the flag alone",
        "--csv: contradicts --md; keep one",
    ],
    ("adequacy", "N", "--target-cov", "nan", "--max-seconds", "0", "--years", str(2**32), "--level", "Zonal"): [
        "--level: no 'Zonal'; did you mean 'zonal'?",
        "--max-seconds: 0 is not > 0; give seconds",
        "--target-cov: nan is not > 0; give stderr / estimate, for instance 0.05",
        f"--years: {2**32} is out of range; give a whole number, from 1 to 2^32 - 1",
    ],
}


@pytest.mark.parametrize(("words", "told"), WRONG.items(), ids=lambda value: value[0].split(":")[0])
def test_all_are_told_at_once_before_anything_is_read(words: tuple[str, ...], told: list[str]) -> None:
    done = gridsim(*words)
    assert (done.returncode, done.stdout) == (2, "") and done.stderr.splitlines() == told


def test_with_json_they_are_one_object() -> None:
    done = gridsim("study", "X", "--replicates", "0", "--json", "--seed", "-1", "--bad")
    answer = json.loads(done.stdout)
    assert done.returncode == 2 and (answer["command"], answer["error"]["kind"]) == ("study", "InputError")
    assert [(problem["file"], problem["value"]) for problem in answer["error"]["problems"]] == [
        ("--bad", "no such option"),
        ("--replicates", "0 is out of range"),
        ("--seed", "-1 is out of range"),
    ]
    assert answer["error"]["message"] == done.stderr.rstrip()


def test_help_is_shown_beside_wrong_values() -> None:
    done = gridsim("weather", "--years", "1", "--help")
    assert done.returncode == 0 and "--years" in done.stdout


def test_bounds_belong_to_what_is_accepted() -> None:
    assert [whole(1, 64)(text) for text in ("1", "64")] == [1, 64]
    assert positive("seconds", finite=False)("inf") == float("inf")
    for parse, text in ((whole(1, 64), "65"), (whole(1, 64), "0"), (positive("x"), "inf"), (positive("x"), "-1")):
        with pytest.raises(typer.BadParameter):
            parse(text)
