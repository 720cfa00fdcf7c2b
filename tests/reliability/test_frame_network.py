"""Areas, classes and limits of systems from frames, by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from gridsim.errors import InputError
from gridsim.reliability import AdequacySystem, Exact, SequentialMonteCarlo, assess, system_from_frames

UNITS = pd.DataFrame({"name": ["w"], "area": ["west"], "p_max_mw": [100.0]})
LOAD = pd.DataFrame({"west": np.full(24, 20.0), "east": np.full(24, 60.0)})


def tied(circuits: int = 2, mttf_h: float = 30.0, limits: pd.DataFrame | None = None, **more: Any) -> AdequacySystem:
    """80 MW to spare in the west, 60 wanted in the east; circuits out a tenth of the time, 50 MW intact."""
    tie = pd.DataFrame(
        {
            "name": ["t"],
            "area_from": ["west"],
            "area_to": ["east"],
            "forward_mw": [50.0],
            "backward_mw": [50.0],
            "mttf_h": [mttf_h],
            "mttr_h": [mttf_h / 9.0],
            "circuits": [circuits],
        }
    )
    return system_from_frames(UNITS, LOAD, tie, interface_limits=limits, **more)


def test_each_circuit_carries_an_equal_part() -> None:
    """Three states: 50, 25 and 0 MW with 0.81, 0.18 and 0.01; the east lacks 10, 35 or 60."""
    wanted = 0.81 * 10.0 + 0.18 * 35.0 + 0.01 * 60.0
    exact = assess(tied(), Exact(level="zonal"))
    assert exact["EPNS", "zone:east"].value == pytest.approx(wanted, rel=1e-9)
    sampled = assess(tied(), SequentialMonteCarlo(years=1024, level="zonal", seed=3))
    assert abs(sampled["EPNS"].value - wanted) < 3.9 * (sampled["EPNS"].stderr or 0.0)


def test_limits_by_circuits_out() -> None:
    limits = pd.DataFrame({"interface": "t", "circuits_out": [1, 2], "forward_mw": [45.0, 5.0], "backward_mw": 0.0})
    exact = assess(tied(limits=limits), Exact(level="zonal"))
    assert exact["EPNS"].value == pytest.approx(0.81 * 10.0 + 0.18 * 15.0 + 0.01 * 55.0, rel=1e-9)


def test_limits_by_hour() -> None:
    """Half of it in the last six hours, where 35 MW are missing; nothing fails."""
    share = pd.DataFrame({"t": np.where(np.arange(24) < 18, 1.0, 0.5)})
    system = tied(circuits=1, mttf_h=np.inf, interface_share=share)
    for method in (Exact(level="zonal"), SequentialMonteCarlo(years=2, level="zonal")):
        assert assess(system, method)["EUE"].value == pytest.approx(18 * 10.0 + 6 * 35.0)


@pytest.mark.parametrize(
    ("limits", "what"),
    [
        ({"circuits_out": [3], "forward_mw": [1.0]}, "3 circuits out of 2"),
        ({"circuits_out": [1], "forward_mw": [60.0]}, "rise with circuits out"),
        ({"circuits_out": [1], "forward_mw": [-1.0]}, "-1 is not >= 0"),
    ],
)
def test_odd_limits(limits: dict[str, Any], what: str) -> None:
    with pytest.raises(InputError, match=what):
        tied(limits=pd.DataFrame({"interface": "t", "backward_mw": [0.0], **limits}))


def test_a_limit_series_shorter_than_the_horizon() -> None:
    with pytest.raises(InputError, match="interface_share: 23 hours; the load has 24"):
        tied(interface_share=pd.DataFrame({"t": np.ones(23)}))


def meshed(**more: Any) -> AdequacySystem:
    """Two buses of the west with 100 MW, one of the east without; 30 MW of branches between them."""
    return system_from_frames(
        pd.DataFrame({"name": ["m"], "bus": ["a"], "p_max_mw": [100.0]}),
        pd.DataFrame({"a": np.full(24, 10.0), "b": np.full(24, 10.0), "c": np.full(24, 50.0)}),
        branches=pd.DataFrame(
            {
                "name": ["ab", "ac", "bc"],
                "from_bus": ["a", "a", "b"],
                "to_bus": ["b", "c", "c"],
                "x_pu": 0.1,
                "limit_mw": [5.0, 20.0, 10.0],
            }
        ),
        **more,
    )


def test_branches_between_areas_are_ties() -> None:
    """Zonal: 30 MW reach the east. Nodal: b lacks, too, for 5 MW reach it and it must not send any on."""
    areas = pd.DataFrame({"bus": ["a", "b", "c"], "area": ["west", "west", "east"]})
    system = meshed(buses=areas)
    zonal = assess(system, SequentialMonteCarlo(years=2, level="zonal"))
    assert zonal["EPNS"].value == pytest.approx(20.0)
    assert zonal["EPNS", "zone:east"].value == pytest.approx(20.0)
    nodal = assess(system, SequentialMonteCarlo(years=2, level="nodal"))
    assert nodal["EPNS"].value > 20.0 and nodal["EPNS", "zone:east"].value >= 20.0


def test_branches_without_areas_are_refused_at_zonal_level() -> None:
    classes = pd.DataFrame({"class": ["all"], "share": [1.0], "shed_order": [1]})
    for more in ({}, {"load_classes": classes}):
        with pytest.raises(InputError, match="without areas"):
            assess(meshed(**more), SequentialMonteCarlo(years=2, level="zonal"))
    with pytest.raises(InputError, match="'c' has no area"):
        meshed(buses=pd.DataFrame({"bus": ["a", "b"], "area": ["west", "west"]}))


def test_classes_are_shed_in_order() -> None:
    """30 MW are missing: the 12 MW of pumps of both buses first, then 18 of homes."""
    classes = pd.DataFrame({"class": ["homes", "pumps"], "share": [0.8, 0.2], "shed_order": [2, 1]})
    system = system_from_frames(
        pd.DataFrame({"name": ["m"], "bus": ["a"], "p_max_mw": [30.0]}),
        pd.DataFrame({"a": np.full(24, 30.0), "b": np.full(24, 30.0)}),
        branches=pd.DataFrame({"name": ["ab"], "from_bus": ["a"], "to_bus": ["b"], "x_pu": 0.1, "limit_mw": [100.0]}),
        load_classes=classes,
    )
    nodal = assess(system, SequentialMonteCarlo(years=2, level="nodal"))
    assert nodal["EPNS", "class:pumps"].value == pytest.approx(12.0)
    assert nodal["EPNS", "class:homes"].value == pytest.approx(18.0)


def test_areas_share_a_shortage_by_class() -> None:
    """West lacks 10 of 40 MW, all of it pumps in the east are shed for, in equal shares of the pumps of both."""
    classes = pd.DataFrame({"class": ["homes", "pumps"], "share": [0.5, 0.5], "shed_order": [2, 1]})
    system = system_from_frames(
        pd.DataFrame({"name": ["w", "e"], "area": ["west", "east"], "p_max_mw": [30.0, 40.0]}),
        pd.DataFrame({"west": np.full(24, 40.0), "east": np.full(24, 40.0)}),
        pd.DataFrame(
            {"name": ["t"], "area_from": ["west"], "area_to": ["east"], "forward_mw": 20.0, "backward_mw": 20.0}
        ),
        load_classes=classes,
    )
    found = assess(system, SequentialMonteCarlo(years=2, level="zonal"))
    assert found["EPNS"].value == pytest.approx(10.0)
    assert found["EPNS", "zone:west"].value == pytest.approx(5.0)
    assert found["EPNS", "zone:east"].value == pytest.approx(5.0)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"share": [0.5, 0.4]}, "sums to 0.9 at 'west'"),
        ({"share": [0.5, 1.5]}, "1.5 is not <= 1"),
        ({"area": [None, "north"]}, "'north' is no area of the load"),
    ],
)
def test_odd_classes(change: dict[str, Any], what: str) -> None:
    classes = pd.DataFrame({"class": ["homes", "pumps"], "share": [0.5, 0.5], "shed_order": [2, 1]}).assign(**change)
    with pytest.raises(InputError, match=what):
        tied(load_classes=classes)


def test_load_of_areas_is_spread_by_weights() -> None:
    """50 MW of load in the south: 40 and 10 of it at its buses. The line to the first passes 30: 10 are missing."""
    frames: dict[str, Any] = {
        "units": pd.DataFrame({"name": ["m"], "bus": ["n"], "p_max_mw": [200.0]}),
        "load_mw": pd.DataFrame({"north": np.full(24, 20.0), "south": np.full(24, 50.0)}),
        "branches": pd.DataFrame(
            {"name": ["ns", "nt"], "from_bus": "n", "to_bus": ["s", "t"], "x_pu": 0.1, "limit_mw": [30.0, 30.0]}
        ),
    }
    buses = pd.DataFrame({"bus": ["n", "s", "t"], "area": ["north", "south", "south"], "load_share": [1.0, 0.8, 0.2]})
    result = assess(system_from_frames(**frames, buses=buses), SequentialMonteCarlo(years=2, level="nodal"))
    assert result["EPNS"].value == result["EPNS", "bus:s"].value == pytest.approx(10.0)
    for change, what in (
        ({"load_share": [1.0, 0.8, 0.1]}, "sums to 0.9 in 'south'"),
        ({"area": ["north", "south", "west"]}, "'west' is no area"),
    ):
        with pytest.raises(InputError, match=what):
            system_from_frames(**frames, buses=buses.assign(**change))
