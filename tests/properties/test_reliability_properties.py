"""What must hold for any system: capacity never hurts, order never matters, failed machines deliver nothing."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from gridsim.kernels.stores import let_stores_charge, let_stores_discharge, move_stores
from gridsim.reliability import AdequacySystem, system_from_frames
from gridsim.reliability.nodal import NodalYears, new_stores
from gridsim.reliability.plain_detail import plain_detail
from gridsim.reliability.samplers import CopperYears, ZonalYears

AREAS = ("a", "b", "c")
ENERGY = 3


@st.composite
def unit_frames(draw) -> pd.DataFrame:  # type: ignore[no-untyped-def]
    n = draw(st.integers(1, 6))
    return pd.DataFrame(
        {
            "name": [f"u{i}" for i in range(n)],
            "area": [draw(st.sampled_from(AREAS)) for _ in range(n)],
            "p_max_mw": [float(draw(st.integers(0, 40))) for _ in range(n)],
            "mttf_h": [draw(st.sampled_from([20.0, 90.0, 400.0])) for _ in range(n)],
            "mttr_h": [draw(st.sampled_from([3.0, 25.0])) for _ in range(n)],
        }
    )


def load_frame(level: float) -> pd.DataFrame:
    hours = np.arange(96)
    return pd.DataFrame(
        {area: level * (1.0 + 0.5 * np.sin(hours / 24 * 2 * np.pi + k)) for k, area in enumerate(AREAS)}
    )


INTERFACES = pd.DataFrame(
    {
        "name": ["ab", "bc"],
        "area_from": ["a", "b"],
        "area_to": ["b", "c"],
        "forward_mw": [15.0, 8.0],
        "backward_mw": [5.0, 20.0],
        "mttf_h": 60.0,
        "mttr_h": 6.0,
    }
)
BRANCHES = pd.DataFrame(
    {
        "name": ["ab", "bc", "ca"],
        "from_bus": ["a", "b", "c"],
        "to_bus": ["b", "c", "a"],
        "x_pu": [0.1, 0.2, 0.1],
        "limit_mw": [15.0, 8.0, 20.0],
        "mttf_h": 60.0,
        "mttr_h": 6.0,
    }
)


def nodal_frames(units: pd.DataFrame, level: float) -> AdequacySystem:
    return system_from_frames(units.rename(columns={"area": "bus"}), load_frame(level), branches=BRANCHES)


def zonal_frames(units: pd.DataFrame, level: float) -> AdequacySystem:
    return system_from_frames(units, load_frame(level), INTERFACES)


def added(units: pd.DataFrame, area: str, mttf_h: float) -> pd.DataFrame:
    more = pd.DataFrame({"name": ["new"], "area": [area], "p_max_mw": [12.0], "mttf_h": [mttf_h], "mttr_h": [10.0]})
    return pd.concat([units, more], ignore_index=True)


@given(unit_frames(), st.sampled_from(AREAS), st.floats(5.0, 30.0), st.integers(0, 1000))
@settings(max_examples=40, deadline=None)
def test_capacity_added_never_raises_unserved_energy(units: pd.DataFrame, area: str, level: float, seed: int) -> None:
    """Sample by sample, on common random numbers, at every level (one class: penalty-weighted shedding is energy)."""
    larger = added(units, area, 50.0)
    zonal, zonal_larger = zonal_frames(units, level), zonal_frames(larger, level)
    for sampler in (CopperYears, lambda *a: ZonalYears(*a, merged=False)):
        before, _, _ = sampler(zonal, seed, True).run(0, 8)
        after, _, _ = sampler(zonal_larger, seed, True).run(0, 8)
        assert (after[:, 0, ENERGY] <= before[:, 0, ENERGY] + 1e-6).all()
        assert (after[:, 0, :2] <= before[:, 0, :2]).all()


@given(unit_frames(), st.sampled_from(AREAS), st.floats(5.0, 30.0), st.integers(0, 1000))
@settings(max_examples=12, deadline=None)
def test_capacity_added_never_raises_unserved_energy_at_nodal_level(
    units: pd.DataFrame, area: str, level: float, seed: int
) -> None:
    before, _, _ = NodalYears(nodal_frames(units, level), seed, True).run(0, 4)
    after, _, _ = NodalYears(nodal_frames(added(units, area, 50.0), level), seed, True).run(0, 4)
    # below 1e-4 MW an hour counts nothing: a state may cross that line by up to it
    assert (after[:, 0, ENERGY] <= before[:, 0, ENERGY] + 96 * 1.1e-4).all()


@given(unit_frames(), st.floats(5.0, 30.0), st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_the_order_of_rows_changes_nothing_but_rounding(units: pd.DataFrame, level: float, seed: int) -> None:
    turned = units.iloc[::-1].reset_index(drop=True)
    for frames in (zonal_frames,):
        one, _, _ = ZonalYears(frames(units, level), seed, True, merged=False).run(0, 8)
        other, _, _ = ZonalYears(frames(turned, level), seed, True, merged=False).run(0, 8)
        np.testing.assert_allclose(one[:, 0], other[:, 0], rtol=1e-9, atol=1e-6)


@given(st.floats(1.0, 50.0), st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_a_failed_machine_delivers_nothing(level: float, seed: int) -> None:
    """A machine that is practically always out leaves the whole demand unserved at every level."""
    dead = pd.DataFrame({"name": ["u"], "area": "b", "p_max_mw": [500.0], "mttf_h": [1e-9], "mttr_h": [1e9]})
    demand = load_frame(level).to_numpy().sum()
    zonal = zonal_frames(dead, level)
    for total in (
        CopperYears(zonal, seed, True).run(0, 2)[0],
        ZonalYears(zonal, seed, True, merged=False).run(0, 2)[0],
        NodalYears(nodal_frames(dead, level), seed, True).run(0, 2)[0],
    ):
        np.testing.assert_allclose(total[:, 0, ENERGY], demand, rtol=1e-9)
        assert (total[:, 0, 0] == 96).all()


@given(unit_frames(), st.floats(5.0, 30.0), st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_less_network_never_serves_more(units: pd.DataFrame, level: float, seed: int) -> None:
    """Copper plate serves at least what areas serve, and areas with interfaces at least what they serve alone."""
    connected = zonal_frames(units, level)
    alone = system_from_frames(units, load_frame(level))
    copper, _, _ = CopperYears(connected, seed, True).run(0, 8)
    zonal, _, _ = ZonalYears(connected, seed, True, merged=False).run(0, 8)
    apart, _, _ = ZonalYears(alone, seed, True, merged=False).run(0, 8)
    assert (copper[:, 0, ENERGY] <= zonal[:, 0, ENERGY] + 96 * 1.1e-4).all()
    assert (zonal[:, 0, ENERGY] <= apart[:, 0, ENERGY] + 96 * 1.1e-4).all()


@given(unit_frames(), st.floats(5.0, 30.0), st.floats(0.0, 40.0), st.integers(0, 1000))
@settings(max_examples=10, deadline=None)
def test_areas_never_shed_more_than_buses_behind_a_section(
    units: pd.DataFrame, level: float, limit_mw: float, seed: int
) -> None:
    """The zonal level relaxes the nodal one: b is an area, a and c another, joined by a section of ab and bc."""
    bare = nodal_frames(units, level)
    limits = {
        "interface_start": np.array([0, 2], dtype=np.int32),
        "interface_branch": np.array([0, 1], dtype=np.int32),
        "interface_sign": np.array([1.0, -1.0]),
        "limit_interface": np.zeros(4, dtype=np.int32),
        "limit_is_forward": np.array([True, True, False, False]),
        "limit_lines_out": np.array([0, 1, 0, 1], dtype=np.int32),
        "limit_season": np.zeros(4, dtype=np.int32),
        "limit_mw": np.array([limit_mw, 0.4 * limit_mw, limit_mw, 0.7 * limit_mw]),
    }
    system = dataclasses.replace(
        bare,
        areas=("ac", "b"),
        bus_area=np.array([0, 1, 0], dtype=np.int32),
        detail=dataclasses.replace(plain_detail(bare), **limits),
    )
    copper, zonal, nodal = (
        sampler.run(0, 4).total[:, 0, ENERGY]
        for sampler in (
            CopperYears(system, seed, True),
            ZonalYears(system, seed, True, merged=False),
            NodalYears(system, seed, True),
        )
    )
    assert (copper <= zonal + 96 * 1.1e-4).all()
    assert (zonal <= nodal + 96 * 1.1e-4).all()


@st.composite
def store_frames(draw) -> pd.DataFrame:  # type: ignore[no-untyped-def]
    n = draw(st.integers(1, 2))
    return pd.DataFrame(
        {
            "name": [f"s{i}" for i in range(n)],
            "bus": [draw(st.sampled_from(AREAS)) for _ in range(n)],
            "charge_mw": [float(draw(st.integers(0, 20))) for _ in range(n)],
            "discharge_mw": [float(draw(st.integers(0, 20))) for _ in range(n)],
            "energy_mwh": [float(draw(st.integers(1, 80))) for _ in range(n)],
            "efficiency_charge": draw(st.sampled_from([1.0, 0.9, 0.5])),
            "efficiency_discharge": draw(st.sampled_from([1.0, 0.85, 0.6])),
            "carryover": draw(st.sampled_from([1.0, 0.99])),
            "energy_start_share": [draw(st.sampled_from([0.0, 0.3, 1.0])) for _ in range(n)],
        }
    )


@given(unit_frames(), store_frames(), st.floats(5.0, 30.0), st.booleans(), st.booleans())
@settings(max_examples=25, deadline=None)
def test_storage_never_creates_energy(
    units: pd.DataFrame, stores: pd.DataFrame, level: float, fails: bool, roomy: bool
) -> None:
    """What stores save is at most what they held at first plus the machines' surplus, both less the losses.

    The surplus is that of all machines in service in every hour. It bounds the charge only in a roomy network: power
    bottled behind a limit can charge a store while load is shed elsewhere. The same years without stores shed at least
    as much in any network.
    """
    branches = BRANCHES.assign(limit_mw=1e4).drop(columns=["mttf_h", "mttr_h"]) if roomy else BRANCHES
    stores = stores.assign(mttf_h=30.0 if fails else np.nan, mttr_h=10.0 if fails else np.nan)
    placed = units.rename(columns={"area": "bus"})
    load = load_frame(level)
    bare = system_from_frames(placed, load, branches=branches)
    with_stores = system_from_frames(placed, load, branches=branches, storages=stores)
    before, _, _ = NodalYears(bare, 1, True).run(0, 4)
    after, _, _ = NodalYears(with_stores, 1, True).run(0, 4)
    skipped_none, _, _ = NodalYears(with_stores, 1, False).run(0, 4)
    np.testing.assert_array_equal(after, skipped_none)
    surplus = np.maximum(units["p_max_mw"].sum() - load.to_numpy().sum(axis=1), 0.0)
    charged = np.minimum(surplus, stores["charge_mw"].sum()).sum() * stores["efficiency_charge"].max()
    held = (stores["energy_mwh"] * stores["energy_start_share"]).sum()
    most_saved = (held + charged) * stores["efficiency_discharge"].max()
    saved = before[:, 0, ENERGY] - after[:, 0, ENERGY]
    tolerance = 96 * 1.1e-4
    assert (saved >= -tolerance).all()
    if roomy:
        assert (saved <= most_saved + tolerance).all()


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_the_energy_step_is_exact(data: st.DataObject) -> None:
    """Any dispatch within the bounds of an hour changes a store by what it takes and gives, within its size."""
    units = pd.DataFrame({"name": ["u"], "area": ["a"], "p_max_mw": [10.0], "mttf_h": [90.0], "mttr_h": [3.0]})
    stores = data.draw(store_frames())
    system = system_from_frames(
        units.rename(columns={"area": "bus"}), load_frame(10.0), branches=BRANCHES, storages=stores
    )
    held = new_stores(system)
    n = len(stores)
    share = data.draw(st.lists(st.floats(0.0, 1.0), min_size=4 * n, max_size=4 * n))
    held.held_mwh[:] = held.energy_mwh * share[:n]
    held.lost[:] = share[n : 2 * n]
    kept = held.held_mwh * held.carryover
    hi_mw = np.zeros(1 + 2 * n)
    let_stores_charge(held, 1)
    let_stores_discharge(held, 1, hi_mw)
    lo, hi = held.lo_mw[1 : 1 + n], hi_mw[1 + n :]
    assert (-lo <= held.charge_mw * (1.0 - held.lost)).all()
    assert (hi <= held.discharge_mw * (1.0 - held.lost)).all()
    # a store takes or gives in one hour, never both: taking earns less than giving costs
    gives = np.array(share[3 * n :]) > 0.5
    part = np.array(share[2 * n : 3 * n])
    taken, given_mw = np.where(gives, 0.0, -lo * part), np.where(gives, hi * part, 0.0)
    move_stores(held, 1, np.concatenate([[0.0], -taken, given_mw]))
    expected = kept + taken * held.efficiency_charge - given_mw / held.efficiency_discharge
    np.testing.assert_allclose(held.held_mwh, expected, rtol=1e-12, atol=1e-12)
    assert (held.held_mwh >= 0.0).all()
    assert (held.held_mwh <= held.energy_mwh).all()
