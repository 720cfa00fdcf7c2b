"""Cases of the swing of areas: by hand, from the public frequency cases, and random ones."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gridsim.kernels import swing_case as case
from gridsim.kernels.swing import TRACE_STEP_S, run_swing
from gridsim.kernels.swing_case import SwingLog, SwingModel, SwingRules, SwingState, new_log, new_state
from gridsim.kernels.swing_reference import ReferenceSwing

FREQUENCY = Path(__file__).parents[1] / "data/frequency"
NO_LIMIT_MW = 1e9


def read_case(file: str) -> dict:
    return json.loads((FREQUENCY / file).read_text())


def rules_of(rows: list[dict], angles: list[tuple[int, int, float]] | None = None) -> SwingRules:
    """Rules from rows with the fields of SwingRules; what is left out takes its plainest value."""
    plain = {"above": False, "delay_s": 0.0, "place": 0, "amount": 0.0, "after": -1, "repeats": False}
    full = [plain | row for row in rows]
    kinds = {"above": np.bool_, "repeats": np.bool_, "setting": float, "delay_s": float, "amount": float}
    names = SwingRules._fields[:9]
    first, second, stretch = zip(*angles, strict=True) if angles else ((), (), ())
    return SwingRules(
        *(np.array([row[name] for row in full], dtype=kinds.get(name, np.int32)) for name in names),
        np.array(first, dtype=np.int32),
        np.array(second, dtype=np.int32),
        np.array(stretch, dtype=float),
    )


@dataclass
class SwingCase:
    """Everything one run needs; ``groups``: MW, gain, up, down, inertia."""

    model: SwingModel
    rules: SwingRules
    groups: tuple
    fixed_mw: np.ndarray

    def run(self, until_s: float, step_s: float = 0.01, quiet: bool = False) -> tuple[SwingState, SwingLog, float, int]:
        state = new_state(self.model, self.groups, self.fixed_mw, len(self.rules.setting))
        n_areas, n_flows = len(self.model.alive), len(self.model.flow_base_mw)
        log = new_log(n_areas, n_flows, until_s, 200, TRACE_STEP_S)
        end_s, why = run_swing(self.model, self.rules, state, log, (0.0, until_s), step_s, quiet)
        return state, log, end_s, why

    def twin(self, until_s: float, step_s: float = 0.01) -> ReferenceSwing:
        twin = ReferenceSwing(self.model, self.rules, self.groups, self.fixed_mw)
        twin.run(until_s, step_s)
        return twin


def model_of(
    load_mw: list[float],
    pairs: list[tuple[int, int, float, float]],
    groups: list[dict],
    *,
    damping: float = 1.5,
    load_inertia: list[float] | None = None,
    damping_mw_per_hz: list[float] | None = None,
    flows: list[tuple[float, dict[int, float], dict[int, float]]] | None = None,
) -> SwingModel:
    """A model where each load sits at the machine of its area; pairs (first, second, MW/rad, stretch)."""
    n = len(load_mw)
    flows = flows or []
    flow_pair, flow_load = np.zeros((len(flows), len(pairs))), np.zeros((len(flows), n))
    for row, (_, by_pair, by_load) in enumerate(flows):
        for pair, factor in by_pair.items():
            flow_pair[row, pair] = factor
        for area, mw in by_load.items():
            flow_load[row, area] = mw
    column = lambda name, start: np.array([group.get(name, start) for group in groups], dtype=float)  # noqa: E731
    return SwingModel(
        50.0,
        np.ones(n, dtype=np.bool_),
        np.array(load_mw, dtype=float),
        np.diag(np.array(load_mw, dtype=float)),
        np.full(n, damping),
        np.array(load_inertia if load_inertia else [0.0] * n, dtype=float),
        np.array(damping_mw_per_hz if damping_mw_per_hz else [0.0] * n, dtype=float),
        np.array([pair[0] for pair in pairs], dtype=np.int32),
        np.array([pair[1] for pair in pairs], dtype=np.int32),
        np.array([pair[2] for pair in pairs], dtype=float),
        np.array([pair[3] for pair in pairs], dtype=float),
        0.05,
        np.array([group["area"] for group in groups], dtype=np.int32),
        column("valve_s", 0.3),
        column("second_s", 8.0),
        column("at_valve", 0.3),
        column("at_second", 0.7),
        column("dead_band_hz", 0.02),
        np.array([flow[0] for flow in flows], dtype=float),
        flow_pair,
        flow_load,
    )


def groups_of(groups: list[dict]) -> tuple:
    names = {"mw": 0.0, "gain": 0.0, "up": NO_LIMIT_MW, "down": -NO_LIMIT_MW, "inertia": 0.0}
    return tuple(np.array([group.get(name, start) for group in groups], dtype=float) for name, start in names.items())


def response_case(parameters: dict, step_pu: float, f_hz: float = 50.0, rows: list[dict] | None = None) -> SwingCase:
    """The classical frequency-response model with 1000 MW as 1 per unit; ``step_pu`` is lost or (positive) gained."""
    base_mw = 1000.0
    p = {key.lower(): value for key, value in parameters.items()}
    km, high, reheat = p.get("km", p.get("k_m")), p.get("fh", p.get("f_h")), p.get("tr", p.get("t_r_s"))
    droop, inertia, damping = p.get("r", p.get("r_pu")), p.get("h", p.get("h_s")), p.get("d", p.get("d_pu"))
    group = {
        "area": 0,
        "mw": base_mw,
        "gain": km / droop * base_mw / f_hz,
        "inertia": 2 * inertia * base_mw / f_hz,
        "valve_s": 0.0,
        "second_s": reheat,
        "at_valve": high,
        "at_second": 1 - high,
        "dead_band_hz": 0.0,
    }
    model = model_of([base_mw], [], [group], damping=0.0, damping_mw_per_hz=[damping * base_mw / f_hz])
    return SwingCase(model, rules_of(rows or []), groups_of([group]), np.array([step_pu * base_mw]))


def random_case(seed: int, n_areas: int = 4) -> SwingCase:
    """Areas in a ring with three governors each, stages, trips, a dose before a split; a loss or a gain at 0.3 s."""
    rng = np.random.default_rng(seed)
    load_mw = rng.uniform(500, 8000, n_areas)
    kinds = [
        {"valve_s": 0.3, "second_s": 8.0, "at_valve": 0.3, "at_second": 0.7},
        {"valve_s": 4.0, "second_s": 0.5, "at_valve": -2.0, "at_second": 3.0},
        {"valve_s": 0.5, "second_s": 1.0, "at_valve": 1.0, "at_second": 0.0},
    ]
    groups = []
    for area in range(n_areas):
        shares = rng.dirichlet(np.ones(3))
        for kind, share in zip(kinds, shares, strict=True):
            mw = share * load_mw[area]
            sizes = {"gain": mw / 4 * rng.uniform(0.2, 1), "up": 0.05 * mw, "down": -0.4 * mw, "inertia": mw * 0.16}
            groups.append({"area": area, "mw": mw, **sizes, **kind})
    ring = [(area, (area + 1) % n_areas) for area in range(n_areas if n_areas > 2 else n_areas - 1)]
    pairs = [(a, b, float(rng.uniform(500, 6000)), float(rng.uniform(0.5, 1.0))) for a, b in ring]
    model = model_of(
        load_mw.tolist(),
        pairs,
        groups,
        load_inertia=(load_mw * 0.02).tolist(),
        flows=[(0.0, {pair: 1.0}, {}) for pair in range(len(pairs))],
    )
    n_flows = len(pairs)
    time = n_areas + n_flows + len(pairs)
    lost = int(rng.integers(n_areas))
    rows: list[dict] = [
        {
            "quantity": time,
            "above": True,
            "setting": 0.3,
            "action": case.ADD_MW,
            "place": lost,
            "amount": float(rng.uniform(-0.8, 0.4)) * load_mw[lost],
        }
    ]
    for area in range(n_areas):
        for setting in (-0.8, -1.0, -1.2, -1.4, -1.6, -2.0):
            stage = {"setting": setting, "delay_s": 0.25, "action": case.SHED_SHARE, "place": area, "amount": 0.06}
            rows.append({"quantity": area, **stage})
        back = {"setting": -0.4, "delay_s": 2.0, "action": case.RETURN_SHARE, "place": area, "amount": 0.03}
        rows.append({"quantity": area, "above": True, "repeats": True, **back})
        for group, setting in ((3 * area, -1.8), (3 * area + 1, 0.8)):
            trip = {"setting": setting, "delay_s": 0.5, "action": case.TRIP_SHARE, "place": group, "amount": 0.4}
            rows.append({"quantity": area, "above": setting > 0, **trip})
        rows.append({"quantity": area, "setting": -5.0, "action": case.DEAD, "place": area})
    for pair, (a, _, coupling, stretch) in enumerate(pairs):
        trigger = 0.6 * coupling * stretch
        watched = {"quantity": n_areas + pair, "above": True, "setting": trigger}
        rows.append({**watched, "delay_s": 0.4, "action": case.SHED_MW, "place": a, "amount": 100.0})
        rows.append({**watched, "delay_s": 0.6, "action": case.OPEN, "place": pair, "after": len(rows) - 1})
        rows.append({"quantity": n_areas + n_flows + pair, "above": True, "setting": 180.0, "action": case.OPEN})
    rules = rules_of(rows, [(a, b, stretch) for a, b, _, stretch in pairs])
    return SwingCase(model, rules, groups_of(groups), np.zeros(n_areas))
