"""How near is Kazakhstan? Published energies and balances against generated years of the network.

`pytest -s tests/verification/test_kazakhstan_balance.py` prints every figure beside its bar. A line that is out of its
bar is in ``MISSED`` with the reason and with the figure that networks/kazakhstan/README.md states; the test then holds
that figure, so that it fails when the line moves away. Outage rates are those of the fleet's data; none was changed
to reach a bar.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import gridsim
from tests.support.fraction import FRACTION
from tests.support.kazakh_ledger import MONTHS, ledger, worst_days_mw
from tests.support.kazakh_weeks import energy_of_weeks, print_energy
from tests.support.national_load import national_load

DECEMBER = {"network": "kazakhstan", "horizon": {"start": "2023-12-06 00:00", "hours": 24}}
WHOLE = FRACTION == 1.0  # a fraction shows that it runs; its errors are too large for the bars
YEARS, LEDGER_YEARS, WEEKS, DECEMBERS = (500, 100, 100, 200) if WHOLE else (2, 1, 1, 2)
WINTER = (11, 12, 1, 2)

SPRING = "repairs are levelled over weekly margins, so that no week of spring is short by plan"
ENERGY = "a generated year has 122 TWh and 2025 had 126: with loads 3 % up it is met (networks/kazakhstan/README.md)"
COLD = "load rises by 0.31 % per kelvin, with all that is published but these days; they ask for 0.75 (calibration)"
FUEL = "cost puts coal before gas in spring and autumn; published fuel splits contradict each other"
#: Figure of the whole run, how near it must stay, and what is missing.
MISSED: dict[str, tuple[float, float, str]] = {
    "copper: unserved in month 11, GWh": (34.7, 10.0, ENERGY),
    "copper: unserved in month 3, GWh": (2.5, 2.0, SPRING),
    "copper: unserved October to March, GWh": (303.9, 50.0, ENERGY),
    "zonal: unserved in month 3, GWh": (9.2, 4.0, SPRING),
    "imported and unserved in month 3, GWh": (73.0, 12.0, SPRING),
    "gross imports, % of consumption": (1.8, 0.15, ENERGY),
    "Wednesday 6 December 2023, percentile": (0.9, 2.0, COLD),
    "Sunday 10 December 2023, percentile": (98.8, 1.5, COLD),
    "gas and oil without Tengiz, TWh": (21.2, 1.5, FUEL),
}


def hold(what: str, value: float, low: float, high: float) -> str:
    """A line of the table; the fault, if the figure is neither within its bar nor the one stated for a miss."""
    met = low <= value <= high
    print(f"{what:60} {value:10,.1f}   {low:,.1f} to {high:,.1f}   {'met' if met else 'MISSED'}")
    if met:
        return ""
    if what not in MISSED:
        return f"{what}: {value:,.1f} is not within {low:,.1f} to {high:,.1f}"
    stated, near, _ = MISSED[what]
    return "" if abs(value - stated) <= near else f"{what}: {value:,.1f}, stated {stated:,.1f}"


def check(faults: list[str]) -> None:
    if WHOLE:
        assert not [fault for fault in faults if fault], "\n".join(fault for fault in faults if fault)


@pytest.mark.parametrize("level", ["copper", "zonal"])
def test_unserved_energy_by_month_without_imports(level: str, kazakhstan: gridsim.GridSystem) -> None:
    years = gridsim.WeatherYears(kazakhstan, "none", 1)
    method = gridsim.SequentialMonteCarlo(years=YEARS, level=level, seed=1, workers=2)
    result = gridsim.assess(years, method, gridsim.ShortfallByMonth())
    gwh = {month: float(result.metric("EUE", f"month:{month}").value or 0.0) / 1e3 for month in MONTHS}
    print(f"{level}, {YEARS} years, imports none: { ({m: round(v, 1) for m, v in gwh.items()}) } GWh")
    faults = [hold(f"{level}: unserved in month {m}, GWh", gwh[m], 60, 350) for m in WINTER]
    faults += [hold(f"{level}: unserved in month {m}, GWh", gwh[m], 15, 350) for m in (10, 3)]
    faults.append(hold(f"{level}: unserved October to March, GWh", sum(gwh[m] for m in (*WINTER, 10, 3)), 500, 2000))
    check(faults)


def test_imports_as_they_are_likely_to_come(kazakhstan: gridsim.GridSystem) -> None:
    found = ledger(kazakhstan, LEDGER_YEARS)
    print(found.round(1).to_string())
    gross = found.imported + found.deviations  # published imports are gross: what came in, whatever went out later
    both = gross + found.unserved
    faults = [hold(f"imported and unserved in month {m}, GWh", both[m], 150, 400) for m in (*WINTER, 10, 3)]
    share = 100 * gross / found.load
    faults.append(hold("gross imports, % of consumption", 100 * gross.sum() / found.load.sum(), 2.0, 4.0))
    faults += [hold(f"gross imports in month {m}, %", share[m], 0.5, 10.0) for m in (10, 11, 12, 1, 2, 3)]
    check(faults)


def test_the_cold_days_of_december_2023() -> None:
    """6 and 10 December 2023 among generated Decembers of that winter; a day short by 1,033 MW on the mean."""
    winter = gridsim.read_scenario({**DECEMBER, "variant": "winter_2023_24"})[0]
    found = national_load(winter, DECEMBERS)
    faults = []
    for name, weekday, gwh in (("Wednesday 6", 2, 345.87), ("Sunday 10", 6, 364.85)):
        days = found.load_mw[:, (found.month == 12) & (found.weekday == weekday)].reshape(-1, 24).sum(axis=1) / 1e3
        print(f"{name}: {gwh} GWh; Decembers {np.percentile(days, [10, 50, 90]).round(1)}")
        faults.append(hold(f"{name} December 2023, percentile", 100 * float((days < gwh).mean()), 10, 90))
    worst_mw = worst_days_mw(winter, 12, DECEMBERS)
    print(f"worst day of a December, MW short on the mean: {np.percentile(worst_mw, [10, 50, 90, 99]).round()}")
    faults.append(hold("Decembers with a day 1,033 MW short, %", 100 * float((worst_mw >= 1_033).mean()), 0.5, 20))
    check(faults)


def test_energy_by_plant_fuel_and_oblast(kazakhstan: gridsim.GridSystem) -> None:
    energy = energy_of_weeks(kazakhstan, WEEKS)
    print_energy(energy, ["ekibastuz_gres1", "ekibastuz_gres2", "ust_kam_hpp", "moynak_hpp", "zhambyl_gres"])
    plant, fuel, oblast = energy.plant, energy.fuel, energy.oblast
    own_use = float(pd.Series({name: plant.get(name, 0.0) for name in plant.index if name.startswith("tco_")}).sum())
    gas = fuel["gas"] + fuel.get("oil", 0.0) - own_use
    print(f"own use of Tengiz apart: {own_use:.1f} TWh")
    print("published for 2025: coal 67.1, gas 36.4, hydro 10.5 (Ember); coal over half, gas a quarter (government)")
    check([
        hold("Pavlodar oblast, TWh", oblast["Pavlodar"], 0.9 * 51.7, 1.1 * 51.7),
        hold("GRES-2, TWh", plant["ekibastuz_gres2"], 0.8 * 5.3, 1.2 * 5.3),
        hold("GRES-1, TWh", plant["ekibastuz_gres1"], 18, 26),
        hold("Ust-Kamenogorsk, TWh", plant["ust_kam_hpp"], 0.8 * 1.58, 1.2 * 1.58),
        hold("Moynak, TWh", plant["moynak_hpp"], 0.7 * 0.9, 1.3 * 0.9),
        hold("East Kazakhstan oblast, TWh", oblast["East Kazakhstan"], 0.85 * 6.3, 1.15 * 6.3),
        hold("hydro, TWh", fuel["hydro"], 0.9 * 10.5, 1.1 * 10.5),
        hold("coal, TWh", fuel["coal"], 60, 80),
        hold("gas and oil without Tengiz, TWh", gas, 26, 38),
        hold("Zhambyl GRES, TWh", plant["zhambyl_gres"], 2, 4),
    ])  # fmt: skip
    to_south = energy.section["north_south"] + energy.section["zhezkazgan_kumkol"]
    print(f"North-South and Kumkol to the South: {to_south:.1f} TWh; published deficit of the South 11.8 to 12.7")


def test_the_south_at_its_peak(kazakhstan: gridsim.GridSystem) -> None:
    """Above 4,500 MW with losses is the operator's forecast for the South."""
    loads, south = kazakhstan.loads, kazakhstan.zones.index("south")
    here = kazakhstan.buses.zone[loads.bus] == south
    peak_mw = float(loads.p_mw[here & loads.in_service].sum()) * (1.0 + kazakhstan.loss_share)
    assert not hold("South, evening of the expected peak, MW", peak_mw * 17_600 / _evening_mw(kazakhstan), 4500, 4900)


def _evening_mw(system: gridsim.GridSystem) -> float:
    loads = system.loads
    inside = (system.buses.zone[loads.bus] >= 0) & loads.in_service
    return float(loads.p_mw[inside].sum()) * (1.0 + system.loss_share)
