"""`gridsim credit` as a user meets it: the table, its forms, and every wrong word at once."""

from __future__ import annotations

import csv
import io
import json

import pytest
from typer.testing import CliRunner

from gridsim.cli import app
from gridsim.errors import InputError
from gridsim.reliability.credit_rows import CreditRow
from gridsim.report.credit import credit_lines

SNAPSHOT = """\
rts79: fuel=nuclear,p_max_mw=1200,for=0.05 (imports contract)
EUE copper: 1,176 MWh/a without, 58.82 with it

credit  by   level   MW added     MW  95 % interval  % of it  method
ELCC    EUE  copper     1,200  426.8          exact     35.6  exact
EFC     EUE  copper     1,200  333.4          exact     27.8  exact

ELCC: constant load that may be added with it so that the metric is what it was
without
EFC: perfect capacity at its place that does to the metric what it does

In machines a 12th of the size that fail as often the same MW would be worth
1,115 MW ELCC instead of 426.8 MW and 1,066 MW EFC instead of 333.4 MW (by EUE,
copper level): when a large machine is out all of it is missing at once, while
small ones are hardly ever out together.
"""


def credit(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["credit", *words], env={"COLUMNS": "80"})
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.stdout


def test_the_table_of_one_large_machine() -> None:
    assert credit("rts79", "--add", "fuel=nuclear,p_max_mw=1200,for=0.05", "-q") == (0, SNAPSHOT)


def test_sampled_json_has_an_interval_for_the_credit() -> None:
    words = ("rbts", "--add", "p_max_mw=20,for=0.02", "--years", "500", "--metric", "CVaR_95", "--by", "elcc", "--json")
    answer = json.loads(credit(*words)[1])
    (row,) = answer["credits"]
    assert (answer["command"], answer["status"], row["credit"], row["metric"]) == ("credit", "ok", "ELCC", "CVaR_95")
    assert row["ci_low_mw"] < row["value_mw"] < row["ci_high_mw"] and row["years"] == 500 and row["stderr_mw"] > 0.0
    assert answer == {**json.loads(credit(*words)[1]), "wall_s": answer["wall_s"]}


def test_a_curve_over_size_as_csv() -> None:
    """Per MW a larger machine is worth less."""
    text = credit("rts79", "--add", "p_max_mw=400,for=0.12", "--curve", "--by", "efc", "--csv")[1]
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [float(row["nameplate_mw"]) for row in rows] == [100.0, 200.0, 300.0, 400.0]
    percents = [float(row["percent"]) for row in rows]
    assert percents == sorted(percents, reverse=True) and {row["credit"] for row in rows} == {"EFC"}
    assert float(rows[-1]["value_mw"]) == pytest.approx(224.986, abs=1e-3)


def test_a_plant_of_the_network_and_one_that_it_lacks() -> None:
    code, text = credit("rbts", "--plant", "G1", "--by", "elcc", "--md")
    assert code == 0 and text.startswith("| credit | by | level |") and "| ELCC | EUE | copper |" in text
    with pytest.raises(InputError, match="--plant: no 'G99' in service in rbts"):
        credit("rbts", "--plant", "G99")


def test_every_wrong_word_at_once() -> None:
    with pytest.raises(InputError) as told:
        credit("rts79", "--add", "fuel=wind,p_max=1200,for=1.05", "--add", "x", "--by", "elc", "--metric", "LOLE")
    text = str(told.value)
    for part in (
        "--add: no key 'p_max'; did you mean 'p_max_mw'?",
        "--add: for=1.05; give a forced outage rate from 0 to below 1, as for=0.05",
        "--add: fuel=wind has no hours; add like=NAME",
        "--add: 'x' is no key=value; write it like fuel=nuclear",
        "--by: no 'elc'; did you mean 'elcc'?",
        "--metric: no 'LOLE'; did you mean 'LOLEv'?",
    ):
        assert part in text


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "--add: nothing to value"),
        (("--add", "p_max_mw=nan"), "--add: p_max_mw=nan"),
        (("--add", "p_max_mw=5,count=1.5"), "--add: count=1.5"),
        (("--add", "p_max_mw=5,p_max_mw=6"), "'p_max_mw' is given twice"),
        (("--add", "p_max_mw=5", "--plant", "G1"), "--plant: contradicts --add"),
        (("--add", "p_max_mw=5,name=a", "--add", "p_max_mw=5,name=a"), "two are named 'a'"),
        (("--add", "p_max_mw=5", "--level", "zonal"), "has no bus, which level zonal needs"),
        (("--add", "p_max_mw=5,bus=nowhere"), "no bus 'nowhere' in rbts"),
        (("--add", "fuel=wind,p_max_mw=5,like=nobody"), "no like 'nobody' in rbts"),
        (("--add", "p_max_mw=5,efficiency=0.9"), "an efficiency without a store"),
        (("--variant", "base"), "--add: nothing to value"),
    ],
)
def test_refusals(words: tuple[str, ...], told: str) -> None:
    with pytest.raises(InputError, match=told):
        credit("rbts", *words)


def test_two_totals_that_look_alike_have_their_difference() -> None:
    """On the same draws it is known far better than either."""
    row = CreditRow(
        credit="EFC",
        metric="EUE",
        level="zonal",
        method="snapshot",
        nameplate_mw=2161.0,
        value_mw=1478.0,
        stderr_mw=6.2,
        ci_low_mw=1466.0,
        ci_high_mw=1490.0,
        without=258_300.2,
        with_addition=258_296.7,
        years=None,
        saved=3.483,
        saved_stderr=0.077,
        snapshots=32_768,
    )
    lines = credit_lines("kazakhstan: ulken_npp", "likely", [row], "", "", width=120)
    assert "EUE zonal: 258,300 MWh/a without, 258,300 with it; 3.48 +- 0.08 less" in lines
    assert any("1,466 to 1,490" in line and line.rstrip().endswith("32,768 snapshots") for line in lines)
