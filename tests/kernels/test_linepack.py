"""Linepack kernel against closed forms, published networks and its reference kernel (tests/data/gas/README.md)."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridsim.kernels import linepack_reference as reference
from gridsim.kernels.linepack import (
    Fluid,
    LinepackState,
    content,
    eliminate,
    make_controls,
    make_network,
    nikuradse_friction,
    pipe_coefficients,
    pressure_of,
    run_linepack,
    weymouth_friction,
)
from tests.support.references import note

DATA = Path(__file__).parents[1] / "data" / "gas"
NOBODY = np.zeros(0, dtype=np.int32)
SECONDS_PER_DAY = 86400.0


def points(*values):
    return np.array(values, dtype=np.int32)


def chain(gas_per_bar):
    """(n + 1,) capacity of the points of a chain of n edges."""
    capacity = np.zeros(len(gas_per_bar) + 1)
    capacity[:-1] += gas_per_bar / 2
    capacity[1:] += gas_per_bar / 2
    return capacity


def sinks(at, q_mcm_per_d, lo_bar=1.0, band_bar=0.1):
    return {
        "sink_point": points(*at),
        "sink_q": np.array(q_mcm_per_d, dtype=float),
        "sink_lo_bar": np.full(len(at), lo_bar),
        "sink_band_bar": np.full(len(at), band_bar),
    }


def at_rest(net, p_bar):
    return LinepackState(p_bar, content(net, p_bar), np.zeros(len(net.edge_from)))


def run(net, controls, p_bar, dt_h, n_steps):
    (p, gas, _), flows, taken, solved = run_linepack(net, controls, at_rest(net, p_bar), dt_h, n_steps, NOBODY, 0.0)
    assert solved and taken == n_steps
    return p, gas, flows


@pytest.mark.parametrize("cells", [1, 2, 7])
def test_single_pipe_closed_form(cells):
    case = json.loads((DATA / "single_pipe_linepack.json").read_text())["single_pipe"]
    fluid = Fluid(case["Rs_J_kgK"], case["T_K"], 0.8, 0.0)
    k, laminar, gas = pipe_coefficients(
        np.full(cells, case["L_m"] / 1000 / cells), np.full(cells, case["D_m"]), np.ones(cells),
        np.full(cells, case["lam"]), fluid,
    )  # fmt: skip
    fixed = np.zeros(cells + 1, dtype=bool)
    fixed[0] = True
    net = make_network(
        chain(gas), np.arange(cells), np.arange(1, cells + 1), k, laminar, fixed=fixed, z_constant=case["Z"]
    )
    q = case["mdot_kg_s"] / 0.8 * SECONDS_PER_DAY / 1e6
    p, held, flows = run(net, make_controls(net, **sinks([cells], [q])), np.full(cells + 1, case["p1_bar"]), 1e6, 4)
    assert p[-1] == pytest.approx(case["p2_bar"], rel=1e-6)
    if cells == 1:
        name = "pressure behind 80 km of pipe, 60 bar, 50 kg/s"
        note("gas", name, "bar", "closed form, isothermal", expected=case["p2_bar"], found=p[-1])
    assert flows.reservoir[0] == pytest.approx(q, rel=1e-6)
    # The trapezoidal linepack of the cells tends to the closed form with the square of the cell.
    assert held.sum() * 1e6 * 0.8 == pytest.approx(case["linepack_kg"], rel=3e-4 / cells**2)


def test_linepack_depletion_closed_form():
    case = json.loads((DATA / "single_pipe_linepack.json").read_text())["linepack_depletion"]
    fluid = Fluid(case["Rs"], case["T_K"], 0.8, 0.0)
    length_km, diameter_m = case["V_m3"] / (math.pi / 4 * 0.7**2) / 1000, 0.7
    _, laminar, gas = pipe_coefficients(
        np.array([length_km]), np.array([diameter_m]), np.ones(1), np.array([0.012]), fluid
    )
    # A lossless pipe is one volume: it reaches the minimum after V (p0 - p_min) / (Z Rs T q).
    net = make_network(chain(gas), points(0), points(1), np.array([1e8]), laminar, z_constant=case["Z"])
    q = case["net_offtake_kg_s"] / 0.8 * SECONDS_PER_DAY / 1e6
    hours = 6.711882853432388
    p, _, _ = run(net, make_controls(net, **sinks([1], [q])), np.full(2, case["p0_bar"]), hours / 50, 50)
    assert p == pytest.approx(case["pmin_bar"], rel=1e-6)
    # Found the other way round: the time at which the pressure crosses the minimum.
    steps = [
        run(net, make_controls(net, **sinks([1], [q])), np.full(2, case["p0_bar"]), 0.1, n)[0][1] for n in (67, 68)
    ]
    crossing = 6.7 + 0.1 * (steps[0] - case["pmin_bar"]) / (steps[0] - steps[1])
    assert crossing == pytest.approx(case["t_deplete_h"], rel=1e-6)
    name = "time until linepack falls from 60 to 40 bar"
    note("gas", name, "h", "closed form", expected=case["t_deplete_h"], found=crossing)


def test_stanet_pipe():
    case = json.loads((DATA / "single_pipe_linepack.json").read_text())["stanet_pipe_1_N"]
    # Z = 1: R_s from the density at 0 C and 1.01325 bar.
    fluid = Fluid(101325.0 / (case["rho_norm_kg_m3"] * 273.15), case["T_K"], case["rho_norm_kg_m3"],
                  case["dyn_viscosity_Pa_s"])  # fmt: skip
    diameter = np.array([case["diameter_m"]])
    friction = nikuradse_friction(diameter, case["roughness_mm"])
    k, laminar, gas = pipe_coefficients(np.array([case["length_m"] / 1000]), diameter, np.ones(1), friction, fluid)
    net = make_network(
        chain(gas), points(0), points(1), k, laminar, fixed=np.array([True, False]), z_constant=case["Z"]
    )
    q = case["mdot_kg_s"] / case["rho_norm_kg_m3"] * SECONDS_PER_DAY / 1e6
    start = np.full(2, case["p1_bar_gauge"] + case["ambient_bar"])
    p, _, _ = run(net, make_controls(net, **sinks([1], [q])), start, 1e6, 3)
    gauge = p[1] - case["ambient_bar"]
    assert gauge == pytest.approx(case["expected_p2_bar_gauge"], rel=3e-4)
    name = "STANET pipe_1_N, pressure at the end, gauge"
    note("gas", name, "bar", "STANET, by pandapipes' tests", expected=case["expected_p2_bar_gauge"], found=gauge)
    assert gauge == pytest.approx(case["closed_form_p2_bar_gauge"], rel=1e-5)


def read_csv(name):
    with (DATA / name).open(newline="") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


def test_belgian_network():
    expected = json.loads((DATA / "belgian_nomination_expected.json").read_text())
    arcs, names = read_csv("belgian_arcs.csv"), [row["node"] for row in read_csv("belgian_nodes.csv")]
    at = {name: position for position, name in enumerate(names)}
    free = [arc for arc in arcs if arc["arc"] != "22"]
    # Arc 22 is the compressor from Wanze to Sinsin: it moves what is ordered, whatever the pressures. The idle
    # compressor at Voeren leaves its outlet pressure on both arcs.
    fixed = np.zeros(len(names), dtype=bool)
    start = np.full(len(names), 55.0)
    for name, p_bar in (("Blaregnies", 50.0), ("Petange", 25.0)):
        fixed[at[name]], start[at[name]] = True, p_bar
    net = make_network(
        np.full(len(names), 0.01), [at[arc["from_node"]] for arc in free], [at[arc["to_node"]] for arc in free],
        np.array([float(arc["weymouth_c2_1e12_sm6_per_day2_per_bar2"]) for arc in free]), np.full(len(free), 1e-6),
        fixed=fixed, link_from=points(at["Wanze"]), link_to=points(at["Sinsin"]), z_constant=1.0,
    )  # fmt: skip
    injection = expected["injection"]
    gives = [name for name in names if injection[name] > 0]
    takes = [name for name in names if injection[name] < 0]
    controls = make_controls(
        net,
        source_point=points(*[at[name] for name in gives]), source_q=np.array([injection[name] for name in gives]),
        source_hi_bar=np.full(len(gives), 200.0), source_band_bar=np.ones(len(gives)),
        link_q=np.array([expected["flow"]["22"]]), link_lo_bar=np.ones(1), link_hi_bar=np.full(1, 200.0),
        **sinks([at[name] for name in takes], [-injection[name] for name in takes]),
    )  # fmt: skip
    # The long-time limit: steps grow until nothing moves.
    p = start
    for dt_h in (1.0, 100.0, 1e5, 1e8, 1e8):
        p, _, flows = run(net, controls, p, dt_h, 4)
    for arc, q in zip(free, flows.edge, strict=True):
        assert q == pytest.approx(expected["flow"][arc["arc"]], abs=1e-6), arc
    for name in ("Mons", "Liege", "Zeebrugge"):
        row, want = f"Belgian network, pressure at {name}", expected["pressure_bar"][name]
        note("gas", row, "bar", "De Wolf and Smeers 2000", expected=want, found=p[at[name]])
    for name, p_bar in expected["pressure_bar"].items():
        assert p[at[name]] == pytest.approx(p_bar, abs=1e-4), name


def test_friction_of_the_belgian_arcs_follows_from_their_dimensions():
    arcs = read_csv("belgian_arcs.csv")
    diameter_m = np.array([float(arc["diameter_mm"]) for arc in arcs]) / 1000
    length_km = np.array([float(arc["length_km"]) for arc in arcs])
    friction = (2 * np.log10(3.7 * diameter_m * 1000 / 0.05)) ** -2  # the paper's 3.7 for 3.71
    given = np.array([float(arc["weymouth_c2_1e12_sm6_per_day2_per_bar2"]) for arc in arcs])
    k, _, _ = pipe_coefficients(length_km, diameter_m, np.ones(len(arcs)), friction, Fluid(460.0, 281.15, 0.8, 0.0))
    # One constant (units and reference state) for all diameters and lengths.
    assert (given / k).std() / (given / k).mean() < 1e-6
    assert weymouth_friction(np.array([1.0]))[0] == pytest.approx(0.009407)


def random_case(seed):
    """A small meshed network with everything a network may have, off its steady state."""
    rng = np.random.default_rng(seed)
    n = 7
    edges = [(i, i + 1) for i in range(n - 2)] + [(1, 4), (0, 3), (0, 3)]
    m = len(edges)
    net = make_network(
        rng.uniform(0.01, 0.2, n), [a for a, _ in edges], [b for _, b in edges], rng.uniform(0.01, 1.0, m),
        rng.uniform(0.001, 0.01, m), two_way=rng.random(m) < 0.5, regulator_from_bar=rng.choice([np.inf, 45.0], m),
        regulator_to_bar=rng.choice([np.inf, 45.0], m), ratio_from=rng.choice([1.0, 1.4], m),
        ratio_to=rng.choice([1.0, 1.3], m), set_from_bar=np.full(m, 55.0), set_to_bar=np.full(m, 55.0),
        suction_bar=np.full(m, 20.0), link_from=points(4), link_to=points(6), z_law=int(rng.integers(2)),
    )  # fmt: skip
    controls = make_controls(
        net, edge_cap=rng.choice([np.inf, 3.0, 0.0], m, p=[0.7, 0.2, 0.1]),
        edge_share=rng.choice([1.0, 0.5], m), edge_direction=rng.integers(-1, 3, m).astype(np.int32),
        source_point=points(0, 3), source_q=rng.uniform(1, 6, 2), source_hi_bar=np.full(2, 60.0),
        source_band_bar=np.full(2, 2.0), link_q=rng.uniform(0, 2, 1), link_back=rng.random(1) < 0.5,
        link_lo_bar=np.full(1, 25.0), link_hi_bar=np.full(1, 50.0),
        **sinks([2, 5, 6, 6], rng.uniform(0.5, 4, 4), lo_bar=25.0, band_bar=3.0),
        sink_cap=rng.choice([np.inf, 0.7], 4),
    )  # fmt: skip
    return net, controls, rng.uniform(20.0, 60.0, n)


@pytest.mark.parametrize("seed", range(60))
def test_equals_its_reference(seed):
    net, controls, p = random_case(seed)
    state = at_rest(net, p)
    for dt_h in (1 / 12, 0.25, 1.0):
        found, _, _, solved = run_linepack(net, controls, state, dt_h, 1, NOBODY, 0.0)
        assert solved
        expected = reference.step(net, controls, state.p_bar, state.gas_mcm, dt_h)
        np.testing.assert_allclose(found.p_bar, expected, rtol=1e-5, atol=1e-4)
        state = found._replace(edge_q=np.zeros(len(net.edge_from)))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([0.1, 0.25, 6.0]))
def test_mass_is_conserved_and_pressure_stays_positive(seed, dt_h):
    net, controls, p = random_case(seed)
    gas = content(net, p)
    (new_p, new_gas, _), flows, taken, solved = run_linepack(net, controls, at_rest(net, p), dt_h, 4, NOBODY, 0.0)
    assert solved and taken == 4
    moved = (flows.source.sum() - flows.sink.sum()) * dt_h * 4 / 24
    scale = gas.sum() + abs(moved) + flows.source.sum() * dt_h * 4 / 24
    assert new_gas.sum() - gas.sum() == pytest.approx(moved, abs=1e-9 * scale)
    assert (new_p > 0).all()
    np.testing.assert_allclose(content(net, new_p), new_gas, rtol=1e-9, atol=1e-12)
    capped = np.isfinite(controls.edge_cap)
    assert (np.abs(flows.edge[capped]) <= controls.edge_cap[capped] + 1e-12).all()
    assert (flows.edge[~net.edge_two_way] >= 0).all()


def test_error_falls_with_the_step():
    # A chain at rest at 60 bar; its far end starts to take 4 mcm/d.
    net = make_network(
        chain(np.full(5, 0.05)), np.arange(5), np.arange(1, 6), np.full(5, 0.05), np.full(5, 0.01),
        fixed=np.array([True] + [False] * 5),
    )  # fmt: skip
    controls = make_controls(net, **sinks([5], [4.0]))
    coarse, fine, finest = (run(net, controls, np.full(6, 60.0), 4.0 / n, n)[0][1:] for n in (16, 32, 64))
    # Implicit Euler is of first order: half the step, half the difference.
    assert np.abs(fine - finest).max() == pytest.approx(0.5 * np.abs(coarse - fine).max(), rel=0.1)
    assert np.abs(fine - finest).max() < 0.1


def test_stops_before_a_watched_customer_falls_short():
    _, laminar, gas = pipe_coefficients(
        np.array([100.0]), np.array([0.7]), np.ones(1), np.array([0.01]), Fluid(490.0, 281.0, 0.7, 1e-5)
    )
    net = make_network(chain(gas), points(0), points(1), np.array([1e6]), laminar, z_constant=0.9)
    controls = make_controls(net, **sinks([1], [5.0], lo_bar=20.0, band_bar=5.0))
    start = np.full(2, 40.0)
    (_, after, _), flows, taken, _ = run_linepack(net, controls, at_rest(net, start), 0.25, 100, points(0), 0.98)
    # Full delivery from 40 to 25 bar: 15 bar of the pipe's gas at 5 mcm/d.
    hours = 15.0 * gas[0] / 0.9 / 5.0 * 24.0
    assert taken == int(hours / 0.25) or taken == int(hours / 0.25) + 1
    assert flows.sink[0] >= 0.98 * 5.0
    assert after.sum() > 0


def test_elimination_of_a_tree_has_no_fill():
    order, _ = eliminate(6, points(0, 1, 2, 2, 4), points(1, 2, 3, 4, 5))
    assert len(order.up_col) == 5


def test_pressure_and_content_are_inverse():
    net, _, p = random_case(1)
    np.testing.assert_allclose(pressure_of(net, content(net, p), np.full(len(p), 30.0)), p, rtol=1e-12)
