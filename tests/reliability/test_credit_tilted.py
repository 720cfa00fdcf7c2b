"""Credits by tilted snapshots: convolution and hand-computed tails, areas out of reach, what keeps them from it."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2

from gridsim.reliability import Addition, AdequacySystem, SequentialMonteCarlo, system_from_frames
from gridsim.reliability import credit_rows as module
from gridsim.reliability.additions import nameplate_mw, with_additions
from gridsim.reliability.credit_rows import Comparison, CreditRow, credit_rows
from gridsim.reliability.credit_tilted import no_tilt_because, weights_hold
from gridsim.reliability.methods import Level
from tests.support.reliability_cases import DATA, rts79

CASES = {case["addition"]: case for case in json.loads((DATA / "credit" / "elcc_efc.json").read_text())["rts79"]}


def of(system: AdequacySystem, addition: Addition) -> Comparison:
    """A system with and without an addition."""
    added = with_additions(system, [addition])
    whole_mw = dict.fromkeys(addition.names, addition.p_max_mw)
    return Comparison(system, added, frozenset(addition.names), nameplate_mw(added, addition.names, whole_mw))


@pytest.fixture
def sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    """No convolution, and few snapshots: 16,384 where those tell enough."""
    monkeypatch.setattr(module, "is_exact", lambda *_: False)
    monkeypatch.setattr(module, "SNAPSHOTS", (16_384,))


@pytest.mark.usefixtures("sampled")
@pytest.mark.parametrize(
    ("name", "metric"),
    [("1 x 400 MW, FOR 0.12", "EUE"), ("1 x 400 MW, FOR 0.12", "LOLH"), ("1 x 50 MW, FOR 0.01", "EUE")],
)
def test_z_scores_on_rts79(name: str, metric: str) -> None:
    """The sum of z^2 over four seeds lies in its 99.9 % range, for ELCC and EFC; errors are below 2 % of the size."""
    case = CASES[name]
    size, out = name.removeprefix("1 x ").split(" MW, FOR ")
    comparison = of(rts79(), Addition("new", float(size), float(out)))
    z = np.empty((2, 4))
    for seed in range(4):
        rows = credit_rows(comparison, ("elcc", "efc"), metric, SequentialMonteCarlo(years=100, seed=seed + 1))
        for k, row in enumerate(rows):
            assert (row.method, row.snapshots, row.years) == ("snapshot", 16_384, None)
            assert row.value_mw is not None and row.stderr_mw is not None and row.stderr_mw < 0.02 * row.nameplate_mw
            z[k, seed] = (row.value_mw - case[f"{row.credit.lower()}_{metric.lower()}"]) / row.stderr_mw
    low, high = chi2.ppf([0.0005, 0.9995], z.shape[1])
    for values in z:
        assert low < float(np.square(values).sum()) < high, values
        assert np.abs(values).max() <= 3.9, values


@pytest.mark.usefixtures("sampled")
def test_machines_of_many_states_are_drawn_too() -> None:
    """Eight machines have nine states, more than are averaged over: tilted with load of their size beside them."""
    case = CASES["8 x 50 MW, FOR 0.01"]
    comparison = of(rts79(), Addition("new", 50.0, 0.01, 8))
    for row in credit_rows(comparison, ("elcc", "efc"), "EUE", SequentialMonteCarlo(years=100, seed=1)):
        assert row.method == "snapshot" and row.value_mw is not None and row.stderr_mw is not None
        assert row.stderr_mw < 0.5
        assert abs(row.value_mw - case[f"{row.credit.lower()}_eue"]) <= 3.9 * row.stderr_mw


@pytest.mark.usefixtures("sampled")
def test_a_count_that_few_snapshots_tell_is_left_to_years() -> None:
    """Hours at the root of 50 MW that are out 1 % of the time: one snapshot carries more than 5 % of the variance."""
    rows = credit_rows(of(rts79(), Addition("new", 50.0, 0.01)), ("elcc",), "LOLH", SequentialMonteCarlo(years=50))
    assert [(row.method, row.years, row.snapshots) for row in rows] == [("sequential", 50, None)]


def far_and_here(here_mw: float) -> AdequacySystem:
    """``far``: 10 MW that are out 0.2 % of the time, load 4 to 5 MW by eighths. ``here``: load without any machine."""
    units = pd.DataFrame(
        {"name": ["a"], "area": ["far"], "p_max_mw": [10.0], "forced_outage_rate": [0.002], "mttr_h": [1.0]}
    )
    load = pd.DataFrame({"far": np.linspace(4.0, 5.0, 8), "here": np.full(8, here_mw)})
    tie = {"name": "t", "area_from": "far", "area_to": "here", "forward_mw": 0.0, "backward_mw": 0.0}
    return system_from_frames(units, load, interfaces=pd.DataFrame([tie]))


def credits_of(system: AdequacySystem, metric: str = "EUE", workers: int = 1, **addition: float) -> list[CreditRow]:
    bus = system.buses[system.areas.index("far")]
    method = SequentialMonteCarlo(years=300, seed=1, level="zonal", workers=workers)
    return list(credit_rows(of(system, Addition("new", bus=bus, **addition)), ("elcc", "efc"), metric, method))


@pytest.mark.usefixtures("sampled")
@pytest.mark.parametrize("here_mw", [0.0, 7.0])
def test_a_tail_of_which_years_say_nothing(here_mw: float) -> None:
    """EFC of 20 MW that are out 0.1 % of the time, beside an area that is short all year and out of reach, or none.

    Without it 0.2 % x 4.5 MW x 8 h = 0.072 MWh are lost in ``far``, with it 0.000072: EFC leaves as much, 0.2 % x
    (5 - EFC) in the last hour alone (the one before has 4.857 MW): EFC = 5 - 0.036 = 4.964 MW. 300 years of 8 hours
    show five hours with ``a`` out, and none with both.

    ELCC spreads load by energy, 4.5 to 7: ``here`` loses 7 / 11.5 of it for certain, ``far`` its part where both are
    out, so that 8 h x c x (7 + 2e-6 x 4.5) / 11.5 = 0.071928. With ``far`` alone load up to 5 + c may be short for
    either machine: 20 MW out leave 10, a's outage 20, so that up to c = 5 both have to be out; the ELCC is above that.
    """
    elcc, efc = credits_of(far_and_here(here_mw), p_max_mw=20.0, forced_outage_rate=0.001)
    assert (efc.status, efc.method) == ("ok", "snapshot")
    assert efc.value_mw is not None and efc.stderr_mw is not None and efc.stderr_mw < 0.002
    assert abs(efc.value_mw - 4.964) <= 3.9 * efc.stderr_mw
    assert (elcc.saved, elcc.saved_stderr) == (pytest.approx(0.071928, rel=0.05), pytest.approx(0.0, abs=0.002))
    if here_mw:
        by_hand = 0.071928 / 8.0 * 11.5 / (7.0 + 2e-6 * 4.5)
        assert elcc.value_mw is not None and elcc.stderr_mw is not None and elcc.stderr_mw < 0.05 * by_hand
        assert abs(elcc.value_mw - by_hand) <= 3.9 * elcc.stderr_mw


@pytest.mark.usefixtures("sampled")
def test_the_same_snapshots_for_any_number_of_workers() -> None:
    one, two = (credits_of(far_and_here(7.0), workers=n, p_max_mw=20.0, forced_outage_rate=0.001) for n in (1, 2))
    assert one == two


def test_years_where_snapshots_do_not_tell() -> None:
    """LOLEv is no sum over hours; a machine whose rate follows the hour is not drawn in equilibrium."""
    system = far_and_here(7.0)
    rows = credits_of(system, "LOLEv", p_max_mw=2.0)
    assert {row.method for row in rows} == {"sequential"}
    (a,) = system.unit_component
    by_hour = dataclasses.replace(system, unit_component=(dataclasses.replace(a, rate_factor=np.ones(8)),))
    other = dataclasses.replace(system, unit_component=(dataclasses.replace(a, name="b"),))
    for without, with_addition, metric, cause in (
        (system, system, "EUE", None),
        (system, system, "CVaR_95", "CVaR_95, which is no sum over hours"),
        (by_hour, by_hour, "EUE", "failures that follow the hour"),
        (system, other, "EUE", "machines or lines that fail in one system alone"),
        (dataclasses.replace(system, step_h=0.5), system, "EUE", "hours that hang together"),
    ):
        assert no_tilt_because(without, with_addition, metric, Level.ZONAL) == cause


def test_a_mean_likelihood_ratio_off_one_is_seen() -> None:
    weight = np.random.default_rng(1).exponential(1.0, 10_000)
    assert weights_hold(weight)
    assert not weights_hold(1.1 * weight)
