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


def test_blocks_fold_to_the_numbers_of_one_block() -> None:
    """1, 2, 3, 4, 10 in blocks of 2, 1 and 2: mean 4, squares 9 + 4 + 1 + 0 + 36 = 50, error sqrt(50 / 4 / 5)."""
    values = [1.0, 2.0, 3.0, 4.0, 10.0]
    for blocks in ((range(5),), (range(2), range(2, 3), range(3, 5))):
        metrics = ReplicateMetrics()
        for block in blocks:
            metrics.add(frame({("co2_t", "system"): {k: values[k] for k in block}}), len(block))
        found = metrics.estimate("co2_t", "system")
        assert found is not None and found.n == 5
        assert found.value == pytest.approx(4.0, abs=1e-12)
        assert found.stderr == pytest.approx(math.sqrt(50 / 4 / 5), abs=1e-12)
        assert found.ci_high - found.value == pytest.approx(1.959964 * math.sqrt(50 / 4 / 5), abs=1e-5)
        assert found.value - found.ci_low == pytest.approx(found.ci_high - found.value)


def test_one_replicate_states_no_error() -> None:
    metrics = ReplicateMetrics()
    metrics.add(frame({("EUE", "system"): {7: 12.0}, ("LOLH", "system"): {7: 3.0}}), 1)
    assert [(e.name, e.value, e.stderr, e.ci_low, e.n) for e in metrics.estimates()] == [
        ("EUE", 12.0, None, None, 1),
        ("LOLH", 3.0, None, None, 1),
    ]
    assert metrics.estimate("EUE", "zone:nowhere") is None


def test_failed_replicates_count_for_nothing() -> None:
    """Three of four replicates ran: EUE 6 / 3, the class named in one of them 3 / 3."""
    metrics = ReplicateMetrics()
    metrics.add(frame({("EUE", "system"): {0: 1.0, 1: 2.0, 3: 3.0}, ("EUE", "class:a"): {3: 3.0}}), 3)
    total, of_class = metrics.estimate("EUE", "system"), metrics.estimate("EUE", "class:a")
    assert total is not None and (total.value, total.n) == (2.0, 3)
    assert of_class is not None and (of_class.value, of_class.n) == (1.0, 3)


def test_neue_is_a_ratio_of_sums_with_an_error_by_the_delta_method() -> None:
    """Unserved 1 and 3 MWh of 1,000 and 3,000: 1,000 ppm, and no error: the ratio is the same in both.

    Of 1,000 and 1,000: 4 / 2,000 = 2,000 ppm; residuals -1 and +1, error sqrt(2 / 1 / 2) / 1,000.
    """
    for demand, ppm, error in (((1e3, 3e3), 1e3, 0.0), ((1e3, 1e3), 2e3, 1e3)):
        metrics = ReplicateMetrics()
        values = {0: 1.0, 1: 3.0}
        metrics.add(
            frame(
                {
                    ("EUE", "system"): values,
                    ("LOLH", "system"): values,
                    ("demand_mwh", "system"): dict(enumerate(demand)),
                    ("NEUE", "system"): {0: 5.0, 1: 9.0},  # of a replicate; their mean is not the ratio
                }
            ),
            2,
        )
        (found,) = [e for e in metrics.estimates() if e.name == "NEUE"]
        assert found.value == pytest.approx(ppm, rel=1e-12) and found.unit == "ppm"
        assert found.stderr == pytest.approx(error, abs=1e-9)


def test_tails_of_twenty_replicates() -> None:
    """1 to 20 MWh: the 19th is the least with 95 % at or below it, VaR 19; the worst twentieth is 20, CVaR 20."""
    metrics = ReplicateMetrics()
    values = {k: float(k + 1) for k in range(20)}
    metrics.add(frame({("EUE", "system"): values, ("LOLH", "system"): values}), 20)
    found = {e.name: e for e in metrics.estimates()}
    assert found["VaR_95"].value == 19.0
    assert found["CVaR_95"].value == pytest.approx(20.0)
    assert found["VaR_99"].value == 20.0 and found["CVaR_99"].value == pytest.approx(20.0)
    assert found["P_any_shortfall"].value == 1.0 and found["P_any_shortfall"].stderr == 0.0


def test_var_of_replicates_lies_within_its_interval_low_before_high() -> None:
    """1 to 20 MWh: half width 1.96 * sqrt(20 * 0.95 * 0.05) = 1.91 ranks about the 19th: the 17th to the 20th."""
    metrics = ReplicateMetrics()
    values = {k: float(k + 1) for k in range(20)}
    metrics.add(frame({("EUE", "system"): values, ("LOLH", "system"): values}), 20)
    found = {e.name: e for e in metrics.estimates()}
    for name, low, high in (("VaR_95", 17.0, 20.0), ("VaR_99", 18.0, 20.0)):
        assert (found[name].ci_low, found[name].ci_high) == (low, high)
        assert found[name].stderr == pytest.approx((high - low) / (2 * 1.959964), rel=1e-6)
    # CVaR_95: excesses over 19 are 0 and once 1; mean 1/20, variance 19/400, error sqrt(19/400 / 19) / 0.05 = 1.
    beyond = found["CVaR_95"]
    assert beyond.stderr == pytest.approx(1.0)
    assert (beyond.ci_low, beyond.ci_high) == pytest.approx((20 - 1.959964, 20 + 1.959964), rel=1e-6)


def test_tails_without_shortfall_state_no_interval() -> None:
    metrics = ReplicateMetrics()
    none = dict.fromkeys(range(20), 0.0)
    metrics.add(frame({("EUE", "system"): none, ("LOLH", "system"): none}), 20)
    tails = [e for e in metrics.estimates() if "VaR" in e.name]
    assert [e.name for e in tails] == ["VaR_95", "CVaR_95", "VaR_99", "CVaR_99"]
    assert all((e.value, e.stderr, e.ci_low, e.ci_high) == (0.0, None, None, None) for e in tails)


def test_quantiles_of_equal_values_and_of_a_lonely_one() -> None:
    """Cell 0: four times 3. Cell 1: one value among missing ones."""
    values = np.array([[3.0, np.nan], [3.0, 8.0], [3.0, np.nan], [3.0, np.nan]])
    quantiles = TwoPassQuantiles(2)
    quantiles.first(values)
    quantiles.second(values)
    for level in (0.05, 0.5, 1.0):
        assert quantiles.quantile(level).tolist() == [3.0, 8.0]


def test_a_difference_compares_only_what_both_have() -> None:
    """Replicate 1 failed in one of them; the time of the first shed is known to both in replicate 0 alone."""
    first = frame({("time_to_first_shed_h", "system"): {0: 4.0, 2: 6.0}, ("EUE", "system"): {0: 1.0, 1: 9.0, 2: 5.0}})
    other = frame({("time_to_first_shed_h", "system"): {0: 7.0}, ("EUE", "system"): {0: 2.0, 2: 2.0}})
    found = {e.name: e for e in paired_differences(first, other, (0, 2))}
    shed = found["time_to_first_shed_h"]
    assert (shed.value, shed.stderr, shed.n) == (3.0, None, 1)
    # +1 and -3: mean -1, deviation sqrt(8), error sqrt(8 / 2)
    assert found["EUE"].value == -1.0 and found["EUE"].stderr == pytest.approx(2.0) and found["EUE"].n == 2
    # A metric that only one of them has at all is no difference.
    alone = frame({("co2_t", "system"): {0: 1.0}})
    found = {e.name: e for e in paired_differences(alone, frame({("EUE", "system"): {0: 1.0}}), (0,))}
    assert set(found) == {"EUE"} and found["EUE"].value == 1.0  # absent is zero for unserved energy


def test_quantiles_are_of_values_far_from_zero_too() -> None:
    """1,000 values from 5,000 to 5,999: the median to a 1,024th of their range."""
    values = np.arange(5000.0, 6000.0)[:, None]
    quantiles = TwoPassQuantiles(1)
    quantiles.first(values)
    quantiles.second(values)
    assert quantiles.quantile(0.5)[0] == pytest.approx(5499.0, abs=1.0)
    assert quantiles.quantile(0.05)[0] == pytest.approx(5049.0, abs=1.0)


def test_a_fan_of_no_replicate_has_a_mean_of_nothing() -> None:
    columns = Fan(("south",), 2.0).columns()
    assert (columns["n"] == 0).all() and (columns["mean"] == 0.0).all()
    assert not np.signbit(columns["mean"]).any()
