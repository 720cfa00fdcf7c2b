"""Write renewables_at_peak.csv: wind and sun of the planning day, from generated weather years.

    python networks/kazakhstan/make_renewables_at_peak.py

Run it again when the fleet of wind and sun, the load's daily course or the weather tables change.
"""

import csv
from pathlib import Path

import gridsim
from gridsim.weather.peak_output import peak_output

FOLDER = Path(__file__).parent
SEED, YEARS = 1, 200
SOURCE = "KAZHYDROMET; RES-REPORTS; CLIMATE-GENERAL; ENGINEERING"
NOTE = f"exceeded in 90 % of the evening peaks of {YEARS} generated years (seed {SEED})"


def main() -> None:
    """Write the table beside this script."""
    rows = peak_output(gridsim.read_network(FOLDER), SEED, YEARS)
    with (FOLDER / "renewables_at_peak.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["month", "site", "capacity_factor", "share_of_normal", "confidence", "source", "note"])
        for row in rows:
            factors = f"{row.capacity_factor:.4f}", f"{row.share_of_normal:.4f}"
            writer.writerow([row.month, row.site, *factors, "derived", SOURCE, NOTE])


if __name__ == "__main__":
    main()
