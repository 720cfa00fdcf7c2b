"""RTS-GMLC: the bundled network against the published data, and the importer on a small folder of its layout."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from gridsim.engine.dispatching import dispatch
from gridsim.errors import InputError
from gridsim.io.grid_import.rts_gmlc import read_rts_gmlc, write_rts_gmlc
from gridsim.io.read_network import read_network
from gridsim.io.schemas.power import HourlyProfileRow
from gridsim.model.system import GridSystem
from gridsim.solvers.ac import AcModel
from gridsim.weather.normal import NormalWeather
from tests.support.ac_cases import as_stated
from tests.support.rts_gmlc import write_source

NETWORK = Path(__file__).parents[3] / "networks" / "rts_gmlc"


@pytest.fixture(scope="module")
def system() -> GridSystem:
    return read_network(NETWORK)


def test_published_sums(system: GridSystem) -> None:
    assert (len(system.buses), system.n_branches, len(system.generators), len(system.storages)) == (73, 120, 157, 1)
    assert system.generators.installed_mw.sum() + system.storages.p_discharge_mw.sum() == pytest.approx(14_549.8)
    assert system.loads.p_mw.sum() == pytest.approx(8550.0)
    by_fuel = {"wind": 2507.9, "solar": 1554.5 + 1161.4 + 200.0, "hydro": 1000.0, "nuclear": 400.0, "coal": 2317.0}
    for fuel, mw in by_fuel.items():
        assert system.generators.installed_mw[system.generators.fuel == fuel].sum() == pytest.approx(mw), fuel
    assert (NETWORK / "LICENSE.md").read_text().startswith("DATA USE DISCLAIMER AGREEMENT")
    assert sum(file.stat().st_size for file in NETWORK.glob("*.parquet")) < 5_000_000


def test_the_year_of_hours(system: GridSystem) -> None:
    hourly = system.hourly_profiles
    assert hourly.value.size == 737_856
    assert system.hourly_year == 2020
    shape = np.zeros((len(system.profiles.name), hourly.value.shape[1]))
    shape[hourly.profile] = hourly.value
    load_mw = system.loads.p_mw @ shape[system.loads.profile]
    assert load_mw.max() == pytest.approx(8191.835957)
    assert load_mw.sum() == pytest.approx(37_655_798.8984)
    wind = system.generators.name.tolist().index("309_WIND_1")
    assert shape[system.generators.profile[wind], 0] * 148.3 == pytest.approx(142.8)


def test_the_hours_are_never_made_into_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """737,856 objects of them take ten times as long as all the rest."""

    def refused(*cells: object, **values: object) -> None:
        raise AssertionError("a row of the hourly profiles was made")

    monkeypatch.setattr(HourlyProfileRow, "model_construct", refused)
    assert read_network(NETWORK).hourly_profiles.value.shape == (84, 8784)


def test_outages_are_the_published_rates(system: GridSystem) -> None:
    machines = {name: at for at, name in enumerate(system.generators.name.tolist())}
    forced = system.generators.mttr_h / (system.generators.mttf_h + system.generators.mttr_h)
    rates = {"101_CT_1": 0.1, "123_STEAM_3": 0.08, "121_NUCLEAR_1": 0.12, "107_CC_1": 0.033, "122_HYDRO_1": 0.01}
    for name, rate in rates.items():
        assert forced[machines[name]] == pytest.approx(rate, abs=2e-4), name
    assert system.lines.mttf_h[system.lines.name.tolist().index("A1")] == pytest.approx(8760.0 / 0.24)


def test_a_run_of_2020_takes_the_hours_and_of_another_year_the_mean_days(system: GridSystem) -> None:
    hourly, weather = system.hourly_profiles, NormalWeather(system)
    hour = dt.datetime(2020, 7, 16, 17)
    at = (hour - dt.datetime(2020, 1, 1)).days * 24 + 17
    of_hour = weather.profile_values(system.loads.profile, hour)
    np.testing.assert_array_equal(of_hour[:1], hourly.value[hourly.profile == system.loads.profile[0], at])
    mean = weather.profile_values(system.loads.profile, dt.datetime(2021, 7, 16, 17))
    np.testing.assert_array_equal(mean, system.profiles.value[system.loads.profile, 6, 0, 17])


def test_the_stated_point_has_the_power_flow_of_the_source(system: GridSystem) -> None:
    with (NETWORK / "points" / "as_imported.csv").open() as file:
        point = {row["name"]: float(row["p_mw"]) for row in csv.DictReader(file)}
    mw = np.array([point[name] for name in system.generators.name.tolist()])
    assert mw.sum() == pytest.approx(8703.97)  # load and its losses, so that the DC link carries nothing
    solution = AcModel(system).solve(as_stated(system, mw))
    assert solution.converged
    assert solution.losses_mw == pytest.approx(8703.97 - 8550.0, abs=0.5)


def test_a_small_folder_of_the_layout(tmp_path: Path) -> None:
    write_source(tmp_path / "RTS_Data")
    found = read_rts_gmlc(tmp_path, "small")
    write_rts_gmlc(found, tmp_path / "small")
    system = read_network(tmp_path / "small")
    (line,) = system.lines.length_km.tolist()
    assert line == pytest.approx(10.0 * 1.609344)
    assert system.lines.x_ohm_per_km[0] * line == pytest.approx(0.02 * 138.0**2 / 100.0)
    assert system.transformers.vk_percent[0] == pytest.approx(100.0 * np.hypot(0.002, 0.084) * 4.0)
    # blocks of 0.5 x 10,000 and 0.5 x 8,000 BTU/kWh at 2 USD/MMBTU; a further MW costs the second one's
    costs = dict(zip(system.generators.name.tolist(), system.generators.cost_per_mwh.tolist(), strict=True))
    assert costs == {"101_STEAM_1": pytest.approx(18.0), "102_WIND_1": 0.0}
    assert system.hourly_profiles.value.shape == (2, 48)
    assert system.storages.efficiency_charge[0] ** 2 == pytest.approx(0.85)
    entries = {(str(entry.fate), entry.table): entry for entry in found.report.entries}
    assert entries["left out", "dc_branch"].elements == ("DC1",)
    assert entries["restated", "gen"].error == "4 USD/MWh of the least output"
    assert (system.cost_blocks.p_mw.tolist(), system.cost_blocks.cost_per_mwh.tolist()) == ([100.0], [16.0])


def test_blocks_are_the_published_heat_rates(system: GridSystem) -> None:
    """Of a coal and a gas machine; 355 MW at output shares 0.479, 0.653, 0.826, 1 and 3.88722 USD/MMBTU."""
    names = system.generators.name[system.cost_blocks.generator].tolist()
    gas = [k for k, name in enumerate(names) if name == "107_CC_1"]
    np.testing.assert_allclose(system.cost_blocks.p_mw[gas], [231.66666651, 61.66666689, 61.6666666], rtol=1e-7)
    usd = np.array([5970.0, 6892.0, 7854.0]) * 3.88722e-3
    np.testing.assert_allclose(system.cost_blocks.cost_per_mwh[gas], usd, rtol=1e-9)
    coal = [k for k, name in enumerate(names) if name == "123_STEAM_3"]
    usd = np.array([9453.0, 10240.0, 11087.0]) * 2.11399e-3
    np.testing.assert_allclose(system.cost_blocks.cost_per_mwh[coal], usd, rtol=1e-9)
    # nuclear has one heat rate, wind and water no fuel
    assert {name.split("_")[1] for name in names} == {"CT", "CC", "STEAM"}


def test_the_dispatch_takes_blocks(system: GridSystem) -> None:
    """A machine below its capacity stands at the end of a block, or its block is the price of its bus."""
    p_mw, price = dispatch(system).solution.p_mw, dispatch(system).solution.price
    blocks, at_end = system.cost_blocks, 0
    for machine in np.unique(blocks.generator).tolist():
        own = blocks.generator == machine
        ends = np.concatenate([[0.0], np.cumsum(blocks.p_mw[own])])
        if np.abs(ends - p_mw[machine]).min() < 1e-6:
            at_end += 0.0 < p_mw[machine] < ends[-1] - 1e-6
            continue
        in_use = int(np.searchsorted(ends, p_mw[machine])) - 1
        bus = int(system.generators.bus[machine])
        assert blocks.cost_per_mwh[own][in_use] == pytest.approx(price[bus], abs=0.01), system.generators.name[machine]
    assert at_end > 10


@pytest.mark.parametrize(
    ("table", "old", "new", "words"),
    [
        ("gen", "VOM", "OM", "VOM: column missing"),
        ("gen", "10000,8000", "ten,8000", "gen.csv:2: HR_avg_0: 'ten' is no number"),
        ("branch", "0.003,0.02", "0.003,", "branch.csv:2: X: '' is no number"),
        ("bus", "Area", "Region", "Area: column missing"),
    ],
)
def test_a_bad_cell_is_named(tmp_path: Path, table: str, old: str, new: str, words: str) -> None:
    write_source(tmp_path)
    file = tmp_path / "SourceData" / f"{table}.csv"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))
    with pytest.raises(InputError, match=words):
        read_rts_gmlc(tmp_path, "small")


def test_a_missing_file_says_what_to_give(tmp_path: Path) -> None:
    write_source(tmp_path)
    (tmp_path / "SourceData" / "gen.csv").unlink()
    with pytest.raises(InputError, match="GridMod/RTS-GMLC"):
        read_rts_gmlc(tmp_path, "small")
