"""The largest flow of couplings and the amplitudes that set it, against the formula in vectors."""

from __future__ import annotations

import numpy as np
import pytest

from gridsim.kernels.pull_out import N_STEPS, largest_flow_mw, stretch_to_limits


def by_formula(coupling, stretch, flow_pair, apart) -> float:
    """The sum of b s |share| sin(angle / s) where the sides move apart, at 61 widths up to that of the last one."""
    moves = apart > 0
    if not moves.any():
        return 0.0
    angle = apart[moves] / stretch[moves]
    widths = np.linspace(0.0, np.pi / 2 / angle.min(), N_STEPS)[:, None]
    return float((np.sin(np.minimum(widths * angle, np.pi)) @ (np.abs(flow_pair) * coupling * stretch)[moves]).max())


def case(seed: int):
    rng = np.random.default_rng(seed)
    n_sections, n_pairs = 3, 12
    flow_pair = rng.uniform(-1, 1, (n_sections, n_pairs))
    apart = np.where(rng.random((n_sections, n_pairs)) < 0.3, 0.0, rng.uniform(0.1, 1, (n_sections, n_pairs)))
    return rng.uniform(100, 5000, n_pairs), rng.uniform(0.5, 2, n_pairs), flow_pair, apart


@pytest.mark.parametrize("seed", range(5))
def test_largest_flow_is_that_of_the_formula(seed) -> None:
    coupling, stretch, flow_pair, apart = case(seed)
    for row in range(3):
        found = largest_flow_mw(coupling, stretch, flow_pair[row], apart[row], np.zeros(N_STEPS))
        assert found == pytest.approx(by_formula(coupling, stretch, flow_pair[row], apart[row]), rel=1e-12)
    assert largest_flow_mw(coupling, stretch, flow_pair[0], np.zeros(12), np.zeros(N_STEPS)) == 0.0


def test_one_coupling_pulls_out_at_its_amplitude() -> None:
    """1,000 MW/rad limited to 600 MW: 600 = 1,000 s, s = 0.6; one that crosses nothing keeps its slope."""
    one = np.array([[1.0, 0.0]])
    stretch = stretch_to_limits(np.full(2, 1000.0), one, one, one, one[0], np.array([600.0]))
    assert stretch == pytest.approx([0.6, 1.0], rel=1e-3)


def test_every_section_reaches_its_limit() -> None:
    """Two sections in series over two couplings of their own each."""
    coupling, limit_mw = np.array([900.0, 300.0, 1500.0, 500.0]), np.array([700.0, 1100.0])
    rows = np.array([[1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0]])
    stretch = stretch_to_limits(coupling, rows, rows, rows, np.ones(4), limit_mw)
    reached = [largest_flow_mw(coupling, stretch, row, row, np.zeros(N_STEPS)) for row in rows]
    assert reached == pytest.approx(limit_mw, rel=1.1e-3)
