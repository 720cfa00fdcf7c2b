"""Plausible bounds of numbers by their unit: what catches a typing error of three powers of ten.

A column without a bound of its own gets that of its unit; pure numbers have bounds of their own. The bounds are wide:
the largest machine, line or store ever built stands well within them, and so do equivalents of whole countries.
"""

from __future__ import annotations

from collections.abc import Mapping

BOUNDS: Mapping[str, tuple[float, float]] = {
    "MW": (0.0, 100_000.0),  # the load of a large country
    "MWh": (0.0, 10_000_000.0),
    "MVA": (0.0, 100_000.0),
    "Mvar": (-100_000.0, 100_000.0),
    "MW/min": (0.0, 10_000.0),
    "kW": (0.0, 20_000.0),  # no-load loss of a bank of the largest transformers: 2,000
    "kV": (0.0, 1_500.0),
    "kA": (0.0, 1_000.0),  # dummy ratings of published cases; lines.csv has a rule on the power of a circuit too
    "pu": (0.0, 10.0),
    "%": (0.0, 1_000.0),
    "ohm/km": (0.0, 10_000.0),  # whole impedances on 1 km, as in nets made from per-unit data
    "nF/km": (0.0, 1_000_000.0),
    "km": (0.0, 20_000.0),  # half round the earth
    "km/h": (0.0, 300.0),
    "mm": (0.0, 5_000.0),
    "bar": (0.0, 400.0),
    "h": (0.0, 87_840.0),  # ten years
    "min": (0.0, 1_440.0),
    "s": (0.0, 86_400.0),
    "d": (0.0, 3_660.0),
    "day": (0.0, 366.0),
    "week": (0.0, 52.0),  # of a year
    "year": (1_800.0, 2_200.0),
    "Hz": (10.0, 100.0),
    "C": (-90.0, 60.0),
    "K": (-50.0, 50.0),
    "1/K": (0.0, 1.0),
    "degree": (-180.0, 180.0),
    "USD/MWh": (0.0, 100_000.0),
    "USD/kWh": (0.0, 10_000.0),
    "GJ/MWh": (0.0, 100.0),  # 3.6 is an efficiency of one
    "t/MWh": (0.0, 3.0),
    "GJ/t": (0.0, 100.0),
    "Gcal/h": (0.0, 100_000.0),  # Moscow: 50,000
    "mcm": (0.0, 1_000_000.0),
    "mcm/d": (0.0, 10_000.0),  # all the gas of the world: 11,000
    "mcm/MWh": (0.0, 10.0),
    "m3/MWh": (0.0, 10_000.0),
    "m3/s": (0.0, 1_000_000.0),  # the Amazon: 200,000
    "m3/d": (0.0, 1e8),
    "km3": (0.0, 10_000.0),
    "W/m2": (0.0, 1_500.0),
    "MWh/t": (0.0, 1_000.0),
}

# Where a number must be above 0, it is at least this: what is smaller overflows as soon as something is divided by it.
SMALLEST: Mapping[str, float] = {
    "MWh": 1e-6,
    "MVA": 1e-4,
    "MW/min": 1e-6,
    "kV": 0.1,
    "kA": 1e-6,
    "%": 1e-4,
    "ohm/km": 1e-7,
    "km": 1e-6,
    "km/h": 0.1,
    "mm": 10.0,  # diameters; the roughness of a wall has a bound of its own
    "bar": 0.1,
    "h": 0.001,
    "d": 0.001,
    "GJ/MWh": 0.1,
    "mcm": 1e-6,
    "mcm/MWh": 1e-9,
    "m3/MWh": 0.001,
    "km3": 1e-6,
    "K": 0.001,
    "W/m2": 1e-6,
    "MWh/t": 1e-6,
}
