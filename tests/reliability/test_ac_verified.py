"""Random states by AC: what is rejected and why, errors by hand, the command."""

from __future__ import annotations

import dataclasses
import json
import math

import numpy as np
import pytest
from typer.testing import CliRunner

from gridsim.cli.app import app
from gridsim.io.read_network import read_network
from gridsim.kernels.shortfall import ENERGY
from gridsim.reliability import system_from_grid
from gridsim.reliability.ac_verified import AcVerified, Verdict, ac_verified
from gridsim.reliability.nodal import NodalSnapshots


def verdict(reason: str, *, short: bool, zones: tuple[str, ...] = (), extra_mw: float = 0.0) -> Verdict:
    return Verdict(0, short, reason, zones, 10.0 * short, extra_mw)


def test_shares_are_stratified_by_hand() -> None:
    """100 states, 10 of them short with 10 MW: 1 of 2 short and 1 of 4 served ones rejected: 0.1/2 + 0.9/4."""
    verdicts = (
        verdict("voltage", short=True, zones=("south",), extra_mw=4.0),
        verdict("", short=True),
        verdict("overload", short=False, zones=("north",), extra_mw=2.0),
        *(verdict("", short=False) for _ in range(3)),
    )
    found = AcVerified(100, 10, 1000.0, (10.0,) * 10 + (0.0,) * 90, verdicts)
    share, stderr = found.share()
    assert share == pytest.approx(0.1 * 0.5 + 0.9 * 0.25)
    short, served = 0.5 * 0.5 / 2, (1 / 3) * (2 / 3) / 4
    between = (0.5 - 0.25) ** 2 * 0.1 * 0.9 / 100
    assert stderr == pytest.approx(math.sqrt(0.01 * short + 0.81 * served + between))
    assert found.share("voltage")[0] == pytest.approx(0.05)
    assert found.share(zone="north")[0] == pytest.approx(0.225)
    assert found.eue_mwh()[0] == pytest.approx(1000.0)
    assert found.eue_ac_mwh()[0] == pytest.approx(1000.0 + 1000.0 * (0.1 * 2.0 + 0.9 * 0.5))
    assert found.frame()["scope"].tolist()[4:6] == ["zone:north", "zone:south"]


def test_states_of_rts79_are_accepted_until_voltages_are_asked_too_much() -> None:
    grid = read_network("rts79")
    found = ac_verified(grid, 8, seed=3)
    assert (found.n_drawn, len(found.verdicts)) == (80, 8)
    assert found.share()[0] < 0.1 < found.share()[0] + 3.0 * found.share()[1]
    assert all(v.is_short for v in found.verdicts if v.reason)
    assert ac_verified(grid, 8, seed=3) == found
    high = np.full(len(grid.buses), 1.15)
    low = dataclasses.replace(grid.buses, vm_min_pu=high, vm_max_pu=high + 0.04)
    none = ac_verified(dataclasses.replace(grid, buses=low), 2, seed=3)
    assert {v.reason for v in none.verdicts} == {"voltage"} and none.share("voltage")[0] == 1.0
    assert all(v.extra_mw > 0.0 and v.zones for v in none.verdicts)
    assert none.eue_ac_mwh()[0] > none.eue_mwh()[0]


def test_command() -> None:
    args = ["adequacy", "rts79", "--method", "exact", "--ac-states", "2"]
    rows = json.loads(CliRunner().invoke(app, [*args, "--json"]).stdout)["ac"]
    assert {row["metric"] for row in rows} == {"ac_rejected_share", "EUE", "EUE_ac"}
    assert "ac_rejected_share, voltage" in CliRunner().invoke(app, args).stdout


def test_states_are_those_of_the_snapshots() -> None:
    """The same draws and the same unserved power, state by state, as the nodal level's snapshots; load 20 % higher."""
    grid = read_network("rts79")
    loads = dataclasses.replace(grid.loads, p_mw=1.2 * grid.loads.p_mw)
    grid = dataclasses.replace(grid, loads=loads)
    found = ac_verified(grid, 4, seed=5)
    total = NodalSnapshots(system_from_grid(grid), 5).run(0, found.n_drawn).total
    assert list(found.drawn_shed_mw) == pytest.approx((total[:, 0, ENERGY] / 8736).tolist(), abs=1e-6)
    assert found.n_short > 0
