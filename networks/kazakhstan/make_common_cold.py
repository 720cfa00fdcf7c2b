"""Prints the 2-year level of the load-weighted two-day mean temperature, column common_cold_c of border_support.csv.

`python networks/kazakhstan/make_common_cold.py`. The level is the median over generated years of each year's lowest.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

import gridsim
from gridsim.model.system import GridSystem
from gridsim.weather.common_cold import load_weighted_c
from gridsim.weather.sampled import day_means

YEARS, SEED = 120, 99


def two_year_level_c(system: GridSystem, years: int = YEARS, seed: int = SEED) -> float:
    """Median of the yearly lowest load-weighted two-day mean temperature."""
    lowest = []
    for year in range(years):
        felt_c = load_weighted_c(system, day_means(system, seed, year))
        lowest.append(float((0.5 * (felt_c[1:] + felt_c[:-1])).min()))
    return float(np.median(lowest))


if __name__ == "__main__":
    print(f"common_cold_c: {two_year_level_c(gridsim.read_network(Path(__file__).parent)):.1f}")
