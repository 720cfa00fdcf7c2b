"""Checks of known days that are missed now: quantity, place and number observed; why: the network's README."""

from __future__ import annotations

from collections.abc import Mapping

MISSED: Mapping[str, tuple[str, ...]] = {
    "known_2011_01_05": ("section_flow_mw north_south 1300", "neighbour_shed_mw kyrgyzstan 362"),
    "known_2014_02_03": ("gas_cut_heating_mcm_per_d cg_shymkent 0.72", "gas_cut_industry_mcm_per_d cg_shymkent 0.22"),
    "known_2019_08_09": (),
    "known_2019_08_09_first": (),
    "known_2021_01_08": ("highest_frequency_hz south_east 50.6",),
    "known_2021_10_14": (),
    "known_2022_01_25": (
        "load_mw south 3300",
        "generation_mw south 1500",
        "section_after_mw russia_north -750",
        "shed_by_automation_mw south 1650",
        "plant_mw shardara_hpp 30",
    ),
    "known_2022_01_25_second": (),
    "known_2022_03_26": (),
    "known_2022_11_27": (),
    "known_2022_12_07": ("generation_mw system 15203", "import_mw system 1256"),
    "known_2023_07_03": ("section_opened_s tengiz_site 30",),
    "known_2023_08_11": ("limited_mw west 143", "limited_mw west 233"),
    "known_2023_09_19": ("plant_mw zhambyl_gres 120", "import_mw system 680"),
    "known_2023_12_13": ("generation_mw system 15107", "import_mw system 1519"),
    "known_2024_06_28": ("plant_mw ekibastuz_gres1 2060", "import_mw system 500", "frequency_hz north 49.9"),
}
