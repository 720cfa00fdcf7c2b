"""A folder of the layout of RTS-GMLC: two buses, a line and a transformer, a steam set, wind, a pumped store."""

from __future__ import annotations

from pathlib import Path

BUS = """Bus ID,Bus Name,BaseKV,MW Load,MVAR Load,MW Shunt G,MVAR Shunt B,Area,lat,lng
101,Abel,138.0,60.0,10.0,0.0,0.0,1,33.4,-113.8
102,Adams,138.0,40.0,5.0,0.0,-10.0,1,33.3,-113.8
103,Adler,230.0,0.0,0.0,0.0,0.0,1,33.2,-113.8
"""
BRANCH = """\
UID,From Bus,To Bus,R,X,B,Cont Rating,LTE Rating,STE Rating,Perm OutRate,Duration,Tr Ratio,Tran OutRate,Length
A1,101,102,0.003,0.02,0.4,175,193,200,0.24,16,0,0,10
A2,101,103,0.002,0.084,0,400,510,600,0.02,768,1.015,0,0
"""
DC_BRANCH = "UID,From Bus,To Bus,MW Load\nDC1,101,103,100\n"
STORAGE = """GEN UID,Storage,Max Volume GWh,Initial Volume GWh
102_STORAGE_1,102_HEAD_STORAGE,0.15,0.075
102_STORAGE_1,102_TAIL_STORAGE,0.15,0.075
"""
_GEN = (
    "GEN UID", "Bus ID", "Unit Type", "Fuel", "MW Inj", "V Setpoint p.u.", "PMax MW", "PMin MW", "QMax MVAR",
    "QMin MVAR", "Min Up Time Hr", "Ramp Rate MW/Min", "Start Heat Cold MBTU", "MTTF Hr", "MTTR Hr",
    "Scheduled Maint Weeks", "Fuel Price $/MMBTU", "Output_pct_0", "Output_pct_1", "Output_pct_2", "Output_pct_3",
    "Output_pct_4",
    "HR_avg_0", "HR_incr_1", "HR_incr_2", "HR_incr_3", "HR_incr_4", "VOM", "Emissions CO2 Lbs/MMBTU", "Inertia MJ/MW",
    "Base MVA",
    "Pump Load MW", "Storage Roundtrip Efficiency",
)  # fmt: skip
_MACHINES = (
    "101_STEAM_1,101,STEAM,Coal,80,1.02,100,30,40,-20,8,2,5000,1960,40,3,2,0.5,1,NA,NA,NA,10000,8000,NA,NA,NA,0,210,3,120,0,0",
    "102_WIND_1,102,WIND,Wind,0,1,50,0,0,0,0,50,0,0,0,0,0,0,0,NA,NA,NA,0,0,NA,NA,NA,0,0,0,50,0,0",
    "102_STORAGE_1,102,STORAGE,Storage,0,1,50,0,0,0,0,50,0,0,0,0,0,0,0,NA,NA,NA,0,0,NA,NA,NA,0,0,0,50,50,85",
)
HOURS = 48


def write_source(root: Path) -> None:
    """Write SourceData and timeseries_data_files below ``root``."""
    data = root / "SourceData"
    data.mkdir(parents=True)
    gen = "\n".join([",".join(_GEN), *_MACHINES]) + "\n"
    texts = {"bus": BUS, "branch": BRANCH, "dc_branch": DC_BRANCH, "storage": STORAGE, "gen": gen}
    for name, text in texts.items():
        (data / f"{name}.csv").write_text(text)
    series = {
        "Load/DAY_AHEAD_regional_Load": ("1", lambda hour: 70.0 + hour % 24),
        "WIND/DAY_AHEAD_wind": ("102_WIND_1", lambda hour: float(hour % 50)),
    }
    for name in ("CSP/DAY_AHEAD_Natural_Inflow", "Hydro/DAY_AHEAD_hydro", "PV/DAY_AHEAD_pv", "RTPV/DAY_AHEAD_rtpv"):
        _write_series(root, name, "", None)
    for name, (column, value) in series.items():
        _write_series(root, name, f",{column}", value)


def _write_series(root: Path, name: str, column: str, value: object) -> None:
    path = root / "timeseries_data_files" / f"{name}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [f"Year,Month,Day,Period{column}"]
    for hour in range(HOURS):
        cell = f",{value(hour)}" if callable(value) else ""
        rows.append(f"2020,1,{1 + hour // 24},{1 + hour % 24}{cell}")
    path.write_text("\n".join(rows) + "\n")
