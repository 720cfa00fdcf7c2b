"""Network folders as the sampler sees them."""

from __future__ import annotations

import numpy as np
import pytest

from gridsim.errors import StudyError
from gridsim.io.bundled import network_folder
from gridsim.io.read_network import read_network
from gridsim.model.system import GridSystem
from gridsim.reliability import SequentialMonteCarlo, assess, system_from_grid
from gridsim.reliability.areas import areas_of
from gridsim.reliability.nodal import NodalYears
from gridsim.reliability.samplers import CopperYears, ZonalYears
from tests.support.reliability_cases import rbts, rts79


@pytest.fixture(scope="module")
def kazakhstan() -> GridSystem:
    return read_network(network_folder("kazakhstan"))


@pytest.mark.parametrize(("name", "frames"), [("rts79", rts79), ("rbts", rbts)])
def test_bundled_networks_are_the_published_systems(name: str, frames) -> None:  # type: ignore[no-untyped-def]
    """Same machines and load as the tables of tests/data, so the same random numbers give the same events."""
    bundled = system_from_grid(read_network(network_folder(name)))
    published = frames()
    np.testing.assert_allclose(bundled.load_mw.sum(axis=1), published.load_mw.sum(axis=1), rtol=1e-9)
    method = SequentialMonteCarlo(years=2000, seed=1)
    ours, theirs = assess(bundled, method), assess(published, method)
    for metric in ("LOLH", "LOLD", "LOLEv"):
        assert ours[metric].value == theirs[metric].value
    assert ours["EUE"].value == pytest.approx(theirs["EUE"].value, rel=1e-6)


def test_branches_keep_their_reactance_rating_and_outages() -> None:
    system = system_from_grid(read_network(network_folder("rts79")))
    position = {name: i for i, name in enumerate(system.branch_name)}
    line, trafo = position["l11_7_8"], position["t07_3_24"]
    # the published reactances; the transformer's times its ratio, a tap of 1.5 % on the low side
    assert system.branch_x_pu[[line, trafo]] * 100.0 == pytest.approx([0.0614, 0.0839 * 1.015], rel=1e-6)
    assert system.branch_mw[[line, trafo]] == pytest.approx([175.0, 400.0], rel=1e-6)
    states = system.branch_component[line].states
    assert (states[0].mean_h, states[1].mean_h) == pytest.approx((8760 / 0.3, 10.0), rel=1e-6)
    assert len(system.branch_name) == 38


def test_imports_policy_is_the_border_capacity(kazakhstan: GridSystem) -> None:
    capacity = {
        policy: system_from_grid(kazakhstan, policy).unit_mw.sum() * (1.0 + kazakhstan.loss_share)
        for policy in ("none", "contract", "limit")
    }
    borders = kazakhstan.borders
    assert capacity["contract"] - capacity["none"] == pytest.approx(borders.contract_import_mw.sum())
    assert capacity["limit"] - capacity["none"] == pytest.approx(borders.limit_import_mw.sum())
    with pytest.raises(StudyError):
        system_from_grid(kazakhstan, "unlimited")


def test_the_kazakh_year_runs_from_july_and_holds_demand_without_price_responsive_load(
    kazakhstan: GridSystem,
) -> None:
    system = system_from_grid(kazakhstan)
    assert (system.n_hours, system.start.month, system.start.day) == (8760, 7, 1)
    peak_hour = int(system.load_mw.sum(axis=1).argmax())
    assert 5 * 730 < peak_hour < 8 * 730  # December to February
    detail = system.detail
    assert detail is not None
    np.testing.assert_allclose(
        detail.demand.at_buses(len(system.buses), detail.class_counts), system.load_mw, rtol=1e-12
    )
    responsive = {name for name, counts in zip(detail.class_name, detail.class_counts) if not counts}
    assert responsive == {"export", "crypto"}


def test_a_system_without_load_is_refused(kazakhstan: GridSystem) -> None:
    loads = kazakhstan.loads
    idle = type(loads)(
        **{column: getattr(loads, column) for column in loads.columns() if column != "in_service"},
        in_service=np.zeros(len(loads), dtype=bool),
    )
    with pytest.raises(StudyError):
        system_from_grid(kazakhstan.replace(loads=idle))


def test_a_system_without_machines_or_borders_is_refused(kazakhstan: GridSystem) -> None:
    def idle(table):  # type: ignore[no-untyped-def]
        columns = {column: getattr(table, column) for column in table.columns() if column != "in_service"}
        return type(table)(**columns, in_service=np.zeros(len(table), dtype=bool))

    with pytest.raises(StudyError):
        system_from_grid(kazakhstan.replace(generators=idle(kazakhstan.generators), borders=idle(kazakhstan.borders)))


@pytest.mark.parametrize(("network", "imports", "years"), [("rts79", "none", 24), ("kazakhstan", "contract", 3)])
def test_each_level_relaxes_the_next(network: str, imports: str, years: int) -> None:
    """On common random numbers a year's energy: copper plate <= areas <= every bus."""
    system = system_from_grid(read_network(network_folder(network)), imports)
    copper = CopperYears(system, 1, True).run(0, years).total[:, 0, 3]
    zonal = ZonalYears(system, 1, True, merged=False).run(0, years).total[:, 0, 3]
    nodal = NodalYears(system, 1, True).run(0, years).total[:, 0, 3]
    tolerance_mwh = system.n_hours * 1e-4
    assert (copper <= zonal + tolerance_mwh).all()
    assert (zonal <= nodal + tolerance_mwh).all()
    assert copper.sum() > 0
    assert zonal.sum() < nodal.sum()


def test_zones_of_rts79_are_joined_by_its_transformers() -> None:
    areas = areas_of(system_from_grid(read_network(network_folder("rts79"))), merged=False)
    assert areas.n_areas == 2
    assert len(areas.interface_from) == len(areas.circuit_component) == 5
    assert {component.kind for component in areas.circuit_component} == {"transformer"}


# behind an interface that cuts a zone; Aktobe is not cut off, for its ties to Russia are of one section with the others
INSIDE_A_ZONE = ("atyrau_220", "tengiz_220", "bolashak_220", "kpi_220", "aktau_220", "zhanaozen_220")


def test_kazakh_zones_are_joined_by_named_sections_by_circuits_out(kazakhstan: GridSystem) -> None:
    """North-South 2,100 MW intact, 1,300 and 630 with circuits out; 220 kV beside it; Russia and the joined grid of
    Kyrgyzstan and Uzbekistan are areas of their own, not one through which power could pass around the country."""
    system = system_from_grid(kazakhstan)
    areas = areas_of(system, merged=False)
    zone = {name: position for position, name in enumerate(system.areas)}
    inside = {areas.bus_area[system.buses.index(bus)] for bus in INSIDE_A_ZONE}
    assert len(inside) == len(INSIDE_A_ZONE)
    assert areas.n_areas == 3 + 2 + len(inside)
    forward = {}
    for i in range(len(areas.interface_from)):
        first, last = areas.scheme_start[i], areas.scheme_start[i + 1]
        ends = (int(areas.interface_from[i]), int(areas.interface_to[i]))
        forward.setdefault(ends, []).append(areas.forward_mw[0, first:last] * (1.0 + kazakhstan.loss_share))
    north_south = forward[zone["north"], zone["south"]]
    np.testing.assert_allclose(north_south[0], [2100.0, 1300.0, 630.0, 0.0])
    np.testing.assert_allclose(north_south[1], [120.0, 120.0, 0.0])
    # the one line beside the sections has its own rating, which follows the temperature of the hour
    assert 0.8 < north_south[2][0] / (250.4 * 1.05) < 1.3
    assert len(north_south) == 3
    home = {zone[name] for name in ("north", "south", "west")} | inside
    abroad = {end for ends in forward for end in ends} - home
    assert len(abroad) == 2
    russia = areas.bus_area[system.buses.index("ru_equivalent")]
    assert forward[int(russia), zone["north"]][0][0] == pytest.approx(2000.0)
    assert (int(russia), zone["west"]) in forward
    assert not any(russia in ends and zone["south"] in ends for ends in forward)
    assert ZonalYears(system, 1, True, merged=False).scopes == (
        "system", "zone:north", "zone:south", "zone:west", "people"
    )  # fmt: skip
