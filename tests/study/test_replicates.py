"""Aggregation over replicates against numpy on all values at once."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from gridsim.results.replicates import Fan, ReplicateMetrics, TwoPassQuantiles, paired_differences


def frame(values: dict[tuple[str, str], dict[int, float]]) -> pd.DataFrame:
    """replicate_metrics of {(name, scope): {replicate: value}}."""
    rows = [(k, name, scope, v, "MWh") for (name, scope), column in values.items() for k, v in column.items()]
    return pd.DataFrame(rows, columns=["replicate", "name", "scope", "value", "unit"])


def test_blocks_give_the_mean_and_error_of_all_values() -> None:
    """Unserved 0, 10, 0, 30 MWh of 1000 demanded: mean 10, variance 200, error sqrt(200/4); NEUE 10,000 ppm."""
    energy = [0.0, 10.0, 0.0, 30.0]
    metrics = ReplicateMetrics()
    for block in ((0, 1), (2, 3)):
        metrics.add(
            frame(
                {
                    ("EUE", "system"): {k: energy[k] for k in block},
                    ("LOLH", "system"): {k: float(energy[k] > 0) for k in block},
                    ("EUE", "class:homes"): {k: energy[k] for k in block if energy[k] > 0},
                    ("time_to_first_shed_h", "system"): {k: 2.0 * k for k in block if energy[k] > 0},
                    ("demand_mwh", "system"): dict.fromkeys(block, 1000.0),
                }
            ),
            2,
        )
    found = {(e.name, e.scope): e for e in metrics.estimates()}
    total = found[("EUE", "system")]
    assert total.value == 10.0 and total.stderr == pytest.approx(math.sqrt(200 / 4)) and total.n == 4
    # A class that is not named in a replicate lost nothing there; a time of shedding there is none.
    assert found[("EUE", "class:homes")].value == 10.0 and found[("EUE", "class:homes")].n == 4
    assert found[("time_to_first_shed_h", "system")].value == 4.0 and found[("time_to_first_shed_h", "system")].n == 2
    assert found[("P_any_shortfall", "system")].value == 0.5
    assert found[("NEUE", "system")].value == pytest.approx(10_000)
    assert found[("NEUE", "system")].stderr == pytest.approx(1e6 * math.sqrt(200 / 4) / 1000)
    # 95 % of four values is the fourth: VaR 30, nothing beyond it.
    assert found[("VaR_95", "system")].value == 30.0 and found[("CVaR_95", "system")].value == 30.0


def test_no_shortfall_states_no_error() -> None:
    metrics = ReplicateMetrics()
    none = dict.fromkeys(range(20), 0.0)
    metrics.add(frame({("EUE", "system"): none, ("LOLH", "system"): none}), 20)
    found = {e.name: e for e in metrics.estimates()}
    assert found["EUE"].value == 0.0 and found["EUE"].stderr is None
    assert found["P_any_shortfall"].ci_high == pytest.approx(1 - 0.05 ** (1 / 20))


def test_quantiles_in_two_passes() -> None:
    rng = np.random.default_rng(3)
    values = np.where(rng.random((500, 3)) < 0.4, 0.0, rng.exponential(100.0, (500, 3)))
    quantiles = TwoPassQuantiles(3)
    for block in np.split(values, 5):
        quantiles.first(block)
    for block in np.split(values, 5):
        quantiles.second(block)
    for level in (0.05, 0.25, 0.5, 0.75, 0.95):
        exact = np.quantile(values, level, axis=0, method="inverted_cdf")
        assert (np.abs(quantiles.quantile(level) - exact) <= (values.max(axis=0) - values.min(axis=0)) / 1024).all()
    assert (quantiles.quantile(0.25) == 0.0).all()  # among the values of no shortfall it is exact


def test_the_fan_holds_hourly_means() -> None:
    """South sheds 10 MW for half of hour 0 in replicate 0, all of it in replicate 1: means 5 and 10, system too."""
    rows = [(0, 0.0, 0.5, "south", 10.0), (0, 0.5, 0.5, "south", 0.0), (1, 0.0, 1.0, "south", 10.0)]
    rows += [(k, 0.0, 1.0, "external", 0.0) for k in (0, 1)]
    columns = pd.DataFrame(rows, columns=["replicate", "time_h", "duration_h", "name", "unserved_mw"])
    zones = {name: columns[name].to_numpy() for name in columns} | {
        "reserve_margin_mw": np.zeros(5),
        "import_mw": np.zeros(5),
    }
    fan = Fan(("south",), 1.0)
    fan.first(zones)
    fan.second(zones)
    found = pd.DataFrame(dict(fan.columns()))
    south = found[(found["quantity"] == "unserved_mw") & (found["scope"] == "zone:south")].iloc[0]
    assert (south["mean"], south["min"], south["max"], south["p25"], south["p95"]) == (7.5, 5.0, 10.0, 5.0, 10.0)
    system = found[(found["quantity"] == "unserved_mw") & (found["scope"] == "system")].iloc[0]
    assert system["mean"] == 7.5 and system["n"] == 2


def test_differences_are_paired() -> None:
    """10, 20, 30 against 11, 22, 33: differences 1, 2, 3, mean 2, error 1/sqrt(3), far below that of either mean."""
    first = frame({("EUE", "system"): {0: 10.0, 1: 20.0, 2: 30.0}, ("EUE", "class:a"): {0: 4.0}})
    other = frame({("EUE", "system"): {0: 11.0, 1: 22.0, 2: 33.0}, ("EUE", "class:a"): {1: 7.0}})
    found = {(e.name, e.scope): e for e in paired_differences(first, other, range(3))}
    difference = found[("EUE", "system")]
    assert difference.value == 2.0 and difference.stderr == pytest.approx(1 / math.sqrt(3)) and difference.n == 3
    assert found[("EUE", "class:a")].value == 1.0 and found[("EUE", "class:a")].n == 3  # (-4 + 7 + 0) / 3


def test_a_cell_without_values_has_no_quantile():
    values = np.array([[1.0, np.nan], [2.0, np.nan], [2.0, np.nan]])
    quantiles = TwoPassQuantiles(2)
    quantiles.first(values)
    quantiles.second(values)
    np.testing.assert_array_equal(quantiles.quantile(0.2), [1.0, np.nan])


def test_events_count_over_all_replicates() -> None:
    """Events of 1, 3 and 2 h in replicates 0, 0 and 3 of four: mean 6 h / 3 events = 2 h.

    Error by the delta method: per replicate h - 2 n = (4 - 4, 0, 0, 2 - 2): none. Depth 10, 30, 50 MW in the same
    order: 90 / 3 = 30 MW; depth - 30 n = (-20, 0, 0, 20), sum of squares 800, error sqrt(800 / 3 / 4) / (3 / 4).
    """
    rows = [(0, "system", 1.0, 5.0, 10.0), (0, "zone_a", 9.0, 9.0, 9.0), (0, "system", 3.0, 60.0, 30.0)]
    rows += [(3, "system", 2.0, 70.0, 50.0)]
    columns = ["replicate", "name", "duration_h", "energy_mwh", "peak_mw"]
    metrics = ReplicateMetrics()
    for block in ((0, 1), (2, 3)):
        energy = {k: sum(row[3] for row in rows if row[:2] == (k, "system")) for k in block}
        block_metrics = frame({("EUE", "system"): energy, ("LOLH", "system"): energy})
        metrics.add(block_metrics, 2, pd.DataFrame([row for row in rows if row[0] in block], columns=columns))
    found = {e.name: e for e in metrics.estimates()}
    assert found["event_duration_h_mean"].value == 2.0 and found["event_duration_h_mean"].stderr == 0.0
    assert found["event_duration_h_mean"].n == 4
    assert found["event_duration_h_p95"].value == 3.0 and found["event_duration_h_max"].value == 3.0
    assert found["event_duration_h_max"].n == 3
    assert found["event_depth_mw_mean"].value == 30.0
    assert found["event_depth_mw_mean"].stderr == pytest.approx(math.sqrt(800 / 3 / 4) / (3 / 4))
    assert found["event_energy_mwh_max"].value == 70.0


def test_without_shortfall_nothing_is_said_of_events() -> None:
    metrics = ReplicateMetrics()
    none = dict.fromkeys(range(3), 0.0)
    no_rows = pd.DataFrame({name: [] for name in ("replicate", "name", "duration_h", "energy_mwh", "peak_mw")})
    metrics.add(frame({("EUE", "system"): none, ("LOLH", "system"): none}), 3, no_rows)
    assert not [e.name for e in metrics.estimates() if e.name.startswith("event_")]
