"""Random failures of a run: the outages that the reliability sampler draws for the same seed and sample number.

Every machine, line, transformer, store, part of the gas network, railway of coal and cooling water with mttf_h is drawn
from its own streams in equilibrium from the start of the horizon, as in a sample year that begins there: whole hours,
exponential times. In a generated weather year machines fail at rates that follow its temperature, as the sampler's do;
in any other weather at their base rates. What has a season (``fails_from_month``) fails in its months alone.
"""

from __future__ import annotations

import datetime as dt
import math

from gridsim.contingencies.events import default_kind, make_event
from gridsim.model.outages import (
    CORRIDOR_GROUP,
    FAILING,
    Component,
    components_of,
    corridor_components,
    in_season,
)
from gridsim.model.pack_outages import drawn_outages
from gridsim.model.scenario import Event, Primitive, Target, kinds
from gridsim.model.system import GridSystem
from gridsim.model.table import F8
from gridsim.weather.response import machine_outages


def failures(
    system: GridSystem,
    seed: int,
    replicate: int,
    horizon_h: float,
    temperature_c: F8 | None = None,
    start: dt.datetime | None = None,
) -> list[Event]:
    """Outages of replicate ``replicate`` as events, by component and time.

    ``temperature_c`` (n_sites, n_hours): of a generated year over the horizon; None: base rates. ``start``: first hour
    of the horizon, for what fails in a season; None: of the system's base year.
    """
    start = start or dt.datetime(system.base_year or 2001, 1, 1)
    n_hours = math.ceil(horizon_h)
    found = {table: components_of(system, table) for table in FAILING}
    found[CORRIDOR_GROUP] = corridor_components(system)
    if temperature_c is not None:
        found["generators"] = machine_outages(system, temperature_c)
    places: list[tuple[str, Component]] = [
        (table, in_season(component, start, n_hours)) for table, failing in found.items() for component in failing
    ]
    drawn = drawn_outages([component for _, component in places], seed, replicate, n_hours)
    kind_of = {table: default_kind(table, Primitive.OUTAGE) for table in FAILING}
    kind_of[CORRIDOR_GROUP] = next(
        kind.kind
        for kind in kinds().values()
        if kind.primitive is Primitive.OUTAGE and kind.targets == (CORRIDOR_GROUP,)
    )
    events = []
    of_places = zip(drawn.component.tolist(), drawn.first_h.tolist(), drawn.end_h.tolist(), strict=True)
    for place, first_h, end_h in sorted(of_places):
        table, failed = places[place]
        event = make_event(
            system,
            id=f"failure:{failed.name}:{first_h}",
            kind=kind_of[table],
            targets=[Target(table, failed.name)],
            at_h=float(first_h),
            duration_h=float(end_h - first_h),
        )
        assert isinstance(event, Event), f"{table}: {failed.name}: {event}"
        events.append(event)
    return events
