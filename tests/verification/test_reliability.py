"""Statistics over fixed seeds, enumeration and published values. GRIDSIM_VERIFICATION_FRACTION scales the samples."""

from __future__ import annotations

import dataclasses
import itertools
import json
import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.linalg import expm

from gridsim.io.bundled import network_folder
from gridsim.io.read_network import read_network
from gridsim.kernels.arrays import DispatchState
from gridsim.kernels.availability import draw_snapshots
from gridsim.kernels.flows import make_topology
from gridsim.kernels.nodal_case import row_limits
from gridsim.reliability import (
    AdequacySystem,
    SequentialMonteCarlo,
    SnapshotMonteCarlo,
    assess,
    system_from_frames,
    system_from_grid,
)
from gridsim.reliability.nodal import NodalSnapshots, NodalYears, nodal_components
from gridsim.solvers.highs import solve_highs
from tests.reliability.test_nodal import enumerated as triangle_enumerated
from tests.reliability.test_nodal import shed_by_highs, triangle
from tests.support.fraction import FRACTION
from tests.support.reliability_cases import DATA, demand_of, expected, load_factor, pras, rbts, rts79

SEEDS = range(1, 21)


def scaled(n: int, block: int) -> int:
    """``n`` samples times the fraction, in whole blocks, at least one."""
    return max(1, round(n * FRACTION / block)) * block


def check_scores(z: np.ndarray) -> None:
    """Sum of z^2 over the seeds within the 0.01-99.99 % range of chi-square, and no |z| above 4.5."""
    low, high = stats.chi2.ppf([1e-4, 1.0 - 1e-4], len(z))
    assert low < (z**2).sum() < high, z
    assert np.abs(z).max() < 4.5, z


def scores(system: AdequacySystem, method, values: dict[object, float]) -> dict[object, np.ndarray]:  # type: ignore[no-untyped-def]
    z: dict[object, list[float]] = {key: [] for key in values}
    for seed in SEEDS:
        result = assess(system, method(seed))
        for key, value in values.items():
            estimate = result[key]
            z[key].append((estimate.value - value) / estimate.stderr)
    return {key: np.array(row) for key, row in z.items()}


@pytest.mark.parametrize(("name", "make"), [("rts79", rts79), ("rbts", rbts)])
def test_copper_years_are_unbiased_and_their_errors_honest(name: str, make) -> None:  # type: ignore[no-untyped-def]
    """LOLF is that of continuous-time machines seen at the hours: transition matrix exp(Q) per hour."""
    exact = expected(name)["recomputed"]
    years = scaled(20_000 if name == "rts79" else 60_000, 256)
    values = {"LOLH": exact["LOLE_h_per_yr"], "EUE": exact["LOEE_MWh_per_yr"]}
    if name == "rts79":
        values["LOLEv"] = exact["LOLF_hourly_expm_per_yr"]
    for z in scores(make(), lambda seed: SequentialMonteCarlo(years=years, seed=seed), values).values():
        check_scores(z)


@pytest.mark.parametrize(("name", "make", "peak"), [("rts79", rts79, 2850.0), ("rbts", rbts, 185.0)])
def test_copper_snapshots_annual_and_at_constant_peak(name: str, make, peak: float) -> None:  # type: ignore[no-untyped-def]
    exact = expected(name)
    annual = {"LOLH": exact["recomputed"]["LOLE_h_per_yr"], "EUE": exact["recomputed"]["LOEE_MWh_per_yr"]}
    samples = scaled(2_000_000 if name == "rts79" else 4_000_000, 4096)
    for z in scores(make(), lambda seed: SnapshotMonteCarlo(samples=samples, seed=seed), annual).values():
        check_scores(z)
    constant = next(value for key, value in exact.items() if key.startswith("constant_peak"))
    values = {"LOLP": constant["LOLP"], "EPNS": constant["EDNS_MW"]}
    system = make(np.full(24, peak))
    for z in scores(system, lambda seed: SnapshotMonteCarlo(samples=scaled(200_000, 4096), seed=seed), values).values():
        check_scores(z)


@pytest.mark.parametrize(("name", "make", "peak"), [("rts79", rts79, 2850.0), ("rbts", rbts, 185.0)])
def test_days_of_daily_peaks(name: str, make, peak: float) -> None:  # type: ignore[no-untyped-def]
    """The daily index on a load of one hour a day (the peak): other hours ask for nothing."""
    daily = load_factor().reshape(364, 24)
    load = np.zeros((364, 24))
    load[np.arange(364), daily.argmax(axis=1)] = peak * daily.max(axis=1)
    values = {"LOLD": expected(name)["recomputed"]["LOLE_d_per_yr_daily_peaks"]}
    years = scaled(20_000 if name == "rts79" else 80_000, 256)
    system = make(load.reshape(-1))
    check_scores(scores(system, lambda seed: SequentialMonteCarlo(years=years, seed=seed), values)["LOLD"])


@pytest.mark.parametrize("case", ["singlenode_a", "singlenode_b", "test1", "test2"])
def test_pras_systems(case: str) -> None:
    system, values = pras(case)
    wanted: dict[object, float] = {
        "LOLH": values.get("LOLE") or sum(values["LOLP"]),
        "EUE": values.get("EUE_total") or float(np.sum(values["EUE"])),
    }
    for area, value in enumerate(values.get("EUE_region", [])):
        wanted["EUE", f"zone:area{area}"] = value
        wanted["LOLH", f"zone:area{area}"] = values["LOLE_region"][area]
    level = "zonal" if case.startswith("test") else "copper"
    years = scaled(20_000, 256)
    method = lambda seed: SequentialMonteCarlo(years=years, seed=seed, level=level)  # noqa: E731
    for z in scores(system, method, wanted).values():
        check_scores(z)


def two_areas(tie_mw: float, tie_unavailability: float) -> AdequacySystem:
    """Billinton and Allan chapter 4: A 5 x 10 + 25 MW, peak 50; B 4 x 10 + 20 MW, peak 40; FOR 0.02."""
    names = [f"A{i}" for i in range(6)] + [f"B{i}" for i in range(5)]
    units = pd.DataFrame(
        {
            "name": names,
            "area": [name[0] for name in names],
            "p_max_mw": [10.0] * 5 + [25.0] + [10.0] * 4 + [20.0],
            "forced_outage_rate": 0.02,
            "mttr_h": 50.0,
        }
    )
    tie = pd.DataFrame(
        {
            "name": ["tie"],
            "area_from": "A",
            "area_to": "B",
            "forward_mw": tie_mw,
            "backward_mw": tie_mw,
            "forced_outage_rate": tie_unavailability,
            "mttr_h": 50.0,
        }
    )
    return system_from_frames(units, pd.DataFrame({"A": [50.0] * 24, "B": [40.0] * 24}), tie)


@pytest.mark.parametrize(("case", "unavailability"), [("two_area_BA_tie10", 0.0), ("two_area_BA_tie10_q.02", 0.02)])
def test_textbook_two_areas(case: str, unavailability: float) -> None:
    exact = json.loads((DATA / "textbook" / "textbook_cases.json").read_text())["cases"][case]
    values: dict[object, float] = {
        ("LOLP", "zone:A"): exact["LOLP_A"],
        ("LOLP", "zone:B"): exact["LOLP_B"],
        ("EPNS", "zone:A"): exact["EPNS_A"],
        ("EPNS", "zone:B"): exact["EPNS_B"],
    }
    samples = scaled(4_000_000, 4096)
    method = lambda seed: SnapshotMonteCarlo(samples=samples, seed=seed, level="zonal")  # noqa: E731
    for z in scores(two_areas(10.0, unavailability), method, values).values():
        check_scores(z)


def test_textbook_binomial() -> None:
    exact = json.loads((DATA / "textbook" / "textbook_cases.json").read_text())["cases"]["binomial_20x50_q.08_load850"]
    units = pd.DataFrame(
        {"name": [f"u{i}" for i in range(20)], "p_max_mw": 50.0, "forced_outage_rate": 0.08, "mttr_h": 40.0}
    )
    system = system_from_frames(units, np.full(24, 850.0))
    method = lambda seed: SnapshotMonteCarlo(samples=scaled(200_000, 4096), seed=seed)  # noqa: E731
    for z in scores(system, method, {"LOLP": exact["LOLP"], "EPNS": exact["EPNS"]}).values():
        check_scores(z)


def three_machines(load: np.ndarray) -> AdequacySystem:
    """25 + 25 + 50 MW, failure rate 0.01 and repair rate 0.49 per day (Billinton and Allan, chapters 2 and 3)."""
    units = pd.DataFrame(
        {"name": ["a", "b", "c"], "p_max_mw": [25.0, 25.0, 50.0], "mttf_h": 24 / 0.01, "mttr_h": 24 / 0.49}
    )
    return system_from_frames(units, load)


def test_textbook_daily_load_table() -> None:
    """365 daily peaks as 365 hours: the expected number of short ones is LOLE = 2.15108."""
    exact = json.loads((DATA / "textbook" / "textbook_cases.json").read_text())["cases"]["lole_25_25_50_365d"]
    load = np.repeat([57.0, 52.0, 46.0, 41.0, 34.0], [12, 83, 107, 116, 47])
    method = lambda seed: SequentialMonteCarlo(years=scaled(20_000, 256), seed=seed)  # noqa: E731
    check_scores(scores(three_machines(load), method, {"LOLH": exact})["LOLH"])


def events_at_hours(out_mw: int, n_hours: int) -> float:
    """Expected events of at least this much out, from the chain's hourly matrix, which is within 4 % of the book's
    continuous one.
    """
    exact = json.loads((DATA / "textbook" / "textbook_cases.json").read_text())["cases"]["fd_25_25_50"][str(out_mw)]
    fail, repair = 0.01 / 24, 0.49 / 24
    one = expm(np.array([[-fail, fail], [repair, -repair]]))
    states = list(itertools.product([0, 1], repeat=3))
    sizes = (25, 25, 50)
    is_short = [sum(size * out for size, out in zip(sizes, state)) >= out_mw for state in states]
    share = [np.prod([0.02 if out else 0.98 for out in state]) for state in states]
    per_hour = sum(
        share[i] * np.prod([one[a, b] for a, b in zip(states[i], states[j])])
        for i in range(8)
        for j in range(8)
        if is_short[j] and not is_short[i]
    )
    assert 24 * per_hour == pytest.approx(exact["cum_freq_per_day"], rel=0.04)
    # an event may run already when the horizon starts
    return per_hour * (n_hours - 1) + sum(p for p, short in zip(share, is_short) if short)


@pytest.mark.parametrize("out_mw", [25, 50, 75])
def test_textbook_cumulative_frequency(out_mw: int) -> None:
    n_hours = 480
    system = three_machines(np.full(n_hours, 100.0 - out_mw + 0.5))
    # not scaled: 75 MW are out in one sample of 65, and fewer samples would not be normal
    method = lambda seed: SequentialMonteCarlo(years=19_968, seed=seed)  # noqa: E731
    check_scores(scores(system, method, {"LOLEv": events_at_hours(out_mw, n_hours)})["LOLEv"])


def test_textbook_frequency_of_everything_out() -> None:
    """100 MW out: about five events in a seed's 19,968 samples, so the events of all seeds are counted as Poisson."""
    n_hours, years = 480, 19_968
    system = three_machines(np.full(n_hours, 0.5))
    seen = sum(assess(system, SequentialMonteCarlo(years=years, seed=s))["LOLEv"].value * years for s in SEEDS)
    wanted = events_at_hours(100, n_hours) * years * len(SEEDS)
    assert wanted > 50
    assert stats.poisson.cdf(round(seen), wanted) > 1e-5
    assert stats.poisson.sf(round(seen) - 1, wanted) > 1e-5


def test_variances_are_the_exact_ones() -> None:
    """Crude variance of one snapshot (exact by convolution), and year-to-year CoV of RTS-79, within 10 %."""
    samples = 1953 * 4096  # not scaled: 10 % asks for thousands of short states, and for as many short years
    result = assess(rts79(), SnapshotMonteCarlo(samples=samples, seed=1, workers=2))
    for name, variance in (("LOLP", 0.0010741842434911833), ("EPNS", 31.056381623065324)):
        assert result[name].stderr ** 2 * samples == pytest.approx(variance, rel=0.1)
    years = 390 * 256
    annual = assess(rts79(), SequentialMonteCarlo(years=years, seed=1))
    for name, cov in (("LOLH", 1.72), ("EUE", 2.48), ("LOLEv", 1.39)):
        assert annual[name].stderr * np.sqrt(years) / annual[name].value == pytest.approx(cov, rel=0.1)


@pytest.mark.parametrize(
    ("name", "make", "peak", "blocks", "lolp", "epns"),
    [
        ("rts79", rts79, None, 1953, 9.29e6, 1.71e7),
        ("rts79", rts79, 2850.0, 98, 1.08e5, 1.95e5),
        ("rbts", rbts, None, 5860, 8.00e7, 1.54e8),
    ],
)
def test_samples_for_a_cov_of_1_percent(  # type: ignore[no-untyped-def]
    name: str, make, peak: float | None, blocks: int, lolp: float, epns: float
) -> None:
    """Crude snapshots needed, from the variance seen in ``blocks`` (not scaled), within 10 % of the exact numbers."""
    system = make() if peak is None else make(np.full(24, peak))
    result = assess(system, SnapshotMonteCarlo(samples=blocks * 4096, seed=1, workers=2))
    for metric, wanted in (("LOLP", lolp), ("EPNS", epns)):
        needed = (result[metric].stderr / result[metric].value / 0.01) ** 2 * blocks * 4096
        assert needed == pytest.approx(wanted, rel=0.1)


def rbts_nodal(load: np.ndarray | None) -> AdequacySystem:
    """RBTS at its buses, over its year or at constant peak (24 hours)."""
    system = system_from_grid(read_network(network_folder("rbts")))
    if load is None:
        return system
    peak = system.load_mw.max(axis=0)
    units = pd.DataFrame(
        {
            "name": system.unit_name,
            "bus": [system.buses[bus] for bus in system.unit_bus],
            "p_max_mw": system.unit_mw,
            "mttf_h": [component.states[0].mean_h for component in system.unit_component],
            "mttr_h": [component.states[1].mean_h for component in system.unit_component],
        }
    )
    branches = pd.DataFrame(
        {
            "name": system.branch_name,
            "from_bus": [system.buses[bus] for bus in system.branch_from],
            "to_bus": [system.buses[bus] for bus in system.branch_to],
            "x_pu": system.branch_x_pu * 100.0,
            "limit_mw": system.branch_mw,
            "mttf_h": [component.states[0].mean_h for component in system.branch_component],
            "mttr_h": [component.states[1].mean_h for component in system.branch_component],
        }
    )
    return system_from_frames(
        units, pd.DataFrame(np.outer(load, peak), columns=list(system.buses)), branches=branches, name="rbts"
    )


def enumerated(system: AdequacySystem, most_out: int) -> tuple[dict[str, float], float]:
    """LOLP and EPNS of a constant load by HiGHS in every state of up to ``most_out`` outages, and what is left out."""
    sampler = NodalYears(system, 1, True)
    case = sampler.case
    components = nodal_components(system)
    n_units = len(system.unit_name)
    q = np.array([c.states[1].mean_h / (c.states[0].mean_h + c.states[1].mean_h) for c in components])
    none_out = float(np.prod(1.0 - q))
    numbers = {"LOLP": 0.0, "EPNS": 0.0}
    seen = 0.0
    for n_out in range(most_out + 1):
        for outages in itertools.combinations(range(len(components)), n_out):
            at = np.array(outages, dtype=int)
            probability = none_out * float(np.prod(q[at] / (1.0 - q[at])))
            seen += probability
            hi_mw = system.unit_mw.copy()
            hi_mw[at[at < n_units]] = 0.0
            topology = make_topology(case.dispatch, at[at >= n_units] - n_units)
            lo, hi = np.empty(case.dispatch.row_ptdf.shape[0]), np.empty(case.dispatch.row_ptdf.shape[0])
            row_limits(case, topology.out_branch, False, lo, hi)
            solution = solve_highs(
                case.dispatch,
                DispatchState(
                    topology,
                    np.zeros(n_units),
                    hi_mw,
                    case.cost,
                    case.spill_cost,
                    demand_of(case, 0),
                    case.penalty,
                    lo,
                    hi,
                ),
                segments=False,
                perturb=False,
            )
            assert solution.status == 0
            shed_mw = float(solution.shed_mw.sum())
            if shed_mw > 1e-4:
                numbers["LOLP"] += probability
                numbers["EPNS"] += probability * shed_mw
    return numbers, 1.0 - seen


@pytest.fixture(scope="module")
def rbts_at_peak() -> tuple[AdequacySystem, dict[str, float], float]:
    """The system and its numbers of up to four outages, which are kept; a fraction enumerates up to two anew."""
    system = rbts_nodal(np.ones(24))
    kept = json.loads((DATA / "rbts" / "enumerated_at_peak.json").read_text())
    most_out = 4 if FRACTION >= 1.0 else 2
    exact, left_out = enumerated(system, most_out)
    assert {**exact, "left_out": left_out} == pytest.approx(kept[str(most_out)], rel=1e-7)
    four = kept["4"]
    return system, {name: four[name] for name in exact}, four["left_out"]


def test_rbts_at_constant_peak_against_enumeration(rbts_at_peak) -> None:  # type: ignore[no-untyped-def]
    """6,196 states by HiGHS hold all but 1e-6 of the probability; the rest could move EPNS by 2e-4 MW at most."""
    system, exact, left_out = rbts_at_peak
    assert left_out < 2e-6
    assert left_out * 185.0 < 0.003 * exact["EPNS"]
    method = lambda seed: SnapshotMonteCarlo(samples=scaled(200_000, 4096), seed=seed, level="nodal")  # noqa: E731
    for z in scores(system, method, exact).values():
        check_scores(z)


@pytest.mark.parametrize("case", ["rbts", "triangle"])
def test_small_runs_cover_as_their_intervals_say(case: str, rbts_at_peak) -> None:  # type: ignore[no-untyped-def]
    """400 runs: mean within 3 standard errors of the enumerated value; 95 % intervals cover it in 92-98 % of them.

    Fewer runs, of as many samples, have the wider range of a binomial.
    """
    if case == "rbts":
        system, exact, _ = rbts_at_peak
        samples = 16_384
    else:
        system = triangle(30.0 + 5.0 * np.arange(6), 80.0 + 6.0 * np.arange(6))
        exact = triangle_enumerated(system)
        samples = 2048
    runs = max(40, round(400 * FRACTION))
    inside = dict.fromkeys(("LOLP", "EPNS"), 0)
    values: dict[str, list[float]] = {name: [] for name in inside}
    for seed in range(1000, 1000 + runs):
        result = assess(system, SnapshotMonteCarlo(samples=samples, seed=seed, level="nodal"))
        for name in inside:
            estimate = result[name]
            values[name].append(estimate.value)
            inside[name] += estimate.ci_low <= exact[name] <= estimate.ci_high
    low, high = (0.92, 0.98) if runs == 400 else stats.binom.ppf([1e-3, 1.0 - 1e-3], runs, 0.95) / runs
    for name in inside:
        mean, error = np.mean(values[name]), np.std(values[name], ddof=1) / np.sqrt(runs)
        assert abs(mean - exact[name]) < 3.0 * error
        assert low <= inside[name] / runs <= high, (name, inside[name])


@pytest.mark.parametrize(
    ("ratings", "values"),
    [
        (1.0, {"LOLP": (0.001211, 3.4e-5), "EPNS": (0.1483, 0.0015)}),
        (0.9, {"LOLP": (0.001312, 4.6e-5), "EPNS": (0.1676, 0.0032)}),
        (0.8, {"LOLP": (0.001457, 5.8e-5), "EPNS": (0.1863, 0.0048)}),
    ],
)
def test_rts79_nodal_annual_against_published_values(ratings: float, values: dict[str, tuple[float, float]]) -> None:
    """Tindemans and Strbac, EPSR 189, 106740, 2020 (result notebook): LOLP and EPNS in MW with their standard errors,
    at the lines' ratings and at 90 and 80 % of them.
    """
    system = system_from_grid(read_network(network_folder("rts79")))
    system = dataclasses.replace(system, branch_mw=system.branch_mw * ratings)
    result = assess(system, SnapshotMonteCarlo(samples=scaled(2_000_000, 4096), seed=1, level="nodal", workers=2))
    for name, (value, error) in values.items():
        estimate = result[name]
        assert abs(estimate.value - value) < 3.0 * np.hypot(estimate.stderr, error)


def at_constant_peak(system: AdequacySystem) -> AdequacySystem:
    """The day of the largest demand, all of whose hours are its peak hour."""
    peak = int(system.load_mw.sum(axis=1).argmax())
    detail = system.detail
    assert detail is not None
    demand = dataclasses.replace(detail.demand, factor=np.repeat(detail.demand.factor[[peak]], 24, axis=0))
    return dataclasses.replace(
        system,
        n_hours=24,
        load_mw=np.repeat(system.load_mw[[peak]], 24, axis=0),
        detail=dataclasses.replace(
            detail, demand=demand, is_winter=detail.is_winter[:24], rating_factor=detail.rating_factor[:24]
        ),
    )


@pytest.mark.parametrize("network", ["rts79", "rbts"])
@pytest.mark.parametrize("peak", [True, False])
def test_nodal_snapshots_state_by_state_against_highs(network: str, peak: bool) -> None:
    """The most stressed of the sampled states (in a year few are short), and as many taken evenly from all of them."""
    system = system_from_grid(read_network(network_folder(network)))
    if peak:
        system = at_constant_peak(system)
    n, n_checked = 40_000, max(20, round(400 * FRACTION))
    sampler = NodalSnapshots(system, 5)
    shed_mw = sampler.run(0, n).total[:, 0, 3] / system.n_hours
    n_units = len(system.unit_name)
    n_components = len(nodal_components(system))
    lost = np.empty((n // 4, 4, n_components))
    hour = np.empty((n // 4, 4), dtype=np.int32)
    block = np.zeros(n_components, dtype=np.uint64)
    for group in range(n // 4):
        draw_snapshots(sampler.model, np.uint64(5), np.uint64(group), system.n_hours, block, hour[group], lost[group])
    lost, hour = lost.reshape(n, -1), hour.reshape(n)
    available_mw = (1.0 - lost[:, :n_units]) @ system.unit_mw
    stressed = np.argsort(available_mw - system.load_mw.sum(axis=1)[hour])[:n_checked]
    for sample in {*stressed.tolist(), *np.linspace(0, n - 1, n_checked, dtype=int).tolist()}:
        out = np.flatnonzero(lost[sample, n_units:]).tolist()
        hi_mw = system.unit_mw * (1.0 - lost[sample, :n_units])
        exact = shed_by_highs(sampler, hi_mw, out, int(hour[sample])).sum()
        assert shed_mw[sample] == pytest.approx(exact if exact > 1e-4 else 0.0, rel=1e-6, abs=2e-4)
    assert (shed_mw[stressed] > 0.0).sum() > (10 if peak else 0)


def test_rbts_nodal_annual_sequential_and_snapshots_agree() -> None:
    """Bus 6 hangs on one line, so its load is short far more often than the system's capacity."""
    system = system_from_grid(read_network(network_folder("rbts")))
    snapshots = assess(system, SnapshotMonteCarlo(samples=scaled(2_000_000, 4096), seed=2, level="nodal", workers=2))
    years = assess(system, SequentialMonteCarlo(years=scaled(3000, 8), seed=2, level="nodal", workers=2))
    for key in ("LOLH", "EUE", ("EUE", "bus:bus6")):
        one, other = snapshots[key], years[key]
        assert abs(one.value - other.value) < 4.5 * np.hypot(one.stderr, other.stderr), key
    # at least the bus's demand in the hours its one line is out
    radial = system.branch_component[system.branch_name.index("l9_5_6")]
    up_h, down_h = (state.mean_h for state in radial.states)
    bus = system.buses.index("bus6")
    isolated_mwh = system.load_mw[:, bus].sum() * down_h / (up_h + down_h)
    estimate = snapshots["EUE", "bus:bus6"]
    assert estimate.value > isolated_mwh - 4.5 * estimate.stderr


def test_rts79_nodal_sequential_and_snapshots_agree() -> None:
    """Bus 7 is bottled at low load; both methods see the same LOLH and EUE within their errors."""
    system = system_from_grid(read_network(network_folder("rts79")))
    snapshots = assess(system, SnapshotMonteCarlo(samples=scaled(2_000_000, 4096), seed=2, level="nodal", workers=2))
    years = assess(system, SequentialMonteCarlo(years=scaled(3000, 8), seed=2, level="nodal", workers=2))
    for key in ("LOLH", "EUE", ("EUE", "bus:bus07"), ("EUE", "bus:bus06"), ("EUE", "zone:kv138")):
        one, other = snapshots[key], years[key]
        assert abs(one.value - other.value) < 4.5 * np.hypot(one.stderr, other.stderr), key


def test_memory_is_flat_in_years() -> None:
    """Peak resident memory of a process: 20,000 and 400,000 RTS-79 years differ by less than 30 MB.

    A first run compiles, or the compiler's memory would be measured. ``ru_maxrss`` of a new process starts at what its
    parent held, so the peak comes from the kernel's record of the process's own pages where there is one. A fraction
    draws fewer years: to keep their hours would take gigabytes.
    """
    import subprocess

    script = (
        "import re, resource, sys; from pathlib import Path; "
        "from gridsim.reliability import SequentialMonteCarlo, assess; "
        "from tests.support.reliability_cases import rts79; "
        "assess(rts79(), SequentialMonteCarlo(years=int(sys.argv[1]), seed=1, workers=2)); "
        "status = Path('/proc/self/status'); "
        "own_kb = re.search(r'VmHWM:\\s+(\\d+)', status.read_text()) if status.exists() else None; "
        "print((int(own_kb[1]) if own_kb else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) / 1024)"
    )
    many = max(round(400_000 * FRACTION), 40_000)
    _, *peak_mb = [
        float(
            subprocess.run(
                [sys.executable, "-c", script, str(years)],
                capture_output=True,
                text=True,
                check=True,
                cwd=Path(__file__).parents[2],
                env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
            ).stdout
        )
        for years in (512, min(20_000, many // 4), many)
    ]
    assert peak_mb[1] < 400.0
    assert peak_mb[1] - peak_mb[0] < 30.0


@pytest.mark.parametrize("level", ["copper", "zonal"])
def test_rts_gmlc_with_more_load_beside_pras(level: str) -> None:
    """PRAS' walkthrough, 100 samples: with 700 MW more in each region NEUE is close to 470 ppm (two digits)."""
    system = system_from_grid(read_network("rts_gmlc"))
    load_mw = system.load_mw.copy()
    for area in range(len(system.areas)):
        inside = system.bus_area == area
        energy_mwh = load_mw[:, inside].sum(axis=0)
        load_mw[:, inside] += 700.0 * energy_mwh / energy_mwh.sum()
    years = max(30, round(300 * FRACTION))
    found = assess(dataclasses.replace(system, load_mw=load_mw), SequentialMonteCarlo(years=years, level=level)).metric(
        "NEUE"
    )
    assert found.value is not None and found.stderr is not None
    stderr_of_pras = found.stderr * np.sqrt(years / 100.0)
    assert abs(found.value - 470.0) < 3.3 * np.hypot(found.stderr, stderr_of_pras) + 5.0
    assert found.stderr < 0.1 * found.value
