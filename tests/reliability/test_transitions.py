"""Hourly transition probabilities, outages of a site, and one hour of a year, by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from gridsim.errors import InputError, StudyError
from gridsim.io.read_network import read_network
from gridsim.reliability import (
    AdequacySystem,
    Exact,
    SequentialMonteCarlo,
    SnapshotMonteCarlo,
    assess,
    system_from_frames,
    system_from_grid,
)
from gridsim.reliability.one_hour import at_hour, hour_of


def chain(fails: Any, returns: Any, **columns: Any) -> AdequacySystem:
    units = pd.DataFrame(
        {"name": ["m"], "p_max_mw": [10.0], "failure_probability": [fails], "repair_probability": [returns], **columns}
    )
    return system_from_frames(units, np.full(24, 8.0))


@pytest.mark.parametrize(("fails", "returns"), [(0.1, 0.3), (0.02, 0.9), (0.1, 0.9)])
def test_the_chain_is_that_of_the_probabilities(fails: float, returns: float) -> None:
    """P(down) = p / (p + q), and an event begins in an hour with P(up before) p; two states, 24 hours."""
    down = fails / (fails + returns)
    exact = assess(chain(fails, returns), Exact())
    assert exact["LOLP"].value == pytest.approx(down, rel=1e-9)
    assert exact["LOLEv"].value == pytest.approx(down + 23 * (1.0 - down) * fails, rel=1e-9)
    sampled = assess(chain(fails, returns), SequentialMonteCarlo(years=2048, seed=6))
    for name in ("LOLP", "LOLEv"):
        assert abs(sampled[name].value - exact[name].value) < 3.9 * (sampled[name].stderr or 0.0)


FAILS, RETURNS = np.tile([0.1, 0.3, 0.0, 0.4], 6), np.tile([0.9, 0.2, 0.5, 0.0], 6)  # of a day's hours


def by_the_hour(fails: Any, returns: Any, name: str = "m", **columns: Any) -> AdequacySystem:
    units = pd.DataFrame({"name": ["m", "sure"], "p_max_mw": [10.0, 1.0], **columns})
    return system_from_frames(
        units,
        np.full(24, 8.0),
        failure_probability=pd.DataFrame({name: fails}),
        repair_probability=pd.DataFrame({name: returns}),
    )


def test_probabilities_of_every_hour() -> None:
    """From the equilibrium of the first hour, P(out) = P(out before) (1 - q) + P(up before) p; two states, 24 hours. An
    event begins where it is out in the first hour, or was up the hour before and failed.
    """
    out = [0.1 / (0.1 + 0.9)]
    for p, q in zip(FAILS[:-1], RETURNS[:-1], strict=True):
        out.append(out[-1] * (1.0 - q) + (1.0 - out[-1]) * p)
    events = out[0] + sum((1.0 - before) * p for before, p in zip(out[:-1], FAILS[:-1], strict=True))
    system = by_the_hour(FAILS, RETURNS)
    exact = assess(system, Exact())
    np.testing.assert_allclose(exact.frame("lolp_by_hour")["lolp"], out, rtol=1e-9)
    assert exact["EUE"].value == pytest.approx(7.0 * sum(out), rel=1e-9)
    years = assess(system, SequentialMonteCarlo(years=4096, seed=6))
    for name, wanted in (("EUE", 7.0 * sum(out)), ("LOLEv", events)):
        assert abs(years[name].value - wanted) < 3.9 * (years[name].stderr or 0.0)
    snapshots = assess(system, SnapshotMonteCarlo(40_000, seed=6))
    assert abs(snapshots["LOLH"].value - sum(out)) < 3.9 * (snapshots["LOLH"].stderr or 0.0)


def test_probabilities_alike_in_all_hours_are_the_columns() -> None:
    alike = assess(by_the_hour([0.02] * 24, [0.3] * 24), Exact())
    columns = assess(chain(0.02, 0.3), Exact())
    assert alike["LOLP"].value == pytest.approx(columns["LOLP"].value, rel=1e-12)
    assert assess(by_the_hour([0.0] * 24, [0.3] * 24), Exact())["LOLP"].value == 0.0


def test_a_tie_fails_by_the_hour() -> None:
    """The tie of an area without machines begins in the equilibrium of an hour in which it only fails, and is back when
    the third hour begins: 4 MW are short for two hours.
    """
    units = pd.DataFrame({"name": ["m"], "area": ["a"], "p_max_mw": [10.0]})
    tie = pd.DataFrame({"name": ["t"], "area_from": ["a"], "area_to": ["b"], "forward_mw": [9.0], "backward_mw": [9.0]})
    fails, returns = np.zeros(24), np.zeros(24)
    fails[0], returns[1] = 1.0, 1.0
    system = system_from_frames(
        units,
        pd.DataFrame({"a": np.zeros(24), "b": np.full(24, 4.0)}),
        tie,
        failure_probability=pd.DataFrame({"t": fails}),
        repair_probability=pd.DataFrame({"t": returns}),
    )
    years = assess(system, SequentialMonteCarlo(years=8, level="zonal"))
    assert years["EUE"].value == pytest.approx(2 * 4.0)


@pytest.mark.parametrize(
    ("fails", "returns", "more", "what"),
    [
        ([0.1] * 23 + [1.2], [0.5] * 24, {}, "failure_probability:25: m: 1.2 is not from 0 to 1"),
        ([0.1] * 24, [-0.1] + [0.5] * 23, {}, "repair_probability:2: m: -0.1 is not from 0 to 1"),
        ([0.6] * 24, [0.5] * 24, {}, "sum to more than 1"),
        ([0.1] * 24, [0.0] * 24, {}, "never above 0"),
        ([0.1] * 23, [0.5] * 23, {}, "23 hours"),
        ([0.1] * 24, [0.5] * 24, {"name": "n"}, "n: is not a component"),
        ([0.1] * 24, [0.5] * 24, {"mttf_h": 20.0, "mttr_h": 5.0}, "has outages beside its hourly probabilities"),
    ],
)
def test_hourly_probabilities_that_are_none(fails: Any, returns: Any, more: dict[str, Any], what: str) -> None:
    with pytest.raises(InputError, match=what):
        by_the_hour(fails, returns, **more)


def test_one_of_both_tables_is_missing() -> None:
    units = pd.DataFrame({"name": ["m"], "p_max_mw": [10.0]})
    with pytest.raises(InputError, match="repair_probability: missing beside failure_probability"):
        system_from_frames(units, np.full(2, 8.0), failure_probability=pd.DataFrame({"m": [0.1, 0.1]}))


def test_a_machine_that_never_fails() -> None:
    assert assess(chain(0.0, 0.5), Exact())["LOLP"].value == 0.0


@pytest.mark.parametrize(
    ("fails", "returns", "columns", "what"),
    [
        (1.2, 0.5, {}, "1.2 is not <= 1"),
        (-0.1, 0.5, {}, "-0.1 is not >= 0"),
        (0.6, 0.5, {}, "sum to more than 1"),
        (0.1, 0.0, {}, "repair_probability: no number above 0"),
        (0.1, 0.5, {"mttf_h": 20.0}, "given with mean times"),
        (0.1, 0.5, {"forced_outage_rate": 0.1}, "given with mean times or a rate"),
    ],
)
def test_probabilities_that_are_none(fails: float, returns: float, columns: dict[str, float], what: str) -> None:
    with pytest.raises(InputError, match=what):
        chain(fails, returns, **columns)


def test_a_site_that_fails_as_a_whole() -> None:
    """Two machines of 10 MW, each out a tenth of the time, on a site out a fifth of it, load 15 MW: eight states.

    Short by 15 with the site, or with both out; by 5 with one of them.
    """
    units = pd.DataFrame(
        {"name": ["a", "b"], "p_max_mw": 10.0, "mttf_h": 18.0, "mttr_h": 2.0}  # two of one site
    )
    site = pd.DataFrame({"cause": "site", "component": ["a", "b"], "lost_share": 1.0, "mttf_h": 16.0, "mttr_h": 4.0})
    system = system_from_frames(units, np.full(24, 15.0), common_causes=site)
    lost = 0.2 + 0.8 * 0.01
    wanted_mw = 15.0 * lost + 5.0 * 0.8 * 0.18
    for method in (SequentialMonteCarlo(years=4096, seed=2), SnapshotMonteCarlo(samples=32 * 4096, seed=2)):
        found = assess(system, method)
        assert abs(found["EPNS"].value - wanted_mw) < 3.9 * (found["EPNS"].stderr or 0.0)
        assert abs(found["LOLP"].value - (lost + 0.8 * 0.18)) < 3.9 * (found["LOLP"].stderr or 0.0)


def test_one_hour_of_a_network() -> None:
    """The hour alone has the LOLP and EPNS that it has among the hours of the year."""
    system = system_from_grid(read_network("rts79"))
    year = assess(system, Exact()).frame("lolp_by_hour").query("scope == 'system'").reset_index(drop=True)
    peak = int(year["lolp"].argmax())
    stamp = str(system.times[peak])
    assert hour_of(system, stamp) == hour_of(system, str(peak)) == peak
    hour = assess(at_hour(system, peak), Exact())
    assert hour["LOLH"].value == pytest.approx(year["lolp"][peak], rel=1e-9)
    assert hour["EUE"].value == pytest.approx(year["epns_mw"][peak], rel=1e-9)


def test_one_hour_of_failures_that_follow_it() -> None:
    """Unavailability rises from 0.1 to 0.5 at hour 12: the hour alone is as in the year."""
    units = pd.DataFrame({"name": ["m"], "p_max_mw": [10.0], "mttf_h": [3.0], "mttr_h": [1.0]})
    course = pd.DataFrame({"m": np.repeat([0.1, 0.5], 12)})
    system = system_from_frames(units, np.full(24, 8.0), unavailability=course)
    year = assess(system, Exact()).frame("lolp_by_hour")["lolp"]
    for hour in (0, 12, 20):
        assert assess(at_hour(system, hour), Exact())["LOLP"].value == pytest.approx(year[hour], rel=1e-9)


@pytest.mark.parametrize(
    ("asked", "what"), [("24", "24 is not from 0 to 23"), ("soon", "no hour"), ("03-01 01:00", "has no")]
)
def test_hours_that_are_none(asked: str, what: str) -> None:
    system = chain(0.1, 0.5)
    with pytest.raises(StudyError, match=what):
        hour_of(system, asked)
