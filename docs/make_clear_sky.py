"""Writes networks/kazakhstan/clear_sky.csv with pvlib: `python docs/make_clear_sky.py` (extra `data`).

Clear-sky global irradiance by Ineichen and Perez with pvlib's Linke turbidity climatology, solar position at every 10
minutes of 2025, averaged over the days of each month and the minutes of each hour. ``beam_ratio`` is the mean beam on
a plane tilted 35 degrees to the south over the mean beam on the ground, weighted by clear-sky beam. Hours with less
than 1 W/m2 are left out.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pvlib

NETWORK = Path(__file__).parent.parent / "networks" / "kazakhstan"
COLUMNS = [
    "site", "month", "hour", "ghi_w_per_m2", "extraterrestrial_w_per_m2", "beam_ratio", "confidence", "source"
]  # fmt: skip
TILT_DEGREE, AZIMUTH_DEGREE = 35.0, 180.0


def main() -> None:
    """Compute the table for every solar site."""
    times = pd.date_range("2025-01-01 00:05", "2025-12-31 23:55", freq="10min", tz="Etc/GMT-5")
    rows: list[list[object]] = []
    with (NETWORK / "renewable_sites.csv").open(encoding="utf-8") as file:
        sites = [row for row in csv.DictReader(file) if row["technology"] == "solar"]
    for site in sites:
        altitude = pvlib.location.lookup_altitude(float(site["lat"]), float(site["lon"]))
        place = pvlib.location.Location(float(site["lat"]), float(site["lon"]), "Etc/GMT-5", altitude)
        position = place.get_solarposition(times)
        clear = place.get_clearsky(times, model="ineichen", solar_position=position)
        cos_zenith = np.cos(np.radians(position["apparent_zenith"])).clip(lower=0.0)
        incidence = pvlib.irradiance.aoi_projection(
            TILT_DEGREE, AZIMUTH_DEGREE, position["apparent_zenith"], position["azimuth"]
        ).clip(lower=0.0)
        frame = pd.DataFrame(
            {
                "ghi": clear["ghi"],
                "extra": pvlib.irradiance.get_extra_radiation(times) * cos_zenith,
                "beam": clear["dni"] * cos_zenith,
                "tilted": clear["dni"] * incidence,
            }
        )
        means = frame.groupby([times.month, times.hour]).mean()
        for (month, hour), mean in means.iterrows():
            if mean["ghi"] >= 1.0:
                ratio = mean["tilted"] / mean["beam"] if mean["beam"] > 0.5 else 0.0
                rows.append(
                    [
                        site["name"], month, hour, f"{mean['ghi']:.1f}", f"{mean['extra']:.1f}",
                        f"{min(ratio, 10.0):.3f}", "derived", "PVLIB",
                    ]
                )  # fmt: skip
    with (NETWORK / "clear_sky.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(rows)


if __name__ == "__main__":
    main()
