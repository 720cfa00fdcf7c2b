"""Stores, energy-limited plants and demand response from frames."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gridsim.model.outages import Component
from gridsim.reliability.frame_places import read_places
from gridsim.reliability.frame_plans import read_limited
from gridsim.reliability.frame_reader import LARGEST, OUTAGE_COLUMNS, FrameReader
from gridsim.reliability.frame_times import Clock
from gridsim.reliability.system import Store

if TYPE_CHECKING:
    import pandas as pd


def read_stores(
    reader: FrameReader,
    storages: pd.DataFrame | None,
    energy_limited: pd.DataFrame | None,
    demand_response: pd.DataFrame | None,
    place_column: str,
    places: Sequence[str],
    clock: Clock,
) -> tuple[tuple[Store, ...], tuple[Component, ...]]:
    """Whatever has a budget of energy, calls or hours, and its outages."""
    stores, store_component = _stores(reader, storages, place_column, places)
    for table, frame, is_last in (
        ("energy_limited", energy_limited, False),
        ("demand_response", demand_response, True),
    ):
        if frame is not None and len(frame):
            limited, component = read_limited(reader, table, frame, clock, is_last=is_last)
            taken = {store.name for store in stores}
            for row, store in enumerate(limited):
                if store.name in taken:
                    reader.add(table, row + 2, "name", f"'{store.name}' is a store already", "give it another name")
            at = read_places(reader, table, frame, place_column, places)
            stores += tuple(dataclasses.replace(store, bus=int(bus)) for store, bus in zip(limited, at))
            store_component += component
    return stores, store_component


def _stores(
    reader: FrameReader, frame: pd.DataFrame | None, place_column: str, places: Sequence[str]
) -> tuple[tuple[Store, ...], tuple[Component, ...]]:
    if frame is None or len(frame) == 0:
        return (), ()
    columns = ("name", "charge_mw", "discharge_mw", "energy_mwh")
    optional = ("bus", "area", "efficiency_charge", "efficiency_discharge", "carryover", "energy_start_share")
    if not reader.require("storages", frame, columns, (*optional, *OUTAGE_COLUMNS)):
        return (), ()
    names = reader.names("storages", frame)
    bus = read_places(reader, "storages", frame, place_column, places)
    charge = reader.numbers("storages", frame, "charge_mw", high=LARGEST, mend="give the power in MW")
    discharge = reader.numbers("storages", frame, "discharge_mw", high=LARGEST, mend="give the power in MW")
    energy = reader.numbers(
        "storages", frame, "energy_mwh", low_open=True, high=LARGEST, mend="give the usable energy in MWh"
    )
    shares = {
        column: reader.numbers(
            "storages", frame, column, low_open=column != "energy_start_share", high=1.0, default=1.0, mend="a share"
        )
        for column in ("efficiency_charge", "efficiency_discharge", "carryover", "energy_start_share")
    }
    stores = tuple(
        Store(
            name=names[row],
            bus=int(bus[row]),
            charge_mw=float(charge[row]),
            discharge_mw=float(discharge[row]),
            energy_mwh=float(energy[row]),
            efficiency_charge=float(shares["efficiency_charge"][row]),
            efficiency_discharge=float(shares["efficiency_discharge"][row]),
            energy_start_mwh=float(shares["energy_start_share"][row] * energy[row]),
            carryover=float(shares["carryover"][row]),
        )
        for row in range(len(frame))
    )
    return stores, reader.components("storages", "storage", frame)
