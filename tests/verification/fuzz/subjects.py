"""Things that users write, as files in memory, and the way in which gridsim takes each of them."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd

import gridsim
from gridsim.io.bundled import network_folder
from tests.verification.fuzz.mutations import OF_TABLES, OF_YAML, Files, Mutation

SIX_HOURS = gridsim.Horizon(dt.datetime(2026, 1, 14), 6.0)

SCENARIO = """\
schema_version: 1
name: fuzzed
description: A line, a machine and demand.
network: rbts
horizon: {start: 2026-01-14, hours: 6, step_minutes: 60}
failures: "off"
policy: {imports: contract, ac: "off", operator_delay_minutes: 15}
events:
  - {id: trip, at: +1h, kind: line_outage, target: l1_1_3, duration: 2h}
  - {id: plant, at: +2h, kind: generator_outage, target: G1, repair: {distribution: exponential, mean_h: 3}}
  - {id: surge, kind: demand_surge, target: all, magnitude: 0.2, duration: 1h, depends_on: {event: trip, delay: 1h}}
replicates: 2
outputs: [zones, generators]
"""
STUDY = """\
name: fuzzed
description: Two cases.
scenarios: [case.yaml]
set: {policy.imports: none}
sweep:
  horizon.hours: [6, 12]
replicates: 2
seed: 1
"""


@dataclass(frozen=True)
class Subject:
    """Files that are right, the mutations that suit them, and the call that reads them from a folder.

    ``read`` gives a system and a scenario of six hours that can be run, or None where reading is all.
    """

    name: str
    files: Callable[[], Files]
    kinds: tuple[Mutation, ...]
    read: Callable[[Path], tuple[gridsim.GridSystem, gridsim.Scenario] | None]
    share: float


def folder_files(folder: Path) -> Files:
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()
            and file.suffix in (".csv", ".yaml")}  # fmt: skip


def _network(folder: Path) -> tuple[gridsim.GridSystem, gridsim.Scenario]:
    system = gridsim.read_network(folder)
    return system, gridsim.Scenario("fuzzed", system.name, SIX_HOURS)


def _tables(folder: Path) -> tuple[gridsim.GridSystem, gridsim.Scenario]:
    """The same tables as rows of Python values; what pandas itself cannot read is no input of gridsim."""
    frames = {}
    for file in sorted(folder.glob("*.csv")):
        try:
            frame = pd.read_csv(file)
        except (ValueError, OverflowError, pd.errors.ParserError):
            continue
        frames[file.stem] = [
            {name: value for name, value in row.items() if not pd.isna(value)} for row in frame.to_dict("records")
        ]
    system = gridsim.system_from_tables({"name": "frames", "zones": ["system"]}, frames)
    return system, gridsim.Scenario("fuzzed", system.name, SIX_HOURS)


def _scenario(folder: Path) -> tuple[gridsim.GridSystem, gridsim.Scenario] | None:
    system, scenario = gridsim.read_scenario(folder / "case.yaml")
    short = scenario.horizon.hours <= 24 and scenario.horizon.step_minutes >= 15 and len(system.buses) <= 30
    return (system, scenario) if short else None


def _study(folder: Path) -> None:
    gridsim.read_study(folder / "study.yaml")


def _weather(folder: Path) -> tuple[gridsim.GridSystem, gridsim.Scenario] | None:
    return _scenario(folder)


@cache
def _rbts() -> Files:
    return folder_files(network_folder("rbts"))


@cache
def _rts79() -> Files:
    return folder_files(network_folder("rts79"))


@cache
def _kazakhstan() -> Files:
    return folder_files(network_folder("kazakhstan"))


def _scenario_files() -> Files:
    return {"case.yaml": SCENARIO.encode()}


def _study_files() -> Files:
    return {"study.yaml": STUDY.encode(), "case.yaml": SCENARIO.encode()}


@cache
def _weather_files() -> Files:
    """A series of a day for the Kazakh network, where weather has sites."""
    start = dt.datetime(2026, 1, 14)
    times = [start + dt.timedelta(hours=hour) for hour in range(30)]
    lines = [f"{time:%Y-%m-%d %H:%M},aktau,{-5 + 3 * math.sin(k / 4):.1f}" for k, time in enumerate(times)]
    scenario = (
        "schema_version: 1\nname: fuzzed\nnetwork: kazakhstan\nhorizon: {start: 2026-01-14, hours: 6}\n"
        'policy: {ac: "off"}\nweather: {series: own.csv}\n'
    )
    return {"case.yaml": scenario.encode(), "own.csv": ("time,place,temperature_c\n" + "\n".join(lines)).encode()}


SUBJECTS = (
    Subject("rbts", _rbts, OF_TABLES, _network, 0.30),
    Subject("rts79", _rts79, OF_TABLES, _network, 0.10),
    Subject("rows", _rbts, OF_TABLES, _tables, 0.10),
    Subject("scenario", _scenario_files, OF_YAML, _scenario, 0.30),
    Subject("study", _study_files, OF_YAML, _study, 0.10),
    Subject("kazakhstan", _kazakhstan, OF_TABLES, _network, 0.05),
    Subject("weather", _weather_files, (*OF_TABLES, *OF_YAML), _weather, 0.05),
)
BY_NAME = {subject.name: subject for subject in SUBJECTS}
