"""RTS-GMLC: its folder ``RTS_Data`` (SourceData and timeseries_data_files) as a network with a year of hours.

The public data set is that of https://github.com/GridMod/RTS-GMLC. Its day-ahead series, hour by hour, become profiles.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from gridsim.errors import InputError, Problem
from gridsim.io.grid_import.cells import Cells
from gridsim.io.grid_import.cost_curves import SAME, Block, rising
from gridsim.io.grid_import.folder import write_point
from gridsim.io.grid_import.report import Fate, ImportReport
from gridsim.io.write_network import write_network
from gridsim.model.table import F8

F_HZ, BASE_MVA = 60.0, 100.0
YEAR = 2020
KM_PER_MILE = 1.609344
GJ_PER_MWH = 1.055056e-3  # of 1 BTU/kWh
T_PER_LB = 0.45359237e-3
TABLES = ("bus", "branch", "gen", "dc_branch", "storage")
SERIES = {
    "area": "Load/DAY_AHEAD_regional_Load",
    "csp": "CSP/DAY_AHEAD_Natural_Inflow",
    "hydro": "Hydro/DAY_AHEAD_hydro",
    "pv": "PV/DAY_AHEAD_pv",
    "rtpv": "RTPV/DAY_AHEAD_rtpv",
    "wind": "WIND/DAY_AHEAD_wind",
}
FUELS = {
    "Oil": "oil", "Coal": "coal", "NG": "gas", "Nuclear": "nuclear", "Hydro": "hydro", "Solar": "solar", "Wind": "wind",
    "Sync_Cond": "other",
}  # fmt: skip
_MEND = "give the folder RTS_Data of https://github.com/GridMod/RTS-GMLC"
_SOURCED = {"source": "GMLC", "confidence": "published"}
SOURCES = (
    {
        "key": "GMLC",
        "title": "C. Barrows et al., The IEEE Reliability Test System: A Proposed 2019 Update, IEEE Trans. Power "
        "Systems 35(1), 119-127, 2020; data of GridMod/RTS-GMLC",
        "url": "https://github.com/GridMod/RTS-GMLC",
        "licence": "Data Use Disclaimer Agreement of NREL (LICENSE.md)",
        "attribution": "DOE/NREL/ALLIANCE",
    },
    {"key": "ENGINEERING", "title": "Engineering values chosen for this network", "licence": "CC BY 4.0"},
)  # fmt: skip


@dataclass
class RtsGmlc:
    """The rows of the network, its hourly shares by profile, the point of the source and the account."""

    meta: Cells
    tables: dict[str, list[Cells]]
    hourly: dict[str, F8]
    point_mw: dict[str, float]
    report: ImportReport = field(default_factory=ImportReport)


def read_rts_gmlc(folder: Path, name: str) -> RtsGmlc:
    """Read the data set. Raises InputError for a file or column that is not there."""
    root = folder / "RTS_Data" if (folder / "RTS_Data").is_dir() else folder
    source = {table: _rows(root / "SourceData" / f"{table}.csv") for table in TABLES}
    series = {key: _series(root / "timeseries_data_files" / f"{file}.csv") for key, file in SERIES.items()}
    areas = sorted({row["Area"] for row in source["bus"]})
    grid = RtsGmlc(
        {
            "name": name,
            "title": "RTS-GMLC",
            "description": "IEEE Reliability Test System as updated by the Grid Modernization Laboratory Consortium: "
            f"{len(source['bus'])} buses in three areas with wind, sun and water by the hour",
            "timezone": "UTC-07:00",
            "f_hz": F_HZ,
            "zones": [f"area{area}" for area in areas],
            "base_year": YEAR,
            "hourly_year": YEAR,
            "licence": "Data Use Disclaimer Agreement of NREL; see LICENSE.md",
        },
        {},
        {},
        {},
    )
    kv = {row["Bus ID"]: row.number("BaseKV") for row in source["bus"]}
    grid.tables["buses"] = list(_buses(source["bus"]))
    grid.tables["load_classes"] = [
        {"name": "all", "title": "All demand", "shed_order": 0, "voll_usd_per_kwh": 5.0, "source": "ENGINEERING"}
    ]
    _branches(grid, source["branch"], kv)
    _ties(grid, source["branch"], {row["Bus ID"]: f"area{row['Area']}" for row in source["bus"]})
    _machines(grid, source["gen"], series)
    _stores(grid, source["storage"], {row["GEN UID"]: row for row in source["gen"]})
    _loads(grid, source["bus"], series["area"])
    for row in source["dc_branch"]:
        ends = f"{row['From Bus']} and {row['To Bus']}"
        how = f"held at 0 MW: no transfer of up to {float(row['MW Load']):g} MW between {ends}"
        grid.report.add(Fate.LEFT_OUT, "dc_branch", row["UID"], how)
    grid.tables["sources"] = list(SOURCES)
    return grid


class Row(dict[str, str]):
    """A row of a table of the source, which says what it lacks."""

    def __init__(self, cells: Mapping[str, str], file: Path, line: int):
        super().__init__(cells)
        self.file, self.line = file, line

    def __missing__(self, column: str) -> str:
        raise InputError([Problem(str(self.file), 0, column, "column missing", _MEND)])

    def number(self, column: str) -> float:
        """Cell of ``column``, a number. Raises InputError for another."""
        try:
            value = float(self[column])
        except (TypeError, ValueError):
            value = math.nan
        if not math.isfinite(value):
            raise InputError([Problem(str(self.file), self.line, column, f"{self[column]!r} is no number", _MEND)])
        return value

    def numbers(self, columns: Sequence[str]) -> list[float]:
        """Cells of those of ``columns`` that the table has and the row fills."""
        return [self.number(column) for column in columns if self.get(column, "") not in ("", "NA")]


def _rows(path: Path) -> list[Row]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            return [Row(cells, path, reader.line_num) for cells in reader]
    except OSError as error:
        raise InputError([Problem(str(path), 0, "", f"not readable: {error.strerror}", _MEND)]) from None


def _series(path: Path) -> dict[str, F8]:
    """MW by column, hour by hour."""
    rows = _rows(path)
    columns = [name for name in (rows[0] if rows else ()) if name not in ("Year", "Month", "Day", "Period")]
    return {name: np.array([row.number(name) for row in rows]) for name in columns}


def _buses(rows: Sequence[Row]) -> Iterator[Cells]:
    for row in rows:
        yield {
            "name": row["Bus ID"],
            "title": row["Bus Name"],
            "zone": f"area{row['Area']}",
            "vn_kv": row.number("BaseKV"),
            "lat": row.number("lat"),
            "lon": row.number("lng"),
            **_SOURCED,
        }


def _branches(grid: RtsGmlc, rows: Sequence[Row], kv: Mapping[str, float]) -> None:
    """Lines and transformers; shunts of the buses come with the loads."""
    lines, transformers = grid.tables.setdefault("lines", []), grid.tables.setdefault("transformers", [])
    for row in rows:
        r, x, b, rate_mva, emergency_mva, ratio = (
            row.number(column) for column in ("R", "X", "B", "Cont Rating", "STE Rating", "Tr Ratio")
        )
        vn_kv, other_kv = kv[row["From Bus"]], kv[row["To Bus"]]
        outages: Cells = {"mttf_h": 8760.0 / row.number("Perm OutRate"), "mttr_h": row.number("Duration"), **_SOURCED}
        if ratio == 0.0:
            z_ohm = vn_kv**2 / BASE_MVA
            km = row.number("Length") * KM_PER_MILE
            lines.append(
                {
                    "name": row["UID"],
                    "from_bus": row["From Bus"],
                    "to_bus": row["To Bus"],
                    "length_km": km,
                    "r_ohm_per_km": r * z_ohm / km,
                    "x_ohm_per_km": x * z_ohm / km,
                    "c_nf_per_km": b / z_ohm / (2.0 * math.pi * F_HZ) * 1e9 / km,
                    "max_i_ka": rate_mva / (math.sqrt(3.0) * vn_kv),
                    "max_i_emergency_ka": emergency_mva / (math.sqrt(3.0) * vn_kv),
                    **outages,
                }
            )
            if row.number("Tran OutRate") > 0.0:
                grid.report.add(Fate.LEFT_OUT, "branch", row["UID"], "outages that reclose at once")
            continue
        low = vn_kv <= other_kv  # the ratio stands at from_bus
        transformers.append(
            {
                "name": row["UID"],
                "hv_bus": row["To Bus"] if low else row["From Bus"],
                "lv_bus": row["From Bus"] if low else row["To Bus"],
                "sn_mva": rate_mva,
                "vn_hv_kv": max(vn_kv, other_kv),
                "vn_lv_kv": min(vn_kv, other_kv),
                "vk_percent": math.hypot(r, x) * rate_mva / BASE_MVA * 100.0,
                "vkr_percent": r * rate_mva / BASE_MVA * 100.0,
                "tap_side": "lv" if low else "hv",
                "tap_min": -2,
                "tap_max": 2,
                "tap_pos": 0 if ratio == 1.0 else 1,
                "tap_step_percent": abs(ratio - 1.0) * 100.0,
                "max_loading_percent": 100.0,
                "max_loading_emergency_percent": 100.0 * emergency_mva / rate_mva,
                **outages,
            }
        )


def _ties(grid: RtsGmlc, rows: Sequence[Row], area: Mapping[str, str]) -> None:
    """Sections between the areas: the ties' ratings together, with no more of them out than are out."""
    members, limits = grid.tables.setdefault("interfaces", []), grid.tables.setdefault("interface_limits", [])
    derived = {"source": "GMLC", "confidence": "derived"}
    ties: dict[str, list[Row]] = {}
    for row in rows:
        first, second = sorted((area[row["From Bus"]], area[row["To Bus"]]))
        if first != second:
            ties.setdefault(f"{first}_{second}", []).append(row)
    for name, own in sorted(ties.items()):
        for row in own:
            sign = 1 if name.startswith(area[row["From Bus"]]) else -1
            members.append({"interface": name, "line": row["UID"], "sign": sign, **derived})
        for direction in ("forward", "reverse"):
            normal_mw, emergency_mw = (sum(row.number(f"{kind} Rating") for row in own) for kind in ("Cont", "STE"))
            limit = {"interface": name, "direction": direction, "normal_mw": normal_mw, "emergency_mw": emergency_mw}
            limits.append(limit | derived)
        grid.report.add(Fate.ASSUMED, "branch", name, "limit of a section: the ratings of its lines together")


def _machines(grid: RtsGmlc, rows: Sequence[Row], series: Mapping[str, Mapping[str, F8]]) -> None:
    machines = grid.tables.setdefault("generators", [])
    grid.tables["cost_blocks"] = []
    available = {name: mw for key in SERIES if key != "area" for name, mw in series[key].items()}
    for row in rows:
        name = row["GEN UID"]
        if row["Unit Type"] == "STORAGE":
            continue
        p_max_mw = row.number("PMax MW")
        grid.point_mw[name] = row.number("MW Inj")
        machine: Cells = {
            "name": name,
            "plant": name.rpartition("_")[0],
            "bus": row["Bus ID"],
            "fuel": FUELS[row["Fuel"]],
            "technology": row["Unit Type"].lower(),
            "installed_mw": p_max_mw,
            "p_max_mw": p_max_mw,
            "p_min_mw": row.number("PMin MW"),
            "sn_mva": row.number("Base MVA") or None,
            "inertia_h_s": row.number("Inertia MJ/MW"),
            "q_min_mvar": row.number("QMin MVAR"),
            "q_max_mvar": row.number("QMax MVAR"),
            "vm_pu": row.number("V Setpoint p.u."),
            "maintenance_weeks": row.number("Scheduled Maint Weeks") or None,
            **_cost(grid, row, p_max_mw),
            **_SOURCED,
        }
        if row.number("Ramp Rate MW/Min") > 0.0:
            machine["ramp_mw_per_min"] = row.number("Ramp Rate MW/Min")
        if row.number("MTTF Hr") > 0.0:
            machine |= {"mttf_h": row.number("MTTF Hr"), "mttr_h": row.number("MTTR Hr")}
        if name in available:
            machine["profile"] = name
            machine["p_min_mw"] = 0.0
            grid.hourly[name] = np.minimum(available[name] / p_max_mw, 1.0)
            cut = float((available[name] - np.minimum(available[name], p_max_mw)).sum() / available[name].sum())
            if cut > 0.0:
                how = "heat store left out: inflow that the turbine cannot take at once is lost"
                grid.report.add(Fate.RESTATED, "gen", name, how, (100.0 * cut, "% of its inflow"))
        machines.append({column: cell for column, cell in machine.items() if cell is not None})


def _cost(grid: RtsGmlc, row: Row, p_max_mw: float) -> Cells:
    """Cost, heat rate and CO2 at full output, the mean over the heat rate curve; its blocks become those of cost."""
    shares = row.numbers([f"Output_pct_{at}" for at in range(5)])
    rates = row.numbers(["HR_avg_0", *(f"HR_incr_{at}" for at in range(1, 5))])
    usd, other_usd = row.number("Fuel Price $/MMBTU") / 1000.0, row.number("VOM")
    if usd > 0.0 and 0.0 in rates:
        how = "increment of 0 BTU/kWh: the heat rate of the least output instead"
        grid.report.add(Fate.ASSUMED, "gen", row["GEN UID"], how)
        rates = [rate or rates[0] for rate in rates]
    steps = np.diff(shares, prepend=0.0)[: len(rates)]
    btu_per_kwh = float(np.dot(steps, rates[: len(steps)]))
    cost = usd * btu_per_kwh + other_usd
    if row.number("Min Up Time Hr") > 0.0 or row.number("Start Heat Cold MBTU") > 0.0:
        grid.report.add(Fate.LEFT_OUT, "gen", row["GEN UID"], "least times up and down, heat and cost of a start")
    if usd == 0.0 or btu_per_kwh == 0.0:
        grid.report.add(Fate.EXACT, "gen", row["GEN UID"], "as it is")
        return {"cost_per_mwh": cost, "co2_t_per_mwh": 0.0 if FUELS[row["Fuel"]] == "other" else None}
    ends = [share * p_max_mw for share in shares[:-1]] + [p_max_mw]
    slopes = [usd * rate + other_usd for rate in rates]
    _blocks(grid, row, [Block(*block) for block in zip([0.0, *ends[:-1]], ends, slopes, strict=False)], cost)
    return {
        "cost_per_mwh": cost,
        "heat_rate_gj_per_mwh": btu_per_kwh * GJ_PER_MWH,
        "co2_t_per_mwh": row.number("Emissions CO2 Lbs/MMBTU") * btu_per_kwh / 1000.0 * T_PER_LB,
    }


def _blocks(grid: RtsGmlc, row: Row, blocks: list[Block], cost: float) -> None:
    """Rows of ``cost_blocks``: what a further MW costs.

    The first block is the least output, which a running machine makes anyway: the fuel of idling is in its rate, so it
    is mostly the dearest. It takes the price of the second, as costs do not fall; ``cost``, by which machines are
    committed, has its own.
    """
    name = row["GEN UID"]
    if len(blocks) > 1 and blocks[0].slope > blocks[1].slope:
        off = blocks[0].slope - blocks[1].slope
        how = "heat rate of the least output in cost_per_mwh alone, its block as dear as the next"
        grid.report.add(Fate.RESTATED, "gen", name, how, (off, "USD/MWh of the least output"))
        blocks = [blocks[0]._replace(slope=blocks[1].slope), *blocks[1:]]
    else:
        grid.report.add(Fate.EXACT, "gen", name, "as it is")
    found, off = rising(blocks)
    if off > SAME:
        how = "heat rate that falls with the output: its convex hull"
        grid.report.add(Fate.RESTATED, "gen", name, how, (off, "USD/MWh"))
    if len(found) == 1 and abs(found[0].slope - cost) <= SAME:
        return
    for begin, end, slope in found:
        cells: Cells = {"generator": name, "p_mw": round(end - begin, 9), "cost_per_mwh": round(slope, 9)}
        grid.tables["cost_blocks"].append(cells)


def _stores(grid: RtsGmlc, rows: Sequence[Row], machines: Mapping[str, Row]) -> None:
    """Pumped storage by its upper store; the heat store of the solar tower is accounted with its machine."""
    upper = [row for row in rows if machines[row["GEN UID"]]["Unit Type"] == "STORAGE" and "HEAD" in row["Storage"]]
    stores = grid.tables.setdefault("storages", [])
    for row in upper:
        machine = machines[row["GEN UID"]]
        each_way = math.sqrt(machine.number("Storage Roundtrip Efficiency") / 100.0)
        volume = row.number("Max Volume GWh")
        stores.append(
            {
                "name": row["GEN UID"],
                "bus": machine["Bus ID"],
                "p_charge_mw": machine.number("Pump Load MW"),
                "p_discharge_mw": machine.number("PMax MW"),
                "energy_mwh": 1000.0 * volume,
                "efficiency_charge": each_way,
                "efficiency_discharge": each_way,
                "energy_start_share": row.number("Initial Volume GWh") / volume,
                **_SOURCED,
            }
        )
        grid.report.add(Fate.RESTATED, "storage", row["Storage"], "round-trip losses shared by both ways")


def _loads(grid: RtsGmlc, rows: Sequence[Row], area_mw: Mapping[str, F8]) -> None:
    """Loads of the buses, which follow their area's series, and shunts."""
    of_area: dict[str, float] = {}
    for row in rows:
        of_area[row["Area"]] = of_area.get(row["Area"], 0.0) + row.number("MW Load")
    for area, peak_mw in of_area.items():
        grid.hourly[f"load_area{area}"] = area_mw[area] / peak_mw
    loads, shunts = grid.tables.setdefault("loads", []), grid.tables.setdefault("shunts", [])
    for row in rows:
        p_mw, q_mvar = row.number("MW Load"), row.number("MVAR Load")
        if p_mw > 0.0:
            loads.append(
                {
                    "name": f"load_{row['Bus ID']}",
                    "bus": row["Bus ID"],
                    "p_mw": p_mw,
                    "power_factor": p_mw / math.hypot(p_mw, q_mvar),
                    "load_class": "all",
                    "profile": f"load_area{row['Area']}",
                    **_SOURCED,
                }
            )
        q_mvar = -row.number("MVAR Shunt B")
        if q_mvar != 0.0 or row.number("MW Shunt G") != 0.0:
            shunt = {"name": f"shunt_{row['Bus ID']}", "bus": row["Bus ID"], "q_mvar": q_mvar, **_SOURCED}
            shunts.append(shunt | ({"p_mw": g_mw} if (g_mw := row.number("MW Shunt G")) else {}))
        grid.report.add(Fate.EXACT, "bus", row["Bus ID"], "as it is")


def _by_month(share: F8) -> F8:
    """(12 x 24,) mean day of each month, for runs of other years."""
    hours = np.datetime64(f"{YEAR}-01-01T00") + np.arange(len(share)).astype("timedelta64[h]")
    cell = hours.astype("datetime64[M]").astype(int) % 12 * 24 + np.arange(len(share)) % 24
    mean: F8 = np.bincount(cell, share, 288) / np.maximum(np.bincount(cell, minlength=288), 1)
    return mean


def write_rts_gmlc(grid: RtsGmlc, folder: Path, licence: Path | None = None) -> None:
    """Write the network folder, its profiles as Parquet, and the point of the source."""
    write_network(folder, grid.meta, grid.tables)
    month, hour = np.divmod(np.arange(288), 24)
    typical = {name: (month + 1, hour, _by_month(share)) for name, share in grid.hourly.items()}
    _write_shapes(folder / "profiles.parquet", ("month", "hour", "value"), typical)
    hourly = {name: (np.arange(len(share)), share) for name, share in grid.hourly.items()}
    _write_shapes(folder / "hourly_profiles.parquet", ("hour", "value"), hourly)
    write_point(folder, grid.point_mw, {})
    if licence is not None:
        (folder / "LICENSE.md").write_bytes(licence.read_bytes())


def _write_shapes(path: Path, columns: Sequence[str], shapes: Mapping[str, Sequence[Any]]) -> None:
    """One row group a profile, whose few distinct values make a small dictionary."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = {"month": pa.int8(), "hour": pa.int16(), "value": pa.float64()}
    text = pa.dictionary(pa.int16(), pa.string())
    schema = pa.schema([("profile", text), *((name, kinds[name]) for name in columns)])
    with pq.ParquetWriter(path, schema, compression="zstd", compression_level=19) as writer:
        for at, cells in enumerate(shapes.values()):
            code = np.full(len(cells[0]), at, dtype=np.int16)
            profile = pa.DictionaryArray.from_arrays(code, list(shapes))
            arrays = [pa.array(cell, type=kinds[name]) for name, cell in zip(columns, cells, strict=True)]
            writer.write_table(pa.table([profile, *arrays], schema=schema))


def licence_of(folder: Path) -> Path | None:
    """The data set's own licence file, where it stands."""
    places = [folder / "LICENSE.md", folder.parent / "LICENSE.md", folder / "RTS_Data" / "LICENSE.md"]
    return next((place for place in places if place.is_file()), None)
