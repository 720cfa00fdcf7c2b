"""Write typical.csv: the machines usually out in each month, from generators.csv and the planned repairs.

    python networks/kazakhstan/make_typical.py

Outage rates, repair times, outage curves and repair weeks are those of the network's own tables; the normal monthly
temperatures are those of climate.csv. Run it again when one of them changes, and read the difference as data.
"""

import csv
from pathlib import Path

import gridsim
from gridsim.weather.expected_outages import typical_rows

FOLDER = Path(__file__).parent
SOURCE = "MURPHY-2019; ENGINEERING"
OUT = "largest machine first while it fits into the expected MW of generators.csv and the planned repairs"
REST = "equal share of the machines not named in this month"


def main() -> None:
    """Write the table beside this script."""
    rows = typical_rows(gridsim.read_network(FOLDER))
    with (FOLDER / "typical.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["month", "zone", "technology", "generator", "lost_mw", "confidence", "source", "note"])
        for row in rows:
            note = OUT if row.generator else REST
            writer.writerow([*row[:4], f"{row.lost_mw:g}", "derived", SOURCE, note])


if __name__ == "__main__":
    main()
