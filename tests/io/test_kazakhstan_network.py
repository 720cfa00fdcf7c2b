"""Facts of networks/kazakhstan: totals against published figures, origin of every row, orientation of every section.

Published figures (source in the folder's README.md): 25 GW installed and 21 GW available in December 2025, a winter
peak of 17.6 GW including losses (10.95 / 4.6 / 2.05 GW), 2,100 MW from North to South, 119 TWh used in 2024.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from gridsim.io.bundled import bundled_folder, network_folder
from gridsim.io.schemas import TABLES
from gridsim.io.schemas.column import SourcedRow
from gridsim.model.system import GridSystem

FOLDER: Path = network_folder("kazakhstan")
DAYS = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
TABLE_NAMES = sorted(path.stem for path in FOLDER.glob("*.csv"))
SOURCED = [name for name in TABLE_NAMES if issubclass(TABLES[name].row, SourcedRow)]


def rows(table: str) -> list[dict[str, str]]:
    with (FOLDER / f"{table}.csv").open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def in_percent_of(value: float, published: float, percent: float) -> bool:
    return abs(value - published) <= published * percent / 100


def reachable(system: GridSystem, start: str, *, without: Iterable[str] = (), opened: Iterable[int] = ()) -> set[str]:
    """Names of the buses reached over branches in service, some buses taken away, some branches opened."""
    blocked = set(without)
    neighbours: dict[str, list[str]] = {}
    status = np.concatenate([system.lines.in_service, system.transformers.in_service])
    status[list(opened)] = False
    for k in np.flatnonzero(status):
        a, b = str(system.buses.name[system.branch_from[k]]), str(system.buses.name[system.branch_to[k]])
        if a not in blocked and b not in blocked:
            neighbours.setdefault(a, []).append(b)
            neighbours.setdefault(b, []).append(a)
    seen, queue = {start}, deque([start])
    while queue:
        for bus in neighbours.get(queue.popleft(), []):
            if bus not in seen:
                seen.add(bus)
                queue.append(bus)
    return seen


def zone_of(system: GridSystem, bus: int) -> str:
    zone = int(system.buses.zone[bus])
    return system.zones[zone] if zone >= 0 else "external"


# Totals


def test_installed_and_available_power_are_within_five_percent_of_the_published_totals(kazakhstan: GridSystem) -> None:
    gens = kazakhstan.generators
    live = gens.in_service
    assert in_percent_of(gens.installed_mw[live].sum(), 25_000, 5)
    assert in_percent_of(gens.p_max_mw[live].sum(), 21_000, 5)
    assert (gens.p_max_mw <= gens.installed_mw + 1e-6).all()
    assert (gens.p_min_mw <= gens.p_max_mw + 1e-6).all()


def test_a_normal_winter_evening_by_zone_includes_losses_once(kazakhstan: GridSystem) -> None:
    loads = kazakhstan.loads
    zone = kazakhstan.buses.zone[loads.bus]
    evening = np.bincount(zone[zone >= 0], loads.p_mw[zone >= 0]) * (1 + kazakhstan.loss_share)
    # the peak of 17,600 MW is a cold evening's (tests/weather/test_kazakh_load.py); the zones share a normal one alike
    assert 17_000 < evening.sum() < 17_200
    for name, published in (("north", 10_950), ("south", 4_600), ("west", 2_050)):
        share = evening[kazakhstan.zones.index(name)] / evening.sum()
        assert in_percent_of(share * 17_600, published, 2), name


def test_load_profiles_peak_together_on_a_january_working_evening_and_give_the_yearly_energy(
    kazakhstan: GridSystem,
) -> None:
    loads = kazakhstan.loads
    home = kazakhstan.buses.zone[loads.bus] >= 0
    shape = np.where(
        (loads.profile >= 0)[:, None, None, None], kazakhstan.profiles.value[np.maximum(loads.profile, 0)], 1.0
    )
    demand = np.tensordot(loads.p_mw[home], shape[home], axes=1)  # (12, 3, 24)
    assert demand.max() == pytest.approx(loads.p_mw[home].sum(), rel=1e-9)
    assert np.unravel_index(int(demand.argmax()), demand.shape) == (0, 0, 18)
    days = DAYS[:, None] * np.array([5, 1, 1]) / 7
    energy_twh = (demand.sum(axis=2) * days).sum() * (1 + kazakhstan.loss_share) / 1e6
    assert 121 < energy_twh < 126


@pytest.mark.parametrize(("fuel", "published"), [("wind", 0.352), ("solar", 0.179)])
def test_capacity_factor_of_wind_and_sun_is_that_of_the_national_fleet(
    kazakhstan: GridSystem, fuel: str, published: float
) -> None:
    gens = kazakhstan.generators
    mine = (gens.fuel == fuel) & gens.in_service
    monthly = kazakhstan.profiles.value[gens.profile[mine]].mean(axis=(2, 3))
    factor = np.average(monthly @ DAYS / 365, weights=gens.p_max_mw[mine])
    assert in_percent_of(float(factor), published, 5)


def test_domestic_gas_and_imports_are_near_the_published_year(kazakhstan: GridSystem) -> None:
    supply = kazakhstan.gas_supply
    year_bcm = (supply.winter_mcm_per_d + supply.summer_mcm_per_d) / 2 * 0.365
    assert in_percent_of(float(year_bcm[supply.kind == "import"].sum()), 4.5, 6)
    transit = year_bcm[supply.kind == "transit_in"].sum()
    assert in_percent_of(float(transit), 35.5 + 7.3, 5)


# Origin of every row


def test_only_shapes_and_the_list_of_sources_carry_no_origin() -> None:
    assert set(TABLE_NAMES) - set(SOURCED) == {"profiles", "sources"}


@pytest.mark.parametrize("table", SOURCED)
def test_every_row_has_a_source_with_known_licence_and_a_confidence(table: str) -> None:
    licence = {row["key"]: row["licence"] for row in rows("sources")}
    for number, row in enumerate(rows(table), start=2):
        keys = [key for key in row["source"].split("; ") if key]
        assert keys, f"{table}.csv:{number}: no source"
        assert set(keys) <= set(licence), f"{table}.csv:{number}: {row['source']}"
        assert row["confidence"] in ("published", "derived", "assumed"), f"{table}.csv:{number}"


def test_sources_are_all_used_and_none_has_an_unknown_licence() -> None:
    used = {key for table in TABLE_NAMES for row in rows(table) for key in row.get("source", "").split("; ") if key}
    variants = (network_folder("kazakhstan") / "variants").glob("*.yaml")
    overlays = [*variants, *bundled_folder("events").glob("history/*.yaml")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in overlays)
    used |= {key for row in rows("calibration/load_facts") for key in row["source"].split("; ")}
    sources = rows("sources")
    known = {row["key"] for row in sources}
    assert used <= known and all(key in text for key in known - used)
    for row in sources:
        assert row["licence"].strip(), row["key"]
        assert not any(word in row["licence"].lower() for word in ("unknown", "unclear", "confirmed")), row["key"]
        if "CC BY" in row["licence"] or row["licence"] == "ODbL 1.0":
            assert row["attribution"].strip(), row["key"]


def test_licence_file_credits_every_source_that_asks_for_it() -> None:
    text = (FOLDER / "LICENSE.md").read_text(encoding="utf-8")
    for holder in ("OpenStreetMap", "Global Energy Monitor", "World Resources Institute", "GeoNames", "pypsa-kz-data"):
        assert holder in text
    assert "ODbL" in text


def test_a_row_that_rests_on_knowledge_alone_is_never_called_published() -> None:
    alone = {"GENERAL", "ENGINEERING", "OWN"}
    for table in TABLE_NAMES:
        for number, row in enumerate(rows(table), start=2):
            keys = {key for key in row.get("source", "").split("; ") if key}
            if keys and keys <= alone:
                assert row["confidence"] != "published", f"{table}.csv:{number}"


# Structure


def test_north_south_and_west_are_one_synchronous_area_and_the_west_hangs_on_russia_alone(
    kazakhstan: GridSystem,
) -> None:
    buses = kazakhstan.buses
    everything = {str(name) for name in buses.name}
    assert reachable(kazakhstan, "gres1_500") == everything
    russian = [str(name) for name, country in zip(buses.name, buses.country, strict=True) if country == "RU"]
    left = reachable(kazakhstan, "uralsk_220", without=russian)
    west = kazakhstan.zones.index("west")
    assert left == {str(name) for name, zone in zip(buses.name, buses.zone, strict=True) if zone == west}


def test_planned_elements_are_out_of_service_and_every_section_member_is_in(kazakhstan: GridSystem) -> None:
    lines = kazakhstan.lines
    planned = np.char.endswith(lines.name.astype(str), "_plan")
    assert planned.any() and not lines.in_service[planned].any()
    pipes = {row["name"]: row["in_service"] for row in rows("gas_pipelines")}
    assert pipes["bbs2_beineu_akbulak"] == "false" and pipes["bbs1_bozoy_aral"] == "true"
    members = kazakhstan.interface_members.branch
    status = np.concatenate([lines.in_service, kazakhstan.transformers.in_service])
    assert status[members].all()


# (section, ends of every member in the section's forward direction); "*" is any Kazakh zone
DIRECTIONS = {
    "north_south": ("north", "south"),
    "russia_north": ("external", "*"),
    "russia_west": ("external", "*"),
    "uz": ("*", "external"),
}


@pytest.mark.parametrize("section", sorted(DIRECTIONS))
def test_forward_is_the_direction_the_section_is_named_after(kazakhstan: GridSystem, section: str) -> None:
    members = kazakhstan.interface_members
    number = kazakhstan.interfaces.name.tolist().index(section)
    mine = np.flatnonzero(members.interface == number)
    assert len(mine)
    for k in mine:
        branch = members.branch[k]
        ends = (zone_of(kazakhstan, kazakhstan.branch_from[branch]), zone_of(kazakhstan, kazakhstan.branch_to[branch]))
        if members.sign[k] < 0:
            ends = ends[::-1]
        for end, expected in zip(ends, DIRECTIONS[section], strict=True):
            assert end == expected or (expected == "*" and end != "external"), kazakhstan.branch_name[branch]


@pytest.mark.parametrize(
    ("section", "first", "last"),
    [
        (
            "pavlodar_east",
            {"ekibastuz1150_500", "aksu_500", "aksu_220"},
            {"semey_500", "ru_rubtsovsk_500", "kurchatov_220"},
        ),
        ("zhitikara_ulke", {"zhitikara_500"}, {"ulke_500"}),
        ("uralsk_atyrau", {"inder_220"}, {"atyrau_220", "karabatan_220"}),
        ("atyrau_mangystau", {"beyneu_220"}, {"aktau_220"}),
        ("tengiz_site", {"tengiz_220"}, {"kulsary_220"}),
        ("zhezkazgan_kumkol", {"zhezkazgan_220"}, {"kumkol_220"}),
    ],
)
def test_forward_leads_from_the_first_named_area_to_the_last(
    kazakhstan: GridSystem, section: str, first: set[str], last: set[str]
) -> None:
    members = kazakhstan.interface_members
    mine = np.flatnonzero(members.interface == kazakhstan.interfaces.name.tolist().index(section))
    for k in mine:
        branch = members.branch[k]
        ends = [str(kazakhstan.buses.name[b]) for b in (kazakhstan.branch_from[branch], kazakhstan.branch_to[branch])]
        start, end = ends if members.sign[k] > 0 else ends[::-1]
        assert start in first and end in last


def test_north_south_and_the_kumkol_path_are_all_that_joins_the_south_to_the_north(kazakhstan: GridSystem) -> None:
    """Ucharal and Dostyk hang on Aktogay, north of the cut."""
    members, names = kazakhstan.interface_members, kazakhstan.interfaces.name.tolist()
    cut = np.isin(members.interface, [names.index("north_south"), names.index("zhezkazgan_kumkol")])
    left = reachable(kazakhstan, "gres1_500", opened=members.branch[cut].tolist())
    buses, south = kazakhstan.buses, kazakhstan.zones.index("south")
    southern = {str(name) for name, zone in zip(buses.name, buses.zone, strict=True) if zone == south}
    assert left & southern == {"ucharal_220", "dostyk_220"}


def test_kyrgyz_section_is_the_net_exchange(kazakhstan: GridSystem) -> None:
    """Every line that crosses the border is a member, positive towards Kyrgyzstan."""
    buses, members = kazakhstan.buses, kazakhstan.interface_members
    number = kazakhstan.interfaces.name.tolist().index("kg")
    signs = {int(b): float(s) for b, s in zip(members.branch, members.sign, strict=True)}
    mine = {int(b) for b, i in zip(members.branch, members.interface, strict=True) if i == number}
    crossing = {}
    for k in np.flatnonzero(kazakhstan.lines.in_service):
        a, b = buses.country[kazakhstan.lines.from_bus[k]], buses.country[kazakhstan.lines.to_bus[k]]
        if {a, b} == {"KZ", "KG"}:
            crossing[int(k)] = 1.0 if b == "KG" else -1.0
    assert set(crossing) == mine
    assert all(signs[k] == sign for k, sign in crossing.items())


def test_limits_fall_with_circuits_out_and_carry_the_published_values(kazakhstan: GridSystem) -> None:
    limits = kazakhstan.interface_limits
    table: dict[tuple[int, str, str], list[tuple[int, float]]] = {}
    for k in range(len(limits)):
        key = (int(limits.interface[k]), str(limits.direction[k]), str(limits.season[k]))
        table.setdefault(key, []).append((int(limits.lines_out[k]), float(limits.normal_mw[k])))
        emergency = float(limits.emergency_mw[k])
        assert np.isnan(emergency) or emergency >= float(limits.normal_mw[k])
    by_ratings = {kazakhstan.interfaces.position("aktau_zhanaozen")}  # two like circuits: nothing else limits it
    abroad = {kazakhstan.interfaces.position("kg_uz")}  # a part of the first minutes alone
    assert {i for i, _, _ in table} == set(range(len(kazakhstan.interfaces))) - by_ratings - abroad
    for values in table.values():
        ordered = [mw for _, mw in sorted(values)]
        assert ordered == sorted(ordered, reverse=True) and len(set(ordered)) == len(ordered)
    north_south = kazakhstan.interfaces.name.tolist().index("north_south")
    assert sorted(table[north_south, "forward", "all"]) == [(0, 2100.0), (1, 1300.0), (2, 630.0)]


def test_russia_is_one_border_column_whose_bounds_hold_zero(kazakhstan: GridSystem) -> None:
    borders, buses = kazakhstan.borders, kazakhstan.buses
    assert (borders.contract_import_mw >= 0).all() and (borders.contract_import_mw <= borders.limit_import_mw).all()
    russian = [k for k in range(len(borders)) if borders.country[k] == "RU"]
    assert len(russian) == 1
    assert str(buses.name[borders.bus[russian[0]]]) == "ru_equivalent"
    assert borders.contract_import_mw[russian[0]] == pytest.approx(17_600 - 16_700)
    zones = {str(n): int(z) for n, z in zip(buses.name, buses.zone, strict=True)}
    abroad = {name for name, country in zip(buses.name, buses.country, strict=True) if country != "KZ"}
    assert all(zones[str(name)] == -1 for name in abroad)


def test_price_responsive_classes_buy_below_every_import_price(kazakhstan: GridSystem) -> None:
    classes = kazakhstan.load_classes
    responsive = classes.price_responsive
    assert set(classes.name[responsive].tolist()) == {"export", "crypto"}
    assert classes.price_per_mwh[responsive].max() < kazakhstan.borders.price_per_mwh[0]
    assert classes.shed_order[responsive].max() < classes.shed_order[~responsive].min()


def test_every_fuel_plant_has_its_gas_node_or_yard_and_every_site_its_load(kazakhstan: GridSystem) -> None:
    gens = kazakhstan.generators
    for fuel, table, column in (("gas", "gas_to_power", "plant"), ("coal", "fuel_stocks", "plant")):
        plants = {str(p) for p in gens.plant[gens.fuel == fuel]}
        assert plants <= {row[column] for row in rows(table)}, fuel
    sites = {row["site"] for row in rows("loads")}
    assert {row["site"] for row in rows("minerals")} <= sites | {""}
    assert (gens.cost_per_mwh >= 0).all()


def test_machines_of_one_bus_hold_one_voltage(kazakhstan: GridSystem) -> None:
    gens = kazakhstan.generators
    for bus in np.unique(gens.bus):
        assert len(set(gens.vm_pu[gens.bus == bus].tolist())) == 1, kazakhstan.buses.name[bus]


def test_gas_behind_the_bozoy_aral_rupture_feeds_the_southern_plants_and_lasts_one_to_three_days(
    kazakhstan: GridSystem,
) -> None:
    """Usable linepack between Bozoy and the plants over the demand left without gas: 35-62 h by the lumped estimate."""
    pipes = kazakhstan.gas_pipelines
    behind = np.isin(pipes.system.astype(str), ["BBS", "Saryarka", "BGR-TBA", "Gazli-Shymkent"]) & pipes.in_service
    behind &= ~np.isin(pipes.name.astype(str), ["bbs1_beineu_bozoy", "bbs1_bozoy_aral"])
    stock_mcm = pipes.usable_linepack_mcm[behind].sum()
    node_zone = {row["name"]: row["zone"] for row in rows("gas_nodes")}
    need = sum(
        float(row["cold_day_mcm_per_d"] or row["winter_mcm_per_d"])
        for row in rows("gas_demand")
        if node_zone[row["node"]] == "south" and row["gas_class"] in ("households", "heating", "industry")
    )
    south = kazakhstan.zones.index("south")
    gens, link = kazakhstan.generators, {row["plant"]: float(row["gas_m3_per_mwh"]) for row in rows("gas_to_power")}
    mine = (gens.fuel == "gas") & (kazakhstan.buses.zone[gens.bus] == south)
    need += sum(p * link[str(plant)] * 24e-6 for p, plant in zip(gens.p_max_mw[mine], gens.plant[mine], strict=True))
    local = sum(
        float(row["winter_mcm_per_d"])
        for row in rows("gas_supply")
        if row["name"] in ("amangeldy", "kgm", "import_uzbek_turkmen")
    )
    local += 2.5 + 2.0  # the two small storages of the south
    hours = 24 * stock_mcm / (need - local)
    assert 24 < hours < 72
