"""Print the load of every variant of a known day or year: as it stands there, and as it fits.

Where the load of an hour is published, the expected peak of the planning day is set so that simulated load (losses
included) meets it in that hour; where only the energy of the year is, the factor on the load is that energy over the
energy of a normal year here. Run from the project's root, and write the numbers printed into ``variants/*.yaml``.
"""

from __future__ import annotations

import datetime as dt

import gridsim
from gridsim.io.bundled import network_folder
from gridsim.io.read_variant import Variant, VariantKeys
from gridsim.weather.normal import NormalWeather

HOURS = {"known_2022_12_07": "history_2022_12_07", "known_2023_12_13": "history_2023_12_13"}
TWH = {
    "history_2021_10_14": 112.92,
    "history_2023_08_11": 115.068,
    "history_2023_09_19": 115.068,
    "history_2024_06_28": 119.0,
    "winter_2023_24": 115.068,
}


def energy_twh() -> float:
    """Energy of a year of normal weather, losses included."""
    system = gridsim.read_network("kazakhstan")
    normal = NormalWeather(system)
    start = dt.datetime(2025, 1, 1)
    mw = sum(float(normal.at(start + dt.timedelta(hours=hour)).load_mw.sum()) for hour in range(8760))
    return mw * (1 + system.loss_share) / 1e6


def main() -> None:
    """Print variant, value now, value that fits."""
    year = energy_twh()
    print(f"normal year with losses: {year:.2f} TWh")
    for variant, twh in TWH.items():
        print(f"{variant}: {_keys(variant).scale['loads']['p_mw']} -> {twh / year:.4f}")
    for name, variant in HOURS.items():
        system, scenario = gridsim.read_scenario(name)
        (check,) = [check for check in scenario.checks if check.quantity == "load_mw"]
        (outcome,) = [found for found in gridsim.run(system, scenario).checks() if found.check == check]
        simulated = outcome.simulated
        peak_mw = _keys(variant).network["planning_day"]["expected_peak_mw"]
        print(f"{variant}: {peak_mw} -> {peak_mw * check.observed / simulated:.0f} MW")


def _keys(variant: str) -> VariantKeys:
    return Variant(network_folder("kazakhstan") / "variants" / f"{variant}.yaml").keys


if __name__ == "__main__":
    main()
