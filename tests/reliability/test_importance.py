"""Importance: by hand, exact, and by conditioning as by sampling anew."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from gridsim.cli.app import app
from gridsim.errors import StudyError
from gridsim.reliability import (
    AdequacySystem,
    Exact,
    ImportanceRow,
    SequentialMonteCarlo,
    assess,
    importance,
    importance_frame,
    system_from_frames,
)


def by_name(rows: list[ImportanceRow]) -> dict[tuple[str, str], ImportanceRow]:
    return {(row.kind, row.name): row for row in rows}


def two_machines() -> AdequacySystem:
    """50 MW out a tenth and 30 MW out a fifth of the time for a load of 60: EPNS 2.4 + 1.2 + 1.8 MW in three of four
    states. With a there 0.2 x 10 are lost, with b there 0.1 x 30.
    """
    units = pd.DataFrame(
        {"name": ["a", "b"], "p_max_mw": [50.0, 30.0], "forced_outage_rate": [0.1, 0.2], "mttr_h": 3.0}
    )
    return system_from_frames(units, np.full(24, 60.0))


def test_two_machines_by_hand() -> None:
    exact = by_name(importance(two_machines(), Exact()))
    assert exact["component", "a"].saved_mwh == pytest.approx(24 * 3.4, rel=1e-9)
    assert exact["component", "b"].saved_mwh == pytest.approx(24 * 2.4, rel=1e-9)
    assert exact["component", "a"].share == pytest.approx(3.4 / 5.4, rel=1e-9)
    rows = importance(two_machines(), SequentialMonteCarlo(years=2048, seed=5))
    assert [row.name for row in rows] == ["a", "b"]
    for row in rows:
        wanted = exact["component", row.name]
        assert abs(row.saved_mwh - wanted.saved_mwh) < 3.9 * row.stderr_mwh
        assert abs(row.share - wanted.share) < 3.9 * row.share_stderr
    assert importance_frame(rows)["name"].tolist() == ["a", "b"]


def three_areas(stores: bool = False, causes: bool = False) -> AdequacySystem:
    rng = np.random.default_rng(7)
    units = pd.DataFrame(
        {
            "name": [f"u{k}" for k in range(9)],
            "area": ["a", "b", "c"] * 3,
            "p_max_mw": 20.0,
            "mttf_h": 60.0,
            "mttr_h": 12.0,
        }
    )
    load = pd.DataFrame({area: 30.0 + 22.0 * rng.random(96) for area in "abc"})
    ties = pd.DataFrame(
        {
            "name": ["ab", "bc"],
            "area_from": ["a", "b"],
            "area_to": ["b", "c"],
            "forward_mw": [12.0, 8.0],
            "backward_mw": [9.0, 11.0],
            "mttf_h": 50.0,
            "mttr_h": 10.0,
        }
    )
    site = pd.DataFrame({"cause": "site", "component": ["u0", "u3"], "lost_share": 1.0, "mttf_h": 300.0, "mttr_h": 9.0})
    store = pd.DataFrame({"name": ["s"], "area": ["c"], "charge_mw": 4.0, "discharge_mw": 4.0, "energy_mwh": 9.0})
    return system_from_frames(
        units, load, ties, storages=store if stores else None, common_causes=site if causes else None
    )


def without_outages(system: AdequacySystem, name: str) -> AdequacySystem:
    def perfect(components):  # type: ignore[no-untyped-def]
        return tuple(dataclasses.replace(c, states=()) if c.name == name else c for c in components)

    return dataclasses.replace(
        system,
        unit_component=perfect(system.unit_component),
        interface_component=perfect(system.interface_component),
    )


def test_conditioning_is_sampling_anew() -> None:
    """Every machine and tie: the same samples without its outages have as much less unserved energy."""
    system, method = three_areas(), SequentialMonteCarlo(years=96, level="zonal", seed=2)
    rows = by_name(importance(system, method))
    base = assess(system, method)["EUE"].value
    for name in (*system.unit_name, *system.interface_name):
        saved = base - assess(without_outages(system, name), method)["EUE"].value
        found = rows.get(("component", name))
        assert (found.saved_mwh if found else 0.0) == pytest.approx(saved, abs=1e-6 * base)
    two = importance(system, dataclasses.replace(method, workers=2))
    assert by_name(two) == rows


def test_sections_and_causes() -> None:
    """A section that never limits, and a cause that never happens, on the same samples; stores do what they did."""
    system, method = three_areas(stores=True, causes=True), SequentialMonteCarlo(years=96, level="zonal", seed=2)
    rows = by_name(importance(system, method))
    base = assess(system, method)["EUE"].value
    never = assess(dataclasses.replace(system, common_causes=()), method)["EUE"].value
    assert rows["cause", "site"].saved_mwh == pytest.approx(base - never, rel=1e-9)
    wide = dataclasses.replace(
        system,
        interface_forward_mw=np.array([1e9, 8.0]),
        interface_backward_mw=np.array([1e9, 11.0]),
        interface_component=(
            dataclasses.replace(system.interface_component[0], states=()),
            system.interface_component[1],
        ),
    )
    assert rows["section", "ab"].saved_mwh == pytest.approx(base - assess(wide, method)["EUE"].value, rel=1e-9)
    # a lower bound with stores, which might do better
    anew = base - assess(without_outages(system, "u2"), method)["EUE"].value
    assert 0.0 < rows["component", "u2"].saved_mwh < anew * (1.0 + 1e-9) + 1e-6


def test_nodal_is_refused() -> None:
    with pytest.raises(StudyError, match="level copper or zonal"):
        importance(two_machines(), SequentialMonteCarlo(years=2, level="nodal"))


def test_command() -> None:
    done = CliRunner().invoke(app, ["adequacy", "rbts", "--method", "exact", "--importance", "--json"])
    rows = json.loads(done.stdout)["importance"]
    assert len(rows) == 11 and rows[0]["saved_mwh"] == max(row["saved_mwh"] for row in rows)
    assert rows[0]["stderr_mwh"] == 0.0 and 0.0 < rows[0]["share"] < 1.0
    done = CliRunner().invoke(app, ["adequacy", "rts79", "--years", "64", "--importance"])
    assert "saves, MWh a year" in done.stdout and "more (--json)" in done.stdout
    done = CliRunner().invoke(app, ["adequacy", "rts79", "--level", "nodal", "--importance"])
    assert done.exit_code != 0
