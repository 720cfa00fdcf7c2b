"""Groups of elements that one event hits at once, on the two-area system with what each group needs added."""

from __future__ import annotations

import pytest

from gridsim.model.groups import GROUPS, element_names, in_service, is_whole, members, opened
from gridsim.model.scenario import Target
from gridsim.model.system import GridSystem
from tests.support.cases import Tables, build_two_areas

LINE = {"length_km": 50, "r_ohm_per_km": 0.03, "x_ohm_per_km": 0.3, "max_i_ka": 2.0}
BANK = {"sn_mva": 500, "vn_hv_kv": 500, "vn_lv_kv": 220, "vk_percent": 10, "vkr_percent": 0.3}


def yard(lat: float | None, name: str = "n1_220", vn_kv: float = 220) -> dict[str, object]:
    """A second voltage of n1, at another latitude, on the same meridian."""
    place = {} if lat is None else {"lat": lat, "lon": 70.0}
    return {"name": name, "zone": "north", "oblast": "N", "vn_kv": vn_kv, **place}


def with_substation(lat: float | None) -> GridSystem:
    """n1 at 50 N, its 220 kV yard at ``lat`` behind a transformer, and a 220 kV line from there to n2."""

    def edit(tables: Tables) -> None:
        for bus, north in zip(tables["buses"], (50.0, 51.0, 45.0), strict=True):
            if lat is not None:
                bus |= {"lat": north, "lon": 70.0}
        tables["buses"].append(yard(lat))
        tables["buses"].append(yard(None if lat is None else 51.0, "n2_220"))
        tables["transformers"] = [
            {"name": "bank_1", "hv_bus": "n1", "lv_bus": "n1_220", **BANK},
            {"name": "bank_2", "hv_bus": "n2", "lv_bus": "n2_220", **BANK},
        ]
        tables["lines"].append({"name": "n1_n2_220", "from_bus": "n1_220", "to_bus": "n2_220", **LINE})

    return build_two_areas(edit)


def test_a_plant_is_called_by_its_name_and_holds_its_machines() -> None:
    def edit(tables: Tables) -> None:
        tables["generators"].append({**tables["generators"][0], "name": "coal_2"})

    assert dict(members(build_two_areas(edit), "plants")) == {"coal": ("coal_1", "coal_2"), "gas": ("gas_1",)}


def test_a_double_circuit_needs_a_second_circuit_between_the_same_buses() -> None:
    def edit(tables: Tables) -> None:
        # The other way round: direction does not matter.
        tables["lines"].append({**LINE, "name": "n1_n2_b", "from_bus": "n2", "to_bus": "n1"})

    assert dict(members(build_two_areas(), "double_circuits")) == {}
    pair = ("n1_n2", "n1_n2_b")
    assert dict(members(build_two_areas(edit), "double_circuits")) == dict.fromkeys(pair, pair)


@pytest.mark.parametrize(
    ("lat", "together"),
    [
        (50.0, True),
        (50.089, True),  # 0.089 degrees of 111.2 km: 9.9 km
        (50.091, False),  # 10.1 km
        (None, True),  # without coordinates a transformer joins one place
    ],
)
def test_buses_joined_by_transformers_within_10_km_are_a_substation(lat: float | None, together: bool) -> None:
    system = with_substation(lat)
    found = members(system, "substations")
    assert found["n1"] == found["n1_220"] if together else found["n1"] == ("n1",)
    assert set(found["n1_220"]) == ({"n1", "n1_220"} if together else {"n1_220"})
    assert found["s1"] == ("s1",)
    # A corridor joins substations at any voltage: the 500 and 220 kV lines from n1 to n2 go together or apart.
    corridors = members(system, "corridors")
    assert set(corridors["n1_n2"]) == ({"n1_n2", "n1_n2_220"} if together else {"n1_n2"})
    assert corridors["n1_s1"] == ("n1_s1",)


def test_interconnectors_have_one_end_abroad() -> None:
    def edit(tables: Tables) -> None:
        tables["buses"] += [{"name": name, "zone": "", "vn_kv": 500} for name in ("abroad", "abroad_2")]
        tables["lines"].append({**LINE, "name": "tie", "from_bus": "n1", "to_bus": "abroad"})
        tables["lines"].append({**LINE, "name": "theirs", "from_bus": "abroad", "to_bus": "abroad_2"})
        tables["borders"] = [
            {
                "name": "neighbour",
                "bus": "abroad",
                "contract_import_mw": 100,
                "limit_import_mw": 100,
                "price_per_mwh": 50,
            }
        ]

    assert dict(members(build_two_areas(edit), "interconnectors")) == {"tie": ("tie",)}


def test_gas_groups() -> None:
    def edit(tables: Tables) -> None:
        tables["gas_nodes"].append({"name": "works", "kind": "processing_plant", "zone": "north"})
        tables["gas_nodes"].append({"name": "idle_works", "kind": "processing_plant", "zone": "north"})
        base = tables["gas_supply"][0]
        tables["gas_supply"] += [
            {**base, "name": "stream_1", "node": "works"},
            {**base, "name": "stream_2", "node": "works"},
            {**base, "name": "abroad", "node": "field", "kind": "import"},
        ]
        tables["gas_demand"].append({**tables["gas_demand"][0], "name": "sold", "gas_class": "export"})

    system = build_two_areas(edit, gas=True)
    assert dict(members(system, "gas_plants")) == {"works": ("stream_1", "stream_2")}
    assert dict(members(system, "gas_imports")) == {"abroad": ("abroad",)}
    assert dict(members(system, "gas_exports")) == {"sold": ("sold",)}


def test_every_group_has_a_table_whose_names_its_members_are() -> None:
    system = with_substation(50.0)
    for name, group in GROUPS.items():
        names = set(element_names(system, group.table))
        for group_members in members(system, name).values():
            assert set(group_members) <= names, name


def test_opened_targets_are_named_once_in_order() -> None:
    system = build_two_areas(gas=True)
    assert opened(system, [Target("plants", "coal"), Target("generators", "coal_1")], ()) == (
        Target("generators", "coal_1"),
    )
    everything = opened(system, [Target("all", "all")], ("gas_supply", "plants", "all"))
    assert everything == (
        Target("gas_supply", "production"),
        Target("generators", "coal_1"),
        Target("generators", "gas_1"),
    )


def test_names_that_stand_in_no_table() -> None:
    system = build_two_areas(gas=True)
    assert element_names(system, "zones") == ["north", "south"]
    assert element_names(system, "oblasts") == ["N", "S"]
    assert element_names(system, "stocks") == ["gas"]  # the backup stock of the plant
    assert element_names(system, "lines") == ["n1_n2", "n1_s1", "n2_s1"]


def test_lines_are_in_or_out_and_machines_may_be_out_by_a_share() -> None:
    assert is_whole("lines") and is_whole("double_circuits") and is_whole("substations")
    assert not is_whole("generators") and not is_whole("plants") and not is_whole("gas_plants")


def test_in_service_follows_the_column_where_there_is_one() -> None:
    def edit(tables: Tables) -> None:
        tables["lines"][1]["in_service"] = "false"

    system = build_two_areas(edit)
    assert in_service(system, Target("lines", "n1_n2"))
    assert not in_service(system, Target("lines", "n1_s1"))
    assert in_service(system, Target("zones", "south"))
